"""Changes, their values and their merging, read from spec/records.md alone.

A value is a pair of its type's name and its content. What cannot be read is kept byte for byte.
"""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.independent.strict import (
    LARGEST,
    Float,
    Newer,
    Open,
    OpenReader,
    Refused,
    need,
)

DEEPEST = 32
FAR = 2**53

Value = tuple[str, object]
Reference = tuple[bytes, int]
State = Mapping[str, Sequence[tuple[Reference, Value]]]


@dataclass(frozen=True)
class Write:
    """R3."""

    field: str
    value: Value
    seen: tuple[Reference, ...]


@dataclass(frozen=True)
class Change:
    """R2."""

    kind: str
    record: bytes
    writes: tuple[Write, ...]


def payload(data: bytes) -> list[Change]:
    """R1: the changes of a payload."""
    need(len(data) <= LARGEST, "W3")
    need(len(data) > 0, "W2")
    reader = OpenReader(data, DEEPEST, "R11")
    count = reader.array("W2")
    need(count > 0, "W2")
    version = reader.open()
    if type(version) is not int or not 1 <= version <= 127:
        raise Refused("W2")
    if version > 1:
        raise Newer
    need(count == 2, "W3")
    changes = [_change(reader) for _ in range(_some(reader, "R1"))]
    need(reader.at == len(data), "W3")
    return changes


def _some(reader: OpenReader, rule: str) -> int:
    """The count of an array that must not be empty."""
    count = reader.array(rule)
    need(count > 0, rule)
    return count


def _name(reader: OpenReader, rule: str) -> str:
    """A kind's or a field's name (R2)."""
    found = reader.open()
    if not isinstance(found, str):
        raise Refused(rule)
    need(re.fullmatch(r"[a-z][a-z0-9_]{0,59}", found) is not None, "R2")
    return found


def _id(reader: OpenReader, rule: str) -> bytes:
    found = reader.open()
    if not isinstance(found, bytes) or len(found) != 16:
        raise Refused(rule)
    return found


def _change(reader: OpenReader) -> Change:
    need(reader.array("R2") == 3, "R2")
    kind = _name(reader, "R2")
    record = _id(reader, "R2")
    writes = tuple(_write(reader) for _ in range(_some(reader, "R2")))
    need(_ascending([write.field.encode() for write in writes]), "R3")
    return Change(kind, record, writes)


def _write(reader: OpenReader) -> Write:
    need(reader.array("R3") == 3, "R3")
    field = _name(reader, "R3")
    start = reader.at
    found = reader.open()
    read = _value(found, reader.data[start : reader.at])
    seen = tuple(_reference(reader) for _ in range(reader.array("R4")))
    need(_ascending(seen), "R4")
    return Write(field, read, seen)


def _reference(reader: OpenReader) -> Reference:
    need(reader.array("R4") == 2, "R4")
    desk = _id(reader, "R4")
    seq = reader.open()
    if type(seq) is not int or not 0 <= seq <= FAR:
        raise Refused("R4")
    return desk, seq


def _ascending(items: Sequence[bytes] | Sequence[Reference]) -> bool:
    """Whether each item is greater than the one before it."""
    return list(items) == sorted(set(items))


def value(stored: bytes) -> Value:
    """R5–R11: one value from its bytes."""
    reader = OpenReader(stored, DEEPEST, "R11")
    found = reader.open()
    need(reader.at == len(stored), "W3")
    return _value(found, stored)


def _value(found: Open, stored: bytes) -> Value:
    match found:
        case None:
            return "nil", None
        case bool():
            return "flag", found
        case int() if -FAR <= found <= FAR:
            return "integer", found
        case str():
            return "text", found
        case bytes():
            return "bytes", found
        case ["day", *ends, str() as said] if _is_range(ends, _is_day):
            return "day", [*ends, said]
        case ["amount", *ends, str() as said] if _is_range([_number(end) for end in ends], _is_bound):
            return "amount", [*(_number(end) for end in ends), said]
        case ["moment", ms, str() as zone] if _within(ms, -2208988800000, 4133980799999) and 1 <= len(zone) <= 60:
            return "moment", [ms, zone]
        case ["money", minor, str() as currency] if _within(minor, -(10**15), 10**15) and re.fullmatch(
            "[A-Z]{3}", currency
        ):
            return "money", [minor, currency]
        case ["many", [_, *_] as items] if all(isinstance(item, str) for item in items):
            if _ascending([item.encode() for item in items if isinstance(item, str)]):
                return "many_texts", items
        case ["many", [_, *_] as items] if all(isinstance(item, bytes) and len(item) == 16 for item in items):
            if _ascending([item for item in items if isinstance(item, bytes)]):
                return "many_ids", items
    return "unread", stored


def _within(found: Open, low: int, high: int) -> bool:
    return type(found) is int and low <= found <= high


def _is_range(ends: list[Any], admits: Callable[[object], bool]) -> bool:
    """Two ends, of which one may be open, in order."""
    closed = [end for end in ends if end is not None]
    return len(ends) == 2 and len(closed) > 0 and all(admits(end) for end in closed) and closed == sorted(closed)


def _is_day(end: object) -> bool:
    """R6."""
    if not isinstance(end, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", end):
        return False
    try:
        return 1900 <= datetime.date.fromisoformat(end).year <= 2100
    except ValueError:
        return False


def _number(end: Open) -> Open | float:
    """What a bound counts, if it has the form of one (R7)."""
    return end.number if isinstance(end, Float) else end


def _is_bound(end: object) -> bool:
    """R7. What is no number compares with nothing, and infinity lies outside."""
    if type(end) is float:
        return -(10**12) <= end <= 10**12 and not end.is_integer()
    return type(end) is int and -(10**12) <= end <= 10**12


def _same(one: Value, other: Value) -> bool:
    """Whether two values are equal: by what they hold, or as stored where they cannot be read."""
    return one == other


def applied(state: State, by: Reference, change: Change) -> State:
    """R17: the state after a change that entry `by` carries."""
    after = dict(state)
    for write in change.writes:
        kept = [one for one in state.get(write.field, []) if one[0] not in write.seen and one[0][0] != by[0]]
        after[write.field] = [*kept, (by, write.value)]
    return after


def conflicts(state: State) -> list[str]:
    """R19: the fields that have more than one distinct live value."""
    return [field for field, live in state.items() if not all(_same(live[0][1], value) for _, value in live)]


def struck(state: State) -> bool:
    """R22: whether the record is struck out."""
    live = state.get("struck", ())
    return len(live) > 0 and shown(live) != ("nil", None)


def shown(live: Sequence[tuple[Reference, Value]], danger: Sequence[str] = ()) -> Value:
    """R20: what is shown of a field; `danger` are a danger field's choices, least dangerous first."""

    def degree(of: Value) -> int:
        if not danger or of == ("nil", None):
            return 0
        return 1 + (danger.index(str(of[1])) if of[0] == "text" and of[1] in danger else len(danger))

    most = max(degree(of) for _, of in live)
    return [of for _, of in live if degree(of) == most][-1]
