"""One case or one request, as its page shows it: facts, people, what happened, what contradicts, what comes next.

Guarantees: masked values are not here; `revealed` gives one only after the asking was saved. The next step follows from
the records and is never stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from waystation.clock import Millis
from waystation.errors import Refused
from waystation.ids import DeskId, FolderId, FolderType, RecordId, ValueRef
from waystation.records import Value, decode_state
from waystation.records.choices import Condition, JourneyPurpose, PersonRole
from waystation.records.labels import N_
from waystation.records.status import Stage
from waystation.views import shown
from waystation.views.reader import Reader
from waystation.views.shown import Shown

REVEAL_MS: Final = 10 * 60 * 1000
"""How long after the asking a masked field may be shown."""

_BETWEEN_STEPS: Final = frozenset((Stage.ARRIVED, Stage.LEFT))
_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])


@dataclass(frozen=True, slots=True)
class ConflictValue:
    """One of several live values.

    Args:
        value: None if it was cleared, or if it is masked.
        shown: whether it is the one that pages show.
        ref: names it, for settling.
        who: name at work; empty if it is not known here.
    """

    value: Value | None
    masked: bool
    shown: bool
    ref: ValueRef
    who: str
    at_ms: Millis
    zone: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that two members changed without seeing each other's value."""

    kind: str
    record: RecordId
    field: str
    values: tuple[ConflictValue, ...]


@dataclass(frozen=True, slots=True)
class TimelineChange:
    """What an entry did to one record.

    Args:
        first: whether the record began with it.
        subject: the record as it is now, without what is masked.
    """

    kind: str
    record: RecordId
    fields: tuple[str, ...]
    first: bool
    subject: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One save, as far as it concerns this folder."""

    position: int
    at_ms: Millis
    zone: str
    who: str
    changes: tuple[TimelineChange, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of what happened, newest first; `older` is where the next one begins, None at the beginning."""

    items: tuple[TimelineItem, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next: `code` is stable, `message` a gettext id, `kind` the kind of record to add, or empty."""

    code: str
    message: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Another folder that belongs to this one."""

    folder: FolderId
    code_name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the case; `number` tells them apart, 1 being the principal applicant."""

    record: RecordId
    number: int
    shown: Shown


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case or a request.

    Args:
        records: kind → its records, oldest first; the head is apart.
        level, timeframe, deadline, review: of the danger, as it was assessed last; days are ISO.
        check_in_due: UTC ms of the earliest check-in that nobody noted.
        closed: ISO day, if it is closed.
    """

    folder: FolderId
    folder_type: FolderType
    head: Shown
    records: Mapping[str, tuple[Shown, ...]]
    people: tuple[Person, ...]
    stage: str
    level: str | None
    timeframe: str | None
    deadline: str | None
    review: str | None
    check_in_due: int | None
    closed: str | None
    conflicts: tuple[Conflict, ...]
    next_step: NextStep
    request: Link | None
    case: Link | None
    timeline: Timeline


def case(reader: Reader, folder: FolderId) -> CaseView | None:
    """A case, or None if there is none, or it is hidden."""
    query = "SELECT stage, level, timeframe, deadline, review, check_in_due, closed FROM case_now WHERE folder = ?"
    row = reader.row(query, folder)
    head = shown.record(reader, folder, "case", folder)
    if row is None or head is None:
        return None
    stage, level, timeframe, deadline, review, check_in_due, closed = row
    found = folder_records(reader, folder, "case")
    doubts = conflicts(reader, folder)
    step = _next_of_case(reader, found, Stage(stage), level, review, check_in_due, bool(doubts))
    request = head.fields.get("request")
    return CaseView(
        folder,
        FolderType.CASE,
        head,
        found,
        people(found),
        stage,
        level,
        timeframe,
        deadline,
        review,
        check_in_due,
        closed,
        doubts,
        step,
        link(reader, "request", request),
        None,
        timeline(reader, folder),
    )


def conflicts(reader: Reader, folder: FolderId) -> tuple[Conflict, ...]:
    """What waits to be settled in a folder, with every live value and who wrote it when."""
    query = "SELECT kind, id, state FROM record WHERE folder = ? AND conflicts > 0 ORDER BY first, id"
    found: list[Conflict] = []
    for kind, identity, state in reader.rows(query, folder):
        one = shown.record(reader, folder, kind, identity)
        live = decode_state(state)
        for field in one.conflicts if one else ():
            spec = reader.registry[kind].fields.get(field)
            is_masked = spec is None or spec.is_masked or spec.hidden
            shows = one.fields.get(field) if one else None
            values = tuple(
                ConflictValue(
                    None if is_masked else value.value,
                    is_masked,
                    not is_masked and value.value == shows,
                    value.ref,
                    *_who(reader, folder, value.ref),
                )
                for value in live[field]
            )
            found.append(Conflict(kind, RecordId(identity), field, values))
    return tuple(found)


def timeline(reader: Reader, folder: FolderId, *, before: int | None = None, limit: int = 50) -> Timeline:
    """What happened in a folder, newest first.

    Args:
        before: only what is older than this position.
    """
    query = (
        "SELECT position, at_ms, zone, member, what FROM history WHERE folder = ? AND position < ?"
        " ORDER BY position DESC LIMIT ?"
    )
    rows = reader.rows(query, folder, before or _END, limit + 1)
    members = shown.names(reader, "member")
    subjects: dict[tuple[str, bytes], tuple[int, Mapping[str, Value]]] = {}
    items = tuple(
        TimelineItem(position, at_ms, zone, members.get(member, ""), _changes(reader, folder, position, what, subjects))
        for position, at_ms, zone, member, what in rows[:limit]
    )
    return Timeline(items, rows[limit - 1][0] if len(rows) > limit else None)


def people(records: Mapping[str, tuple[Shown, ...]]) -> tuple[Person, ...]:
    """The people of a folder, the principal applicant first."""
    found = records.get("person", ())
    ordered = sorted(found, key=lambda one: one.fields.get("role") != PersonRole.PRINCIPAL)
    return tuple(Person(one.record, number, one) for number, one in enumerate(ordered, 1))


def revealed(reader: Reader, folder: FolderId, kind: str, record: bytes, field: str, *, by: bytes) -> str:
    """A masked value in words, after its reveal was saved (`office.casework.reveal`).

    Args:
        by: the member who asked; what a colleague was shown stays masked for everyone else.
    Raises: Refused, if they did not ask for exactly this within the last ten minutes.
    """
    asked = reader.row(
        "SELECT 1 FROM k_reveal WHERE folder = ? AND of_kind = ? AND of_record = ? AND of_field = ? AND revealed >= ?"
        " AND revealed_by = ?",
        folder,
        kind,
        record,
        field,
        reader.now_ms() - REVEAL_MS,
        by,
    )
    spec = reader.registry.get(kind)
    if asked is None or spec is None or field not in spec.fields:
        raise Refused("This is masked. Ask to see it; the asking is recorded.")
    value = (reader.tables.shown(folder, kind, RecordId(record)) or {}).get(field)
    return "" if value is None else spec.fields[field].plain(value)


def folder_records(reader: Reader, folder: FolderId, head: str) -> Mapping[str, tuple[Shown, ...]]:
    """All records of a folder but its head and who looked at what."""
    return shown.records(reader, folder, [kind for kind in reader.registry if kind not in (head, "reveal")])


def link(reader: Reader, kind: str, folder: Value | None) -> Link | None:
    """A linked folder with its code name; None if there is none here."""
    if not isinstance(folder, bytes):
        return None
    text = shown.name(reader, kind, folder)
    return Link(FolderId(folder), text) if text else None


_END: Final = (1 << 63) - 1


def _who(reader: Reader, folder: FolderId, ref: ValueRef) -> tuple[str, Millis, str]:
    desk, seq = ref
    query = "SELECT member, at_ms, zone FROM history WHERE folder = ? AND desk = ? AND seq = ?"
    row = reader.row(query, folder, DeskId(desk), seq)
    return (shown.name(reader, "member", row[0]), row[1], row[2]) if row else ("", Millis(0), "UTC")


def _changes(
    reader: Reader,
    folder: FolderId,
    position: int,
    what: bytes,
    subjects: dict[tuple[str, bytes], tuple[int, Mapping[str, Value]]],
) -> tuple[TimelineChange, ...]:
    found = []
    for kind, record, fields in _what.decode(what):
        key = (kind, record)
        if key not in subjects:
            one = shown.record(reader, folder, kind, record)
            query = "SELECT first FROM record WHERE folder = ? AND kind = ? AND id = ?"
            began = reader.row(query, folder, kind, record)
            subjects[key] = (began[0] if began else 0, one.fields if one else {})
        first, subject = subjects[key]
        found.append(TimelineChange(kind, RecordId(record), tuple(fields), first == position, subject))
    return tuple(found)


def _next_of_case(
    reader: Reader,
    records: Mapping[str, tuple[Shown, ...]],
    stage: Stage,
    level: str | None,
    review: str | None,
    check_in_due: int | None,
    in_conflict: bool,
) -> NextStep:
    """The most urgent thing first: danger, then contradictions, then the way out."""
    if stage is Stage.CLOSED:
        return NextStep("none", N_("This case is closed. Nothing is left to do."))
    if check_in_due is not None and check_in_due < reader.now_ms():
        return NextStep("check_in_missed", N_("A check-in was missed. Find out how they are."), "check_in")
    if level is None:
        return NextStep("assess", N_("Nobody has assessed the risk yet. Assess it."), "risk_assessment")
    if in_conflict:
        return NextStep("settle", N_("Two people wrote different things. Look at both and settle it."))
    if review is not None and review < reader.today():
        return NextStep("review", N_("The risk was to be looked at again. Assess it anew."), "risk_assessment")
    if stage not in _BETWEEN_STEPS and not _has_consent(records):
        return NextStep("consent", N_("No consent is recorded. Ask what may be shared, and with whom."), "consent")
    return _on_the_way(reader, records, stage)


def _on_the_way(reader: Reader, records: Mapping[str, tuple[Shown, ...]], stage: Stage) -> NextStep:
    match stage:
        case Stage.ASKED | Stage.HIDDEN if not records.get("verification_step"):
            return NextStep("verify", N_("Nothing has been checked. Add a verification step."), "verification_step")
        case Stage.ASKED | Stage.HIDDEN:
            message = N_("Checks are under way. Judge when you can, with your reasons.")
            return NextStep("judge", message, "credibility_assessment")
        case Stage.CHECKED:
            return NextStep("hide", N_("They are still in danger. Find them a place."), "stay")
        case Stage.NEEDS_ROUTE:
            return NextStep("find_route", N_("They need a route. Choose one and apply."), "application")
        case Stage.REFUSED:
            return NextStep("find_route", N_("They were refused. Find another route, or appeal."), "application")
        case Stage.APPLIED:
            message = N_("A decision is awaited. Record it when it comes.")
            return NextStep("decision", message, "decision")
        case Stage.GRANTED:
            return _before_travel(records)
        case Stage.TRAVELLING:
            message = N_("They are on their way. Record the arrival once they have confirmed it.")
            return NextStep("arrival", message, "arrival")
        case _:
            return _after_travel(reader, records)


def _before_travel(records: Mapping[str, tuple[Shown, ...]]) -> NextStep:
    planned = {
        one.record
        for one in records.get("journey", ())
        if one.fields.get("purpose") == JourneyPurpose.ABROAD and "cancelled" not in one.fields
    }
    if not planned:
        return NextStep("journey", N_("It was granted. Plan the journey."), "journey")
    if not any(one.fields.get("journey") in planned and "outcome" not in one.fields for one in records.get("leg", ())):
        return NextStep("legs", N_("The journey has no leg ahead. Add how they travel."), "leg")
    return NextStep("legs", N_("The journey is planned. Record how each leg went."))


def _after_travel(reader: Reader, records: Mapping[str, tuple[Shown, ...]]) -> NextStep:
    looks = records.get("follow_up", ())
    if not looks:
        return NextStep("follow_up", N_("See how they are doing."), "follow_up")
    latest = looks[-1].fields
    if latest.get("condition") in (Condition.IN_DISTRESS, Condition.IN_DANGER) or "next_look" in latest:
        return NextStep("follow_up", N_("Look again how they are doing."), "follow_up")
    return NextStep("close", N_("They are safe and were looked after. Close the case when you agree."), "closure")


def _has_consent(records: Mapping[str, tuple[Shown, ...]]) -> bool:
    return any("withdrawn" not in one.fields for one in records.get("consent", ()))
