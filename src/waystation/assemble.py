"""The only place where the real clock, randomness, files and browser are plugged in."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Final

import pymorphy3
import Stemmer
from babel.localtime import get_localzone
from platformdirs import user_data_path

from waystation.clock import Clock, Millis
from waystation.desk.app import beside, run
from waystation.ids import ID_BYTES, OrgId, to_text
from waystation.limits import MIB
from waystation.office.desk import Desk, Home, RelayFactory, System
from waystation.relay.commands import Machine as RelayMachine
from waystation.relay.messages import ticket_hash
from waystation.relay.port import Allowance
from waystation.relay.serve import beside as relay_server
from waystation.relay.sqlite import open_sqlite
from waystation.sync.credential import Credential
from waystation.sync.http import HttpRelay
from waystation.sync.relay import Relay
from waystation.textsearch import Terms

_BESIDE_BYTES: Final = 1024 * MIB
_BESIDE_REQUESTS: Final = 100_000
_BESIDE_S: Final = 86_400
"""What a relay that this machine serves for itself grants: bytes, requests a minute, and how long its ticket holds."""


class MachineClock:
    """The machine's clock and zone."""

    def now_ms(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    def zone(self) -> str:
        return _zone()


def machine() -> System:
    """This machine's clock and randomness, the Russian morphology, and the network."""
    return System(MachineClock(), os.urandom, terms(), relay=relay_at)


def network(clock: Clock) -> RelayFactory:
    """The way to relays for desks whose clock is not this machine's."""
    return partial(_relay_at, clock)


def relay_at(address: str, org: OrgId, credential: Credential, proxy: str) -> Relay:
    """A relay over HTTP, through a proxy if one is named. Nothing is asked of the network yet."""
    return _relay_at(MachineClock(), address, org, credential, proxy)


def _relay_at(clock: Clock, address: str, org: OrgId, credential: Credential, proxy: str) -> Relay:
    return HttpRelay(address, org, credential, proxy, clock, os.urandom)


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
        monotonic_ms=_monotonic_ms,
        say=lambda line: print(line, flush=True),  # noqa: T201 -- the one line that a person needs to come in
        port=port,
        open_browser=open_browser,
        desk=desk,
    )


def desk_beside(place: Home, desk: Desk, system: System) -> AbstractContextManager[str]:
    """Serves one more unlocked desk until the block ends. Yields its one-time address."""
    return beside(place, system, desk, monotonic_ms=_monotonic_ms)


@contextmanager
def relay_beside(file: Path, clock: Clock) -> Iterator[tuple[str, str]]:
    """Serves a relay of this machine's own on loopback until the block ends. Yields: its address, and a ticket."""
    store = open_sqlite(file)
    try:
        ticket = to_text(os.urandom(ID_BYTES))
        allowance = Allowance(_BESIDE_BYTES, _BESIDE_REQUESTS)
        store.add_ticket(ticket_hash(ticket), allowance, clock.now_ms() // 1000 + _BESIDE_S)
        with relay_server(store, now_ms=clock.now_ms, monotonic_ms=_monotonic_ms) as address:
            yield address, ticket
    finally:
        store.close()


def relay_machine() -> RelayMachine:
    """What a relay takes from this machine."""
    return RelayMachine(MachineClock().now_ms, _monotonic_ms, os.urandom)


@cache
def terms() -> Terms:
    """Index terms with Russian lemmas and English stems; loading takes some 50 ms, once a process."""
    return Terms(pymorphy3.MorphAnalyzer(), Stemmer.Stemmer("english"))


def home(folder: Path | None) -> Home:
    """The desk's folder: as given, else WAYSTATION_DESK, else the place where this system keeps a user's data."""
    if folder is None and "WAYSTATION_DESK" in os.environ:
        folder = Path(os.environ["WAYSTATION_DESK"])
    return Home(folder or user_data_path("waystation", appauthor=False) / "desk")


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@cache
def _zone() -> str:
    return getattr(get_localzone(), "key", None) or "UTC"
