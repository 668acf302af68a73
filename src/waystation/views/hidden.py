"""What is hidden, and what of it was destroyed here. Its code name is gone from every table, and is not shown."""

from dataclasses import dataclass
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderId, FolderType, MemberId
from waystation.limits import ERASE_AFTER_DAYS
from waystation.views.reader import Reader

# CROSS JOIN: from the few that are hidden to their folders; left to itself SQLite goes through every folder there is.
_QUERY: Final = (
    "SELECT h.folder, e.type, h.at_ms, h.member, h.confirmed, h.folder IN (SELECT folder FROM destroyed)"
    " FROM hidden h CROSS JOIN epoch e WHERE e.folder = h.folder AND e.number = 0 ORDER BY h.at_ms"
)


_DONE: Final = "SELECT max(at_ms) FROM mark WHERE folder = ? AND action = 'done'"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden folder.

    Args:
        since_ms, by: when it was hidden (UTC ms), and by whom.
        due_ms: when it is destroyed at the earliest.
        confirmed: whether a second member has said so.
        destroyed: whether this desk has destroyed it.
    """

    folder: FolderId
    folder_type: FolderType
    since_ms: Millis
    by: MemberId
    due_ms: Millis
    confirmed: bool
    destroyed: bool


def hidden(reader: Reader, *, destroyed: bool = False) -> tuple[Hidden, ...]:
    """Everything that is hidden, oldest first.

    Args:
        destroyed: with what this desk has destroyed already.
    """
    found = (
        Hidden(
            folder,
            FolderType(kind),
            Millis(at),
            member,
            Millis(at + ERASE_AFTER_DAYS * DAY_MS),
            bool(confirmed),
            bool(gone),
        )
        for folder, kind, at, member, confirmed, gone in reader.rows(_QUERY)
    )
    return tuple(one for one in found if destroyed or not one.destroyed)


def last_done_ms(reader: Reader, folder: FolderId) -> Millis | None:
    """When the last desk said that it has destroyed a folder (UTC ms, its own claim); None if none has."""
    row = reader.row(_DONE, folder)
    return Millis(row[0]) if row and row[0] is not None else None
