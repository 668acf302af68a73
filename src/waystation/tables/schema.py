"""SQL tables, from the declared kinds.

`record` has a row for each record of any kind, with the whole merged state; `k_<kind>` lays the shown values out in
typed columns under the same row id; `search` indexes their words; `history` has a row for each accepted entry. What is
struck out stands in `record` and `history` alone (spec/records.md R22–R24).
`case_now` and `request_now` say what is true of each now, `step` has a row for each step of a case that is counted,
`tried` one for each application with what came of it, and `night` one for each stay: who has beds where, until when.
`case_total`, `request_total` and `step_total` add those rows up, so that no page has to: triggers keep them in step.
"""

from collections.abc import Iterator
from typing import Final

from waystation.derive import digest
from waystation.records import KindSpec, Registry, columns

MAKING: Final = 1
"""Raised when rows are made otherwise though the tables look the same."""

FIXED: Final = """
CREATE TABLE record (
    rowid INTEGER PRIMARY KEY, folder BLOB NOT NULL, kind TEXT NOT NULL, id BLOB NOT NULL, state BLOB NOT NULL,
    conflicts INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, struck INTEGER NOT NULL);
CREATE UNIQUE INDEX record_identity ON record (folder, kind, id);
CREATE INDEX record_struck ON record (folder, id) WHERE struck > 0;
CREATE INDEX record_conflicts ON record (folder) WHERE conflicts > 0;
CREATE TABLE history (
    position INTEGER PRIMARY KEY, folder BLOB NOT NULL, folder_type TEXT NOT NULL, save BLOB NOT NULL,
    at_ms INTEGER NOT NULL, zone TEXT NOT NULL, desk BLOB NOT NULL, seq INTEGER NOT NULL, member BLOB NOT NULL,
    what BLOB NOT NULL);
CREATE INDEX history_folder ON history (folder, position);
CREATE INDEX history_time ON history (at_ms);
CREATE TABLE overlay (rowid INTEGER PRIMARY KEY, state BLOB, last INTEGER);
CREATE VIRTUAL TABLE search USING fts5 (
    terms, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0", prefix='2 3');
CREATE TABLE case_now (
    folder BLOB PRIMARY KEY, code_name TEXT, stage TEXT NOT NULL, opened TEXT, closed TEXT, closure TEXT,
    caseworker BLOB, region TEXT, people INTEGER NOT NULL, level TEXT, timeframe TEXT, urgent INTEGER NOT NULL,
    deadline TEXT, review TEXT, check_in_due INTEGER, task_due INTEGER, decision_due TEXT, next_look TEXT,
    evacuated INTEGER NOT NULL, in_hiding INTEGER NOT NULL, needs_route INTEGER NOT NULL, applied INTEGER NOT NULL,
    pending INTEGER NOT NULL, refused INTEGER NOT NULL, granted INTEGER NOT NULL, discouraged INTEGER NOT NULL,
    travelling INTEGER NOT NULL, abroad INTEGER NOT NULL, without_papers INTEGER NOT NULL, silent INTEGER NOT NULL,
    conflicts INTEGER NOT NULL, changed INTEGER NOT NULL, turns TEXT, route BLOB);
CREATE INDEX case_now_open ON case_now (
    urgent, code_name, folder, stage, level, caseworker, route) WHERE closed IS NULL;
CREATE INDEX case_now_mine ON case_now (caseworker, urgent) WHERE closed IS NULL;
CREATE INDEX case_now_list ON case_now (
    code_name, folder, stage, level, timeframe, caseworker, closed, opened, region, route, check_in_due, deadline,
    people, changed, conflicts, silent, urgent);
CREATE INDEX case_now_region ON case_now (region) WHERE region IS NOT NULL;
CREATE INDEX case_now_stage ON case_now (stage, code_name);
CREATE INDEX case_now_check_in ON case_now (check_in_due) WHERE closed IS NULL AND check_in_due IS NOT NULL;
CREATE INDEX case_now_review ON case_now (review) WHERE closed IS NULL AND review IS NOT NULL;
CREATE INDEX case_now_deadline ON case_now (deadline) WHERE closed IS NULL AND deadline IS NOT NULL;
CREATE INDEX case_now_decision ON case_now (decision_due) WHERE closed IS NULL AND decision_due IS NOT NULL;
CREATE INDEX case_now_look ON case_now (next_look) WHERE closed IS NULL AND next_look IS NOT NULL;
CREATE INDEX case_now_hiding ON case_now (code_name, folder, in_hiding) WHERE closed IS NULL AND in_hiding > 0;
CREATE INDEX case_now_conflicts ON case_now (conflicts) WHERE conflicts > 0;
CREATE INDEX case_now_turns ON case_now (turns) WHERE turns IS NOT NULL;
CREATE TABLE step (
    folder BLOB NOT NULL, record BLOB NOT NULL, what TEXT NOT NULL, day TEXT, people INTEGER NOT NULL);
CREATE INDEX step_folder ON step (folder);
CREATE INDEX step_day ON step (what, day, people);
CREATE TABLE tried (
    folder BLOB NOT NULL, record BLOB NOT NULL, route BLOB NOT NULL, people INTEGER NOT NULL, filed TEXT NOT NULL,
    outcome TEXT NOT NULL, answered TEXT, waited INTEGER, decision BLOB, set_out INTEGER NOT NULL,
    arrived INTEGER NOT NULL);
CREATE INDEX tried_folder ON tried (folder);
CREATE INDEX tried_route ON tried (route, outcome, answered, waited, set_out, arrived);
CREATE INDEX tried_filed ON tried (route, filed);
CREATE TABLE night (
    folder BLOB NOT NULL, record BLOB NOT NULL, place BLOB NOT NULL, begins TEXT NOT NULL, ends TEXT NOT NULL,
    people INTEGER NOT NULL);
CREATE INDEX night_folder ON night (folder);
CREATE INDEX night_ends ON night (ends, place, begins, people);
CREATE INDEX night_place ON night (place, ends);
CREATE TABLE request_now (
    folder BLOB PRIMARY KEY, code_name TEXT, stage TEXT NOT NULL, received INTEGER, people INTEGER NOT NULL, level TEXT,
    timeframe TEXT, urgent INTEGER NOT NULL, deadline TEXT, check_in_due INTEGER, accepted_as BLOB, same_as BLOB,
    outcome TEXT, without_papers INTEGER NOT NULL, silent INTEGER NOT NULL, conflicts INTEGER NOT NULL,
    changed INTEGER NOT NULL, taken_by BLOB, language TEXT, channel TEXT);
CREATE INDEX request_now_list ON request_now (
    urgent, received, folder, stage, level, timeframe, taken_by, language, channel, accepted_as, outcome, conflicts);
CREATE INDEX request_now_stage ON request_now (stage, urgent, received, folder);
CREATE INDEX request_now_open ON request_now (urgent, received, folder) WHERE accepted_as IS NULL AND outcome IS NULL;
CREATE INDEX request_now_deadline ON request_now (deadline)
    WHERE accepted_as IS NULL AND outcome IS NULL AND deadline IS NOT NULL;
CREATE INDEX request_now_check_in ON request_now (check_in_due)
    WHERE accepted_as IS NULL AND outcome IS NULL AND check_in_due IS NOT NULL;
CREATE INDEX request_now_name ON request_now (code_name);
CREATE INDEX request_now_case ON request_now (accepted_as) WHERE accepted_as IS NOT NULL;
CREATE INDEX request_now_conflicts ON request_now (conflicts) WHERE conflicts > 0;
CREATE INDEX request_now_received ON request_now (received, people, same_as);
CREATE TABLE case_total (
    open INTEGER NOT NULL, stage TEXT NOT NULL, rows INTEGER NOT NULL, in_hiding INTEGER NOT NULL,
    evacuated INTEGER NOT NULL, abroad INTEGER NOT NULL, applied INTEGER NOT NULL, granted INTEGER NOT NULL,
    refused INTEGER NOT NULL, without_papers INTEGER NOT NULL, silent INTEGER NOT NULL,
    cases_in_hiding INTEGER NOT NULL, cases_without_route INTEGER NOT NULL, cases_pending INTEGER NOT NULL,
    cases_granted INTEGER NOT NULL, cases_travelling INTEGER NOT NULL, PRIMARY KEY (open, stage)) WITHOUT ROWID;
CREATE TABLE request_total (
    open INTEGER NOT NULL, stage TEXT NOT NULL, joined INTEGER NOT NULL, rows INTEGER NOT NULL,
    people INTEGER NOT NULL, without_papers INTEGER NOT NULL, silent INTEGER NOT NULL,
    PRIMARY KEY (open, stage, joined)) WITHOUT ROWID;
CREATE TABLE step_total (
    what TEXT NOT NULL, day TEXT NOT NULL, rows INTEGER NOT NULL, people INTEGER NOT NULL,
    PRIMARY KEY (what, day)) WITHOUT ROWID
"""

_TOTALS: Final = {
    "case_now": (
        "case_total",
        {"open": "{0}closed IS NULL", "stage": "{0}stage"},
        {
            **{
                name: f"{{0}}{name}"
                for name in "in_hiding evacuated abroad applied granted refused without_papers silent".split()
            },
            "cases_in_hiding": "({0}closed IS NULL AND {0}in_hiding > 0)",
            "cases_without_route": "({0}closed IS NULL AND {0}needs_route)",
            "cases_pending": "({0}closed IS NULL AND {0}pending > 0)",
            "cases_granted": "({0}closed IS NULL AND {0}granted > 0 AND {0}abroad = 0)",
            "cases_travelling": "({0}closed IS NULL AND {0}travelling)",
        },
        "1",
    ),
    "request_now": (
        "request_total",
        {
            "open": "({0}accepted_as IS NULL AND {0}outcome IS NULL)",
            "stage": "{0}stage",
            "joined": "{0}same_as IS NOT NULL",
        },
        {name: f"{{0}}{name}" for name in ("people", "without_papers", "silent")},
        "1",
    ),
    "step": (
        "step_total",
        {"what": "{0}what", "day": "{0}day"},
        {"people": "{0}people"},
        "{0}day IS NOT NULL",
    ),
}
"""Table → the totals of it: their table, what they are told apart by, what is added up, and which rows count.

`{0}` is where a trigger says which row it means. Rows are inserted and deleted, never replaced or changed in a column
that stands here (a replaced row would be counted twice: SQLite fires no trigger for it).
"""

INDEXES: Final = """
CREATE INDEX k_task_due ON k_task (due) WHERE done IS NULL;
CREATE INDEX k_task_mine ON k_task (assignee, due) WHERE done IS NULL;
CREATE INDEX k_duty_ends ON k_duty (ends);
CREATE INDEX k_access_until ON k_access (until) WHERE until IS NOT NULL;
CREATE INDEX k_request_taken ON k_request (taken_by) WHERE taken_by IS NOT NULL;
CREATE INDEX k_check_in_due ON k_check_in (due) WHERE done IS NULL;
CREATE INDEX k_case_request ON k_case (request) WHERE request IS NOT NULL;
CREATE INDEX k_closure_standing ON k_closure (closed) WHERE reopened IS NULL;
CREATE INDEX k_stay_place ON k_stay (place, coalesce(ends_to, ends, '9999-12-31'), begins);
CREATE INDEX k_own_departure_papers ON k_own_departure (papers, departed);
CREATE INDEX k_discouragement_route ON k_discouragement (route);
CREATE INDEX k_citation_claim ON k_citation (claim);
CREATE INDEX k_citation_source ON k_citation (source);
CREATE INDEX k_passage_source ON k_passage (source, place);
CREATE INDEX k_source_relies_on ON k_source (relies_on) WHERE relies_on IS NOT NULL;
CREATE INDEX k_file_sha256 ON k_file (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX k_donation_sums ON k_donation (campaign, amount_currency, amount_minor);
CREATE INDEX k_donation_received ON k_donation (received);
CREATE INDEX k_donation_campaign ON k_donation (campaign, received);
CREATE INDEX k_donation_months ON k_donation (received, amount_currency, amount_minor, campaign);
CREATE INDEX k_expense_sums ON k_expense (campaign, category, amount_currency, amount_minor);
CREATE INDEX k_expense_spent ON k_expense (spent);
CREATE INDEX k_expense_campaign ON k_expense (campaign, spent);
CREATE INDEX k_expense_category ON k_expense (category, spent);
CREATE INDEX k_expense_months ON k_expense (spent, amount_currency, amount_minor, campaign);
CREATE INDEX k_reveal_time ON k_reveal (revealed);
CREATE INDEX k_expense_case ON k_expense (for_case, spent) WHERE for_case IS NOT NULL;
CREATE INDEX k_told_helper ON k_told (helper, told) WHERE helper IS NOT NULL;
CREATE INDEX k_task_slip_helper ON k_task_slip (helper, meets) WHERE helper IS NOT NULL
"""
"""What the pages look up across folders. Named where the kinds that they name are declared."""


def statements(registry: Registry) -> Iterator[str]:
    """Every CREATE statement, in order."""
    yield from FIXED.split(";")
    for spec in registry.values():
        yield from _kind_table(spec)
    yield from INDEXES.split(";")
    for of in _TOTALS:
        yield from _triggers(of)


def summing() -> Iterator[str]:
    """Statements that fill the totals from full tables, for whoever made those before there were triggers."""
    for of, (name, keys, sums, counted) in _TOTALS.items():
        told = [expression.format("") for expression in keys.values()]
        added = [f"sum({expression.format('')})" for expression in sums.values()]
        yield (
            f"INSERT INTO {name} ({', '.join((*keys, 'rows', *sums))}) SELECT {', '.join((*told, 'count(*)', *added))}"
            f" FROM {of} WHERE {counted.format('')} GROUP BY {', '.join(told)}"
        )


def shape(registry: Registry) -> bytes:
    """Names what the tables look like and how they are made; another shape asks for a rebuild. 32 bytes."""
    return digest("tables", "\n".join((str(MAKING), *statements(registry))).encode())


def table(kind: str) -> str:
    """Name of a kind's table."""
    return f"k_{kind}"


def names(registry: Registry) -> list[str]:
    """Every derived table, for dropping."""
    fixed = ["record", "history", "overlay", "search", "case_now", "request_now", "step", "tried", "night"]
    return [*fixed, *(name for name, *_ in _TOTALS.values()), *(table(kind) for kind in registry)]


def _kind_table(spec: KindSpec) -> Iterator[str]:
    laid = "".join(f", {column.name} {column.sql_type}" for column in columns(spec))
    name = table(spec.name)
    yield f"CREATE TABLE {name} (record INTEGER PRIMARY KEY, folder BLOB NOT NULL, id BLOB NOT NULL{laid})"
    yield f"CREATE INDEX {name}_folder ON {name} (folder)"


def _triggers(of: str) -> Iterator[str]:
    """What keeps the totals of a table in step with it; a total of no rows goes away."""
    name, keys, sums, counted = _TOTALS[of]
    names = ", ".join((*keys, "rows", *sums))
    more = ", ".join(f"{column} = {column} + excluded.{column}" for column in ("rows", *sums))
    less = ", ".join(f"{column} = {column} - {sums[column].format('old.')}" for column in sums)
    new = ", ".join((*(e.format("new.") for e in keys.values()), "1", *(e.format("new.") for e in sums.values())))
    same = " AND ".join(f"{column} = ({expression.format('old.')})" for column, expression in keys.items())
    yield (
        f"CREATE TRIGGER {of}_counted AFTER INSERT ON {of} WHEN {counted.format('new.')} BEGIN"
        f" INSERT INTO {name} ({names}) VALUES ({new}) ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {more}; END"
    )
    yield (
        f"CREATE TRIGGER {of}_uncounted AFTER DELETE ON {of} WHEN {counted.format('old.')} BEGIN"
        f" UPDATE {name} SET rows = rows - 1, {less} WHERE {same}; DELETE FROM {name} WHERE {same} AND rows = 0; END"
    )
