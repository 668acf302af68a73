"""Where an operation is played: its clock, the people so far, and what waits to happen.

Guarantees: everything happens in the order of time, and within a moment in the order of the file; draws depend on the
seed and the event alone; an event that cannot happen stops the play and is named.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from heapq import heappop, heappush
from typing import Final, Literal, NoReturn, TypeAlias

from waystation.clock import Millis
from waystation.demo.chance import Chance
from waystation.demo.clock import OperationClock
from waystation.demo.format import EVERYONE, FOUNDER
from waystation.demo.operation import Event, Operation
from waystation.demo.party import House, Party
from waystation.demo.people import Author
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Day, Many, Moment, Save, Value
from waystation.records.codenames import CodeNames
from waystation.records.labels import N_

Progress: TypeAlias = Callable[[int, int], None]
Act: TypeAlias = Callable[[], None]

MINUTE_MS: Final = 60_000
WAITS_MS: Final = 40 * MINUTE_MS
"""An event for which nobody is ready yet is tried again after this time, until its last day ends."""


_UP: Final = (9, 21)
"""Local hours between which nobody is rung out of bed."""


@dataclass(frozen=True, slots=True)
class Step:
    """How an event is played for one party after another.

    Args:
        hours: local hours between which it happens, both included.
        ready: whether it can happen to a party now.
        take: what is saved then.
    """

    hours: tuple[int, int]
    ready: Callable[[Party, Event], bool]
    take: "Callable[[Stage, Event, Party, Chance], None]"


class Stage:
    """One operation on its way into one desk."""

    def __init__(self, desk: Desk, operation: Operation, clock: OperationClock) -> None:
        self.desk = desk
        self.operation = operation
        self.clock = clock
        self.office = desk.folder(FolderType.OFFICE)
        self.ledger = desk.folder(FolderType.LEDGER)
        self.records: dict[str, tuple[FolderId, RecordId]] = {FOUNDER: (self.office, RecordId(desk.member))}
        self.caseworkers: list[RecordId] = []
        self.houses: dict[str, House] = {}
        self.routes_to: dict[RecordId, str] = {}
        self.groups: dict[str, list[Party]] = {EVERYONE: []}
        self.code_names = CodeNames(_code_names(operation))
        self._twins = _twins(operation)
        self._done: dict[int, set[Party]] = {}
        self._queue: list[tuple[int, int, int, Act, Event]] = []
        self._order = 0

    # ── time ──

    @property
    def now_ms(self) -> int:
        return self.clock.now_ms()

    @property
    def today(self) -> date:
        return self.operation.day(self.now_ms)

    def this_day(self, days: int = 0) -> Day:
        """Today, or so many days later."""
        day = (self.today + timedelta(days=days)).isoformat()
        return Day(day, day)

    def moment(self, at_ms: int) -> Moment:
        return Moment(Millis(at_ms), self.operation.zone)

    def at(self, day: date, chance: Chance, hours: tuple[int, int]) -> int:
        """A moment of that day between two hours, UTC ms."""
        return self.operation.at(day, time(chance.between(*hours), chance.between(0, 59)))

    def waking(self, at_ms: int, chance: Chance) -> int:
        """The same moment, or the next at which people are up, UTC ms."""
        day = self.operation.day(at_ms)
        opens, closes = (self.operation.at(day, time(hour)) for hour in (_UP[0], _UP[1]))
        if at_ms < opens:
            return self.at(day, chance, (_UP[0], _UP[0] + 2))
        if at_ms >= closes:
            return self.at(day + timedelta(days=1), chance, (_UP[0], _UP[0] + 2))
        return at_ms

    def later(self, event: Event, at_ms: int, act: Act) -> None:
        """Has something happen at that moment, unless the operation has come to its end by then."""
        if at_ms <= self.operation.stood:
            self._order += 1
            heappush(self._queue, (at_ms, event.number, self._order, act, event))

    def run(self, progress: Progress) -> None:
        """Plays everything that is waiting, in the order of time; within a moment, in the order of the file."""
        first, last = self.operation.begins, self.operation.stood
        while self._queue:
            at_ms, _, _, act, event = heappop(self._queue)
            self.clock.move_to(Millis(at_ms))
            with naming(event):
                act()
            progress(at_ms - first, last - first)

    def spread(self, event: Event, count: int, hours: tuple[int, int]) -> list[int]:
        """Moments, UTC ms, at which it happens to one after the other: evenly over its days, within a day by chance."""
        days = (event.last - event.first).days + 1
        found = []
        for i in range(count):
            chance = self.chance(event, "when", i)
            if event.at is not None and days == 1:
                found.append(self.operation.at(event.first, event.at) + i * 5 * MINUTE_MS)
            else:
                day = event.first + timedelta(days=min(days - 1, int((i + chance.share()) * days / count)))
                found.append(self.at(day, chance, hours))
        return sorted(min(at_ms, self.operation.stood) for at_ms in found)

    # ── people ──

    def chance(self, event: Event, *labels: str | int) -> Chance:
        """Draws of one event: by its type, day and people, so that another event in the file changes nothing."""
        return Chance(self.operation.seed, *_label(event), self._twins[event.number], *labels)

    def members(self, event: Event) -> list[Party]:
        """Those whom an event names, without those whom it leaves out, in the order in which they asked."""
        left_out = {party for name in event.without for party in self.groups.get(name, ())}
        named = {party: None for name in event.who for party in self.groups.get(name, ())}
        return sorted((party for party in named if party not in left_out), key=lambda party: party.number)

    def step(self, event: Event, step: Step) -> None:
        """Spreads a step over the people that it names; without a count, over all whom these groups have in the end."""
        count = event.count or sum(self.operation.sizes[name] for name in event.who)
        for at_ms in self.spread(event, count, step.hours):
            self.later(event, at_ms, partial(self._turn, event, step))

    def _turn(self, event: Event, step: Step) -> None:
        done = self._done.setdefault(event.number, set())
        party = next((p for p in self.members(event) if p not in done and step.ready(p, event)), None)
        if party is None:
            end = min(self.operation.at(event.last, time(23, 59)), self.operation.stood)
            if self.now_ms >= end:
                refuse(event, N_("%(where)s: only %(done)s of its people are ready for it by then."), done=len(done))
            self.later(event, min(self.now_ms + WAITS_MS, end), partial(self._turn, event, step))
            return
        done.add(party)
        if event.name:
            self.groups.setdefault(event.name, []).append(party)
        step.take(self, event, party, self.chance(event, party.number))
        party.taken.add(event.type.name)

    # ── writing ──

    def save(self, save: Save) -> Save:
        self.desk.save(save)
        return save

    def fields(self, event: Event, kind: str, chance: Chance) -> dict[str, Value]:
        """What an event says of one record of a kind: of several alternatives, one each."""
        found = {name: chance.pick(values) for name, values in event.fields.get(kind, {}).items()}
        for name, targets in event.links.items():
            if name in event.type.takes.get(kind, ()) or event.type.name == "change":
                target = REGISTRY[kind].fields[name]
                links = [self.record(event, name)[1] for name in targets]
                found[name] = Many.of(links) if target.type_name == "many" else chance.pick(links)
        return found

    def record(self, event: Event, name: str) -> tuple[FolderId, RecordId]:
        """Folder and id of what an earlier event has named. Raises: BadInput, if it comes later."""
        if name not in self.records:
            refuse(event, N_("%(where)s: a record that it names is added later only."))
        return self.records[name]

    def caseworker(self, chance: Chance) -> RecordId:
        return chance.pick(self.caseworkers or [RecordId(self.desk.member)])

    def author(self, chance: Chance, languages: Sequence[str] = ()) -> Author:
        """Who writes about the next person: in one of these languages, or of the operation's."""
        return Author(self.operation.texts, chance.pick(languages or self.operation.people.texts_in))

    def code_name(self, language: str, chance: Chance) -> str:
        """A code name from the seed, so that the same operation shows the same names; the office checks it again."""
        words: Literal["en", "ru"] = "ru" if language == "ru" else "en"
        name = self.code_names.propose(chance, words)
        self.code_names.add(name)
        return name

    def free_house(self, event: Event, people: int) -> str:
        """The emptiest of the places that an event names. Raises: BadInput, if none has so many beds free."""
        houses = {name: self.houses[name] for name in event.texts("places") if name in self.houses}
        free = {name: house.beds - house.taken for name, house in houses.items() if house.is_open}
        free = {name: beds for name, beds in free.items() if beds >= people}
        if not free:
            refuse(event, N_("%(where)s: none of these places has %(people)s beds free."), people=people)
        return max(free, key=lambda name: free[name])


def _code_names(operation: Operation) -> Iterator[str]:
    """Those that the file gives; no other may be near them."""
    for event in operation.events:
        for fields in event.fields.values():
            yield from (name for name in fields.get("code_name", ()) if isinstance(name, str))


def _label(event: Event) -> tuple[str, ...]:
    return event.type.name, event.first.isoformat(), event.name, *event.who


def _twins(operation: Operation) -> dict[int, int]:
    """Event → how many before it bear the same label."""
    met: dict[tuple[str, ...], int] = {}
    twins = {}
    for event in operation.events:
        twins[event.number] = met.get(_label(event), 0)
        met[_label(event)] = twins[event.number] + 1
    return twins


def refuse(event: Event, message: str, **values: object) -> NoReturn:
    """Raises: BadInput, naming the event."""
    raise BadInput({event.where: Problem("cannot_happen", message, {"where": event.where, **values})})


@contextmanager
def naming(event: Event) -> Iterator[None]:
    """Says of a refusal by the office which event it was."""
    try:
        yield
    except BadInput as refused:
        if event.where in refused.problems:
            raise
        problems = {
            f"{event.where}: {name}": Problem(
                problem.code,
                "%(where)s: %(why)s",
                {"where": f"{event.where}, {name}" if name else event.where, "why": _words(problem)},
            )
            for name, problem in refused.problems.items()
        }
        raise BadInput(problems) from refused
    except Refused as refused:
        raise Refused(f"{event.where}: {refused.message}") from refused


def _words(problem: Problem) -> str:
    return problem.message % {name: _plain(value) for name, value in problem.values.items()}


def _plain(value: object) -> object:
    return value.plain() if isinstance(value, Day) else value


def shares(total: int, weights: Sequence[int], unit: int) -> list[int]:
    """A total in as many parts as there are weights, in whole units but for the last; the sum is exact.

    Args:
        total: what is divided, at least as many units as there are weights.
        weights: how large the parts are, roughly.
        unit: parts are multiples of it.
    """
    parts = [max(1, total * weight // (sum(weights) * unit)) * unit for weight in weights]
    parts[parts.index(max(parts))] += total - sum(parts)
    return parts
