"""What comes next in a case: everything that waits, the most urgent first, derived from its records and their dates.

Guarantees: it is never stored, so it is never stale; the same records on the same day give the same steps on every
desk; danger to life stands before papers, papers before plans. It proposes; a caseworker decides.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from waystation.clock import HOUR_MS, Millis
from waystation.ids import RecordId
from waystation.records import Day, Value
from waystation.records.choices import Condition, DecisionOutcome, JourneyPurpose
from waystation.records.labels import N_
from waystation.records.status import Stage
from waystation.records.values import Moment
from waystation.views.dates import (
    IN_DANGER,
    Records,
    day_of,
    days_after,
    latest_decisions,
    legs_ahead,
    planned_journeys,
)
from waystation.views.shown import Shown

CHECK_IN_SOON_MS: Final = 3 * HOUR_MS
DEADLINE_DAYS: Final = 3
STAY_DAYS: Final = 3
APPEAL_DAYS: Final = 14
GRANT_DAYS: Final = 30
TRAVEL_DAYS: Final = 1
"""From so many days before, each is spoken of."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next.

    Args:
        code: stable name.
        message: gettext id; may name `%(day)s`.
        kind: the kind of record to add, or empty.
        record: what it is about; None where that is the case as a whole.
        day: ISO date for the message; empty where it names none.
        calm: whether it only waits for something; all else needs a person now.
    """

    code: str
    message: str
    kind: str = ""
    record: RecordId | None = None
    day: str = ""
    calm: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the steps follow from.

    Args:
        head: what is shown of the case itself.
        records: its other records, oldest first.
        level, deadline, review: of the newest risk assessment; days are ISO.
        in_conflict: whether something waits to be settled.
        lead_days: route → how long it usually takes, where that is known.
        today: ISO date at the desk.
    """

    head: Mapping[str, Value]
    records: Records
    stage: Stage
    level: str | None
    deadline: str | None
    review: str | None
    in_conflict: bool
    lead_days: Callable[[bytes], int | None]
    today: str
    now_ms: Millis

    def of(self, kind: str) -> tuple[Shown, ...]:
        """Its records of one kind."""
        return self.records.get(kind, ())

    def within(self, day: str | None, days: int) -> bool:
        """Whether a day is over, or comes within so many days; False for none."""
        return bool(day) and str(day) <= days_after(self.today, days)


def steps(known: Known) -> tuple[NextStep, ...]:
    """Everything that waits, the most urgent first; at least one."""
    if known.stage is Stage.CLOSED:
        return (*_slips(known), NextStep("none", N_("This case is closed. Nothing is left to do."), calm=True))
    return (
        *_life(known),
        *_on_the_road(known),
        *_shelter_ends(known),
        *_running_out(known),
        *_groundwork(known),
        *_slips(known),
        *_way(known),
    ) or (NextStep("none", N_("Nothing waits here."), calm=True),)


def _life(known: Known) -> Iterator[NextStep]:
    """Danger, as far as it is known: nobody heard of, nobody looked, nobody agrees."""
    waiting = [one for one in known.of("check_in") if "done" not in one.fields]
    due = sorted((at.ms, one.record) for one in waiting if isinstance(at := one.fields.get("due"), Moment))
    if due and due[0][0] < known.now_ms:
        message = N_("A check-in was missed. Find out how they are.")
        yield NextStep("check_in_missed", message, "check_in", due[0][1])
    elif due and due[0][0] <= known.now_ms + CHECK_IN_SOON_MS:
        yield NextStep("check_in_soon", N_("A check-in is due within hours. Be reachable."), "check_in", due[0][1])
    if known.level is None:
        yield NextStep("assess", N_("Nobody has assessed the risk yet. Assess it."), "risk_assessment")
    if known.in_conflict:
        yield NextStep("settle", N_("Two people wrote different things. Look at both and settle it."))
    if known.stage in IN_DANGER and known.within(known.deadline, DEADLINE_DAYS):
        day = str(known.deadline)
        if day < known.today:
            message = N_("The day by which it threatened is over: %(day)s. Assess the danger anew.")
            yield NextStep("deadline", message, "risk_assessment", day=day)
        elif not _is_sheltered(known):
            message = N_("The danger may come on %(day)s. Bring them out of its reach before.")
            yield NextStep("deadline", message, "stay", day=day)
        elif not due:
            yield NextStep("deadline", N_("The danger may come on %(day)s. Plan a check-in."), "check_in", day=day)
    if known.review is not None and known.review <= known.today and known.stage in IN_DANGER:
        yield NextStep("review", N_("The risk was to be looked at again. Assess it anew."), "risk_assessment")


def _on_the_road(known: Known) -> Iterator[NextStep]:
    legs = [(at, one) for one in legs_ahead(known.records) if isinstance(at := one.fields.get("departs"), Moment)]
    if legs and legs[0][0].ms < known.now_ms:
        yield NextStep(
            "leg_over", N_("They should have left. Find out, and note how the leg went."), "leg", legs[0][1].record
        )
    elif legs and known.within(day_of(legs[0][0]), TRAVEL_DAYS):
        message = N_("They travel on %(day)s. Go through the journey with them.")
        yield NextStep("travel_soon", message, "leg", legs[0][1].record, day_of(legs[0][0]))
    else:
        legged = {one.fields.get("journey") for one in known.of("leg")}
        soon = [
            one
            for one in planned_journeys(known.records)
            if one.record not in legged and known.within(day_of(one.fields.get("planned")), TRAVEL_DAYS)
        ]
        if soon:
            message = N_("The journey is planned for %(day)s, and no leg is written down.")
            yield NextStep("travel_soon", message, "journey", soon[0].record, day_of(soon[0].fields.get("planned")))


def _shelter_ends(known: Known) -> Iterator[NextStep]:
    if known.stage not in IN_DANGER:
        return
    stays = [one for one in known.of("stay") if day_of(one.fields.get("begins"))]
    ends = [day_of(one.fields.get("ends")) for one in stays]
    if not stays or "" in ends:
        return
    last = max(ends)
    if last <= known.today:
        if not known.of("evacuation"):
            yield NextStep("hide", N_("Their last stay has ended. Find them a place."), "stay")
    elif known.within(last, STAY_DAYS):
        yield NextStep("stay_ends", N_("Their stay ends on %(day)s. Find the next place."), "stay", day=last)


def _running_out(known: Known) -> Iterator[NextStep]:
    """Days of the authorities, after which a right is gone."""
    decided = latest_decisions(known.records)
    for one in decided.values():
        last = day_of(one.fields.get("appeal_until"))
        refused = one.fields.get("outcome") == DecisionOutcome.REFUSED
        if refused and known.stage in IN_DANGER and known.today <= last <= days_after(known.today, APPEAL_DAYS):
            message = N_("An appeal is possible until %(day)s. Decide with them, and file it or not.")
            yield NextStep("appeal", message, "task", one.record, last)
    if known.stage is Stage.GRANTED:
        for one in decided.values():
            last = day_of(one.fields.get("valid_until"))
            granted = one.fields.get("outcome") == DecisionOutcome.GRANTED
            if granted and last and last < known.today:
                message = N_("The grant ran out on %(day)s. Ask for a new one, or find another route.")
                yield NextStep("grant_ends", message, "application", one.record, last)
            elif granted and known.within(last, GRANT_DAYS):
                message = N_("The grant runs out on %(day)s. They must travel before.")
                yield NextStep("grant_ends", message, "journey", one.record, last)


def _groundwork(known: Known) -> Iterator[NextStep]:
    if known.stage not in IN_DANGER and known.stage is not Stage.TRAVELLING:
        return
    if not _has_consent(known):
        message = N_("No consent is recorded. Ask what may be shared, and with whom.")
        yield NextStep("consent", message, "consent")
    judged = known.of("credibility_assessment")
    if known.stage in (Stage.ASKED, Stage.HIDDEN) and not known.of("verification_step"):
        yield NextStep("verify", N_("Nothing has been checked. Add a verification step."), "verification_step")
    elif known.stage in (Stage.ASKED, Stage.HIDDEN) and not judged:
        message = N_("Checks are under way. Judge when you can, with your reasons.")
        yield NextStep("judge", message, "credibility_assessment", calm=True)


def _way(known: Known) -> Iterator[NextStep]:
    """The way out, from where they are on it; then what comes after."""
    match known.stage:
        case Stage.CHECKED:
            yield NextStep("hide", N_("They are still in danger. Find them a place."), "stay")
            yield from _plan(known)
        case Stage.NEEDS_ROUTE:
            yield NextStep("find_route", N_("They need a route. Choose one and apply."), "application")
            yield from _plan(known)
        case Stage.REFUSED:
            message = N_("They were refused. Find another route, or appeal.")
            yield NextStep("find_route", message, "application")
            yield from _plan(known)
        case Stage.APPLIED:
            yield from _plan(known)
            yield from _waiting(known)
        case Stage.GRANTED:
            yield from _before_travel(known)
        case Stage.TRAVELLING:
            yield from _arriving(known)
        case Stage.ARRIVED | Stage.LEFT:
            yield from _after_travel(known)
        case _:
            yield from _plan(known)


def _plan(known: Known) -> Iterator[NextStep]:
    if "case_plan" not in known.head:
        message = N_("There is no case plan. Write down what is to happen, who does it, by when.")
        yield NextStep("plan", message)


def _waiting(known: Known) -> Iterator[NextStep]:
    """Applications without a decision: those that take longer than they should, then the others."""
    decided = latest_decisions(known.records)
    pending = [one for one in known.of("application") if one.record not in decided]
    late = [(day, one) for one in pending if (day := _late_since(known, one))]
    if late:
        day, one = min(late, key=lambda pair: (pair[0], pair[1].record))
        message = N_("The decision was to be there by %(day)s. Ask where it was filed.")
        yield NextStep("decision_late", message, "task", one.record, day)
    message = N_("A decision is awaited. Record it when it comes.")
    yield NextStep("decision", message, "decision", pending[-1].record if pending else None, calm=True)


def _late_since(known: Known, application: Shown) -> str:
    """The day by which an application was to be decided, if that is over; else empty."""
    day = day_of(application.fields.get("expected"))
    route, filed = application.fields.get("route"), day_of(application.fields.get("filed"))
    if not day and filed and isinstance(route, bytes):
        usual = known.lead_days(route)
        day = days_after(filed, usual) if usual is not None else ""
    return day if day and day < known.today else ""


def _before_travel(known: Known) -> Iterator[NextStep]:
    planned = {
        one.record for one in planned_journeys(known.records) if one.fields.get("purpose") == JourneyPurpose.ABROAD
    }
    ahead = [one for one in legs_ahead(known.records) if one.fields.get("journey") in planned]
    if not planned:
        yield NextStep("journey", N_("It was granted. Plan the journey."), "journey")
    elif not ahead:
        yield NextStep("legs", N_("The journey has no leg ahead. Add how they travel."), "leg")
    else:
        message = N_("The journey is planned. Record how each leg went.")
        yield NextStep("leg_noted", message, "leg", ahead[0].record, calm=True)


def _arriving(known: Known) -> Iterator[NextStep]:
    unconfirmed = [one for one in known.of("arrival") if one.fields.get("confirmed") is not True]
    if unconfirmed:
        message = N_("They are said to have arrived. Hear it from themselves.")
        yield NextStep("confirm", message, "arrival", unconfirmed[-1].record)
        return
    message = N_("They are on their way. Record the arrival once they have confirmed it.")
    yield NextStep("arrival", message, "arrival")


def _after_travel(known: Known) -> Iterator[NextStep]:
    looks = sorted(known.of("follow_up"), key=lambda one: (day_of(one.fields.get("looked")), one.record))
    if not looks:
        yield NextStep("follow_up", N_("See how they are doing."), "follow_up", calm=True)
        return
    latest = looks[-1].fields
    planned = latest.get("next_look")
    if isinstance(planned, Day) and planned.sort_key <= known.today:
        yield NextStep("follow_up", N_("Look again how they are doing."), "follow_up")
    elif latest.get("condition") in (Condition.IN_DISTRESS, Condition.IN_DANGER):
        yield NextStep("follow_up", N_("They were not well. Look again how they are doing."), "follow_up")
    elif isinstance(planned, Day):
        message = N_("Look again how they are doing, on %(day)s.")
        yield NextStep("follow_up", message, "follow_up", day=planned.sort_key, calm=True)
    else:
        message = N_("They are safe and were looked after. Close the case when you agree.")
        yield NextStep("close", message, "closure", calm=True)


def _slips(known: Known) -> Iterator[NextStep]:
    over = sorted(
        (at.ms, one.record)
        for one in known.of("task_slip")
        if "destroyed" not in one.fields and isinstance(at := one.fields.get("expires"), Moment)
        if at.ms < known.now_ms
    )
    if over:
        message = N_("A task slip has expired. Make sure that it was destroyed.")
        yield NextStep("slip", message, "task_slip", over[0][1])


def _has_consent(known: Known) -> bool:
    return any(
        "withdrawn" not in one.fields and (day_of(one.fields.get("valid_until")) or known.today) >= known.today
        for one in known.of("consent")
    )


def _is_sheltered(known: Known) -> bool:
    """Whether they were taken out of the place of danger, or sleep in a place of ours."""
    return bool(known.of("evacuation")) or any(
        day_of(one.fields.get("begins")) <= known.today and (day_of(one.fields.get("ends")) or "9999") > known.today
        for one in known.of("stay")
    )
