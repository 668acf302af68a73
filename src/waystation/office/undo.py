"""Taking back what was saved: a save is answered by another, and nothing is torn out of the book.

Guarantees: a record that began with the save is struck out, and a field that it changed gets the value that stood
before; what others wrote meanwhile stays beside it as a conflict; nothing is pulled away on which something else was
built since. A look at what is masked is never taken back. Implements the writer's side of spec/records.md R22.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn

import msgspec

from waystation.errors import Refused
from waystation.ids import SINGLETONS, DeskId, FolderId, FolderType, RecordId, SaveId, ValueRef, to_text
from waystation.office.casework import RULES
from waystation.office.desk import Desk
from waystation.office.writing import Writing, refuse
from waystation.records import (
    EMPTY,
    STRUCK,
    KindSpec,
    RecordState,
    Save,
    Value,
    Write,
    apply_change,
    conflicts,
    decode_payload,
    is_struck,
    seen,
    shown,
)
from waystation.records.fields import ManyField
from waystation.records.labels import N_
from waystation.roles import Action

UNDO_ENTRIES: Final = 5_000
"""So far back in the log a save can be taken back in one step; older ones are changed by hand."""

_ENTRIES: Final = """
SELECT position, folder, folder_type, desk, seq, member, what FROM history WHERE save = ? AND position >=
    (SELECT min(position) FROM (SELECT position FROM history ORDER BY position DESC LIMIT ?))
 ORDER BY position
"""
_EARLIER: Final = (
    "SELECT position FROM history WHERE folder = ? AND position < ? AND instr(what, ?) > 0 ORDER BY position"
)
_LATER: Final = "SELECT position, save, what FROM history WHERE folder = ? AND position > ? ORDER BY position"
_BEGAN: Final = "SELECT first, last FROM record WHERE folder = ? AND kind = ? AND id = ?"

_LOOK: Final = "reveal"
_NEVER: Final = frozenset((_LOOK, "organisation", "member", "closure", "access"))
"""Kinds that nobody strikes out by hand: looks stay, members leave, closures are opened again, access is taken away."""

_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])


class Key(NamedTuple):
    """A record's identity."""

    folder: FolderId
    kind: str
    record: RecordId


class Written(NamedTuple):
    """A record that a save wrote, and the type of its folder."""

    folder: FolderId
    kind: str
    record: RecordId
    folder_type: FolderType


@dataclass(slots=True)
class _Touch:
    """What the saves to be undone did to one record.

    Args:
        positions: of their entries, in log order.
        fields: field → the values that they wrote.
    """

    folder_type: FolderType
    positions: list[int]
    fields: dict[str, list[ValueRef]]


def undo(desk: Desk, saves: Collection[SaveId]) -> Save:
    """Takes back what one act saved.

    Args:
        saves: the act's, one or several.
    Raises: BadInput, if it is not here, is too long ago, or something was built on it since; Refused, if it is
        another member's or this member may not write there.
    """
    touched = _touched(desk, saves)
    writing = Writing(desk)
    writes = []
    for key, touch in touched.items():
        spec = _spec(desk, key.kind)
        writing.require(_action(key.kind), key.folder)
        row = desk.reader.row(_BEGAN, *key)
        first, last = row or (0, 0)
        if first == touch.positions[0]:
            if last > touch.positions[-1]:
                _refuse_moved(spec)
            _check_nothing_built(desk, key, spec, touched, touch.positions[-1], saves)
            writes.append(_struck(desk, key, touch.folder_type, writing.now()))
        else:
            writes.append(_as_before(desk, key, spec, touch))
    return Save(tuple(writes))


def strike(desk: Desk, folder: FolderId, kind: str, record: RecordId) -> Save:
    """Strikes one record out. It can be brought back.

    Raises: BadInput, if another record points to it; Refused.
    """
    key = Key(folder, kind, record)
    writing = Writing(desk)
    folder_type = writing.require(_action(kind), folder)
    if not may_strike(desk, kind):
        raise Refused("Such a record is not struck out by hand. Close it, end it, or write beside it what is right.")
    known = writing.get(folder, kind, record)
    if kind == "note" and known.get("author") not in (None, desk.member):
        raise Refused("Only its author strikes a note out. Write one of your own beside it.")
    _check_not_linked(desk, key, {})
    return Save((_struck(desk, key, folder_type, writing.now()),))


def restore(desk: Desk, folder: FolderId, kind: str, record: RecordId) -> Save:
    """Brings back what was struck out, as it stood. Raises: BadInput, if it stands already; Refused."""
    key = Key(folder, kind, record)
    writing = Writing(desk)
    folder_type = writing.require(_action(kind), folder)
    state = desk.state(*key)
    if not is_struck(state):
        refuse("", "not_struck", N_("This is not struck out. Nothing was changed."))
    return Save((Write(folder, folder_type, kind, record, {STRUCK: None}, seen(state, (STRUCK,))),))


def may_strike(desk: Desk, kind: str) -> bool:
    """Whether records of this kind are struck out by hand at all; for choosing what a page offers."""
    spec = desk.registry.get(kind)
    return spec is not None and not spec.owns_folder and kind not in _NEVER and kind in RULES


def records_of(desk: Desk, saves: Collection[SaveId]) -> tuple[Written, ...]:
    """The records that these saves wrote, so that a page can lead to what stands there now."""
    entries = _entries(desk, saves)
    found = (Written(*key, FolderType(entry.folder_type)) for entry in entries for key in entry.records())
    return tuple(dict.fromkeys(found))


# ── What was saved ──


class _Entry(NamedTuple):
    """One entry of the log, as the history has it."""

    position: int
    folder: FolderId
    folder_type: str
    desk: DeskId
    seq: int
    member: bytes
    what: bytes

    def changes(self) -> list[tuple[str, bytes, list[str]]]:
        return _what.decode(self.what)

    def records(self) -> Iterator[Key]:
        return (Key(self.folder, kind, RecordId(record)) for kind, record, _ in self.changes())


def _entries(desk: Desk, saves: Collection[SaveId]) -> list[_Entry]:
    rows = [row for save in saves for row in desk.reader.rows(_ENTRIES, save, UNDO_ENTRIES)]
    return sorted(map(_Entry._make, rows))


def _touched(desk: Desk, saves: Collection[SaveId]) -> dict[Key, _Touch]:
    """What the saves did, record by record, without looks at what is masked. Raises: BadInput, Refused."""
    entries = _entries(desk, saves)
    if not entries:
        refuse("", "too_old", N_("That is too long ago to be taken back in one step. Change it by hand instead."))
    if any(entry.member != desk.member for entry in entries):
        raise Refused("Somebody else saved this. Ask them to take it back, or change it by hand.")
    touched: dict[Key, _Touch] = {}
    for entry in entries:
        for (_, _, fields), key in zip(entry.changes(), entry.records(), strict=True):
            if key.kind == "organisation":
                raise Refused("The founding of an organisation cannot be undone. Begin again in an empty folder.")
            if key.kind == _LOOK:
                continue
            touch = touched.setdefault(key, _Touch(FolderType(entry.folder_type), [], {}))
            touch.positions.append(entry.position)
            for field in fields:
                touch.fields.setdefault(field, []).append((entry.desk, entry.seq))
    if not touched:
        refuse("", "only_looks", N_("Looking at what is masked cannot be taken back. It stays in the history."))
    return touched


# ── What is written to take it back ──


def _struck(desk: Desk, key: Key, folder_type: FolderType, now: Value) -> Write:
    shows = seen(desk.state(*key), (STRUCK,))
    return Write(key.folder, folder_type, key.kind, key.record, {STRUCK: now}, shows)


def _as_before(desk: Desk, key: Key, spec: KindSpec, touch: _Touch) -> Write:
    """Each field that was changed, as it was shown before; it replaces only what the saves wrote."""
    state = desk.state(*key)
    before = _state_before(desk, key, touch.positions[0])
    if conflicts({name: before[name] for name in touch.fields if name in before}):
        message = N_("This settled what two people wrote differently, and that cannot be undone. Write what is right.")
        refuse("", "settled", message)
    values = shown(before, spec)
    shows: dict[str, tuple[ValueRef, ...]] = {}
    for name, refs in touch.fields.items():
        shows[name] = tuple(one.ref for one in state.get(name, ()) if one.ref in refs)
        if not shows[name]:
            _refuse_moved(spec, name)
    return Write(
        key.folder, touch.folder_type, key.kind, key.record, {name: values.get(name) for name in touch.fields}, shows
    )


def _state_before(desk: Desk, key: Key, position: int) -> RecordState:
    """A record's state before an entry, read again from its folder's earlier entries that wrote into it."""
    state: RecordState = EMPTY
    for (at,) in desk.reader.rows(_EARLIER, key.folder, position, key.record):
        accepted = next(desk.book.changes(at - 1, key.folder))
        for change in decode_payload(accepted.payload):
            if (change.kind, change.record) == (key.kind, key.record):
                state = apply_change(state, accepted.ref, change)
    return state


# ── What stands in the way ──


def _check_nothing_built(
    desk: Desk, key: Key, spec: KindSpec, touched: Mapping[Key, _Touch], last: int, saves: Collection[SaveId]
) -> None:
    """Returns only if nothing else has been written into a new folder, and nothing points to a new record."""
    if spec.owns_folder:
        for _, save, what in desk.reader.rows(_LATER, key.folder, last):
            if save not in saves and any(kind != _LOOK for kind, _, _ in _what.decode(what)):
                message = N_("More has been written there since. End it, close it or erase it instead.")
                refuse("", "built_on", message)
    _check_not_linked(desk, key, touched)


def _check_not_linked(desk: Desk, key: Key, apart: Mapping[Key, _Touch]) -> None:
    """Returns only if no record that stands points to this one, but for those that are taken back with it."""
    for query, values, kind in _links(desk, key):
        for folder, record in desk.reader.rows(query, *values):
            if Key(FolderId(folder), kind, RecordId(record)) not in apart:
                label = desk.registry[kind].label
                message = N_("Another record points to it: %(kind)s. Strike that one out first, or change it.")
                refuse("", "linked", message, kind=label)


def _links(desk: Desk, key: Key) -> Iterator[tuple[str, Sequence[bytes | str], str]]:
    """Queries for the records that point to one: in its own folder, or anywhere if all may point to it."""
    spec = desk.registry[key.kind]
    everywhere = spec.owns_folder or any(key.folder == desk.folder(one) for one in SINGLETONS if one in spec.folders)
    for other in desk.registry.values():
        for name, field in other.fields.items():
            if field.target != key.kind:
                continue
            many = isinstance(field, ManyField)
            where = f"instr({name}, ?) > 0" if many else f"{name} = ?"
            values: list[bytes | str] = [to_text(key.record) if many else key.record]
            if not everywhere:
                where += " AND folder = ?"
                values.append(key.folder)
            query = f"SELECT folder, id FROM k_{other.name} WHERE {where} LIMIT 100"  # noqa: S608 -- declared names
            yield query, values, other.name


def _refuse_moved(spec: KindSpec, field: str = "") -> NoReturn:
    label = spec.fields[field].label if field in spec.fields else spec.label
    message = N_("“%(what)s” has been changed since. Look at what stands now, and change that.")
    refuse("", "moved_past", message, what=label)


def _spec(desk: Desk, kind: str) -> KindSpec:
    spec = desk.registry.get(kind)
    if spec is None:
        raise Refused("A newer Waystation wrote this. Take it back there.")
    return spec


def _action(kind: str) -> Action:
    rule = RULES.get(kind)
    return rule.action if rule is not None else Action.WRITE
