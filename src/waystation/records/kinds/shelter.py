"""Where people are hidden: safe houses, and each one's nights there."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import PlaceType
from waystation.records.declare import (
    CASE,
    MASKED,
    choice,
    country,
    day,
    flag,
    integer,
    kind,
    link,
    links,
    money,
    text,
)
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Money


@kind("place", folders={FolderType.PLACE}, owns_folder=True, label=N_("Place"))
class Place(TypedDict, total=False):
    """A safe house. `exposed` says since when it is no longer safe."""

    code_name: Annotated[str, text(N_("Code name"), CASE, max_chars=60, required=True)]
    address: Annotated[str, text(N_("Address"), MASKED, max_chars=400, lines=2)]
    region: Annotated[str, text(N_("Region"), CASE)]
    country: Annotated[str, country(N_("Country"), CASE)]
    type: Annotated[PlaceType, choice(PlaceType, N_("Kind of place"), CASE)]
    beds: Annotated[int, integer(N_("Beds"), CASE, low=1, high=999)]
    step_free: Annotated[bool, flag(N_("Reachable without stairs"), CASE)]
    children: Annotated[bool, flag(N_("Children may stay"), CASE)]
    keeper: Annotated[str, text(N_("Keeper"), MASKED)]
    keeper_contact: Annotated[str, text(N_("How to reach the keeper"), MASKED)]
    partner: Annotated[bytes, link("partner", N_("Partner"), CASE)]
    night_cost: Annotated[Money, money(N_("Cost of a night"), CASE)]
    rules: Annotated[str, text(N_("Rules of the house"), CASE, max_chars=2000, lines=5)]
    to_say: Annotated[str, text(N_("What is said when someone asks"), CASE, max_chars=1000, lines=3)]
    opened: Annotated[Day, day(N_("Opened"), CASE)]
    closed: Annotated[Day, day(N_("Closed on"), CASE)]
    exposed: Annotated[Day, day(N_("Exposed since"), CASE)]


@kind("stay", folders={FolderType.CASE}, label=N_("Stay"))
class Stay(TypedDict, total=False):
    place: Annotated[bytes, link("place", N_("Place"), CASE, required=True)]
    people: Annotated[Many, links("person", N_("Who stays"), CASE)]
    begins: Annotated[Day, day(N_("First night"), CASE, required=True)]
    ends: Annotated[Day, day(N_("Day of leaving"), CASE)]
    remarks: Annotated[str, text(N_("Remarks"), CASE, max_chars=1000, lines=3)]
