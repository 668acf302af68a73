"""The bytes of changes, and of the state that they make of a record (spec/records.md R1-R11, R16).

A payload of another shape is refused whole. A value that this desk cannot read is kept byte for byte
and shown as such: it comes from a newer desk. Unknown kinds and fields are kept likewise. The bytes
of a state are derived, kept by the tables beside a row, and never exchanged.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from waystation import wire
from waystation.errors import WireError
from waystation.ids import ID_BYTES, DeskId, FolderId, RecordId, ValueRef
from waystation.records.save import Save
from waystation.records.values import (
    INTEGER_MAX,
    Amount,
    Day,
    Many,
    Moment,
    Money,
    Unread,
    Value,
)

VERSION: Final = 1
UNREAD_NESTING_MAX: Final = 32

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """What one save writes into one record.

    Args:
        kind: kind of record; may be unknown here.
        record: its id within the folder.
        fields: field → value; None clears. Fields may be unknown here.
        seen: field → references of the values that the form displayed; absent means none.
    """

    kind: str
    record: RecordId
    fields: Mapping[str, Value | None]
    seen: Mapping[str, Sequence[ValueRef]] = field(default_factory=dict)


class LiveValue(NamedTuple):
    """A value and the entry that wrote it. None is a value too: the field was cleared."""

    ref: ValueRef
    value: Value | None


RecordState: TypeAlias = Mapping[str, tuple[LiveValue, ...]]
"""Field → live values, in log order. A field that was never written is absent."""

EMPTY: Final[RecordState] = {}
"""The state of a record before its first change."""


class Payload(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """R1-R4 as they arrive, each value still in its own bytes."""

    version: int
    changes: list[tuple[str, bytes, list[tuple[str, msgspec.Raw, list[tuple[bytes, int]]]]]]


SHORT_BYTES: Final = 48

_decode: Final = wire.Decoder(Payload, version=VERSION)
_decode_any: Final = msgspec.msgpack.Decoder()
_decode_state: Final = msgspec.msgpack.Decoder(dict[str, list[tuple[tuple[bytes, int], msgspec.Raw]]])


def encode_payload(changes: Iterable[Change]) -> bytes:
    """The bytes of a payload.

    Args:
        changes: in the order in which they apply, already checked against their declarations.
    Raises: WireError, if a reader would refuse them or could not read a value (R1-R11).
    """
    wired = [
        (
            change.kind,
            change.record,
            [(name, value, sorted(set(change.seen.get(name, ())))) for name, value in sorted(change.fields.items())],
        )
        for change in changes
    ]
    try:
        data = wire.encode((VERSION, wired))
    except TypeError:
        raise WireError("A value that cannot be read is never written (R11, R12).") from None
    # What this desk writes, it has read back; so no other desk meets bytes that this one would refuse.
    for change in decode_payload(data):
        if any(isinstance(value, Unread) for value in change.fields.values()):
            raise WireError("A value that cannot be read is never written (R11, R12).")
    return data


def decode_payload(data: bytes) -> tuple[Change, ...]:
    """The changes of a payload, in their order.

    Args:
        data: bytes of an authenticated entry.
    Raises: WireError, if they break R1-R4; NewerFormat, if their version is above 1.
    """
    return tuple(
        Change(_name(kind), RecordId(_id(record)), *_writes(writes))
        for kind, record, writes in _some(_decode(data).changes)
    )


def _writes(
    writes: list[tuple[str, msgspec.Raw, list[tuple[bytes, int]]]],
) -> tuple[dict[str, Value | None], dict[str, Sequence[ValueRef]]]:
    fields: dict[str, Value | None] = {}
    seen: dict[str, Sequence[ValueRef]] = {}
    last = ""
    for name, raw, references in _some(writes):
        # Names are ASCII, so the order of the texts is that of their bytes.
        if _name(name) <= last:
            raise WireError("A payload's fields are out of order or repeated (R3).")
        last = name
        data = bytes(raw)
        fields[name] = _read_short(data) if len(data) <= SHORT_BYTES else _read(data)
        if references:
            seen[name] = _references(references)
    return fields, seen


def _some(items: list[T]) -> list[T]:
    if not items:
        raise WireError("A payload says nothing (R1, R2).")
    return items


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise WireError("A payload names a kind or field that is no name (R2).")
    return name


def _id(identifier: bytes) -> bytes:
    if len(identifier) != ID_BYTES:
        raise WireError("A payload holds an identifier of the wrong length (R2, R4).")
    return identifier


def _references(references: list[tuple[bytes, int]]) -> tuple[ValueRef, ...]:
    last = (b"", 0)
    for reference in references:
        desk, seq = reference
        if not 0 <= seq <= INTEGER_MAX or (_id(desk), seq) <= last:
            raise WireError("A payload's references are out of order or range (R4).")
        last = reference
    return tuple((DeskId(desk), seq) for desk, seq in references)


def read_value(raw: msgspec.Raw) -> Value | None:
    """One value from its bytes (R5-R10); whatever else they hold comes back unread (R11).

    Raises: WireError, if what cannot be read is nested too deep.
    """
    data = bytes(raw)
    return _read_short(data) if len(data) <= SHORT_BYTES else _read(data)


def _read(raw: bytes) -> Value | None:
    try:
        found = _decode_any.decode(raw)
        if type(found) in _AS_THEY_ARE:
            return cast(str | bytes | bool | None, found)
        if type(found) is int and -INTEGER_MAX <= found <= INTEGER_MAX:
            return found
        if type(found) is list:
            return _READERS[found[0]](*found[1:])
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        # A tag, a shape or a range from a newer desk, or a broken one: kept, not understood.
        pass
    if _nesting(raw) > UNREAD_NESTING_MAX:
        raise WireError("A payload nests too deep (R11).")
    return Unread(raw)


_read_short: Final = lru_cache(maxsize=8192)(_read)
"""Choices, days, links to members: few, and repeated in every book; all of them frozen."""


class _Layout(NamedTuple):
    """After a lead byte: how many bytes count what follows, and how many more always follow."""

    counted: int
    more: int


_LAYOUTS: Final[Mapping[int, _Layout]] = {
    0xC0 + at: _Layout(counted, more)
    for at, (counted, more) in enumerate(
        # nil, unused, false, true; bin; ext; float; uint; int; fixext; str; array; map
        [(0, 0)] * 4
        + [(1, 0), (2, 0), (4, 0)]
        + [(1, 1), (2, 1), (4, 1)]
        + [(0, 4), (0, 8)]
        + [(0, 1), (0, 2), (0, 4), (0, 8)] * 2
        + [(0, 2), (0, 3), (0, 5), (0, 9), (0, 17)]
        + [(1, 0), (2, 0), (4, 0)]
        + [(2, 0), (4, 0)] * 2
    )
}


def _nesting(value: bytes) -> int:
    """How many arrays and maps stand in one another in one well-formed MessagePack value.

    Counted without recursion: a decoder's limit depends on the stack below it, and two desks must not differ in
    what they keep.
    """
    deepest, at = 0, 0
    left = [1]
    while left:
        left[-1] -= 1
        lead = value[at]
        layout = _LAYOUTS.get(lead)
        at += 1
        if layout is None:
            is_container = 0x80 <= lead < 0xA0
            count = lead & (0x1F if lead >= 0xA0 else 0x0F)
            at += count if 0xA0 <= lead < 0xC0 else 0
        else:
            is_container = 0xDC <= lead < 0xE0
            count = int.from_bytes(value[at : at + layout.counted], "big")
            at += layout.counted + layout.more + (0 if is_container else count)
        if is_container:
            is_map = lead < 0x90 or lead >= 0xDE
            left.append(2 * count if is_map else count)
            deepest = max(deepest, len(left) - 1)
        while left and left[-1] == 0:
            left.pop()
    return deepest


def _day(earliest: str | None, latest: str | None, words: str) -> Value:
    return Day(earliest, latest, words)


def _amount(low: int | float | None, high: int | float | None, words: str) -> Value:
    return Amount(low, high, words)


def _many(items: list[str | bytes]) -> Value:
    if type(items) is not list:
        raise TypeError("the items of many stand in an array of their own")
    return Many(tuple(items))


_AS_THEY_ARE: Final = frozenset({str, bytes, bool, type(None)})
_READERS: Final[Mapping[str, Callable[..., Value]]] = {
    "day": _day,
    "amount": _amount,
    "moment": Moment,
    "money": Money,
    "many": _many,
}


def changes_of(save: Save, folder: FolderId) -> tuple[Change, ...]:
    """What a save says in one folder, in its order: the content of that folder's payload."""
    return tuple(
        Change(write.kind, write.record, write.fields, write.seen) for write in save.writes if write.folder == folder
    )


def encode_state(state: RecordState) -> bytes:
    """Bytes of a state, to be kept beside its row."""
    return _encode_state.encode(state)


def raw_state(data: bytes) -> dict[str, list[tuple[tuple[bytes, int], msgspec.Raw]]]:
    """A state as its bytes hold it: field → (reference, bytes of the value). Raises: msgspec.DecodeError."""
    return _decode_state.decode(data)


def decode_state(data: bytes) -> RecordState:
    """Inverse of `encode_state`. Raises: msgspec.DecodeError on bytes that it did not make."""
    return {
        field: tuple([LiveValue((DeskId(desk), seq), read_value(raw)) for (desk, seq), raw in live])
        for field, live in raw_state(data).items()
    }


def _wired(value: object) -> object:
    if isinstance(value, Unread):
        return msgspec.Raw(value.raw)
    raise TypeError(f"a {type(value).__name__} is no value")


_encode_state: Final = msgspec.msgpack.Encoder(enc_hook=_wired)
