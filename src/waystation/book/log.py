"""The rules of the log, entry by entry, from genesis on.

A state machine over a few small tables. Given the same entries it reaches the same state on every desk, however they
arrived. It decides of each entry: accepted, or set aside (kept, not applied); and raises where the log itself is bad.
This desk's unsent entries are tried by the same rules, provisionally, and lifted before the log goes on. From
spec/book.md:

    B3   each desk's entries form a chain of header hashes
    B4   the running order hash; what an author claims to have seen is what the log holds
    B11  first epoch per parent stands; its author could read the parent
    B17  an amendment of the roster stands by root or by a coordinator
    B20  an accepted entry's author is an active desk that could read the folder
    B22  a tombstone fits its folder's state
    B29  two histories of one desk: the first in the log stands, the desk is suspended
    B31  what an era's fork left behind
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Final, assert_never

import apsw
import msgspec

from waystation.book.entry import (
    Entry,
    EntryKind,
    Header,
    check_signature,
    decode_header,
    first_order,
    header_hash,
    next_order,
    open_body,
)
from waystation.book.era import read_era
from waystation.book.folder import NO_PARENT, EpochStatement, read_epoch
from waystation.book.graves import EVERYTHING, Graves
from waystation.book.keyring import Keyring
from waystation.book.migrations import MANY_DESKS
from waystation.book.roster import DeskEntry, Genesis, Roster
from waystation.errors import (
    AuthorityError,
    Damaged,
    Forked,
    NewerFormat,
    SealError,
    SignatureError,
    WireError,
)
from waystation.ids import (
    SINGLETONS,
    UNSENT,
    DeskId,
    FolderId,
    FolderTag,
    FolderType,
    HeaderHash,
    OrderHash,
    OrgId,
    singleton_folder,
)
from waystation.limits import BODY_BUCKETS
from waystation.wire import BIN_16, INT_64, Decoder

SCHEMA: Final = f"""
CREATE TABLE head (desk BLOB PRIMARY KEY, seq INTEGER, hash BLOB, seen_position INTEGER) WITHOUT ROWID;
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY, folder BLOB NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, tag BLOB NOT NULL UNIQUE,
    parent BLOB NOT NULL, recipients BLOB NOT NULL, sheet BLOB NOT NULL, position INTEGER NOT NULL, superseded INTEGER);
CREATE INDEX epoch_folder ON epoch (folder, number);
{MANY_DESKS.strip()}
"""
_CACHE: Final = 16_384
_NO_HEAD: Final = HeaderHash(bytes(32))
_NOT_ACTIVE: Final = "B20: the author is not an active desk of this organisation"


class Tombstone(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Plaintext of a tombstone entry (B22)."""

    version: int
    action: str
    folder: Annotated[FolderId, BIN_16]
    at_ms: Annotated[int, INT_64]
    zone: str


_decode_tombstone: Final = Decoder(Tombstone)


class Head(msgspec.Struct, frozen=True):
    """The end of one desk's chain."""

    seq: int
    hash: HeaderHash
    seen_position: int


class Epoch(msgspec.Struct, frozen=True):
    """One epoch of a folder as the log knows it; `superseded` is the position of the next epoch, if there is one."""

    id: int
    folder: FolderId
    type: FolderType
    number: int
    tag: FolderTag
    parent: FolderTag
    recipients: tuple[DeskId, ...]
    sheet: bytes
    position: int
    superseded: int | None


class Verdict(msgspec.Struct, frozen=True):
    """What became of an entry.

    Args:
        aside: why it is not applied; None if it is.
        epoch: row of its folder's epoch.
        link: whether its author's chain goes on from it.
        plain: an epoch entry's plaintext, where it was opened.
    """

    aside: str | None
    epoch: int | None
    link: bool = True
    plain: bytes | None = None


class Log:
    """State after a prefix of the log.

    Args:
        connection: holds the tables of `SCHEMA`, and is where they are changed, in the caller's transaction.
        keyring: opens what this desk may read.
        order_at: h(i) of an earlier position.
        known: whether an entry with this header stands in the log already.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        org: OrgId,
        genesis: Genesis,
        keyring: Keyring,
        order_at: Callable[[int], OrderHash],
        known: Callable[[bytes], bool],
    ) -> None:
        self._sql = connection
        self._keyring = keyring
        self._order_at = order_at
        self._known = known
        self.org = org
        self.graves = Graves(connection)
        self.roster = Roster(org, genesis)
        self.position = 0
        self.order = first_order(org)
        self.lifted = False
        self.checkpoints: list[int] = []
        self.suspended: set[DeskId] = set()
        self._organisation = singleton_folder(org, FolderType.ORGANISATION)
        self._settled = self.roster
        self._heads: dict[DeskId, Head] = {}
        self._moved: set[DeskId] = set()
        self._epochs: dict[FolderTag, Epoch] = {}
        self._reading: dict[tuple[DeskId, FolderTag], bool] = {}
        self._opened: bytes | None = None
        self._newest_organisation: FolderTag | None = None

    def resume(self, settled: Roster, roster: Roster, position: int, order: OrderHash) -> None:
        """Takes up a state that the tables already hold, as after opening or a rollback.

        Args:
            settled: the roster by the log alone; `roster`: with this desk's unsent amendments.
        """
        self._settled, self.roster, self.position, self.order = settled, roster, position, order
        self.lifted = False
        self._forget_cached()
        self._moved.clear()
        self._heads = {
            desk: Head(seq, head, seen)
            for desk, seq, head, seen in self._sql.execute("SELECT desk, seq, hash, seen_position FROM head")
        }
        self.suspended = {desk for (desk,) in self._sql.execute("SELECT desk FROM suspended")}
        self.checkpoints = [at for (at,) in self._sql.execute("SELECT checkpoint FROM era ORDER BY number")]

    def head(self, desk: DeskId) -> Head | None:
        """The end of a desk's chain in the log, or None before its first entry."""
        return self._heads.get(desk)

    def take(self, entry: Entry) -> tuple[Header, Verdict]:
        """Applies the next entry to the state.

        Raises: Damaged, Forked where the log itself is bad (B20); NewerFormat; MissingKey, if the entry cannot be
            judged without a key of the organisation's that is not here. The state is then unchanged but for the
            tables, which the caller rolls back.
        """
        header = self._sound(entry)
        digest = header_hash(entry.header)
        author = self._settled.desks.get(header.desk)
        if author is None:
            verdict = self._take_unlisted(entry, header)
            seen = header.seen_position
        elif self._follows(header):
            verdict, seen = self._take_next(entry, header, author)
        else:
            verdict = self._take_astray(entry, header, author)
            seen = 0
        self.position += 1
        self.order = next_order(self.order, digest, header.body_hash)
        if verdict.link:
            self._heads[header.desk] = Head(header.seq, digest, seen)
            self._moved.add(header.desk)
        return header, verdict

    def flush(self) -> None:
        """Writes the ends of the chains that have moved. To be called before the transaction ends."""
        self._sql.executemany(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)",
            [(desk, *_row(self._heads[desk])) for desk in sorted(self._moved)],
        )
        self._moved.clear()

    def lift(self) -> None:
        """Takes back what unsent entries did to the state. What they hide stays hidden until they are tried again."""
        self._sql.execute("DELETE FROM epoch WHERE position >= 4611686018427387904")
        self._sql.execute("UPDATE epoch SET superseded = NULL WHERE superseded >= 4611686018427387904")
        self.roster = self._settled
        self.lifted = True
        self._forget_cached()

    def begin_trying(self) -> None:
        """The unsent entries are about to be tried, each of them, over the log."""
        self.graves.cut(UNSENT - 1)
        self.lifted = False

    def try_out(self, entry: Entry) -> tuple[Header, Verdict]:
        """Applies one of this desk's unsent entries provisionally, over the log and those before it (S2)."""
        header = decode_header(entry.header)
        if header.desk in self.suspended:
            return header, Verdict("B29: its desk has two histories", None)
        settled, seen = self._settled, self._effective(header, self._heads.get(header.desk))
        verdict = self._decide(entry, header, UNSENT + header.seq, header.seen_position if seen is None else seen)
        self._settled = settled
        return header, verdict

    def cut(self, checkpoint: int, heads: dict[DeskId, Head]) -> None:
        """Takes the tables back to an earlier position (B31); the caller resumes afterwards.

        Args:
            heads: the ends of the chains there.
        """
        self._sql.execute("DELETE FROM epoch WHERE position > ?", (checkpoint,))
        self._sql.execute("UPDATE epoch SET superseded = NULL WHERE superseded > ?", (checkpoint,))
        self._sql.execute("DELETE FROM suspended WHERE position > ?", (checkpoint,))
        self._sql.execute("DELETE FROM era WHERE position > ?", (checkpoint,))
        self._sql.execute("DELETE FROM head")
        self.graves.cut(checkpoint)
        self._heads, self._moved = heads, set(heads)
        self.flush()

    def epoch(self, tag: FolderTag) -> Epoch | None:
        """The epoch that a tag names."""
        known = self._epochs.get(tag)
        if known is None:
            known = self._one("tag = ?", (tag,))
            if known is not None:
                if len(self._epochs) >= _CACHE:
                    self._forget_cached()
                self._epochs[tag] = known
        return known

    def newest_epoch(self, folder: FolderId) -> Epoch | None:
        """The current epoch of a folder."""
        return self._one("folder = ? ORDER BY number DESC LIMIT 1", (folder,))

    def organisation_tag(self) -> FolderTag | None:
        """Tag of the organisation's newest epoch; None before its first."""
        if self._newest_organisation is None:
            newest = self.newest_epoch(self._organisation)
            self._newest_organisation = newest.tag if newest else None
        return self._newest_organisation

    def numbered_epoch(self, folder: FolderId, number: int) -> Epoch | None:
        """A folder's epoch by its number."""
        return self._one("folder = ? AND number = ?", (folder, number))

    def epoch_of_row(self, identity: int) -> Epoch | None:
        """An epoch by its row."""
        return self._one("id = ?", (identity,))

    def wrapping(self, statement: EpochStatement, sealed_under: FolderTag) -> FolderTag | None:
        """Tag of the key that envelopes an epoch's sheet (B12): its entry's own; None for the very first."""
        if statement.type is FolderType.ORGANISATION:
            return None if statement.parent == NO_PARENT else statement.parent
        return sealed_under

    @property
    def alone(self) -> bool:
        """Whether the organisation has one member only (B24)."""
        return len(self.roster.members) < 2

    def effective_seen(self, header: Header, end: int, checkpoints: list[int]) -> int:
        """What a link of a log that ends at `end` is judged to have seen (B31).

        Args:
            checkpoints: of the eras up to there.
        """
        seen = header.seen_position
        if seen <= end and header.seen_order == self._order_at(seen):
            return seen
        return max((checkpoint for checkpoint in checkpoints if checkpoint < seen), default=0)

    def _sound(self, entry: Entry) -> Header:
        """An entry's header, if it and the body are sound (B2, B5)."""
        here = self.position + 1
        try:
            header = decode_header(entry.header)
        except NewerFormat:
            raise
        except WireError as error:
            raise Damaged(error.message, here, **error.values) from None
        if header.org != self.org:
            raise Damaged("B2: an entry of another organisation", here)
        body = entry.body
        if body is None:
            if header.kind is not EntryKind.CHANGE:
                raise Damaged("B24: the body of an entry that is no change was dropped", here)
        elif len(body) != BODY_BUCKETS[header.bucket] or sha256(body).digest() != header.body_hash:
            raise Damaged("B2: an entry's body is not the one that its header names", here)
        return header

    def _follows(self, header: Header) -> bool:
        head = self._heads.get(header.desk)
        if head is None:
            return header.seq == 0 and header.prev == _NO_HEAD
        return header.seq == head.seq + 1 and header.prev == head.hash

    def _take_next(self, entry: Entry, header: Header, author: DeskEntry) -> tuple[Verdict, int]:
        """An entry that follows its author's chain. Returns also what it is judged to have seen."""
        head = self._heads.get(header.desk)
        earlier = head.seen_position if head else 0
        is_era = header.kind is EntryKind.ERA
        if is_era:
            # No later entry of its author's vouches for it, since the chain does not go on from it (B30).
            self._check_signed(entry, author)
        if not author.active:
            return Verdict(_NOT_ACTIVE, None, link=not is_era), earlier
        if header.desk in self.suspended:
            return Verdict("B29: its desk has two histories", None, link=not is_era), earlier
        seen = self._effective(header, head)
        if seen is None:
            self._check_signed(entry, author)
            raise Forked(header.seen_position)
        if seen < earlier:
            self._check_signed(entry, author)
            raise Damaged("B4: it has seen less than its desk's entry before", self.position + 1)
        verdict = self._decide(entry, header, self.position + 1, seen)
        return verdict, seen

    def _take_astray(self, entry: Entry, header: Header, author: DeskEntry) -> Verdict:
        """An entry that does not follow its author's chain (B29)."""
        if self._known(entry.header):
            return Verdict("B29: it stands in the log already", None, link=False)
        self._check_signed(entry, author)
        if header.kind is EntryKind.ERA:
            return Verdict("B30: an era that does not follow its desk's chain", None, link=False)
        head = self._heads.get(header.desk)
        if header.desk not in self.suspended and author.active:
            if header.seq > (head.seq + 1 if head else 0):
                raise Damaged("B3: an entry of its desk before it is missing", self.position + 1)
            self.suspended.add(header.desk)
            self._sql.execute("INSERT INTO suspended VALUES (?, ?)", (header.desk, self.position + 1))
        return Verdict("B29: its desk has two histories", None, link=False)

    def _take_unlisted(self, entry: Entry, header: Header) -> Verdict:
        """An entry by a desk that was never listed: only an amendment that lists it can stand, and begin its chain."""
        seen = header.seen_position
        first = header.seq == 0 and header.prev == _NO_HEAD and seen <= self.position
        if header.kind is not EntryKind.ROSTER or not first or header.seen_order != self._order(seen):
            return Verdict(_NOT_ACTIVE, None, link=False)
        verdict = self._decide(entry, header, self.position + 1, seen)
        return Verdict(verdict.aside, verdict.epoch, link=verdict.aside is None)

    def _check_signed(self, entry: Entry, author: DeskEntry) -> None:
        try:
            check_signature(entry.header, entry.signature, author.verify_key)
        except SignatureError:
            raise Damaged("B3: its author's signature does not verify", self.position + 1) from None

    def _order(self, position: int) -> OrderHash:
        return self.order if position == self.position else self._order_at(position)

    def _effective(self, header: Header, head: Head | None) -> int | None:
        """What an entry is judged to have seen; None, if that is not the log's (B4, B31)."""
        seen = header.seen_position
        if seen <= self.position and header.seen_order == self._order(seen):
            return seen
        earlier = head.seen_position if head else 0
        left = [checkpoint for checkpoint in self.checkpoints if earlier <= checkpoint < seen]
        return left[-1] if left else None

    def _decide(self, entry: Entry, header: Header, at: int, seen: int) -> Verdict:
        epoch = self._epochs.get(header.tag) or self.epoch(header.tag)
        place = epoch.id if epoch and epoch.position < UNSENT else None
        if header.kind is EntryKind.CHANGE and epoch is not None and self._may_write(header.desk, epoch, seen):
            return Verdict(None, place)
        link = header.kind is not EntryKind.ERA
        self._opened = None
        try:
            match header.kind:
                case EntryKind.CHANGE:
                    self._authorise_change(header, epoch, seen)
                case EntryKind.ROSTER:
                    self._authorise_sealing(header, epoch, seen)
                    self._amend(entry, header)
                case EntryKind.EPOCH:
                    self._authorise_sealing(header, epoch, seen)
                    self._authorise_epoch(entry, header, at)
                case EntryKind.TOMBSTONE:
                    self._authorise_sealing(header, epoch, seen)
                    self._authorise_tombstone(entry, header, at)
                case EntryKind.ERA:
                    self._authorise_sealing(header, epoch, seen)
                    self._authorise_era(entry, header)
                case _:
                    assert_never(header.kind)
        except (AuthorityError, SealError, WireError) as error:
            return Verdict(str(error), place, link, self._opened)
        return Verdict(None, place, link, self._opened)

    def _plaintext(self, entry: Entry, header: Header) -> bytes:
        if entry.body is None:
            raise SealError("its body was dropped")
        return open_body(entry.header, header, entry.body, self._keyring.get(header.tag))

    def _may_write(self, desk: DeskId, epoch: Epoch, seen: int) -> bool:
        """As `_authorise_change`, for the million that are in order."""
        author = self.roster.desks.get(desk)
        if author is None or not author.active or not self._reads(desk, epoch):
            return False
        return epoch.superseded is None or seen < epoch.superseded

    def _authorise_change(self, header: Header, epoch: Epoch | None, seen: int) -> None:
        author = self.roster.desks.get(header.desk)
        if author is None or not author.active:
            raise AuthorityError(_NOT_ACTIVE)
        if epoch is None:
            raise AuthorityError("B20: its tag names no folder")
        if not self._reads(header.desk, epoch):
            raise AuthorityError("B20: its author could not read the folder")
        if epoch.superseded is not None and seen >= epoch.superseded:
            raise AuthorityError("B20: it was written under a key that its author knew to be old")

    def _authorise_sealing(self, header: Header, epoch: Epoch | None, seen: int) -> None:
        """Every desk must decide alike of these kinds, so their tag must name what every desk reads (B7)."""
        organisation = self.organisation_tag()
        if organisation is not None and (epoch is None or epoch.folder != self._organisation):
            raise AuthorityError("B7: it is not sealed in the organisation's folder")
        if header.kind is EntryKind.ROSTER:
            return
        if organisation is None:
            self.roster.desk(header.desk)
        else:
            self._authorise_change(header, epoch, seen)

    def _amend(self, entry: Entry, header: Header) -> None:
        roster = self.roster.amend(self._plaintext(entry, header))
        if header.desk not in {desk.desk for desk in (*self.roster.active_desks(), *roster.active_desks())}:
            raise AuthorityError("B17: its author is no active desk, neither before it nor after")
        self.roster = self._settled = roster
        self._reading.clear()

    def _authorise_epoch(self, entry: Entry, header: Header, at: int) -> None:
        self._opened = self._plaintext(entry, header)
        statement = read_epoch(self._opened, None)
        if self.epoch(statement.tag) is not None:
            raise AuthorityError("B11: its tag names another epoch already")
        newest = self.newest_epoch(statement.folder)
        if statement.epoch == 0:
            if newest is not None:
                raise AuthorityError("B11: the folder has a first epoch already")
            if statement.type in SINGLETONS and statement.folder != singleton_folder(self.org, statement.type):
                raise AuthorityError("B11: a second folder of a type of which there is one")
        else:
            if newest is None or newest.tag != statement.parent or newest.number + 1 != statement.epoch:
                raise AuthorityError("B11: it does not follow the folder's newest epoch")
            if newest.type is not statement.type:
                raise AuthorityError("B11: a folder does not change its type")
            if not self._reads(header.desk, newest):
                raise AuthorityError("B11: its author could not read the epoch before")
            self._sql.execute("UPDATE epoch SET superseded = ? WHERE id = ?", (at, newest.id))
            self._epochs.pop(newest.tag, None)
        if statement.folder == self._organisation:
            self._newest_organisation = None
        self._sql.execute(
            "INSERT INTO epoch (folder, type, number, tag, parent, recipients, sheet, position)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                statement.folder,
                statement.type.value,
                statement.epoch,
                statement.tag,
                statement.parent,
                b"".join(statement.recipients),
                statement.sheet,
                at,
            ),
        )

    def _authorise_tombstone(self, entry: Entry, header: Header, at: int) -> None:
        member = self.roster.desk(header.desk).member
        tombstone = _decode_tombstone(self._plaintext(entry, header))
        epoch = self.newest_epoch(tombstone.folder)
        if epoch is None or epoch.type in SINGLETONS:
            raise AuthorityError("B23: that folder cannot be hidden by this author")
        if tombstone.action == "done":
            # Who was a reader once has something to destroy, though it may not hide the folder (B35).
            allowed = any(self._reads(header.desk, held) for held in self.epochs_of(tombstone.folder))
        else:
            allowed = self._reads(header.desk, epoch)
        if not allowed:
            raise AuthorityError("B23: that folder cannot be hidden by this author")
        grave = self.graves.find(tombstone.folder, at if at < UNSENT else EVERYTHING)
        self.graves.check(grave, tombstone.action, member, header.desk, alone=self.alone)
        self.graves.add(at, tombstone.folder, tombstone.action, tombstone.at_ms, member, header.desk)

    def _authorise_era(self, entry: Entry, header: Header) -> None:
        era = read_era(self._plaintext(entry, header), self.org, self.roster.genesis)
        if era.number != len(self.checkpoints):
            raise AuthorityError("B30: an era that does not follow the last one")
        here = (self.position, self.order)
        if (era.checkpoint, era.order) != here or (header.seen_position, header.seen_order) != here:
            raise AuthorityError("B30: an era that does not stand right after its checkpoint")
        self._sql.execute(
            "INSERT INTO era VALUES (?, ?, ?, ?)", (era.number, self.position + 1, era.checkpoint, era.reason)
        )
        self.checkpoints.append(era.checkpoint)

    def epochs_of(self, folder: FolderId) -> list[Epoch]:
        """All epochs of a folder, in order."""
        rows = self._sql.execute(f"{_EPOCH} WHERE folder = ? ORDER BY number", (folder,))
        return [_epoch(*row) for row in rows]

    def _reads(self, desk: DeskId, epoch: Epoch) -> bool:
        known = self._reading.get((desk, epoch.tag))
        if known is None:
            known = not self.roster.stands_for(desk).isdisjoint(epoch.recipients)
            self._reading[desk, epoch.tag] = known
        return known

    def _one(self, where: str, values: tuple[bytes | int, ...]) -> Epoch | None:
        row = self._sql.execute(f"{_EPOCH} WHERE {where}", values).fetchone()
        return _epoch(*row) if row else None

    def _forget_cached(self) -> None:
        self._epochs.clear()
        self._reading.clear()
        self._newest_organisation = None


_EPOCH: Final = "SELECT id, folder, type, number, tag, parent, recipients, sheet, position, superseded FROM epoch"


def _epoch(
    identity: int,
    folder: FolderId,
    kind: str,
    number: int,
    tag: FolderTag,
    parent: FolderTag,
    recipients: bytes,
    sheet: bytes,
    position: int,
    superseded: int | None,
) -> Epoch:
    desks = _recipients(recipients)
    return Epoch(identity, folder, FolderType(kind), number, tag, parent, desks, sheet, position, superseded)


@lru_cache(maxsize=4096)
def _recipients(joined: bytes) -> tuple[DeskId, ...]:
    """Most folders have the same few readers; one tuple serves them all."""
    return tuple(DeskId(joined[i : i + 16]) for i in range(0, len(joined), 16))


def _row(head: Head) -> tuple[int, HeaderHash, int]:
    return head.seq, head.hash, head.seen_position
