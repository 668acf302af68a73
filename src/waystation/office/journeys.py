"""The way out: what is filed, what is decided, trips and their parts, and the ways in which people leave.

Guarantees: nothing is filed by a route that is shut; a refusal carries its reason; advice against a route is neither an
application nor a refusal; nobody is sent to a country of which they are a citizen, or from which they may be sent back,
unless somebody says why; failed travel puts the journey back to planning.
"""

from collections.abc import Mapping
from typing import Final

from waystation.ids import FolderId, FolderType, RecordId
from waystation.office.desk import Desk
from waystation.office.shelter import end_stays
from waystation.office.writing import Entry, Fields, Known, Rule, Seen, Writing, refuse
from waystation.records import Day, Many, Save
from waystation.records.choices import DecisionOutcome, JourneyPurpose, LegOutcome, ReturnRisk
from waystation.records.labels import N_

PLAN_AGAIN: Final = N_("Plan the journey again: travel failed")
FIND_THEM: Final = N_("Detained on the way: find out where they are")


def note_leg(desk: Desk, case: FolderId, leg: RecordId, fields: Fields, seen: Seen | None = None) -> Save:
    """Says how a leg went. Failed travel takes the day off the journey and asks for a new plan, in the same save.

    Args:
        fields: of `leg`; `outcome` must be among them.
    Raises: BadInput, Refused.
    """
    if fields.get("outcome") is None:
        refuse("outcome", "required", N_("Say how it went."))
    writing = Writing(desk)
    writing.write(writing.change(case, "leg", leg, fields), RULES["leg"], seen)
    return writing.save()


def call_off(desk: Desk, case: FolderId, journey: RecordId, words: str) -> Save:
    """Calls a journey off; `words` say why, as a note. Raises: BadInput, Refused."""
    writing = Writing(desk)
    writing.write(writing.change(case, "journey", journey, {"cancelled": writing.this_day()}), RULES["journey"])
    note: Fields = {"body": words, "written": writing.now(), "author": desk.member}
    writing.write(writing.entry(case, "note", note), Rule())
    return writing.save()


def confirm_arrival(desk: Desk, case: FolderId, arrival: RecordId) -> Save:
    """The person has said that they are there; from now on the arrival counts. Raises: Refused."""
    writing = Writing(desk)
    writing.write(writing.change(case, "arrival", arrival, {"confirmed": True}), RULES["arrival"])
    return writing.save()


def undecided(writing: Writing, case: FolderId) -> dict[bytes, Known]:
    """A case's applications that wait for a decision."""
    decided = {fields.get("application") for fields in writing.records(case, "decision").values()}
    return {k: v for k, v in writing.records(case, "application").items() if k not in decided}


def _route(writing: Writing, route: bytes | None) -> Known:
    office = writing.desk.folder(FolderType.OFFICE)
    return (writing.find(office, "route", route) if route else None) or {}


def _people(fields: Known) -> frozenset[bytes]:
    named = fields.get("people")
    return frozenset(i for i in named if isinstance(i, bytes)) if isinstance(named, Many) else frozenset()


def _share(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    """Whether two lists of people have somebody in common; an empty one means everybody."""
    return not one or not other or bool(one & other)


def _refuse_return(writing: Writing, entry: Entry, field: str, countries: frozenset[str]) -> None:
    """Nobody is sent back to danger: not by a route, nor by a country on it."""
    travelling = entry.links("people")
    for person, fields in writing.records(entry.folder, "person").items():
        if (not travelling or person in travelling) and fields.get("citizenship") in countries:
            message = N_("One of them is a citizen of a country on this way. Say why they are safe there.")
            writing.unusual(entry, field, "own_country", message)


def _application(writing: Writing, entry: Entry) -> None:
    if entry.get("primary_category") and entry.get("primary_category") == entry.get("secondary_category"):
        refuse("secondary_category", "same_category", N_("The secondary category repeats the primary one."))
    if not entry.is_new and "route" not in entry.fields:
        return
    route, filed = _route(writing, entry.link("route")), entry.day("filed")
    shut = route.get("shut")
    if isinstance(shut, Day) and filed is not None and filed.sort_key >= shut.sort_key:
        message = N_("This route has been shut since %(day)s. Choose another, or open it again under Routes.")
        refuse("route", "route_shut", message, day=shut)
    for other, fields in undecided(writing, entry.folder).items():
        same = other != entry.record and fields.get("route") == entry.link("route")
        if same and _share(_people(fields), entry.links("people")):
            message = N_("An application by this route waits for its decision. Record that first.")
            refuse("route", "filed_already", message)
    if route.get("return_risk") == ReturnRisk.SERIOUS:
        message = N_("This route has a serious risk of forced return. Say why they are safe on it.")
        writing.unusual(entry, "route", "return_risk", message)
    transit = route.get("transit")
    on_the_way = {i for i in transit if isinstance(i, str)} if isinstance(transit, Many) else set()
    _refuse_return(writing, entry, "route", frozenset(on_the_way | {str(route.get("destination", ""))}))


def _decision(writing: Writing, entry: Entry) -> None:
    application = entry.link("application")
    if application is None:
        return
    if entry.get("outcome") == DecisionOutcome.REFUSED and not entry.get("reason"):
        refuse("reason", "required", N_("Write down the reason given, or that none was given."))
    others = [v for k, v in writing.records(entry.folder, "decision").items() if k != entry.record]
    before = [fields for fields in others if fields.get("application") == application]
    # A refusal may be followed by the decision on an appeal; nothing else is decided twice.
    if any(fields.get("outcome") != DecisionOutcome.REFUSED for fields in before):
        message = N_("This application has its decision. Change that one instead.")
        refuse("application", "decided_already", message)
    filed, decided = writing.get(entry.folder, "application", application).get("filed"), entry.day("decided")
    if isinstance(filed, Day) and decided and decided.latest and filed.earliest and decided.latest < filed.earliest:
        refuse("decided", "before", N_("This is before “%(first)s”. One of the two is wrong."), first=N_("Filed"))


def _discouragement(writing: Writing, entry: Entry) -> None:
    if entry.folder_type is not FolderType.CASE:
        return
    filed = writing.records(entry.folder, "application").values()
    if any(fields.get("route") == entry.link("route") for fields in filed):
        message = N_("An application by this route was filed. What came of it is a decision.")
        refuse("route", "filed", message)


def _journey(writing: Writing, entry: Entry) -> None:
    if entry.get("purpose") != JourneyPurpose.ABROAD:
        return
    granted = {
        fields.get("application"): fields
        for fields in writing.records(entry.folder, "decision").values()
        if fields.get("outcome") == DecisionOutcome.GRANTED
    }
    if entry.is_new and len(granted) == 1:
        entry.fields.setdefault("application", next(iter(granted)))
    application = entry.link("application")
    decision = granted.get(application)
    if decision is None and (entry.is_new or "application" in entry.fields):
        message = N_("Nothing has been granted for this journey. Say by which right they enter the country.")
        writing.unusual(entry, "application", "not_granted", message)
    until, planned = (decision or {}).get("valid_until"), entry.day("planned")
    is_planned = planned is not None and {"planned", "application"} & entry.fields.keys()
    if isinstance(until, Day) and planned and is_planned and planned.sort_key > (until.latest or until.sort_key):
        refuse("planned", "no_longer_valid", N_("What was granted is valid until %(day)s only."), day=until)
    if application is not None and entry.is_new and entry.get("destination") is None:
        route = _route(writing, _route_of(writing, entry.folder, application))
        if "destination" in route:
            entry.fields["destination"] = route["destination"]
    if entry.is_new or "destination" in entry.fields:
        _refuse_return(writing, entry, "destination", frozenset((str(entry.get("destination")),)))


def _route_of(writing: Writing, case: FolderId, application: bytes) -> bytes | None:
    route = writing.get(case, "application", application).get("route")
    return route if isinstance(route, bytes) else None


def _leg(writing: Writing, entry: Entry) -> None:
    identity = entry.link("journey")
    if identity is None:
        return
    journey = writing.get(entry.folder, "journey", identity)
    if entry.is_new and "cancelled" in journey:
        refuse("journey", "called_off", N_("This journey was called off. Plan a new one."))
    outcome = entry.fields.get("outcome")
    if outcome is None or outcome in (LegOutcome.DONE, entry.before.get("outcome")):
        return
    if "planned" in journey:
        writing.put(writing.change(entry.folder, "journey", identity, {"planned": None}))
    caseworker = writing.get(entry.folder, "case", entry.folder).get("caseworker")
    title = FIND_THEM if outcome == LegOutcome.DETAINED else PLAN_AGAIN
    task: Fields = {"title": title, "due": writing.now(), "assignee": caseworker}
    writing.write(writing.entry(entry.folder, "task", task), Rule())


def _evacuation(writing: Writing, entry: Entry) -> None:
    others = (v for k, v in writing.records(entry.folder, "evacuation").items() if k != entry.record)
    if any(_share(_people(fields), entry.links("people")) for fields in others):
        message = N_("One of them was evacuated before. Say why it happened again.")
        writing.unusual(entry, "people", "evacuated_already", message)


def _own_departure(writing: Writing, entry: Entry) -> None:
    departed = entry.day("departed")
    if entry.is_new and departed is not None and entry.folder_type is FolderType.CASE:
        end_stays(writing, entry.folder, entry.links("people"), departed)


def _arrival(writing: Writing, entry: Entry) -> None:
    if entry.is_new or "country" in entry.fields:
        _refuse_return(writing, entry, "country", frozenset((str(entry.get("country")),)))
    arrived = entry.day("arrived")
    if entry.is_new and arrived is not None:
        end_stays(writing, entry.folder, entry.links("people"), arrived)


RULES: Final[Mapping[str, Rule]] = {
    "route": Rule(past=("reviewed",)),
    "application": Rule(today="filed", past=("filed",), check=_application),
    "decision": Rule(
        today="decided",
        past=("decided",),
        order=(("decided", "valid_until"), ("decided", "appeal_until")),
        kept=frozenset(("application",)),
        check=_decision,
    ),
    "discouragement": Rule(today="discouraged", past=("discouraged",), check=_discouragement),
    "journey": Rule(past=("cancelled",), check=_journey),
    "leg": Rule(order=(("departs", "arrives"),), kept=frozenset(("journey",)), check=_leg),
    "evacuation": Rule(today="evacuated", past=("evacuated",), check=_evacuation),
    "own_departure": Rule(today="departed", past=("departed",), check=_own_departure),
    "arrival": Rule(today="arrived", past=("arrived",), check=_arrival),
}
