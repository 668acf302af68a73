"""A founded book with something in it, and the keys to open it again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.ground.seeded import NOON_MS, Seeded

from waystation.book import Book, DeskKeys, FolderWrite, NewFolder, Stamp, Store
from waystation.book.files import SealedFile, seal_file
from waystation.book.roster import DeskEntry, new_genesis
from waystation.derive import Key
from waystation.ids import FolderId, FolderType, MemberId, SaveId
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed


def some_keys(randomness: Seeded) -> DeskKeys:
    """A new desk's keys."""
    return DeskKeys(SigningKey(SigningSeed(randomness(32))), (SealingKey(SealingSeed(randomness(32))),))


@dataclass
class Founded:
    """One desk and its book. `database_key` and `keyring_keys` are what its vault would hold."""

    path: Path
    randomness: Seeded
    vfs: str | None = None
    folders: list[FolderId] = field(default_factory=list)

    def __post_init__(self) -> None:
        rand = self.randomness
        self.root = SigningKey(SigningSeed(rand(32)))
        self.signing_seed, self.sealing_seed = SigningSeed(rand(32)), SealingSeed(rand(32))
        self.keys = DeskKeys(SigningKey(self.signing_seed), (SealingKey(self.sealing_seed),))
        self.database_key = Key(rand(32))
        self.keyring_keys = [Key(rand(32))]
        self.genesis = new_genesis([self.root.public], 1, rand(16))
        store = Store.create(self.path, self.database_key, self.vfs)
        member = MemberId(rand(16))
        self.book = Book.found(store, self.genesis, [self.root], member, self.keys, self.keyring_keys[0], rand)

    @property
    def me(self) -> DeskEntry:
        """This desk on the roster."""
        return self.book.roster.desk(self.keys.desk)

    def stamp(self) -> Stamp:
        """A new save's stamp."""
        return Stamp(SaveId(self.randomness(16)), NOON_MS, "Europe/Vilnius")

    def open_folder(self, payload: bytes, chunks: Sequence[bytes] = ()) -> FolderId:
        """A save that opens a case and writes into it."""
        folder = FolderId(self.randomness(16))
        with self.book.transaction():
            new = NewFolder(folder, FolderType.CASE, (self.me,))
            self.book.append(self.stamp(), [FolderWrite(folder, payload)], [new], chunks)
        self.folders.append(folder)
        return folder

    def save(self, *writes: tuple[FolderId, bytes]) -> None:
        """A save of one change a folder."""
        with self.book.transaction():
            parts = [FolderWrite(folder, payload) for folder, payload in writes]
            self.book.append(self.stamp(), parts)

    def attach(self, folder: FolderId, content: bytes) -> SealedFile:
        """A save with a file."""
        sealed = seal_file(Key(self.randomness(32)), content)
        with self.book.transaction():
            self.book.append(self.stamp(), [FolderWrite(folder, sealed.key)], (), sealed.pieces)
        return sealed

    def payloads(self) -> list[bytes]:
        """What the book tells, in order."""
        return [change.payload for change in self.book.changes()]

    def close(self) -> None:
        """Closes the file."""
        self.book.store.close()

    def reopen(self, keys: Sequence[Key] | None = None) -> Book:
        """Closes the book and opens it again."""
        self.close()
        return self.open(keys)

    def open(self, keys: Sequence[Key] | None = None) -> Book:
        """Opens the book."""
        store = Store.open(self.path, self.database_key, self.vfs)
        try:
            self.book = Book.open(store, self.keys, keys or self.keyring_keys, self.randomness)
        except BaseException:
            store.close()
            raise
        return self.book
