"""What is hidden and waits for its destruction. Its code name is gone from every table, and is not shown."""

from dataclasses import dataclass
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderId, FolderType, MemberId
from waystation.limits import ERASE_AFTER_DAYS
from waystation.views.reader import Reader

# CROSS JOIN: from the few that are hidden to their folders; left to itself SQLite goes through every folder there is.
_QUERY: Final = (
    "SELECT h.folder, e.type, h.at_ms, h.member FROM hidden h CROSS JOIN epoch e"
    " WHERE e.folder = h.folder AND e.number = 0 AND h.folder NOT IN (SELECT folder FROM destroyed) ORDER BY h.at_ms"
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden folder: since when, by whom, and when it is destroyed (UTC ms)."""

    folder: FolderId
    folder_type: FolderType
    since_ms: Millis
    by: MemberId
    destroyed_ms: Millis


def hidden(reader: Reader) -> tuple[Hidden, ...]:
    """Everything that is hidden and not yet destroyed, oldest first."""
    return tuple(
        Hidden(folder, FolderType(kind), Millis(at), member, Millis(at + ERASE_AFTER_DAYS * DAY_MS))
        for folder, kind, at, member in reader.rows(_QUERY)
    )
