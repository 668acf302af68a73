"""What time it is where somebody is, beside what time it is here: asked before every call.

Guarantees: where the zone is not known nothing is said, rather than a guess.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from waystation.clock import Millis
from waystation.desk.i18n import Language
from waystation.records.values import zone_is_known

NIGHT_BEGINS_H: Final = 22
NIGHT_ENDS_H: Final = 7
"""Between these hours of the day a call wakes somebody, and a telephone that rings may give them away."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two clocks in words.

    Args:
        text: such as "14:05 there · 13:05 here".
        note: that it is night there; empty by day.
    """

    text: str
    night: bool
    note: str


def clocks(zone: str, now_ms: int, here: str, language: Language) -> Clocks | None:
    """Their clock and ours; None where their zone is not known.

    Args:
        zone: IANA name of theirs, or empty.
        here: IANA name of this desk's.
    """
    if not zone or not zone_is_known(zone):
        return None
    now = datetime.fromtimestamp(Millis(now_ms) / 1000, UTC)
    theirs, ours = now.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(here))
    night = not NIGHT_ENDS_H <= theirs.hour < NIGHT_BEGINS_H
    _ = language.gettext
    if theirs.utcoffset() == ours.utcoffset():
        text = _("%(time)s there and here", time=f"{theirs:%H:%M}")
    else:
        text = _("%(there)s there · %(here)s here", there=f"{theirs:%H:%M}", here=f"{ours:%H:%M}")
    return Clocks(text, night, _("it is night there") if night else "")
