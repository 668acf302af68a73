"""Words that are to leave the desk, looked over for what must not leave with them.

Finds in a text the names, places, numbers and code names that are known here, inflected and across scripts, and what
looks like a telephone number, an address of e-mail, a handle or a document number, known or not. Refuses nothing: it
says where and what sort, never whose. It over-warns rather than under-warns; it cannot know a person by what is told of
them, so that a text in which nothing is found may still give someone away.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

from waystation.records.labels import N_, Choice, option
from waystation.textsearch import Terms, skeleton


class Category(Choice):
    """What was found, in words; the first one wins where two meet."""

    CODE_NAME = option("code_name", N_("A code name"))
    CONTACT = option("contact", N_("A way to reach somebody in the book"))
    DOCUMENT = option("document", N_("The number of a document"))
    PLACE = option("place", N_("A place or an address"))
    NAME = option("name", N_("A name of somebody in the book"))
    STAFF = option("staff", N_("A name of somebody who works here"))
    EMAIL = option("email", N_("An e-mail address"))
    HANDLE = option("handle", N_("A name in a messenger or network"))
    NUMBER = option("number", N_("A telephone number or another long number"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of the text, `text[start:end]`, and what sort of thing stands there."""

    start: int
    end: int
    category: Category


_WORD: Final = re.compile(r"[^\W_]+")
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HANDLE: Final = re.compile(
    r"(?<![\w@])@\w{3,32}|\b(?:t\.me|wa\.me|vk\.com|instagram\.com|facebook\.com)/[\w.+-]{2,64}"
)
_NUMBER: Final = re.compile(r"\+?\d(?:[\s().\-–/]{0,3}\d){6,20}")
_DOCUMENT: Final = re.compile(r"(?<!\w)[A-ZА-ЯЁ]{1,4}\s?[№-]?\s?\d{5,12}(?!\w)")
_DATES: Final = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})(?:\s*[–-]?\s*\d{1,2}[./:-]\d{1,2}(?:[./:-]\d{2,4})?)?"
)
_YEARS: Final = re.compile(r"(?:19|20)\d\d(?:\s?[–/-]?\s?(?:19|20)\d\d)*")
_SUM: Final = re.compile(r"\d{1,3}(?:[\s.]\d{3})+")
_DIGITS: Final = re.compile(r"\D+")
_NOT_ALNUM: Final = re.compile(r"[\W_]+")
_CYRILLIC: Final = re.compile(r"[А-Яа-яЁё]")

_STREETS: Final = frozenset(
    skeleton(word)
    for word in (
        "street st road rd avenue ave lane square house flat apartment apt floor room city town village region "
        "district gatve g prospektas pr alley strasse platz rue ulica ul улица ул проспект пр переулок пер площадь пл "
        "шоссе дом д квартира кв корпус строение этаж подъезд комната город г село поселок район область республика"
    ).split()
)
"""Words of every address; they point to none."""
_STREET: Final = "§"

_LOWER_MIN: Final = 5
_NEAR_MIN: Final = 7
_DIGITS_TOLD: Final = 9
"""Numbers that agree in so many last digits are the same, with or without a country's code."""

_CYRILLIC_SEEN: Final = 1
_LATIN_SEEN: Final = 2


@dataclass(slots=True)
class _Name:
    """A word of a name: its best category, and in which scripts it is written in the book."""

    category: Category
    scripts: int


class Known:
    """What a desk knows, in a shape that can be looked for; the words themselves cannot be read out of its answers.

    Args:
        terms: how words are brought to one form.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._names: dict[str, _Name] = {}
        self._short: dict[str, Category] = {}
        self._near: dict[tuple[int, str], set[str]] = {}
        self._pairs: dict[tuple[str, str], Category] = {}
        self._numbers: set[str] = set()
        self._documents: set[str] = set()
        self._handles: set[str] = set()
        self._words_seen: set[tuple[str, Category]] = set()

    def add_name(self, text: str, category: Category = Category.NAME) -> None:
        """A name, in any script; each of its words is looked for."""
        for word in _WORD.findall(text):
            if (word, category) in self._words_seen or word.isdecimal():
                continue
            self._words_seen.add((word, category))
            if len(word) < 3:
                if len(word) == 2 and word[0].isupper():
                    self._short.setdefault(word.casefold(), category)
                continue
            script = _CYRILLIC_SEEN if _CYRILLIC.search(word) else _LATIN_SEEN
            for term in self._terms_of(word):
                self._add_term(term, category, script)

    def add_code_name(self, text: str) -> None:
        """A code name: its words beside each other are looked for."""
        words = _WORD.findall(text)
        if len(words) == 1:
            self.add_name(text, Category.CODE_NAME)
        for first, second in pairwise(words):
            for one in self._terms_of(first):
                for other in self._terms_of(second):
                    self._pairs[one, other] = Category.CODE_NAME

    def add_place(self, text: str) -> None:
        """The name of a place or a region."""
        self.add_name(text, Category.PLACE)

    def add_address(self, text: str) -> None:
        """An address: two of its words near each other are looked for, of which one points to it."""
        words = [(self._with_street(self._terms_of(word)), _points(word)) for word in _WORD.findall(text)]
        for (own, points), (others, other_points) in _neighbours(words):
            if points or other_points:
                for one in own:
                    for other in others:
                        self._pairs.setdefault((one, other), Category.PLACE)
                        self._pairs.setdefault((other, one), Category.PLACE)

    def add_contact(self, text: str) -> None:
        """A telephone number, an address of e-mail, a handle; several of them, apart by spaces, too."""
        digits = _DIGITS.sub("", text)
        if len(digits) >= 6:
            self._numbers.add(digits[-_DIGITS_TOLD:])
        for found in _NUMBER.finditer(text):
            self._numbers.add(_DIGITS.sub("", found[0])[-_DIGITS_TOLD:])
        for word in text.split():
            handle = word.strip("@.,;:()<>").casefold()
            if len(handle) >= 3 and not handle.isdecimal():
                self._handles.add(handle.rpartition("/")[2].lstrip("@"))

    def add_document(self, text: str) -> None:
        """The number of a document."""
        plain = _NOT_ALNUM.sub("", text).casefold()
        if len(plain) >= 5:
            self._documents.add(plain)

    def look(self, text: str) -> tuple[Finding, ...]:
        """What stands in a text, in its order, none over another."""
        words = [(found.start(), found.end(), found[0]) for found in _WORD.finditer(text)]
        terms = [self._terms_of(word) for _, _, word in words]
        found = chain(
            self._in_pairs(words, [self._with_street(own) for own in terms]),
            self._in_patterns(text),
            self._in_documents(words),
            self._in_words(words, terms),
        )
        return tuple(_joined(text, _apart(found)))

    @staticmethod
    def _with_street(terms: list[str]) -> list[str]:
        """Street, St and ул. are one word of an address."""
        return [*terms, _STREET] if any(term in _STREETS for term in terms) else terms

    def _terms_of(self, word: str) -> list[str]:
        return self._terms.index_terms(word).split()

    def _add_term(self, term: str, category: Category, script: int) -> None:
        known = self._names.get(term)
        if known is None:
            self._names[term] = _Name(category, script)
            if len(term) >= _NEAR_MIN - 1:
                self._near.setdefault((len(term), term[0]), set()).add(term)
        else:
            known.scripts |= script
            known.category = min(known.category, category, key=_RANK.__getitem__)

    def _in_words(self, words: Sequence[tuple[int, int, str]], terms: Sequence[Sequence[str]]) -> Iterator[Finding]:
        for (start, end, word), own in zip(words, terms, strict=True):
            category = self._name(word, own)
            if category is not None:
                yield Finding(start, end, category)

    def _name(self, word: str, terms: Sequence[str]) -> Category | None:
        """The category of a word that is part of a known name."""
        capital = word[0].isupper()
        if len(word) == 2:
            return self._short.get(word.casefold()) if capital else None
        if word.casefold() in self._handles:
            return Category.CONTACT
        script = _CYRILLIC_SEEN if _CYRILLIC.search(word) else _LATIN_SEEN
        for term in terms:
            known = self._names.get(term)
            # “said” is in every report, and a man's name in another script: a small letter asks for the same one.
            if known and (capital or (len(word) >= _LOWER_MIN and known.scripts & script)):
                return known.category
        if capital and len(word) >= _NEAR_MIN:
            return self._misspelt(terms)
        return None

    def _misspelt(self, terms: Sequence[str]) -> Category | None:
        """The category of a name from which a word is one slip of the finger away."""
        for term in terms:
            if len(term) < _NEAR_MIN:
                continue
            near = chain.from_iterable(self._near.get((len(term) + by, term[0]), ()) for by in (-1, 0, 1))
            found = process.extractOne(term, list(near), scorer=OSA.distance, score_cutoff=1)
            if found is not None:
                return self._names[found[0]].category
        return None

    def _in_pairs(self, words: Sequence[tuple[int, int, str]], terms: Sequence[Sequence[str]]) -> Iterator[Finding]:
        if not self._pairs:
            return
        for here in range(len(words)):
            for there in range(here + 1, min(here + 3, len(words))):
                if words[there][0] - words[here][1] > 12:
                    break
                pairs = ((one, other) for one in terms[here] for other in terms[there])
                category = next((self._pairs[pair] for pair in pairs if pair in self._pairs), None)
                if category is not None and not (category is Category.CODE_NAME and there > here + 1):
                    yield Finding(words[here][0], words[there][1], category)

    def _in_patterns(self, text: str) -> Iterator[Finding]:
        for found in _EMAIL.finditer(text):
            known = found[0].casefold() in self._handles
            yield Finding(found.start(), found.end(), Category.CONTACT if known else Category.EMAIL)
        for found in _HANDLE.finditer(text):
            known = found[0].rpartition("/")[2].lstrip("@").casefold() in self._handles
            yield Finding(found.start(), found.end(), Category.CONTACT if known else Category.HANDLE)
        for found in _DOCUMENT.finditer(text):
            yield Finding(found.start(), found.end(), Category.DOCUMENT)
        for found in _NUMBER.finditer(text):
            category = self._number(found[0])
            if category is not None:
                yield Finding(found.start(), found.end(), category)

    def _number(self, said: str) -> Category | None:
        digits = _DIGITS.sub("", said)
        if digits[-_DIGITS_TOLD:] in self._numbers:
            return Category.CONTACT
        if digits in self._documents:
            return Category.DOCUMENT
        is_plain = any(form.fullmatch(said) for form in (_DATES, _YEARS, _SUM))
        return None if is_plain else Category.NUMBER

    def _in_documents(self, words: Sequence[tuple[int, int, str]]) -> Iterator[Finding]:
        """Known numbers of documents, however they are broken up."""
        if not self._documents:
            return
        for here in range(len(words)):
            plain = ""
            for there in range(here, min(here + 4, len(words))):
                plain += words[there][2].casefold()
                if plain in self._documents:
                    yield Finding(words[here][0], words[there][1], Category.DOCUMENT)


_RANK: Final = {category: rank for rank, category in enumerate(Category)}


def _points(word: str) -> bool:
    """Whether a word of an address is one that not every address has."""
    return len(word) > 2 and not word.isdecimal() and skeleton(word.casefold()) not in _STREETS


_Item = TypeVar("_Item")


def _neighbours(words: Sequence[_Item]) -> Iterator[tuple[_Item, _Item]]:
    """Words beside each other, or with one between."""
    for apart in (1, 2):
        yield from zip(words, words[apart:], strict=False)


def _apart(found: Iterable[Finding]) -> list[Finding]:
    """The findings in order; of those that overlap, the weightier one, then the longer."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda finding: (_RANK[finding.category], finding.start - finding.end, finding.start)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda finding: finding.start)


def _joined(text: str, found: Sequence[Finding]) -> Iterator[Finding]:
    """First and second name beside each other are one finding."""
    waiting: Finding | None = None
    for one in found:
        if waiting and one.category is waiting.category and text[waiting.end : one.start].strip(" .-") == "":
            waiting = Finding(waiting.start, one.end, one.category)
            continue
        if waiting:
            yield waiting
        waiting = one
    if waiting:
        yield waiting
