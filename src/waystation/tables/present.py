"""What is true of a case or a request now: one row each, from the records of its folder.

The rules are knowledge's (`records.status`); here their answer is laid out so that lists, counts and alarms are index
look-ups at any size. `turns` is the next day on which time alone may change the answer.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from waystation.ids import FolderId
from waystation.records import Day, Many, Moment, Value
from waystation.records.choices import (
    ClosureReason,
    DecisionOutcome,
    DepartureState,
    RequestOutcome,
    RiskLevel,
    Timeframe,
)
from waystation.records.status import Facts, case_status, request_stage

CASE_KINDS: Final = frozenset(
    "case person risk_assessment verification_step credibility_assessment stay evacuation application decision"
    " discouragement journey leg arrival own_departure closure check_in task follow_up".split()
)
"""Kinds from which a case's row is made; a change of another kind leaves the row as it is."""

REQUEST_KINDS: Final = frozenset(
    ("request", "verification_step", "credibility_assessment", "own_departure", "check_in", "risk_assessment")
)

_LEVELS: Final = {level.value: rank for rank, level in enumerate(RiskLevel, 1)}
_TIMEFRAMES: Final = {timeframe.value: rank for rank, timeframe in enumerate(Timeframe, 1)}
Row = tuple[str | int | bytes | None, ...]
Records = Mapping[bytes, Mapping[str, Value]]


def case_row(folder: FolderId, facts: Facts, *, conflicts: int, changed: int, today: str) -> Row:
    """Values of `case_now`, in the order of its columns. From `evacuated` on, people are counted, not cases.

    Args:
        facts: the folder's records.
        conflicts: how many fields have more than one live value.
        changed: position of the newest entry of the folder.
        today: ISO date at the desk.
    """
    head = facts.get("case", {}).get(folder, {})
    status = case_status(facts, today=today)
    people = _People(facts, folder)
    level, timeframe, deadline, review = _danger(facts.get("risk_assessment", {}))
    closed = _closed(facts.get("closure", {}))
    return (
        folder,
        _text(head.get("code_name")),
        status.stage.value,
        _day(head.get("opened")),
        closed,
        status.closed.value if status.closed else None,
        _bytes(head.get("caseworker")),
        _text(head.get("region")),
        len(people.everyone),
        level,
        timeframe,
        urgent(level, timeframe),
        deadline,
        review,
        _earliest_open(facts.get("check_in", {})),
        _earliest_open(facts.get("task", {})),
        people.decision_due(),
        _next_look(facts.get("follow_up", {})),
        len(people.of("evacuation")),
        len(people.in_hiding(today)) if not (status.travelling or status.closed) else 0,
        int(status.needs_route),
        len(people.of("application")),
        status.pending,
        len(people.decided(DecisionOutcome.REFUSED)),
        len(people.decided(DecisionOutcome.GRANTED)),
        status.discouraged,
        int(status.travelling),
        len(people.abroad()),
        len(people.without_papers()),
        len(people.everyone) if status.closed is ClosureReason.LOST_CONTACT else 0,
        conflicts,
        changed,
        _turns(facts.get("stay", {}), today),
    )


def case_steps(folder: FolderId, facts: Facts) -> list[Row]:
    """Rows of `step`: what happened in a case, on which day (ISO), to how many people, by which route."""
    people = _People(facts, folder)
    applications = facts.get("application", {})
    routes = {record: _bytes(fields.get("route")) for record, fields in applications.items()}
    by = {k: routes.get(_bytes(v.get("application")) or b"") for k, v in facts.get("journey", {}).items()}
    steps: list[Row] = []

    def step(record: bytes, what: str, fields: Mapping[str, Value], day: str, route: bytes | None = None) -> None:
        steps.append((folder, record, what, _day(fields.get(day)), people.count(fields), route))

    for record, fields in facts.get("evacuation", {}).items():
        step(record, "evacuated", fields, "evacuated")
    for record, fields in facts.get("own_departure", {}).items():
        step(record, "left", fields, "departed")
    for record, fields in applications.items():
        step(record, "applied", fields, "filed", routes[record])
    for application, (day, record, outcome) in people.latest_decisions().items():
        if application in applications and isinstance(outcome, str):
            about = applications[application]
            steps.append((folder, record, str(outcome), day, people.count(about), routes[application]))
    for record, fields in facts.get("arrival", {}).items():
        if fields.get("confirmed") is True:
            step(record, "abroad", fields, "arrived", by.get(_bytes(fields.get("journey")) or b""))
    return steps


class _People:
    """Who of a case's people each step is about. A record that names nobody is about all of them."""

    def __init__(self, facts: Facts, folder: FolderId) -> None:
        self._facts = facts
        self.everyone = frozenset(facts.get("person", {})) or frozenset((bytes(folder),))

    def of(self, kind: str) -> frozenset[bytes]:
        """Everybody whom a record of this kind is about."""
        return self._named(self._facts.get(kind, {}).values())

    def decided(self, outcome: DecisionOutcome) -> frozenset[bytes]:
        """Those with an application that was decided in this way, by its latest decision."""
        applications = self._facts.get("application", {})
        latest = {k for k, (_, _, decided) in self.latest_decisions().items() if decided == outcome}
        return self._named(v for k, v in applications.items() if k in latest)

    def abroad(self) -> frozenset[bytes]:
        """Those who confirmed that they arrived."""
        arrivals = self._facts.get("arrival", {}).values()
        return self._named(arrival for arrival in arrivals if arrival.get("confirmed") is True)

    def without_papers(self) -> frozenset[bytes]:
        departures = self._facts.get("own_departure", {}).values()
        return self._named(d for d in departures if d.get("papers") == DepartureState.WITHOUT_PAPERS)

    def in_hiding(self, today: str) -> frozenset[bytes]:
        """Those out of the place of danger, or in a place of ours today, and neither abroad nor gone by own means."""
        stays = [stay for stay in self._facts.get("stay", {}).values() if _covers(stay, today)]
        return (self.of("evacuation") | self._named(stays)) - self.abroad() - self.of("own_departure")

    def decision_due(self) -> str | None:
        """The earliest day on which a decision is expected that has not come, ISO."""
        decided = self.latest_decisions()
        waiting = (v for k, v in self._facts.get("application", {}).items() if k not in decided)
        return min((day for fields in waiting if (day := _day(fields.get("expected")))), default=None)

    def count(self, about: Mapping[str, Value]) -> int:
        """How many people one record is about."""
        return len(self._named((about,)))

    def latest_decisions(self) -> dict[bytes, tuple[str, bytes, Value | None]]:
        """Application → day, id and outcome of its latest decision."""
        found: dict[bytes, tuple[str, bytes, Value | None]] = {}
        for record, fields in self._facts.get("decision", {}).items():
            application = fields.get("application")
            key = (_day(fields.get("decided")) or "", record, fields.get("outcome"))
            if isinstance(application, bytes) and key[:2] > found.get(application, ("", b"", None))[:2]:
                found[application] = key
        return found

    def _named(self, records: Iterable[Mapping[str, Value]]) -> frozenset[bytes]:
        found: set[bytes] = set()
        for fields in records:
            named = fields.get("people")
            these = {i for i in named if isinstance(i, bytes)} if isinstance(named, Many) else set()
            found |= these & self.everyone or self.everyone
        return frozenset(found)


def urgent(level: str | None, timeframe: str | None) -> int:
    """Sort key of level and timeframe, the gravest lowest, with triage's reading of what nobody has assessed."""
    grave = len(_LEVELS) + 1 if level else _LEVELS[RiskLevel.HIGH.value]
    soon = len(_TIMEFRAMES) + 1 if timeframe else _TIMEFRAMES[Timeframe.UNKNOWN.value]
    return -10 * _LEVELS.get(level or "", grave) - _TIMEFRAMES.get(timeframe or "", soon)


def request_row(folder: FolderId, facts: Facts, *, conflicts: int, changed: int) -> Row:
    """Values of `request_now`, in the order of its columns; arguments as for `case_row`."""
    head = facts.get("request", {}).get(folder, {})
    assessed = _danger(facts.get("risk_assessment", {}))
    level, timeframe = _text(head.get("level")) or assessed[0], _text(head.get("timeframe")) or assessed[1]
    outcome, people = _text(head.get("outcome")), head.get("people")
    count = people if isinstance(people, int) else 1
    departures = facts.get("own_departure", {}).values()
    left = [d.get("people") for d in departures if d.get("papers") == DepartureState.WITHOUT_PAPERS]
    return (
        folder,
        _text(head.get("code_name")),
        request_stage(head, facts).value,
        _ms(head.get("received")),
        count,
        level,
        timeframe,
        urgent(level, timeframe),
        _day(head.get("deadline")) or assessed[2],
        _earliest_open(facts.get("check_in", {})),
        _bytes(head.get("accepted_as")),
        _bytes(head.get("same_as")),
        outcome,
        min(count, sum(len(named) if isinstance(named, Many) else count for named in left)),
        count if outcome == RequestOutcome.LOST_CONTACT else 0,
        conflicts,
        changed,
    )


def _danger(assessments: Records) -> tuple[str | None, str | None, str | None, str | None]:
    """Level, timeframe, deadline and review of the newest assessment, by the day it was made."""
    if not assessments:
        return None, None, None, None
    newest = max(assessments.items(), key=lambda item: (_day(item[1].get("assessed")) or "", item[0]))[1]
    return (
        _text(newest.get("level")),
        _text(newest.get("timeframe")),
        _day(newest.get("deadline")),
        _day(newest.get("review")),
    )


def _closed(closures: Records) -> str | None:
    """The day of the closure that stands, ISO."""
    days = (_day(fields.get("closed")) or "" for fields in closures.values() if "reopened" not in fields)
    return max(days, default=None)


def _next_look(follow_ups: Records) -> str | None:
    """When the person is to be looked at again, as the latest follow-up says, ISO."""
    if not follow_ups:
        return None
    latest = max(follow_ups.items(), key=lambda item: (_day(item[1].get("looked")) or "", item[0]))[1]
    return _day(latest.get("next_look"))


def _covers(stay: Mapping[str, Value], today: str) -> bool:
    begins, ends = _day(stay.get("begins")), _day(stay.get("ends"))
    return begins is not None and begins <= today and not (ends is not None and ends <= today)


def _earliest_open(records: Records) -> int | None:
    """The earliest `due` of what is not `done`, UTC ms."""
    due = [_ms(fields.get("due")) for fields in records.values() if "done" not in fields]
    return min((ms for ms in due if ms is not None), default=None)


def _turns(stays: Records, today: str) -> str | None:
    """The next day after `today` on which somebody's nights begin or end: all else is compared when it is read."""
    days = (_day(fields.get(edge)) for fields in stays.values() for edge in ("begins", "ends"))
    return min((day for day in days if day is not None and day > today), default=None)


def _text(value: Value | None) -> str | None:
    return str(value) if isinstance(value, str) else None


def _bytes(value: Value | None) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _day(value: Value | None) -> str | None:
    return value.sort_key if isinstance(value, Day) else None


def _ms(value: Value | None) -> int | None:
    return value.ms if isinstance(value, Moment) else None
