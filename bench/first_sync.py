"""The first sync: a new desk takes a long log, all of which it can read. One JSON line a result, as `bench.measure`.

    python -m bench.first_sync [ENTRIES] [FOLDER]

The log is made once, by ten desks of one organisation, and kept. The floor is what cannot be avoided, with the bare
libraries: each entry's header and body hashed, two envelopes of 1 KiB opened, what is in them decoded, and a row of
the same size written to an encrypted file of the same kind.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import apsw
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import floor
from bench.corpus import START_MS, Seeded
from bench.measure import Result, below
from waystation.book import Book, DeskKeys, FolderWrite, NewFolder, Stamp, Store
from waystation.book.entry import Entry, EpochKey
from waystation.book.roster import AdmitDesk, AdmitMember, new_genesis, read_genesis
from waystation.derive import Key
from waystation.ids import ChunkHash, FolderId, FolderType, MemberId, SaveId
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.verify import Signature

ENTRIES = 1_000_000
DESKS = 10
SAVES_TO_A_FOLDER = 9
STRETCH = 4096
TEXT = 600
"""Bytes of each payload: its body is 1 KiB, the smallest bucket."""
_TURN = 500
"""Saves of one desk, before the next one has its turn."""


def keys(words: Seeded) -> DeskKeys:
    return DeskKeys(SigningKey(SigningSeed(words(32))), (SealingKey(SealingSeed(words(32))),))


class Log:
    """The log as a relay would hold it, in a plain file: it is ciphertext already."""

    def __init__(self, path: Path) -> None:
        self.sql = apsw.Connection(str(path))
        self.sql.execute(
            "CREATE TABLE IF NOT EXISTS entry (position INTEGER PRIMARY KEY, header BLOB, signature BLOB, body BLOB);"
            "CREATE TABLE IF NOT EXISTS chunk (hash BLOB PRIMARY KEY, bytes BLOB) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
        )
        self.sql.pragma("synchronous", "off")

    @property
    def count(self) -> int:
        return int(next(iter(self.sql.execute("SELECT coalesce(max(position), 0) FROM entry")))[0])

    def stretch(self, after: int, count: int = STRETCH) -> list[Entry]:
        query = "SELECT header, signature, body FROM entry WHERE position > ? ORDER BY position LIMIT ?"
        return [
            Entry(header, Signature(signed), body) for header, signed, body in self.sql.execute(query, (after, count))
        ]

    def chunks(self, names: Sequence[ChunkHash]) -> dict[ChunkHash, bytes]:
        found = {}
        for name in names:
            for (chunk,) in self.sql.execute("SELECT bytes FROM chunk WHERE hash = ?", (name,)):
                found[name] = chunk
        return found

    def meta(self, key: str) -> bytes:
        return bytes(next(iter(self.sql.execute("SELECT value FROM meta WHERE key = ?", (key,))))[0])

    def take(self, book: Book, after: int) -> None:
        """Copies what a book holds after a position, with its sheets."""
        with self.sql:
            rows = book.store.each("SELECT position, header, signature, body FROM entry WHERE position > ?", after)
            self.sql.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
            chunks = book.store.each("SELECT hash, bytes FROM chunk")
            self.sql.executemany("INSERT OR IGNORE INTO chunk VALUES (?, ?)", chunks)


def build(path: Path, entries: int) -> None:
    """Ten desks of an organisation write in turns; the last one admitted is the new desk, which wrote nothing."""
    words = Seeded("first sync")
    made = path.with_suffix(".making")
    made.unlink(missing_ok=True)
    log = Log(made)
    root = SigningKey(SigningSeed(words(32)))
    genesis = new_genesis([root.public], 1, words(16))
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        books = []
        everyone = [keys(words) for _ in range(DESKS + 1)]
        store = Store.create(Path(scratch) / "0.db", Key(words(32)))
        first = Book.found(store, genesis, [root], MemberId(words(16)), everyone[0], Key(words(32)), words)
        store.connection.pragma("synchronous", "off")
        books.append(first)
        for one in everyone[1:]:
            member = MemberId(words(16))
            entry = one.entry(member)
            with first.transaction():
                admit = AdmitDesk(entry.desk, member, entry.verify_key, entry.sealing_key)
                first.amend_roster([AdmitMember(member, ("coordinator",)), admit])
        for kind in (FolderType.ORGANISATION, FolderType.OFFICE):
            with first.transaction():
                first.rotate(first.singleton(kind), first.roster.active_desks())
        log.take(first, 0)
        organisation = first.organisation_keys()
        for number, one in enumerate(everyone[1:-1], 1):
            store = Store.create(Path(scratch) / f"{number}.db", Key(words(32)))
            store.connection.pragma("synchronous", "off")
            books.append(Book.join(store, genesis, organisation, one, Key(words(32)), words))
        turn = 0
        while log.count < entries:
            book = books[turn % DESKS]
            turn += 1
            while book.position < log.count:
                receive(book, log)
            before = book.position
            with book.transaction():
                readers = tuple(book.roster.active_desks())
                for _ in range(_TURN // SAVES_TO_A_FOLDER):
                    folder = FolderId(words(16))
                    for save in range(SAVES_TO_A_FOLDER):
                        opened = [NewFolder(folder, FolderType.CASE, readers)] if not save else []
                        stamp = Stamp(SaveId(words(16)), START_MS, "Europe/Vilnius")
                        book.append(stamp, [FolderWrite(folder, words(TEXT))], opened)
            log.take(book, before)
            if sys.stderr.isatty():
                print(f"\r{log.count:,}", end="", file=sys.stderr)
        for book in books:
            book.store.close()
    log.sql.execute("INSERT INTO meta VALUES ('genesis', ?)", (genesis,))
    ring = msgspec.msgpack.encode([[key.folder, key.epoch, key.key] for key in organisation])
    log.sql.execute("INSERT INTO meta VALUES ('organisation', ?)", (ring,))
    log.sql.close()
    made.rename(path)


def joining() -> DeskKeys:
    """The keys of the new desk: the last that the seed gives to the ten and it."""
    words = Seeded("first sync")
    _root, _nonce = words(32), words(16)
    return [keys(words) for _ in range(DESKS + 1)][-1]


def receive(book: Book, log: Log) -> int:
    """One stretch, as the engine takes it. Returns how many entries were taken."""
    stretch = log.stretch(book.position)
    with book.transaction():
        got = book.receive(stretch, log.chunks(book.sheets_named(stretch)))
        book.lay(lambda folder: ())
    return got.taken


def least(log: Log, path: Path, entries: int) -> float:
    """Seconds that the unavoidable work takes, on as many entries as are asked for."""
    words = Seeded("least")
    bare = floor.connect(path, words(32))
    bare.execute("CREATE TABLE entry (position INTEGER PRIMARY KEY, header BLOB, signature BLOB, hash BLOB, body BLOB)")
    opener, nonce = AESGCM(words(32)), bytes(12)
    sealed = opener.encrypt(
        nonce, msgspec.msgpack.encode([1, words(16), START_MS, "UTC", words(TEXT)]).ljust(1007), b""
    )
    unpack = msgspec.msgpack.Decoder().decode
    plain = msgspec.msgpack.encode([1, words(16), START_MS, "UTC", words(TEXT)])
    took = 0.0
    at = 0
    while at < entries:
        stretch = log.stretch(at)
        began = time.perf_counter()
        rows = []
        for entry in stretch:
            at += 1
            digest = sha256(entry.header).digest()
            sha256(entry.body or b"")
            opener.decrypt(nonce, sealed, b"")
            opener.decrypt(nonce, sealed, b"")
            unpack(plain)
            rows.append((at, entry.header, entry.signature, digest, entry.body))
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", rows)
        bare.execute("COMMIT")
        took += time.perf_counter() - began
    bare.close()
    return took


def measured(log: Log, scratch: Path) -> Iterator[Result]:
    """The first sync beside its floor, and how its memory grows."""
    words = Seeded("joining")
    genesis = log.meta("genesis")
    organisation: list[EpochKey] = []
    store = Store.create(scratch / "new.db", Key(words(32)))
    org = read_genesis(genesis)[0]
    for folder, number, key in msgspec.msgpack.decode(log.meta("organisation")):
        organisation.append(EpochKey(org, folder, number, Key(key)))
    book = Book.join(store, genesis, organisation, joining(), Key(words(32)), words)
    with book.transaction():
        book.connect()
    entries = log.count
    began, quarter, took = 0.0, 0, 0.0
    while book.position < entries:
        began = time.perf_counter()
        receive(book, log)
        took += time.perf_counter() - began
        if not quarter and book.position >= entries // 4:
            quarter = resident()
    end = resident()
    opened = sum(1 for _ in book.changes(after=entries - 10_000))
    assert opened > 8_000, "the new desk does not read what it took"
    book.store.close()
    bare = least(log, scratch / "least.db", entries)
    ratio = bare / took
    yield Result("first sync", entries, took, "s", bare, ratio, "≥ 40 % of the floor's pace", ratio >= 0.4)
    yield below("first sync, entry", entries, took / entries * 1e6, "µs", 1e9)
    yield Result(
        "first sync, memory",
        entries,
        end / 2**20,
        "MiB",
        quarter / 2**20,
        end / quarter,
        "≤ 1.3 × a quarter of the way",
        end <= 1.3 * quarter,
    )


def resident() -> int:
    """Bytes of memory in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def main(entries: int, folder: Path, tell: Callable[[str], None] = print) -> None:
    """Builds the log, where it is not there yet, and measures."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"log-{entries}.db"
    if not path.exists():
        build(path, entries)
    log = Log(path)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for result in measured(log, Path(scratch)):
            tell(json.dumps(asdict(result), ensure_ascii=False))


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES,
        Path(sys.argv[2]) if len(sys.argv) > 2 else Path("build/bench"),
    )
