"""Sources with their texts, and claims with who says so.

Guarantees: sources that repeat each other are counted once; contradictions stand side by side; words that were marked
stand in the text where they were said, or are named as no longer found there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Final

from rapidfuzz import fuzz, process

from waystation.ids import FolderId, RecordId
from waystation.records import Amount, Money, Value
from waystation.records.choices import CitationRelation, ClaimSubject
from waystation.views import shown
from waystation.views.lists import FOUND_MAX, PAGE, Page, key_text, read_key
from waystation.views.reader import Reader
from waystation.views.shown import CHOICES_MAX, Shown

_SUPPORTS: Final = frozenset((CitationRelation.SAYS, CitationRelation.QUOTES, CitationRelation.REPEATS))
_AGAINST: Final = frozenset((CitationRelation.CORRECTS, CitationRelation.DENIES))
_BESIDE: Final = 20
"""So many of the newest claims about the same thing stand beside one."""

_LIKE: Final = 60
"""From 0 to 100: claims whose words are less like those that are marked are not proposed."""

_ROW: Final = "(SELECT rowid FROM record WHERE folder = ? AND kind = ? AND id = ?)"

_NO_DAY: Final = "9999"
"""Orders sources without a day first: somebody has to find out when they were published."""


# ── Claims ──


@dataclass(frozen=True, slots=True)
class CitationRow:
    """One place where a claim stands; `root` is the source on which its own source relies in the end."""

    shown: Shown
    source: Shown
    root: RecordId


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as lengths from 0 to 100 on the scale of its group: what is sure, and how far it may go."""

    sure: float
    perhaps: float


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim.

    Args:
        sources: how many say so; independent: how many of them, or of those behind them, do not rely on each other.
        against: the citations that correct or deny it.
        drawn: its figure or sum; None if it has none.
    """

    shown: Shown
    citations: tuple[CitationRow, ...]
    sources: int
    independent: int
    against: tuple[CitationRow, ...]
    drawn: Drawn | None = None


@dataclass(frozen=True, slots=True)
class SubjectGroup:
    """Claims about one thing; `contradictory`: two of them cannot both hold, or somebody denies or corrects one."""

    subject: str
    claims: tuple[ClaimRow, ...]
    contradictory: bool


@dataclass(frozen=True, slots=True)
class Resting:
    """A source in a tree: those that rely on it stand beneath it.

    Args:
        relations: what it does to the claim in question; empty where the tree is of no claim, or it is not cited.
    """

    source: Shown
    relations: tuple[str, ...]
    resting: "tuple[Resting, ...]"


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """One claim, the others about the same thing, and which of its sources rests on which."""

    claim: ClaimRow
    group: SubjectGroup
    forest: tuple[Resting, ...]


def claims(reader: Reader, folder: FolderId) -> tuple[SubjectGroup, ...]:
    """The claims of the office or an incident, by what they are about."""
    known = _Sources(reader, folder)
    groups: dict[str, list[ClaimRow]] = {}
    for (identity,) in reader.rows("SELECT id FROM k_claim WHERE folder = ? ORDER BY record", folder):
        row = _claim(known, RecordId(identity))
        if row is not None:
            groups.setdefault(str(row.shown.fields.get("subject")), []).append(row)
    order = [one.value for one in ClaimSubject]
    return tuple(
        SubjectGroup(about, _drawn(rows), _contradictory(rows))
        for about, rows in sorted(
            groups.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)
        )
    )


def claims_about(
    reader: Reader, folder: FolderId, subject: str, *, after: str | None = None, limit: int = PAGE
) -> Page[SubjectGroup]:
    """Claims about one thing, the newest first, as one group; contradictions are those of this page.

    Raises: BadInput, if `after` is no key.
    """
    (below,) = read_key(after, 1) if after else (None,)
    query = (
        "SELECT id, record FROM k_claim WHERE folder = ? AND subject = ? AND (?3 IS NULL OR record < ?3)"
        " ORDER BY record DESC LIMIT ?"
    )
    found = reader.rows(query, folder, subject, below, limit + 1)
    known = _Sources(reader, folder)
    rows = [row for identity, _ in found[:limit] if (row := _claim(known, RecordId(identity)))]
    group = SubjectGroup(subject, _drawn(rows), _contradictory(rows))
    return Page((group,) if rows else (), key_text(found[limit - 1][1]) if len(found) > limit else None)


def subjects(reader: Reader, folder: FolderId) -> dict[str, int]:
    """How many claims there are about each thing, in the order of the choice."""
    query = "SELECT subject, count(*) FROM k_claim WHERE folder = ? GROUP BY subject"
    counted = {str(about): int(number) for about, number in reader.rows(query, folder)}
    return {one.value: counted[one.value] for one in ClaimSubject if one.value in counted}


def claim(reader: Reader, folder: FolderId, identity: bytes) -> ClaimPage | None:
    """One claim, or None if there is none."""
    known = _Sources(reader, folder)
    row = _claim(known, RecordId(identity))
    if row is None:
        return None
    subject = str(row.shown.fields.get("subject"))
    page = claims_about(reader, folder, subject, limit=_BESIDE)
    others = [one for group in page.rows for one in group.claims if one.shown.record != row.shown.record]
    rows = [row, *others]
    group = SubjectGroup(subject, _drawn(rows), _contradictory(rows))
    beside = group.claims[0]
    return ClaimPage(beside, group, known.forest(row.citations))


def recent(reader: Reader, folder: FolderId, kind: str, limit: int = CHOICES_MAX) -> tuple[tuple[RecordId, str], ...]:
    """The newest sources or claims and what they are called, for a list to choose from. kind: "source" or "claim"."""
    field = {"source": "title", "claim": "statement"}[kind]
    query = f"SELECT id, {field} FROM k_{kind} WHERE folder = ? ORDER BY record DESC LIMIT ?"
    return tuple((RecordId(identity), str(text or "")) for identity, text in reader.rows(query, folder, limit))


def similar(reader: Reader, folder: FolderId, words: str, limit: int = 5) -> tuple[Shown, ...]:
    """Claims that say something like these words, or give a figure that stands in them; most alike first."""
    rows = reader.rows("SELECT id, statement, figure_low, figure_high FROM k_claim WHERE folder = ?", folder)
    statements = {bytes(identity): str(statement or "").casefold() for identity, statement, _, _ in rows}
    scored = process.extract(words.casefold(), statements, scorer=fuzz.token_set_ratio, limit=None)
    points = {identity: float(score) for _, score, identity in scored}
    numbers = frozenset(_numbers(words))
    for identity, _, low, high in rows:
        if numbers & {bound for bound in (low, high) if bound is not None}:
            points[bytes(identity)] = points.get(bytes(identity), 0.0) + _LIKE / 2
    best = sorted((-score, identity) for identity, score in points.items() if score >= _LIKE)[:limit]
    found = (shown.record(reader, folder, "claim", identity) for _, identity in best)
    return tuple(one for one in found if one is not None)


def _numbers(words: str) -> Iterator[float]:
    digits = ""
    for char in f"{words} ":
        if char.isdigit() or (digits and char in ",. \u00a0\u202f" and not digits.endswith(" ")):
            digits += char if char.isdigit() else " "
            continue
        if digits.strip():
            yield float(digits.replace(" ", ""))
        digits = ""


class _Sources:
    """The sources of one folder, each read once."""

    def __init__(self, reader: Reader, folder: FolderId) -> None:
        self.reader = reader
        self.folder = folder
        self._known: dict[bytes, Shown | None] = {}

    def get(self, identity: bytes) -> Shown | None:
        """A source that is not struck out."""
        if identity not in self._known:
            found = shown.record(self.reader, self.folder, "source", identity)
            self._known[identity] = None if found is None or found.struck else found
        return self._known[identity]

    def chain(self, source: Shown) -> list[Shown]:
        """It, and what it relies on, to the end."""
        passed = [source]
        while isinstance(behind := passed[-1].fields.get("relies_on"), bytes):
            further = self.get(behind)
            if further is None or any(one.record == further.record for one in passed):
                break
            passed.append(further)
        return passed

    def forest(self, citations: Sequence[CitationRow]) -> tuple[Resting, ...]:
        """The cited sources and those behind them, each beneath what it relies on."""
        relations: dict[bytes, list[str]] = {}
        above: dict[bytes | None, dict[bytes, Shown]] = {}
        for row in citations:
            relations.setdefault(row.source.record, []).append(str(row.shown.fields.get("relation")))
            chain = self.chain(row.source)
            for one, behind in zip(chain, [*chain[1:], None], strict=True):
                above.setdefault(behind.record if behind else None, {})[one.record] = one

        def grown(under: bytes | None) -> tuple[Resting, ...]:
            found = above.get(under, {}).values()
            return tuple(Resting(one, tuple(relations.get(one.record, ())), grown(one.record)) for one in found)

        return grown(None)


def _claim(known: _Sources, identity: RecordId) -> ClaimRow | None:
    one = shown.record(known.reader, known.folder, "claim", identity)
    if one is None or one.struck:
        return None
    query = "SELECT id FROM k_citation WHERE claim = ? AND folder = ? ORDER BY record"
    rows = []
    for (citation,) in known.reader.rows(query, identity, known.folder):
        found = shown.record(known.reader, known.folder, "citation", citation)
        source = known.get(cited) if found and isinstance(cited := found.fields.get("source"), bytes) else None
        if found is not None and source is not None:
            rows.append(CitationRow(found, source, known.chain(source)[-1].record))
    saying = [row for row in rows if row.shown.fields.get("relation") in _SUPPORTS]
    against = tuple(row for row in rows if row.shown.fields.get("relation") in _AGAINST)
    return ClaimRow(one, tuple(rows), len({row.source.record for row in saying}), _independent(saying), against)


def _independent(saying: Sequence[CitationRow]) -> int:
    """How many origins there are. Who only repeats, nobody knows whom, adds none beside those who speak themselves."""
    origins = {row.root for row in saying if not _repeats_someone(row)}
    return len(origins) or min(len(saying), 1)


def _repeats_someone(row: CitationRow) -> bool:
    return row.shown.fields.get("relation") == CitationRelation.REPEATS and row.root == row.source.record


def _drawn(rows: Sequence[ClaimRow]) -> tuple[ClaimRow, ...]:
    """The claims with their numbers as lengths; each unit has its own scale."""
    bounds = {row.shown.record: _bounds(row.shown) for row in rows}
    most: dict[str, float] = {}
    for unit, low, high in filter(None, bounds.values()):
        most[unit] = max(most.get(unit, 0.0), low, high or 0.0)
    return tuple(replace(row, drawn=_length(bounds[row.shown.record], most)) for row in rows)


def _bounds(one: Shown) -> tuple[str, float, float | None] | None:
    match one.fields.get("figure"), one.fields.get("sum"):
        case Amount(low=low, high=high), _:
            return "", float(low or 0), None if high is None else float(high)
        case _, Money(minor=minor, currency=currency):
            return currency, float(minor), float(minor)
        case _:
            return None


def _length(bounds: tuple[str, float, float | None] | None, most: Mapping[str, float]) -> Drawn | None:
    if bounds is None or most[bounds[0]] <= 0:
        return None
    unit, low, high = bounds
    # An open end reaches to the edge, beyond the largest number that anybody named.
    scale = 85 / most[unit]
    sure = max(0.0, low * scale)
    return Drawn(round(sure, 2), round(100 - sure if high is None else max(0.0, (high - low) * scale), 2))


def _contradictory(rows: Sequence[ClaimRow]) -> bool:
    if any(row.against for row in rows):
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


# ── Sources ──


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source in the list; `has_text`: whether its words were kept; `claims`: how many were marked or cited."""

    shown: Shown
    has_text: bool
    claims: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is narrowed to; an empty part narrows nothing.

    Args:
        publisher: a source by the same publisher.
        year: of publication, four digits; "none": those without a day.
    """

    type: str = ""
    grade: str = ""
    publisher: bytes = b""
    year: str = ""


def sources(
    reader: Reader, folder: FolderId, wanted: Filter = Filter(), *, after: str | None = None, limit: int = PAGE
) -> Page[SourceRow]:
    """Sources, those without a day first, then the newest. Raises: BadInput, if `after` is no key."""
    where, values = _narrowed(folder, wanted)
    if after:
        day, record = read_key(after, 2)
        where += f" AND (coalesce(published, '{_NO_DAY}'), record) < (?, ?)"
        values += [day, record]
    query = (
        f"SELECT id, coalesce(published, '{_NO_DAY}'), record FROM k_source WHERE {where}"
        f" ORDER BY coalesce(published, '{_NO_DAY}') DESC, record DESC LIMIT ?"
    )
    found = reader.rows(query, *values, limit + 1)
    rows = tuple(row for identity, _, _ in found[:limit] if (row := _source_row(reader, folder, identity)))
    return Page(rows, key_text(*found[limit - 1][1:]) if len(found) > limit else None)


def _narrowed(folder: FolderId, wanted: Filter) -> tuple[str, list[str | int | bytes | None]]:
    parts: list[str] = ["folder = ?"]
    values: list[str | int | bytes | None] = [folder]
    more: list[tuple[str, str | bytes]] = [("type = ?", wanted.type), ("grade = ?", wanted.grade)]
    if wanted.publisher:
        more.append(
            (
                "publisher = (SELECT o.publisher FROM k_source o WHERE o.folder = k_source.folder AND o.id = ?)",
                wanted.publisher,
            )
        )
    if wanted.year == "none":
        parts.append("published IS NULL")
    elif wanted.year:
        more.append(("substr(published, 1, 4) = ?", wanted.year))
    for part, value in more:
        if value:
            parts.append(part)
            values.append(value)
    return " AND ".join(parts), values


def search(reader: Reader, folder: FolderId, words: str, limit: int = PAGE) -> tuple[SourceRow, ...]:
    """Sources that hold all the words in their text, their title or what is cited from them; newest first."""
    hits: dict[bytes, None] = {}
    for hit in reader.search(words, FOUND_MAX):
        if hit.folder != folder or hit.kind not in ("source", "passage", "citation"):
            continue
        if hit.kind == "source":
            hits[hit.record] = None
        else:
            row = reader.row(f"SELECT source FROM k_{hit.kind} WHERE record = {_ROW}", folder, hit.kind, hit.record)
            if row and row[0]:
                hits[row[0]] = None
    rows = (_source_row(reader, folder, identity) for identity in list(hits)[:limit])
    return tuple(row for row in rows if row)


def count(reader: Reader, folder: FolderId) -> int:
    """How many sources there are."""
    row = reader.row("SELECT count(*) FROM k_source WHERE folder = ?", folder)
    return int(row[0]) if row else 0


def publishers(reader: Reader, folder: FolderId) -> tuple[tuple[str, RecordId], ...]:
    """Each publisher, and one of its sources, by which it can be named without its words."""
    query = "SELECT publisher, min(id) FROM k_source WHERE folder = ? AND publisher IS NOT NULL GROUP BY publisher"
    return tuple((str(name), RecordId(identity)) for name, identity in reader.rows(query, folder))


def years(reader: Reader, folder: FolderId) -> tuple[str, ...]:
    """The years in which sources were published, newest first."""
    year = "substr(published, 1, 4)"
    query = f"SELECT DISTINCT {year} FROM k_source WHERE folder = ? AND published IS NOT NULL ORDER BY 1 DESC"
    return tuple(str(year) for (year,) in reader.rows(query, folder))


def kept_as(reader: Reader, folder: FolderId, sha256: str) -> RecordId | None:
    """The source whose original has this hash, if it was kept before."""
    query = (
        "SELECT s.id FROM k_file f JOIN k_source s ON s.original = f.id AND s.folder = f.folder"
        " WHERE f.folder = ? AND f.sha256 = ? ORDER BY s.record LIMIT 1"
    )
    row = reader.row(query, folder, sha256)
    return RecordId(row[0]) if row else None


def _source_row(reader: Reader, folder: FolderId, identity: bytes) -> SourceRow | None:
    found = shown.record(reader, folder, "source", identity)
    if found is None or found.struck:
        return None
    text = reader.row("SELECT 1 FROM k_passage WHERE source = ? AND folder = ? LIMIT 1", identity, folder)
    cited = reader.row("SELECT count(DISTINCT claim) FROM k_citation WHERE source = ? AND folder = ?", identity, folder)
    return SourceRow(found, text is not None, int(cited[0]) if cited else 0)


# ── One source and its text ──

_PART_OCTETS: Final = 90_000
"""As much of a long text stands on one page, so that the page stays light."""

_PARAGRAPH_OCTETS: Final = 450
"""What a paragraph weighs beside its words."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Words of a source that carry a claim; `number` runs through the page, in the order of the text."""

    number: int
    citation: Shown
    claim: Shown | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a paragraph. `marks`: the numbers that cover it; `ends`: those of them that end with it."""

    text: str
    marks: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One passage: its place among the lines of the original, its number among those that were kept, its marks."""

    record: RecordId
    place: int
    number: int
    text: str
    pieces: tuple[Piece, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A source.

    Args:
        parts: its text, as it stands on one page after another; empty if only its particulars were written down.
        lost: marks whose words stand nowhere in the text any more.
        elsewhere: citations that name no words of the text.
        tree: what it rests on and what rests on it; None if it stands alone.
        original: the file as it was kept, without its name.
    """

    shown: Shown
    parts: tuple[tuple[Paragraph, ...], ...]
    lost: tuple[Mark, ...]
    elsewhere: tuple[Mark, ...]
    tree: Resting | None
    original: Shown | None

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """The whole text."""
        return tuple(paragraph for part in self.parts for paragraph in part)

    def part_of(self, place: int) -> int:
        """On which page, from 1, a paragraph stands; the first if there is none such."""
        for number, part in enumerate(self.parts, 1):
            if any(paragraph.place == place for paragraph in part):
                return number
        return 1


def source(reader: Reader, folder: FolderId, identity: bytes) -> SourcePage | None:
    """One source with its text, or None if there is none; one that is struck out is still shown."""
    one = shown.record(reader, folder, "source", identity)
    if one is None:
        return None
    query = "SELECT id, place, words FROM k_passage WHERE source = ? AND folder = ? ORDER BY place, record"
    passages = [(RecordId(i), int(place), str(text)) for i, place, text in reader.rows(query, identity, folder)]
    placed: dict[bytes, list[tuple[int, int, Shown]]] = {}
    lost, elsewhere = [], []
    texts: dict[bytes, str] = {record: text for record, _, text in passages}
    for citation in _citations(reader, folder, identity):
        passage, words = citation.fields.get("passage"), str(citation.fields.get("words", ""))
        if not isinstance(passage, bytes):
            elsewhere.append(citation)
        elif (span := find_words(texts.get(passage, ""), words, citation.fields.get("starts"))) is not None:
            placed.setdefault(passage, []).append((*span, citation))
        else:
            lost.append(citation)
    numbered = _Numbers(reader, folder)
    paragraphs = tuple(
        _paragraph(numbered, record, place, number, text, placed.get(record, []))
        for number, (record, place, text) in enumerate(passages, 1)
    )
    original = one.fields.get("original")
    return SourcePage(
        one,
        tuple(_parts(paragraphs)),
        tuple(map(numbered.mark, lost)),
        tuple(map(numbered.mark, elsewhere)),
        _tree(_Sources(reader, folder), one),
        shown.record(reader, folder, "file", original) if isinstance(original, bytes) else None,
    )


def _parts(paragraphs: Sequence[Paragraph]) -> Iterator[tuple[Paragraph, ...]]:
    part: list[Paragraph] = []
    size = 0
    for paragraph in paragraphs:
        octets = len(paragraph.text.encode()) + _PARAGRAPH_OCTETS
        if part and size + octets > _PART_OCTETS:
            yield tuple(part)
            part, size = [], 0
        part.append(paragraph)
        size += octets
    if part:
        yield tuple(part)


def passage(reader: Reader, folder: FolderId, identity: bytes) -> tuple[RecordId, int] | None:
    """The source of a passage, and its place there."""
    row = reader.row(f"SELECT source, place FROM k_passage WHERE record = {_ROW}", folder, "passage", identity)
    return (RecordId(row[0]), int(row[1])) if row else None


def find_words(text: str, words: str, starts: Value | None = None) -> tuple[int, int] | None:
    """Where words begin and end in a text: where they are said to, else where they stand first; None if nowhere."""
    text, words = text.translate(_SPACES), " ".join(words.split())
    if not words:
        return None
    if isinstance(starts, int) and text.startswith(words, starts):
        return starts, starts + len(words)
    at = text.find(words)
    return None if at < 0 else (at, at + len(words))


_SPACES: Final = str.maketrans("\u00a0\u202f", "  ")
"""What is copied from a page has plain spaces where the page held words together."""


class _Numbers:
    """Gives the marks of a page their numbers."""

    def __init__(self, reader: Reader, folder: FolderId) -> None:
        self._reader, self._folder, self._last = reader, folder, 0

    def mark(self, citation: Shown) -> Mark:
        self._last += 1
        claimed = citation.fields.get("claim")
        found = shown.record(self._reader, self._folder, "claim", claimed) if isinstance(claimed, bytes) else None
        return Mark(self._last, citation, found)


def _citations(reader: Reader, folder: FolderId, source: bytes) -> Iterable[Shown]:
    query = "SELECT id FROM k_citation WHERE source = ? AND folder = ? ORDER BY record"
    for (identity,) in reader.rows(query, source, folder):
        found = shown.record(reader, folder, "citation", identity)
        if found is not None:
            yield found


def _paragraph(
    numbered: _Numbers, record: RecordId, place: int, number: int, text: str, spans: list[tuple[int, int, Shown]]
) -> Paragraph:
    """Cuts a text at the ends of its marks, so that those that overlap are both seen."""
    ordered = sorted(spans, key=lambda span: span[:2])
    marks = [(start, end, numbered.mark(citation)) for start, end, citation in ordered]
    edges = sorted({0, len(text), *(edge for start, end, _ in marks for edge in (start, end))})
    pieces = [
        Piece(
            text[begin:end],
            tuple(mark.number for start, stop, mark in marks if start <= begin and end <= stop),
            tuple(mark.number for _, stop, mark in marks if stop == end),
        )
        for begin, end in pairwise(edges)
    ]
    return Paragraph(record, place, number, text, tuple(pieces), tuple(mark for _, _, mark in marks))


def _tree(known: _Sources, one: Shown) -> Resting | None:
    root = known.chain(one)[-1]
    passed: set[bytes] = set()

    def grown(source: Shown) -> Resting:
        passed.add(source.record)
        query = "SELECT id FROM k_source WHERE relies_on = ? AND folder = ? ORDER BY record"
        rows = known.reader.rows(query, source.record, known.folder)
        resting = [found for (identity,) in rows if identity not in passed and (found := known.get(identity))]
        return Resting(source, (), tuple(grown(found) for found in resting))

    tree = grown(root)
    return tree if tree.resting else None
