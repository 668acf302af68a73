"""Going on after a fork: the log is cut back to the last common checkpoint, and nothing that stood after it is lost.

What this desk wrote after the checkpoint is unsent again, unchanged and as good as offered; what others wrote is kept
as left behind until it comes again in the log's order. Implements spec/book.md B31 and spec/sync.md S25.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from waystation.book.change import decode_change
from waystation.book.entries import Entries
from waystation.book.entry import Entry, EntryKind, Header, decode_header, header_hash, open_body
from waystation.book.keyring import Keyring
from waystation.book.log import Head, Log
from waystation.book.store import Store
from waystation.book.unsent import Outbox, Unsent
from waystation.errors import OrderError, SealError, WireError
from waystation.ids import DeskId, SaveId
from waystation.verify import Signature


@dataclass(frozen=True, slots=True)
class Left:
    """An entry of another desk's that a fork left behind and that the log does not hold yet."""

    entry: Entry
    desk: DeskId


class Fork:
    """Cuts a log back, in the caller's transaction."""

    def __init__(
        self, store: Store, log: Log, keyring: Keyring, entries: Entries, outbox: Outbox, desk: DeskId
    ) -> None:
        self._store = store
        self._log = log
        self._keyring = keyring
        self._entries = entries
        self._outbox = outbox
        self._desk = desk

    def cut_back(self, checkpoint: int) -> None:
        """Takes the log back to a position. Raises: OrderError, if it never reached there."""
        log, sql = self._log, self._store.connection
        if not 0 <= checkpoint <= log.position:
            raise OrderError("B30: an era's checkpoint that this desk never reached", checkpoint)
        log.lift()
        save: SaveId | None = None
        query = "SELECT link, header, signature, body FROM entry WHERE position > ? ORDER BY position DESC"
        rows = self._store.rows(query, checkpoint)
        for link, raw, signature, body in rows:
            entry, header = Entry(raw, Signature(signature), body), decode_header(raw)
            if header.desk == self._desk and link and body is not None:
                save = self._save_of(entry, header, save)
                self._outbox.put(self._unsent(entry, header, save))
        for link, raw, signature, body in reversed(rows):
            header = decode_header(raw)
            if header.kind is not EntryKind.ERA and not (header.desk == self._desk and link and body is not None):
                sql.execute(
                    "INSERT OR IGNORE INTO left_behind (hash, header, signature, body) VALUES (?, ?, ?, ?)",
                    (header_hash(raw), raw, signature, body),
                )
        sql.execute("DELETE FROM entry WHERE position > ?", (checkpoint,))
        self._entries.forget()
        log.cut(checkpoint, self._heads(checkpoint))
        sql.execute("DELETE FROM awaited WHERE epoch NOT IN (SELECT id FROM epoch)")

    def left_behind(self) -> Iterator[Left]:
        """What others wrote that the log does not hold yet, in its old order."""
        rows = self._store.rows("SELECT header, signature, body FROM left_behind ORDER BY number")
        for header, signature, body in rows:
            yield Left(Entry(header, Signature(signature), body), DeskId(header[40:56]))

    def _heads(self, checkpoint: int) -> dict[DeskId, Head]:
        """The ends of all chains at a position, read backwards from there until each desk's is found."""
        wanted = {desk for (desk,) in self._store.rows("SELECT desk FROM head")}
        checkpoints = [at for (at,) in self._store.rows("SELECT checkpoint FROM era WHERE position <= ?", checkpoint)]
        heads: dict[DeskId, Head] = {}
        query = "SELECT header FROM entry WHERE position <= ? AND link ORDER BY position DESC"
        for (raw,) in self._store.each(query, checkpoint):
            if raw[40:56] in heads:
                continue
            header = decode_header(raw)
            seen = self._log.effective_seen(header, checkpoint, checkpoints)
            heads[header.desk] = Head(header.seq, header_hash(raw), seen)
            if len(heads) == len(wanted):
                break
        return heads

    def _save_of(self, entry: Entry, header: Header, after: SaveId | None) -> SaveId | None:
        """The save of an entry that is read backwards: epochs belong to the change that follows them (B19)."""
        if header.kind is EntryKind.EPOCH:
            return after
        key = self._keyring.find(header.tag)
        if header.kind is not EntryKind.CHANGE or key is None or entry.body is None:
            return None
        try:
            return decode_change(open_body(entry.header, header, entry.body, key)).save
        except (SealError, WireError):
            return None

    def _unsent(self, entry: Entry, header: Header, save: SaveId | None) -> Unsent:
        epoch = self._log.epoch(header.tag)
        folder = epoch.folder if epoch and header.kind is EntryKind.CHANGE else None
        return Unsent(header.seq, entry, header.kind, save, True, header.kind is not EntryKind.CHANGE, None, folder)
