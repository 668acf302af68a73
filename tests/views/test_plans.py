"""No page goes through a big table row by row, however many cases there are."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from tests.office.kit import accepted, added, asked, at, day, done, route

from waystation.ids import FolderType, RecordId
from waystation.office import casework, intake, shelter
from waystation.office.desk import Desk
from waystation.records import Money
from waystation.views import (
    cases,
    duty,
    figures,
    found,
    helpers,
    money,
    organisation,
    places,
    requests,
    routes,
    shown,
    sources,
    today,
)
from waystation.views.case import case, spent
from waystation.views.cases import CaseFilter
from waystation.views.helpers import Wanted
from waystation.views.lists import key_text
from waystation.views.request import request
from waystation.views.requests import RequestFilter
from waystation.views.sources import Filter
from waystation.views.timeline import Only, Theme, timeline

SMALL = (
    "k_member", "k_partner", "k_route", "k_place", "k_campaign", "k_discouragement", "search", "meta", "json_each",
    "case_total", "request_total",
)  # fmt: skip
"""Tables of the office and totals, of tens of rows; the index of words, asked by its own means; given lists."""

NARROW = {
    "case_now_hiding", "case_now_stage", "case_now_list", "case_now_open", "case_now_conflicts", "request_now_stage",
    "request_now_open", "request_now_conflicts", "request_now_list",
    "tried_route", "k_donation_months", "k_expense_months", "k_donation_sums", "k_expense_sums",
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


EVERY_CASE_FILTER = CaseFilter(
    "all", "applied", "low", "weeks", bytes(16), "Grozny", "LT", bytes(16), True, True, "2017-01-01", "2017-12-31",
    "quiet", "region", True,
)  # fmt: skip
EVERY_REQUEST_FILTER = RequestFilter("new", "low", "weeks", bytes(16), "ru", "signal", 0, 1, True, "quiet")


def _source(desk: Desk) -> bytes:
    return added(desk, desk.folder(FolderType.OFFICE), "source", title="An article", type="article")


def _behind(name: str, desk: Desk) -> object:
    return figures.behind(desk.reader, name, after=figures.behind(desk.reader, name, limit=1).next)


PAGES: dict[str, Callable[[Desk], object]] = {
    "today": lambda desk: today.today(desk.reader),
    "today, mine first": lambda desk: today.today(desk.reader, member=desk.member),
    "today, only mine": lambda desk: today.today(desk.reader, member=desk.member, only_mine=True),
    "duty": lambda desk: (duty.tonight(desk.reader, "UTC"), duty.nights(desk.reader, "UTC", "2017-05-17", 14)),
    "open cases": lambda desk: cases.cases(desk.reader, after=cases.cases(desk.reader, limit=1).next),
    "all cases": lambda desk: cases.cases(desk.reader, CaseFilter(state="all", stage="applied", level="low")),
    "closed cases": lambda desk: cases.cases(desk.reader, CaseFilter(state="closed")),
    "my cases": lambda desk: cases.cases(desk.reader, CaseFilter(caseworker=desk.member)),
    "found cases": lambda desk: cases.cases(desk.reader, CaseFilter(text="quiet")),
    "cases by caseworker": lambda desk: cases.cases(desk.reader, CaseFilter(sort="caseworker", unsettled=True)),
    "cases by route, backwards": lambda desk: cases.cases(desk.reader, CaseFilter(sort="route", descending=True)),
    "cases by region, all filters": lambda desk: cases.cases(desk.reader, EVERY_CASE_FILTER),
    "how many cases": lambda desk: cases.count(desk.reader, EVERY_CASE_FILTER),
    "regions": lambda desk: cases.regions(desk.reader),
    "cases by stage": lambda desk: cases.stage_counts(desk.reader),
    "requests": lambda desk: requests.requests(desk.reader),
    "ended requests": lambda desk: requests.requests(desk.reader, RequestFilter(stage="ended")),
    "requests, all filters": lambda desk: requests.requests(desk.reader, EVERY_REQUEST_FILTER),
    "how many requests": lambda desk: requests.count(desk.reader, EVERY_REQUEST_FILTER),
    "requests by stage": lambda desk: requests.stage_counts(desk.reader),
    "case": lambda desk: case(desk.reader, cases.cases(desk.reader).rows[0].folder),
    "request": lambda desk: request(desk.reader, requests.requests(desk.reader).rows[0].folder),
    "figures": lambda desk: figures.figures(desk.reader),
    "weeks": lambda desk: figures.weekly(desk.reader),
    "half a year": lambda desk: figures.weekly(desk.reader, 26),
    "months": lambda desk: (figures.began(desk.reader), figures.monthly(desk.reader, 12)),
    "places": lambda desk: (places.places(desk.reader), places.regions(desk.reader)),
    "place": lambda desk: [
        (
            places.present(desk.reader, one.folder, after=key_text("2017-05-17", 1)),
            places.gone(desk.reader, one.folder, after=key_text("2017-05-17", 1)),
            places.touching(desk.reader, one.folder, "2017-05-01", "2017-05-28"),
            places.ended(desk.reader, one.folder),
        )
        for one in places.places(desk.reader)
    ],
    "routes": lambda desk: routes.routes(desk.reader),
    "route": lambda desk: [
        (
            routes.route(desk.reader, row.shown),
            routes.cases(desk.reader, row.shown.record, after=key_text("2017-05-17", 1)),
            routes.reasons(desk.reader, row.shown.record),
        )
        for row in routes.routes(desk.reader)
    ],
    **{f"behind {name}": partial(_behind, name) for name in sorted(figures.BEHIND)},
    "claims": lambda desk: sources.claims(desk.reader, desk.folder(FolderType.OFFICE)),
    "claims about one thing": lambda desk: sources.claims_about(
        desk.reader, desk.folder(FolderType.OFFICE), "detained", after=key_text(9)
    ),
    "sources": lambda desk: sources.sources(
        desk.reader, desk.folder(FolderType.OFFICE), Filter("article", year="2017"), after=key_text("2017", 9)
    ),
    "a source": lambda desk: sources.source(desk.reader, desk.folder(FolderType.OFFICE), _source(desk)),
    "a source kept before": lambda desk: sources.kept_as(desk.reader, desk.folder(FolderType.OFFICE), "0" * 64),
    "money": lambda desk: money.money(desk.reader),
    "money by month": lambda desk: money.months(desk.reader),
    "campaign": lambda desk: (
        money.campaign(desk.reader, RecordId(bytes(16))),
        money.months(desk.reader, record=RecordId(bytes(16))),
    ),
    "donations": lambda desk: money.donations(desk.reader),
    "some expenses": lambda desk: (
        money.expenses(desk.reader, wanted=money.Wanted(campaign=bytes(16), month="2017-05")),
        money.expenses(desk.reader, wanted=money.Wanted(category="food"), after=key_text("2017-05-17", 1)),
    ),
    "organisation": lambda desk: organisation.organisation(desk.reader),
    "history": lambda desk: organisation.history(desk.reader),
    "history of a member": lambda desk: organisation.history(
        desk.reader, organisation.Wanted(desk.member, "note", 1, desk.now_ms())
    ),
    "reveals": lambda desk: organisation.reveals(desk.reader),
    "search": lambda desk: found.search(desk.reader, "quiet"),
    "helpers for a case": lambda desk: helpers.helpers(desk.reader, Wanted(), cases.cases(desk.reader).rows[0].folder),
    "what a helper knows": lambda desk: helpers.carried(desk.reader, bytes(16)),
    "spent on a case": lambda desk: spent(desk.reader, cases.cases(desk.reader).rows[0].folder),
    "part of a story": lambda desk: timeline(
        desk.reader, cases.cases(desk.reader).rows[0].folder, only=Only(Theme.DANGER, desk.member, 0, desk.now_ms())
    ),
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
        "SELECT folder FROM case_now WHERE closure = ?",
        "SELECT id FROM k_note WHERE body = ?",
        "SELECT n.id FROM record r JOIN k_note n ON n.record + 0 = r.rowid WHERE r.state = ?",
        "SELECT folder FROM case_now WHERE review > ? ORDER BY region LIMIT 1",
    ):
        assert scanned(busy, statement, ("x",)), statement
