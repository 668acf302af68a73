"""A relay, or the floor beside it, in a process of its own: `python -m bench.relay_server relay|floor STORE`.

The floor is the same server (Starlette, uvicorn, the same settings, the same group commit), which reads a body of the
same size and answers when it is durable, by one bare insert for each group. It prints its port, then serves until it
is told to stop.
"""

import os
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.relay.app import build
from waystation.relay.port import Store
from waystation.relay.postgres import open_postgres
from waystation.relay.serve import RelayServer, configured
from waystation.relay.sqlite import open_sqlite
from waystation.relay.writer import Writer

ANSWER = bytes(40)


def opened(store: str) -> Store:
    """The relay's store at a path or an address."""
    return open_postgres(store) if store.startswith("postgresql://") else open_sqlite(Path(store), alone=False)


def bare(store: str) -> Callable[[Sequence[bytes]], None]:
    """Inserts rows in one durable transaction, and does nothing else."""
    if store.startswith("postgresql://"):
        server = psycopg.connect(store, autocommit=True)
        server.execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, bytes bytea NOT NULL)")
        server.execute("ALTER TABLE bare ALTER COLUMN bytes SET STORAGE EXTERNAL")
        return lambda rows: void(
            server.execute("INSERT INTO bare (bytes) SELECT * FROM unnest(%b::bytea[])", (list(rows),))
        )
    file = sqlite3.connect(store + ".bare", isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)")

    def insert(rows: Sequence[bytes]) -> None:
        file.execute("BEGIN")
        file.executemany("INSERT INTO bare (bytes) VALUES (?)", [(row,) for row in rows])
        file.execute("COMMIT")

    return insert


def void(_: object) -> None:
    """Drops a result."""


class BareStore:
    """All that the group commit asks of a store."""

    def __init__(self, insert: Callable[[Sequence[bytes]], None]) -> None:
        self._insert = insert

    def write(self, jobs: Sequence[bytes]) -> list[None]:
        self._insert(jobs)
        return [None] * len(jobs)


def floor(store: str) -> Starlette:
    """The application of the floor."""
    inserting = BareStore(bare(store))

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        app.state.writer = Writer(inserting)
        yield
        await app.state.writer.close()

    async def append(request: Request) -> Response:
        body = await request.body()
        await request.app.state.writer(body)
        return Response(ANSWER, media_type="application/vnd.waystation")

    return Starlette(routes=[Route("/v1/{org}/entries", append, methods=["POST"])], lifespan=life)


def main(kind: str, store: str) -> None:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(256)
    port = listening.getsockname()[1]
    if kind == "floor":
        app = floor(store)
    else:
        app = build(
            opened(store),
            names=frozenset([f"127.0.0.1:{port}"]),
            now_ms=lambda: time.time_ns() // 1_000_000,
            monotonic_ms=lambda: time.monotonic_ns() // 1_000_000,
        )
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server = uvicorn.Server(configured(app)) if kind == "floor" else RelayServer(app)
    server.run(sockets=[listening])
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
