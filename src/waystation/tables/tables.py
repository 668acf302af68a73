"""Accepted changes become rows, in log order, with the desk's own unsent saves laid over.

Guarantees: the same prefix of the log gives the same rows on every desk, however the bytes arrived; `rebuild` gives
what applying live gave. Every method runs in the caller's transaction. Implements the merge of spec/records.md.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import apsw

from waystation.book import Accepted
from waystation.ids import UNSENT, FolderId, FolderType, RecordId
from waystation.limits import MIB
from waystation.records import (
    EMPTY,
    KindSpec,
    RecordState,
    Registry,
    Value,
    columns,
    decode_state,
    read_shown,
)
from waystation.tables import present, schema
from waystation.tables.layer import Layer, marks, statements
from waystation.textsearch import Terms
from waystation.wire import encode

_STRETCH: Final = 5_000
"""Entries that a rebuild merges before it writes."""

_INDEX_MEMORY: Final = 32 * MIB
"""What the full-text index may hold in memory during a rebuild before it writes; 1 MiB otherwise."""

_PRESENT: Final = {
    FolderType.CASE: ("case_now", present.CASE_KINDS),
    FolderType.REQUEST: ("request_now", present.REQUEST_KINDS),
}

Facts = dict[str, dict[bytes, dict[str, Value]]]


class _Touched:
    """What a stretch of changes touched in one folder."""

    def __init__(self, folder_type: FolderType) -> None:
        self.folder_type = folder_type
        self.kinds: set[str] = set()
        self.last = 0

    def add(self, kinds: set[str], position: int) -> None:
        self.kinds |= kinds
        self.last = position


class Tables:
    """The derived tables of one desk.

    Args:
        connection: the book's file.
        registry: the kinds that this program knows; others are kept in `record` and have no table.
        terms: turns text into index terms.
        today: ISO date at the desk; rows that depend on the day are made for it.
    """

    def __init__(self, connection: apsw.Connection, registry: Registry, terms: Terms, today: Callable[[], str]) -> None:
        self._sql = connection
        self._registry = registry
        self._terms = terms
        self._today = today
        self._statements = statements(registry)

    @property
    def shape(self) -> bytes:
        """What these tables look like; a book whose tables have another is rebuilt when it is unlocked."""
        return schema.shape(self._registry)

    def create(self) -> None:
        """Makes the empty tables."""
        for statement in schema.statements(self._registry):
            self._sql.execute(statement)

    def apply(self, accepted: Iterable[Accepted]) -> None:
        """Applies changes that the log holds, in its order."""
        self._enter((change, change.position) for change in accepted)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, the tables show the log alone. Afterwards the caller lays over what is still unsent."""
        layer = self._layer()
        again: list[FolderId] = []
        folders: dict[FolderId, FolderType] = {}
        for rowid, state, last in self._rows("SELECT rowid, state, last FROM overlay", ()):
            ((folder, kind, record, struck),) = self._rows(_IDENTITY, (rowid,))
            folders[folder] = self._folder_type(folder)
            if state is None:
                self._drop(rowid, kind)
                if struck and folder == record:
                    again.append(folder)
            else:
                layer.put((folder, kind, record), decode_state(state), last)
        for folder in again:
            # Where a head that was struck out is gone, the records beside it have their rows again.
            layer.refresh(folder)
        layer.flush()
        self._sql.execute("DELETE FROM overlay")
        self._sql.execute("DELETE FROM history WHERE position >= ?", (UNSENT,))
        self._remake_all(folders)
        yield

    def lay_over(self, unsent: Iterable[Accepted]) -> None:
        """Lays the desk's own unsent saves over the log, in the order in which they were made.

        Those that lie over it already stay; so a save is laid over them as it is made.
        """
        ((start,),) = self._rows("SELECT coalesce(max(position) + 1, 0) FROM history", ())
        numbered = enumerate(unsent, max(start, UNSENT))
        self._enter(((change, max(change.position, number)) for number, change in numbered), unsent=True)

    def _enter(self, changes: Iterable[tuple[Accepted, int]], *, unsent: bool = False) -> None:
        layer = self._layer()
        touched: dict[FolderId, _Touched] = {}
        for change, position in changes:
            kinds = layer.enter(change, position, unsent=unsent)
            touched.setdefault(change.folder, _Touched(change.folder_type)).add(kinds, position)
        layer.flush()
        for folder, what in touched.items():
            self._follow(folder, what)

    def rebuild(self, changes: Iterable[Accepted], progress: Callable[[int], None] = lambda position: None) -> None:
        """Drops every derived table and makes it again from the log."""
        # What is dropped here comes again at once; what was erased was overwritten when it was forgotten.
        self._sql.pragma("secure_delete", "fast")
        for name in schema.names(self._registry):
            self._sql.execute(f"DROP TABLE IF EXISTS {name}")
        self._sql.pragma("secure_delete", "on")
        # An index is built fastest from a full table, in order; only the one that finds a record is needed on the way.
        # A total is summed fastest at once.
        put_off = ("CREATE INDEX", "CREATE TRIGGER")
        later = [s for s in schema.statements(self._registry) if s.lstrip().startswith(put_off)]
        for statement in schema.statements(self._registry):
            if statement not in later:
                self._sql.execute(statement)
        self._sql.execute("INSERT INTO search (search, rank) VALUES ('hashsize', ?)", (_INDEX_MEMORY,))
        layer = self._layer(empty=True)
        folders: dict[FolderId, FolderType] = {}
        with _without_collection():
            for change in changes:
                layer.enter(change, change.position)
                folders[change.folder] = change.folder_type
                if len(layer) == _STRETCH:
                    layer.flush()
                    progress(change.position)
            layer.flush()
            self._remake_all(folders, empty=True)
        self._sql.execute("INSERT INTO search (search, rank) VALUES ('hashsize', ?)", (MIB,))
        for statement in (*later, *schema.summing()):
            self._sql.execute(statement)

    def forget(self, folder: FolderId) -> None:
        """Takes a hidden folder out of every table and the index."""
        self._sql.execute("DELETE FROM overlay WHERE rowid IN (SELECT rowid FROM record WHERE folder = ?)", (folder,))
        for rowid, kind in self._rows("SELECT rowid, kind FROM record WHERE folder = ?", (folder,)):
            self._drop(rowid, kind)
        for name in ("history", "case_now", "request_now", "step", "tried", "night"):
            self._sql.execute(f"DELETE FROM {name} WHERE folder = ?", (folder,))

    def turn(self) -> int:
        """Makes the rows again that time alone has changed since they were made. Returns how many."""
        rows = self._rows("SELECT folder FROM case_now WHERE turns <= ?", (self._today(),))
        self._remake_all({folder: FolderType.CASE for (folder,) in rows})
        return len(rows)

    def digest(self) -> bytes:
        """SHA-256 over all rows, in an order of their own; equal where the same log was applied on the same day."""
        total = sha256()
        for query in (*_DIGESTED, *(_digested(spec) for spec in self._registry.values())):
            for values in self._sql.execute(query):
                total.update(encode(values))
        return total.digest()

    def state(self, folder: FolderId, kind: str, record: RecordId) -> RecordState:
        """A record's merged state; empty if there is no such record."""
        found = self._find(folder, kind, record)
        return decode_state(found[1]) if found else EMPTY

    def facts(self, folder: FolderId, kinds: frozenset[str] | None = None) -> Facts:
        """The shown values of a folder's records that are not struck out: kind → record id → field → value.

        Args:
            kinds: only these, if given.
        """
        facts: Facts = {}
        wanted = sorted(self._registry if kinds is None else kinds)
        query = f"SELECT kind, id, state FROM record WHERE folder = ? AND struck = 0 AND kind IN ({marks(len(wanted))})"
        for kind, record, state in self._rows(f"{query} ORDER BY first, id", (folder, *wanted)):
            spec = self._registry.get(kind)
            if spec is not None:
                facts.setdefault(kind, {})[record] = read_shown(state, spec)
        return facts

    def shown(self, folder: FolderId, kind: str, record: RecordId) -> dict[str, Value] | None:
        """The shown values of one record; None if there is none, it is struck out, or its kind is not known here."""
        found, spec = self._find(folder, kind, record), self._registry.get(kind)
        return read_shown(found[1], spec) if found and spec and not found[3] else None

    def each(self, spec: KindSpec) -> Iterator[tuple[FolderId, FolderType, dict[str, Value]]]:
        """Every record of a kind that is not struck out, as shown, with its folder; in the order in which they came."""
        rows = self._sql.execute(
            "SELECT r.folder, r.state, (SELECT folder_type FROM history h WHERE h.folder = r.folder LIMIT 1)"
            f" FROM {schema.table(spec.name)} k JOIN record r ON r.rowid = k.record ORDER BY k.record",
        )
        for folder, state, folder_type in rows:
            yield folder, FolderType(folder_type), read_shown(state, spec)

    def remake(self, folder: FolderId, folder_type: FolderType) -> None:
        """Makes the row of a case or a request again; takes it away where no record of it is left."""
        self._remake_all({folder: folder_type})

    def _remake_all(self, folders: Mapping[FolderId, FolderType], *, empty: bool = False) -> None:
        """As `remake`, for many; `empty` says that the tables hold no older rows of them."""
        rows: dict[str, list[present.Row]] = {name: [] for name, _ in _PRESENT.values()}
        steps: list[present.Row] = []
        tried: list[present.Row] = []
        nights: list[present.Row] = []
        known = {folder: folder_type for folder, folder_type in folders.items() if folder_type in _PRESENT}
        for folder, folder_type in known.items():
            name, kinds = _PRESENT[folder_type]
            facts, conflicts, changed = self._standing(folder, kinds)
            if not changed:
                continue
            if folder_type is FolderType.CASE:
                row = present.case_row(folder, facts, conflicts=conflicts, changed=changed, today=self._today())
                rows[name].append(row)
                steps += present.case_steps(folder, facts)
                tried += present.case_tried(folder, facts)
                nights += present.case_nights(folder, facts)
            else:
                rows[name].append(present.request_row(folder, facts, conflicts=conflicts, changed=changed))
                steps += present.request_steps(folder, facts)
        if not empty:
            for name in (*rows, "step", "tried", "night"):
                self._sql.executemany(f"DELETE FROM {name} WHERE folder = ?", [(folder,) for folder in known])
        for name, made in rows.items():
            if made:
                self._sql.executemany(f"INSERT INTO {name} VALUES ({marks(len(made[0]))})", made)
        self._sql.executemany(_STEP, steps)
        self._sql.executemany(_TRIED, tried)
        self._sql.executemany(_NIGHT, nights)

    def _standing(self, folder: FolderId, kinds: frozenset[str]) -> tuple[Facts, int, int]:
        """A folder's facts of some kinds; of all its records, how many conflicts there are, and the newest position.

        That position is 0, as if nothing were there, where the head of the folder is struck out.
        """
        facts: Facts = {}
        total = newest = 0
        query = "SELECT first, id, kind, state, conflicts, last, struck FROM record WHERE folder = ?"
        rows = self._rows(query, (folder,))
        rows.sort()
        for _, record, kind, state, conflicts, last, struck in rows:
            total, newest = total + conflicts, max(newest, last)
            spec = self._registry.get(kind)
            if struck and spec is not None and spec.owns_folder and record == folder:
                return {}, 0, 0
            if kind in kinds and spec is not None and not struck:
                facts.setdefault(kind, {})[record] = read_shown(state, spec)
        return facts, total, newest

    def _follow(self, folder: FolderId, touched: "_Touched") -> None:
        """Brings a folder's row up to date; only where the kinds that make it were touched is it made again."""
        name, kinds = _PRESENT.get(touched.folder_type, ("", frozenset[str]()))
        if not name:
            return
        if touched.kinds.isdisjoint(kinds) and self._rows(f"SELECT 1 FROM {name} WHERE folder = ?", (folder,)):
            self._sql.execute(
                f"UPDATE {name} SET changed = ?,"
                " conflicts = (SELECT coalesce(sum(conflicts), 0) FROM record WHERE folder = ?) WHERE folder = ?",
                (touched.last, folder, folder),
            )
        else:
            self.remake(folder, touched.folder_type)

    def _layer(self, *, empty: bool = False) -> Layer:
        return Layer(self._sql, self._registry, self._terms, self._statements, empty=empty)

    def _rows(self, query: str, values: tuple[bytes | str | int, ...]) -> list[tuple[Any, ...]]:
        """All rows of a query, as the schema types them."""
        return self._sql.execute(query, values).fetchall()

    def _find(self, folder: FolderId, kind: str, record: RecordId) -> tuple[int, bytes, int, int] | None:
        rows = self._rows(
            "SELECT rowid, state, last, struck FROM record WHERE folder = ? AND kind = ? AND id = ?",
            (folder, kind, record),
        )
        return rows[0] if rows else None

    def _drop(self, rowid: int, kind: str) -> None:
        self._sql.execute("DELETE FROM record WHERE rowid = ?", (rowid,))
        self._sql.execute("DELETE FROM search WHERE rowid = ?", (rowid,))
        if kind in self._registry:
            self._sql.execute(f"DELETE FROM {schema.table(kind)} WHERE record = ?", (rowid,))

    def _folder_type(self, folder: FolderId) -> FolderType:
        ((folder_type,),) = self._rows("SELECT folder_type FROM history WHERE folder = ? LIMIT 1", (folder,))
        return FolderType(folder_type)


@contextmanager
def _without_collection() -> Iterator[None]:
    """A rebuild makes tuples by the million and no cycles; looking for cycles among them takes a tenth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_IDENTITY: Final = "SELECT folder, kind, id, struck FROM record WHERE rowid = ?"
_STEP: Final = f"INSERT INTO step VALUES ({marks(5)})"
_TRIED: Final = f"INSERT INTO tried VALUES ({marks(11)})"
_NIGHT: Final = f"INSERT INTO night VALUES ({marks(6)})"
_DIGESTED: Final = (
    "SELECT folder, kind, id, state, conflicts, first, last, struck FROM record ORDER BY folder, kind, id",
    "SELECT * FROM history ORDER BY position",
    "SELECT * FROM case_now ORDER BY folder",
    "SELECT * FROM request_now ORDER BY folder",
    "SELECT * FROM step ORDER BY folder, record, what, day",
    "SELECT * FROM tried ORDER BY folder, record",
    "SELECT * FROM night ORDER BY folder, record",
    "SELECT * FROM case_total ORDER BY open, stage",
    "SELECT * FROM request_total ORDER BY open, stage, joined",
    "SELECT * FROM step_total ORDER BY what, day",
)


def _digested(spec: KindSpec) -> str:
    names = ", ".join(("folder", "id", *(column.name for column in columns(spec))))
    return f"SELECT {names} FROM {schema.table(spec.name)} ORDER BY folder, id"
