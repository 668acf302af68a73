"""What needs somebody now: who is in most danger, signs of life that did not come, what is due.

The order is `triage`'s, over open cases and open requests together. Candidates come from indexes: the gravest, the
nearest deadlines, the longest-missed check-ins, the most overdue reviews; so the page is as fast with a hundred
thousand cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from waystation import triage
from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.records import Day
from waystation.triage import Danger, Reason
from waystation.views import organisation
from waystation.views.reader import Reader
from waystation.views.requests import OPEN

CANDIDATES: Final = 100
"""How many of each kind of danger are ranked before the most urgent are shown."""

_CASE: Final = "folder, code_name, stage, level, timeframe, deadline, review, check_in_due FROM case_now"
_REQUEST: Final = "folder, code_name, stage, level, timeframe, deadline, NULL, check_in_due FROM request_now"
_CASES: Final = (
    f"SELECT {_CASE} WHERE closed IS NULL ORDER BY urgent LIMIT ?",
    f"SELECT {_CASE} WHERE closed IS NULL AND deadline IS NOT NULL ORDER BY deadline LIMIT ?",
    f"SELECT {_CASE} WHERE closed IS NULL AND review IS NOT NULL ORDER BY review LIMIT ?",
    f"SELECT {_CASE} WHERE closed IS NULL AND check_in_due IS NOT NULL ORDER BY check_in_due LIMIT ?",
)
_REQUESTS: Final = (
    f"SELECT {_REQUEST} WHERE {OPEN} ORDER BY urgent, received LIMIT ?",
    f"SELECT {_REQUEST} WHERE {OPEN} AND deadline IS NOT NULL ORDER BY deadline LIMIT ?",
    f"SELECT {_REQUEST} WHERE {OPEN} AND check_in_due IS NOT NULL ORDER BY check_in_due LIMIT ?",
)
_COUNTS: Final = """
SELECT (SELECT count(*) FROM request_now WHERE stage = 'new'),
       (SELECT count(*) FROM request_now WHERE accepted_as IS NULL AND outcome IS NULL),
       count(*), total(in_hiding > 0), total(needs_route), total(pending > 0), total(granted > 0 AND abroad = 0),
       total(travelling),
       (SELECT count(*) FROM case_now WHERE conflicts > 0) + (SELECT count(*) FROM request_now WHERE conflicts > 0)
  FROM case_now INDEXED BY case_now_going_on WHERE closed IS NULL
"""
_DUE_DAYS: Final = (
    ("review", "review"),
    ("deadline", "deadline"),
    ("decision", "decision_due"),
    ("follow_up", "next_look"),
)


@dataclass(frozen=True, slots=True)
class InDanger:
    """Somebody in danger, and why they stand where they stand.

    Args:
        folder_type: CASE or REQUEST.
        deadline, review: ISO dates.
        missed_ms: when the oldest missed check-in was due; None if none is missed.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    stage: str
    level: str | None
    timeframe: str | None
    deadline: str | None
    review: str | None
    missed_ms: Millis | None
    reasons: tuple[Reason, ...]
    alarm: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be done by a time.

    Args:
        what: check_in, task, review, deadline, decision or follow_up.
        code_name: empty in the office and the ledger.
        title: of a task; else empty.
        at_ms: for check-ins and tasks; else `day`, an ISO date.
    """

    what: str
    folder: FolderId
    folder_type: FolderType
    code_name: str
    record: RecordId | None
    title: str
    at_ms: Millis | None
    zone: str
    day: str | None
    overdue: bool
    assignee: bytes | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is: requests and cases, not people."""

    new_requests: int
    open_requests: int
    open_cases: int
    in_hiding: int
    needs_route: int
    pending: int
    granted: int
    travelling: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Today:
    """The first page of the day. `missed` are check-ins whose time has passed, the longest first."""

    danger: tuple[InDanger, ...]
    missed: tuple[Due, ...]
    due: tuple[Due, ...]
    counts: Counts
    last_backup_ms: Millis | None


def today(reader: Reader, *, days_ahead: int = 7, limit: int = 12) -> Today:
    """What needs somebody now.

    Args:
        days_ahead: how far "due" looks.
        limit: the most of each list.
    """
    now = reader.now_ms()
    missed = _check_ins(reader, 0, now, limit)
    coming = now + days_ahead * DAY_MS
    horizon = (date.fromisoformat(reader.today()) + timedelta(days=days_ahead)).isoformat()
    due = [*_check_ins(reader, now, coming, limit), *_tasks(reader, coming, limit), *_days(reader, horizon, limit)]
    due.sort(key=lambda one: (one.day or _iso(one.at_ms), one.code_name))
    return Today(
        _danger(reader, limit), tuple(missed), tuple(due[: 2 * limit]), counts(reader), organisation.last_backup(reader)
    )


def counts(reader: Reader) -> Counts:
    """How many requests and cases there are of each sort."""
    return Counts(*(int(number) for number in reader.rows(_COUNTS)[0]))


def _danger(reader: Reader, limit: int) -> tuple[InDanger, ...]:
    now = Millis(reader.now_ms())
    found: dict[bytes, tuple[FolderType, tuple[str | int | None, ...]]] = {}
    for folder_type, queries in ((FolderType.CASE, _CASES), (FolderType.REQUEST, _REQUESTS)):
        for query in queries:
            for folder, *values in reader.rows(query, CANDIDATES):
                found[folder] = folder_type, tuple(values)
    dangers = [_as_danger(folder, values, now) for folder, (_, values) in found.items()]
    ranked = triage.order(dangers, today=reader.today(), now_ms=now)[:limit]
    return tuple(_in_danger(danger, urgency, *found[danger.record]) for danger, urgency in ranked)


def _as_danger(folder: bytes, values: tuple[str | int | None, ...], now: Millis) -> Danger:
    _, _, level, timeframe, deadline, review, check_in_due = values
    missed = Millis(check_in_due) if isinstance(check_in_due, int) and check_in_due < now else None
    return Danger(folder, _text(level), _text(timeframe), _as_day(deadline), missed, _as_day(review))


def _in_danger(
    danger: Danger, urgency: triage.Urgency, folder_type: FolderType, values: tuple[str | int | None, ...]
) -> InDanger:
    code_name, stage, level, timeframe, deadline, review, _ = values
    return InDanger(
        FolderId(danger.record),
        folder_type,
        str(code_name or ""),
        str(stage),
        _text(level),
        _text(timeframe),
        _text(deadline),
        _text(review),
        danger.missed_ms,
        urgency.reasons,
        urgency.alarm,
    )


def _check_ins(reader: Reader, start: int, end: int, limit: int) -> list[Due]:
    query = (
        "SELECT k.folder, coalesce(c.code_name, r.code_name), c.folder IS NOT NULL, k.id, k.due, k.due_zone"
        " FROM k_check_in k LEFT JOIN case_now c ON c.folder = k.folder LEFT JOIN request_now r ON r.folder = k.folder"
        " WHERE k.done IS NULL AND k.due >= ? AND k.due < ? AND c.closed IS NULL AND r.accepted_as IS NULL"
        " AND r.outcome IS NULL ORDER BY k.due LIMIT ?"
    )
    now = reader.now_ms()
    return [
        Due(
            "check_in",
            folder,
            FolderType.CASE if in_case else FolderType.REQUEST,
            name or "",
            RecordId(record),
            "",
            due,
            zone,
            None,
            due < now,
            None,
        )
        for folder, name, in_case, record, due, zone in reader.rows(query, start, end, limit)
    ]


def _tasks(reader: Reader, end: int, limit: int) -> list[Due]:
    query = (
        "SELECT k.folder, coalesce(c.code_name, r.code_name, p.code_name),"
        " (SELECT folder_type FROM history WHERE folder = k.folder LIMIT 1),"
        " k.id, k.title, k.due, k.due_zone, k.assignee"
        " FROM k_task k LEFT JOIN case_now c ON c.folder = k.folder LEFT JOIN request_now r ON r.folder = k.folder"
        " LEFT JOIN k_place p ON p.folder = k.folder WHERE k.done IS NULL AND k.due < ? AND r.accepted_as IS NULL"
        " ORDER BY k.due LIMIT ?"
    )
    now = reader.now_ms()
    return [
        Due(
            "task", folder, FolderType(kind), name or "", RecordId(record), title or "", due, zone, None, due < now, who
        )
        for folder, name, kind, record, title, due, zone, who in reader.rows(query, end, limit)
    ]


def _days(reader: Reader, horizon: str, limit: int) -> Iterator[Due]:
    for what, column in _DUE_DAYS:
        query = (
            f"SELECT folder, code_name, {column} FROM case_now WHERE closed IS NULL AND {column} IS NOT NULL"
            f" AND {column} <= ? ORDER BY {column} LIMIT ?"
        )
        for folder, name, day in reader.rows(query, horizon, limit):
            overdue = day < reader.today()
            yield Due(what, folder, FolderType.CASE, name or "", None, "", None, "", day, overdue, None)


def _as_day(value: str | int | None) -> Day | None:
    return Day(value, value) if isinstance(value, str) else None


def _text(value: str | int | None) -> str | None:
    return value if isinstance(value, str) else None


def _iso(at_ms: Millis | None) -> str:
    return (date(1970, 1, 1) + timedelta(milliseconds=at_ms or 0)).isoformat()
