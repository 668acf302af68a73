"""Erasing a folder: hidden at once, destroyed after seven days and a second person's word, brought back until then.

Guarantees: where there are two members, nobody destroys alone; a second person says the code name that the first told
them. Each desk says when it has destroyed its own; backups forget it when they expire (docs/limits.md).
"""

from dataclasses import dataclass
from typing import Final

from waystation.clock import DAY_MS, Millis
from waystation.errors import BadInput, Problem
from waystation.ids import DeskId, FolderId, FolderType, MemberId, RecordId
from waystation.limits import BACKUP_VALID_DAYS, ERASE_AFTER_DAYS
from waystation.office.desk import Desk
from waystation.records import EMPTY, RecordState, apply_change, decode_payload, shown
from waystation.records.labels import N_
from waystation.roles import Action, allowed
from waystation.views.hidden import Hidden, hidden, last_done_ms
from waystation.views.shown import name

__all__ = [
    "BACKUP_VALID_DAYS",
    "ERASE_AFTER_DAYS",
    "Standing",
    "bring_back",
    "confirm",
    "erase",
    "has_others",
    "may_erase",
    "standing",
]

ERASABLE: Final = (FolderType.CASE, FolderType.REQUEST, FolderType.PLACE, FolderType.INCIDENT)

_NOT_HIDDEN: Final = Problem("not_hidden", N_("That is not hidden, or is destroyed already."))
_NOT_THE_SAME: Final = Problem("not_the_same", N_("That is not its code name. Nothing was erased."))


@dataclass(frozen=True, slots=True)
class OfDesk:
    """A desk that has destroyed a folder or still has to, and whose it is; `name` is empty if it is not known here."""

    desk: DeskId
    member: MemberId
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the erasure of a folder is.

    Args:
        needs_second: whether a second member must confirm it first, and has not.
        may_confirm: whether this member is the one who can.
        may_bring_back: whether it can still be brought back, by this member.
        is_destroyed: whether this desk has destroyed it.
        acknowledged, waiting: desks that could read it: those that have destroyed it, and those that still have to.
        backups_until_ms: when no backup holds it any more, if no longer time was chosen for one; while a desk still
            has to destroy it, the earliest that this can be.
    """

    hidden: Hidden
    by: str
    needs_second: bool
    may_confirm: bool
    may_bring_back: bool
    is_destroyed: bool
    acknowledged: tuple[OfDesk, ...]
    waiting: tuple[OfDesk, ...]
    backups_until_ms: Millis

    @property
    def is_everywhere(self) -> bool:
        """Erased at every desk that could ever read it."""
        return self.is_destroyed and not self.waiting


def may_erase(desk: Desk, folder_type: FolderType) -> bool:
    """Whether this member may; only for choosing what a page offers."""
    return folder_type in ERASABLE and allowed(desk.roles, Action.ERASE, folder_type, on_team=True)


def has_others(desk: Desk) -> bool:
    """Whether there is a second member, without whose word nothing is destroyed (spec/book.md B24)."""
    return len(desk.book.roster.members) > 1


def erase(desk: Desk, folder: FolderId, folder_type: FolderType, code_name: str, typed_back: str) -> None:
    """Hides a folder at once; it is destroyed when its time has come.

    Args:
        code_name: the folder's; `typed_back` must be the same, so that no tired hand erases the wrong one.
    Raises: Refused; BadInput, also where there is no such folder.
    """
    desk.require(Action.ERASE, folder_type)
    if not code_name or typed_back.split() != code_name.split():
        raise BadInput({"typed_back": _NOT_THE_SAME})
    desk.hide(folder)


def confirm(desk: Desk, folder: FolderId, typed_back: str) -> None:
    """A second member says that a hidden folder shall be destroyed.

    Args:
        typed_back: its code name, which the colleague who hid it has told them; no page shows it any more.
    Raises: Refused; BadInput, also if it is this member who hid it.
    """
    found = _hidden(desk, folder)
    desk.require(Action.ERASE, found.folder_type)
    if found.by == desk.member:
        raise BadInput({"": Problem("same_member", N_("You hid it. Another member must confirm it at their desk."))})
    if found.confirmed:
        raise BadInput({"": Problem("confirmed", N_("It is confirmed already. Nothing was changed."))})
    if typed_back.split() != _code_name(desk, found).split():
        raise BadInput({"typed_back": _NOT_THE_SAME})
    desk.confirm(folder)


def bring_back(desk: Desk, folder: FolderId) -> None:
    """Brings a hidden folder back, as long as no desk has destroyed it. Raises: Refused; BadInput."""
    found = _hidden(desk, folder)
    desk.require(Action.ERASE, found.folder_type)
    if desk.book.erasure(folder).acknowledged:
        message = N_("Another desk has destroyed it already. It cannot be brought back any more.")
        raise BadInput({"": Problem("destroyed", message)})
    desk.unhide(folder)


def standing(desk: Desk) -> tuple[Standing, ...]:
    """Everything that was hidden and is not erased at every desk, the oldest first; then what is, the newest first."""
    found = [_standing(desk, one) for one in hidden(desk.reader, destroyed=True)]
    under_way = [one for one in found if not one.is_everywhere]
    return (*under_way, *reversed([one for one in found if one.is_everywhere]))


def _standing(desk: Desk, one: Hidden) -> Standing:
    erasure = desk.book.erasure(one.folder)
    # A desk that is alone with its book need not tell anybody, and has destroyed it all the same.
    own = (desk.book.desk,) if one.destroyed else ()
    done = tuple(dict.fromkeys((*erasure.acknowledged, *own)))
    waiting = tuple(which for which in erasure.waiting if which not in done)
    may = may_erase(desk, one.folder_type)
    needs_second = has_others(desk) and not one.confirmed and not one.destroyed
    everywhere = one.destroyed and not waiting
    last = (last_done_ms(desk.reader, one.folder) or one.due_ms) if everywhere else max(one.due_ms, desk.now_ms())
    return Standing(
        one,
        name(desk.reader, "member", one.by),
        needs_second,
        needs_second and may and one.by != desk.member,
        may and not one.destroyed and not erasure.acknowledged,
        one.destroyed,
        _of_desks(desk, done),
        _of_desks(desk, waiting),
        Millis(last + BACKUP_VALID_DAYS * DAY_MS),
    )


def _of_desks(desk: Desk, desks: tuple[DeskId, ...]) -> tuple[OfDesk, ...]:
    members = [(one, desk.book.roster.desks[one].member) for one in desks]
    return tuple(OfDesk(one, member, name(desk.reader, "member", member)) for one, member in members)


def _hidden(desk: Desk, folder: FolderId) -> Hidden:
    found = next((one for one in hidden(desk.reader) if one.folder == folder), None)
    if found is None:
        raise BadInput({"": _NOT_HIDDEN})
    return found


def _code_name(desk: Desk, one: Hidden) -> str:
    """A hidden folder's code name, from the log itself: it is gone from every table."""
    kind = one.folder_type.value
    state: RecordState = EMPTY
    for accepted in desk.book.changes(folder=one.folder):
        for change in decode_payload(accepted.payload):
            if (change.kind, change.record) == (kind, RecordId(one.folder)):
                state = apply_change(state, accepted.ref, change)
    return str(shown(state, desk.registry[kind]).get("code_name", ""))
