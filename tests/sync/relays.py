"""A relay in memory: an honest one, and one that lies in every way that spec/sync.md names.

`MemoryRelay` keeps one organisation's log as spec/relay.md says; `as_desk` is what one desk speaks to. What a desk's
connection does wrong is set on that connection (`Line`), so that a relay can lie to one desk and not to another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Condition

from waystation.book.entry import Entry, decode_header, first_order, header_hash, next_order
from waystation.errors import MovedOn, RelayAway, RelayBusy, RelayRefused, TooFar
from waystation.ids import ChunkHash, DeskId, OrderHash, OrgId
from waystation.sync.relay import Appended, CredentialSeen, Head, OrderAt, Stretch


@dataclass
class MemoryRelay:
    """One organisation's log, chunks, credentials and parcels."""

    org: OrgId
    entries: list[Entry] = field(default_factory=list)
    orders: list[OrderHash] = field(default_factory=list)
    chunks: dict[bytes, bytes] = field(default_factory=dict)
    dropped: set[bytes] = field(default_factory=set)
    known: dict[bytes, CredentialSeen] = field(default_factory=dict)
    parcels: dict[tuple[bytes, str], bytes] = field(default_factory=dict)
    stretch: int = 10_000
    asked: int = 0

    def __post_init__(self) -> None:
        self.orders = [first_order(self.org)]
        self._changed = Condition()

    @property
    def head(self) -> Head:
        return Head(len(self.entries), self.orders[-1])

    def as_desk(self, desk: bytes = b"", right: str = "manage") -> "Line":
        """A connection of its own."""
        return Line(self, desk, right)

    def add(self, entry: Entry) -> None:
        """Appends one entry, unasked."""
        header = decode_header(entry.header)
        with self._changed:
            self.entries.append(entry)
            self.orders.append(next_order(self.orders[-1], header_hash(entry.header), header.body_hash))
            self._changed.notify_all()

    def cut(self, position: int) -> None:
        """Loses everything after a position."""
        del self.entries[position:], self.orders[position + 1 :]

    def copy(self, upto: int | None = None) -> "MemoryRelay":
        """Another relay that holds the same log, up to a position."""
        twin = MemoryRelay(self.org, chunks=dict(self.chunks), stretch=self.stretch)
        for entry in self.entries[:upto]:
            twin.add(entry)
        return twin

    def reorder(self, order: Sequence[int]) -> None:
        """Serves the entries in another order from now on; `order` names positions from 1."""
        entries = [self.entries[position - 1] for position in order]
        self.cut(0)
        for entry in entries:
            self.add(entry)

    def append(self, after: int | None, entries: Sequence[Entry]) -> Appended:
        """All or nothing, idempotent (L10–L12)."""
        places = {header_hash(entry.header): position for position, entry in enumerate(self.entries, 1)}
        found = [places.get(header_hash(entry.header)) for entry in entries]
        first = found[0]
        if first is not None and found == list(range(first, first + len(entries))):
            last = first + len(entries) - 1
            return Appended(first, Head(last, self.orders[last]))
        if any(found) or (after is not None and after != len(self.entries)):
            raise MovedOn(len(self.entries), self.orders[-1])
        first = len(self.entries) + 1
        for entry in entries:
            self.add(entry)
        return Appended(first, self.head)

    def wait(self, after: int, timeout_s: float) -> Head | None:
        """Waits for news."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.entries) > after, timeout_s)
            return self.head if len(self.entries) > after else None


@dataclass
class Line:
    """One desk's connection to a relay, with what goes wrong on it.

    Args:
        away: it cannot be reached. busy: it asks to come again.
        lose_answers: so many requests are done and their answers are lost.
        hold: entries beyond this position are not shown. claim: the head that it says it has instead.
        withhold: chunks that it does not give. spoil: chunks that it gives altered.
        refuse_but_keep: it says that it has refused what it appends. forget: it says that it has appended, and has not.
        bend: what is done to a stretch before it is given.
        fails: called with the name of each request before it is done; may raise.
    """

    relay: MemoryRelay
    desk: bytes
    right: str
    away: bool = False
    busy: bool = False
    lose_answers: int = 0
    hold: int | None = None
    claim: Head | None = None
    withhold: set[bytes] | bool = field(default_factory=set)
    spoil: bool = False
    refuse_but_keep: bool = False
    forget: bool = False
    bend: Callable[[list[Entry]], list[Entry]] | None = None
    fails: Callable[[str], None] = lambda name: None
    news_s: float = 0.05
    requests: list[str] = field(default_factory=list)
    closed: bool = False

    def register(self, genesis: bytes, ticket: str, desk: DeskId) -> None:
        self._ask("register")
        if ticket != "ticket":
            raise RelayRefused("forbidden")
        self.desk, self.right = desk, "manage"

    def append(self, after: int | None, entries: Sequence[Entry]) -> Appended:
        self._ask("append")
        if self.right != "manage" and any(entry.header[40:56] != self.desk for entry in entries):
            raise RelayRefused("forbidden")
        if self.forget:
            first = len(self.relay.entries) + 1
            return Appended(first, Head(first + len(entries) - 1, self.relay.orders[-1]))
        answer = self.relay.append(after, entries)
        if self.refuse_but_keep:
            raise MovedOn(answer.first - 1, self.relay.orders[answer.first - 1])
        self._answer()
        return answer

    def entries(self, after: int, limit: int) -> Stretch:
        self._ask("entries")
        end = len(self.relay.entries) if self.hold is None else min(self.hold, len(self.relay.entries))
        if after > end:
            raise TooFar(end, self.relay.orders[end])
        count = min(limit, self.relay.stretch)
        found = self.relay.entries[after : min(end, after + count)]
        given = list(self.bend(list(found)) if self.bend else found)
        head = self.claim or Head(end, self.relay.orders[end])
        self._answer()
        return Stretch(after, self.relay.orders[after], head, tuple(given))

    def order(self, position: int) -> OrderAt:
        self._ask("order")
        end = len(self.relay.entries) if self.hold is None else min(self.hold, len(self.relay.entries))
        if position > end:
            raise TooFar(end, self.relay.orders[end])
        return OrderAt(position, self.relay.orders[position], Head(end, self.relay.orders[end]))

    def news(self, after: int) -> Head | None:
        if self.away or self.closed:
            raise RelayAway
        return self.relay.wait(after, self.news_s)

    def put_chunks(self, chunks: Sequence[bytes]) -> None:
        self._ask("put_chunks")
        for chunk in chunks:
            self.relay.chunks[sha256(chunk).digest()] = chunk
        self._answer()

    def fetch_chunks(self, names: Sequence[ChunkHash]) -> Mapping[ChunkHash, bytes | None]:
        self._ask("fetch_chunks")
        hidden = set(names) if self.withhold is True else self.withhold or set()
        found = {name: None if name in hidden else self.relay.chunks.get(name) for name in names}
        if self.spoil:
            found = {name: chunk and bytes([chunk[0] ^ 1]) + chunk[1:] for name, chunk in found.items()}
        return found

    def drop(self, positions: Sequence[int], chunks: Sequence[ChunkHash]) -> None:
        self._ask("drop")
        for position in positions:
            entry = self.relay.entries[position - 1]
            self.relay.entries[position - 1] = Entry(entry.header, entry.signature, None)
        for name in chunks:
            self.relay.chunks.pop(name, None)

    def put_credential(self, identity: bytes, public: bytes, right: str, bound: bytes, expires_s: int | None) -> None:
        self._ask("put_credential")
        self.relay.known[identity] = CredentialSeen(identity, right, bound, expires_s)

    def delete_credential(self, identity: bytes) -> None:
        self._ask("delete_credential")
        self.relay.known.pop(identity, None)

    def credentials(self) -> list[CredentialSeen]:
        self._ask("credentials")
        return list(self.relay.known.values())

    def put_parcel(self, name: bytes, side: str, raw: bytes) -> None:
        self._ask("put_parcel")
        if self.relay.parcels.setdefault((name, side), raw) != raw:
            raise RelayRefused("forbidden")

    def parcel(self, name: bytes, side: str) -> bytes | None:
        self._ask("parcel")
        return self.relay.parcels.get((name, side))

    def delete_parcel(self, name: bytes) -> None:
        self._ask("delete_parcel")
        for side in ("request", "answer"):
            self.relay.parcels.pop((name, side), None)

    def close(self) -> None:
        self.closed = True

    def _ask(self, name: str) -> None:
        self.requests.append(name)
        self.relay.asked += 1
        self.fails(name)
        if self.away:
            raise RelayAway
        if self.busy:
            raise RelayBusy(1)

    def _answer(self) -> None:
        if self.lose_answers:
            self.lose_answers -= 1
            raise RelayAway
