"""Places and their nights: who has how many beds, when."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from waystation.ids import FolderId, RecordId
from waystation.records import Day
from waystation.views import shown
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_STAYS: Final = (
    "SELECT s.folder, c.code_name, s.id, s.people, c.people, s.begins, coalesce(s.ends_to, s.ends) FROM k_stay s"
    " LEFT JOIN case_now c ON c.folder = s.folder WHERE s.place = ? AND s.begins < ?"
    " AND coalesce(s.ends_to, s.ends, '9999-12-31') > ? ORDER BY s.begins, s.id"
)
_EVER: Final = "0000-01-01"
_NEVER: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Night:
    """One night, named by the day on which it begins; `beds` is None where nobody has counted them."""

    day: str
    taken: int
    beds: int | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place.

    Args:
        now: how many sleep there tonight.
        state: open, closed or exposed.
    """

    shown: Shown
    code_name: str
    beds: int | None
    now: int
    nights: tuple[Night, ...]
    state: str


@dataclass(frozen=True, slots=True)
class StayRow:
    """Somebody's nights at a place; `ends` is the ISO day of leaving, None while it is open."""

    case: FolderId
    code_name: str
    stay: RecordId
    people: int
    begins: str
    ends: str | None


def places(reader: Reader, *, start: str | None = None, nights: int = 14) -> tuple[PlaceRow, ...]:
    """Every place by name, the open ones first, with its nights.

    Args:
        start: first night, ISO; today if left out.
        nights: how many.
    """
    first = start or reader.today()
    days = [(date.fromisoformat(first) + timedelta(days=n)).isoformat() for n in range(nights)]
    found = []
    for (folder,) in reader.rows("SELECT folder FROM k_place ORDER BY code_name"):
        one = shown.record(reader, folder, "place", folder)
        if one is not None:
            found.append(_row(reader, one, days))
    return tuple(sorted(found, key=lambda row: row.state != "open"))


def stays(reader: Reader, place: FolderId) -> tuple[StayRow, ...]:
    """Everybody's nights at a place, the earliest first."""
    return _stays(reader, place, _EVER, _NEVER)


def _stays(reader: Reader, place: FolderId, first: str, before: str) -> tuple[StayRow, ...]:
    return tuple(
        StayRow(case, name or "", RecordId(stay), len(json.loads(named)) if named else everyone or 1, begins, ends)
        for case, name, stay, named, everyone, begins, ends in reader.rows(_STAYS, place, before, first)
    )


def _row(reader: Reader, one: Shown, days: list[str]) -> PlaceRow:
    beds = one.fields.get("beds")
    count = beds if isinstance(beds, int) else None
    today = reader.today()
    first, last = min(today, days[0]), max(today, days[-1])
    after = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    there = _stays(reader, one.folder, first, after)
    nights = tuple(Night(day, _taken(there, day), count) for day in days)
    return PlaceRow(one, str(one.fields.get("code_name", "")), count, _taken(there, today), nights, _state(one, today))


def _taken(there: tuple[StayRow, ...], day: str) -> int:
    return sum(stay.people for stay in there if stay.begins <= day and (stay.ends is None or stay.ends > day))


def _state(one: Shown, today: str) -> str:
    for field, state in (("exposed", "exposed"), ("closed", "closed")):
        day = one.fields.get(field)
        if isinstance(day, Day) and day.sort_key <= today:
            return state
    return "open"
