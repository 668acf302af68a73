"""The relay's store on PostgreSQL, for a host of many organisations. Implements spec/relay.md L24.

Guarantees: a commit is answered only if the server said, without a warning, that it is durable; under synchronous
replication that means on the standby too. A lost connection, a failover or a server that only reads is Away, and the
next request connects again. Several relays may share one database: each hears by LISTEN what the others did.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final

import psycopg
from psycopg import errors as pg

from waystation.errors import NewerFormat, StoreError
from waystation.ids import OrderHash, OrgId
from waystation.relay import schema
from waystation.relay.patience import Patience
from waystation.relay.port import Away, Head, Listener
from waystation.relay.sql import ENTRY_COLUMNS, Group, Row, SqlStore, Step, Value, clash

_CHANNEL: Final = "waystation"
_CONNECT_S: Final = 5
_READERS_MAX: Final = 8
_HEAR_S: Final = 1.0
_SAID: Final = re.compile(r"k[0-9a-f]{64}|g[0-9a-f]{128}[0-9]{1,18}")
_PER_NOTICE: Final = 40
"""Organisations in one notification, which may have 8,000 bytes."""

_ITS_FAULT: Final = (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError)
"""What the server says of the statements, and not of itself."""

_ONCE_LOCK: Final = 0x57_53_45
"""Advisory lock under which relays that start together make the tables, one after the other."""

_TYPES: Final = {
    "position": "bigint",
    "size": "bigint",
    "head": "bigint",
    "held_bytes": "bigint",
    "bytes_max": "bigint",
    "requests_max": "bigint",
    "keys": "bigint",
    "value": "bigint",
    "until_s": "bigint",
    "expires_s": "bigint",
    "key": "text",
    "may": "text",
    "side": "text",
}
"""Of columns that do not hold bytes."""

# Ciphertext does not shrink: it is kept as it is, without trying.
_STORAGE: Final = """
ALTER TABLE entry ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
ALTER TABLE parcel ALTER COLUMN bytes SET STORAGE EXTERNAL;
ALTER TABLE organisation SET (fillfactor = 50);
"""


def open_postgres(address: str) -> SqlStore:
    """Connects to a database, and makes its tables if they are not there.

    Args:
        address: `postgresql://…`, as libpq takes it; of a cluster all hosts, with `target_session_attrs=read-write`.
    Raises: StoreError; NewerFormat.
    """
    database = PostgresDatabase(address)
    database.prepare()
    return SqlStore(database)


# A row that is not as it is believed makes the division fail, and so everything that goes with it. The order hash is
# compared too: after a failover, other entries may stand at the same position.
_APPEND_AT: Final = f"""
WITH new AS (
    SELECT * FROM unnest(
        %b::bytea[], %b::bigint[], %b::bytea[], %b::bigint[], %b::bigint[], %b::bytea[], %b::bigint[], %b::bigint[]
    ) AS new (org, head, head_order, held_bytes, was_head, was_order, was_held, keys)),
held AS (
    UPDATE organisation SET head = new.head, head_order = new.head_order, held_bytes = new.held_bytes FROM new
    WHERE organisation.org = new.org AND organisation.head = was_head AND organisation.head_order = was_order
        AND organisation.held_bytes = was_held AND organisation.keys = new.keys
    RETURNING 1),
added AS (
    INSERT INTO entry ({",".join(ENTRY_COLUMNS)})
    SELECT * FROM unnest({",".join(f"%b::{_TYPES.get(column, 'bytea')}[]" for column in ENTRY_COLUMNS)}))
SELECT 1 / (CASE WHEN (SELECT count(*) FROM held) = %s THEN 1 ELSE 0 END),
    (SELECT count(pg_notify('{_CHANNEL}', said)) FROM unnest(%b::text[]) AS said)
""".encode()  # noqa: S608 -- names from our own code


class PostgresDatabase:
    """Connections: one that writes, a few that read, one that listens. Each is made again when it is lost."""

    far: bool = True

    def __init__(self, address: str) -> None:
        self._address = address
        self._writer: psycopg.Connection[Row] | None = None
        self._idle: list[psycopg.Connection[Row]] = []
        self._room = threading.Semaphore(_READERS_MAX)
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._warned = False
        self._patience = Patience()

    def prepare(self) -> None:
        """Makes the tables. Raises: StoreError, if the server cannot be used; NewerFormat."""
        try:
            with self._connect() as connection:
                ((durable,),) = connection.execute("SELECT current_setting('fsync')").fetchall()
                if durable != "on":
                    raise StoreError(
                        "This PostgreSQL runs with fsync off and may lose what it has promised. Turn it on."
                    )
                with connection.transaction():
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ONCE_LOCK,))
                    if connection.execute("SELECT to_regclass('relay')").fetchall() == [(None,)]:
                        connection.execute((schema.TABLES + _STORAGE).encode())
                        connection.execute("INSERT INTO relay VALUES ('format', %s)", (schema.FORMAT,))
                    ((found,),) = connection.execute("SELECT value FROM relay WHERE key = 'format'").fetchall()
                    if found > schema.FORMAT:
                        raise NewerFormat(found)
        except psycopg.Error:
            raise StoreError(
                "The PostgreSQL database cannot be used. Look whether it runs, and whether its address, user and "
                "password are right."
            ) from None

    @contextmanager
    def writing(self) -> Iterator["_Session"]:
        with self._writing:
            try:
                connection = self._held_writer()
                with self._patience.of(connection), connection.pipeline() as pipeline:
                    connection.execute("BEGIN")
                    yield _Session(connection, pipeline)
                    connection.execute("COMMIT")
            except BaseException as error:
                # Whatever went wrong, a new connection knows nothing of it.
                self._forget_writer()
                if isinstance(error, _ITS_FAULT):
                    raise clash() from None
                if isinstance(error, psycopg.Error):
                    raise Away from None
                raise
            self._check_warned()

    def append_at(self, steps: Sequence[Step]) -> bool:
        with self._writing:
            try:
                connection = self._held_writer()
                with self._patience.of(connection):
                    connection.execute(_APPEND_AT, _append_at(steps), binary=True)
            except psycopg.NotSupportedError:
                # A cluster that distributes the tables takes one organisation in a statement, and no more.
                self.far = False
                return False
            except (*_ITS_FAULT, pg.DeadlockDetected, pg.SerializationFailure):
                return False
            except psycopg.Error:
                self._forget_writer()
                raise Away from None
            self._check_warned()
            return True

    @contextmanager
    def reading(self) -> Iterator["_Session"]:
        with self._room:
            connection: psycopg.Connection[Row] | None = None
            try:
                with self._lock:
                    connection = self._idle.pop() if self._idle else None
                connection = connection or self._connect()
                with self._patience.of(connection):
                    yield _Session(connection)
            except psycopg.Error:
                if connection is not None:
                    connection.close()
                    connection = None
                self._close_idle()
                raise Away from None
            finally:
                if connection is not None:
                    with self._lock:
                        self._idle.append(connection)

    def dropped(self) -> None:
        """The rows' old versions are removed by the server's own vacuum."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        ending = threading.Event()

        def hear() -> None:
            while not ending.is_set():
                try:
                    with self._connect() as connection:
                        connection.execute(f"LISTEN {_CHANNEL}")
                        listener.missed()
                        while not ending.is_set():
                            for notice in connection.notifies(timeout=_HEAR_S):
                                _tell(listener, notice.payload)
                            # A server that has hung is as silent as one that has no news.
                            with self._patience.of(connection):
                                connection.execute("SELECT 1")
                except psycopg.Error:
                    listener.missed()
                    ending.wait(_HEAR_S)

        thread = threading.Thread(target=hear, name="relay-listener", daemon=True)
        thread.start()

        def end() -> None:
            ending.set()
            thread.join()

        return end

    def close(self) -> None:
        self._forget_writer()
        self._close_idle()
        self._patience.end()

    def _close_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _held_writer(self) -> psycopg.Connection[Row]:
        connection = self._writer
        if connection is None:
            connection = self._writer = self._connect()
            connection.add_notice_handler(self._notice)
        self._warned = False
        return connection

    def _check_warned(self) -> None:
        """Raises: Away, if a commit was reported as done, but with a warning.

        So it is when its wait for the standby was cut short: it may be lost.
        """
        if self._warned:
            self._forget_writer()
            raise Away

    def _forget_writer(self) -> None:
        connection, self._writer = self._writer, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _notice(self, notice: pg.Diagnostic) -> None:
        self._warned |= notice.severity_nonlocalized == "WARNING"

    def _connect(self) -> psycopg.Connection[Row]:
        connection: psycopg.Connection[Row] = psycopg.Connection.connect(
            self._address,
            autocommit=True,
            connect_timeout=_CONNECT_S,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=15_000,
            application_name="waystation-relay",
        )
        # Whatever the server's default: what is answered is durable. A stronger setting (remote_apply) stays.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')"
        )
        # A timeout would cut a commit's wait for the standby short.
        connection.execute("SET statement_timeout = 0")
        return connection


class _Session:
    """See `sql.Session`."""

    def __init__(self, connection: psycopg.Connection[Row], pipeline: psycopg.Pipeline | None = None) -> None:
        self._connection = connection
        self._pipeline = pipeline

    def rows(self, query: str, *values: Value) -> list[Row]:
        return self._run(_marked(query), values).fetchall()

    def run(self, query: str, *values: Value) -> int:
        cursor = self._run(_marked(query), values)
        if self._pipeline is not None:
            self._pipeline.sync()
        return cursor.rowcount

    def each(self, query: str, values: Sequence[Sequence[Value]]) -> list[list[Row]]:
        marked = _marked(query)
        with self._connection.pipeline():
            cursors = [self._run(marked, one) for one in values]
            return [cursor.fetchall() for cursor in cursors]

    def run_each(self, query: str, values: Sequence[Sequence[Value]]) -> None:
        marked = _marked(query)
        for one in values:
            self._run(marked, one)

    def among(self, query: str, groups: Sequence[Group]) -> list[list[Row]]:
        with self._connection.pipeline():
            return [cursor.fetchall() for cursor in self._among(query, groups)]

    def _among(self, query: str, groups: Sequence[Group]) -> list[psycopg.Cursor[Row]]:
        marked = _marked(query.replace("{among}", "= ANY(?::bytea[])"))
        return [self._run(marked, (org, list(values))) for org, values in groups]

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        lists = ",".join(f"%b::{_TYPES.get(column, 'bytea')}[]" for column in columns)
        query = f"INSERT INTO {table} ({','.join(columns)}) SELECT * FROM unnest({lists})"  # noqa: S608 -- our own names
        self._run(query, [list(values) for values in zip(*rows, strict=True)])

    def locked(
        self, orgs: Sequence[OrgId], query: str = "", groups: Sequence[Group] = ()
    ) -> tuple[list[list[Row]], list[list[Row]]]:
        locking = "SELECT head, head_order, held_bytes, bytes_max, keys FROM organisation WHERE org = %s FOR UPDATE"
        with self._connection.pipeline():
            locked = [self._run(locking, (org,)) for org in orgs]
            # Each statement sees what was committed before it began, so this one sees what the lock waited for.
            known = self._among(query, groups)
            return [cursor.fetchall() for cursor in locked], [cursor.fetchall() for cursor in known]

    def announce(self, grown: Sequence[tuple[OrgId, Head]], keys_changed: Sequence[OrgId]) -> None:
        said = [_grown(org, head) for org, head in grown]
        said += [f"k{org.hex()}" for org in keys_changed]
        for notice in _notices(said):
            self._run("SELECT pg_notify(%s, %s)", (_CHANNEL, notice))

    def _run(self, query: str, values: Sequence[Any]) -> psycopg.Cursor[Row]:
        # The driver asks for literal text against queries put together from what people send; ours never are.
        return self._connection.execute(query.encode(), values, binary=True)


def _append_at(steps: Sequence[Step]) -> list[Any]:
    """The values of all steps together."""
    heads = [
        (
            step.org,
            *(step.after.head.position, step.after.head.order, step.after.held_bytes),
            *(step.before.head.position, step.before.head.order, step.before.held_bytes, step.before.keys),
        )
        for step in steps
    ]
    rows = [row for step in steps for row in step.rows]
    said = _notices([_grown(step.org, step.after.head) for step in steps])
    return [*map(list, zip(*heads, strict=True)), *map(list, zip(*rows, strict=True)), len(steps), said]


def _notices(said: Sequence[str]) -> list[str]:
    return [" ".join(said[at : at + _PER_NOTICE]) for at in range(0, len(said), _PER_NOTICE)]


def _grown(org: OrgId, head: Head) -> str:
    return f"g{org.hex()}{head.order.hex()}{head.position}"


def _tell(listener: Listener, payload: str) -> None:
    """What other relays said. Others may use the channel too; what is not ours is passed over."""
    for said in payload.split():
        if not _SAID.fullmatch(said):
            continue
        org = OrgId(bytes.fromhex(said[1:65]))
        if said[0] == "k":
            listener.keys_changed(org)
        else:
            listener.grown(org, Head(int(said[129:]), OrderHash(bytes.fromhex(said[65:129]))))


@cache
def _marked(query: str) -> str:
    """A query with the driver's marks."""
    return query.replace("?", "%s")
