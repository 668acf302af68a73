"""Power cuts at any write: every acknowledged save is there afterwards, and none by half."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import apsw
import pytest
from tests.book.founded import Founded
from tests.durability.power import Disk, Files, after_cut, laid_down
from tests.ground.seeded import Seeded

from waystation.book import Book, Store
from waystation.derive import Key
from waystation.errors import WaystationError
from waystation.ids import FolderType

SAVES = 45
CUTS = 130


@dataclass(frozen=True)
class Moment:
    """The disk at one step, and how many saves were acknowledged by then."""

    files: Files
    acknowledged: int


class Session:
    """A desk that saves while its disk is watched.

    Args:
        disk: where it saves.
        path: what its book is called there.
        loosen: called with every new connection.
    """

    def __init__(self, disk: Disk, path: Path, loosen: Callable[[apsw.Connection], None] = lambda _: None) -> None:
        self.acknowledged = -1
        self.moments: list[Moment] = []
        self._disk = disk
        self._loosen = loosen
        disk.after_step = self._watch
        self.founded = Founded(path, Seeded("session"), disk.vfs)
        self._opened()
        self.case = self.founded.open_folder(b"begun")
        self.office = self.founded.book.singleton(FolderType.OFFICE)
        self.acknowledged = 0

    def _opened(self) -> None:
        connection = self.founded.book.store.connection
        # The write-ahead log is folded into the file now and then, as it is in a long day.
        connection.wal_autocheckpoint(24)
        self._loosen(connection)

    def _watch(self) -> None:
        self.moments.append(Moment(self._disk.snapshot(), self.acknowledged))

    def work(self, saves: int, chance: Random) -> None:
        """Saves; half way the desk is closed and opened again, and once the keyring is rolled."""
        founded = self.founded
        # `Store.open` looks for the file on the real disk before it asks this one.
        founded.path.write_bytes(bytes(1024))
        for number in range(1, saves + 1):
            payload = number.to_bytes(4, "big")
            size = chance.choice([0, 100, 3000, 20_000])
            founded.save((self.case, payload + bytes(size)), (self.office, payload))
            self.acknowledged = number
            if number == saves // 2:
                founded.reopen()
                self._opened()
            if number == saves * 2 // 3:
                new = Key(founded.randomness(32))
                founded.keyring_keys.append(new)
                with founded.book.transaction():
                    founded.book.roll_keyring(new)
        founded.close()


def saves_in(book: Book, session: Session) -> list[int]:
    """Numbers of the saves that a book tells of; every one must be in both folders."""
    told: dict[bytes, list[int]] = {session.case: [], session.office: []}
    for change in book.changes():
        if change.payload != b"begun":
            told[change.folder].append(int.from_bytes(change.payload[:4], "big"))
    assert told[session.case] == told[session.office]
    return told[session.case]


def survives(session: Session, moment: Moment, chance: Random, folder: Path) -> None:
    """Cuts the power at a moment, opens what is left, and checks it."""
    founded = session.founded
    path = laid_down(after_cut(moment.files, chance), str(founded.path), folder)
    store = Store.open(path, founded.database_key)
    try:
        book = Book.open(store, founded.keys, founded.keyring_keys, founded.randomness)
        saves = saves_in(book, session)
        assert saves == list(range(1, len(saves) + 1))
        assert moment.acknowledged <= len(saves) <= moment.acknowledged + 1
        report = book.check()
        assert report.accepted == report.entries == book.position
    finally:
        store.close()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A day's work, watched."""
    made = Session(Disk(), tmp_path_factory.mktemp("power") / "book.db")
    made.work(SAVES, Random(7))
    return made


def test_every_acknowledged_save_survives_and_none_by_half(session: Session, tmp_path: Path) -> None:
    chance = Random(11)
    moments = [moment for moment in session.moments if moment.acknowledged >= 0]
    assert len(moments) > SAVES * 2
    for moment in chance.sample(moments, min(CUTS, len(moments))):
        survives(session, moment, chance, tmp_path)


def test_a_cut_while_a_save_is_acknowledged_keeps_it(session: Session, tmp_path: Path) -> None:
    """The narrowest place: the first step after each acknowledgement."""
    chance = Random(13)
    known = 0
    for before, moment in zip(session.moments, session.moments[1:], strict=False):
        if moment.acknowledged > max(known, before.acknowledged):
            known = moment.acknowledged
            survives(session, moment, chance, tmp_path)
    assert known >= SAVES - 1


def test_a_cut_while_founding_leaves_a_book_or_a_clear_answer(session: Session, tmp_path: Path) -> None:
    chance = Random(17)
    founded = session.founded
    moments = [moment for moment in session.moments if moment.acknowledged < 0]
    opened = 0
    for moment in chance.sample(moments, min(40, len(moments))):
        path = laid_down(after_cut(moment.files, chance), str(founded.path), tmp_path)
        store = None
        try:
            store = Store.open(path, founded.database_key)
            Book.open(store, founded.keys, founded.keyring_keys, founded.randomness).check()
            opened += 1
        except WaystationError:
            continue
        finally:
            if store is not None:
                store.close()
    assert opened


def test_the_cuts_have_teeth(tmp_path: Path) -> None:
    """A desk that does not flush loses what it acknowledged, and these cuts find it out."""
    chance = Random(19)
    careless = Session(Disk(), tmp_path / "careless.db", lambda sql: sql.pragma("synchronous", "off"))
    careless.work(SAVES // 2, Random(7))
    moments = [moment for moment in careless.moments if moment.acknowledged >= 0]
    lost = 0
    for moment in chance.sample(moments, min(25, len(moments))):
        try:
            survives(careless, moment, chance, tmp_path)
        except (AssertionError, WaystationError):
            lost += 1
    assert lost > 5
