"""Draws that are the same in every run: bytes of SHAKE256 over the operation's seed and a label.

Guarantees: a draw depends on its labels alone, so that an event added to a file changes nothing about the others. Never
for keys or ids, which come from the desk's own randomness.
"""

from collections.abc import Sequence
from hashlib import shake_256
from typing import Final, TypeVar

T = TypeVar("T")

_ONE: Final = 2**64


class Chance:
    """A stream of draws.

    Args:
        labels: what it is for; other labels, other draws.
    """

    def __init__(self, *labels: str | int) -> None:
        self._label = "\0".join(map(str, labels)).encode()
        self._count = 0

    def __call__(self, size: int, /) -> bytes:
        """So many bytes."""
        self._count += 1
        return shake_256(self._label + b"\0" + self._count.to_bytes(8, "big")).digest(size)

    def share(self) -> float:
        """A number from 0 to below 1."""
        return int.from_bytes(self(8), "big") / _ONE

    def yes(self, share: float) -> bool:
        """True in that share of draws."""
        return self.share() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of them; repeat one to make it likelier."""
        return choices[self.between(0, len(choices) - 1)]

    def several(self, choices: Sequence[T], count: int) -> list[T]:
        """So many different ones, at most all of them."""
        left = list(choices)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(min(count, len(left)))]
