"""The book: one organisation's log as this desk holds it.

Guarantees: what `append` returned, inside a transaction that ended, is durable and complete; every reader of the log
comes to the same state; damage is found and named. It knows folders, access and opaque payloads, and nothing of
records. Implements spec/book.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from waystation.book import keyring as keyring_module
from waystation.book import log as log_module
from waystation.book.entry import (
    ZERO_HASH,
    Entry,
    EntryKind,
    EpochKey,
    Place,
    decode_header,
    header_hash,
    make_entry,
    open_body,
)
from waystation.book.era import EraStatement, make_era, read_era
from waystation.book.folder import make_epoch
from waystation.book.forks import Fork, Left
from waystation.book.migrations import APART
from waystation.book.opened import Accepted, DeskKeys
from waystation.book.receiving import Received, Receiver
from waystation.book.roster import (
    COORDINATOR,
    AdmitMember,
    sign_amendment,
)
from waystation.book.store import Store
from waystation.book.unsent import Readers, Remaker
from waystation.book.writing import SALT, WrittenBook, admission
from waystation.derive import Key, digest
from waystation.errors import BookError, SealError, WireError
from waystation.ids import (
    SINGLETONS,
    ChunkHash,
    FolderId,
    FolderTag,
    FolderType,
    HeaderHash,
    MemberId,
    Randomness,
    singleton_folder,
)
from waystation.sign import SigningKey

_DESTROYED: Final = "CREATE TABLE destroyed (folder BLOB PRIMARY KEY) WITHOUT ROWID"


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


class Book(WrittenBook):
    """An open book. One thread at a time.

    While it is `connected`, what it writes is unsent (spec/sync.md S1): kept as durably as the log, and laid over it.
    """

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
            operations = (AdmitMember(member, (COORDINATOR,)), admission(founder))
            amendment = book.roster.draft(operations)
            signed = sign_amendment(amendment, {root.public: root for root in roots})
            place = book._write(EntryKind.ROSTER, signed, organisation, book._place())
            for kind in SINGLETONS:
                key = organisation
                if kind is not FolderType.ORGANISATION:
                    key = book._new_key(singleton_folder(book.org, kind), 0)
                wrapping = None if kind is FolderType.ORGANISATION else organisation
                salt = randomness(SALT)
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
        remaker = Remaker(*parts, self.order_at, readers)
        head = self._log.head(self.desk)
        before, last = head.hash if head else HeaderHash(ZERO_HASH), None
        stale: set[FolderTag] = set()
        used: set[FolderTag] = set()
        for unsent in list(self._outbox.all()):
            entry, header = unsent.entry, decode_header(unsent.entry.header)
            moved = header.prev != before
            again = None if unsent.offered else remaker.again(unsent, header, moved=moved)
            if again is not None:
                place, salt = remaker.place(unsent, header, last, before), self._randomness(SALT)
                entry = make_entry(unsent.kind, again.plain, again.key, self.desk, place, salt, self._keys.signing)
                stale |= {again.stale} if again.stale else set()
            header, verdict = self._log.try_out(entry)
            if again is not None or verdict.aside != unsent.aside:
                self._outbox.put(replace(unsent, entry=entry, aside=verdict.aside))
            before, last = header_hash(entry.header), header
            used.add(header.tag)
        for tag in stale - used:
            self._keyring.discard(tag)
        now = self._log.graves.hidden()
        return Laid(tuple(self.unsent_changes()), hidden - now, tuple(sorted(now - hidden)))

    def add_sheets(self, sheets: Mapping[ChunkHash, bytes]) -> frozenset[FolderId]:
        """Opens sheets that were missing, in the caller's transaction. Returns folders of which more can be read."""
        return frozenset(folder for folder in self._sheets.add(sheets) if not self.is_hidden(folder))

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
        plain, salt = make_era(statement, roots), self._randomness(SALT)
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

    def _begin(self, keyring_key: Key, organisation_keys: Sequence[EpochKey]) -> None:
        for schema in (log_module.SCHEMA, keyring_module.SCHEMA, APART, _DESTROYED):
            for statement in schema.split(";"):
                self._sql.execute(statement)
        self.store.set_meta("genesis", self.genesis)
        self.store.set_meta("keyring", digest("keyring-id", keyring_key))
        for key in organisation_keys:
            self._keyring.add(key)

    def _fork(self) -> Fork:
        return Fork(self.store, self._log, self._keyring, self._entries, self._outbox, self.desk)
