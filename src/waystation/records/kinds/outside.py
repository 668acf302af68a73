"""Those who help without a desk, what each of them was told, and the slip that says no more than they need."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import HelperType, Language, ToldTo
from waystation.records.declare import CASE, MASKED, OFFICE, choice, day, kind, link, many, moment, text
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Moment

_WITH_A_PERSON = {FolderType.REQUEST, FolderType.CASE}


@kind("helper", folders={FolderType.OFFICE}, label=N_("Helper"))
class Helper(TypedDict, total=False):
    """A volunteer, host, driver or interpreter. Their code name is what a task list shows."""

    code_name: Annotated[str, text(N_("Code name"), OFFICE, max_chars=60, required=True)]
    type: Annotated[Many, many(HelperType, N_("What they do"), OFFICE)]
    name: Annotated[str, text(N_("Name"), MASKED)]
    contact: Annotated[str, text(N_("How to reach them"), MASKED, max_chars=400, lines=2)]
    languages: Annotated[Many, many(Language, N_("Languages"), OFFICE)]
    dialects: Annotated[str, text(N_("Dialects"), OFFICE)]
    community: Annotated[str, text(N_("Community they belong to"), OFFICE)]
    not_for: Annotated[str, text(N_("Whom they must not be sent to"), OFFICE, max_chars=500, lines=2)]
    vetted: Annotated[Day, day(N_("Checked on"), OFFICE)]
    ended: Annotated[Day, day(N_("No longer helps since"), OFFICE)]
    remarks: Annotated[str, text(N_("Remarks"), OFFICE, max_chars=2000, lines=4)]


@kind("told", folders=_WITH_A_PERSON, label=N_("Who was told what"))
class Told(TypedDict, total=False):
    """What somebody outside the case was told about it."""

    audience: Annotated[ToldTo, choice(ToldTo, N_("Who was told"), CASE, required=True)]
    helper: Annotated[bytes, link("helper", N_("Helper"), CASE)]
    partner: Annotated[bytes, link("partner", N_("Partner"), CASE)]
    name: Annotated[str, text(N_("Their name"), MASKED)]
    what: Annotated[str, text(N_("What they were told"), CASE, max_chars=2000, lines=4, required=True)]
    purpose: Annotated[str, text(N_("For what"), CASE, max_chars=500, lines=2)]
    told: Annotated[Moment, moment(N_("Told"), CASE, required=True)]
    told_by: Annotated[bytes, link("member", N_("Told by"), CASE)]
    consent: Annotated[bytes, link("consent", N_("Covered by the consent"), CASE)]


@kind("task_slip", folders=_WITH_A_PERSON, label=N_("Task slip"))
class TaskSlip(TypedDict, total=False):
    """What a helper carries: a code name, a meeting point, a time, a phrase. It expires."""

    helper: Annotated[bytes, link("helper", N_("For which helper"), CASE)]
    shown_as: Annotated[str, text(N_("Code name on the slip"), CASE, max_chars=60, required=True)]
    meeting_point: Annotated[str, text(N_("Meeting point"), MASKED, max_chars=400, lines=2, required=True)]
    meets: Annotated[Moment, moment(N_("When they meet"), CASE, required=True)]
    phrase: Annotated[str, text(N_("What the helper says"), MASKED, required=True)]
    answer: Annotated[str, text(N_("What they answer"), MASKED)]
    expires: Annotated[Moment, moment(N_("Destroy by"), CASE, required=True)]
    made: Annotated[Moment, moment(N_("Made"), CASE, required=True)]
    made_by: Annotated[bytes, link("member", N_("Made by"), CASE)]
    destroyed: Annotated[Moment, moment(N_("Destroyed"), CASE)]
