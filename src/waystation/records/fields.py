"""Types of field: what a value may be, how people write it, how it stands in a table and an export.

A declaration names one of these beside each field; everything else about the field follows from
it. `check` is total: any object gives a value or one `Problem`. Ill-formed text is refused, never
repaired out of sight (spec/records.md R13, R14).
"""

import json
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias
from unicodedata import combining, is_normalized, normalize

import msgspec

from waystation import wire
from waystation.errors import BadInput, Problem
from waystation.ids import ID_BYTES, from_text, to_text
from waystation.records import said
from waystation.records.labels import N_, Choice
from waystation.records.values import (
    COUNTRIES,
    CURRENCIES,
    SAID_CHARS_MAX,
    ZONE_CHARS_MAX,
    Amount,
    Day,
    Many,
    Moment,
    Money,
    Unread,
    Value,
    zone_is_known,
)

SqlValue: TypeAlias = str | int | float | bytes | None

MANY_MAX: Final = 50
_CHOICE_BYTES_MAX: Final = 34


class Who(StrEnum):
    """Who may see a field; it also decides where its kind may live (DESIGN.md, section 4)."""

    OPEN = "open"
    OFFICE = "office"
    CASE = "case"
    MASKED = "masked"


class Column(NamedTuple):
    """One SQL column: its name and one of TEXT, INTEGER, REAL, BLOB."""

    name: str
    sql_type: str


class FormContext(NamedTuple):
    """What a form's words are read against.

    Args:
        today: ISO date at the desk; a day without a year is taken nearest to it.
        zone: IANA name for times that name no zone.
        unit: the form's second input of this field (currency or zone); empty where there is none.
    """

    today: str
    zone: str
    unit: str = ""


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One declared field.

    Args:
        label: gettext id.
        who: who may see it.
        required: whether a record must have it.
        danger: whether the most dangerous of several live values is the one shown.
        searchable: whether its words enter the search index.
        hidden: whether no page shows it and no form holds it (keys and hashes).
        target: for a link, the kind that it points to; else empty.
    """

    label: str
    who: Who
    required: bool = False
    danger: bool = False
    searchable: bool = False
    hidden: bool = False
    target: str = ""
    type_name: ClassVar[str]
    python_type: ClassVar[type]
    sql_type: ClassVar[str] = "TEXT"
    unit: ClassVar[str] = ""
    """Name of a form's second input, beside the field's own: "currency", "zone", or none."""

    @property
    def is_masked(self) -> bool:
        """Whether a screen hides it until someone asks, and the asking is recorded."""
        return self.who is Who.MASKED

    def check(self, value: object) -> Value:
        """The value to store. Raises: BadInput with one problem under the empty name."""
        raise NotImplementedError

    def parse(self, text: str, context: FormContext) -> object:
        """What a form's text means, still to be checked. Raises: BadInput likewise."""
        raise NotImplementedError

    def bytes_max(self) -> int:
        """The most that one value takes on the wire, in bytes."""
        raise NotImplementedError

    def read(self, value: Value) -> Value:
        """A stored value as this field understands it; `Unread` where it does not fit."""
        return value if self._fits(value) or isinstance(value, Unread) else Unread(wire.encode(value))

    def columns(self, name: str) -> tuple[Column, ...]:
        """Its SQL columns; the first is the one to sort and compare by."""
        return (Column(name, self.sql_type),)

    def row(self, value: Value | None) -> tuple[SqlValue, ...]:
        """The value as its columns hold it; NULL for None and for what does not fit."""
        if value is None or not self._fits(value):
            return (None,) * len(self.columns(""))
        return self._row(value)

    def plain(self, value: Value) -> str:
        """The value as text without a language, for exports and for filling a form again."""
        return self._plain(value) if self._fits(value) else ""

    def plain_unit(self, value: Value) -> str:
        """What stands in the form's second input."""
        return ""

    def _fits(self, value: object) -> bool:
        return isinstance(value, self.python_type)

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (value,)

    def _plain(self, value: Any) -> str:
        return str(value)


def refusal(code: str, message: str, **values: object) -> BadInput:
    """One problem of one field, not yet under its name."""
    return BadInput({"": Problem(code, message, values)})


def wrong_type() -> BadInput:
    """Refusal of a value whose Python type does not fit; people never meet it on a page."""
    return refusal("wrong_type", N_("This field cannot hold a value of that type."))


_ILL_FORMED: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)
MARKS_MAX: Final = 30
_NO_LETTERS: Final = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_MAX + 1},}}")
_DIRECTION_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def well_formed(value: str, *, max_chars: int, multiline: bool) -> str:
    """Text in NFC, or a refusal with its reason. Ordinary right-to-left text is welcome.

    Args:
        value: any text.
        max_chars: limit in code points, counted in NFC.
        multiline: whether line feeds are allowed.
    Raises: BadInput: too_long, piled_marks, direction_controls, control_characters, one_line.
    """
    # Normalising takes seconds for ten megabytes, and for few kilobytes of marks upon one letter.
    # NFC shortens a text to a third at most.
    if len(value) > 4 * max_chars:
        raise _too_long(max_chars)
    if any(_piles_up(found[0]) for found in _NO_LETTERS.finditer(value)):
        raise refusal(
            "piled_marks",
            N_("This text piles up more marks on one letter than any writing does. Type it anew."),
        )
    if not is_normalized("NFC", value):
        value = normalize("NFC", value)
    if len(value) > max_chars:
        raise _too_long(max_chars)
    if value.isprintable():
        return value
    if _DIRECTION_CONTROLS.search(value):
        raise refusal(
            "direction_controls",
            N_(
                "This text holds invisible marks that turn the direction of writing and can hide "
                "what it says. Type it anew; ordinary right-to-left writing is welcome."
            ),
        )
    if _ILL_FORMED.search(value):
        raise refusal(
            "control_characters",
            N_("This text holds control characters. Type it anew, or paste it as plain text."),
        )
    if not multiline and "\n" in value:
        raise refusal("one_line", N_("This field takes a single line."))
    return value


def _piles_up(run: str) -> bool:
    """Whether more combining marks follow one another than Unicode's Stream-Safe form allows."""
    length = 0
    for character in run:
        length = length + 1 if combining(character) else 0
        if length > MARKS_MAX:
            return True
    return False


def _too_long(max_chars: int) -> BadInput:
    return refusal(
        "too_long",
        N_("This is too long: at most %(max_chars)s characters fit. Attach longer text as a file."),
        max_chars=max_chars,
    )


class TextField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """Words. More than one of `lines` allows line feeds and tells the page how high to draw it."""

    max_chars: int
    lines: int = 1
    type_name = "text"
    python_type = str

    def check(self, value: object) -> Value:
        if not isinstance(value, str):
            raise wrong_type()
        text = well_formed(str(value), max_chars=self.max_chars, multiline=self.lines > 1)
        if not text.strip():
            raise refusal("empty", N_("This holds nothing but spaces."))
        return text

    def parse(self, text: str, context: FormContext) -> object:
        # Browsers send CR LF; tabs come with what is pasted from a spreadsheet.
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()

    def bytes_max(self) -> int:
        return 4 * self.max_chars + 5


class ChoiceField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """One of a closed list; a danger field's list runs from least to most dangerous."""

    options: type[Choice]
    type_name = "choice"
    python_type = str

    def check(self, value: object) -> Value:
        if not isinstance(value, str):
            raise wrong_type()
        known = self._known.get(value)
        if known is None:
            raise refusal("unknown_choice", N_("Choose one of the answers offered."))
        return known

    def parse(self, text: str, context: FormContext) -> object:
        return text

    def read(self, value: Value) -> Value:
        # A newer desk's choice stays as the text that it is.
        known = self._known.get(value) if isinstance(value, str) else None
        return FieldSpec.read(self, value) if known is None else known

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (str(value),)

    def bytes_max(self) -> int:
        return _CHOICE_BYTES_MAX

    def label_of(self, value: Value) -> str:
        """Gettext id of a stored choice; what a newer desk chose stands as it is."""
        found = self.read(value)
        return found.label if isinstance(found, Choice) else str(value)

    def rank(self, value: Value | None) -> int:
        """Place in the declared order; None is lowest, what cannot be read is highest."""
        if value is None:
            return -1
        order = list(self._known)
        return order.index(value) if isinstance(value, str) and value in order else len(order)

    @property
    def _known(self) -> Mapping[str, Choice]:
        return _members(self.options)


@lru_cache(maxsize=256)
def _members(options: type[Choice]) -> Mapping[str, Choice]:
    """Stored text → member, in the declared order."""
    return {member.value: member for member in options}


class CountryField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """ISO 3166-1 alpha-2 code of a country."""

    type_name = "country"
    python_type = str

    def check(self, value: object) -> Value:
        if not isinstance(value, str):
            raise wrong_type()
        if value not in COUNTRIES:
            raise refusal("unknown_country", N_("Choose a country from the list."))
        return str(value)

    def parse(self, text: str, context: FormContext) -> object:
        return text.strip().upper()

    def bytes_max(self) -> int:
        return 3


class FlagField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """Yes or no; a box left open on a form says no."""

    type_name = "flag"
    python_type = bool
    sql_type = "INTEGER"

    def check(self, value: object) -> Value:
        if not isinstance(value, bool):
            raise wrong_type()
        return value

    def parse(self, text: str, context: FormContext) -> object:
        if text not in {"0", "1"}:
            raise refusal("unknown_choice", N_("Choose one of the answers offered."))
        return text == "1"

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (int(value),)

    def _plain(self, value: Any) -> str:
        return "1" if value else "0"

    def bytes_max(self) -> int:
        return 1


class IntegerField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """A whole number within bounds, both included."""

    low: int
    high: int
    type_name = "integer"
    python_type = int
    sql_type = "INTEGER"

    def check(self, value: object) -> Value:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type()
        if not self.low <= value <= self.high:
            raise refusal(
                "out_of_range",
                N_("Write a whole number from %(low)s to %(high)s."),
                low=self.low,
                high=self.high,
            )
        return value

    def parse(self, text: str, context: FormContext) -> object:
        return said.whole_number(text)

    def _fits(self, value: object) -> bool:
        return type(value) is int

    def bytes_max(self) -> int:
        return 9


class DayField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """A day, as far as it is known."""

    type_name = "day"
    python_type = Day

    def check(self, value: object) -> Value:
        if not isinstance(value, Day):
            raise wrong_type()
        return Day(value.earliest, value.latest, _said(value.said))

    def parse(self, text: str, context: FormContext) -> object:
        return said.day(text, today=context.today)

    def columns(self, name: str) -> tuple[Column, ...]:
        return (Column(name, "TEXT"), Column(f"{name}_to", "TEXT"), Column(f"{name}_said", "TEXT"))

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (value.sort_key, value.latest, value.said or None)

    def _plain(self, value: Any) -> str:
        return str(value.plain())

    def bytes_max(self) -> int:
        return 34 + 4 * SAID_CHARS_MAX


class NumberField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """A number, as far as it is known."""

    type_name = "number"
    python_type = Amount

    def check(self, value: object) -> Value:
        if not isinstance(value, Amount):
            raise wrong_type()
        return Amount(value.low, value.high, _said(value.said))

    def parse(self, text: str, context: FormContext) -> object:
        return said.amount(text)

    def columns(self, name: str) -> tuple[Column, ...]:
        return (
            Column(f"{name}_low", "REAL"),
            Column(f"{name}_high", "REAL"),
            Column(f"{name}_said", "TEXT"),
        )

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (value.low, value.high, value.said or None)

    def _plain(self, value: Any) -> str:
        return str(value.plain())

    def bytes_max(self) -> int:
        return 30 + 4 * SAID_CHARS_MAX


def _said(words: str) -> str:
    return well_formed(words, max_chars=SAID_CHARS_MAX, multiline=False)


class MomentField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """A point in time and its zone."""

    type_name = "moment"
    python_type = Moment
    unit = "zone"

    def check(self, value: object) -> Value:
        if not isinstance(value, Moment):
            raise wrong_type()
        if not zone_is_known(value.zone):
            raise refusal("unknown_zone", said.ZONE_HELP)
        return value

    def parse(self, text: str, context: FormContext) -> object:
        return said.moment(text, zone=context.unit or context.zone)

    def columns(self, name: str) -> tuple[Column, ...]:
        return (Column(name, "INTEGER"), Column(f"{name}_zone", "TEXT"))

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (value.ms, value.zone)

    def _plain(self, value: Any) -> str:
        return str(value.plain())

    def plain_unit(self, value: Value) -> str:
        return value.zone if isinstance(value, Moment) else ""

    def bytes_max(self) -> int:
        return 22 + 4 * ZONE_CHARS_MAX


class MoneyField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """A sum of money, never below zero."""

    type_name = "money"
    python_type = Money
    unit = "currency"

    def check(self, value: object) -> Value:
        if not isinstance(value, Money):
            raise wrong_type()
        if value.currency not in CURRENCIES:
            raise refusal("unknown_currency", said.CURRENCY_HELP)
        if value.minor < 0:
            raise refusal("out_of_range", N_("A sum is never below zero."))
        return value

    def parse(self, text: str, context: FormContext) -> object:
        return said.money(text, currency=context.unit)

    def columns(self, name: str) -> tuple[Column, ...]:
        return (Column(f"{name}_minor", "INTEGER"), Column(f"{name}_currency", "TEXT"))

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (value.minor, value.currency)

    def _plain(self, value: Any) -> str:
        return str(value.plain())

    def plain_unit(self, value: Value) -> str:
        return value.currency if isinstance(value, Money) else ""

    def bytes_max(self) -> int:
        return 21


class LinkField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """Another record, of the kind `target`: in the same folder, in its own, or of the office."""

    type_name = "link"
    python_type = bytes
    sql_type = "BLOB"

    def check(self, value: object) -> Value:
        if not isinstance(value, bytes):
            raise wrong_type()
        if len(value) != ID_BYTES:
            raise refusal("bad_link", N_("This points to no record. Choose one from the list."))
        return value

    def parse(self, text: str, context: FormContext) -> object:
        return from_text(text)

    def _fits(self, value: object) -> bool:
        return isinstance(value, bytes) and len(value) == ID_BYTES

    def _plain(self, value: Any) -> str:
        return to_text(value)

    def bytes_max(self) -> int:
        return 2 + ID_BYTES


class ManyField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """Several choices, countries or links, in no order of their own.

    Args:
        item: the field that each item would be alone.
    """

    item: ChoiceField | CountryField | LinkField
    type_name = "many"
    python_type = Many

    def check(self, value: object) -> Value:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise wrong_type()
        items: set[Any] = {self.item.check(item) for item in value}
        if len(items) > MANY_MAX:
            raise refusal("too_many", N_("At most %(many_max)s fit here."), many_max=MANY_MAX)
        if not items:
            raise refusal("empty", N_("Choose at least one, or leave the field empty."))
        return Many.of({str(item) if isinstance(item, str) else item for item in items})

    def parse(self, text: str, context: FormContext) -> object:
        return [self.item.parse(part, context) for part in text.split()]

    def _fits(self, value: object) -> bool:
        return isinstance(value, Many) and all(self.item._fits(item) for item in value)

    def _row(self, value: Any) -> tuple[SqlValue, ...]:
        return (json.dumps([self.item.plain(item) for item in value], ensure_ascii=False),)

    def _plain(self, value: Any) -> str:
        return " ".join(self.item.plain(item) for item in value)

    def bytes_max(self) -> int:
        return 10 + MANY_MAX * self.item.bytes_max()


class OctetsField(FieldSpec, frozen=True, kw_only=True, eq=False):
    """Keys and hashes: bytes that no page shows and no form carries.

    Args:
        size: length in bytes of one of them.
        count_max: how many may stand one after another.
    """

    size: int
    count_max: int = 1
    type_name = "octets"
    python_type = bytes
    sql_type = "BLOB"

    def check(self, value: object) -> Value:
        if not isinstance(value, bytes):
            raise wrong_type()
        if not value or len(value) % self.size or len(value) > self.size * self.count_max:
            raise refusal("wrong_length", N_("This field cannot hold a value of that length."))
        return value

    def parse(self, text: str, context: FormContext) -> object:
        raise refusal("not_on_forms", N_("This field is never filled by hand."))

    def _plain(self, value: Any) -> str:
        return str(value.hex())

    def bytes_max(self) -> int:
        return 5 + self.size * self.count_max
