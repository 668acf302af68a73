"""Damage: any flipped bit of what is stored is found, and named by its position; or counted, where it harms nothing."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.book.founded import Founded
from tests.ground.seeded import Seeded

from waystation.book import Book, Store
from waystation.errors import BookError, WaystationError
from waystation.ids import FolderType

COLUMNS = ("header", "signature", "order_hash", "body")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    """A book with every kind of entry that an honest desk writes."""
    made = Founded(tmp_path_factory.mktemp("damage") / "book.db", Seeded("damage"))
    book = made.book
    office = book.singleton(FolderType.OFFICE)
    case = made.open_folder(b"the first note")
    made.save((case, b"the second note"), (office, b"two beds are free"))
    with book.transaction():
        book.rotate(case, [made.me])
    made.save((case, b"x" * 5000))
    other = made.open_folder(b"another case")
    with book.transaction():
        book.tombstone(other, "hide", made.stamp())
    made.attach(case, b"a passport" * 100)
    assert book.check().accepted == book.position
    yield made
    made.close()


@contextmanager
def undone(book: Book) -> Iterator[None]:
    """Takes back afterwards whatever was done to the file."""
    sql = book.store.connection
    sql.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        sql.execute("ROLLBACK")


@settings(max_examples=250)
@given(data=st.data())
def test_any_flipped_bit_of_an_entry_is_found_where_it_is(founded: Founded, data: st.DataObject) -> None:
    book = founded.book
    position = data.draw(st.integers(1, book.position))
    column = data.draw(st.sampled_from(COLUMNS))
    sql = book.store.connection
    ((stored,),) = sql.execute(f"SELECT {column} FROM entry WHERE position = ?", (position,))
    changed = bytearray(stored)
    # A header's first bits are the rarest to be drawn, and the ones with rules of their own.
    at = data.draw(st.integers(0, 8 * len(changed) - 1) | st.integers(0, 63))
    changed[at // 8] ^= 1 << at % 8
    with undone(book):
        sql.execute(f"UPDATE entry SET {column} = ? WHERE position = ?", (bytes(changed), position))
        if column == "signature" and position < book.position:
            # The desk's later signatures vouch for it (docs/decisions/0012).
            assert book.check().vouched == 1
            return
        with pytest.raises(BookError) as raised:
            book.check()
        assert raised.value.position == position
    assert book.check().entries == book.position


@pytest.mark.parametrize("change", ["missing", "swapped", "cut", "twice"])
def test_entries_that_are_gone_or_out_of_place_are_found(founded: Founded, change: str) -> None:
    book, sql = founded.book, founded.book.store.connection
    last = book.position
    statements = {
        "missing": ["DELETE FROM entry WHERE position = 6"],
        "swapped": [
            "UPDATE entry SET position = 999 WHERE position = 6",
            "UPDATE entry SET position = 6 WHERE position = 7",
            "UPDATE entry SET position = 7 WHERE position = 999",
        ],
        "cut": [f"DELETE FROM entry WHERE position = {last}"],
        "twice": [
            f"INSERT INTO entry SELECT {last + 1}, kind, epoch, status, header, signature, order_hash, body, link"
            f" FROM entry WHERE position = {last}"
        ],
    }
    with undone(book):
        for statement in statements[change]:
            sql.execute(statement)
        with pytest.raises(BookError) as raised:
            book.check()
        assert raised.value.position in (6, 7, last - 1, last, last + 1)


def test_a_log_with_its_end_cut_off_is_found(founded: Founded) -> None:
    """What the desk remembers of its chain outlives the entries themselves."""
    book, sql = founded.book, founded.book.store.connection
    with undone(book):
        sql.execute("DELETE FROM entry WHERE position > ?", (book.position - 2,))
        with pytest.raises(BookError, match="ends elsewhere"):
            book.check()


@given(data=st.data())
def test_any_flipped_bit_of_a_chunk_is_found(founded: Founded, data: st.DataObject) -> None:
    book, sql = founded.book, founded.book.store.connection
    names = [name for (name,) in book.store.rows("SELECT hash FROM chunk ORDER BY hash")]
    name = data.draw(st.sampled_from(names))
    changed = bytearray(book.store.chunk(name) or b"")
    at = data.draw(st.integers(0, 8 * len(changed) - 1))
    changed[at // 8] ^= 1 << at % 8
    with undone(book):
        sql.execute("UPDATE chunk SET bytes = ? WHERE hash = ?", (bytes(changed), name))
        with pytest.raises(BookError, match="B14"):
            book.check()


@dataclass
class Closed:
    """A closed book, and its file as it should be."""

    made: Founded
    sound: bytes = field(repr=False)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """A book with eleven notes."""
    made = Founded(tmp_path_factory.mktemp("file") / "book.db", Seeded("file"))
    case = made.open_folder(b"the first note")
    for _ in range(10):
        made.save((case, b"a note"))
    made.close()
    return Closed(made, made.path.read_bytes())


@settings(max_examples=80)
@given(data=st.data())
def test_a_flipped_bit_of_the_file_never_gives_other_content(closed: Closed, data: st.DataObject) -> None:
    """Pitfall 17: what lies on the disk is authenticated. A page that no one reads may stay unnoticed."""
    made, sound = closed.made, closed.sound
    changed = bytearray(sound)
    at = data.draw(st.integers(0, 8 * len(changed) - 1))
    changed[at // 8] ^= 1 << at % 8
    made.path.write_bytes(changed)
    store = None
    try:
        store = Store.open(made.path, made.database_key)
        book = Book.open(store, made.keys, made.keyring_keys, made.randomness)
        told = [change.payload for change in book.changes()]
        assert told == [b"the first note", *[b"a note"] * 10]
        book.check()
    except WaystationError as error:
        said = str(error)
        assert "note" not in said.replace("not", "")
    finally:
        if store is not None:
            store.close()


def opened(made: Founded) -> None:
    """Opens, checks and closes a book."""
    try:
        made.open().check()
    finally:
        made.close()


@pytest.mark.parametrize("size", [0, 1, 16, 100, 511, 512, 4095, 4096, 8192, 20_000, -4096, -1])
def test_a_file_that_is_cut_is_refused_and_unchanged(closed: Closed, size: int, tmp_path: Path) -> None:
    """Pitfall 7: a book without its end is not taken for whole."""
    made, sound = closed.made, closed.sound
    cut = tmp_path / "book.db"
    cut.write_bytes(sound[:size])
    other = copy.copy(made)
    other.path = cut
    with pytest.raises(WaystationError):
        opened(other)
    assert cut.read_bytes() == sound[:size]
    assert [file.name for file in tmp_path.iterdir()] == ["book.db"]
