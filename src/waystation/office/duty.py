"""Duty: who answers when something happens at night, planned ahead and handed over in one step.

Guarantees: a shift ends after it begins, is borne by somebody who works here, and nobody has two at once. That two
people share a night, or that nobody has one, is told and never refused: who is there decides.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderType, RecordId
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Fields, Known, Rule, Writing, refuse
from waystation.records import Moment, Save
from waystation.records.labels import N_
from waystation.views import duty as views
from waystation.views.duty import Shift

LONGEST_DAYS: Final = 31
"""Nobody answers for longer in one stretch; a longer one is a slip of the pen."""


def plan(desk: Desk, member: bytes, begins: Moment, ends: Moment, remarks: str = "") -> Save:
    """Puts a member on duty.

    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    _put(writing, member, begins, ends, remarks)
    return writing.save()


def plan_nights(desk: Desk, member: bytes, days: Sequence[str]) -> Save:
    """Puts a member on duty for some nights, as one save.

    Of a night that somebody has in part, they take the hours that are left; every other one is theirs whole.

    Args:
        days: on which the nights begin, ISO.
    Raises: BadInput, if no night is given or one is over; Refused.
    """
    writing = Writing(desk)
    if not days:
        refuse("night", "required", N_("Choose at least one night."))
    now = desk.now_ms()
    for day in sorted(set(days)):
        (night,) = views.nights(desk.reader, desk.zone(), day, 1)
        if night.ends_ms <= now:
            refuse("night", "over", N_("This night is over. Choose one that is to come."))
        left = [(max(first, now), last) for first, last in night.gaps if last > now]
        for first, last in left or [(max(night.begins_ms, now), night.ends_ms)]:
            _put(writing, member, _moment(desk, first), _moment(desk, last))
    return writing.save()


def hand_over(desk: Desk, member: bytes, duty: RecordId | None = None) -> Save:
    """Hands duty over to another member, from now until it would have ended.

    Args:
        duty: whose record it is; the shift of this moment if left out. One that has not begun goes over whole. Where
            nobody is on duty, the other member is, from now until the next shift or the next morning.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    shift = _shift(desk, duty)
    now = Millis(desk.now_ms())
    if shift is None:
        tonight = views.tonight(desk.reader, desk.zone())
        until = min(tonight.night.ends_ms, tonight.next.begins_ms) if tonight.next else tonight.night.ends_ms
        _put(writing, member, Moment(now, desk.zone()), _moment(desk, until))
        return writing.save()
    if shift.member == member:
        refuse("member", "same", N_("They are on duty already. Choose whom to hand it over to."))
    office = desk.folder(FolderType.OFFICE)
    if shift.begins_ms >= now:
        writing.write(writing.change(office, "duty", shift.record, {"member": member}), RULES["duty"])
        return writing.save()
    ended = {"ends": Moment(now, desk.zone())}
    writing.write(writing.change(office, "duty", shift.record, ended), RULES["duty"])
    _put(writing, member, Moment(now, desk.zone()), Moment(shift.ends_ms, shift.zone), shift.remarks)
    return writing.save()


def _put(writing: Writing, member: bytes, begins: Moment, ends: Moment, remarks: str = "") -> None:
    office = writing.desk.folder(FolderType.OFFICE)
    fields: Fields = {"member": member, "begins": begins, "ends": ends, "remarks": remarks.strip() or None}
    writing.write(writing.entry(office, "duty", fields), RULES["duty"])


def _shift(desk: Desk, duty: RecordId | None) -> Shift | None:
    """The shift that is handed over: the one named, else this member's own at this moment, else the one that runs."""
    now = desk.now_ms()
    found = views.between(desk.reader, now, now + LONGEST_DAYS * DAY_MS)
    if duty is not None:
        named = next((one for one in found if one.record == duty), None)
        if named is None:
            refuse("", "over", N_("This duty is over, or was changed meanwhile. Look at the list again."))
        return named
    running = [one for one in found if one.begins_ms <= now]
    return next((one for one in running if one.member == desk.member), running[0] if running else None)


def _moment(desk: Desk, at_ms: int) -> Moment:
    return Moment(Millis(at_ms), desk.zone())


def _duty(writing: Writing, entry: Entry) -> None:
    begins, ends = entry.get("begins"), entry.get("ends")
    if not isinstance(begins, Moment) or not isinstance(ends, Moment):
        return
    if ends.ms <= begins.ms:
        refuse("ends", "before", N_("This is before “%(first)s”. One of the two is wrong."), first=N_("Begins"))
    if ends.ms - begins.ms > LONGEST_DAYS * DAY_MS:
        message = N_("This duty would last for more than %(days)s days. Check the day on which it ends.")
        refuse("ends", "too_long", message, days=LONGEST_DAYS)
    member = entry.link("member")
    if member is not None and "departed" in (writing.find(entry.folder, "member", member) or {}):
        refuse("member", "departed", N_("They have left the organisation. Choose somebody who works here."))
    for one in views.between(writing.desk.reader, begins.ms, ends.ms):
        known = writing.find(entry.folder, "duty", one.record)
        if one.record == entry.record or known is None or known.get("member") != member:
            continue
        if _overlaps(known, begins, ends):
            refuse("begins", "twice", N_("They are on duty at that time already. Change that duty instead."))


def _overlaps(known: Known, begins: Moment, ends: Moment) -> bool:
    """Whether a shift, as it will stand after this save, touches a stretch of time."""
    first, last = known.get("begins"), known.get("ends")
    return isinstance(first, Moment) and isinstance(last, Moment) and first.ms < ends.ms and last.ms > begins.ms


RULES: Final[Mapping[str, Rule]] = {"duty": Rule(order=(("begins", "ends"),), check=_duty)}
