"""The only place where the real clock, randomness, files and browser are plugged in."""

import os
import time
from functools import cache
from pathlib import Path

import pymorphy3
import Stemmer
from babel.localtime import get_localzone
from platformdirs import user_data_path

from waystation.clock import Millis
from waystation.desk.app import run
from waystation.ids import OrgId
from waystation.office.desk import Desk, Home, System
from waystation.relay.commands import Machine as RelayMachine
from waystation.sync.credential import Credential
from waystation.sync.http import HttpRelay
from waystation.sync.relay import Relay
from waystation.textsearch import Terms


class MachineClock:
    """The machine's clock and zone."""

    def now_ms(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    def zone(self) -> str:
        return _zone()


def machine() -> System:
    """This machine's clock and randomness, the Russian morphology, and the network."""
    return System(MachineClock(), os.urandom, terms(), relay=relay_at)


def relay_at(address: str, org: OrgId, credential: Credential, proxy: str) -> Relay:
    """A relay over HTTP, through a proxy if one is named. Nothing is asked of the network yet."""
    return HttpRelay(address, org, credential, proxy, MachineClock(), os.urandom)


def run_desk(
    place: Home, *, port: int = 0, open_browser: bool = True, desk: Desk | None = None, system: System | None = None
) -> int:
    """Serves the desk until its browser is closed. Returns an exit code.

    Args:
        desk: an unlocked desk to begin with. system: its clock and randomness, if they are not this machine's.
    """
    return run(
        place,
        system or machine(),
        monotonic_ms=lambda: time.monotonic_ns() // 1_000_000,
        say=lambda line: print(line, flush=True),  # noqa: T201 -- the one line that a person needs to come in
        port=port,
        open_browser=open_browser,
        desk=desk,
    )


def relay_machine() -> RelayMachine:
    """What a relay takes from this machine."""
    return RelayMachine(MachineClock().now_ms, lambda: time.monotonic_ns() // 1_000_000, os.urandom)


@cache
def terms() -> Terms:
    """Index terms with Russian lemmas and English stems; loading takes some 50 ms, once a process."""
    return Terms(pymorphy3.MorphAnalyzer(), Stemmer.Stemmer("english"))


def home(folder: Path | None) -> Home:
    """The desk's folder: as given, else WAYSTATION_DESK, else the place where this system keeps a user's data."""
    if folder is None and "WAYSTATION_DESK" in os.environ:
        folder = Path(os.environ["WAYSTATION_DESK"])
    return Home(folder or user_data_path("waystation", appauthor=False) / "desk")


@cache
def _zone() -> str:
    return getattr(get_localzone(), "key", None) or "UTC"
