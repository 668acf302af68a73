"""A case referred to another organisation: what may leave, what does, and what is written down of it.

Guarantees: only what a recorded consent covers leaves, and no reason replaces one; what leaves, under which consents,
and every masked field of it is in the book before the file exists outside memory; places, other cases, staff, code
names and file names never leave. Implements spec/handover.md H15–H18.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from waystation.clock import Millis
from waystation.coverage import Fields
from waystation.ids import FolderId, FolderType, RecordId, new_id, to_text
from waystation.limits import MIB, PACKET_FILES_MAX, PACKET_FILES_MAX_COUNT
from waystation.office import attachments, cards, codenames, outside
from waystation.office.attachments import in_entries
from waystation.office.desk import Desk
from waystation.office.offers import Offer, as_records, every_offer, stored_in, under_new_ids
from waystation.office.packets import with_passphrase
from waystation.office.writing import Rule, Writing, refuse
from waystation.packet import CALLED_CHARS, PURPOSE_CHARS, WORDS_CHARS, Content, Kind, PacketFile, encode_records
from waystation.records import Change, Many, Save, Value
from waystation.records.choices import ReferralForm, ToldTo
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.roles import Action, allowed

_WRITTEN: Final = Rule()
_LOOK: Final = Rule(action=Action.REVEAL)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves, as the page for those without Waystation shows it.

    Args:
        paths: of the files, in their order.
    """

    called: str
    purpose: str
    words: str
    made: Moment
    records: tuple[Change, ...]
    files: tuple[PacketFile, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What is said beside the records: what both call the case, for what it goes, and a letter."""

    called: str
    purpose: str
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that may leave once `saves` are saved, with `Desk.save_all`.

    Args:
        content: empty where nothing is sent. secret: the words that open it, for a file with a passphrase.
    """

    saves: tuple[Save, ...]
    content: bytes
    secret: tuple[str, ...] = ()

    @property
    def record(self) -> RecordId:
        """The referral."""
        return next(write.record for save in self.saves for write in save.writes if write.kind == "referral")


def may_refer(desk: Desk) -> bool:
    """Whether this member may hand a case over at all; only for choosing what a page offers."""
    return allowed(desk.roles, Action.EXPORT, FolderType.CASE, on_team=True)


def propose_name(desk: Desk, language: str) -> str:
    """What both could call the case: unlike every code name in use; Russian words for "ru"."""
    return codenames.propose(desk, language)


def offers(desk: Desk, case: FolderId, partner: RecordId) -> tuple[Offer, ...]:
    """Every part of a case that holds something, and whether consent lets this partner have it. Raises: Refused."""
    writing = Writing(desk)
    writing.require(Action.EXPORT, case)
    return tuple(every_offer(desk, stored_in(desk, case), partner))


def exceptions(desk: Desk, case: FolderId, chosen: Collection[Offer]) -> tuple[str, ...]:
    """What must not be shared, in the words of the consents under which these parts would leave."""
    consents = stored_in(desk, case).get("consent", {})
    used = dict.fromkeys(record for offer in chosen for record in offer.consents)
    return tuple(str(text) for record in used if (text := consents[record].get("except_for")))


def refer(
    desk: Desk,
    case: FolderId,
    partner: RecordId,
    chosen: Collection[str],
    words: Words,
    what: str,
    to: Sequence[RecordId] | Callable[[Leaving], bytes],
    *,
    heeded: bool = False,
) -> Made:
    """Hands a case over: seals what was chosen to the partner's cards, or under a passphrase.

    Args:
        chosen: keys of offers.
        what: the chosen parts in words, for the book.
        to: records of kept cards; or what makes the page `referral.html` for a partner without Waystation.
        heeded: whether the member has seen to what must not be shared.
    Raises: BadInput, Refused, PacketError.
    """
    writing = Writing(desk)
    writing.require(Action.EXPORT, case)
    stored = stored_in(desk, case)
    taken = _taken(tuple(every_offer(desk, stored, partner)), chosen)
    _check_words(words)
    consents = tuple(dict.fromkeys(record for offer in taken for record in offer.consents))
    if not heeded and any(stored["consent"][record].get("except_for") for record in consents):
        message = N_("Somebody said what must not be shared. Look that it is not in here, and say so.")
        refuse("heeded", "required", message)
    before = {str(one.get("called", "")) for one in writing.records(case, "referral").values()}
    if words.called not in before and codenames.is_too_alike(desk, words.called):
        refuse("called", "too_alike", N_("A code name in use is too much like this one. Take other words."))
    files = [_file(desk, case, offer) for offer in taken if offer.file is not None]
    records = as_records(desk, stored, taken, consents)
    identity, now = new_id(desk.randomness), desk.now_ms()
    about, leaving_records = under_new_ids(desk, identity, [file for file, _ in files], records)
    contents = [content for _, content in files]
    secret: tuple[str, ...] = ()
    if callable(to):
        paths = tuple(f"files/{number}.{_ending(file.media_type)}" for number, file in enumerate(about, 1))
        moment = Moment(Millis(now), desk.zone())
        leaving = Leaving(words.called, words.purpose, words.letter, moment, leaving_records, about, paths)
        parts = [("referral.html", to(leaving)), ("referral.json", _json(desk, leaving))]
        secret, sealed = with_passphrase([*parts, *zip(paths, contents, strict=True)], desk.randomness)
        recipients: list[cards.KeptCard] = []
    else:
        recipients = _recipients(desk, partner, to)
        content = Content(
            1, identity, Kind.REFERRAL, identity, cards.own(desk), (), now, words.called, words.purpose, words.letter,
            "", encode_records(leaving_records), about, b"",
        )  # fmt: skip
        sealed = cards.hand(desk).seal(content, contents, [one.card for one in recipients], desk.randomness)
    form = ReferralForm.PASSPHRASE if callable(to) else ReferralForm.SEALED
    fields: dict[str, Value | None] = {
        "partner": partner,
        "called": words.called,
        "form": form,
        "purpose": words.purpose,
        "words": words.letter or None,
        "what": what[:2000],
        "consents": Many.of(consents) if consents else None,
        "sent": writing.now(),
        "sent_by": desk.member,
        "packet": identity,
        "sealed_to": b"".join(sorted(one.card.desk for one in recipients)) or None,
    }
    writing.write(writing.entry(case, "referral", fields), _WRITTEN)
    _note_told(writing, case, partner, words.purpose, what, consents)
    _note_looks(writing, case, records, taken, words.purpose)
    return Made(in_entries(writing.save()), sealed, secret)


def withdraw(desk: Desk, case: FolderId, referral: RecordId, words: str) -> Made:
    """Withdraws a referral: notes it, and seals what tells the partner so, where it was sealed to their cards.

    Args:
        words: why, for the partner. Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    writing.require(Action.WRITE, case)
    known = writing.get(case, "referral", referral)
    if "withdrawn" in known:
        refuse("", "withdrawn", N_("This referral was withdrawn before."))
    if len(words) > WORDS_CHARS:
        refuse(
            "words", "too_long", N_("This is too long: at most %(max_chars)s characters fit."), max_chars=WORDS_CHARS
        )
    writing.write(writing.change(case, "referral", referral, {"withdrawn": writing.now()}), _WRITTEN)
    to = _sealed_to(desk, known)
    if known.get("form") == ReferralForm.SEALED and not to:
        message = N_("None of the cards to which it was sealed can be used any more. Ask them for a new card first.")
        refuse("", "no_card", message)
    sealed = b""
    if to:
        content = Content(
            1, new_id(desk.randomness), Kind.WITHDRAWAL, _packet(known), cards.own(desk), (), desk.now_ms(),
            str(known.get("called", "")), "", words.strip(), "", b"", (), b"",
        )  # fmt: skip
        sealed = cards.hand(desk).seal(content, (), [one.card for one in to], desk.randomness)
    return Made((writing.save(),), sealed)


# ── What is taken ──


def _taken(every: Sequence[Offer], chosen: Collection[str]) -> tuple[Offer, ...]:
    taken = tuple(offer for offer in every if offer.key in chosen)
    if not taken or len(taken) < len(set(chosen)):
        refuse("part", "required", N_("Choose what leaves. Only what stands here can."))
    if any(offer.why is not None for offer in taken):
        refuse("part", "no_consent", N_("No consent covers all of this any more. Look at it again."))
    files = [offer for offer in taken if offer.file is not None]
    if len(files) > PACKET_FILES_MAX_COUNT or sum(offer.size for offer in files) > PACKET_FILES_MAX:
        mib = PACKET_FILES_MAX // MIB
        refuse("part", "too_large", N_("The files may have %(mib)s MB together. Leave some out."), mib=mib)
    return taken


def _check_words(words: Words) -> None:
    for field, text, most in (
        ("called", words.called, CALLED_CHARS),
        ("purpose", words.purpose, PURPOSE_CHARS),
        ("words", words.letter, WORDS_CHARS),
    ):
        if field != "words" and not text.strip():
            refuse(field, "required", N_("This is needed."))
        if len(text) > most:
            message = N_("This is too long: at most %(max_chars)s characters fit.")
            refuse(field, "too_long", message, max_chars=most)


def _file(desk: Desk, case: FolderId, offer: Offer) -> tuple[PacketFile, bytes]:
    """A file as it leaves: its working copy, where there is one."""
    assert offer.file is not None
    copy = attachments.working_copy(desk, case, offer.file)
    content = attachments.content_of(desk, case, copy or offer.file)
    about = PacketFile(offer.file, offer.media_type, len(content), sha256(content).digest(), offer.label[:1000])
    return about, content


def _recipients(desk: Desk, partner: bytes, to: Sequence[RecordId]) -> list[cards.KeptCard]:
    found = [cards.usable(desk, record) for record in dict.fromkeys(to)]
    if not found or any(one.partner != partner for one in found):
        refuse("card", "required", N_("Choose to which of their cards it is sealed."))
    return found


def _sealed_to(desk: Desk, referral: Fields) -> list[cards.KeptCard]:
    desks, partner = referral.get("sealed_to"), referral.get("partner")
    if not isinstance(desks, bytes) or not isinstance(partner, bytes):
        return []
    known = {desks[i : i + 16] for i in range(0, len(desks), 16)}
    usable = [one for one in cards.kept(desk, partner) if one.sealable(desk.now_ms())]
    return [one for one in usable if one.card.desk in known]


def _packet(referral: Fields) -> bytes:
    packet = referral.get("packet")
    return packet if isinstance(packet, bytes) else bytes(16)


# ── What is written down ──


def _note_told(
    writing: Writing, case: FolderId, partner: RecordId, purpose: str, what: str, consents: Sequence[RecordId]
) -> None:
    told: dict[str, Value | None] = {
        "audience": ToldTo.PARTNER,
        "partner": partner,
        "what": what[:2000],
        "purpose": purpose,
        "consent": consents[0],
    }
    writing.write(writing.entry(case, "told", told), outside.RULES["told"])


def _note_looks(
    writing: Writing, case: FolderId, records: Sequence[Change], taken: Sequence[Offer], purpose: str
) -> None:
    """A look for each masked field that leaves, and for each file (H17)."""
    registry = writing.desk.registry
    left = [(one.kind, one.record, name) for one in records for name in one.fields]
    looks = [one for one in left if registry[one[0]].fields[one[2]].is_masked]
    looks += [("file", offer.file, "name") for offer in taken if offer.file is not None]
    for kind, record, name in looks:
        looked: dict[str, Value | None] = {
            "revealed": writing.now(),
            "revealed_by": writing.desk.member,
            "of_kind": kind,
            "of_record": record,
            "of_field": name,
            "reason": purpose,
        }
        writing.write(writing.entry(case, "reveal", looked), _LOOK)


def _json(desk: Desk, leaving: Leaving) -> bytes:
    """The records for a program (H18)."""
    records = [
        {
            "kind": one.kind,
            "id": to_text(one.record),
            "fields": {
                name: " ".join(filter(None, (spec.plain(value), spec.plain_unit(value))))
                for name, value in one.fields.items()
                if value is not None
                for spec in (desk.registry[one.kind].fields[name],)
            },
        }
        for one in leaving.records
    ]
    files = [
        {
            "path": path,
            "record": to_text(file.record),
            "media_type": file.media_type,
            "sha256": file.sha256.hex(),
            "description": file.description,
        }
        for path, file in zip(leaving.paths, leaving.files, strict=True)
    ]
    whole = {
        "format": "waystation referral 1",
        "called": leaving.called,
        "purpose": leaving.purpose,
        "words": leaving.words,
        "made": leaving.made.plain(),
        "records": records,
        "files": files,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


_ENDINGS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "text/plain": "txt",
}


def _ending(media_type: str) -> str:
    """What ends a file's name, so that a machine knows how to show it; nothing that a machine would run."""
    return _ENDINGS.get(media_type, "bin")
