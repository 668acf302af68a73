"""Another operation than the shipped one: families, refusals, failed travel, arrivals; and the same play twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.demo.playing import FAMILIES, HEAD, event, played, small, written

from waystation.demo import load, summary, where_to_look
from waystation.errors import BadInput
from waystation.office.desk import Desk
from waystation.views import cases, money, places
from waystation.views.case import case

pytestmark = pytest.mark.xdist_group("operation of families")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = played(tmp_path_factory.mktemp("families"), load(FAMILIES), "families")
    yield desk
    desk.lock()


def test_people_are_counted_and_not_cases(desk: Desk) -> None:
    """By hand, from the comments in the file."""
    assert summary(desk) == {
        "asked": 3 * 4 + 4 + 2,
        "evacuated": 2 * 4 + 1,
        "in_hiding": 1,
        "abroad": 2 * 4,
        "applied": 3 * 4 + 2,
        "granted": 3 * 4,
        "refused": 4 + 2,
        "discouraged": 1,
        "left_without_papers": 0,
        "silent": 2,
        "received_usd": 700,
        "spent_usd": 0,
    }


def test_failed_travel_leads_to_a_second_journey(desk: Desk) -> None:
    outcomes = [
        row[0] for row in desk.reader.rows("SELECT outcome FROM k_leg WHERE outcome IS NOT NULL ORDER BY departs")
    ]
    assert outcomes.count("denied_boarding") == 1
    again = desk.reader.rows("SELECT count(*) FROM k_task WHERE title LIKE 'Plan the journey again%'")
    assert again == [(1,)]


def test_the_reason_of_a_refusal_stands_in_the_case(desk: Desk) -> None:
    rows = cases.cases(desk.reader, cases.CaseFilter(stage="refused")).rows
    assert rows
    found = case(desk.reader, rows[0].folder)
    assert found is not None
    assert found.records["decision"][0].fields["reason"] == "No reason was given."
    assert any(page.startswith("Cases ›") and "refused" in why for page, why in where_to_look(desk))


def test_closed_cases_leave_no_bed_taken(desk: Desk) -> None:
    assert sum(row.now for row in places.places(desk.reader)) == summary(desk)["in_hiding"]


def test_gifts_add_up_in_their_own_currency(desk: Desk) -> None:
    totals = {total.currency: (total.received, total.spent) for total in money.money(desk.reader).totals}
    assert totals == {"EUR": (432_155, 100_000), "USD": (70_099, 0)}
    amounts = [
        minor for (minor,) in desk.reader.rows("SELECT amount_minor FROM k_donation WHERE amount_currency = 'EUR'")
    ]
    assert len(amounts) == 30
    assert min(amounts) > 0


def test_a_change_reaches_the_record(desk: Desk) -> None:
    assert desk.reader.rows("SELECT closed, announced_minor FROM k_campaign") == [("2021-06-20", 440_000)]


def test_texts_of_the_file_take_the_place_of_the_shipped_ones(desk: Desk) -> None:
    bodies = {body for (body,) in desk.reader.rows("SELECT body FROM k_note WHERE body LIKE '%children%'")}
    assert bodies == {"The children draw all day."}


TOLD = (
    "SELECT code_name, received, story, people FROM k_request ORDER BY received",
    "SELECT code_name, stage, level, closed FROM case_now ORDER BY code_name",
    "SELECT given_name, family_name, born FROM k_person ORDER BY born, given_name, family_name",
    "SELECT due, done, said FROM k_check_in ORDER BY due, done",
    "SELECT amount_minor, received, donor FROM k_donation ORDER BY received, amount_minor, donor",
    "SELECT at_ms FROM history ORDER BY position",
)


def test_the_same_file_tells_the_same_story_at_any_desk(desk: Desk, tmp_path: Path) -> None:
    other = played(tmp_path, load(FAMILIES), "other ids and keys")
    for query in TOLD:
        assert desk.reader.rows(query) == other.reader.rows(query)
    other.lock()


def test_another_seed_tells_of_other_people_in_the_same_numbers(desk: Desk, tmp_path: Path) -> None:
    text = FAMILIES.read_text(encoding="utf-8").replace('seed = "families"', 'seed = "neighbours"')
    other = played(tmp_path, load(written(tmp_path, text)), "seed")
    assert summary(other) == summary(desk)
    assert desk.reader.rows(TOLD[0]) != other.reader.rows(TOLD[0])
    other.lock()


def test_an_added_event_changes_the_draws_of_no_other(tmp_path: Path) -> None:
    first = small(event("ask", 'until = 2020-01-09; count = 5; as = "first"', on="2020-01-05"))
    second = first + event("ask", 'count = 2; as = "second"', on="2020-02-05")
    desks = [played(tmp_path / str(n), load(written(tmp_path, text)), str(n)) for n, text in enumerate((first, second))]
    query = "SELECT received, story, region, channel FROM k_request ORDER BY received LIMIT 5"
    assert desks[0].reader.rows(query) == desks[1].reader.rows(query)
    for desk in desks:
        desk.lock()


ASK = event("ask", 'as = "g"', on="2020-01-05")
READY = (
    ASK + event("triage", 'who = "g"') + event("accept", 'who = "g"; unverified_because = "No time."', on="2020-01-08")
)
HOUSE = event("place", 'as = "h"; beds = 1', on="2020-01-02")


@pytest.mark.parametrize(
    ("events", "where"),
    [
        (ASK + event("accept", 'who = "g"'), "event 2 (accept, 2020-01-06)"),
        (ASK + event("triage", 'who = "g"; count = 2'), "event 2 (triage, 2020-01-06)"),
        (ASK + event("triage", 'who = "g"', on="2020-01-04"), "event 2 (triage, 2020-01-04)"),
        (
            READY
            + HOUSE
            + event("ask", 'as = "two"; with = "partner"', on="2020-01-05")
            + event("triage", 'who = "two"')
            + event("accept", 'who = "two"; unverified_because = "No time."', on="2020-01-08")
            + event("hide", 'who = "two"; places = "h"', on="2020-01-09"),
            "event 8 (hide, 2020-01-09)",
        ),
        (
            READY
            + event("route", 'as = "r"; destination = "LT"; pathway = "work"; shut = 2020-01-03', on="2020-01-02")
            + event("apply", 'who = "g"; route = "r"', on="2020-01-09"),
            "event 5 (apply, 2020-01-09): route",
        ),
        (
            READY + event("close", 'who = "g"; reason = "arrived_safe"', on="2020-01-09"),
            "event 4 (close, 2020-01-09): reason",
        ),
        (event("task", on="2020-01-05"), "event 1 (task, 2020-01-05)"),
        (
            ASK + event("expense", 'amount = "5 EUR"; category = "food"; who = "g"', on="2020-01-09"),
            "event 2 (expense, 2020-01-09)",
        ),
        (
            event("donation", 'amount = "0.05 EUR"; count = 10', on="2020-01-05"),
            "event 1 (donation, 2020-01-05)",
        ),
    ],
)
def test_what_cannot_happen_stops_the_play_and_is_named(tmp_path: Path, events: str, where: str) -> None:
    with pytest.raises(BadInput) as refused:
        played(tmp_path, load(written(tmp_path, HEAD + events)), "cannot happen")
    assert where in refused.value.problems
    problem = refused.value.problems[where]
    assert where.split(":")[0] in problem.message % dict(problem.values)
