"""The next steps of a case in words: what waits, what the button does, and where it leads.

Guarantees: which step comes first is the views' (`views.next_step`); here it is only told. The first one is the page's
one primary action.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from waystation.desk.pages.records import Where
from waystation.desk.pages.telling import Teller
from waystation.ids import RecordId, to_text
from waystation.records.labels import N_
from waystation.views.case import CaseView
from waystation.views.dates import planned_journeys
from waystation.views.next_step import NextStep

_BUTTONS: Final[Mapping[str, str]] = {
    "assess": N_("Assess the risk"),
    "review": N_("Assess the risk again"),
    "consent": N_("Write the consent down"),
    "check_in_missed": N_("Note that they were heard from"),
    "check_in_soon": N_("Note that they were heard from"),
    "verify": N_("Add a verification step"),
    "judge": N_("Judge what was checked"),
    "hide": N_("Hide them in a place"),
    "stay_ends": N_("Hide them in a place"),
    "plan": N_("Write the case plan"),
    "find_route": N_("Apply by a route"),
    "appeal": N_("Set a task for the appeal"),
    "decision_late": N_("Set a task to ask"),
    "decision": N_("Write the decision down"),
    "journey": N_("Plan the journey"),
    "legs": N_("Add a leg of the journey"),
    "leg_over": N_("Note how the leg went"),
    "leg_noted": N_("Note how the leg went"),
    "arrival": N_("Write the arrival down"),
    "confirm": N_("They confirm it themselves"),
    "follow_up": N_("Write a follow-up down"),
    "slip": N_("It was destroyed"),
    "close": N_("Close the case"),
    "settle": N_("Look at both"),
}
"""Code of a step → what its button does."""

_BY_KIND: Final[Mapping[tuple[str, str], str]] = {
    ("deadline", "risk_assessment"): N_("Assess the risk again"),
    ("deadline", "stay"): N_("Hide them in a place"),
    ("deadline", "check_in"): N_("Plan a check-in"),
    ("travel_soon", "leg"): N_("Look at the journey"),
    ("travel_soon", "journey"): N_("Add a leg of the journey"),
    ("grant_ends", "journey"): N_("Plan the journey"),
    ("grant_ends", "application"): N_("Apply by a route"),
}
"""The same for steps that ask for one thing or another."""


class Step(NamedTuple):
    """One thing to do: what it is, what the button says, and where it leads; empty if nowhere."""

    message: str
    button: str
    address: str
    urgent: bool


def told(step: NextStep, view: CaseView, where: Where, teller: Teller) -> Step:
    """A step in words."""
    _ = teller.language.gettext
    address = _address(step, view, where)
    button = _BUTTONS.get(step.code) or _BY_KIND.get((step.code, step.kind), "")
    message = _(step.message, day=teller.day(step.day)) if step.day else _(step.message)
    return Step(message, _(button) if button and address else "", address, not step.calm)


def _address(step: NextStep, view: CaseView, where: Where) -> str:
    match step.code:
        case "check_in_missed" | "check_in_soon" | "leg_over" | "leg_noted" if step.record is not None:
            return f"{where.record(step.kind, step.record)}/note"
        case "confirm" if step.record is not None:
            return f"{where.record('arrival', step.record)}/confirm"
        case "slip" if step.record is not None:
            return f"{where.record('task_slip', step.record)}/destroyed"
        case "settle":
            return f"{where.path}#settle"
        case "close":
            return f"{where.path}/close"
        case "plan":
            return f"{where.record('case', view.folder)}/edit"
        case "decision":
            return _begin(where, "decision", "application", step.record)
        case "travel_soon" if step.kind == "leg":
            return f"{where.path}#way-out"
        case "travel_soon":
            return _begin(where, "leg", "journey", step.record)
        case "journey":
            return _begin(where, "journey", "application", _granted(view))
        case "grant_ends" if step.kind == "journey":
            return "" if planned_journeys(view.records) else _begin(where, "journey", "application", _granted(view))
        case "legs" | "arrival":
            planned = planned_journeys(view.records)
            return _begin(where, step.kind, "journey", planned[-1].record if planned else None)
        case _:
            return f"{where.path}/{step.kind}/new" if step.kind else ""


def _begin(where: Where, kind: str, link: str, record: RecordId | None) -> str:
    """Address of a new record's form, linked to a record."""
    return f"{where.path}/{kind}/new" + (f"?{link}={to_text(record)}" if record is not None else "")


def _granted(view: CaseView) -> RecordId | None:
    found = [
        application
        for one in view.records.get("decision", ())
        if one.fields.get("outcome") == "granted" and isinstance(application := one.fields.get("application"), bytes)
    ]
    return RecordId(found[-1]) if found else None
