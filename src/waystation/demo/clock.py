"""The clock of a played operation: it stands at each event in turn, and afterwards runs on from the last.

Guarantees: while the operation is played, time is what the file says, so that entries, days and alarms fall where they
fell; afterwards the desk lives on from the moment as which the operation is shown, at the pace of the machine's clock.
"""

from waystation.clock import Clock, Millis


class OperationClock:
    """A clock that is moved, and later let go.

    Args:
        begins_ms: where it stands at first, UTC ms.
        zone: IANA name of the zone in which the operation is told.
        machine: the clock whose pace it takes once it is let go.
    """

    def __init__(self, begins_ms: Millis, zone: str, machine: Clock) -> None:
        self._at_ms = begins_ms
        self._zone = zone
        self._machine = machine
        self._let_go_ms: int | None = None

    def now_ms(self) -> Millis:
        if self._let_go_ms is None:
            return self._at_ms
        return Millis(self._at_ms + self._machine.now_ms() - self._let_go_ms)

    def zone(self) -> str:
        return self._zone

    def move_to(self, at_ms: Millis) -> None:
        """Stands still at that moment, UTC ms."""
        self._at_ms, self._let_go_ms = at_ms, None

    def let_go(self, from_ms: Millis) -> None:
        """Runs on from that moment, UTC ms."""
        self._at_ms, self._let_go_ms = from_ms, self._machine.now_ms()
