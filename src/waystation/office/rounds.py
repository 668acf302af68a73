"""The thread that keeps an open desk and its relay together, and a second one that listens for news.

Guarantees: it works under the desk's gate, a step at a time, so that a page never waits for the network; it ends when
the desk is locked. After a failure it waits longer and longer (spec/sync.md S9), unless a person says "now".
"""

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from waystation.errors import Locked, RelayBusy, RelayError, WaystationError
from waystation.office.desk import Desk
from waystation.office.syncing import Syncing, wrong
from waystation.sync.engine import Backoff

REGULAR_S: Final = 60.0
"""A round without any news: emergency access ends by it, and what is due is destroyed."""
_LISTEN_AGAIN_S: Final = 5.0
_END_WITHIN_S: Final = 3.0

Job = Callable[[], None]
"""Something long that a person has asked for, such as handing the book to a relay."""

_log: Final = logging.getLogger("waystation.desk")


class Rounds:
    """The rounds of one open desk.

    Attributes:
        working: whether what a person asked for is being done. failure: why the last of it was not.
    """

    def __init__(self, desk: Desk) -> None:
        self.syncing = Syncing(desk)
        self.working = False
        self.failure: WaystationError | None = None
        self._desk = desk
        self._job: Job | None = None
        self._wake = Event()
        self._now = Event()
        self._round_done = Event()
        self._stopped = False
        self._threads = [Thread(target=run, daemon=True) for run in (self._run, self._listen)]

    def start(self) -> None:
        """Begins with a round at once."""
        self._desk.nudge = self.nudge
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """There is something to send. What waits after a failure goes on waiting."""
        self._wake.set()

    def now(self) -> None:
        """A person wants a round at once."""
        self._now.set()
        self._wake.set()

    def begin(self, job: Job) -> None:
        """Does what a person asked for, in this thread, and then a round. One at a time."""
        self.failure = None
        self.working = True
        self._job = job
        self.now()

    def stop(self) -> None:
        """Ends both threads; the desk is locked by now, so that they find nothing to do any more."""
        self._stopped = True
        self._now.set()
        self._wake.set()
        self._round_done.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_END_WITHIN_S)

    def _run(self) -> None:
        backoff = Backoff(self._desk.randomness)
        wait_s, failed = 0.0, False
        while True:
            # After a failure only a person's "now" is heard before the time is up.
            (self._now if failed else self._wake).wait(wait_s)
            self._now.clear()
            self._wake.clear()
            if self._stopped:
                return
            try:
                self._do_job()
                more = self.syncing.round()
            except Locked:
                return
            except RelayError as error:
                failed, wait_s = True, backoff.failed(error.after_s if isinstance(error, RelayBusy) else 0.0)
                _log.info("relay_failed %s", error.code)
            except WaystationError as error:
                failed, wait_s = True, backoff.failed()
                _log.info("round_failed %s", error.code)
            except Exception as error:  # noqa: BLE001 -- a traceback may quote content, and the rounds must go on
                if self._desk.locked:
                    return
                failed, wait_s = True, backoff.failed()
                _log.error("round_failed %s", type(error).__name__)
            else:
                backoff.worked()
                failed, wait_s = False, 0.0 if more else REGULAR_S
            self._round_done.set()

    def _do_job(self) -> None:
        job, self._job = self._job, None
        if job is None:
            return
        try:
            job()
        except Locked:
            raise
        except WaystationError as error:
            self.failure = error
        finally:
            self.working = False
            self._desk.contact.heard += 1

    def _listen(self) -> None:
        """Waits at the relay for news, and has a round made of it."""
        while not self._stopped:
            self._round_done.wait(_LISTEN_AGAIN_S)
            self._round_done.clear()
            try:
                with self._desk.gate:
                    away = self._desk.contact.away or self._desk.contact.reached_ms is None
                    relay = None if away or wrong(self._desk) else self._desk.relay()
                    position = self._desk.book.position
                if relay is None:
                    continue
                head = relay.news(position)
                if head is None:
                    # Nothing came for a while; ask again at once.
                    self._round_done.set()
                elif head.position > position:
                    # Until the round that this makes is done, the answer would be the same.
                    self.nudge()
            except Locked:
                return
            except RelayError:
                continue
