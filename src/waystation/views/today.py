"""What needs somebody now: who is in most danger, signs of life that did not come, what is due; mine and others'.

The order is `triage`'s, over open cases and open requests together. Candidates come from indexes: the gravest, the
nearest deadlines, the longest-missed check-ins, the most overdue reviews, and those that this member works on; so the
page is as fast with a hundred thousand cases.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from waystation import triage
from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.records import Day
from waystation.records.choices import RiskLevel, Timeframe
from waystation.triage import Danger, Reason
from waystation.views import organisation
from waystation.views.reader import Reader
from waystation.views.requests import OPEN

CANDIDATES: Final = 100
"""How many of each kind of danger are ranked before the most urgent are shown."""

MINE: Final = 150
"""A caseload is smaller; of a larger one the gravest are looked at."""

_DANGER: Final = "folder, code_name, stage, level, timeframe, deadline"
_CASE: Final = f"{_DANGER}, review, check_in_due, caseworker, decision_due, next_look, conflicts FROM case_now"
_REQUEST: Final = (
    f"{_DANGER}, NULL, check_in_due, (SELECT taken_by FROM k_request WHERE folder = request_now.folder), NULL, NULL,"
    " conflicts FROM request_now"
)
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
_MY_CASES: Final = f"SELECT {_CASE} WHERE caseworker = ? AND closed IS NULL ORDER BY urgent LIMIT ?"
_MY_REQUESTS: Final = (
    f"SELECT {_REQUEST} WHERE {OPEN} AND folder IN (SELECT folder FROM k_request WHERE taken_by = ?"
    " AND accepted_as IS NULL AND outcome IS NULL LIMIT ?)"
)
_COUNTS: Final = """
SELECT (SELECT total(rows) FROM request_total WHERE stage = 'new'), (SELECT total(rows) FROM request_total WHERE open),
       total(rows), total(cases_in_hiding), total(cases_without_route), total(cases_pending), total(cases_granted),
       total(cases_travelling),
       (SELECT count(*) FROM case_now WHERE conflicts > 0) + (SELECT count(*) FROM request_now WHERE conflicts > 0)
  FROM case_total WHERE open
"""
_DUE_DAYS: Final = (
    ("review", "review"),
    ("deadline", "deadline"),
    ("decision", "decision_due"),
    ("follow_up", "next_look"),
)
_CHECK_INS: Final = (
    "SELECT k.folder, coalesce(c.code_name, r.code_name), c.folder IS NOT NULL, k.id, k.due, k.due_zone,"
    " coalesce(c.level, r.level), coalesce(c.timeframe, r.timeframe),"
    " coalesce(c.caseworker, (SELECT taken_by FROM k_request WHERE folder = k.folder))"
    " FROM k_check_in k LEFT JOIN case_now c ON c.folder = k.folder LEFT JOIN request_now r ON r.folder = k.folder"
    " WHERE k.done IS NULL AND k.due >= ? AND k.due < ? AND c.closed IS NULL AND r.accepted_as IS NULL"
    " AND r.outcome IS NULL"
)
_TASKS: Final = (
    "SELECT k.folder, coalesce(c.code_name, r.code_name, p.code_name),"
    " (SELECT folder_type FROM history WHERE folder = k.folder LIMIT 1),"
    " k.id, k.title, k.due, k.due_zone, k.assignee"
    " FROM k_task k LEFT JOIN case_now c ON c.folder = k.folder LEFT JOIN request_now r ON r.folder = k.folder"
    " LEFT JOIN k_place p ON p.folder = k.folder WHERE k.done IS NULL AND k.due < ? AND r.accepted_as IS NULL"
)


@dataclass(frozen=True, slots=True)
class InDanger:
    """Somebody in danger, and why they stand where they stand.

    Args:
        folder_type: CASE or REQUEST.
        deadline, review: ISO dates.
        missed_ms: when the oldest missed check-in was due; None if none is missed.
        mine: whether the member who looks works on it.
        their_zone: IANA name of the zone where they are; empty if nobody wrote it down.
        unsettled: whether something was written differently at two desks.
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
    mine: bool
    their_zone: str
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be done by a time.

    Args:
        what: check_in, task, review, deadline, decision or follow_up.
        code_name: empty in the office and the ledger.
        title: of a task; else empty.
        at_ms: for check-ins and tasks; else `day`, an ISO date.
        level, timeframe: of whom a check-in is with; else None.
        mine, their_zone: as for `InDanger`.
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
    level: str | None = None
    timeframe: str | None = None
    mine: bool = False
    their_zone: str = ""


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
    """The first page of the day.

    Args:
        missed: check-ins whose time has passed: of those in grave danger first, then the longest.
        others_missed: how many missed check-ins are left out because only what is mine was asked for.
        begun: whether anybody has ever asked for help.
    """

    danger: tuple[InDanger, ...]
    missed: tuple[Due, ...]
    due: tuple[Due, ...]
    counts: Counts
    last_backup_ms: Millis | None
    others_missed: int
    begun: bool


class _Row(NamedTuple):
    """What is looked at of a case or a request before it is ranked."""

    folder: bytes
    folder_type: FolderType
    code_name: str | None
    stage: str
    level: str | None
    timeframe: str | None
    deadline: str | None
    review: str | None
    check_in_due: int | None
    worker: bytes | None
    decision_due: str | None
    next_look: str | None
    conflicts: int


def today(
    reader: Reader,
    *,
    member: bytes | None = None,
    only_mine: bool = False,
    days_ahead: int = 7,
    limit: int = 12,
) -> Today:
    """What needs somebody now.

    Args:
        member: who looks; what they work on is marked as theirs, and is never crowded out by what others do.
        only_mine: leave out what others work on.
        days_ahead: how far "due" looks.
        limit: the most of each list that is mine, and again of what is others'.
    """
    now = reader.now_ms()
    mine = _mine(reader, member) if member else {}
    missed, others_missed = _missed(reader, mine, member, only_mine=only_mine, limit=limit)
    due = _due(reader, mine, member, now + days_ahead * DAY_MS, _ahead(reader, days_ahead), limit)
    danger = _danger(reader, mine, member, limit)
    if only_mine:
        danger, due = [one for one in danger if one.mine], [one for one in due if one.mine]
    zones = _zones(reader, [*danger, *missed, *due])
    return Today(
        tuple(_placed(one, zones) for one in danger),
        tuple(_placed(one, zones) for one in missed),
        tuple(_placed(one, zones) for one in due),
        counts(reader),
        organisation.last_backup(reader),
        others_missed,
        reader.row("SELECT 1 FROM request_now UNION ALL SELECT 1 FROM case_now LIMIT 1") is not None,
    )


def counts(reader: Reader) -> Counts:
    """How many requests and cases there are of each sort."""
    return Counts(*(int(number) for number in reader.rows(_COUNTS)[0]))


# ── Who is in danger ──


def _mine(reader: Reader, member: bytes) -> dict[bytes, _Row]:
    """What a member works on: their cases, and the requests that they took on."""
    found = [*_read(reader, FolderType.CASE, _MY_CASES, member, MINE)]
    found += _read(reader, FolderType.REQUEST, _MY_REQUESTS, member, MINE)
    return {row.folder: row for row in found}


def _danger(reader: Reader, mine: dict[bytes, _Row], member: bytes | None, limit: int) -> list[InDanger]:
    now = Millis(reader.now_ms())
    found = dict(mine)
    for folder_type, queries in ((FolderType.CASE, _CASES), (FolderType.REQUEST, _REQUESTS)):
        for query in queries:
            found |= {row.folder: row for row in _read(reader, folder_type, query, CANDIDATES)}
    today = reader.today()
    ranked = sorted(
        (_as_danger(row, now) for row in found.values()), key=lambda one: triage.key(one, today=today, now_ms=now)
    )
    left = {True: limit, False: limit}
    shown = []
    for danger in ranked:
        row = found[danger.record]
        is_mine = member is not None and row.worker == member
        if left[is_mine] > 0:
            left[is_mine] -= 1
            urgency = triage.urgency(danger, today=today, now_ms=now)
            shown.append(_in_danger(danger, urgency, row, mine=is_mine))
    return shown


def _read(reader: Reader, folder_type: FolderType, query: str, *values: bytes | int | str) -> Iterator[_Row]:
    return (_Row(folder, folder_type, *rest) for folder, *rest in reader.rows(query, *values))


def _as_danger(row: _Row, now: Millis) -> Danger:
    missed = Millis(row.check_in_due) if row.check_in_due is not None and row.check_in_due < now else None
    return Danger(row.folder, row.level, row.timeframe, _as_day(row.deadline), missed, _as_day(row.review))


def _in_danger(danger: Danger, urgency: triage.Urgency, row: _Row, *, mine: bool) -> InDanger:
    return InDanger(
        FolderId(row.folder),
        row.folder_type,
        row.code_name or "",
        row.stage,
        row.level,
        row.timeframe,
        row.deadline,
        row.review,
        danger.missed_ms,
        urgency.reasons,
        urgency.alarm,
        mine,
        "",
        row.conflicts > 0,
    )


# ── What is due ──


def _missed(
    reader: Reader, mine: dict[bytes, _Row], member: bytes | None, *, only_mine: bool, limit: int
) -> tuple[list[Due], int]:
    """Check-ins that did not come, the gravest first; and how many of others are left out."""
    now = reader.now_ms()
    found = _check_ins(reader, mine, member, 0, now, CANDIDATES)
    found.sort(key=lambda one: (not _is_grave(one), one.at_ms or 0))
    kept = [one for one in found if one.mine or not only_mine]
    return _most(kept, limit), len(found) - len(kept)


def _due(
    reader: Reader, mine: dict[bytes, _Row], member: bytes | None, end_ms: int, horizon: str, limit: int
) -> list[Due]:
    found = _check_ins(reader, mine, member, reader.now_ms(), end_ms, limit)
    found += _tasks(reader, member, end_ms, limit)
    found += _days(reader, mine, member, horizon, limit)
    found.sort(key=lambda one: (one.day or _iso(one.at_ms), not one.mine, one.at_ms or 0, one.code_name))
    return _most(found, 2 * limit)


def _check_ins(
    reader: Reader, mine: dict[bytes, _Row], member: bytes | None, start: int, end: int, limit: int
) -> list[Due]:
    rows = reader.rows(f"{_CHECK_INS} ORDER BY k.due LIMIT ?", start, end, limit)
    due = sorted((one.check_in_due, one.folder) for one in mine.values() if one.check_in_due is not None)
    for _, folder in [one for one in due if one[0] < end][: 2 * limit]:
        rows += reader.rows(f"{_CHECK_INS} AND k.folder = ? ORDER BY k.due LIMIT ?", start, end, folder, limit)
    now = reader.now_ms()
    found = {
        record: Due(
            "check_in",
            folder,
            FolderType.CASE if in_case else FolderType.REQUEST,
            name or "",
            RecordId(record),
            "",
            at_ms,
            zone,
            None,
            at_ms < now,
            None,
            level,
            timeframe,
            member is not None and worker == member,
            zone or "",
        )
        for folder, name, in_case, record, at_ms, zone, level, timeframe, worker in rows
    }
    return list(found.values())


def _tasks(reader: Reader, member: bytes | None, end: int, limit: int) -> list[Due]:
    rows = reader.rows(f"{_TASKS} ORDER BY k.due LIMIT ?", end, limit)
    if member is not None:
        rows += reader.rows(f"{_TASKS} AND k.assignee = ? ORDER BY k.due LIMIT ?", end, member, 2 * limit)
    now = reader.now_ms()
    found = {
        record: Due(
            "task",
            folder,
            FolderType(kind),
            name or "",
            RecordId(record),
            title or "",
            due,
            zone,
            None,
            due < now,
            who,
            mine=member is not None and who == member,
        )
        for folder, name, kind, record, title, due, zone, who in rows
    }
    return list(found.values())


def _days(reader: Reader, mine: dict[bytes, _Row], member: bytes | None, horizon: str, limit: int) -> Iterator[Due]:
    today = reader.today()
    for what, column in _DUE_DAYS:
        query = (
            f"SELECT {_CASE} WHERE closed IS NULL AND {column} IS NOT NULL AND {column} <= ? ORDER BY {column} LIMIT ?"
        )
        rows = {row.folder: row for row in _read(reader, FolderType.CASE, query, horizon, limit)}
        for row in (rows | mine).values():
            day = getattr(row, column)
            if day is not None and day <= horizon and row.folder_type is FolderType.CASE:
                overdue = day < today
                is_mine = member is not None and row.worker == member
                folder, name = FolderId(row.folder), row.code_name or ""
                yield Due(what, folder, FolderType.CASE, name, None, "", None, "", day, overdue, None, mine=is_mine)


def _is_grave(one: Due) -> bool:
    """Whether a missed check-in is an alarm, as `triage` sees it; who was never assessed counts as in high risk."""
    return one.level not in (RiskLevel.LOW, RiskLevel.MEDIUM) or one.timeframe == Timeframe.NOW


# ── What all lists share ──


One = TypeVar("One", InDanger, Due)


def _most(found: list[One], limit: int) -> list[One]:
    """The first of what is mine and the first of what is others', in the order in which they stand."""
    left = {True: limit, False: limit}
    kept = []
    for one in found:
        if left[one.mine] > 0:
            kept.append(one)
            left[one.mine] -= 1
    return kept


def _zones(reader: Reader, found: Iterable[InDanger | Due]) -> dict[bytes, str]:
    """Folder → the zone where they are; a folder of which nobody knows it is absent."""
    zones: dict[bytes, str] = {}
    for folder, folder_type in {one.folder: one.folder_type for one in found}.items():
        if folder_type in (FolderType.CASE, FolderType.REQUEST):
            row = reader.row(f"SELECT time_zone FROM k_{folder_type.value} WHERE folder = ?", folder)
            if row and row[0]:
                zones[folder] = row[0]
    return zones


def _placed(one: One, zones: dict[bytes, str]) -> One:
    """With the zone where they are; a check-in that was agreed in a zone of its own keeps it."""
    return replace(one, their_zone=zones.get(one.folder, one.their_zone))


def _as_day(value: str | None) -> Day | None:
    return Day(value, value) if value else None


def _ahead(reader: Reader, days: int) -> str:
    return (date.fromisoformat(reader.today()) + timedelta(days=days)).isoformat()


def _iso(at_ms: Millis | None) -> str:
    return (date(1970, 1, 1) + timedelta(milliseconds=at_ms or 0)).isoformat()
