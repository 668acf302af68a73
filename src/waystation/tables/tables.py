"""Accepted changes become rows, in log order, with the desk's own unsent saves laid over.

Guarantees: the same prefix of the log gives the same rows on every desk, however the bytes arrived; `rebuild` gives
what applying live gave. Every method runs in the caller's transaction. Implements the merge of spec/records.md.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import apsw

from waystation.book import Accepted
from waystation.errors import WireError
from waystation.ids import FolderId, FolderType, RecordId
from waystation.records import (
    EMPTY,
    Change,
    KindSpec,
    RecordState,
    Registry,
    Value,
    apply_change,
    columns,
    conflicts,
    decode_payload,
    decode_state,
    encode_state,
    row,
    search_text,
    shown,
)
from waystation.tables import present, schema
from waystation.tables.search import index
from waystation.textsearch import Terms
from waystation.wire import encode

UNSENT: Final = 1 << 62
"""Positions from here on are of unsent saves: later than anything in the log."""

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
        self._upserts = {name: _upsert(spec) for name, spec in registry.items()}

    def create(self) -> None:
        """Makes the empty tables."""
        for statement in schema.statements(self._registry):
            self._sql.execute(statement)

    def apply(self, accepted: Iterable[Accepted]) -> None:
        """Applies changes that the log holds, in its order."""
        touched: dict[FolderId, _Touched] = {}
        for change in accepted:
            kinds = self._enter(change, change.position)
            touched.setdefault(change.folder, _Touched(change.folder_type)).add(kinds, change.position)
        for folder, what in touched.items():
            self._follow(folder, what)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, the tables show the log alone. Afterwards the caller lays over what is still unsent."""
        rows = self._rows("SELECT rowid, state, last FROM overlay", ())
        folders = set()
        for rowid, state, last in rows:
            ((folder, kind, record),) = self._rows("SELECT folder, kind, id FROM record WHERE rowid = ?", (rowid,))
            folders.add(folder)
            if state is None:
                self._drop(rowid, kind)
            else:
                self._lay(folder, kind, record, decode_state(state), last, rowid)
        self._sql.execute("DELETE FROM overlay")
        self._sql.execute("DELETE FROM history WHERE position >= ?", (UNSENT,))
        yield
        for folder in folders:
            self.remake(folder, self._folder_type(folder))

    def lay_over(self, unsent: Iterable[Accepted]) -> None:
        """Lays the desk's own unsent saves over the log, in the order in which they were made."""
        touched: dict[FolderId, FolderType] = {}
        ((start,),) = self._rows("SELECT coalesce(max(position) + 1, 0) FROM history", ())
        for number, change in enumerate(unsent):
            self._enter(change, max(start, UNSENT) + number, unsent=True)
            touched[change.folder] = change.folder_type
        for folder, folder_type in touched.items():
            self.remake(folder, folder_type)

    def rebuild(self, changes: Iterable[Accepted], progress: Callable[[int], None] = lambda position: None) -> None:
        """Drops every derived table and makes it again from the log."""
        for name in schema.names(self._registry):
            self._sql.execute(f"DROP TABLE IF EXISTS {name}")
        self.create()
        folders: dict[FolderId, FolderType] = {}
        for number, change in enumerate(changes):
            self._enter(change, change.position)
            folders[change.folder] = change.folder_type
            if number % 1000 == 0:
                progress(change.position)
        for folder, folder_type in folders.items():
            self.remake(folder, folder_type)

    def forget(self, folder: FolderId) -> None:
        """Takes a hidden folder out of every table and the index."""
        for rowid, kind in self._rows("SELECT rowid, kind FROM record WHERE folder = ?", (folder,)):
            self._drop(rowid, kind)
        for name in ("history", "case_now", "request_now"):
            self._sql.execute(f"DELETE FROM {name} WHERE folder = ?", (folder,))

    def turn(self) -> int:
        """Makes the rows again that time alone has changed since they were made. Returns how many."""
        rows = self._rows("SELECT folder FROM case_now WHERE turns <= ?", (self._today(),))
        for (folder,) in rows:
            self.remake(folder, FolderType.CASE)
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
        """The shown values of a folder's records: kind → record id → field → value.

        Args:
            kinds: only these, if given.
        """
        facts: Facts = {}
        rows = self._rows("SELECT kind, id, state FROM record WHERE folder = ? ORDER BY rowid", (folder,))
        for kind, record, state in rows:
            spec = self._registry.get(kind)
            if spec is not None and (kinds is None or kind in kinds):
                facts.setdefault(kind, {})[record] = shown(decode_state(state), spec)
        return facts

    def each(self, spec: KindSpec) -> Iterator[tuple[FolderId, FolderType, dict[str, Value]]]:
        """Every record of a kind, as shown, with its folder; in the order in which they came."""
        rows = self._sql.execute(
            "SELECT r.folder, r.state, (SELECT folder_type FROM history h WHERE h.folder = r.folder LIMIT 1)"
            " FROM record r WHERE r.kind = ? ORDER BY r.rowid",
            (spec.name,),
        )
        for folder, state, folder_type in rows:
            yield folder, FolderType(folder_type), shown(decode_state(state), spec)

    def remake(self, folder: FolderId, folder_type: FolderType) -> None:
        """Makes the row of a case or a request again; takes it away where no record of it is left."""
        if self._sql.execute("SELECT 1 FROM record WHERE folder = ? LIMIT 1", (folder,)).fetchone() is None:
            for name in ("case_now", "request_now"):
                self._sql.execute(f"DELETE FROM {name} WHERE folder = ?", (folder,))
        elif folder_type is FolderType.CASE:
            facts = self.facts(folder, present.CASE_KINDS)
            values = present.case_row(folder, facts, today=self._today(), **self._doubts(folder))
            self._replace("case_now", values)
        elif folder_type is FolderType.REQUEST:
            facts = self.facts(folder, present.REQUEST_KINDS)
            self._replace("request_now", present.request_row(folder, facts, **self._doubts(folder)))

    def _follow(self, folder: FolderId, touched: "_Touched") -> None:
        """Brings a folder's row up to date; only where the kinds that make it were touched is it made again."""
        name, kinds = _PRESENT.get(touched.folder_type, ("", frozenset[str]()))
        if not name:
            return
        if touched.kinds.isdisjoint(kinds):
            self._sql.execute(
                f"UPDATE {name} SET changed = ?,"
                " conflicts = (SELECT coalesce(sum(conflicts), 0) FROM record WHERE folder = ?) WHERE folder = ?",
                (touched.last, folder, folder),
            )
        else:
            self.remake(folder, touched.folder_type)

    def _doubts(self, folder: FolderId) -> dict[str, int]:
        ((count, last),) = self._rows(
            "SELECT coalesce(sum(conflicts), 0), coalesce(max(last), 0) FROM record WHERE folder = ?", (folder,)
        )
        return {"conflicts": count, "changed": last}

    def _replace(self, name: str, values: present.Row) -> None:
        self._sql.execute(f"INSERT OR REPLACE INTO {name} VALUES ({_marks(len(values))})", values)

    def _enter(self, accepted: Accepted, position: int, *, unsent: bool = False) -> set[str]:
        try:
            changes = decode_payload(accepted.payload)
        except WireError:
            # Undecodable payloads are counted by the book's check, and skipped (spec/book.md B21).
            changes = ()
        for change in changes:
            found = self._find(accepted.folder, change.kind, change.record)
            state = decode_state(found[1]) if found else EMPTY
            if unsent:
                found = self._remember(accepted, change, found)
            merged = apply_change(state, accepted.ref, change)
            self._lay(accepted.folder, change.kind, change.record, merged, position, found[0] if found else None)
        what = encode([[change.kind, change.record, sorted(change.fields)] for change in changes])
        stamp = accepted.stamp
        self._sql.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                position,
                accepted.folder,
                accepted.folder_type.value,
                stamp.save,
                stamp.at_ms,
                stamp.zone,
                *accepted.ref,
                accepted.member,
                what,
            ),
        )
        return {change.kind for change in changes}

    def _rows(self, query: str, values: tuple[bytes | str | int, ...]) -> list[tuple[Any, ...]]:
        """All rows of a query, as the schema types them."""
        return self._sql.execute(query, values).fetchall()

    def _find(self, folder: FolderId, kind: str, record: RecordId) -> tuple[int, bytes, int] | None:
        rows = self._rows(
            "SELECT rowid, state, last FROM record WHERE folder = ? AND kind = ? AND id = ?", (folder, kind, record)
        )
        return rows[0] if rows else None

    def _remember(
        self, accepted: Accepted, change: Change, found: tuple[int, bytes, int] | None
    ) -> tuple[int, bytes, int] | None:
        """Keeps what the log alone says of a record, before an unsent save is laid over it."""
        if found is not None:
            self._sql.execute("INSERT OR IGNORE INTO overlay VALUES (?, ?, ?)", found)
            return found
        rowid = self._lay(accepted.folder, change.kind, change.record, EMPTY, UNSENT, None)
        self._sql.execute("INSERT OR IGNORE INTO overlay VALUES (?, NULL, NULL)", (rowid,))
        return self._find(accepted.folder, change.kind, change.record)

    def _lay(
        self,
        folder: FolderId,
        kind: str,
        record: RecordId,
        state: RecordState,
        position: int,
        rowid: int | None,
    ) -> int:
        blob, doubts = encode_state(state), len(conflicts(state))
        known = rowid is not None
        if rowid is None:
            self._sql.execute(
                "INSERT INTO record (folder, kind, id, state, conflicts, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (folder, kind, record, blob, doubts, position, position),
            )
            rowid = self._sql.last_insert_rowid()
        else:
            self._sql.execute(
                "UPDATE record SET state = ?, conflicts = ?, last = ? WHERE rowid = ?", (blob, doubts, position, rowid)
            )
        spec = self._registry.get(kind)
        if spec is not None:
            fields = shown(state, spec)
            self._sql.execute(self._upserts[kind], (rowid, folder, record, *row(spec, fields)))
            index(self._sql, rowid, self._terms.index_terms(search_text(spec, fields)), known=known)
        return rowid

    def _drop(self, rowid: int, kind: str) -> None:
        self._sql.execute("DELETE FROM record WHERE rowid = ?", (rowid,))
        self._sql.execute("DELETE FROM search WHERE rowid = ?", (rowid,))
        if kind in self._registry:
            self._sql.execute(f"DELETE FROM {schema.table(kind)} WHERE record = ?", (rowid,))

    def _folder_type(self, folder: FolderId) -> FolderType:
        for kind, folder_type in (("case", FolderType.CASE), ("request", FolderType.REQUEST)):
            if self._rows(f"SELECT 1 FROM {kind}_now WHERE folder = ?", (folder,)):
                return folder_type
        return FolderType.OFFICE


_DIGESTED: Final = (
    "SELECT folder, kind, id, state, conflicts, first, last FROM record ORDER BY folder, kind, id",
    "SELECT * FROM history ORDER BY position",
    "SELECT * FROM case_now ORDER BY folder",
    "SELECT * FROM request_now ORDER BY folder",
)


def _digested(spec: KindSpec) -> str:
    names = ", ".join(("folder", "id", *(column.name for column in columns(spec))))
    return f"SELECT {names} FROM {schema.table(spec.name)} ORDER BY folder, id"


def _upsert(spec: KindSpec) -> str:
    return f"INSERT OR REPLACE INTO {schema.table(spec.name)} VALUES ({_marks(3 + len(columns(spec)))})"


def _marks(count: int) -> str:
    return ", ".join("?" * count)
