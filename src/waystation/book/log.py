"""The rules of the log, entry by entry, from genesis on.

A state machine over a few small tables. Given the same entries it reaches the same state on every desk, however they
arrived. It decides of each entry: accepted, or set aside (kept, not applied); and raises where the log itself is bad.
Rules, from spec/book.md:

    B3   each desk's entries form a chain of header hashes
    B4   the running order hash; what an author claims to have seen is what the log holds
    B11  first epoch per parent stands; its author could read the parent
    B17  an amendment of the roster stands by root or by a coordinator
    B20  an accepted entry's author is an active desk that could read the folder
    B23  what may be hidden
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import apsw
import msgspec

from waystation.book.entry import (
    Entry,
    EntryKind,
    Header,
    check_body,
    decode_header,
    first_order,
    header_hash,
    next_order,
    open_body,
)
from waystation.book.folder import NO_PARENT, EpochStatement, read_epoch
from waystation.book.keyring import Keyring
from waystation.book.roster import Genesis, Roster
from waystation.clock import DAY_MS
from waystation.errors import AuthorityError, ChainError, MissingKey, OrderError, SealError, WireError
from waystation.ids import (
    SINGLETONS,
    DeskId,
    FolderId,
    FolderTag,
    FolderType,
    HeaderHash,
    MemberId,
    OrderHash,
    OrgId,
    singleton_folder,
)
from waystation.limits import ERASE_AFTER_DAYS
from waystation.wire import BIN_16, INT_64, Decoder

SCHEMA: Final = """
CREATE TABLE head (desk BLOB PRIMARY KEY, seq INTEGER, hash BLOB, seen_position INTEGER) WITHOUT ROWID;
CREATE TABLE epoch (
    id INTEGER PRIMARY KEY, folder BLOB NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, tag BLOB NOT NULL UNIQUE,
    parent BLOB NOT NULL, recipients BLOB NOT NULL, sheet BLOB NOT NULL, position INTEGER NOT NULL, superseded INTEGER);
CREATE INDEX epoch_folder ON epoch (folder, number);
CREATE TABLE hidden (
    folder BLOB PRIMARY KEY, position INTEGER NOT NULL, at_ms INTEGER NOT NULL, member BLOB NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID
"""
_CACHE: Final = 4096
_NO_HEAD: Final = HeaderHash(bytes(32))


class Tombstone(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Plaintext of a tombstone entry (B22)."""

    version: int
    action: str
    folder: Annotated[FolderId, BIN_16]
    at_ms: Annotated[int, INT_64]
    zone: str


_decode_tombstone: Final = Decoder(Tombstone)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one desk's chain."""

    seq: int
    hash: HeaderHash
    seen_position: int


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch of a folder as the log knows it; `superseded` is the position of the next epoch, if there is one."""

    id: int
    folder: FolderId
    type: FolderType
    number: int
    tag: FolderTag
    recipients: tuple[DeskId, ...]
    sheet: bytes
    superseded: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an entry: `aside` says why it is not applied, None if it is; `epoch` is that of its folder."""

    aside: str | None
    epoch: int | None


class Log:
    """State after a prefix of the log.

    Args:
        connection: holds the tables of `SCHEMA`, and is where they are changed, in the caller's transaction.
        keyring: opens what this desk may read.
        order_at: h(i) of an earlier position.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        org: OrgId,
        genesis: Genesis,
        keyring: Keyring,
        order_at: Callable[[int], OrderHash],
    ) -> None:
        self._sql = connection
        self._keyring = keyring
        self._order_at = order_at
        self.org = org
        self.roster = Roster(org, genesis)
        self.position = 0
        self.order = first_order(org)
        self._heads: dict[DeskId, Head] = {}
        self._epochs: OrderedDict[FolderTag, Epoch] = OrderedDict()

    def resume(self, roster: Roster, position: int, order: OrderHash) -> None:
        """Takes up a state that the tables already hold, as after opening or a rollback."""
        self.roster, self.position, self.order = roster, position, order
        self._epochs.clear()
        self._heads = {
            desk: Head(seq, head, seen)
            for desk, seq, head, seen in self._sql.execute("SELECT desk, seq, hash, seen_position FROM head")
        }

    def head(self, desk: DeskId) -> Head | None:
        """The end of a desk's chain, or None before its first entry."""
        return self._heads.get(desk)

    def take(self, entry: Entry) -> tuple[Header, Verdict]:
        """Applies the next entry to the state.

        Raises: WireError, ChainError, OrderError where the log itself is bad (B20); the state is then unchanged but for
            the tables, which the caller rolls back.
        """
        header = decode_header(entry.header)
        if header.org != self.org:
            raise ChainError("B2: an entry of another organisation", self.position + 1)
        if entry.body is not None:
            check_body(header, entry.body)
        self._check_chain(header)
        verdict = self._decide(entry, header)
        digest = header_hash(entry.header)
        self.position += 1
        self.order = next_order(self.order, digest, header.body_hash)
        self._heads[header.desk] = Head(header.seq, digest, header.seen_position)
        self._sql.execute(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)", (header.desk, header.seq, digest, header.seen_position)
        )
        return header, verdict

    def epoch(self, tag: FolderTag) -> Epoch | None:
        """The epoch that a tag names."""
        known = self._epochs.get(tag)
        if known is None:
            known = self._one("tag = ?", (tag,))
            if known is not None:
                self._epochs[tag] = known
                if len(self._epochs) > _CACHE:
                    self._epochs.popitem(last=False)
        return known

    def newest_epoch(self, folder: FolderId) -> Epoch | None:
        """The current epoch of a folder."""
        return self._one("folder = ? ORDER BY number DESC LIMIT 1", (folder,))

    def wrapping(self, statement: EpochStatement, sealed_under: FolderTag) -> FolderTag | None:
        """Tag of the key that envelopes an epoch's sheet (B12): its entry's own; None for the very first."""
        if statement.type is FolderType.ORGANISATION:
            return None if statement.parent == NO_PARENT else statement.parent
        return sealed_under

    def due(self, now_ms: int) -> list[FolderId]:
        """Hidden folders that may be destroyed now (B24)."""
        alone = len(self.roster.members) < 2
        rows = self._sql.execute(
            "SELECT folder FROM hidden WHERE at_ms <= ? AND (confirmed OR ?) ORDER BY position",
            (now_ms - ERASE_AFTER_DAYS * DAY_MS, alone),
        )
        return [folder for (folder,) in rows]

    def is_hidden(self, folder: FolderId) -> bool:
        return self._sql.execute("SELECT 1 FROM hidden WHERE folder = ?", (folder,)).fetchone() is not None

    def _one(self, where: str, values: tuple[bytes, ...]) -> Epoch | None:
        row = self._sql.execute(
            f"SELECT id, folder, type, number, tag, recipients, sheet, superseded FROM epoch WHERE {where}",  # noqa: S608
            values,
        ).fetchone()
        if row is None:
            return None
        identity, folder, kind, number, tag, recipients, sheet, superseded = row
        desks = tuple(DeskId(recipients[i : i + 16]) for i in range(0, len(recipients), 16))
        return Epoch(identity, folder, FolderType(kind), number, tag, desks, sheet, superseded)

    def _check_chain(self, header: Header) -> None:
        here = self.position + 1
        head = self._heads.get(header.desk)
        expected_seq, expected_prev, earlier = (
            (head.seq + 1, head.hash, head.seen_position) if head else (0, _NO_HEAD, 0)
        )
        if header.seq != expected_seq or header.prev != expected_prev:
            raise ChainError("B3: it does not follow its desk's entry before", here)
        if not earlier <= header.seen_position <= self.position:
            raise OrderError("B4: it claims to have seen what is not before it", here)
        seen = self.order if header.seen_position == self.position else self._order_at(header.seen_position)
        if header.seen_order != seen:
            raise OrderError("B4: its author saw another history", here)

    def _decide(self, entry: Entry, header: Header) -> Verdict:
        epoch = self.epoch(header.tag)
        place = epoch.id if epoch else None
        try:
            if header.kind is not EntryKind.CHANGE:
                self._authorise_sealing(header, epoch)
            match header.kind:
                case EntryKind.CHANGE:
                    self._authorise_change(header, epoch)
                case EntryKind.ROSTER:
                    self.roster = self._authorise_roster(entry, header)
                case EntryKind.EPOCH:
                    self._authorise_epoch(entry, header)
                case EntryKind.TOMBSTONE:
                    self._authorise_tombstone(entry, header)
                case EntryKind.ERA:
                    raise AuthorityError("B28: eras are not known here")
        except (AuthorityError, MissingKey, SealError, WireError) as error:
            return Verdict(str(error), place)
        return Verdict(None, place)

    def _plaintext(self, entry: Entry, header: Header) -> bytes:
        if entry.body is None:
            raise SealError("its body was dropped")
        return open_body(entry.header, header, entry.body, self._keyring.get(header.tag))

    def _authorise_change(self, header: Header, epoch: Epoch | None) -> None:
        self.roster.desk(header.desk)
        if epoch is None:
            raise AuthorityError("B20: its tag names no folder")
        if not self._reads(header.desk, epoch):
            raise AuthorityError("B20: its author could not read the folder")
        if epoch.superseded is not None and header.seen_position >= epoch.superseded:
            raise AuthorityError("B20: it was written under a key that its author knew to be old")

    def _authorise_sealing(self, header: Header, epoch: Epoch | None) -> None:
        """Every desk must decide alike of these kinds, so their tag must name what every desk reads (B7)."""
        organisation = self.newest_epoch(singleton_folder(self.org, FolderType.ORGANISATION))
        if organisation is not None and (epoch is None or epoch.folder != organisation.folder):
            raise AuthorityError("B7: it is not sealed in the organisation's folder")
        if header.kind is EntryKind.ROSTER:
            return
        if organisation is None:
            self.roster.desk(header.desk)
        else:
            self._authorise_change(header, epoch)

    def _authorise_roster(self, entry: Entry, header: Header) -> Roster:
        roster = self.roster.amend(self._plaintext(entry, header))
        if header.desk not in {desk.desk for desk in (*self.roster.active_desks(), *roster.active_desks())}:
            raise AuthorityError("B17: its author is no active desk, neither before it nor after")
        return roster

    def _authorise_epoch(self, entry: Entry, header: Header) -> None:
        body = self._plaintext(entry, header)
        statement = read_epoch(body, None)
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
            self._sql.execute("UPDATE epoch SET superseded = ? WHERE id = ?", (self.position + 1, newest.id))
            self._epochs.pop(newest.tag, None)
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
                self.position + 1,
            ),
        )

    def _authorise_tombstone(self, entry: Entry, header: Header) -> None:
        member = self.roster.desk(header.desk).member
        tombstone = _decode_tombstone(self._plaintext(entry, header))
        epoch = self.newest_epoch(tombstone.folder)
        if epoch is None or epoch.type in SINGLETONS or not self._reads(header.desk, epoch):
            raise AuthorityError("B23: that folder cannot be hidden by this author")
        hidden = self._sql.execute("SELECT member FROM hidden WHERE folder = ?", (tombstone.folder,)).fetchone()
        match tombstone.action:
            case "hide" if hidden is None:
                self._hide(tombstone, member)
            case "confirm" if hidden is not None and hidden[0] != member:
                self._sql.execute("UPDATE hidden SET confirmed = 1 WHERE folder = ?", (tombstone.folder,))
            case "cancel" if hidden is not None:
                self._sql.execute("DELETE FROM hidden WHERE folder = ?", (tombstone.folder,))
            case _:
                raise AuthorityError("B22: a tombstone that does not fit the folder's state")

    def _reads(self, desk: DeskId, epoch: Epoch) -> bool:
        return not self.roster.stands_for(desk).isdisjoint(epoch.recipients)

    def _hide(self, tombstone: Tombstone, member: MemberId) -> None:
        self._sql.execute(
            "INSERT INTO hidden (folder, position, at_ms, member) VALUES (?, ?, ?, ?)",
            (tombstone.folder, self.position + 1, tombstone.at_ms, member),
        )
