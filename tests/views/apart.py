"""Two desks that write without knowing of each other, and what the first holds when the other's writing has come."""

from collections.abc import Sequence
from pathlib import Path

from tests.ground.seeded import Seeded
from tests.tables.test_desks import Second, seconds

from waystation.book.entry import Entry
from waystation.clock import Millis
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office.desk import Desk
from waystation.records import Moment, Value

NOON = Moment(Millis(1_495_022_400_000), "Europe/Vilnius")


class Other:
    """The other desk: it catches up with the first, writes what it likes, and is heard of later."""

    def __init__(self, desk: Desk, folder: Path, randomness: Seeded) -> None:
        self._desk = desk
        self._randomness = randomness
        (self.second,) = seconds(desk, folder, randomness, 1)
        with desk.book.transaction():
            desk.book.rotate(desk.book.singleton(FolderType.ORGANISATION), desk.book.roster.active_desks())
        self._caught = 0
        self._said: list[Entry] = []

    def catch_up(self) -> None:
        """Takes everything that the first desk holds."""
        entries = list(self._desk.book.entries())
        self.second.pull(self._desk, entries[self._caught :])
        self._caught = len(entries)

    def write(self, folder: FolderId, kind: str, fields: dict[str, Value | None], record: bytes | None = None) -> bytes:
        """Writes into a record, or a new one; its id."""
        identity = record or RecordId(self._randomness(16))
        self._said.append(self.second.write(folder, kind, identity, fields))
        return identity

    def is_heard(self) -> None:
        """The first desk takes what this one wrote."""
        take(self._desk, self._said)
        self._caught += len(self._said)
        self._said = []

    def rotate(self, folder: FolderId) -> None:
        """Opens a folder's next epoch, for those who read it now."""
        book = self.second.book
        with book.transaction():
            book.rotate(folder, [book.roster.desk(reader) for reader in book.readers(folder)])
        self._said.append(list(book.entries())[-1])

    def is_heard_by_the_relay(self) -> None:
        """The first desk, whose own saves are unsent, takes what this one wrote."""
        chunks = dict(self.second.book.store.connection.execute("SELECT hash, bytes FROM chunk"))
        self._desk.receive(self._said, chunks)
        self._said = []

    def close(self) -> None:
        self.second.book.store.close()


def take(desk: Desk, entries: Sequence[Entry]) -> None:
    """A stretch of the log comes to a desk."""
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive(entries)
        desk.tables.apply(desk.book.changes(before))


__all__ = ["NOON", "Other", "Second", "take"]
