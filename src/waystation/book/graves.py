"""What was said of folders that are to be erased: hidden, confirmed, cancelled, done at a desk.

Every accepted tombstone is kept as it came, in log order; a folder's state is what they come to. Those of unsent
entries count for what is shown, and never for what is destroyed. Implements spec/book.md B22–B24 and B35.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import apsw

from waystation.clock import DAY_MS
from waystation.errors import AuthorityError
from waystation.ids import UNSENT, DeskId, FolderId, MemberId
from waystation.limits import ERASE_AFTER_DAYS

EVERYTHING: Final = 2 * UNSENT - 1
"""Beyond every position: unsent entries count too."""

_FIND: Final = (
    "SELECT position, action, at_ms, member, desk FROM mark WHERE folder = ? AND position < ? ORDER BY position, rowid"
)

State = Literal["visible", "hidden", "confirmed", "erased"]


@dataclass(frozen=True, slots=True)
class Grave:
    """A hidden folder: who hid it and when, whether another member confirmed, which desks have destroyed it."""

    position: int
    at_ms: int
    member: MemberId
    confirmed: bool = False
    done: frozenset[DeskId] = frozenset()


class Graves:
    """The accepted tombstones, in the table `mark` of the given file, in the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._sql = connection

    def find(self, folder: FolderId, before: int = EVERYTHING) -> Grave | None:
        """A folder's state by the tombstones before a position; None, if it is not hidden."""
        grave: Grave | None = None
        rows: list[tuple[Any, ...]] = self._sql.execute(_FIND, (folder, before)).fetchall()
        for position, action, at_ms, member, desk in rows:
            if action == "hide":
                grave = Grave(position, at_ms, member)
            elif action == "cancel" or grave is None:
                grave = None
            elif action == "confirm":
                grave = Grave(grave.position, grave.at_ms, grave.member, confirmed=True, done=grave.done)
            else:
                done = grave.done | {desk}
                grave = Grave(grave.position, grave.at_ms, grave.member, confirmed=grave.confirmed, done=done)
        return grave

    def check(self, grave: Grave | None, action: str, member: MemberId, desk: DeskId, *, alone: bool) -> None:
        """Returns only if a tombstone fits a folder's state (B22, B35).

        Args:
            alone: the roster has one member only.
        Raises: AuthorityError.
        """
        match action:
            case "hide" if grave is None:
                return
            case "confirm" if grave is not None and grave.member != member:
                return
            case "cancel" if grave is not None and not grave.done:
                return
            case "done" if grave is not None and (grave.confirmed or alone) and desk not in grave.done:
                return
            case _:
                raise AuthorityError("B22: a tombstone that does not fit the folder's state")

    def add(self, position: int, folder: FolderId, action: str, at_ms: int, member: MemberId, desk: DeskId) -> None:
        """Keeps an accepted tombstone."""
        self._sql.execute("INSERT INTO mark VALUES (?, ?, ?, ?, ?, ?)", (position, folder, action, at_ms, member, desk))

    def cut(self, after: int) -> None:
        """Forgets the tombstones after a position."""
        self._sql.execute("DELETE FROM mark WHERE position > ?", (after,))

    def hidden(self) -> frozenset[FolderId]:
        """Folders that are not shown, unsent tombstones included."""
        return frozenset(folder for (folder,) in self._sql.execute("SELECT folder FROM hidden"))

    def is_hidden(self, folder: FolderId) -> bool:
        return self._sql.execute("SELECT 1 FROM hidden WHERE folder = ?", (folder,)).fetchone() is not None

    def due(self, now_ms: int, *, alone: bool) -> list[FolderId]:
        """Hidden folders that may be destroyed now (B24): by what is in the log, since it cannot be undone."""
        rows = self._sql.execute("SELECT folder FROM hidden WHERE at_ms <= ? ORDER BY position", (_latest(now_ms),))
        found = [(folder, self.find(folder, UNSENT)) for (folder,) in rows]
        return [
            folder
            for folder, grave in found
            if grave is not None and grave.at_ms <= _latest(now_ms) and (grave.confirmed or alone)
        ]


def _latest(now_ms: int) -> int:
    return now_ms - ERASE_AFTER_DAYS * DAY_MS
