"""The shipped operation: the figures of 17 May 2017, counted through the views, and a desk that looks lived in."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console
from tests.demo.playing import played
from tests.ground.seeded import HeldClock

from waystation.demo import headless, load, summary, table, where_to_look
from waystation.ids import FolderType
from waystation.office.desk import Desk
from waystation.records import Amount
from waystation.records.choices import CitationRelation
from waystation.views import cases, money, organisation, places, requests, routes, shown, sources
from waystation.views.case import case
from waystation.views.figures import weekly
from waystation.views.found import search
from waystation.views.timeline import timeline
from waystation.views.today import today

pytestmark = pytest.mark.xdist_group("operation of 2017")

ON_17_MAY = {
    "asked": 80,
    "evacuated": 42,
    "in_hiding": 40,
    "abroad": 0,
    "applied": 2,
    "granted": 2,
    "refused": 0,
    "discouraged": 1,
    "left_without_papers": 4,
    "silent": 2,
    "received_usd": 176_000,
    "spent_usd": 62_700,
}


@pytest.fixture(scope="module")
def machine() -> HeldClock:
    return HeldClock()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, machine: HeldClock) -> Iterator[Desk]:
    desk = played(tmp_path_factory.mktemp("operation"), load(), "2017", machine)
    yield desk
    desk.lock()


def test_the_figures_are_those_of_17_may(desk: Desk) -> None:
    assert list(summary(desk).items()) == list(ON_17_MAY.items())
    assert headless(desk) == summary(desk)


def test_the_table_says_what_each_figure_counts(desk: Desk) -> None:
    console = Console(width=100, record=True, file=StringIO())
    console.print(table(desk))
    text = console.export_text()
    assert "USD 176,000" in text
    assert "USD 62,700" in text
    assert text.count(".") >= len(ON_17_MAY)


def test_the_clock_runs_on_from_there(desk: Desk, machine: HeldClock) -> None:
    assert desk.today() == "2017-05-17"
    then = desk.now_ms()
    machine.at_ms += 61_000
    assert desk.now_ms() == then + 61_000


def test_by_17_april_60_had_asked_and_more_than_30_were_supported(desk: Desk) -> None:
    """lgbtnet.org, 17 April 2017."""
    until = int(datetime(2017, 4, 17, 21, tzinfo=UTC).timestamp() * 1000)  # midnight in Moscow
    (asked,) = desk.reader.rows("SELECT total(people) FROM request_now WHERE received < ? AND same_as IS NULL", until)[
        0
    ]
    (supported,) = desk.reader.rows("SELECT total(people) FROM case_now WHERE opened <= '2017-04-17'")[0]
    (silent,) = desk.reader.rows(
        "SELECT count(*) FROM k_closure WHERE reason = 'lost_contact' AND closed <= '2017-04-17'"
    )[0]
    assert asked == 60
    assert supported > 30
    assert silent == 1  # the other one was no case yet


def test_the_first_steps_fall_on_their_days(desk: Desk) -> None:
    rows = desk.reader.rows("SELECT min(received) FROM k_request")
    assert datetime.fromtimestamp(rows[0][0] / 1000, UTC).date().isoformat() == "2017-04-02"
    assert desk.reader.rows("SELECT min(evacuated) FROM k_evacuation") == [("2017-04-07",)]
    assert desk.reader.rows("SELECT DISTINCT planned FROM k_journey WHERE purpose = 'abroad'") == [("2017-05-26",)]


def test_the_weeks_add_up(desk: Desk) -> None:
    weeks = weekly(desk.reader, weeks=12)
    assert sum(week.asked for week in weeks) == 80
    assert sum(week.evacuated for week in weeks) == 42


def test_two_have_visas_and_a_planned_journey(desk: Desk) -> None:
    rows = cases.cases(desk.reader, cases.CaseFilter(stage="granted")).rows
    assert sum(row.people for row in rows) == 2
    for row in rows:
        found = case(desk.reader, row.folder)
        assert found is not None
        assert len(timeline(desk.reader, row.folder).items) >= 15
        assert {"application", "decision", "journey", "leg", "stay", "consent", "file"} <= found.records.keys()


def test_only_the_two_who_did_not_call_are_missed(desk: Desk) -> None:
    now = today(desk.reader)
    assert {due.code_name for due in now.missed} == {"Heron Teapot", "Juniper Kettle"}
    assert now.danger[0].code_name == "Juniper Kettle"
    assert now.counts.new_requests == 3
    due_today = [due for due in now.due if due.what == "task" and not due.overdue]
    assert len(due_today) >= 2


def test_houses_are_full_but_never_too_full(desk: Desk) -> None:
    rows = places.places(desk.reader)
    assert sum(row.now for row in rows) == 40
    assert all(night.beds is None or night.taken <= night.beds for row in rows for night in row.nights)
    assert Counter(row.state for row in rows) == {"open": 7, "exposed": 1}
    assert all(row.now == 0 for row in rows if row.state == "exposed")


def test_requests_stand_at_every_stage(desk: Desk) -> None:
    counts = requests.stage_counts(desk.reader)
    assert all(counts.get(stage, 0) > 0 for stage in ("new", "in_check", "checked", "accepted", "ended"))


def test_nothing_was_filed_for_the_united_states(desk: Desk) -> None:
    found = {str(row.shown.fields["destination"]): row for row in routes.routes(desk.reader)}
    assert (found["US"].applied, found["US"].discouraged) == (0, 2)
    assert (found["LT"].applied, found["LT"].granted, found["LT"].refused) == (2, 2, 0)


def test_contradicting_claims_stand_side_by_side(desk: Desk) -> None:
    groups = {group.subject: group for group in sources.claims(desk.reader, desk.folder(FolderType.OFFICE))}
    denied, none_refused = groups["refused"].claims
    relations = [row.shown.fields["relation"] for row in denied.citations]
    assert groups["refused"].contradictory
    assert relations == [CitationRelation.SAYS, CitationRelation.CORRECTS, CitationRelation.REPEATS]
    assert denied.independent == 1  # the magazine only repeats
    assert none_refused.shown.fields["figure"] == Amount(0, 0)
    assert groups["detained"].contradictory  # the authorities deny it
    assert any(row.shown.fields.get("sum") is not None for row in groups["received"].claims)


def test_money_adds_up_by_campaign_and_by_category(desk: Desk) -> None:
    found = money.money(desk.reader)
    assert [(s.currency, s.received, s.spent) for s in found.totals] == [("USD", 17_600_000, 6_270_000)]
    assert sum(s.spent for row in found.categories for s in row.sums) == 6_270_000
    assert len(found.categories) == 10


def test_everything_happened_in_the_order_of_time(desk: Desk) -> None:
    operation = load()
    stamps = [at_ms for (at_ms,) in desk.reader.rows("SELECT at_ms FROM history ORDER BY position")]
    assert stamps == sorted(stamps)
    assert operation.begins <= stamps[0]
    assert stamps[-1] <= operation.stood


def test_the_book_is_sound_and_its_tables_follow_from_it(desk: Desk) -> None:
    report = desk.book.check()
    assert report.aside == report.undecodable == 0
    before = desk.tables.digest()
    desk.rebuild()
    assert desk.tables.digest() == before


def test_no_handle_could_be_anybodys(desk: Desk) -> None:
    handles = [handle for (handle,) in desk.reader.rows("SELECT handle FROM k_contact_channel")]
    assert handles
    assert all(h.startswith("+999 ") or h.endswith(("@example.org", "_invented")) for h in handles)


def test_names_are_in_both_scripts_and_are_found(desk: Desk) -> None:
    names = [name for (name,) in desk.reader.rows("SELECT given_name FROM k_person")]
    assert any(name.isascii() for name in names)
    assert any(not name.isascii() for name in names)
    assert search(desk.reader, "Джохар")


def test_case_texts_do_not_repeat_themselves(desk: Desk) -> None:
    """A case with the same note twice looks made; so does one whose every request tells the same story."""
    stories = Counter(story for (story,) in desk.reader.rows("SELECT story FROM k_request"))
    assert max(stories.values()) <= 3
    repeated = desk.reader.rows("SELECT count(*) FROM k_note GROUP BY folder, body HAVING count(*) > 1")
    assert repeated == []


def test_it_says_where_to_look(desk: Desk) -> None:
    look = where_to_look(desk)
    pages = [page for page, _ in look]
    assert {"Today", "Requests", "Cases", "Places", "Sources", "Figures"} <= set(pages)
    assert "Juniper Kettle" in look[0][1]
    masked = {name for row in desk.reader.rows("SELECT given_name, family_name FROM k_person") for name in row}
    assert not any(name in why for _, why in look for name in masked)


def test_members_work_under_names_of_their_own(desk: Desk) -> None:
    assert [shown.name(desk.reader, "member", desk.member)] == ["Alma"]
    assert organisation.organisation(desk.reader).name.endswith("(demonstration)")
    founded = organisation.organisation(desk.reader).founded
    assert founded is not None
    assert founded.sort_key == "2017-03-29"
