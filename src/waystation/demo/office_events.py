"""Events of the office and the ledger: staff, places, routes, sources and claims, money."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from waystation.demo.format import EVERYONE
from waystation.demo.operation import Event
from waystation.demo.party import House
from waystation.demo.stage import Stage, refuse, shares
from waystation.ids import FolderId, MemberId, RecordId
from waystation.office import casework, membership, shelter, testimony
from waystation.office.casework import Part
from waystation.records import Day, Many, Money
from waystation.records.choices import DonationMethod, Role

_METHODS: Final = (*[DonationMethod.CARD] * 5, *[DonationMethod.TRANSFER] * 3, DonationMethod.PLATFORM)
_ROUND_MINOR: Final = 500
"""Gifts and bills are mostly multiples of five."""


def add_record(stage: Stage, event: Event) -> None:
    """A record of the office or the ledger, as the file gives it."""
    kind = event.type.makes
    folder = stage.ledger if kind == "campaign" else stage.office
    fields = stage.fields(event, kind, stage.chance(event))
    record = stage.desk.new_record()
    stage.save(casework.add_all(stage.desk, folder, [Part(kind, fields, record)]))
    _name(stage, event, folder, record)
    if kind == "member":
        roles = fields.get("roles")
        items = roles.items if isinstance(roles, Many) else ()
        membership.enter(stage.desk, MemberId(record), [role for role in items if isinstance(role, str)])
        if Role.CASEWORKER in str(roles):
            stage.caseworkers.append(record)
    if kind == "route":
        stage.routes_to[record] = str(fields["destination"])


def open_place(stage: Stage, event: Event) -> None:
    """A place in a folder of its own, empty."""
    fields = stage.fields(event, "place", stage.chance(event))
    if "code_name" not in fields:
        fields["code_name"] = stage.code_name("en", stage.chance(event, "code name"))
    folder = casework.opened(stage.save(shelter.open_place(stage.desk, fields)))
    _name(stage, event, folder, RecordId(folder))
    beds = fields.get("beds")
    stage.houses[event.name] = House(folder, str(fields.get("region", "")), beds if isinstance(beds, int) else 99)


def add_claim(stage: Stage, event: Event) -> None:
    """A claim and its first citation, in one save."""
    chance = stage.chance(event)
    _, source = stage.record(event, event.text("source"))
    claim, citation = (stage.fields(event, kind, chance) for kind in ("claim", "citation"))
    saved = stage.save(testimony.testify(stage.desk, stage.office, claim, source, citation))
    _name(stage, event, stage.office, next(write.record for write in saved.writes if write.kind == "claim"))


def receive(stage: Stage, event: Event) -> None:
    """Gifts of some days, entered together from the statement of the account; `amount` is their sum."""
    chance = stage.chance(event)
    parts = []
    for amount, received in _split(stage, event, "donation"):
        fields = {**stage.fields(event, "donation", chance), "amount": amount, "received": received}
        fields.setdefault("method", chance.pick(_METHODS))
        if "donor" not in fields:
            fields.setdefault("anonymous", chance.yes(0.6))
            if not fields["anonymous"]:
                fields["donor"] = stage.author(chance).write("donor", chance)
        parts.append(Part("donation", fields))
    stage.save(casework.add_all(stage.desk, stage.ledger, parts))


def spend(stage: Stage, event: Event) -> None:
    """Bills of some days, entered together; `amount` is their sum, and each is for one of the cases that are named."""
    chance = stage.chance(event)
    cases = [party.case for party in stage.members(event) if party.case is not None]
    if event.who and not cases:
        refuse(event, "%(where)s: none of these people has a case by then.")
    parts = []
    for n, (amount, spent) in enumerate(_split(stage, event, "expense")):
        fields = {**stage.fields(event, "expense", chance), "amount": amount, "spent": spent}
        if cases:
            fields["for_case"] = cases[n % len(cases)]
        parts.append(Part("expense", fields))
    stage.save(casework.add_all(stage.desk, stage.ledger, parts))


def change(stage: Stage, event: Event) -> None:
    """New values of a record that an earlier event has named."""
    name = event.text("record")
    folder, record = stage.record(event, name)
    kind = stage.operation.kinds[name]
    fields = stage.fields(event, kind, stage.chance(event))
    stage.save(casework.amend(stage.desk, folder, kind, record, fields))
    if kind == "place" and {"closed", "exposed"} & fields.keys():
        stage.houses[name].is_open = False


def expose(stage: Stage, event: Event) -> None:
    """A place is no longer safe; everybody in it is to be moved."""
    name = event.text("place")
    folder, _ = stage.record(event, name)
    saved = stage.save(shelter.expose(stage.desk, folder, event.text("words")))
    tasks = {write.folder: write.record for write in saved.writes if write.kind == "task"}
    for party in stage.groups[EVERYONE]:
        if party.case is not None and party.case in tasks:
            party.moves.append(tasks[party.case])
    stage.houses[name].is_open = False


def advise_against(stage: Stage, event: Event) -> None:
    """Somebody advised against a route altogether; nothing was filed."""
    fields = stage.fields(event, "discouragement", stage.chance(event))
    stage.save(casework.add(stage.desk, stage.office, "discouragement", fields))


def office_task(stage: Stage, event: Event) -> None:
    """Something to do that concerns no case."""
    chance = stage.chance(event)
    fields = stage.fields(event, "task", chance)
    if "title" not in fields:
        refuse(event, "%(where)s: a task that is nobody's needs a title.")
    fields.setdefault("assignee", stage.caseworker(chance))
    done = event.flag("done", default=False)
    result = str(fields.pop("result", ""))
    record = stage.desk.new_record()
    stage.save(casework.add_all(stage.desk, stage.office, [Part("task", fields, record)]))
    if done:
        stage.save(casework.finish_task(stage.desk, stage.office, record, result))


def _name(stage: Stage, event: Event, folder: FolderId, record: RecordId) -> None:
    if event.name:
        stage.records[event.name] = (folder, record)


def _split(stage: Stage, event: Event, kind: str) -> list[tuple[Money, Day]]:
    """The sum of an event in `count` parts, each on one of its days."""
    (total,) = event.fields[kind]["amount"][:1]
    assert isinstance(total, Money)
    count = event.count or 1
    chance = stage.chance(event, "sums")
    unit = _ROUND_MINOR if total.minor >= count * 2 * _ROUND_MINOR else 1
    if total.minor < count:
        refuse(event, "%(where)s: the amount is too small for so many.")
    weights = [chance.between(1, 6) ** 2 for _ in range(count)]
    days = (event.last - event.first).days
    return [
        (Money(part, total.currency), _day(event, i * days // max(1, count - 1) if count > 1 else days))
        for i, part in enumerate(shares(total.minor, weights, unit))
    ]


def _day(event: Event, days: int) -> Day:
    day = (event.first + timedelta(days=days)).isoformat()
    return Day(day, day)


OFFICE_EVENTS: Final[Mapping[str, Callable[[Stage, Event], None]]] = {
    **dict.fromkeys(("member", "partner", "helper", "duty", "route", "source", "citation", "campaign"), add_record),
    "place": open_place,
    "claim": add_claim,
    "donation": receive,
    "expense": spend,
    "change": change,
    "expose": expose,
}
"""What each type of event does, once."""
