"""Whether a helper and the people of a case may know the same people: an interpreter who knows the family is a danger.

Guarantees: pure and cautious. It compares what is written of a helper with what is written of a case, in English and in
Russian, by the beginnings of words; it warns too often rather than too seldom, and it decides nothing.
What nobody has written down, it cannot know (docs/limits.md).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from waystation.textsearch import skeleton

ALIKE_FROM: Final = 5
"""Two words that begin with as many like letters are taken for one: Ingush, Ingushetia."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_SAME_FROM: Final = 3
"""Shorter words mean nothing by themselves."""

_COMMON: Final = frozenset(
    skeleton(word)
    for word in (
        "community communities diaspora district family from group immigrant immigrants language member members north"
        " people refugee refugees region republic south street their there those village western eastern with area"
        " авторитет город деревня диаспора другие землячество из община область район регион республика россия село"
        " семья сообщество беженцы группа люди округ улица край"
    ).split()
)
"""Words that many communities and places share."""

_KIN: Final[tuple[tuple[str, ...], ...]] = (
    ("ce", "chechnya", "chechen", "vainakh", "ichkeria", "grozny", "чечня", "чеченец", "вайнах", "грозный"),
    ("inh", "ingushetia", "ingush", "nazran", "magas", "vainakh", "ингушетия", "ингуш", "назрань", "магас"),
    ("dagestan", "avar", "dargin", "lezgin", "kumyk", "makhachkala", "дагестан", "аварец", "кумык", "махачкала"),
    ("uk", "ukraine", "ukrainian", "kyiv", "kiev", "украина", "украинец", "киев"),
    ("be", "belarus", "belarusian", "minsk", "беларусь", "белорус", "минск"),
    ("az", "azerbaijan", "azeri", "baku", "азербайджан", "баку"),
    ("hy", "armenia", "armenian", "yerevan", "армения", "армянин", "ереван"),
    ("ka", "georgia", "georgian", "tbilisi", "грузия", "грузин", "тбилиси"),
    ("kk", "kazakhstan", "kazakh", "almaty", "astana", "казахстан", "казах", "алматы", "астана"),
    ("uz", "uzbekistan", "uzbek", "tashkent", "samarkand", "узбекистан", "узбек", "ташкент", "самарканд"),
    ("tg", "tajikistan", "tajik", "dushanbe", "таджикистан", "таджик", "душанбе"),
    ("tr", "turkey", "turkiye", "turkish", "istanbul", "турция", "турок", "турецкий", "стамбул"),
    ("fa", "iran", "iranian", "persian", "tehran", "иран", "перс", "тегеран"),
    ("prs", "ps", "afghanistan", "afghan", "pashtun", "hazara", "kabul", "афганистан", "афганец", "пуштун", "кабул"),
    ("ar", "arab", "arabic", "араб"),
    ("ku", "kurdistan", "kurdish", "kurd", "erbil", "курдистан", "курд", "эрбиль"),
    ("sw", "swahili", "tanzania", "kenya", "суахили", "танзания", "кения"),
)
"""Codes of languages, lands, towns and peoples that go together, each in both languages. A language that many peoples
share (Russian, English, French …) says nothing of a community and is left out."""


class Met(StrEnum):
    """What of a case a helper's words meet."""

    NAME = "name"
    PLACE = "place"
    THREAT = "threat"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Circle:
    """What a case says of its people's surroundings; nothing of it is masked.

    Args:
        code_name: of the case.
        places: where the danger is, where they were taken from.
        threats: from whom it comes.
        languages: codes of what they speak.
    """

    code_name: str = ""
    places: tuple[str, ...] = ()
    threats: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Clash:
    """Why a helper should be kept apart from a case.

    Args:
        field: of the helper, that says so: "community" or "not_for".
        met: what of the case it meets.
        word: the helper's word that does.
    """

    field: str
    met: Met
    word: str


class Around:
    """What the words of a case stand for, read once, to be asked about many helpers."""

    def __init__(self, circle: Circle) -> None:
        self._code_name = circle.code_name
        self._name_words = frozenset(_words(circle.code_name))
        self._words = {
            met: frozenset(word for text in texts for word in _words(text))
            for met, texts in ((Met.PLACE, circle.places), (Met.THREAT, circle.threats))
        }
        self._kin = {met: frozenset(kin for word in words for kin in _kin(word)) for met, words in self._words.items()}
        self._spoken = frozenset(number for number, kin in enumerate(_KIN) if circle.languages & set(kin))

    def clashes(self, community: str, not_for: str) -> tuple[Clash, ...]:
        """Why a helper should be kept apart from the people of the case, one reason for each of the two texts.

        Args:
            community: to which the helper belongs, in words.
            not_for: whom the helper must not be sent to, in words.
        Returns: empty if nothing is known that says so.
        """
        found = (next(self._of("not_for", not_for), None), next(self._of("community", community), None))
        return tuple(clash for clash in found if clash is not None)

    def _of(self, field: str, text: str) -> Iterator[Clash]:
        words = _words(text)
        if field == "not_for" and self._name_words and self._name_words <= words.keys():
            yield Clash(field, Met.NAME, self._code_name)
        kin = {word: _kin(word) for word in words}
        for met, theirs in self._words.items():
            for word, said in words.items():
                if kin[word] & self._kin[met] or any(_alike(word, other) for other in theirs):
                    yield Clash(field, met, said)
        for word, said in words.items():
            if kin[word] & self._spoken:
                yield Clash(field, Met.PEOPLE, said)


def clashes(community: str, not_for: str, circle: Circle) -> tuple[Clash, ...]:
    """`Around.clashes`, for one helper."""
    return Around(circle).clashes(community, not_for)


def _words(text: str) -> dict[str, str]:
    """Skeleton → the word as written, of every word that may tell a community apart."""
    found = {skeleton(word.casefold()): word for word in _WORD.findall(text)}
    return {word: said for word, said in found.items() if len(word) >= _SAME_FROM and word not in _COMMON}


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= ALIKE_FROM and one[:ALIKE_FROM] == other[:ALIKE_FROM])


_KIN_WORDS: Final = tuple(frozenset(skeleton(word) for word in kin if len(word) > _SAME_FROM) for kin in _KIN)


def _kin(word: str) -> frozenset[int]:
    """The groups of lands and peoples that a word belongs to, with whatever ending."""
    return frozenset(
        number
        for number, kin in enumerate(_KIN_WORDS)
        if any(_alike(word, one) or (len(one) > _SAME_FROM and word.startswith(one)) for one in kin)
    )
