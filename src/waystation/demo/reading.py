"""Reads an operation from a TOML file, and checks it as a whole before anything is written (docs/operations.md).

Guarantees: a file that loads is well-formed in every key, field, name and day; a problem names its table and key, and
all are named at once. What only the course of events shows, such as a house without a free bed, is found in the play.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from waystation.clock import Millis
from waystation.demo.format import (
    EVENTS,
    EVERYONE,
    FILLED_IN,
    FOUNDER,
    NAMES_KEYS,
    NEEDED,
    OPERATION_KEYS,
    PEOPLE_KEYS,
    EventType,
    Key,
    writable,
)
from waystation.demo.operation import Alternatives, Event, NamePool, Operation, People, Table, Texts
from waystation.errors import BadInput, Problem, StoreError
from waystation.records import REGISTRY, Value, from_form
from waystation.records.choices import VerifiedBy
from waystation.records.labels import N_
from waystation.records.values import COUNTRIES, zone_is_known

SHIPPED: Final = files("waystation.demo") / "operations" / "chechnya_2017.toml"
"""The operation of 2017, in public figures."""

FILE_MAX: Final = 4_000_000
"""Bytes; the shipped operation takes less than a fiftieth."""


def load(file: Path | Traversable = SHIPPED) -> Operation:
    """Reads and checks an operation file.

    Args:
        file: TOML of format 1, in UTF-8.
    Raises: StoreError, if it cannot be read; BadInput, naming every table and key that cannot stand.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_MAX + 1)
    except OSError:
        raise StoreError("This operation file cannot be read. Check its path, and that you may read it.") from None
    try:
        if len(content) > FILE_MAX:
            raise ValueError
        tables = tomllib.loads(content.decode())
    except tomllib.TOMLDecodeError as error:
        message = N_("This is no TOML: %(why)s. Correct that place and try again.")
        raise BadInput({"": Problem("not_toml", message, {"why": str(error)})}) from None
    except ValueError:
        message = N_("This is no operation file: it is no text in UTF-8, or longer than 4 MB.")
        raise BadInput({"": Problem("not_text", message)}) from None
    return _Reading(tables).operation()


def shipped_texts() -> Texts:
    """The sentences that serve any operation."""
    return _texts(tomllib.loads((files("waystation.demo") / "texts.toml").read_text(encoding="utf-8")))


class _Reading:
    """One pass over a file; problems are gathered and raised together."""

    def __init__(self, tables: Table) -> None:
        self._tables = tables
        self._problems: dict[str, Problem] = {}
        self._zone = "UTC"
        self._kinds: dict[str, str] = {FOUNDER: "member"}
        self._groups: set[str] = {EVERYONE}
        self._added: dict[str, date] = {}

    def operation(self) -> Operation:
        for name in sorted(self._tables.keys() - {"operation", "people", "texts", "event"}):
            self._problem(name, "unknown_table", N_("%(where)s: there is no such table. Check its spelling."))
        head = self._keys("operation", self._table("operation"), OPERATION_KEYS)
        zone = head.get("zone")
        if isinstance(zone, str) and zone_is_known(zone):
            self._zone = zone
        elif "zone" in head:
            message = N_("%(where)s: this time zone is not known. Write one such as Europe/Moscow.")
            self._problem("operation: zone", "unknown_zone", message)
        people = self._people()
        texts = self._own_texts()
        tables = self._tables.get("event")
        if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
            self._problem("event", "required", N_("%(where)s: an operation needs at least one."))
            tables = []
        self._name_all(tables)
        events = [event for n, table in enumerate(tables, 1) if (event := self._event(n, table)) is not None]
        begins, stood = head.get("begins"), head.get("as_it_stood")
        if isinstance(begins, datetime) and isinstance(stood, datetime):
            self._check_days(events, begins, stood)
        sizes = self._sizes(events)
        self._refuse_problems()
        assert isinstance(begins, datetime)
        assert isinstance(stood, datetime)
        assert people is not None
        return Operation(
            name=str(head["name"]),
            about=str(head["about"]),
            organisation=str(head["organisation"]),
            founder=str(head["founder"]),
            zone=str(head["zone"]),
            begins=self._ms(begins),
            stood=self._ms(stood),
            seed=str(head["seed"]),
            people=people,
            texts=texts,
            events=tuple(events),
            kinds=self._kinds,
            sizes=sizes,
        )

    def _ms(self, moment: datetime) -> Millis:
        return Millis(int(moment.replace(tzinfo=ZoneInfo(self._zone)).timestamp()) * 1000)

    def _problem(self, where: str, code: str, message: str, **values: object) -> None:
        self._problems[where] = Problem(code, message, {"where": where, **values})

    def _refuse_problems(self) -> None:
        if self._problems:
            raise BadInput(self._problems)

    def _table(self, name: str) -> Table:
        table = self._tables.get(name)
        if isinstance(table, dict):
            return table
        self._problem(name, "required", N_("%(where)s: this table is needed."))
        return {}

    def _keys(self, where: str, table: Table, keys: Sequence[Key]) -> dict[str, object]:
        """The values of declared keys; unknown, missing and ill-formed ones become problems."""
        known = {key.name: key for key in keys}
        found: dict[str, object] = {}
        for name, value in table.items():
            if name not in known:
                message = N_("%(where)s: there is no such key here. Check its spelling.")
                self._problem(f"{where}: {name}", "unknown_key", message)
                continue
            try:
                found[name] = known[name].shape.read(value)
            except (ValueError, TypeError):
                self._needed(f"{where}: {name}", known[name].shape.needed)
        for key in keys:
            if key.required and key.name not in table:
                self._problem(f"{where}: {key.name}", "required", N_("%(where)s: this key is needed."))
        return found

    def _needed(self, where: str, needed: str) -> None:
        self._problem(where, "wrong_value", "%(where)s: %(why)s", why=needed)

    def _people(self) -> People | None:
        table = dict(self._table("people"))
        pools = table.pop("names", None)
        found = self._keys("people", table, PEOPLE_KEYS)
        if not isinstance(pools, list) or not pools or not all(isinstance(pool, dict) for pool in pools):
            self._problem("people.names", "required", N_("%(where)s: at least one is needed."))
            pools = []
        names = [self._keys(f"people.names {n}", pool, NAMES_KEYS) for n, pool in enumerate(pools, 1)]
        country = found.get("country")
        texts = {key: _tuple(found.get(key)) for key in ("citizenship", "legal_status", "languages", "grounds")}
        texts["citizenship"] = texts["citizenship"] or _tuple(country)
        texts["legal_status"] = texts["legal_status"] or ("national",)
        concerns = _tuple(found.get("concerns")) or CONCERNS
        for concern in concerns:
            self._field("people: concerns", "protection_concern", "type", concern, date(2000, 1, 1))
        for code in _tuple(country):
            if code not in COUNTRIES:
                self._needed("people: country", N_("Write the two letters of a country."))
        for key, values in texts.items():
            for value in values:
                self._field(f"people: {key}", "person", key, value, date(2000, 1, 1))
        if self._problems:
            return None
        ages = found.get("ages")
        women = found.get("women")
        return People(
            country=str(country),
            **texts,
            concerns=concerns,
            women=women if isinstance(women, float) else 0.5,
            ages=(int(ages[0]), int(ages[1])) if isinstance(ages, tuple) else (18, 60),
            regions=_tuple(found.get("regions")),
            texts_in=_tuple(found.get("texts_in")) or ("en",),
            names=tuple(_pool(pool) for pool in names),
        )

    def _own_texts(self) -> Texts:
        """The shipped sentences, with the file's pools in place of those of the same name."""
        shipped, own = shipped_texts(), self._tables.get("texts", {})
        merged = {language: dict(pools) for language, pools in shipped.items()}
        if not isinstance(own, dict):
            self._needed("texts", N_("Write tables such as [texts.en]."))
            return merged
        for language, pools in own.items():
            if language not in shipped or not isinstance(pools, dict):
                self._needed(f"texts.{language}", N_("Texts are written in en or ru."))
                continue
            for name, sentences in pools.items():
                where = f"texts.{language}: {name}"
                if name not in shipped["en"]:
                    message = N_("%(where)s: there is no such key here. Check its spelling.")
                    self._problem(where, "unknown_key", message)
                elif not _are_texts(sentences):
                    self._needed(where, N_("Write a list of texts."))
                else:
                    merged[language][name] = tuple(sentences)
        return merged

    def _name_all(self, tables: Sequence[Table]) -> None:
        """Learns every name that `as` gives, so that an event may name what stands further down."""
        for number, table in enumerate(tables, 1):
            event = EVENTS.get(str(table.get("what")))
            name = table.get("as")
            if event is None or not isinstance(name, str):
                continue
            where = f"event {number} ({event.name}): as"
            if name in self._kinds or name in (EVERYONE, FOUNDER) or (name in self._groups and event.makes):
                self._problem(where, "taken", N_("%(where)s: this name is taken. Choose another."))
            elif event.makes:
                self._kinds[name] = event.makes
                on = table.get("on")
                if isinstance(on, date):
                    self._added[name] = on.date() if isinstance(on, datetime) else on
            else:
                self._groups.add(name)

    def _event(self, number: int, table: Table) -> Event | None:
        declared = EVENTS.get(str(table.get("what")))
        if declared is None:
            self._problem(f"event {number}: what", "unknown_type", N_("%(where)s: there is no such type of event."))
            return None
        where = f"event {number} ({declared.name})"
        keys, accepted = declared.all_keys(), self._accepted(declared, table)
        fields_given = {name: value for name, value in table.items() if name in accepted}
        own = self._keys(where, {n: v for n, v in table.items() if n not in accepted}, tuple(keys.values()))
        on, until = own.get("on"), own.get("until")
        if not isinstance(on, date):
            return None
        first = on.date() if isinstance(on, datetime) else on
        last = until if isinstance(until, date) else first
        if last < first:
            self._problem(f"{where}: until", "before", N_("%(where)s: this is before the day of `on`."))
        self._check_names(where, declared, own, last)
        fields, links = self._fields(where, accepted, fields_given, first, last)
        self._check_required(where, declared, fields_given)
        partners = {VerifiedBy.PARTNER, VerifiedBy.JOINTLY} & set(_tuple(own.get("by")))
        if partners and "partner" not in links:
            self._problem(f"{where}: partner", "required", N_("%(where)s: this key is needed."))
        count = own.get("count")
        shared = set(keys) - {key.name for key in declared.keys}
        return Event(
            number=number,
            type=declared,
            first=first,
            last=last,
            at=on.time() if isinstance(on, datetime) else None,
            count=count if isinstance(count, int) else None,
            who=_tuple(own.get("who")),
            without=_tuple(own.get("except")),
            name=str(own.get("as", "")),
            values={name: value for name, value in own.items() if name not in shared},
            fields=fields,
            links=links,
        )

    def _accepted(self, declared: EventType, table: Table) -> dict[str, str]:
        """Fields that an event may have: field → kind. A change has those of the record that it names."""
        kind = self._kinds.get(str(table.get("record")))
        if declared.name == "change" and kind is not None:
            return dict.fromkeys(writable(REGISTRY[kind]), kind)
        return declared.all_fields()

    def _check_names(self, where: str, declared: EventType, own: Table, last: date) -> None:
        for key in ("who", "except", "same_as"):
            for name in _tuple(own.get(key)):
                if name not in self._groups:
                    message = N_("%(where)s: no event gives this name to people.")
                    self._problem(f"{where}: {key}", "unknown_name", message)
        for key, kind in (("source", "source"), ("places", "place"), ("place", "place"), ("record", "")):
            if key not in {own_key.name for own_key in declared.keys}:
                continue
            for name in _tuple(own.get(key)):
                self._check_name(f"{where}: {key}", name, kind, last)

    def _check_name(self, where: str, name: str, kind: str, last: date) -> None:
        if name not in self._kinds or (kind and self._kinds[name] != kind):
            message = N_("%(where)s: no event gives this name to a record of that kind.")
            self._problem(where, "unknown_name", message)
        elif self._added.get(name, last) > last:
            self._problem(where, "added_later", N_("%(where)s: the record of this name is added on a later day."))

    def _fields(
        self, where: str, accepted: Mapping[str, str], given: Table, on: date, last: date
    ) -> tuple[Mapping[str, Alternatives], Mapping[str, tuple[str, ...]]]:
        fields: dict[str, dict[str, tuple[Value, ...]]] = {}
        links: dict[str, tuple[str, ...]] = {}
        for name, value in given.items():
            spec = REGISTRY[accepted[name]].fields[name]
            if spec.target:
                links[name] = _tuple(tuple(value) if isinstance(value, list) else value)
                if not links[name] or not all(links[name]):
                    self._needed(f"{where}: {name}", N_("Write the name that another event gives by `as`."))
                for target in links[name]:
                    self._check_name(f"{where}: {name}", target, spec.target, last)
                continue
            items = value if isinstance(value, list) and spec.type_name != "many" else [value]
            found = [self._field(f"{where}: {name}", accepted[name], name, item, on) for item in items]
            if not found:
                self._needed(f"{where}: {name}", N_("Write a text, or a list of texts."))
            fields.setdefault(accepted[name], {})[name] = tuple(item for item in found if item is not None)
        return fields, links

    def _field(self, where: str, kind: str, name: str, value: object, on: date) -> Value | None:
        """One field's value, read as from a page."""
        try:
            texts = [_as_typed(item) for item in (value if isinstance(value, list) else [value])]
            read = from_form(REGISTRY[kind], {name: texts}, today=on.isoformat(), zone=self._zone)
        except BadInput as refused:
            problem = next(iter(refused.problems.values()))
            self._needed(where, problem.message % dict(problem.values))
            return None
        except TypeError:
            self._needed(where, N_("Write a text, a number, true, false or a date."))
            return None
        if read.get(name) is None:
            self._needed(where, N_("This is empty. Write something, or leave the key out."))
        return read.get(name)

    def _check_required(self, where: str, declared: EventType, given: Table) -> None:
        """A record's required fields, but for those that the office or the player fills in."""
        filled, needed = FILLED_IN.get(declared.name, frozenset()), NEEDED.get(declared.name, frozenset())
        for name, kind in declared.all_fields().items():
            if name not in given and (name in needed or (REGISTRY[kind].fields[name].required and name not in filled)):
                self._problem(f"{where}: {name}", "required", N_("%(where)s: this key is needed."))

    def _sizes(self, events: Sequence[Event]) -> dict[str, int]:
        """How many each group has in the end; a step without a count takes all of its groups."""
        sizes = dict.fromkeys(self._groups, 0)
        for event in events:
            if event.type.name == "ask":
                for name in (EVERYONE, event.name):
                    sizes[name] += event.count or 1
        for event in events:
            if event.who and event.count is None and event.without and event.type.spreads:
                message = N_("%(where)s: this key is needed beside `except`.")
                self._problem(f"{event.where}: count", "required", message)
            elif event.name in sizes and event.type.name != "ask":
                sizes[event.name] += event.count or sum(sizes.get(name, 0) for name in event.who)
        return sizes

    def _check_days(self, events: Sequence[Event], begins: datetime, stood: datetime) -> None:
        if stood <= begins:
            self._problem("operation: as_it_stood", "before", N_("%(where)s: this is before the operation begins."))
        for event in events:
            if event.first < begins.date():
                message = N_("%(where)s: this is before the operation begins.")
                self._problem(f"{event.where}: on", "before_begin", message)
            if event.last > stood.date() or (event.last == stood.date() and event.at and event.at > stood.time()):
                message = N_("%(where)s: this is after the moment as which the operation is shown.")
                self._problem(f"{event.where}: until", "after_end", message)


CONCERNS: Final = ("family", "family", "police", "detention", "exposure", "blackmail", "security_service")
"""Protection concerns, where a file names none."""


def _as_typed(value: object) -> str:
    """What a person would type for a TOML value. Raises: TypeError."""
    match value:
        case bool():
            return "1" if value else "0"
        case str():
            return value
        case int() | float():
            return str(value)
        case datetime():
            return value.isoformat(timespec="minutes")
        case date():
            return value.isoformat()
        case _:
            raise TypeError


def _tuple(value: object) -> tuple[str, ...]:
    match value:
        case str():
            return (value,)
        case tuple():
            return tuple(str(item) for item in value)
        case _:
            return ()


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) and item.strip() for item in value)


def _texts(tables: Mapping[str, object]) -> Texts:
    return {
        language: {name: tuple(sentences) for name, sentences in pools.items() if _are_texts(sentences)}
        for language, pools in tables.items()
        if isinstance(pools, dict)
    }


def _pool(keys: Table) -> NamePool:
    def by_gender(what: str) -> dict[str, tuple[str, ...]]:
        return {"woman": _tuple(keys.get(f"{what}_women")), "man": _tuple(keys.get(f"{what}_men"))}

    weight = keys.get("weight")
    return NamePool(
        weight if isinstance(weight, int) else 1, by_gender("given"), by_gender("family"), by_gender("patronymic")
    )
