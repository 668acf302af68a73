"""What a thread is made of, whichever app it came from."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from waystation.clock import Millis
from waystation.records.values import FIRST_MS, LAST_MS, Moment

NAME_CHARS_MAX: Final = 80
"""Of a sender; apps allow less."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class App(StrEnum):
    """Where a thread was copied or exported."""

    SIGNAL = "signal"
    WHATSAPP = "whatsapp"
    TELEGRAM = "telegram"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Args:
        sender: as the app names them; empty for what the app itself says, and for text that names nobody.
        at: None where no time stands beside it, or one that no calendar has.
        text: every word of it, mentions of media too.
        media: the files or kinds of file that it mentions.
        by_app: whether the app says it, and no person.
    """

    sender: str
    at: Moment | None
    text: str
    media: tuple[str, ...] = ()
    by_app: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation, in the order in which it stood.

    Args:
        title: what the app calls it; empty where it does not say.
        unclear: a date that could be read day first or month first, as it stands there; empty if none.
        day_first: how such dates were read.
    """

    app: App
    messages: tuple[Message, ...]
    title: str = ""
    unclear: str = ""
    day_first: bool = True

    @property
    def people(self) -> tuple[str, ...]:
        """Who wrote, in the order in which they first did; the empty name stands for text that names nobody."""
        return tuple(dict.fromkeys(message.sender for message in self.messages if not message.by_app))


@dataclass(frozen=True, slots=True)
class Setting:
    """Against what a thread is read.

    Args:
        zone: IANA name of the zone in which the phone showed its times.
        today: ISO date; nothing was written after it, and a date without a year is the last such one.
        day_first: whether 5.6. is the fifth of June; None to find out.
    """

    zone: str
    today: str
    day_first: bool | None = None
    tomorrow: datetime = field(init=False)

    def __post_init__(self) -> None:
        # A phone further east is a day ahead.
        object.__setattr__(self, "tomorrow", datetime.fromisoformat(self.today) + timedelta(days=2))

    def moment(self, local: datetime) -> Moment | None:
        """A wall-clock time in the setting's zone, or with an offset of its own; None if out of any likely range."""
        try:
            aware = local if local.tzinfo else local.replace(tzinfo=ZoneInfo(self.zone))
            ms = (aware - _EPOCH) // timedelta(milliseconds=1)
        except (OverflowError, ValueError):
            return None
        return Moment(Millis(ms), self.zone) if FIRST_MS <= ms <= LAST_MS else None
