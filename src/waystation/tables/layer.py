"""A stretch of changes on its way into the tables: merged in memory, written in bulk.

Holds each record that the stretch touches once, however often it is changed, and writes its rows when it is flushed;
so one save and a million of them go the same way. A record that is struck out, or stands in a folder whose head is,
keeps its state and has no other row.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import apsw

from waystation.book import Accepted
from waystation.errors import WireError
from waystation.ids import FolderId, RecordId
from waystation.records import (
    EMPTY,
    STRUCK,
    Change,
    RecordState,
    Registry,
    apply_change,
    columns,
    conflicts,
    decode_payload,
    decode_state,
    encode_state,
    is_struck,
    row,
    search_text,
    shown,
)
from waystation.tables import schema
from waystation.textsearch import Terms
from waystation.wire import encode

Key = tuple[FolderId, str, RecordId]
"""A record's identity: folder, kind, id."""

_FIND: Final = "SELECT rowid, state, first, last FROM record WHERE folder = ? AND kind = ? AND id = ?"
_FOLDER: Final = "SELECT rowid, kind, id, state, first, last FROM record WHERE folder = ?"
_STRUCK: Final = "SELECT kind FROM record WHERE folder = ?1 AND id = ?1 AND struck > 0"


@dataclass(slots=True)
class Held:
    """A record as the stretch leaves it.

    Args:
        stored: whether the tables have an older row of it.
        was_struck: whether that row says that it is struck out.
    """

    rowid: int
    state: RecordState
    first: int
    last: int
    stored: bool
    was_struck: bool


class Layer:
    """Merges changes over what the tables hold.

    Args:
        statements: of `statements(registry)`, made once for many layers.
        empty: the tables have just been made, so what this layer has not written is not there; saves a million
        look-ups.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        registry: Registry,
        terms: Terms,
        statements: Mapping[tuple[str, bool], str],
        *,
        empty: bool = False,
    ) -> None:
        self._sql = connection
        self._registry = registry
        self._terms = terms
        self._statements = statements
        self._held: dict[Key, Held] = {}
        self._history: list[tuple[Any, ...]] = []
        self._written: set[int] | None = set() if empty else None
        self._struck_heads: set[FolderId] = set()
        self._heads = frozenset(name for name, spec in registry.items() if spec.owns_folder)
        highest: tuple[int] | None = connection.execute("SELECT coalesce(max(rowid), 0) FROM record").fetchone()
        self._next_row = highest[0] + 1 if highest else 1

    def __len__(self) -> int:
        return len(self._history)

    def enter(self, accepted: Accepted, position: int, *, unsent: bool = False) -> set[str]:
        """Merges one entry's changes. Returns the kinds that it touched.

        Args:
            position: where it stands in the log, or after it.
            unsent: keep what the log alone says, so that it can be brought back.
        """
        try:
            changes = decode_payload(accepted.payload)
        except WireError:
            # Undecodable payloads are counted by the book's check, and skipped (spec/book.md B21).
            changes = ()
        for change in changes:
            held = self._hold((accepted.folder, change.kind, change.record), position)
            if unsent:
                self._remember(held)
            held.state = apply_change(held.state, accepted.ref, change)
            held.last = position
        stamp = accepted.stamp
        self._history.append(
            (
                position,
                accepted.folder,
                accepted.folder_type.value,
                stamp.save,
                stamp.at_ms,
                stamp.zone,
                *accepted.ref,
                accepted.member,
                _what(changes),
            )
        )
        return {change.kind for change in changes}

    def put(self, key: Key, state: RecordState, last: int) -> None:
        """Sets a stored record back to an earlier state."""
        held = self._hold(key, last)
        held.state, held.last = state, last

    def refresh(self, folder: FolderId) -> None:
        """Writes every row of a folder anew when this is flushed: its head was struck out, or brought back."""
        found: list[tuple[Any, ...]] = self._sql.execute(_FOLDER, (folder,)).fetchall()
        for rowid, kind, record, state, first, last in found:
            known = decode_state(state)
            held = Held(rowid, known, first, last, stored=True, was_struck=is_struck(known))
            self._held.setdefault((folder, kind, record), held)

    def flush(self) -> None:
        """Writes every held record and forgets it."""
        struck = self._struck_folders()
        # A row that is not there yet is inserted plainly: replacing would look for it first, a million times.
        rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        silent: list[tuple[int]] = []
        for key, held in self._held.items():
            folder, kind, record = key
            state, stored, rowid = held.state, held.stored, held.rowid
            is_out = is_struck(state)
            doubts = conflicts(state)
            # What is struck out has nothing to settle, unless it is the striking out.
            counted = STRUCK in doubts if is_out else len(doubts)
            rows[_RECORD[stored]].append(
                (rowid, folder, kind, record, encode_state(state), counted, held.first, held.last, is_out)
            )
            spec = self._registry.get(kind)
            if spec is None:
                pass
            elif is_out or folder in struck:
                if stored:
                    rows[f"DELETE FROM {schema.table(kind)} WHERE record = ?"].append((rowid,))
                    silent.append((rowid,))
            else:
                fields = shown(state, spec)
                rows[self._statements[kind, stored]].append((rowid, folder, record, *row(spec, fields)))
                terms = self._terms.index_terms(search_text(spec, fields))
                if terms:
                    rows[_SEARCH[stored]].append((rowid, terms))
                elif stored:
                    silent.append((rowid,))
            if self._written is not None:
                self._written.add(hash(key))
        for statement, values in rows.items():
            self._sql.executemany(statement, values)
        self._sql.executemany("DELETE FROM search WHERE rowid = ?", silent)
        self._sql.executemany(_HISTORY, self._history)
        self._held.clear()
        self._history.clear()

    def _struck_folders(self) -> set[FolderId]:
        """Of the folders held, those whose head is struck out; where that changed, all of their records are held."""
        heads = {
            folder: (held.was_struck, is_struck(held.state))
            for (folder, kind, record), held in self._held.items()
            if kind in self._heads and bytes(record) == bytes(folder)
        }
        for folder, (was_struck, is_out) in heads.items():
            if was_struck is not is_out:
                self.refresh(folder)
            (self._struck_heads.add if is_out else self._struck_heads.discard)(folder)
        if self._written is not None:
            # Of tables that this layer fills from empty, it knows every head.
            return self._struck_heads
        known = {folder for folder, _, _ in self._held} - heads.keys()
        stored = {folder for folder in known if self._is_struck_head(folder)}
        return stored | {folder for folder, (_, is_out) in heads.items() if is_out}

    def _is_struck_head(self, folder: FolderId) -> bool:
        found: list[tuple[Any, ...]] = self._sql.execute(_STRUCK, (folder,)).fetchall()
        return any(kind in self._heads for (kind,) in found)

    def _hold(self, key: Key, position: int) -> Held:
        held = self._held.get(key)
        if held is None:
            held = self._stored(key)
            if held is None:
                held = Held(self._next_row, EMPTY, position, position, stored=False, was_struck=False)
                self._next_row += 1
            self._held[key] = held
        return held

    def _stored(self, key: Key) -> Held | None:
        if self._written is not None and hash(key) not in self._written:
            return None
        found: tuple[int, bytes, int, int] | None = self._sql.execute(_FIND, key).fetchone()
        if found is None:
            return None
        rowid, state, first, last = found
        known = decode_state(state)
        return Held(rowid, known, first, last, stored=True, was_struck=is_struck(known))

    def _remember(self, held: Held) -> None:
        """Keeps what the log alone says of a record, before the first unsent save is laid over it."""
        known = (encode_state(held.state), held.last) if held.stored else (None, None)
        self._sql.execute("INSERT OR IGNORE INTO overlay VALUES (?, ?, ?)", (held.rowid, *known))


def marks(count: int) -> str:
    """Placeholders for so many values."""
    return ", ".join("?" * count)


_RECORD: Final = tuple(f"INSERT{replace} INTO record VALUES ({marks(9)})" for replace in ("", " OR REPLACE"))
_SEARCH: Final = tuple(f"INSERT{replace} INTO search (rowid, terms) VALUES (?, ?)" for replace in ("", " OR REPLACE"))
"""By whether an older row is stored."""

_HISTORY: Final = f"INSERT INTO history VALUES ({marks(10)})"


def _what(changes: tuple[Change, ...]) -> bytes:
    return encode([[change.kind, change.record, list(change.fields)] for change in changes])


def statements(registry: Registry) -> Mapping[tuple[str, bool], str]:
    """How a row of a kind is written: (kind, whether there is an older one) → statement."""
    return {
        (kind, stored): f"INSERT{' OR REPLACE' if stored else ''} INTO {schema.table(kind)}"
        f" VALUES ({marks(3 + len(columns(spec)))})"
        for kind, spec in registry.items()
        for stored in (False, True)
    }
