"""The relay's store in one SQLite file: nothing to install. Implements spec/relay.md L24.

Guarantees: a commit is on the disk before it is answered (write-ahead log, synchronous FULL); one relay at a time has
the file, while the operator's commands may write beside it; what is deleted is overwritten.
"""

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from waystation.errors import InUse, NewerFormat, StoreError
from waystation.ids import OrgId
from waystation.relay import schema
from waystation.relay.port import Away, Head, Listener
from waystation.relay.sql import Group, Row, SqlStore, Step, Value, clash

_WAIT_S: Final = 10
"""How long a write waits for one of the operator's commands."""


def open_sqlite(path: Path, *, alone: bool = True) -> SqlStore:
    """Opens the store, or makes it.

    Args:
        alone: take it for a relay, of which there may be one; False for a command beside it.
    Raises: InUse; StoreError; NewerFormat.
    """
    return SqlStore(SqliteDatabase(path, alone=alone))


class SqliteDatabase:
    """The file: one connection that writes, and one for each thread that reads."""

    far: bool = False

    def append_at(self, steps: Sequence[Step]) -> bool:
        """Asking costs nothing here."""
        return False

    def __init__(self, path: Path, *, alone: bool) -> None:
        self._path = path
        self._lock_file = _take(path) if alone else None
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        try:
            path.touch(mode=0o600)
            self._writer = self._connect()
            with self.writing():
                for statement in schema.TABLES.split(";"):
                    self._writer.execute(statement)
                _check_format(self._writer)
        except (OSError, sqlite3.Error):
            self._release()
            raise StoreError(
                "The relay's file cannot be opened. Look whether its folder is there, is ours, and has room."
            ) from None
        except NewerFormat:
            self._release()
            raise

    @contextmanager
    def writing(self) -> Iterator["_Session"]:
        connection = self._writer
        with self._writing:
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield _Session(connection)
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                    raise clash() from None
                if isinstance(error, sqlite3.Error):
                    raise Away from None
                raise

    @contextmanager
    def reading(self) -> Iterator["_Session"]:
        try:
            connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._connect()
                self._local.connection = connection
                with self._opening:
                    self._readers.append(connection)
            yield _Session(connection)
        except sqlite3.Error:
            raise Away from None

    def dropped(self) -> None:
        """Empties the write-ahead log, in which the overwritten pages still stand as they were."""
        with self._writing, self._tolerated():
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Nobody else appends to this file; there is nothing to hear."""
        return lambda: None

    def close(self) -> None:
        with self._tolerated():
            self._writer.close()
        with self._opening:
            for reader in self._readers:
                with self._tolerated():
                    reader.close()
            self._readers.clear()
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA cache_size = -32000")
        return connection

    @contextmanager
    def _tolerated(self) -> Iterator[None]:
        with suppress(sqlite3.Error):
            yield


class _Session:
    """See `sql.Session`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, query: str, *values: Value) -> list[Row]:
        return self._connection.execute(query, values).fetchall()

    def run(self, query: str, *values: Value) -> int:
        return self._connection.execute(query, values).rowcount

    def each(self, query: str, values: Sequence[Sequence[Value]]) -> list[list[Row]]:
        return [self._connection.execute(query, one).fetchall() for one in values]

    def run_each(self, query: str, values: Sequence[Sequence[Value]]) -> None:
        self._connection.executemany(query, values)

    def among(self, query: str, groups: Sequence[Group]) -> list[list[Row]]:
        return [
            self.rows(query.replace("{among}", f"IN ({','.join('?' * len(values))})"), org, *values)
            for org, values in groups
        ]

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        marks = ",".join("?" * len(columns))
        self._connection.executemany(
            f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})",  # noqa: S608 -- names from our own code
            rows,
        )

    def locked(
        self, orgs: Sequence[OrgId], query: str = "", groups: Sequence[Group] = ()
    ) -> tuple[list[list[Row]], list[list[Row]]]:
        # BEGIN IMMEDIATE holds the whole file already.
        found = self.each(
            "SELECT head, head_order, held_bytes, bytes_max, keys FROM organisation WHERE org = ?",
            [(org,) for org in orgs],
        )
        return found, self.among(query, groups)

    def announce(self, grown: Sequence[tuple[OrgId, Head]], keys_changed: Sequence[OrgId]) -> None:
        """Nobody else is there to be told."""


def _check_format(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO relay VALUES ('format', ?) ON CONFLICT DO NOTHING", (schema.FORMAT,))
    ((found,),) = connection.execute("SELECT value FROM relay WHERE key = 'format'").fetchall()
    if found > schema.FORMAT:
        raise NewerFormat(found)


def _take(path: Path) -> int:
    """Locks a file beside the store for as long as this process lives. Raises: InUse; StoreError."""
    try:
        held = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        raise StoreError(
            "The folder of the relay's file is not there, or is not ours. Make it and try again."
        ) from None
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise InUse from None
    return held
