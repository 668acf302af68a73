"""What two organisations send each other: cards, and what stands in a packet. Bytes and checks, no keys, no I/O.

Guarantees: what is read here has the one shape of spec/handover.md or is refused whole; a card's signature is checked
before anything of it is shown; unknown kinds and fields survive and are never taken for known ones. Implements
H1 and H3–H9.
"""

from base64 import b32decode, b32encode
from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from waystation.clock import DAY_MS, Millis
from waystation.derive import digest
from waystation.errors import BadInput, NewerFormat, PacketError, Problem, SignatureError, WireError
from waystation.ids import DeskId, OrgId, RecordId
from waystation.limits import MIB, PACKET_FILES_MAX, PACKET_FILES_MAX_COUNT
from waystation.plaintext import legible
from waystation.records import Change, decode_payload, encode_payload
from waystation.records.labels import N_
from waystation.verify import Signature, VerifyKey, desk_id, verify
from waystation.wire import BIN_16, BIN_32, INT_64, Decoder, encode
from waystation.words import spoken

LEAD: Final = "waystation-card-"
CARD_WORDS: Final = 8
CARD_VALID_DAYS: Final = 365
NAME_CHARS: Final = 200
CALLED_CHARS: Final = 60
PURPOSE_CHARS: Final = 500
WORDS_CHARS: Final = 4000
RECIPIENTS_MAX: Final = 16
CONTENT_MAX: Final = 8 * MIB

_CARD_DAYS_MAX: Final = 400
_CHECK_BYTES: Final = 4
_TEXT_MAX: Final = 8000
_BIN_64: Final = msgspec.Meta(min_length=64, max_length=64)
_SEALING: Final = msgspec.Meta(min_length=1216, max_length=1216)


class Kind(StrEnum):
    """What a packet is."""

    REFERRAL = "referral"
    ANSWER = "answer"
    WITHDRAWAL = "withdrawal"


class Outcome(StrEnum):
    """What an answer says."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    ASKS = "asks"


class Card(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """By which a desk is known to other organisations (H1). `name` is the organisation's; `made`, `expires` UTC ms."""

    version: int
    org: Annotated[OrgId, BIN_32]
    desk: Annotated[DeskId, BIN_16]
    name: str
    verify_key: Annotated[VerifyKey, BIN_32]
    # A `SealingPublic` of `waystation.seal`, which knowledge does not know.
    sealing_key: Annotated[bytes, _SEALING]
    made: Annotated[int, INT_64]
    expires: Annotated[int, INT_64]

    @property
    def words(self) -> tuple[str, ...]:
        """Eight words to compare aloud (H5)."""
        return spoken(digest("card-words", self.org + self.verify_key + self.sealing_key), CARD_WORDS)

    def is_valid(self, at_ms: int) -> bool:
        """Whether it was made by then and has not expired."""
        return self.made <= at_ms < self.expires


class Signed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A signed card (H3), or signed content (H9)."""

    version: int
    inside: bytes
    signature: Annotated[Signature, _BIN_64]


class PacketFile(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file of a packet (H8), without its bytes."""

    record: Annotated[RecordId, BIN_16]
    media_type: Annotated[str, msgspec.Meta(max_length=100)]
    size: Annotated[int, msgspec.Meta(ge=0, le=PACKET_FILES_MAX)]
    sha256: Annotated[bytes, BIN_32]
    description: Annotated[str, msgspec.Meta(max_length=1000)]


class Content(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a packet says (H6). `made` in UTC ms; `records` as `records_of` reads them."""

    version: int
    id: Annotated[bytes, BIN_16]
    kind: Kind
    about: Annotated[bytes, BIN_16]
    card: bytes
    recipients: tuple[Annotated[DeskId, BIN_16], ...]
    made: Annotated[int, INT_64]
    called: str
    purpose: str
    words: str
    outcome: str
    records: bytes
    files: tuple[PacketFile, ...]
    head: Annotated[bytes, BIN_32]


_decode_signed: Final = Decoder(Signed)
_decode_card: Final = Decoder(Card)
_decode_content: Final = Decoder(Content)


# ── Cards ──


def read_card(signed: bytes) -> Card:
    """A card from its signed bytes, the signature checked (H1, H3). Raises: PacketError, NewerFormat."""
    try:
        parts = _decode_signed(signed)
        card = _decode_card(parts.inside)
        verify(card.verify_key, "card", parts.inside, parts.signature)
    except NewerFormat:
        raise
    except (WireError, SignatureError):
        raise PacketError("This card was altered. Ask them to send it again.") from None
    days = (card.expires - card.made) / DAY_MS
    if card.desk != desk_id(card.verify_key) or not 0 < days <= _CARD_DAYS_MAX or not _is_name(card.name):
        raise PacketError("This card does not hold together. Ask them to make it again.")
    return card


def card_text(signed: bytes) -> str:
    """A signed card as text, to be sent (H4)."""
    checked = signed + digest("card-text", signed)[:_CHECK_BYTES]
    return LEAD + b32encode(checked).decode().rstrip("=").lower()


def read_card_text(text: str) -> bytes:
    """The signed card that a text stands for; `read_card` checks it (H4). Raises: BadInput, with the next step."""
    folded = "".join(text.split()).lower()
    body = folded.removeprefix(LEAD)
    if body == folded or len(folded) > _TEXT_MAX:
        raise _bad("no_card", N_("That is no card. It begins with “waystation-card-”; copy all of it."))
    try:
        raw = b32decode(body.upper() + "=" * (-len(body) % 8))
    except ValueError:
        raw = b""
    signed, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    if not signed or digest("card-text", signed)[:_CHECK_BYTES] != check:
        raise _bad("card_mistyped", N_("Something in this card is missing or mistyped. Copy all of it again."))
    return signed


# ── Content ──


def encode_content(content: Content) -> bytes:
    """The bytes that are signed. What this writes, `read_content` reads. Raises: PacketError, if it would not."""
    _check_content(content)
    raw = encode(content)
    if len(raw) > CONTENT_MAX:
        raise PacketError("This is more than one packet holds. Leave out conversations or notes.")
    return raw


def read_content(signed: bytes) -> tuple[Content, Card]:
    """Content and its sender's card, both signatures checked (H6–H9, H12). Raises: PacketError, NewerFormat."""
    try:
        parts = _decode_signed(signed)
        content = _decode_content(parts.inside)
        card = read_card(content.card)
        verify(card.verify_key, "packet", parts.inside, parts.signature)
        _check_content(content)
        records_of(content)
    except NewerFormat:
        raise
    except (WireError, SignatureError):
        raise altered() from None
    if not card.is_valid(content.made):
        raise PacketError("This packet was made when its sender's card was not valid. Ask them to make it again.")
    return content, card


def records_of(content: Content) -> tuple[Change, ...]:
    """The records of a packet, as a payload holds them (H7). Raises: WireError."""
    if not content.records:
        return ()
    changes = decode_payload(content.records)
    if any(change.seen for change in changes):
        raise WireError("A packet's records name no references (H7).")
    return changes


def encode_records(records: Sequence[Change]) -> bytes:
    """Records for a packet; empty for none (H7). Raises: WireError, on a value that cannot be read."""
    return encode_payload(records) if records else b""


def check_file(file: PacketFile, content: bytes) -> None:
    """Returns only if these are the file's bytes (H12). Raises: PacketError."""
    if len(content) != file.size or sha256(content).digest() != file.sha256:
        raise altered()


def altered() -> PacketError:
    """What is said of a packet that is not as it was sealed."""
    return PacketError("This packet was altered or cut short on the way. Ask them to send the file again.")


def _check_content(content: Content) -> None:
    """What the shape alone does not say (H6–H8). Raises: PacketError."""
    recipients = content.recipients
    is_referral, is_answer = content.kind is Kind.REFERRAL, content.kind is Kind.ANSWER
    sound = (
        0 < len(recipients) <= RECIPIENTS_MAX
        and list(recipients) == sorted(set(recipients))
        and is_referral == (content.about == content.id)
        and (content.outcome in list(Outcome) if is_answer else not content.outcome)
        and (is_referral or not (content.records or content.files))
        and len(content.called) <= CALLED_CHARS
        and len(content.purpose) <= PURPOSE_CHARS
        and len(content.words) <= WORDS_CHARS
        and len(content.files) <= PACKET_FILES_MAX_COUNT
        and sum(file.size for file in content.files) <= PACKET_FILES_MAX
        and len({file.record for file in content.files}) == len(content.files)
    )
    if not sound:
        raise PacketError("This packet does not hold together. Ask them to make it again.")


def _is_name(name: str) -> bool:
    """Whether it can be shown as it is: a card must not look like another's (R13)."""
    return bool(name.strip()) and len(name) <= NAME_CHARS and "\n" not in name and legible(name) == name


def _bad(code: str, message: str) -> BadInput:
    return BadInput({"card": Problem(code, message)})


def valid_until(made: Millis) -> int:
    """When a card that is made now expires, UTC ms."""
    return made + CARD_VALID_DAYS * DAY_MS
