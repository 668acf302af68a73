"""An entry: a small signed header and a droppable sealed body.

Guarantees: every header byte is checked; a body opens only in its own place (organisation, folder, epoch, desk, number,
kind); sizes show only which of four buckets. Implements spec/book.md B2–B7.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

import msgspec

from waystation.derive import Key, derive, digest, u32, u64
from waystation.errors import NewerFormat, WireError
from waystation.ids import DeskId, FolderId, FolderTag, HeaderHash, OrderHash, OrgId
from waystation.limits import BODY_BUCKETS
from waystation.seal import TAG_BYTES, pad, seal_once
from waystation.sign import SigningKey
from waystation.unseal import open_once, unpad
from waystation.verify import Signature, VerifyKey, verify

VERSION: Final = 1
HEADER_BYTES: Final = 232
SIGNATURE_BYTES: Final = 64
SALT_BYTES: Final = 32
ASSOCIATED: Final = slice(0, 200)
"""The part of the header that is bound to the body: all but the body's own hash."""

_LAYOUT: Final = struct.Struct(">3sBBBH32s16sQ32sQ32s32s32s32s")
_MAGIC: Final = b"WSE"
ZERO_HASH: Final = bytes(32)


class EntryKind(IntEnum):
    ROSTER = 1
    EPOCH = 2
    CHANGE = 3
    TOMBSTONE = 4
    ERA = 5


_KINDS: Final = {int(kind): kind for kind in EntryKind}


class Header(msgspec.Struct, frozen=True):
    """The signed part (B2). `bucket` indexes `BODY_BUCKETS`; `seen_position` counts entries, from 0."""

    kind: EntryKind
    bucket: int
    org: OrgId
    desk: DeskId
    seq: int
    prev: HeaderHash
    seen_position: int
    seen_order: OrderHash
    tag: FolderTag
    salt: bytes
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as stored: `header` 232 bytes, `signature` 64, `body` sealed or None once dropped."""

    header: bytes
    signature: Signature
    body: bytes | None


@dataclass(frozen=True, slots=True)
class EpochKey:
    """A folder's key in one epoch, with the context that every derivation names."""

    org: OrgId
    folder: FolderId
    epoch: int
    key: Key

    @property
    def context(self) -> bytes:
        return self.org + self.folder + u32(self.epoch)

    @property
    def tag(self) -> FolderTag:
        """Name of this epoch to those who hold the key, and commitment to the key (B9)."""
        return FolderTag(derive(self.key, "tag", self.context))


def encode_header(header: Header) -> bytes:
    """232 bytes (B2)."""
    return _LAYOUT.pack(
        _MAGIC,
        VERSION,
        header.kind,
        header.bucket,
        0,
        header.org,
        header.desk,
        header.seq,
        header.prev,
        header.seen_position,
        header.seen_order,
        header.tag,
        header.salt,
        header.body_hash,
    )


def decode_header(raw: bytes) -> Header:
    """Parses and checks (B5). Raises: WireError, NewerFormat."""
    if len(raw) != HEADER_BYTES:
        raise WireError(
            "An entry's header has %(bytes)s bytes, this one %(found)s.", bytes=HEADER_BYTES, found=len(raw)
        )
    magic, version, kind, bucket, zero, org, desk, seq, prev, seen, order, tag, salt, body = _LAYOUT.unpack(raw)
    if magic != _MAGIC:
        raise WireError("Not the header of an entry.")
    if version > VERSION:
        raise NewerFormat(version)
    if version != VERSION or zero:
        raise WireError("An entry's header has an impossible version or reserved byte.")
    known = _KINDS.get(kind)
    if known is None:
        raise WireError("An entry's header names an unknown kind.")
    if bucket >= len(BODY_BUCKETS):
        raise WireError("An entry's header names an unknown size.")
    return Header(known, bucket, org, desk, seq, prev, seen, order, tag, salt, body)


def header_hash(raw: bytes) -> HeaderHash:
    """Hash of the stored header (B3)."""
    return HeaderHash(digest("header", raw))


def first_order(org: OrgId) -> OrderHash:
    """h(0) (B4)."""
    return OrderHash(digest("order", org))


def next_order(order: OrderHash, head: HeaderHash, body_hash: bytes) -> OrderHash:
    """h(i+1) from h(i) (B4)."""
    return OrderHash(digest("order", order + head + body_hash))


def bucket_for(plaintext_bytes: int) -> int:
    """Index of the smallest bucket that holds the plaintext (B6).

    Raises: WireError, if it is larger than every bucket; such content belongs in a file.
    """
    for index, size in enumerate(BODY_BUCKETS):
        if plaintext_bytes < size - TAG_BYTES:
            return index
    raise WireError("This save is too large for one entry. Attach long texts as a file.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new entry goes: what its header takes from the log before it."""

    seq: int
    prev: HeaderHash
    seen_position: int
    seen_order: OrderHash


def make_entry(
    kind: EntryKind, plaintext: bytes, epoch: EpochKey, desk: DeskId, place: Place, salt: bytes, key: SigningKey
) -> Entry:
    """Seals and signs one entry (B2, B6).

    Args:
        salt: 32 fresh random bytes.
    Raises: WireError, if `plaintext` exceeds the largest bucket.
    """
    bucket = bucket_for(len(plaintext))
    draft = Header(
        kind,
        bucket,
        epoch.org,
        desk,
        place.seq,
        place.prev,
        place.seen_position,
        place.seen_order,
        epoch.tag,
        salt,
        ZERO_HASH,
    )
    associated = encode_header(draft)[ASSOCIATED]
    padded = pad(plaintext, BODY_BUCKETS[bucket] - TAG_BYTES)
    body = seal_once(_body_key(epoch, desk, place.seq, kind, draft.tag, salt), padded, associated)
    raw = associated + sha256(body).digest()
    return Entry(raw, key.sign("entry", raw), body)


def open_body(raw_header: bytes, header: Header, body: bytes, epoch: EpochKey) -> bytes:
    """Plaintext of an entry's body (B6). Raises: SealError."""
    key = _body_key(epoch, header.desk, header.seq, header.kind, header.tag, header.salt)
    return unpad(open_once(key, body, raw_header[ASSOCIATED]))


def tag_of(raw_header: bytes) -> FolderTag:
    """The folder tag of a stored, checked header."""
    return FolderTag(raw_header[136:168])


def open_change(raw_header: bytes, body: bytes, epoch: EpochKey) -> tuple[DeskId, int, bytes]:
    """As `open_body`, for a change whose stored header was checked before; in bulk, decoding it again would cost most.

    Returns: author, seq, plaintext. Raises: SealError.
    """
    desk, seq = DeskId(raw_header[40:56]), int.from_bytes(raw_header[56:64], "big")
    key = _body_key(epoch, desk, seq, EntryKind.CHANGE, tag_of(raw_header), raw_header[168:200])
    return desk, seq, unpad(open_once(key, body, raw_header[ASSOCIATED]))


def check_signature(raw_header: bytes, signature: Signature, key: VerifyKey) -> None:
    """Returns only if the author signed this header (B3). Raises: SignatureError."""
    verify(key, "entry", raw_header, signature)


def check_body(header: Header, body: bytes) -> None:
    """Returns only if the stored body is the one that the header names. Raises: WireError."""
    if len(body) != BODY_BUCKETS[header.bucket] or sha256(body).digest() != header.body_hash:
        raise WireError("An entry's body is not the one that its header names.")


def _body_key(epoch: EpochKey, desk: DeskId, seq: int, kind: EntryKind, tag: FolderTag, salt: bytes) -> Key:
    return derive(epoch.key, "body", epoch.context + tag + desk + u64(seq) + bytes((kind,)), salt)
