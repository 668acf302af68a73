"""The desk's program: its pages, one random port on 127.0.0.1, one browser, and an end that forgets the keys.

`build` is the application as it runs; tests drive the same one. `run` serves it until the browser is closed or the
program is told to stop. A browser that ends before it has opened the desk, as on a machine without a screen, ends
nothing: the one-time address is said instead.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from waystation import limits
from waystation.desk import browser, fixed, pages
from waystation.desk.security import HOST, Access, Gate
from waystation.desk.session import LOOK_EVERY_S, Session
from waystation.desk.web import no_page, url
from waystation.errors import WaystationError
from waystation.office.desk import Desk, Home, System

_STOP_WITHIN_S: Final = 2
_COLLECT_EVERY_S: Final = 60
_NEVER: Final = 1_000_000_000
_WAY_IN: Final = "Open this address in a private window; it works once: {}"
_SIGNALS: Final = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]
"""Windows has the last one, other systems the one before."""
_log: Final = logging.getLogger("waystation.desk")


def build(
    home: Home,
    system: System,
    *,
    port: int,
    monotonic_ms: Callable[[], int],
    idle_s: float = limits.IDLE_LOCK_S,
    desk: Desk | None = None,
) -> Starlette:
    """The application.

    Args:
        port: where it will listen; requests for any other are refused.
        monotonic_ms: a clock that never goes back.
        idle_s: it locks after so many seconds without anyone at the desk.
        desk: an unlocked desk to begin with; None begins locked.
    Returns: with `state.session` and `state.access`, whose `address` is the one-time way in.
    """
    session = Session(home, system, idle_s, monotonic_ms)
    access = Access(system.randomness, port)
    if desk is not None:
        session.open(desk)

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(_watch(session))
        try:
            yield
        finally:
            watch.cancel()
            await asyncio.to_thread(session.lock)

    routes: list[BaseRoute] = [Route("/", _start), *fixed.routes(), *pages.every_route()]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Gate, access=access)],
        exception_handlers={HTTPException: _no_page},
        lifespan=life,
    )
    app.router.redirect_slashes = False
    app.state.session = session
    app.state.access = access
    return app


def run(
    home: Home,
    system: System,
    *,
    monotonic_ms: Callable[[], int],
    say: Callable[[str], None],
    port: int = 0,
    open_browser: bool = True,
    browser_path: Path | None = None,
    idle_s: float = limits.IDLE_LOCK_S,
    desk: Desk | None = None,
) -> int:
    """Serves the desk until its browser is closed, or the program is told to stop. Then the keys are forgotten.

    Args:
        say: shows one line to the person at the terminal.
        port: 0 for any free one.
        open_browser: False only says the one-time address.
        browser_path: the browser to use; None looks for one.
    Returns: exit code.
    Raises: WaystationError, if the port cannot be used.
    """
    _no_core_dumps()
    listening = _listen(port)
    app = build(home, system, port=listening.getsockname()[1], monotonic_ms=monotonic_ms, idle_s=idle_s, desk=desk)
    session: Session = app.state.session
    access: Access = app.state.access
    server = _server(app)
    try:
        with _stopped_by_signals(server):
            opened = browser.open_at(access.address, browser_path) if open_browser else None
            if opened is None:
                say(_WAY_IN.format(access.address))
            else:
                say("The desk is open in its own browser window. Closing that window locks it; so does Ctrl+C here.")
            with opened or contextlib.nullcontext(), _garbage_kept_for_later():
                asyncio.run(_serve(server, listening, opened, access, say))
    finally:
        session.lock()
        listening.close()
    return 0


@contextlib.contextmanager
def beside(home: Home, system: System, desk: Desk, *, monotonic_ms: Callable[[], int]) -> Iterator[str]:
    """Serves one more unlocked desk beside that of `run`, until the block ends. Yields its one-time address."""
    listening = _listen(0)
    app = build(home, system, port=listening.getsockname()[1], monotonic_ms=monotonic_ms, desk=desk)
    server = _server(app)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    access: Access = app.state.access
    try:
        yield access.address
    finally:
        server.should_exit = True
        thread.join(_STOP_WITHIN_S * 2)
        app.state.session.lock()
        listening.close()


def _server(app: Starlette) -> uvicorn.Server:
    # The server's own log is off: an address or a traceback may hold content.
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level=logging.CRITICAL,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
        )
    )


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Ctrl+C, a closed terminal and a polite `kill` all stop the server, and what comes after it is still done."""
    before = {number: signal.signal(number, server.handle_exit) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _serve(
    server: uvicorn.Server,
    listening: socket.socket,
    opened: browser.Opened | None,
    access: Access,
    say: Callable[[str], None],
) -> None:
    async def stop_with_browser(opened: browser.Opened) -> None:
        # The browser runs in another process; nothing here is told when it ends.
        while not opened.ended:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        if not access.is_used:
            _log.info("browser_failed")
            say(f"The browser ended before it opened the desk. {_WAY_IN.format(access.address)}")
            return
        _log.info("browser_closed")
        server.should_exit = True

    beside = [asyncio.create_task(_collect_garbage())]
    if opened:
        beside.append(asyncio.create_task(stop_with_browser(opened)))
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in beside:
            task.cancel()


@contextlib.contextmanager
def _garbage_kept_for_later() -> Iterator[None]:
    """Inside, what has lived for long is looked through for garbage once a minute, and not by chance within a page.

    That stops everything for a twentieth of a second. Young garbage is collected as ever.
    """
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _collect_garbage() -> None:
    while True:
        await asyncio.sleep(_COLLECT_EVERY_S)
        await asyncio.to_thread(gc.collect)


async def _watch(session: Session) -> None:
    while True:
        await asyncio.to_thread(session.look)
        await asyncio.sleep(LOOK_EVERY_S)


def _listen(port: int) -> socket.socket:
    # With its protocol named, asyncio sets TCP_NODELAY on what it accepts; without, every page waits 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        # On Windows another program could otherwise listen on the same port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    try:
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise WaystationError(
            "Port %(port)s cannot be used. Choose another, or leave it out to get a free one.", port=port
        ) from None
    listening.listen(128)
    return listening


def _no_core_dumps() -> None:
    """A crash, ours or the browser's, leaves no copy of the memory on the disk."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _start(request: Request) -> Response:
    return RedirectResponse(url(request, "today"), 303)


async def _no_page(request: Request, error: Exception) -> Response:
    return await run_in_threadpool(no_page, request, error)
