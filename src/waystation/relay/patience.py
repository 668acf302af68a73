"""How long the relay waits for its database. Implements the part of spec/relay.md L24 that is about failover.

Guarantees: a connection whose server does not answer in time is cut, so that whoever waits hears that the store is
away. It is cut and never asked to cancel: PostgreSQL answers a cancelled wait for the standby as if it were durable.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg

WAIT_S: Final = 15
"""Longer than anything takes that the relay asks of a database that is well."""

_TICK_S: Final = 1.0


class Patience:
    """Watches the connections that are in use. A server that has hung keeps them open, so that only time tells.

    Args:
        wait_s: how long one use may take.
    """

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._ticks_max = round(wait_s / _TICK_S)
        self._used: dict[psycopg.Connection[Any], int] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, name="relay-patience", daemon=True).start()

    @contextmanager
    def of(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        """While this connection is in use."""
        with self._lock:
            self._used[connection] = 0
        try:
            yield
        finally:
            with self._lock:
                self._used.pop(connection, None)

    def end(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(_TICK_S):
            # Whoever is done takes the connection out under this lock before closing it: its socket is still its own.
            with self._lock:
                for connection in self._used:
                    self._used[connection] += 1
                    if self._used[connection] == self._ticks_max:
                        _cut(connection)


def _cut(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)
