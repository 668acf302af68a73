"""Code names in use at this desk, read once and kept up to date, so that no save reads them all.

Guarantees: a request, a case, a place, a helper or a task slip never gets a name that could be mistaken for another's.
A request and the case that it became share theirs.
"""

from typing import Final
from weakref import WeakKeyDictionary

from waystation.errors import BadInput, Problem
from waystation.ids import FolderId
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Writing
from waystation.records import read_shown
from waystation.records.codenames import CodeNames
from waystation.records.labels import N_

_NAMED: Final = (
    ("case_now", "code_name"),
    ("request_now", "code_name"),
    ("k_place", "code_name"),
    ("k_helper", "code_name"),
    ("k_task_slip", "shown_as"),
    ("k_referral", "called"),
)
"""Tables, and the column of each that holds a code name."""

_STRUCK: Final = (
    "SELECT state, kind FROM record WHERE struck > 0 AND kind IN ('case', 'request', 'place', 'helper', 'task_slip')"
)
"""What is struck out keeps its name: it may be brought back."""


class _InUse:
    """The names, and how far in the log they were read."""

    def __init__(self, desk: Desk) -> None:
        self._reader = desk.reader
        self._reached = -1
        self._known: set[str] = set()
        self.names = CodeNames(())
        self.update()

    def update(self) -> None:
        """Reads the names of what changed since the last time. A name once used is never free again."""
        (end,) = self._reader.rows("SELECT coalesce(max(position), 0) FROM history")[0]
        if end == self._reached:
            return
        changed = "" if self._reached < 0 else " AND folder IN (SELECT folder FROM history WHERE position > ?)"
        values = () if self._reached < 0 else (self._reached,)
        for table, column in _NAMED:
            query = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL{changed}"  # noqa: S608 -- fixed text
            # A case bears the name of its request, so that half of what is read is known already.
            for name in {name for (name,) in self._reader.each(query, *values)} - self._known:
                self._add(name)
        if self._reached < 0:
            for state, kind in self._reader.each(_STRUCK):
                shown = read_shown(state, self._reader.registry[kind])
                name = shown.get("code_name", shown.get("shown_as"))
                if isinstance(name, str) and name not in self._known:
                    self._add(name)
        self._reached = end

    def _add(self, name: str) -> None:
        self.names.add(name)
        self._known.add(name)


_in_use: Final[WeakKeyDictionary[Desk, _InUse]] = WeakKeyDictionary()


def propose(desk: Desk, language: str) -> str:
    """A fresh code name, far from every other in use; Russian words for "ru", English for all else."""
    return _names(desk).propose(desk.randomness, "ru" if language == "ru" else "en")


def is_too_alike(desk: Desk, name: str) -> bool:
    """Whether a name could be taken for one in use; for names that stand in a field of another kind."""
    return _names(desk).clash(name)


def check_code_name(writing: Writing, entry: Entry, *, shared_with: FolderId | None = None) -> None:
    """Returns only if a record's code name can be told from all others.

    Args:
        shared_with: the request whose case this is; they share one name.
    Raises: BadInput.
    """
    name = entry.fields.get("code_name")
    if not isinstance(name, str) or name == entry.before.get("code_name"):
        return
    shared = writing.find(shared_with, "request", shared_with) if shared_with else None
    if (shared or {}).get("code_name") != name and _names(writing.desk).clash(name):
        message = N_("Another code name in use is too much like this one. Take other words.")
        raise BadInput({"code_name": Problem("too_alike", message)})


def _names(desk: Desk) -> CodeNames:
    known = _in_use.get(desk)
    if known is None:
        known = _in_use[desk] = _InUse(desk)
    known.update()
    return known.names
