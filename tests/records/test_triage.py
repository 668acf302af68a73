"""The order of urgency: total, the same everywhere, and never later for whoever is in more danger."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records.strategies import isodates

from waystation.clock import HOUR_MS, Millis
from waystation.records import Day
from waystation.records.choices import RiskLevel, Timeframe
from waystation.triage import Danger, order, urgency

TODAY = "2017-05-17"
NOW = Millis(1_495_018_800_000)

levels = st.sampled_from([None, "unspeakable", *(level.value for level in RiskLevel)])
frames = st.sampled_from([None, "yesterday", *(frame.value for frame in Timeframe)])
some_days = st.none() | isodates.map(lambda day: Day(None, day)) | isodates.map(lambda day: Day(day, None))
missed = st.none() | st.integers(0, NOW).map(Millis)
dangers = st.builds(Danger, st.binary(min_size=16, max_size=16), levels, frames, some_days, missed, some_days)


def key(danger: Danger) -> tuple[object, ...]:
    return urgency(danger, today=TODAY, now_ms=NOW).key


@given(people=st.lists(dangers, max_size=12, unique_by=lambda danger: danger.record), data=st.data())
def test_the_order_is_total_and_the_same_everywhere(people: list[Danger], data: st.DataObject) -> None:
    found = order(people, today=TODAY, now_ms=NOW)
    shuffled = data.draw(st.permutations(people))
    assert order(shuffled, today=TODAY, now_ms=NOW) == found
    assert sorted(danger.record for danger, _ in found) == sorted(danger.record for danger in people)
    assert all(one[1].key < other[1].key for one, other in pairwise(found))


ranked_levels = [level.value for level in RiskLevel]
ranked_frames = [frame.value for frame in Timeframe]


@given(danger=dangers, steps=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_a_higher_level_never_stands_later(danger: Danger, steps: tuple[int, int]) -> None:
    low, high = sorted(steps)
    assert key(replace(danger, level=ranked_levels[high])) <= key(replace(danger, level=ranked_levels[low]))


@given(danger=dangers, steps=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_a_nearer_timeframe_never_stands_later(danger: Danger, steps: tuple[int, int]) -> None:
    low, high = sorted(steps)
    assert key(replace(danger, timeframe=ranked_frames[high])) <= key(replace(danger, timeframe=ranked_frames[low]))


@given(danger=dangers, offsets=st.tuples(st.integers(-400, 400), st.integers(-400, 400)))
def test_a_nearer_deadline_never_stands_later(danger: Danger, offsets: tuple[int, int]) -> None:
    near, far = (Day(None, str(date.fromisoformat(TODAY) + timedelta(days=days))) for days in sorted(offsets))
    assert key(replace(danger, deadline=near)) <= key(replace(danger, deadline=far))
    assert key(replace(danger, deadline=far)) <= key(replace(danger, deadline=None))


@given(danger=dangers, times=st.tuples(st.integers(0, NOW), st.integers(0, NOW)))
def test_a_check_in_missed_longer_never_stands_later(danger: Danger, times: tuple[int, int]) -> None:
    long_ago, lately = (Millis(ms) for ms in sorted(times))
    assert key(replace(danger, missed_ms=long_ago)) <= key(replace(danger, missed_ms=lately))
    assert key(replace(danger, missed_ms=lately)) <= key(replace(danger, missed_ms=None))


def test_what_nobody_has_assessed_is_taken_seriously() -> None:
    unknown, medium = Danger(b"u"), Danger(b"m", "medium", "now")
    assert [danger.record for danger, _ in order([medium, unknown], today=TODAY, now_ms=NOW)] == [b"u", b"m"]


def test_a_deadline_that_has_passed_counts_as_todays() -> None:
    passed = Danger(b"p", "high", "days", Day("2017-01-01", "2017-01-01"))
    today = Danger(b"t", "high", "days", Day(TODAY, TODAY), review=Day("2017-05-01", "2017-05-01"))
    assert [danger.record for danger, _ in order([passed, today], today=TODAY, now_ms=NOW)] == [b"t", b"p"]


def test_a_missed_check_in_of_someone_at_high_risk_is_an_alarm() -> None:
    quiet = Danger(b"q", "extreme", "now", Day(TODAY, TODAY))
    silent = Danger(b"s", "high", "weeks", missed_ms=Millis(NOW - HOUR_MS))
    calm = Danger(b"c", "low", "weeks", missed_ms=Millis(NOW - 100 * HOUR_MS))
    found = order([quiet, calm, silent], today=TODAY, now_ms=NOW)
    assert [(danger.record, urgency.alarm) for danger, urgency in found] == [(b"s", True), (b"q", False), (b"c", False)]


@pytest.mark.parametrize(
    ("danger", "reasons"),
    [
        (Danger(b"x"), ["Risk not assessed yet"]),
        (Danger(b"x", "high", "days"), ["High risk", "Within days"]),
        (Danger(b"x", "low", deadline=Day(None, "2017-05-25")), ["Low risk", "Days until the deadline: 8"]),
        (Danger(b"x", "low", deadline=Day(TODAY, TODAY)), ["Low risk", "The deadline is today"]),
        (Danger(b"x", "low", deadline=Day("2017-05-10", None)), ["Low risk", "Days since the deadline: 7"]),
        (Danger(b"x", "unspeakable"), ["Risk level that this version cannot read"]),
        (
            Danger(b"x", "low", missed_ms=Millis(NOW - 5 * HOUR_MS), review=Day("2017-05-15", "2017-05-15")),
            ["Hours since the missed check-in: 5", "Low risk", "Days since the review was due: 2"],
        ),
    ],
    ids=["unknown", "level", "ahead", "today", "passed", "unreadable", "missed"],
)
def test_the_reasons_say_why(danger: Danger, reasons: list[str]) -> None:
    found = urgency(danger, today=TODAY, now_ms=NOW)
    assert [reason.message % reason.values for reason in found.reasons] == reasons
