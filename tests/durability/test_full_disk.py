"""A full or failing disk: the save is refused, nothing changes, and the next one works."""

from pathlib import Path

import apsw
import pytest
from tests.book.founded import Founded
from tests.durability.power import Disk
from tests.ground.seeded import Seeded

from waystation.book import Book, Store
from waystation.derive import Key
from waystation.errors import StoreError
from waystation.ids import FolderType


class Failing:
    """Fails the nth step of a kind, and every later one while it lasts."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.reached = False

    def at(self, step: str, number: int, error: type[apsw.Error]) -> None:
        """Arms it."""
        self.reached = False
        count = 0

        def fail(now: str) -> None:
            nonlocal count
            count += now == step
            if now == step and count >= number:
                self.reached = True
                raise error

        self._disk.before_step = fail

    def lifted(self) -> None:
        """There is space again."""
        self._disk.before_step = lambda step: None


@pytest.fixture
def disk() -> Disk:
    """A disk in memory."""
    return Disk()


def state_of(book: Book) -> tuple[object, ...]:
    """Everything that a refused save must leave as it was."""
    return (
        book.position,
        book.order,
        book.roster,
        [change.payload for change in book.changes()],
        book.store.rows("SELECT count(*) FROM chunk"),
    )


@pytest.mark.parametrize(
    ("step", "error"),
    [("write", apsw.FullError), ("write", apsw.IOError), ("sync", apsw.IOError), ("sync", apsw.FullError)],
    ids=["full", "failing", "failing to flush", "full on flush"],
)
def test_wherever_a_save_is_refused_nothing_changes(
    disk: Disk, tmp_path: Path, step: str, error: type[apsw.Error]
) -> None:
    founded = Founded(tmp_path / "book.db", Seeded("full"), disk.vfs)
    failing = Failing(disk)
    case = founded.open_folder(b"begun")
    office = founded.book.singleton(FolderType.OFFICE)
    refused = 0
    for number in range(1, 200):
        before = state_of(founded.book)
        failing.at(step, number, error)
        try:
            founded.save((case, bytes(5000)), (office, b"a note"))
        except StoreError:
            refused += 1
            assert state_of(founded.book) == before
        failing.lifted()
        if not failing.reached:
            break
        founded.save((case, b"after it"))
        assert len(founded.payloads()) == len(before[3]) + 1  # type: ignore[arg-type]  # the payloads
    assert not failing.reached
    assert refused >= (1 if step == "sync" else 5)
    assert founded.book.check().accepted == founded.book.position
    founded.close()


def test_a_refused_roll_keeps_the_old_key(disk: Disk, tmp_path: Path) -> None:
    founded = Founded(tmp_path / "book.db", Seeded("full roll"), disk.vfs)
    failing = Failing(disk)
    case = founded.open_folder(b"begun")
    old = founded.book.keyring_key
    failing.at("write", 1, apsw.FullError)
    with pytest.raises(StoreError), founded.book.transaction():
        founded.book.roll_keyring(Key(bytes(32)))
    failing.lifted()
    assert founded.book.keyring_key == old
    founded.save((case, b"after it"))
    assert founded.payloads() == [b"begun", b"after it"]
    founded.close()


def test_a_full_disk_stays_full_without_harm(disk: Disk, tmp_path: Path) -> None:
    """Someone tries again and again before they find something to delete."""
    founded = Founded(tmp_path / "book.db", Seeded("full again"), disk.vfs)
    failing = Failing(disk)
    case = founded.open_folder(b"begun")
    failing.at("write", 3, apsw.FullError)
    for _ in range(10):
        with pytest.raises(StoreError, match="Free some space"):
            founded.save((case, b"please"))
    failing.lifted()
    founded.save((case, b"at last"))
    assert founded.payloads() == [b"begun", b"at last"]
    assert founded.book.check().accepted == founded.book.position
    founded.close()


@pytest.mark.parametrize("number", [1, 2, 5, 12])
def test_a_disk_that_is_full_at_founding_says_so(disk: Disk, tmp_path: Path, number: int) -> None:
    Failing(disk).at("write", number, apsw.FullError)
    with pytest.raises(StoreError):
        Store.create(tmp_path / "book.db", Key(bytes(32)), disk.vfs)
