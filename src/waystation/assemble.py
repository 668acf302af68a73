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
from waystation.office.desk import Home, System
from waystation.textsearch import Terms


class MachineClock:
    """The machine's clock and zone."""

    def now_ms(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    def zone(self) -> str:
        return _zone()


def machine() -> System:
    """This machine's clock and randomness, and the Russian morphology."""
    return System(MachineClock(), os.urandom, terms())


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
