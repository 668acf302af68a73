"""Mine before others', nothing of mine crowded out, and whose clock it is."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done

from waystation.clock import DAY_MS
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import intake
from waystation.office.casework import amend
from waystation.office.desk import Desk
from waystation.views import today as views
from waystation.views.today import today


def colleague(desk: Desk) -> RecordId:
    return added(desk, desk.folder(FolderType.OFFICE), "member", display_name="Rook")


def assessed(desk: Desk, folder: FolderId, level: str, review: str = "2017-05-20") -> None:
    added(desk, folder, "risk_assessment", level=level, timeframe="weeks", reasons="Police.", review=day(review))


def test_whose_work_it_is(desk: Desk) -> None:
    other = colleague(desk)
    mine, theirs = accepted(desk), accepted(desk, caseworker=other)
    taken, waiting = asked(desk, level="low"), asked(desk, level="low")
    done(desk, intake.take_on(desk, taken))
    assessed(desk, mine, "low")
    assessed(desk, theirs, "high")
    page = today(desk.reader, member=desk.member)
    assert [one.folder for one in page.danger][:1] == [theirs]
    assert {one.folder for one in page.danger if one.mine} == {mine, taken}
    only = today(desk.reader, member=desk.member, only_mine=True)
    assert {one.folder for one in only.danger} == {mine, taken}
    assert waiting in {one.folder for one in page.danger}
    assert not any(one.mine for one in today(desk.reader).danger)


def test_nothing_of_mine_is_crowded_out(desk: Desk, clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "CANDIDATES", 2)
    other = colleague(desk)
    mine = accepted(desk)
    assessed(desk, mine, "low", "2017-05-23")
    added(desk, mine, "check_in", due=at(desk, 6))
    added(desk, mine, "task", title="Mine", due=at(desk, 6))
    for _ in range(4):
        folder = accepted(desk, caseworker=other)
        assessed(desk, folder, "extreme", "2017-05-18")
        added(desk, folder, "check_in", due=at(desk, 0.5))
        added(desk, folder, "task", title="Theirs", due=at(desk, 0.5), assignee=other)
    page = today(desk.reader, member=desk.member, limit=3)
    assert [one.folder for one in page.danger if one.mine] == [mine]
    assert sorted(one.what for one in page.due if one.mine) == ["check_in", "review", "task"]
    clock.at_ms += DAY_MS
    page = today(desk.reader, member=desk.member, only_mine=True)
    assert (page.missed, page.others_missed) == ((), 2)
    assert {one.title for one in page.due if one.what == "task"} == {"Mine"}


def test_mine_stands_before_others_on_one_day(desk: Desk) -> None:
    other = colleague(desk)
    added(desk, accepted(desk, caseworker=other), "task", title="Theirs", due=at(desk, 1), assignee=other)
    added(desk, accepted(desk), "task", title="Mine, later that day", due=at(desk, 1.1))
    assert [one.title for one in today(desk.reader, member=desk.member).due] == ["Mine, later that day", "Theirs"]


def test_the_gravest_silence_comes_first(desk: Desk, clock: HeldClock) -> None:
    calm, grave = accepted(desk), accepted(desk)
    assessed(desk, calm, "low")
    assessed(desk, grave, "extreme")
    added(desk, calm, "check_in", due=at(desk, 0.1))
    added(desk, grave, "check_in", due=at(desk, 0.2))
    clock.at_ms += DAY_MS
    missed = today(desk.reader).missed
    assert [one.folder for one in missed] == [grave, calm]
    assert (missed[0].level, missed[0].timeframe) == ("extreme", "weeks")


def test_where_they_are_it_is_another_time(desk: Desk) -> None:
    there, unknown = accepted(desk), accepted(desk)
    done(desk, amend(desk, there, "case", there, {"time_zone": "Asia/Tbilisi"}))
    waiting = asked(desk, present_country="GE", level="high")
    zones = {one.folder: one.their_zone for one in today(desk.reader).danger}
    assert zones == {there: "Asia/Tbilisi", unknown: "", waiting: "Asia/Tbilisi"}


def test_a_new_book_says_that_nobody_has_asked(desk: Desk) -> None:
    assert not today(desk.reader).begun
    asked(desk)
    assert today(desk.reader).begun
