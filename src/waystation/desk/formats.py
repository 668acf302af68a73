"""Days, moments, sums, countries and choices in words, by the rules of a language (CLDR, through Babel).

What is uncertain stays visibly uncertain: what was said is shown as it was said, an open end as "from" or "until".
A moment is told in the time of the person it happened to, and in this desk's time where the two differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

from waystation.clock import Millis
from waystation.desk.i18n import Language
from waystation.ids import to_text
from waystation.office.time_zones import town
from waystation.records import REGISTRY, Value, choices
from waystation.records.fields import ChoiceField, CountryField, FieldSpec, LinkField, ManyField, TextField
from waystation.records.values import Amount, Day, Many, Moment, Money, minor_digits, zone_is_known

_NAMES: Final = frozenset((*(one.label for one in choices.Language), "Signal", "WhatsApp", "Telegram"))
"""Choices that begin with a capital letter anywhere."""


def format_day(day: Day | str | None, language: Language) -> str:
    """A day as far as it is known, such as "26 May 2017", "May 2017" or "until 26 May 2017".

    Args:
        day: or an ISO date; None gives no words.
    """
    if not day:
        return ""
    if isinstance(day, str):
        day = Day(day, day)
    if day.said and not language.is_veiled:
        return day.said
    first = date.fromisoformat(day.earliest) if day.earliest else None
    last = date.fromisoformat(day.latest) if day.latest else None
    if first is None or last is None:
        if first is not None:
            return language.gettext("from %(day)s", day=_exact(first, language))
        assert last is not None
        return language.gettext("until %(day)s", day=_exact(last, language))
    if first == last:
        return _exact(first, language)
    after = last + timedelta(days=1)
    if first.day == 1 and after.day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return format_month(first, language)
        if first.month == 1 and last.month == 12 and first.year == last.year:
            return language.plain(str(first.year))
    return _span(first, last, language)


def format_month(day: date, language: Language) -> str:
    """The month of a day, such as "May 2017"; by itself, not as a part of a day: "май 2017", but "26 мая 2017"."""
    return language.plain(str(format_date(day, "LLLL y", locale=language.locale)))


def format_moment(moment: Moment | int | None, language: Language, zone: str) -> str:
    """A moment in the person's own time, and in this desk's where the clocks differ.

    Args:
        moment: or UTC milliseconds, which are told in the desk's time; None gives no words.
        zone: IANA name of the desk's zone.
    """
    if moment is None:
        return ""
    if isinstance(moment, int):
        moment = Moment(Millis(moment), zone)
    theirs = moment.local()
    ours = theirs.astimezone(ZoneInfo(zone))
    told = language.plain(f"{_exact(theirs.date(), language)}, {_clock(theirs, language)}")
    if theirs.utcoffset() == ours.utcoffset():
        return told
    city = town(moment.zone, language.locale)
    if zone_is_known(moment.zone):
        city = language.plain(city)
    here = _clock(ours, language)
    if ours.date() != theirs.date():
        here = language.plain(f"{_exact(ours.date(), language)}, {here}")
    return language.gettext("%(time)s in %(city)s (%(here)s here)", time=told, city=city, here=here)


def iso_moment(moment: Moment | int) -> str:
    """A moment for machines: the `datetime` attribute of a page."""
    ms = moment if isinstance(moment, int) else moment.ms
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


def format_amount(amount: Amount | float | None, language: Language) -> str:
    """A number as far as it is known, such as "100", "10–15" or "at least 80"."""
    if amount is None:
        return ""
    if not isinstance(amount, Amount):
        return _number(amount, language)
    if amount.said and not language.is_veiled:
        return amount.said
    low = None if amount.low is None else _number(amount.low, language)
    high = None if amount.high is None else _number(amount.high, language)
    if low is not None and high is not None:
        return low if amount.exact else language.plain(f"{low}–{high}")
    if low is not None:
        return language.gettext("at least %(number)s", number=low)
    return language.gettext("at most %(number)s", number=high)


def format_money(money: Money | None, language: Language) -> str:
    """An exact sum with the code of its currency, such as "1,200.00 USD"."""
    if money is None:
        return ""
    sum_ = Decimal(money.minor).scaleb(-minor_digits(money.currency))
    number = format_currency(sum_, money.currency, "#,##0.00", locale=language.locale)
    return language.plain(f"{number} {money.currency}")


def country_name(code: str, language: Language) -> str:
    """A country's name; the code itself where the language has none."""
    name = language.locale.territories.get(code)
    return language.plain(str(name)) if name else code


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared field, as the macro `field()` draws it. `choices`: value and words of each answer."""

    label: str
    help: str
    who: str
    required: bool
    widget: str
    choices: Sequence[tuple[str, str]]


def declared(kind: str, name: str, language: Language) -> Declared:
    """The declaration of a field in a language. Raises: KeyError, if there is none."""
    spec = REGISTRY[kind].fields[name]
    label = language.gettext(spec.label)
    return Declared(label, "", spec.who.value, spec.required, _widget(spec), _choices(spec, language))


def _widget(spec: FieldSpec) -> str:
    match spec:
        case TextField(lines=lines):
            return "area" if lines > 1 else "text"
        case CountryField():
            return "choice"
        case ManyField(item=CountryField()):
            return "tags"
        case _:
            return spec.type_name


def _choices(spec: FieldSpec, language: Language) -> list[tuple[str, str]]:
    match spec:
        case ChoiceField(options=options) | ManyField(item=ChoiceField(options=options)):
            return [(choice.value, language.gettext(choice.label)) for choice in options]
        case CountryField():
            return language.countries
        case _:
            return []


def choice_label(language: Language, kind: str, name: str, value: Value | None) -> str:
    """What a stored choice, country or list of them says in a language."""
    if value is None:
        return ""
    spec = REGISTRY[kind].fields[name]
    if isinstance(value, Many) and isinstance(spec, ManyField):
        said = [_said(spec.item, item, language) for item in value]
        return ", ".join(said[:1] + [within(one) if isinstance(spec.item, ChoiceField) else one for one in said[1:]])
    return _said(spec, value, language)


def within(words: str) -> str:
    """The words of a choice inside a longer line: "Humanitarian visa", but "Lithuania, humanitarian visa".

    Names stay as they are, and so does what is no common word: "IDP", "B: usually reliable".
    """
    is_common = words[:1].isupper() and words[1:2].islower() and words not in _NAMES
    return words[:1].lower() + words[1:] if is_common else words


def _said(spec: FieldSpec, value: Value, language: Language) -> str:
    match spec:
        case ChoiceField():
            return language.gettext(spec.label_of(value))
        case CountryField():
            return country_name(str(value), language)
        case LinkField():
            return to_text(value) if isinstance(value, bytes) else str(value)
        case _:
            return spec.plain(value)


def _exact(day: date, language: Language) -> str:
    return language.plain(str(format_date(day, "d MMMM y", locale=language.locale)))


def _span(first: date, last: date, language: Language) -> str:
    """Two days, with as little said twice as the language lets be: "3–9 May 2017", "28 May – 2 June 2017"."""
    if first.year != last.year:
        begins, dash = "d MMMM y", " – "
    elif first.month != last.month:
        begins, dash = "d MMMM", " – "
    else:
        begins, dash = "d", "–"
    return language.plain(f"{format_date(first, begins, locale=language.locale)}{dash}") + _exact(last, language)


def _number(number: float, language: Language) -> str:
    return language.plain(str(format_decimal(number, locale=language.locale)))


def _clock(moment: datetime, language: Language) -> str:
    return language.plain(str(format_time(moment, "HH:mm", tzinfo=moment.tzinfo, locale=language.locale)))
