"""What is true of a case or a request now: one row each, from the records of its folder.

The rules are knowledge's (`records.status`); here their answer is laid out so that lists, counts and alarms are index
look-ups at any size. `turns` is the next day on which time alone may change the answer.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

from waystation.ids import FolderId
from waystation.records import Day, Many, Moment, Value
from waystation.records.choices import (
    ClosureReason,
    DecisionOutcome,
    DepartureState,
    JourneyPurpose,
    LegOutcome,
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

_HIDING_TURNS: Final = {
    "evacuation": ("evacuated",),
    "stay": ("begins", "ends"),
    "arrival": ("arrived",),
    "own_departure": ("departed",),
    "closure": ("closed", "reopened"),
}
"""On which days the number of those in hiding may change, beside those on which somebody travels."""

_FOREVER: Final = "9999-12-31"

_LEVELS: Final = {level.value: rank for rank, level in enumerate(RiskLevel, 1)}
_TIMEFRAMES: Final = {timeframe.value: rank for rank, timeframe in enumerate(Timeframe, 1)}
Row = tuple[str | int | bytes | None, ...]
Records = Mapping[bytes, Mapping[str, Value]]
_Leg = tuple[int, str, bytes, Value]
"""A leg that was travelled, or failed: when (UTC ms, 0 if not known), its day (ISO, or empty), journey and outcome."""


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
        people.way(),
    )


def case_steps(folder: FolderId, facts: Facts) -> list[Row]:
    """Rows of `step`: what happened in a case, on which day (ISO), to how many people.

    "hiding" is a change: how many more, or fewer, were in hiding from that day on.
    """
    people = _People(facts, folder)
    applications = facts.get("application", {})
    steps: list[Row] = []

    def step(record: bytes, what: str, fields: Mapping[str, Value], day: str) -> None:
        steps.append((folder, record, what, _day(fields.get(day)), people.count(fields)))

    for record, fields in facts.get("evacuation", {}).items():
        step(record, "evacuated", fields, "evacuated")
    for record, fields in facts.get("own_departure", {}).items():
        step(record, "left", fields, "departed")
    for record, fields in applications.items():
        step(record, "applied", fields, "filed")
    for application, (day, record, outcome) in people.latest_decisions().items():
        if application in applications and isinstance(outcome, str):
            steps.append((folder, record, str(outcome), day, people.count(applications[application])))
    for record, fields in facts.get("arrival", {}).items():
        if fields.get("confirmed") is True:
            step(record, "abroad", fields, "arrived")
    for record, fields in facts.get("closure", {}).items():
        if fields.get("reason") == ClosureReason.LOST_CONTACT and "reopened" not in fields:
            steps.append((folder, record, "silent", _day(fields.get("closed")), len(people.everyone)))
    steps += [(folder, folder, "hiding", day, change) for day, change in people.hiding()]
    return steps


def case_tried(folder: FolderId, facts: Facts) -> list[Row]:
    """Rows of `tried`: each application by a route, its answer and how many days it took, and whether they travelled.

    `outcome` is empty while it waits; `decision` is the record that gave the answer.
    """
    applications = facts.get("application", {})
    if not applications:
        return []
    people = _People(facts, folder)
    decisions = people.latest_decisions()
    journeys = {k: _bytes(v.get("application")) for k, v in facts.get("journey", {}).items()}
    set_out = {journeys.get(journey) for _, _, journey, outcome in _legs_abroad(facts) if outcome == LegOutcome.DONE}
    confirmed = (v for v in facts.get("arrival", {}).values() if v.get("confirmed") is True)
    arrived = {journeys.get(_bytes(arrival.get("journey")) or b"") for arrival in confirmed}
    rows: list[Row] = []
    for record, fields in applications.items():
        route, filed = _bytes(fields.get("route")), _day(fields.get("filed"))
        if route is None or filed is None:
            continue
        answered, decision, outcome = decisions.get(record, (None, None, None))
        waited = _days_between(filed, answered)
        if not isinstance(outcome, str):
            answered, decision, outcome, waited = None, None, "", None
        went = (int(record in set_out), int(record in arrived))
        rows.append(
            (folder, record, route, people.count(fields), filed, str(outcome), answered, waited, decision, *went)
        )
    return rows


def case_nights(folder: FolderId, facts: Facts) -> list[Row]:
    """Rows of `night`: where how many of a case have beds, from the first night to the day of leaving (ISO)."""
    people = _People(facts, folder)
    return [
        (folder, record, place, begins, _left(fields), people.count(fields))
        for record, fields in facts.get("stay", {}).items()
        if (place := _bytes(fields.get("place"))) and (begins := _day(fields.get("begins")))
    ]


def request_steps(folder: FolderId, facts: Facts) -> list[Row]:
    """Rows of `step` for a request that never became a case, or not yet: who left, and who fell silent."""
    head = facts.get("request", {}).get(folder, {})
    if "same_as" in head:
        return []
    people = head.get("people")
    count = people if isinstance(people, int) else 1
    steps: list[Row] = []
    for record, fields in facts.get("own_departure", {}).items():
        named = fields.get("people")
        left = min(count, len(named)) if isinstance(named, Many) else count
        steps.append((folder, record, "left", _day(fields.get("departed")), left))
    if head.get("outcome") == RequestOutcome.LOST_CONTACT:
        steps.append((folder, folder, "silent", _day(head.get("outcome_day")), count))
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

    def hiding(self) -> list[tuple[str, int]]:
        """Day (ISO) → how many more, or fewer, are in hiding from then on than before; in order, nothing twice.

        As `in_hiding`, on every day on which it may have changed. What has no day was always so.
        """
        if not (self._facts.get("evacuation") or self._facts.get("stay")):
            return []
        legs = _legs_abroad(self._facts)
        days = {day for _, day, _, _ in legs}
        for kind, edges in _HIDING_TURNS.items():
            for fields in self._facts.get(kind, {}).values():
                days |= {_day(fields.get(edge)) or "" for edge in edges}
        changes: list[tuple[str, int]] = []
        before = 0
        for day in sorted(days - {""}):
            there = self._hiding_on(day, legs)
            if there != before:
                changes.append((day, there - before))
            before = there
        return changes

    def _hiding_on(self, day: str, legs: "list[_Leg]") -> int:
        def by_then(kind: str, edge: str) -> list[Mapping[str, Value]]:
            return [fields for fields in self._facts.get(kind, {}).values() if (_day(fields.get(edge)) or "") <= day]

        if any((_day(closure.get("reopened")) or _FOREVER) > day for closure in by_then("closure", "closed")):
            return 0
        arrived = [arrival for arrival in by_then("arrival", "arrived") if arrival.get("confirmed") is True]
        latest = max((leg for leg in legs if leg[1] <= day), key=lambda leg: leg[0], default=None)
        if latest is not None and latest[-1] == LegOutcome.DONE and not arrived:
            return 0
        out = by_then("evacuation", "evacuated")
        staying = [stay for stay in self._facts.get("stay", {}).values() if _covers(stay, day)]
        gone = [*arrived, *by_then("own_departure", "departed")]
        return len(self._named([*out, *staying]) - self._named(gone))

    def decision_due(self) -> str | None:
        """The earliest day on which a decision is expected that has not come, ISO."""
        decided = self.latest_decisions()
        waiting = (v for k, v in self._facts.get("application", {}).items() if k not in decided)
        return min((day for fields in waiting if (day := _day(fields.get("expected")))), default=None)

    def way(self) -> bytes | None:
        """The route on which they are: of what was granted, else of what is awaited, else of what was tried last."""
        decided = self.latest_decisions()

        def hope(application: bytes) -> int:
            if application not in decided:
                return 1
            return 2 if decided[application][2] == DecisionOutcome.GRANTED else 0

        tried = [
            (hope(record), _day(fields.get("filed")) or "", record, route)
            for record, fields in self._facts.get("application", {}).items()
            if (route := _bytes(fields.get("route")))
        ]
        return max(tried)[-1] if tried else None

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
        _bytes(head.get("taken_by")),
        _text(head.get("language")),
        _text(head.get("channel")),
    )


def _danger(assessments: Records) -> tuple[str | None, str | None, str | None, str | None]:
    """Level, timeframe, deadline and review of the newest assessment, by the day it was made."""
    if not assessments:
        return None, None, None, None
    newest = _newest(assessments, "assessed")
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
    return _day(_newest(follow_ups, "looked").get("next_look"))


def _newest(records: Records, day: str) -> Mapping[str, Value]:
    """The record of the latest day; of two on one day, the one that was written later. Records come in log order."""
    return max(reversed(list(records.values())), key=lambda fields: _day(fields.get(day)) or "")


def _legs_abroad(facts: Facts) -> list[_Leg]:
    """The legs of journeys abroad that were travelled, or failed."""
    abroad = {
        record: fields
        for record, fields in facts.get("journey", {}).items()
        if fields.get("purpose") == JourneyPurpose.ABROAD and "cancelled" not in fields
    }
    found: list[_Leg] = []
    for leg in facts.get("leg", {}).values():
        journey, outcome, departs = _bytes(leg.get("journey")) or b"", leg.get("outcome"), leg.get("departs")
        if journey in abroad and outcome is not None and outcome != LegOutcome.CANCELLED:
            when = departs.local().date().isoformat() if isinstance(departs, Moment) else None
            found.append((_ms(departs) or 0, when or _day(abroad[journey].get("planned")) or "", journey, outcome))
    return found


def _left(stay: Mapping[str, Value]) -> str:
    """The day of leaving, at the latest; far off while it is not known. ISO."""
    ends = stay.get("ends")
    return (ends.latest or ends.sort_key) if isinstance(ends, Day) else _FOREVER


def _days_between(first: str, last: str | None) -> int | None:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days if last else None


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
