"""The lists of cases and requests: every filter, every order, every page, and nothing of them in a key."""

import pytest
from tests.office.kit import accepted, added, asked, at, day, done, route

from waystation.clock import DAY_MS
from waystation.errors import BadInput
from waystation.ids import FolderId, from_text
from waystation.office import casework, intake
from waystation.office.desk import Desk
from waystation.office.undo import undo
from waystation.records import Moment
from waystation.views import cases, requests
from waystation.views.cases import CaseFilter
from waystation.views.requests import RequestFilter


def walked(desk: Desk, which: CaseFilter, limit: int = 2) -> list[FolderId]:
    """The folders of all pages."""
    found: list[FolderId] = []
    after: str | None = None
    while True:
        page = cases.cases(desk.reader, which, after=after, limit=limit)
        found += [row.folder for row in page.rows]
        after = page.next
        if after is None:
            return found


def only(desk: Desk, **which: object) -> list[FolderId]:
    chosen = CaseFilter(**which)  # type: ignore[arg-type]  # each test names fields of the filter
    found = walked(desk, chosen)
    assert cases.count(desk.reader, chosen) == len(found)
    return found


@pytest.fixture
def three(desk: Desk) -> tuple[FolderId, FolderId, FolderId]:
    """Cases that differ in everything that a list can be asked for."""
    first = accepted(desk, code_name="Juniper Kettle", region="Grozny", opened=day("2017-04-01"))
    second = accepted(desk, code_name="Copper Meadow", region="Argun", opened=day("2017-05-01"))
    third = accepted(desk, code_name="Velvet Harbour")
    assess = {"reasons": "As told.", "review": day("2017-05-20")}
    added(desk, first, "risk_assessment", level="extreme", timeframe="now", deadline=day("2017-05-26"), **assess)
    added(desk, second, "risk_assessment", level="low", timeframe="weeks", **assess)
    added(desk, second, "application", route=route(desk, destination="LT"), filed=day("2017-05-02"))
    added(desk, third, "person", given_name="Zara", role="in_case")
    done(desk, casework.amend(desk, third, "case", third, {"caseworker": None}))
    added(desk, first, "check_in", due=at(desk, 1))
    return first, second, third


def test_each_filter_finds_what_it_says(desk: Desk, three: tuple[FolderId, FolderId, FolderId]) -> None:
    first, second, third = three
    assert only(desk, level="extreme") == [first]
    assert only(desk, timeframe="weeks") == [second]
    assert only(desk, region="Grozny") == [first]
    assert only(desk, caseworker=b"") == [third]
    assert set(only(desk, caseworker=bytes(desk.member))) == {first, second}
    assert only(desk, country="LT") == [second]
    assert only(desk, country="DE") == []
    assert only(desk, route=cases.cases(desk.reader, CaseFilter(country="LT")).rows[0].route) == [second]
    assert only(desk, stage="applied") == [second]
    assert only(desk, opened_from="2017-04-15", opened_to="2017-05-01") == [second]
    assert only(desk, text="Kettle", level="extreme") == [first]
    assert only(desk, text="Kettle", level="low") == []
    assert only(desk, silent=True) == []
    assert only(desk, unsettled=True) == []
    assert cases.regions(desk.reader) == ("Argun", "Grozny")


def test_a_missed_check_in_is_silence(desk: Desk, three: tuple[FolderId, FolderId, FolderId]) -> None:
    desk.reader.now_ms = lambda: at(desk, 2).ms  # type: ignore[method-assign]  # time passes
    assert only(desk, silent=True) == [three[0]]


@pytest.mark.parametrize("sort", sorted(cases.sorts()))
@pytest.mark.parametrize("descending", [False, True])
def test_every_order_shows_every_case_once(
    desk: Desk, three: tuple[FolderId, FolderId, FolderId], sort: str, descending: bool
) -> None:
    found = walked(desk, CaseFilter(sort=sort, descending=descending), limit=1)
    assert sorted(found) == sorted(three)
    assert walked(desk, CaseFilter(sort=sort, descending=descending), limit=3) == found


def test_what_is_not_known_comes_last(desk: Desk, three: tuple[FolderId, FolderId, FolderId]) -> None:
    first, second, third = three
    assert walked(desk, CaseFilter(sort="region")) == [second, first, third]
    assert walked(desk, CaseFilter(sort="region", descending=True)) == [first, second, third]
    assert walked(desk, CaseFilter(sort="caseworker"))[-1] == third
    assert walked(desk, CaseFilter(sort="route"))[0] == second
    assert walked(desk, CaseFilter(sort="changed", descending=True))[0] == first


def test_the_key_of_a_page_is_an_id_and_nothing_else(desk: Desk, three: tuple[FolderId, FolderId, FolderId]) -> None:
    page = cases.cases(desk.reader, CaseFilter(sort="region"), limit=1)
    assert page.next is not None
    assert from_text(page.next) == page.rows[0].folder
    for key in ("", "nothing", "a" * 26, "A\x00"):
        with pytest.raises(BadInput):
            cases.cases(desk.reader, after=key)


def test_requests_are_filtered(desk: Desk) -> None:
    now = desk.now_ms()
    first = asked(desk, code_name="Slow Thimble", channel="messenger", language="ru", level="high", timeframe="days")
    second = asked(desk, code_name="Velvet Harbour", channel="email", received=Moment(now - 3 * DAY_MS, "UTC"))
    done(desk, intake.take_on(desk, first))

    def found(**which: object) -> list[FolderId]:
        chosen = RequestFilter(**which)  # type: ignore[arg-type]  # each line names fields of the filter
        rows = requests.requests(desk.reader, chosen).rows
        assert requests.count(desk.reader, chosen) == len(rows)
        return [row.folder for row in rows]

    assert found() == [first, second]
    assert found(channel="messenger") == [first]
    assert found(language="ru") == [first]
    assert found(taken_by=bytes(desk.member)) == [first]
    assert found(taken_by=b"") == [second]
    assert found(received_before=now - DAY_MS) == [second]
    assert found(received_from=now - DAY_MS) == [first]
    assert found(level="high", timeframe="days") == [first]
    assert found(text="Thimble", channel="email") == []
    assert found(stage="ended") == []
    page = requests.requests(desk.reader, limit=1)
    assert [row.folder for row in requests.requests(desk.reader, after=page.next).rows] == [second]


def test_what_is_struck_out_stands_in_no_list(desk: Desk) -> None:
    kept = asked(desk)
    save = intake.take_down(desk, {"code_name": "Slow Thimble"})
    made = desk.save(save).save
    assert len(requests.requests(desk.reader).rows) == 2
    desk.save(undo(desk, (made,)))
    assert [row.folder for row in requests.requests(desk.reader).rows] == [kept]
    assert requests.stage_counts(desk.reader) == {"new": 1}
    assert requests.requests(desk.reader, RequestFilter(text="Thimble")).rows == ()
