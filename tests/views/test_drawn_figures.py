"""What came of routes, how the work went week by week, and who is behind a number."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done, now, route

from waystation.clock import DAY_MS
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import casework, intake, journeys, shelter
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import Many, Money
from waystation.views import figures, money, routes, shown
from waystation.views.routes import RouteRow, Waits
from waystation.views.timeline import Only, timeline


def applied(desk: Desk, way: RecordId, filed: str, outcome: str = "", decided: str = "", reason: str = "") -> FolderId:
    """A case that tried a way."""
    case = accepted(desk)
    application = added(desk, case, "application", route=way, filed=day(filed))
    if outcome:
        given = {"reason": reason} if reason else {}
        added(desk, case, "decision", application=application, outcome=outcome, decided=day(decided), **given)
    return case


def row_of(desk: Desk, way: RecordId) -> RouteRow:
    return next(row for row in routes.routes(desk.reader) if row.shown.record == way)


def test_what_came_of_a_route(desk: Desk) -> None:
    way, other = route(desk, lead_days=9), route(desk, destination="CA", lead_days=4)
    applied(desk, way, "2017-04-01", "refused", "2017-04-11", "No ties.")
    applied(desk, way, "2017-04-02", "refused", "2017-04-22", "no  ties")
    applied(desk, way, "2017-04-03", "granted", "2017-05-03")
    applied(desk, way, "2017-04-04", "withdrawn", "2017-04-05")
    applied(desk, way, "2017-05-10")
    row = row_of(desk, way)
    assert (row.applied, row.pending, row.granted, row.refused, row.withdrawn, row.lapsed) == (5, 1, 1, 2, 1, 0)
    assert (row.waits.low, row.waits.median, row.waits.high, row.waits.count) == (10, 20, 30, 3)
    assert (row.tried, row.decided) == ("2017-05-10", "2017-05-03")
    assert row.lead_days == 9, "three answers say less than what somebody wrote down"
    assert row_of(desk, other).waits == Waits()
    assert [(reason.words, reason.count) for reason in routes.reasons(desk.reader, way)] == [("no ties", 2)]
    assert routes.route(desk.reader, row.shown) == row
    (answer,) = routes.answers(routes.routes(desk.reader))
    assert (answer.country, answer.refused, answer.granted) == ("LT", 2, 1)


def test_only_the_last_answer_counts(desk: Desk) -> None:
    way = route(desk)
    case = applied(desk, way, "2017-04-01", "refused", "2017-04-11", "None.")
    (application,) = desk.tables.facts(case)["application"]
    added(desk, case, "decision", application=application, outcome="granted", decided=day("2017-05-01"))
    row = row_of(desk, way)
    assert (row.applied, row.refused, row.granted, dict(row.waits.days)) == (1, 0, 1, {30: 1})
    assert routes.reasons(desk.reader, way) == ()


def test_who_set_out_and_arrived(desk: Desk) -> None:
    way = route(desk)
    case = applied(desk, way, "2017-04-01", "granted", "2017-04-11")
    (application,) = desk.tables.facts(case)["application"]
    trip = added(desk, case, "journey", purpose="abroad", application=application, planned=day("2017-05-05"))
    leg = added(desk, case, "leg", journey=trip, departs=at(desk, -5))
    assert row_of(desk, way).travelled == 0
    done(desk, journeys.note_leg(desk, case, leg, {"outcome": "done"}))
    assert (row_of(desk, way).travelled, row_of(desk, way).arrived) == (1, 0)
    added(desk, case, "arrival", journey=trip, country="LT", confirmed=True)
    assert (row_of(desk, way).travelled, row_of(desk, way).arrived) == (1, 1)


def test_who_tried_stands_on_pages(desk: Desk) -> None:
    way = route(desk)
    filed = ["2017-04-02", "2017-04-02", "2017-04-05"]
    cases = [applied(desk, way, one) for one in filed]
    found, after = [], None
    while True:
        page = routes.cases(desk.reader, way, after=after, limit=1)
        found += page.rows
        after = page.next
        if after is None:
            break
    assert [one.filed for one in found] == sorted(filed, reverse=True)
    assert {one.case for one in found} == set(cases)
    assert {one.outcome for one in found} == {""}


@pytest.mark.parametrize(
    ("days", "median"), [({3: 1}, 3), ({3: 1, 9: 1}, 3), ({3: 1, 4: 1, 9: 1}, 4), ({1: 1, 5: 4}, 5)]
)
def test_the_median_is_a_wait_that_was(days: dict[int, int], median: int) -> None:
    assert Waits(days).median == median


# ── Week by week ──


def hiding(desk: Desk, case: FolderId) -> int:
    """How many of a case are in hiding today, as the changes day by day add up."""
    query = "SELECT total(people) FROM step WHERE folder = ? AND what = 'hiding' AND day <= ?"
    ((people,),) = desk.reader.rows(query, case, desk.today())
    return int(people)


def test_the_changes_add_up_to_who_is_in_hiding(desk: Desk, clock: HeldClock) -> None:
    """Through everything that hides somebody or ends it, on every day."""
    pair = [Part("person", {"given_name": "A"}), Part("person", {"given_name": "B", "role": "in_case"})]
    case = accepted(desk, asked(desk, pair, people=2))
    one, _other = desk.tables.facts(case)["person"]
    house = casework.opened(done(desk, shelter.open_place(desk, {"beds": 9})))
    way = route(desk)

    def agree(people: int) -> None:
        assert (hiding(desk, case), now(desk, case)["in_hiding"]) == (people, people)

    def tomorrow() -> None:
        clock.at_ms += DAY_MS
        desk.tables.turn()

    agree(0)
    added(desk, case, "stay", place=house, begins=day("2017-05-18"), people=Many.of([one]))
    agree(0)
    tomorrow()
    agree(1)
    added(desk, case, "evacuation")
    agree(2)
    application = added(desk, case, "application", route=way)
    added(desk, case, "decision", application=application, outcome="granted")
    trip = added(desk, case, "journey", purpose="abroad", application=application)
    leg = added(desk, case, "leg", journey=trip, departs=at(desk, 1))
    tomorrow()
    done(desk, journeys.note_leg(desk, case, leg, {"outcome": "turned_back"}))
    agree(2)
    trip = added(desk, case, "journey", purpose="abroad", application=application)
    leg = added(desk, case, "leg", journey=trip, departs=at(desk, 0.1))
    done(desk, journeys.note_leg(desk, case, leg, {"outcome": "done"}))
    agree(0)
    tomorrow()
    added(desk, case, "arrival", journey=trip, country="LT", confirmed=True, people=Many.of([one]))
    agree(1)
    tomorrow()
    done(desk, casework.close(desk, case, {"reason": "withdrew"}, carried="They asked."))
    agree(0)
    days = [row[0] for row in desk.reader.rows("SELECT day FROM step WHERE folder = ? AND what = 'hiding'", case)]
    assert sorted(days) == ["2017-05-18", "2017-05-19", "2017-05-20", "2017-05-21"]


def test_how_the_weeks_went(desk: Desk) -> None:
    way = route(desk)
    hidden = accepted(desk)
    added(desk, hidden, "evacuation", evacuated=day("2017-05-03"))
    gone = accepted(desk)
    added(desk, gone, "evacuation", evacuated=day("2017-05-09"))
    added(desk, gone, "own_departure", papers="with_papers", departed=day("2017-05-16"))
    applied(desk, way, "2017-05-02", "refused", "2017-05-10", "None.")
    silent = asked(desk)
    done(desk, intake.end_request(desk, silent, {"outcome": "lost_contact"}, override="Weeks."))
    leaving = asked(desk, people=3)
    added(desk, leaving, "own_departure", papers="without_papers", departed=day("2017-05-08"))
    weeks = figures.weekly(desk.reader, 3)
    assert [week.monday for week in weeks] == ["2017-05-01", "2017-05-08", "2017-05-15"]
    assert [week.in_hiding for week in weeks] == [1, 2, 1]
    assert [week.left for week in weeks] == [0, 3, 1]
    assert [week.silent for week in weeks] == [0, 0, 1]
    assert [(week.applied, week.refused) for week in weeks] == [(1, 0), (0, 1), (0, 0)]
    assert figures.began(desk.reader) == "2017-05-02"


def test_months_are_the_same_days(desk: Desk) -> None:
    case = accepted(desk)
    added(desk, case, "evacuation", evacuated=day("2017-03-31"))
    months = figures.monthly(desk.reader, 4)
    assert [(one.monday, one.evacuated, one.in_hiding) for one in months] == [
        ("2017-02-01", 0, 0),
        ("2017-03-01", 1, 1),
        ("2017-04-01", 0, 1),
        ("2017-05-01", 0, 1),
    ]
    weeks = figures.weekly(desk.reader, 30)
    starts = [date.fromisoformat(week.monday) for week in weeks]
    assert all(later - earlier == timedelta(weeks=1) for earlier, later in pairwise(starts))
    assert sum(week.evacuated for week in weeks) == 1


@pytest.mark.parametrize("name", sorted(figures.BEHIND))
def test_who_is_behind_a_figure(desk: Desk, name: str) -> None:
    way = route(desk)
    for filed in ("2017-05-02", "2017-05-03", "2017-05-03"):
        applied(desk, way, filed, "refused", "2017-05-10", "None.")
        case = applied(desk, way, filed, "granted", "2017-05-11")
        added(desk, case, "evacuation", evacuated=day("2017-05-01"))
        other = accepted(desk)
        added(desk, other, "arrival", "Met there.", country="LT", confirmed=True)
        request = asked(desk, people=2)
        added(desk, request, "own_departure", papers="without_papers", departed=day("2017-05-12"))
        done(desk, intake.end_request(desk, asked(desk), {"outcome": "lost_contact"}, override="Weeks."))
    found, after = [], None
    while True:
        page = figures.behind(desk.reader, name, after=after, limit=2)
        found += page.rows
        after = page.next
        if after is None:
            break
    assert len({one.folder for one in found}) == len(found)
    assert all(one.code_name for one in found)
    numbers = figures.figures(desk.reader).numbers()
    if name in numbers:
        assert sum(one.people for one in found) == numbers[name]
    kinds = {one.folder_type for one in found}
    assert kinds == {FolderType.REQUEST if name in ("left", "left_without_papers", "silent") else FolderType.CASE}


# ── Money ──


def test_money_by_month_and_by_what_is_asked(desk: Desk) -> None:
    ledger = desk.folder(FolderType.LEDGER)
    one = added(desk, ledger, "campaign", name="One")
    added(desk, ledger, "donation", amount=Money(700, "USD"), received=day("2017-05-02"), campaign=one)
    added(desk, ledger, "donation", amount=Money(300, "EUR"), received=day("2017-04-30"))
    added(desk, ledger, "expense", amount=Money(900, "USD"), spent=day("2017-04-02"), category="food", campaign=one)
    added(desk, ledger, "expense", amount=Money(50, "USD"), spent=day("2017-05-02"), category="housing")
    months = money.months(desk.reader, 2)
    assert list(months) == ["EUR", "USD"]
    assert [(month.first, month.received, month.spent) for month in months["USD"]] == [
        ("2017-04-01", 0, 900),
        ("2017-05-01", 700, 50),
    ]
    assert [(month.received, month.spent) for month in money.months(desk.reader, 2, record=one)["USD"]] == [
        (0, 900),
        (700, 0),
    ]
    sums, categories = money.campaign(desk.reader, one)
    assert [(sum_.received, sum_.spent, sum_.left) for sum_ in sums] == [(700, 900, -200)]
    assert [row.category for row in categories] == ["food"]
    found = money.money(desk.reader)
    assert [(sum_.currency, sum_.received, sum_.spent) for sum_ in found.totals] == [("EUR", 300, 0), ("USD", 700, 950)]
    assert [(row.shown is None, row.sums[-1].left) for row in found.campaigns] == [(False, -200), (True, -50)]

    def amounts(**asked: object) -> tuple[int, int]:
        wanted = money.Wanted(**asked)
        return (
            len(money.donations(desk.reader, wanted=wanted).rows),
            len(money.expenses(desk.reader, wanted=wanted).rows),
        )

    assert amounts() == (2, 2)
    assert amounts(campaign=one) == (1, 1)
    assert amounts(currency="EUR") == (1, 0)
    assert amounts(category="food") == (0, 1)
    assert amounts(month="2017-05") == (1, 1)
    assert amounts(month="2017-05", campaign=one, currency="USD") == (1, 0)


def test_a_record_has_its_own_past(desk: Desk) -> None:
    way, other = route(desk), route(desk, destination="CA")
    office = desk.folder(FolderType.OFFICE)
    done(desk, casework.amend(desk, office, "route", way, {"remarks": "Ask for Rasa."}))
    items = timeline(desk.reader, office, only=Only(record=way)).items
    assert [(item.changes[0].record, item.changes[0].first) for item in items] == [(way, False), (way, True)]
    assert shown.record(desk.reader, office, "route", other) is not None
