"""Code names: far from each other, never repeating a word while there are words, and fast in a large book."""

from itertools import combinations

import pytest
from rapidfuzz.distance import OSA
from tests.ground.seeded import Seeded

from waystation.errors import BadInput
from waystation.records.codenames import KEYSTROKES_APART, WORDS, CodeNames, Language, propose, too_alike

LANGUAGES: list[Language] = ["en", "ru"]


def folded(word: str) -> str:
    return word.casefold().replace("ё", "е")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_list_are_far_apart(language: Language) -> None:
    for words in WORDS[language]:
        assert len(words) >= 400
        for one, other in combinations(map(folded, words), 2):
            assert OSA.distance(one, other) >= KEYSTROKES_APART, (one, other)
            assert not one.startswith(other), (one, other)
            assert not other.startswith(one), (one, other)
    first, second = (set(map(folded, words)) for words in WORDS[language])
    assert not first & second


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_plain_and_capitalised(language: Language) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz" if language == "en" else "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
    for words in WORDS[language]:
        for word in words:
            assert word[0].isupper()
            assert set(word.lower()) <= set(letters)
            assert 3 <= len(word) <= 15


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_repeats_while_there_are_words(language: Language, randomness: Seeded) -> None:
    names = CodeNames(())
    made: list[str] = []
    for _ in range(400):
        name = names.propose(randomness, language)
        names.add(name)
        made.append(name)
    words = [word for name in made for word in name.split()]
    assert len(words) == len(set(words))
    for one, other in combinations(made, 2):
        assert not too_alike(one, other)


def test_a_name_is_never_near_one_in_use(randomness: Seeded) -> None:
    names = CodeNames(())
    made: list[str] = []
    for _ in range(700):
        name = names.propose(randomness, "ru")
        assert not names.clash(name)
        names.add(name)
        made.append(name)
        assert names.clash(name)
    assert len(set(made)) == len(made)


def test_a_book_of_100000_names_still_gives_new_ones(randomness: Seeded) -> None:
    first, second = WORDS["en"]
    every = [f"{one} {other}" for one in first for other in second]
    in_use = every[::2][:100_000]
    names = CodeNames(in_use)
    for _ in range(20):
        name = names.propose(randomness, "en")
        assert name not in in_use
        names.add(name)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Juniper Kettle", "Juniper Kettle", True),
        ("Juniper Kettle", "kettle  JUNIPER", True),
        ("Juniper Kettle", "Junipre Ketle", True),
        ("Juniper Kettle", "Kettle", True),
        ("Juniper Kettle", "Juniper Lantern", False),
        ("Juniper Kettle", "Heron Lantern", False),
        ("Можжевельник Чайник", "можжевельник чаиник", True),
        ("Ёж Самовар", "Еж Самовар", True),
        ("Nettle Lantern", "Linden Kettle", False),
    ],
)
def test_what_a_tired_person_would_confuse(one: str, other: str, alike: bool) -> None:
    assert too_alike(one, other) is alike
    assert too_alike(other, one) is alike
    assert CodeNames([other]).clash(one) is alike


def test_names_typed_by_hand_count_too(randomness: Seeded) -> None:
    first, second = (words[:-40] for words in WORDS["en"])
    # All but forty words of each list are in use, under slips of the finger.
    names = CodeNames(f"{word}x" for word in (*first, *second))
    for _ in range(5):
        one, other = names.propose(randomness, "en").split()
        assert one not in first
        assert other not in second


def test_the_two_words_of_a_name_are_dissimilar() -> None:
    first, second = WORDS["en"]
    places = iter([first.index("Nettle"), second.index("Kettle"), first.index("Nettle"), second.index("Lantern")])
    assert propose(lambda size: next(places).to_bytes(size, "big"), [], "en") == "Nettle Lantern"


def test_the_end_of_all_names_is_said(randomness: Seeded) -> None:
    first, second = WORDS["en"]
    with pytest.raises(BadInput) as refused:
        propose(randomness, [*first, *second], "en")
    assert refused.value.problems["code_name"].code == "no_code_name"


def test_the_same_randomness_gives_the_same_name() -> None:
    assert propose(Seeded("one"), [], "en") == propose(Seeded("one"), [], "en")
    assert propose(Seeded("one"), [], "en") != propose(Seeded("two"), [], "en")
