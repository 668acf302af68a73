"""The stored log: its entries in their order, written in bulk, with the order hash of each.

Guarantees: what was added is in the file once `write_out` returns and the transaction ends. Implements the storage of
spec/book.md B4.
"""

from collections.abc import Iterator
from typing import Any, Final

from waystation.book.entry import Entry, EntryKind, first_order
from waystation.book.log import Verdict
from waystation.book.store import Store
from waystation.errors import OrderError
from waystation.ids import OrderHash, OrgId
from waystation.verify import Signature

_PENDING: Final = 1000
"""Entries that are held before they are written; at most 64 MiB of bodies, usually one."""
_REMEMBERED: Final = 16_384
"""Order hashes at hand; most entries have seen one of the last."""
_INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PLACE: Final = slice(40, 64)
"""Desk and number in a header; `entry_place` indexes them."""


class Entries:
    """The table `entry`, in the caller's transaction."""

    def __init__(self, store: Store, org: OrgId) -> None:
        self._store = store
        self._first = first_order(org)
        self._pending: list[tuple[Any, ...]] = []
        self._orders: dict[int, OrderHash] = {}

    def add(self, position: int, kind: EntryKind, verdict: Verdict, entry: Entry, order: OrderHash) -> None:
        """Keeps the next entry; it is written when enough have come, or by `write_out`."""
        self._pending.append(
            (
                position,
                int(kind),
                verdict.epoch,
                verdict.aside,
                entry.header,
                entry.signature,
                order,
                entry.body,
                verdict.link,
            )
        )
        self._orders[position] = order
        if len(self._pending) >= _PENDING:
            self.write_out()

    def write_out(self) -> None:
        """Writes what was added."""
        if self._pending:
            self._store.connection.executemany(_INSERT, self._pending)
            self._pending.clear()
        for old in list(self._orders)[: max(0, len(self._orders) - _REMEMBERED)]:
            del self._orders[old]

    def forget(self) -> None:
        """Drops what was not written, as after a rollback."""
        self._pending.clear()
        self._orders.clear()

    def order_at(self, position: int) -> OrderHash:
        """h(position). Raises: OrderError, if the log does not reach so far or lacks the entry."""
        if position == 0:
            return self._first
        known = self._orders.get(position)
        if known is not None:
            return known
        rows = self._store.rows("SELECT order_hash FROM entry WHERE position = ?", position)
        if not rows:
            raise OrderError("B4: an entry is missing", position)
        return OrderHash(rows[0][0])

    def known(self, header: bytes) -> bool:
        """Whether an entry with this header stands in the log (spec/sync.md S26)."""
        return self.known_before(header, -1)

    def known_before(self, header: bytes, position: int) -> bool:
        """As `known`, of the entries before a position; before the end, if it is negative."""
        self.write_out()
        rows = self._store.rows("SELECT position, header FROM entry WHERE substr(header, 41, 24) = ?", header[_PLACE])
        return any(found == header and (position < 0 or at < position) for at, found in rows)

    def end(self) -> tuple[int, OrderHash]:
        """Position and order hash of the newest entry."""
        rows = self._store.rows("SELECT position, order_hash FROM entry ORDER BY position DESC LIMIT 1")
        return rows[0] if rows else (0, self._first)

    def after(self, position: int, limit: int = -1) -> Iterator[Entry]:
        """The entries after a position, in order."""
        query = "SELECT header, signature, body FROM entry WHERE position > ? ORDER BY position LIMIT ?"
        for header, signature, body in self._store.each(query, position, limit):
            yield Entry(header, Signature(signature), body)
