"""Those who do the work: members of staff and partner organisations."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import Language, ListPage, PartnerService, Role
from waystation.records.declare import MASKED, OFFICE, choice, country, day, kind, link, many, moment, octets, text
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Moment


@kind("member", folders={FolderType.OFFICE}, label=N_("Member of staff"))
class Member(TypedDict, total=False):
    """A member as colleagues know them. What they may do is decided by the signed roster."""

    display_name: Annotated[str, text(N_("Name at work"), OFFICE, max_chars=60, required=True)]
    roles: Annotated[Many, many(Role, N_("Roles"), OFFICE)]
    languages: Annotated[Many, many(Language, N_("Languages"), OFFICE)]
    pages_in: Annotated[Language, choice(Language, N_("Language of the pages"), OFFICE)]
    joined: Annotated[Day, day(N_("Joined"), OFFICE)]
    departed: Annotated[Day, day(N_("Left the organisation"), OFFICE)]


@kind("desk", folders={FolderType.OFFICE}, label=N_("Desk"))
class Desk(TypedDict, total=False):
    """One staff installation, under its own id. Whose it is and whether it is active, the signed roster decides."""

    computer: Annotated[str, text(N_("Which computer this is"), OFFICE, max_chars=60)]
    credential: Annotated[bytes, octets(N_("Relay credential"), OFFICE, size=96)]


@kind("partner", folders={FolderType.OFFICE}, label=N_("Partner organisation"))
class Partner(TypedDict, total=False):
    name: Annotated[str, text(N_("Name of the organisation"), OFFICE, required=True)]
    country: Annotated[str, country(N_("Country"), OFFICE)]
    services: Annotated[Many, many(PartnerService, N_("What they do"), OFFICE)]
    contact: Annotated[str, text(N_("Contact person"), MASKED)]
    agreement: Annotated[Day, day(N_("Information-sharing protocol signed"), OFFICE)]
    remarks: Annotated[str, text(N_("Remarks"), OFFICE, max_chars=2000, lines=4)]


@kind("organisation", folders={FolderType.OFFICE}, label=N_("Organisation"))
class Organisation(TypedDict, total=False):
    """This organisation, as its staff know it; one record, made at founding."""

    name: Annotated[str, text(N_("Name of the organisation"), OFFICE, required=True)]
    recovery: Annotated[
        str, text(N_("Public half of the recovery key"), OFFICE, max_chars=80, required=True, searchable=False)
    ]
    founded: Annotated[Day, day(N_("Founded"), OFFICE, required=True)]


@kind("duty", folders={FolderType.OFFICE}, label=N_("Duty"))
class Duty(TypedDict, total=False):
    """Who answers when something happens, from when until when."""

    member: Annotated[bytes, link("member", N_("Who is on duty"), OFFICE, required=True)]
    begins: Annotated[Moment, moment(N_("Begins"), OFFICE, required=True)]
    ends: Annotated[Moment, moment(N_("Ends"), OFFICE, required=True)]
    remarks: Annotated[str, text(N_("Remarks"), OFFICE, max_chars=500, lines=2)]


@kind("saved_filter", folders={FolderType.OFFICE}, label=N_("Kept filter"))
class SavedFilter(TypedDict, total=False):
    """A list as one member likes to see it."""

    name: Annotated[str, text(N_("Name of the filter"), OFFICE, max_chars=60, required=True)]
    member: Annotated[bytes, link("member", N_("Whose"), OFFICE, required=True)]
    page: Annotated[ListPage, choice(ListPage, N_("Of which list"), OFFICE, required=True)]
    filters: Annotated[str, text(N_("What it shows"), OFFICE, max_chars=1000, required=True, searchable=False)]
