"""Languages, and days, sums and moments in words."""

from pathlib import Path

import pytest

from waystation.clock import Millis
from waystation.desk import formats, i18n
from waystation.desk.i18n import Language, language, preferred
from waystation.errors import Problem
from waystation.records.values import Amount, Day, Moment, Money

NOON = Millis(1_495_022_400_000)

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; "
"plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "Cases"
msgstr "Кейсы"

msgid "last backup a day ago"
msgid_plural "last backup %(num)s days ago"
msgstr[0] "копия %(num)s день назад"
msgstr[1] "копия %(num)s дня назад"
msgstr[2] "копия %(num)s дней назад"

msgid "until %(day)s"
msgstr "до %(day)s"
"""


@pytest.fixture
def russian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Language:
    """A small Russian catalogue."""
    folder = tmp_path / "ru" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "waystation.po").write_text(CATALOGUE.strip(), encoding="utf-8")
    monkeypatch.setattr(i18n, "LOCALE", tmp_path)
    for cached in (i18n.language, i18n._translations):
        cached.cache_clear()
        monkeypatch.setattr(i18n, cached.__name__, cached)
    yield language("ru")
    for cached in (i18n.language, i18n._translations):
        cached.cache_clear()


def test_a_catalogue_needs_no_compiling(russian: Language) -> None:
    assert russian.gettext("Cases") == "Кейсы"
    assert russian.gettext("never translated %(x)s", x=1) == "never translated 1"
    one, many = "last backup a day ago", "last backup %(num)s days ago"
    told = [russian.ngettext(one, many, n) for n in (1, 2, 5, 21)]
    assert told == ["копия 1 день назад", "копия 2 дня назад", "копия 5 дней назад", "копия 21 день назад"]
    assert russian.problem(Problem("x", "until %(day)s", {"day": "вторника"})) == "до вторника"
    assert russian.problem(Problem("x", "until %(day)s", {"day": "Cases"})) == "до Кейсы", (
        "a label of ours stayed English"
    )


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("en-US,en;q=0.9,ru;q=0.8", "en"),
        ("en;q=0.1,ru;q=0.2", "ru"),
        ("ce,ru;q=0.5", "ru"),
        ("ar", "en"),
        ("", "en"),
        (";;q=,ru;q=x,../../ru", "en"),
    ],
)
def test_the_best_language(russian: Language, wish: str, code: str) -> None:
    assert preferred(wish).code == code


def test_english_says_a_plain_message_as_it_is() -> None:
    english = language("en")
    assert english.gettext("100 % sure") == "100 % sure"
    assert english.direction == "ltr"
    assert ("LT", "Lithuania") in english.countries
    assert english.country_codes["georgia"] == "GE"


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (Day("2017-05-26", "2017-05-26"), "26 May 2017"),
        (Day("2017-05-01", "2017-05-31"), "May 2017"),
        (Day("2016-02-01", "2016-02-29"), "February 2016"),
        (Day("2017-01-01", "2017-12-31"), "2017"),
        (Day(None, "2017-05-26"), "until 26 May 2017"),
        (Day("2017-05-26", None), "from 26 May 2017"),
        (Day("2017-03-01", "2017-05-31", "spring 2017"), "spring 2017"),
        ("2017-05-26", "26 May 2017"),
        (None, ""),
    ],
)
def test_days(day: Day | str | None, told: str) -> None:
    assert formats.format_day(day, language("en")) == told


@pytest.mark.parametrize(
    ("first", "last", "english", "in_russian"),
    [
        ("2017-05-03", "2017-05-09", "3–9 May 2017", "3–9 мая 2017"),
        ("2017-05-28", "2017-06-02", "28 May – 2 June 2017", "28 мая – 2 июня 2017"),
        ("2017-12-28", "2018-01-02", "28 December 2017 – 2 January 2018", "28 декабря 2017 – 2 января 2018"),
        ("2017-05-01", "2017-05-31", "May 2017", "май 2017"),
    ],
)
def test_spans_of_days(russian: Language, first: str, last: str, english: str, in_russian: str) -> None:
    assert formats.format_day(Day(first, last), language("en")) == english
    assert formats.format_day(Day(first, last), russian) == in_russian


def test_a_town_is_called_as_the_language_calls_it(russian: Language) -> None:
    told = formats.format_moment(Moment(NOON, "America/New_York"), russian, "Europe/Vilnius")
    assert "Нью-Йорк" in told


def test_days_in_russian(russian: Language) -> None:
    assert formats.format_day(Day("2017-05-26", "2017-05-26"), russian) == "26 мая 2017"
    assert formats.format_day(Day(None, "2017-05-26"), russian) == "до 26 мая 2017"


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (Moment(NOON, "Europe/Vilnius"), "17 May 2017, 15:00"),
        (NOON, "17 May 2017, 15:00"),
        (Moment(NOON, "Europe/Moscow"), "17 May 2017, 15:00"),
        (Moment(NOON, "America/New_York"), "17 May 2017, 08:00 in New York (15:00 here)"),
        (Moment(Millis(NOON + 9 * 3_600_000), "Asia/Tokyo"), "18 May 2017, 06:00 in Tokyo (00:00 here)"),
        (Moment(Millis(NOON + 6 * 3_600_000), "Asia/Tokyo"), "18 May 2017, 03:00 in Tokyo (17 May 2017, 21:00 here)"),
        (Moment(NOON, "Nowhere/Unknown"), "17 May 2017, 12:00 in Unknown (15:00 here)"),
        (None, ""),
    ],
)
def test_moments(moment: Moment | int | None, told: str) -> None:
    assert formats.format_moment(moment, language("en"), "Europe/Vilnius") == told


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (Amount(1200, 1200), "1,200"),
        (Amount(10, 15), "10–15"),
        (Amount(80, None), "at least 80"),
        (Amount(None, 27), "at most 27"),
        (Amount(90, 110, "about 100"), "about 100"),
        (0.5, "0.5"),
        (None, ""),
    ],
)
def test_amounts(amount: Amount | float | None, told: str) -> None:
    assert formats.format_amount(amount, language("en")) == told


@pytest.mark.parametrize(
    ("money", "told"),
    [
        (Money(17_600_000, "USD"), "176,000.00 USD"),
        (Money(1200, "JPY"), "1,200 JPY"),
        (Money(1234, "KWD"), "1.234 KWD"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (None, ""),
    ],
)
def test_money(money: Money | None, told: str) -> None:
    assert formats.format_money(money, language("en")) == told


def test_an_unknown_country_is_its_code() -> None:
    assert formats.country_name("QQ", language("en")) == "QQ"
