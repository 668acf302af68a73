"""The one sitting at this desk: locked, unlocked, or being founded.

Guarantees: after a time without anyone at the desk, and after the machine has slept, the keys are forgotten before the
next page is served; what was typed meanwhile is sealed. Papers that nobody has confirmed do not outlive the sitting:
the organisation that they belong to is taken back, because nobody could ever recover it.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Final

from waystation import vault
from waystation.clock import Millis
from waystation.desk.newcomer import Newcomer
from waystation.desk.papers import Places, choose_places
from waystation.errors import WaystationError, WrongPassphrase
from waystation.ids import SaveId
from waystation.office import drafts, founding, joining, staff
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import Papers
from waystation.office.rounds import Rounds
from waystation.tables.drafts import Draft

SUSPEND_DRIFT_MS: Final = 10_000
"""Wall clock and monotonic clock part by this much: one of them stood still while the machine slept, or was set."""

SUSPEND_GAP_MS: Final = 30_000
"""Nobody looked for this long, though it should be every second: this process stood still."""

LOOK_EVERY_S: Final = 1.0

ECHO_MS: Final = 4_000
"""Drafts are sent two seconds after the last key, so one may still be under way when its form is saved."""

QUIET_MS: Final = 10 * 60 * 1000
"""For so long an alarm that somebody took is silent at their desk; if nothing was noted by then, it rings again."""

UNCONFIRMED: Final = "found"
"""The form whose draft marks an organisation without confirmed papers."""

_log: Final = logging.getLogger("waystation.desk")


def is_secret(name: str) -> bool:
    """Whether an input holds a passphrase, by its name; it is then neither kept nor shown again."""
    return "passphrase" in name


@dataclass(slots=True)
class Founding:
    """An organisation whose papers nobody has confirmed yet.

    Args:
        organisation: its name, for the papers.
        papers: None, if the program ended in between: the words are gone, and the organisation has to be founded again.
        places: which words are to be typed back.
    """

    organisation: str = ""
    papers: Papers | None = None
    places: Places = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flash:
    """What the next page says once.

    Args:
        level: "done" or "attention".
        saves: what a press on its button takes back; empty for no button.
        undo_text: what that button says, in the language of the page.
        veiled: whether the words were put together while others saw the screen.
    """

    level: str
    words: str
    saves: tuple[SaveId, ...] = ()
    undo_text: str = ""
    veiled: bool = False


@dataclass(slots=True)
class Session:
    """Who sits at the desk. Safe to call from several threads; whoever needs this gate and the desk's takes this first.

    Args:
        idle_s: lock after so many seconds without a request from a person.
        monotonic_ms: a clock that never goes back.
        language: code of the language chosen since the program began; empty before that.
        pages_in: the language that the member keeps in the book, as far as it is known here.
        newcomer: the desk that waits to be admitted here, unlocked; None if there is none.
        rounds: what keeps the open desk and its relay together; None while it is locked, or without a network.
        sharing: whether others see this screen, so that pages show code names only; it outlives a lock.
        single_keys: whether a key alone does something; off for those whose hands or software press keys by chance.
        quiet: missed check-in → until when, by the steady clock, it does not ring at this desk.
    """

    home: Home
    system: System
    idle_s: float
    monotonic_ms: Callable[[], int]
    desk: Desk | None = None
    founding: Founding | None = None
    newcomer: Newcomer | None = None
    rounds: Rounds | None = None
    taken_back: bool = False
    failures: int = 0
    return_to: str = ""
    flashes: list[Flash] = field(default_factory=list)
    language: str = ""
    pages_in: str = ""
    single_keys: bool = True
    sharing: bool = False
    quiet: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    _letterbox: drafts.Letterbox | None = None
    _active_ms: int = 0
    _looked_ms: tuple[int, int] | None = None
    _saved: tuple[str, int] = ("", 0)
    _gate: RLock = field(default_factory=RLock)
    _unlocking: Lock = field(default_factory=Lock)

    @property
    def founded(self) -> bool:
        """Whether there is an organisation at this desk."""
        return self.home.exists

    def open(self, desk: Desk) -> None:
        """A desk was unlocked or founded. Drafts that were sealed meanwhile are taken in."""
        with self._gate:
            self.desk = desk
            self.failures = 0
            self.pages_in = staff.language_of(desk)
            desk.screen_shared = self.sharing
            self._letterbox = drafts.letterbox(desk)
            self.touch()
            self._end_rounds()
            if self.system.relay is not None:
                self.rounds = Rounds(desk)
                self.rounds.start()
        _log.info("unlocked")

    def found(self, organisation: str, display_name: str, passphrase: str) -> None:
        """Founds the organisation; its papers wait to be confirmed.

        Raises: as `founding.found`.
        """
        with self._unlocking:
            desk, papers = founding.found(self.home, organisation, display_name, passphrase, self.system)
            # Should the program end before the papers are confirmed, the next unlocking finds this mark.
            drafts.keep(desk, UNCONFIRMED, ())
            with self._gate:
                self.founding = Founding(organisation, papers, choose_places(self.system.randomness))
                self.taken_back = False
                self.open(desk)
        _log.info("founded")

    def confirm(self) -> None:
        """The papers are written down; this program forgets them."""
        with self._gate:
            self.founding = None
            if self.desk is not None:
                drafts.drop(self.desk, UNCONFIRMED)
        _log.info("papers_confirmed")

    def join(self, invitation: str, passphrase: str, proxy: str) -> None:
        """Makes a new desk that asks to be admitted. Raises: as `joining.begin`."""
        with self._unlocking:
            begun = joining.begin(self.home, invitation, passphrase, self.system, proxy=proxy)
            with self._gate:
                self.newcomer = Newcomer(begun)
                self.touch()
        _log.info("joining")

    def admitted(self) -> bool:
        """Whether the desk that waited is admitted; it is open then."""
        with self._gate:
            newcomer = self.newcomer
            desk = newcomer.take() if newcomer is not None else None
            if desk is None:
                return False
            self.newcomer = None
            self.open(desk)
        _log.info("admitted")
        return True

    def give_up_joining(self) -> None:
        """Destroys the desk that waits."""
        newcomer, self.newcomer = self.newcomer, None
        if newcomer is not None:
            newcomer.give_up()
            _log.info("joining_given_up")

    def wipe(self) -> None:
        """Destroys this desk: its keys first, then what they opened. Nothing of it can be read afterwards."""
        with self._gate:
            self.lock()
            self._remove_files()
        _log.info("wiped")

    def unlock(self, passphrase: str) -> list[Draft]:
        """Opens the desk; takes as long as the passphrase's parameters ask. One attempt at a time.

        Returns: what was typed and sealed while the desk was locked, newest first.
        Raises: as `founding.unlock`.
        """
        with self._unlocking:
            if self.desk is not None or self.newcomer is not None:
                return []
            try:
                if joining.waits(self.home):
                    waiting = Newcomer(joining.resume(self.home, passphrase, self.system))
                    with self._gate:
                        self.failures, self.newcomer = 0, waiting
                        self.touch()
                    return []
                desk = founding.unlock(self.home, passphrase, self.system)
            except WrongPassphrase:
                self.failures += 1
                _log.info("wrong_passphrase")
                raise
            with self._gate:
                self.open(desk)
                if drafts.find(desk, UNCONFIRMED) is not None:
                    self.founding = Founding()
                return drafts.collect(desk)

    def lock(self) -> None:
        """Forgets the keys and closes the book. Does nothing if it is locked."""
        with self._gate:
            desk = self.desk
            self.flashes.clear()
            self.quiet.clear()
            self.pages_in = ""
            newcomer, self.newcomer = self.newcomer, None
            if newcomer is not None:
                newcomer.leave()
            if desk is None:
                return
            if self.founding is not None and self.founding.papers is not None:
                self.take_back()
            self.founding = self.desk = None
            desk.lock()
            self._end_rounds()
        _log.info("locked")

    def take_back(self) -> None:
        """Removes an organisation whose papers were never confirmed."""
        with self._gate:
            self.founding = None
            self.taken_back = True
            if self.desk is not None:
                self.desk.lock()
                self.desk = None
            self._end_rounds()
            self._remove_files()
        _log.info("founding_taken_back")

    def share(self, on: bool) -> None:
        """Others begin to see this screen, or no longer do."""
        with self._gate:
            self.sharing = on
            if self.desk is not None:
                self.desk.screen_shared = on

    def silence(self, check_in: tuple[bytes, bytes]) -> None:
        """Somebody at this desk looks after a missed check-in: it does not ring for a while.

        Args:
            check_in: its folder and its record.
        """
        self.quiet[check_in] = self.monotonic_ms() + QUIET_MS

    def is_silenced(self, check_in: tuple[bytes, bytes]) -> bool:
        """Whether somebody said not long ago that they look after it."""
        return self.quiet.get(check_in, 0) > self.monotonic_ms()

    def touch(self) -> None:
        """Someone is at the desk."""
        self._active_ms = self.monotonic_ms()

    def look(self) -> None:
        """Locks if nobody has been here for too long, or the machine has slept. Called every second, and by pages."""
        with self._gate:
            wall, steady = int(self.system.clock.now_ms()), self.monotonic_ms()
            before, self._looked_ms = self._looked_ms, (wall, steady)
            if self.desk is None and self.newcomer is None:
                return
            if self.desk is not None and self.desk.locked:
                # It locked itself: somebody else writes with its key (spec/sync.md S16).
                self.lock()
                return
            if before is not None:
                passed_wall, passed = wall - before[0], steady - before[1]
                if abs(passed_wall - passed) > SUSPEND_DRIFT_MS or passed > SUSPEND_GAP_MS:
                    _log.info("suspended")
                    self.lock()
                    return
            if steady - self._active_ms >= self.idle_s * 1000:
                _log.info("idle")
                self.lock()
                return
            # A full disk must not lock the desk: yesterday's rows stand until the next look.
            with suppress(WaystationError):
                if self.desk is not None:
                    self.desk.turn()

    def keep(self, form: str, inputs: Sequence[tuple[str, str]]) -> bool:
        """Keeps what was typed, sealed if the desk is locked.

        Returns: whether it could be kept; a desk that was never unlocked has no pages and keeps nothing.
        Raises: StoreError.
        """
        inputs = [(name, text) for name, text in inputs if not is_secret(name)]
        with self._gate:
            if self.desk is not None:
                drafts.keep(self.desk, form, inputs)
                return True
            if self._letterbox is None or not self.founded:
                return False
            self._letterbox.put(form, Millis(self.system.clock.now_ms()), inputs)
            return True

    def saved(self, form: str) -> None:
        """A form led on: its draft is dropped."""
        if self.desk is not None:
            drafts.drop(self.desk, form)
        self._saved = form, self.monotonic_ms()

    def just_saved(self, form: str) -> bool:
        """Whether a draft of this form can only be an echo: it was sent before the page knew that it was saved."""
        saved, at_ms = self._saved
        return saved == form and self.monotonic_ms() - at_ms < ECHO_MS

    def _remove_files(self) -> None:
        vault.wipe(self.home.vault, self.system.randomness)
        for name in ("book.db", "book.db-wal", "book.db-shm"):
            self.home.book.with_name(name).unlink(missing_ok=True)

    def _end_rounds(self) -> None:
        rounds, self.rounds = self.rounds, None
        if rounds is not None:
            rounds.stop()
