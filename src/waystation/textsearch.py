"""Words to search by: inflected Russian, ё and е, and names across scripts meet in one form.

Every word of a text becomes one or more plain terms: its dictionary forms (Магомедову →
магомедов), spelt in Latin letters as the many romanisations of one name agree on (Джохар,
Dzhokhar, Djohar → johar). Text and query go the same way, so they meet. What a person types is
never query syntax: terms are letters and digits only, and quoted.

Dictionaries belong to others: the analyser (pymorphy3) and the stemmer are passed in by `assemble`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Protocol
from unicodedata import normalize

from anyascii import anyascii

CACHED_WORDS: Final = 30_000
"""A working vocabulary; some 12 MB when full."""

QUERY_WORDS_MAX: Final = 16
WORD_CHARS_MAX: Final = 64

BEGINNING_CHARS_MIN: Final = 2
"""One letter begins so much that nobody means it; from here on the index knows beginnings of its own."""

_WORD: Final = re.compile(r"[^\W_]+")
_QUERY_WORD: Final = re.compile(r"[^\W_]+\*?")
_SHORT_CHARS: Final = 500
_NO_LETTERS: Final = re.compile(r"[^\w\s\x00-\x7f]{31,}")
_HER_NAME: Final = ("ova", "eva", "ina")
_RUSSIAN: Final = re.compile(r"[а-я]+")


class Parse(Protocol):
    """One reading of a word."""

    @property
    def normal_form(self) -> str:
        """Its dictionary form."""
        ...


class Analyser(Protocol):
    """What reads Russian words; `pymorphy3.MorphAnalyzer` is one."""

    def parse(self, word: str, /) -> Sequence[Parse]:
        """Every reading, likeliest first; unknown words are read by their ending."""
        ...


class Stemmer(Protocol):
    """What cuts endings off words in Latin letters; `Stemmer.Stemmer("english")` is one."""

    def stemWord(self, word: str, /) -> str:  # noqa: N802 -- PyStemmer's name
        """The word without its ending."""
        ...


class Terms:
    """Turns texts into index terms and queries into full-text expressions.

    Args:
        analyser: reads Russian words; without one they are found in the form that was written.
        stemmer: the same for words in Latin letters.
        cached_words: how many words' terms are remembered.
    """

    def __init__(
        self,
        analyser: Analyser | None = None,
        stemmer: Stemmer | None = None,
        *,
        cached_words: int = CACHED_WORDS,
    ) -> None:
        self._analyser = analyser
        self._stemmer = stemmer
        self._terms_of = lru_cache(maxsize=cached_words)(self._find_terms)

    def index_terms(self, text: str) -> str:
        """The terms of a text, each once, apart by spaces: what the index holds of it."""
        found: dict[str, None] = {}
        for word in _WORD.findall(_folded(text)):
            found |= self._terms_of(word)
        return " ".join(found)

    def query_terms(self, text: str, *, typing: bool = False) -> str:
        """An FTS5 MATCH expression for texts that hold every word of the query.

        A word that ends in an asterisk stands for all that begin so. Everything else that is no
        letter or digit only sets words apart.

        Args:
            typing: the last word is still being typed: it stands for itself, inflected, and for all that begin so.
        Returns: the expression; empty where there is nothing to look for.
        """
        return " AND ".join(self._clauses(text, typing))

    def _clauses(self, text: str, typing: bool) -> Iterator[str]:
        text = text[: QUERY_WORDS_MAX * WORD_CHARS_MAX]
        words = list(dict.fromkeys(_QUERY_WORD.findall(_folded(text))))[:QUERY_WORDS_MAX]
        unfinished = words[-1] if words and typing and text[-1:].isalnum() else ""
        for word in words:
            if word.endswith("*"):
                terms = _beginnings(word[:-1])
            else:
                terms = [f'"{term}"' for term in self._terms_of(word)]
                if word == unfinished:
                    terms += _beginnings(word)
            if terms:
                yield f"({' OR '.join(terms)})" if len(terms) > 1 else terms[0]

    def _find_terms(self, word: str) -> dict[str, None]:
        word = word[:WORD_CHARS_MAX]
        forms = {word}
        if _RUSSIAN.fullmatch(word):
            if self._analyser is not None:
                forms |= {_folded(parse.normal_form) for parse in self._analyser.parse(word)}
        elif word.isascii() and word.isalpha():
            # A Latin j is heard as in Johar, or as in Julia; Tsvetaeva's dictionary form is Цветаев.
            forms |= {form.replace("j", "y") for form in forms}
            forms |= {form[:-1] for form in forms if form.endswith(_HER_NAME)}
            if self._stemmer is not None:
                forms |= {self._stemmer.stemWord(form) for form in forms}
        return dict.fromkeys(sorted({skeleton(form) for form in forms} - {""}))


def _beginnings(word: str) -> list[str]:
    """Expressions for the terms of all words that begin so; its end may be half of a sound: Dz, of Dzhokhar."""
    plain = anyascii(word).lower()
    found = {skeleton(word)}
    for length in range(1, min(len(plain), _SPELLING_CHARS_MAX) + 1):
        head, tail = plain[:-length], plain[-length:]
        found |= {skeleton(head) + _SPELLINGS[spelling] for spelling in _UNFINISHED.get(tail, ())}
    return [f'"{term}" *' for term in sorted(found) if len(term) >= BEGINNING_CHARS_MIN]


def _folded(text: str) -> str:
    """One spelling of what is one text: compatibility forms, case, ё as е; й stays."""
    if text.isascii():
        return text.lower()
    # Thousands of marks upon one letter, which no form lets in, would take seconds to put in order.
    if len(text) > _SHORT_CHARS:
        text = _NO_LETTERS.sub("", text)
    return normalize("NFKC", normalize("NFKC", text).casefold()).replace("ё", "е")


# In what romanisations of one name differ. One pass, the longest spelling first.
_SPELLINGS: Final = {
    "dzh": "j",
    "dsch": "j",
    "dj": "j",
    "zh": "j",
    "shch": "s",
    "schtsch": "s",
    "sch": "s",
    "sh": "s",
    "tsch": "c",
    "tch": "c",
    "ch": "c",
    "ts": "c",
    "tz": "c",
    "kh": "h",
    "gh": "g",
    "ph": "f",
    "th": "t",
    "ou": "u",
    "oo": "u",
    "ck": "k",
    "q": "k",
    "w": "v",
    "x": "ks",
    "yo": "e",
    "io": "e",
    "ye": "e",
    "ie": "e",
    "y": "i",
}
_SPELLING_CHARS_MAX: Final = max(map(len, _SPELLINGS)) - 1
_UNFINISHED: Final = {
    tail: tuple(spelling for spelling in _SPELLINGS if spelling.startswith(tail) and spelling != tail)
    for tail in {spelling[:length] for spelling in _SPELLINGS for length in range(1, len(spelling))}
}
_SPELLING: Final = re.compile("|".join(sorted(_SPELLINGS, key=len, reverse=True)))
_REPEATED: Final = re.compile(r"([a-z])\1+")
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")


def skeleton(word: str) -> str:
    """A word in plain Latin letters and digits, as the many spellings of one name agree.

    Sound over sight: it joins what should be found together and, now and then, what need not. For
    finding, never for telling two people apart.
    """
    plain = _NOT_PLAIN.sub("", anyascii(word).lower())
    return _REPEATED.sub(r"\1", _SPELLING.sub(lambda found: _SPELLINGS[found[0]], plain))
