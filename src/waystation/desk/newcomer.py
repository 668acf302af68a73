"""A desk that waits to be admitted, as its pages see it: one look at the relay at a time, beside the pages.

Guarantees: a page never waits for the relay; whoever locks the desk meanwhile forgets its keys as ever.
"""

import logging
from threading import Lock, Thread
from typing import Final

from waystation.errors import WaystationError
from waystation.office.desk import Desk
from waystation.office.joining import Joining

_END_WITHIN_S: Final = 3.0

_log: Final = logging.getLogger("waystation.desk")


class _Left(Exception):
    """Nobody waits for this look any more."""


class Newcomer:
    """Looks after one `Joining`.

    `problem` is why the last look failed, None if it did not; `done` and `of` count entries while the book is fetched;
    `desk` is there once it is admitted, and belongs to whoever takes it with `take`.
    """

    def __init__(self, joining: Joining) -> None:
        self.joining = joining
        self.problem: WaystationError | None = None
        self.looked = False
        self.done, self.of = 0, 0
        self._desk: Desk | None = None
        self._left = False
        self._gate = Lock()
        self._thread: Thread | None = None

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way."""
        return self._thread is not None and self._thread.is_alive()

    def look(self, wait_s: float) -> None:
        """Begins a look, if none is under way, and waits a moment for what it finds."""
        with self._gate:
            if not self.is_looking and self._desk is None and not self._left:
                self.problem = None
                self._thread = Thread(target=self._look, name="joining", daemon=True)
                self._thread.start()
            thread = self._thread
        if thread is not None:
            thread.join(wait_s)

    def take(self) -> Desk | None:
        """The unlocked desk, once; None before it is admitted."""
        with self._gate:
            desk, self._desk = self._desk, None
            return desk

    def leave(self) -> None:
        """Stops; the keys are forgotten with this object, and with a look that is still on its way out."""
        with self._gate:
            self._left = True
            thread, desk, self._desk = self._thread, self._desk, None
        self.joining.stop()
        if thread is not None:
            thread.join(_END_WITHIN_S)
        if desk is not None:
            desk.lock()

    def give_up(self) -> None:
        """Stops, and destroys the desk that waits, once nothing is written to it any more."""
        self.leave()
        if self._thread is not None:
            self._thread.join()
        self.joining.give_up()

    def _look(self) -> None:
        try:
            desk = self.joining.poll(self._count)
        except WaystationError as error:
            _log.info("joining_refused %s", error.code)
            self.problem = error
            return
        except _Left:
            return
        finally:
            self.looked = True
        with self._gate:
            if not self._left:
                self._desk, desk = desk, None
        if desk is not None:
            desk.lock()

    def _count(self, done: int, of: int | None) -> None:
        if self._left:
            raise _Left
        self.done, self.of = done, of or 0
