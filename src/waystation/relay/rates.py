"""How often one may ask: by organisation and by credential, never by address. Implements spec/relay.md L22."""

from collections.abc import Callable
from typing import Final

_BURST_S: Final = 10
"""Who has been quiet may ask so many seconds' worth at once."""

_SWEPT_AT: Final = 50_000


class Rates:
    """Buckets that fill evenly. Nothing of them is kept.

    Args:
        now_ms: a clock that never goes back.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._buckets: dict[bytes, tuple[float, int]] = {}

    def take(self, who: bytes, per_minute: int) -> int | None:
        """Takes one request from a bucket.

        Args:
            who: names the bucket.
            per_minute: how fast it fills.
        Returns: None, or how many seconds to wait if it is empty.
        """
        now = self._now_ms()
        most = max(1.0, per_minute * _BURST_S / 60)
        left, since = self._buckets.get(who, (most, now))
        left = min(most, left + (now - since) * per_minute / 60_000)
        if left < 1:
            return max(1, round((1 - left) * 60 / per_minute)) if per_minute else 60
        if len(self._buckets) >= _SWEPT_AT:
            self._sweep(now)
        self._buckets[who] = (left - 1, now)
        return None

    def _sweep(self, now: int) -> None:
        """Forgets the buckets that are full again."""
        self._buckets = {
            who: (left, since) for who, (left, since) in self._buckets.items() if now - since < _BURST_S * 1000
        }
