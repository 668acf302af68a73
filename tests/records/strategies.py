"""Any value, any change: what the properties of records are tested with."""

from datetime import date

from hypothesis import strategies as st

from waystation.clock import Millis
from waystation.ids import DeskId, RecordId, ValueRef
from waystation.records import Amount, Change, Day, Many, Moment, Money, Value
from waystation.records.values import AMOUNT_MAX, CURRENCIES, FIRST_MS, INTEGER_MAX, LAST_MS, MINOR_MAX

FIELDS = ("body", "level", "opened", "people", "sum")
DESKS = tuple(DeskId(bytes([n]) * 16) for n in range(1, 4))

words = st.text(max_size=40)
ids = st.binary(min_size=16, max_size=16)
isodates = st.dates(date(1900, 1, 1), date(2100, 12, 31)).map(date.isoformat)


def _ordered(pair: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    first, last = pair
    return (last, first) if first is not None and last is not None and first > last else pair


days = st.builds(
    lambda ends, said: Day(*_ordered(ends), said),
    st.tuples(isodates | st.none(), isodates | st.none()).filter(lambda ends: ends != (None, None)),
    words,
)

numbers = st.integers(-AMOUNT_MAX, AMOUNT_MAX) | st.floats(-AMOUNT_MAX, AMOUNT_MAX, allow_nan=False)


def _amount(ends: list[int | float], open_end: str, said: str) -> Amount:
    low, high = sorted(ends) if len(ends) == 2 else (ends[0], ends[0])
    return Amount.of(None if open_end == "low" else low, None if open_end == "high" else high, said)


amounts = st.builds(_amount, st.lists(numbers, min_size=1, max_size=2), st.sampled_from(["", "low", "high"]), words)
moments = st.builds(
    Moment,
    st.integers(FIRST_MS, LAST_MS).map(Millis),
    st.sampled_from(["UTC", "Europe/Vilnius", "Asia/Tehran", "Moon/Tranquillity"]),
)
sums = st.builds(Money, st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(sorted(CURRENCIES)))
several = st.lists(words, min_size=1, max_size=5).map(Many.of) | st.lists(ids, min_size=1, max_size=5).map(Many.of)

values: st.SearchStrategy[Value | None] = st.one_of(
    st.none(),
    words,
    st.booleans(),
    st.integers(-INTEGER_MAX, INTEGER_MAX),
    st.binary(max_size=40),
    days,
    amounts,
    moments,
    sums,
    several,
)

refs: st.SearchStrategy[ValueRef] = st.tuples(st.sampled_from(DESKS), st.integers(0, 6))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A change of a few fields of one record."""
    fields = draw(st.dictionaries(st.sampled_from(FIELDS), values, min_size=1, max_size=4))
    seen = {field: tuple(sorted(found)) for field in fields if (found := draw(st.sets(refs, max_size=4)))}
    return Change("note", RecordId(draw(ids)), fields, seen)
