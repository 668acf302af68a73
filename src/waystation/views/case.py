"""One case or one request, as its page shows it: facts, people, what happened, what contradicts, what comes next.

Guarantees: masked values are not here; `revealed` gives one only after the asking was saved. The next step follows from
the records and is never stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.clock import Millis
from waystation.errors import Refused
from waystation.ids import DeskId, FolderId, FolderType, RecordId, ValueRef
from waystation.records import STRUCK, Value, decode_state
from waystation.records.choices import PersonRole
from waystation.records.status import Stage
from waystation.records.values import Money
from waystation.views import shown
from waystation.views.dates import Dated, dates, day_of
from waystation.views.next_step import Known, NextStep, steps
from waystation.views.reader import Reader
from waystation.views.shown import Shown

REVEAL_MS: Final = 10 * 60 * 1000
"""How long after the asking a masked field may be shown."""


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
    """A field that two desks changed without seeing each other's value; `danger` says that the gravest one counts."""

    kind: str
    record: RecordId
    field: str
    values: tuple[ConflictValue, ...]
    danger: bool = False


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
class Spent:
    """One expense for a case; `spent` is its day, ISO, `category` the stored choice."""

    record: RecordId
    spent: str
    category: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where some of them are.

    Args:
        code: "arrived", "travelling", "left", "place", "out" (of the place of danger), or "danger".
        record: the arrival, departure, stay or evacuation that says so; None for "travelling" and "danger".
    """

    code: str
    record: Shown | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case or a request.

    Args:
        records: kind → its records, oldest first; the head is apart.
        level, timeframe, deadline, review: of the danger, as it was assessed last; days are ISO.
        check_in_due: UTC ms of the earliest check-in that nobody noted.
        closed: ISO day, if it is closed.
        then: what waits after the next step, the most urgent first.
        dates: what is ahead or overdue, the earliest first.
        whereabouts: where they are, as far as the book knows.
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
    then: tuple[NextStep, ...] = ()
    dates: tuple[Dated, ...] = ()
    whereabouts: tuple[Whereabouts, ...] = ()


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
    known = Known(
        head.fields,
        found,
        Stage(stage),
        level,
        deadline,
        review,
        bool(doubts),
        lambda route: _lead_days(reader, route),
        reader.today(),
        reader.now_ms(),
    )
    step, *then = steps(known)
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
        tuple(then),
        dates(found, known.stage, today=known.today, now_ms=known.now_ms),
        _whereabouts(found, known.stage, known.today),
    )


def conflicts(reader: Reader, folder: FolderId) -> tuple[Conflict, ...]:
    """What waits to be settled in a folder, with every live value and who wrote it when."""
    query = "SELECT kind, id, state FROM record WHERE folder = ? AND conflicts > 0 ORDER BY first, id"
    found: list[Conflict] = []
    for kind, identity, state in reader.rows(query, folder):
        one = shown.record(reader, folder, kind, identity)
        live = decode_state(state)
        for field in _to_settle(one):
            spec = reader.registry[kind].fields.get(field)
            is_masked = spec is None or spec.is_masked or (spec.hidden and field != STRUCK)
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
            found.append(Conflict(kind, RecordId(identity), field, values, spec is not None and spec.danger))
    return tuple(found)


def _to_settle(one: Shown | None) -> tuple[str, ...]:
    if one is None:
        return ()
    return one.conflicts if one.struck is None else tuple(field for field in one.conflicts if field == STRUCK)


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
    """All records of a folder but its head, and but notes and looks, which the timeline tells."""
    return shown.records(reader, folder, [kind for kind in reader.registry if kind not in (head, "reveal", "note")])


def link(reader: Reader, kind: str, folder: Value | None) -> Link | None:
    """A linked folder with its code name; None if there is none here."""
    if not isinstance(folder, bytes):
        return None
    text = shown.name(reader, kind, folder)
    return Link(FolderId(folder), text) if text else None


def spent(reader: Reader, case: FolderId, limit: int = 100) -> tuple[Spent, ...]:
    """What the ledger says was spent on a case, the newest first. Ask it only for those who may look there."""
    query = (
        "SELECT id, spent, category, amount_minor, amount_currency FROM k_expense WHERE for_case = ?"
        " ORDER BY spent DESC, id LIMIT ?"
    )
    return tuple(
        Spent(RecordId(identity), day or "", category, Money(minor, currency))
        for identity, day, category, minor, currency in reader.rows(query, case, limit)
    )


def _lead_days(reader: Reader, route: bytes) -> int | None:
    row = reader.row("SELECT lead_days FROM k_route WHERE id = ?", route)
    days: int | None = row[0] if row else None
    return days


def _whereabouts(records: Mapping[str, tuple[Shown, ...]], stage: Stage, today: str) -> tuple[Whereabouts, ...]:
    """The latest that is known; of stays, each that lasts today."""
    match stage:
        case Stage.CLOSED:
            return ()
        case Stage.ARRIVED:
            return tuple(
                Whereabouts("arrived", one) for one in records["arrival"] if one.fields.get("confirmed") is True
            )
        case Stage.LEFT:
            return (Whereabouts("left", records["own_departure"][-1]),)
        case Stage.TRAVELLING:
            return (Whereabouts("travelling"),)
        case _:
            stays = [one for one in records.get("stay", ()) if _lasts(one, today)]
            if stays:
                return tuple(Whereabouts("place", one) for one in stays)
            out = records.get("evacuation", ())
            return (Whereabouts("out", out[-1]) if out else Whereabouts("danger"),)


def _lasts(stay: Shown, today: str) -> bool:
    return day_of(stay.fields.get("begins")) <= today < (day_of(stay.fields.get("ends")) or "9999")


def _who(reader: Reader, folder: FolderId, ref: ValueRef) -> tuple[str, Millis, str]:
    desk, seq = ref
    query = "SELECT member, at_ms, zone FROM history WHERE folder = ? AND desk = ? AND seq = ?"
    row = reader.row(query, folder, DeskId(desk), seq)
    return (shown.name(reader, "member", row[0]), row[1], row[2]) if row else ("", Millis(0), "UTC")
