"""Books of a stated size: synthetic cases, ten entries each, seeded, made through the desk itself."""

import hashlib
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from waystation.assemble import terms
from waystation.clock import DAY_MS, Clock, Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import found, unlock
from waystation.records import REGISTRY, Save, Write
from waystation.records.values import Day, Moment
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
    place = FolderId(words(16))
    desk.save(_place(place))
    started = time.perf_counter()
    saves = _saves(desk, words, cases, place)
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


def _place(place: FolderId) -> Save:
    fields = {"code_name": "Birch Window", "address": "nowhere 1", "beds": 900}
    return Save(
        (Write(place, FolderType.PLACE, "place", RecordId(place), fields, new=True),), ((place, FolderType.PLACE),)
    )


def _saves(desk: Desk, words: Seeded, cases: int, place: FolderId) -> Iterator[Save]:
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
        yield Save((write("stay", place=place, people=None, begins=today),))
        yield Save((write("check_in", person=person, due=Moment(Millis(now.ms + 500 * DAY_MS), now.zone)),))
        yield Save((write("task", title=note_text(words, 4), due=Moment(Millis(now.ms + 450 * DAY_MS), now.zone)),))
        for _ in range(4):
            yield Save((write("note", body=note_text(words), written=now, author=desk.member),))
