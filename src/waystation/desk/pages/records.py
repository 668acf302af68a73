"""One record of any kind: looked at, written down, changed; its masked fields shown, its conflicts settled.

Guarantees: a form posts what it displayed, so that nothing unseen is replaced; a masked value is in a page only after
the asking is saved, and never in an address, a title or a flash. Which fields stand where is written by hand, in a
template for each kind (`templates/kinds/`); the same one serves the form and the finished record.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import Millis
from waystation.desk.pages.telling import Teller, record_of, seen_texts
from waystation.desk.web import (
    Form,
    Handler,
    desk_of,
    form_of,
    handler,
    read_refs,
    redirect,
    ref_text,
    render,
    url,
    words,
)
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType, RecordId, from_text, to_text
from waystation.office import casework, outside
from waystation.office.desk import Desk
from waystation.office.reading import look
from waystation.office.undo import may_strike
from waystation.records import REGISTRY, Value
from waystation.records.choices import ToldTo
from waystation.records.labels import N_
from waystation.records.values import Day, Moment
from waystation.views import case as case_view
from waystation.views import shown as views
from waystation.views.case import Conflict
from waystation.views.organisation import is_here
from waystation.views.shown import Shown

ROOTS: Final[Mapping[str, FolderType]] = {
    "requests": FolderType.REQUEST,
    "cases": FolderType.CASE,
    "places": FolderType.PLACE,
    "office": FolderType.OFFICE,
    "ledger": FolderType.LEDGER,
}
"""First word of an address → type of the folder that it leads into."""

_HOME: Final[Mapping[str, str]] = {
    "duty": "duty",
    "helper": "helpers",
    "route": "routes",
    "discouragement": "routes",
    "source": "sources",
    "claim": "sources",
    "citation": "sources",
}
"""Where a record of the office is shown among its like; the others stand under Organisation."""

_READ: Final[Mapping[str, str]] = {"source": "sources", "claim": "sources/claims"}
"""Kind of the office → where a record of it is read, as a text or with who says so."""

_LISTS: Final[Mapping[str, str]] = {
    "claim": "sources/claims",
    "citation": "sources/claims",
    "partner_card": "referrals",
}
"""Where that is not the first page of its part of the book."""

_DRAWN: Final[Mapping[str, str]] = {
    "route": "routes",
    "campaign": "money/campaigns",
    "partner_card": "referrals/cards",
}
"""Kinds whose records have a page of their own, with what came of them: where it stands."""

_SECTIONS: Final[Mapping[str, str]] = {
    "person": "people",
    "contact_channel": "people",
    "identity_document": "people",
    "consent": "consent",
    "verification_step": "checks",
    "credibility_assessment": "checks",
    "risk_assessment": "danger",
    "protection_concern": "danger",
    "task": "due",
    "check_in": "due",
    "evacuation": "shelter",
    "stay": "shelter",
    "application": "way-out",
    "decision": "way-out",
    "discouragement": "way-out",
    "journey": "way-out",
    "leg": "way-out",
    "arrival": "way-out",
    "own_departure": "way-out",
    "follow_up": "after",
    "closure": "after",
    "file": "files",
    "conversation": "happened",
    "note": "happened",
    "told": "outside",
    "task_slip": "outside",
    "referral": "referrals",
    "received_referral": "referrals",
    "partner_card": "cards",
    "partner": "partners",
    "member": "members",
    "desk": "members",
    "claim": "claims",
    "source": "list",
    "campaign": "campaigns",
    "donation": "donations",
    "expense": "expenses",
}
"""The part of a page to which somebody comes back who has written such a record."""


class Words(NamedTuple):
    """What a form is called, what its button does, and what is said when it is done."""

    title: str
    button: str
    done: str


WORDS: Final[Mapping[str, Words]] = {
    "person": Words(N_("A person"), N_("Write this person down"), N_("The person is written down.")),
    "identity_document": Words(
        N_("An identity document"), N_("Write this document down"), N_("The document is written down.")
    ),
    "contact_channel": Words(
        N_("A way to reach them"), N_("Write this channel down"), N_("The channel is written down.")
    ),
    "verification_step": Words(
        N_("A verification step"), N_("Write this step down"), N_("The verification step is written down.")
    ),
    "credibility_assessment": Words(
        N_("Credibility assessment"), N_("Write the judgement down"), N_("The judgement is written down.")
    ),
    "consent": Words(N_("Informed consent"), N_("Write the consent down"), N_("The consent is written down.")),
    "protection_concern": Words(N_("A threat"), N_("Write this threat down"), N_("The threat is written down.")),
    "risk_assessment": Words(
        N_("Risk assessment"), N_("Write the assessment down"), N_("The risk assessment is written down.")
    ),
    "conversation": Words(
        N_("A conversation"), N_("Write the conversation down"), N_("The conversation is written down.")
    ),
    "note": Words(N_("A note"), N_("Write the note down"), N_("The note is written down.")),
    "task": Words(N_("A task"), N_("Set this task"), N_("The task is set.")),
    "check_in": Words(N_("A check-in"), N_("Plan this check-in"), N_("The check-in is planned.")),
    "follow_up": Words(N_("A follow-up"), N_("Write the follow-up down"), N_("The follow-up is written down.")),
    "stay": Words(N_("A stay"), N_("Hide them there"), N_("The stay is written down.")),
    "evacuation": Words(N_("An evacuation"), N_("Write the evacuation down"), N_("The evacuation is written down.")),
    "route": Words(N_("A route"), N_("Add this route"), N_("The route is added.")),
    "application": Words(
        N_("An application"), N_("Write down that it was filed"), N_("The application is written down.")
    ),
    "decision": Words(N_("A decision"), N_("Write the decision down"), N_("The decision is written down.")),
    "discouragement": Words(
        N_("Discouraged, never filed"), N_("Write down that they advised against it"), N_("The advice is written down.")
    ),
    "journey": Words(N_("A journey"), N_("Plan this journey"), N_("The journey is planned.")),
    "leg": Words(N_("A leg of the journey"), N_("Add this leg"), N_("The leg is added.")),
    "arrival": Words(N_("An arrival"), N_("Write the arrival down"), N_("The arrival is written down.")),
    "own_departure": Words(
        N_("Left by own means"), N_("Write down that they left"), N_("The departure is written down.")
    ),
    "source": Words(N_("A source"), N_("Add this source"), N_("The source is added.")),
    "claim": Words(N_("A claim"), N_("Write this claim down"), N_("The claim is written down.")),
    "citation": Words(N_("A citation"), N_("Add this citation"), N_("The citation is added.")),
    "campaign": Words(N_("A campaign"), N_("Add this campaign"), N_("The campaign is added.")),
    "donation": Words(N_("A donation"), N_("Write the donation down"), N_("The donation is written down.")),
    "expense": Words(N_("An expense"), N_("Write the expense down"), N_("The expense is written down.")),
    "member": Words(N_("A member of staff"), N_("Add this member"), N_("The member is added.")),
    "duty": Words(N_("A duty"), N_("Put them on duty"), N_("The duty is planned.")),
    "helper": Words(N_("A helper without a desk"), N_("Add this helper"), N_("The helper is added.")),
    "told": Words(N_("Somebody was told"), N_("Write down what they were told"), N_("It is written down.")),
    "partner": Words(N_("A partner organisation"), N_("Add this partner"), N_("The partner is added.")),
}
"""Kinds that have a form of their own here; requests, cases, places and files are begun on their own pages."""

_TODAY: Final[Mapping[str, str]] = {
    "verification_step": "checked",
    "credibility_assessment": "judged",
    "consent": "given",
    "risk_assessment": "assessed",
    "evacuation": "evacuated",
    "stay": "begins",
    "application": "filed",
    "decision": "decided",
    "discouragement": "discouraged",
    "own_departure": "departed",
    "arrival": "arrived",
    "follow_up": "looked",
    "donation": "received",
    "expense": "spent",
}
"""The day that a new record begins with, to be changed if it was another."""

_MINUTE_MS: Final = 60_000

_ME: Final[Mapping[str, str]] = {
    "credibility_assessment": "judged_by",
    "risk_assessment": "assessed_by",
    "consent": "taken_by",
    "task": "assignee",
    "verification_step": "verifier",
}


@dataclass(frozen=True, slots=True)
class Where:
    """A folder, and its place among the pages.

    Args:
        path: address of the folder, under which its records stand.
        back: address of the page that shows it.
        page: that page's id in the index of the book.
    """

    folder: FolderId
    folder_type: FolderType
    path: str
    back: str
    page: str

    def record(self, kind: str, record: bytes) -> str:
        """Address of one of its records."""
        return f"{self.path}/{kind}/{to_text(record)}"

    def own_page(self, kind: str, record: bytes) -> str:
        """Address of the page on which a record is read, where that is more than its particulars; else empty."""
        read = _READ.get(kind) if self.folder_type is FolderType.OFFICE else None
        return f"{read}/{to_text(record)}" if read else ""

    def section(self, kind: str) -> str:
        """Address of the part of the folder's page that shows records of a kind."""
        part = _SECTIONS.get(kind)
        return f"{self.back}#{part}" if part else self.back


def where_of(request: Request) -> Where:
    """The folder that an address leads into. Raises: BadInput, Refused; HTTPException, if this desk holds none such."""
    desk = desk_of(request)
    parameters = request.path_params
    root = str(request.url.path).removeprefix(url(request, "")).partition("/")[0]
    folder_type = ROOTS[root]
    look(desk, folder_type)
    if "folder" in parameters:
        text = str(parameters["folder"])
        if not is_here(desk.reader, FolderId(from_text(text))):
            raise HTTPException(404)
        return Where(FolderId(from_text(text)), folder_type, f"{root}/{text}", f"{root}/{text}", root)
    kind = str(parameters.get("kind", ""))
    page = "money" if folder_type is FolderType.LEDGER else _HOME.get(kind, "organisation")
    return Where(desk.folder(folder_type), folder_type, root, _LISTS.get(kind, page), page)


def in_folders(
    path: str, function: Handler, methods: tuple[str, ...] = ("GET",), roots: Iterable[str] = ROOTS
) -> list[Route]:
    """The routes of a page that stands in folders of several types.

    Args:
        path: what follows the folder, such as "/{kind}/new".
        roots: of which types; every one if left out.
    """
    heads = (f"/{root}" if root in ("office", "ledger") else f"/{root}/{{folder}}" for root in roots)
    return [Route(head + path, handler(function), methods=list(methods)) for head in heads]


def record_at(request: Request, where: Where, kind: str = "") -> Shown:
    """The record that an address names.

    Args:
        kind: its kind, where the address does not hold it as a parameter.
    Raises: BadInput; HTTPException, if there is none.
    """
    kind = kind or kind_at(request)
    found = views.record(desk_of(request).reader, where.folder, kind, record_id(request))
    if found is None:
        raise HTTPException(404)
    return found


def record_id(request: Request) -> RecordId:
    """The record id in the address. Raises: BadInput."""
    return RecordId(record_of(str(request.path_params["record"])))


def kind_at(request: Request) -> str:
    """The kind in the address. Raises: HTTPException, if there is none such."""
    kind = str(request.path_params["kind"])
    if kind not in REGISTRY:
        raise HTTPException(404)
    return kind


# ── Masked fields ──


class Unmasked:
    """Masked values that this page shows, because it was asked for and that was saved.

    Args:
        request: its address names them, `show=kind.record.field`; never their values.
    """

    def __init__(self, request: Request, where: Where) -> None:
        self._desk = desk_of(request)
        self._where = where
        self._root = url(request, "")
        self.page = str(request.url.path).removeprefix(self._root)
        self.asked = request.query_params.getlist("show")[:20]

    def value(self, record: Shown, name: str) -> str | None:
        """The words of a masked field; None while it is masked."""
        if _named(record, name) not in self.asked:
            return None
        try:
            return case_view.revealed(
                self._desk.reader, record.folder, record.kind, record.record, name, by=self._desk.member
            )
        except Refused:
            return None

    def address(self, record: Shown, name: str) -> str:
        """Where the asking is posted to."""
        query = "&".join(f"show={quote(shown)}" for shown in self.asked)
        path = f"{self._where.record(record.kind, record.record)}/reveal/{name}"
        return f"{self._root}{path}?page={quote(self.page)}&{query}".rstrip("&")

    @property
    def hide(self) -> str:
        """The same page with everything masked again."""
        return self._root + self.page


def _named(record: Shown, name: str) -> str:
    return f"{record.kind}.{to_text(record.record)}.{name}"


async def reveal(request: Request) -> Response:
    """Saves that somebody looks at a masked field; the page then shows it."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record, name = record_at(request, where), str(request.path_params["field"])
    save = casework.reveal(desk, where.folder, record.kind, RecordId(record.record), name, form.text("reason")[:500])
    desk.save(save)
    back = request.query_params.get("page", "")
    if back != where.back and not back.startswith((f"{where.path}/", f"{where.back}/")):
        back = where.record(record.kind, record.record)
    asked = [*request.query_params.getlist("show")[:19], _named(record, name)]
    query = "&".join(f"show={quote(shown)}" for shown in asked)
    return redirect(request, f"{back}?{query}#r-{record.ref}")


# ── Conflicts ──


class Version(NamedTuple):
    """One of several values, as the macro `conflict` takes it; `who` says at which desk, where they have several.

    `shown` is the value that counts until it is settled; `grave`: because it is the more dangerous one.
    """

    text: str
    who: str
    when: str
    ref: str
    shown: bool
    grave: bool = False


def versions(teller: Teller, conflict: Conflict) -> list[Version]:
    """The values of a conflict, in words; masked ones stay masked."""
    return [
        Version(
            text=_version_text(teller, conflict, value.value, masked=value.masked),
            who=teller.at_desk(value.who, value.ref[0]),
            when=teller.moment(Moment(value.at_ms, value.zone)),
            ref=ref_text(value.ref),
            shown=value.shown,
            grave=conflict.danger,
        )
        for value in conflict.values
    ]


def _version_text(teller: Teller, conflict: Conflict, value: Value | None, *, masked: bool) -> str:
    if masked:
        return teller.language.gettext("masked")
    return teller.text(conflict.kind, conflict.field, value) or teller.language.gettext("left empty")


def _versions_of(desk: Desk, teller: Teller, where: Where, record: Shown) -> dict[str, list[Version]]:
    """The fields of one record that wait to be settled, each with its versions."""
    return {
        conflict.field: versions(teller, conflict)
        for conflict in case_view.conflicts(desk.reader, where.folder)
        if (conflict.kind, conflict.record) == (record.kind, record.record)
    }


async def settle(request: Request) -> Response:
    """Keeps one of several values."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    kind, record, name = kind_at(request), record_id(request), str(request.path_params["field"])
    kept = read_refs(form.text("keep"))
    if len(kept) != 1:
        raise HTTPException(404)
    desk.save(casework.settle(desk, where.folder, kind, record, name, kept[0]))
    told = words(request).gettext("Settled. The other version is in the history.")
    return redirect(request, settled_back(request, where.back), ("done", told), undo=False)


def settled_back(request: Request, back: str) -> str:
    """Where somebody goes on who settled something: the list of all, the next one of it, or the page `back`."""
    asked = request.query_params.get("from", "")
    if asked == "list":
        return "unsettled"
    return f"unsettled/one?n={asked}" if asked.isascii() and asked.isdigit() and len(asked) < 6 else back


# ── Forms ──


def form_page(
    request: Request,
    where: Where,
    kind: str,
    record: Shown | None,
    *,
    form: Form | None = None,
    bad: BadInput | None = None,
) -> Response:
    """The form of one record.

    Args:
        record: what is changed; None for a new one.
        form: what was posted and refused, with `bad`.
    """
    desk, teller = desk_of(request), Teller(request, desk_of(request), where.folder)
    _ = teller.language.gettext
    told = WORDS.get(kind)
    if record is None and told is not None:
        title, button = _(told.title), _(told.button)
    else:
        title, button = _("Change: %(what)s", what=_(REGISTRY[kind].label)), _("Keep the changes")
    choices = teller.choices(kind)
    fields: Mapping[str, Value | None] = record.fields if record else _begin(request, desk, kind, choices)
    return render(
        request,
        "record_form.html",
        page=where.page,
        title=title,
        status_code=422 if bad else 200,
        form=form,
        kind=kind,
        where=where,
        folder_name=folder_name(desk, where),
        values=teller.inputs(kind, fields),
        seen=seen_texts(record),
        masked=record.masked if record else (),
        conflicts=_versions_of(desk, teller, where, record) if record else {},
        fixed={name: teller.of(record, name) for name in casework.RULES[kind].kept} if record else {},
        choices=choices,
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, kind),
        override=bad is not None and (wants_override(bad) or bool(form and form.text("override"))),
        override_text=form.text("override") if form else "",
        button=button,
        cancel=where.record(kind, record.record) if record and not REGISTRY[kind].owns_folder else where.section(kind),
    )


def wants_override(bad: BadInput) -> bool:
    """Whether it may be done all the same, by someone who says why."""
    return any(problem.values.get("override") is True for problem in bad.problems.values())


def folder_name(desk: Desk, where: Where) -> str:
    """Code name of a request, a case or a place; empty for the office's folders."""
    head = {FolderType.REQUEST: "request", FolderType.CASE: "case", FolderType.PLACE: "place"}.get(where.folder_type)
    return views.name(desk.reader, head, where.folder) if head else ""


def _begin(
    request: Request, desk: Desk, kind: str, choices: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, Value | None]:
    """What a new record's form begins with: today, this member, the only person, and what the address links it to."""
    spec = REGISTRY[kind]
    fields: dict[str, Value | None] = {}
    if kind in _TODAY:
        fields[_TODAY[kind]] = Day(desk.today(), desk.today())
    if kind in _ME:
        fields[_ME[kind]] = desk.member
    if kind == "note":
        fields["written"] = this_minute(desk)
    if kind == "told":
        fields["told"] = this_minute(desk)
    if kind == "helper":
        fields["code_name"] = outside.propose_name(desk, words(request).code)
    if len(choices.get("person", ())) == 1:
        fields["person"] = from_text(choices["person"][0][0])
    for name, text in request.query_params.items():
        if name in spec.fields and spec.fields[name].type_name == "link":
            fields[name] = from_text(text)
    if kind == "told" and "helper" in fields:
        fields["audience"] = ToldTo.HELPER
    return fields


def this_minute(desk: Desk) -> Moment:
    """Now, as a form can hold it."""
    now = desk.now_ms()
    return Moment(Millis(now - now % _MINUTE_MS), desk.zone())


def unchanged_moments(fields: Mapping[str, Value | None], record: Shown) -> dict[str, Value | None]:
    """The fields without moments that say the same minute as before: a form holds no seconds."""

    def same(name: str, value: object) -> bool:
        before = record.fields.get(name)
        return (
            isinstance(value, Moment)
            and isinstance(before, Moment)
            and (value.ms // _MINUTE_MS, value.zone) == (before.ms // _MINUTE_MS, before.zone)
        )

    return {name: value for name, value in fields.items() if not same(name, value)}


def kept_masked(form: Form, record: Shown) -> Form:
    """The form without masked fields that were not shown in it and are left empty: their values stay."""
    kept = [
        (name, text)
        for name, text in form.inputs
        if text.strip() or name not in record.masked or f"seen.{name}" in form.values
    ]
    return replace(form, inputs=tuple(kept))


def begin(request: Request) -> Response:
    """The empty form of a kind."""
    where, kind = where_of(request), kind_at(request)
    if kind not in casework.addable(desk_of(request), where.folder_type):
        raise Refused("Your role does not write such records here. Ask a coordinator.")
    return form_page(request, where, kind, None)


async def add(request: Request) -> Response:
    """Writes a new record down."""
    desk, form, where, kind = desk_of(request), form_of(request), where_of(request), kind_at(request)
    try:
        fields = form.fields(REGISTRY[kind], desk)
        desk.save(casework.add(desk, where.folder, kind, fields, override=form.text("override")))
    except BadInput as bad:
        return form_page(request, where, kind, None, form=form, bad=bad)
    language = words(request)
    told = WORDS.get(kind)
    done = language.gettext(told.done if told else N_("Saved."))
    return redirect(request, where.section(kind), ("done", done))


def edit(request: Request) -> Response:
    """The form of a record that is there."""
    where = where_of(request)
    record = record_at(request, where)
    if record.struck is not None:
        return redirect(request, where.record(record.kind, record.record))
    if not casework.editable(desk_of(request), record.kind):
        raise Refused("Records of this kind are not changed by hand. Write a new one beside it.")
    return form_page(request, where, record.kind, record)


async def amend(request: Request) -> Response:
    """Changes a record."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where)
    form = kept_masked(form_of(request), record)
    own = where.own_page(record.kind, record.record) or where.record(record.kind, record.record)
    back = where.back if REGISTRY[record.kind].owns_folder else own
    try:
        fields = unchanged_moments(form.fields(REGISTRY[record.kind], desk), record)
        save = casework.amend(
            desk, where.folder, record.kind, record.record, fields, form.seen, override=form.text("override")
        )
        desk.save(save)
    except BadInput as bad:
        if {problem.code for problem in bad.problems.values()} == {"nothing"}:
            return redirect(request, back, ("done", words(request).gettext("Nothing was changed.")))
        return form_page(request, where, record.kind, record, form=form, bad=bad)
    return redirect(request, back, ("done", words(request).gettext("The changes are kept.")))


# ── One record ──


def show(request: Request) -> Response:
    """A finished record."""
    where = where_of(request)
    record = record_at(request, where)
    if REGISTRY[record.kind].owns_folder:
        return redirect(request, where.back)
    if record.kind in _DRAWN:
        return redirect(request, f"{_DRAWN[record.kind]}/{record.ref}")
    return render(request, "record.html", **record_context(request, where, record))


def record_context(request: Request, where: Where, record: Shown) -> dict[str, Any]:
    """What the page of one record shows, for `render`; `record.html` draws it, alone or inside another page."""
    desk, teller = desk_of(request), Teller(request, desk_of(request), where.folder)
    stands = record.struck is None
    return {
        "page": where.page,
        "title": teller.language.gettext(REGISTRY[record.kind].label),
        "where": where,
        "folder_name": folder_name(desk, where),
        "kind": record.kind,
        "record": record,
        "t": teller,
        "unmasked": Unmasked(request, where),
        "conflicts": _versions_of(desk, teller, where, record),
        "editable": stands
        and casework.editable(desk, record.kind)
        and record.kind in casework.addable(desk, where.folder_type),
        "acts": acts_for(record) if stands else [],
        "strikeable": stands and may_strike(desk, record.kind),
        "struck": None if record.struck is None else teller.moment(record.struck),
    }


class Act(NamedTuple):
    """Something that is done to a record beside changing it: the last part of its address, and its words."""

    path: str
    text: str


def acts_for(record: Shown) -> list[Act]:
    """What can be done to a record as it stands."""
    found = _ACTS.get(record.kind)
    return found(record) if found else []


def _task_acts(record: Shown) -> list[Act]:
    return [Act("reopen", N_("Not done after all"))] if "done" in record.fields else [Act("finish", N_("It is done"))]


def _check_in_acts(record: Shown) -> list[Act]:
    return [] if "done" in record.fields else [Act("note", N_("Note that they were heard from"))]


def _leg_acts(record: Shown) -> list[Act]:
    return [] if "outcome" in record.fields else [Act("note", N_("Note how it went"))]


def _consent_acts(record: Shown) -> list[Act]:
    return [] if "withdrawn" in record.fields else [Act("withdraw", N_("They withdraw it"))]


def _journey_acts(record: Shown) -> list[Act]:
    return [] if "cancelled" in record.fields else [Act("call-off", N_("Call it off"))]


def _stay_acts(record: Shown) -> list[Act]:
    return [] if "ends" in record.fields else [Act("leave", N_("They leave"))]


def _arrival_acts(record: Shown) -> list[Act]:
    return [] if record.fields.get("confirmed") is True else [Act("confirm", N_("They confirm it themselves"))]


def _slip_acts(record: Shown) -> list[Act]:
    if "destroyed" in record.fields:
        return []
    return [Act("slip", N_("Show the slip, to print it")), Act("destroyed", N_("It was destroyed"))]


def _file_acts(record: Shown) -> list[Act]:
    if "working_copy_of" in record.fields:
        return [Act("download", N_("Take the working copy out"))]
    return [Act("download", N_("Take a copy out of the book"))]


def _referral_acts(record: Shown) -> list[Act]:
    return [] if "withdrawn" in record.fields else [Act("withdraw", N_("Withdraw it"))]


def _received_acts(record: Shown) -> list[Act]:
    return [Act("answer", N_("Answer them")), Act("as-it-came", N_("As it came"))]


_ACTS: Final[Mapping[str, Callable[[Shown], list[Act]]]] = {
    "referral": _referral_acts,
    "received_referral": _received_acts,
    "task": _task_acts,
    "check_in": _check_in_acts,
    "leg": _leg_acts,
    "consent": _consent_acts,
    "journey": _journey_acts,
    "stay": _stay_acts,
    "arrival": _arrival_acts,
    "task_slip": _slip_acts,
    "file": _file_acts,
}

routes = [
    *in_folders("/{kind}/new", begin),
    *in_folders("/{kind}/new", add, ("POST",)),
    *in_folders("/{kind}/{record}", show),
    *in_folders("/{kind}/{record}/edit", edit),
    *in_folders("/{kind}/{record}/edit", amend, ("POST",)),
    *in_folders("/{kind}/{record}/reveal/{field}", reveal, ("POST",)),
    *in_folders("/{kind}/{record}/settle/{field}", settle, ("POST",)),
]
