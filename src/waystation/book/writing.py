"""An open book, as far as this desk writes to it.

Guarantees: what was written inside a transaction that ended is durable and complete; what would be set aside is not
written, but raised. Where the book is connected, it is unsent. Implements spec/book.md B19 and spec/sync.md S1. Part
of `book`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from waystation.book.asking import adoption
from waystation.book.change import ChangeBody
from waystation.book.entry import (
    ZERO_HASH,
    Entry,
    EntryKind,
    EpochKey,
    Place,
    header_hash,
    make_entry,
)
from waystation.book.folder import NewEpoch, chunk_hash, make_epoch
from waystation.book.log import Tombstone
from waystation.book.opened import Accepted, DeskKeys, OpenBook, Stamp
from waystation.book.roster import (
    AdmitDesk,
    DeskEntry,
    Operation,
    Succeed,
    sign_amendment,
)
from waystation.book.unsent import Unsent
from waystation.derive import KEY_BYTES, Key, digest
from waystation.errors import AuthorityError, BookError, MissingKey
from waystation.ids import (
    UNSENT,
    ChunkHash,
    DeskId,
    FolderId,
    FolderType,
    HeaderHash,
    SaveId,
)
from waystation.sign import SigningKey
from waystation.unseal import SealingKey
from waystation.wire import encode

SALT: Final = 32


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


class WrittenBook(OpenBook):
    """A book that its desk writes to."""

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
                made = make_epoch(key, new.type, None, new.readers, organisation, self._randomness(SALT))
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
        made = make_epoch(key, epoch.type, parent, readers, organisation, self._randomness(SALT))
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
        self.amend_roster((admission(self._keys.entry(member)), Succeed(self.desk, lost)), roots)

    def tombstone(self, folder: FolderId, action: str, stamp: Stamp) -> None:
        """Hides a folder, confirms its destruction, or cancels it (B22), in the caller's transaction."""
        body = encode(Tombstone(1, action, folder, stamp.at_ms, stamp.zone))
        organisation = self._current_key(self.singleton(FolderType.ORGANISATION))
        self._write(EntryKind.TOMBSTONE, body, organisation, self._place(), None, stamp.save)

    def done(self, folder: FolderId, stamp: Stamp) -> None:
        """Says that this desk has destroyed a folder (B35), in the caller's transaction. Raises: AuthorityError."""
        self.tombstone(folder, "done", stamp)

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

    def use_sealing(self, keys: tuple[SealingKey, ...]) -> None:
        """Takes up another set of private sealing keys, the newest last (B33)."""
        self._keys = DeskKeys(self._keys.signing, keys)
        self._sheets.use(keys)

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

    def offer(self, upto_seq: int) -> None:
        """The bytes of unsent entries up to this number may leave from now on (S3), in the caller's transaction."""
        self._outbox.offer(upto_seq)

    def refuse(self, seqs: Sequence[int]) -> None:
        """The relay has answered that it refused these (S3), in the caller's transaction."""
        self._outbox.refuse(seqs)

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
        salt = self._randomness(SALT)
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

    def _new_key(self, folder: FolderId, epoch: int) -> EpochKey:
        return EpochKey(self.org, folder, epoch, Key(self._randomness(KEY_BYTES)))


def admission(entry: DeskEntry) -> AdmitDesk:
    """The operation that admits a desk."""
    return AdmitDesk(entry.desk, entry.member, entry.verify_key, entry.sealing_key)
