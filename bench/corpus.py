"""Books of a stated size, seeded, made through the desk itself.

Synthetic cases of ten entries each, all open; beside them 200 places, 40 routes, a request for every fifth case, a
donation and an expense for every second, a source for every hundredth: an operation of many years.
"""

import hashlib
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path

from waystation.assemble import terms
from waystation.clock import DAY_MS, Clock, Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import found, unlock
from waystation.records import REGISTRY, Save, Write
from waystation.records.values import Day, Moment, Money
from waystation.tables import schema
from waystation.vault import new_kdf

PASSPHRASE = "seven lanterns over a slow river"
START_MS = 1_700_000_000_000
BATCH = 250

GIVEN = (
    "Магомед Ахмед Руслан Аслан Ислам Тимур Заур Марат Рашид Дени Саид Умар Иса Адам Хасан Анзор Лейла Амина".split()
)
FAMILY = (
    "Магомедов Исаев Ахмадов Дудаев Хасанов Мусаев Алиев Тагиров Сулейманов Бараев Юсупов Гелаев Эльмурзаев".split()
)
NOUNS = (
    "брат дядя сосед полиция документ паспорт телефон квартира город врач поезд граница деньги письмо угроза".split()
)
VERBS = "звонил приходил искал требовал угрожал просил ждал обещал уехал вернулся сообщил передал".split()
FIRST = "Juniper Copper Willow Amber Gravel Marsh Velvet Cedar Harbor Saddle Thistle Walnut Ember Quartz".split()
SECOND = "Kettle Anchor Ladder Basket Hammer Candle Button Pillow Saucer Needle Bucket Mirror Barrel".split()


class SteadyClock:
    """A minute passes with every save."""

    def __init__(self, start_ms: int = START_MS) -> None:
        self.ms = start_ms

    def now_ms(self) -> Millis:
        self.ms += 1_000
        return Millis(self.ms)

    def zone(self) -> str:
        return "Europe/Vilnius"


class PacedClock:
    """Runs at the machine's pace from a moment of the corpus; a desk that is served locks itself if time leaps."""

    def __init__(self, start_ms: int) -> None:
        self._start_ms = start_ms
        self._began = time.monotonic()

    def now_ms(self) -> Millis:
        return Millis(self._start_ms + int((time.monotonic() - self._began) * 1000))

    def zone(self) -> str:
        return "Europe/Vilnius"


class Seeded:
    """Deterministic bytes from SHAKE-256 blocks; fast enough not to be measured."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0
        self._pool = b""

    def __call__(self, size: int, /) -> bytes:
        while len(self._pool) < size:
            self._count += 1
            self._pool += hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(1 << 16)
        taken, self._pool = self._pool[:size], self._pool[size:]
        return taken

    def pick(self, items: list[str]) -> str:
        return items[int.from_bytes(self(4), "big") % len(items)]


def bench_system(seed: str, clock: Clock | None = None) -> System:
    """The real morphology, with seeded clock and randomness."""
    return System(clock or SteadyClock(), Seeded(seed), terms())


def built(folder: Path, cases: int) -> Home:
    """A book of `cases` cases, made once and kept; its folder's name holds the size and the tables' shape."""
    home = Home(folder / f"book-{cases}-{schema.shape(REGISTRY).hex()[:8]}")
    done = home.folder / "complete"
    if done.exists():
        return home
    for leftover in home.folder.glob("*") if home.folder.exists() else ():
        leftover.unlink()
    clock = SteadyClock()
    system = bench_system(f"book {cases}", clock)
    desk, _ = found(home, "Bench", "Bench", PASSPHRASE, system, new_kdf(system.randomness))
    words = Seeded(f"words {cases}")
    started = time.perf_counter()
    places = [FolderId(words(16)) for _ in range(max(1, min(200, cases // 50)))]
    routes = [RecordId(words(16)) for _ in range(40)]
    saves = chain(
        (_place(place, number) for number, place in enumerate(places)),
        _office(desk, words, routes, cases),
        _ledger(desk, words, cases),
        _requests(words, cases),
        _saves(desk, words, cases, places, routes),
    )
    while batch := list(islice(saves, BATCH)):
        desk.save_all(batch)
    desk.book.store.fold()
    desk.lock()
    done.write_text(f"{time.perf_counter() - started:.0f} s\n")
    return home


def opened(home: Home, seed: str = "later") -> Desk:
    """The desk of a built book, unlocked."""
    return unlock(home, PASSPHRASE, bench_system(seed, SteadyClock(START_MS + 400 * DAY_MS)))


def note_text(words: Seeded, length: int = 24) -> str:
    """A sentence or three of Russian words in their dictionary and inflected forms."""
    return " ".join(words.pick(NOUNS if i % 2 else VERBS) for i in range(length)) + " " + words.pick(FAMILY) + "у"


def _place(place: FolderId, number: int) -> Save:
    fields = {"code_name": f"Birch Window {number}", "address": f"nowhere {number}", "beds": 8 + number % 9}
    return Save(
        (Write(place, FolderType.PLACE, "place", RecordId(place), fields, new=True),), ((place, FolderType.PLACE),)
    )


def _office(desk: Desk, words: Seeded, routes: list[RecordId], cases: int) -> Iterator[Save]:
    """Routes, and sources with a claim and two citations each."""
    office = desk.folder(FolderType.OFFICE)

    def write(kind: str, record: RecordId | None = None, **fields: object) -> Write:
        return Write(office, FolderType.OFFICE, kind, record or RecordId(words(16)), fields, new=True)

    pathways = ["humanitarian_visa", "visit_visa", "asylum_on_arrival", "resettlement"]
    countries = "LT FR DE CA NL NO SE ES PL GE".split()
    for number, route in enumerate(routes):
        yield Save(
            (write("route", route, destination=countries[number % 10], pathway=pathways[number // 10], lead_days=30),)
        )
    for number in range(cases // 100):
        source, claim = RecordId(words(16)), RecordId(words(16))
        said = words.pick(["says", "repeats", "denies"])
        yield Save(
            (
                write("source", source, title=f"{note_text(words, 5)} {number}", type="article", publisher="Вестник"),
                write("claim", claim, subject=words.pick(["detained", "killed"]), statement=note_text(words)),
                write("citation", claim=claim, source=source, relation=said, words=note_text(words, 9)),
            )
        )


def _ledger(desk: Desk, words: Seeded, cases: int) -> Iterator[Save]:
    """Twenty campaigns; donations and expenses over four years."""
    ledger = desk.folder(FolderType.LEDGER)

    def write(kind: str, record: RecordId | None = None, **fields: object) -> Write:
        return Write(ledger, FolderType.LEDGER, kind, record or RecordId(words(16)), fields, new=True)

    campaigns = [RecordId(words(16)) for _ in range(20)]
    for number, campaign in enumerate(campaigns):
        yield Save((write("campaign", campaign, name=f"Campaign {number}", goal=Money(5_000_000, "USD")),))
    for number in range(cases // 2):
        campaign, day = campaigns[number % 20], _day(number * 1460 // max(1, cases // 2))
        yield Save(
            (
                write("donation", amount=Money(1_000 + number % 9_000, "USD"), received=day, campaign=campaign),
                write(
                    "expense",
                    amount=Money(500 + number % 7_000, "USD"),
                    spent=day,
                    campaign=campaign,
                    category=words.pick(["housing", "food", "departure", "medical"]),
                ),
            )
        )


def _requests(words: Seeded, cases: int) -> Iterator[Save]:
    """Requests that never became cases: one in twenty still waits."""
    for number in range(cases // 5):
        request = FolderId(words(16))
        received = Moment(Millis(START_MS + number * 300_000), "Europe/Vilnius")
        fields: dict[str, object] = {
            "code_name": f"{words.pick(SECOND)} {words.pick(FIRST)} {number}",
            "received": received,
            "channel": words.pick(["email", "messenger", "phone"]),
            "language": "ru",
            "story": note_text(words),
            "level": words.pick(["low", "medium", "high", "extreme"]),
            "timeframe": words.pick(["weeks", "unknown", "days", "now"]),
        }
        if number % 20:
            fields |= {"outcome": "not_eligible", "outcome_day": _day(number % 365), "outcome_reason": "не подходит"}
        yield Save(
            (Write(request, FolderType.REQUEST, "request", RecordId(request), fields, new=True),),
            ((request, FolderType.REQUEST),),
        )


def _day(number: int) -> Day:
    day = (date(2020, 1, 1) + timedelta(days=number)).isoformat()
    return Day(day, day, "")


def _saves(desk: Desk, words: Seeded, cases: int, places: list[FolderId], routes: list[RecordId]) -> Iterator[Save]:
    today = Day("2023-11-20", "2023-11-20", "")
    levels = ["low", "medium", "high", "extreme"]
    frames = ["weeks", "unknown", "days", "now"]
    for number in range(cases):
        case = FolderId(words(16))
        person = RecordId(words(16))
        now = Moment(Millis(START_MS + number * 60_000), "Europe/Vilnius")

        def write(kind: str, case: FolderId = case, record: RecordId | None = None, **fields: object) -> Write:
            return Write(case, FolderType.CASE, kind, record or RecordId(words(16)), fields, new=True)

        name = f"{words.pick(FIRST)} {words.pick(SECOND)} {number}"
        yield Save(
            (
                write("case", record=RecordId(case), code_name=name, opened=today, caseworker=desk.member, region="Юг"),
                write(
                    "person",
                    record=person,
                    given_name=words.pick(GIVEN),
                    family_name=words.pick(FAMILY),
                    role="principal",
                ),
                write("contact_channel", type="signal", handle=f"+7 900 {number:07d}", safety="with_care"),
            ),
            ((case, FolderType.CASE),),
        )
        yield Save(
            (
                write(
                    "risk_assessment",
                    level=words.pick(levels),
                    timeframe=words.pick(frames),
                    reasons=note_text(words),
                    assessed=today,
                    review=Day("2024-12-20", "2024-12-20", ""),
                ),
            )
        )
        # One in fifty is still in hiding; the others' stays are over.
        over = {} if number % 50 == 0 else {"ends": Day("2024-02-20", "2024-02-20", "")}
        yield Save((write("stay", place=places[number % len(places)], people=None, begins=today, **over),))
        if number % 5 == 0:
            application, route = RecordId(words(16)), routes[number // 5 % len(routes)]
            decided = [
                write("decision", application=application, outcome=words.pick(["granted", "refused"]), decided=today)
            ]
            yield Save(
                (
                    write("application", record=application, route=route, filed=today),
                    *(decided if number % 10 else ()),
                )
            )
        yield Save((write("check_in", person=person, due=Moment(Millis(now.ms + 500 * DAY_MS), now.zone)),))
        yield Save((write("task", title=note_text(words, 4), due=Moment(Millis(now.ms + 450 * DAY_MS), now.zone)),))
        for _ in range(4):
            yield Save((write("note", body=note_text(words), written=now, author=desk.member),))
