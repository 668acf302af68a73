"""A sign of life in one press: the next check-in keeps the rhythm, by the clock on the wall where the person is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, done, problems, shown

from waystation.clock import HOUR_MS, Millis
from waystation.errors import BadInput
from waystation.ids import FolderId, RecordId
from waystation.office import signs
from waystation.office.casework import note_check_in
from waystation.office.desk import Desk
from waystation.records import Moment

ZONE = "Europe/Vilnius"


def wall(text: str, zone: str = ZONE) -> Moment:
    """A moment by the clock on the wall."""
    at = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return Moment(Millis(int(at.timestamp()) * 1000), zone)


def told(moment: Moment | None) -> str | None:
    return f"{moment.local():%Y-%m-%d %H:%M}" if moment else None


def set_to(clock: HeldClock, text: str) -> None:
    clock.at_ms = wall(text).ms


def open_ones(desk: Desk, folder: FolderId) -> list[str]:
    """When the open check-ins are due."""
    found = desk.tables.facts(folder, frozenset(("check_in",)))["check_in"].values()
    due = [one["due"] for one in found if "done" not in one]
    return sorted(told(moment) or "" for moment in due if isinstance(moment, Moment))


@pytest.fixture
def daily(desk: Desk, clock: HeldClock) -> tuple[FolderId, RecordId]:
    """A case whose last check-in was yesterday at 20:00, and the one of today at 20:00."""
    folder = accepted(desk)
    set_to(clock, "2017-05-15 12:00")
    first = added(desk, folder, "check_in", due=wall("2017-05-16 20:00"), agreed_words="the kettle is cold")
    set_to(clock, "2017-05-16 20:05")
    done(desk, note_check_in(desk, folder, first, {}, {"due": wall("2017-05-17 20:00")}))
    record = next(
        record
        for record, one in desk.tables.facts(folder, frozenset(("check_in",)))["check_in"].items()
        if "done" not in one
    )
    return folder, RecordId(record)


def test_heard_from_and_the_next_one_follows(desk: Desk, clock: HeldClock, daily: tuple[FolderId, RecordId]) -> None:
    folder, record = daily
    set_to(clock, "2017-05-17 19:50")
    save = done(desk, signs.heard_well(desk, folder, record))
    noted = shown(desk, folder, "check_in", record)
    assert (noted["condition"], noted["done"]) == ("well", wall("2017-05-17 19:50"))
    assert open_ones(desk, folder) == ["2017-05-18 20:00"]
    assert shown(desk, folder, "check_in", save.writes[1].record)["agreed_words"] == "the kettle is cold"


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2017-05-17 09:00", "2017-05-18 20:00"),
        ("2017-05-18 12:00", "2017-05-18 20:00"),
        ("2017-05-18 19:00", "2017-05-19 20:00"),
        ("2017-06-20 12:00", "2017-06-20 20:00"),
    ],
)
def test_the_next_one_lies_ahead_and_not_at_once(
    desk: Desk, clock: HeldClock, daily: tuple[FolderId, RecordId], now: str, due: str
) -> None:
    folder, record = daily
    set_to(clock, now)
    assert told(signs.next_due(desk, folder, record)) == due


def test_the_hour_on_the_wall_stays_when_the_clocks_change(desk: Desk, clock: HeldClock) -> None:
    folder = accepted(desk)
    set_to(clock, "2017-10-20 12:00")
    added(desk, folder, "check_in", due=wall("2017-10-27 20:00"))
    second = added(desk, folder, "check_in", due=wall("2017-10-28 20:00"))
    set_to(clock, "2017-10-28 20:05")
    assert told(signs.next_due(desk, folder, second)) == "2017-10-29 20:00"


def test_no_rhythm_plans_nothing(desk: Desk) -> None:
    folder = accepted(desk)
    only = added(desk, folder, "check_in", due=wall("2017-05-17 20:00"))
    assert signs.next_due(desk, folder, only) is None
    done(desk, signs.heard_well(desk, folder, only))
    assert open_ones(desk, folder) == []
    assert not signs.is_planned(desk, folder, only)
    due = signs.in_days(desk, folder, only, 2)
    assert told(due) == "2017-05-19 20:00"
    done(desk, signs.plan_next(desk, folder, only, due))
    assert open_ones(desk, folder) == ["2017-05-19 20:00"]
    with pytest.raises(BadInput) as refused:
        signs.plan_next(desk, folder, only, due)
    assert problems(refused) == {"": "planned"}


@pytest.mark.parametrize("before", ["2017-05-17 19:30", "2017-03-01 20:00"])
def test_two_that_only_follow_each_other_are_no_rhythm(desk: Desk, clock: HeldClock, before: str) -> None:
    folder = accepted(desk)
    set_to(clock, "2017-02-01 12:00")
    added(desk, folder, "check_in", due=wall(before))
    second = added(desk, folder, "check_in", due=wall("2017-05-17 20:00"))
    set_to(clock, "2017-05-17 20:01")
    assert signs.next_due(desk, folder, second) is None


def test_one_that_is_planned_already_is_enough(desk: Desk, clock: HeldClock, daily: tuple[FolderId, RecordId]) -> None:
    folder, record = daily
    added(desk, folder, "check_in", due=wall("2017-05-25 09:00"))
    set_to(clock, "2017-05-17 20:01")
    done(desk, signs.heard_well(desk, folder, record))
    assert open_ones(desk, folder) == ["2017-05-25 09:00"]


def test_it_is_not_noted_twice(desk: Desk, clock: HeldClock, daily: tuple[FolderId, RecordId]) -> None:
    folder, record = daily
    done(desk, signs.heard_well(desk, folder, record))
    with pytest.raises(BadInput) as refused:
        signs.heard_well(desk, folder, record)
    assert problems(refused) == {"": "noted"}


def test_another_persons_check_ins_are_another_rhythm(desk: Desk, clock: HeldClock) -> None:
    folder = accepted(desk)
    first = next(iter(desk.tables.facts(folder, frozenset(("person",)))["person"]))
    second = added(desk, folder, "person", role="in_case", relation="sibling")
    set_to(clock, "2017-05-15 12:00")
    added(desk, folder, "check_in", due=wall("2017-05-16 20:00"), person=first)
    theirs = added(desk, folder, "check_in", due=wall("2017-05-17 20:00"), person=second)
    assert signs.next_due(desk, folder, theirs) is None


def test_a_clock_far_away_counts_there(desk: Desk, clock: HeldClock) -> None:
    folder = accepted(desk)
    clock.at_ms = int(datetime(2017, 5, 1, tzinfo=UTC).timestamp()) * 1000
    there = "Asia/Vladivostok"
    added(desk, folder, "check_in", due=wall("2017-05-16 08:00", there))
    second = added(desk, folder, "check_in", due=wall("2017-05-17 08:00", there))
    clock.at_ms = wall("2017-05-17 08:30", there).ms + HOUR_MS
    due = signs.next_due(desk, folder, second)
    assert (told(due), due.zone if due else None) == ("2017-05-18 08:00", there)
