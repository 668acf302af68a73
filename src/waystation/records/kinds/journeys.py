"""The way out: routes, what is filed and decided, trips and their parts, and ways of leaving."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import (
    DecisionOutcome,
    DepartureState,
    JourneyPurpose,
    LegOutcome,
    Pathway,
    ResettlementCategory,
    ReturnRisk,
    SubmissionPriority,
    TravelMode,
)
from waystation.records.declare import (
    CASE,
    MASKED,
    OFFICE,
    OPEN,
    choice,
    countries,
    country,
    day,
    flag,
    integer,
    kind,
    link,
    links,
    moment,
    money,
    text,
)
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Moment, Money

_CASE_ONLY = {FolderType.CASE}


@kind("route", folders={FolderType.OFFICE}, label=N_("Route"))
class Route(TypedDict, total=False):
    """Destination and pathway, with what it takes. It names no case."""

    destination: Annotated[str, country(N_("Destination"), OPEN, required=True)]
    pathway: Annotated[Pathway, choice(Pathway, N_("Pathway"), OPEN, required=True)]
    requirements: Annotated[str, text(N_("Requirements"), OFFICE, max_chars=4000, lines=6)]
    transit: Annotated[Many, countries(N_("Transit"), OFFICE)]
    capacity: Annotated[int, integer(N_("People a month"), OFFICE, high=100_000)]
    lead_days: Annotated[int, integer(N_("Lead time in days"), OFFICE, high=3650)]
    cost: Annotated[Money, money(N_("Cost of one person"), OFFICE)]
    return_risk: Annotated[ReturnRisk, choice(ReturnRisk, N_("Risk of forced return"), OFFICE, danger=True)]
    partner: Annotated[bytes, link("partner", N_("Partner"), OFFICE)]
    remarks: Annotated[str, text(N_("Remarks"), OFFICE, max_chars=2000, lines=4)]
    reviewed: Annotated[Day, day(N_("Last reviewed"), OFFICE)]
    shut: Annotated[Day, day(N_("Shut since"), OFFICE)]


@kind("application", folders=_CASE_ONLY, label=N_("Application"))
class Application(TypedDict, total=False):
    route: Annotated[bytes, link("route", N_("Route"), CASE, required=True)]
    people: Annotated[Many, links("person", N_("For whom"), CASE)]
    filed: Annotated[Day, day(N_("Filed"), CASE, required=True)]
    filed_at: Annotated[str, text(N_("Where it was filed"), CASE)]
    reference: Annotated[str, text(N_("Reference number"), MASKED, max_chars=60)]
    partner: Annotated[bytes, link("partner", N_("Partner"), CASE)]
    priority: Annotated[SubmissionPriority, choice(SubmissionPriority, N_("Priority of the submission"), CASE)]
    primary_category: Annotated[ResettlementCategory, choice(ResettlementCategory, N_("Primary category"), CASE)]
    secondary_category: Annotated[ResettlementCategory, choice(ResettlementCategory, N_("Secondary category"), CASE)]
    expected: Annotated[Day, day(N_("Decision expected"), CASE)]
    remarks: Annotated[str, text(N_("Remarks"), CASE, max_chars=2000, lines=4)]


@kind("decision", folders=_CASE_ONLY, label=N_("Decision"))
class Decision(TypedDict, total=False):
    application: Annotated[bytes, link("application", N_("Application"), CASE, required=True)]
    outcome: Annotated[DecisionOutcome, choice(DecisionOutcome, N_("Outcome"), CASE, required=True)]
    decided: Annotated[Day, day(N_("Decided"), CASE, required=True)]
    reason: Annotated[str, text(N_("Reason given"), CASE, max_chars=2000, lines=4)]
    valid_until: Annotated[Day, day(N_("Valid until"), CASE)]
    appeal_until: Annotated[Day, day(N_("Appeal possible until"), CASE)]


@kind(
    "discouragement",
    folders={FolderType.OFFICE, FolderType.CASE},
    label=N_("Route discouraged, never filed"),
)
class Discouragement(TypedDict, total=False):
    """Somebody advised against a route, and nothing was filed: neither application nor refusal."""

    route: Annotated[bytes, link("route", N_("Route"), OFFICE, required=True)]
    discouraged: Annotated[Day, day(N_("Discouraged on"), OFFICE, required=True)]
    by_whom: Annotated[str, text(N_("By whom"), OFFICE)]
    words: Annotated[str, text(N_("What was said"), OFFICE, max_chars=2000, lines=4)]


@kind("evacuation", folders=_CASE_ONLY, label=N_("Evacuation"))
class Evacuation(TypedDict, total=False):
    """Taken out of the place of danger; whether abroad is counted apart."""

    people: Annotated[Many, links("person", N_("Who was evacuated"), CASE)]
    evacuated: Annotated[Day, day(N_("Evacuated on"), CASE, required=True)]
    origin: Annotated[str, text(N_("From where"), CASE)]
    refuge: Annotated[str, text(N_("To where"), CASE)]
    partner: Annotated[bytes, link("partner", N_("Partner"), CASE)]
    remarks: Annotated[str, text(N_("Remarks"), CASE, max_chars=2000, lines=4)]


@kind(
    "own_departure",
    folders={FolderType.CASE, FolderType.REQUEST},
    label=N_("Departure by own means"),
)
class OwnDeparture(TypedDict, total=False):
    """They left without our help, perhaps without papers; the case may stay open."""

    people: Annotated[Many, links("person", N_("Who left"), CASE)]
    departed: Annotated[Day, day(N_("Left on"), CASE, required=True)]
    papers: Annotated[DepartureState, choice(DepartureState, N_("With or without papers"), CASE, required=True)]
    destination: Annotated[str, country(N_("To which country"), CASE)]
    remarks: Annotated[str, text(N_("Remarks"), CASE, max_chars=2000, lines=4)]


@kind("journey", folders=_CASE_ONLY, label=N_("Journey"))
class Journey(TypedDict, total=False):
    purpose: Annotated[JourneyPurpose, choice(JourneyPurpose, N_("Purpose"), CASE, required=True)]
    application: Annotated[bytes, link("application", N_("By the application"), CASE)]
    people: Annotated[Many, links("person", N_("Who travels"), CASE)]
    destination: Annotated[str, country(N_("Destination"), CASE)]
    planned: Annotated[Day, day(N_("Planned for"), CASE)]
    escort: Annotated[bytes, link("member", N_("Escort"), CASE)]
    meeting: Annotated[str, text(N_("Where and by whom they are met"), MASKED)]
    cancelled: Annotated[Day, day(N_("Called off"), CASE)]
    remarks: Annotated[str, text(N_("Remarks"), CASE, max_chars=2000, lines=4)]


@kind("leg", folders=_CASE_ONLY, label=N_("Leg"))
class Leg(TypedDict, total=False):
    """One part of a journey. Without an outcome it is still ahead; all but "done" are failed travel."""

    journey: Annotated[bytes, link("journey", N_("Journey"), CASE, required=True)]
    mode: Annotated[TravelMode, choice(TravelMode, N_("How"), CASE)]
    origin: Annotated[str, text(N_("From where"), CASE)]
    destination: Annotated[str, text(N_("To where"), CASE)]
    departs: Annotated[Moment, moment(N_("Departs"), CASE)]
    arrives: Annotated[Moment, moment(N_("Arrives"), CASE)]
    carrier: Annotated[str, text(N_("Carrier and number"), CASE)]
    booking: Annotated[str, text(N_("Booking"), MASKED, max_chars=100)]
    outcome: Annotated[LegOutcome, choice(LegOutcome, N_("How it went"), CASE, danger=True)]
    remarks: Annotated[str, text(N_("Remarks"), CASE, max_chars=2000, lines=4)]


@kind("arrival", folders=_CASE_ONLY, label=N_("Arrival"))
class Arrival(TypedDict, total=False):
    """In a safe country; it counts once the person has confirmed it."""

    journey: Annotated[bytes, link("journey", N_("Journey"), CASE)]
    people: Annotated[Many, links("person", N_("Who arrived"), CASE)]
    country: Annotated[str, country(N_("Country of arrival"), CASE, required=True)]
    city: Annotated[str, text(N_("City"), CASE)]
    arrived: Annotated[Day, day(N_("Arrived on"), CASE, required=True)]
    confirmed: Annotated[bool, flag(N_("Confirmed by the person"), CASE)]
    partner: Annotated[bytes, link("partner", N_("Received by"), CASE)]
