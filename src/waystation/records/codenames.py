"""Code names: two dissimilar words without a number, far from every other in use ("Juniper Kettle").

People are spoken of by them, so nobody may send an address to the wrong one: two names that a tired
person could take for each other are never both in use. As long as there are words that no name
uses, a new name is made of those.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import permutations
from sys import intern
from typing import Final, Literal, TypeAlias

from rapidfuzz import process
from rapidfuzz.distance import OSA

from waystation.errors import BadInput, Problem
from waystation.ids import Randomness
from waystation.records.codename_words import (
    ENGLISH_NATURE,
    ENGLISH_THINGS,
    RUSSIAN_NATURE,
    RUSSIAN_THINGS,
)
from waystation.records.labels import N_

Language: TypeAlias = Literal["en", "ru"]
Slots: TypeAlias = tuple[Sequence[str], Sequence[str]]

WORDS: Final[dict[Language, Slots]] = {
    "en": (ENGLISH_NATURE, ENGLISH_THINGS),
    "ru": (RUSSIAN_NATURE, RUSSIAN_THINGS),
}
"""The lists from which a name takes its first and its second word."""

KEYSTROKES_APART: Final = 3
"""Two words that fewer slips of the finger turn into each other are taken for one."""

_TRIES: Final = 200

_EXHAUSTED: Final = Problem("no_code_name", N_("No code name is left that is far enough from those in use. Type one."))


class CodeNames:
    """The code names in use, indexed by their words.

    Args:
        in_use: names of all open and closed work; upper and lower case do not matter.
    """

    def __init__(self, in_use: Iterable[str]) -> None:
        self._by_word: dict[str, set[tuple[str, ...]]] = {}
        for name in in_use:
            self.add(name)

    def add(self, name: str) -> None:
        """Count a name as in use."""
        words = _words(name)
        for word in words:
            self._by_word.setdefault(word, set()).add(words)

    def clash(self, name: str) -> bool:
        """Whether some name in use could be taken for this one."""
        words = _words(name)
        shared: Counter[tuple[str, ...]] = Counter()
        for word in words:
            shared.update({used for near in self._near(word) for used in self._by_word[near]})
        # A name in use needs a like word for each of its own, or of the new one's if these are fewer.
        return any(times >= min(len(used), len(words)) and _alike(words, used) for used, times in shared.items())

    def propose(self, randomness: Randomness, language: Language) -> str:
        """A new name, not yet counted as in use.

        Args:
            randomness: where the choice comes from.
            language: of its words.
        Raises: BadInput, if every combination is too near to one in use.
        """
        slots = [self._least_used(words) for words in WORDS[language]]
        for attempt in range(_TRIES):
            if attempt == _TRIES // 2:
                # Names typed by hand have come near almost every word; look at each.
                slots = [self._far(words) or list(words) for words in WORDS[language]]
            first, second = (words[_below(len(words), randomness)] for words in slots)
            name = f"{first} {second}"
            if not _near_words(first, second) and not self.clash(name):
                return name
        raise BadInput({"code_name": _EXHAUSTED})

    def _least_used(self, words: Sequence[str]) -> list[str]:
        """The words that no name uses; where there are none left, the quarter used least."""
        ranked = sorted(words, key=lambda word: len(self._by_word.get(_fold(word), ())))
        unused = [word for word in ranked if _fold(word) not in self._by_word]
        return unused or ranked[: len(ranked) // 4]

    def _far(self, words: Sequence[str]) -> list[str]:
        """The words that no word in use could be taken for."""
        return [word for word in words if not self._near(_fold(word))]

    def _near(self, word: str) -> Sequence[str]:
        """Words in use that could be taken for this one."""
        cutoff = KEYSTROKES_APART - 1
        found = process.extract(word, list(self._by_word), scorer=OSA.distance, score_cutoff=cutoff, limit=None)
        return [near for near, _, _ in found]


def propose(randomness: Randomness, in_use: Iterable[str], language: Language) -> str:
    """A new name for a single use; `CodeNames` spares reading all names each time."""
    return CodeNames(in_use).propose(randomness, language)


def too_alike(one: str, other: str) -> bool:
    """Whether somebody could take one name for the other, in whichever order its words are said."""
    return _alike(_words(one), _words(other))


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    fewer, more = sorted((one, other), key=len)
    return any(
        all(_near_words(word, like) for word, like in zip(fewer, order, strict=True))
        for order in permutations(more, len(fewer))
    )


def _near_words(one: str, other: str) -> bool:
    cutoff = KEYSTROKES_APART - 1
    return OSA.distance(_fold(one), _fold(other), score_cutoff=cutoff) <= cutoff


def _words(name: str) -> tuple[str, ...]:
    """The words of a name; beyond the fourth they tell nobody apart."""
    # One copy of each word, however many names use it.
    return tuple(intern(word) for word in _fold(name).split()[:4])


def _fold(text: str) -> str:
    return text.casefold().replace("ё", "е")


def _below(bound: int, randomness: Randomness) -> int:
    """A number from 0 up to, not including, `bound`; 64 bits leave no bias that matters."""
    return int.from_bytes(randomness(8), "big") % bound
