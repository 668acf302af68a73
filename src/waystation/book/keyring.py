"""The keyring: every epoch key that this desk holds, each sealed under the vault's keyring key.

Guarantees: a destroyed folder's keys are gone once the keyring key is rolled. Implements spec/book.md B26.
"""

from collections import OrderedDict
from typing import Final

from waystation.book.entry import EpochKey
from waystation.book.store import Store
from waystation.derive import Key, derive, u32
from waystation.errors import MissingKey
from waystation.ids import FolderId, FolderTag, OrgId
from waystation.seal import seal_once
from waystation.unseal import open_once

_CACHE: Final = 8192
SCHEMA: Final = """
CREATE TABLE keyring (
    tag BLOB PRIMARY KEY, folder BLOB NOT NULL, epoch INTEGER NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID
"""


class Keyring:
    """Epoch keys by folder tag; recently used ones stay opened in memory (at most 8192)."""

    def __init__(self, store: Store, org: OrgId, keyring_key: Key) -> None:
        self._store = store
        self._org = org
        self._keyring_key = keyring_key
        self._cache: OrderedDict[FolderTag, EpochKey] = OrderedDict()

    @property
    def current(self) -> Key:
        """The keyring key in use, for a backup's manifest."""
        return self._keyring_key

    def add(self, epoch: EpochKey) -> None:
        """Keeps a key, in the caller's transaction."""
        tag = epoch.tag
        sealed = seal_once(self._wrapping(self._keyring_key, epoch, tag), epoch.key, b"")
        self._store.connection.execute(
            "INSERT OR REPLACE INTO keyring VALUES (?, ?, ?, ?)", (tag, epoch.folder, epoch.epoch, sealed)
        )
        self._remember(tag, epoch)

    def find(self, tag: FolderTag) -> EpochKey | None:
        """The key behind a tag, or None if this desk does not hold it."""
        known = self._cache.get(tag)
        if known is not None:
            self._cache.move_to_end(tag)
            return known
        row = self._store.connection.execute(
            "SELECT folder, epoch, sealed FROM keyring WHERE tag = ?", (tag,)
        ).fetchone()
        if row is None:
            return None
        epoch = self._open(tag, *row)
        self._remember(tag, epoch)
        return epoch

    def get(self, tag: FolderTag) -> EpochKey:
        """As `find`. Raises: MissingKey."""
        epoch = self.find(tag)
        if epoch is None:
            raise MissingKey("This desk does not hold the key of that folder.")
        return epoch

    def drop(self, folder: FolderId) -> None:
        """Forgets a folder's keys; `roll` makes it final."""
        self._store.connection.execute("DELETE FROM keyring WHERE folder = ?", (folder,))
        self.forget()

    def discard(self, tag: FolderTag) -> None:
        """Forgets the key of one epoch, which was never in the log."""
        self._store.connection.execute("DELETE FROM keyring WHERE tag = ?", (tag,))
        self._cache.pop(tag, None)

    def roll(self, new_key: Key) -> None:
        """Seals every key again under a new keyring key, in the caller's transaction (B26).

        The caller writes the new key to the vault before the transaction commits, and destroys the old one after.
        """
        connection = self._store.connection
        for tag, folder, number, sealed in self._store.rows("SELECT tag, folder, epoch, sealed FROM keyring"):
            epoch = self._open(tag, folder, number, sealed)
            again = seal_once(self._wrapping(new_key, epoch, tag), epoch.key, b"")
            connection.execute("UPDATE keyring SET sealed = ? WHERE tag = ?", (again, tag))
        self._keyring_key = new_key

    def forget(self) -> None:
        """Empties the cache of opened keys."""
        self._cache.clear()

    def restore(self, keyring_key: Key) -> None:
        """Takes up the keyring key from before a transaction that was rolled back."""
        self._keyring_key = keyring_key
        self.forget()

    def _remember(self, tag: FolderTag, epoch: EpochKey) -> None:
        self._cache[tag] = epoch
        if len(self._cache) > _CACHE:
            self._cache.popitem(last=False)

    def _open(self, tag: FolderTag, folder: FolderId, number: int, sealed: bytes) -> EpochKey:
        blank = EpochKey(self._org, folder, number, Key(b""))
        key = open_once(self._wrapping(self._keyring_key, blank, tag), sealed, b"")
        return EpochKey(self._org, folder, number, Key(key))

    def _wrapping(self, keyring_key: Key, epoch: EpochKey, tag: FolderTag) -> Key:
        return derive(keyring_key, "keyring", self._org + epoch.folder + u32(epoch.epoch), tag)
