"""Several books over one shared order: what a relay would do, in memory and honest.

`Shared` is the order. A `Member` is one desk's book; `sync` pulls and pushes as spec/sync.md says, `pull` and `push`
each do their half, so that a test can leave out, delay or lose any of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.book.founded import some_keys
from tests.ground.seeded import NOON_MS, Seeded

from waystation.book import Accepted, Book, DeskKeys, FolderWrite, Laid, NewFolder, Received, Stamp, Store, Unsent
from waystation.book.entry import Entry, header_hash
from waystation.book.roster import AdmitDesk, AdmitMember, DeskEntry, new_genesis
from waystation.derive import Key
from waystation.ids import SINGLETONS, ChunkHash, FolderId, FolderType, MemberId, SaveId
from waystation.sign import SigningKey, SigningSeed


@dataclass
class Shared:
    """One order of entries, and chunks by their hash."""

    entries: list[Entry] = field(default_factory=list)
    chunks: dict[ChunkHash, bytes] = field(default_factory=dict)

    def append(self, after: int | None, batch: Sequence[Entry]) -> bool:
        """Whether it was taken: the same batch again is (L12), one that comes too late is not (L11)."""
        known = {header_hash(entry.header) for entry in self.entries}
        if all(header_hash(entry.header) in known for entry in batch):
            return True
        if after is not None and after != len(self.entries):
            return False
        self.entries += batch
        return True


class Member:
    """One desk: its keys, its book, and the order that it shares."""

    def __init__(
        self, book: Book, keys: DeskKeys, shared: Shared, randomness: Seeded, database: tuple[Path, Key] | None = None
    ) -> None:
        self.book = book
        self.database = database
        self.keys = keys
        self.shared = shared
        self.randomness = randomness
        self.stretch = 1000
        self.received: list[Received] = []
        self.laid: list[Laid] = []

    @property
    def me(self) -> DeskEntry:
        return self.book.roster.desk(self.keys.desk)

    def stamp(self) -> Stamp:
        return Stamp(SaveId(self.randomness(16)), NOON_MS, "UTC")

    def readers(self, folder: FolderId) -> Sequence[DeskEntry]:
        """Who shall read: those of today who are still active, else whoever is."""
        now = set(self.book.readers(folder))
        active = self.book.roster.active_desks()
        return [desk for desk in active if desk.desk in now] or active

    def open_folder(
        self, payload: bytes, readers: Sequence["Member"] = (), kind: FolderType = FolderType.CASE
    ) -> FolderId:
        """A save that opens a folder for this desk and others, and writes into it."""
        folder = FolderId(self.randomness(16))
        listed = (self.me, *(self.book.roster.desk(other.keys.desk) for other in readers))
        with self.book.transaction():
            self.book.append(self.stamp(), [FolderWrite(folder, payload)], [NewFolder(folder, kind, listed)])
        return folder

    def save(self, folder: FolderId, payload: bytes) -> Accepted:
        with self.book.transaction():
            (accepted,) = self.book.append(self.stamp(), [FolderWrite(folder, payload)])
        return accepted

    def bury(self, folder: FolderId, action: str) -> None:
        with self.book.transaction():
            self.book.tombstone(folder, action, self.stamp())

    def rotate(self, folder: FolderId, readers: Sequence["Member"]) -> None:
        with self.book.transaction():
            self.book.rotate(folder, [self.book.roster.desk(other.keys.desk) for other in readers])

    def take(self, entries: Sequence[Entry], *, sheets: bool = True) -> int:
        """Receives a stretch in one transaction, as a desk does. Returns how much of it was taken."""
        book = self.book
        with book.transaction():
            names = book.sheets_named(entries) if sheets else []
            found = {name: self.shared.chunks[name] for name in names if name in self.shared.chunks}
            got = book.receive(entries, found)
            self.received.append(got)
            self.laid.append(book.lay(self.readers))
        if sheets:
            self.fetch()
        return got.taken

    def fetch(self) -> None:
        """Fetches sheets until none comes any more."""
        while True:
            names = [name for name in self.book.missing_sheets() if name in self.shared.chunks]
            if not names:
                return
            with self.book.transaction():
                self.book.add_sheets({name: self.shared.chunks[name] for name in names})

    def pull(self) -> None:
        while self.book.position < len(self.shared.entries):
            at = self.book.position
            if not self.take(self.shared.entries[at : at + self.stretch]) and self.book.position == at:
                self.take(self.shared.entries[at : at + self.stretch])

    def batches(self) -> list[list[Unsent]]:
        """What is unsent, by saves."""
        batches: list[list[Unsent]] = []
        for unsent in self.book.unsent():
            if batches and unsent.save is not None and batches[-1][-1].save == unsent.save:
                batches[-1].append(unsent)
            else:
                batches.append([unsent])
        return batches

    def push(self) -> None:
        """Sends what is unsent, a save at a time; stops where the order has moved on."""
        for batch in self.batches():
            if not self.push_one(batch):
                return

    def push_one(self, batch: Sequence[Unsent], *, lose: bool = False) -> bool:
        """Sends one batch. `lose`: the answer never comes."""
        book = self.book
        with book.transaction():
            book.offer(batch[-1].seq)
        for (chunk,) in book.store.rows("SELECT hash FROM chunk"):
            self.shared.chunks.setdefault(chunk, book.store.chunk(chunk) or b"")
        after = book.position if any(unsent.conditional for unsent in batch) else None
        taken = self.shared.append(after, [unsent.entry for unsent in batch])
        if not taken and not lose:
            with book.transaction():
                book.refuse([unsent.seq for unsent in batch])
        return taken and not lose

    def sync(self) -> None:
        """Rounds until nothing is unsent."""
        self.pull()
        while self.book.unsent_count():
            self.push()
            self.pull()

    def told(self, folder: FolderId | None = None) -> list[bytes]:
        """Payloads of the log, then of what is unsent."""
        unsent = [c.payload for c in self.book.unsent_changes() if folder is None or c.folder == folder]
        return [change.payload for change in self.book.changes(folder=folder)] + unsent

    def reopen(self) -> None:
        """Closes the file and opens it again."""
        assert self.database is not None
        keyring_key = self.book.keyring_key
        self.book.store.close()
        self.book = Book.open(Store.open(*self.database), self.keys, [keyring_key], self.randomness)

    def close(self) -> None:
        self.book.store.close()


class Staff:
    """An organisation of several desks, founded by the first; closed together."""

    def __init__(
        self, folder: Path, randomness: Seeded, count: int = 2, roles: Sequence[str] = ("coordinator",)
    ) -> None:
        self.folder = folder
        self.randomness = randomness
        self.shared = Shared()
        self.root = SigningKey(SigningSeed(randomness(32)))
        self.genesis = new_genesis([self.root.public], 1, randomness(16))
        keys = some_keys(randomness)
        database = (folder / "0.db", Key(randomness(32)))
        store = Store.create(*database)
        book = Book.found(
            store, self.genesis, [self.root], MemberId(randomness(16)), keys, Key(randomness(32)), randomness
        )
        first = Member(book, keys, self.shared, randomness, database)
        self.members = [first]
        self.shared.entries += book.entries()
        with book.transaction():
            book.connect()
        for _ in range(count - 1):
            self.admit(first, roles)

    def admit(self, by: Member, roles: Sequence[str] = ("coordinator",), member: MemberId | None = None) -> Member:
        """Admits another desk, gives it the organisation's folders, and lets it join."""
        rand, keys = self.randomness, some_keys(self.randomness)
        book = by.book
        who = member or MemberId(rand(16))
        entry = keys.entry(who)
        with book.transaction():
            operations: list[AdmitMember | AdmitDesk] = [AdmitMember(who, tuple(roles))] if member is None else []
            book.amend_roster([*operations, AdmitDesk(entry.desk, who, entry.verify_key, entry.sealing_key)])
            for kind in SINGLETONS:
                book.rotate(book.singleton(kind), book.roster.active_desks())
        by.sync()
        joined = self.join(keys, by)
        self.members.append(joined)
        joined.pull()
        return joined

    def join(self, keys: DeskKeys, by: Member) -> Member:
        """An empty book for a desk that the roster lists."""
        rand = self.randomness
        database = (self.folder / f"{len(self.members)}.db", Key(rand(32)))
        store = Store.create(*database)
        organisation = by.book.organisation_keys()
        book = Book.join(store, self.genesis, organisation, keys, Key(rand(32)), rand)
        with book.transaction():
            book.connect()
        return Member(book, keys, self.shared, rand, database)

    def close(self) -> None:
        for member in self.members:
            member.close()


def state_of(book: Book) -> dict[str, object]:
    """All that the log came to at a desk, whatever order its rows were written in."""
    tables = {
        "epoch": "SELECT folder, type, number, tag, parent, recipients, sheet, position, superseded FROM epoch",
        "mark": "SELECT * FROM mark",
        "head": "SELECT * FROM head",
        "suspended": "SELECT * FROM suspended",
        "era": "SELECT * FROM era",
        "entry": "SELECT position, kind, status, header, signature, order_hash, body, link FROM entry",
    }
    state: dict[str, object] = {name: sorted(book.store.rows(query), key=repr) for name, query in tables.items()}
    state["roster"], state["order"] = book.roster, book.order
    return state
