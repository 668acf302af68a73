"""What a caseworker does day by day: check-ins, reviews of the risk, tasks that come due, notes."""

from datetime import time, timedelta
from functools import partial
from typing import Final

from waystation.demo.case_events import assess_risk, new_tasks, write_note
from waystation.demo.chance import Chance
from waystation.demo.operation import Event
from waystation.demo.party import Party
from waystation.demo.stage import MINUTE_MS, Stage
from waystation.ids import RecordId
from waystation.office import casework
from waystation.office.casework import Part
from waystation.records import Value
from waystation.records.choices import Condition

DAY_BEGINS: Final = time(7, 0)

_CONDITIONS: Final = (*[Condition.WELL] * 5, *[Condition.STRAINED] * 3)
_NOTES_A_DAY: Final = 0.12
_EVERY_DAYS: Final = (3, 6)
_LEFT_UNDONE: Final = 0.15
"""Share of tasks that are still open the day after they were due."""


def care(stage: Stage, event: Event) -> None:
    """A round through the open cases that the event names, every morning of its days."""
    day = event.first
    while day <= event.last:
        at_ms = max(stage.operation.at(day, DAY_BEGINS), stage.operation.begins)
        stage.later(event, at_ms, lambda: _round(stage, event))
        day += timedelta(days=1)


def _round(stage: Stage, event: Event) -> None:
    for party in stage.members(event):
        if party.is_here and "alarm" not in party.taken:
            _plan_day(stage, event, party, stage.chance(event, party.number, stage.today.isoformat()))


def _plan_day(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    night_ms = stage.operation.at(stage.today, time(23, 59))
    if party.check_in is None:
        stage.later(event, stage.at(stage.today, chance, (9, 12)), lambda: _agree(stage, event, party, chance))
    elif party.check_in[1] <= night_ms:
        record, due_ms = party.check_in
        at_ms = max(due_ms, stage.now_ms) + chance.between(0, 25) * MINUTE_MS
        stage.later(event, at_ms, lambda: _hear(stage, event, party, record, chance))
    for task, due_ms in party.tasks.items():
        if due_ms <= night_ms and not chance.yes(_LEFT_UNDONE):
            at_ms = max(due_ms, stage.now_ms) - chance.between(10, 50) * MINUTE_MS
            stage.later(event, max(at_ms, stage.now_ms), partial(_finish, stage, party, task, chance))
    if party.review is not None and party.review <= stage.today:
        stage.later(event, stage.at(stage.today, chance, (11, 17)), lambda: _review(stage, party, chance))
    if chance.yes(event.share("notes", _NOTES_A_DAY)):
        stage.later(event, stage.at(stage.today, chance, (10, 20)), lambda: _note(stage, party, chance))


def _agree(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    if not party.is_here or party.check_in is not None:
        return
    record, due_ms = stage.desk.new_record(), _next_due(stage, event, chance)
    words = party.author.write("agreed_words", chance)
    fields: dict[str, Value] = {"person": party.people[0], "due": stage.moment(due_ms), "agreed_words": words}
    if party.channel is not None:
        fields["channel"] = party.channel
    parts = [Part("check_in", fields, record), *new_tasks(stage, party, chance, 1)]
    stage.save(casework.add_all(stage.desk, party.folder, parts))
    party.check_in = record, due_ms


def _hear(stage: Stage, event: Event, party: Party, record: RecordId, chance: Chance) -> None:
    if not party.is_here or party.check_in is None or party.check_in[0] != record:
        return
    condition = chance.pick(_CONDITIONS)
    pool = "check_in" if condition is Condition.WELL else "check_in_strained"
    due_ms = _next_due(stage, event, chance)
    heard = {"condition": condition, "said": party.author.write(pool, chance)}
    save = stage.save(
        casework.note_check_in(stage.desk, party.folder, record, heard, next_one={"due": stage.moment(due_ms)})
    )
    following = next(write.record for write in save.writes if write.kind == "check_in" and write.record != record)
    party.check_in = following, due_ms


def _next_due(stage: Stage, event: Event, chance: Chance) -> int:
    days = chance.between(*event.range_of("every_days", _EVERY_DAYS))
    return stage.at(stage.today + timedelta(days=days), chance, (9, 21))


def _finish(stage: Stage, party: Party, task: RecordId, chance: Chance) -> None:
    if party.is_here and task in party.tasks:
        result = party.author.write("task_result", chance)
        stage.save(casework.finish_task(stage.desk, party.folder, task, result))
        del party.tasks[task]


def _review(stage: Stage, party: Party, chance: Chance) -> None:
    if party.is_here and party.review is not None and party.review <= stage.today:
        assess_risk(stage, party, chance, {})


def _note(stage: Stage, party: Party, chance: Chance) -> None:
    if party.is_here:
        write_note(stage, party, chance, {})
