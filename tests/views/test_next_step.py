"""The next steps of a case: each from the dates that call for it, the most urgent first, gone when it is dealt with."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, at, day, done, route

from waystation.clock import DAY_MS, HOUR_MS
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import casework, outside, shelter
from waystation.office.desk import Desk
from waystation.records import Day, Many, Value
from waystation.views.case import CaseView, case
from waystation.views.dates import WORDS


def seen(desk: Desk, folder: FolderId) -> CaseView:
    view = case(desk.reader, folder)
    assert view is not None
    return view


def codes(desk: Desk, folder: FolderId) -> list[str]:
    view = seen(desk, folder)
    return [view.next_step.code, *(one.code for one in view.then)]


def dated(desk: Desk, folder: FolderId) -> dict[str, bool]:
    """What is dated → whether it is overdue, in the order of the page."""
    return {one.what: one.overdue for one in seen(desk, folder).dates}


@pytest.fixture
def unassessed(desk: Desk) -> FolderId:
    """A checked case with a plan and a consent."""
    folder = accepted(desk, case_plan="Out by June.")
    added(desk, folder, "consent", scope=Many.of(["contact"]), with_others="helpers")
    return folder


@pytest.fixture
def folder(desk: Desk, unassessed: FolderId) -> FolderId:
    """The same, assessed: nothing but a place is missing."""
    assessed(desk, unassessed)
    return unassessed


def assessed(desk: Desk, folder: FolderId, review: str = "2017-06-20", **more: Day) -> None:
    fields: dict[str, Value | None] = {
        "level": "high",
        "timeframe": "days",
        "reasons": "Police.",
        "review": day(review),
        **more,
    }
    added(desk, folder, "risk_assessment", **fields)


def place(desk: Desk) -> RecordId:
    return RecordId(casework.opened(done(desk, shelter.open_place(desk, {"beds": 4, "opened": day("2017-01-01")}))))


def test_what_is_missing_is_asked_for_in_order(desk: Desk) -> None:
    folder = accepted(desk)
    assert codes(desk, folder) == ["assess", "consent", "hide", "plan"]
    assert not seen(desk, folder).next_step.calm
    assessed(desk, folder)
    added(desk, folder, "consent", scope=Many.of(["contact"]), valid_until=day("2017-05-16"), given=day("2017-05-01"))
    assert codes(desk, folder) == ["consent", "hide", "plan"]


def test_a_check_in_is_spoken_of_before_it_is_missed(desk: Desk, folder: FolderId, clock: HeldClock) -> None:
    check_in = added(desk, folder, "check_in", due=at(desk, 1))
    assert codes(desk, folder) == ["hide"]
    clock.at_ms += DAY_MS - 2 * HOUR_MS
    assert codes(desk, folder) == ["check_in_soon", "hide"]
    clock.at_ms += 3 * HOUR_MS
    assert codes(desk, folder)[0] == "check_in_missed"
    assert seen(desk, folder).next_step.record == check_in
    assert dated(desk, folder)["check_in"]
    done(desk, casework.note_check_in(desk, folder, check_in, {"condition": "well"}))
    assert codes(desk, folder) == ["hide"]
    assert "check_in" not in dated(desk, folder)


@pytest.mark.parametrize(
    ("until", "kind"), [("2017-05-20", "stay"), ("2017-05-21", None), ("2017-05-16", "risk_assessment")]
)
def test_a_deadline_is_near_or_over(desk: Desk, unassessed: FolderId, until: str, kind: str | None) -> None:
    folder = unassessed
    assessed(desk, folder, deadline=day(until), assessed=day("2017-05-01"))
    assert codes(desk, folder) == (["deadline", "hide"] if kind else ["hide"])
    if kind:
        assert (seen(desk, folder).next_step.kind, seen(desk, folder).next_step.day) == (kind, until)


def test_whoever_is_sheltered_needs_only_a_call_before_the_deadline(desk: Desk, unassessed: FolderId) -> None:
    folder = unassessed
    assessed(desk, folder, deadline=day("2017-05-19"))
    added(desk, folder, "evacuation", evacuated=day("2017-05-10"))
    assert (seen(desk, folder).next_step.code, seen(desk, folder).next_step.kind) == ("deadline", "check_in")
    added(desk, folder, "check_in", due=at(desk, 1))
    assert codes(desk, folder) == ["find_route"]


def test_the_risk_is_looked_at_on_the_day_of_its_review(desk: Desk, unassessed: FolderId, clock: HeldClock) -> None:
    folder = unassessed
    assessed(desk, folder, review="2017-05-18")
    assert codes(desk, folder) == ["hide"]
    clock.at_ms += DAY_MS
    assert codes(desk, folder) == ["review", "hide"]


def test_a_stay_that_ends(desk: Desk, folder: FolderId, clock: HeldClock) -> None:
    house = place(desk)
    added(desk, folder, "stay", place=house, begins=day("2017-05-10"), ends=day("2017-05-20"))
    assert codes(desk, folder)[0] == "stay_ends"
    assert [one.code for one in seen(desk, folder).whereabouts] == ["place"]
    clock.at_ms += 4 * DAY_MS
    desk.turn()
    assert codes(desk, folder)[0] == "hide"
    assert [one.code for one in seen(desk, folder).whereabouts] == ["danger"]
    added(desk, folder, "stay", place=house, begins=day("2017-05-21"))
    assert codes(desk, folder) == ["find_route"]


def test_an_application_that_takes_too_long(desk: Desk, folder: FolderId) -> None:
    added(desk, folder, "evacuation")
    added(desk, folder, "application", route=route(desk, lead_days=10), filed=day("2017-05-08"))
    assert codes(desk, folder) == ["decision"]
    assert seen(desk, folder).next_step.calm
    added(desk, folder, "application", route=route(desk, lead_days=10), filed=day("2017-05-06"))
    assert codes(desk, folder) == ["decision_late", "decision"]
    assert seen(desk, folder).next_step.day == "2017-05-16"
    added(desk, folder, "application", route=route(desk), filed=day("2017-05-08"), expected=day("2017-05-15"))
    assert seen(desk, folder).next_step.day == "2017-05-15"
    assert dated(desk, folder)["expected"]


def test_the_last_day_of_an_appeal(desk: Desk, folder: FolderId, clock: HeldClock) -> None:
    added(desk, folder, "evacuation")
    filed = added(desk, folder, "application", route=route(desk), filed=day("2017-05-01"))
    added(
        desk,
        folder,
        "decision",
        application=filed,
        outcome="refused",
        reason="No ties.",
        decided=day("2017-05-10"),
        appeal_until=day("2017-05-24"),
    )
    assert codes(desk, folder) == ["appeal", "find_route"]
    assert dated(desk, folder)["appeal"] is False
    clock.at_ms += 8 * DAY_MS
    assert codes(desk, folder) == ["find_route"]


def granted(desk: Desk, folder: FolderId, until: str) -> RecordId:
    filed = added(desk, folder, "application", route=route(desk), filed=day("2017-05-01"))
    added(
        desk,
        folder,
        "decision",
        application=filed,
        outcome="granted",
        decided=day("2017-05-10"),
        valid_until=day(until),
    )
    return filed


@pytest.mark.parametrize(
    ("until", "kind"), [("2017-07-01", None), ("2017-06-01", "journey"), ("2017-05-15", "application")]
)
def test_a_grant_that_runs_out(desk: Desk, folder: FolderId, until: str, kind: str | None) -> None:
    granted(desk, folder, until)
    assert codes(desk, folder) == (["grant_ends", "journey"] if kind else ["journey"])
    assert seen(desk, folder).next_step.kind == (kind or "journey")


def test_the_day_before_a_journey_and_the_day_after(desk: Desk, folder: FolderId, clock: HeldClock) -> None:
    granted(desk, folder, "2017-12-01")
    journey = added(desk, folder, "journey", purpose="abroad", planned=day("2017-05-18"))
    assert codes(desk, folder) == ["travel_soon", "legs"]
    leg = added(desk, folder, "leg", journey=journey, departs=at(desk, 2.5))
    assert codes(desk, folder) == ["leg_noted"]
    clock.at_ms += 2 * DAY_MS
    assert codes(desk, folder) == ["travel_soon", "leg_noted"]
    clock.at_ms += DAY_MS
    assert codes(desk, folder)[0] == "leg_over"
    assert seen(desk, folder).next_step.record == leg


def test_on_the_way_and_after(desk: Desk, folder: FolderId, clock: HeldClock) -> None:
    granted(desk, folder, "2017-12-01")
    journey = added(desk, folder, "journey", purpose="abroad")
    added(desk, folder, "leg", journey=journey, outcome="done", departs=at(desk, 0))
    assert codes(desk, folder) == ["arrival"]
    assert [one.code for one in seen(desk, folder).whereabouts] == ["travelling"]
    arrival = added(desk, folder, "arrival", journey=journey, country="LT")
    assert codes(desk, folder) == ["confirm"]
    done(desk, casework.amend(desk, folder, "arrival", arrival, {"confirmed": True}))
    assert codes(desk, folder) == ["follow_up"]
    assert seen(desk, folder).next_step.calm
    added(desk, folder, "follow_up", condition="strained", next_look=day("2017-05-25"))
    assert (codes(desk, folder), seen(desk, folder).next_step.calm) == (["follow_up"], True)
    clock.at_ms += 9 * DAY_MS
    assert (codes(desk, folder), seen(desk, folder).next_step.calm) == (["follow_up"], False)
    added(desk, folder, "follow_up", condition="well")
    assert codes(desk, folder) == ["close"]


def test_an_expired_slip_is_not_forgotten_even_when_the_case_is_closed(
    desk: Desk, folder: FolderId, clock: HeldClock
) -> None:
    office = helper_of(desk)
    save = done(desk, outside.give_slip(desk, folder, {
        "helper": office, "shown_as": "Amber Sleeve", "meeting_point": "Under the clock", "phrase": "Is it free?",
        "meets": at(desk, 1),
    }, {"what": "The slip."}))  # fmt: skip
    assert codes(desk, folder) == ["hide"]
    assert dated(desk, folder) == {"slip": False, "review": False}
    clock.at_ms += 3 * DAY_MS
    assert codes(desk, folder) == ["slip", "hide"]
    done(desk, casework.close(desk, folder, {"reason": "withdrew"}))
    assert codes(desk, folder) == ["slip", "none"]
    done(desk, outside.destroyed(desk, folder, save.writes[0].record))
    assert codes(desk, folder) == ["none"]
    assert dated(desk, folder) == {}


def helper_of(desk: Desk) -> RecordId:
    return added(desk, desk.folder(FolderType.OFFICE), "helper", code_name="Plain Otter", type=Many.of(["driver"]))


def test_every_date_has_its_words(desk: Desk, unassessed: FolderId) -> None:
    folder = unassessed
    house = place(desk)
    person = next(iter(desk.tables.facts(folder, frozenset(("person",)))["person"]))
    added(desk, folder, "stay", place=house, begins=day("2017-05-10"), ends=day("2017-06-01"))
    added(desk, folder, "identity_document", person=person, type="passport", expires=day("2017-07-01"))
    added(desk, folder, "identity_document", person=person, type="national_id", expires=day("2027-07-01"))
    added(desk, folder, "task", title="Ask", due=at(desk, 1))
    assessed(desk, folder, deadline=day("2017-05-30"))
    added(desk, folder, "task", title="Whenever there is time")
    assert seen(desk, folder).dates[-1].day == ""
    found = dated(desk, folder)
    assert list(found) == ["task", "deadline", "stay_ends", "review", "papers_end"]
    assert found.keys() <= WORDS.keys()
