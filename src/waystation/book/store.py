"""The one encrypted file: opening it, its transactions, its migrations.

Guarantees: what a transaction committed is durable, what it did not is not there; a second process gets InUse;
nothing but ciphertext reaches the disk. Refuses foreign files, wrong keys and newer formats, and changes nothing
then. Implements spec/book.md B25.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw

from waystation.book.migrations import to_many_desks
from waystation.derive import Key
from waystation.errors import ForeignFile, InUse, NewerFormat, StoreError, WaystationError

FORMAT: Final = 2

Migration = Callable[[apsw.Connection], None]
"""Brings the file from one format to the next, inside a transaction."""

MIGRATIONS: Final[Mapping[int, Migration]] = {1: to_many_desks}
"""Format from which it leads → migration."""

_SMALLEST: Final = 512
"""Bytes of the smallest page that a database can have."""

_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE entry (
    position INTEGER PRIMARY KEY, kind INTEGER NOT NULL, epoch INTEGER, status TEXT,
    header BLOB NOT NULL, signature BLOB NOT NULL, order_hash BLOB NOT NULL, body BLOB,
    link INTEGER NOT NULL DEFAULT 1);
CREATE INDEX entry_special ON entry (kind) WHERE kind IN (1, 4);
CREATE INDEX entry_aside ON entry (status) WHERE status IS NOT NULL;
CREATE INDEX entry_epoch ON entry (epoch);
CREATE INDEX entry_place ON entry (substr(header, 41, 24));
CREATE INDEX entry_bare ON entry (position) WHERE body IS NULL;
CREATE TABLE chunk (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL);
"""


class Store:
    """An open book file. One connection, one thread at a time; the caller holds the lock."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    @classmethod
    def create(cls, path: Path, key: Key, vfs: str | None = None) -> "Store":
        """Makes a new book file. Raises: StoreError, if one exists or the disk refuses."""
        if path.exists():
            raise StoreError("A book exists here already. Nothing was changed.")
        store: Store | None = None
        try:
            store = cls(_connect(path, key, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE, vfs))
            with store.transaction():
                for statement in _SCHEMA.split(";"):
                    store.connection.execute(statement)
                store.set_meta("format", FORMAT)
        except BaseException:
            if store is not None:
                store.close()
            for leftover in (path, path.with_name(path.name + "-wal")):
                leftover.unlink(missing_ok=True)
            raise
        return store

    @classmethod
    def open(
        cls,
        path: Path,
        key: Key,
        vfs: str | None = None,
        newest: int = FORMAT,
        migrations: Mapping[int, Migration] = MIGRATIONS,
    ) -> "Store":
        """Opens a book file, and brings an older format up to date in one transaction.

        Args:
            newest, migrations: the format of this program, and the way to it.
        Raises: InUse; ForeignFile, if it is no book or not this vault's; NewerFormat; StoreError.
        """
        if not path.exists():
            raise StoreError("The book file is missing. Restore this desk from its backup.")
        if path.stat().st_size < _SMALLEST:
            # SQLite would take it for a new database, and write to it.
            raise ForeignFile("This file is no book of Waystation's. Nothing was changed.")
        store = cls(_connect(path, key, apsw.SQLITE_OPEN_READWRITE, vfs))
        try:
            found = store.meta("format")
        except apsw.SQLError:
            store.close()
            raise ForeignFile("This file is no book of Waystation's. Nothing was changed.") from None
        except apsw.Error as error:
            store.close()
            raise translate(error) from None
        if not isinstance(found, int) or found > newest:
            store.close()
            raise NewerFormat(found if isinstance(found, int) else 0)
        if found < newest:
            try:
                with store.transaction():
                    for version in range(found, newest):
                        migrations[version](store.connection)
                        store.set_meta("format", version + 1)
            except BaseException:
                store.close()
                raise
        return store

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and durable when it returns. Raises: StoreError, with nothing changed."""
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            translated = translate(error)
            if translated is error:
                raise
            raise translated from None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turns what the database says of a damaged or lost file into StoreError, outside of a transaction."""
        try:
            yield
        except apsw.Error as error:
            raise translate(error) from None

    def meta(self, key: str) -> object:
        """A value of the meta table, or None."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: int | str | bytes) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def rows(self, query: str, *values: bytes | str | int) -> list[tuple[Any, ...]]:
        """All rows of a query, as the schema types them."""
        return self.connection.execute(query, values).fetchall()

    def each(self, query: str, *values: bytes | int) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one, as the schema types them."""
        cursor = self.connection.execute(query, values)
        try:
            yield from cursor
        finally:
            # Whoever stops half-way must not leave the statement open: no table could be dropped while it is.
            cursor.close()

    def add_chunk(self, name: bytes, chunk: bytes) -> None:
        """Keeps a chunk of ciphertext under its hash; the same chunk twice is one."""
        self.connection.execute("INSERT OR IGNORE INTO chunk VALUES (?, ?)", (name, chunk))

    def chunk(self, name: bytes) -> bytes | None:
        row = self.connection.execute("SELECT bytes FROM chunk WHERE hash = ?", (name,)).fetchone()
        return row[0] if row else None

    def stored(self, size: int) -> Iterator[bytes]:
        """The file's bytes as they stand on the disk, encrypted, in pieces of at most `size`.

        Read through SQLite's own file layer: opening and closing the file beside it would drop its lock (POSIX).
        """
        system = apsw.vfs_names()[0].rpartition("-")[2]
        file = apsw.VFSFile(system, self.connection.filename, [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0])
        try:
            end = file.xFileSize()
            for at in range(0, end, size):
                yield file.xRead(min(size, end - at), at)
        finally:
            file.xClose()

    def fold(self) -> None:
        """Folds the write-ahead log into the file, so that the file alone is complete."""
        self.connection.pragma("wal_checkpoint", "truncate")

    def close(self) -> None:
        """Closes the file; SQLite folds the write-ahead log into it and removes it."""
        self.connection.close()


def translate(error: BaseException) -> BaseException:
    """A database error as one of ours, without its text (which may quote values); others unchanged."""
    match error:
        case WaystationError():
            return error
        case apsw.BusyError() | apsw.LockedError():
            return InUse()
        case apsw.FullError():
            return StoreError("The disk is full. Nothing was saved. Free some space and save again.")
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.IOError() | apsw.PermissionsError():
            return StoreError("The disk refused to write. Nothing was saved. Check the disk and save again.")
        case apsw.CorruptError() | apsw.NotADBError():
            return StoreError("The book file is damaged. Run `waystation check-book`, or restore the backup.")
        case _:
            return error


def _connect(path: Path, key: Key, flags: int, vfs: str | None) -> apsw.Connection:
    connection: apsw.Connection | None = None
    try:
        connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
        # "raw:" hands the 32 bytes over as they are; Argon2id has been run where it belongs, in the vault.
        connection.pragma("cipher", "chacha20")
        connection.pragma("hexkey", (b"raw:" + key).hex())
        connection.pragma("locking_mode", "exclusive")
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("temp_store", "memory")
        connection.pragma("secure_delete", "on")
        connection.pragma("cache_size", -16_000)
        connection.pragma("mmap_size", 0)
        connection.pragma("foreign_keys", "off")
        connection.pragma("trusted_schema", "off")
        connection.execute("BEGIN IMMEDIATE; COMMIT")
    except apsw.NotADBError:
        _close(connection)
        raise ForeignFile("This book does not belong to this vault, or is damaged. Nothing was changed.") from None
    except apsw.Error as error:
        _close(connection)
        raise translate(error) from None
    return connection


def _close(connection: apsw.Connection | None) -> None:
    if connection is not None:
        connection.close()
