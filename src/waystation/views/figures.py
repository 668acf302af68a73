"""The numbers of the work, each with one sentence that says what is counted: people, unless it says otherwise.

The pages, the command line and the demo all read these, so that two places never give two numbers.
"""

from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final, TypeAlias

from waystation.records.labels import N_
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
    """What happened in the seven days from `monday` (ISO), in people."""

    monday: str
    asked: int
    evacuated: int
    applied: int
    granted: int
    refused: int
    abroad: int


_CASES: Final = "FROM case_now"
_REQUESTS: Final = "FROM request_now WHERE same_as IS NULL"
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


_ASKED: Final = """
SELECT (received / 1000 - unixepoch(?1)) / 604800, 'asked', sum(people)
  FROM request_now
 WHERE same_as IS NULL AND received >= unixepoch(?1) * 1000 AND received < unixepoch(?2) * 1000 GROUP BY 1
"""
_STEPS: Final = """
SELECT CAST((julianday(day) - julianday(?1)) / 7 AS INTEGER), what, sum(people)
  FROM step WHERE day >= ?1 AND day < ?2 GROUP BY 1, 2
"""


def weekly(reader: Reader, weeks: int = 12) -> tuple[Week, ...]:
    """The last weeks, Monday to Sunday, the oldest first and the present one last."""
    today = date.fromisoformat(reader.today())
    end = today + timedelta(days=7 - today.weekday())
    start = end - timedelta(weeks=weeks)
    counted: dict[tuple[int, str], int] = {}
    for query in (_ASKED, _STEPS):
        for week, what, count in reader.rows(query, start.isoformat(), end.isoformat()):
            counted[week, what] = count
    names = [field.name for field in fields(Week)][1:]
    return tuple(
        Week((start + timedelta(weeks=week)).isoformat(), *(counted.get((week, name), 0) for name in names))
        for week in range(weeks)
    )
