"""Every field that two desks wrote differently, in the whole book: what is about danger first.

Guarantees: only folders of the types that are asked for are looked into; a masked value is not here; what is settled
leaves the others in their order, so that somebody can go through them one by one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from waystation.ids import FolderId, FolderType
from waystation.views import case, shown
from waystation.views.case import Conflict
from waystation.views.reader import Reader

FOLDERS_MAX: Final = 200
"""So many folders are looked through for one page; the others come when these are settled."""

_FOLDERS: Final = """
SELECT r.folder, (SELECT folder_type FROM history h WHERE h.folder = r.folder LIMIT 1) AS folder_type,
       sum(r.conflicts), min(r.first)
  FROM record r WHERE r.conflicts > 0 GROUP BY r.folder ORDER BY 4
"""
_NAMED: Final = frozenset((FolderType.CASE, FolderType.REQUEST, FolderType.PLACE))


@dataclass(frozen=True, slots=True)
class Doubt:
    """A field that waits to be settled, and where it stands; `code_name` is empty in the office and the ledger."""

    folder: FolderId
    folder_type: FolderType
    code_name: str
    conflict: Conflict


def unsettled(reader: Reader, types: Collection[FolderType]) -> tuple[Doubt, ...]:
    """What waits to be settled in folders of these types, as far as one page goes."""
    found: list[Doubt] = []
    folders = [(folder, FolderType(kind)) for folder, kind, _, _ in reader.rows(_FOLDERS) if kind in types]
    for folder, folder_type in folders[:FOLDERS_MAX]:
        name = shown.name(reader, folder_type.value, folder) if folder_type in _NAMED else ""
        found += [Doubt(FolderId(folder), folder_type, name, one) for one in case.conflicts(reader, folder)]
    return tuple(sorted(found, key=lambda doubt: not doubt.conflict.danger))


def count(reader: Reader, types: Collection[FolderType]) -> int:
    """How many fields wait to be settled in folders of these types."""
    return sum(int(fields) for _, kind, fields, _ in reader.rows(_FOLDERS) if kind in types)
