"""Every word that records show a person exists in Russian, and says there what caseworkers say."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import waystation
from waystation.records import REGISTRY, Choice, choices, status
from waystation.records.fields import ChoiceField, ManyField

PACKAGE = Path(waystation.__file__).parent
LOCALE = PACKAGE / "locale"


@cache
def russian() -> Catalog:
    with (LOCALE / "ru" / "LC_MESSAGES" / "waystation.po").open("rb") as file:
        return read_po(file, locale="ru", abort_invalid=True)


def messages() -> Iterator[str]:
    """Every marked message of knowledge."""
    for path in sorted([*(PACKAGE / "records").rglob("*.py"), PACKAGE / "triage.py", PACKAGE / "roles.py"]):
        for _, message, _, _ in extract_from_file("python", path, keywords={"N_": None}):
            assert isinstance(message, str)
            yield message


def labels() -> Iterator[str]:
    """Every label of the registry, however it was written."""
    for spec in REGISTRY.values():
        yield spec.label
        for field in spec.fields.values():
            yield field.label
            item = field.item if isinstance(field, ManyField) else field
            if isinstance(item, ChoiceField):
                yield from (member.label for member in item.options)
    for stage in (*status.Stage, *status.RequestStage):
        yield stage.label


def translated(message: str) -> str:
    found = russian().get(message)
    assert found is not None, f"no Russian for: {message}"
    assert isinstance(found.string, str)
    assert found.string, f"no Russian for: {message}"
    assert not found.fuzzy, f"unsure Russian for: {message}"
    return found.string


def test_no_label_lacks_russian() -> None:
    for label in {*labels(), *messages()}:
        translated(label)


def test_every_label_is_marked_for_extraction() -> None:
    assert set(labels()) <= set(messages())


def test_the_template_holds_every_message() -> None:
    with (LOCALE / "messages.pot").open("rb") as file:
        template = read_po(file)
    assert set(messages()) <= {entry.id for entry in template if entry.id}


def test_places_to_fill_are_the_same_in_both_languages() -> None:
    for message in set(messages()):
        places = re.findall(r"%\(\w+\)s", message)
        assert sorted(places) == sorted(re.findall(r"%\(\w+\)s", translated(message))), message


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("Case", "Кейс"),
        ("Request for help", "Обращение"),
        ("Protection concern", "Угроза"),
        ("Check-in", "Контрольный звонок"),
        ("Place", "Шелтер"),
        ("Stay", "Пребывание"),
        ("Caseworker", "Кейс-менеджер"),
        ("Follow-up", "Последующее сопровождение"),
        ("Donation", "Пожертвование"),
        ("Claim", "Утверждение"),
        ("Route", "Маршрут"),
        ("Application", "Заявление"),
    ],
)
def test_words_are_those_of_the_field(label: str, word: str) -> None:
    assert translated(label) == word


def test_nobody_speaks_like_the_police() -> None:
    for message in set(messages()):
        said = translated(message).casefold()
        assert not re.search(r"(?<!как у них )\b(дел[оауе]|жертв[аыу]|фигурант|контингент)\b", said), message


def test_no_list_says_the_same_twice() -> None:
    for listed in vars(choices).values():
        if isinstance(listed, type) and issubclass(listed, Choice) and listed is not Choice:
            words = [translated(member.label) for member in listed]
            assert len(words) == len(set(words)), listed


def test_no_kind_says_the_same_of_two_fields() -> None:
    for spec in REGISTRY.values():
        english = [field.label for field in spec.fields.values()]
        assert len(english) == len(set(english)), spec.name
        words = [translated(label) for label in english]
        assert len(words) == len(set(words)), spec.name
