"""What a relay shall drop of a destroyed folder: bodies, sheets, pieces of files. Kept until it has.

Guarantees: nothing is dropped there before every desk can see in the log that this one has destroyed it, after which
nobody can bring the folder back (spec/book.md B35); a relay that cannot be reached is asked again.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from waystation.book import Book
from waystation.ids import ChunkHash, FolderId
from waystation.sync.relay import Relay
from waystation.wire import BIN_16, BIN_32, Decoder, encode

if TYPE_CHECKING:
    from waystation.office.desk import Desk

_KEY: Final = "relay_drops"
_AT_ONCE: Final = 10_000
"""Positions and names in one request."""


class _Drop(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    folder: Annotated[FolderId, BIN_16]
    positions: tuple[int, ...]
    chunks: tuple[Annotated[ChunkHash, BIN_32], ...]


class _Drops(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    drops: tuple[_Drop, ...]


_decode: Final = Decoder(_Drops)


def note(book: Book, folder: FolderId, pieces: Sequence[ChunkHash]) -> None:
    """Remembers, before a folder is destroyed here, what the relay holds of it; in the caller's transaction.

    Args:
        pieces: of its files.
    """
    if not book.connected:
        return
    positions, sheets = book.stored_of(folder)
    _keep(book, (*_kept(book), _Drop(folder, tuple(positions), (*sheets, *pieces))))


def send(desk: "Desk", relay: Relay) -> int:
    """Has the relay drop what this desk has destroyed and said so in the log. Returns how many folders.

    The gate is not held while the relay is spoken to. Raises: RelayError; what was dropped until then is forgotten.
    """
    with desk.gate:
        book = desk.book
        ready = [drop for drop in _kept(book) if book.desk in book.erasure(drop.folder).acknowledged]
    for drop in ready:
        for start in range(0, max(len(drop.positions), len(drop.chunks)), _AT_ONCE):
            end = start + _AT_ONCE
            relay.drop(drop.positions[start:end], drop.chunks[start:end])
        with desk.gate, desk.book.transaction():
            _keep(desk.book, tuple(one for one in _kept(desk.book) if one.folder != drop.folder))
    return len(ready)


def _kept(book: Book) -> tuple[_Drop, ...]:
    raw = book.store.meta(_KEY)
    return _decode(raw).drops if isinstance(raw, bytes) else ()


def _keep(book: Book, drops: tuple[_Drop, ...]) -> None:
    book.store.set_meta(_KEY, encode(_Drops(1, drops)))
