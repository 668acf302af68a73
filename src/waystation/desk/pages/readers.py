"""Who can read a folder: since when, by whose hand, who could before; and letting in, taking off, handing over.

Guarantees: what stands here is told from the keys; what a removal protects and what it does not is said before it is
done; emergency access says when it ends. Cases, requests and places share these pages.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.organisation import tabs_of
from waystation.desk.pages.records import ROOTS, Where, in_folders, where_of
from waystation.desk.pages.telling import Event, Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Refused
from waystation.ids import FolderType, from_text, to_text
from waystation.office import team
from waystation.office.desk import Desk
from waystation.office.reading import look, may_look
from waystation.office.team import Readership, Reads, Turn
from waystation.records import REGISTRY, Save
from waystation.records.labels import N_
from waystation.views import shown
from waystation.views.organisation import code_name
from waystation.views.timeline import Timeline

PAGE: Final = 40
_NAMED: Final = 5
"""So many folders of one turn are named; of more, how many there are."""

_ROOTS: Final = [root for root, folder_type in ROOTS.items() if folder_type in team.TEAMED]
_WORKED: Final = [root for root in _ROOTS if root != "places"]
_ADDRESS: Final = {folder_type: root for root, folder_type in ROOTS.items()}


Decide = Callable[[Desk, Where, bytes | None, Form], Save]
"""What is saved, from the folder, the member who was chosen, and the form."""


class Way(NamedTuple):
    """One way of letting somebody in; every text a gettext id.

    Args:
        field: the input that names them, as kind and field.
        asks: what else is asked: "reason", "why" (a reason that is needed), "stays".
    """

    title: str
    text: str
    button: str
    field: tuple[str, str]
    asks: tuple[str, ...]
    done: str


LET_IN: Final = Way(
    N_("Let a colleague in"),
    N_("They read all of this from now on, what was written before as well, until somebody takes them off."),
    N_("Let them in"),
    ("access", "member"),
    ("reason",),
    N_("They are let in. Everybody who can read this sees it."),
)
EMERGENCY: Final = Way(
    N_("Emergency access for 24 hours"),
    N_("They read all of this for 24 hours; then it ends by itself. What they have read by then they keep."),
    N_("Let them in for 24 hours"),
    ("access", "member"),
    ("why",),
    N_("They are let in for 24 hours. Everybody who can read this sees it, and why."),
)
GIVE: Final[Mapping[FolderType, Way]] = {
    FolderType.CASE: Way(
        N_("Hand this case over"),
        N_("Somebody else works on it from now on, and reads all that was written before."),
        N_("Hand the case over"),
        ("case", "caseworker"),
        ("stays",),
        N_("The case is handed over."),
    ),
    FolderType.REQUEST: Way(
        N_("Give this request to somebody"),
        N_("They see to it from now on, and read all that was written before."),
        N_("Give the request to them"),
        ("request", "taken_by"),
        ("stays",),
        N_("The request is given to them."),
    ),
}


class Line(NamedTuple):
    """One reader in words.

    Args:
        small: as what, since when, by whose hand.
        until: when it ends by itself, or that the next key is without them; else empty.
        member: whom to take off; empty where they cannot be.
    """

    name: str
    small: tuple[str, ...]
    until: str
    member: str


# ── Who reads it ──


def show(request: Request) -> Response:
    """Who can read a folder, and who could."""
    desk, where = desk_of(request), where_of(request)
    teller = Teller(request, desk, where.folder)
    name = name_of(desk, where)
    readership = team.readership(desk, where.folder, where.folder_type)
    assigns = team.may_assign(desk, where.folder_type)
    return render(
        request,
        "readers.html",
        page=where.page,
        title=teller.language.gettext("Who can read this"),
        where=where,
        name=name,
        assigns=assigns,
        gives=where.folder_type in GIVE,
        past=[past_line(teller, one) for one in readership.past],
        **lines(teller, readership),
    )


def lines(teller: Teller, readership: Readership) -> dict[str, Any]:
    """Who reads a folder now, in words; who is to work on it and cannot read it yet; whether this member cannot."""
    me = teller.desk.member
    return {
        "taken_off": all(one.member != me for one in readership.now),
        "readers": [_line(teller, one) for one in readership.now],
        "cannot_read": readership.waiting,
    }


def past_line(teller: Teller, one: Reads) -> Line:
    """Somebody who could read a folder, in words."""
    _ = teller.language.gettext
    until = _("until %(day)s", day=teller.day(_day(teller, one.ended_ms)))
    by = _("taken off by %(name)s", name=one.ended_by) if one.ended_by else ""
    since = _("since %(day)s", day=teller.day(_day(teller, one.since_ms)))
    return Line(one.name or _("A desk that has no name here"), tuple(filter(None, (since, until, by))), "", "")


def _line(teller: Teller, one: Reads) -> Line:
    _ = teller.language.gettext
    since = _("since %(day)s", day=teller.day(_day(teller, one.since_ms)))
    by = _("let in by %(name)s", name=one.let_in_by) if one.let_in_by and one.let_in_by != one.name else ""
    parts = ", ".join(_(part) for part in one.parts)
    until = ""
    if one.leaves:
        until = _("Shall not read it any more; the next key is made without them.")
    elif one.until_ms is not None:
        until = _("Ends by itself %(time)s.", time=teller.moment(one.until_ms))
    return Line(
        one.name or _("A desk that has no name here"),
        tuple(filter(None, (parts, since, by))),
        until,
        to_text(one.member) if one.may_leave else "",
    )


def among(
    teller: Teller, stretch: Timeline, happened: list[Event], turns: tuple[Turn, ...], *, before: int | None
) -> list[Event]:
    """A stretch of what happened in a folder, with the changes of its readers in their places; newest first.

    Args:
        happened: the stretch in words, an event for each item.
        before: the position before which the stretch begins; None for the newest.
    """
    oldest = stretch.items[-1].position if stretch.older is not None else 0
    placed = [(item.position, event) for item, event in zip(stretch.items, happened, strict=True)]
    placed += [
        (turn.position, _event(teller, turn))
        for turn in turns
        if oldest <= turn.position and (before is None or turn.position < before)
    ]
    return [event for _, event in sorted(placed, key=lambda one: one[0], reverse=True)]


def _event(teller: Teller, turn: Turn) -> Event:
    day = _day(teller, turn.at_ms)
    return Event(day, teller.day(day), "", turn.who, said(teller, turn), "", "", "", "")


def said(teller: Teller, turn: Turn) -> str:
    """A change of readers in a sentence."""
    _ = teller.language.gettext
    nobody = _("a desk that has no name here")
    told = []
    if turn.joined:
        told.append(_("Can read this from here on: %(names)s", names=_listed(turn.joined, nobody)))
    if turn.left:
        told.append(_("Cannot read what follows: %(names)s", names=_listed(turn.left, nobody)))
    return " · ".join(told)


def _listed(names: tuple[str, ...], nobody: str) -> str:
    return ", ".join(name or nobody for name in names)


def _day(teller: Teller, at_ms: int | None) -> str:
    return teller.local_day(at_ms or 0)


# ── Letting in, taking off ──


def ask_let_in(request: Request) -> Response:
    """The form on which a colleague is let in."""
    return _ask(request, LET_IN)


def ask_emergency(request: Request) -> Response:
    """The form on which somebody is let in for a day."""
    return _ask(request, EMERGENCY)


def ask_give(request: Request) -> Response:
    """The form on which a case or a request is handed over."""
    return _ask(request, GIVE[where_of(request).folder_type])


def let_in(request: Request) -> Response:
    """Lets a colleague in."""
    return _do(request, LET_IN, lambda desk, where, who, form: team.add_colleague(desk, where.folder, who, _why(form)))


def emergency(request: Request) -> Response:
    """Lets somebody in for a day."""
    return _do(request, EMERGENCY, lambda desk, where, who, form: team.emergency(desk, where.folder, who, _why(form)))


def give(request: Request) -> Response:
    """Hands it over."""
    way = GIVE[where_of(request).folder_type]
    stays = form_of(request).text("stays") == "yes"
    return _do(request, way, lambda desk, where, who, form: team.hand_over(desk, where.folder, who, stays=stays))


def take_off(request: Request) -> Response:
    """Takes a colleague off."""
    desk, where = desk_of(request), where_of(request)
    desk.save(team.remove_colleague(desk, where.folder, from_text(form_of(request).text("member"))))
    told = words(request).gettext("They cannot read what is written from now on. What they have read they keep.")
    return redirect(request, f"{where.path}/readers", ("done", told))


def _ask(request: Request, way: Way, form: Form | None = None, bad: BadInput | None = None) -> Response:
    desk, where = desk_of(request), where_of(request)
    if not team.may_assign(desk, where.folder_type):
        raise Refused("Only a coordinator lets others in. Ask one of them.")
    teller = Teller(request, desk, where.folder)
    kind, name = way.field
    fit = team.workers if way.field in {one.field for one in GIVE.values()} else None
    offered = fit(desk, where.folder_type) if fit else team.fit(desk, where.folder, where.folder_type)
    now = shown.record(desk.reader, where.folder, kind, where.folder) if fit else None
    former = now.fields.get(name) if now else None
    return render(
        request,
        "let_in.html",
        page=where.page,
        title=teller.language.gettext(way.title),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        name=name_of(desk, where),
        way=way,
        kind=kind,
        field_name=name,
        former=teller.link("member", former)
        if isinstance(former, bytes) and team.may_stop(desk, where.folder_type, former)
        else "",
        choices=[(to_text(member), text) for member, text in offered if member != former],
        chosen=form.text(name) if form else None,
        reason=_why(form) if form else "",
        stays=form is not None and form.text("stays") == "yes",
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, kind),
    )


def _do(request: Request, way: Way, decide: Decide) -> Response:
    desk, where, form = desk_of(request), where_of(request), form_of(request)
    try:
        who = form.fields(REGISTRY[way.field[0]], desk).get(way.field[1])
        desk.save(decide(desk, where, who if isinstance(who, bytes) else None, form))
    except BadInput as bad:
        return _ask(request, way, form, bad)
    return redirect(request, f"{where.path}/readers", ("done", words(request).gettext(way.done)))


def _why(form: Form) -> str:
    return form.text("reason").strip()


def name_of(desk: Desk, where: Where) -> str:
    """Code name of the folder. Raises: Refused, if there is none here."""
    name = shown.name(desk.reader, where.folder_type.value, where.folder)
    if not name:
        raise Refused("There is no such record at this desk, or it was erased. Go back to the list.")
    return name


# ── All of them ──


def everywhere(request: Request) -> Response:
    """The newest changes of readers in all folders that this desk reads."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    turns, older = team.newest_turns(desk, before=before, limit=PAGE)
    return render(
        request,
        "organisation_readers.html",
        page="organisation",
        title=_("Who let whom in"),
        tabs=tabs_of(teller, "organisation/readers"),
        rows=[_turn_row(teller, turn) for turn in turns],
        older=teller.address(f"organisation/readers?before={older}") if older else None,
        newest=teller.address("organisation/readers") if before else None,
    )


def _turn_row(teller: Teller, turn: Turn) -> dict[str, Any]:
    language = teller.language
    links = []
    for folder, folder_type in turn.folders[:_NAMED] if len(turn.folders) <= _NAMED else ():
        name = code_name(teller.desk.reader, folder) if may_look(teller.desk, folder_type) else ""
        root = _ADDRESS.get(folder_type) if name else None
        text = name or language.gettext(_KINDS[folder_type])
        links.append({"text": text, "url": teller.address(f"{root}/{to_text(folder)}/readers") if root else ""})
    return {
        "when": teller.day(_day(teller, turn.at_ms)),
        "who": turn.who or language.gettext("A desk that has no name here"),
        "said": said(teller, turn),
        "links": links,
        "many": "" if links else language.ngettext("In one folder", "In %(num)s folders", len(turn.folders)),
    }


_KINDS: Final[Mapping[FolderType, str]] = {
    FolderType.ORGANISATION: N_("The organisation"),
    FolderType.OFFICE: N_("The office"),
    FolderType.LEDGER: N_("The ledger"),
    FolderType.CASE: N_("Case"),
    FolderType.REQUEST: N_("Request for help"),
    FolderType.PLACE: N_("Place"),
    FolderType.INCIDENT: N_("Incident"),
}

routes = [
    *in_folders("/readers", show, roots=_ROOTS),
    *in_folders("/readers/let-in", ask_let_in, roots=_ROOTS),
    *in_folders("/readers/let-in", let_in, ("POST",), _ROOTS),
    *in_folders("/readers/emergency", ask_emergency, roots=_ROOTS),
    *in_folders("/readers/emergency", emergency, ("POST",), _ROOTS),
    *in_folders("/readers/take-off", take_off, ("POST",), _ROOTS),
    *in_folders("/give", ask_give, roots=_WORKED),
    *in_folders("/give", give, ("POST",), _WORKED),
    Route("/organisation/readers", handler(everywhere)),
]
