"""Routes, what was tried by them, and what came of it: in applications, so that a case that tried twice counts twice.

Nothing here pretends to be a rate: numbers stand as they were counted, with how many there were to count.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from waystation.ids import FolderId
from waystation.records import Day
from waystation.records.choices import DecisionOutcome
from waystation.views import shown
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader
from waystation.views.shown import Shown

ENOUGH: Final = 5
"""Fewer decisions than these say nothing about the next one."""

REFUSALS_READ: Final = 500
"""Reasons are counted over the newest so many refusals of a route."""

ANSWERS_READ: Final = 100
"""How long they waited is told of the newest so many answers of a route: what took long ten years ago does not help."""

_TRIED: Final = (
    "SELECT route, outcome, count(*), total(set_out), total(arrived) FROM tried{one} GROUP BY route, outcome"
)
_ADVISED: Final = "SELECT route, count(*) FROM k_discouragement WHERE route IS NOT NULL{one} GROUP BY route"
_LAST: Final = "SELECT max(filed) FROM tried WHERE route = ?"
_WAITED: Final = (
    "SELECT answered, waited FROM tried WHERE route = ? AND outcome = ? AND answered IS NOT NULL"
    " ORDER BY answered DESC LIMIT ?"
)
_CASES: Final = (
    "SELECT t.rowid, t.folder, t.filed, t.people, t.outcome, t.answered, c.code_name FROM tried t"
    " LEFT JOIN case_now c ON c.folder = t.folder WHERE t.route = ?"
)
_REASONS: Final = (
    "SELECT d.reason FROM (SELECT folder, decision FROM tried WHERE route = ? AND outcome = 'refused'"
    " ORDER BY answered DESC LIMIT ?) t JOIN k_decision d ON d.folder = t.folder AND d.id = t.decision"
)


@dataclass(frozen=True, slots=True)
class Waits:
    """Days from filing to the answer, of the newest that were granted or refused; `days` → how many waited so long."""

    days: Mapping[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.days.values())

    @property
    def low(self) -> int:
        return min(self.days)

    @property
    def high(self) -> int:
        return max(self.days)

    @property
    def median(self) -> int:
        """The lower of the two middle ones where their number is even: a wait that really was."""
        half = (self.count + 1) // 2
        for days in sorted(self.days):
            half -= self.days[days]
            if half <= 0:
                return days
        raise ValueError("nobody waited")


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route with what came of it.

    Args:
        applied: applications ever filed; the next five say what became of them.
        discouraged: how often somebody advised against it; never an application.
        travelled: applications with which they set out. arrived: and confirmed that they are there.
        waits: how long decisions took.
        tried: the last day on which anything was filed; ISO, or None. decided: on which anything was decided.
        open: whether it may be applied by today.
    """

    shown: Shown
    applied: int
    pending: int
    granted: int
    refused: int
    withdrawn: int
    lapsed: int
    discouraged: int
    travelled: int
    arrived: int
    waits: Waits
    tried: str | None
    decided: str | None
    open: bool

    @property
    def judged(self) -> int:
        """Applications that a country said yes or no to."""
        return self.granted + self.refused

    @property
    def lead_days(self) -> int | None:
        """How long it takes: as it was counted, or as somebody wrote it down where too little was."""
        written = self.shown.fields.get("lead_days")
        if self.waits.count >= ENOUGH:
            return self.waits.median
        return written if isinstance(written, int) else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a country has said, over all routes into it: applications granted and refused, and advice against trying."""

    country: str
    granted: int
    refused: int
    discouraged: int
    pending: int


@dataclass(frozen=True, slots=True)
class Tried:
    """An application by a route; `outcome` is empty while it waits. Days are ISO."""

    case: FolderId
    code_name: str
    people: int
    filed: str
    outcome: str
    decided: str | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a country refused, in its words, and how often; empty words where no reason was given."""

    words: str
    count: int


def routes(reader: Reader) -> tuple[RouteRow, ...]:
    """Every route, those that are open first."""
    home = reader.row("SELECT folder FROM k_route LIMIT 1")
    kept = shown.records(reader, home[0], ("route",)).get("route", ()) if home else ()
    tried = _tried(reader)
    rows = (_row(reader, one, tried.get(one.record, _Count())) for one in kept)
    return tuple(sorted(rows, key=lambda row: not row.open))


def route(reader: Reader, one: Shown) -> RouteRow:
    """What came of one route."""
    return _row(reader, one, _tried(reader, one.record).get(one.record, _Count()))


def answers(rows: Iterable[RouteRow]) -> tuple[Answer, ...]:
    """By country, those that said no most often first; a country that has not said anything is left out."""
    by_country: dict[str, list[RouteRow]] = {}
    for row in rows:
        by_country.setdefault(str(row.shown.fields.get("destination", "")), []).append(row)
    found = (
        Answer(
            country,
            sum(row.granted for row in these),
            sum(row.refused for row in these),
            sum(row.discouraged for row in these),
            sum(row.pending for row in these),
        )
        for country, these in by_country.items()
    )
    said = [one for one in found if one.granted or one.refused or one.discouraged]
    return tuple(sorted(said, key=lambda one: (-one.refused, -one.discouraged, -one.granted, one.country)))


def cases(reader: Reader, route: bytes, *, after: str | None = None, limit: int = PAGE) -> Page[Tried]:
    """The applications by a route, the newest first."""
    where, key = ("", []) if after is None else (" AND (t.filed, t.rowid) < (?, ?)", read_key(after, 2))
    rows = reader.rows(f"{_CASES}{where} ORDER BY t.filed DESC, t.rowid DESC LIMIT ?", route, *key, limit + 1)
    found = (
        Tried(FolderId(folder), name or "", people, filed, outcome, answered)
        for _, folder, filed, people, outcome, answered, name in rows[:limit]
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(tuple(found), key_text(last[2], last[0]) if last else None)


def reasons(reader: Reader, route: bytes) -> tuple[Reason, ...]:
    """Why applications by a route were refused, the commonest first; told apart by their words alone."""
    counts: dict[str, list[str]] = {}
    for (words,) in reader.rows(_REASONS, route, REFUSALS_READ):
        told = " ".join(str(words or "").split())
        counts.setdefault(told.rstrip(".").casefold(), []).append(told)
    found = (Reason(said[0], len(said)) for said in counts.values())
    return tuple(sorted(found, key=lambda reason: (not reason.words, -reason.count, reason.words)))


@dataclass(slots=True)
class _Count:
    """What was counted of one route."""

    outcomes: dict[str, int] = field(default_factory=dict)
    set_out: int = 0
    arrived: int = 0
    discouraged: int = 0


def _tried(reader: Reader, route: bytes | None = None) -> dict[bytes, _Count]:
    found: dict[bytes, _Count] = {}
    values = () if route is None else (route,)
    for of, outcome, count, set_out, arrived in reader.rows(
        _TRIED.format(one=" WHERE route = ?" if values else ""), *values
    ):
        counted = found.setdefault(of, _Count())
        counted.outcomes[outcome] = count
        counted.set_out += int(set_out)
        counted.arrived += int(arrived)
    for of, count in reader.rows(_ADVISED.format(one=" AND route = ?" if values else ""), *values):
        found.setdefault(of, _Count()).discouraged = count
    return found


def _waits(reader: Reader, route: bytes) -> tuple[Waits, str | None]:
    """How long the newest answers took, and the day of the last one."""
    rows = [
        row
        for outcome in (DecisionOutcome.GRANTED, DecisionOutcome.REFUSED)
        for row in reader.rows(_WAITED, route, outcome.value, ANSWERS_READ)
    ]
    newest = sorted(rows, reverse=True)[:ANSWERS_READ]
    return Waits(Counter(waited for _, waited in newest)), newest[0][0] if newest else None


def _row(reader: Reader, one: Shown, tried: _Count) -> RouteRow:
    shut = one.fields.get("shut")
    decided = {outcome: tried.outcomes.get(outcome.value, 0) for outcome in DecisionOutcome}
    applied = sum(tried.outcomes.values())
    waits, last = _waits(reader, one.record) if applied else (Waits(), None)
    filed = reader.row(_LAST, one.record)
    return RouteRow(
        one,
        applied=applied,
        pending=applied - sum(decided.values()),
        granted=decided[DecisionOutcome.GRANTED],
        refused=decided[DecisionOutcome.REFUSED],
        withdrawn=decided[DecisionOutcome.WITHDRAWN],
        lapsed=decided[DecisionOutcome.LAPSED],
        discouraged=tried.discouraged,
        travelled=tried.set_out,
        arrived=tried.arrived,
        waits=waits,
        tried=filed[0] if filed else None,
        decided=last,
        open=not (isinstance(shut, Day) and shut.sort_key <= reader.today()),
    )
