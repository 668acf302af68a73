"""Where a request or a case stands: derived from its records each time, and stored nowhere.

A stage that is kept beside the facts can contradict them; one that follows from them cannot. The
definitions here are those that the pages and the figures use.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from waystation.clock import Millis
from waystation.records.choices import (
    ClosureReason,
    DecisionOutcome,
    DepartureState,
    JourneyPurpose,
    Judgement,
    LegOutcome,
)
from waystation.records.labels import N_, Choice, option
from waystation.records.values import Day, Moment, Value

Fields: TypeAlias = Mapping[str, Value]
Facts: TypeAlias = Mapping[str, Mapping[bytes, Fields]]
"""Kind → record id → what is shown of the record (`merge.shown`), for one folder."""

_NONE: Final[Mapping[bytes, Fields]] = {}


class Stage(Choice):
    """The one word for where a case stands, from its first message to its end."""

    ASKED = option("asked", N_("Being checked"))
    CHECKED = option("checked", N_("Checked, still in danger"))
    HIDDEN = option("hidden", N_("Hidden, still being checked"))
    NEEDS_ROUTE = option("needs_route", N_("Hidden, needs a route"))
    APPLIED = option("applied", N_("Applied, waiting for a decision"))
    REFUSED = option("refused", N_("Refused, needs another route"))
    GRANTED = option("granted", N_("Granted, has not travelled"))
    TRAVELLING = option("travelling", N_("Travelling"))
    LEFT = option("left", N_("Left by own means"))
    ARRIVED = option("arrived", N_("Arrived, confirmed"))
    CLOSED = option("closed", N_("Case closed"))


class RequestStage(Choice):
    NEW = option("new", N_("New, nobody has taken it"))
    IN_CHECK = option("in_check", N_("Taken, being checked"))
    CHECKED = option("checked", N_("Checked, to be decided"))
    ACCEPTED = option("accepted", N_("Accepted as a case"))
    ENDED = option("ended", N_("Ended without a case"))


@dataclass(frozen=True, slots=True)
class CaseStatus:
    """What follows from a case's records on one day.

    Args:
        stage: the one word for it.
        verified: judged credible, gaps or not, by the latest credibility assessment.
        evacuated: taken out of the place of danger, at any time.
        in_hiding: out of it, and neither abroad, gone by own means, nor closed.
        staying: in a place of ours on that day.
        needs_route: in hiding or checked, and no application waits or stands granted.
        applied: how many applications were ever filed.
        pending: how many of them wait for a decision.
        granted: a grant stands, and they have not travelled by it.
        was_granted: at least one application was ever granted.
        refused: how many were refused.
        discouraged: how many routes they were advised against, nothing being filed.
        travelling: a journey abroad has begun and they have not confirmed their arrival.
        arrived: they confirmed that they are in a safe country.
        left: they left by own means.
        left_without_papers: they left by own means and without papers.
        closed: the reason of the closure that stands, if one does.
    """

    stage: Stage
    verified: bool
    evacuated: bool
    in_hiding: bool
    staying: bool
    needs_route: bool
    applied: int
    pending: int
    granted: bool
    was_granted: bool
    refused: int
    discouraged: int
    travelling: bool
    arrived: bool
    left: bool
    left_without_papers: bool
    closed: ClosureReason | None

    @property
    def abroad(self) -> bool:
        """Out of the country by a journey of ours, arrival confirmed. Left by own means is apart."""
        return self.arrived


def case_status(facts: Facts, *, today: str) -> CaseStatus:
    """Where a case stands.

    Args:
        facts: the records of its folder.
        today: ISO date; a stay counts from its first night to the day before its end.
    """
    outcomes = _outcomes(facts)
    granted_ids = {app for app, outcome in outcomes.items() if outcome == DecisionOutcome.GRANTED}
    applications = _of(facts, "application").keys()
    pending = len(applications - outcomes.keys())
    arrived = any(a.get("confirmed") is True for a in _of(facts, "arrival").values())
    travelling = not arrived and _has_set_out(facts)
    departures = _of(facts, "own_departure").values()
    closed = _closed(facts)
    verified = _judgement(facts) in (Judgement.CREDIBLE, Judgement.CREDIBLE_WITH_GAPS)
    staying = any(_covers(stay, today) for stay in _of(facts, "stay").values())
    evacuated = bool(_of(facts, "evacuation"))
    gone = arrived or travelling or bool(departures) or closed is not None
    in_hiding = (evacuated or staying) and not gone
    granted = bool(granted_ids) and not gone
    refused = sum(outcome == DecisionOutcome.REFUSED for outcome in outcomes.values())
    needs_route = (in_hiding or verified) and not gone and not pending and not granted
    return CaseStatus(
        stage=_stage(
            (closed is not None, Stage.CLOSED),
            (arrived, Stage.ARRIVED),
            (bool(departures), Stage.LEFT),
            (travelling, Stage.TRAVELLING),
            (granted, Stage.GRANTED),
            (pending > 0, Stage.APPLIED),
            (refused > 0, Stage.REFUSED),
            (in_hiding and verified, Stage.NEEDS_ROUTE),
            (in_hiding, Stage.HIDDEN),
            (verified, Stage.CHECKED),
        ),
        verified=verified,
        evacuated=evacuated,
        in_hiding=in_hiding,
        staying=staying,
        needs_route=needs_route,
        applied=len(applications),
        pending=pending,
        granted=granted,
        was_granted=bool(granted_ids),
        refused=refused,
        discouraged=len(_of(facts, "discouragement")),
        travelling=travelling,
        arrived=arrived,
        left=bool(departures),
        left_without_papers=any(d.get("papers") == DepartureState.WITHOUT_PAPERS for d in departures),
        closed=closed,
    )


def request_stage(request: Fields, facts: Facts) -> RequestStage:
    """Where a request stands.

    Args:
        request: what is shown of the request itself.
        facts: the records of its folder.
    """
    if "accepted_as" in request:
        return RequestStage.ACCEPTED
    if "outcome" in request:
        return RequestStage.ENDED
    if _judgement(facts) is not None:
        return RequestStage.CHECKED
    if "taken_by" in request or _of(facts, "verification_step"):
        return RequestStage.IN_CHECK
    return RequestStage.NEW


def check_in_missed(check_in: Fields, *, now_ms: Millis) -> bool:
    """Whether a check-in is due and nobody has heard from the person: an alarm."""
    due = check_in.get("due")
    return isinstance(due, Moment) and due.ms < now_ms and "done" not in check_in


def _stage(*rungs: tuple[bool, Stage]) -> Stage:
    return next((stage for holds, stage in rungs if holds), Stage.ASKED)


def _of(facts: Facts, kind: str) -> Mapping[bytes, Fields]:
    return facts.get(kind, _NONE)


def _latest(records: Iterable[tuple[bytes, Fields]], day: str) -> Fields | None:
    """The record of the latest day; of one day, the one with the greatest id, so that all agree."""
    dated = [(_day_key(fields.get(day)), record, fields) for record, fields in records]
    return max(dated, key=lambda one: one[:2])[2] if dated else None


def _day_key(value: Value | None) -> str:
    return value.sort_key if isinstance(value, Day) else ""


def _judgement(facts: Facts) -> Value | None:
    latest = _latest(_of(facts, "credibility_assessment").items(), "judged")
    return None if latest is None else latest.get("judgement")


def _outcomes(facts: Facts) -> dict[bytes, Value]:
    """Application → outcome of its latest decision, such as a refusal and a grant on appeal."""
    by_application: dict[bytes, list[tuple[bytes, Fields]]] = {}
    for record, decision in _of(facts, "decision").items():
        application = decision.get("application")
        if isinstance(application, bytes) and "outcome" in decision:
            by_application.setdefault(application, []).append((record, decision))
    latest = {app: _latest(decisions, "decided") for app, decisions in by_application.items()}
    return {app: fields["outcome"] for app, fields in latest.items() if fields is not None}


def _closed(facts: Facts) -> ClosureReason | None:
    standing = [(record, closure) for record, closure in _of(facts, "closure").items() if "reopened" not in closure]
    latest = _latest(standing, "closed")
    reason = None if latest is None else latest.get("reason")
    return reason if isinstance(reason, ClosureReason) else None


def _has_set_out(facts: Facts) -> bool:
    """Whether a leg of a journey abroad has been travelled, and none after it turned them back."""
    abroad = {
        record
        for record, journey in _of(facts, "journey").items()
        if journey.get("purpose") == JourneyPurpose.ABROAD and "cancelled" not in journey
    }
    legs = [leg for leg in _of(facts, "leg").values() if leg.get("journey") in abroad]
    done = [leg for leg in legs if "outcome" in leg and leg["outcome"] != LegOutcome.CANCELLED]
    latest = max(done, key=lambda leg: _moment_key(leg.get("departs")), default=None)
    return latest is not None and latest["outcome"] == LegOutcome.DONE


def _moment_key(value: Value | None) -> int:
    return value.ms if isinstance(value, Moment) else 0


def _covers(stay: Fields, today: str) -> bool:
    begins, ends = stay.get("begins"), stay.get("ends")
    return (
        isinstance(begins, Day)
        and _day_key(begins) <= today
        and not (isinstance(ends, Day) and _day_key(ends) <= today)
    )
