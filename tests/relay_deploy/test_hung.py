"""A database server that hangs without closing a connection: the relay gives up in time, and goes on when it can."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from tests.relay.postgres_server import Server, postgres, program

from waystation.relay.patience import Patience
from waystation.relay.port import Away, Beat
from waystation.relay.postgres import PostgresDatabase
from waystation.relay.sql import SqlStore

WAIT_S = 2


@pytest.fixture(scope="module")
def hanging() -> Iterator[Server]:
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    with postgres() as running:
        yield running


@pytest.fixture
def store(hanging: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    monkeypatch.setattr("waystation.relay.postgres.Patience", lambda: Patience(WAIT_S))
    database = PostgresDatabase(hanging.fresh(f"hung-{time.monotonic_ns()}"))
    database.prepare()
    opened = SqlStore(database)
    yield opened
    opened.close()


def backends(server: Server) -> list[int]:
    """The processes that serve the relay's connections."""
    with psycopg.connect(server.address) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'waystation-relay'")
        return [pid for (pid,) in rows]


def test_a_commit_that_hangs_is_given_up(hanging: Server, store: SqlStore) -> None:
    store.write([Beat(1)])
    stopped = backends(hanging)
    assert stopped
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Away):
            store.write([Beat(2)])
        assert WAIT_S - 1 < time.monotonic() - began < WAIT_S + 3
        store.write([Beat(3)])
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    with store._database.reading() as session:
        assert session.rows("SELECT value FROM relay WHERE key = 'beat'") == [(3,)]


def test_readers_that_hang_make_room_again(hanging: Server, store: SqlStore) -> None:
    assert list(store.standings()) == []
    stopped = backends(hanging)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    met: list[type[BaseException]] = []

    def reads() -> None:
        try:
            list(store.standings())
        except Away as away:
            met.append(type(away))

    try:
        threads = [threading.Thread(target=reads) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT_S + 5)
            assert not thread.is_alive()
        assert met
        assert list(store.standings()) == []
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def test_what_is_used_shortly_is_left_alone(store: SqlStore) -> None:
    began = time.monotonic()
    while time.monotonic() - began < WAIT_S + 2:
        store.write([Beat(int(time.time()))])
        time.sleep(0.1)
