"""Nights as the pages of places draw them: which ones, their names, and what a row of them says in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from babel.dates import format_date
from starlette.requests import Request

from waystation.desk.formats import format_month
from waystation.desk.pages.telling import Teller
from waystation.ids import to_text
from waystation.records.values import Day
from waystation.views.places import Night, PlaceRow, StayRow

NIGHTS: Final = 28
WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Span:
    """The nights that a page shows: from today, or a calendar month.

    Args:
        first: ISO day. month: as it stands in the address, "2017-05"; empty from today.
    """

    first: str
    nights: int
    month: str

    @classmethod
    def asked(cls, request: Request, today: str) -> "Span":
        """What the address asks for; from today where it asks for nothing that exists."""
        try:
            first = date.fromisoformat(f"{request.query_params.get('month', '')}-01")
        except ValueError:
            return cls(today, NIGHTS, "")
        if not date.min.year < first.year < date.max.year:
            return cls(today, NIGHTS, "")
        after = (first + timedelta(days=31)).replace(day=1)
        return cls(first.isoformat(), (after - first).days, f"{first:%Y-%m}")

    @property
    def days(self) -> list[date]:
        """Every night, by the day on which it begins."""
        first = date.fromisoformat(self.first)
        return [first + timedelta(days=n) for n in range(self.nights)]

    def number_of(self, day: str) -> int | None:
        """Which of the nights begins on a day, from 0; None where it is not among them."""
        number = (date.fromisoformat(day) - date.fromisoformat(self.first)).days
        return number if 0 <= number < self.nights else None


def months(teller: Teller, span: Span, path: str, kept: dict[str, str]) -> list[dict[str, Any]]:
    """Links to other nights, as the macro `tabs` takes them: from today, and the months around those that are shown.

    Args:
        path: of the page. kept: what else its address holds.
    """
    first = date.fromisoformat(span.first).replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    today = {
        "text": teller.language.gettext("From tonight"),
        "url": teller.address(f"{path}?{urlencode(kept)}" if kept else path),
        "current": not span.month,
    }
    return [
        today,
        *(
            {
                "text": format_month(one, teller.language),
                "url": teller.address(f"{path}?{urlencode({**kept, 'month': f'{one:%Y-%m}'})}"),
                "current": span.month == f"{one:%Y-%m}",
            }
            for one in (before, first, after)
        ),
    ]


def head(teller: Teller, span: Span, today: str) -> list[dict[str, Any]]:
    """Head of a calendar, as the macro `nights` takes it."""
    locale = teller.language.locale
    return [
        {
            "iso": day.isoformat(),
            "weekday": format_date(day, "LLL" if number == 0 or day.day == 1 else "ccccc", locale=locale),
            "text": str(day.day),
            "whole": format_date(day, "d MMM", locale=locale),
            "today": day.isoformat() == today,
        }
        for number, day in enumerate(span.days)
    ]


def between(teller: Teller, span: Span) -> str:
    """The nights in words: "17 May – 13 June 2017"."""
    return teller.language.gettext(
        "nights from %(first)s to %(last)s", first=teller.day(span.first), last=teller.day(span.days[-1].isoformat())
    )


def runs(nights: Iterable[Night]) -> list[dict[str, Any]]:
    """Nights as the macro `strip` draws them; those alike stand together."""
    found: list[dict[str, Any]] = []
    first = 0
    for (taken, beds, shut), these in groupby(nights, key=lambda night: (night.taken, night.beds, night.shut)):
        count = len(list(these))
        part = min(1, taken / beds) if beds else 0.25 if taken else 0
        over = beds is not None and taken > beds
        found.append(
            {
                "first": first,
                "nights": count,
                "part": round(part, 3),
                "counted": beds is not None,
                "over": over,
                "shut": shut,
            }
        )
        first += count
    return found


def said(teller: Teller, row: PlaceRow) -> str:
    """What the drawn nights of a place say, in words."""
    language = teller.language
    told = []
    open_nights = [night for night in row.nights if not night.shut]
    full = [night for night in open_nights if night.beds is not None and night.taken >= night.beds]
    if row.beds is None:
        most = max((night.taken for night in row.nights), default=0)
        told.append(language.ngettext("at most one person a night", "at most %(num)s people a night", most))
    elif open_nights:
        least = min(night.free or 0 for night in open_nights)
        most = max(night.free or 0 for night in open_nights)
        if len(full) == len(open_nights):
            told.append(language.gettext("full every night"))
        else:
            if full:
                told.append(language.ngettext("full on one night", "full on %(num)s nights", len(full)))
            told.append(_free(teller, least, most))
    over = sum(night.over for night in row.nights)
    if over:
        told.append(language.ngettext("too many people on one night", "too many people on %(num)s nights", over))
    shut = next((night.day for night in row.nights if night.shut), None)
    if shut:
        word = language.gettext("exposed") if row.state == "exposed" else language.gettext("shut")
        told.append(
            word if row.nights[0].shut else f"{word} · {language.gettext('from %(day)s', day=teller.day(shut))}"
        )
        still = sum(night.taken > 0 for night in row.nights if night.shut)
        if still:
            told.append(
                language.ngettext(
                    "somebody there on one night all the same", "somebody there on %(num)s nights all the same", still
                )
            )
    return " · ".join(told)


def tonight(teller: Teller, row: PlaceRow) -> str:
    """How many sleep there tonight."""
    language = teller.language
    if row.beds:
        return language.gettext("%(taken)s of %(beds)s beds taken tonight", taken=row.now, beds=row.beds)
    if not row.now:
        return language.gettext("nobody there tonight")
    return language.ngettext("one person there tonight", "%(num)s people there tonight", row.now)


def twice(teller: Teller, row: PlaceRow) -> list[str]:
    """Stretches of nights with more people than beds, in words."""
    if row.beds is None or max(night.taken for night in row.nights) <= row.beds:
        return []
    found = []
    for over, these in groupby(row.nights, key=lambda night: night.over):
        nights = list(these)
        if not over:
            continue
        days = Day(nights[0].day, nights[-1].day)
        most = max(night.taken for night in nights)
        found.append(
            teller.language.gettext(
                "%(days)s: %(people)s people, %(beds)s beds", days=teller.day(days), people=most, beds=row.beds
            )
        )
    return found


def _free(teller: Teller, least: int, most: int) -> str:
    if least == most:
        return teller.language.ngettext("one bed free every night", "%(num)s beds free every night", most)
    return teller.language.gettext("%(least)s to %(most)s beds free", least=least, most=most)


def calendar(teller: Teller, stays: Sequence[StayRow], span: Span, *, sees_cases: bool) -> list[dict[str, Any]]:
    """Who sleeps there: a row for each stay that touches the nights, as the macro `nights` takes it."""
    found = []
    after = (span.days[-1] + timedelta(days=1)).isoformat()
    for stay in stays:
        begins, ends = max(stay.begins, span.first), min(stay.ends or after, after)
        if begins >= ends:
            continue
        before = (date.fromisoformat(begins) - date.fromisoformat(span.first)).days
        there = (date.fromisoformat(ends) - date.fromisoformat(begins)).days
        free: dict[str, Any] = {"nights": 1, "text": "", "state": "free"}
        url = teller.address(f"cases/{to_text(stay.case)}#shelter") if sees_cases else ""
        found.append(
            {
                "text": stay.code_name,
                "url": url,
                "note": teller.language.ngettext("one person", "%(num)s people", stay.people),
                "cells": [
                    *[free] * before,
                    {"nights": there, "text": stay.code_name, "state": "taken", "url": url},
                    *[free] * (span.nights - before - there),
                ],
            }
        )
    return found
