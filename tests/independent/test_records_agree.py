"""Two decoders of payloads, values and merges: both read the vectors, and both read bytes that nobody wrote alike."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Annotated, Any, TypedDict

import msgspec
import pytest
from tests.ground.vectors import load
from tests.independent import records
from tests.independent.strict import Newer, Refused

from waystation import errors
from waystation.clock import Millis
from waystation.errors import NewerFormat, WireError
from waystation.ids import DeskId, FolderType, RecordId, ValueRef
from waystation.records import (
    EMPTY,
    Amount,
    Change,
    Choice,
    Day,
    KindSpec,
    LiveValue,
    Many,
    Moment,
    Money,
    RecordState,
    Unread,
    Value,
    apply_change,
    conflicts,
    decode_payload,
    is_struck,
    shown,
)
from waystation.records.declare import CASE, choice, kind, text
from waystation.records.labels import option
from waystation.records.payload import read_value

VECTORS = load("records")
MUTATED = 6000
LOGS = 300


def named(cases: Sequence[Mapping[str, Any]]) -> pytest.MarkDecorator:
    assert cases
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def refusing(rule: str) -> Any:
    """Expects a refusal by a rule."""
    return pytest.raises(Refused, match=f"^{rule}$")


def vectored(means: Mapping[str, Any] | None) -> records.Value:
    """A value of the vectors as the independent decoder says it."""
    if means is None:
        return "nil", None
    ((of, told),) = means.items()
    match of:
        case "bytes" | "unread":
            return of, bytes.fromhex(told)
        case "many_ids":
            return of, [bytes.fromhex(item) for item in told]
    return of, told


def produced(value: object) -> records.Value:
    """A value of production as the independent decoder says it."""
    match value:
        case None:
            return "nil", None
        case Choice():
            return "text", value.value
        case bool():
            return "flag", value
        case int():
            return "integer", value
        case str():
            return "text", value
        case bytes():
            return "bytes", value
        case Day():
            return "day", [value.earliest, value.latest, value.said]
        case Amount():
            return "amount", [value.low, value.high, value.said]
        case Moment():
            return "moment", [value.ms, value.zone]
        case Money():
            return "money", [value.minor, value.currency]
        case Many():
            items = list(value.items)
            return "many_ids" if isinstance(items[0], bytes) else "many_texts", items
        case Unread():
            return "unread", value.raw
    raise AssertionError(value)


def references(told: Sequence[Sequence[Any]]) -> tuple[records.Reference, ...]:
    return tuple((bytes.fromhex(desk), seq) for desk, seq in told)


def written(fields: Mapping[str, Any], seen: Mapping[str, Any]) -> tuple[records.Write, ...]:
    """The field writes of a vector."""
    return tuple(
        records.Write(field, vectored(value), references(seen.get(field, []))) for field, value in fields.items()
    )


def as_read_here(changes: Sequence[Change]) -> list[records.Change]:
    """Production's changes as the independent decoder says them."""
    return [
        records.Change(
            change.kind,
            change.record,
            tuple(
                records.Write(field, produced(value), tuple(change.seen.get(field, ())))
                for field, value in change.fields.items()
            ),
        )
        for change in changes
    ]


# ── the vectors ──


@named(VECTORS["payload"]["valid"])
def test_payload(case: Mapping[str, Any]) -> None:
    data = bytes.fromhex(case["payload"])
    read = records.payload(data)
    assert read == [
        records.Change(told["kind"], bytes.fromhex(told["record"]), written(told["fields"], told["seen"]))
        for told in case["changes"]
    ]
    assert read == as_read_here(decode_payload(data))


@named(VECTORS["payload"]["faulty"])
def test_payload_refused(case: Mapping[str, Any]) -> None:
    with refusing(case["rule"]) as refused:
        records.payload(bytes.fromhex(case["payload"]))
    assert isinstance(refused.value, Newer) is (case["error"] == "NewerFormat")
    expected: type[errors.WaystationError] = getattr(errors, case["error"])
    with pytest.raises(expected) as raised:
        decode_payload(bytes.fromhex(case["payload"]))
    assert raised.type is expected


@named(VECTORS["value"]["valid"])
def test_value(case: Mapping[str, Any]) -> None:
    data = bytes.fromhex(case["value"])
    assert exact(records.value(data)) == exact(vectored(case["means"]))
    assert exact(records.value(data)) == exact(produced(read_value(msgspec.Raw(data))))


@named(VECTORS["value"]["unread"])
def test_value_unread(case: Mapping[str, Any]) -> None:
    data = bytes.fromhex(case["value"])
    assert records.value(data) == ("unread", data)
    assert produced(read_value(msgspec.Raw(data))) == ("unread", data)


@named(VECTORS["merge"])
def test_merge(case: Mapping[str, Any]) -> None:
    state: records.State = {}
    for entry in case["entries"]:
        change = records.Change("plain", bytes(16), written(entry["fields"], entry["seen"]))
        state = records.applied(state, (bytes.fromhex(entry["desk"]), entry["seq"]), change)
    assert state == {
        field: [((bytes.fromhex(desk), seq), vectored(value)) for desk, seq, value in live]
        for field, live in case["live"].items()
    }
    assert records.conflicts(state) == case["conflicts"]
    displayed = {field: records.shown(live, case["danger"]) for field, live in state.items()}
    assert {field: value for field, value in displayed.items() if value != ("nil", None)} == {
        field: vectored(value) for field, value in case["shown"].items()
    }
    assert records.struck(state) is case.get("struck", False)


# ── bytes that nobody wrote ──


def exact(told: object) -> object:
    """With the types beside the values: to Python, yes equals 1."""
    match told:
        case list() | tuple():
            return [exact(item) for item in told]
        case records.Change(of, record, writes):
            return [of, record, [exact(write) for write in writes]]
        case records.Write(field, value, seen):
            return [field, exact(value), exact(seen)]
    return type(told), told


def apart(read: Callable[[bytes], Sequence[records.Change]], stored: bytes) -> object:
    """What a decoder makes of the bytes."""
    try:
        return exact(list(read(stored)))
    except (Newer, NewerFormat):
        return "newer"
    except (Refused, WireError):
        return "refused"


def there(stored: bytes) -> list[records.Change]:
    return as_read_here(decode_payload(stored))


LEAD = bytes.fromhex("92019193a46e6f7465c410") + bytes(16)
VALUES = [bytes.fromhex(case["value"]) for half in ("valid", "unread") for case in VECTORS["value"][half]]


def sound(random: Random) -> bytearray:
    """A payload of the vectors, or one that holds some of their values."""
    if random.random() < 0.3:
        return bytearray.fromhex(random.choice(VECTORS["payload"]["valid"])["payload"])
    chosen = random.choices(VALUES, k=random.randint(1, 3))
    if random.random() < 0.3:
        chosen = [bytes([0x90 | len(chosen)]) + b"".join(chosen)]
    seen = bytes([0x90 | (count := random.randint(0, 2))]) + b"".join(
        b"\x92\xc4\x10" + bytes([random.randrange(2)]) * 16 + bytes([random.randrange(3)]) for _ in range(count)
    )
    writes = [b"\x93\xa1" + name + value + seen for name, value in zip((b"a", b"b", b"c"), chosen, strict=False)]
    return bytearray(LEAD + bytes([0x90 | len(writes)]) + b"".join(writes))


def mutate(random: Random, stored: bytearray) -> bytes:
    """With up to three bytes changed, removed or added."""
    for _ in range(random.randint(0, 3)):
        # The first two bytes are the array and its version, which the vectors turn over one by one.
        at = random.randrange(2, len(stored)) if random.random() < 0.5 else max(2, len(stored) - random.randint(1, 30))
        byte = random.choice(
            [random.randrange(256), random.randrange(0xC0, 0xE0), stored[at] ^ 1 << random.randrange(8)]
        )
        match random.choice(["change", "change", "change", "remove", "add"]):
            case "change":
                stored[at] = byte
            case "remove" if len(stored) > 4:
                del stored[at]
            case "add":
                stored.insert(at, byte)
    return bytes(stored)


def test_mutated_payloads() -> None:
    random = Random("payloads")  # a seed of our own: the same in every run
    outcomes = {"refused": 0, "newer": 0, "read": 0, "unread": 0}
    for _ in range(MUTATED):
        stored = mutate(random, sound(random))
        here = apart(records.payload, stored)
        assert here == apart(there, stored), stored.hex()
        outcomes[here if isinstance(here, str) else "unread" if "'unread'" in repr(here) else "read"] += 1
    # Neither a decoder that refuses all nor one that cannot read a thing would do.
    assert min(outcomes["refused"], outcomes["read"], outcomes["unread"]) > MUTATED // 10, outcomes


class Four(Choice):
    LOW = option("low", "Low")
    MEDIUM = option("medium", "Medium")
    HIGH = option("high", "High")
    EXTREME = option("extreme", "Extreme")


@kind("merged", folders={FolderType.CASE}, label="Merged")
class Merged(TypedDict, total=False):
    danger: Annotated[Four, choice(Four, "Danger", CASE, danger=True)]
    note: Annotated[str, text("Note", CASE)]


SPEC: KindSpec = vars(Merged)["__waystation_kind__"]
DANGER = [four.value for four in Four]
UNREAD = Unread(bytes.fromhex("92a6636f6c6f757203"))
LIVE: dict[str, list[Value | None]] = {
    "danger": [*DANGER, "unspeakable", "beyond words", None],
    "note": ["x", "y", None],
    "struck": [Moment(Millis(0), "UTC"), Moment(Millis(1), "UTC"), UNREAD, None],
    "of_a_newer_desk": ["x", None, True, 1, Day("2017-05-26", None, ""), Amount(1, None, ""), UNREAD, Unread(b"\x90")],
}


def test_random_logs_merge_alike() -> None:
    random = Random("logs")
    disputed = 0
    for _ in range(LOGS):
        here: records.State = {}
        state: RecordState = EMPTY
        known: list[ValueRef] = []
        for seq in range(random.randint(2, 8)):
            by = (DeskId(bytes([random.randrange(4)]) * 16), seq)
            fields = random.sample(["danger", "note", "of_a_newer_desk", "struck"], random.randint(1, 3))
            change = Change(
                "merged",
                RecordId(bytes(16)),
                {field: random.choice(LIVE[field]) for field in sorted(fields)},
                {field: random.sample(known, random.randint(0, len(known)) // 2) for field in fields},
            )
            known.append(by)
            here = records.applied(here, by, as_read_here([change])[0])
            state = apply_change(state, by, change)
            assert exact([[field, list(live)] for field, live in here.items()]) == exact(
                [[field, [(one.ref, produced(one.value)) for one in live]] for field, live in state.items()]
            )
            assert sorted(records.conflicts(here)) == list(conflicts(state))
            assert records.struck(here) is is_struck(state)
            disputed += len(conflicts(state))
            displayed = shown(state, SPEC)
            for field, choices in {"danger": DANGER, "note": []}.items():
                if field in here:
                    assert records.shown(here[field], choices) == produced(displayed.get(field))
    assert disputed > LOGS


SHORT_BOUND = bytes.fromhex("94a6616d6f756e74ca40600000c0a0")
OTHERWISE = [bytes.fromhex(one) for one in ("92a6636f6c6f757203", "92a6636f6c6f7572cc03")]
REFS = [(DeskId(bytes([n]) * 16), 1) for n in range(2)]


def test_a_bound_of_32_bits_counts_the_same() -> None:
    assert records.value(SHORT_BOUND) == ("amount", [3.5, None, ""]) == produced(read_value(msgspec.Raw(SHORT_BOUND)))


def test_unread_values_are_compared_as_they_are_stored() -> None:
    live = [(ref, records.value(one)) for ref, one in zip(REFS, OTHERWISE, strict=True)]
    assert records.conflicts({"f": live})
    assert not records.conflicts({"f": [live[0], (REFS[1], live[0][1])]})
    ours = [LiveValue(ref, read_value(msgspec.Raw(one))) for ref, one in zip(REFS, OTHERWISE, strict=True)]
    assert conflicts({"f": tuple(ours)})


def test_an_unread_value_of_a_declared_field_is_shown_as_unread() -> None:
    assert shown({"note": (LiveValue(REFS[0], UNREAD),)}, SPEC) == {"note": UNREAD}
