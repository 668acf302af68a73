"""Settling what two desks did without knowing of each other: a closing, a bed, a request that became two cases.

Guarantees: nothing is torn out; whoever says "it is right so" writes that down, as a fact that was stated again by
someone who had both before them; a case that is given up is struck out whole and can be brought back whole.
"""

from waystation.errors import BadInput, Problem
from waystation.ids import DeskId, FolderId, FolderType, RecordId
from waystation.office.desk import Desk
from waystation.office.writing import Writing, refuse
from waystation.records import STRUCK, Save, Write, seen
from waystation.records.labels import N_
from waystation.roles import Action
from waystation.views.contradictions import Contradiction, Side, of_case, of_place, of_request

_SAYS: dict[str, str] = {"stay": "place", "closure": "reason"}
"""Kind → the field that is stated again where a fact is found to be right."""

_SETTLED = N_("This fits together by now. Nothing was changed.")


def stays_closed(desk: Desk, case: FolderId) -> Save:
    """Says that a case stays closed, though somebody went on with it unawares. Raises: BadInput, Refused."""
    return _right(desk, of_case(desk.reader, case), "after_closing", Action.CLOSE)


def beds_are_right(desk: Desk, place: FolderId) -> Save:
    """Says that everybody who was sent to a place comes, though there are fewer beds. Raises: BadInput, Refused."""
    return _right(desk, of_place(desk.reader, place), "beds", Action.WRITE)


def go_on_with(desk: Desk, request: FolderId, kept: FolderId, *, carried: bool = False) -> Save:
    """Of several cases that were opened from one request one goes on; the others are struck out, to be brought back.

    Args:
        kept: the one that goes on.
        carried: whether the member says that what stood only in the others has been written into this one.
    Raises: BadInput, if more was written into the others and nobody says so; Refused.
    """
    writing = Writing(desk)
    writing.require(Action.DECIDE, request)
    cases = [side.folder for one in of_request(desk.reader, request) for side in one.sides]
    if kept not in cases:
        raise BadInput({"": Problem("settled", _SETTLED)})
    others = [case for case in cases if case != kept]
    for case in (kept, *others):
        writing.require(Action.CLOSE, case)
    if not carried and any(written_since(desk, case) for case in others):
        message = N_("More was written there than was opened with. Write it over first, then say that you did.")
        refuse("carried", "not_carried", message)
    entry = writing.change(request, "request", request, {"accepted_as": kept})
    writing.put(entry)
    save = writing.save()
    now = writing.now()
    struck = tuple(
        Write(case, FolderType.CASE, "case", RecordId(case), {STRUCK: now}, _shows(desk, case)) for case in others
    )
    return Save((*save.writes, *struck))


def written_since(desk: Desk, folder: FolderId) -> int:
    """How many saves wrote into a folder after it was opened; looks at what is masked do not count."""
    query = (
        "SELECT count(DISTINCT save) FROM history WHERE folder = ?1 AND instr(what, CAST('reveal' AS BLOB)) = 0"
        " AND save <> (SELECT save FROM history WHERE folder = ?1 ORDER BY position LIMIT 1)"
    )
    ((count,),) = desk.reader.rows(query, folder)
    return int(count)


def desk_number(desk: Desk, which: DeskId) -> int:
    """Which of its member's desks this is, from 1, in the order of their admission; 0 where they have no other."""
    roster = desk.book.roster
    known = roster.desks.get(which)
    own = [one for one, entry in roster.desks.items() if known is not None and entry.member == known.member]
    return own.index(which) + 1 if len(own) > 1 else 0


def _right(desk: Desk, found: tuple[Contradiction, ...], what: str, action: Action) -> Save:
    sides = [side for one in found if one.what == what for side in one.sides if side.shown is not None]
    if not sides:
        raise BadInput({"": Problem("settled", _SETTLED)})
    writing = Writing(desk)
    for side in sides:
        writing.require(action, side.folder)
        _say_again(writing, side)
    return writing.save()


def _say_again(writing: Writing, side: Side) -> None:
    """Writes a record's own value once more, so that its newest writing has seen what stands beside it."""
    if side.shown is None:
        return
    field = _SAYS[side.shown.kind]
    value = side.shown.fields.get(field)
    writing.put(writing.change(side.folder, side.shown.kind, side.shown.record, {field: value}))


def _shows(desk: Desk, case: FolderId) -> dict[str, tuple[tuple[DeskId, int], ...]]:
    return dict(seen(desk.state(case, "case", RecordId(case)), (STRUCK,)))
