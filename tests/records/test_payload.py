"""The bytes of changes and of states: vectors, round trips, and bytes that nobody wrote."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ground.vectors import load
from tests.records.strategies import changes, refs, values

from waystation import errors
from waystation.clock import Millis
from waystation.errors import WireError
from waystation.ids import DeskId, RecordId, ValueRef
from waystation.records import (
    Amount,
    Change,
    Day,
    LiveValue,
    Many,
    Moment,
    Money,
    Unread,
    Value,
    decode_payload,
    decode_state,
    encode_payload,
    encode_state,
)
from waystation.records.payload import read_value
from waystation.wire import encode

VECTORS = load("records")
RECORD = RecordId(bytes(16))
DESK = DeskId(b"d" * 16)


def meant(value: Mapping[str, Any] | None) -> Value | None:
    """A value as the vectors write it."""
    if value is None:
        return None
    ((kind, told),) = value.items()
    match kind:
        case "text" | "flag" | "integer":
            found: Value = told
        case "bytes":
            found = bytes.fromhex(told)
        case "day":
            found = Day(*told)
        case "amount":
            found = Amount(*told)
        case "moment":
            found = Moment(Millis(told[0]), told[1])
        case "money":
            found = Money(*told)
        case "many_texts":
            found = Many(tuple(told))
        case "many_ids":
            found = Many(tuple(bytes.fromhex(item) for item in told))
        case _:
            found = Unread(bytes.fromhex(told))
    return found


def named(cases: Sequence[Mapping[str, Any]]) -> pytest.MarkDecorator:
    assert cases
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


@named(VECTORS["payload"]["valid"])
def test_a_payload_says_what_its_vector_says(case: Mapping[str, Any]) -> None:
    told = tuple(
        Change(
            change["kind"],
            RecordId(bytes.fromhex(change["record"])),
            {field: meant(value) for field, value in change["fields"].items()},
            {
                field: tuple((DeskId(bytes.fromhex(desk)), seq) for desk, seq in references)
                for field, references in change["seen"].items()
            },
        )
        for change in case["changes"]
    )
    data = bytes.fromhex(case["payload"])
    assert decode_payload(data) == told
    if not any(isinstance(value, Unread) for change in told for value in change.fields.values()):
        assert encode_payload(told) == data


@named(VECTORS["payload"]["faulty"])
def test_a_faulty_payload_is_refused_whole(case: Mapping[str, Any]) -> None:
    expected: type[errors.WaystationError] = getattr(errors, case["error"])
    with pytest.raises(expected) as raised:
        decode_payload(bytes.fromhex(case["payload"]))
    assert raised.type is expected
    if case["rule"] in {"R1", "R2", "R4", "R11"} and "(R" in raised.value.message:
        assert case["rule"] in raised.value.message


@named(VECTORS["value"]["valid"])
def test_a_value_means_what_its_vector_says(case: Mapping[str, Any]) -> None:
    data = bytes.fromhex(case["value"])
    value = read_value(msgspec.Raw(data))
    assert value == meant(case["means"])
    assert type(value) is type(meant(case["means"]))
    assert encode(value) == data


@named(VECTORS["value"]["unread"])
def test_a_value_that_cannot_be_read_is_kept_byte_for_byte(case: Mapping[str, Any]) -> None:
    data = bytes.fromhex(case["value"])
    assert read_value(msgspec.Raw(data)) == Unread(data)


def test_an_unread_value_is_never_written() -> None:
    with pytest.raises(WireError):
        encode_payload([Change("note", RECORD, {"body": Unread(b"\x93\xa6colour\x03\x04")})])


def test_what_no_reader_would_accept_is_never_written() -> None:
    with pytest.raises(WireError):
        encode_payload([])
    with pytest.raises(WireError):
        encode_payload([Change("note", RECORD, {})])
    with pytest.raises(WireError):
        encode_payload([Change("Note", RECORD, {"body": "x"})])
    with pytest.raises(WireError):
        encode_payload([Change("note", RecordId(b"short"), {"body": "x"})])
    with pytest.raises(WireError):
        encode_payload([Change("note", RECORD, {"body": 2**60})])


@given(told=st.lists(changes(), min_size=1, max_size=3))
def test_changes_come_back(told: list[Change]) -> None:
    data = encode_payload(told)
    assert decode_payload(data) == tuple(told)
    assert encode_payload(decode_payload(data)) == data


@given(told=st.lists(changes(), min_size=1, max_size=2))
def test_the_order_of_fields_and_references_does_not_matter(told: list[Change]) -> None:
    turned = [
        Change(
            one.kind,
            one.record,
            dict(reversed(list(one.fields.items()))),
            {field: tuple(reversed(references)) for field, references in one.seen.items()},
        )
        for one in told
    ]
    assert encode_payload(turned) == encode_payload(told)


@given(data=st.binary(max_size=120))
def test_arbitrary_bytes_are_refused_or_read(data: bytes) -> None:
    for prefix in (b"", b"\x92\x01\x91\x93\xa4note\xc4\x10" + bytes(16)):
        with suppress(WireError):
            decode_payload(prefix + data)


@given(told=changes(), at=st.integers(0, 10_000), to=st.integers(0, 255))
def test_a_flipped_byte_is_refused_or_read_and_never_raises_anything_else(told: Change, at: int, to: int) -> None:
    data = bytearray(encode_payload([told]))
    data[at % len(data)] = to
    try:
        found = decode_payload(bytes(data))
    except WireError:
        return
    assert decode_state(encode_state({f: (LiveValue((DESK, 1), v),) for f, v in found[0].fields.items()}))


@given(
    live=st.dictionaries(
        st.text("abc", min_size=1, max_size=3), st.lists(st.tuples(refs, values), min_size=1, max_size=3), max_size=4
    )
)
def test_a_state_comes_back(live: Mapping[str, list[tuple[ValueRef, Value | None]]]) -> None:
    state = {field: tuple(LiveValue(ref, value) for ref, value in held) for field, held in live.items()}
    assert decode_state(encode_state(state)) == state


def test_a_state_keeps_what_cannot_be_read() -> None:
    state = {"sign": (LiveValue((DESK, 1), Unread(b"\x92\xa6colour\x03")),)}
    assert decode_state(encode_state(state)) == state
