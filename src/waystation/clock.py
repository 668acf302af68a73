"""Time as it is passed in: UTC milliseconds and the zone in which a person reads them. Clocks are claims."""

from typing import Final, NewType, Protocol

Millis = NewType("Millis", int)
"""Milliseconds since 1970-01-01T00:00Z."""

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000


class Clock(Protocol):
    """What tells the time; `assemble` plugs in the machine's, tests a seeded one."""

    def now_ms(self) -> Millis: ...

    def zone(self) -> str:
        """IANA name of the zone in which this desk works, such as "Europe/Vilnius"."""
        ...
