"""Synthetic people: drawn from an operation's pools by its seed, and never from anyone who lives.

Guarantees: the same seed gives the same people; numbers belong to nobody (+999 is no country's, example.org no one's).
A person here is only what a caseworker would write down: fields of the office's records.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from waystation.demo.chance import Chance
from waystation.demo.operation import NamePool, Operation, Texts
from waystation.records import Day, Many, Value
from waystation.records.choices import (
    ContactSafety,
    ContactType,
    DocumentHolder,
    DocumentType,
    Gender,
    PersonRole,
    Relation,
)

Fields = Mapping[str, Value]

_SAFETY: Final = (*[ContactSafety.SAFE] * 4, *[ContactSafety.WITH_CARE] * 4, ContactSafety.UNKNOWN)
_CONTACTS: Final = (*[ContactType.SIGNAL] * 4, *[ContactType.WHATSAPP] * 2, ContactType.TELEGRAM, ContactType.EMAIL)
_HOLDERS: Final = (
    *[DocumentHolder.PERSON] * 5,
    *[DocumentHolder.FAMILY] * 3,
    DocumentHolder.AUTHORITIES,
    DocumentHolder.LOST,
)
_YEARS_YOUNGER: Final = {Relation.CHILD: (18, 30), Relation.PARENT: (-30, -18)}


class Author:
    """Writes sentences from the pools, in one of the operation's languages.

    Args:
        language: of the texts about one person; a pool that this language lacks is taken in English.
    """

    def __init__(self, texts: Texts, language: str) -> None:
        self.language = language
        self._pools = texts.get(language, {})
        self._english = texts["en"]
        self._written: dict[str, set[str]] = {}

    def write(self, pool: str, chance: Chance) -> str:
        """One sentence of a pool; none a second time before all have been written."""
        sentences = self._pools.get(pool) or self._english[pool]
        written = self._written.setdefault(pool, set())
        if len(written) == len(set(sentences)):
            written.clear()
        sentence = chance.pick([one for one in sentences if one not in written])
        written.add(sentence)
        return sentence

    def story(self, chance: Chance) -> str:
        """What happened, what is feared, and where they are now."""
        return " ".join(self.write(pool, chance) for pool in ("happened", "fear", "now"))


def several(items: Iterable[str]) -> Many:
    """Choices as a field of several holds them."""
    return Many.of([str(item) for item in items])


def household(operation: Operation, chance: Chance, relations: Sequence[str], on: date) -> list[dict[str, Value]]:
    """The people of one request: the one who asks, and those who move with them.

    Args:
        relations: of the others to the one who asks.
        on: the day on which they ask.
    Returns: fields of `person`, the principal applicant first.
    """
    pool = _name_pool(operation, chance)
    first = _person(operation, chance, pool, on, operation.people.ages)
    people = [{**first, "role": PersonRole.PRINCIPAL}]
    family, year = first["family_name"], _year(first)
    for relation in relations:
        known = Relation(relation)
        other = _person(operation, chance, pool, on, operation.people.ages)
        if known in _YEARS_YOUNGER:
            low, high = _YEARS_YOUNGER[known]
            born = min(on - timedelta(days=200), date(year + chance.between(low, high), 1, 1) + _some_days(chance))
            other["born"] = Day(born.isoformat(), born.isoformat())
        if known in (Relation.CHILD, Relation.SIBLING, Relation.PARENT) and other["gender"] == first["gender"]:
            other["family_name"] = family
        people.append({**other, "role": PersonRole.IN_CASE, "relation": known})
    return people


def contact(chance: Chance, author: Author) -> Fields:
    """A contact channel that belongs to nobody."""
    channel = chance.pick(_CONTACTS)
    word = chance.pick(("lantern", "harbour", "walnut", "heron", "orchard", "kettle", "north", "maple"))
    handles = {
        ContactType.EMAIL: f"{word}.{chance.between(100, 999)}@example.org",
        ContactType.TELEGRAM: f"@{word}_{chance.between(100, 999)}_invented",
    }
    return {
        "type": channel,
        "handle": handles.get(channel, _number(chance)),
        "safety": chance.pick(_SAFETY),
        "when_safe": author.write("when_safe", chance),
    }


def old_number(chance: Chance) -> Fields:
    """The telephone that they had before, and that others listen to."""
    return {"type": ContactType.PHONE, "handle": _number(chance), "safety": ContactSafety.WATCHED}


def document(operation: Operation, chance: Chance, on: date) -> Fields:
    """A passport, wherever it is; its number is of no country's form."""
    expires = on + timedelta(days=chance.between(200, 3000))
    return {
        "type": DocumentType.PASSPORT,
        "number": f"DEMO {chance.between(1000, 9999)} {chance.between(100000, 999999)}",
        "issued_by": chance.pick(operation.people.citizenship),
        "expires": Day(expires.isoformat(), expires.isoformat()),
        "holder": chance.pick(_HOLDERS),
    }


def born(chance: Chance, ages: tuple[int, int], on: date) -> Day:
    """A birthday as far as it is known: mostly the day, at times the year, at times about."""
    age_days = chance.between(ages[0] * 366, ages[1] * 365 + 364)
    day = on - timedelta(days=age_days)
    known = chance.between(1, 10)
    if known <= 7:
        return Day(day.isoformat(), day.isoformat())
    if known <= 9:
        return Day(f"{day.year}-01-01", f"{day.year}-12-31")
    return Day(f"{day.year - 1}-01-01", f"{day.year + 1}-12-31", f"about {day.year}")


def _person(operation: Operation, chance: Chance, pool: NamePool, on: date, ages: tuple[int, int]) -> dict[str, Value]:
    people = operation.people
    gender = Gender.WOMAN if chance.yes(people.women) else Gender.MAN
    fields: dict[str, Value] = {
        "given_name": chance.pick(pool.given[gender]),
        "family_name": chance.pick(pool.family[gender]),
        "born": born(chance, ages, on),
        "gender": gender,
        "citizenship": chance.pick(people.citizenship),
        "legal_status": chance.pick(people.legal_status),
        "languages": several(people.languages),
        "grounds": several([chance.pick(people.grounds)]),
    }
    if pool.patronymic[gender]:
        fields["patronymic"] = chance.pick(pool.patronymic[gender])
    return fields


def _number(chance: Chance) -> str:
    parts = (chance.between(100, 999), chance.between(100, 999), chance.between(10, 99), chance.between(10, 99))
    return " ".join(map(str, ("+999", *parts)))


def _name_pool(operation: Operation, chance: Chance) -> NamePool:
    return chance.pick([pool for pool in operation.people.names for _ in range(pool.weight)])


def _year(person: Fields) -> int:
    day = person["born"]
    return int(day.sort_key[:4]) if isinstance(day, Day) else 1980


def _some_days(chance: Chance) -> timedelta:
    return timedelta(days=chance.between(0, 364))
