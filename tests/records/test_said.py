"""What people write of days, numbers, sums and times, in both languages; and what is refused with which reason."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.records.strategies import amounts, days, moments, sums

from waystation.errors import BadInput
from waystation.records import Amount, Day, Many, Moment, Money, said

TODAY = "2017-05-17"


def reason(refused: pytest.ExceptionInfo[BadInput]) -> str:
    (problem,) = refused.value.problems.values()
    return problem.code


DAYS = {
    "2017-05-26": ("2017-05-26", "2017-05-26"),
    "26.5.2017": ("2017-05-26", "2017-05-26"),
    "26/05/2017": ("2017-05-26", "2017-05-26"),
    "26 May 2017": ("2017-05-26", "2017-05-26"),
    "26th of May, 2017": ("2017-05-26", "2017-05-26"),
    "May 26, 2017": ("2017-05-26", "2017-05-26"),
    "26 мая 2017 г.": ("2017-05-26", "2017-05-26"),
    "26 мая": ("2017-05-26", "2017-05-26"),
    "29 Feb": ("2016-02-29", "2016-02-29"),
    "yesterday": ("2017-05-16", "2017-05-16"),
    "сегодня": ("2017-05-17", "2017-05-17"),
    "May 2017": ("2017-05-01", "2017-05-31"),
    "в мае 2017 года": ("2017-05-01", "2017-05-31"),
    "05.2017": ("2017-05-01", "2017-05-31"),
    "2017": ("2017-01-01", "2017-12-31"),
    "в 2017 году": ("2017-01-01", "2017-12-31"),
    "spring 2017": ("2017-03-01", "2017-05-31"),
    "весной 2017": ("2017-03-01", "2017-05-31"),
    "winter 2017": ("2016-12-01", "2017-02-28"),
    "before 26 May": (None, "2017-05-25"),
    "до 26 мая": (None, "2017-05-25"),
    "до 26 мая включительно": (None, "2017-05-26"),
    "by 26 May 2017": (None, "2017-05-26"),
    "не позднее 26 мая": (None, "2017-05-26"),
    "до конца мая": (None, "2017-05-31"),
    "after May 2017": ("2017-06-01", None),
    "после 26 мая": ("2017-05-27", None),
    "since 26 May": ("2017-05-26", None),
    "с 26 мая": ("2017-05-26", None),
    "about 20 April": ("2017-04-17", "2017-04-23"),
    "около 20 апреля": ("2017-04-17", "2017-04-23"),
    "about May 2017": ("2017-04-16", "2017-06-15"),
    "3–5 May": ("2017-05-03", "2017-05-05"),
    "с 3 по 5 мая 2017": ("2017-05-03", "2017-05-05"),
    "between 3 and 5 May": ("2017-05-03", "2017-05-05"),
    "3 May – 5 June 2017": ("2017-05-03", "2017-06-05"),
    "декабрь–январь": ("2016-12-01", "2017-01-31"),
    "2016–2017": ("2016-01-01", "2017-12-31"),
    "early May": ("2017-05-01", "2017-05-10"),
    "в середине мая": ("2017-05-11", "2017-05-20"),
    "конец мая": ("2017-05-21", "2017-05-31"),
    "2017-05-03/2017-05-05": ("2017-05-03", "2017-05-05"),
    "../2017-05-25": (None, "2017-05-25"),
    "when the snow melted (2017-03-01/2017-04-10)": ("2017-03-01", "2017-04-10"),
}


@pytest.mark.parametrize(("words", "ends"), DAYS.items(), ids=DAYS)
def test_a_day_is_read(words: str, ends: tuple[str | None, str | None]) -> None:
    day = said.day(words, today=TODAY)
    assert (day.earliest, day.latest) == ends
    # Years later, a form filled with what was read gives the same day, not one near the new today.
    assert said.day(day.plain(), today="2023-12-30") == day


@pytest.mark.parametrize("words", ["весной", "about 20 April", "before 26 May", "в начале мая", "since 2016"])
def test_words_vaguer_than_dates_are_kept(words: str) -> None:
    assert said.day(words, today=TODAY).said == words


@pytest.mark.parametrize("words", ["26 мая", "May 2017", "2017", "3–5 May", "2017-05-03/2017-05-05"])
def test_words_that_the_dates_say_are_not_kept(words: str) -> None:
    assert said.day(words, today=TODAY).said == ""


BAD_DAYS = {
    "31 April": "impossible_day",
    "30.02.2017": "impossible_day",
    "0 мая": "impossible_day",
    "2017-02-30": "impossible_day",
    "05/26/2017": "impossible_month",
    "2017-13-01": "impossible_month",
    "26.05.17": "short_year",
    "spring 1850": "year_out_of_range",
    "before 1 January 1900": "year_out_of_range",
    "5–3 May": "reversed",
    "2017-05-05/2017-05-01": "reversed",
    "soon": "not_a_day",
    "26": "not_a_day",
    "../..": "not_a_day",
    "": "empty",
    "  ": "empty",
    "x" * 1000: "too_long",
    "before 27 May (../2017-05-25)": "words_differ",
    "before 27 May (2017)": "not_a_day",
}


@pytest.mark.parametrize(("words", "code"), BAD_DAYS.items(), ids=[repr(words)[:30] for words in BAD_DAYS])
def test_what_is_no_day_is_refused_with_its_reason(words: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        said.day(words, today=TODAY)
    assert reason(refused) == code


def test_a_reason_names_the_limit_and_nothing_that_was_typed() -> None:
    with pytest.raises(BadInput) as refused:
        said.day("31 April", today=TODAY)
    assert refused.value.problems[""].values == {"days": 30}


AMOUNTS = {
    "100": (100, 100),
    "1 200": (1200, 1200),
    "1,200": (1200, 1200),
    "1.200": (1200, 1200),
    "3.5": (3.5, 3.5),
    "3,5": (3.5, 3.5),
    "0,125": (0.125, 0.125),
    "1.234,5": (1234.5, 1234.5),
    "476 тыс.": (476_000, 476_000),
    "62.7k": (62_700, 62_700),
    "about 100": (90, 110),
    "около 100 человек": (90, 110),
    "порядка 40": (36, 44),
    "100–120": (100, 120),
    "от 100 до 120": (100, 120),
    "between 100 and 120": (100, 120),
    "more than 30": (31, None),
    "более 30": (31, None),
    "at least 30": (30, None),
    "30+": (30, None),
    "fewer than 30": (None, 29),
    "менее 30": (None, 29),
    "up to 30": (None, 30),
    "не более 30": (None, 30),
    "100/120": (100, 120),
}


@pytest.mark.parametrize(("words", "bounds"), AMOUNTS.items(), ids=AMOUNTS)
def test_an_amount_is_read(words: str, bounds: tuple[float | None, float | None]) -> None:
    amount = said.amount(words)
    assert (amount.low, amount.high) == bounds
    assert said.amount(amount.plain()) == amount


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("dozens", "not_a_number"),
        ("1,2,3", "not_a_number"),
        ("1e5", "not_a_number"),
        ("9" * 40, "not_a_number"),
        ("9" * 20, "out_of_range"),
        ("120–100", "reversed"),
        ("", "empty"),
        ("about 100 (50/60)", "words_differ"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(words: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        said.amount(words)
    assert reason(refused) == code


SUMS = {
    "1 234,50 EUR": (123_450, "EUR"),
    "USD 62,700": (6_270_000, "USD"),
    "$62,700": (6_270_000, "USD"),
    "€ 1.234,50": (123_450, "EUR"),
    "62 700 ₽": (6_270_000, "RUB"),
    "1000 рублей": (100_000, "RUB"),
    "1000 р.": (100_000, "RUB"),
    "JPY 500": (500, "JPY"),
    "1 234,500 KWD": (1_234_500, "KWD"),
    "250k USD": (25_000_000, "USD"),
    "1.234 KWD": (1_234, "KWD"),
}


@pytest.mark.parametrize(("words", "sum_"), SUMS.items(), ids=SUMS)
def test_a_sum_is_read(words: str, sum_: tuple[int, str]) -> None:
    money = said.money(words)
    assert (money.minor, money.currency) == sum_
    assert said.money(money.plain(), currency=money.currency) == money


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("5", "unknown_currency"),
        ("5 XXX", "unknown_currency"),
        ("5 EUR USD", "two_currencies"),
        ("$5 EUR", "two_currencies"),
        ("JPY 5.5", "too_many_decimals"),
        ("12.3456 EUR", "too_many_decimals"),
        ("1,234 KWD", "ambiguous"),
        ("five EUR", "not_a_sum"),
        ("EUR", "not_a_sum"),
        ("999 999 999 999 999 EUR", "out_of_range"),
        ("", "empty"),
    ],
)
def test_what_is_no_sum_is_refused_with_its_reason(words: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        said.money(words)
    assert reason(refused) == code


def test_a_currency_beside_the_text_counts_where_the_text_names_none() -> None:
    assert said.money("5", currency="EUR") == Money(500, "EUR")
    with pytest.raises(BadInput) as refused:
        said.money("5 USD", currency="EUR")
    assert reason(refused) == "two_currencies"


MOMENTS = {
    "2017-05-26T14:30": "2017-05-26T14:30+03:00[Europe/Vilnius]",
    "26.5.2017 14:30": "2017-05-26T14:30+03:00[Europe/Vilnius]",
    "26 May 2017, 14:30": "2017-05-26T14:30+03:00[Europe/Vilnius]",
    "2017-05-26 14:30:15.250": "2017-05-26T14:30:15.250+03:00[Europe/Vilnius]",
    "2017-10-29T03:30": "2017-10-29T03:30+03:00[Europe/Vilnius]",
    "2017-10-29T03:30+02:00": "2017-10-29T03:30+02:00[Europe/Vilnius]",
    "2017-05-26T14:30Z[UTC]": "2017-05-26T14:30+00:00[UTC]",
}


@pytest.mark.parametrize(("words", "plain"), MOMENTS.items(), ids=MOMENTS)
def test_a_moment_is_read(words: str, plain: str) -> None:
    moment = said.moment(words, zone="Europe/Vilnius")
    assert moment.plain() == plain
    assert said.moment(plain, zone="Asia/Tokyo") == moment


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("2017-03-26T03:30", "skipped_time"),
        ("2017-10-29T03:30+05:00", "other_offset"),
        ("2017-05-26", "not_a_moment"),
        ("26 May 14:30", "not_a_moment"),
        ("May 2017 14:30", "not_a_moment"),
        ("2017-05-26T24:00", "impossible_time"),
        ("2017-05-26T14:60", "impossible_time"),
        ("2017-02-30T10:00", "impossible_day"),
        ("2017-05-26T14:30[Mars/Base]", "unknown_zone"),
        ("1900-01-01T00:30", "year_out_of_range"),
        ("2100-12-31T23:30[America/New_York]", "year_out_of_range"),
        ("", "empty"),
    ],
)
def test_what_is_no_moment_is_refused_with_its_reason(words: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        said.moment(words, zone="Europe/Vilnius")
    assert reason(refused) == code


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        said.moment("2017-05-26T14:30", zone="../etc/passwd")
    assert reason(refused) == "unknown_zone"


fragments = st.lists(
    st.sampled_from(
        "before after about 3 5 31 мая May 2017 – - / . , ( ) .. 1,200 0 до с по от более EUR $ 26.5 T14:30 :30".split()
    ),
    max_size=8,
)


@given(words=st.text(max_size=200) | fragments.map(" ".join) | fragments.map("".join))
@settings(max_examples=200)
def test_any_words_are_read_or_refused(words: str) -> None:
    for read in (
        lambda: said.day(words, today=TODAY),
        lambda: said.amount(words),
        lambda: said.money(words),
        lambda: said.moment(words, zone="UTC"),
        lambda: said.whole_number(words),
    ):
        with suppress(BadInput):
            read()


@given(day=days.map(lambda day: Day(day.earliest, day.latest)))
def test_a_day_without_words_comes_back_from_its_plain_form(day: Day) -> None:
    assert said.day(day.plain(), today=TODAY) == day


@given(amount=amounts.map(lambda amount: Amount(amount.low, amount.high)))
def test_an_amount_without_words_comes_back_from_its_plain_form(amount: Amount) -> None:
    # Longer numbers than a person writes are refused.
    assume(all(len(end) <= 30 for end in amount.plain().split("/")))
    assert said.amount(amount.plain()) == amount


@given(money=sums)
def test_a_sum_comes_back_from_its_plain_form(money: Money) -> None:
    assert said.money(money.plain()) == money


@given(moment=moments.filter(lambda moment: moment.zone == "Europe/Vilnius"))
def test_a_moment_comes_back_from_its_plain_form(moment: Moment) -> None:
    local = moment.local()
    offset = local.utcoffset()
    # Before there were time zones, an offset had seconds; and at the ends of our years, the day there is out of them.
    assume(offset is not None and offset.seconds % 60 == 0 and 1900 <= local.year <= 2100)
    assert said.moment(moment.plain(), zone="UTC") == moment


ILL_FORMED: list[tuple[Callable[..., object], tuple[object, ...]]] = [
    (Day, (None, None)),
    (Day, ("2017-05-26", "2017-05-25")),
    (Day, ("2017-02-29", None)),
    (Amount, (None, None)),
    (Amount, (100.0, None)),
    (Amount, (float("nan"), None)),
    (Amount, (2, 1)),
    (Money, (1, "usd")),
    (Money, (1.5, "USD")),
    (Moment, (10**15, "UTC")),
    (Moment, (0, "")),
    (Many, ((),)),
    (Many, (("b", "a"),)),
]


@pytest.mark.parametrize(("make", "parts"), ILL_FORMED, ids=[f"{make.__name__}{parts}" for make, parts in ILL_FORMED])
def test_an_ill_formed_value_cannot_be_made(make: Callable[..., object], parts: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="ill-formed"):
        make(*parts)
