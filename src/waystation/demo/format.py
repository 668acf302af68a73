"""What may stand in an operation file: its tables, the types of its events, and their keys (docs/operations.md).

Guarantees: whatever is not declared here is refused when a file is read. Beside the keys of its own, an event takes
fields of one or two kinds of record, under the names and rules of `records`, written as people write them on a page.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum
from typing import Final

from waystation.records import REGISTRY, KindSpec
from waystation.records.choices import ConsentScope, Judgement, Relation, TravelMode, VerificationType, VerifiedBy
from waystation.records.labels import N_, Choice

FORMAT: Final = 1
FOUNDER: Final = "founder"
"""Name of the member who founds the organisation; no event needs to add them."""
EVERYONE: Final = "everyone"
"""Name of the group of all who have asked so far."""
COUNT_MAX: Final = 5000
DAYS_MAX: Final = 3660


@dataclass(frozen=True, slots=True)
class Shape:
    """What the value of a key may be.

    Args:
        needed: gettext id of the sentence that says what is needed.
        read: the value as the program uses it. Raises: ValueError, if it is anything else.
    """

    needed: str
    read: Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table."""

    name: str
    shape: Shape
    required: bool = False


def _if(holds: bool) -> None:
    if not holds:
        raise ValueError


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    _if(bool(values))
    return tuple(_text(item) for item in values)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError
        return value

    return read


def _range(low: int, high: int) -> Callable[[object], tuple[int, int]]:
    number = _number(low, high)

    def read(value: object) -> tuple[int, int]:
        ends = value if isinstance(value, list) else [value, value]
        _if(len(ends) == 2)
        first, last = number(ends[0]), number(ends[1])
        _if(first <= last)
        return first, last

    return read


def _share(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError
    return value


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is not None:
        raise ValueError
    return value


def _day_or_moment(value: object) -> date:
    if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo is not None):
        raise ValueError
    return value


def _hour(value: object) -> time:
    if not isinstance(value, time) or value.tzinfo is not None:
        raise ValueError
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise ValueError
    return value


def _names(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    _if(bool(values))
    return tuple(_name(item) for item in values)


def _choices(options: type[Choice]) -> Callable[[object], tuple[Choice, ...]]:
    def read(value: object) -> tuple[Choice, ...]:
        return tuple(options(item) for item in _texts(value))

    return read


def _languages(value: object) -> tuple[str, ...]:
    found = _texts(value)
    _if(set(found) <= {"en", "ru"})
    return found


def _tables(keys: tuple[Key, ...]) -> Callable[[object], tuple[Mapping[str, object], ...]]:
    known = {key.name: key for key in keys}

    def read(value: object) -> tuple[Mapping[str, object], ...]:
        _if(isinstance(value, list) and bool(value))
        tables: list[Mapping[str, object]] = []
        for table in value if isinstance(value, list) else []:
            _if(isinstance(table, dict) and table.keys() <= known.keys())
            _if(all(key.name in table for key in keys if key.required))
            tables.append({name: known[name].shape.read(given) for name, given in table.items()})
        return tuple(tables)

    return read


TEXT: Final = Shape(N_("Write a text."), _text)
TEXTS: Final = Shape(N_("Write a text, or a list of texts."), _texts)
FLAG: Final = Shape(N_("Write true or false."), _flag)
SHARE: Final = Shape(N_("Write a number from 0 to 1."), _share)
DAY: Final = Shape(N_("Write a date such as 2017-04-02."), _day)
MOMENT: Final = Shape(N_("Write a date and a time without a zone, such as 2017-05-17T18:00:00."), _moment)
WHEN: Final = Shape(N_("Write a date such as 2017-04-02, or with a time, 2017-04-02T14:30:00."), _day_or_moment)
NAME: Final = Shape(N_("Write a name of small letters, digits and hyphens."), _name)
NAMES: Final = Shape(N_("Write a name of small letters, digits and hyphens, or a list of such names."), _names)
COUNT: Final = Shape(N_("Write a whole number from 1 to 5000."), _number(1, COUNT_MAX))
DAYS: Final = Shape(N_("Write a whole number of days."), _number(0, DAYS_MAX))
HOURS: Final = Shape(N_("Write a number of hours, or two of them in brackets, the smaller first."), _range(0, 2400))
DAYS_APART: Final = Shape(N_("Write a number of days, or two of them in brackets, the smaller first."), _range(1, 365))
AGES: Final = Shape(N_("Write two ages in brackets, the smaller first."), _range(0, 110))
FORMAT_ONE: Final = Shape(N_("Write 1: this Waystation reads operation files of format 1."), _number(FORMAT, FORMAT))
STEPS: Final = Shape(N_("Write checks from the list of verification steps."), _choices(VerificationType))
VERIFIERS: Final = Shape(N_("Write ourselves, partner or jointly, or a list of them."), _choices(VerifiedBy))
JUDGEMENTS: Final = Shape(N_("Write judgements from the list of credibility assessments."), _choices(Judgement))
SCOPE: Final = Shape(N_("Write what may be shared, from the list of informed consents."), _choices(ConsentScope))
RELATIONS: Final = Shape(N_("Write relations from the list of persons."), _choices(Relation))
LANGUAGES: Final = Shape(N_("Write en or ru, or a list of them."), _languages)
MODES: Final = Shape(N_("Write ways of travelling from the list of legs."), _choices(TravelMode))

LEG_KEYS: Final = (
    Key("mode", MODES),
    Key("origin", TEXT, required=True),
    Key("destination", TEXT, required=True),
    Key("departs", Shape("", _hour), required=True),
    Key("days_later", Shape("", _number(0, 30))),
    Key("minutes", Shape("", _number(1, 3000)), required=True),
    Key("carrier", TEXT),
)
LEGS: Final = Shape(
    N_("Write a list of tables with origin, destination, departs (a time), minutes, and mode, days_later, carrier."),
    _tables(LEG_KEYS),
)

OPERATION_KEYS: Final = (
    Key("format", FORMAT_ONE, required=True),
    Key("name", TEXT, required=True),
    Key("about", TEXT, required=True),
    Key("organisation", TEXT, required=True),
    Key("founder", TEXT, required=True),
    Key("zone", TEXT, required=True),
    Key("begins", MOMENT, required=True),
    Key("as_it_stood", MOMENT, required=True),
    Key("seed", TEXT, required=True),
)
PEOPLE_KEYS: Final = (
    Key("country", TEXT, required=True),
    Key("citizenship", TEXTS),
    Key("legal_status", TEXTS),
    Key("languages", TEXTS, required=True),
    Key("grounds", TEXTS, required=True),
    Key("concerns", TEXTS),
    Key("women", SHARE),
    Key("ages", AGES),
    Key("regions", TEXTS, required=True),
    Key("texts_in", LANGUAGES),
)
NAMES_KEYS: Final = (
    Key("weight", COUNT),
    Key("given_women", TEXTS, required=True),
    Key("given_men", TEXTS, required=True),
    Key("family_women", TEXTS, required=True),
    Key("family_men", TEXTS, required=True),
    Key("patronymic_women", TEXTS),
    Key("patronymic_men", TEXTS),
)
"""Of each [[people.names]]: one way of writing names."""


class People(Enum):
    """Whether an event names people by `who`."""

    NEVER = "never"
    MAY = "may"
    MUST = "must"


@dataclass(frozen=True, slots=True)
class EventType:
    """One thing that the office does.

    Args:
        name: what stands behind `what`.
        keys: of its own, beside those that many share.
        takes: kind of record → its fields that the event accepts.
        people: whether it names people, and with them `except`.
        spreads: whether it knows `count` and `until`.
        named: whether it knows `as`, and whether it must have it.
        makes: the kind of record that `as` names; empty where it names a group of people.
    """

    name: str
    keys: tuple[Key, ...] = ()
    takes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    people: People = People.NEVER
    spreads: bool = False
    named: bool | None = None
    makes: str = ""

    def all_keys(self) -> dict[str, Key]:
        """Every key that is no field of a record, by name."""
        keys = [Key("what", NAME, required=True), Key("on", WHEN, required=True), Key("basis", TEXT), *self.keys]
        if self.people is not People.NEVER:
            keys += [Key("who", NAMES, required=self.people is People.MUST), Key("except", NAMES)]
        if self.spreads:
            keys += [Key("count", COUNT), Key("until", DAY)]
        if self.named is not None:
            keys.append(Key("as", NAME, required=self.named))
        return {key.name: key for key in keys}

    def all_fields(self) -> dict[str, str]:
        """Every field that it accepts: field → kind."""
        return {name: kind for kind, names in self.takes.items() for name in names}


def _record(kind: str, *without: str) -> EventType:
    """An event that adds a record of the office or the ledger, of which a person could fill in every field."""
    return EventType(kind, takes={kind: _without(kind, *without)}, named=False, makes=kind)


def _without(kind: str, *names: str) -> tuple[str, ...]:
    return tuple(name for name in writable(REGISTRY[kind]) if name not in names)


def writable(spec: KindSpec) -> tuple[str, ...]:
    """Fields of a kind that a file may fill in: all but keys, hashes, stored files and the text of sources."""
    return tuple(
        name for name, field in spec.fields.items() if not field.hidden and field.target not in ("file", "passage")
    )


def _step(name: str, *keys: Key, takes: Mapping[str, tuple[str, ...]] | None = None) -> EventType:
    """An event that is a step of people who have asked."""
    return EventType(name, keys, takes or {}, People.MUST, spreads=True, named=False)


_PERSON: Final = tuple(
    "given_name patronymic family_name gender citizenship legal_status grounds specific_needs health".split()
)
_REQUEST: Final = tuple("code_name channel language referrer present_country region time_zone story needs".split())
_TRIAGE: Final = ("level", "timeframe", "deadline", "eligibility", "needs")
_CASE: Final = tuple("caseworker supervisor partner region summary needs case_plan safety_plan press_silence".split())

_DECLARED: Final = (
    # The office and the ledger.
    _record("member"),
    _record("partner"),
    _record("helper"),
    _record("duty"),
    EventType("place", takes={"place": writable(REGISTRY["place"])}, named=True, makes="place"),
    _record("route"),
    _record("source", "kept"),
    EventType(
        "claim",
        (Key("source", NAME, required=True),),
        {"claim": writable(REGISTRY["claim"]), "citation": ("relation", "words", "locator", "dated", "grade")},
        named=False,
        makes="claim",
    ),
    _record("citation", "starts"),
    _record("campaign"),
    EventType("donation", takes={"donation": _without("donation", "received")}, spreads=True),
    EventType("expense", takes={"expense": _without("expense", "spent", "for_case")}, people=People.MAY, spreads=True),
    EventType("change", (Key("record", NAME, required=True),)),
    EventType("expose", (Key("place", NAME, required=True), Key("words", TEXT, required=True))),
    # From the first message to a case.
    EventType(
        "ask",
        (Key("with", RELATIONS), Key("texts_in", LANGUAGES)),
        {"request": _REQUEST, "person": _PERSON},
        spreads=True,
        named=True,
    ),
    _step("triage", takes={"request": _TRIAGE}),
    _step(
        "check",
        Key("steps", STEPS),
        Key("by", VERIFIERS),
        Key("hours", HOURS),
        Key("judged", FLAG),
        Key("judgement", JUDGEMENTS),
        takes={"verification_step": ("partner", "result", "findings"), "credibility_assessment": ("reasons",)},
    ),
    _step("accept", Key("unverified_because", TEXT), Key("scope", SCOPE), takes={"case": _CASE}),
    _step("end", takes={"request": ("outcome", "outcome_reason")}),
    _step("join", Key("same_as", NAME, required=True)),
    # The work on a case.
    _step("assess", Key("review_days", DAYS), takes={"risk_assessment": ("level", "timeframe", "deadline", "reasons")}),
    _step("note", takes={"note": ("body",)}),
    EventType(
        "task",
        (Key("done", FLAG),),
        {"task": ("title", "details", "due", "assignee", "result")},
        People.MAY,
        spreads=True,
        named=False,
    ),
    _step("check-in", Key("answered", FLAG), takes={"check_in": ("due", "agreed_words", "condition", "said")}),
    _step("attach", Key("content", TEXT, required=True), takes={"file": ("name", "media_type", "description")}),
    EventType("care", (Key("every_days", DAYS_APART), Key("notes", SHARE), Key("until", DAY)), people=People.MUST),
    _step("alarm", Key("words", TEXTS)),
    # Out of danger, and away.
    _step(
        "evacuate",
        Key("places", NAMES),
        Key("mode", MODES),
        takes={"evacuation": ("origin", "refuge", "partner", "remarks")},
    ),
    _step("hide", Key("places", NAMES, required=True), Key("nights", DAYS), takes={"stay": ("remarks",)}),
    _step(
        "apply",
        takes={
            "application": (
                "route", "filed_at", "reference", "partner", "priority", "primary_category", "secondary_category",
                "expected", "remarks",
            )
        },
    ),
    _step("decide", takes={"decision": ("outcome", "reason", "valid_until", "appeal_until")}),
    EventType(
        "discourage", (), {"discouragement": ("route", "by_whom", "words")}, People.MAY, spreads=True, named=False
    ),
    _step(
        "plan",
        Key("legs", LEGS, required=True),
        Key("unusual_because", TEXT),
        takes={"journey": ("destination", "planned", "escort", "meeting", "remarks")},
    ),
    _step("travel", takes={"leg": ("outcome", "remarks")}),
    _step("arrive", takes={"arrival": ("country", "city", "confirmed", "partner")}),
    _step("depart", takes={"own_departure": ("papers", "destination", "remarks")}),
    _step(
        "follow-up",
        Key("next_days", DAYS),
        takes={"follow_up": ("condition", "housing", "solution", "needs", "findings")},
    ),
    _step("close", Key("carried", TEXT), takes={"closure": ("reason", "details", "transferred_to")}),
)  # fmt: skip

NEEDED: Final[Mapping[str, frozenset[str]]] = {"end": frozenset(("outcome",))}
"""Event type → fields that it needs though a record of their kind does not."""

FILLED_IN: Final[Mapping[str, frozenset[str]]] = {
    "place": frozenset(("code_name",)),
    "ask": frozenset(("code_name",)),
    "check": frozenset(("reasons",)),
    "assess": frozenset(("reasons", "level", "timeframe")),
    "note": frozenset(("body",)),
    "task": frozenset(("title",)),
    "arrive": frozenset(("country",)),
}
"""Event type → required fields that need not stand in a file: the seed or the office fills them in."""

EVENTS: Final[Mapping[str, EventType]] = {event.name: event for event in _DECLARED}
"""Every type of event, by its name."""
