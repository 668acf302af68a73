"""Serving the relay: its sockets, its limits on who is slow or too many, its end. Implements spec/relay.md L3 and L23.

Guarantees: the server's own log is off; a connection that does not finish a header in time is closed; when told to
stop, the relay takes nothing new, sends home who waits, finishes what it began, and then closes its store.
"""

import asyncio
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from waystation.errors import WaystationError
from waystation.relay.app import Relay, build
from waystation.relay.port import Store

UNIX: Final = "unix:"

_HEADER_S: Final = 20
_PIECE_S: Final = 30
_BODY_S: Final = 900
"""8 MiB through Tor on a bad day."""

_IDLE_S: Final = 75
"""Longer than the long poll, so that the next request finds the connection open."""

_HEADER_BYTES_MAX: Final = 16 * 1024
_CONNECTIONS_MAX: Final = 4096
_BACKLOG: Final = 1024
_STOP_WITHIN_S: Final = 15
_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_log: Final = logging.getLogger("waystation.relay")


class Impatient(H11Protocol):
    """HTTP/1.1 that knows how long it has waited for the rest of a request."""

    _since_s: float | None = None
    """When a header, or the last piece of a body, was last waited for; None while nothing is."""
    _began_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._since_s = self._began_s = self.loop.time()

    def data_received(self, data: bytes) -> None:
        now = self.loop.time()
        was_between = self._is_between
        super().data_received(data)
        if self._is_between:
            # Pieces of the same header do not begin the time anew.
            self._since_s = self._since_s or now
        elif self.cycle.more_body:
            self._since_s = now
            if was_between:
                self._began_s = now
        else:
            self._since_s = None

    def look(self, now_s: float) -> None:
        """Closes a connection that has kept the relay waiting for too long."""
        if self._since_s is None:
            return
        between = self._is_between
        if now_s - self._since_s > (_HEADER_S if between else _PIECE_S) or (
            not between and now_s - self._began_s > _BODY_S
        ):
            self.transport.close()

    @property
    def _is_between(self) -> bool:
        """Whether no request is being answered. Before the first there is no cycle, though its type denies it."""
        cycle = getattr(self, "cycle", None)
        return cycle is None or bool(cycle.response_complete)


class RelayServer(uvicorn.Server):
    """A server that looks after slow connections, and sends home who waits for news when it stops.

    Args:
        app: the relay's application.
    """

    def __init__(self, app: Starlette) -> None:
        super().__init__(configured(app))
        self._relay: Relay = app.state.relay

    async def on_tick(self, counter: int) -> bool:
        now_s = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            if isinstance(connection, Impatient):
                connection.look(now_s)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._relay.news.end()
        await super().shutdown(sockets)


def run(
    store: Store,
    *,
    listen: str,
    names: tuple[str, ...],
    metrics: str | None,
    log_requests: bool,
    now_ms: Callable[[], int],
    monotonic_ms: Callable[[], int],
    say: Callable[[str], None],
) -> None:
    """Serves a relay until it is told to stop.

    Args:
        listen: `host:port`, or `unix:` and a path.
        names: authorities to which it answers, as they stand in addresses; none means that of `listen`.
        metrics: `host:port` where it shows its measurements, or None.
        say: shows one line to the person who started it.
    Raises: WaystationError, if an address cannot be used.
    """
    listening = _listen(listen)
    measured = _listen(metrics) if metrics else None
    answers_to = frozenset(name.lower() for name in names) or _own_names(listen, listening)
    app = build(store, names=answers_to, now_ms=now_ms, monotonic_ms=monotonic_ms, log_requests=log_requests)
    server = RelayServer(app)
    with _stopped_by_signals(server):
        say(f"The relay listens on {_written(listen, listening)} and answers to {', '.join(sorted(answers_to))}")
        _log.info("started")
        asyncio.run(_serve(server, listening, app.state.relay, measured))
    _log.info("stopped")


@contextmanager
def beside(store: Store, *, now_ms: Callable[[], int], monotonic_ms: Callable[[], int]) -> Iterator[str]:
    """Serves a relay on loopback in a thread of its own until the block ends, as a demonstration does.

    Yields: its address. Raises: WaystationError.
    """
    listening = _listen("127.0.0.1:0")
    app = build(store, names=_own_names("127.0.0.1:0", listening), now_ms=now_ms, monotonic_ms=monotonic_ms)
    server = RelayServer(app)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield _written("127.0.0.1:0", listening)
    finally:
        server.should_exit = True
        thread.join(_STOP_WITHIN_S)
        listening.close()


def configured(app: Starlette) -> uvicorn.Config:
    """How the relay is served. Tests and measurements serve it in the same way."""
    return uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="on",
        # The server's own log may hold addresses.
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS_MAX,
        backlog=_BACKLOG,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
        h11_max_incomplete_event_size=_HEADER_BYTES_MAX,
    )


async def _serve(server: RelayServer, listening: socket.socket, relay: Relay, measured: socket.socket | None) -> None:
    if measured is None:
        await server.serve(sockets=[listening])
        return

    def shown(request: Request) -> Response:
        return PlainTextResponse(relay.measures.text(relay.news.waiting), media_type="text/plain; version=0.0.4")

    beside = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=[Route("/metrics", shown)]),
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            lifespan="off",
        )
    )
    task = asyncio.create_task(beside.serve(sockets=[measured]))
    await server.serve(sockets=[listening])
    beside.should_exit = True
    await task


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    before = {number: signal.signal(number, server.handle_exit) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(where: str) -> socket.socket:
    """Raises: WaystationError."""
    try:
        if where.startswith(UNIX):
            return _listen_unix(Path(where.removeprefix(UNIX)))
        host, port = _host_and_port(where)
        family, _, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM, protocol)
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        raise WaystationError(
            "The relay cannot listen on %(where)s. Look whether something else does, and whether it is ours to use.",
            where=where,
        ) from None
    return listening


def _listen_unix(path: Path) -> socket.socket:
    # What an earlier run left behind is only taken away if it is a socket.
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen(_BACKLOG)
    return listening


def _host_and_port(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise WaystationError(
            "“%(where)s” is no address to listen on. Write it like 127.0.0.1:8470, or unix:/run/relay.sock.",
            where=where,
        )
    return host.strip("[]"), int(port)


def _own_names(where: str, listening: socket.socket) -> frozenset[str]:
    """The authorities of an address that people reach directly. Raises: WaystationError, if there is none."""
    if where.startswith(UNIX):
        raise WaystationError("Say with --name under which name people reach the relay, such as relay.example.org.")
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 -- compared, not listened on
        raise WaystationError("Say with --name under which name people reach the relay, such as relay.example.org.")
    names = {f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    if host in ("127.0.0.1", "::1"):
        names.add(f"localhost:{port}")
    return frozenset(names)


def _written(where: str, listening: socket.socket) -> str:
    if where.startswith(UNIX):
        return where
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
