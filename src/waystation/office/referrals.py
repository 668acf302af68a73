"""What another organisation referred to us, and answers both ways.

Guarantees: nothing of a packet is kept before it was opened and checked whole; one press keeps all of it or nothing; it
is kept unchanged beside what was laid out; what it says never decides anything here: judgements, roles and consents
of theirs give nobody a right. Nothing is taken in twice. Implements spec/handover.md H13, H14.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.book.files import SealedFile
from waystation.clock import Millis
from waystation.derive import digest
from waystation.errors import NewerFormat, PacketError, Refused, SealError
from waystation.ids import ID_BYTES, FolderId, FolderType, RecordId, new_id
from waystation.office import attachments, cards
from waystation.office.attachments import Attachment, in_entries, pieces, with_files
from waystation.office.cards import KeptCard
from waystation.office.casework import Part, put_parts
from waystation.office.desk import Desk
from waystation.office.handover import Made
from waystation.office.intake import begin_request
from waystation.office.laying_out import LAID_OUT, lay_out, put_files, request_of
from waystation.office.packets import Opened
from waystation.office.writing import Fields, Rule, Writing, refuse
from waystation.packet import WORDS_CHARS, Content, Kind, Outcome, read_content, records_of
from waystation.plaintext import legible, one_line
from waystation.records import Change, Save, Value
from waystation.records.choices import ReferralAnswer
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.roles import Action, allowed

STOP_USING: Final = N_("A referral was withdrawn: stop using what came with it, and erase it")
ANSWER_THEM: Final = N_("A partner asks something about a referral: answer them")

SEALED: Final = N_("The packet, sealed, as it came")
SIGNED: Final = N_("What it said, as its sender signed it")

PACKET_TYPE: Final = "application/vnd.waystation"
ANSWERS_MAX: Final = 50

_WRITTEN: Final = Rule()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet that was opened, and what is known of its sender here.

    Args:
        kept: the sender's card, if it is kept; None for one that nobody here has seen.
        about: folder and record of the referral that an answer or a withdrawal belongs to.
        already: the request that a referral became when it was taken in before; None if it was not.
    """

    opened: Opened
    kept: KeptCard | None
    about: tuple[FolderId, RecordId] | None
    already: FolderId | None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Everything that one press saves: give `saves` and `sealed` to `Desk.save_all`.

    Args:
        left_out: how many records stay in the file only, or lost a field there.
    """

    folder: FolderId
    saves: tuple[Save, ...]
    sealed: tuple[SealedFile, ...]
    left_out: int


def may_take_in(desk: Desk) -> bool:
    """Whether this member may take packets in; only for choosing what a page offers."""
    return allowed(desk.roles, Action.OPEN, FolderType.REQUEST, on_team=True)


def look(desk: Desk, raw: bytes) -> Arrived:
    """Opens a packet in memory; nothing of it is kept.

    Raises: PacketError, NewerFormat; Refused, if this member may not.
    """
    desk.require(Action.OPEN, FolderType.REQUEST)
    opened = cards.hand(desk).open(raw)
    if not opened.card.is_valid(desk.now_ms()):
        raise PacketError("The card of its sender has expired. Ask them to make the packet again; they get a new card.")
    kept = cards.known(desk, opened.card)
    content = opened.content
    if content.kind is Kind.REFERRAL:
        return Arrived(opened, kept, None, _already(desk, opened))
    return Arrived(opened, kept, _about(desk, opened, kept), None)


def take_in(desk: Desk, raw: bytes, partner: RecordId | str, *, compared: bool, language: str = "") -> TakenIn:
    """Takes a referral in: a request in a folder of its own, its sender's card, and the packet as it came.

    Args:
        partner: who sent it, or the name of a new partner; for a card that is kept, what stands there counts.
        compared: whether the words of the sender's card were compared.
        language: of the code name that is proposed; empty for that of the first person.
    Raises: BadInput, Refused, PacketError, NewerFormat.
    """
    arrived = look(desk, raw)
    opened, content = arrived.opened, arrived.opened.content
    if content.kind is not Kind.REFERRAL:
        refuse("file", "no_referral", N_("This is no referral. Look at it again."))
    if desk.book.readers(_folder(opened)) or _requests_of(desk, content.id):
        refuse("file", "taken_in", N_("This referral was taken in before. It is among the requests, or was erased."))
    writing = Writing(desk)
    card, whose = cards.put(writing, opened.signed_card, partner, compared=compared)
    folder = writing.open_folder(FolderType.REQUEST, _folder(opened))
    records = records_of(content)
    name = partner_name(writing, whose)
    begin_request(writing, request_of(records, name, language), folder=folder)
    anew: dict[bytes, RecordId] = {one.record: desk.new_record() for one in records if one.kind in LAID_OUT}
    put, files = put_files(writing, folder, opened)
    left_out = lay_out(writing, folder, records, {**anew, **files}, whose)
    original, opened_as = (
        attachments.put_plain(writing, folder, Attachment(called, PACKET_TYPE, data), told)
        for called, data, told in (
            ("referral.waystation", raw, SEALED),
            ("referral.content", opened.signed, SIGNED),
        )
    )
    received: dict[str, Value | None] = {
        "partner": whose,
        "called": one_line(content.called, 60) or "–",
        "purpose": legible(content.purpose).strip() or None,
        "words": legible(content.words).strip() or None,
        "made": Moment(Millis(content.made), desk.zone()),
        "received": writing.now(),
        "received_by": desk.member,
        "original": original.original,
        "content": opened_as.original,
        "packet": content.id,
        "card": card,
    }
    writing.write(writing.entry(folder, "received_referral", received), _WRITTEN)
    put = (*put, original, opened_as)
    save = with_files(writing.save(), put)
    return TakenIn(folder, in_entries(save), tuple(pieces(put)), left_out)


def take_answer(desk: Desk, raw: bytes) -> tuple[Save, FolderId]:
    """Takes an answer to a referral of ours in. Returns: the save, and the case.

    Raises: BadInput, Refused, PacketError, NewerFormat.
    """
    arrived = look(desk, raw)
    content = arrived.opened.content
    case, record = _belongs(arrived, Kind.ANSWER)
    writing = Writing(desk)
    writing.require(Action.WRITE, case)
    before = writing.get(case, "referral", record)
    answers = before.get("answers")
    known = answers if isinstance(answers, bytes) else b""
    _refuse_again(known, content.id)
    fields: dict[str, Value | None] = {"answers": known + content.id}
    words = legible(content.words).strip()
    made = Moment(Millis(min(content.made, desk.now_ms())), desk.zone())
    answered = before.get("answered")
    if not isinstance(answered, Moment) or answered.ms <= made.ms:
        fields |= {"answer": ReferralAnswer(content.outcome), "answered": made, "answer_words": words or None}
    writing.write(writing.change(case, "referral", record, fields), _WRITTEN)
    if content.outcome == Outcome.ASKS:
        task: Fields = {"title": ANSWER_THEM, "details": words[:2000] or None, "due": writing.now()}
        put_parts(writing, case, (Part("task", task),))
    return writing.save(), case


def take_withdrawal(desk: Desk, raw: bytes) -> tuple[Save, FolderId]:
    """Takes in that a referral to us was withdrawn; a task that is due now says what to do.

    Returns: the save, and the request. Raises: BadInput, Refused, PacketError, NewerFormat.
    """
    arrived = look(desk, raw)
    content = arrived.opened.content
    request, record = _belongs(arrived, Kind.WITHDRAWAL)
    writing = Writing(desk)
    writing.require(Action.WRITE, request)
    before = writing.get(request, "received_referral", record)
    taken = before.get("taken")
    known = taken if isinstance(taken, bytes) else b""
    _refuse_again(known, content.id)
    words = legible(content.words).strip()
    fields: dict[str, Value | None] = {"taken": known + content.id}
    if "withdrawn" not in before:
        fields |= {"withdrawn": writing.now(), "withdrawn_words": words or None}
    writing.write(writing.change(request, "received_referral", record, fields), _WRITTEN)
    head = writing.get(request, "request", request)
    case = head.get("accepted_as")
    where = FolderId(case) if isinstance(case, bytes) and writing.find(FolderId(case), "case", case) else request
    task: Fields = {"title": STOP_USING, "details": words[:2000] or None, "due": writing.now()}
    put_parts(writing, where, (Part("task", task),))
    return writing.save(), request


def outcome(desk: Desk, request: FolderId) -> Outcome:
    """What can be answered truly now: accepted as a case, declined, or not decided and therefore a question."""
    head = Writing(desk).get(request, "request", request)
    if "accepted_as" in head:
        return Outcome.ACCEPTED
    return Outcome.DECLINED if "outcome" in head else Outcome.ASKS


def answer(desk: Desk, request: FolderId, referral: RecordId, words: str) -> Made:
    """Seals an answer to the card of those who referred them; it says what stands in the book.

    Args:
        words: for the partner; needed unless it was accepted.
    Raises: BadInput, Refused, PacketError.
    """
    writing = Writing(desk)
    writing.require(Action.WRITE, request)
    known = writing.get(request, "received_referral", referral)
    says = outcome(desk, request)
    text = words.strip()
    if says is not Outcome.ACCEPTED and not text:
        message = N_("Say why, or what you ask. Without names, addresses or other masked things.")
        refuse("words", "required", message)
    if len(text) > WORDS_CHARS:
        refuse(
            "words", "too_long", N_("This is too long: at most %(max_chars)s characters fit."), max_chars=WORDS_CHARS
        )
    card, packet = known.get("card"), known.get("packet")
    if not isinstance(card, bytes) or not isinstance(packet, bytes):
        raise Refused("Whoever sent this left no card. Answer them by another way, and note it on the referral.")
    to = cards.usable(desk, RecordId(card))
    content = Content(
        1, new_id(desk.randomness), Kind.ANSWER, packet, cards.own(desk), (), desk.now_ms(),
        str(known.get("called", "")), "", text, says.value, b"", (), b"",
    )  # fmt: skip
    sealed = cards.hand(desk).seal(content, (), [to.card], desk.randomness)
    fields: dict[str, Value | None] = {
        "answer": ReferralAnswer(says.value),
        "answered": writing.now(),
        "answer_words": text or None,
    }
    writing.write(writing.change(request, "received_referral", referral, fields), _WRITTEN)
    return Made((writing.save(),), sealed)


def as_it_came(desk: Desk, request: FolderId, referral: RecordId) -> Content | None:
    """What a referral said, from the signed content that is kept; None if that is not here any more, or is none.

    Raises: Refused.
    """
    writing = Writing(desk)
    writing.require(Action.READ, request)
    file = writing.get(request, "received_referral", referral).get("content")
    if not isinstance(file, bytes):
        return None
    try:
        return read_content(attachments.content_of(desk, request, RecordId(file)))[0]
    except (SealError, PacketError, NewerFormat):
        return None


def records_in(content: Content) -> tuple[Change, ...]:
    """The records of a packet that was checked, as they came."""
    return records_of(content)


def partner_name(writing: Writing, partner: bytes) -> str:
    """The name of a partner, also of one that this save adds."""
    office = writing.desk.folder(FolderType.OFFICE)
    return str((writing.find(office, "partner", partner) or {}).get("name", ""))


# ── Whose it is ──


def _folder(opened: Opened) -> FolderId:
    return FolderId(digest("referral", opened.signed)[:ID_BYTES])


def _already(desk: Desk, opened: Opened) -> FolderId | None:
    folder = _folder(opened)
    if desk.book.readers(folder):
        return folder
    return next(iter(_requests_of(desk, opened.content.id)), None)


def _requests_of(desk: Desk, packet: bytes) -> list[FolderId]:
    rows = desk.reader.rows("SELECT folder FROM k_received_referral WHERE packet = ?", packet)
    return [FolderId(folder) for (folder,) in rows]


def _about(desk: Desk, opened: Opened, kept: KeptCard | None) -> tuple[FolderId, RecordId]:
    """The referral that an answer or a withdrawal belongs to, if its signer may speak of it (H14)."""
    table = "k_referral" if opened.content.kind is Kind.ANSWER else "k_received_referral"
    query = f"SELECT folder, id FROM {table} WHERE packet = ?"  # noqa: S608 -- fixed text
    row = desk.reader.row(query, opened.content.about)
    if row is None:
        raise PacketError(
            "It belongs to no referral that this desk can read. It may be for another desk of yours, or was erased."
        )
    folder, record = FolderId(row[0]), RecordId(row[1])
    kind = table.removeprefix("k_")
    known = desk.tables.shown(folder, kind, record) or {}
    if not _may_speak(desk, known, opened, kept):
        raise PacketError("Its signer is not who the referral was between. Ask your partner about it by another way.")
    return folder, record


def _may_speak(desk: Desk, known: Mapping[str, Value], opened: Opened, kept: KeptCard | None) -> bool:
    desks = known.get("sealed_to")
    if isinstance(desks, bytes) and opened.card.desk in {
        desks[i : i + ID_BYTES] for i in range(0, len(desks), ID_BYTES)
    }:
        return True
    if kept is None:
        return False
    if known.get("card") == kept.record:
        return True
    return kept.compared and not kept.dropped and kept.partner == known.get("partner")


def _belongs(arrived: Arrived, kind: Kind) -> tuple[FolderId, RecordId]:
    if arrived.opened.content.kind is not kind or arrived.about is None:
        refuse("file", "another_kind", N_("This packet is of another kind. Look at it again."))
    return arrived.about


def _refuse_again(known: bytes, packet: bytes) -> None:
    ids = {known[i : i + ID_BYTES] for i in range(0, len(known), ID_BYTES)}
    if packet in ids:
        refuse("file", "taken_in", N_("This was taken in before. Nothing was changed."))
    if len(ids) >= ANSWERS_MAX:
        refuse("file", "too_many", N_("More answers came to this referral than it can hold. Write a note instead."))


def file_name(desk: Desk, kind: str, *, sealed: bool) -> str:
    """Under which name a file is offered: it says what it is and the day, and nothing of anybody."""
    return f"{kind}-{desk.today()}.{'waystation' if sealed else 'tar.age'}"
