"""Who is in most danger: an order of people, with the reasons that a person can read.

Pure and total: the same facts give the same order on every desk, and whoever is in more danger by
any one measure, all else equal, never stands later. Ties are broken by record id, not by chance.
It proposes; a caseworker decides.

The measures, most weighty first:

1. a missed check-in of someone at extreme or high risk, or in danger now, is an alarm;
2. risk level;  3. timeframe;
4. the deadline: the nearer the earlier, and one that has passed counts as today's;
5. any other missed check-in, the longer ago the earlier;
6. an overdue review of the risk.

What nobody has assessed yet is treated as high and at an unknown time, because silence about
danger is no sign of safety.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

from waystation.clock import HOUR_MS, Millis
from waystation.records.choices import RiskLevel, Timeframe
from waystation.records.labels import N_
from waystation.records.values import Day

_LEVELS: Final = {level.value: rank for rank, level in enumerate(RiskLevel)}
_TIMEFRAMES: Final = {frame.value: rank for rank, frame in enumerate(Timeframe)}
_GRAVE: Final = _LEVELS[RiskLevel.HIGH.value]
_NOW: Final = _TIMEFRAMES[Timeframe.NOW.value]
_UNKNOWN: Final = _TIMEFRAMES[Timeframe.UNKNOWN.value]
_DAY_HOURS: Final = 24
_NO_DEADLINE: Final = 10**6

Key: TypeAlias = tuple[int, int, int, int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Danger:
    """What is known of one person's danger.

    Args:
        record: id of the request or case; breaks ties.
        level: stored risk level; None where nobody has assessed it.
        timeframe: stored timeframe; None likewise.
        deadline: day by which it threatens.
        missed_ms: when the oldest missed check-in was due; None if none is missed.
        review: day on which the risk is to be looked at again.
    """

    record: bytes
    level: str | None = None
    timeframe: str | None = None
    deadline: Day | None = None
    missed_ms: Millis | None = None
    review: Day | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why someone stands where they stand: a gettext id, and what fills it. No names, no words."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Urgency:
    """Place in the order.

    Args:
        key: sorts ascending, the most urgent first.
        reasons: most weighty first.
        alarm: whether a missed check-in calls for somebody now.
    """

    key: Key
    reasons: tuple[Reason, ...]
    alarm: bool


def key(danger: Danger, *, today: str, now_ms: Millis) -> Key:
    """One person's place in the order, without the reasons: what sorts many quickly. Arguments as for `urgency`."""
    return _measured(danger, today, now_ms)[0]


def urgency(danger: Danger, *, today: str, now_ms: Millis) -> Urgency:
    """One person's place in the order.

    Args:
        danger: what is known.
        today: ISO date at the desk.
        now_ms: for the hours since a missed check-in.
    """
    place, days_left, hours_missed, review_left = _measured(danger, today, now_ms)
    return Urgency(place, tuple(_reasons(danger, days_left, hours_missed, review_left)), place[0] < 0)


def _measured(danger: Danger, today: str, now_ms: Millis) -> tuple[Key, int, int, int]:
    """The place, and what it is read from: days to the deadline, hours since a check-in, days to the review."""
    level = _rank(danger.level, _LEVELS, unknown=_GRAVE)
    timeframe = _rank(danger.timeframe, _TIMEFRAMES, unknown=_UNKNOWN)
    days_left = _days_until(danger.deadline, today)
    hours_missed = -1 if danger.missed_ms is None else max(0, (now_ms - danger.missed_ms) // HOUR_MS)
    alarm = hours_missed >= 0 and (level >= _GRAVE or timeframe == _NOW)
    review_left = _days_until(danger.review, today)
    overdue = review_left < 0
    place = (
        -int(alarm),
        -level,
        -timeframe,
        max(days_left, 0),
        -hours_missed,
        -int(overdue),
        danger.record,
    )
    return place, days_left, hours_missed, review_left


def order(dangers: Iterable[Danger], *, today: str, now_ms: Millis) -> list[tuple[Danger, Urgency]]:
    """Everyone, the most urgent first; the order of `dangers` plays no part."""
    found = [(danger, urgency(danger, today=today, now_ms=now_ms)) for danger in dangers]
    return sorted(found, key=lambda one: one[1].key)


def _rank(stored: str | None, ranks: Mapping[str, int], *, unknown: int) -> int:
    """Rank of a stored choice; a newer desk's unknown one counts as the gravest."""
    return unknown if stored is None else ranks.get(stored, len(ranks))


def _days_until(day: Day | None, today: str) -> int:
    """Days until a day may have come, below zero where it is over; far away where none is known."""
    if day is None:
        return _NO_DEADLINE
    # "before 26 May" has no beginning: the danger may come on any day until then.
    return (date.fromisoformat(day.sort_key) - date.fromisoformat(today)).days


def _reasons(danger: Danger, days_left: int, hours_missed: int, review_left: int) -> Iterable[Reason]:
    if hours_missed >= 2 * _DAY_HOURS:
        yield Reason(N_("Days since the missed check-in: %(days)s"), {"days": hours_missed // _DAY_HOURS})
    elif hours_missed >= 0:
        yield Reason(N_("Hours since the missed check-in: %(hours)s"), {"hours": hours_missed})
    if danger.level is None:
        yield Reason(N_("Risk not assessed yet"))
    elif danger.level in _LEVELS:
        yield Reason(RiskLevel(danger.level).label)
    else:
        yield Reason(N_("Risk level that this version cannot read"))
    if danger.timeframe in _TIMEFRAMES:
        yield Reason(Timeframe(danger.timeframe).label)
    if days_left < 0:
        yield Reason(N_("Days since the deadline: %(days)s"), {"days": -days_left})
    elif days_left == 0:
        yield Reason(N_("The deadline is today"))
    elif days_left < _NO_DEADLINE:
        yield Reason(N_("Days until the deadline: %(days)s"), {"days": days_left})
    if review_left < 0:
        yield Reason(N_("Days since the review was due: %(days)s"), {"days": -review_left})
