"""Who says what: sources, claims, and which source says, repeats, corrects or denies which claim."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import (
    CitationRelation,
    ClaimSubject,
    InformationGrade,
    SourceGrade,
    SourceType,
)
from waystation.records.declare import (
    MASKED,
    OFFICE,
    OPEN,
    choice,
    day,
    integer,
    kind,
    link,
    moment,
    money,
    number,
    text,
)
from waystation.records.labels import N_
from waystation.records.values import Amount, Day, Moment, Money

_TESTIMONY = {FolderType.OFFICE, FolderType.INCIDENT}


@kind("source", folders=_TESTIMONY, label=N_("Source"))
class Source(TypedDict, total=False):
    title: Annotated[str, text(N_("Title"), OFFICE, max_chars=300, required=True)]
    type: Annotated[SourceType, choice(SourceType, N_("Type of source"), OFFICE, required=True)]
    publisher: Annotated[str, text(N_("Publisher"), OFFICE)]
    address: Annotated[str, text(N_("Web address"), OFFICE, max_chars=1000, searchable=False)]
    published: Annotated[Day, day(N_("Published"), OFFICE)]
    spoken_to: Annotated[str, text(N_("Who told us"), MASKED)]
    grade: Annotated[SourceGrade, choice(SourceGrade, N_("Source grade"), OFFICE)]
    relies_on: Annotated[bytes, link("source", N_("Relies on the source"), OFFICE)]
    original: Annotated[bytes, link("file", N_("As it was kept"), OFFICE)]
    kept: Annotated[Moment, moment(N_("Kept"), OFFICE)]


@kind("passage", folders=_TESTIMONY, label=N_("Passage"))
class Passage(TypedDict, total=False):
    """A stretch of a source's own text, whole paragraphs, without the furniture of its page."""

    source: Annotated[bytes, link("source", N_("Source"), OFFICE, required=True)]
    place: Annotated[int, integer(N_("Place in the source"), OFFICE, low=1, high=10_000, required=True)]
    words: Annotated[str, text(N_("Text"), OFFICE, max_chars=12_000, lines=12, required=True)]


@kind("claim", folders=_TESTIMONY, label=N_("Claim"))
class Claim(TypedDict, total=False):
    """What is said; who says so is in its citations."""

    subject: Annotated[ClaimSubject, choice(ClaimSubject, N_("What it is about"), OPEN, required=True)]
    statement: Annotated[str, text(N_("Claim"), OPEN, max_chars=1000, lines=3, required=True)]
    figure: Annotated[Amount, number(N_("Figure"), OPEN)]
    sum: Annotated[Money, money(N_("Sum"), OPEN)]
    as_of: Annotated[Day, day(N_("As of"), OPEN)]
    region: Annotated[str, text(N_("Where"), OPEN)]


@kind("citation", folders=_TESTIMONY, label=N_("Citation"))
class Citation(TypedDict, total=False):
    claim: Annotated[bytes, link("claim", N_("Claim"), OFFICE, required=True)]
    source: Annotated[bytes, link("source", N_("Source"), OFFICE, required=True)]
    relation: Annotated[CitationRelation, choice(CitationRelation, N_("What the source does"), OFFICE, required=True)]
    words: Annotated[str, text(N_("In its own words"), OFFICE, max_chars=2000, lines=4)]
    locator: Annotated[str, text(N_("Where in the source"), OFFICE)]
    passage: Annotated[bytes, link("passage", N_("In the passage"), OFFICE)]
    starts: Annotated[int, integer(N_("First character of the words"), OFFICE, high=12_000)]
    dated: Annotated[Day, day(N_("Said on"), OFFICE)]
    grade: Annotated[InformationGrade, choice(InformationGrade, N_("Information grade"), OFFICE)]
