"""Hostile bytes: whatever arrives, the answer is one of ours, comes soon, and repeats nothing of what was read."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.book.scribe import Scribe
from tests.ground.seeded import Seeded
from tests.ground.vectors import group

from waystation.book import Book
from waystation.book.entry import Entry, EpochKey, decode_header
from waystation.book.folder import EpochStatement, chunk_hash, open_sheet, read_epoch
from waystation.book.roster import Roster, read_genesis
from waystation.derive import Key, derive
from waystation.errors import BookError, SealError, WaystationError, WireError
from waystation.ids import FolderId, FolderTag, FolderType
from waystation.seal import pad, seal_once
from waystation.unseal import SealingKey, SealingSeed
from waystation.verify import Signature
from waystation.wire import encode

CANARY = b"Juniper Kettle, Rope Walk 7"
JUNK = st.binary(max_size=200)


class Desk:
    """A founded log, its scribe, and a book that has read it."""

    def __init__(self, path: Path) -> None:
        self.scribe = Scribe(Seeded("decoding"))
        self.author = self.scribe.author()
        keys = self.scribe.found(self.author)
        self.office = keys[FolderType.OFFICE]
        self.book = self.scribe.book(path, self.author, (), self.scribe.entries)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("decoding") / "book.db")
    yield made
    made.book.store.close()


class Undo(Exception):
    """Ends a transaction that shall leave nothing."""


@contextmanager
def undone(book: Book) -> Iterator[None]:
    """Takes back what was received."""
    try:
        with book.transaction():
            yield
            raise Undo
    except Undo:
        pass


def junk(sound: bytes) -> st.SearchStrategy[bytes]:
    """Arbitrary bytes, or a sound structure with some bytes changed, cut off or put behind."""

    def change(drawn: tuple[list[tuple[int, int]], int, bytes]) -> bytes:
        places, cut, behind = drawn
        stored = bytearray(sound)
        for at, value in places:
            stored[at % len(stored)] = value
        return bytes(stored[: len(stored) - cut]) + behind

    places = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4)
    return JUNK | st.tuples(places, st.integers(0, 3), st.binary(max_size=2)).map(change)


SAMPLES = {
    1: group("book", "roster", "valid")[1]["body"],
    2: group("book", "epoch", "valid")[1]["body"],
    3: group("book", "change", "valid")[0]["plaintext"],
    4: group("book", "tombstone", "valid")[0]["plaintext"],
    5: b"",
}


@given(data=st.data(), kind=st.integers(1, 5))
def test_a_sealed_body_of_anything_never_stops_the_log(desk: Desk, data: st.DataObject, kind: int) -> None:
    """Whoever holds a key can seal anything; it is set aside or skipped, and the next entry is read."""
    plaintext = data.draw(junk(SAMPLES[kind] or b"\0"))
    key = desk.office if kind == 3 else desk.scribe.key
    entry = desk.scribe.compose(desk.author, kind, plaintext, key)
    with undone(desk.book):
        desk.book.receive([entry])
        report = desk.book.check()
        assert report.aside + report.undecodable + report.accepted == report.entries
        list(desk.book.changes())


@given(data=st.data())
def test_any_bytes_for_an_entry_are_refused_or_read(desk: Desk, data: st.DataObject) -> None:
    sound = desk.scribe.compose(desk.author, 3, desk.scribe.change(CANARY), desk.office)
    assert sound.body is not None
    entry = Entry(
        data.draw(junk(sound.header)),
        Signature(data.draw(st.just(sound.signature) | st.binary(max_size=70))),
        data.draw(st.none() | st.just(sound.body) | st.binary(max_size=2000)),
    )
    said = ""
    with undone(desk.book):
        try:
            desk.book.receive([entry])
        except WaystationError as error:
            said = str(error)
    assert not [word for word in CANARY.decode().split() if word in said]


@given(raw=junk(group("book", "header", "valid")[0]["header"]))
def test_header(raw: bytes) -> None:
    try:
        decode_header(raw)
    except WireError:
        return
    assert len(raw) == 232


@given(record=junk(group("book", "genesis", "valid")[1]["record"]))
def test_genesis(record: bytes) -> None:
    try:
        _, genesis = read_genesis(record)
    except WireError:
        return
    assert 1 <= genesis.threshold <= len(genesis.roots)


@given(body=junk(SAMPLES[1]))
def test_roster(body: bytes) -> None:
    org, genesis = read_genesis(group("book", "roster", "valid")[1]["genesis"])
    try:
        Roster(org, genesis).amend(body)
    except (BookError, WireError):
        return
    assert body == SAMPLES[1]


@given(body=junk(SAMPLES[2]))
def test_epoch(body: bytes) -> None:
    case = group("book", "epoch", "valid")[1]
    parent = EpochKey(case["org"], case["folder"], 0, case["parent_key"])
    try:
        read_epoch(body, parent)
    except (BookError, WireError):
        return
    assert body == SAMPLES[2]


@given(plaintext=junk(encode([1, [[bytes(16), bytes(1185)]]])), whole=st.booleans())
def test_sheet(plaintext: bytes, whole: bool) -> None:
    case = group("book", "sheet", "valid")[0]
    wrapping = EpochKey(case["org"], FolderId(bytes(16)), 0, Key(bytes(32)))
    context = case["org"] + case["folder"] + case["epoch"].to_bytes(4, "big") + case["tag"]
    key = derive(wrapping.key, "sheet", context, bytes(32))
    sheet = bytes(32) + seal_once(key, pad(plaintext, 2000) if whole else plaintext, b"")
    statement = EpochStatement(
        1,
        case["folder"],
        FolderType.CASE,
        case["epoch"],
        FolderTag(bytes(32)),
        case["tag"],
        (),
        chunk_hash(sheet),
    )
    keys = [SealingKey(SealingSeed(case["seed"]))]
    with pytest.raises((SealError, WireError)):
        open_sheet(case["org"], statement, sheet, wrapping, case["desk"], keys)


HUGE = [
    b"\x95\x01\xa4hide\xc6\xff\xff\xff\xff",
    b"\x93\x01\xdd\xff\xff\xff\xff",
    b"\x93\x01\xc6\x7f\xff\xff\xff",
    b"\x93\x01" + b"\x91" * 900,
    b"\xdc\xff\xff\x01",
]


@pytest.mark.parametrize("plaintext", HUGE, ids=range(len(HUGE)))
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_a_length_is_not_believed(desk: Desk, kind: int, plaintext: bytes) -> None:
    key = desk.office if kind == 3 else desk.scribe.key
    entry = desk.scribe.compose(desk.author, kind, plaintext, key)
    tracemalloc.start()
    with undone(desk.book):
        desk.book.receive([entry])
        list(desk.book.changes())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_why_an_entry_was_set_aside_repeats_nothing_of_it(desk: Desk) -> None:
    scribe, author = desk.scribe, desk.author
    text = CANARY.decode()
    bodies = [
        (1, scribe.by_root(scribe.amendment([["member", scribe.randomness(16), [1, text]]]))),
        (1, scribe.by_root(scribe.amendment([[text, scribe.randomness(16)]]))),
        (2, encode([1, encode([1, CANARY, text]), bytes(32)])),
        (4, encode([1, text, bytes(16), 0, text])),
        (4, CANARY),
        (2, encode([1, encode([1, bytes(16), text, 0]), bytes(32)])),
    ]
    for kind, plaintext in bodies:
        entry = scribe.compose(author, kind, plaintext, scribe.key)
        with undone(desk.book):
            desk.book.receive([entry])
            ((said,),) = desk.book.store.rows("SELECT status FROM entry WHERE position = ?", desk.book.position)
        assert said
        assert not [word for word in text.split() if word in said]


def test_a_sealing_key_that_is_no_point_stops_nobody(desk: Desk) -> None:
    """A member who gives a worthless key gets no copy; the error is one of ours."""
    scribe, book = desk.scribe, desk.book
    worthless = scribe.author()
    admission = ["desk", worthless.desk, worthless.member, worthless.keys.signing.public, bytes(1216)]
    amendment = scribe.amendment([["member", worthless.member, []], admission])
    with undone(book):
        book.receive([scribe.compose(desk.author, 1, scribe.by_root(amendment), scribe.key)])
        listed = book.roster.desk(worthless.desk)
        with pytest.raises(WireError):
            book.rotate(desk.office.folder, [listed])


def test_a_worthless_sheet_stops_nobody(desk: Desk) -> None:
    """B13: a copy of a key that does not open is refused; the log goes on."""
    scribe, book = desk.scribe, desk.book
    key = scribe.new_key(scribe.folder(FolderType.CASE), 0)
    away = scribe.new_key(scribe.key.folder, 9)
    body = scribe.epoch(key, FolderType.CASE, None, [desk.author], away)
    entry = scribe.compose(desk.author, 2, body, scribe.key)
    with undone(book):
        sheet = scribe.chunks.pop()
        book.store.add_chunk(chunk_hash(sheet), sheet)
        book.receive([entry])
        assert book.readers(key.folder) == (desk.author.desk,)
        assert book.check().aside == 0
