"""Who waits for news, and who wakes them, here or in another process. Implements spec/relay.md L16.

Guarantees: whoever waits for a position hears of the head as soon as this process knows it; whoever might have missed
something looks again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from waystation.ids import OrgId
from waystation.relay.port import Head


class Missed:
    """Wakes who waits, to look for themselves."""


Word = Head | Missed


class News:
    """Of one event loop. Its methods are called in that loop."""

    def __init__(self) -> None:
        self._waiting: defaultdict[OrgId, set[asyncio.Future[Word]]] = defaultdict(set)
        self.ending = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @contextmanager
    def of(self, org: OrgId) -> Iterator[asyncio.Future[Word]]:
        """Inside, the next word of an organisation sets the future."""
        future: asyncio.Future[Word] = asyncio.get_running_loop().create_future()
        if self.ending:
            future.set_result(Missed())
        self._waiting[org].add(future)
        try:
            yield future
        finally:
            self._waiting[org].discard(future)
            if not self._waiting[org]:
                del self._waiting[org]

    def grown(self, org: OrgId, head: Head) -> None:
        """Tells where an organisation's log ends now."""
        self._tell(org, head)

    def look(self, org: OrgId | None = None) -> None:
        """Has those who wait for an organisation, or everyone, look again."""
        for one in [org] if org is not None else list(self._waiting):
            self._tell(one, Missed())

    def end(self) -> None:
        """Sends everyone home."""
        self.ending = True
        self.look()

    def _tell(self, org: OrgId, word: Word) -> None:
        for future in self._waiting.get(org, ()):
            if not future.done():
                future.set_result(word)
