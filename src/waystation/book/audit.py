"""The full check of a book: everything that can be wrong with stored bytes is found, and the first bad entry named.

Replays the log from genesis beside the stored tables and compares. A chain needs only its newest signature; here every
one is verified, so that a flipped bit on this disk is found wherever it is. One that does not verify is counted where
a later one of its chain vouches for it, as when the log was received (docs/decisions/0012).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import apsw

from waystation.book import log as log_module
from waystation.book.change import decode_change
from waystation.book.entries import Entries
from waystation.book.entry import Entry, EntryKind, Header, check_signature, open_body
from waystation.book.folder import chunk_hash
from waystation.book.keyring import Keyring
from waystation.book.log import Log, Verdict
from waystation.book.roster import read_genesis
from waystation.book.store import Store
from waystation.errors import BookError, MissingKey, OrderError, SealError, SignatureError, StoreError, WireError
from waystation.ids import DeskId, OrderHash
from waystation.verify import Signature

Progress = Callable[[int, int], None]
"""Called now and then with (done, of)."""

_EVERY: Final = 1000
_ENTRIES: Final = (
    "SELECT e.position, e.kind, e.status, f.tag, f.folder, e.header, e.signature, e.body, e.order_hash, e.link"
    " FROM entry e LEFT JOIN epoch f ON f.id = e.epoch ORDER BY e.position"
)


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` counted.

    Args:
        unread: accepted, but the key is not held here or the body was dropped.
        vouched: entries whose own signature does not verify, while a later one of the same chain does ([12]).
    """

    entries: int
    accepted: int
    aside: int
    unread: int
    undecodable: int
    vouched: int
    order: OrderHash


@dataclass(slots=True)
class _Signatures:
    """Signatures that did not verify, until a later one of their chain does: desk → the first's position, how many."""

    waiting: dict[DeskId, tuple[int, int]] = field(default_factory=dict)
    vouched: int = 0

    def bad(self, desk: DeskId, position: int) -> None:
        first, count = self.waiting.get(desk, (position, 0))
        self.waiting[desk] = (first, count + 1)

    def good(self, desk: DeskId) -> None:
        self.vouched += self.waiting.pop(desk, (0, 0))[1]


def audit(
    store: Store,
    genesis: bytes,
    keyring: Keyring,
    end: tuple[int, OrderHash],
    entries: Entries,
    progress: Progress,
) -> Report:
    """Checks the stored log (B2–B23) and every chunk (B14).

    Args:
        end: position and order hash at which this desk believes the log to end.
        entries: the stored log; each order hash is compared before it is relied upon.
    Raises: BookError, naming the first bad entry; StoreError, if the file itself is damaged.
    """
    with store.reading():
        if (found := store.rows("PRAGMA quick_check(1)")) != [("ok",)]:
            raise StoreError(
                "The book file is damaged inside (faults: %(faults)s). Restore the backup.", faults=len(found)
            )
        scratch = apsw.Connection(":memory:")
        for statement in log_module.SCHEMA.split(";"):
            scratch.execute(statement)
        org, parsed = read_genesis(genesis)
        replay = Log(
            scratch,
            org,
            parsed,
            keyring,
            entries.order_at,
            lambda header: entries.known_before(header, replay.position + 1),
        )
        dropped = {folder for (folder,) in store.rows("SELECT folder FROM destroyed UNION SELECT folder FROM hidden")}
        signatures = _Signatures()
        counts = {"accepted": 0, "aside": 0, "unread": 0, "undecodable": 0}
        for row in store.each(_ENTRIES):
            counts[_check_row(replay, keyring, dropped, signatures, row)] += 1
            if row[0] % _EVERY == 0:
                progress(row[0], end[0])
        for name, chunk in store.each("SELECT hash, bytes FROM chunk"):
            if chunk_hash(chunk) != name:
                raise BookError("B14: a chunk is not the one that its name says")
        if signatures.waiting:
            first, _ = min(signatures.waiting.values())
            raise BookError("B3: its author's signature does not verify", first)
        if (replay.position, replay.order) != end:
            raise OrderError("B4: the log ends elsewhere than this desk remembers", replay.position)
        progress(end[0], end[0])
        return Report(entries=replay.position, order=replay.order, vouched=signatures.vouched, **counts)


def _check_row(
    replay: Log, keyring: Keyring, dropped: set[bytes], signatures: _Signatures, row: tuple[Any, ...]
) -> str:
    """Checks one stored entry and its columns. Returns how it counts."""
    position, kind, status, tag, folder, raw, signature, body, order, link = row
    if position != replay.position + 1:
        raise OrderError("B4: an entry is missing before it", position)
    entry = Entry(raw, Signature(signature), body)
    try:
        header, verdict = replay.take(entry)
    except (MissingKey, SealError, WireError) as error:
        raise BookError(error.message, position, **error.values) from None
    listed = replay.roster.desks.get(header.desk)
    if listed is not None and verdict.link:
        try:
            check_signature(entry.header, entry.signature, listed.verify_key)
            signatures.good(header.desk)
        except SignatureError:
            signatures.bad(header.desk, position)
    if replay.order != order:
        raise OrderError("B4: its order hash is not the log's", position)
    if (kind, status, link) != (header.kind, verdict.aside, verdict.link) or (tag is not None and tag != header.tag):
        raise BookError("B20: what is noted beside it is not what follows from the log", position)
    if verdict.epoch is not None and tag is None:
        raise BookError("B20: what is noted beside it is not what follows from the log", position)
    if body is None and folder not in dropped:
        raise BookError("B24: its body is missing, though nothing was destroyed there", position)
    return _counted(keyring, entry, header, verdict)


def _counted(keyring: Keyring, entry: Entry, header: Header, verdict: Verdict) -> str:
    if verdict.aside is not None:
        return "aside"
    if header.kind is not EntryKind.CHANGE:
        return "accepted"
    key = keyring.find(header.tag)
    if key is None or entry.body is None:
        return "unread"
    try:
        decode_change(open_body(entry.header, header, entry.body, key))
    except (SealError, WireError):
        return "undecodable"
    return "accepted"
