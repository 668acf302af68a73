"""How changes merge: vectors, and the properties that rule 6 promises."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from hypothesis import given
from hypothesis import strategies as st
from tests.ground.vectors import load
from tests.records.strategies import DESKS, FIELDS, refs
from tests.records.test_payload import meant, named

from waystation.ids import DeskId, FolderType, RecordId, ValueRef
from waystation.records import (
    EMPTY,
    REGISTRY,
    Change,
    Choice,
    KindSpec,
    RecordState,
    Unread,
    apply_change,
    conflicts,
    is_struck,
    seen,
    shown,
)
from waystation.records.choices import RiskLevel
from waystation.records.declare import CASE, choice, kind, text
from waystation.records.labels import option

RECORD = RecordId(bytes(16))


class Four(Choice):
    LOW = option("low", "Low")
    MEDIUM = option("medium", "Medium")
    HIGH = option("high", "High")
    EXTREME = option("extreme", "Extreme")


@kind("danger", folders={FolderType.CASE}, label="Danger")
class Danger(TypedDict, total=False):
    f: Annotated[Four, choice(Four, "F", CASE, danger=True)]
    g: Annotated[str, text("G", CASE)]


@kind("plain", folders={FolderType.CASE}, label="Plain")
class Plain(TypedDict, total=False):
    f: Annotated[str, text("F", CASE)]
    g: Annotated[str, text("G", CASE)]


def spec_of(cls: type) -> KindSpec:
    spec: KindSpec = vars(cls)["__waystation_kind__"]
    return spec


def reference(desk: str, seq: int) -> ValueRef:
    return DeskId(bytes.fromhex(desk)), seq


@named(load("records")["merge"])
def test_a_merge_gives_what_its_vector_says(case: Mapping[str, Any]) -> None:
    state: RecordState = EMPTY
    for entry in case["entries"]:
        change = Change(
            "danger",
            RECORD,
            {field: meant(value) for field, value in entry["fields"].items()},
            {field: tuple(reference(*one) for one in told) for field, told in entry["seen"].items()},
        )
        before = dict(state)
        after = apply_change(state, reference(entry["desk"], entry["seq"]), change)
        assert state == before
        state = after
    live = {
        field: [(reference(desk, seq), meant(value)) for desk, seq, value in held]
        for field, held in case["live"].items()
    }
    assert {field: [tuple(one) for one in held] for field, held in state.items()} == live
    spec = spec_of(Danger if case["danger"] else Plain)
    assert shown(state, spec) == {field: meant(value) for field, value in case["shown"].items()}
    assert list(conflicts(state)) == case["conflicts"]
    assert is_struck(state) is case.get("struck", False)
    if case["danger"]:
        assert case["danger"] == [four.value for four in Four]


levels = st.sampled_from([level.value for level in RiskLevel]) | st.none()


@st.composite
def entries(draw: st.DrawFn) -> list[tuple[ValueRef, Change]]:
    """A log: each entry has its own reference, and names some of all references as seen."""
    log: list[tuple[ValueRef, Change]] = []
    lengths = dict.fromkeys(DESKS, 0)
    for _ in range(draw(st.integers(1, 8))):
        desk = draw(st.sampled_from(DESKS))
        lengths[desk] += 1
        fields = draw(st.dictionaries(st.sampled_from(FIELDS), levels, min_size=1, max_size=3))
        told = {field: tuple(sorted(draw(st.sets(refs, max_size=3)))) for field in fields}
        log.append(((desk, lengths[desk]), Change("risk_assessment", RECORD, fields, told)))
    return log


def merged(log: list[tuple[ValueRef, Change]]) -> RecordState:
    state: RecordState = EMPTY
    for ref, change in log:
        state = apply_change(state, ref, change)
    return state


@given(log=entries())
def test_a_value_that_the_writer_neither_saw_nor_wrote_stays(log: list[tuple[ValueRef, Change]]) -> None:
    state: RecordState = EMPTY
    for ref, change in log:
        after = apply_change(state, ref, change)
        for field, live in state.items():
            for one in live:
                replaced = field in change.fields and (one.ref in change.seen.get(field, ()) or one.ref[0] == ref[0])
                assert (one in after[field]) is not replaced
        for field, value in change.fields.items():
            assert after[field][-1] == (ref, value)
        state = after


@given(log=entries())
def test_one_desk_never_has_two_live_values_of_a_field(log: list[tuple[ValueRef, Change]]) -> None:
    for live in merged(log).values():
        desks = [one.ref[0] for one in live]
        assert len(desks) == len(set(desks))


def unordered(state: RecordState) -> dict[str, set[tuple[ValueRef, object]]]:
    return {field: {(one.ref, one.value) for one in live} for field, live in state.items()}


@given(log=entries(), data=st.data())
def test_changes_that_did_not_see_each_other_commute(log: list[tuple[ValueRef, Change]], data: st.DataObject) -> None:
    before = merged(log)
    told = [
        Change("risk_assessment", RECORD, {"level": data.draw(levels)}, {"level": tuple(o.ref for o in live)})
        for live in (before.get("level", ()), before.get("level", ())[:1])
    ]
    (one, other) = zip([(DeskId(b"\x08" * 16), 1), (DeskId(b"\x09" * 16), 1)], told, strict=True)
    first = apply_change(apply_change(before, *one), *other)
    second = apply_change(apply_change(before, *other), *one)
    assert unordered(first) == unordered(second)
    spec = REGISTRY["risk_assessment"]
    assert shown(first, spec).get("level") == shown(second, spec).get("level")
    assert conflicts(first) == conflicts(second)


@given(log=entries(), data=st.data())
def test_changes_to_different_fields_commute(log: list[tuple[ValueRef, Change]], data: st.DataObject) -> None:
    before = merged(log)
    one = ((DeskId(b"\x08" * 16), 1), Change("note", RECORD, {"body": data.draw(levels)}))
    other = ((DeskId(b"\x09" * 16), 1), Change("note", RECORD, {"sum": data.draw(levels)}))
    assert apply_change(apply_change(before, *one), *other) == apply_change(apply_change(before, *other), *one)


@given(log=entries())
def test_the_form_that_shows_all_settles_all(log: list[tuple[ValueRef, Change]]) -> None:
    state = merged(log)
    told = seen(state, state)
    settled = apply_change(state, (DeskId(b"\x08" * 16), 1), Change("note", RECORD, dict.fromkeys(state, "x"), told))
    assert conflicts(settled) == ()
    assert all(len(live) == 1 for live in settled.values())


@given(log=entries())
def test_no_live_value_of_a_danger_field_is_above_the_one_shown(log: list[tuple[ValueRef, Change]]) -> None:
    state = merged(log)
    field = REGISTRY["risk_assessment"].fields["level"]
    order: list[object] = [None, *(level.value for level in RiskLevel)]
    highest = max((order.index(one.value) for one in state.get("level", ())), default=0)
    found = shown(state, REGISTRY["risk_assessment"]).get("level")
    assert order.index(None if found is None else str(found)) == highest
    assert field.danger


def test_what_does_not_fit_its_field_is_shown_as_unread() -> None:
    change = Change("note", RECORD, {"f": 7, "g": "x", "sign": "unknown here"})
    state = apply_change(EMPTY, (DESKS[0], 1), change)
    assert shown(state, spec_of(Plain)) == {"f": Unread(b"\x07"), "g": "x"}


def test_yes_and_one_are_two_values() -> None:
    state = apply_change(EMPTY, (DESKS[0], 1), Change("note", RECORD, {"f": True}))
    state = apply_change(state, (DESKS[1], 1), Change("note", RECORD, {"f": 1}))
    assert conflicts(state) == ("f",)


def test_what_was_never_written_was_never_seen() -> None:
    assert seen(EMPTY, ["f"]) == {}
