"""Where a case stands follows from its records, step by step through a whole journey."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waystation.clock import Millis
from waystation.records import REGISTRY, Day, Moment, Value, check
from waystation.records.choices import ClosureReason
from waystation.records.status import (
    Facts,
    RequestStage,
    Stage,
    case_status,
    check_in_missed,
    request_stage,
)

TODAY = "2017-05-17"
Records = dict[str, dict[bytes, dict[str, Any]]]


def on(day: str) -> Day:
    return Day(day, day)


def at(day: int) -> Moment:
    return Moment(Millis(1_495_000_000_000 + 86_400_000 * day), "Europe/Vilnius")


class Story:
    """A case that is told record by record."""

    def __init__(self) -> None:
        self.facts: Records = {}

    def add(self, kind: str, record: bytes | None = None, **fields: Any) -> bytes:
        """Write a record; its fields must be such as the kind allows."""
        held = self.facts.setdefault(kind, {})
        record = record or bytes([len(held) + 1]) * 16
        checked = check(REGISTRY[kind], fields)
        known = {name: value for name, value in checked.items() if value is not None}
        held[record] = held.get(record, {}) | known
        return record

    def stage(self, today: str = TODAY) -> Stage:
        return case_status(self.facts, today=today).stage


ROUTE = b"r" * 16
PLACE = b"p" * 16


def test_a_whole_journey() -> None:
    story = Story()
    assert story.stage() is Stage.ASKED
    story.add("credibility_assessment", judgement="credible", reasons="Checked.", judged=on("2017-04-05"))
    assert story.stage() is Stage.CHECKED
    story.add("evacuation", evacuated=on("2017-04-07"))
    story.add("stay", place=PLACE, begins=on("2017-04-07"))
    assert story.stage() is Stage.NEEDS_ROUTE
    assert case_status(story.facts, today=TODAY).needs_route
    first = story.add("application", route=ROUTE, filed=on("2017-04-20"))
    assert story.stage() is Stage.APPLIED
    story.add("decision", application=first, outcome="refused", decided=on("2017-05-02"), reason="No reason given.")
    refused = case_status(story.facts, today=TODAY)
    assert (refused.stage, refused.needs_route, refused.refused, refused.pending) == (Stage.REFUSED, True, 1, 0)
    second = story.add("application", route=ROUTE, filed=on("2017-05-04"))
    assert story.stage() is Stage.APPLIED
    story.add("decision", application=second, outcome="granted", decided=on("2017-05-15"))
    granted = case_status(story.facts, today=TODAY)
    assert (granted.stage, granted.granted, granted.in_hiding, granted.needs_route) == (
        Stage.GRANTED,
        True,
        True,
        False,
    )
    journey = story.add("journey", purpose="abroad", application=second)
    leg = story.add("leg", journey=journey, departs=at(9))
    assert story.stage() is Stage.GRANTED
    story.add("leg", leg, outcome="done")
    assert story.stage() is Stage.TRAVELLING
    arrival = story.add("arrival", journey=journey, country="LT", arrived=on("2017-05-26"))
    assert story.stage() is Stage.TRAVELLING
    story.add("arrival", arrival, confirmed=True)
    arrived = case_status(story.facts, today="2017-05-27")
    assert (arrived.stage, arrived.abroad, arrived.in_hiding, arrived.evacuated) == (Stage.ARRIVED, True, False, True)
    closure = story.add("closure", reason="arrived_safe", closed=on("2017-09-01"))
    assert story.stage("2017-09-02") is Stage.CLOSED
    assert case_status(story.facts, today="2017-09-02").closed is ClosureReason.ARRIVED_SAFE
    story.add("closure", closure, reopened=on("2017-10-01"))
    assert story.stage("2017-10-02") is Stage.ARRIVED


def test_hidden_before_the_checks_are_done() -> None:
    story = Story()
    story.add("evacuation", evacuated=on("2017-04-07"))
    assert story.stage() is Stage.HIDDEN


def test_a_stay_counts_from_its_first_night_until_its_end() -> None:
    story = Story()
    story.add("stay", place=PLACE, begins=on("2017-05-17"), ends=on("2017-05-20"))
    nights = {day: case_status(story.facts, today=day).staying for day in ("2017-05-16", "2017-05-17", "2017-05-19")}
    assert nights == {"2017-05-16": False, "2017-05-17": True, "2017-05-19": True}
    assert not case_status(story.facts, today="2017-05-20").staying


def test_a_discouraged_route_is_neither_applied_nor_refused() -> None:
    story = Story()
    story.add("evacuation", evacuated=on("2017-04-07"))
    story.add("discouragement", route=ROUTE, discouraged=on("2017-05-10"))
    found = case_status(story.facts, today=TODAY)
    assert (found.discouraged, found.applied, found.refused, found.needs_route) == (1, 0, 0, True)


def test_the_latest_decision_on_an_application_counts() -> None:
    story = Story()
    application = story.add("application", route=ROUTE, filed=on("2017-04-20"))
    story.add("decision", b"z" * 16, application=application, outcome="refused", decided=on("2017-05-02"))
    story.add("decision", b"a" * 16, application=application, outcome="granted", decided=on("2017-05-09"))
    assert story.stage() is Stage.GRANTED
    story.add("decision", b"b" * 16, application=application, outcome="lapsed", decided=on("2017-08-09"))
    assert story.stage() is Stage.ASKED
    assert case_status(story.facts, today=TODAY).pending == 0


def test_a_turn_back_ends_the_travelling() -> None:
    story = Story()
    story.add("evacuation", evacuated=on("2017-04-07"))
    application = story.add("application", route=ROUTE, filed=on("2017-04-20"))
    story.add("decision", application=application, outcome="granted", decided=on("2017-05-09"))
    journey = story.add("journey", purpose="abroad")
    story.add("leg", journey=journey, departs=at(1), outcome="done")
    assert story.stage() is Stage.TRAVELLING
    story.add("leg", journey=journey, departs=at(2), outcome="turned_back")
    assert story.stage() is Stage.GRANTED
    other = Story()
    trip = other.add("journey", purpose="to_safety")
    other.add("leg", journey=trip, departs=at(1), outcome="done")
    assert other.stage() is Stage.ASKED


def test_left_by_own_means_without_papers() -> None:
    story = Story()
    story.add("evacuation", evacuated=on("2017-04-07"))
    story.add("own_departure", departed=on("2017-05-01"), papers="without_papers")
    found = case_status(story.facts, today=TODAY)
    assert (found.stage, found.left_without_papers, found.in_hiding) == (Stage.LEFT, True, False)
    assert found.evacuated
    assert not found.abroad


def test_a_closure_names_its_reason() -> None:
    story = Story()
    story.add("closure", reason="lost_contact", closed=on("2017-05-01"))
    assert case_status(story.facts, today=TODAY).closed is ClosureReason.LOST_CONTACT


def test_not_credible_is_not_verified() -> None:
    story = Story()
    story.add("credibility_assessment", judgement="not_credible", reasons="x", judged=on("2017-04-05"))
    assert story.stage() is Stage.ASKED
    story.add("credibility_assessment", judgement="credible_with_gaps", reasons="x", judged=on("2017-04-09"))
    assert story.stage() is Stage.CHECKED


def test_where_a_request_stands() -> None:
    story = Story()
    request: dict[str, Any] = {}
    assert request_stage(request, story.facts) is RequestStage.NEW
    request["taken_by"] = b"m" * 16
    assert request_stage(request, story.facts) is RequestStage.IN_CHECK
    story.add("credibility_assessment", judgement="credible", reasons="x", judged=on("2017-04-05"))
    assert request_stage(request, story.facts) is RequestStage.CHECKED
    request["outcome"] = "referred"
    assert request_stage(request, story.facts) is RequestStage.ENDED
    request["accepted_as"] = b"c" * 16
    assert request_stage(request, story.facts) is RequestStage.ACCEPTED


def test_a_missed_check_in() -> None:
    due = at(0)
    assert not check_in_missed({"due": due}, now_ms=due.ms)
    assert check_in_missed({"due": due}, now_ms=Millis(due.ms + 1))
    assert not check_in_missed({"due": due, "done": at(1)}, now_ms=Millis(due.ms + 1))
    assert not check_in_missed({}, now_ms=due.ms)


kinds = "credibility_assessment evacuation stay application decision discouragement journey leg arrival closure".split()
values: st.SearchStrategy[Value] = st.sampled_from(
    ["granted", "refused", "done", "abroad", True, on("2017-05-01"), on("2017-06-01"), b"\x01" * 16, b"\x02" * 16, 7]
)
names = st.sampled_from(
    "judgement judged begins ends application outcome decided purpose journey confirmed reason closed".split()
)
facts: st.SearchStrategy[Facts] = st.dictionaries(
    st.sampled_from(kinds),
    st.dictionaries(
        st.sampled_from([b"\x01" * 16, b"\x02" * 16]), st.dictionaries(names, values, max_size=4), max_size=2
    ),
    max_size=6,
)


@given(facts=facts)
def test_any_records_have_one_stage_whatever_their_order(facts: Facts) -> None:
    found = case_status(facts, today=TODAY)
    turned = {kind: dict(reversed(list(records.items()))) for kind, records in reversed(list(facts.items()))}
    assert case_status(turned, today=TODAY) == found
    assert not (found.in_hiding and (found.abroad or found.closed))
    assert not (found.needs_route and (found.pending or found.granted))


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_a_label(stage: Stage) -> None:
    assert stage.label != stage.value
