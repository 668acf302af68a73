"""A case is referred to another organisation, an answer is made, a referral is withdrawn; and the file that results.

Guarantees: what no consent covers cannot be ticked; the file is in memory only until it is taken, and what left is in
the book before it can be; its six words stand on the page of the file and nowhere else.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from waystation.desk.pages.acts import Question, name_of, question_page
from waystation.desk.pages.records import in_folders, record_at, record_id, where_of
from waystation.desk.pages.referrals import laid_out
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, fragment, redirect, render, session_of, words
from waystation.errors import BadInput, PacketError, Problem, Refused, ScreenShared
from waystation.ids import RecordId, from_text, to_text
from waystation.office import cards, handover, referrals
from waystation.office.attachments import Attachment
from waystation.office.desk import Desk
from waystation.office.handover import Leaving, Made, Words
from waystation.office.offers import Offer
from waystation.records.labels import N_
from waystation.views import shown as record_views

_SEALED_TYPE: Final = "application/octet-stream"


class Choice(NamedTuple):
    """One box of the form.

    Args:
        small: words beneath it.
        why: why it cannot be ticked; empty if it can.
    """

    key: str
    text: str
    small: tuple[str, ...]
    why: str
    ticked: bool


class Group(NamedTuple):
    """The boxes of one person, of the whole case, or of the files."""

    title: str
    choices: tuple[Choice, ...]


class CardChoice(NamedTuple):
    """A card that a packet can be sealed to, or why it cannot."""

    ref: str
    text: str
    words: str
    why: str


def refer_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form: to whom, what leaves, and how. Without a partner in the address it asks for one first."""
    desk, where = desk_of(request), where_of(request)
    if not handover.may_refer(desk):
        raise Refused("Your role does not hand cases to other organisations. Ask a coordinator.")
    teller = Teller(request, desk, where.folder)
    chosen = (form.text("partner") if form else request.query_params.get("partner", "")) or ""
    partner = RecordId(from_text(chosen)) if chosen else None
    name = record_views.name(desk.reader, "partner", partner) if partner else ""
    offers = handover.offers(desk, where.folder, partner) if partner and name else ()
    to = _cards(teller, partner) if partner and name else []
    return render(
        request,
        "refer.html",
        page="cases",
        title=teller.language.gettext("Refer to a partner"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=name_of(request, where),
        partners=teller.choices_of("partner"),
        partner=chosen if name else "",
        partner_name=name,
        groups=_groups(teller, offers, form),
        any_offer=any(offer.why is None for offer in offers),
        exceptions=handover.exceptions(desk, where.folder, [one for one in offers if one.why is None]),
        heeded=bool(form and form.text("heeded")),
        cards=to,
        ticked_cards=form.values.get("card", []) if form else [one.ref for one in to if not one.why],
        way=form.text("way") if form else ("sealed" if any(not one.why for one in to) else "passphrase"),
        called=form.text("called") if form else handover.propose_name(desk, teller.language.code),
        purpose=form.text("purpose") if form else "",
        letter=form.text("words") if form else "",
        errors=teller.problems(bad),
    )


def refer(request: Request) -> Response:
    """Makes the file, and writes down what is in it."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    _check_not_shared(request)
    teller = Teller(request, desk, where.folder)
    try:
        partner = RecordId(from_text(form.text("partner")))
        chosen = form.values.get("part", [])
        said = Words(form.text("called").strip(), form.text("purpose").strip(), form.text("words").strip())
        taken = [one for one in handover.offers(desk, where.folder, partner) if one.key in chosen]
        what = "; ".join(_in_words(teller, one) for one in taken)
        heeded = bool(form.text("heeded"))
        if form.text("way") == "passphrase":
            made = handover.refer(
                desk, where.folder, partner, chosen, said, what, lambda leaving: _page(request, leaving), heeded=heeded
            )
        else:
            to = [RecordId(from_text(ref)) for ref in form.values.get("card", [])]
            made = handover.refer(desk, where.folder, partner, chosen, said, what, to, heeded=heeded)
        name = referrals.file_name(desk, "referral", sealed=not made.secret)
        key = _kept(desk, made, name)
    except PacketError as error:
        return refer_page(request, form, BadInput({"": Problem(error.code, error.message, error.values)}))
    except BadInput as bad:
        return refer_page(request, form, bad)
    done = words(request).gettext("It is written down what left, and under which consent.")
    return redirect(request, f"{where.record('referral', made.record)}/packet?key={key}", ("done", done))


def packet_page(request: Request) -> Response:
    """The file that is ready to be taken, and the words that open it, as long as both are in memory."""
    desk, where = desk_of(request), where_of(request)
    _check_not_shared(request)
    kind = "referral" if where.page == "cases" else "received_referral"
    record = record_at(request, where, kind)
    teller = Teller(request, desk, where.folder)
    key = request.query_params.get("key", "")
    waiting = desk.tray.get(key) if key else None
    return render(
        request,
        "packet.html",
        page=where.page,
        title=teller.language.gettext("The file for the partner"),
        where=where,
        folder_name=name_of(request, where),
        t=teller,
        record=record,
        key=key,
        file=waiting[0].name if waiting else "",
        kib=(len(waiting[0].content) + 1023) // 1024 if waiting else 0,
        secret=waiting[1].content.decode().split() if waiting and len(waiting) > 1 else [],
        here=f"{where.record(kind, record.record)}/packet",
    )


def take_packet(request: Request) -> Response:
    """The file, from memory."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    waiting = desk.tray.get(form.text("key"))
    if waiting is None:
        kind = "referral" if where.page == "cases" else "received_referral"
        return redirect(request, f"{where.record(kind, record_id(request))}/packet")
    return Response(
        waiting[0].content,
        media_type=_SEALED_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{waiting[0].name}"'},
    )


# ── Answers, and withdrawing ──


def answer_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form of an answer; what it says is what stands in the book."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where, "received_referral")
    teller = Teller(request, desk, where.folder)
    return render(
        request,
        "answer.html",
        page="requests",
        title=teller.language.gettext("Answer the partner"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=name_of(request, where),
        t=teller,
        record=record,
        outcome=referrals.outcome(desk, where.folder).value,
        typed_words=form.text("words") if form else "",
        errors=teller.problems(bad),
    )


def answer(request: Request) -> Response:
    """Makes the answer."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record = record_at(request, where, "received_referral").record
    try:
        made = referrals.answer(desk, where.folder, record, form.text("words"))
        key = _kept(desk, made, referrals.file_name(desk, "answer", sealed=True))
    except BadInput as bad:
        return answer_page(request, form, bad)
    done = words(request).gettext("The answer is made and written down.")
    return redirect(request, f"{where.record('received_referral', record)}/packet?key={key}", ("done", done))


WITHDRAW: Final = Question(
    N_("Withdraw this referral?"),
    N_(
        "The partner is asked to stop using what came with it and to erase it. What they have read they have read, and "
        "nobody can make them. A file that tells them so is made, where the referral was sealed to their card; carry "
        "it to them, and tell them."
    ),
    N_("Withdraw the referral"),
    ("words_to_them",),
    "",
    grave=True,
)


def ask_withdraw(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page that asks before a referral is withdrawn."""
    where = where_of(request)
    record = record_at(request, where, "referral")
    teller = Teller(request, desk_of(request), where.folder)
    return question_page(request, where, WITHDRAW, teller.about(record), form, bad, kind="referral")


def withdraw(request: Request) -> Response:
    """Withdraws it."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record = record_at(request, where, "referral").record
    _ = words(request).gettext
    try:
        made = handover.withdraw(desk, where.folder, record, form.text("words"))
        key = _kept(desk, made, referrals.file_name(desk, "withdrawal", sealed=True))
    except BadInput as bad:
        return ask_withdraw(request, form, bad)
    if not made.content:
        return redirect(
            request, where.section("referral"), ("attention", _("Withdrawn here. Tell the partner yourself."))
        )
    done = _("The referral is withdrawn here. Carry the file to the partner.")
    return redirect(request, f"{where.record('referral', record)}/packet?key={key}", ("done", done))


# ── Words and boxes ──


def _kept(desk: Desk, made: Made, name: str) -> str:
    """Saves what left; only then the file can be taken. Returns: its key in memory."""
    waiting = [Attachment(name, _SEALED_TYPE, made.content)]
    if made.secret:
        waiting.append(Attachment("words", "text/plain", " ".join(made.secret).encode()))
    key = desk.tray.put(waiting)
    try:
        desk.save_all(made.saves)
    except BaseException:
        desk.tray.drop(key)
        raise
    return key


def _check_not_shared(request: Request) -> None:
    if session_of(request).sharing:
        raise ScreenShared


def _page(request: Request, leaving: Leaving) -> bytes:
    """`referral.html`, for a partner without Waystation: no script, nothing fetched, every value escaped."""
    desk, where = desk_of(request), where_of(request)
    teller = Teller(request, desk, where.folder)
    drawn = fragment(
        request,
        "referral_file.html",
        leaving=leaving,
        made=teller.moment(leaving.made),
        laid=laid_out(teller, leaving.records, unmasked=True),
        files=list(zip(leaving.paths, leaving.files, strict=True)),
    )
    return bytes(drawn.body)


def _groups(teller: Teller, offers: Sequence[Offer], form: Form | None) -> list[Group]:
    _ = teller.language.gettext
    ticked = form.values.get("part", []) if form else [one.key for one in offers if one.wanted]
    people = dict.fromkeys(one.person for one in offers if one.file is None and one.person is not None)
    groups = [
        Group(
            teller.link("person", person),
            tuple(_choice(teller, one, ticked) for one in offers if one.person == person and one.file is None),
        )
        for person in people
    ]
    whole = tuple(_choice(teller, one, ticked) for one in offers if one.person is None and one.file is None)
    files = tuple(_choice(teller, one, ticked) for one in offers if one.file is not None)
    return [one for one in (*groups, Group(_("The whole case"), whole), Group(_("Files"), files)) if one.choices]


def _choice(teller: Teller, one: Offer, ticked: Sequence[str]) -> Choice:
    _ = teller.language.gettext
    scope = _(one.scope.label)
    small = [_("needs consent to: %(scope)s", scope=scope)]
    if one.masked:
        small.append(_("with masked fields"))
    if one.telling:
        small.append(_("no working copy: it may say where, when and by whom it was made"))
    if one.file is not None:
        small.append(f"{one.media_type} · {_('%(kib)s KB', kib=(one.size + 1023) // 1024)}")
    why = ""
    if one.why is not None:
        who = teller.link("person", one.whose) if one.whose is not None else ""
        why = _(one.why.value, who=who, scope=scope)
    text = _(one.label) if one.part is not None else (one.label or _("Without a description"))
    return Choice(one.key, text, tuple(small), why, one.key in ticked and not why)


def _in_words(teller: Teller, one: Offer) -> str:
    """A part that leaves, for the book."""
    text = teller.language.gettext(one.label) if one.part is not None else f"{teller.kind_label('file')}: {one.label}"
    return f"{teller.link('person', one.person)}: {text}" if one.person is not None and one.part else text


def _cards(teller: Teller, partner: RecordId) -> list[CardChoice]:
    _ = teller.language.gettext
    found = []
    for one in cards.kept(teller.desk, partner):
        if one.dropped:
            continue
        why = ""
        if not one.compared:
            why = _("Nobody has compared its words yet.")
        elif not one.sealable(teller.desk.now_ms()):
            why = _("It has expired. Ask them for a new one.")
        found.append(CardChoice(to_text(one.record), one.card.name, " ".join(one.card.words), why))
    return found


routes = [
    *in_folders("/refer", refer_page, roots=("cases",)),
    *in_folders("/refer", refer, ("POST",), roots=("cases",)),
    *in_folders("/referral/{record}/packet", packet_page, roots=("cases",)),
    *in_folders("/referral/{record}/packet", take_packet, ("POST",), roots=("cases",)),
    *in_folders("/referral/{record}/withdraw", ask_withdraw, roots=("cases",)),
    *in_folders("/referral/{record}/withdraw", withdraw, ("POST",), roots=("cases",)),
    *in_folders("/received_referral/{record}/packet", packet_page, roots=("requests",)),
    *in_folders("/received_referral/{record}/packet", take_packet, ("POST",), roots=("requests",)),
    *in_folders("/received_referral/{record}/answer", answer_page, roots=("requests",)),
    *in_folders("/received_referral/{record}/answer", answer, ("POST",), roots=("requests",)),
]
