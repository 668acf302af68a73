"""How changes merge into the state of a record (spec/records.md R16-R22; DESIGN.md, section 5, rule 6).

Seen means shown: a write replaces the values that its form displayed and its own desk's earlier
ones, nothing else. What it had not seen stays beside it, as a conflict that a person settles. No
clock takes part; the order is the log's.
"""

from collections.abc import Iterable

from waystation.ids import ValueRef
from waystation.records.declare import STRUCK, KindSpec
from waystation.records.fields import ChoiceField, FieldSpec
from waystation.records.payload import EMPTY, Change, LiveValue, RecordState, decode_state, raw_state, read_value
from waystation.records.values import Value


def apply_change(state: RecordState, ref: ValueRef, change: Change) -> RecordState:
    """The state after a change (R17).

    Args:
        state: before it; stays untouched.
        ref: the entry that carries the change, later in the log than all that `state` holds.
        change: what it writes into this record.
    """
    after = dict(state)
    for field, value in change.fields.items():
        live = after.get(field)
        new = LiveValue(ref, value)
        if live is None:
            after[field] = (new,)
            continue
        replaced = change.seen.get(field, ())
        kept = [old for old in live if old.ref not in replaced and old.ref[0] != ref[0]]
        after[field] = (*kept, new)
    return after


def shown(state: RecordState, spec: KindSpec) -> dict[str, Value]:
    """What is shown of a record (R20): one value a field, cleared and never written ones absent.

    A field that is not declared here is left out. A choice comes as a member of its list, unless a
    newer desk chose it; a value that does not fit its field is `Unread`.
    """
    found: dict[str, Value] = {}
    for field, live in state.items():
        declared = spec.fields.get(field)
        if declared is None:
            continue
        value = _most_dangerous(live, declared) if declared.danger else live[-1].value
        if value is not None:
            found[field] = declared.read(value)
    return found


def read_shown(data: bytes, spec: KindSpec) -> dict[str, Value]:
    """As `shown`, straight from a state's bytes; half the work where nothing is in conflict."""
    found: dict[str, Value] = {}
    for field, live in raw_state(data).items():
        declared = spec.fields.get(field)
        if declared is None:
            continue
        if len(live) > 1:
            return shown(decode_state(data), spec)
        value = read_value(live[0][1])
        if value is not None:
            found[field] = declared.read(value)
    return found


def is_struck(state: RecordState) -> bool:
    """Whether a record is struck out (R22). Whatever stands in `struck` counts, if only a newer desk can read it."""
    live = state.get(STRUCK, ())
    return len(live) > 0 and live[-1].value is not None


def _most_dangerous(live: tuple[LiveValue, ...], declared: FieldSpec) -> Value | None:
    if len(live) == 1 or not isinstance(declared, ChoiceField):
        return live[-1].value
    # The last of equals: max keeps the first that it meets.
    return max(reversed(live), key=lambda one: declared.rank(one.value)).value


def conflicts(state: RecordState) -> tuple[str, ...]:
    """The fields that hold more than one distinct live value (R19), in alphabetical order."""
    if max(map(len, state.values()), default=0) < 2:
        return ()
    return tuple(sorted(field for field, live in state.items() if len(live) > 1 and not _agree(live)))


def _agree(live: tuple[LiveValue, ...]) -> bool:
    """Whether all values are one and the same; Python alone takes yes for one."""
    first = live[0].value
    return all(one.value == first and isinstance(one.value, bool) is isinstance(first, bool) for one in live)


def seen(state: RecordState, fields: Iterable[str]) -> dict[str, tuple[ValueRef, ...]]:
    """What a form that displays these fields has shown, for the save that follows (R21)."""
    return {field: tuple(one.ref for one in state[field]) for field in fields if field in state}


__all__ = ["EMPTY", "LiveValue", "RecordState", "apply_change", "conflicts", "is_struck", "read_shown", "seen", "shown"]
