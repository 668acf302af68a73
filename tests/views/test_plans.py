"""No page goes through a big table row by row, however many cases there are."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.office.kit import accepted, added, asked, at, day, done, route

from waystation.ids import FolderType
from waystation.office import casework, intake, shelter
from waystation.office.desk import Desk
from waystation.records import Money
from waystation.views import cases, figures, found, money, organisation, places, requests, routes, shown, sources, today
from waystation.views.case import case
from waystation.views.request import request

SMALL = ("k_member", "k_partner", "k_route", "k_place", "k_campaign", "k_discouragement", "search", "meta")
"""Tables of the office, which hold tens of rows, and the index of words, which is asked by its own means."""

NARROW = {
    "case_now_counts", "case_now_going_on", "case_now_stage", "case_now_list", "case_now_open", "case_now_conflicts",
    "request_now_counts", "request_now_stage", "request_now_open", "request_now_conflicts",
    "step_route", "k_donation_sums", "k_expense_sums",
}  # fmt: skip
"""Indexes that are there to be gone through: a few bytes a row, for counting and for filters that come together."""


@contextmanager
def traced(desk: Desk) -> Iterator[list[tuple[str, object]]]:
    """Collects the statements that are run."""
    seen: list[tuple[str, object]] = []
    connection = desk.book.store.connection

    def note(cursor: object, statement: str, bindings: object) -> bool:
        seen.append((statement, bindings))
        return True

    connection.exec_trace = note
    try:
        yield seen
    finally:
        connection.exec_trace = None


def scanned(desk: Desk, statement: str, bindings: object) -> set[str]:
    """What a statement goes through from end to end: the index, if it reads nothing else, or the table."""
    rows = desk.book.store.connection.execute(f"EXPLAIN QUERY PLAN {statement}", bindings).fetchall()
    plans = [plan for *_, plan in rows]
    if "LIMIT" in statement and not any("TEMP B-TREE" in plan for plan in plans):
        return set()
    matches = [re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", plan) for plan in plans]
    names = {found[2] or _table(statement, found[1]) for found in matches if found and found[1] != "CONSTANT"}
    return {name for name in names - NARROW if not name.startswith(SMALL)}


def _table(statement: str, alias: str) -> str:
    named = re.search(rf"\b(\w+) {alias}\b", statement)
    return named[1] if named and named[1].startswith("k_") else alias


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with one of everything."""
    folder = accepted(desk)
    place = casework.opened(done(desk, shelter.open_place(desk, {"beds": 2, "opened": day("2017-01-01")})))
    way = route(desk)
    added(desk, folder, "stay", place=place, begins=day("2017-05-10"))
    added(desk, folder, "application", route=way, expected=day("2017-05-20"))
    added(desk, folder, "check_in", due=at(desk, 1))
    added(desk, folder, "task", title="Ask", due=at(desk, 1))
    added(desk, folder, "note", body="A quiet evening.")
    asked(desk, level="high", deadline=day("2017-05-20"))
    added(desk, desk.folder(FolderType.LEDGER), "donation", amount=Money(5, "USD"))
    return desk


PAGES: dict[str, Callable[[Desk], object]] = {
    "today": lambda desk: today.today(desk.reader),
    "open cases": lambda desk: cases.cases(desk.reader, after=cases.cases(desk.reader, limit=1).next),
    "all cases": lambda desk: cases.cases(desk.reader, state="all", stage="applied", level="low"),
    "closed cases": lambda desk: cases.cases(desk.reader, state="closed"),
    "my cases": lambda desk: cases.cases(desk.reader, caseworker=desk.member),
    "found cases": lambda desk: cases.cases(desk.reader, text="quiet"),
    "cases by stage": lambda desk: cases.stage_counts(desk.reader),
    "requests": lambda desk: requests.requests(desk.reader),
    "ended requests": lambda desk: requests.requests(desk.reader, stage="ended"),
    "requests by stage": lambda desk: requests.stage_counts(desk.reader),
    "case": lambda desk: case(desk.reader, cases.cases(desk.reader).rows[0].folder),
    "request": lambda desk: request(desk.reader, requests.requests(desk.reader).rows[0].folder),
    "figures": lambda desk: figures.figures(desk.reader),
    "weeks": lambda desk: figures.weekly(desk.reader),
    "places": lambda desk: places.places(desk.reader),
    "routes": lambda desk: routes.routes(desk.reader),
    "sources": lambda desk: sources.claims(desk.reader, desk.folder(FolderType.OFFICE)),
    "money": lambda desk: money.money(desk.reader),
    "donations": lambda desk: money.donations(desk.reader),
    "organisation": lambda desk: organisation.organisation(desk.reader),
    "history": lambda desk: organisation.history(desk.reader),
    "reveals": lambda desk: organisation.reveals(desk.reader),
    "search": lambda desk: found.search(desk.reader, "quiet"),
    "choices of a case": lambda desk: shown.options(desk.reader, "case"),
    "choices of a place": lambda desk: shown.options(desk.reader, "place"),
    "choices of a member": lambda desk: shown.options(desk.reader, "member"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_reads_by_index(busy: Desk, page: str) -> None:
    with traced(busy) as seen:
        PAGES[page](busy)
    assert seen
    gone_through = {name: statement for statement, values in seen for name in scanned(busy, statement, values)}
    assert not gone_through


def test_a_save_reads_by_index(busy: Desk) -> None:
    intake.propose_code_name(busy)
    folder = cases.cases(busy.reader).rows[0].folder
    with traced(busy) as seen:
        done(busy, casework.add(busy, folder, "note", {"body": "Another."}))
        asked(busy)
    reads = [(text, values) for text, values in seen if text.lstrip().startswith(("SELECT", "UPDATE", "DELETE"))]
    gone_through = {name: statement for statement, values in reads for name in scanned(busy, statement, values)}
    assert not gone_through


def test_the_check_sees_what_it_should(busy: Desk) -> None:
    for statement in (
        "SELECT folder FROM case_now WHERE region = ?",
        "SELECT id FROM k_note WHERE body = ?",
        "SELECT n.id FROM record r JOIN k_note n ON n.record + 0 = r.rowid WHERE r.state = ?",
        "SELECT folder FROM case_now WHERE review > ? ORDER BY region LIMIT 1",
    ):
        assert scanned(busy, statement, ("x",)), statement
