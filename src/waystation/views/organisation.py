"""The organisation: its members, what was saved, who looked at what is masked, how old the last backup is."""

from dataclasses import dataclass
from typing import Final

import msgspec

from waystation.clock import Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.records import Day
from waystation.views import shown
from waystation.views.lists import PAGE
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_END: Final = (1 << 63) - 1
_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])

_CODE_NAME: Final = (
    "coalesce((SELECT code_name FROM case_now WHERE folder = h.folder),"
    " (SELECT code_name FROM request_now WHERE folder = h.folder),"
    " (SELECT code_name FROM k_place WHERE folder = h.folder))"
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who we are. `recovery` is the public half of the recovery key."""

    name: str
    founded: Day | None
    recovery: str
    members: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class SaveRow:
    """One entry of the log that this desk can read; `code_name` is empty in the office and the ledger."""

    position: int
    at_ms: Millis
    zone: str
    who: str
    folder: FolderId
    folder_type: FolderType
    code_name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevealRow:
    """Somebody looked at a masked field."""

    at_ms: Millis
    zone: str
    who: str
    folder: FolderId
    code_name: str
    of_kind: str
    of_record: RecordId
    of_field: str
    reason: str


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


def history(reader: Reader, *, before: int | None = None, limit: int = PAGE) -> tuple[SaveRow, ...]:
    """What was saved, newest first.

    Args:
        before: only what is older than this position.
    """
    members = shown.names(reader, "member")
    query = (
        f"SELECT position, at_ms, zone, member, folder, folder_type, {_CODE_NAME}, what FROM history h"
        " WHERE position < ? ORDER BY position DESC LIMIT ?"
    )
    return tuple(
        SaveRow(
            position,
            at_ms,
            zone,
            members.get(member, ""),
            folder,
            FolderType(folder_type),
            name or "",
            tuple(dict.fromkeys(kind for kind, _, _ in _what.decode(what))),
        )
        for position, at_ms, zone, member, folder, folder_type, name, what in reader.rows(query, before or _END, limit)
    )


def reveals(reader: Reader, *, before: int | None = None, limit: int = PAGE) -> tuple[RevealRow, ...]:
    """Who looked at what is masked, newest first.

    Args:
        before: only what was looked at before this time, UTC ms.
    """
    members = shown.names(reader, "member")
    query = (
        f"SELECT revealed, revealed_zone, revealed_by, folder, {_CODE_NAME}, of_kind, of_record, of_field, reason"
        " FROM k_reveal h WHERE revealed < ? ORDER BY revealed DESC LIMIT ?"
    )
    return tuple(
        RevealRow(at_ms, zone, members.get(who, ""), folder, name or "", kind, RecordId(record), field, reason or "")
        for at_ms, zone, who, folder, name, kind, record, field, reason in reader.rows(query, before or _END, limit)
    )
