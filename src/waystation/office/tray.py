"""What was dropped onto a page and is not saved yet: in memory, for half an hour, and no longer than the desk is open.

Guarantees: nothing of it touches the disk; locking forgets it at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from waystation.errors import BadInput, Problem
from waystation.ids import Randomness, new_id, to_text
from waystation.limits import MIB, TRAY_KEPT_S, TRAY_MAX
from waystation.records.labels import N_

FULL = Problem(
    "too_large",
    N_("More than %(mib)s MB wait to be saved. Save or give up what you dropped before, or take smaller files."),
    {"mib": TRAY_MAX // MIB},
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file's content, in memory only."""

    name: str
    media_type: str
    content: bytes


class Tray:
    """Files that wait, under names that give nothing away.

    Args:
        now_ms: UTC milliseconds.
    """

    def __init__(self, randomness: Randomness, now_ms: Callable[[], int]) -> None:
        self._randomness = randomness
        self._now_ms = now_ms
        self._waiting: dict[str, tuple[int, tuple[Attachment, ...]]] = {}

    def put(self, files: Sequence[Attachment]) -> str:
        """Keeps files until they are taken, or their time is over. Returns: their key. Raises: BadInput, if full."""
        self.tidy()
        held = sum(len(file.content) for _, waiting in self._waiting.values() for file in waiting)
        if held + sum(len(file.content) for file in files) > TRAY_MAX:
            raise BadInput({"file": FULL})
        key = to_text(new_id(self._randomness))
        self._waiting[key] = int(self._now_ms()), tuple(files)
        return key

    def get(self, key: str) -> tuple[Attachment, ...] | None:
        """The files; None if they are no longer here."""
        self.tidy()
        waiting = self._waiting.get(key)
        return waiting[1] if waiting else None

    def drop(self, key: str) -> None:
        """Forgets files: they were saved."""
        self._waiting.pop(key, None)

    def tidy(self) -> None:
        """Forgets what has waited too long."""
        now = int(self._now_ms())
        for key, (since, _) in list(self._waiting.items()):
            if not 0 <= now - since < TRAY_KEPT_S * 1000:
                del self._waiting[key]

    def clear(self) -> None:
        """Forgets everything."""
        self._waiting.clear()
