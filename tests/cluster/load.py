"""Desks that append all the time and never give up, and what must be true of the log afterwards.

A desk sends a batch until it is acknowledged: the same bytes each time, whatever became of the time before (L12). One
more desk reads along and would notice if the log that it was shown ever took anything back.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Self

import httpx2
from tests.relay_deploy.caller import Answer, Caller, Entry, order_after, whole_log

PATIENCE_S = 15
"""A desk waits so long for an answer, then asks again."""

BUSY = (429, 503)


@dataclass(frozen=True)
class Acknowledged:
    """A batch, and what the relay said of it."""

    entries: list[Entry]
    first: int
    head: int
    order: bytes
    at: float


@dataclass
class Load:
    """Desks of one organisation, each in a thread of its own, from `with` to its end.

    Args:
        founder: registered already; reads along.
        desks: registered already; write.
    """

    founder: Caller
    desks: list[Caller]
    acknowledged: list[Acknowledged] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    read: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._writes, args=(desk,)) for desk in self.desks]
        self._threads.append(threading.Thread(target=self._reads))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.goes_on(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a desk still waits for its batch"

    def _writes(self, desk: Caller) -> None:
        while not self._over.is_set():
            batch = desk.make(desk.chance.choice((1, 1, 1, 2, 5)))
            answer = self._insists(partial(desk.append, batch, timeout_s=PATIENCE_S))
            _, first, head, order = answer.told
            self.acknowledged.append(Acknowledged(batch, first, head, order, time.monotonic()))

    def _insists(self, ask: Callable[[], Answer]) -> Answer:
        """Ask until the answer is no excuse."""
        while True:
            try:
                answer = ask()
            except httpx2.HTTPError as error:
                self.met[type(error).__name__] += 1
                time.sleep(0.2)
                continue
            if answer.status < 300:
                return answer
            self.met[str(answer.status)] += 1
            if answer.status not in BUSY or "Retry-After" not in answer.headers:
                self.unexpected.append(f"{answer.status} {answer.told}")
            time.sleep(0.2)

    def _reads(self) -> None:
        order = None
        while not self._over.is_set():
            at = len(self.read)
            answer = self._insists(partial(self.founder.entries, at))
            _, after, given, _, _, entries = answer.told
            if order is not None and (after, given) != (at, order):
                self.unexpected.append(f"at {at} another order was shown than before")
            order = given
            for header, _, _ in entries:
                self.read.append(header)
                order = order_after(order, header)
            if not entries:
                self._insists(partial(self.founder.news, at, timeout_s=PATIENCE_S * 4))

    def goes_on(self, within_s: float) -> float:
        """Wait until something is acknowledged again; seconds that it took."""
        began = time.monotonic()
        while not any(one.at > began for one in self.acknowledged[-50:]):
            assert time.monotonic() - began < within_s, f"nothing was acknowledged for {within_s:.0f} s: {self.met}"
            time.sleep(0.02)
        return time.monotonic() - began

    def longest_pause(self) -> float:
        """Seconds of the longest time in which nothing was acknowledged."""
        return self.pause_since(0)

    def pause_since(self, began: float) -> float:
        """Seconds of the longest pause that ended after this moment of the monotonic clock."""
        times = sorted(one.at for one in self.acknowledged)
        return max(later - earlier for earlier, later in pairwise(times) if later > began)

    def check(self) -> dict[str, float]:
        """After the end: the log is what was acknowledged, once each, in one order. Returns figures."""
        assert not self.unexpected, self.unexpected[:5]
        headers, orders = whole_log(self.founder)
        assert len(set(headers)) == len(headers), "an entry appears twice"
        for one in self.acknowledged:
            assert headers[one.first - 1 : one.first - 1 + len(one.entries)] == [e.header for e in one.entries], (
                "what was acknowledged is not where it was said to be"
            )
            assert orders[one.head] == one.order
        assert len(headers) == sum(len(one.entries) for one in self.acknowledged), "the log holds more than was sent"
        assert headers[: len(self.read)] == self.read, "what was read is no longer there"
        for desk in self.desks:
            own = [header for header in headers if header[40:56] == desk.desk]
            assert [int.from_bytes(header[56:64]) for header in own] == list(range(desk.seq))
        return {
            "entries": len(headers),
            "batches": len(self.acknowledged),
            "longest_pause_s": round(self.longest_pause(), 2),
            "busy": self.met["503"] + self.met["429"],
            "unreachable": sum(self.met.values()) - self.met["503"] - self.met["429"],
        }


def tell(what: str, figures: dict[str, float]) -> None:
    """Print a line of figures, which pytest shows with -s."""
    print(f"\n{what}: {json.dumps(figures)}")
