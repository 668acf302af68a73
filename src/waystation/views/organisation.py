"""The organisation: its members, what was saved, who looked at what is masked, how old the last backup is.

The history is walked by time along an index, a bounded stretch at once; so a page of it takes no longer with a million
entries, whatever is asked for.
"""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from waystation.clock import Millis
from waystation.errors import BadInput, Problem
from waystation.ids import UNSENT, FolderId, FolderType, RecordId
from waystation.records import Day
from waystation.records.labels import N_
from waystation.views import shown
from waystation.views.lists import PAGE, key_text, read_key
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_END: Final = (1 << 63) - 1
_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])

LOOKED_AT: Final = 10_000
"""Of a long history so many entries are looked through for one page; the next page goes on from there."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who we are. `recovery` is the public half of the recovery key."""

    name: str
    founded: Day | None
    recovery: str
    members: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class SaveRow:
    """One entry of the log that this desk can read.

    Args:
        code_name: empty in the office and the ledger.
        written: kind and id of every record that it wrote, in its order.
    """

    position: int
    at_ms: Millis
    zone: str
    who: str
    folder: FolderId
    folder_type: FolderType
    code_name: str
    written: tuple[tuple[str, RecordId], ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of what it wrote, each once."""
        return tuple(dict.fromkeys(kind for kind, _ in self.written))


@dataclass(frozen=True, slots=True)
class RevealRow:
    """Somebody looked at a masked field."""

    at_ms: Millis
    zone: str
    who: str
    folder: FolderId
    folder_type: FolderType
    code_name: str
    of_kind: str
    of_record: RecordId
    of_field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the history is asked for.

    Args:
        member: by whom; None for everyone.
        kind: of which kind a record must be among what was written; empty for any.
        first_ms, before_ms: between these moments, UTC ms.
    """

    member: bytes | None = None
    kind: str = ""
    first_ms: int = 0
    before_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch(Generic[R]):
    """A part of the history.

    Args:
        next: key of what follows; None at its end.
        back_to_ms: how far back was looked, where that is why there are not more rows; else None.
    """

    rows: tuple[R, ...]
    next: str | None
    back_to_ms: Millis | None


@dataclass(frozen=True, slots=True)
class Storage:
    """How large the book is on this disk, in bytes, and how many entries it holds."""

    size: int
    entries: int


def organisation(reader: Reader) -> Organisation:
    """The organisation and its members, by name."""
    home = reader.rows("SELECT folder FROM k_member LIMIT 1")[0][0]
    found = shown.records(reader, home, ("organisation", "member"))
    about = found["organisation"][0].fields
    founded = about.get("founded")
    members = sorted(found.get("member", ()), key=lambda one: str(one.fields.get("display_name")))
    return Organisation(
        str(about.get("name", "")),
        founded if isinstance(founded, Day) else None,
        str(about.get("recovery", "")),
        tuple(members),
    )


def last_backup(reader: Reader) -> Millis | None:
    """When the last backup of this desk was made, UTC ms; None if there was none."""
    row = reader.row("SELECT value FROM meta WHERE key = 'last_backup_ms'")
    return row[0] if row else None


def last_drill(reader: Reader) -> Millis | None:
    """When somebody last noted that a backup was restored for trial, UTC ms; None if nobody has."""
    row = reader.row("SELECT value FROM meta WHERE key = 'last_drill_ms'")
    return row[0] if row else None


def storage(reader: Reader) -> Storage:
    """How large the book has grown."""
    row = reader.row("SELECT c.page_count * s.page_size FROM pragma_page_count() c, pragma_page_size() s")
    newest = reader.row("SELECT max(position) FROM history WHERE position < ?", UNSENT)
    return Storage(row[0] if row else 0, (newest[0] if newest else None) or 0)


def history(
    reader: Reader, wanted: Wanted | None = None, *, after: str | None = None, limit: int = PAGE
) -> Stretch[SaveRow]:
    """What was saved, newest first.

    Args:
        after: key of the stretch, as the one before gave it.
    Raises: BadInput, if the key is none.
    """
    asked = wanted or Wanted()
    members = shown.names(reader, "member")
    query = (
        "SELECT at_ms, position, zone, member, folder, folder_type, what FROM history"
        " WHERE at_ms >= ? AND (at_ms, position) < (?, ?) ORDER BY at_ms DESC, position DESC LIMIT ?"
    )
    found: list[SaveRow] = []
    key = _begin(asked, after)
    kind_bytes = asked.kind.encode()
    looked = 0
    for at_ms, position, zone, member, folder, folder_type, what in reader.each(query, asked.first_ms, *key, LOOKED_AT):
        looked += 1
        key = at_ms, position
        # The name stands in the packed bytes as it is: whatever does not hold it need not be unpacked.
        if asked.member not in (None, member) or kind_bytes not in what:
            continue
        written = tuple(dict.fromkeys((kind, RecordId(record)) for kind, record, _ in _what.decode(what)))
        if asked.kind and asked.kind not in (kind for kind, _ in written):
            continue
        found.append(
            SaveRow(
                position,
                at_ms,
                zone,
                members.get(member, ""),
                folder,
                FolderType(folder_type),
                code_name(reader, folder),
                written,
            )
        )
        if len(found) == limit:
            break
    return _stretch(found, key, looked, limit)


def reveals(
    reader: Reader, wanted: Wanted | None = None, *, after: str | None = None, limit: int = PAGE
) -> Stretch[RevealRow]:
    """Who looked at what is masked, newest first; arguments as for `history`, `kind` is that of what was looked at."""
    asked = wanted or Wanted()
    members = shown.names(reader, "member")
    query = (
        "SELECT revealed, record, revealed_zone, revealed_by, folder, of_kind, of_record, of_field, reason"
        " FROM k_reveal WHERE revealed >= ? AND (revealed, record) < (?, ?)"
        " ORDER BY revealed DESC, record DESC LIMIT ?"
    )
    found: list[RevealRow] = []
    key = _begin(asked, after)
    looked = 0
    for at_ms, row, zone, who, folder, kind, record, field, reason in reader.each(
        query, asked.first_ms, *key, LOOKED_AT
    ):
        looked += 1
        key = at_ms, row
        if asked.member not in (None, who) or asked.kind not in ("", kind):
            continue
        found.append(
            RevealRow(
                at_ms,
                zone,
                members.get(who, ""),
                folder,
                folder_type(reader, folder),
                code_name(reader, folder),
                kind,
                RecordId(record),
                field,
                reason or "",
            )
        )
        if len(found) == limit:
            break
    return _stretch(found, key, looked, limit)


def is_here(reader: Reader, folder: FolderId) -> bool:
    """Whether this desk holds anything of a folder: it reads it, or did, and it is neither hidden nor erased."""
    return reader.row("SELECT 1 FROM history WHERE folder = ? LIMIT 1", folder) is not None


def folder_type(reader: Reader, folder: FolderId) -> FolderType:
    """Of which type a folder is that holds something."""
    row = reader.row("SELECT folder_type FROM history WHERE folder = ? LIMIT 1", folder)
    return FolderType(row[0]) if row else FolderType.OFFICE


def _begin(asked: Wanted, after: str | None) -> tuple[int, int]:
    """The key below which a stretch begins."""
    if after is None:
        return (asked.before_ms if asked.before_ms is not None else _END), 0
    at_ms, row = read_key(after, 2)
    if not isinstance(at_ms, int) or not isinstance(row, int):
        raise BadInput({"": Problem("bad_page", N_("This page of the list does not exist. Begin at its start."))})
    return at_ms, row


def _stretch(found: list[R], key: tuple[int, int], looked: int, limit: int) -> Stretch[R]:
    goes_on = len(found) == limit or looked == LOOKED_AT
    return Stretch(tuple(found), key_text(*key) if goes_on else None, Millis(key[0]) if looked == LOOKED_AT else None)


def code_name(reader: Reader, folder: FolderId) -> str:
    """What a case, a request or a place is called; empty for the office and the ledger."""
    row = reader.row(
        "SELECT coalesce((SELECT code_name FROM case_now WHERE folder = ?1),"
        " (SELECT code_name FROM request_now WHERE folder = ?1), (SELECT code_name FROM k_place WHERE folder = ?1))",
        folder,
    )
    return str(row[0] or "") if row else ""
