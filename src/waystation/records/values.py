"""What a field holds besides text and links: uncertain days and amounts, moments, money, sets.

All are frozen and cannot be made ill-formed. Their wire form is an array led by a tag
(spec/records.md R6-R10); two values are equal exactly when their bytes are. Reading what people
write ("before 26 May", "около 100") is the work of `said`; wording for a language is the pages'.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from waystation.clock import Millis
from waystation.ids import ID_BYTES

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
FIRST_MS: Final = -2_208_988_800_000
LAST_MS: Final = 4_133_980_799_999
"""The first and the last millisecond of those years, UTC."""

SAID_CHARS_MAX: Final = 100
ZONE_CHARS_MAX: Final = 60
INTEGER_MAX: Final = 2**53
AMOUNT_MAX: Final = 10**12
MINOR_MAX: Final = 10**15

OPEN_END: Final = ".."
"""Stands for an open end where a value is written without a language (ISO 8601-2)."""

Number: TypeAlias = int | float

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Day(msgspec.Struct, frozen=True, array_like=True, tag="day"):
    """A day as far as it is known.

    Args:
        earliest: ISO date that it cannot be before; None where that end is open.
        latest: ISO date that it cannot be after; None where that end is open.
        said: the words that were said, where they say more than the dates do; else empty.
    Raises: ValueError, if it is ill-formed (R6).
    """

    earliest: str | None
    latest: str | None
    said: str = ""

    def __post_init__(self) -> None:
        _require(self.earliest is not None or self.latest is not None)
        _require(self.earliest is None or is_iso_date(self.earliest))
        _require(self.latest is None or is_iso_date(self.latest))
        _require(None in (self.earliest, self.latest) or self.sort_key <= (self.latest or ""))
        _require(type(self.said) is str)

    @property
    def exact(self) -> bool:
        """Whether one single day is meant."""
        return self.earliest is not None and self.earliest == self.latest

    @property
    def sort_key(self) -> str:
        """ISO date to order by: the earliest, or the latest where the beginning is open."""
        return self.earliest or self.latest or ""

    def plain(self) -> str:
        """The day without a language: its ISO dates, after the words where there are any.

        "2017-05-26", "2017-05-03/2017-05-05", "before 26 May (../2017-05-25)": see `said.day`.
        """
        ends = f"{self.earliest or OPEN_END}/{self.latest or OPEN_END}"
        return _plain(self.said, self.sort_key if self.exact else ends)


class Amount(msgspec.Struct, frozen=True, array_like=True, tag="amount"):
    """A number as far as it is known, both ends included. A whole bound is an int, never a float.

    Args:
        low: it cannot be below this; None where that end is open.
        high: it cannot be above this; None where that end is open.
        said: the words that were said, where they say more than the bounds do; else empty.
    Raises: ValueError, if it is ill-formed (R7); `Amount.of` brings floats into form.
    """

    low: Number | None
    high: Number | None
    said: str = ""

    def __post_init__(self) -> None:
        _require(self.low is not None or self.high is not None)
        for bound in (self.low, self.high):
            _require(bound is None or type(bound) in (int, float))
            _require(bound is None or -AMOUNT_MAX <= bound <= AMOUNT_MAX)
            _require(not isinstance(bound, float) or not bound.is_integer())
        _require(self.low is None or self.high is None or self.low <= self.high)
        _require(type(self.said) is str)

    @classmethod
    def of(cls, low: Number | None, high: Number | None, said: str = "") -> "Amount":
        """An amount from any two numbers: 100.0 becomes 100. Raises: ValueError, as the class."""
        return cls(_whole(low), _whole(high), said)

    @property
    def exact(self) -> bool:
        """Whether one single number is meant."""
        return self.low is not None and self.low == self.high

    def plain(self) -> str:
        """The number without a language: its bounds, after the words where there are any.

        "100", "100/120", "about 100 (90/110)", "more than 30 (31/..)": see `said.amount`.
        """
        low, high = _digits(self.low), _digits(self.high)
        return _plain(self.said, low if self.exact else f"{low}/{high}")


class Moment(msgspec.Struct, frozen=True, array_like=True, tag="moment"):
    """A point in time and the zone in which it was meant.

    Args:
        ms: milliseconds since 1970-01-01T00:00Z, of the years 1900 to 2100.
        zone: IANA name, such as "Europe/Vilnius"; a newer desk's may be unknown here.
    Raises: ValueError, if it is ill-formed (R8).
    """

    ms: Millis
    zone: str

    def __post_init__(self) -> None:
        _require(type(self.ms) is int)
        _require(FIRST_MS <= self.ms <= LAST_MS)
        _require(type(self.zone) is str)
        _require(1 <= len(self.zone) <= ZONE_CHARS_MAX)

    def local(self) -> datetime:
        """The wall clock in its own zone; in UTC where this machine does not know that zone."""
        zone = ZoneInfo(self.zone) if zone_is_known(self.zone) else UTC
        return (_EPOCH + timedelta(milliseconds=self.ms)).astimezone(zone)

    def plain(self) -> str:
        """ISO 8601 with its offset, then the zone: "2017-05-26T14:00+03:00[Europe/Moscow]"."""
        precision = "milliseconds" if self.ms % 60_000 else "minutes"
        return f"{self.local().isoformat(timespec=precision)}[{self.zone}]"


class Money(msgspec.Struct, frozen=True, array_like=True, tag="money"):
    """An exact sum.

    Args:
        minor: whole minor units (cents), so that sums are exact.
        currency: ISO 4217 code.
    Raises: ValueError, if it is ill-formed (R9).
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        _require(type(self.minor) is int)
        _require(-MINOR_MAX <= self.minor <= MINOR_MAX)
        _require(_CURRENCY.fullmatch(self.currency) is not None)

    def plain(self) -> str:
        """The sum with a decimal point and its code: "1234.50 EUR"."""
        digits = minor_digits(self.currency)
        sign = "-" if self.minor < 0 else ""
        text = str(abs(self.minor)).rjust(digits + 1, "0")
        whole, part = (text[:-digits], text[-digits:]) if digits else (text, "")
        return f"{sign}{whole}{'.' if part else ''}{part} {self.currency}"


class Many(msgspec.Struct, frozen=True, array_like=True, tag="many"):
    """Several choices, countries or links, without repeats, in the order of their bytes.

    Args:
        items: all texts, or all record ids; `Many.of` puts them in order.
    Raises: ValueError, if it is ill-formed (R10).
    """

    items: tuple[str | bytes, ...]

    def __post_init__(self) -> None:
        _require(type(self.items) is tuple)
        _require(len(self.items) > 0)
        kinds = {type(item) for item in self.items}
        _require(kinds == {str} or kinds == {bytes})
        _require(kinds == {str} or all(len(item) == ID_BYTES for item in self.items))
        keys = list(map(_as_bytes, self.items))
        _require(len(keys) == 1 or keys == sorted(set(keys)))

    @classmethod
    def of(cls, items: Iterable[str] | Iterable[bytes]) -> "Many":
        """Sort and drop repeats. Raises: ValueError, as the class."""
        return cls(tuple(sorted(set(items), key=_as_bytes)))

    def __iter__(self) -> Iterator[str | bytes]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, item: object) -> bool:
        return item in self.items


class Unread:
    """A value that a newer desk wrote and this one cannot read; kept byte for byte, never written.

    No encoder knows this class, so that none writes one by mistake.

    Args:
        raw: its MessagePack bytes.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: bytes) -> None:
        self.raw: Final = raw

    def __eq__(self, other: object) -> bool:
        return self.raw == other.raw if isinstance(other, Unread) else NotImplemented

    def __hash__(self) -> int:
        return hash((Unread, self.raw))

    def __repr__(self) -> str:
        return f"Unread({len(self.raw)} bytes)"


Value: TypeAlias = str | bool | int | bytes | Day | Amount | Moment | Money | Many | Unread
"""What a field holds: a choice is its text, a link the 16 bytes of a record id. None means cleared."""


def _digits(bound: Number | None) -> str:
    """All digits, never an exponent."""
    return OPEN_END if bound is None else format(Decimal(repr(bound)), "f")


def _plain(words: str, bounds: str) -> str:
    return f"{words} ({bounds})" if words else bounds


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("an ill-formed value (spec/records.md R6-R10)")


def _whole(bound: Number | None) -> Number | None:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


@lru_cache(maxsize=4096)
def is_iso_date(text: object) -> bool:
    """Whether `text` is a real date, written YYYY-MM-DD, of a year from 1900 to 2100."""
    if not isinstance(text, str) or not _ISO_DATE.fullmatch(text):
        return False
    try:
        return FIRST_YEAR <= date.fromisoformat(text).year <= LAST_YEAR
    except ValueError:
        return False


def _as_bytes(item: str | bytes) -> bytes:
    return item.encode() if isinstance(item, str) else item


@lru_cache(maxsize=1024)
def zone_is_known(name: str) -> bool:
    """Whether `name` is a time zone of this machine's IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def minor_digits(currency: str) -> int:
    """How many decimals a currency has (ISO 4217): 2 but for the few that differ."""
    return 0 if currency in _NO_DIGITS else 3 if currency in _THREE_DIGITS else 2


_NO_DIGITS: Final = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DIGITS: Final = frozenset("BHD IQD JOD KWD LYD OMR TND".split())

CURRENCIES: Final = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
    KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()
)
"""ISO 4217 codes of money in use; the Bulgarian lev stays for sums before 2026."""

COUNTRIES: Final = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
    EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
    HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
    LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
    NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """.split()
)
"""ISO 3166-1 alpha-2, and XK, which passports of Kosovo carry though ISO has not assigned it."""
