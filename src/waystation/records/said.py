"""What people write of days, numbers, sums and times, read in English and Russian.

"26 May 2017", "до 26 мая", "весной 2017", "about 100", "более 30", "1 234,50 EUR". What cannot be
read is refused with its reason; nothing is guessed but a missing year, which is taken nearest to
`today`. The person sees at once which dates were understood.

Conventions: the day stands before the month (26.5.2017). "before", "after", "до", "после", "more
than" and "fewer than" leave their bound out; "by", "until", "since", "at least", "не позднее", "с"
include it. "about" a day is three days either way, "about" a longer time half its length, "about"
a number a tenth. Winter 2017 ends in February 2017 (seasons of the northern hemisphere).
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, NoReturn, TypeVar
from unicodedata import normalize
from zoneinfo import ZoneInfo

import msgspec

from waystation.clock import Millis
from waystation.errors import BadInput, Problem
from waystation.records.labels import N_
from waystation.records.values import (
    AMOUNT_MAX,
    CURRENCIES,
    FIRST_MS,
    FIRST_YEAR,
    LAST_MS,
    LAST_YEAR,
    MINOR_MAX,
    OPEN_END,
    SAID_CHARS_MAX,
    Amount,
    Day,
    Moment,
    Money,
    Number,
    is_iso_date,
    minor_digits,
    zone_is_known,
)

DAY_HELP: Final = N_(
    "This is no day that can be read. Write it as 26.5.2017, 26 May 2017, May 2017, spring 2017, "
    "before 26 May 2017, or 3–5 May 2017."
)
NUMBER_HELP: Final = N_("This is no number that can be read. Write it as 100, about 100, 100–120, or more than 30.")
WHOLE_NUMBER_HELP: Final = N_("Write a whole number in digits.")
MONEY_HELP: Final = N_("This is no sum that can be read. Write it as 1234.50 EUR.")
CURRENCY_HELP: Final = N_("Say the currency by its three letters, as in 1234.50 EUR.")
MOMENT_HELP: Final = N_("This is no time that can be read. Write it as 26.5.2017 14:30.")
ZONE_HELP: Final = N_("This time zone is not known here. Choose one such as Europe/Vilnius.")

_TYPED_CHARS_MAX: Final = SAID_CHARS_MAX + 50
"""Words and the bounds in brackets behind them; the words alone are bounded by their field."""

_ABOUT_DAYS: Final = 3
_ABOUT_SHARE: Final = Decimal("0.1")

T = TypeVar("T", Day, Amount)


def day(text: str, *, today: str) -> Day:
    """A day from people's words.

    Args:
        text: English or Russian; or what `Day.plain` gave.
        today: ISO date; a day without a year is taken nearest to it.
    Returns: its dates; the words are kept where they are vaguer than the dates ("spring", "about").
    Raises: BadInput, with the reason.
    """
    words, brackets = _unbracket(text, DAY_HELP)
    if brackets is None:
        return _day(words, date.fromisoformat(today))
    dates = _iso_day(brackets)
    if dates is None:
        _refuse("not_a_day", DAY_HELP)
    meant = replace_said(dates, words)
    return _agreeing(meant, lambda: _day(words, date.fromisoformat(meant.sort_key)))


def amount(text: str) -> Amount:
    """A number from people's words.

    Args:
        text: English or Russian; or what `Amount.plain` gave. "1,200" and "1.200" are thousands.
    Returns: its bounds; the words are kept unless digits alone were written.
    Raises: BadInput, with the reason.
    """
    words, brackets = _unbracket(text, NUMBER_HELP)
    if brackets is None:
        return _amount(words)
    bounds = _bare_amount(brackets)
    if bounds is None:
        _refuse("not_a_number", NUMBER_HELP)
    return _agreeing(replace_said(bounds, words), lambda: _amount(words))


def whole_number(text: str) -> int:
    """A whole number in digits, thousands apart or not. Raises: BadInput, with the reason."""
    found = _decimal(_clean(_short(text, WHOLE_NUMBER_HELP)))
    if found is None or found != int(found) or abs(found) > AMOUNT_MAX:
        _refuse("not_a_number", WHOLE_NUMBER_HELP)
    return int(found)


def money(text: str, *, currency: str = "") -> Money:
    """A sum from people's words.

    Args:
        text: "1 234,50 EUR", "USD 62,700", "€1,234.50"; or what `Money.plain` gave.
        currency: ISO 4217 code where the text names none; empty where the text must.
    Raises: BadInput, with the reason; among them two currencies, and more decimals than there are.
    """
    clean = _clean(_short(text, MONEY_HELP))
    named = [code for pattern, code in _CURRENCY_WORDS if re.search(pattern, clean)]
    named += [code for code in re.findall(r"[a-z]{3}", clean) if code.upper() in CURRENCIES]
    codes = {code.upper() for code in [*named, *([currency] if currency else [])]}
    if not codes or not codes <= CURRENCIES:
        _refuse("unknown_currency", CURRENCY_HELP)
    if len(codes) > 1:
        _refuse("two_currencies", N_("Two currencies are named. Leave one."))
    (code,) = codes
    for pattern, _ in _CURRENCY_WORDS:
        clean = re.sub(pattern, " ", clean)
    clean = clean.replace(code.lower(), " ").strip()
    digits = minor_digits(code)
    # With three decimals, "1,234" could be either; "1.234" is what these countries write for a sum above one.
    if digits == 3 and re.fullmatch(r"-?\d{1,3},\d{3}", clean):
        _refuse("ambiguous", N_("Set thousands apart by a space, and decimals by a point."))
    found = Decimal(clean) if digits == 3 and re.fullmatch(r"-?\d{1,15}\.\d{3}", clean) else _decimal(clean)
    if found is None:
        _refuse("not_a_sum", MONEY_HELP)
    minor = found.scaleb(digits)
    if minor != int(minor):
        _refuse("too_many_decimals", N_("Decimals of this currency: %(digits)s."), digits=digits)
    if abs(minor) > MINOR_MAX:
        _refuse("out_of_range", N_("This sum is out of any likely range."))
    return Money(int(minor), code)


def moment(text: str, *, zone: str) -> Moment:
    """A point in time from a date and a time of day.

    Args:
        text: "2017-05-26T14:30", "26.5.2017 14:30", "26 May 2017, 14:30"; or what `Moment.plain` gave.
        zone: IANA name, unless the text names one in brackets.
    Raises: BadInput, with the reason; among them a time that the clocks skipped.
    """
    found = re.fullmatch(_MOMENT, _short(text, MOMENT_HELP))
    if found is None:
        _refuse("not_a_moment", MOMENT_HELP)
    name = found["zone"] or zone
    if not zone_is_known(name):
        _refuse("unknown_zone", ZONE_HELP)
    point = _point(_clean(found["day"]))
    if point is None or point.day is None or point.year is None:
        _refuse("not_a_moment", MOMENT_HELP)
    on = _span(point).first
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if hour > 23 or minute > 59 or second > 59:
        _refuse("impossible_time", N_("A day has 24 hours, from 00:00 to 23:59."))
    millis = int((found["part"] or "").ljust(3, "0"))
    wall = time(hour, minute, second, millis * 1000, tzinfo=ZoneInfo(name))
    ms = _utc_ms(datetime.combine(on, wall), found["offset"] or "")
    if not FIRST_MS <= ms <= LAST_MS:
        _refuse("year_out_of_range", _YEAR_RANGE, first=FIRST_YEAR, last=LAST_YEAR)
    return Moment(ms, name)


_MOMENT: Final = (
    r"(?P<day>.*?[^\s,T])(?:\s*,?\s+|T)(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:\.(?P<part>\d{1,3}))?)?"
    r"(?P<offset>Z|[+-]\d{2}:\d{2})?(?:\s*\[(?P<zone>[^\]]+)\])?"
)


def _utc_ms(local: datetime, offset: str) -> Millis:
    """Milliseconds of a wall-clock time; of a repeated hour, the first, unless the offset says."""
    if offset:
        shift = timedelta(0)
        if offset != "Z":
            sign = -1 if offset[0] == "-" else 1
            shift = sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
        local = next((c for c in (local, local.replace(fold=1)) if c.utcoffset() == shift), local)
        if local.utcoffset() != shift:
            _refuse("other_offset", N_("The offset is not that of the time zone on that day."))
    there = local.astimezone(UTC)
    if there.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        _refuse("skipped_time", N_("The clocks skipped that time. Choose one before or after."))
    return Millis((there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))


def _refuse(code: str, message: str, **values: object) -> NoReturn:
    raise BadInput({"": Problem(code, message, values)})


def _short(text: str, help_message: str) -> str:
    """Text with single spaces, if it is short enough to be one value."""
    words = " ".join(normalize("NFC", text[: 2 * _TYPED_CHARS_MAX]).split())
    if len(words) > _TYPED_CHARS_MAX:
        _refuse(
            "too_long",
            N_("Say it in at most %(max_chars)s characters; more belongs in a note."),
            max_chars=SAID_CHARS_MAX,
        )
    if not words:
        _refuse("empty", help_message)
    return words


def _unbracket(text: str, help_message: str) -> tuple[str, str | None]:
    """Words and, where they end in brackets that hold digits, what is in these."""
    words = _short(text, help_message)
    found = re.fullmatch(_BRACKETS, words)
    return (found[1], found[2]) if found else (words, None)


_BRACKETS: Final = r"(.+?) \(([-0-9./]+)\)"


def _agreeing(meant: T, read_again: Callable[[], T]) -> T:
    """Words with bounds in brackets: where the words can be read too, both must say the same."""
    try:
        words = read_again()
    except BadInput:
        return meant
    if replace_said(words, meant.said) != meant:
        _refuse(
            "words_differ",
            N_("The words and what stands in brackets differ. Delete the brackets or correct them."),
        )
    return meant


def replace_said(value: T, words: str) -> T:
    """The same value with other words."""
    return msgspec.structs.replace(value, said=words)


_DASHES: Final = "[‐‑‒–—−]"


def _clean(text: str) -> str:
    """Lower case, plain dashes and spaces, ё as е, no comma or full stop at the end."""
    text = re.sub(_DASHES, "-", normalize("NFKC", text)).casefold().replace("ё", "е")
    return " ".join(text.split()).rstrip(" .,")


# ── Days ──


class _Span(NamedTuple):
    """A stretch of days; `vague` where only convention sets its ends ("spring", "early May")."""

    first: date
    last: date
    vague: bool = False


class _Point(NamedTuple):
    """Day, month, season or year, as far as said. `part` is the third of a month: 0, 1, 2."""

    day: int | None = None
    month: int | None = None
    season: int | None = None
    part: int | None = None
    year: int | None = None


_MONTHS: Final = (
    "january jan январь января январе январю январем янв",
    "february feb февраль февраля феврале февралю февралем фев февр",
    "march mar март марта марте марту мартом мар",
    "april apr апрель апреля апреле апрелю апрелем апр",
    "may май мая мае маю маем",
    "june jun июнь июня июне июню июнем июн",
    "july jul июль июля июле июлю июлем июл",
    "august aug август августа августе августу августом авг",
    "september sept sep сентябрь сентября сентябре сентябрю сентябрем сент сен",
    "october oct октябрь октября октябре октябрю октябрем окт",
    "november nov ноябрь ноября ноябре ноябрю ноябрем нояб ноя",
    "december dec декабрь декабря декабре декабрю декабрем дек",
)
_SEASONS: Final = (
    "winter зима зимы зиме зиму зимой",
    "spring весна весны весне весну весной",
    "summer лето лета лете лету летом",
    "autumn fall осень осени осенью",
)
_MONTH_OF: Final = {word: n for n, words in enumerate(_MONTHS, 1) for word in words.split()}
_SEASON_OF: Final = {word: n for n, words in enumerate(_SEASONS) for word in words.split()}

_PARTS: Final = (
    "early|(?:the )?(?:beginning|start) of|начал[оаеу]|первых числах",
    "mid|(?:the )?middle of|середин[аыеу]",
    "late|(?:the )?end of|кон(?:ец|ца|це|цу)|последних числах",
)
_PART: Final = "|".join(f"(?P<p{n}>{names})" for n, names in enumerate(_PARTS))
_LEAD: Final = r"(?:(?:on|in|the|в|во)\s+)*"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th|-?го|-?ого|-?е|-?му)?"
_WORD: Final = r"(?P<word>[^\W\d]+)\.?"
_YEAR: Final = r"(?P<year>\d{4})(?:\s*г(?:од[ау]?|одом|\.)?)?"

_POINTS: Final = (
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
    r"(?P<year>\d{4})-(?P<month>\d{2})",
    rf"{_LEAD}(?P<day>\d{{1,2}})(?P<mark>[./-])(?P<month>\d{{1,2}})(?P=mark){_YEAR}",
    rf"{_LEAD}(?P<day>\d{{1,2}})[./](?P<month>\d{{1,2}})",
    rf"{_LEAD}(?P<month>\d{{1,2}})[./]{_YEAR}",
    rf"{_LEAD}{_DAY}\s+(?:of\s+)?{_WORD}(?:,?\s+(?:of\s+)?{_YEAR})?",
    rf"{_LEAD}{_WORD}\s+{_DAY}(?:,?\s+{_YEAR})?",
    rf"{_LEAD}(?:(?:{_PART})[\s-]+)?{_WORD}(?:,?\s+(?:of\s+)?{_YEAR})?",
    rf"{_LEAD}{_YEAR}",
)
_SHORT_YEAR: Final = r"\d{1,2}[./-]\d{1,2}[./-]\d{2}"

_FROM_TO: Final = (
    r"(?:from|с|со|от)\s+(.+?)\s+(?:to|till|until|through|по|до)\s+(.+)",
    r"(?:between|между)\s+(.+?)\s+(?:and|и)\s+(.+)",
)
_TO: Final = r"\s*-\s*|\s+(?:to|through|по)\s+"

_ABOUT: Final = (
    r"(?:about|around|circa|c\.|ca\.?|approx\.?|approximately|roughly|около|примерно|приблизительно"
    r"|ориентировочно|где-то|[~≈])\s*"
)
_BEFORE: Final = r"(?:before|prior to|earlier than|до|раньше|ранее)\s+|<\s*"
_BY: Final = (
    r"(?:by|until|till|up to|no later than|not later than|не позднее|не позже|к|ко|по)\s+"
    r"|<=\s*|≤\s*"
)
_AFTER: Final = r"(?:after|later than|после|позже|позднее)\s+|>\s*"
_SINCE: Final = (
    r"(?:since|from|starting|no earlier than|не ранее|не раньше|начиная с|с|со|от)\s+"
    r"|>=\s*|≥\s*"
)
_INCLUSIVE: Final = r"\s+(?:включительно|inclusive)"
_TODAY: Final = {"today": 0, "сегодня": 0, "yesterday": -1, "вчера": -1, "tomorrow": 1, "завтра": 1}


def _day(words: str, today: date) -> Day:
    dates = _iso_day(words)
    if dates is not None:
        return dates
    clean = _clean(words)
    if clean in _TODAY:
        that_day = _iso(today + timedelta(days=_TODAY[clean]))
        return Day(that_day, that_day)
    if re.fullmatch(_SHORT_YEAR, clean):
        _refuse("short_year", N_("Write the year with four digits."))
    span = _whole(clean, today)
    if span is not None:
        return Day(_iso(span.first), _iso(span.last), words if span.vague else "")
    for pattern, turn in _OPEN_ENDED:
        found = re.match(pattern, clean)
        if found:
            rest, inclusive = clean[found.end() :], False
            if re.search(_INCLUSIVE, rest):
                rest, inclusive = re.sub(_INCLUSIVE, "", rest), True
            span = _whole(rest, today)
            if span is not None:
                earliest, latest = turn(span, inclusive or _names_an_end(rest))
                return Day(_iso(earliest), _iso(latest), words)
    _refuse("not_a_day", DAY_HELP)


def _names_an_end(text: str) -> bool:
    """Whether "before" it includes it: what is over before the end of May may end in its last days."""
    return re.match(_LEAD + f"(?:{_PARTS[2]})", text) is not None


_Turn = Callable[[_Span, bool], tuple[date | None, date | None]]
_A_DAY: Final = timedelta(days=1)


def _turn_before(span: _Span, inclusive: bool) -> tuple[date | None, date | None]:
    return None, span.last if inclusive else span.first - _A_DAY


def _turn_after(span: _Span, inclusive: bool) -> tuple[date | None, date | None]:
    return span.first if inclusive else span.last + _A_DAY, None


def _turn_about(span: _Span, inclusive: bool) -> tuple[date | None, date | None]:
    days = (span.last - span.first).days
    margin = timedelta(days=_ABOUT_DAYS if days == 0 else (days + 1) // 2)
    return span.first - margin, span.last + margin


_OPEN_ENDED: Final[tuple[tuple[str, _Turn], ...]] = (
    (_ABOUT, _turn_about),
    (_BY, lambda span, _: (None, span.last)),
    (_BEFORE, _turn_before),
    (_SINCE, lambda span, _: (span.first, None)),
    (_AFTER, _turn_after),
)


def _iso(end: date | None) -> str | None:
    if end is not None and not FIRST_YEAR <= end.year <= LAST_YEAR:
        _refuse("year_out_of_range", _YEAR_RANGE, first=FIRST_YEAR, last=LAST_YEAR)
    return None if end is None else end.isoformat()


_YEAR_RANGE: Final = N_("The year must lie between %(first)s and %(last)s.")


def _iso_day(clean: str) -> Day | None:
    """What `Day.plain` writes without words: a date, or two joined by "/", an open end being ".."."""
    first, slash, last = clean.partition("/")
    ends = (first, last) if slash else (first, first)
    if not all(is_iso_date(end) or (slash and end == OPEN_END) for end in ends):
        return None
    earliest, latest = (None if end == OPEN_END else end for end in ends)
    if earliest is None and latest is None:
        return None
    if earliest is not None and latest is not None and earliest > latest:
        _refuse("reversed", _REVERSED)
    return Day(earliest, latest, "")


_REVERSED: Final = N_("The second of the two lies before the first.")


def _whole(clean: str, today: date) -> _Span | None:
    """The time that a day, month, season, year or range takes; None where it is none of these."""
    point = _point(clean)
    if point is not None:
        return _span(_with_year(point, today))
    for left, right in _ends(clean):
        end = _point(right)
        begin = _point(left) or (_Point(day=int(left)) if re.fullmatch(r"\d\d?", left) else None)
        if end is not None and begin is not None:
            return _range(begin, end, today)
    return None


def _ends(clean: str) -> Iterator[tuple[str, str]]:
    for pattern in _FROM_TO:
        found = re.fullmatch(pattern, clean)
        if found:
            yield found[1], found[2]
    for split in re.finditer(_TO, clean):
        yield clean[: split.start()], clean[split.end() :]


def _range(begin: _Point, end: _Point, today: date) -> _Span | None:
    if begin.day is not None and begin.month is None:
        if end.day is None:
            return None
        begin = begin._replace(month=end.month)
    end = _with_year(end, today)
    last = _span(end).last
    if begin.year is not None:
        first = _span(begin).first
    else:
        first = _span(begin._replace(year=end.year)).first
        if first > last and begin.month != end.month and end.year is not None:
            first = _span(begin._replace(year=end.year - 1)).first
    if first > last:
        _refuse("reversed", _REVERSED)
    return _Span(first, last, _is_vague(begin) or _is_vague(end))


def _point(clean: str) -> _Point | None:
    for pattern in _POINTS:
        found = re.fullmatch(pattern, clean)
        if found is None:
            continue
        named = {name: text for name, text in found.groupdict().items() if text is not None}
        word = named.get("word", "")
        month, season = _MONTH_OF.get(word), _SEASON_OF.get(word)
        part = next((int(name[1]) for name in named if name in {"p0", "p1", "p2"}), None)
        if word and month is None and (season is None or part is not None or "day" in named):
            continue
        day, year = _int(named.get("day")), _int(named.get("year"))
        return _Point(day, month or _int(named.get("month")), season, part, year)
    return None


def _int(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _is_vague(point: _Point) -> bool:
    """Whether dates stand for it by convention only, so that the words are kept."""
    return point.season is not None or point.part is not None


def _with_year(point: _Point, today: date) -> _Point:
    """The same in the year that lies nearest to today, where none was said."""
    if point.year is not None:
        return point
    candidates = []
    refused: BadInput | None = None
    for year in (today.year - 1, today.year, today.year + 1):
        dated = point._replace(year=year)
        try:
            span = _span(dated)
        except BadInput as problem:
            refused = problem
            continue
        middle = span.first + (span.last - span.first) / 2
        candidates.append((abs((middle - today).days), year, dated))
    if not candidates:
        raise refused or BadInput({"": Problem("not_a_day", DAY_HELP)})
    return min(candidates, key=lambda candidate: candidate[:2])[2]


def _span(point: _Point) -> _Span:
    """First and last day of a point that has its year. Raises: BadInput, if there is no such day."""
    year = point.year or 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        _refuse("year_out_of_range", _YEAR_RANGE, first=FIRST_YEAR, last=LAST_YEAR)
    if point.season is not None:
        begins = date(year, 3 * point.season, 1) if point.season else date(year - 1, 12, 1)
        ends_month = 3 * point.season + 2
        return _Span(begins, date(year, ends_month, monthrange(year, ends_month)[1]), vague=True)
    if point.month is None:
        return _Span(date(year, 1, 1), date(year, 12, 31))
    if not 1 <= point.month <= 12:
        _refuse(
            "impossible_month",
            N_("There are only 12 months. Write the day first, as in 26.5.2017."),
        )
    days = monthrange(year, point.month)[1]
    if point.day is not None:
        if not 1 <= point.day <= days:
            _refuse("impossible_day", N_("That month has only %(days)s days."), days=days)
        only = date(year, point.month, point.day)
        return _Span(only, only)
    first, last = {None: (1, days), 0: (1, 10), 1: (11, 20), 2: (21, days)}[point.part]
    return _Span(date(year, point.month, first), date(year, point.month, last), point.part is not None)


# ── Numbers ──

_SCALES: Final = (
    (r"\s*(?:k|thousand|тыс\.?|тысяч[аи]?)", 3),
    (r"\s*(?:m|mln|million|млн\.?|миллион(?:а|ов)?)", 6),
)
_NUMERAL: Final = r"-?(?:\d{1,3}(?:[ '’]\d{3})+|\d+)(?:[.,]\d+)*"
_UNITS: Final = (
    r"\s*(?:people|persons?|men|women|cases|человека?|люд(?:и|ей)|чел\.?"
    r"|мужчин|женщин|кейс(?:а|ов)|%)$"
)
_MORE: Final = r"(?:more than|over|above|больше|более|свыше)\s+(?:чем\s+)?|>\s*"
_LEAST: Final = (
    r"(?:at least|no fewer than|no less than|from|не менее|не меньше|минимум|как минимум|от)\s+"
    r"|>=\s*|≥\s*"
)
_FEWER: Final = r"(?:fewer than|less than|under|below|меньше|менее)\s+(?:чем\s+)?|<\s*"
_MOST: Final = r"(?:at most|up to|no more than|не более|не больше|максимум|до)\s+|<=\s*|≤\s*"


def _amount(words: str) -> Amount:
    bare = _bare_amount(words)
    if bare is not None:
        return bare
    clean = re.sub(_UNITS, "", _clean(words))
    bare = _bare_amount(clean)
    if bare is not None:
        return replace_said(bare, words)
    for left, right in _ends(clean):
        low, high = _decimal(left), _decimal(right)
        if low is not None and high is not None:
            return _bounds(low, high, words if re.search(r"[^\W\d]", words) else "")
    if clean.endswith("+"):
        low = _decimal(clean[:-1])
        if low is not None:
            return _bounds(low, None, words)
    for pattern, turn in _ONE_SIDED:
        found = re.match(pattern, clean)
        bound = _decimal(clean[found.end() :]) if found else None
        if bound is not None:
            return _bounds(*turn(bound), words)
    _refuse("not_a_number", NUMBER_HELP)


def _about(number: Decimal) -> tuple[Decimal, Decimal]:
    margin = abs(number) * _ABOUT_SHARE
    if number != int(number):
        return number - margin, number + margin
    whole = max(Decimal(1), margin.to_integral_value(rounding="ROUND_CEILING"))
    return number - whole, number + whole


def _beside(number: Decimal, step: int) -> Decimal:
    """The next whole number; what is more than 3.5 has no next one, and its bound stands."""
    return number + step if number == int(number) else number


_Sides = tuple[Decimal | None, Decimal | None]
_ONE_SIDED: Final[tuple[tuple[str, Callable[[Decimal], _Sides]], ...]] = (
    (_ABOUT, _about),
    (r"порядка\s+", _about),
    (_LEAST, lambda bound: (bound, None)),
    (_MORE, lambda bound: (_beside(bound, 1), None)),
    (_MOST, lambda bound: (None, bound)),
    (_FEWER, lambda bound: (None, _beside(bound, -1))),
)


def _bare_amount(clean: str) -> Amount | None:
    """What `Amount.plain` writes without words: a number, or two joined by "/"."""
    first, slash, last = clean.partition("/")
    if not slash:
        number = _decimal(clean)
        return None if number is None else _bounds(number, number, "")
    ends = [None if end == OPEN_END else _decimal(end) for end in (first, last)]
    if ends == [None, None] or any(
        end is None and text != OPEN_END for end, text in zip(ends, (first, last), strict=True)
    ):
        return None
    return _bounds(ends[0], ends[1], "")


def _bounds(low: Decimal | None, high: Decimal | None, words: str) -> Amount:
    if any(bound is not None and abs(bound) > AMOUNT_MAX for bound in (low, high)):
        _refuse("out_of_range", N_("This number is out of any likely range."))
    if low is not None and high is not None and low > high:
        _refuse("reversed", _REVERSED)
    return Amount.of(_number(low), _number(high), words)


def _number(bound: Decimal | None) -> Number | None:
    if bound is None:
        return None
    return int(bound) if bound == int(bound) else float(bound)


def _decimal(clean: str) -> Decimal | None:
    """A number in digits. A lone separator before three last digits sets thousands apart."""
    found = re.match(_NUMERAL, clean)
    if found is None:
        return None
    scale = 0
    rest = clean[found.end() :]
    for pattern, power in _SCALES:
        if rest and re.fullmatch(pattern, rest):
            rest, scale = "", power
    text = re.sub("[ '’]", "", found[0])
    marks = re.findall("[.,]", text)
    if rest or len(text) > 30:
        return None
    if not marks or (len(marks) == 1 and not _is_thousands(text, scale)):
        return Decimal(text.replace(",", ".")).scaleb(scale)
    if len(set(marks)) == 1:
        return _in_thousands(re.split("[.,]", text), scale)
    whole, _, part = text.rpartition(marks[-1])
    thousands = None if marks[-1] in whole else _in_thousands(re.split("[.,]", whole), 0)
    return None if thousands is None else Decimal(f"{thousands}.{part}").scaleb(scale)


def _is_thousands(text: str, scale: int) -> bool:
    return scale == 0 and re.fullmatch(r"-?[1-9]\d{0,2}[.,]\d{3}", text) is not None


def _in_thousands(groups: list[str], scale: int) -> Decimal | None:
    if not 1 <= len(groups[0].lstrip("-")) <= 3 or any(len(group) != 3 for group in groups[1:]):
        return None
    return Decimal("".join(groups)).scaleb(scale)


# ── Currencies by other names ──

_CURRENCY_WORDS: Final = (
    (r"₽|\bруб(?:л(?:ь|я|ей))?\b\.?|\bр\b\.?", "RUB"),
    (r"€|евро\b|euros?\b", "EUR"),
    (r"us\$|\$|доллар(?:а|ов)?\b|dollars?\b", "USD"),
    (r"£|pounds?\b", "GBP"),
)
