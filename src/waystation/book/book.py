"""The book: one organisation's log as this desk holds it.

Guarantees: what `append` returned, inside a transaction that ended, is durable and complete; every reader of the log
comes to the same state; damage is found and named. It knows folders, access and opaque payloads, and nothing of
records. Implements spec/book.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from waystation.book import keyring as keyring_module
from waystation.book import log as log_module
from waystation.book.asking import Aside, Asking, EpochSeen, EraSeen, Erasure, adoption
from waystation.book.audit import Progress, Report, audit
from waystation.book.change import ChangeBody, decode_change
from waystation.book.entries import Entries
from waystation.book.entry import (
    ZERO_HASH,
    Entry,
    EntryKind,
    EpochKey,
    Place,
    check_signature,
    decode_header,
    header_hash,
    make_entry,
    next_order,
    open_body,
    open_change,
    tag_of,
)
from waystation.book.era import EraStatement, make_era, read_era
from waystation.book.folder import NewEpoch, chunk_hash, make_epoch, read_epoch
from waystation.book.forks import Fork, Left
from waystation.book.keyring import Keyring
from waystation.book.log import Epoch, Log, Tombstone
from waystation.book.migrations import APART
from waystation.book.receiving import Received, Receiver
from waystation.book.roster import (
    COORDINATOR,
    AdmitDesk,
    AdmitMember,
    DeskEntry,
    Operation,
    Roster,
    Succeed,
    read_genesis,
    sign_amendment,
)
from waystation.book.sheets import SheetReader
from waystation.book.store import Store
from waystation.book.unsent import Outbox, Readers, Remaker, Unsent
from waystation.derive import KEY_BYTES, Key, digest
from waystation.errors import AuthorityError, BookError, MissingKey, OrderError, SealError, SignatureError, WireError
from waystation.ids import (
    SINGLETONS,
    UNSENT,
    ChunkHash,
    DeskId,
    FolderId,
    FolderTag,
    FolderType,
    HeaderHash,
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

_SALT: Final = 32
_REMEMBERED: Final = 20_000
"""Folders whose keys a long reading keeps at hand."""
_HEADS_WORDS: Final = 8
_DESTROYED: Final = "CREATE TABLE destroyed (folder BLOB PRIMARY KEY) WITHOUT ROWID"


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


@dataclass(frozen=True, slots=True)
class FolderWrite:
    """One folder's part of a save; `payload` is opaque here."""

    folder: FolderId
    payload: bytes


@dataclass(frozen=True, slots=True)
class NewFolder:
    """A folder that a save opens, and the desks that shall read it."""

    folder: FolderId
    type: FolderType
    readers: tuple[DeskEntry, ...]


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


@dataclass(frozen=True, slots=True)
class Laid:
    """What the unsent entries come to, laid over the log.

    Args:
        changes: those that are readable and would be accepted, in order.
        fresh, hidden: folders that are shown again, or no longer, because an unsent tombstone no longer fits, or does.
    """

    changes: tuple[Accepted, ...]
    fresh: frozenset[FolderId]
    hidden: tuple[FolderId, ...]


class Book:
    """An open book. One thread at a time.

    While it is `connected`, what it writes is unsent (spec/sync.md S1): kept as durably as the log, and laid over it.
    """

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

    @classmethod
    def found(
        cls,
        store: Store,
        genesis: bytes,
        roots: Sequence[SigningKey],
        member: MemberId,
        keys: DeskKeys,
        keyring_key: Key,
        randomness: Randomness,
    ) -> "Book":
        """Writes genesis, the first roster and the first epochs into an empty store, in one transaction.

        Args:
            roots: the root keys, which sign the founder's admission and are then forgotten by the caller.
            member: the founder, admitted as coordinator.
        """
        book = cls(store, genesis, keys, keyring_key, randomness)
        with store.transaction():
            organisation = book._new_key(singleton_folder(book.org, FolderType.ORGANISATION), 0)
            book._begin(keyring_key, (organisation,))
            founder = keys.entry(member)
            operations = (AdmitMember(member, (COORDINATOR,)), _admit(founder))
            amendment = book.roster.draft(operations)
            signed = sign_amendment(amendment, {root.public: root for root in roots})
            place = book._write(EntryKind.ROSTER, signed, organisation, book._place())
            for kind in SINGLETONS:
                key = organisation
                if kind is not FolderType.ORGANISATION:
                    key = book._new_key(singleton_folder(book.org, kind), 0)
                wrapping = None if kind is FolderType.ORGANISATION else organisation
                salt = randomness(_SALT)
                made = make_epoch(key, kind, None, (founder,), wrapping, salt)
                place = book._open_epoch(made, organisation, place)
        return book

    @classmethod
    def join(
        cls,
        store: Store,
        genesis: bytes,
        organisation_keys: Sequence[EpochKey],
        keys: DeskKeys,
        keyring_key: Key,
        randomness: Randomness,
    ) -> "Book":
        """An empty book of an existing organisation, to be filled by `receive`.

        Args:
            organisation_keys: of the folder `organisation`, which the roster is sealed in; from an admission.
        """
        book = cls(store, genesis, keys, keyring_key, randomness)
        with store.transaction():
            book._begin(keyring_key, organisation_keys)
        return book

    @classmethod
    def open(cls, store: Store, keys: DeskKeys, keyring_keys: Sequence[Key], randomness: Randomness) -> "Book":
        """Takes up an existing book; checks the roster from genesis and the end of the log, not all of it.

        Args:
            keyring_keys: from the vault; the book tells which one is in use (B26).
        Raises: BookError, SealError if the end of the log is not sound.
        """
        with store.reading():
            genesis, keyring = store.meta("genesis"), store.meta("keyring")
            if not isinstance(genesis, bytes):
                raise BookError("B1: the book has no genesis")
            current = next((key for key in keyring_keys if digest("keyring-id", key) == keyring), None)
            if current is None:
                raise BookError("B26: the vault does not hold this book's keyring key")
            book = cls(store, genesis, keys, current, randomness)
            book._resume()
            book._check_end()
            return book

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

    def connect(self) -> None:
        """From now on what is written here is unsent, in the caller's transaction."""
        self.store.set_meta("connected", 1)
        self._connected = True

    def disconnect(self) -> None:
        """This desk's own order is the log again, in the caller's transaction: what is unsent takes its next positions.

        For a desk that leaves its relay, or takes the log over to one that is empty (spec/sync.md S23).
        """
        self._settle_unsent()
        self.store.set_meta("connected", 0)
        self._connected = False

    def append(
        self,
        stamp: Stamp,
        writes: Sequence[FolderWrite],
        new_folders: Sequence[NewFolder] = (),
        chunks: Sequence[bytes] = (),
    ) -> list[Accepted]:
        """Appends one save (B19), in the caller's transaction.

        Args:
            writes: at most one a folder.
            chunks: ciphertext of attached files.
        Returns: the accepted changes, one a write, in log order; their positions are `UNSENT` + number while this
        book is connected. Raises: MissingKey, if a folder's key is not held; AuthorityError, if this desk may not
            write there; WireError, if a write is too large; StoreError.
        """
        place = self._place()
        if new_folders:
            organisation = self._current_key(self.singleton(FolderType.ORGANISATION))
            for new in new_folders:
                key = self._new_key(new.folder, 0)
                made = make_epoch(key, new.type, None, new.readers, organisation, self._randomness(_SALT))
                place = self._open_epoch(made, organisation, place, stamp.save)
        for chunk in chunks:
            self.store.add_chunk(chunk_hash(chunk), chunk)
        accepted = []
        for write in writes:
            epoch = self._log.newest_epoch(write.folder)
            if epoch is None:
                raise MissingKey("That folder does not exist in this book.")
            body = encode(ChangeBody(1, stamp.save, stamp.at_ms, stamp.zone, write.payload))
            at, ref = self._next_position(place), (self.desk, place.seq)
            key = self._keyring.get(epoch.tag)
            place = self._write(EntryKind.CHANGE, body, key, place, write.folder, stamp.save)
            accepted.append(Accepted(at, ref, self.member, write.folder, epoch.type, stamp, write.payload))
        return accepted

    def rotate(self, folder: FolderId, readers: Sequence[DeskEntry]) -> None:
        """Opens a folder's next epoch for `readers`, who read its past (B10, B11, B32), in the caller's transaction."""
        organisation_id = self.singleton(FolderType.ORGANISATION)
        organisation = self._current_key(organisation_id)
        epoch = self._log.newest_epoch(folder)
        if epoch is None:
            raise MissingKey("That folder does not exist in this book.")
        parent = self._keyring.get(epoch.tag)
        key = self._new_key(folder, epoch.number + 1)
        made = make_epoch(key, epoch.type, parent, readers, organisation, self._randomness(_SALT))
        self._open_epoch(made, organisation, self._place())

    def amend_roster(self, operations: Sequence[Operation], signers: Sequence[SigningKey] = ()) -> None:
        """Amends the membership, in the caller's transaction, signed by `signers` (root) or by this desk (B17, B33)."""
        amendment = self.roster.draft(operations)
        named: dict[bytes, SigningKey] = {key.public: key for key in signers} or {self.desk: self._keys.signing}
        signed = sign_amendment(amendment, named)
        self._write(EntryKind.ROSTER, signed, self._current_key(self.singleton(FolderType.ORGANISATION)), self._place())

    def succeed(self, lost: DeskId, roots: Sequence[SigningKey]) -> None:
        """Puts this new desk in the place of a lost one, by root's signature, in the caller's transaction (B16)."""
        member = self.roster.desk(lost).member
        self.amend_roster((_admit(self._keys.entry(member)), Succeed(self.desk, lost)), roots)

    def tombstone(self, folder: FolderId, action: str, stamp: Stamp) -> None:
        """Hides a folder, confirms its destruction, or cancels it (B22), in the caller's transaction."""
        body = encode(Tombstone(1, action, folder, stamp.at_ms, stamp.zone))
        organisation = self._current_key(self.singleton(FolderType.ORGANISATION))
        self._write(EntryKind.TOMBSTONE, body, organisation, self._place(), None, stamp.save)

    def done(self, folder: FolderId, stamp: Stamp) -> None:
        """Says that this desk has destroyed a folder (B35), in the caller's transaction. Raises: AuthorityError."""
        self.tombstone(folder, "done", stamp)

    def use_sealing(self, keys: tuple[SealingKey, ...]) -> None:
        """Takes up another set of private sealing keys, the newest last (B33)."""
        self._keys = DeskKeys(self._keys.signing, keys)
        self._sheets.use(keys)

    def is_hidden(self, folder: FolderId) -> bool:
        return self._log.graves.is_hidden(folder)

    def due_for_destruction(self, now_ms: int) -> list[FolderId]:
        """Hidden folders whose time has come (B24), by what is in the log, and whose keys are still here."""
        return [folder for folder in self._log.graves.due(now_ms, alone=self._log.alone) if not self.destroyed(folder)]

    def destroyed(self, folder: FolderId) -> bool:
        """Whether this desk has destroyed a folder."""
        return bool(self.store.rows("SELECT 1 FROM destroyed WHERE folder = ?", folder))

    def destroy(self, folder: FolderId, file_chunks: Sequence[ChunkHash], new_keyring_key: Key) -> None:
        """Destroys a due folder's keys, bodies and chunks, in the caller's transaction (B24).

        Args:
            file_chunks: pieces of the folder's files, which the book cannot know.
            new_keyring_key: already beside the old one in the vault; the caller drops the old one after the commit.
        """
        for epoch in self._log.epochs_of(folder):
            self._sql.execute(
                "UPDATE entry SET body = NULL WHERE epoch = ? AND kind = ?", (epoch.id, int(EntryKind.CHANGE))
            )
            self._sql.execute("DELETE FROM chunk WHERE hash = ?", (epoch.sheet,))
        for name in file_chunks:
            self._sql.execute("DELETE FROM chunk WHERE hash = ?", (name,))
        self._sheets.forget(folder)
        self._keyring.drop(folder)
        self.roll_keyring(new_keyring_key)
        self._sql.execute("INSERT OR IGNORE INTO destroyed VALUES (?)", (folder,))

    def roll_keyring(self, new_key: Key) -> None:
        """Seals all epoch keys under a new keyring key (B26), in the caller's transaction."""
        self._keyring.roll(new_key)
        self.store.set_meta("keyring", digest("keyring-id", new_key))

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
        return Accepted(
            position, (header.desk, header.seq), listed.member, folder, epoch.type, stamp, change.payload
        )

    def adopt(self, position: int, stamp: Stamp) -> Accepted:
        """Writes again, as this desk's own, a change that was set aside (B34), in the caller's transaction.

        Args:
            stamp: whose save id is not used: it follows from what is adopted.
        Raises: BookError, if there is nothing at that position that this desk could adopt, or it was adopted already.
        """
        found = self._asking.change_aside(position)
        if found is None:
            raise BookError("Nothing that this desk could adopt stands there.", position)
        raw, _, folder, change = found
        save = adoption(raw)
        pending = any(unsent.save == save for unsent in self._outbox.all())
        if pending or any(one.adopted_by for one in self.aside() if one.position == position):
            raise BookError("This was adopted already.", position)
        (accepted,) = self.append(Stamp(save, stamp.at_ms, stamp.zone), [FolderWrite(folder, change.payload)])
        return accepted

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

    def offer(self, upto_seq: int) -> None:
        """The bytes of unsent entries up to this number may leave from now on (S3), in the caller's transaction."""
        self._outbox.offer(upto_seq)

    def refuse(self, seqs: Sequence[int]) -> None:
        """The relay has answered that it refused these (S3), in the caller's transaction."""
        self._outbox.refuse(seqs)

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

    def receive(self, entries: Sequence[Entry], sheets: Mapping[ChunkHash, bytes] | None = None) -> Received:
        """Takes a stretch of the log as it came from elsewhere, in the caller's transaction (B20, [12]).

        What is unsent is lifted; unless there is none, the caller calls `lay` before the transaction ends. What the
        entries changed is then given by `changes`, for the folders in `fresh` from the beginning.

        Args:
            sheets: those that `sheets_named` gave, by their hash.
        Raises: Damaged, Forked, Cloned, TwoFaced, each with the position; Removed, if this desk can judge none of it.
        """
        if self._outbox.end is not None:
            self._log.lift()
        own = (self.desk, self._keys.signing.public)
        receiver = Receiver(
            self.store,
            self._log,
            self._keyring,
            self._entries,
            self._outbox,
            self._sheets,
            own,
            watched=self._connected,
        )
        return receiver.receive(entries, sheets or {})

    def lay(self, readers: Readers) -> Laid:
        """Lays what is unsent over the log again, in the caller's transaction; what no longer fits is made again (S4).

        Args:
            readers: who shall read a folder whose rotation is made again.
        """
        hidden = self._log.graves.hidden()
        self._log.begin_trying()
        parts = (self.store, self._log, self._keyring, self.desk, self._keys.signing, self._randomness)
        remaker = Remaker(*parts, readers)
        head = self._log.head(self.desk)
        before = head.hash if head else HeaderHash(ZERO_HASH)
        stale: set[FolderTag] = set()
        used: set[FolderTag] = set()
        for unsent in list(self._outbox.all()):
            entry, header = unsent.entry, decode_header(unsent.entry.header)
            moved = header.prev != before
            again = None if unsent.offered else remaker.again(unsent, header, moved=moved)
            if again is not None:
                place, salt = remaker.place(unsent.seq, before), self._randomness(_SALT)
                entry = make_entry(unsent.kind, again.plain, again.key, self.desk, place, salt, self._keys.signing)
                stale |= {again.stale} if again.stale else set()
            header, verdict = self._log.try_out(entry)
            if again is not None or verdict.aside != unsent.aside:
                self._outbox.put(replace(unsent, entry=entry, aside=verdict.aside))
            before = header_hash(entry.header)
            used.add(header.tag)
        for tag in stale - used:
            self._keyring.discard(tag)
        now = self._log.graves.hidden()
        return Laid(tuple(self.unsent_changes()), hidden - now, tuple(sorted(now - hidden)))

    def missing_sheets(self) -> list[ChunkHash]:
        """Sheets that name this desk, or lead to a folder's past, and are not here (S19)."""
        return self._sheets.missing()

    def add_sheets(self, sheets: Mapping[ChunkHash, bytes]) -> frozenset[FolderId]:
        """Opens sheets that were missing, in the caller's transaction. Returns folders of which more can be read."""
        return frozenset(folder for folder in self._sheets.add(sheets) if not self.is_hidden(folder))

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

    def sign_era(self, reason: str, checkpoint: int, roots: Sequence[SigningKey]) -> None:
        """Cuts the log back to a checkpoint and begins an era there (B30, S25), in the caller's transaction.

        What this desk wrote after the checkpoint is unsent again, what others wrote is `left_behind`. The caller then
        lays what is unsent (`lay`) and makes the tables again.
        Raises: AuthorityError, if root did not sign it, or this desk may not write; OrderError.
        """
        self.cut_back(checkpoint)
        statement = EraStatement(1, self.org, len(self._log.checkpoints), checkpoint, self.order, reason)
        head = self._log.head(self.desk)
        seq, prev = (head.seq + 1, head.hash) if head else (0, HeaderHash(ZERO_HASH))
        place = Place(seq, prev, self.position, self.order)
        organisation = self._current_key(self.singleton(FolderType.ORGANISATION))
        plain, salt = make_era(statement, roots), self._randomness(_SALT)
        self._settle(make_entry(EntryKind.ERA, plain, organisation, self.desk, place, salt, self._keys.signing))
        if not self._connected:
            self._settle_unsent()

    def follow_era(self, entry: Entry) -> int:
        """Cuts the log back for an era that this desk met (S25), in the caller's transaction, having checked it.

        The caller then lays what is unsent, takes the log from the checkpoint on, and makes the tables again.
        Returns: the checkpoint. Raises: BookError, if it is no era that stands on a position of this log.
        """
        try:
            header = decode_header(entry.header)
            key = self._keyring.get(header.tag)
            if header.kind is not EntryKind.ERA or entry.body is None:
                raise BookError("B30: no era")
            era = read_era(open_body(entry.header, header, entry.body, key), self.org, self.roster.genesis)
        except (SealError, WireError) as error:
            raise BookError(error.message, None, **error.values) from None
        stands = era.checkpoint <= self.position and self.order_at(era.checkpoint) == era.order
        number = sum(seen.position <= era.checkpoint for seen in self.eras())
        if not stands or era.number != number or header.seen_position != era.checkpoint:
            raise BookError("B30: an era that stands on no position of this log", era.checkpoint)
        self.cut_back(era.checkpoint)
        return era.checkpoint

    def cut_back(self, checkpoint: int) -> None:
        """Takes the log back to a position, in the caller's transaction (B31). What stood after it is kept.

        Raises: OrderError, if the log never reached there.
        """
        self._fork().cut_back(checkpoint)
        self._resume()
        self._log.lift()

    def leave_unsent(self) -> None:
        """What another desk wrote here and had not sent stays its own, left behind (spec/backup.md K8).

        In the caller's transaction; the tables are then made again.
        """
        self._log.lift()
        self._log.begin_trying()
        self._outbox.leave()

    def left_behind(self) -> list[Left]:
        """What others wrote after a checkpoint and the log does not hold yet, in its old order (S25)."""
        return list(self._fork().left_behind())

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

    def _begin(self, keyring_key: Key, organisation_keys: Sequence[EpochKey]) -> None:
        for schema in (log_module.SCHEMA, keyring_module.SCHEMA, APART, _DESTROYED):
            for statement in schema.split(";"):
                self._sql.execute(statement)
        self.store.set_meta("genesis", self.genesis)
        self.store.set_meta("keyring", digest("keyring-id", keyring_key))
        for key in organisation_keys:
            self._keyring.add(key)

    def _place(self) -> Place:
        """Where the next entry of this desk goes: after its unsent ones."""
        head = self._log.head(self.desk)
        seq, prev = (head.seq + 1, head.hash) if head else (0, HeaderHash(ZERO_HASH))
        if self._outbox.end is not None:
            seq, prev = self._outbox.end[0] + 1, self._outbox.end[1]
        return Place(seq, prev, self._log.position, self._log.order)

    def _next_position(self, place: Place) -> int:
        return UNSENT + place.seq if self._connected else self.position + 1

    def _write(
        self,
        kind: EntryKind,
        plaintext: bytes,
        epoch: EpochKey,
        place: Place,
        folder: FolderId | None = None,
        save: SaveId | None = None,
        *,
        conditional: bool | None = None,
    ) -> Place:
        salt = self._randomness(_SALT)
        entry = make_entry(kind, plaintext, epoch, self.desk, place, salt, self._keys.signing)
        if self._connected:
            _, verdict = self._log.try_out(entry)
            if verdict.aside is not None:
                raise AuthorityError(verdict.aside)
            comes_next = kind is not EntryKind.CHANGE if conditional is None else conditional
            self._outbox.put(Unsent(place.seq, entry, kind, save, False, comes_next, None, folder))
        else:
            self._settle(entry)
        return Place(place.seq + 1, header_hash(entry.header), place.seen_position, place.seen_order)

    def _settle(self, entry: Entry) -> None:
        """Appends one of this desk's entries to the log. Raises: AuthorityError, if it would be set aside."""
        header, verdict = self._log.take(entry)
        self._entries.add(self.position, header.kind, verdict, entry, self.order)
        self._entries.write_out()
        self._log.flush()
        if verdict.aside is not None:
            raise AuthorityError(verdict.aside, self.position)

    def _settle_unsent(self) -> None:
        """Gives what is unsent the next positions of the log; what is set aside on the way stays so."""
        self._log.lift()
        self._log.begin_trying()
        for unsent in list(self._outbox.all()):
            header, verdict = self._log.take(unsent.entry)
            self._entries.add(self.position, header.kind, verdict, unsent.entry, self.order)
            self._outbox.settle(unsent.seq)
        self._entries.write_out()
        self._log.flush()

    def _open_epoch(self, made: NewEpoch, organisation: EpochKey, place: Place, save: SaveId | None = None) -> Place:
        self._keyring.add(made.key)
        self.store.add_chunk(chunk_hash(made.sheet), made.sheet)
        first = made.key.epoch == 0
        return self._write(
            EntryKind.EPOCH, made.body, organisation, place, made.key.folder, save, conditional=not first
        )

    def _fork(self) -> Fork:
        return Fork(self.store, self._log, self._keyring, self._entries, self._outbox, self.desk)

    def _new_key(self, folder: FolderId, epoch: int) -> EpochKey:
        return EpochKey(self.org, folder, epoch, Key(self._randomness(KEY_BYTES)))

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


def _admit(entry: DeskEntry) -> AdmitDesk:
    return AdmitDesk(entry.desk, entry.member, entry.verify_key, entry.sealing_key)
