"""An operation as it is played: events with their days, people and fields. `reading` makes it from a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from waystation.clock import Millis
from waystation.demo.format import EventType
from waystation.records import Value

Table = Mapping[str, object]
Alternatives = Mapping[str, tuple[Value, ...]]
"""Field → the values of which each person, or each record, gets one."""


@dataclass(frozen=True, slots=True)
class Event:
    """One dated table of the file.

    Args:
        number: its place in the file, from 1.
        first, last: the days between which it happens, both included.
        at: the local time of day, where the file gives one.
        count: how many people or records; None where the file does not say.
        who, without: names of groups.
        name: what `as` says; empty if nothing.
        values: the event's own keys.
        fields: kind → its fields.
        links: field → names of records, of which each gets one.
    """

    number: int
    type: EventType
    first: date
    last: date
    at: time | None
    count: int | None
    who: tuple[str, ...]
    without: tuple[str, ...]
    name: str
    values: Table
    fields: Mapping[str, Alternatives]
    links: Mapping[str, tuple[str, ...]]

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"event {self.number} ({self.type.name}, {self.first.isoformat()})"

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key)
        return value if isinstance(value, str) else default

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        return tuple(str(item) for item in value) if isinstance(value, tuple) else ()

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key)
        return value if isinstance(value, bool) else default

    def number_of(self, key: str, default: int) -> int:
        value = self.values.get(key)
        return value if isinstance(value, int) else default

    def range_of(self, key: str, default: tuple[int, int]) -> tuple[int, int]:
        value = self.values.get(key)
        return (int(value[0]), int(value[1])) if isinstance(value, tuple) else default

    def share(self, key: str, default: float) -> float:
        value = self.values.get(key)
        return value if isinstance(value, float) else default

    def tables(self, key: str) -> tuple[Table, ...]:
        value = self.values.get(key)
        return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, tuple) else ()


@dataclass(frozen=True, slots=True)
class NamePool:
    """One way of writing names, and how often it is met."""

    weight: int
    given: Mapping[str, tuple[str, ...]]
    family: Mapping[str, tuple[str, ...]]
    patronymic: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class People:
    """From what the synthetic people of an operation are drawn. A value that stands twice is twice as likely."""

    country: str
    citizenship: tuple[str, ...]
    legal_status: tuple[str, ...]
    languages: tuple[str, ...]
    grounds: tuple[str, ...]
    concerns: tuple[str, ...]
    women: float
    ages: tuple[int, int]
    regions: tuple[str, ...]
    texts_in: tuple[str, ...]
    names: tuple[NamePool, ...]


Texts = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Language → pool → sentences."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything that a file says.

    Args:
        begins, stood: UTC ms: where the clock stands at founding, and the moment as which it is shown.
        kinds: name of a record → its kind.
        sizes: name of a group → how many parties it has in the end.
    """

    name: str
    about: str
    organisation: str
    founder: str
    zone: str
    begins: Millis
    stood: Millis
    seed: str
    people: People
    texts: Texts
    events: tuple[Event, ...]
    kinds: Mapping[str, str]
    sizes: Mapping[str, int]

    def at(self, day: date, hour: time) -> Millis:
        """UTC ms of a wall-clock time where the operation is told."""
        there = datetime.combine(day, hour, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        return Millis((there - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))

    def day(self, at_ms: int) -> date:
        """The local day of a moment, UTC ms."""
        return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.zone)).date()
