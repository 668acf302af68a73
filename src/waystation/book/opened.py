"""An open book, as far as it is read: where it stands, what it tells, who reads what.

Guarantees: after a transaction that failed, the state in memory is that of the file again. Knows folders, access and
opaque payloads, and nothing of records. Part of `book`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import msgspec

from waystation.book.asking import Aside, Asking, EpochSeen, EraSeen, Erasure
from waystation.book.audit import Progress, Report, audit
from waystation.book.change import decode_change
from waystation.book.entries import Entries
from waystation.book.entry import (
    Entry,
    EntryKind,
    EpochKey,
    check_signature,
    decode_header,
    header_hash,
    next_order,
    open_body,
    open_change,
    tag_of,
)
from waystation.book.folder import read_epoch
from waystation.book.keyring import Keyring
from waystation.book.log import Epoch, Log
from waystation.book.roster import (
    DeskEntry,
    Roster,
    read_genesis,
)
from waystation.book.sheets import SheetReader
from waystation.book.store import Store
from waystation.book.unsent import Outbox, Unsent
from waystation.derive import Key, digest
from waystation.errors import BookError, MissingKey, OrderError, SealError, SignatureError, WireError
from waystation.ids import (
    UNSENT,
    ChunkHash,
    DeskId,
    FolderId,
    FolderTag,
    FolderType,
    MemberId,
    OrderHash,
    Randomness,
    SaveId,
    ValueRef,
    singleton_folder,
)
from waystation.sign import SigningKey
from waystation.unseal import SealingKey
from waystation.verify import Signature, desk_id
from waystation.wire import encode
from waystation.words import spoken

_REMEMBERED: Final = 20_000
"""Folders whose keys a long reading keeps at hand."""
_HEADS_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class DeskKeys:
    """This desk's private keys; the newest sealing key last."""

    signing: SigningKey
    sealing: tuple[SealingKey, ...]

    @property
    def desk(self) -> DeskId:
        return desk_id(self.signing.public)

    def entry(self, member: MemberId) -> DeskEntry:
        """What the roster says of this desk."""
        return DeskEntry(self.desk, member, self.signing.public, self.sealing[-1].public)


class Stamp(msgspec.Struct, frozen=True):
    """What a save's author claims: its id, when (UTC ms), and in which zone."""

    save: SaveId
    at_ms: int
    zone: str


class Accepted(msgspec.Struct, frozen=True):
    """One accepted change, opened."""

    position: int
    ref: ValueRef
    member: MemberId
    folder: FolderId
    folder_type: FolderType
    stamp: Stamp
    payload: bytes


class OpenBook:
    """A book that is read. One thread at a time."""

    def __init__(self, store: Store, genesis: bytes, keys: DeskKeys, keyring_key: Key, randomness: Randomness) -> None:
        self.org, parsed = read_genesis(genesis)
        self.genesis = genesis
        self.store = store
        self._keys = keys
        self._randomness = randomness
        self._sql = store.connection
        self._keyring = Keyring(store, self.org, keyring_key)
        self._entries = Entries(store, self.org)
        self._log = Log(self._sql, self.org, parsed, self._keyring, self._entries.order_at, self._entries.known)
        self._outbox = Outbox(store)
        self._sheets = SheetReader(store, self._log, self._keyring, keys.desk, keys.sealing, self._entries.write_out)
        self._asking = Asking(store, self._log, self._keyring)
        self._connected = False

    @property
    def roster(self) -> Roster:
        return self._log.roster

    @property
    def position(self) -> int:
        """Number of entries in the log."""
        return self._log.position

    @property
    def order(self) -> OrderHash:
        """h(position): two desks at the same position compare it."""
        return self._log.order

    @property
    def desk(self) -> DeskId:
        return self._keys.desk

    @property
    def member(self) -> MemberId:
        """Whose desk this is, or was. Raises: AuthorityError, if it never was on the roster."""
        listed = self.roster.desks.get(self.desk)
        return listed.member if listed else self.roster.desk(self.desk).member

    @property
    def connected(self) -> bool:
        """Whether what is written here waits for a relay's order (spec/sync.md S1)."""
        return self._connected

    @property
    def removed(self) -> bool:
        """Whether this desk, once listed, is no active desk of the organisation any more."""
        listed = self.roster.desks.get(self.desk)
        return listed is not None and not listed.active

    @property
    def lifted(self) -> bool:
        """Whether what is unsent was lifted by `receive` and is still to be laid."""
        return self._log.lifted

    @property
    def keyring_key(self) -> Key:
        """The keyring key in use, for a backup."""
        return self._keyring.current

    def singleton(self, folder_type: FolderType) -> FolderId:
        """Id of the organisation's one folder of this type."""
        return singleton_folder(self.org, folder_type)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is saved together, durably, or not at all.

        Raises: BookError, if what is unsent was lifted inside and not laid again: `receive` without `lay`.
        """
        keyring_key = self._keyring.current
        try:
            with self.store.transaction():
                yield
                if self._log.lifted:
                    raise BookError("S2: what is unsent was lifted and not laid over the log again")
        except BaseException:
            self._keyring.restore(keyring_key)
            self._resume()
            raise

    def is_hidden(self, folder: FolderId) -> bool:
        return self._log.graves.is_hidden(folder)

    def due_for_destruction(self, now_ms: int) -> list[FolderId]:
        """Hidden folders whose time has come (B24), by what is in the log, and whose keys are still here."""
        return [folder for folder in self._log.graves.due(now_ms, alone=self._log.alone) if not self.destroyed(folder)]

    def destroyed(self, folder: FolderId) -> bool:
        """Whether this desk has destroyed a folder."""
        return bool(self.store.rows("SELECT 1 FROM destroyed WHERE folder = ?", folder))

    def changes(self, after: int = 0, folder: FolderId | None = None) -> Iterator[Accepted]:
        """Accepted changes of the log that this desk can read, in its order; what is unsent is not among them.

        Args:
            after: from the entry after this position on.
            folder: those of one folder, be it hidden; else all, without hidden folders.
        Raises: StoreError, if the file is damaged.
        """
        with self.store.reading():
            yield from self._changes(after, folder)

    def unsent_changes(self) -> Iterator[Accepted]:
        """Unsent changes that this desk can read and that would be accepted, in order, without hidden folders."""
        hidden, listed = self._log.graves.hidden(), self.roster.desks.get(self.desk)
        if listed is None:
            return
        for unsent in self._outbox.all():
            folder, entry = unsent.folder, unsent.entry
            if unsent.kind is not EntryKind.CHANGE or unsent.aside is not None or folder is None or folder in hidden:
                continue
            epoch, key = self._log.newest_epoch(folder), self._keyring.find(tag_of(entry.header))
            if epoch is None or key is None or entry.body is None:
                continue
            try:
                change = decode_change(open_change(entry.header, entry.body, key)[2])
            except (SealError, WireError):
                continue
            ref, stamp = (self.desk, unsent.seq), Stamp(change.save, change.at_ms, change.zone)
            yield Accepted(UNSENT + unsent.seq, ref, listed.member, folder, epoch.type, stamp, change.payload)

    def readers(self, folder: FolderId) -> tuple[DeskId, ...]:
        """Desks that read a folder now; empty if it does not exist."""
        epoch = self._log.newest_epoch(folder)
        return epoch.recipients if epoch else ()

    def epochs(self, folder: FolderId) -> list[EpochSeen]:
        """A folder's epochs: who opened each, and for whom."""
        return self._asking.epochs(folder)

    def folders(self) -> Iterator[tuple[FolderId, FolderType, tuple[DeskId, ...]]]:
        """Every folder, with who reads it now."""
        return self._asking.folders()

    def erasure(self, folder: FolderId) -> Erasure:
        """How far a folder's erasure has come (B35)."""
        return self._asking.erasure(folder)

    def suspended(self) -> tuple[DeskId, ...]:
        """Desks that have two histories and are still listed (B29)."""
        return tuple(sorted(desk.desk for desk in self.roster.active_desks() if desk.desk in self._log.suspended))

    def aside(self) -> list[Aside]:
        """What was set aside, in log order (B20)."""
        return self._asking.aside()

    def change_aside(self, position: int) -> Accepted | None:
        """What a change that was set aside says, though it is not applied; None where this desk cannot read it."""
        found = self._asking.change_aside(position)
        listed = self.roster.desks.get(found[1].desk) if found else None
        epoch = self._log.newest_epoch(found[2]) if found else None
        if found is None or listed is None or epoch is None:
            return None
        _, header, folder, change = found
        stamp = Stamp(change.save, change.at_ms, change.zone)
        return Accepted(position, (header.desk, header.seq), listed.member, folder, epoch.type, stamp, change.payload)

    def chunk(self, name: ChunkHash) -> bytes | None:
        """A stored chunk of ciphertext, or None if it was dropped."""
        return self.store.chunk(name)

    def entries(self) -> Iterator[Entry]:
        """The stored log, in order."""
        with self.store.reading():
            yield from self._entries.after(0)

    def entries_from(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries after a position, bodies that were dropped as None: to take the log over (S23)."""
        with self.store.reading():
            return list(self._entries.after(after, limit))

    def unsent(self, limit: int = -1) -> list[Unsent]:
        """What no position has yet, by number; all of it, or the first so many."""
        return list(self._outbox.all(limit))

    def unsent_count(self) -> int:
        return self._outbox.count()

    def sheet_of(self, entry: Entry) -> ChunkHash | None:
        """The sheet that one of this desk's own epoch entries names, for sending; None if there is none to tell of."""
        key = self._keyring.find(tag_of(entry.header))
        if key is None or entry.body is None:
            return None
        return read_epoch(open_body(entry.header, decode_header(entry.header), entry.body, key), None).sheet

    def stored_of(self, folder: FolderId) -> tuple[list[int], list[ChunkHash]]:
        """Positions of a folder's changes, and its sheets: what a relay drops when the folder is destroyed (L17)."""
        epochs = self._log.epochs_of(folder)
        positions = [
            position
            for epoch in epochs
            for (position,) in self.store.rows(
                "SELECT position FROM entry WHERE epoch = ? AND kind = ?", epoch.id, int(EntryKind.CHANGE)
            )
        ]
        return positions, [ChunkHash(epoch.sheet) for epoch in epochs]

    def sheets_named(self, entries: Sequence[Entry]) -> list[ChunkHash]:
        """Sheets for this desk that a stretch names and that are not here, as far as it can be read beforehand."""
        return self._sheets.named(entries)

    def missing_sheets(self) -> list[ChunkHash]:
        """Sheets that name this desk, or lead to a folder's past, and are not here (S19)."""
        return self._sheets.missing()

    def missing_bodies(self, limit: int = 100) -> list[int]:
        """Positions of changes whose bodies did not come, though nothing says that they were erased (S19)."""
        rows = self.store.rows(
            "SELECT e.position FROM entry e LEFT JOIN epoch f ON f.id = e.epoch WHERE e.body IS NULL"
            " AND (f.folder IS NULL OR f.folder NOT IN (SELECT folder FROM hidden UNION SELECT folder FROM destroyed))"
            " ORDER BY e.position LIMIT ?",
            limit,
        )
        return [position for (position,) in rows]

    def order_at(self, position: int) -> OrderHash:
        """h(position). Raises: OrderError, if the log does not reach so far."""
        return self._entries.order_at(position)

    def heads_words(self, position: int) -> list[str]:
        """h(position) as eight words, to compare aloud with another desk (S22)."""
        said = digest("heads", encode([1, self.org, position, self.order_at(position)]))
        return list(spoken(said, _HEADS_WORDS))

    def eras(self) -> list[EraSeen]:
        """The eras that stand, in order."""
        return self._asking.eras()

    def check(self, progress: Progress = lambda done, of: None) -> Report:
        """Checks every chain, signature, order hash and body, from genesis (B3–B35), then every chunk (B14).

        Raises: BookError, naming the first bad entry; StoreError, if the file itself is damaged.
        """
        return audit(self.store, self.genesis, self._keyring, (self.position, self.order), self._entries, progress)

    def organisation_keys(self) -> list[EpochKey]:
        """Keys of every epoch of the folder `organisation`, for an admission."""
        return [self._keyring.get(epoch.tag) for epoch in self._log.epochs_of(self.singleton(FolderType.ORGANISATION))]

    def _changes(self, after: int, folder: FolderId | None) -> Iterator[Accepted]:
        hidden = {row[0] for row in self.store.rows("SELECT folder FROM hidden")} if folder is None else set()
        query = (
            "SELECT position, header, body FROM entry"
            " WHERE position > ? AND kind = 3 AND status IS NULL AND body IS NOT NULL"
        )
        if folder is None:
            rows = self.store.each(f"{query} ORDER BY position", after)
        else:
            of_folder = "AND epoch IN (SELECT id FROM epoch WHERE folder = ?)"
            rows = self.store.each(f"{query} {of_folder} ORDER BY position", after, folder)
        members = {desk: entry.member for desk, entry in self.roster.desks.items()}
        readable: dict[FolderTag, tuple[Epoch, EpochKey] | None] = {}
        for position, raw, body in rows:
            tag = tag_of(raw)
            if tag not in readable:
                if len(readable) == _REMEMBERED:
                    readable.clear()
                epoch, key = self._log.epoch(tag), self._keyring.find(tag)
                readable[tag] = (epoch, key) if epoch and key and epoch.folder not in hidden else None
            found = readable[tag]
            if found is None:
                continue
            epoch, key = found
            try:
                desk, seq, plaintext = open_change(raw, body, key)
                change = decode_change(plaintext)
            except (SealError, WireError):
                continue
            stamp = Stamp(change.save, change.at_ms, change.zone)
            yield Accepted(position, (desk, seq), members[desk], epoch.folder, epoch.type, stamp, change.payload)

    def _current_key(self, folder: FolderId) -> EpochKey:
        epoch = self._log.newest_epoch(folder)
        if epoch is None:
            raise MissingKey("That folder does not exist in this book.")
        return self._keyring.get(epoch.tag)

    def _resume(self) -> None:
        self._entries.forget()
        self._outbox.resume()
        self._connected = self.store.meta("connected") == 1
        settled = Roster(self.org, read_genesis(self.genesis)[1])
        rows = self._sql.execute(
            # The first condition is the index's own; SQLite does not infer it from the second.
            "SELECT position, header, body FROM entry"
            " WHERE kind IN (1, 4) AND kind = 1 AND status IS NULL ORDER BY position"
        )
        for position, raw, body in rows:
            settled = self._amended(settled, raw, body, position)
        roster = settled
        for seq, raw, body in self.store.rows(
            "SELECT seq, header, body FROM unsent WHERE kind = 1 AND status IS NULL ORDER BY seq"
        ):
            roster = self._amended(roster, raw, body, UNSENT + seq)
        self._log.resume(settled, roster, *self._entries.end())

    def _amended(self, roster: Roster, raw: bytes, body: bytes, position: int) -> Roster:
        header = decode_header(raw)
        try:
            return roster.amend(open_body(raw, header, body, self._keyring.get(header.tag)))
        except (SealError, WireError) as error:
            raise BookError(error.message, position, **error.values) from None

    def _check_end(self) -> None:
        """Checks the newest entry against the order hash before it, and its author's signature."""
        row = self._sql.execute(
            "SELECT position, header, signature, order_hash FROM entry ORDER BY position DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return
        position, raw, signature, order = row
        header = decode_header(raw)
        if next_order(self.order_at(position - 1), header_hash(raw), header.body_hash) != order:
            raise OrderError("B4: its order hash is not the log's", position)
        listed = self.roster.desks.get(header.desk)
        if listed is not None:
            try:
                check_signature(raw, Signature(signature), listed.verify_key)
            except SignatureError as error:
                raise BookError(error.message, position, **error.values) from None
