"""Randomness and clock of the tests: the same in every run, and different for every label."""

import hashlib

from waystation.clock import Millis

NOON_MS = 1_495_022_400_000
"""2017-05-17T12:00Z."""


class Seeded:
    """Random bytes from SHAKE256 of a label and a counter."""

    def __init__(self, label: str) -> None:
        self._label = label.encode()
        self._count = 0

    def __call__(self, size: int, /) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._label + self._count.to_bytes(8, "big")).digest(size)


class HeldClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> Millis:
        return Millis(self.at_ms)

    def zone(self) -> str:
        return "Europe/Vilnius"
