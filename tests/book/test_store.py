"""The encrypted file: its format and migrations, who may open it, and what is on the disk."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.book.founded import Founded
from tests.ground.seeded import Seeded

from waystation.book import Book, FolderWrite, Store
from waystation.book.store import FORMAT, MIGRATIONS
from waystation.derive import Key
from waystation.errors import (
    BookError,
    ForeignFile,
    InUse,
    NewerFormat,
    StoreError,
    WaystationError,
)
from waystation.ids import FolderType

NEXT = FORMAT + 1
CANARY = b"Juniper Kettle, Rope Walk 7"


@pytest.fixture
def founded(tmp_path: Path, randomness: Seeded) -> Iterator[Founded]:
    """A book with a little in it, open."""
    made = Founded(tmp_path / "book.db", randomness)
    made.open_folder(b"the first note")
    yield made
    made.close()


def on_disk(folder: Path) -> dict[str, str]:
    """Hash of every file in a folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def to_next(connection: apsw.Connection) -> None:
    """A dummy next format: one more table, one more column."""
    connection.execute("CREATE TABLE lantern (lit INTEGER)")
    connection.execute("ALTER TABLE chunk ADD COLUMN kept_since INTEGER")


def to_next_and_out(connection: apsw.Connection) -> None:
    """The same, on a machine that dies on the way."""
    to_next(connection)
    raise KeyboardInterrupt


def version_of(founded: Founded) -> object:
    store = Store.open(founded.path, founded.database_key)
    try:
        return store.meta("format")
    finally:
        store.close()


def test_an_older_format_is_brought_up_to_date(founded: Founded) -> None:
    founded.close()
    migrations = {**MIGRATIONS, FORMAT: to_next}
    store = Store.open(founded.path, founded.database_key, newest=NEXT, migrations=migrations)
    assert store.meta("format") == NEXT
    store.connection.execute("INSERT INTO lantern VALUES (1)")
    book = Book.open(store, founded.keys, founded.keyring_keys, founded.randomness)
    assert [change.payload for change in book.changes()] == [b"the first note"]
    assert book.check().entries == book.position
    store.close()
    again = Store.open(founded.path, founded.database_key, newest=NEXT, migrations=migrations)
    assert again.rows("SELECT lit FROM lantern") == [(1,)]
    again.close()


def to_first(founded: Founded) -> None:
    """Makes of a book of one desk what the first format had."""
    sql = founded.book.store.connection
    hidden = sql.execute("SELECT folder, position, at_ms, member, confirmed FROM hidden").fetchall()
    sql.execute("DROP VIEW hidden")
    for name in ("mark", "suspended", "era", "unsent", "refused", "left_behind", "awaited"):
        sql.execute(f"DROP TABLE {name}")
    for name in ("entry_place", "entry_bare", "epoch_unsent", "epoch_superseded_unsent"):
        sql.execute(f"DROP INDEX {name}")
    sql.execute("ALTER TABLE entry DROP COLUMN link")
    sql.execute(
        "CREATE TABLE hidden (folder BLOB PRIMARY KEY, position INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
        " member BLOB NOT NULL, confirmed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
    )
    sql.executemany("INSERT INTO hidden VALUES (?, ?, ?, ?, ?)", hidden)
    founded.book.store.set_meta("format", 1)


def shape(founded: Founded) -> list[tuple[str, str]]:
    """The tables of a book, as they were declared."""
    rows = founded.book.store.rows("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return [(name, " ".join(sql.split())) for name, sql in rows if name != "entry"]


def test_a_book_of_the_first_format_is_one_of_today(founded: Founded) -> None:
    book, case = founded.book, founded.folders[0]
    other = founded.open_folder(b"and another")
    with book.transaction():
        book.tombstone(other, "hide", founded.stamp())
    told, made, report = founded.payloads(), shape(founded), book.check()
    to_first(founded)
    book = founded.reopen()
    assert book.store.meta("format") == FORMAT
    assert shape(founded) == made
    assert (founded.payloads(), book.check(), book.is_hidden(other)) == (told, report, True)
    with book.transaction():
        book.tombstone(other, "cancel", founded.stamp())
        book.connect()
    founded.save((case, b"and goes on"))
    assert book.unsent_count() == 1


def test_a_format_two_steps_behind_takes_both_steps(founded: Founded) -> None:
    founded.close()
    steps = {FORMAT: to_next, NEXT: lambda connection: connection.execute("DROP TABLE lantern")}
    store = Store.open(founded.path, founded.database_key, newest=NEXT + 1, migrations=steps)  # type: ignore[arg-type]  # what it returns is not looked at
    assert store.meta("format") == NEXT + 1
    store.close()


def test_a_migration_that_dies_leaves_the_older_format(founded: Founded) -> None:
    founded.close()
    before = on_disk(founded.path.parent)
    with pytest.raises(KeyboardInterrupt) as raised:
        Store.open(founded.path, founded.database_key, newest=NEXT, migrations={FORMAT: to_next_and_out})
    assert version_of(founded) == FORMAT
    assert raised.tb is not None
    assert on_disk(founded.path.parent) == before
    book = founded.open()
    assert book.store.rows("SELECT name FROM sqlite_schema WHERE name = 'lantern'") == []
    assert founded.payloads() == [b"the first note"]


def test_a_migration_that_is_killed_leaves_the_older_format(founded: Founded) -> None:
    """The process goes away between the steps of a migration, without a word."""
    founded.close()
    script = f"""
import os
from pathlib import Path
from waystation.book import Store
def die(connection):
    connection.execute("CREATE TABLE lantern (lit INTEGER)")
    os._exit(9)
key = bytes.fromhex({founded.database_key.hex()!r})
Store.open(Path({str(founded.path)!r}), key, newest={NEXT}, migrations={{{FORMAT}: die}})
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 9
    assert version_of(founded) == FORMAT
    assert founded.open().store.rows("SELECT name FROM sqlite_schema WHERE name = 'lantern'") == []


def test_a_newer_format_is_refused_and_unchanged(founded: Founded) -> None:
    founded.book.store.set_meta("format", NEXT)
    founded.close()
    before = on_disk(founded.path.parent)
    with pytest.raises(NewerFormat) as raised:
        founded.open()
    assert raised.value.version == NEXT
    assert on_disk(founded.path.parent) == before


def test_a_second_process_is_told_that_the_book_is_in_use(founded: Founded) -> None:
    script = f"""
import sys
from pathlib import Path
from waystation.book import Store
from waystation.errors import InUse
try:
    Store.open(Path({str(founded.path)!r}), bytes.fromhex({founded.database_key.hex()!r}))
except InUse:
    sys.exit(3)
"""
    # No one here reads the file meanwhile: closing it would take the lock from the connection (POSIX).
    assert subprocess.run([sys.executable, "-c", script]).returncode == 3
    founded.save((founded.folders[0], b"and I may still write"))
    assert subprocess.run([sys.executable, "-c", script]).returncode == 3
    assert founded.book.check().entries == founded.book.position


def test_a_second_opening_in_one_process_is_told_too(founded: Founded) -> None:
    with pytest.raises(InUse):
        Store.open(founded.path, founded.database_key)
    founded.close()
    Store.open(founded.path, founded.database_key).close()


def test_another_key_opens_nothing_and_changes_nothing(founded: Founded) -> None:
    founded.close()
    before = on_disk(founded.path.parent)
    for key in (bytes(32), founded.database_key[::-1], founded.database_key[:31] + b"x"):
        with pytest.raises(ForeignFile):
            Store.open(founded.path, Key(key))
    assert on_disk(founded.path.parent) == before


@pytest.mark.parametrize("content", [b"", b"x", b"%PDF-1.7\n" * 2000, bytes(8192), b"SQLite format 3\0" * 600])
def test_a_foreign_file_is_refused_and_unchanged(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "book.db"
    file.write_bytes(content)
    before = on_disk(tmp_path)
    with pytest.raises(ForeignFile):
        Store.open(file, Key(bytes(32)))
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_database_that_is_no_book_is_refused_and_unchanged(encrypted: bool, tmp_path: Path) -> None:
    file = tmp_path / "book.db"
    other = apsw.Connection(str(file))
    if encrypted:
        other.pragma("cipher", "chacha20")
        other.pragma("hexkey", (b"raw:" + bytes(32)).hex())
    other.execute("CREATE TABLE notes (text); INSERT INTO notes VALUES ('bread, candles')")
    other.close()
    before = file.read_bytes()
    with pytest.raises(ForeignFile):
        Store.open(file, Key(bytes(32)))
    if not encrypted:
        assert file.read_bytes() == before
    assert [name.name for name in tmp_path.iterdir()] == ["book.db"]


def test_a_missing_book_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Store.open(tmp_path / "book.db", Key(bytes(32)))
    assert list(tmp_path.iterdir()) == []


def test_a_book_is_not_written_over_another(founded: Founded) -> None:
    before = on_disk(founded.path.parent)
    with pytest.raises(StoreError):
        Store.create(founded.path, Key(bytes(32)))
    assert on_disk(founded.path.parent) == before


def test_a_folder_in_the_place_of_the_book(tmp_path: Path) -> None:
    (tmp_path / "book.db").mkdir()
    with pytest.raises(WaystationError):
        Store.open(tmp_path / "book.db", Key(bytes(32)))


def test_the_book_of_another_desk_does_not_open(founded: Founded, tmp_path: Path) -> None:
    founded.close()
    store = Store.open(founded.path, founded.database_key)
    with pytest.raises(BookError, match="B26"):
        Book.open(store, founded.keys, [Key(bytes(32))], founded.randomness)
    store.close()


def test_what_failed_inside_a_transaction_leaves_nothing(founded: Founded) -> None:
    book, before = founded.book, founded.payloads()
    state = (book.position, book.order, book.roster)

    def half() -> None:
        with book.transaction():
            book.append(founded.stamp(), [FolderWrite(founded.folders[0], b"half a save")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert (book.position, book.order, book.roster) == state
    assert founded.payloads() == before
    founded.save((founded.folders[0], b"and goes on"))
    assert book.check().entries == book.position


def test_the_settings_are_those_that_durability_needs(founded: Founded) -> None:
    """B25."""
    pragma = founded.book.store.connection.pragma
    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("locking_mode") == "exclusive"
    assert pragma("temp_store") == 2
    assert pragma("secure_delete") == 1
    assert pragma("cipher") == "chacha20"


def raw_files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def test_nothing_readable_is_on_the_disk(founded: Founded) -> None:
    """Pitfall 1: neither while it is written, nor while the book is open, nor after it is closed."""
    book, folder = founded.book, founded.path.parent
    case, office = founded.folders[0], book.singleton(FolderType.OFFICE)
    secrets = [CANARY, bytes(case), bytes(office), founded.stamp().zone.encode(), bytes(book.org)]
    secrets += [bytes(founded.database_key), bytes(founded.keyring_keys[0]), b"sqlite_schema", b"CREATE TABLE"]
    secrets += [bytes(book.desk), founded.keys.signing.public, b"keyring", hashlib.sha256(CANARY).digest()]
    sealed = founded.attach(case, CANARY * 5000)
    secrets += [bytes(sealed.key)]
    with book.transaction():
        for _ in range(300):
            parts = [FolderWrite(case, CANARY * 100), FolderWrite(office, CANARY)]
            book.append(founded.stamp(), parts)
        during = raw_files(folder)
    for moment in (during, raw_files(folder)):
        assert not [secret for secret in secrets if secret in moment]
    founded.close()
    assert not [secret for secret in secrets if secret in raw_files(folder)]
    assert [file.name for file in folder.iterdir()] == ["book.db"]


def test_the_same_words_never_look_the_same(founded: Founded) -> None:
    """Pitfall 2: neither body nor hash lets anyone confirm a guess, nor see that something was said twice."""
    case = founded.folders[0]
    for _ in range(4):
        founded.save((case, CANARY))
    stored = list(founded.book.entries())[-4:]
    assert len({entry.body for entry in stored}) == 4
    assert len({entry.header[200:] for entry in stored}) == 4
    assert len({entry.header[168:200] for entry in stored}) == 4
    for entry in stored:
        assert hashlib.sha256(CANARY).digest() not in entry.header + (entry.body or b"")


def test_sizes_show_only_the_bucket(founded: Founded) -> None:
    case = founded.folders[0]
    for size in (0, 1, 500, 900):
        founded.save((case, bytes(size)))
    sizes = [len(entry.body or b"") for entry in list(founded.book.entries())[-4:]]
    assert sizes == [1024] * 4
