"""Facts that contradict one another without sharing a field: each right where it was written, together not.

Guarantees: everything here follows from the tables each time and is stored nowhere; whether two who wrote had seen each
other is read from what their signed entries say they had seen (spec/book.md B2), never from clocks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Any, Final, NamedTuple

import msgspec

from waystation.clock import Millis
from waystation.ids import UNSENT, DeskId, FolderId, FolderType, MemberId, RecordId
from waystation.records import Day, Many
from waystation.views import places, shown
from waystation.views.places import Night, PlaceRow
from waystation.views.reader import Reader
from waystation.views.shown import Shown

NIGHTS: Final = 60
"""So far ahead it is looked whether more people come than there are beds."""

CLOSED_DAYS: Final = 60
"""So long after a case was closed the list of all contradictions looks whether somebody went on with it unawares."""

_FOREVER: Final = "9999-12-31"
_LOOK: Final = "reveal"
_DESKS: Final = "SELECT count(*) FROM (SELECT 1 FROM head LIMIT 2)"
_WRITTEN: Final = (
    "SELECT h.position, h.desk, h.seq, h.member, h.at_ms, h.zone FROM record r JOIN history h ON h.position = r.last"
    " WHERE r.folder = ? AND r.kind = ? AND r.id = ?"
)
_HAD_SEEN: Final = "SELECT substr(header, 97, 8) FROM entry WHERE position = ?"
_UNSENT_HAD_SEEN: Final = "SELECT substr(header, 97, 8) FROM unsent WHERE seq = ?"
_BORN: Final = (
    "SELECT h.what FROM record r JOIN history h ON h.position = r.last"
    " WHERE r.folder = ? AND r.kind = ? AND r.id = ? AND r.first = r.last"
)
_THERE: Final = "SELECT folder, record, begins, ends FROM night WHERE place = ? AND ends > ? AND begins <= ?"
_CROWDED: Final = (
    "SELECT k.folder FROM (SELECT place, sum(people) AS people FROM night WHERE ends > ? GROUP BY place) n"
    " CROSS JOIN k_place k WHERE k.folder = n.place AND n.people > k.beds ORDER BY k.code_name"
)
_AT_TWO_PLACES: Final = (
    "SELECT DISTINCT a.folder FROM night a CROSS JOIN night b WHERE a.ends > ?1 AND b.folder = a.folder"
    " AND b.record <> a.record AND b.ends > ?1 AND a.begins < b.ends AND b.begins < a.ends"
)
_FILED_TWICE: Final = (
    "SELECT DISTINCT folder FROM (SELECT t.folder FROM case_now c CROSS JOIN tried t"
    " WHERE t.folder = c.folder AND c.closed IS NULL AND c.pending > 0 AND t.outcome = ''"
    " GROUP BY t.folder, t.route HAVING count(*) > 1)"
)
_CLOSED: Final = "SELECT folder FROM k_closure WHERE reopened IS NULL AND closed >= ?"
_CLOSURES: Final = "SELECT id FROM k_closure WHERE folder = ? AND reopened IS NULL"
_AROUND: Final = (
    "SELECT position, desk, seq, member, at_ms, zone, what FROM history"
    " WHERE folder = ? AND position > ? AND desk <> ? ORDER BY position"
)
_ASKED_ONCE: Final = "SELECT request FROM k_case WHERE request IS NOT NULL GROUP BY request HAVING count(*) > 1"
_CASES_OF: Final = (
    "SELECT k.folder FROM k_case k JOIN case_now c ON c.folder = k.folder WHERE k.request = ? AND c.closed IS NULL"
)

_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])


class Written(NamedTuple):
    """The newest writing of a record: where it stands in the log, who wrote it at which desk, and when."""

    position: int
    desk: DeskId
    seq: int
    member: MemberId
    at_ms: Millis
    zone: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the facts that do not fit together.

    Args:
        code_name: of the case, request or place in which it stands.
        shown: the record; None for what was written meanwhile, which may be several.
        who: name at work of who wrote it; empty if it is not known here.
        kinds: what was written, where there is no one record.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    shown: Shown | None
    who: str
    written: Written
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Facts that do not fit together.

    Args:
        what: beds, two_places, filed_twice, after_closing or two_cases.
        folder: the place, the case or the request that it is about.
        nights: those on which there are too many, for `beds`.
    """

    what: str
    folder: FolderId
    folder_type: FolderType
    code_name: str
    sides: tuple[Side, ...]
    nights: tuple[Night, ...] = ()


def everywhere(reader: Reader) -> tuple[Contradiction, ...]:
    """All that does not fit together, what is about a bed or a place to hide first. Nothing at a book of one desk."""
    if not _has_several_desks(reader):
        return ()
    today = reader.today()
    since = (date.fromisoformat(today) - timedelta(days=CLOSED_DAYS)).isoformat()
    found: list[Contradiction] = []
    for (place,) in reader.rows(_CROWDED, today):
        found += of_place(reader, place)
    for (folder,) in reader.rows(_AT_TWO_PLACES, today):
        found += _two_places(reader, folder)
    for (request,) in reader.rows(_ASKED_ONCE):
        found += _two_cases(reader, request)
    for (folder,) in reader.rows(_FILED_TWICE):
        found += _filed_twice(reader, folder)
    for folder in dict.fromkeys(folder for (folder,) in reader.rows(_CLOSED, since)):
        found += _after_closing(reader, folder)
    return tuple(found)


def of_place(reader: Reader, place: FolderId) -> tuple[Contradiction, ...]:
    """More people than beds, because the beds were given at two desks that did not know of each other."""
    row = places.place(reader, place, nights=NIGHTS)
    return tuple(_beds(reader, row)) if row else ()


def of_request(reader: Reader, request: FolderId) -> tuple[Contradiction, ...]:
    """Several open cases that were opened from one request."""
    return tuple(_two_cases(reader, request))


def of_case(reader: Reader, case: FolderId) -> tuple[Contradiction, ...]:
    """Everything that does not fit together in a case, or between it and others."""
    if not _has_several_desks(reader):
        return ()
    found = [*_two_places(reader, case), *_filed_twice(reader, case), *_after_closing(reader, case)]
    head = shown.record(reader, case, "case", case)
    request = head.fields.get("request") if head else None
    if isinstance(request, bytes):
        found += _two_cases(reader, FolderId(request))
    for (place,) in reader.rows("SELECT DISTINCT place FROM night WHERE folder = ? AND ends > ?", case, reader.today()):
        beds = of_place(reader, place)
        found += [one for one in beds if any(side.folder == case for side in one.sides)]
    return tuple(found)


# ── Who had seen what ──


def written(reader: Reader, folder: FolderId, kind: str, record: bytes) -> Written | None:
    """The newest writing of a record, or None if there is no such record."""
    row = reader.row(_WRITTEN, folder, kind, record)
    return Written(*row) if row else None


def apart(reader: Reader, one: Written, other: Written) -> bool:
    """Whether two desks wrote without having seen each other's entry. A desk has always seen its own."""
    earlier, later = sorted((one, other))
    return earlier.desk != later.desk and _had_seen(reader, later) < earlier.position


def _had_seen(reader: Reader, entry: Written) -> int:
    """Position up to which the author of an entry had seen the log."""
    is_unsent = entry.position >= UNSENT
    row = reader.row(_UNSENT_HAD_SEEN, entry.seq) if is_unsent else reader.row(_HAD_SEEN, entry.position)
    return int.from_bytes(row[0], "big") if row else entry.position


def _has_several_desks(reader: Reader) -> bool:
    """At a book that one desk alone wrote, nobody writes unawares."""
    ((desks,),) = reader.rows(_DESKS)
    return bool(desks > 1)


# ── Each contradiction ──


def _beds(reader: Reader, row: PlaceRow) -> Iterator[Contradiction]:
    over = tuple(night for night in row.nights if night.over)
    if not over:
        return
    first, last = over[0].day, over[-1].day
    there = [
        (FolderId(case), RecordId(stay))
        for case, stay, begins, ends in reader.rows(_THERE, row.folder, first, last)
        if any(begins <= night.day < ends for night in over)
    ]
    known = [
        (stay, entry, _was_unasked(reader, case, stay))
        for case, stay in there
        if (entry := written(reader, case, "stay", stay))
    ]
    counted = written(reader, row.folder, "place", row.folder)
    unaware = {
        stay
        for pair in combinations(sorted(known, key=lambda one: one[1]), 2)
        if _gave_unaware(reader, pair[0][1], pair[1][1], counted, unasked=pair[1][2])
        for stay, *_ in pair
    }
    sides = _sides(reader, FolderType.CASE, "stay", [(case, stay) for case, stay in there if stay in unaware])
    if len(sides) > 1:
        yield Contradiction("beds", row.folder, FolderType.PLACE, row.code_name, sides, over)


def _gave_unaware(reader: Reader, earlier: Written, later: Written, counted: Written | None, *, unasked: bool) -> bool:
    """Whether the later of two stays was written without knowing of the earlier.

    What an entry had seen does not tell that alone: an unsent one that is made again (spec/sync.md S4) claims to have
    seen what came in between. So a stay that began at a full place, and nobody was asked why, counts too.
    """
    full_by_then = counted is None or counted.position < later.position
    return apart(reader, earlier, later) or (earlier.desk != later.desk and unasked and full_by_then)


def _was_unasked(reader: Reader, case: FolderId, stay: RecordId) -> bool:
    """Whether a stay stands as it began, without the note that whoever fills a full place is asked for."""
    row = reader.row(_BORN, case, "stay", stay)
    return row is not None and "note" not in _kinds(row[0])


def _two_places(reader: Reader, case: FolderId) -> Iterator[Contradiction]:
    today = reader.today()
    stays = [one for one in shown.records(reader, case, ("stay",)).get("stay", ()) if _until(one) > today]
    clashing = {
        one.record: one for pair in combinations(stays, 2) if _overlap(*pair) and _share_people(*pair) for one in pair
    }
    yield from _in_case(reader, "two_places", case, clashing)


def _filed_twice(reader: Reader, case: FolderId) -> Iterator[Contradiction]:
    records = shown.records(reader, case, ("application", "decision"))
    decided = {one.fields.get("application") for one in records.get("decision", ())}
    waiting = [one for one in records.get("application", ()) if one.record not in decided]
    clashing = {
        one.record: one
        for pair in combinations(waiting, 2)
        if pair[0].fields.get("route") == pair[1].fields.get("route") and _share_people(*pair)
        for one in pair
    }
    yield from _in_case(reader, "filed_twice", case, clashing)


def _in_case(reader: Reader, what: str, case: FolderId, records: Mapping[RecordId, Shown]) -> Iterator[Contradiction]:
    if not records:
        return
    kind = next(iter(records.values())).kind
    sides = _sides(reader, FolderType.CASE, kind, [(case, record) for record in records])
    yield Contradiction(what, case, FolderType.CASE, _name(reader, FolderType.CASE, case), sides)


def _after_closing(reader: Reader, case: FolderId) -> Iterator[Contradiction]:
    """A case that was closed at one desk while another went on with it: neither had seen the other."""
    for (record,) in reader.rows(_CLOSURES, case):
        closing = written(reader, case, "closure", record)
        if closing is None:
            continue
        meanwhile = [
            (entry, kinds)
            for *values, what in reader.rows(_AROUND, case, _had_seen(reader, closing), closing.desk)
            if (kinds := _kinds(what)) and apart(reader, closing, entry := Written(*values))
        ]
        if meanwhile:
            name = _name(reader, FolderType.CASE, case)
            closed = _sides(reader, FolderType.CASE, "closure", [(case, RecordId(record))])
            gone_on = tuple(
                Side(case, FolderType.CASE, name, None, _who(reader, entry), entry, kinds) for entry, kinds in meanwhile
            )
            yield Contradiction("after_closing", case, FolderType.CASE, name, (*closed, *gone_on))


def _two_cases(reader: Reader, request: FolderId) -> Iterator[Contradiction]:
    cases = [FolderId(case) for (case,) in reader.rows(_CASES_OF, request)]
    if len(cases) > 1:
        sides = _sides(reader, FolderType.CASE, "case", [(case, RecordId(case)) for case in cases])
        name = _name(reader, FolderType.REQUEST, request)
        yield Contradiction("two_cases", FolderId(request), FolderType.REQUEST, name, sides)


# ── Small parts ──


def _sides(
    reader: Reader, folder_type: FolderType, kind: str, records: Iterable[tuple[FolderId, RecordId]]
) -> tuple[Side, ...]:
    """The records as sides, in the order in which the log has their newest writing."""
    found = []
    for folder, record in records:
        entry, one = written(reader, folder, kind, record), shown.record(reader, folder, kind, record)
        if entry is not None and one is not None:
            name = _name(reader, folder_type, folder)
            found.append(Side(folder, folder_type, name, one, _who(reader, entry), entry))
    return tuple(sorted(found, key=lambda side: side.written))


def _name(reader: Reader, folder_type: FolderType, folder: FolderId) -> str:
    return shown.name(reader, folder_type.value, folder)


def _who(reader: Reader, entry: Written) -> str:
    return shown.name(reader, "member", entry.member)


def _kinds(what: bytes) -> tuple[str, ...]:
    """Kinds that an entry wrote, but for looks and for another closing, which contradicts nothing."""
    kinds: Sequence[str] = [kind for kind, _, _ in _what.decode(what)]
    return tuple(dict.fromkeys(kind for kind in kinds if kind not in (_LOOK, "closure")))


def _until(stay: Shown) -> str:
    ends = stay.fields.get("ends")
    return (ends.latest or ends.sort_key) if isinstance(ends, Day) else _FOREVER


def _overlap(one: Shown, other: Shown) -> bool:
    return _from(one) < _until(other) and _from(other) < _until(one)


def _from(stay: Shown) -> str:
    begins = stay.fields.get("begins")
    return begins.sort_key if isinstance(begins, Day) else ""


def _share_people(one: Shown, other: Shown) -> bool:
    """Whether both are about somebody; a record that names nobody is about everyone in the case."""
    ours, theirs = (_people(record.fields.get("people")) for record in (one, other))
    return not ours or not theirs or bool(ours & theirs)


def _people(value: Any) -> frozenset[bytes]:
    return frozenset(i for i in value if isinstance(i, bytes)) if isinstance(value, Many) else frozenset()
