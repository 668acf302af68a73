"""Dates as phones write them: with or without a year, day first or month first, with twelve hours or twenty-four.

Guarantees: where a thread leaves both readings open, it says so; it never picks one in silence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from waystation.threads.model import Setting

DATE: Final = r"(?P<a>\d{1,4})(?P<sep>\.\s?|[/-])(?P<b>\d{1,2})(?:(?:\.\s?|[/-])(?P<c>\d{4}|\d{1,2})\.?|\.)?"
TIME: Final = r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?(?:\s?(?P<half>[AaPp]\.?\s?[Mm]\.?))?"


class Stamp(NamedTuple):
    """One date and time, taken apart but not yet understood."""

    a: int
    b: int
    c: int | None
    dotted: bool
    hour: int
    minute: int
    second: int
    half: str
    date: str


@dataclass(frozen=True, slots=True)
class Order:
    """How the dates of a thread are read, and whether that is sure.

    Args:
        unclear: a date that shows the doubt; empty if there is none.
    """

    day_first: bool
    unclear: str = ""


def stamp(found: re.Match[str]) -> Stamp:
    """The date and time in a match of `DATE` and `TIME`."""
    year = found["c"]
    return Stamp(
        a=int(found["a"]),
        b=int(found["b"]),
        c=None if year is None else int(year) + (2000 if len(year) < 3 else 0),
        dotted=found["sep"].startswith("."),
        hour=int(found["hour"]),
        minute=int(found["minute"]),
        second=int(found["second"] or 0),
        half=(found["half"] or "")[:1].lower(),
        date=found[0][found.start("a") - found.start() : found.end("c" if year else "b") - found.start()],
    )


def local(one: Stamp, setting: Setting, *, day_first: bool) -> datetime | None:
    """The wall-clock time that a stamp means; None if no calendar has it."""
    hour = one.hour
    if one.half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if one.half == "p" else 0)
    year, month, day = one.c, one.b, one.a
    if one.a >= 1000:
        if one.c is None:
            return None
        year, month, day = one.a, one.b, one.c - 2000 if one.c >= 2000 else one.c
    elif not day_first:
        month, day = one.a, one.b
    try:
        if year is not None:
            return datetime(year, month, day, hour, one.minute, one.second)  # noqa: DTZ001 -- a phone's wall clock
        this = datetime(setting.tomorrow.year, month, day, hour, one.minute, one.second)  # noqa: DTZ001 -- likewise
        return this if this < setting.tomorrow else this.replace(year=this.year - 1)
    except ValueError:
        return None


def order(stamps: Sequence[Stamp], setting: Setting) -> Order:
    """How the dates of one thread are to be read.

    One phone wrote them all, in one way, one after the other, and none in the future.
    """
    found = _found_order(stamps, setting)
    return found if setting.day_first is None else Order(setting.day_first, found.unclear)


def _found_order(stamps: Sequence[Stamp], setting: Setting) -> Order:
    open_ones = [one for one in stamps if one.a < 1000 and not one.dotted]
    if not open_ones:
        return Order(day_first=True)
    fits = {way: _fits(open_ones, setting, day_first=way) for way in (True, False)}
    if fits[True] != fits[False]:
        return Order(day_first=fits[True] > fits[False])
    doubtful = next((one for one in open_ones if one.a != one.b), None)
    american = any(one.half for one in open_ones)
    return Order(day_first=not american, unclear=doubtful.date if doubtful else "")


def _fits(stamps: Sequence[Stamp], setting: Setting, *, day_first: bool) -> tuple[int, int]:
    """How many dates this reading makes sense of, then how many of them come in their order."""
    read = [local(one, setting, day_first=day_first) for one in stamps]
    known = [at for at in read if at is not None and at < setting.tomorrow]
    return len(known), -sum(later < earlier for earlier, later in pairwise(known))
