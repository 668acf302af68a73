"""Who says what: sources with their texts, claims, and the citations that join them.

Guarantees: a source never relies on itself, however long the way round, so that independent ones can be counted; the
same citation does not stand twice; marked words stand in the passage that they are said to be from; the original of a
text is kept as it came, with its hash and the moment.
"""

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from waystation.articles import read as read_article
from waystation.book.files import SealedFile
from waystation.errors import BadInput
from waystation.ids import FolderId, RecordId
from waystation.office import attachments
from waystation.office.desk import Desk
from waystation.office.tray import Attachment
from waystation.office.writing import Entry, Fields, Rule, Writing, refuse
from waystation.records import Save, Value, said
from waystation.records.labels import N_
from waystation.roles import Action
from waystation.views.sources import find_words, kept_as

PASTED: Final = "pasted.txt"
"""What an original is called that was never a file."""

for _reader in ("trafilatura", "htmldate", "courlan", "justext", "readability", "charset_normalizer", "pypdf"):
    # They write what they stumble over, words of the page among it, to the log and so to the terminal.
    logging.getLogger(_reader).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A source in the making; give `saves` and `sealed` to `Desk.save_all`.

    Args:
        kept, left_out: how many lines of the original became passages, and how many did not.
    """

    source: RecordId
    saves: tuple[Save, ...]
    sealed: tuple[SealedFile, ...]
    kept: int
    left_out: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line of an original that is no passage; `place` counts all its lines from 1."""

    place: int
    text: str


def keep_source(desk: Desk, folder: FolderId, fields: Fields, original: Attachment) -> Kept:
    """A source with its text and its original. A long text takes several entries, one transaction.

    Args:
        folder: the office's, or an incident's.
        fields: of the source; title, publisher and address are the article's where they are left out.
        original: what was saved or pasted, byte for byte; its words are read, nothing is fetched.
    Raises: BadInput, under "file" if it cannot be read or this very original was kept before; Refused.
    """
    writing = Writing(desk)
    writing.require(Action.WRITE, folder)
    if kept_as(desk.reader, folder, fingerprint(original.content)) is not None:
        refuse("file", "kept_already", N_("This very text was kept before. It is not kept twice."))
    article = read_article(original.content, original.name, original.media_type)
    proposed: dict[str, Value | None] = {
        "title": article.title or None,
        "publisher": article.publisher or None,
        "address": article.address or None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    source = desk.new_record()
    put = attachments.put(writing, folder, original)
    kept: Fields = {**proposed, **given, "original": put.original, "kept": writing.now()}
    writing.write(writing.entry(folder, "source", kept, source), RULES["source"])
    for place, line in enumerate(article.lines, 1):
        if line.kept:
            _put_passage(writing, folder, source, place, line.text)
    saves = attachments.in_entries(attachments.with_files(writing.save(), (put,)))
    passages = len(article.lines) - article.left_out
    return Kept(source, saves, put.sealed, passages, article.left_out)


def fingerprint(content: bytes) -> str:
    """SHA-256 of an original, in hex, as its file's record holds it."""
    return sha256(content).hexdigest()


def left_out(desk: Desk, folder: FolderId, source: RecordId) -> tuple[LeftOut, ...]:
    """What stands in the original and is no passage: furniture, and passages that were struck out.

    Raises: BadInput, if the original cannot be read any more; SealError, if a piece of it is missing.
    """
    known = desk.tables.shown(folder, "source", source) or {}
    original = known.get("original")
    if not isinstance(original, bytes):
        return ()
    file = desk.tables.shown(folder, "file", RecordId(original)) or {}
    content = attachments.content_of(desk, folder, RecordId(original))
    article = read_article(content, str(file.get("name", "")), str(file.get("media_type", "")))
    query = "SELECT place FROM k_passage WHERE source = ? AND folder = ?"
    there = {place for (place,) in desk.reader.rows(query, source, folder)}
    return tuple(LeftOut(place, line.text) for place, line in enumerate(article.lines, 1) if place not in there)


def put_back(desk: Desk, folder: FolderId, source: RecordId, places: Collection[int]) -> Save:
    """Makes passages of lines that were left out. Raises: BadInput, if none of them is left out; Refused."""
    writing = Writing(desk)
    for line in left_out(desk, folder, source):
        if line.place in places:
            _put_passage(writing, folder, source, line.place, line.text)
    return writing.save()


def testify(
    desk: Desk, folder: FolderId, claim: Fields | RecordId, source: Fields | RecordId, citation: Fields
) -> Save:
    """A claim, who says so, and where, in one save.

    Args:
        folder: the office's, or an incident's.
        claim, source: the fields of a new one, or the id of one that is there.
        citation: its fields, without the two links. With a passage, its words must stand there.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    ends = {
        kind: given if isinstance(given, bytes) else writing.write(writing.entry(folder, kind, given), RULES[kind])
        for kind, given in (("claim", claim), ("source", source))
    }
    writing.write(writing.entry(folder, "citation", {**citation, **ends}), RULES["citation"])
    return writing.save()


def proposed_claim(words: str) -> dict[str, Value]:
    """What a claim could begin with that is marked in these words: they themselves, and the first number in them."""
    statement = " ".join(words.split())[:1000]
    found: dict[str, Value] = {"statement": statement} if statement else {}
    if (sum_ := _SUM.search(words)) is not None:
        try:
            return {**found, "sum": said.money(sum_[0])}
        except BadInput:
            return found
    for number in _FIGURE.finditer(words):
        if _DATE_BEFORE.search(words[: number.start()]):
            continue
        try:
            return {**found, "figure": said.amount(_ABOUT.sub("about ", number[0]))}
        except BadInput:
            continue
    return found


_DIGITS: Final = r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+|\d{1,7}"
_SUM: Final = re.compile(
    rf"(?:[$€£]|\b(?:USD|EUR|GBP|RUB)\s?)(?:{_DIGITS})\b|\b(?:{_DIGITS})\s?(?:[$€£₽]|(?:USD|EUR|GBP|RUB)\b)"
)
_MONTHS: Final = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
    r"|январ[яьюе]|феврал[яьюе]|марта?|апрел[яьюе]|мая|май|июн[яьюе]|июл[яьюе]|августа?|сентябр[яьюе]|октябр[яьюе]"
    r"|ноябр[яьюе]|декабр[яьюе]"
)
_FIGURE: Final = re.compile(
    r"(?:\b(?:about|around|some|nearly|almost|over|more than|at least|up to|fewer than|less than"
    r"|около|примерно|почти|более|больше|свыше|не менее|до|менее)\s+)?"
    rf"(?<![\w.,-])(?!(?:19|20)\d\d\b)(?:{_DIGITS})(?![\w%-]|[.,:]\d|\s*(?:{_MONTHS}|year|лет|год)\b)",
    re.IGNORECASE,
)
_DATE_BEFORE: Final = re.compile(rf"\b(?:{_MONTHS})\s+$", re.IGNORECASE)
_ABOUT: Final = re.compile(r"^(?:around|some|nearly|almost)\b\s*", re.IGNORECASE)


def _put_passage(writing: Writing, folder: FolderId, source: RecordId, place: int, words: str) -> None:
    passage: Fields = {"source": source, "place": place, "words": words}
    writing.write(writing.entry(folder, "passage", passage), RULES["passage"])


def _source(writing: Writing, entry: Entry) -> None:
    behind = entry.link("relies_on")
    passed = {entry.record}
    while behind is not None:
        if behind in passed:
            refuse("relies_on", "circle", N_("These sources would rely on each other in a circle."))
        passed.add(behind)
        further = (writing.find(entry.folder, "source", behind) or {}).get("relies_on")
        behind = RecordId(further) if isinstance(further, bytes) else None


def _citation(writing: Writing, entry: Entry) -> None:
    _place_words(writing, entry)
    query = (
        "SELECT id FROM k_citation WHERE claim = ? AND source = ? AND relation = ? AND dated IS ? AND id != ?"
        " AND passage IS ? AND starts IS ?"
    )
    dated, relation = entry.day("dated"), entry.get("relation")
    claim, source = entry.link("claim"), entry.link("source")
    key = dated.sort_key if dated else None
    starts = entry.get("starts")
    at = starts if isinstance(starts, int) else None
    if writing.desk.reader.row(query, claim, source, str(relation), key, entry.record, entry.link("passage"), at):
        refuse("source", "cited_already", N_("This source is cited for this claim already. Change that citation."))


def _place_words(writing: Writing, entry: Entry) -> None:
    """Finds the words in their passage and notes where they begin."""
    passage = entry.link("passage")
    if passage is None or not {"passage", "words", "starts"} & entry.fields.keys():
        return
    known = writing.find(entry.folder, "passage", passage) or {}
    if known.get("source") != entry.link("source"):
        refuse("passage", "other_source", N_("This paragraph is of another source. Choose one of this source."))
    text, words = str(known.get("words", "")), str(entry.get("words") or "")
    if not words.strip():
        refuse("words", "required", N_("Mark the words that say it."))
    span = find_words(text, words, entry.get("starts"))
    if span is None:
        refuse("words", "not_there", N_("These words do not stand in this paragraph. Copy them from it."))
    entry.fields |= {"words": text[slice(*span)], "starts": span[0]}


RULES: Final[Mapping[str, Rule]] = {
    "source": Rule(past=("published",), kept=frozenset(("original", "kept")), check=_source),
    "passage": Rule(begins=False, changes=False),
    "claim": Rule(),
    "citation": Rule(past=("dated",), kept=frozenset(("passage", "starts")), check=_citation),
}
