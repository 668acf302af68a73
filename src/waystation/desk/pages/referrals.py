"""Between organisations: our card and theirs, what came from them, what left and what was answered.

Guarantees: a packet that is looked at is in memory only, for half an hour, and is kept by one press or not at all; what
is masked stays masked while it is looked at; nothing typed stands in an address.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import in_folders, record_at, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.papers import qr_image
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, NewerFormat, PacketError, Problem, WaystationError
from waystation.ids import FolderType, RecordId, from_text, to_text
from waystation.office import cards, referrals
from waystation.office.attachments import Attachment
from waystation.office.reading import look, may_look
from waystation.office.referrals import Arrived
from waystation.records import REGISTRY, Change, Many, Unread, Value
from waystation.records.labels import N_
from waystation.views import referrals as views
from waystation.views import shown as record_views
from waystation.views.referrals import ReferralRow

_GONE: Final = Problem(
    "files_gone",
    N_("The packet is no longer in memory: the desk was locked, or half an hour has passed. Choose it again."),
)

NEEDS: Final[Mapping[str, str]] = {
    "declined": N_("They declined it. Find somebody else."),
    "asks": N_("They ask something. Answer them."),
    "owed": N_("You have decided and they do not know. Make the answer."),
    "withdrawn": N_("They withdrew it. Stop using what came with it, and erase it."),
}
"""Why a referral needs a person now."""


class Laid(NamedTuple):
    """A record from elsewhere: what it is called, and its fields in words."""

    title: str
    facts: Sequence[tuple[str, str]]


class Line(NamedTuple):
    """A referral in a list."""

    name: str
    url: str
    small: tuple[str, ...]
    needs: str


def laid_out(teller: Teller, records: Sequence[Change], *, unmasked: bool = False) -> list[Laid]:
    """Records that are not in the book, or not of this folder, in words.

    Args:
        unmasked: whether masked fields are told too; else it is said that there is one.
    """
    people = {one.record: number for number, one in enumerate((r for r in records if r.kind == "person"), 1)}
    return [_laid(teller, one, people, unmasked=unmasked) for one in records]


def _laid(teller: Teller, one: Change, people: Mapping[RecordId, int], *, unmasked: bool) -> Laid:
    _ = teller.language.gettext
    if one.kind not in REGISTRY:
        return Laid(_("Something that a newer Waystation wrote"), ())
    title = teller.kind_label(one.kind)
    if one.record in people:
        title = _("Person %(number)s", number=people[one.record])
    return Laid(title, list(_facts(teller, one, people, unmasked=unmasked)))


def _facts(teller: Teller, one: Change, people: Mapping[RecordId, int], *, unmasked: bool) -> Iterator[tuple[str, str]]:
    _ = teller.language.gettext
    known = REGISTRY[one.kind].fields
    for name in (*(n for n in known if n in one.fields), *(n for n in one.fields if n not in known)):
        value, label = one.fields[name], teller.field_label(one.kind, name)
        if value is None:
            continue
        if name not in known or isinstance(value, Unread):
            yield label, _("cannot be read here")
        elif known[name].hidden:
            continue
        elif known[name].is_masked and not unmasked:
            yield label, _("masked")
        elif known[name].target:
            told = _people(teller, value, people)
            if told:
                yield label, told
        else:
            yield label, teller.text(one.kind, name, value)


def _people(teller: Teller, value: Value, people: Mapping[RecordId, int]) -> str:
    """Whom a link names; empty for what is no person."""
    items = tuple(value) if isinstance(value, Many) else (value,)
    numbers = [people[RecordId(item)] for item in items if isinstance(item, bytes) and RecordId(item) in people]
    return ", ".join(teller.language.gettext("Person %(number)s", number=number) for number in numbers)


# ── Our card, and theirs ──


def show(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """Our card, what is kept of partners, and a place for what came."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    signed = cards.own(desk)
    own = cards.read(signed)
    text = cards.text_of(signed)
    sees = may_look(desk, FolderType.CASE)
    return render(
        request,
        "referrals.html",
        page="organisation",
        title=teller.language.gettext("Between organisations"),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        own=own,
        own_text=text,
        own_expires=teller.day(_day(own.expires)),
        qr=qr_image(text.upper(), "l"),
        may_take_in=referrals.may_take_in(desk),
        may_keep=cards.may_keep(desk),
        kept=views.cards(desk.reader, desk.folder(FolderType.OFFICE)),
        partners=teller.choices_of("partner"),
        sent=[_line(teller, row) for row in views.sent(desk.reader)] if sees else [],
        received=[_line(teller, row) for row in views.received(desk.reader)] if sees else [],
        card_text=form.text("card") if form else "",
        partner=form.text("partner") if form else "",
        new_partner=form.text("new_partner") if form else "",
        errors=teller.problems(bad),
    )


def keep_card(request: Request) -> Response:
    """Keeps a partner's card, and leads on to its words."""
    desk, form = desk_of(request), form_of(request)
    try:
        signed = cards.from_text(form.text("card"))
        save = cards.keep(desk, signed, _partner(form), compared=False)
        desk.save(save)
    except (BadInput, PacketError, NewerFormat) as error:
        return show(request, form, _as_bad(error, "card"))
    record = next(write.record for write in save.writes if write.kind == "partner_card")
    return redirect(request, f"referrals/cards/{to_text(record)}")


def card(request: Request) -> Response:
    """A partner's card: its words, to be compared."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    record = RecordId(from_text(str(request.path_params["partner_card"])))
    shown = record_views.record(desk.reader, desk.folder(FolderType.OFFICE), "partner_card", record)
    found = next((one for one in cards.kept(desk) if one.record == record), None)
    if shown is None:
        raise HTTPException(404)
    teller = Teller(request, desk)
    return render(
        request,
        "partner_card.html",
        page="organisation",
        title=teller.language.gettext("Card of a partner"),
        t=teller,
        record=shown,
        kept=found,
        expired=found is not None and not found.card.is_valid(desk.now_ms()),
        may_keep=cards.may_keep(desk),
    )


def judge_card(request: Request) -> Response:
    """The words are the same, or the card is laid aside."""
    desk, form = desk_of(request), form_of(request)
    record = RecordId(from_text(str(request.path_params["partner_card"])))
    _ = words(request).gettext
    if form.text("do") == "drop":
        desk.save(cards.drop(desk, record))
        return redirect(request, "referrals#cards", ("done", _("The card is laid aside. Nothing is sealed to it.")))
    desk.save(cards.note_compared(desk, record))
    return redirect(request, "referrals#cards", ("done", _("It is noted that you compared the words.")))


# ── What came ──


def take(request: Request) -> Response:
    """Looks at a packet that came, or at a card that came as a file."""
    desk, form = desk_of(request), form_of(request)
    if not form.files:
        return show(request, form, BadInput({"file": Problem("required", N_("Choose the file first."))}))
    raw = form.files[0].content
    try:
        arrived = referrals.look(desk, raw)
        key = desk.tray.put((Attachment("packet", "", raw),))
    except (BadInput, PacketError, NewerFormat) as error:
        return show(request, form, _as_bad(error, "file"))
    return _look_page(request, arrived, key)


def _look_page(
    request: Request, arrived: Arrived, key: str, form: Form | None = None, bad: BadInput | None = None
) -> Response:
    desk = desk_of(request)
    teller = Teller(request, desk)
    content, kept = arrived.opened.content, arrived.kept
    already = arrived.already
    here = already is not None and bool(record_views.name(desk.reader, "request", already))
    return render(
        request,
        "referral_look.html",
        page="requests",
        title=teller.language.gettext(_TITLES[content.kind.value]),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        key=key,
        content=content,
        card=arrived.opened.card,
        made=teller.moment(content.made),
        kept=kept,
        kept_as=record_views.name(desk.reader, "partner", kept.partner) if kept else "",
        already=already,
        already_url=f"requests/{to_text(already)}" if already is not None and here else "",
        about=_about(teller, arrived),
        laid=laid_out(teller, referrals.records_in(content)),
        files=[(file.description, file.media_type, (file.size + 1023) // 1024) for file in content.files],
        partners=teller.choices_of("partner"),
        partner=form.text("partner") if form else "",
        new_partner=form.text("new_partner") if form else arrived.opened.card.name,
        compared=bool(form and form.text("compared")),
        errors=teller.problems(bad),
    )


def keep(request: Request) -> Response:
    """Keeps what was looked at: a referral becomes a request, an answer or a withdrawal goes where it belongs."""
    desk, form = desk_of(request), form_of(request)
    waiting = desk.tray.get(form.text("key"))
    if waiting is None:
        return show(request, None, BadInput({"file": _GONE}))
    raw, arrived = waiting[0].content, None
    _ = words(request).gettext
    try:
        arrived = referrals.look(desk, raw)
        match arrived.opened.content.kind.value:
            case "referral":
                partner = arrived.kept.partner if arrived.kept else _partner(form)
                compared = bool(form.text("compared"))
                taken = referrals.take_in(desk, raw, partner, compared=compared)
                desk.save_all(taken.saves, taken.sealed)
                path, done = f"requests/{to_text(taken.folder)}", _("The referral is taken in. It waits as a request.")
            case "answer":
                save, case = referrals.take_answer(desk, raw)
                desk.save(save)
                path, done = f"cases/{to_text(case)}#referrals", _("The answer is in the book.")
            case _:
                save, folder = referrals.take_withdrawal(desk, raw)
                desk.save(save)
                path, done = (
                    f"requests/{to_text(folder)}#referrals",
                    _("The withdrawal is in the book. A task says what to do."),
                )
    except (BadInput, PacketError, NewerFormat) as error:
        bad = _as_bad(error, "file")
        return _look_page(request, arrived, form.text("key"), form, bad) if arrived else show(request, None, bad)
    desk.tray.drop(form.text("key"))
    return redirect(request, path, ("done", done))


def as_it_came(request: Request) -> Response:
    """Everything that a referral said, also what did not become records here; masked fields stay masked."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where, "received_referral")
    teller = Teller(request, desk, where.folder)
    content = referrals.as_it_came(desk, where.folder, record.record)
    return render(
        request,
        "referral_as_it_came.html",
        page="requests",
        title=teller.language.gettext("As it came"),
        where=where,
        t=teller,
        record=record,
        content=content,
        laid=laid_out(teller, referrals.records_in(content)) if content else [],
    )


_TITLES: Final[Mapping[str, str]] = {
    "referral": N_("A referral has come"),
    "answer": N_("An answer has come"),
    "withdrawal": N_("A referral is withdrawn"),
}


def _about(teller: Teller, arrived: Arrived) -> tuple[str, str]:
    """Code name and address of what an answer or a withdrawal belongs to."""
    if arrived.about is None:
        return "", ""
    kind, root = ("case", "cases") if arrived.opened.content.kind.value == "answer" else ("request", "requests")
    folder = arrived.about[0]
    return teller.link(kind, folder), f"{root}/{to_text(folder)}"


def _line(teller: Teller, row: ReferralRow) -> Line:
    one, root = row.shown, "cases" if row.folder_type is FolderType.CASE else "requests"
    answer = teller.of(one, "answer")
    return Line(
        row.code_name,
        f"{root}/{to_text(row.folder)}#referrals",
        (
            teller.of(one, "partner"),
            teller.of(one, "called"),
            teller.moment(row.at),
            answer or teller.language.gettext("not answered yet"),
        ),
        teller.language.gettext(NEEDS[row.needs]) if row.needs else "",
    )


def _partner(form: Form) -> RecordId | str:
    """The partner that was chosen, or the name of a new one. Raises: BadInput."""
    if form.text("partner"):
        return RecordId(from_text(form.text("partner")))
    name = form.text("new_partner").strip()
    if not name:
        raise BadInput({"partner": Problem("required", N_("Choose the partner, or write the name of a new one."))})
    return name


def _as_bad(error: WaystationError, field: str) -> BadInput:
    if isinstance(error, BadInput):
        # Whatever else is wrong with a partner or a packet is said beside the one thing that was given here.
        shown = {name if name in ("card", "file", "partner", "") else field: p for name, p in error.problems.items()}
        return BadInput(shown)
    return BadInput({field: Problem(error.code, error.message, error.values)})


def _day(at_ms: int) -> str:
    return cards.day_of(at_ms)


routes = [
    Route("/referrals", handler(show)),
    Route("/referrals", handler(take), methods=["POST"]),
    Route("/referrals/take", handler(keep), methods=["POST"]),
    Route("/referrals/cards", handler(keep_card), methods=["POST"]),
    Route("/referrals/cards/{partner_card}", handler(card)),
    Route("/referrals/cards/{partner_card}", handler(judge_card), methods=["POST"]),
    *in_folders("/received_referral/{record}/as-it-came", as_it_came, roots=("requests",)),
]
