"""Every dated thing of a case that is ahead or overdue, the earliest first; last the tasks that have no day.

Guarantees: a day that is over stays until somebody has dealt with it; what has become meaningless (a decided
application's expected day, a grant that was travelled on, a case that is closed) is gone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.ids import RecordId
from waystation.records.choices import DecisionOutcome
from waystation.records.labels import N_
from waystation.records.status import Stage
from waystation.records.values import Day, Moment, Value
from waystation.views.shown import Shown

PAPERS_AHEAD_DAYS: Final = 90
"""An identity document that runs out within these days is worth a line: a new one takes as long."""

IN_DANGER: Final = frozenset(
    (Stage.ASKED, Stage.CHECKED, Stage.HIDDEN, Stage.NEEDS_ROUTE, Stage.APPLIED, Stage.REFUSED, Stage.GRANTED)
)
"""Stages in which the person is still within reach of the danger."""

_NEVER: Final = "9999-12-31"

Records = Mapping[str, tuple[Shown, ...]]


@dataclass(frozen=True, slots=True)
class Dated:
    """One dated thing.

    Args:
        what: stable code, such as "check_in" or "appeal"; `WORDS` says what it means.
        kind, record: where it stands.
        at: its moment; None where only a day is known.
        day: its day, ISO; of a moment, the day where it was set; empty for a task that has none.
        overdue: whether it is over and nobody has dealt with it.
    """

    what: str
    kind: str
    record: RecordId
    at: Moment | None
    day: str
    overdue: bool


WORDS: Final[Mapping[str, str]] = {
    "check_in": N_("Check-in"),
    "task": N_("Task"),
    "deadline": N_("The danger may come"),
    "review": N_("Look at the risk again"),
    "expected": N_("Decision expected"),
    "appeal": N_("Last day for an appeal"),
    "grant_ends": N_("The grant runs out"),
    "journey": N_("Journey"),
    "leg": N_("Departure"),
    "stay_ends": N_("They leave the place"),
    "consent_ends": N_("The consent runs out"),
    "papers_end": N_("A document runs out"),
    "next_look": N_("Look how they are"),
    "slip": N_("A task slip must be destroyed"),
}
"""Code → what a page calls it."""


def dates(records: Records, stage: Stage, *, today: str, now_ms: Millis) -> tuple[Dated, ...]:
    """All of them.

    Args:
        records: the case's, oldest first.
        today: ISO date at the desk.
    """
    if stage is Stage.CLOSED:
        found = list(_slips(records, today, now_ms))
    else:
        found = [
            *_due(records, now_ms),
            *_danger(records, stage, today),
            *_papers(records, stage, today),
            *_way_out(records, stage, today, now_ms),
            *_slips(records, today, now_ms),
        ]
    return tuple(sorted(found, key=lambda one: (one.day or _NEVER, one.at.ms if one.at else 0, one.what, one.record)))


def latest_decisions(records: Records) -> dict[bytes, Shown]:
    """Application → its latest decision."""
    latest: dict[bytes, Shown] = {}
    for one in sorted(records.get("decision", ()), key=lambda one: (day_of(one.fields.get("decided")), one.record)):
        application = one.fields.get("application")
        if isinstance(application, bytes):
            latest[application] = one
    return latest


def planned_journeys(records: Records) -> tuple[Shown, ...]:
    """Journeys that are not called off."""
    return tuple(one for one in records.get("journey", ()) if "cancelled" not in one.fields)


def legs_ahead(records: Records) -> tuple[Shown, ...]:
    """Legs of planned journeys that nobody has noted an outcome of, by departure."""
    planned = {one.record for one in planned_journeys(records)}
    ahead = [
        one for one in records.get("leg", ()) if one.fields.get("journey") in planned and "outcome" not in one.fields
    ]
    return tuple(sorted(ahead, key=lambda one: at.ms if isinstance(at := one.fields.get("departs"), Moment) else 0))


def day_of(value: Value | None) -> str:
    """The earliest day that a value may mean, ISO; empty for none."""
    match value:
        case Day():
            return value.sort_key
        case Moment():
            return value.local().date().isoformat()
        case _:
            return ""


def days_after(day: str, days: int) -> str:
    """The ISO date so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _due(records: Records, now_ms: Millis) -> Iterator[Dated]:
    for kind in ("check_in", "task"):
        for one in records.get(kind, ()):
            at = one.fields.get("due")
            if "done" not in one.fields:
                known = at if isinstance(at, Moment) else None
                yield Dated(kind, kind, one.record, known, day_of(at), known is not None and known.ms < now_ms)


def _danger(records: Records, stage: Stage, today: str) -> Iterator[Dated]:
    assessed = records.get("risk_assessment", ())
    if assessed and stage in IN_DANGER:
        newest = max(assessed, key=lambda one: (day_of(one.fields.get("assessed")), one.record))
        yield from _on(newest, "deadline", "deadline", today)
        yield from _on(newest, "review", "review", today)
    looks = records.get("follow_up", ())
    if looks:
        newest = max(looks, key=lambda one: (day_of(one.fields.get("looked")), one.record))
        yield from _on(newest, "next_look", "next_look", today)


def _papers(records: Records, stage: Stage, today: str) -> Iterator[Dated]:
    for one in records.get("consent", ()):
        if "withdrawn" not in one.fields:
            yield from _on(one, "valid_until", "consent_ends", today)
    if stage in IN_DANGER:
        for one in records.get("identity_document", ()):
            if (day := day_of(one.fields.get("expires"))) and day <= days_after(today, PAPERS_AHEAD_DAYS):
                yield Dated("papers_end", one.kind, one.record, None, day, day < today)


def _way_out(records: Records, stage: Stage, today: str, now_ms: Millis) -> Iterator[Dated]:
    if stage not in IN_DANGER and stage is not Stage.TRAVELLING:
        return
    for one in records.get("stay", ()):
        if day_of(one.fields.get("ends")) >= today:
            yield from _on(one, "ends", "stay_ends", today)
    decided = latest_decisions(records)
    for one in records.get("application", ()):
        if one.record not in decided:
            yield from _on(one, "expected", "expected", today)
    for one in decided.values():
        if one.fields.get("outcome") == DecisionOutcome.REFUSED and day_of(one.fields.get("appeal_until")) >= today:
            yield from _on(one, "appeal_until", "appeal", today)
        if one.fields.get("outcome") == DecisionOutcome.GRANTED and stage is Stage.GRANTED:
            yield from _on(one, "valid_until", "grant_ends", today)
    legs = legs_ahead(records)
    for leg in legs:
        if isinstance(at := leg.fields.get("departs"), Moment):
            yield Dated("leg", "leg", leg.record, at, day_of(at), at.ms < now_ms)
    told = {leg.fields.get("journey") for leg in records.get("leg", ())}
    for one in planned_journeys(records):
        if one.record not in told:
            yield from _on(one, "planned", "journey", today)


def _slips(records: Records, today: str, now_ms: Millis) -> Iterator[Dated]:
    for one in records.get("task_slip", ()):
        if "destroyed" not in one.fields and isinstance(at := one.fields.get("expires"), Moment):
            yield Dated("slip", "task_slip", one.record, at, day_of(at), at.ms < now_ms)


def _on(one: Shown, field: str, what: str, today: str) -> Iterator[Dated]:
    if day := day_of(one.fields.get(field)):
        yield Dated(what, one.kind, one.record, None, day, day < today)


SOON_MS: Final = 2 * DAY_MS
"""What is due within this time is marked as soon."""
