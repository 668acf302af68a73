"""Which desks read a folder, epoch by epoch, as the log has it: since when, and by whose hand.

It tells what the keys do, and knows nothing of what records say about it. Of folders whose key is not held here it says
nothing, though their recipients are known to every member.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from waystation.clock import Millis
from waystation.ids import ID_BYTES, DeskId, FolderId, FolderType
from waystation.views.reader import Reader

LOOKED_AT: Final = 5_000
"""Of all new epochs so many are looked through for one page; the next page goes on from there."""

# The author stands in the header (spec/book.md B2); an epoch that is not sent yet has no entry, and is this desk's own.
_COLUMNS: Final = "e.number, e.position, substr(n.header, 41, 16), e.recipients"
_AUTHOR: Final = "LEFT JOIN entry n ON n.position = e.position"
_OF_FOLDER: Final = f"SELECT {_COLUMNS} FROM epoch e {_AUTHOR} WHERE e.folder = ? ORDER BY e.number"
_NEWEST: Final = (
    f"SELECT e.id, e.folder, e.type, {_COLUMNS},"
    " (SELECT p.recipients FROM epoch p WHERE p.folder = e.folder AND p.number = e.number - 1)"
    f" FROM epoch e {_AUTHOR} WHERE e.id < ? AND e.number > 0 AND e.tag IN (SELECT tag FROM keyring)"
    " ORDER BY e.id DESC LIMIT ?"
)
_FIRST: Final = "SELECT at_ms FROM history WHERE folder = ? AND position > ? ORDER BY position LIMIT 1"
_BEFORE: Final = "SELECT at_ms FROM history WHERE position < ? ORDER BY position DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of a folder.

    Args:
        author: the desk that opened it; None for this one, while it is not sent yet.
        at_ms: about when, UTC ms: an epoch carries no time, so it is that of what was saved beside it.
    """

    number: int
    position: int
    author: DeskId | None
    at_ms: Millis
    recipients: tuple[DeskId, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A folder got other readers than it had.

    Args:
        id: orders changes, for the next stretch.
    """

    id: int
    folder: FolderId
    folder_type: FolderType
    epoch: Epoch
    before: tuple[DeskId, ...]


def epochs(reader: Reader, folder: FolderId) -> tuple[Epoch, ...]:
    """Every epoch of a folder, the first first."""
    return tuple(_epoch(reader, folder, *row) for row in reader.rows(_OF_FOLDER, folder))


def changes(reader: Reader, *, before: int | None = None, limit: int = LOOKED_AT) -> Iterator[Change]:
    """The newest epochs of all folders that this desk reads, newest first; those that opened a folder left out.

    Args:
        before: the `id` of the last one seen.
    """
    for identity, folder, folder_type, *epoch, parent in reader.rows(_NEWEST, before or 1 << 62, limit):
        made = _epoch(reader, folder, *epoch)
        yield Change(identity, FolderId(folder), FolderType(folder_type), made, _desks(parent or b""))


def _epoch(
    reader: Reader, folder: FolderId, number: int, position: int, author: bytes | None, recipients: bytes
) -> Epoch:
    beside = reader.row(_FIRST, folder, position) if number == 0 else reader.row(_BEFORE, position)
    at_ms = Millis(beside[0]) if beside else reader.now_ms()
    return Epoch(number, position, DeskId(author) if author else None, at_ms, _desks(recipients))


def _desks(recipients: bytes) -> tuple[DeskId, ...]:
    return tuple(DeskId(recipients[i : i + ID_BYTES]) for i in range(0, len(recipients), ID_BYTES))
