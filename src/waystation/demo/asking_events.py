"""Events of those who ask: from the first message through triage and checks to a case, or to an end without one.

Each does what a member of staff would do with the functions of the office, in as many saves as it would take them.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from waystation.clock import HOUR_MS
from waystation.demo import people
from waystation.demo.case_events import TIMEFRAMES, new_tasks, settle
from waystation.demo.chance import Chance
from waystation.demo.format import EVERYONE
from waystation.demo.operation import Event
from waystation.demo.party import Party
from waystation.demo.stage import MINUTE_MS, Stage, Step, refuse
from waystation.ids import FolderId, RecordId
from waystation.office import casework, intake
from waystation.office.casework import Part
from waystation.records import Day, Save, Value, Write
from waystation.records.choices import (
    Channel,
    ConcernType,
    ConsentForm,
    ConsentScope,
    ContactSafety,
    Eligibility,
    Judgement,
    Need,
    PersonRole,
    RequestOutcome,
    RiskLevel,
    VerificationResult,
    VerificationType,
    VerifiedBy,
)

_CHANNELS: Final = (*[Channel.EMAIL] * 5, *[Channel.MESSENGER] * 3, Channel.PHONE, Channel.PARTNER)
_NEEDS: Final = (Need.MEDICAL, Need.PSYCHOLOGICAL, Need.PAPERS, Need.MONEY, Need.LEGAL)
_LEVELS: Final = (RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.HIGH, RiskLevel.HIGH, RiskLevel.EXTREME)
_SCOPE: Final = (ConsentScope.CONTACT, ConsentScope.STORY, ConsentScope.STATISTICS)
_STEPS: Final = (VerificationType.SCREENING, VerificationType.DOCUMENTS, VerificationType.INTERVIEW)
_RESULTS: Final = (*[VerificationResult.CONFIRMS] * 5, VerificationResult.UNCLEAR)
_JUDGEMENTS: Final = (Judgement.CREDIBLE, Judgement.CREDIBLE, Judgement.CREDIBLE_WITH_GAPS)
_JUDGED: Final = {
    Judgement.CREDIBLE: "judged_credible",
    Judgement.CREDIBLE_WITH_GAPS: "judged_gaps",
    Judgement.NOT_CREDIBLE: "judged_not_credible",
}


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
    fields.setdefault("timeframe", chance.pick(TIMEFRAMES[level]))
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


def _is_to_be_checked(party: Party, event: Event) -> bool:
    return party.is_open and not party.is_gone and "triage" in party.taken and "check" not in party.taken


def _is_acceptable(party: Party, event: Event) -> bool:
    return party.is_request and not party.is_gone and ("checked" in party.taken or "unverified_because" in event.values)


def _can_end(party: Party, event: Event) -> bool:
    """Triaged, and not in the middle of checks."""
    return party.is_request and "triage" in party.taken and ("check" not in party.taken or "checked" in party.taken)


ASKING_STEPS: Final[Mapping[str, Step]] = {
    "triage": Step((7, 22), lambda p, _: p.is_request and not p.is_gone and "triage" not in p.taken, triage),
    "check": Step((9, 20), _is_to_be_checked, check),
    "accept": Step((9, 21), _is_acceptable, accept),
    "end": Step((10, 20), _can_end, end),
    "join": Step((10, 20), lambda p, _: p.is_request, join),
}
"""How each step from the first message to a case, or to an end, is played."""
