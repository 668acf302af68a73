"""Signs of life, noted in one press: they were heard from and are well, and the next check-in is planned.

Guarantees: the next one keeps the rhythm of those before it, by the clock on the wall where the person is, and lies
ahead; where there is no rhythm yet, none is planned unasked.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from waystation.clock import Millis
from waystation.ids import FolderId, RecordId
from waystation.office.casework import RULES, note_check_in
from waystation.office.desk import Desk
from waystation.office.writing import Fields, Known, Writing, refuse
from waystation.records import Moment, Save
from waystation.records.choices import Condition
from waystation.records.labels import N_
from waystation.records.values import zone_is_known

SHORTEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=31)
"""Between these, two check-ins are a rhythm; outside, they only follow each other."""

_SOONEST: Final = 4
"""The next one lies at least this part (a quarter) of the rhythm ahead: who was heard from is not called at once."""


def heard_well(desk: Desk, folder: FolderId, check_in: RecordId) -> Save:
    """They were heard from just now and are well; the next check-in follows by the same rhythm, if there was one.

    Raises: BadInput, if it was noted already; Refused.
    """
    _open(desk, folder, check_in)
    due = next_due(desk, folder, check_in)
    return note_check_in(desk, folder, check_in, {"condition": Condition.WELL}, {"due": due} if due else None)


def plan_next(desk: Desk, folder: FolderId, check_in: RecordId, due: Moment) -> Save:
    """Plans the check-in that follows one that was noted: the same person, channel and agreed words.

    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    known = writing.get(folder, "check_in", check_in)
    if _is_planned(writing, folder, known):
        refuse("", "planned", N_("The next check-in is planned already. Change that one instead."))
    kept: Fields = {name: known[name] for name in ("person", "channel", "agreed_words") if name in known}
    writing.write(writing.entry(folder, "check_in", {**kept, "due": due}), RULES["check_in"])
    return writing.save()


def next_due(desk: Desk, folder: FolderId, check_in: RecordId) -> Moment | None:
    """When the next sign of life is due by the rhythm of the last two; None where there is none, or it is planned.

    Raises: Refused, if there is no such check-in.
    """
    writing = Writing(desk)
    known = writing.get(folder, "check_in", check_in)
    due = known.get("due")
    if not isinstance(due, Moment) or _is_planned(writing, folder, known):
        return None
    before = [
        other
        for one in writing.records(folder, "check_in").values()
        if one.get("person") == known.get("person") and isinstance(other := one.get("due"), Moment)
        if other.ms < due.ms
    ]
    if not before:
        return None
    rhythm = _wall(due) - _wall(max(before, key=lambda moment: moment.ms), due.zone)
    if not SHORTEST <= rhythm <= LONGEST:
        return None
    soonest = desk.now_ms() + int(rhythm.total_seconds() * 1000) // _SOONEST
    wall = _wall(due) + rhythm
    missed = (soonest - _ms(wall, due.zone)) / (rhythm.total_seconds() * 1000)
    wall += max(0, int(missed)) * rhythm
    while _ms(wall, due.zone) < soonest:
        wall += rhythm
    return Moment(Millis(_ms(wall, due.zone)), due.zone)


def is_planned(desk: Desk, folder: FolderId, check_in: RecordId) -> bool:
    """Whether another check-in of the same person lies ahead. Raises: Refused, if there is no such check-in."""
    writing = Writing(desk)
    return _is_planned(writing, folder, writing.get(folder, "check_in", check_in))


def _open(desk: Desk, folder: FolderId, check_in: RecordId) -> None:
    if "done" in Writing(desk).get(folder, "check_in", check_in):
        refuse("", "noted", N_("This check-in was noted already. Nothing was changed."))


def _is_planned(writing: Writing, folder: FolderId, known: Known) -> bool:
    return any(
        "done" not in one and one is not known and one.get("person") == known.get("person") and _later(one, known)
        for one in writing.records(folder, "check_in").values()
    )


def _later(one: Known, other: Known) -> bool:
    first, second = one.get("due"), other.get("due")
    return isinstance(first, Moment) and isinstance(second, Moment) and first.ms > second.ms


def _wall(moment: Moment, zone: str = "") -> datetime:
    """The clock on the wall in a zone, its own if left out."""
    at = moment.local()
    there = zone or moment.zone
    return (at.astimezone(ZoneInfo(there)) if zone_is_known(there) else at).replace(tzinfo=None)


def _ms(wall: datetime, zone: str) -> int:
    there = ZoneInfo(zone) if zone_is_known(zone) else ZoneInfo("UTC")
    return int(wall.replace(tzinfo=there).timestamp()) * 1000


def in_days(desk: Desk, folder: FolderId, check_in: RecordId, days: int) -> Moment:
    """So many days from today, at the hour of a check-in, by the clock on the wall where it was due.

    Raises: Refused, if there is no such check-in.
    """
    due = Writing(desk).get(folder, "check_in", check_in).get("due")
    if not isinstance(due, Moment):
        due = Moment(Millis(desk.now_ms()), desk.zone())
    today = _wall(Moment(Millis(desk.now_ms()), due.zone)).date()
    wall = datetime.combine(today + timedelta(days=days), _wall(due).time())
    return Moment(Millis(_ms(wall, due.zone)), due.zone)
