"""Signs of life that did not come: what rings at an open desk.

Candidates come from the indexes of what is open, so that asking every few seconds costs nothing at any size.
"""

from dataclasses import dataclass
from typing import Final

from waystation.clock import Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.views.reader import Reader

ALARMS_MAX: Final = 50
"""More than these at once are one alarm: look at Today."""

_MISSED: Final = " UNION ALL ".join(
    f"SELECT * FROM (SELECT folder, '{kind}', code_name, check_in_due,"
    f" (SELECT id FROM k_check_in k WHERE k.folder = {kind}_now.folder AND k.done IS NULL AND k.due = check_in_due"
    f" LIMIT 1) FROM {kind}_now WHERE {still_open} AND check_in_due IS NOT NULL AND check_in_due < ?1"
    " ORDER BY check_in_due DESC LIMIT ?2)"
    for kind, still_open in (("case", "closed IS NULL"), ("request", "accepted_as IS NULL AND outcome IS NULL"))
)


@dataclass(frozen=True, slots=True)
class Missed:
    """A check-in whose time has passed, and that nobody has noted.

    Args:
        folder_type: CASE or REQUEST.
        due_ms: when it was to come, UTC ms.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    due_ms: Millis
    record: RecordId


def missed(reader: Reader) -> tuple[Missed, ...]:
    """The longest-missed check-in of each open case and request, the newest alarm first; at most `ALARMS_MAX`."""
    rows = reader.rows(_MISSED, reader.now_ms(), ALARMS_MAX)
    found = [
        Missed(FolderId(folder), FolderType(kind), name or "", Millis(due), RecordId(record))
        for folder, kind, name, due, record in rows
        if record is not None
    ]
    return tuple(sorted(found, key=lambda one: (-one.due_ms, one.record))[:ALARMS_MAX])
