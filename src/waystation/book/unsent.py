"""What this desk has written and no position in the log has yet: kept as durably as the log, and made again where
the log has moved on before it left.

Guarantees: what was offered is never made again with the same number, unless the relay has said that it refused it;
numbers stay, so what names an unsent value goes on naming it. Implements spec/sync.md S1–S4.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from waystation.book.change import ChangeBody
from waystation.book.entry import Entry, EntryKind, EpochKey, Header, Place, header_hash, open_body
from waystation.book.folder import chunk_hash, make_epoch, read_epoch
from waystation.book.keyring import Keyring
from waystation.book.log import Log
from waystation.book.roster import DeskEntry, read_amendment, sign_amendment
from waystation.book.store import Store
from waystation.derive import KEY_BYTES, Key
from waystation.ids import (
    ID_BYTES,
    DeskId,
    FolderId,
    FolderTag,
    FolderType,
    HeaderHash,
    OrderHash,
    Randomness,
    SaveId,
    singleton_folder,
)
from waystation.sign import SigningKey
from waystation.verify import Signature
from waystation.wire import encode

Readers = Callable[[FolderId], Sequence[DeskEntry]]
"""Who shall read a folder now."""

_SALT: Final = 32
_ROW: Final = "SELECT seq, kind, folder, save, conditional, offered, status, header, signature, body FROM unsent"


@dataclass(frozen=True, slots=True)
class Unsent:
    """One entry that no position has yet.

    Args:
        seq: its number in this desk's chain.
        save: the save that it belongs to; None where it stands alone.
        offered: its bytes may have left the desk.
        conditional: it must come right after what this desk has seen (spec/sync.md S8).
        aside: why it would be set aside as things stand; None if it would be accepted.
        folder: of a change or an epoch, the folder.
    """

    seq: int
    entry: Entry
    kind: EntryKind
    save: SaveId | None
    offered: bool
    conditional: bool
    aside: str | None
    folder: FolderId | None


class Outbox:
    """The unsent entries, in the table `unsent`, in the caller's transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.end: tuple[int, HeaderHash] | None = None

    def resume(self) -> None:
        """Takes up what the table holds, as after opening or a rollback."""
        rows = self._store.rows("SELECT seq, hash FROM unsent ORDER BY seq DESC LIMIT 1")
        self.end = rows[0] if rows else None

    def put(self, unsent: Unsent) -> None:
        """Keeps an entry, or puts it in the place of an older one with its number."""
        entry, digest = unsent.entry, header_hash(unsent.entry.header)
        self._store.connection.execute(
            "INSERT OR REPLACE INTO unsent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                unsent.seq,
                int(unsent.kind),
                unsent.folder,
                digest,
                unsent.save,
                unsent.conditional,
                unsent.offered,
                unsent.aside,
                entry.header,
                entry.signature,
                entry.body,
            ),
        )
        if self.end is None or unsent.seq >= self.end[0]:
            self.end = (unsent.seq, digest)

    def all(self, limit: int = -1) -> Iterator[Unsent]:
        """In their order."""
        for row in self._store.rows(f"{_ROW} ORDER BY seq LIMIT ?", limit):
            yield _unsent(*row)

    def count(self) -> int:
        return int(self._store.rows("SELECT count(*) FROM unsent")[0][0])

    def hashes(self) -> dict[HeaderHash, int]:
        """Header hash → number."""
        return dict(self._store.rows("SELECT hash, seq FROM unsent"))

    def note(self, seq: int, aside: str | None) -> None:
        """Notes why an entry would be set aside."""
        self._store.connection.execute("UPDATE unsent SET status = ? WHERE seq = ?", (aside, seq))

    def offer(self, upto_seq: int) -> None:
        """The bytes of these may leave the desk from now on (S3). What is offered again may turn up again."""
        sql = self._store.connection
        sql.execute("DELETE FROM refused WHERE hash IN (SELECT hash FROM unsent WHERE seq <= ?)", (upto_seq,))
        sql.execute("UPDATE unsent SET offered = 1 WHERE seq <= ?", (upto_seq,))

    def refuse(self, seqs: Iterable[int]) -> None:
        """The relay has said that it refused these: they may be made again, and must never turn up (S3, S17)."""
        sql = self._store.connection
        for seq in seqs:
            sql.execute("INSERT OR IGNORE INTO refused SELECT hash FROM unsent WHERE seq = ? AND offered", (seq,))
            sql.execute("UPDATE unsent SET offered = 0 WHERE seq = ?", (seq,))

    def is_refused(self, digest: HeaderHash) -> bool:
        return bool(self._store.rows("SELECT 1 FROM refused WHERE hash = ?", digest))

    def leave(self) -> None:
        """Moves every entry, as it stands, to what is left behind and waits to be sent again."""
        self._store.connection.execute(
            "INSERT OR IGNORE INTO left_behind (hash, header, signature, body)"
            " SELECT hash, header, signature, body FROM unsent ORDER BY seq"
        )
        self._store.connection.execute("DELETE FROM unsent")
        self.end = None

    def settle(self, seq: int) -> None:
        """An entry has a position now."""
        self._store.connection.execute("DELETE FROM unsent WHERE seq = ?", (seq,))
        if self.end is not None and self.end[0] == seq:
            self.resume()


@dataclass(frozen=True, slots=True)
class Again:
    """An entry that is to be made again.

    Args:
        plain: its plaintext; `key`: what it is sealed under.
        stale: tag of an epoch of this desk's that is given up by it.
    """

    plain: bytes
    key: EpochKey
    stale: FolderTag | None = None


class Remaker:
    """Decides what of an unsent entry no longer fits the log, and drafts it anew (S4).

    Args:
        order_at: h(i) of a position of the log. readers: who shall read a folder whose rotation is made again.
    """

    def __init__(
        self,
        store: Store,
        log: Log,
        keyring: Keyring,
        desk: DeskId,
        signing: SigningKey,
        randomness: Randomness,
        order_at: Callable[[int], OrderHash],
        readers: Readers,
    ) -> None:
        self._order_at = order_at
        self._store = store
        self._log = log
        self._keyring = keyring
        self._desk = desk
        self._signing = signing
        self._randomness = randomness
        self._readers = readers
        self._organisation = singleton_folder(log.org, FolderType.ORGANISATION)

    def place(self, unsent: Unsent, header: Header, before: Header | None, prev: HeaderHash) -> Place:
        """Where an entry that is made again goes: its own number, after the one before.

        A change goes on saying what its author had seen: others tell from it who wrote without knowing of what.
        """
        seen = self._log.position, self._log.order
        known = header.seen_position <= seen[0] and self._order_at(header.seen_position) == header.seen_order
        if unsent.kind is EntryKind.CHANGE and known:
            seen = header.seen_position, header.seen_order
            if before is not None and before.seen_position > seen[0]:
                seen = before.seen_position, before.seen_order
        return Place(unsent.seq, prev, *seen)

    def again(self, unsent: Unsent, header: Header, *, moved: bool) -> Again | None:
        """How an entry is to be made again; None, if it can stay as it is.

        Args:
            moved: an entry before it was made again, so it needs another header at least.
        """
        if unsent.kind is EntryKind.CHANGE and self._keyring.find(header.tag) is None:
            # Its folder was destroyed here (B24). The number stays, and says nothing.
            nothing = encode(ChangeBody(1, unsent.save or SaveId(bytes(ID_BYTES)), 0, "UTC", b""))
            newest = self._log.newest_epoch(self._organisation)
            return Again(nothing, self._keyring.get(newest.tag)) if moved and newest else None
        match unsent.kind:
            case EntryKind.EPOCH:
                made = self._epoch(unsent, header)
            case EntryKind.ROSTER:
                made = self._amendment(unsent, header)
            case _:
                made = None
        if made is not None:
            return made
        current = self._sealing(unsent)
        if current is None or (current.tag == header.tag and not moved):
            return Again(self._plain(unsent, header), self._keyring.get(header.tag)) if moved else None
        return Again(self._plain(unsent, header), current)

    def _plain(self, unsent: Unsent, header: Header) -> bytes:
        body = unsent.entry.body
        assert body is not None
        return open_body(unsent.entry.header, header, body, self._keyring.get(header.tag))

    def _sealing(self, unsent: Unsent) -> EpochKey | None:
        """The newest key of the folder that an entry is sealed in, if it is held here."""
        folder = unsent.folder if unsent.kind is EntryKind.CHANGE else self._organisation
        epoch = self._log.newest_epoch(folder) if folder else None
        return self._keyring.find(epoch.tag) if epoch else None

    def _amendment(self, unsent: Unsent, header: Header) -> Again | None:
        roster, current = self._log.roster, self._sealing(unsent)
        plain = self._plain(unsent, header)
        amendment, signers = read_amendment(plain)
        if current is None or (amendment.number, amendment.previous) == (roster.number, roster.previous):
            return None
        if signers != frozenset({bytes(self._desk)}):
            # Root signed it, on paper's say-so; without its key it cannot be drafted anew.
            return None
        drafted = roster.draft(roster.fitting(amendment.operations))
        return Again(sign_amendment(drafted, {self._desk: self._signing}), current)

    def _epoch(self, unsent: Unsent, header: Header) -> Again | None:
        statement = read_epoch(self._plain(unsent, header), None)
        roster, organisation = self._log.roster, self._sealing(unsent)
        newest = self._log.newest_epoch(statement.folder)
        if organisation is None:
            return None
        active = {entry.desk: entry for entry in roster.active_desks()}
        sound = header.tag == organisation.tag and all(desk in active for desk in statement.recipients)
        if statement.epoch == 0:
            # A recipient may have another sealing key by now, and no more the private half of the old one (B33).
            if sound and not self._amended_after(header.seen_position):
                return None
            key, parent = self._keyring.get(statement.tag), None
            desks = [active[desk] for desk in statement.recipients if desk in active]
        else:
            parent = self._keyring.find(newest.tag) if newest else None
            if newest is None or parent is None or (sound and newest.tag == statement.parent):
                return None
            key = EpochKey(self._log.org, statement.folder, newest.number + 1, Key(self._randomness(KEY_BYTES)))
            desks = list(self._readers(statement.folder))
        if not desks:
            return None
        wrapping = parent if statement.folder == self._organisation else organisation
        made = make_epoch(key, statement.type, parent, desks, wrapping, self._randomness(_SALT))
        self._keyring.add(made.key)
        self._store.connection.execute("DELETE FROM chunk WHERE hash = ?", (statement.sheet,))
        self._store.add_chunk(chunk_hash(made.sheet), made.sheet)
        return Again(made.body, organisation, None if key.tag == statement.tag else statement.tag)

    def _amended_after(self, position: int) -> bool:
        """Whether the log's roster is a newer one than at a position."""
        # The first condition is the index's own; SQLite does not infer it from the second.
        query = "SELECT 1 FROM entry WHERE kind IN (1, 4) AND kind = 1 AND status IS NULL AND position > ? LIMIT 1"
        return bool(self._store.rows(query, position))


def _unsent(
    seq: int,
    kind: int,
    folder: FolderId | None,
    save: SaveId | None,
    conditional: int,
    offered: int,
    aside: str | None,
    header: bytes,
    signature: Signature,
    body: bytes,
) -> Unsent:
    entry = Entry(header, signature, body)
    return Unsent(seq, entry, EntryKind(kind), save, bool(offered), bool(conditional), aside, folder)
