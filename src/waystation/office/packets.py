"""Sealing packets to other organisations' cards, and opening theirs. In memory only: no plaintext touches the disk.

Guarantees: a packet opens whole, for a desk that its sender named, or not at all; neither sender nor recipient can be
told from outside. Implements spec/handover.md H2, H3, H9–H12, H18; no clock, and no randomness but what is passed in.
"""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import pyrage
from msgspec import structs

from waystation import packet
from waystation.clock import Millis
from waystation.derive import KEY_BYTES, Key, derive, digest, u32
from waystation.errors import NewerFormat, PacketError, SealError, WireError
from waystation.ids import OrgId, Randomness
from waystation.limits import KIB, MIB, PACKET_MAX
from waystation.packet import Card, Content, Signed, altered, check_file
from waystation.seal import SealingPublic, pad, seal_to
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed, unpad
from waystation.verify import desk_id
from waystation.wire import Decoder, encode
from waystation.words import spoken, to_age_secret

LEAD: Final = b"waystation packet\n"
HEAD_MAX: Final = 64 * KIB
PASSPHRASE_WORDS: Final = 6

_PAD_MIN: Final = 16 * KIB
_PASSPHRASE_BYTES: Final = 9
"""72 bits, of which six words show 66."""

_ENVELOPES: Final = msgspec.Meta(min_length=1, max_length=packet.RECIPIENTS_MAX)


class Head(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The packet key, once for each recipient (H10)."""

    version: int
    envelopes: Annotated[tuple[bytes, ...], _ENVELOPES]


@dataclass(frozen=True, slots=True)
class Opened:
    """A packet that was opened and checked whole.

    Args:
        signed: the signed content, for whoever checks it again.
        signed_card: the sender's.
        files: bytes of the content's files, in their order.
    """

    content: Content
    card: Card
    signed: bytes
    files: tuple[bytes, ...]

    @property
    def signed_card(self) -> bytes:
        return self.content.card


_decode_head: Final = Decoder(Head)


class Hand:
    """The keys with which one desk deals with other organisations, from its signing seed (H2)."""

    def __init__(self, org: OrgId, seed: SigningSeed) -> None:
        self._signing = SigningKey(seed)
        self._sealing = SealingKey(SealingSeed(derive(seed, "handover", org)))
        self._org = org
        self.desk = desk_id(self._signing.public)

    def card(self, name: str, made_ms: Millis) -> bytes:
        """This desk's signed card, which is valid for a year from `made_ms` (H1, H3)."""
        card = Card(
            1,
            self._org,
            self.desk,
            name[: packet.NAME_CHARS],
            self._signing.public,
            self._sealing.public,
            made_ms,
            packet.valid_until(made_ms),
        )
        return self._signed("card", encode(card))

    def seal(
        self, content: Content, files: Sequence[bytes], recipients: Sequence[Card], randomness: Randomness
    ) -> bytes:
        """A packet (H10).

        Args:
            content: its recipients and its head digest are filled in here.
            files: bytes of the content's files, in their order.
            recipients: the cards that it is sealed to; whether they are valid is the caller's to see.
        Raises: PacketError, if it is more than a packet holds.
        """
        key = Key(randomness(KEY_BYTES))
        ordered = sorted({card.desk: card for card in recipients}.values(), key=lambda card: card.desk)
        envelopes = tuple(_envelope(card, key) for card in ordered)
        head = encode(Head(1, envelopes))
        whole = structs.replace(content, recipients=tuple(card.desk for card in ordered), head=_head_digest(head))
        signed = self._signed("packet", packet.encode_content(whole))
        plaintext = u32(len(signed)) + signed + b"".join(files)
        sealed = pyrage.encrypt(pad(plaintext, _size(len(plaintext))), [_identity(key).to_public()])
        made = LEAD + u32(len(head)) + head + sealed
        if len(made) > PACKET_MAX:
            raise PacketError("This is more than one packet holds. Leave out a file, or send it in a second one.")
        return made

    def open(self, raw: bytes) -> Opened:
        """What a packet holds, checked whole (H12). Raises: PacketError, NewerFormat."""
        head, sealed = _taken_apart(raw)
        signed, rest = self._plaintext(head, sealed)
        content, card = packet.read_content(signed)
        if self.desk not in content.recipients:
            raise PacketError("This packet is not for this desk. It was sealed for others, and passed on.")
        if content.head != _head_digest(head):
            raise altered()
        files: list[bytes] = []
        for file in content.files:
            files.append(rest[: file.size])
            check_file(file, files[-1])
            rest = rest[file.size :]
        if rest:
            raise altered()
        return Opened(content, card, signed, tuple(files))

    def _plaintext(self, head: bytes, sealed: bytes) -> tuple[bytes, bytes]:
        """The signed content, and what follows it."""
        key = self._key(_read_head(head))
        try:
            plaintext = unpad(bytes(pyrage.decrypt(sealed, [_identity(key)])))
        except (pyrage.DecryptError, SealError):
            raise altered() from None
        end = 4 + int.from_bytes(plaintext[:4], "big")
        if len(plaintext) < end or end - 4 > packet.CONTENT_MAX + KIB:
            raise altered()
        return plaintext[4:end], plaintext[end:]

    def _key(self, head: Head) -> Key:
        for envelope in head.envelopes:
            try:
                key = self._sealing.open("packet", self._org + self.desk, envelope)
            except SealError:
                continue
            if len(key) == KEY_BYTES:
                return Key(key)
        raise PacketError("This packet is not for this desk, or it was altered. Ask to whose card it was sealed.")

    def _signed(self, purpose: str, inside: bytes) -> bytes:
        return encode(Signed(1, inside, self._signing.sign(purpose, inside)))


def is_packet(raw: bytes) -> bool:
    """Whether bytes call themselves a packet."""
    return raw.startswith(LEAD)


def with_passphrase(parts: Sequence[tuple[str, bytes]], randomness: Randomness) -> tuple[tuple[str, ...], bytes]:
    """An age file for those without Waystation (H18).

    Args:
        parts: path within it and bytes, in order; paths are our own, never somebody's.
    Returns: the six words that open it, and the file.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in parts:
            about = tarfile.TarInfo(path)
            about.size, about.mode = len(content), 0o600
            tar.addfile(about, io.BytesIO(content))
    words = spoken(randomness(_PASSPHRASE_BYTES), PASSPHRASE_WORDS)
    return words, bytes(pyrage.passphrase.encrypt(packed.getvalue(), " ".join(words)))


def _envelope(card: Card, key: Key) -> bytes:
    try:
        return seal_to(SealingPublic(card.sealing_key), "packet", card.org + card.desk, key)
    except WireError:
        raise PacketError("Nothing can be sealed to this card: its key is no key. Ask them for another.") from None


def _taken_apart(raw: bytes) -> tuple[bytes, bytes]:
    """Head and age file. Raises: PacketError."""
    if not is_packet(raw):
        raise PacketError("That is no packet of another organisation. Ask them for the file that ends in .waystation.")
    if len(raw) > PACKET_MAX:
        raise altered()
    at = len(LEAD) + 4
    size = int.from_bytes(raw[len(LEAD) : at], "big")
    if size > HEAD_MAX or at + size > len(raw):
        raise altered()
    return raw[at : at + size], raw[at + size :]


def _read_head(head: bytes) -> Head:
    try:
        return _decode_head(head)
    except NewerFormat:
        raise
    except WireError:
        raise altered() from None


def _head_digest(head: bytes) -> bytes:
    return digest("packet-head", head)


def _size(length: int) -> int:
    """The padded size (H10): a power of two from 16 KiB, above 1 MiB whole MiB; one byte is the padding's."""
    size = _PAD_MIN
    while size <= length and size < MIB:
        size *= 2
    return size if length < size else (length // MIB + 1) * MIB


def _identity(key: Key) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(to_age_secret(key))
