"""The desk as a browser meets it: the production application on a real port, and the browser that may be used."""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from tests.desk.sitting import PASSPHRASE, Steady, system
from tests.ground.seeded import HeldClock, Seeded

from waystation.desk.app import build
from waystation.desk.security import Access
from waystation.desk.session import Session
from waystation.office.desk import Desk, Home

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "build" / "screenshots"

WAIT_MS = 15_000
STARTS_WITHIN_S = 20
"""A busy machine with two browsers is slow."""


@dataclass
class Served:
    """One launch of the desk, listening."""

    app: Starlette
    home: Home
    passphrase: str = PASSPHRASE

    @property
    def access(self) -> Access:
        access: Access = self.app.state.access
        return access

    @property
    def session(self) -> Session:
        session: Session = self.app.state.session
        return session

    @property
    def root(self) -> str:
        """The address under which every page stands."""
        return f"http://{self.access.host}/{self.access.prefix}/"


@contextmanager
def served(home: Home, clock: HeldClock, randomness: Seeded, desk: Desk | None = None) -> Iterator[Served]:
    """Serves a desk until the block ends.

    Args:
        desk: an unlocked one to begin with.
    """
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    port = listening.getsockname()[1]
    app = build(home, system(clock, randomness), port=port, monotonic_ms=Steady(clock), desk=desk)
    # A signal handler may only be set in the main thread; `run` without one is what uvicorn does in any other.
    server = uvicorn.Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="on", log_config=None, access_log=False, server_header=False
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        for _ in range(STARTS_WITHIN_S * 100):
            if server.started:
                break
            thread.join(0.01)
        assert server.started
        yield Served(app, home)
    finally:
        server.should_exit = True
        thread.join(STARTS_WITHIN_S)
        listening.close()


def browser_path() -> str:
    """The browser that `tools/setup.py` found, else an installed one."""
    noted = ROOT / "build" / "browser.path"
    found = noted.read_text().strip() if noted.is_file() else shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no browser; `make setup` looks for one"
    return found


def browser_flags() -> list[str]:
    """Chromium refuses its sandbox to root, as whom containers run."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


@contextmanager
def watched(chromium: Browser, *, locale: str = "en-GB", scripts: bool = True) -> Iterator[Page]:
    """A page that notices what must never happen: a broken policy, an error of a script.

    Args:
        locale: of which language the browser asks for pages.
        scripts: whether it runs any.
    """
    context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900}, java_script_enabled=scripts)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    complaints: list[str] = []
    # The policy of the desk is strict; a page that breaks it says so on the console.
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # Chromium also notes that a form was refused (4xx), and that the desk stopped before the browser; neither is wrong.
    assert [text for text in complaints if "status of 4" not in text and "ERR_CONNECTION_REFUSED" not in text] == []
