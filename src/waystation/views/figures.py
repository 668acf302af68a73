"""The numbers of the work, each with one sentence that says what is counted. People are counted, unless it says otherwise.

The pages, the command line and the demo all read these, so that two places never give two numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

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


@dataclass(frozen=True, slots=True)
class _Counted:
    name: str
    unit: str
    query: str
    definition: str


_COUNTED: Final = (
    _Counted(
        "asked",
        "people",
        "SELECT total(people) FROM request_now WHERE same_as IS NULL",
        N_("People in all requests for help ever taken down; a request joined to another is counted once."),
    ),
    _Counted(
        "evacuated",
        "people",
        "SELECT total(evacuated) FROM case_now",
        N_("People whom we took out of the place of danger, at any time, wherever they are now."),
    ),
    _Counted(
        "in_hiding",
        "people",
        "SELECT total(in_hiding) FROM case_now",
        N_("People out of the place of danger or in a place of ours, who are not on the way abroad and have not left."),
    ),
    _Counted(
        "abroad",
        "people",
        "SELECT total(abroad) FROM case_now",
        N_("People who travelled abroad with our help and have confirmed that they arrived."),
    ),
    _Counted(
        "applied",
        "people",
        "SELECT total(applied) FROM case_now",
        N_("People for whom at least one application was filed with a country."),
    ),
    _Counted(
        "granted",
        "people",
        "SELECT total(granted) FROM case_now",
        N_("People who have had an application granted, whether or not they have travelled."),
    ),
    _Counted(
        "refused",
        "people",
        "SELECT total(refused) FROM case_now",
        N_("People who have had an application formally refused; advice against filing does not count."),
    ),
    _Counted(
        "discouraged",
        "routes",
        "SELECT count(DISTINCT route) FROM k_discouragement",
        N_("Routes that somebody advised against before anything was filed; these are routes, not people."),
    ),
    _Counted(
        "left_without_papers",
        "people",
        "SELECT (SELECT total(without_papers) FROM case_now)"
        " + (SELECT total(without_papers) FROM request_now WHERE same_as IS NULL)",
        N_("People who left by their own means and without papers, from a case or while still asking."),
    ),
    _Counted(
        "silent",
        "people",
        "SELECT (SELECT total(silent) FROM case_now) + (SELECT total(silent) FROM request_now WHERE same_as IS NULL)",
        N_("People with whom contact was lost: their request or case ended for that reason."),
    ),
    _Counted(
        "received_usd",
        "usd",
        "SELECT total(amount_minor) FROM k_donation WHERE amount_currency = 'USD'",
        N_("Donations received in US dollars, in whole dollars; other currencies stand under Money."),
    ),
    _Counted(
        "spent_usd",
        "usd",
        "SELECT total(amount_minor) FROM k_expense WHERE amount_currency = 'USD'",
        N_("Expenses paid in US dollars, in whole dollars; other currencies stand under Money."),
    ),
)


def figures(reader: Reader) -> Figures:
    """Every number, counted now."""
    return Figures(tuple(_figure(reader, counted) for counted in _COUNTED))


def _figure(reader: Reader, counted: _Counted) -> Figure:
    number = int(reader.rows(counted.query)[0][0])
    return Figure(counted.name, number // _MINOR if counted.unit == "usd" else number, counted.unit, counted.definition)
