"""One page of a long list. It begins after a key, not after a count of rows, so the last is as fast as the first."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec

from waystation.errors import BadInput, Problem
from waystation.ids import FolderId, from_text, to_text
from waystation.records.labels import N_
from waystation.views.reader import Reader

PAGE: Final = 50

FOUND_MAX: Final = 500
"""How many matching records of a search are looked through for their folders."""

BY_FOLDER: Final = "sqlite_autoindex_{}_1"
"""What SQLite calls the index of a table's key: a search has found the folders, and nothing is gone through."""

_BAD_PAGE: Final = Problem("bad_page", N_("This page of the list does not exist. Begin at its start."))

R = TypeVar("R")
KeyPart: TypeAlias = str | int | bytes | None
_decode: Final = msgspec.msgpack.Decoder(list[object])


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and the key after which the next page begins; None at the end."""

    rows: tuple[R, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """What a list asks of `case_now` or `request_now`.

    Args:
        table: which of the two.
        listed, counted: the index that is gone through for a page, and for the count.
        where: conditions, with `values` for their places.
        order: expressions, none of which is ever NULL; the folder comes last by itself.
        descending: whether the first expression runs from the most to the least.
        beside: further tables, joined, that `order` needs.
    """

    table: str
    listed: str
    counted: str
    where: Sequence[str]
    values: Sequence[str | int | bytes]
    order: Sequence[str]
    descending: bool = False
    beside: str = ""

    def folders(self, reader: Reader, after: str | None, limit: int) -> tuple[tuple[FolderId, ...], str | None]:
        """The folders of one page, and the key of the next.

        A key names the last folder and not what it is sorted by, so that no words stand in an address.

        Raises: BadInput, if `after` is no folder of this table.
        """
        first, *others = [*self.order, "folder"]
        sorting = ", ".join((first + " DESC" * self.descending, *others))
        where, values = list(self.where), list(self.values)
        if after is not None:
            place = f"SELECT {first}, {', '.join(others)} FROM {self.table} {self.beside} WHERE folder = ?"
            known = reader.row(place, _folder(after))
            if known is None:
                raise BadInput({"": _BAD_PAGE})
            beyond = f"({', '.join(others)}) > ({', '.join('?' * len(others))})"
            where.append(f"({first} {'<' if self.descending else '>'} ? OR ({first} = ? AND {beyond}))")
            values += [known[0], *known]
        query = (
            f"SELECT folder FROM {self.table} INDEXED BY {self.listed} {self.beside} WHERE {' AND '.join(where) or '1'}"
        )
        rows = reader.rows(f"{query} ORDER BY {sorting} LIMIT ?", *values, limit + 1)
        found = [FolderId(folder) for (folder,) in rows]
        return tuple(found[:limit]), to_text(found[limit - 1]) if len(found) > limit else None

    def count(self, reader: Reader) -> int:
        """How many fit."""
        query = f"SELECT count(*) FROM {self.table} INDEXED BY {self.counted} WHERE {' AND '.join(self.where) or '1'}"
        return int(reader.rows(query, *self.values)[0][0])


def of_folders(text: str, reader: Reader) -> tuple[str, tuple[bytes, ...]]:
    """The condition that words stand somewhere in a folder, and its values."""
    folders = tuple(dict.fromkeys(found.folder for found in reader.search(text, FOUND_MAX)))
    return f"folder IN ({', '.join('?' * len(folders))})", folders


def _folder(text: str) -> bytes:
    try:
        return from_text(text)
    except BadInput:
        raise BadInput({"": _BAD_PAGE}) from None


def key_text(*key: KeyPart) -> str:
    """A key as it stands in an address."""
    return urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")


def read_key(text: str, parts: int) -> list[KeyPart]:
    """Inverse of `key_text`. Raises: BadInput, if it is anything else."""
    try:
        found = _decode.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        # Among them msgspec's own: the text is no key.
        found = []
    key = [part for part in found if part is None or isinstance(part, str | int | bytes)]
    if len(found) != parts or len(key) != parts:
        raise BadInput({"": _BAD_PAGE})
    return key
