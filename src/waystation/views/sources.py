"""Claims with who says so. Sources that repeat each other are counted once; contradictions stand side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from waystation.ids import FolderId, RecordId
from waystation.records import Amount, Money
from waystation.records.choices import CitationRelation, ClaimSubject
from waystation.views import shown
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_SUPPORTS: Final = frozenset((CitationRelation.SAYS, CitationRelation.QUOTES, CitationRelation.REPEATS))
_AGAINST: Final = frozenset((CitationRelation.CORRECTS, CitationRelation.DENIES))


@dataclass(frozen=True, slots=True)
class CitationRow:
    """One place where a claim stands; `root` is the source on which its own source relies in the end."""

    shown: Shown
    source: Shown
    root: RecordId


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim; `independent`: how many sources say so that do not rely on each other."""

    shown: Shown
    citations: tuple[CitationRow, ...]
    independent: int


@dataclass(frozen=True, slots=True)
class SubjectGroup:
    """Claims about one thing; `contradictory`: two of them cannot both hold, or somebody denies or corrects one."""

    subject: str
    claims: tuple[ClaimRow, ...]
    contradictory: bool


def claims(reader: Reader, folder: FolderId) -> tuple[SubjectGroup, ...]:
    """The claims of the office or an incident, by what they are about."""
    found = shown.records(reader, folder, ("claim", "source", "citation"))
    sources = {source.record: source for source in found.get("source", ())}
    cited: dict[bytes, list[CitationRow]] = {}
    for citation in found.get("citation", ()):
        claim, source = citation.fields.get("claim"), citation.fields.get("source")
        if isinstance(claim, bytes) and isinstance(source, bytes) and source in sources:
            root = _root(sources, RecordId(source))
            cited.setdefault(claim, []).append(CitationRow(citation, sources[RecordId(source)], root))
    groups: dict[str, list[ClaimRow]] = {}
    for one in found.get("claim", ()):
        citations = tuple(cited.get(one.record, ()))
        row = ClaimRow(one, citations, _independent(citations))
        groups.setdefault(str(one.fields.get("subject")), []).append(row)
    order = [subject.value for subject in ClaimSubject]
    return tuple(
        SubjectGroup(subject, tuple(rows), _contradictory(rows))
        for subject, rows in sorted(
            groups.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)
        )
    )


def _root(sources: Mapping[RecordId, Shown], source: RecordId) -> RecordId:
    passed = {source}
    while isinstance(behind := sources[source].fields.get("relies_on"), bytes):
        if behind not in sources or behind in passed:
            break
        source = RecordId(behind)
        passed.add(source)
    return source


def _independent(citations: tuple[CitationRow, ...]) -> int:
    return len({row.root for row in citations if row.shown.fields.get("relation") in _SUPPORTS})


def _contradictory(rows: list[ClaimRow]) -> bool:
    if any(c.shown.fields.get("relation") in _AGAINST for row in rows for c in row.citations):
        return True
    return any(_differ(one.shown, other.shown) for one, other in combinations(rows, 2))


def _differ(one: Shown, other: Shown) -> bool:
    """Whether two claims of one day and region give numbers that cannot both hold."""
    if any(one.fields.get(f) != other.fields.get(f) for f in ("as_of", "region")):
        return False
    first, second = one.fields.get("figure"), other.fields.get("figure")
    if isinstance(first, Amount) and isinstance(second, Amount):
        return not _overlap(first, second)
    sums = one.fields.get("sum"), other.fields.get("sum")
    return isinstance(sums[0], Money) and isinstance(sums[1], Money) and sums[0] != sums[1]


def _overlap(one: Amount, other: Amount) -> bool:
    low = max((bound for bound in (one.low, other.low) if bound is not None), default=None)
    high = min((bound for bound in (one.high, other.high) if bound is not None), default=None)
    return low is None or high is None or low <= high
