"""Words for outside: what is known is found in any form, what looks like something is named so, the rest is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waystation.assemble import terms
from waystation.safetext import Category, Known


@pytest.fixture(scope="module")
def known() -> Known:
    made = Known(terms())
    for name in ("Магомедов", "Магомедова", "Zelimkhan", "Саид", "Ли"):
        made.add_name(name)
    made.add_name("Ada", Category.STAFF)
    for name in ("Juniper Kettle", "Тихий Чайник"):
        made.add_code_name(name)
    made.add_address("Pylimo gatve 14-3, Vilnius")
    made.add_address("ул. Мира, д. 5")
    made.add_place("Šnipiškės")
    made.add_contact("+7 999 000 11 22")
    made.add_contact("Aset@Example.org")
    made.add_contact("@aset_k")
    made.add_document("75 1234567")
    made.add_document("AC 55-17")
    return made


def found(known: Known, text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.category.value) for one in known.look(text)]


@pytest.mark.parametrize(
    ("text", "stretch", "category"),
    [
        ("мы видели Магомедова вчера", "Магомедова", "name"),
        ("рассказала Магомедовой", "Магомедовой", "name"),
        ("магомедову звонили", "магомедову", "name"),
        ("with Magomedov there", "Magomedov", "name"),
        ("with Magomedoff there", "Magomedoff", "name"),
        ("с Зелимханом", "Зелимханом", "name"),
        ("Said came", "Said", "name"),
        ("господин Ли", "Ли", "name"),
        ("Ada wrote it", "Ada", "staff"),
        ("Zelimkhan Magomedov.", "Zelimkhan Magomedov", "name"),
        ("call it juniper kettle", "juniper kettle", "code_name"),
        ("Juniper-Kettle", "Juniper-Kettle", "code_name"),
        ("о Тихом Чайнике", "Тихом Чайнике", "code_name"),
        ("at Pylimo 14, at nine", "Pylimo 14", "place"),
        ("в доме на улице Мира", "улице Мира", "place"),
        ("near Šnipiškės", "Šnipiškės", "place"),
        ("8 (999) 000-11-22", "8 (999) 000-11-22", "contact"),
        ("+37061234567 is new", "+37061234567", "number"),
        ("write to aset@example.org", "aset@example.org", "contact"),
        ("write to other@example.org", "other@example.org", "email"),
        ("she is @aset_k there", "@aset_k", "contact"),
        ("she is t.me/nobody_1 there", "t.me/nobody_1", "handle"),
        ("паспорт 75 1234567 выдан", "75 1234567", "document"),
        ("number ac5517", "ac5517", "document"),
        ("passport AB1234567", "AB1234567", "document"),
    ],
)
def test_what_gives_away_is_found(known: Known, text: str, stretch: str, category: str) -> None:
    assert found(known, text) == [(stretch, category)]


@pytest.mark.parametrize(
    "text",
    [
        "he said so",
        "A kettle stood by the juniper.",
        "On 17.05.2017 and 2017-05-17, from 2016 to 2017, 2016 2017 2018",
        "They raised 1 200 000 USD, spent 62,700.",
        "Человек обратился за помощью и сейчас в безопасности.",
        "the street is 14 km long",
        "дом 5, квартира 3",
        "",
    ],
)
def test_ordinary_words_are_left_alone(known: Known, text: str) -> None:
    assert found(known, text) == []


def test_an_empty_desk_still_names_what_looks_like_a_number() -> None:
    assert found(Known(terms()), "ring +49 30 1234567, Magomedov") == [("+49 30 1234567", "number")]


@given(st.text(max_size=300))
def test_findings_lie_in_the_text_in_order_and_apart(text: str) -> None:
    made = Known(terms())
    made.add_name("Магомедов Zelimkhan")
    made.add_code_name("Juniper Kettle")
    made.add_contact(text[:20])
    made.add_address(text[20:60])
    made.add_document(text[60:80])
    at = 0
    for one in made.look(text):
        assert at <= one.start < one.end <= len(text)
        at = one.end
