"""Events of those who ask: from the first message through checks, a case, a hiding place and a route, to an end.

Each does what a member of staff would do with the functions of the office, in as many saves as it would take them.
"""

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from functools import partial
from typing import Final

from waystation.clock import HOUR_MS
from waystation.demo import people
from waystation.demo.chance import Chance
from waystation.demo.format import EVERYONE
from waystation.demo.operation import Event
from waystation.demo.party import Party
from waystation.demo.stage import MINUTE_MS, Stage, Step, refuse
from waystation.ids import FolderId, RecordId
from waystation.office import attachments, casework, intake, journeys, shelter
from waystation.office.casework import Part
from waystation.records import Day, Save, Value, Write
from waystation.records.choices import (
    Channel,
    ConcernType,
    ConsentForm,
    ConsentScope,
    ContactSafety,
    Eligibility,
    JourneyPurpose,
    Judgement,
    LegOutcome,
    Need,
    PersonRole,
    RequestOutcome,
    RiskLevel,
    Timeframe,
    TravelMode,
    VerificationResult,
    VerificationType,
    VerifiedBy,
)

_CHANNELS: Final = (*[Channel.EMAIL] * 5, *[Channel.MESSENGER] * 3, Channel.PHONE, Channel.PARTNER)
_NEEDS: Final = (Need.MEDICAL, Need.PSYCHOLOGICAL, Need.PAPERS, Need.MONEY, Need.LEGAL)
_LEVELS: Final = (RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.HIGH, RiskLevel.HIGH, RiskLevel.EXTREME)
_LEVELS_HIDDEN: Final = (RiskLevel.MEDIUM, RiskLevel.MEDIUM, RiskLevel.HIGH)
_TIMEFRAMES_HIDDEN: Final = (Timeframe.WEEKS, Timeframe.UNKNOWN)
_TIMEFRAMES: Final[Mapping[str, Sequence[Timeframe]]] = {
    RiskLevel.LOW: (Timeframe.UNKNOWN, Timeframe.WEEKS),
    RiskLevel.MEDIUM: (Timeframe.UNKNOWN, Timeframe.WEEKS, Timeframe.WEEKS),
    RiskLevel.HIGH: (Timeframe.DAYS, Timeframe.DAYS, Timeframe.WEEKS, Timeframe.UNKNOWN),
    RiskLevel.EXTREME: (Timeframe.NOW, Timeframe.DAYS),
}
_SCOPE: Final = (ConsentScope.CONTACT, ConsentScope.STORY, ConsentScope.STATISTICS)
_STEPS: Final = (VerificationType.SCREENING, VerificationType.DOCUMENTS, VerificationType.INTERVIEW)
_MODES: Final = (TravelMode.CAR, TravelMode.CAR, TravelMode.BUS, TravelMode.TRAIN)
_RESULTS: Final = (*[VerificationResult.CONFIRMS] * 5, VerificationResult.UNCLEAR)
_JUDGEMENTS: Final = (Judgement.CREDIBLE, Judgement.CREDIBLE, Judgement.CREDIBLE_WITH_GAPS)
_JUDGED: Final = {
    Judgement.CREDIBLE: "judged_credible",
    Judgement.CREDIBLE_WITH_GAPS: "judged_gaps",
    Judgement.NOT_CREDIBLE: "judged_not_credible",
}
_REVIEW_DAYS_URGENT: Final = 5


def ask(stage: Stage, event: Event, n: int) -> None:
    """A request for help is taken down, with who they are, how to reach them, and what threatens."""
    chance = stage.chance(event, n)
    pools = stage.operation.people
    author = stage.author(chance, event.texts("texts_in"))
    household = people.household(stage.operation, chance, event.texts("with"), stage.today)
    household[0] |= stage.fields(event, "person", chance)
    if chance.yes(0.25):
        household[0].setdefault("health", author.write("health", chance))
    if chance.yes(0.5):
        household[0]["home"] = author.write("home", chance)
    persons = [Part("person", fields, stage.desk.new_record()) for fields in household]
    principal = persons[0].record
    assert principal is not None
    channel = Part("contact_channel", {**people.contact(chance, author), "person": principal}, stage.desk.new_record())
    request: dict[str, Value] = {
        "channel": chance.pick(_CHANNELS),
        "language": chance.pick(pools.languages),
        "present_country": pools.country,
        "region": chance.pick(pools.regions),
        "story": author.story(chance),
        "needs": people.several([Need.DEPARTURE, Need.HIDING, *chance.several(_NEEDS, chance.between(0, 2))]),
        "people": len(household),
        **stage.fields(event, "request", chance),
    }
    if "referrer" not in request and chance.yes(0.4):
        request["referrer"] = author.write("referrer", chance)
    if "code_name" not in request:
        request["code_name"] = stage.code_name(author.language, chance)
    concerns = dict.fromkeys(chance.pick(pools.concerns) for _ in range(chance.between(1, 3)))
    threats = [_concern(concern, principal, author, chance, stage) for concern in concerns]
    old = [Part("contact_channel", {**people.old_number(chance), "person": principal})] if chance.yes(0.2) else []
    saved = stage.save(intake.take_down(stage.desk, request, [*persons, channel, *old, *threats]))
    party = Party(
        number=len(stage.groups[EVERYONE]) + 1,
        author=author,
        region=str(request.get("region", "")),
        size=len(household),
        request=casework.opened(saved),
        people=tuple(part.record for part in persons if part.record is not None),
        channel=channel.record,
    )
    for group in (EVERYONE, event.name):
        stage.groups.setdefault(group, []).append(party)


def _concern(concern: str, person: RecordId, author: people.Author, chance: Chance, stage: Stage) -> Part:
    since = (stage.today - timedelta(days=chance.between(3, 60))).isoformat()
    month = f"{since[:7]}-01", f"{since[:7]}-28"
    fields: dict[str, Value] = {
        "type": ConcernType(concern),
        "person": person,
        "since": Day(since, since) if chance.yes(0.6) else Day(month[0], min(month[1], stage.today.isoformat())),
        "details": author.write(f"concern_{concern}", chance),
    }
    return Part("protection_concern", fields)


def triage(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """Somebody takes the request on, and says how grave and how near the danger is."""
    fields = stage.fields(event, "request", chance)
    level = str(fields.setdefault("level", chance.pick(_LEVELS)))
    fields.setdefault("timeframe", chance.pick(_TIMEFRAMES[level]))
    fields.setdefault("eligibility", chance.pick((Eligibility.FITS, Eligibility.FITS, Eligibility.UNCLEAR)))
    party.level = level
    taken = intake.take_on(stage.desk, party.request)
    stage.desk.save_all((taken, intake.triage(stage.desk, party.request, fields)))


def check(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The checks one after another, over hours or days; then somebody else judges."""
    steps = event.texts("steps") or _STEPS
    low, high = event.range_of("hours", (6, 60))
    gap_ms = chance.between(low, high) * HOUR_MS // max(1, len(steps))
    for n, step in enumerate(steps):
        at_ms = stage.now_ms + n * gap_ms
        stage.later(event, stage.waking(at_ms, chance), partial(_check_one, stage, event, party, step, n))
    if event.flag("judged", default=True):
        at_ms = stage.waking(stage.now_ms + len(steps) * gap_ms, chance) + 90 * MINUTE_MS
        stage.later(event, at_ms, lambda: _judge(stage, event, party))


def _check_one(stage: Stage, event: Event, party: Party, step: str, n: int) -> None:
    if not party.is_open:
        return
    chance = stage.chance(event, party.number, "step", n)
    fields = stage.fields(event, "verification_step", chance)
    by = chance.pick(event.texts("by") or (VerifiedBy.OURSELVES,))
    if by == VerifiedBy.OURSELVES:
        fields.pop("partner", None)
    if by != VerifiedBy.PARTNER:
        fields["verifier"] = stage.caseworker(chance)
    fields |= {"type": step, "verified_by": by}
    fields.setdefault("result", chance.pick(_RESULTS))
    fields.setdefault("findings", party.author.write(step, chance))
    stage.save(casework.add(stage.desk, party.folder, "verification_step", fields))


def _judge(stage: Stage, event: Event, party: Party) -> None:
    if not party.is_open:
        return
    chance = stage.chance(event, party.number, "judge")
    judgement = chance.pick(event.texts("judgement") or _JUDGEMENTS)
    fields = {"judgement": judgement, **stage.fields(event, "credibility_assessment", chance)}
    fields.setdefault("reasons", party.author.write(_JUDGED[Judgement(judgement)], chance))
    stage.save(casework.add(stage.desk, party.folder, "credibility_assessment", fields))
    party.taken.add("checked")


def accept(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The request becomes a case, with plans, consent and the first tasks."""
    author = party.author
    fields = stage.fields(event, "case", chance)
    caseworker = fields.setdefault("caseworker", stage.caseworker(chance))
    assert isinstance(caseworker, bytes)
    for name in ("summary", "case_plan", "safety_plan"):
        fields.setdefault(name, author.write(name, chance))
    because = event.text("unverified_because")
    save = intake.accept_and_open_case(stage.desk, party.request, fields, unverified_because=because)
    stage.save(save)
    party.case = casework.opened(save)
    party.caseworker = RecordId(caseworker)
    persons = _carried(save, party.case, "person")
    persons.sort(key=lambda write: write.fields.get("role") != PersonRole.PRINCIPAL)
    party.people = tuple(write.record for write in persons)
    channels = _carried(save, party.case, "contact_channel")
    safe = (write.record for write in channels if write.fields.get("safety") != ContactSafety.WATCHED)
    party.channel = next(safe, None)
    party.review = stage.today + timedelta(days=intake.REVIEW_DAYS)
    stage.later(event, stage.now_ms + 25 * MINUTE_MS, lambda: _begin_case(stage, event, party))


def _carried(save: Save, folder: FolderId, kind: str) -> list[Write]:
    return [write for write in save.writes if write.folder == folder and write.kind == kind]


def _begin_case(stage: Stage, event: Event, party: Party) -> None:
    chance = stage.chance(event, party.number, "begin")
    scope = event.texts("scope") or _SCOPE
    consent: dict[str, Value] = {
        "person": party.people[0],
        "scope": people.several(scope),
        "form": chance.pick((ConsentForm.SPOKEN, ConsentForm.MESSAGE, ConsentForm.WRITTEN)),
        "purpose": party.author.write("purpose", chance),
        "except_for": party.author.write("except_for", chance),
    }
    passport = people.document(stage.operation, chance, stage.today)
    parts = [Part("consent", consent), Part("identity_document", {**passport, "person": party.people[0]})]
    tasks = new_tasks(stage, party, chance, chance.between(1, 3))
    stage.save(casework.add_all(stage.desk, party.folder, [*parts, *tasks]))


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
    near = chance.pick(_TIMEFRAMES_HIDDEN if is_hidden else _TIMEFRAMES[level])
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
    stage.desk.save(save, [sealed])


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


def end(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """A request ends without a case."""
    settle(stage, party, chance)
    fields = stage.fields(event, "request", chance)
    if fields["outcome"] != RequestOutcome.LOST_CONTACT:
        fields.setdefault("outcome_reason", party.author.write("closing", chance))
    stage.save(intake.end_request(stage.desk, party.request, fields))


def join(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The same people had asked before."""
    others = stage.groups.get(event.text("same_as"), [])
    if not others:
        refuse(event, "%(where)s: nobody of that name has asked by then.")
    stage.save(intake.join_duplicate(stage.desk, party.request, others[0].request))


def close(stage: Stage, event: Event, party: Party, chance: Chance) -> None:
    """The case ends; what is still open has somebody who carries it."""
    settle(stage, party, chance)
    fields = stage.fields(event, "closure", chance)
    fields.setdefault("details", party.author.write("closing", chance))
    carried = event.text("carried") or party.author.write("carried", chance)
    stage.save(casework.close(stage.desk, party.folder, fields, carried=carried))
    leave(stage, party, saved=True)


def settle(stage: Stage, party: Party, chance: Chance) -> None:
    """Daily care ends: its tasks are done, and its planned check-in is done with what they say now."""
    for record in party.tasks:
        stage.save(casework.finish_task(stage.desk, party.folder, record, party.author.write("task_result", chance)))
    if party.check_in is not None:
        heard = {"said": party.author.write("last_word", chance)}
        stage.save(casework.note_check_in(stage.desk, party.folder, party.check_in[0], heard))
    party.tasks.clear()
    party.check_in = None


def _is_to_be_checked(party: Party, event: Event) -> bool:
    return party.is_open and not party.is_gone and "triage" in party.taken and "check" not in party.taken


def _is_acceptable(party: Party, event: Event) -> bool:
    return party.is_request and not party.is_gone and ("checked" in party.taken or "unverified_because" in event.values)


def _can_end(party: Party, event: Event) -> bool:
    """Triaged, and not in the middle of checks."""
    return party.is_request and "triage" in party.taken and ("check" not in party.taken or "checked" in party.taken)


def _can_plan(party: Party, event: Event) -> bool:
    return party.is_here and party.journey is None and not party.waiting


STEPS: Final[Mapping[str, Step]] = {
    "triage": Step((7, 22), lambda p, _: p.is_request and not p.is_gone and "triage" not in p.taken, triage),
    "check": Step((9, 20), _is_to_be_checked, check),
    "accept": Step((9, 21), _is_acceptable, accept),
    "end": Step((10, 20), _can_end, end),
    "join": Step((10, 20), lambda p, _: p.is_request, join),
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
"""How each step of people is played; "care" is a daily round of its own."""
