"""Sheets as they come: this desk's copies of epoch keys, and the past keys behind them.

Guarantees: a key is kept only if its epoch commits to it; what is still to come is remembered until it comes, and a
bad copy, which is its author's fault, never keeps the log from going on. Implements spec/book.md B12, B13 and B32.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from waystation.book.entry import Entry, EntryKind, decode_header, open_body, tag_of
from waystation.book.folder import EpochStatement, chunk_hash, open_past, open_sheet, read_epoch
from waystation.book.keyring import Keyring
from waystation.book.log import Epoch, Log
from waystation.book.store import Store
from waystation.errors import AuthorityError, MissingKey, SealError, WireError
from waystation.ids import ChunkHash, DeskId, FolderId, FolderTag, FolderType, singleton_folder
from waystation.unseal import SealingKey

_KIND: Final = slice(4, 5)
_EPOCH: Final = bytes((EntryKind.EPOCH,))

Sheets = Mapping[ChunkHash, bytes]

NOT_YET: Final = (AuthorityError, MissingKey, SealError, WireError)
"""What a bad copy of a key, or one for another desk, looks like."""


class SheetReader:
    """Opens sheets for one desk, in the caller's transaction.

    Args:
        keys: the desk's private sealing keys; `use` changes them.
        write_out: writes the entries that were taken and are not in the file yet.
    """

    def __init__(
        self,
        store: Store,
        log: Log,
        keyring: Keyring,
        desk: DeskId,
        keys: Sequence[SealingKey],
        write_out: Callable[[], None],
    ) -> None:
        self._store = store
        self._write_out = write_out
        self._log = log
        self._keyring = keyring
        self._desk = desk
        self._keys = tuple(keys)
        self._organisation = singleton_folder(log.org, FolderType.ORGANISATION)

    def use(self, keys: Sequence[SealingKey]) -> None:
        """Takes up a new set of private keys."""
        self._keys = tuple(keys)

    def named(self, entries: Sequence[Entry]) -> list[ChunkHash]:
        """The sheets for this desk that a stretch of the log names, as far as it can be read before it is taken."""
        names = dict.fromkeys(statement.sheet for entry in entries if (statement := self._for_us(entry)) is not None)
        return [name for name in names if self._store.chunk(name) is None]

    def needed_before(self, entry: Entry, sheets: Sheets) -> ChunkHash | None:
        """The sheet without which the log cannot go on after an entry: that of the organisation's next epoch (S7)."""
        statement = self._for_us(entry)
        if statement is None or statement.folder != self._organisation:
            return None
        if statement.parent != self._log.organisation_tag() or self._sheet(statement.sheet, sheets) is not None:
            return None
        return statement.sheet

    def collect(self, plain: bytes, sealed_under: FolderTag, sheets: Sheets, *, stands: bool) -> FolderId | None:
        """Opens this desk's copy of a new epoch's key, where there is one.

        Args:
            plain: the epoch entry's plaintext.
            sheets: what has come besides what is stored.
            stands: whether the epoch was accepted. Of a first epoch that lost a race the key is taken too, so that
                what was written under it can be read and adopted (B34).
        Returns: the folder, if earlier entries of it can be read now that could not before.
        """
        statement = read_epoch(plain, None)
        if self._desk not in statement.recipients or self._keyring.find(statement.tag) is not None:
            return None
        if self._is_destroyed(statement.folder) or not (stands or statement.epoch == 0):
            return None
        sheet = self._sheet(statement.sheet, sheets)
        if sheet is None:
            if stands and (epoch := self._log.epoch(statement.tag)) is not None:
                self._await(epoch)
            return None
        if not self._open(statement, plain, sealed_under, sheet) or statement.epoch == 0:
            return None
        return statement.folder if self._follow(statement.folder, statement.epoch, sheets) else None

    def missing(self) -> list[ChunkHash]:
        """Sheets that this desk still waits for."""
        return [sheet for (sheet,) in self._store.rows("SELECT DISTINCT sheet FROM awaited ORDER BY epoch")]

    def is_awaited(self, tag: FolderTag) -> ChunkHash | None:
        """The sheet of an epoch, if this desk still waits for it."""
        rows = self._store.rows("SELECT a.sheet FROM awaited a JOIN epoch e ON e.id = a.epoch WHERE e.tag = ?", tag)
        return rows[0][0] if rows else None

    def add(self, sheets: Sheets) -> frozenset[FolderId]:
        """Opens sheets that were waited for. Returns folders of which more can be read than before."""
        fresh = set()
        for name, sheet in sheets.items():
            for (identity,) in self._store.rows("SELECT epoch FROM awaited WHERE sheet = ?", name):
                epoch = self._log.epoch_of_row(identity)
                if epoch is None or chunk_hash(sheet) != name:
                    continue
                self._store.connection.execute("DELETE FROM awaited WHERE epoch = ?", (identity,))
                if self._add(epoch, sheet, sheets):
                    fresh.add(epoch.folder)
        return frozenset(fresh)

    def forget(self, folder: FolderId) -> None:
        """A folder is destroyed: nothing of it is waited for."""
        self._store.connection.execute(
            "DELETE FROM awaited WHERE epoch IN (SELECT id FROM epoch WHERE folder = ?)", (folder,)
        )

    def _for_us(self, entry: Entry) -> EpochStatement | None:
        """What an entry says, if it is an epoch that names this desk and whose key is not held here."""
        if entry.header[_KIND] != _EPOCH:
            return None
        try:
            header = decode_header(entry.header)
            key = self._keyring.find(header.tag)
            if key is None or entry.body is None:
                return None
            statement = read_epoch(open_body(entry.header, header, entry.body, key), None)
        except (AuthorityError, SealError, WireError):
            return None
        is_ours = self._desk in statement.recipients and self._keyring.find(statement.tag) is None
        return statement if is_ours else None

    def _add(self, epoch: Epoch, sheet: bytes, sheets: Sheets) -> bool:
        read = self._statement(epoch)
        if read is None:
            return False
        statement, plain, sealed_under = read
        held = self._keyring.find(epoch.tag) is not None
        if not held and not self._open(statement, plain, sealed_under, sheet):
            return False
        if held:
            self._store.add_chunk(chunk_hash(sheet), sheet)
        followed = epoch.number > 0 and self._follow(epoch.folder, epoch.number, sheets)
        return followed or not held

    def _open(self, statement: EpochStatement, plain: bytes, sealed_under: FolderTag, sheet: bytes) -> bool:
        """Opens one sheet and keeps it with the key in it. Returns False, if the copy is bad (B13)."""
        envelope = self._log.wrapping(statement, sealed_under)
        try:
            if (parent := self._keyring.find(statement.parent)) is not None:
                read_epoch(plain, parent)
            wrapping = self._keyring.get(envelope) if envelope else None
            key = open_sheet(self._log.org, statement, sheet, wrapping, self._desk, self._keys)
        except NOT_YET:
            return False
        self._keyring.add(key)
        self._store.add_chunk(statement.sheet, sheet)
        return True

    def _follow(self, folder: FolderId, number: int, sheets: Sheets) -> bool:
        """Follows the sheets back towards epoch 0, from one whose key is held. Returns whether a key was found."""
        found = False
        while number > 0:
            epoch = self._log.numbered_epoch(folder, number)
            key = self._keyring.find(epoch.tag) if epoch else None
            if epoch is None or key is None or self._keyring.find(epoch.parent) is not None:
                return found
            read = self._statement(epoch)
            if read is None:
                return found
            statement, _, sealed_under = read
            sheet = self._sheet(statement.sheet, sheets)
            if sheet is None:
                self._await(epoch)
                return found
            envelope = self._log.wrapping(statement, sealed_under)
            try:
                past = open_past(statement, sheet, self._keyring.get(envelope) if envelope else None, key)
            except NOT_YET:
                return found
            if past is None:
                return found
            self._keyring.add(past)
            self._store.add_chunk(statement.sheet, sheet)
            found, number = True, number - 1
        return found

    def _sheet(self, name: ChunkHash, sheets: Sheets) -> bytes | None:
        """A sheet that has just come, if it is the one that its name says, or one that is kept."""
        come = sheets.get(name)
        return come if come is not None and chunk_hash(come) == name else self._store.chunk(name)

    def _statement(self, epoch: Epoch) -> tuple[EpochStatement, bytes, FolderTag] | None:
        """What an accepted epoch's entry says, its plaintext, and the tag that the entry is sealed under."""
        self._write_out()
        rows = self._store.rows("SELECT header, body FROM entry WHERE position = ?", epoch.position)
        if not rows or rows[0][1] is None:
            return None
        raw, body = rows[0]
        key = self._keyring.find(tag_of(raw))
        if key is None:
            return None
        plain = open_body(raw, decode_header(raw), body, key)
        return read_epoch(plain, None), plain, tag_of(raw)

    def _await(self, epoch: Epoch) -> None:
        self._store.connection.execute("INSERT OR IGNORE INTO awaited VALUES (?, ?)", (epoch.id, epoch.sheet))

    def _is_destroyed(self, folder: FolderId) -> bool:
        return bool(self._store.rows("SELECT 1 FROM destroyed WHERE folder = ?", folder))
