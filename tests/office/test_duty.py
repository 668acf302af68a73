"""Duty: planned by night, handed over in one step, with its gaps told."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import added, day, done, problems

from waystation.clock import HOUR_MS, Millis
from waystation.errors import BadInput
from waystation.ids import FolderType, RecordId
from waystation.office import duty
from waystation.office.casework import amend
from waystation.office.desk import Desk
from waystation.records import Moment
from waystation.views.duty import between, nights, tonight

ZONE = "Europe/Vilnius"
"""Noon UTC of the held clock is 15:00 there."""


def hours(desk: Desk, first: float, last: float) -> tuple[Moment, Moment]:
    """From so many hours after now until so many."""
    begins, ends = (Moment(Millis(int(desk.now_ms() + n * HOUR_MS)), ZONE) for n in (first, last))
    return begins, ends


@pytest.fixture
def other(desk: Desk) -> RecordId:
    """A second member."""
    return added(desk, desk.folder(FolderType.OFFICE), "member", display_name="Rook")


def test_a_book_begins_with_nobody_on_duty(desk: Desk) -> None:
    found = tonight(desk.reader, ZONE)
    assert (found.now, found.next, found.night.day, found.night.shifts) == ((), None, "2017-05-17", ())
    assert found.night.gaps == ((found.night.begins_ms, found.night.ends_ms),)
    assert found.night.ends_ms - found.night.begins_ms == 12 * HOUR_MS


def test_a_night_is_filled_and_only_its_gap_is_left(desk: Desk, other: RecordId) -> None:
    done(desk, duty.plan(desk, desk.member, *hours(desk, 6, 9)))
    found = tonight(desk.reader, ZONE).night
    first, last = hours(desk, 6, 9)
    assert found.gaps == ((found.begins_ms, first.ms), (last.ms, found.ends_ms))
    done(desk, duty.plan_nights(desk, other, ["2017-05-17"]))
    full = tonight(desk.reader, ZONE).night
    assert full.gaps == ()
    assert [one.name for one in full.shifts] == ["Rook", "Wren", "Rook"]


def test_after_midnight_it_is_still_the_night_before(desk: Desk, clock: HeldClock) -> None:
    done(desk, duty.plan_nights(desk, desk.member, ["2017-05-17"]))
    clock.at_ms += 12 * HOUR_MS
    found = tonight(desk.reader, ZONE)
    assert ([one.name for one in found.now], found.night.day, found.night.gaps) == (["Wren"], "2017-05-17", ())
    clock.at_ms += 5 * HOUR_MS
    assert tonight(desk.reader, ZONE).night.day == "2017-05-18"


def test_two_weeks_show_what_is_bare(desk: Desk) -> None:
    done(desk, duty.plan_nights(desk, desk.member, ["2017-05-18", "2017-05-20", "2017-05-18"]))
    found = nights(desk.reader, ZONE, "2017-05-17", 14)
    assert [night.day for night in found if not night.gaps] == ["2017-05-18", "2017-05-20"]
    assert len(found) == 14


def test_the_running_duty_is_handed_over_until_it_would_have_ended(desk: Desk, other: RecordId) -> None:
    done(desk, duty.plan(desk, desk.member, *hours(desk, 0, 10)))
    done(desk, duty.hand_over(desk, other))
    now = desk.now_ms()
    (shift,) = tonight(desk.reader, ZONE).now
    assert (shift.name, shift.begins_ms, shift.ends_ms) == ("Rook", now, now + 10 * HOUR_MS)
    done(desk, duty.hand_over(desk, desk.member))
    assert [one.name for one in tonight(desk.reader, ZONE).now] == ["Wren"]


def test_a_duty_that_runs_for_a_while_is_cut_where_it_is_handed_over(
    desk: Desk, other: RecordId, clock: HeldClock
) -> None:
    done(desk, duty.plan(desk, desk.member, *hours(desk, 0, 10)))
    clock.at_ms += 4 * HOUR_MS
    done(desk, duty.hand_over(desk, other))
    found = between(desk.reader, desk.now_ms() - HOUR_MS, desk.now_ms() + HOUR_MS)
    assert [(one.name, (one.ends_ms - one.begins_ms) // HOUR_MS) for one in found] == [("Wren", 4), ("Rook", 6)]


def test_a_duty_that_has_not_begun_goes_over_whole(desk: Desk, other: RecordId) -> None:
    save = done(desk, duty.plan_nights(desk, desk.member, ["2017-05-17"]))
    done(desk, duty.hand_over(desk, other, save.writes[0].record))
    found = tonight(desk.reader, ZONE).night
    assert ([one.name for one in found.shifts], found.gaps) == (["Rook"], ())


def test_where_nobody_was_on_duty_somebody_is_until_morning_or_the_next_shift(desk: Desk, other: RecordId) -> None:
    done(desk, duty.hand_over(desk, other))
    found = tonight(desk.reader, ZONE)
    assert found.now[0].ends_ms == found.night.ends_ms
    later = desk.now_ms() + 20 * HOUR_MS
    assert between(desk.reader, later, later + 1) == ()


def test_whoever_fills_in_stops_where_the_next_shift_begins(desk: Desk, other: RecordId) -> None:
    done(desk, duty.plan(desk, desk.member, *hours(desk, 6, 17)))
    done(desk, duty.hand_over(desk, other))
    first, second = between(desk.reader, desk.now_ms(), 1 << 60)
    assert (first.name, second.name, first.ends_ms) == ("Rook", "Wren", second.begins_ms)


def test_what_is_refused(desk: Desk, other: RecordId) -> None:
    def refused(*given: object, **more: object) -> dict[str, str]:
        with pytest.raises(BadInput) as found:
            done(desk, duty.plan(desk, *given, **more))
        return problems(found)

    assert refused(other, *reversed(hours(desk, 1, 2))) == {"ends": "before"}
    assert refused(other, *hours(desk, 1, 1)) == {"ends": "before"}
    assert refused(other, *hours(desk, 1, 24 * 40)) == {"ends": "too_long"}
    done(desk, duty.plan(desk, other, *hours(desk, 1, 3)))
    assert refused(other, *hours(desk, 2, 5)) == {"begins": "twice"}
    done(desk, duty.plan(desk, other, *hours(desk, 3, 5)))
    done(desk, duty.plan(desk, desk.member, *hours(desk, 2, 5)))
    done(desk, amend(desk, desk.folder(FolderType.OFFICE), "member", other, {"departed": day("2017-05-17")}))
    assert refused(other, *hours(desk, 8, 9)) == {"member": "departed"}
    assert refused(b"\x01" * 16, *hours(desk, 8, 9)) == {"member": "bad_link"}


def test_nights_that_are_refused(desk: Desk) -> None:
    for days, code in (([], "required"), (["2017-05-15"], "over")):
        with pytest.raises(BadInput) as refused:
            duty.plan_nights(desk, desk.member, days)
        assert problems(refused) == {"night": code}
    done(desk, duty.hand_over(desk, desk.member))
    with pytest.raises(BadInput) as refused:
        duty.hand_over(desk, desk.member)
    assert problems(refused) == {"member": "same"}
