"""Words to search by: inflections, ё and е, names across scripts; and a query that is never syntax."""

import sqlite3
from functools import cache

import pymorphy3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waystation.textsearch import Terms, skeleton


@cache
def terms() -> Terms:
    return Terms(pymorphy3.MorphAnalyzer(lang="ru"))


def found(text: str, query: str) -> bool:
    """Whether a real full-text index that holds the text gives it for the query."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(terms, tokenize='unicode61 remove_diacritics 0')")
        connection.execute("INSERT INTO t VALUES (?)", (terms().index_terms(text),))
        match = terms().query_terms(query)
        return bool(match) and bool(connection.execute("SELECT 1 FROM t WHERE t MATCH ?", (match,)).fetchall())


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Магомедов приехал ночью", "Магомедову"),
        ("передали Магомедову", "магомедов"),
        ("Магомедовой звонили", "Magomedova"),
        ("его задержали на границе", "граница задержать"),
        ("Алёна ждёт", "алена ждет"),
        ("Алена ждет", "Алёна"),
        ("Йошкар-Ола", "йошкар"),
        ("две визы получены", "виза"),
        ("Dzhokhar called", "Джохар"),
        ("письмо от Джохара", "Dzhokhar"),
        ("ＳＩＧＮＡＬ", "signal"),
        ("паспорт 4509 112233", "112233"),
        ("café José", "jose"),
        ("Юлия", "Julia"),
        ("مرحبا", "مرحبا"),
        ("Магомедов", "Магом*"),
        ("Dzhokhar", "Джох*"),
    ],
)
def test_a_text_is_found(text: str, query: str) -> None:
    assert found(text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Магомедов приехал", "Магомаев"),
        ("паспорт 4509 112233", "11223"),
        ("паспорт 1100", "100"),
        ("она одна", "она вдвоём"),
        ("Ахмед", ""),
        ("Ахмед", "- * ' \" «»"),
        ("кейс", "дом"),
    ],
)
def test_a_text_is_not_found(text: str, query: str) -> None:
    assert not found(text, query)


PAIRS = {
    "Джохар": "Dzhokhar Dzhohar Djohar Djokhar Johar Jokhar",
    "Магомедову": "Magomedov Magomedow",
    "Ахмедом": "Akhmed Ahmed",
    "Юлии": "Yulia Julia Yuliya Iuliia",
    "Евгения": "Evgeny Yevgeny Evgenii Yevgeniy",
    "Сергею": "Sergey Sergei Sergej",
    "Алексеем": "Alexey Alexei Aleksei",
    "Шамиля": "Shamil Schamil",
    "Хасана": "Khasan Hasan Hassan",
    "Жанны": "Zhanna Janna",
    "Щукину": "Shchukin Schukin Shukin",
    "Наталье": "Natalia Natalya Nataliya",
    "Пётр": "Petr Pyotr Piotr",
    "Фёдору": "Fedor Fyodor",
    "Алёне": "Alena Alyona",
    "Зелимхану": "Zelimkhan Zelimhan",
    "Яне": "Yana Jana Iana",
    "Ксении": "Ksenia Xenia Kseniya",
    "Мухаммада": "Mukhammad Muhammad",
    "Цветаевой": "Tsvetaeva Cvetaeva",
    "Дмитрием": "Dmitry Dmitri Dmitriy",
}


@pytest.mark.parametrize(
    ("russian", "latin"), [(name, other) for name, all_ in PAIRS.items() for other in all_.split()]
)
def test_one_name_in_two_scripts_is_one_name(russian: str, latin: str) -> None:
    assert found(russian, latin)
    assert found(latin, russian)


def test_different_names_stay_apart() -> None:
    names = (
        "Ахмед Магомед Хасан Хусейн Иса Муса Аслан Руслан Рамзан Анзор Шамиль Ислам Алина Марина Зарема Лариса".split()
    )
    assert len({skeleton(name) for name in names}) == len(names)


@given(query=st.text(max_size=60))
def test_no_query_is_syntax(query: str) -> None:
    found("Магомедов OR NEAR", query)


HOSTILE = [
    '"',
    '""" OR terms : *',
    "NEAR(a b",
    "a AND",
    "NOT",
    "^a",
    "a:b",
    "-a",
    "(a",
    "{a}",
    "a + b",
    "*",
    "**",
    "a*b*",
]


@pytest.mark.parametrize("query", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_the_syntax_of_the_index_means_nothing(query: str) -> None:
    found("Магомедов a b NEAR NOT AND terms", query)
    assert not terms().query_terms(query).count('"') % 2


@given(text=st.text(max_size=60))
def test_every_text_is_found_by_its_own_words(text: str) -> None:
    if terms().query_terms(text):
        assert found(text, text)


@given(text=st.text(max_size=60))
def test_terms_are_plain_letters_and_digits(text: str) -> None:
    for term in terms().index_terms(text).split():
        assert term.isascii()
        assert term.isalnum()


def test_a_long_query_is_cut_and_a_long_word_too() -> None:
    assert terms().query_terms("слово " * 10_000).count("AND") < 16
    assert len(terms().query_terms("x" * 100_000)) < 1000
    assert len(terms().index_terms("a" * 100_000)) < 200


def test_marks_upon_one_letter_take_no_time() -> None:
    text = "привет z" + "\u0301\u0316" * 500_000
    assert terms().index_terms(text) == "privet z"
    assert terms().query_terms(text).startswith('"privet"')


def test_a_stemmer_joins_latin_words() -> None:
    class Plurals:
        def stemWord(self, word: str) -> str:  # noqa: N802 -- PyStemmer's name
            return word.removesuffix("s")

    stemmed = Terms(stemmer=Plurals())
    assert set(stemmed.index_terms("visas").split()) & set(stemmed.index_terms("visa").split())
    assert not set(Terms().index_terms("visas").split()) & set(Terms().index_terms("visa").split())


def test_the_memory_of_words_is_bounded() -> None:
    small = Terms(cached_words=10)
    for number in range(100):
        small.index_terms(f"word{number}")
    assert small._terms_of.cache_info().currsize == 10
