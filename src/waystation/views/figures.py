"""The numbers of the work, each with one sentence that says what is counted: people, unless it says otherwise.

The pages, the command line and the demo all read these, so that two places never give two numbers.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, TypeAlias

from waystation.ids import FolderId, FolderType
from waystation.records.labels import N_
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader

_MINOR: Final = 100
"""Cents in a dollar: the figures in USD are whole dollars, cents left off."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Args:
        unit: people, routes or usd.
        definition: gettext id: what is counted, in one sentence.
    """

    name: str
    number: int
    unit: str
    definition: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers, in the order of the work."""

    rows: tuple[Figure, ...]

    def numbers(self) -> dict[str, int]:
        """Name → number."""
        return {figure.name: figure.number for figure in self.rows}


@dataclass(frozen=True, slots=True)
class Week:
    """What happened in the seven days from `monday` (ISO), or in the calendar month that begins then, in people.

    Args:
        in_hiding: how many were in hiding when it ended; today, where it has not ended.
        left: by their own means, with papers or without.
    """

    monday: str
    asked: int
    evacuated: int
    in_hiding: int
    applied: int
    refused: int
    granted: int
    abroad: int
    left: int
    silent: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A case or a request that a figure counts.

    Args:
        people: how many of it are counted.
        day: when it happened, ISO; None where it is not known, or where it is so now.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    people: int
    day: str | None


_CASES: Final = "FROM case_total"
_REQUESTS: Final = "FROM request_total WHERE NOT joined"
_ADVICE: Final = "FROM k_discouragement"
_DONATIONS: Final = "FROM k_donation WHERE amount_currency = 'USD'"
_EXPENSES: Final = "FROM k_expense WHERE amount_currency = 'USD'"

Term: TypeAlias = tuple[str, str]
"""What is added up, and from where: an SQL expression and its FROM."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """How a figure is counted: the sum of its terms."""

    name: str
    unit: str
    definition: str
    terms: tuple[Term, ...]


_COUNTED: Final = (
    _Counted(
        "asked",
        "people",
        N_("People in all requests for help ever taken down; a request joined to another is counted once."),
        (("total(people)", _REQUESTS),),
    ),
    _Counted(
        "evacuated",
        "people",
        N_("People whom we took out of the place of danger, at any time, wherever they are now."),
        (("total(evacuated)", _CASES),),
    ),
    _Counted(
        "in_hiding",
        "people",
        N_("People out of the place of danger or in a place of ours, who are not on the way abroad and have not left."),
        (("total(in_hiding)", _CASES),),
    ),
    _Counted(
        "abroad",
        "people",
        N_("People who travelled abroad with our help and have confirmed that they arrived."),
        (("total(abroad)", _CASES),),
    ),
    _Counted(
        "applied",
        "people",
        N_("People for whom at least one application was filed with a country."),
        (("total(applied)", _CASES),),
    ),
    _Counted(
        "granted",
        "people",
        N_("People who have had an application granted, whether or not they have travelled."),
        (("total(granted)", _CASES),),
    ),
    _Counted(
        "refused",
        "people",
        N_("People with an application that was formally refused; advice against filing does not count."),
        (("total(refused)", _CASES),),
    ),
    _Counted(
        "discouraged",
        "routes",
        N_("Routes that somebody advised against before anything was filed; these are routes, not people."),
        (("count(DISTINCT route)", _ADVICE),),
    ),
    _Counted(
        "left_without_papers",
        "people",
        N_("People who left by their own means and without papers, from a case or while still asking."),
        (("total(without_papers)", _CASES), ("total(without_papers)", _REQUESTS)),
    ),
    _Counted(
        "silent",
        "people",
        N_("People with whom contact was lost: their request or case ended for that reason."),
        (("total(silent)", _CASES), ("total(silent)", _REQUESTS)),
    ),
    _Counted(
        "received_usd",
        "usd",
        N_("Donations received in US dollars, in whole dollars; other currencies stand under Money."),
        (("total(amount_minor)", _DONATIONS),),
    ),
    _Counted(
        "spent_usd",
        "usd",
        N_("Expenses paid in US dollars, in whole dollars; other currencies stand under Money."),
        (("total(amount_minor)", _EXPENSES),),
    ),
)


def figures(reader: Reader) -> Figures:
    """Every number, counted now; each table is gone through once for all the numbers that come from it."""
    wanted: dict[str, list[str]] = {}
    for counted in _COUNTED:
        for expression, source in counted.terms:
            wanted.setdefault(source, []).append(expression)
    found: dict[Term, int] = {}
    for source, expressions in wanted.items():
        (row,) = reader.rows(f"SELECT {', '.join(expressions)} {source}")
        found |= {(expression, source): int(number) for expression, number in zip(expressions, row, strict=True)}
    return Figures(tuple(_figure(counted, sum(found[term] for term in counted.terms)) for counted in _COUNTED))


def _figure(counted: _Counted, number: int) -> Figure:
    whole = number // _MINOR if counted.unit == "usd" else number
    return Figure(counted.name, whole, counted.unit, counted.definition)


_SUMMED: Final = """
WITH span (number, first, after) AS (SELECT key, value ->> 0, value ->> 1 FROM json_each(?1))
SELECT number, (SELECT total(people) FROM {source}) FROM span
"""
_STEPS_IN: Final = "step_total WHERE what = ?2 AND day >= first AND day < after"
_ASKED_IN: Final = (
    "request_now WHERE received >= unixepoch(first) * 1000 AND received < unixepoch(after) * 1000 AND same_as IS NULL"
)
_STEPS: Final = ("evacuated", "applied", "refused", "granted", "abroad", "left", "silent")
_FIRST: Final = "SELECT min((SELECT min(day) FROM step WHERE what = value)) FROM json_each(?)"
_FIRST_ASKED: Final = "SELECT date(min(received) / 1000, 'unixepoch') FROM request_now"


def weekly(reader: Reader, weeks: int = 12) -> tuple[Week, ...]:
    """The last weeks, Monday to Sunday, the oldest first and the present one last."""
    today = date.fromisoformat(reader.today())
    monday = today - timedelta(days=today.weekday())
    return _periods(reader, [monday - timedelta(weeks=n) for n in range(weeks - 1, -2, -1)])


def monthly(reader: Reader, months: int) -> tuple[Week, ...]:
    """The last calendar months, the oldest first and the present one last; `monday` is each one's first day."""
    first = date.fromisoformat(reader.today()).replace(day=1)
    edges = [(first + timedelta(days=31)).replace(day=1), first]
    while len(edges) <= months:
        edges.append((edges[-1] - timedelta(days=1)).replace(day=1))
    return _periods(reader, edges[::-1])


def began(reader: Reader) -> str | None:
    """The first day of which anything is counted, ISO; None while nothing is."""
    days = [reader.row(_FIRST, json.dumps(_STEPS)), reader.row(_FIRST_ASKED)]
    return min((row[0] for row in days if row and row[0]), default=None)


def _periods(reader: Reader, edges: list[date]) -> tuple[Week, ...]:
    """What happened between each edge and the next."""
    spans = list(pairwise(edge.isoformat() for edge in edges))
    summed = {name: _summed(reader, spans, _STEPS_IN, name) for name in _STEPS}
    summed["asked"] = _summed(reader, spans, _ASKED_IN)
    summed["in_hiding"] = _in_hiding(reader, spans)
    return tuple(Week(first, **{name: summed[name][n] for name in summed}) for n, (first, _) in enumerate(spans))


def _summed(reader: Reader, spans: list[tuple[str, str]], source: str, *values: str) -> list[int]:
    return [int(people) for _, people in reader.rows(_SUMMED.format(source=source), json.dumps(spans), *values)]


def _in_hiding(reader: Reader, spans: list[tuple[str, str]]) -> list[int]:
    """How many were in hiding at the end of each span, counted back from how many are now."""
    tomorrow = (date.fromisoformat(reader.today()) + timedelta(days=1)).isoformat()
    changes = _summed(reader, [(first, min(after, tomorrow)) for first, after in spans], _STEPS_IN, "hiding")
    ((now,),) = reader.rows("SELECT total(in_hiding) FROM case_total WHERE open")
    found = [int(now)]
    for change in reversed(changes[1:]):
        found.append(max(0, found[-1] - change))
    return found[::-1]


_BEHIND_STEPS: Final = """
SELECT s.day, s.people, s.rowid, s.folder, c.code_name, r.code_name FROM step s
  LEFT JOIN case_now c ON c.folder = s.folder LEFT JOIN request_now r ON r.folder = s.folder
 WHERE s.what = ? {after} ORDER BY s.day DESC, s.people DESC, s.rowid DESC LIMIT ?
"""
_BEHIND_PAPERS: Final = """
SELECT d.departed, d.record, d.folder, c.code_name, r.code_name,
       (SELECT people FROM step WHERE folder = d.folder AND record = d.id) FROM k_own_departure d
  LEFT JOIN case_now c ON c.folder = d.folder LEFT JOIN request_now r ON r.folder = d.folder
 WHERE d.papers = 'without_papers' {after} ORDER BY d.departed DESC, d.record DESC LIMIT ?
"""
_BEHIND_HIDING: Final = """
SELECT code_name, folder, in_hiding FROM case_now WHERE closed IS NULL AND in_hiding > 0 {after}
 ORDER BY code_name, folder LIMIT ?
"""
BEHIND: Final = frozenset((*_STEPS, "in_hiding", "left_without_papers"))
"""Figures behind which cases or requests stand."""


def behind(reader: Reader, name: str, *, after: str | None = None, limit: int = PAGE) -> Page[Behind]:
    """The cases and requests that a figure counts, the newest first; those in hiding now by code name.

    Args:
        name: one of `BEHIND`.
    """
    if name == "in_hiding":
        where, key = ("", []) if after is None else ("AND (code_name, folder) > (?, ?)", read_key(after, 2))
        rows = reader.rows(_BEHIND_HIDING.format(after=where), *key, limit + 1)
        found = [Behind(FolderId(f), FolderType.CASE, text or "", people, None) for text, f, people in rows]
        keys = [key_text(text, folder) for text, folder, _ in rows]
    elif name == "left_without_papers":
        where, key = ("", []) if after is None else ("AND (d.departed, d.record) < (?, ?)", read_key(after, 2))
        rows = reader.rows(_BEHIND_PAPERS.format(after=where), *key, limit + 1)
        found = [_behind(folder, case, request, people, day) for day, _, folder, case, request, people in rows]
        keys = [key_text(day, record) for day, record, *_ in rows]
    else:
        where, key = ("", []) if after is None else ("AND (s.day, s.people, s.rowid) < (?, ?, ?)", read_key(after, 3))
        rows = reader.rows(_BEHIND_STEPS.format(after=where), name, *key, limit + 1)
        found = [_behind(folder, case, request, people, day) for day, people, _, folder, case, request in rows]
        keys = [key_text(day, people, rowid) for day, people, rowid, *_ in rows]
    return Page(tuple(found[:limit]), keys[limit - 1] if len(rows) > limit else None)


def _behind(folder: bytes, case: str | None, request: str | None, people: int | None, day: str | None) -> Behind:
    kind = FolderType.REQUEST if case is None else FolderType.CASE
    return Behind(FolderId(folder), kind, case or request or "", people or 0, day)
