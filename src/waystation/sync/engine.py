"""Pull, push, take over: how a desk's book and a relay's log come together.

Guarantees: nothing is taken that the book has not checked, and nothing that has been acknowledged is forgotten; a lie
is raised by its name, with its position, and changes nothing; whatever is cut off goes on from where it stood. It has
no threads, no clock and no memory of its own: a function of a desk's side and a relay. Implements spec/sync.md S5–S26.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol, TypeVar

from waystation.book import Received, Unsent
from waystation.book.entry import Entry, EntryKind, header_hash
from waystation.clock import Millis
from waystation.errors import (
    Forked,
    MovedOn,
    RelayAway,
    RelayBusy,
    Rewound,
    TooFar,
    TwoFaced,
    Withheld,
    WithheldSheet,
)
from waystation.ids import ChunkHash, HeaderHash, OrderHash, Randomness
from waystation.limits import MIB
from waystation.sync.relay import Appended, Head, Relay

Progress = Callable[[int, int], None]
"""Called with how far the log reaches here, and how far it reaches there."""

STRETCH: Final = 4096
"""Entries that are asked for at once where many follow; the relay gives no more than 4 MiB of them (L14)."""
_NEAR: Final = 500
"""And where few do, so that no page waits long for its turn at the desk."""
BATCH_ENTRIES: Final = 4096
BATCH_BYTES: Final = 7 * MIB
"""Of L13's and L18's 8 MiB, what is left for the bytes themselves."""
WITHHELD_AFTER_MS: Final = 600_000
"""What was acknowledged must come back within ten minutes (S20)."""
_TRIES: Final = 8
"""So often in one round somebody else may write first."""
_FRAME: Final = 16
"""Bytes that an entry's or a chunk's frame takes in a structure, at most."""

T = TypeVar("T")
S = TypeVar("S")

_FIRST_WAIT_S: Final = 1.0
_LAST_WAIT_S: Final = 300.0


class Side(Protocol):
    """A desk, as the engine sees it. Each method is durable when it returns, or has changed nothing."""

    def head(self) -> Head:
        """How far the log reaches here, without what is unsent."""
        ...

    def order_at(self, position: int) -> OrderHash: ...

    def expect(self, position: int) -> None:
        """The relay's log reaches so far; a stretch follows."""
        ...

    def caught_up(self) -> None:
        """Its end is reached."""
        ...

    def sheets_named(self, entries: Sequence[Entry]) -> list[ChunkHash]:
        """Sheets for this desk that these entries name and that are not here (S7)."""
        ...

    def receive(self, entries: Sequence[Entry], sheets: Mapping[ChunkHash, bytes]) -> Received:
        """Takes a stretch, or as much of it as there are keys for (S6, S7). Raises: the lies S13–S17."""
        ...

    def missing_sheets(self) -> list[ChunkHash]:
        """Sheets that name this desk and are not here (S19)."""
        ...

    def add_sheets(self, sheets: Mapping[ChunkHash, bytes]) -> None:
        """Takes sheets that came late; what they open gets its rows."""
        ...

    def unsent(self, limit: int) -> Sequence[Unsent]:
        """The first so many, in the order in which they were made (S1)."""
        ...

    def chunks_of(self, batch: Sequence[Unsent]) -> Sequence[ChunkHash]:
        """Sheets and pieces of files that these name, as far as this relay does not have them from this desk."""
        ...

    def chunk(self, name: ChunkHash) -> bytes | None: ...

    def chunks_sent(self, names: Sequence[ChunkHash]) -> None: ...

    def offer(self, upto_seq: int) -> None:
        """Marks as offered, before the bytes leave (S3)."""
        ...

    def refuse(self, seqs: Sequence[int]) -> None:
        """The relay refused these: they are made again where they no longer fit (S3, S4)."""
        ...

    def left_behind(self) -> Sequence[Entry]:
        """What an era left behind, that the log does not hold yet and that this desk may append (S25)."""
        ...

    def follow_era(self, era: Entry) -> bool:
        """Cuts back to an era's checkpoint; False, with nothing changed, if it does not stand (B30)."""
        ...


@dataclass(slots=True)
class Claims:
    """What a relay said that it took, until it has come back (S18, S20)."""

    _at: dict[int, tuple[HeaderHash, int]] = field(default_factory=dict)

    def note(self, entries: Sequence[Entry], appended: Appended, now_ms: Millis) -> None:
        """Remembers an acknowledgement. Raises: RelayAway, if it makes no sense."""
        if appended.first < 1 or appended.head.position < appended.first + len(entries) - 1:
            raise RelayAway
        for position, entry in enumerate(entries, appended.first):
            self._at[position] = (header_hash(entry.header), now_ms)

    def check(self, after: int, entries: Sequence[Entry]) -> None:
        """Compares what comes with what was acknowledged. Raises: TwoFaced (S18)."""
        for position in [p for p in self._at if after < p <= after + len(entries)]:
            if header_hash(entries[position - after - 1].header) != self._at[position][0]:
                raise TwoFaced(position)

    def settle(self, head: Head, now_ms: Millis) -> None:
        """Forgets what has come back. Raises: Withheld (S20)."""
        self._at = {position: claim for position, claim in self._at.items() if position > head.position}
        for position, (_, at_ms) in self._at.items():
            if now_ms - at_ms > WITHHELD_AFTER_MS:
                raise Withheld(position)

    def holds(self, entry: Entry) -> bool:
        """Whether the relay said that it took this one, and it has not come back yet."""
        return bool(self._at) and header_hash(entry.header) in {claimed for claimed, _ in self._at.values()}


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: entries taken, entries sent, sheets that did not come (S19)."""

    taken: int
    sent: int
    withheld: tuple[ChunkHash, ...]


def run_round(
    side: Side, relay: Relay, claims: Claims, now_ms: Millis, progress: Progress = lambda _, __: None
) -> Round:
    """One round (S5): pull until the head, push, pull what was pushed.

    Args:
        claims: kept from round to round, as long as the desk is open.
    Raises: the lies S11–S20 by their names; RelayAway, RelayBusy, RelayRefused.
    """
    taken = _pull_past_eras(side, relay, claims, now_ms, progress)
    withheld = _late_sheets(side, relay)
    sent, more = push(side, relay, claims, now_ms)
    return Round(taken + more, sent, withheld)


def pull(side: Side, relay: Relay, claims: Claims, now_ms: Millis, progress: Progress = lambda _, __: None) -> int:
    """Takes what follows, until the relay's head (S6, S7). Returns how many entries."""
    taken = far = 0
    while True:
        here = side.head()
        try:
            stretch = relay.entries(here.position, STRETCH if far > STRETCH else _NEAR)
        except TooFar as short:
            _shorter(side, relay, here, Head(short.position, OrderHash(short.order)))
            raise RelayAway from None
        there = stretch.head
        if stretch.order_after != here.order:
            raise Forked(here.position, last_common(side, relay, here.position))
        if there.position < here.position:
            _shorter(side, relay, here, there)
        claims.check(here.position, stretch.entries)
        if stretch.entries:
            side.expect(there.position)
            _take(side, relay, stretch.entries)
            taken += len(stretch.entries)
            here = side.head()
            progress(here.position, max(there.position, here.position))
        elif there.position > here.position:
            # It says that there is more, and does not give it.
            raise Withheld(here.position + 1)
        far = there.position - here.position
        if far <= 0:
            if far == 0 and there.order != here.order:
                raise Forked(here.position, last_common(side, relay, here.position))
            side.caught_up()
            claims.settle(here, now_ms)
            return taken


def push(side: Side, relay: Relay, claims: Claims, now_ms: Millis) -> tuple[int, int]:
    """Sends what is unsent, chunks first, a whole save at a time (S8), and pulls each batch back before the next.

    Returns: entries sent, entries taken meanwhile.
    """
    taken = sent = tries = 0
    if left := _push_left(side, relay):
        taken += pull(side, relay, claims, now_ms)
        sent += left
    while batch := _next_batch([one for one in side.unsent(BATCH_ENTRIES) if not claims.holds(one.entry)]):
        conditional = batch[0].conditional
        entries = [one.entry for one in batch]
        _push_chunks(side, relay, batch)
        side.offer(batch[-1].seq)
        try:
            claims.note(entries, relay.append(side.head().position if conditional else None, entries), now_ms)
            sent += len(batch)
        except MovedOn:
            tries += 1
            if tries > _TRIES:
                raise RelayBusy(1) from None
            taken += pull(side, relay, claims, now_ms)
            if conditional:
                _refuse_rest(side, batch)
            # Of a batch without a condition the relay holds a part already, which has come; the rest goes as it is.
        else:
            taken += pull(side, relay, claims, now_ms)
    return sent, taken


def take_over(
    side: Side, relay: Relay, log: Callable[[int], Iterable[Entry]], chunks: Iterable[ChunkHash], progress: Progress
) -> None:
    """Gives a relay that holds less of this log than the desk the rest of it, from position 1 on, in order (S23).

    Args:
        log: the stored entries after a position. chunks: names of all that are stored here.
    Raises: Forked, if what it holds is another log; what a relay may raise.
    """
    here = side.head()
    there = relay.order(0).head
    if there.position > here.position:
        if relay.order(here.position).order != here.order:
            raise Forked(here.position, last_common(side, relay, here.position))
        return
    if side.order_at(there.position) != there.order:
        raise Forked(there.position, last_common(side, relay, there.position))
    for stretch in _in_bytes(chunks, lambda name: side.chunk(name) or b"", len):
        relay.put_chunks([chunk for chunk in stretch if chunk])
    at = there.position
    for entries in _in_bytes(log(at), lambda entry: entry, _size):
        head = relay.append(at, entries).head
        at += len(entries)
        if head.position < at or (head.position == at and head.order != side.order_at(at)):
            raise TwoFaced(at)
        progress(at, here.position)


def last_common(side: Side, relay: Relay, below: int) -> int:
    """The last position at which both have the same order hash, found by halving (S12). 0 is always common."""
    low, high = 0, below
    while low < high:
        middle = (low + high + 1) // 2
        try:
            same = relay.order(middle).order == side.order_at(middle)
        except TooFar:
            same = False
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def fetch(relay: Relay, names: Sequence[ChunkHash]) -> dict[ChunkHash, bytes]:
    """Chunks from the relay, each checked against its name (S10); what does not come, or is another, is left out."""
    found: dict[ChunkHash, bytes] = {}
    for start in range(0, len(names), 1024):
        given = relay.fetch_chunks(names[start : start + 1024])
        found.update({name: chunk for name, chunk in given.items() if chunk and sha256(chunk).digest() == name})
    return found


class Backoff:
    """How long to wait after a failure: 1 s, doubling to 5 minutes, and up to half as much again at random (S9)."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._next_s = _FIRST_WAIT_S

    def failed(self, at_least_s: float = 0.0) -> float:
        """Seconds to wait now."""
        wait_s = max(self._next_s, at_least_s)
        self._next_s = min(2 * self._next_s, _LAST_WAIT_S)
        return wait_s * (1 + int.from_bytes(self._randomness(2), "big") / (2 * 0xFFFF))

    def worked(self) -> None:
        """The next failure begins anew."""
        self._next_s = _FIRST_WAIT_S


def _pull_past_eras(side: Side, relay: Relay, claims: Claims, now_ms: Millis, progress: Progress) -> int:
    """Pulls; where the relay's log goes on from an earlier position by an era that stands, follows it (S25)."""
    while True:
        try:
            return pull(side, relay, claims, now_ms, progress)
        except (Forked, Rewound) as lie:
            if lie.common is None or not _follow(side, relay, lie.common):
                raise


def _follow(side: Side, relay: Relay, common: int) -> bool:
    try:
        stretch = relay.entries(common, 1)
    except TooFar:
        return False
    if not stretch.entries or stretch.entries[0].header[4] != EntryKind.ERA:
        return False
    return side.follow_era(stretch.entries[0])


def _shorter(side: Side, relay: Relay, here: Head, there: Head) -> None:
    """The relay's log ends before ours. Raises: Rewound (S11) or Forked (S12)."""
    if there.position >= here.position:
        return
    if side.order_at(there.position) == there.order:
        raise Rewound(here.position, there.position)
    raise Forked(there.position, last_common(side, relay, there.position))


def _take(side: Side, relay: Relay, entries: Sequence[Entry]) -> None:
    """Takes a stretch, with the sheets that it names (S7). Raises: WithheldSheet, where it cannot go on without one."""
    rest = list(entries)
    sheets = fetch(relay, side.sheets_named(rest))
    while rest:
        received = side.receive(rest, sheets)
        rest = rest[received.taken :]
        wanted = [name for name in received.wanted if name not in sheets]
        got = fetch(relay, wanted)
        if not rest:
            side.add_sheets(got)
            return
        if not got and not received.taken:
            raise WithheldSheet(side.head().position + 1)
        sheets = {**got, **fetch(relay, [name for name in side.sheets_named(rest) if name not in got])}


def _late_sheets(side: Side, relay: Relay) -> tuple[ChunkHash, ...]:
    """Asks again for sheets that did not come with their entries. Returns those that still do not (S19).

    What comes may lead to older ones, each of which leads to the one before it (spec/book.md B32).
    """
    asked: set[ChunkHash] = set()
    withheld: list[ChunkHash] = []
    while wanted := [name for name in side.missing_sheets() if name not in asked]:
        asked.update(wanted)
        got = fetch(relay, wanted)
        withheld += [name for name in wanted if name not in got]
        if got:
            side.add_sheets(got)
    return tuple(withheld)


def _push_chunks(side: Side, relay: Relay, batch: Sequence[Unsent]) -> None:
    names = side.chunks_of(batch)
    start = 0
    for stretch in _in_bytes(names, lambda name: side.chunk(name) or b"", len):
        relay.put_chunks([chunk for chunk in stretch if chunk])
        side.chunks_sent(names[start : start + len(stretch)])
        start += len(stretch)


def _push_left(side: Side, relay: Relay) -> int:
    """Appends again, unchanged, what an era left behind (S25). What the log holds already leaves that list."""
    left = side.left_behind()
    for entries in _in_bytes(left, lambda entry: entry, _size):
        try:
            relay.append(None, entries)
        except MovedOn:
            # It holds some of them; each alone is either there or appended.
            for entry in entries:
                relay.append(None, [entry])
    return len(left)


def _refuse_rest(side: Side, batch: Sequence[Unsent]) -> None:
    """Of a batch that was refused whole, what the log does not hold after all."""
    unsent = {header_hash(one.entry.header) for one in side.unsent(BATCH_ENTRIES)}
    refused = [one.seq for one in batch if header_hash(one.entry.header) in unsent]
    if refused:
        side.refuse(refused)


def _next_batch(unsent: Sequence[Unsent]) -> list[Unsent]:
    """The first saves that go together: all with a condition or all without, within a batch's bounds (S8, L13)."""
    batch: list[Unsent] = []
    size = 0
    for save in _saves(unsent):
        size += sum(_size(one.entry) for one in save)
        if batch and (size > BATCH_BYTES or save[0].conditional != batch[0].conditional):
            break
        batch += save
    return batch


def _saves(unsent: Sequence[Unsent]) -> Iterator[list[Unsent]]:
    """Entries that were written in one save, together; any other alone."""
    save: list[Unsent] = []
    for one in unsent:
        if save and (one.save is None or one.save != save[-1].save):
            yield save
            save = []
        save.append(one)
    if save:
        yield save


def _in_bytes(things: Iterable[T], load: Callable[[T], S], size: Callable[[S], int]) -> Iterator[list[S]]:
    """Things in stretches that fit into one batch."""
    stretch: list[S] = []
    total = 0
    for thing in things:
        loaded = load(thing)
        more = size(loaded) + _FRAME
        if stretch and (total + more > BATCH_BYTES or len(stretch) == BATCH_ENTRIES):
            yield stretch
            stretch, total = [], 0
        stretch.append(loaded)
        total += more
    if stretch:
        yield stretch


def _size(entry: Entry) -> int:
    return len(entry.header) + len(entry.signature) + len(entry.body or b"") + _FRAME
