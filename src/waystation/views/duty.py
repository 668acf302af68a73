"""Who answers at night: the shifts of duty, and the hours for which nobody was found.

A night is what lies between the evening of one day and the morning of the next, by this desk's clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderId, RecordId
from waystation.views import shown
from waystation.views.reader import Reader

EVENING_H: Final = 20
MORNING_H: Final = 8
"""The hours of the day between which somebody has to be on duty."""

_SHIFTS: Final = (
    "SELECT folder, id, member, begins, ends, ends_zone, remarks FROM k_duty WHERE ends > ? AND begins < ?"
    " ORDER BY begins, ends, id"
)


@dataclass(frozen=True, slots=True)
class Shift:
    """One member's duty, from when until when (UTC ms)."""

    folder: FolderId
    record: RecordId
    member: bytes
    name: str
    begins_ms: Millis
    ends_ms: Millis
    zone: str
    remarks: str


@dataclass(frozen=True, slots=True)
class Night:
    """One night.

    Args:
        day: on which it begins, ISO.
        shifts: whose duty touches it, the earliest first.
        gaps: stretches of it for which nobody is on duty, UTC ms.
    """

    day: str
    begins_ms: Millis
    ends_ms: Millis
    shifts: tuple[Shift, ...]
    gaps: tuple[tuple[Millis, Millis], ...]


@dataclass(frozen=True, slots=True)
class Tonight:
    """This night, or the one that comes.

    Args:
        now: who is on duty at this moment.
        next: who comes after them; None if nobody was found.
        night: what is left of it: its gaps do not reach into the past.
    """

    night: Night
    now: tuple[Shift, ...]
    next: Shift | None


def between(reader: Reader, begins_ms: int, ends_ms: int) -> tuple[Shift, ...]:
    """Every shift that touches a stretch of time, the earliest first."""
    names = shown.names(reader, "member")
    return tuple(
        Shift(folder, RecordId(record), member, names.get(member, ""), begins, ends, zone, remarks or "")
        for folder, record, member, begins, ends, zone, remarks in reader.rows(_SHIFTS, begins_ms, ends_ms)
    )


def tonight(reader: Reader, zone: str) -> Tonight:
    """Who answers now, and until the next morning.

    Args:
        zone: IANA name of this desk's.
    """
    now = reader.now_ms()
    day = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone))
    first = day.date() if day.hour >= MORNING_H else day.date() - timedelta(days=1)
    begins, ends = night_of(first.isoformat(), zone)
    shifts = between(reader, now, max(ends, now + 1))
    here = tuple(one for one in shifts if one.begins_ms <= now < one.ends_ms)
    later = next((one for one in between(reader, now, ends + DAY_MS) if one.begins_ms > now), None)
    return Tonight(_night(first.isoformat(), Millis(max(begins, now)), ends, shifts, begins), here, later)


def nights(reader: Reader, zone: str, first: str, count: int) -> tuple[Night, ...]:
    """Some nights in a row.

    Args:
        first: ISO day on which the first of them begins.
    """
    days = [(date.fromisoformat(first) + timedelta(days=n)).isoformat() for n in range(count)]
    edges = [night_of(day, zone) for day in days]
    shifts = between(reader, edges[0][0], edges[-1][1])
    return tuple(_night(day, begins, ends, shifts, begins) for day, (begins, ends) in zip(days, edges, strict=True))


def night_of(day: str, zone: str) -> tuple[Millis, Millis]:
    """When the night that begins on a day begins and ends, UTC ms."""
    evening = date.fromisoformat(day)
    return _at(evening, EVENING_H, zone), _at(evening + timedelta(days=1), MORNING_H, zone)


def _at(day: date, hour: int, zone: str) -> Millis:
    return Millis(int(datetime.combine(day, time(hour), ZoneInfo(zone)).timestamp()) * 1000)


def _night(day: str, uncovered_from: Millis, ends: Millis, shifts: Iterable[Shift], begins: Millis) -> Night:
    touching = tuple(one for one in shifts if one.begins_ms < ends and one.ends_ms > begins)
    gaps: list[tuple[Millis, Millis]] = []
    covered = uncovered_from
    for one in touching:
        if one.begins_ms > covered:
            gaps.append((covered, one.begins_ms))
        covered = max(covered, one.ends_ms)
    if covered < ends:
        gaps.append((covered, ends))
    return Night(day, begins, ends, touching, tuple(gaps))
