"""Identifiers: fixed-length byte strings, each its own type, so that one cannot stand for another.

Spec: spec/README.md, "Identifiers". Random ids come from the randomness that the caller passes in.
"""

from base64 import b32decode, b32encode
from enum import StrEnum
from hashlib import sha256
from typing import Final, NewType, Protocol

from waystation.errors import BadInput, Problem

OrgId = NewType("OrgId", bytes)
DeskId = NewType("DeskId", bytes)
MemberId = NewType("MemberId", bytes)
FolderId = NewType("FolderId", bytes)
RecordId = NewType("RecordId", bytes)
SaveId = NewType("SaveId", bytes)
ChunkHash = NewType("ChunkHash", bytes)
HeaderHash = NewType("HeaderHash", bytes)
OrderHash = NewType("OrderHash", bytes)
FolderTag = NewType("FolderTag", bytes)

ValueRef = tuple[DeskId, int]
"""Names one entry, and with it the values that the entry wrote: (desk, sequence number)."""

UNSENT: Final = 1 << 62
"""Positions from here on are of unsent entries: later than anything in the log (spec/sync.md S2)."""

ID_BYTES: Final = 16
HASH_BYTES: Final = 32


class FolderType(StrEnum):
    """Units of need-to-know. A folder's type fixes the kinds of record it may hold."""

    ORGANISATION = "organisation"
    OFFICE = "office"
    LEDGER = "ledger"
    CASE = "case"
    PLACE = "place"
    INCIDENT = "incident"
    REQUEST = "request"


SINGLETONS: Final = (FolderType.ORGANISATION, FolderType.OFFICE, FolderType.LEDGER)


class Randomness(Protocol):
    """Source of random bytes; `assemble` plugs in the operating system's."""

    def __call__(self, size: int, /) -> bytes: ...


def new_id(randomness: Randomness) -> bytes:
    """A fresh random 16-byte identifier."""
    return randomness(ID_BYTES)


def singleton_folder(org: OrgId, folder_type: FolderType) -> FolderId:
    """Id of a folder of which an organisation has exactly one (spec/book.md B4)."""
    name = folder_type.value.encode()
    return FolderId(sha256(b"waystation/1 folder\0" + org + name).digest()[:ID_BYTES])


def to_text(identifier: bytes) -> str:
    """Lower-case base32 without padding, for addresses and exports."""
    return b32encode(identifier).decode().rstrip("=").lower()


def from_text(text: str, size: int = ID_BYTES) -> bytes:
    """Inverse of `to_text`.

    Args:
        text: what `to_text` gave.
        size: expected length in bytes.
    Raises: BadInput, if it is anything else.
    """
    try:
        raw = b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        raw = b""
    if len(raw) != size or to_text(raw) != text:
        raise BadInput({"": Problem("bad_id", "This address is not complete. Go back and follow the link again.")})
    return raw
