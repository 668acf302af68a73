"""Time zones of the people we serve: which are known, which one a country leaves no doubt about, what was meant.

Guarantees: a case and a request keep the name of a zone that this machine knows, or none. A zone is filled in unasked
only where the country has no other.
"""

from functools import cache
from typing import Final, NoReturn

from babel import Locale
from babel.core import get_global
from rapidfuzz import process

from waystation.office.writing import Entry, Writing, refuse
from waystation.records.labels import N_
from waystation.records.values import zone_is_known

LANGUAGES: Final = ("en", "ru")
"""In which a town may be written when its zone is looked for."""

_NO_COUNTRY: Final = frozenset(("001", "ZZ"))
"""Where zones lie that are no place: a fixed distance from Greenwich, the whole world."""

_NEAR: Final = 75
"""Below this likeness (of 100) a proposal would only confuse."""


@cache
def towns(language: str) -> dict[str, str]:
    """Zone → the town that stands for it, for every zone that is offered, by town.

    Args:
        language: code of a language that Babel knows.
    """
    locale = Locale.parse(language)
    found = {zone: town(zone, locale) for zone in _zones()}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].casefold().replace("ё", "е"), pair[0])))


def town(zone: str, locale: Locale) -> str:
    """The town that stands for a zone, such as "Kyiv" or "Киев"; the end of the zone's name if it has none."""
    named = (locale.time_zones.get(name, {}).get("city") for name in (zone, *_older_names().get(zone, ())))
    return next((str(city) for city in named if city), _last(zone))


def proposed(country: str) -> str:
    """The zone of a country that has only one; empty for every other."""
    zones = [zone for zone in get_global("territory_zones").get(country, ()) if zone_is_known(zone)]
    return str(zones[0]) if len(zones) == 1 else ""


def nearest(text: str) -> str:
    """The zone that was probably meant, by its name or by that of its town; empty if nothing is near."""
    names = _names()
    key = _key(text)
    if key in names:
        return names[key]
    found = process.extractOne(key, names.keys(), score_cutoff=_NEAR)
    return names[found[0]] if found else ""


def check(writing: Writing, entry: Entry) -> None:
    """A case's or a request's zone is one that is known; a town's name is taken for its zone.

    Raises: BadInput, with what was probably meant.
    """
    given = entry.fields.get("time_zone")
    if isinstance(given, str):
        named = given.strip()
        known = named if zone_is_known(named) else _names().get(_key(named))
        if known is None:
            _refuse(named)
        entry.fields["time_zone"] = known
    elif "present_country" in entry.fields and entry.get("time_zone") is None:
        only = proposed(str(entry.fields["present_country"] or ""))
        if only:
            entry.fields["time_zone"] = only


def _refuse(given: str) -> NoReturn:
    near = nearest(given)
    if not near:
        refuse("time_zone", "unknown_zone", N_("No time zone has this name. Choose the nearest town of the list."))
    refuse("time_zone", "unknown_zone", N_("No time zone has this name. Did you mean “%(zone)s”?"), zone=near)


@cache
def _zones() -> tuple[str, ...]:
    """The zones that stand for a place, each under the one name that is used today."""
    return tuple(
        zone
        for zone, country in get_global("zone_territories").items()
        if country not in _NO_COUNTRY and zone_is_known(zone)
    )


@cache
def _older_names() -> dict[str, list[str]]:
    """A zone's name of today → those before it, under which languages still keep the town: Europe/Kiev."""
    names: dict[str, list[str]] = {}
    for older, today in get_global("zone_aliases").items():
        names.setdefault(today, []).append(older)
    return names


@cache
def _names() -> dict[str, str]:
    """How a zone may be called, case folded → the zone. A town that two zones share stands for neither."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for zone in _zones():
        called = {_last(zone).casefold(), *(towns(language)[zone].casefold() for language in LANGUAGES)}
        shared |= called & names.keys()
        names |= dict.fromkeys(called, zone)
    names = {called: zone for called, zone in names.items() if called not in shared}
    return {**names, **{_key(zone): zone for zone in _zones()}}


def _key(text: str) -> str:
    return text.strip().casefold().replace("_", " ")


def _last(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
