"""Cards: by which other organisations know this desk, and those that we keep of theirs.

Guarantees: nothing is sealed to a card whose words nobody has compared, that has expired, or that was laid aside; a
renewed card takes the place of the older one only if its keys are the same. Implements spec/handover.md H1–H5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.errors import BadInput, NewerFormat, PacketError, Problem, Refused
from waystation.ids import FolderType, RecordId
from waystation.office.desk import Desk
from waystation.office.packets import Hand
from waystation.office.writing import Rule, Writing
from waystation.packet import Card, card_text, read_card, read_card_text
from waystation.records import Day, Save, Value
from waystation.records.labels import N_
from waystation.roles import Action, allowed


@dataclass(frozen=True, slots=True)
class KeptCard:
    """A partner's card in the book."""

    record: RecordId
    partner: RecordId
    card: Card
    compared: bool
    dropped: bool

    def sealable(self, now_ms: int) -> bool:
        """Whether a packet may be sealed to it."""
        return self.compared and not self.dropped and self.card.is_valid(now_ms)


def hand(desk: Desk) -> Hand:
    """The keys with which this desk deals with other organisations."""
    return Hand(desk.book.org, desk.vault.secrets.signing_seed)


def own(desk: Desk) -> bytes:
    """This desk's signed card. It is the same all day, and its words never change."""
    now = desk.now_ms()
    row = desk.reader.row("SELECT name FROM k_organisation LIMIT 1")
    return hand(desk).card(str(row[0] if row else "").strip() or "–", Millis(now - now % DAY_MS))


def text_of(signed: bytes) -> str:
    """A card as text, to be sent."""
    return card_text(signed)


def read(signed: bytes) -> Card:
    """What a signed card says. Raises: PacketError, NewerFormat."""
    return read_card(signed)


def from_text(text: str) -> bytes:
    """The signed card that somebody pasted. Raises: BadInput, PacketError, NewerFormat."""
    signed = read_card_text(text)
    read_card(signed)
    return signed


def day_of(at_ms: int) -> str:
    """The ISO day of a moment that a card names, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def may_keep(desk: Desk) -> bool:
    """Whether this member may keep cards of partners; only for choosing what a page offers."""
    return allowed(desk.roles, Action.WRITE, FolderType.OFFICE, on_team=True)


def kept(desk: Desk, partner: bytes | None = None) -> tuple[KeptCard, ...]:
    """The cards that are kept, of one partner or of all; those that can be used first."""
    where, values = ("WHERE partner = ?", (partner,)) if partner is not None else ("", ())
    query = f"SELECT id, partner, card, compared, dropped FROM k_partner_card {where} ORDER BY record"  # noqa: S608 -- fixed text
    found = []
    for record, whose, text, compared, dropped in desk.reader.rows(query, *values):
        try:
            card = read_card(read_card_text(text))
        except (BadInput, PacketError, NewerFormat):
            # Kept by a newer desk, or by a broken one: its page says that it cannot be read.
            continue
        found.append(KeptCard(RecordId(record), RecordId(whose), card, compared is not None, dropped is not None))
    return tuple(sorted(found, key=lambda one: not one.sealable(desk.now_ms())))


def known(desk: Desk, card: Card) -> KeptCard | None:
    """The kept card with the same keys, or None."""
    return next((one for one in kept(desk) if _same_keys(one.card, card)), None)


def keep(desk: Desk, signed: bytes, partner: RecordId | str, *, compared: bool) -> Save:
    """Keeps a partner's card; a renewed one takes the place of that with the same keys.

    Args:
        partner: whose it is, or the name of a new partner.
        compared: whether its words were compared with what they read aloud.
    Raises: BadInput, PacketError, Refused.
    """
    writing = Writing(desk)
    put(writing, signed, partner, compared=compared)
    return writing.save()


def put(writing: Writing, signed: bytes, partner: RecordId | str, *, compared: bool) -> tuple[RecordId, RecordId]:
    """As `keep`, within a save in the making. Returns: the card's record, and the partner's."""
    desk, card = writing.desk, read_card(signed)
    if card.org == desk.book.org:
        raise BadInput({"card": Problem("own_card", N_("This is a card of your own organisation. Ask for theirs."))})
    if not card.is_valid(desk.now_ms()):
        message = N_("This card has expired, or one of the two clocks is wrong. Ask them for a new one.")
        raise BadInput({"card": Problem("card_expired", message)})
    office = desk.folder(FolderType.OFFICE)
    before = known(desk, card)
    day = day_of(card.expires)
    fields: dict[str, Value | None] = {"calls_itself": card.name, "card": card_text(signed), "expires": Day(day, day)}
    if compared:
        fields |= {"compared": writing.now(), "compared_by": desk.member}
    if before is not None:
        if before.compared:
            fields = {name: value for name, value in fields.items() if not name.startswith("compared")}
        if card.expires >= before.card.expires:
            writing.write(writing.change(office, "partner_card", before.record, fields), _WRITTEN)
        return before.record, before.partner
    if isinstance(partner, str):
        whose = writing.write(writing.entry(office, "partner", {"name": partner.strip() or None}), Rule())
    else:
        writing.get(office, "partner", partner)
        whose = partner
    fields |= {"partner": whose, "card_desk": card.desk, "kept": writing.now()}
    return writing.write(writing.entry(office, "partner_card", fields), _WRITTEN), whose


def note_compared(desk: Desk, record: RecordId) -> Save:
    """Notes that this member has compared a card's words. Raises: Refused."""
    writing = Writing(desk)
    office = desk.folder(FolderType.OFFICE)
    fields: dict[str, Value | None] = {"compared": writing.now(), "compared_by": desk.member}
    writing.write(writing.change(office, "partner_card", record, fields), _WRITTEN)
    return writing.save()


def drop(desk: Desk, record: RecordId) -> Save:
    """Lays a card aside: nothing is sealed to it any more. Raises: Refused."""
    writing = Writing(desk)
    office = desk.folder(FolderType.OFFICE)
    writing.write(writing.change(office, "partner_card", record, {"dropped": writing.this_day()}), _WRITTEN)
    return writing.save()


def usable(desk: Desk, record: RecordId) -> KeptCard:
    """A kept card to which something may be sealed now. Raises: Refused, with what to do first."""
    found = next((one for one in kept(desk) if one.record == record), None)
    if found is None or found.dropped:
        raise Refused("This card is no longer kept or was laid aside. Ask them for a new one.")
    if not found.compared:
        raise Refused("Nobody has compared the words of this card yet. Do that first, by telephone or in person.")
    if not found.card.is_valid(desk.now_ms()):
        raise Refused("This card has expired. Ask them for a new one; its words stay the same.")
    return found


def _same_keys(one: Card, other: Card) -> bool:
    return (one.org, one.verify_key, one.sealing_key) == (other.org, other.verify_key, other.sealing_key)


_WRITTEN: Final = Rule()
"""What only the functions of the hand-over write."""

RULES: Final[Mapping[str, Rule]] = {
    "partner_card": Rule(
        begins=False,
        kept=frozenset(("partner", "calls_itself", "expires", "card", "kept", "compared", "compared_by")),
        past=("dropped",),
    ),
    "referral": Rule(
        begins=False,
        kept=frozenset(
            ("partner", "called", "form", "purpose", "words", "what", "consents", "sent", "sent_by", "withdrawn")
        ),
        past=("answered",),
    ),
    "received_referral": Rule(
        begins=False,
        kept=frozenset(
            (
                "partner",
                "called",
                "purpose",
                "words",
                "made",
                "received",
                "received_by",
                "original",
                "content",
                "withdrawn",
                "withdrawn_words",
                "card",
            )
        ),
        past=("answered",),
    ),
}
"""By hand, only an answer that came by another way is noted, and a card laid aside."""
