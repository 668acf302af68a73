"""The book: one organisation's log as this desk holds it.

Guarantees: what `append` returned, inside a transaction that ended, is durable and complete; every reader of the log
comes to the same state; damage is found and named. It knows folders, access and opaque payloads, and nothing of
records. Implements spec/book.md.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import msgspec

from waystation.book import keyring as keyring_module
from waystation.book import log as log_module
from waystation.book.audit import Progress, Report, audit
from waystation.book.change import ChangeBody, decode_change
from waystation.book.entry import (
    ZERO_HASH,
    Entry,
    EntryKind,
    EpochKey,
    Header,
    Place,
    check_signature,
    decode_header,
    first_order,
    header_hash,
    make_entry,
    next_order,
    open_body,
    open_change,
    tag_of,
)
from waystation.book.folder import NewEpoch, chunk_hash, make_epoch, open_sheet, read_epoch
from waystation.book.keyring import Keyring
from waystation.book.log import Epoch, Log, Tombstone
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
from waystation.book.store import Store
from waystation.derive import KEY_BYTES, Key, digest
from waystation.errors import AuthorityError, BookError, MissingKey, OrderError, SealError, SignatureError, WireError
from waystation.ids import (
    SINGLETONS,
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

_SALT: Final = 32
_REMEMBERED: Final = 20_000
"""Folders whose keys a long reading keeps at hand."""
_LOCAL_SCHEMA: Final = "CREATE TABLE destroyed (folder BLOB PRIMARY KEY) WITHOUT ROWID"


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


class Book:
    """An open book. One thread at a time."""

    def __init__(self, store: Store, genesis: bytes, keys: DeskKeys, keyring_key: Key, randomness: Randomness) -> None:
        self.org, parsed = read_genesis(genesis)
        self.genesis = genesis
        self.store = store
        self._keys = keys
        self._randomness = randomness
        self._sql = store.connection
        self._keyring = Keyring(store, self.org, keyring_key)
        self._log = Log(self._sql, self.org, parsed, self._keyring, self._order_at)

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
        """Whose desk this is. Raises: AuthorityError, if it is not on the roster."""
        return self.roster.desk(self.desk).member

    @property
    def keyring_key(self) -> Key:
        """The keyring key in use, for a backup."""
        return self._keyring.current

    def singleton(self, folder_type: FolderType) -> FolderId:
        """Id of the organisation's one folder of this type."""
        return singleton_folder(self.org, folder_type)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is saved together, durably, or not at all."""
        keyring_key = self._keyring.current
        try:
            with self.store.transaction():
                yield
        except BaseException:
            self._keyring.restore(keyring_key)
            self._resume()
            raise

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
        Returns: the accepted changes, one a write, in log order. Raises: MissingKey, if a folder's key is not held;
        AuthorityError, if this desk may not write there; WireError, if
            a write is too large; StoreError.
        """
        place = self._place()
        if new_folders:
            organisation = self._current_key(self.singleton(FolderType.ORGANISATION))
            for new in new_folders:
                key = self._new_key(new.folder, 0)
                made = make_epoch(key, new.type, None, new.readers, organisation, self._randomness(_SALT))
                place = self._open_epoch(made, organisation, place)
        for chunk in chunks:
            self.store.add_chunk(chunk_hash(chunk), chunk)
        accepted = []
        for write in writes:
            epoch = self._log.newest_epoch(write.folder)
            if epoch is None:
                raise MissingKey("That folder does not exist in this book.")
            body = encode(ChangeBody(1, stamp.save, stamp.at_ms, stamp.zone, write.payload))
            ref = (self.desk, place.seq)
            place = self._write(EntryKind.CHANGE, body, self._keyring.get(epoch.tag), place)
            accepted.append(Accepted(self.position, ref, self.member, write.folder, epoch.type, stamp, write.payload))
        return accepted

    def rotate(self, folder: FolderId, readers: Sequence[DeskEntry]) -> None:
        """Opens a folder's next epoch for `readers`, in the caller's transaction (B10, B11)."""
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
        """Amends the membership, in the caller's transaction, signed by `signers` (root) or by this desk (B17)."""
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
        self._write(EntryKind.TOMBSTONE, body, organisation, self._place())

    def is_hidden(self, folder: FolderId) -> bool:
        return self._log.is_hidden(folder)

    def due_for_destruction(self, now_ms: int) -> list[FolderId]:
        """Hidden folders whose time has come (B24) and whose keys are still here."""
        done = {folder for (folder,) in self._sql.execute("SELECT folder FROM destroyed")}
        return [folder for folder in self._log.due(now_ms) if folder not in done]

    def destroy(self, folder: FolderId, file_chunks: Sequence[ChunkHash], new_keyring_key: Key) -> None:
        """Destroys a due folder's keys, bodies and chunks, in the caller's transaction (B24).

        Args:
            file_chunks: pieces of the folder's files, which the book cannot know.
            new_keyring_key: already beside the old one in the vault; the caller drops the old one after the commit.
        """
        epochs = self._sql.execute("SELECT id, sheet FROM epoch WHERE folder = ?", (folder,)).fetchall()
        for identity, sheet in epochs:
            self._sql.execute(
                "UPDATE entry SET body = NULL WHERE epoch = ? AND kind = ?", (identity, int(EntryKind.CHANGE))
            )
            self._sql.execute("DELETE FROM chunk WHERE hash = ?", (sheet,))
        for name in file_chunks:
            self._sql.execute("DELETE FROM chunk WHERE hash = ?", (name,))
        self._keyring.drop(folder)
        self.roll_keyring(new_keyring_key)
        self._sql.execute("INSERT OR IGNORE INTO destroyed VALUES (?)", (folder,))

    def roll_keyring(self, new_key: Key) -> None:
        """Seals all epoch keys under a new keyring key (B26), in the caller's transaction."""
        self._keyring.roll(new_key)
        self.store.set_meta("keyring", digest("keyring-id", new_key))

    def changes(self, after: int = 0, folder: FolderId | None = None) -> Iterator[Accepted]:
        """Accepted changes that this desk can read, in log order.

        Args:
            after: from the entry after this position on.
            folder: those of one folder, be it hidden; else all, without hidden folders.
        Raises: StoreError, if the file is damaged.
        """
        with self.store.reading():
            yield from self._changes(after, folder)

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

    def readers(self, folder: FolderId) -> tuple[DeskId, ...]:
        """Desks that read a folder now; empty if it does not exist."""
        epoch = self._log.newest_epoch(folder)
        return epoch.recipients if epoch else ()

    def chunk(self, name: ChunkHash) -> bytes | None:
        """A stored chunk of ciphertext, or None if it was dropped."""
        return self.store.chunk(name)

    def entries(self) -> Iterator[Entry]:
        """The stored log, in order."""
        with self.store.reading():
            for header, signature, body in self._sql.execute(
                "SELECT header, signature, body FROM entry ORDER BY position"
            ):
                yield Entry(header, Signature(signature), body)

    def receive(self, entries: Sequence[Entry]) -> None:
        """Takes a stretch of the log as it came from elsewhere, in the caller's transaction (B20, [12]).

        The newest signature of each author vouches for the stretch. What its entries changed is then given by
        `changes`. Raises: BookError, with the first bad position.
        """
        newest: dict[DeskId, tuple[int, Entry]] = {}
        for entry in entries:
            header, aside = self._store(entry)
            newest[header.desk] = (self.position, entry)
            if header.kind is EntryKind.EPOCH and aside is None:
                self._collect_key(entry)
        for desk, (position, entry) in newest.items():
            listed = self.roster.desks.get(desk)
            if listed is not None:
                try:
                    check_signature(entry.header, entry.signature, listed.verify_key)
                except SignatureError:
                    raise BookError("B3: the newest signature of its desk does not verify", position) from None

    def check(self, progress: Progress = lambda done, of: None) -> Report:
        """Checks every chain, signature, order hash and body, from genesis (B3–B23), then every chunk (B14).

        Raises: BookError, naming the first bad entry; StoreError, if the file itself is damaged.
        """
        return audit(self.store, self.genesis, self._keyring, (self.position, self.order), self._order_at, progress)

    def organisation_keys(self) -> list[EpochKey]:
        """Keys of every epoch of the folder `organisation`, for an admission."""
        organisation = self.singleton(FolderType.ORGANISATION)
        rows = self.store.rows("SELECT tag FROM epoch WHERE folder = ? ORDER BY number", organisation)
        return [self._keyring.get(tag) for (tag,) in rows]

    def _begin(self, keyring_key: Key, organisation_keys: Sequence[EpochKey]) -> None:
        for schema in (log_module.SCHEMA, keyring_module.SCHEMA, _LOCAL_SCHEMA):
            for statement in schema.split(";"):
                self._sql.execute(statement)
        self.store.set_meta("genesis", self.genesis)
        self.store.set_meta("keyring", digest("keyring-id", keyring_key))
        for key in organisation_keys:
            self._keyring.add(key)

    def _place(self) -> Place:
        head = self._log.head(self.desk)
        seq, prev = (head.seq + 1, head.hash) if head else (0, HeaderHash(ZERO_HASH))
        return Place(seq, prev, self._log.position, self._log.order)

    def _write(self, kind: EntryKind, plaintext: bytes, epoch: EpochKey, place: Place) -> Place:
        salt = self._randomness(_SALT)
        entry = make_entry(kind, plaintext, epoch, self.desk, place, salt, self._keys.signing)
        _, aside = self._store(entry)
        if aside is not None:
            raise AuthorityError(aside, self.position)
        return Place(place.seq + 1, header_hash(entry.header), place.seen_position, place.seen_order)

    def _store(self, entry: Entry) -> tuple[Header, str | None]:
        """Runs one entry through the rules and keeps it. Returns its header, and why it was set aside, if it was."""
        header, verdict = self._log.take(entry)
        self._sql.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.position,
                int(header.kind),
                verdict.epoch,
                verdict.aside,
                entry.header,
                entry.signature,
                self.order,
                entry.body,
            ),
        )
        return header, verdict.aside

    def _open_epoch(self, made: NewEpoch, organisation: EpochKey, place: Place) -> Place:
        self._keyring.add(made.key)
        self.store.add_chunk(chunk_hash(made.sheet), made.sheet)
        return self._write(EntryKind.EPOCH, made.body, organisation, place)

    def _collect_key(self, entry: Entry) -> None:
        """Opens this desk's copy of a new epoch's key, where there is one and its sheet has come."""
        header = decode_header(entry.header)
        if entry.body is None:
            return
        body = open_body(entry.header, header, entry.body, self._keyring.get(header.tag))
        statement = read_epoch(body, None)
        sheet = self.store.chunk(statement.sheet)
        if sheet is None or self.desk not in statement.recipients or self._keyring.find(statement.tag) is not None:
            return
        envelope = self._log.wrapping(statement, header.tag)
        try:
            if (parent := self._keyring.find(statement.parent)) is not None:
                read_epoch(body, parent)
            wrapping = self._keyring.get(envelope) if envelope else None
            self._keyring.add(open_sheet(self.org, statement, sheet, wrapping, self.desk, self._keys.sealing))
        except (AuthorityError, MissingKey, SealError, WireError):
            # A bad copy of a key is its author's fault; it must not keep the log from going on (B13).
            return

    def _new_key(self, folder: FolderId, epoch: int) -> EpochKey:
        return EpochKey(self.org, folder, epoch, Key(self._randomness(KEY_BYTES)))

    def _current_key(self, folder: FolderId) -> EpochKey:
        epoch = self._log.newest_epoch(folder)
        if epoch is None:
            raise MissingKey("That folder does not exist in this book.")
        return self._keyring.get(epoch.tag)

    def _order_at(self, position: int) -> OrderHash:
        if position == 0:
            return first_order(self.org)
        row = self._sql.execute("SELECT order_hash FROM entry WHERE position = ?", (position,)).fetchone()
        if row is None:
            raise OrderError("B4: an entry is missing", position)
        return OrderHash(row[0])

    def _resume(self) -> None:
        roster = Roster(self.org, read_genesis(self.genesis)[1])
        rows = self._sql.execute(
            # The first condition is the index's own; SQLite does not infer it from the second.
            "SELECT position, header, body FROM entry"
            " WHERE kind IN (1, 4) AND kind = 1 AND status IS NULL ORDER BY position"
        )
        for position, raw, body in rows:
            header = decode_header(raw)
            try:
                roster = roster.amend(open_body(raw, header, body, self._keyring.get(header.tag)))
            except (SealError, WireError) as error:
                raise BookError(error.message, position, **error.values) from None
        last = self._sql.execute("SELECT position, order_hash FROM entry ORDER BY position DESC LIMIT 1").fetchone()
        position, order = last or (0, first_order(self.org))
        self._log.resume(roster, position, order)

    def _check_end(self) -> None:
        """Checks the newest entry against the order hash before it, and its author's signature."""
        row = self._sql.execute(
            "SELECT position, header, signature, order_hash FROM entry ORDER BY position DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return
        position, raw, signature, order = row
        header = decode_header(raw)
        if next_order(self._order_at(position - 1), header_hash(raw), header.body_hash) != order:
            raise OrderError("B4: its order hash is not the log's", position)
        listed = self.roster.desks.get(header.desk)
        if listed is not None:
            try:
                check_signature(raw, Signature(signature), listed.verify_key)
            except SignatureError as error:
                raise BookError(error.message, position, **error.values) from None


def _admit(entry: DeskEntry) -> AdmitDesk:
    return AdmitDesk(entry.desk, entry.member, entry.verify_key, entry.sealing_key)
