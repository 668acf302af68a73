"""A desk as the sync engine sees it: each step under the desk's gate, each durable when it returns.

A book that is far behind takes the entries first and makes its tables once at the end; should the program end in
between, the next unlocking makes them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from waystation.book import Progress, Received, Unsent
from waystation.book.entry import Entry, EntryKind
from waystation.book.roster import COORDINATOR
from waystation.errors import BookError
from waystation.ids import ChunkHash, OrderHash
from waystation.office.desk import Desk, pieces_in
from waystation.sync.relay import Head

FAR: Final = 20_000
"""So many entries behind, and the tables are made once at the end, not as the entries come."""


class DeskSide:
    """A desk as the engine sees it (`sync.engine.Side`)."""

    def __init__(self, desk: Desk, progress: Progress) -> None:
        self._desk = desk
        self._progress = progress
        self._far = False
        self._sent: set[ChunkHash] = set()

    def head(self) -> Head:
        with self._desk.gate:
            return Head(self._desk.book.position, self._desk.book.order)

    def order_at(self, position: int) -> OrderHash:
        with self._desk.gate:
            return self._desk.book.order_at(position)

    def expect(self, position: int) -> None:
        """The relay's log reaches so far."""
        with self._desk.gate:
            here = self._desk.book.position
            self._far = self._far or position - here > max(FAR, here)

    def caught_up(self) -> None:
        """The relay's head is reached: tables that were left behind are made."""
        if self._far:
            self._desk.rebuild(self._progress)
            self._far = False

    def sheets_named(self, entries: Sequence[Entry]) -> list[ChunkHash]:
        with self._desk.gate:
            return self._desk.book.sheets_named(entries)

    def receive(self, entries: Sequence[Entry], sheets: Mapping[ChunkHash, bytes]) -> Received:
        return self._desk.receive(entries, sheets, far=self._far)

    def missing_sheets(self) -> list[ChunkHash]:
        with self._desk.gate:
            return self._desk.book.missing_sheets()

    def add_sheets(self, sheets: Mapping[ChunkHash, bytes]) -> None:
        self._desk.take_sheets(sheets, far=self._far)

    def unsent(self, limit: int) -> Sequence[Unsent]:
        with self._desk.gate:
            return self._desk.book.unsent(limit)

    def chunks_of(self, batch: Sequence[Unsent]) -> Sequence[ChunkHash]:
        with self._desk.gate:
            book = self._desk.book
            names = [book.sheet_of(one.entry) for one in batch if one.kind is EntryKind.EPOCH]
            seqs = {one.seq for one in batch if one.kind is EntryKind.CHANGE}
            if seqs:
                names += [
                    name
                    for change in book.unsent_changes()
                    if change.ref[1] in seqs
                    for name in pieces_in(change.payload)
                ]
            return [name for name in dict.fromkeys(names) if name is not None and name not in self._sent]

    def chunk(self, name: ChunkHash) -> bytes | None:
        with self._desk.gate:
            return self._desk.book.chunk(name)

    def chunks_sent(self, names: Sequence[ChunkHash]) -> None:
        # Forgotten with the sitting: a chunk twice is one (spec/relay.md L18).
        self._sent.update(names)

    def offer(self, upto_seq: int) -> None:
        with self._desk.gate, self._desk.book.transaction():
            self._desk.book.offer(upto_seq)

    def refuse(self, seqs: Sequence[int]) -> None:
        desk = self._desk
        with desk.gate:
            with desk.book.transaction():
                desk.book.refuse(seqs)
            # An empty stretch makes again what no longer fits (S4).
            desk.receive((), {}, far=self._far)

    def left_behind(self) -> Sequence[Entry]:
        desk = self._desk
        with desk.gate:
            # The relay takes others' entries from a coordinator's desk alone (spec/relay.md L6).
            return [left.entry for left in desk.book.left_behind()] if COORDINATOR in desk.roles else []

    def follow_era(self, era: Entry) -> bool:
        desk = self._desk
        with desk.gate:
            try:
                desk.begin_era(lambda: desk.book.follow_era(era))
            except BookError:
                return False
            desk.rebuild(self._progress)
            return True
