"""What was set aside: entries of the log that were not applied, for coordinators to look at, adopt, or leave.

Guarantees: nothing that was set aside is shown anywhere else or acts on anything; adopting writes it anew under this
member's own name, and the old entry stays where it is (spec/book.md B20, B34).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.book import Aside
from waystation.clock import Millis
from waystation.errors import WireError
from waystation.ids import FolderId, FolderType
from waystation.office.desk import Desk
from waystation.records import Value, decode_payload
from waystation.records.labels import N_
from waystation.roles import Action, allowed
from waystation.views import shown
from waystation.views.organisation import code_name, folder_type
from waystation.wire import Decoder, encode

_LEFT: Final = "aside_left"
_decode: Final = Decoder(tuple[int, tuple[int, ...]])

WHY: Final[Mapping[str, str]] = {
    "B29": N_("The key of that desk was used in two places. Only what came first counts; the rest waits here."),
    "B20: the author is not": N_("It was written at a desk that had been removed."),
    "B20: its author could": N_("It was written by somebody who did not read that folder."),
    "B20: it was written": N_("It was written after they had been taken off, with the old key."),
    "B20": N_("It names nothing that the book knows."),
    "B11": N_("It opens a key where another was opened before it, or for what its author could not read."),
    "B17": N_("It changes who belongs to the organisation, and was signed by nobody who may do that."),
    "B15": N_("It changes who belongs to the organisation, after somebody else had changed that first."),
    "B16": N_("It changes who belongs to the organisation in a way that did not fit any more."),
    "B22": N_("It hides, confirms or brings back what was not to be hidden, confirmed or brought back any more."),
    "B23": N_("It hides what its author could not read, or what cannot be hidden."),
    "B30": N_("It says where the book goes on after a fork, and does not fit there."),
}
"""How a reason of the book begins → the reason in plain words; the longest beginning counts."""

OTHER: Final = N_("It does not keep a rule of the book.")


@dataclass(frozen=True, slots=True)
class SetAside:
    """One entry that was not applied.

    Args:
        at_ms: when its author says that they wrote it, UTC ms; None where this desk cannot read it.
        who: name at work; empty for somebody who is not known here.
        why: gettext id.
        where: code name of the folder; empty for the office, the ledger, and where it is not known here.
        writes: kind and field → value of what it would write, for this desk to judge; empty where it cannot read it.
        may_adopt: whether it is a change that this desk can read and nobody has adopted.
        adopted: whether somebody has. left: whether this desk was told to leave it.
    """

    position: int
    at_ms: Millis | None
    who: str
    why: str
    folder: FolderId | None
    folder_type: FolderType | None
    where: str
    writes: tuple[tuple[str, Mapping[str, Value | None]], ...]
    may_adopt: bool
    adopted: bool
    left: bool


def set_aside(desk: Desk) -> tuple[SetAside, ...]:
    """Everything that was set aside, the newest first; mere repetitions are no loss and left out. Raises: Refused."""
    desk.require(Action.DECIDE, FolderType.ORGANISATION)
    left = _left(desk)
    return tuple(_told(desk, one, left) for one in reversed(desk.book.aside()))


def may_decide(desk: Desk) -> bool:
    """Whether this member adopts or leaves; only for choosing what a page offers."""
    return allowed(desk.roles, Action.DECIDE, FolderType.ORGANISATION)


def waiting(desk: Desk) -> int:
    """How many of them nobody has adopted or left; 0 for whoever does not decide about them."""
    if not may_decide(desk):
        return 0
    left = _left(desk)
    return sum(one.adopted_by is None and one.position not in left for one in desk.book.aside())


def adopt(desk: Desk, position: int) -> None:
    """Writes what was set aside anew, in this member's own name. Raises: Refused, BookError."""
    desk.require(Action.DECIDE, FolderType.ORGANISATION)
    desk.adopt(position)


def leave(desk: Desk, position: int) -> None:
    """Leaves it aside: it stays here to be looked at, and is not counted as new. Raises: Refused."""
    desk.require(Action.DECIDE, FolderType.ORGANISATION)
    known = {one.position for one in desk.book.aside()}
    with desk.gate, desk.book.transaction():
        left = (_left(desk) | {position}) & known
        desk.book.store.set_meta(_LEFT, encode((1, tuple(sorted(left)))))


def in_words(why: str) -> str:
    """A reason of the book in plain words, as a gettext id."""
    begins = max((one for one in WHY if why.startswith(one)), key=len, default="")
    return WHY.get(begins, OTHER)


def _left(desk: Desk) -> set[int]:
    kept = desk.book.store.meta(_LEFT)
    try:
        return set(_decode(kept)[1]) if isinstance(kept, bytes) else set()
    except WireError:
        return set()


def _told(desk: Desk, one: Aside, left: set[int]) -> SetAside:
    change = desk.book.change_aside(one.position) if one.readable else None
    writes: tuple[tuple[str, Mapping[str, Value | None]], ...] = ()
    if change is not None:
        try:
            writes = tuple((each.kind, each.fields) for each in decode_payload(change.payload))
        except WireError:
            writes = ()
    return SetAside(
        one.position,
        Millis(change.stamp.at_ms) if change is not None else None,
        shown.name(desk.reader, "member", one.member) if one.member is not None else "",
        in_words(one.why),
        one.folder,
        folder_type(desk.reader, one.folder) if one.folder is not None else None,
        code_name(desk.reader, one.folder) if one.folder is not None else "",
        writes,
        change is not None and one.adopted_by is None,
        one.adopted_by is not None,
        one.position in left,
    )
