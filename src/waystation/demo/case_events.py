"""Events of a case: the work on it, the way out of danger, the way abroad, and its end.

Each does what a member of staff would do with the functions of the office, in as many saves as it would take them.
"""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Final

from waystation.clock import HOUR_MS
from waystation.demo.chance import Chance
from waystation.demo.operation import Event
from waystation.demo.party import Party
from waystation.demo.stage import MINUTE_MS, Stage, Step, refuse
from waystation.ids import RecordId
from waystation.office import attachments, casework, journeys, shelter
from waystation.office.casework import Part
from waystation.records import Day, Value
from waystation.records.choices import (
    JourneyPurpose,
    LegOutcome,
    RiskLevel,
    Timeframe,
    TravelMode,
)

_LEVELS_HIDDEN: Final = (RiskLevel.MEDIUM, RiskLevel.MEDIUM, RiskLevel.HIGH)
_TIMEFRAMES_HIDDEN: Final = (Timeframe.WEEKS, Timeframe.UNKNOWN)
TIMEFRAMES: Final[Mapping[str, Sequence[Timeframe]]] = {
    RiskLevel.LOW: (Timeframe.UNKNOWN, Timeframe.WEEKS),
    RiskLevel.MEDIUM: (Timeframe.UNKNOWN, Timeframe.WEEKS, Timeframe.WEEKS),
    RiskLevel.HIGH: (Timeframe.DAYS, Timeframe.DAYS, Timeframe.WEEKS, Timeframe.UNKNOWN),
    RiskLevel.EXTREME: (Timeframe.NOW, Timeframe.DAYS),
}
_MODES: Final = (TravelMode.CAR, TravelMode.CAR, TravelMode.BUS, TravelMode.TRAIN)
_REVIEW_DAYS_URGENT: Final = 5


def new_tasks(stage: Stage, party: Party, chance: Chance, count: int) -> list[Part]:
    """Tasks of the coming days, for the caseworker."""
    titles = dict.fromkeys(party.author.write("task", chance) for _ in range(count))
    parts = []
    for title in titles:
        due_ms = stage.at(stage.today + timedelta(days=chance.between(1, 6)), chance, (10, 21))
        record = stage.desk.new_record()
        fields: dict[str, Value] = {"title": title, "due": stage.moment(due_ms)}
        if party.caseworker is not None:
            fields["assignee"] = party.caseworker
        party.tasks[record] = due_ms
        parts.append(Part("task", fields, record))
    return parts


def assess(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The danger is looked at anew."""
    fields = stage.fields(event, "risk_assessment", chance)
    assess_risk(stage, party, chance, fields, event.number_of("review_days", 0))


def assess_risk(stage: Stage, party: Party, chance: Chance, given: Mapping[str, Value], review_days: int = 0) -> None:
    """A risk assessment; what is not given follows from where they are."""
    is_hidden = party.stay is not None
    likely = chance.pick(_LEVELS_HIDDEN) if is_hidden else party.level or RiskLevel.HIGH
    level = str(given.get("level", likely))
    near = chance.pick(_TIMEFRAMES_HIDDEN if is_hidden else TIMEFRAMES[level])
    timeframe = str(given.get("timeframe", near))
    is_urgent = level == RiskLevel.EXTREME or timeframe == Timeframe.NOW
    days = review_days or (_REVIEW_DAYS_URGENT if is_urgent else chance.between(10, 16))
    party.level, party.review = level, stage.today + timedelta(days=days)
    pool = "risk_hidden" if is_hidden else f"risk_{level}"
    fields = {
        "reasons": party.author.write(pool, chance),
        **given,
        "level": level,
        "timeframe": timeframe,
        "review": stage.this_day(days),
        "person": party.people[0],
    }
    if party.caseworker is not None:
        fields["assessed_by"] = party.caseworker
    stage.save(casework.add(stage.desk, party.folder, "risk_assessment", fields))


def note(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A note, by the caseworker."""
    write_note(stage, party, chance, stage.fields(event, "note", chance))


def write_note(stage: Stage, party: Party, chance: Chance, given: Mapping[str, Value]) -> None:
    """A note of what is given, or of what the pools hold."""
    fields = {"body": party.author.write("note", chance), **given}
    if party.caseworker is not None:
        fields["author"] = party.caseworker
    stage.save(casework.add(stage.desk, party.folder, "note", fields))


def task(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """Something to do for them."""
    fields = stage.fields(event, "task", chance)
    result = str(fields.pop("result", ""))
    fields.setdefault("title", party.author.write("task", chance))
    if party.caseworker is not None:
        fields.setdefault("assignee", party.caseworker)
    record = stage.desk.new_record()
    stage.save(casework.add_all(stage.desk, party.folder, [Part("task", fields, record)]))
    if event.flag("done", default=False):
        stage.save(casework.finish_task(stage.desk, party.folder, record, result))


def check_in(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A sign of life is agreed upon; it comes, or it does not."""
    fields = stage.fields(event, "check_in", chance)
    heard: dict[str, Value] = {name: fields.pop(name) for name in ("condition", "said") if name in fields}
    fields |= {"person": party.people[0]}
    due = fields["due"]
    record = stage.desk.new_record()
    if party.channel is not None:
        fields["channel"] = party.channel
    stage.save(casework.add_all(stage.desk, party.folder, [Part("check_in", fields, record)]))
    party.check_in = None
    if event.flag("answered", default=True):
        heard.setdefault("said", party.author.write("check_in", chance))
        at_ms = getattr(due, "ms", stage.now_ms) + chance.between(0, 20) * MINUTE_MS
        stage.later(event, at_ms, lambda: _answer(stage, party, record, heard))


def _answer(stage: Stage, party: Party, record: RecordId, heard: Mapping[str, Value]) -> None:
    if party.is_open:
        stage.save(casework.note_check_in(stage.desk, party.folder, record, heard))


def attach(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A file is put into the case; its content is the text in the operation's file."""
    fields = stage.fields(event, "file", chance)
    content = event.text("content").encode()
    name, media_type = str(fields["name"]), str(fields["media_type"])
    description = str(fields.get("description", ""))
    save, sealed = attachments.attach(stage.desk, party.folder, name, media_type, content, description)
    stage.desk.save(save, sealed)


def alarm(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """Lost contact: an alarm, and somebody who looks for them."""
    words = chance.pick(event.texts("words") or (party.author.write("alarm", chance),))
    save = stage.save(casework.raise_alarm(stage.desk, party.folder, words))
    for write in save.writes:
        if write.kind == "task":
            party.tasks[write.record] = stage.now_ms


def evacuate(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """In the morning they set out; in the evening they are out of danger, and sleep in a place of ours."""
    house = stage.free_house(event, party.size) if event.texts("places") else ""
    if house:
        stage.houses[house].taken += party.size
    refuge = stage.houses[house].region if house else ""
    journey, leg = stage.desk.new_record(), stage.desk.new_record()
    out_ms = stage.now_ms + chance.between(40, 120) * MINUTE_MS
    there_ms = out_ms + chance.between(5, 9) * HOUR_MS
    fields = stage.fields(event, "evacuation", chance)
    fields.setdefault("origin", party.region)
    if refuge:
        fields.setdefault("refuge", refuge)
    fields.setdefault("remarks", party.author.write("evacuation", chance))
    trip: dict[str, Value] = {"purpose": JourneyPurpose.TO_SAFETY, "planned": stage.this_day()}
    trip["escort"] = stage.caseworker(chance)
    part: dict[str, Value] = {
        "journey": journey,
        "mode": chance.pick(event.texts("mode") or _MODES),
        "origin": str(fields["origin"]),
        "departs": stage.moment(out_ms),
        "arrives": stage.moment(there_ms),
    }
    if "refuge" in fields:
        part["destination"] = str(fields["refuge"])
    stage.save(casework.add_all(stage.desk, party.folder, [Part("journey", trip, journey), Part("leg", part, leg)]))
    stage.later(event, there_ms + 30 * MINUTE_MS, lambda: _arrive_in_hiding(stage, event, party, leg, fields, house))


def _arrive_in_hiding(
    stage: Stage, event: Event, party: Party, leg: RecordId, fields: Mapping[str, Value], house: str
) -> None:
    done = journeys.note_leg(stage.desk, party.folder, leg, {"outcome": LegOutcome.DONE})
    parts = [Part("evacuation", fields)]
    if house:
        chance = stage.chance(event, party.number, "stay")
        stay = stage.desk.new_record()
        folder = stage.houses[house].folder
        remarks = party.author.write("stay", chance)
        parts.append(Part("stay", {"place": folder, "begins": stage.this_day(), "remarks": remarks}, stay))
        party.stay, party.house = stay, house
    stage.desk.save_all((done, casework.add_all(stage.desk, party.folder, parts)))


def hide(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A bed in one of the places, instead of the one they had."""
    house = stage.free_house(event, party.size)
    leave(stage, party)
    stay = stage.desk.new_record()
    fields = {"place": stage.houses[house].folder, "begins": stage.this_day(), **stage.fields(event, "stay", chance)}
    nights = event.number_of("nights", 0)
    if nights:
        fields["ends"] = stage.this_day(nights)
    stage.save(casework.add_all(stage.desk, party.folder, [Part("stay", fields, stay)]))
    party.stay, party.house = stay, house
    stage.houses[house].taken += party.size
    for record in party.moves:
        stage.save(casework.finish_task(stage.desk, party.folder, record, party.author.write("task_result", chance)))
    party.moves.clear()


def leave(stage: Stage, party: Party, *, saved: bool = False) -> None:
    """They give up their bed; `saved` where another save has said so already."""
    if party.stay is not None:
        if not saved:
            stage.save(shelter.leave(stage.desk, party.folder, party.stay))
        stage.houses[party.house].taken -= party.size
    party.stay, party.house = None, ""


def apply(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """An application is filed."""
    fields = stage.fields(event, "application", chance)
    fields.setdefault("reference", f"DEMO-{chance.between(10000, 99999)}")
    record = stage.desk.new_record()
    stage.save(casework.add_all(stage.desk, party.folder, [Part("application", fields, record)]))
    route = fields["route"]
    party.waiting.append(record)
    party.destination = stage.routes_to[RecordId(route)] if isinstance(route, bytes) else ""


def decide(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The decision on the application that has waited longest."""
    fields = {**stage.fields(event, "decision", chance), "application": party.waiting.pop(0)}
    stage.save(casework.add(stage.desk, party.folder, "decision", fields))


def discourage(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """Somebody advised them against a route; nothing was filed."""
    stage.save(casework.add(stage.desk, party.folder, "discouragement", stage.fields(event, "discouragement", chance)))


def plan(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A journey abroad, with its legs."""
    journey = stage.desk.new_record()
    fields = {"purpose": JourneyPurpose.ABROAD, **stage.fields(event, "journey", chance)}
    planned = fields.setdefault("planned", stage.this_day())
    day = stage.today.fromisoformat(planned.sort_key) if isinstance(planned, Day) else stage.today
    parts = [Part("journey", fields, journey)]
    for table in event.tables("legs"):
        departs, days, minutes = table["departs"], table.get("days_later", 0), table["minutes"]
        assert isinstance(departs, time)
        assert isinstance(days, int)
        assert isinstance(minutes, int)
        out_ms = stage.operation.at(day + timedelta(days=days), departs)
        leg: dict[str, Value] = {
            "journey": journey,
            "origin": str(table["origin"]),
            "destination": str(table["destination"]),
            "departs": stage.moment(out_ms),
            "arrives": stage.moment(out_ms + minutes * MINUTE_MS),
        }
        mode = table.get("mode")
        if isinstance(mode, tuple):
            leg["mode"] = chance.pick(mode)
        if "carrier" in table:
            leg["carrier"] = str(table["carrier"])
        parts.append(Part("leg", leg, stage.desk.new_record()))
    stage.save(casework.add_all(stage.desk, party.folder, parts, override=event.text("unusual_because")))
    party.journey = journey
    party.legs = tuple(part.record for part in parts if part.kind == "leg" and part.record is not None)
    party.destination = str(fields.get("destination", party.destination))


def travel(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """How each leg went; what the event says of an outcome is said of the last one."""
    fields = {"outcome": LegOutcome.DONE, **stage.fields(event, "leg", chance)}
    for leg in party.legs[:-1]:
        stage.save(journeys.note_leg(stage.desk, party.folder, leg, {"outcome": LegOutcome.DONE}))
    stage.save(journeys.note_leg(stage.desk, party.folder, party.legs[-1], fields))
    party.legs = ()
    if fields["outcome"] == LegOutcome.DONE:
        party.taken.add("travelled")
    else:
        party.journey = None


def arrive(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """They are in a safe country and have said so."""
    fields = {"confirmed": True, "country": party.destination, **stage.fields(event, "arrival", chance)}
    if not fields["country"]:
        refuse(event, "%(where)s: say in which country they arrive.")
    if party.journey is not None:
        fields["journey"] = party.journey
    stage.save(casework.add(stage.desk, party.folder, "arrival", fields))
    leave(stage, party, saved=True)
    settle(stage, party, chance)


def depart(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """They leave by their own means."""
    fields = stage.fields(event, "own_departure", chance)
    stage.save(casework.add(stage.desk, party.folder, "own_departure", fields))
    leave(stage, party, saved=True)
    settle(stage, party, chance)


def follow_up(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A look at how they are."""
    fields = {"findings": party.author.write("follow_up", chance), **stage.fields(event, "follow_up", chance)}
    fields["person"] = party.people[0]
    days = event.number_of("next_days", 0)
    if days:
        fields["next_look"] = stage.this_day(days)
    stage.save(casework.add(stage.desk, party.folder, "follow_up", fields))


def close(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The case ends; what is still open has somebody who carries it."""
    settle(stage, party, chance)
    leave(stage, party)
    fields = stage.fields(event, "closure", chance)
    fields.setdefault("details", party.author.write("closing", chance))
    carried = event.text("carried") or party.author.write("carried", chance)
    stage.save(casework.close(stage.desk, party.folder, fields, carried=carried))


def settle(stage: Stage, party: Party, chance: Chance) -> None:
    """Daily care ends: its tasks are done, and its planned check-in is done with what they say now."""
    for record in party.tasks:
        stage.save(casework.finish_task(stage.desk, party.folder, record, party.author.write("task_result", chance)))
    if party.check_in is not None:
        heard = {"said": party.author.write("last_word", chance)}
        stage.save(casework.note_check_in(stage.desk, party.folder, party.check_in[0], heard))
    party.tasks.clear()
    party.check_in = None


def _can_plan(party: Party, event: Event) -> bool:
    return party.is_here and party.journey is None and not party.waiting


CASE_STEPS: Final[Mapping[str, Step]] = {
    "assess": Step((10, 20), lambda p, _: p.is_open, assess),
    "note": Step((9, 21), lambda p, _: p.is_open, note),
    "task": Step((9, 18), lambda p, _: p.is_open, task),
    "check-in": Step((8, 12), lambda p, _: p.is_open, check_in),
    "attach": Step((9, 21), lambda p, _: p.is_open, attach),
    "alarm": Step((9, 14), lambda p, _: p.is_open, alarm),
    "evacuate": Step((5, 9), lambda p, _: p.is_here and "evacuate" not in p.taken, evacuate),
    "hide": Step((16, 21), lambda p, _: p.is_here, hide),
    "apply": Step((10, 16), lambda p, _: p.is_here, apply),
    "decide": Step((10, 16), lambda p, _: p.is_case and bool(p.waiting), decide),
    "discourage": Step((10, 16), lambda p, _: p.is_here, discourage),
    "plan": Step((10, 20), _can_plan, plan),
    "travel": Step((6, 20), lambda p, _: p.is_here and bool(p.legs), travel),
    "arrive": Step((12, 22), lambda p, _: p.is_here, arrive),
    "depart": Step((10, 21), lambda p, _: p.is_open and not p.is_gone, depart),
    "follow-up": Step((10, 18), lambda p, _: p.is_case, follow_up),
    "close": Step((10, 19), lambda p, _: p.is_case, close),
}
"""How each step of an open case is played; "care" is a daily round of its own."""
