"""Places and their nights: who has how many beds, when, and which places can still take somebody.

Guarantees: beds are counted from one table of nights, for every place at once; an address is never read here.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

from waystation.ids import FolderId, RecordId
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader

_PLACES: Final = (
    "SELECT folder, code_name, type, region, country, beds, step_free, children, closed, exposed FROM k_place"
    " WHERE {} ORDER BY code_name, folder"
)
_TAKEN: Final = (
    "SELECT place, begins, ends, sum(people) FROM night WHERE {} AND ends > ? AND begins < ?"
    " GROUP BY ends, place, begins"
)
_EVERY: Final = "1"
_STAYS: Final = (
    "SELECT n.folder, c.code_name, n.record, n.people, n.begins, n.ends FROM night n"
    " LEFT JOIN case_now c ON c.folder = n.folder WHERE n.place = ?"
)
_ENDED: Final = "SELECT count(*) FROM night WHERE place = ? AND ends <= ?"
_NEVER: Final = "9999-12-31"
"""The day of leaving of whoever has none."""

Nights: TypeAlias = list[tuple[str, str, int]]
"""First night and day of leaving (ISO), and how many people."""


class Night(NamedTuple):
    """One night at a place, or at many, named by the day on which it begins.

    Args:
        beds: None where nobody has counted them.
        shut: the place is closed or exposed by then.
    """

    day: str
    taken: int
    beds: int | None
    shut: bool = False

    @property
    def free(self) -> int | None:
        """Beds that are left; None where nobody has counted them. Nothing is free at a place that is shut."""
        return None if self.beds is None else max(0, self.beds - self.taken) if not self.shut else 0

    @property
    def over(self) -> bool:
        """More people than beds: somebody was sent there twice."""
        return self.beds is not None and self.taken > self.beds


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place.

    Args:
        type, region, country: as stored; empty where nothing is.
        step_free, children: None where nobody has said.
        now: how many sleep there tonight.
        state: open, closed or exposed.
    """

    folder: FolderId
    code_name: str
    type: str
    region: str
    country: str
    beds: int | None
    step_free: bool | None
    children: bool | None
    now: int
    nights: tuple[Night, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which places are asked for; what is left out asks for nothing.

    Args:
        type: as stored.
        state: open, closed or exposed.
        region: as stored.
    """

    type: str = ""
    state: str = ""
    region: str = ""

    def has(self, row: PlaceRow) -> bool:
        return self.type in ("", row.type) and self.state in ("", row.state) and self.region in ("", row.region)


ANY: Final = Wanted()


@dataclass(frozen=True, slots=True)
class Fit:
    """A place that can take them.

    Args:
        free: the fewest beds that are left on any of those nights, before they come; None where beds were not counted.
        unsaid: what was asked for and nobody has said of this place: "step_free", "children", "beds".
    """

    place: PlaceRow
    free: int | None
    unsaid: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StayRow:
    """Somebody's nights at a place; `ends` is the ISO day of leaving, None while it is open."""

    case: FolderId
    code_name: str
    stay: RecordId
    people: int
    begins: str
    ends: str | None


def places(reader: Reader, *, start: str | None = None, nights: int = 14, wanted: Wanted = ANY) -> tuple[PlaceRow, ...]:
    """Every place by name, the open ones first, with its nights.

    Args:
        start: first night, ISO; today if left out.
        nights: how many.
    """
    rows = (row for row in _rows(reader, None, start, nights) if wanted.has(row))
    return tuple(sorted(rows, key=lambda row: row.state != "open"))


def place(reader: Reader, folder: FolderId, *, start: str | None = None, nights: int = 14) -> PlaceRow | None:
    """One place, as `places` gives it; None if there is none."""
    return next(_rows(reader, folder, start, nights), None)


def together(rows: tuple[PlaceRow, ...]) -> tuple[Night, ...]:
    """The nights of all these places added up: those that are open and whose beds were counted."""
    counted = [row.nights for row in rows if row.beds is not None]
    return tuple(
        Night(
            nights[0].day,
            sum(min(night.taken, night.beds or 0) for night in nights if not night.shut),
            sum(night.beds or 0 for night in nights if not night.shut),
        )
        for nights in zip(*counted, strict=True)
    )


def regions(reader: Reader) -> Mapping[str, FolderId]:
    """Every region in which there is a place, by name, with one of its places."""
    query = "SELECT region, min(folder) FROM k_place WHERE region IS NOT NULL GROUP BY region ORDER BY region"
    return {region: FolderId(folder) for region, folder in reader.rows(query)}


def fits(
    reader: Reader,
    people: int,
    *,
    start: str | None = None,
    nights: int = 1,
    step_free: bool = False,
    children: bool = False,
    wanted: Wanted = ANY,
) -> tuple[Fit, ...]:
    """Places that can take so many people on each of these nights; the snuggest first, the doubtful ones last.

    Args:
        people: how many come.
        start: their first night, ISO; tonight if left out.
        nights: how many.
        step_free, children: whether it matters; a place of which nobody has said so is doubtful.
    """
    asked = {"step_free": step_free, "children": children}
    found = []
    for row in places(reader, start=start, nights=nights, wanted=replace(wanted, state="open")):
        said = {"step_free": row.step_free, "children": row.children}
        if any(night.shut for night in row.nights) or any(asked[name] and said[name] is False for name in asked):
            continue
        free = min(night.free for night in row.nights if night.free is not None) if row.beds is not None else None
        if free is None or free >= people:
            unsaid = [name for name in asked if asked[name] and said[name] is None]
            found.append(Fit(row, free, (*unsaid, *(("beds",) if free is None else ()))))
    return tuple(sorted(found, key=lambda fit: (len(fit.unsaid), fit.free or 0, fit.place.code_name)))


def stays(reader: Reader, place: FolderId) -> tuple[StayRow, ...]:
    """Everybody's nights at a place, the earliest first."""
    return tuple(_stay(row) for row in reader.rows(f"{_STAYS} ORDER BY n.begins, n.record", place))


def present(reader: Reader, place: FolderId, *, after: str | None = None, limit: int = PAGE) -> Page[StayRow]:
    """Who is at a place or will come, whoever leaves first coming first."""
    where, key = (
        ("n.ends > ?", [reader.today()]) if after is None else ("(n.ends, n.rowid) > (?, ?)", read_key(after, 2))
    )
    query = f"{_STAYS.replace('SELECT', 'SELECT n.rowid,', 1)} AND {where} ORDER BY n.ends, n.rowid LIMIT ?"
    return _page(reader.rows(query, place, *key, limit + 1), limit)


def gone(reader: Reader, place: FolderId, *, after: str | None = None, limit: int = PAGE) -> Page[StayRow]:
    """Who was at a place, the last to leave first."""
    where, key = (
        ("n.ends <= ?", [reader.today()]) if after is None else ("(n.ends, n.rowid) < (?, ?)", read_key(after, 2))
    )
    query = f"{_STAYS.replace('SELECT', 'SELECT n.rowid,', 1)} AND {where} ORDER BY n.ends DESC, n.rowid DESC LIMIT ?"
    return _page(reader.rows(query, place, *key, limit + 1), limit)


def touching(reader: Reader, place: FolderId, first: str, last: str, *, limit: int = PAGE) -> Page[StayRow]:
    """Whose nights at a place touch those from `first` to `last` (ISO), by code name.

    Where they are too many, those who leave first are given, and `next` is not None; it is no key.
    """
    query = f"{_STAYS} AND n.ends > ? AND n.begins <= ? ORDER BY n.ends, n.rowid LIMIT ?"
    rows = reader.rows(query, place, first, last, limit + 1)
    found = sorted((_stay(row) for row in rows[:limit]), key=lambda stay: (stay.code_name, stay.begins))
    return Page(tuple(found), key_text(limit) if len(rows) > limit else None)


def ended(reader: Reader, place: FolderId) -> int:
    """How many stays at a place have ended."""
    ((count,),) = reader.rows(_ENDED, place, reader.today())
    return int(count)


def _page(rows: list[tuple[Any, ...]], limit: int) -> Page[StayRow]:
    last = rows[limit - 1] if len(rows) > limit else None
    key = key_text(last[-1], last[0]) if last else None
    return Page(tuple(_stay(row[1:]) for row in rows[:limit]), key)


def _stay(row: tuple[Any, ...]) -> StayRow:
    case, name, stay, people, begins, ends = row
    return StayRow(FolderId(case), name or "", RecordId(stay), people, begins, None if ends == _NEVER else ends)


def _days(start: str, nights: int) -> list[str]:
    first = date.fromisoformat(start)
    return [(first + timedelta(days=n)).isoformat() for n in range(nights)]


def _rows(reader: Reader, folder: FolderId | None, start: str | None, nights: int) -> Iterator[PlaceRow]:
    """Every place, or one, by name."""
    today = reader.today()
    days = _days(start or today, nights)
    taken = _taken(reader, folder, min(today, days[0]), max(today, days[-1]))
    found = reader.rows(_PLACES.format("folder = ?"), folder) if folder else reader.rows(_PLACES.format(_EVERY))
    return (_row(values, taken, days, today) for values in found)


def _taken(reader: Reader, place: FolderId | None, first: str, last: str) -> dict[bytes, Nights]:
    """Place → the nights there that touch these."""
    found: dict[bytes, Nights] = {}
    after = (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    of = _TAKEN.format("place = ?" if place else _EVERY)
    for folder, begins, ends, people in reader.rows(of, *((place,) if place else ()), first, after):
        found.setdefault(folder, []).append((begins, ends, people))
    return found


def _row(
    values: tuple[Any, ...],
    taken: Mapping[bytes, Nights],
    days: list[str],
    today: str,
) -> PlaceRow:
    folder, name, kind, region, country, beds, step_free, children, closed, exposed = values
    there = taken.get(folder, [])
    shut = min(closed or _NEVER, exposed or _NEVER)
    counts = _counts(there, days)
    state = "exposed" if exposed and exposed <= today else "closed" if closed and closed <= today else "open"
    return PlaceRow(
        FolderId(folder),
        name or "",
        kind or "",
        region or "",
        country or "",
        beds,
        None if step_free is None else bool(step_free),
        None if children is None else bool(children),
        _counts(there, [today])[0],
        tuple(Night(day, count, beds, day >= shut) for day, count in zip(days, counts, strict=True)),
        state,
    )


def _counts(there: Nights, days: list[str]) -> list[int]:
    """How many people are there on each of the days, which follow one another."""
    changes = [0] * (len(days) + 1)
    for begins, ends, people in there:
        changes[bisect_left(days, begins)] += people
        changes[bisect_left(days, ends)] -= people
    return list(accumulate(changes[:-1]))
