"""Taking a stretch of the log as it came from elsewhere.

Guarantees: what a stretch comes to does not depend on how it was cut; its newest signature of each author vouches for
that author's entries before it, and what does not follow its author's chain has its own checked. What is taken is
named in `Received`; a lie is raised, and the caller's transaction then leaves nothing. Implements spec/book.md B20,
B29 and spec/sync.md S6, S7, S13–S17.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from waystation.book.entries import Entries
from waystation.book.entry import Entry, EntryKind, Header, check_signature, header_hash
from waystation.book.keyring import Keyring
from waystation.book.log import Log, Verdict
from waystation.book.sheets import SheetReader, Sheets
from waystation.book.store import Store
from waystation.book.unsent import Outbox
from waystation.errors import Cloned, Damaged, MissingKey, Removed, SignatureError, TwoFaced
from waystation.ids import ChunkHash, DeskId, FolderId, FolderType, singleton_folder
from waystation.verify import VerifyKey


@dataclass(frozen=True, slots=True)
class Received:
    """What a stretch brought.

    Args:
        taken: how many of its entries were taken. Fewer than there are: the rest needs the sheet `wanted[0]` first.
        wanted: sheets for this desk that have not come.
        fresh: folders of which earlier entries can be read now, or that are shown again: to be made anew.
        hidden: folders that are shown no longer.
        roster_changed: the membership is another.
        aside: how many entries were set aside.
        suspended: desks that turned out to have two histories.
    """

    taken: int
    wanted: tuple[ChunkHash, ...]
    fresh: frozenset[FolderId]
    hidden: tuple[FolderId, ...]
    roster_changed: bool
    aside: int
    suspended: tuple[DeskId, ...]


class Receiver:
    """Takes one stretch.

    Args:
        own: this desk's id and verification key.
        watched: whether an entry of this desk's that it does not hold means a clone (spec/sync.md S16).
    """

    def __init__(
        self,
        store: Store,
        log: Log,
        keyring: Keyring,
        entries: Entries,
        outbox: Outbox,
        sheets: SheetReader,
        own: tuple[DeskId, VerifyKey],
        *,
        watched: bool,
    ) -> None:
        self._store = store
        self._log = log
        self._keyring = keyring
        self._entries = entries
        self._outbox = outbox
        self._sheets = sheets
        self._desk, self._verify_key = own
        self._watched = watched
        self._organisation = singleton_folder(log.org, FolderType.ORGANISATION)
        self._unsent = outbox.hashes()
        self._left = {digest for (digest,) in store.rows("SELECT hash FROM left_behind")}
        self._fresh: set[FolderId] = set()
        self._newest: dict[DeskId, tuple[int, Entry]] = {}
        self._needed: ChunkHash | None = None

    def receive(self, stretch: Sequence[Entry], sheets: Sheets) -> Received:
        """Takes the entries in their order, as far as they can be judged. Raises: as `Book.receive`."""
        log = self._log
        hidden, suspended, amended = log.graves.hidden(), set(log.suspended), log.roster.number
        self._fresh |= self._sheets.add(sheets)
        taken = aside = 0
        for entry in stretch:
            if not self._can_judge():
                break
            # It stops before that epoch: what is saved here goes on under the one that is held.
            self._needed = self._sheets.needed_before(entry, sheets)
            if self._needed is not None:
                break
            own = entry.header[40:56] == self._desk
            if own and self._watched:
                self._check_own(entry)
            try:
                header, verdict = log.take(entry)
            except MissingKey:
                break
            self._keep(entry, header, verdict, own=own)
            if header.kind is EntryKind.EPOCH:
                self._collect(header, verdict, sheets)
            taken += 1
            aside += verdict.aside is not None
        self._check_newest()
        self._entries.write_out()
        log.flush()
        wanted = self._wanted()
        if stretch and not taken and not wanted:
            raise Removed(log.position + 1)
        now = log.graves.hidden()
        return Received(
            taken,
            wanted,
            frozenset((self._fresh | (hidden - now)) - now),
            tuple(sorted(now - hidden)),
            log.roster.number != amended,
            aside,
            tuple(sorted(log.suspended - suspended)),
        )

    def _keep(self, entry: Entry, header: Header, verdict: Verdict, *, own: bool) -> None:
        log = self._log
        self._entries.add(log.position, header.kind, verdict, entry, log.order)
        if verdict.link:
            self._newest[header.desk] = (log.position, entry)
        if own and self._unsent and self._unsent.pop(header_hash(entry.header), None) is not None:
            self._outbox.settle(header.seq)
        if self._left and (digest := header_hash(entry.header)) in self._left:
            self._left.discard(digest)
            self._store.connection.execute("DELETE FROM left_behind WHERE hash = ?", (digest,))

    def _collect(self, header: Header, verdict: Verdict, sheets: Sheets) -> None:
        lost = verdict.aside is not None and verdict.aside.startswith("B11")
        if verdict.plain is None or (verdict.aside is not None and not lost):
            return
        folder = self._sheets.collect(verdict.plain, header.tag, sheets, stands=not lost)
        if folder is not None:
            self._fresh.add(folder)

    def _can_judge(self) -> bool:
        """Whether the organisation's newest key is here, without which nothing that follows can be judged (S7)."""
        newest = self._log.organisation_tag()
        return newest is None or self._keyring.find(newest) is not None

    def _wanted(self) -> tuple[ChunkHash, ...]:
        if self._needed is not None:
            return (self._needed, *(name for name in self._sheets.missing() if name != self._needed))
        newest = self._log.organisation_tag()
        first = self._sheets.is_awaited(newest) if newest is not None and not self._can_judge() else None
        if first is None:
            return tuple(self._sheets.missing()) if self._can_judge() else ()
        return (first, *(name for name in self._sheets.missing() if name != first))

    def _check_own(self, entry: Entry) -> None:
        """An entry of this desk's own must be one that it wrote (S16, S17)."""
        digest, here = header_hash(entry.header), self._log.position + 1
        refused = self._outbox.is_refused(digest)
        if self._entries.known(entry.header) or (digest in self._unsent and not refused):
            return
        try:
            check_signature(entry.header, entry.signature, self._verify_key)
        except SignatureError:
            if self._desk not in self._log.roster.desks:
                # Before this desk was admitted anybody could have written its id; it is set aside.
                return
            raise Damaged("B3: its author's signature does not verify", here) from None
        raise TwoFaced(here) if refused else Cloned(here)

    def _check_newest(self) -> None:
        """The newest signature of each author vouches for the author's entries of the stretch ([12])."""
        for desk, (position, entry) in self._newest.items():
            listed = self._log.roster.desks.get(desk)
            if listed is None:
                continue
            try:
                check_signature(entry.header, entry.signature, listed.verify_key)
            except SignatureError:
                raise Damaged("B3: the newest signature of its desk does not verify", position) from None
