"""Plays an operation at a desk: every event becomes the saves that a member of staff would have made, at its own time.

Guarantees: nothing is written but what the functions of the office return; the same file and seed give the same people,
days and figures (ids and keys come from the desk's own randomness, so the book is another).
"""

from collections.abc import Callable, Mapping
from datetime import time
from functools import partial
from typing import Final

from waystation.clock import Millis
from waystation.demo.asking_events import ASKING_STEPS, ask
from waystation.demo.care import care
from waystation.demo.case_events import CASE_STEPS
from waystation.demo.clock import OperationClock
from waystation.demo.office_events import OFFICE_EVENTS, advise_against, office_task
from waystation.demo.operation import Event, Operation
from waystation.demo.stage import Progress, Stage, Step
from waystation.office.desk import Desk

_OFFICE_OPENS: Final = time(8, 0)
_STATEMENT: Final = time(17, 0)
"""When money is entered on the last of its days."""
_ASK_HOURS: Final = (6, 22)
_BETWEEN_ENTRIES_MS: Final = 40_000

STEPS: Final[Mapping[str, Step]] = {**ASKING_STEPS, **CASE_STEPS}
_FOR_NOBODY: Final[Mapping[str, Callable[[Stage, Event], None]]] = {"discourage": advise_against, "task": office_task}
"""Steps of people that the office can take without naming any."""


def play(desk: Desk, operation: Operation, clock: OperationClock, progress: Progress = lambda done, of: None) -> None:
    """Writes an operation into a desk that has just been founded, then lets its clock run on.

    Args:
        desk: unlocked, of a coordinator; its system tells the time by `clock`.
        progress: told how many milliseconds of the operation have passed, and of how many.
    Raises: BadInput or Refused, naming the event that cannot happen; StoreError. What was saved before stays.
    """
    stage = Stage(desk, operation, clock)
    for event in operation.events:
        _arrange(stage, event)
    stage.run(progress)
    clock.let_go(operation.stood)
    desk.turn()


def _arrange(stage: Stage, event: Event) -> None:
    """Puts an event where it belongs in time."""
    name = event.type.name
    if name == "ask":
        for n, at_ms in enumerate(stage.spread(event, event.count or 1, _ASK_HOURS)):
            stage.later(event, at_ms, partial(ask, stage, event, n))
    elif name == "care":
        care(stage, event)
    elif name in STEPS and (event.who or name not in _FOR_NOBODY):
        stage.step(event, STEPS[name])
    else:
        act = _FOR_NOBODY.get(name) or OFFICE_EVENTS[name]
        stage.later(event, _when(stage, event), partial(act, stage, event))


def _when(stage: Stage, event: Event) -> Millis:
    """When the office writes something down: at the given time, else in the morning, one thing after the other."""
    if event.at is not None:
        at_ms = stage.operation.at(event.first, event.at)
    elif event.type.spreads and event.type.name in ("donation", "expense"):
        at_ms = stage.operation.at(event.last, _STATEMENT)
    else:
        at_ms = Millis(stage.operation.at(event.first, _OFFICE_OPENS) + event.number % 90 * _BETWEEN_ENTRIES_MS)
    return min(max(at_ms, stage.operation.begins), stage.operation.stood)
