"""The case and the daily work on it: danger, plans, notes, tasks, signs of life, its end."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.limits import FILE_MAX, FILE_PIECE
from waystation.records.choices import (
    ClosureReason,
    ConcernType,
    Condition,
    Eligibility,
    Housing,
    Need,
    RiskLevel,
    Solution,
    Timeframe,
)
from waystation.records.declare import (
    CASE,
    MASKED,
    OFFICE,
    choice,
    day,
    flag,
    integer,
    kind,
    link,
    many,
    moment,
    octets,
    text,
)
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Moment

_WITH_A_PERSON = {FolderType.REQUEST, FolderType.CASE}
_WITH_A_STORY = {FolderType.REQUEST, FolderType.CASE, FolderType.PLACE, FolderType.INCIDENT}
_EVERYWHERE = set(FolderType) - {FolderType.ORGANISATION}


@kind("case", folders={FolderType.CASE}, owns_folder=True, label=N_("Case"))
class Case(TypedDict, total=False):
    """One or more people who move together. Its stage is derived from its records (`status`)."""

    code_name: Annotated[str, text(N_("Code name"), CASE, max_chars=60, required=True)]
    opened: Annotated[Day, day(N_("Opened"), CASE, required=True)]
    request: Annotated[bytes, link("request", N_("From the request"), CASE)]
    caseworker: Annotated[bytes, link("member", N_("Caseworker"), CASE)]
    supervisor: Annotated[bytes, link("member", N_("Supervisor"), CASE)]
    partner: Annotated[bytes, link("partner", N_("Jointly with the partner"), CASE)]
    eligibility: Annotated[Eligibility, choice(Eligibility, N_("Eligibility"), CASE)]
    region: Annotated[str, text(N_("Region of the danger"), CASE)]
    summary: Annotated[str, text(N_("Summary"), CASE, max_chars=3000, lines=5)]
    needs: Annotated[Many, many(Need, N_("What they need"), CASE)]
    case_plan: Annotated[str, text(N_("Case plan"), CASE, max_chars=4000, lines=8)]
    safety_plan: Annotated[str, text(N_("Safety plan"), CASE, max_chars=4000, lines=8)]
    press_silence: Annotated[bool, flag(N_("Never to be mentioned to the press"), CASE)]
    time_zone: Annotated[str, text(N_("Time zone where they are"), CASE, max_chars=60, searchable=False)]


@kind("protection_concern", folders=_WITH_A_PERSON, label=N_("Protection concern"))
class ProtectionConcern(TypedDict, total=False):
    type: Annotated[ConcernType, choice(ConcernType, N_("Threat"), CASE, required=True)]
    person: Annotated[bytes, link("person", N_("Person"), CASE)]
    from_whom: Annotated[str, text(N_("From whom"), CASE)]
    since: Annotated[Day, day(N_("Since"), CASE)]
    ended: Annotated[Day, day(N_("Over since"), CASE)]
    details: Annotated[str, text(N_("Details"), CASE, max_chars=4000, lines=6)]


@kind("risk_assessment", folders=_WITH_A_PERSON, label=N_("Risk assessment"))
class RiskAssessment(TypedDict, total=False):
    """How grave, when, and why; dated, with the day of its review."""

    level: Annotated[RiskLevel, choice(RiskLevel, N_("Risk level"), CASE, danger=True, required=True)]
    timeframe: Annotated[Timeframe, choice(Timeframe, N_("When it threatens"), CASE, danger=True, required=True)]
    deadline: Annotated[Day, day(N_("Day by which it threatens"), CASE)]
    person: Annotated[bytes, link("person", N_("Person"), CASE)]
    reasons: Annotated[str, text(N_("Reasons"), CASE, max_chars=5000, lines=8, required=True)]
    assessed: Annotated[Day, day(N_("Assessed on"), CASE, required=True)]
    assessed_by: Annotated[bytes, link("member", N_("Assessed by"), CASE)]
    review: Annotated[Day, day(N_("Review on"), CASE, required=True)]


@kind("note", folders=_WITH_A_STORY, label=N_("Note"))
class Note(TypedDict, total=False):
    body: Annotated[str, text(N_("Note"), CASE, max_chars=12_000, lines=8, required=True)]
    written: Annotated[Moment, moment(N_("Written"), CASE, required=True)]
    author: Annotated[bytes, link("member", N_("Author"), CASE)]


@kind("task", folders=_EVERYWHERE, label=N_("Task"))
class Task(TypedDict, total=False):
    title: Annotated[str, text(N_("What is to be done"), OFFICE, required=True)]
    details: Annotated[str, text(N_("Details"), OFFICE, max_chars=2000, lines=4)]
    due: Annotated[Moment, moment(N_("Due"), OFFICE)]
    assignee: Annotated[bytes, link("member", N_("Who does it"), OFFICE)]
    done: Annotated[Moment, moment(N_("Done"), OFFICE)]
    done_by: Annotated[bytes, link("member", N_("Done by"), OFFICE)]
    result: Annotated[str, text(N_("What came of it"), OFFICE, max_chars=1000, lines=3)]


@kind("check_in", folders=_WITH_A_PERSON, label=N_("Check-in"))
class CheckIn(TypedDict, total=False):
    """A dated sign of life. It is missed when it is due and not done; that is an alarm."""

    person: Annotated[bytes, link("person", N_("Person"), CASE)]
    due: Annotated[Moment, moment(N_("Due"), CASE, required=True)]
    channel: Annotated[bytes, link("contact_channel", N_("By which channel"), CASE)]
    agreed_words: Annotated[str, text(N_("Words agreed for danger"), MASKED)]
    done: Annotated[Moment, moment(N_("Heard from them"), CASE)]
    condition: Annotated[Condition, choice(Condition, N_("How they are"), CASE, danger=True)]
    said: Annotated[str, text(N_("What they said"), CASE, max_chars=2000, lines=4)]


@kind("follow_up", folders={FolderType.CASE}, label=N_("Follow-up"))
class FollowUp(TypedDict, total=False):
    """A dated look at how the person is, after arrival or between steps."""

    person: Annotated[bytes, link("person", N_("Person"), CASE)]
    looked: Annotated[Day, day(N_("Looked on"), CASE, required=True)]
    condition: Annotated[Condition, choice(Condition, N_("How they are"), CASE, danger=True)]
    housing: Annotated[Housing, choice(Housing, N_("Housing"), CASE)]
    solution: Annotated[Solution, choice(Solution, N_("Durable solution"), CASE)]
    needs: Annotated[Many, many(Need, N_("What they need"), CASE)]
    findings: Annotated[str, text(N_("Findings"), CASE, max_chars=4000, lines=6)]
    next_look: Annotated[Day, day(N_("Next look on"), CASE)]


@kind("closure", folders={FolderType.CASE}, label=N_("Closure"))
class Closure(TypedDict, total=False):
    """Why and when the work ended; it ends no more once `reopened` holds a day."""

    reason: Annotated[ClosureReason, choice(ClosureReason, N_("Closure reason"), CASE, required=True)]
    closed: Annotated[Day, day(N_("Closed on"), CASE, required=True)]
    details: Annotated[str, text(N_("Details"), CASE, max_chars=2000, lines=4)]
    closed_by: Annotated[bytes, link("member", N_("Closed by"), CASE)]
    transferred_to: Annotated[bytes, link("partner", N_("Transferred to"), CASE)]
    reopened: Annotated[Day, day(N_("Opened again"), CASE)]


@kind("access", folders=_WITH_A_STORY, label=N_("Access"))
class Access(TypedDict, total=False):
    """Somebody was let into a folder. It ends by itself where `until` says when, else when they are taken off."""

    member: Annotated[bytes, link("member", N_("Who"), CASE, required=True)]
    since: Annotated[Moment, moment(N_("Let in"), CASE, required=True)]
    until: Annotated[Moment, moment(N_("Ends by itself"), CASE)]
    reason: Annotated[str, text(N_("Why they need it"), CASE, max_chars=500, lines=2)]
    given_by: Annotated[bytes, link("member", N_("Let in by"), CASE)]
    ended: Annotated[Moment, moment(N_("Taken off"), CASE)]
    ended_by: Annotated[bytes, link("member", N_("Taken off by"), CASE)]


@kind("reveal", folders=_EVERYWHERE, label=N_("Look at a masked field"))
class Reveal(TypedDict, total=False):
    """Somebody asked to see a masked field. Written before the field is shown, never changed."""

    revealed: Annotated[Moment, moment(N_("Looked"), OFFICE, required=True)]
    revealed_by: Annotated[bytes, link("member", N_("Who looked"), OFFICE, required=True)]
    of_kind: Annotated[str, text(N_("Kind of record"), OFFICE, max_chars=60, required=True, searchable=False)]
    of_record: Annotated[bytes, octets(N_("Record"), OFFICE, size=16, required=True)]
    of_field: Annotated[str, text(N_("Masked field"), OFFICE, max_chars=60, required=True, searchable=False)]
    reason: Annotated[str, text(N_("Why it was needed"), OFFICE, max_chars=500)]


@kind("file", folders=_EVERYWHERE, label=N_("File"))
class File(TypedDict, total=False):
    """A stored file: its pieces are chunks of ciphertext, and this record holds their key."""

    name: Annotated[str, text(N_("File name"), MASKED, max_chars=255, required=True)]
    media_type: Annotated[str, text(N_("Type of file"), OFFICE, max_chars=100, required=True, searchable=False)]
    size: Annotated[int, integer(N_("Size in bytes"), OFFICE, high=FILE_MAX, required=True)]
    description: Annotated[str, text(N_("What it shows"), OFFICE, max_chars=1000, lines=3)]
    sha256: Annotated[str, text(N_("SHA-256 of the file"), OFFICE, max_chars=64, searchable=False)]
    working_copy_of: Annotated[bytes, link("file", N_("Working copy of"), OFFICE)]
    added: Annotated[Moment, moment(N_("Added"), OFFICE, required=True)]
    added_by: Annotated[bytes, link("member", N_("Added by"), OFFICE)]
    file_key: Annotated[bytes, octets(N_("Key of the file"), OFFICE, size=32, required=True)]
    chunks: Annotated[
        bytes,
        octets(N_("Chunks"), OFFICE, size=32, count_max=FILE_MAX // FILE_PIECE + 1, required=True),
    ]
