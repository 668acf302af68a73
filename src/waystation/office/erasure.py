"""Erasing a folder: hidden at once, destroyed after seven days, and until then brought back by one click.

What is destroyed is gone here for good: keys, bodies, files. Backups forget it when they expire (docs/limits.md).
"""

from typing import Final

from waystation.errors import BadInput, Problem
from waystation.ids import FolderId, FolderType
from waystation.limits import ERASE_AFTER_DAYS
from waystation.office.desk import Desk
from waystation.records.labels import N_
from waystation.roles import Action, allowed
from waystation.views.hidden import hidden

__all__ = ["ERASE_AFTER_DAYS", "bring_back", "erase", "may_erase"]

ERASABLE: Final = (FolderType.CASE, FolderType.REQUEST, FolderType.PLACE, FolderType.INCIDENT)


def may_erase(desk: Desk, folder_type: FolderType) -> bool:
    """Whether this member may; only for choosing what a page offers."""
    return folder_type in ERASABLE and allowed(desk.roles, Action.ERASE, folder_type, on_team=True)


def erase(desk: Desk, folder: FolderId, folder_type: FolderType, code_name: str, typed_back: str) -> None:
    """Hides a folder at once; it is destroyed when its time has come.

    Args:
        code_name: the folder's; `typed_back` must be the same, so that no tired hand erases the wrong one.
    Raises: Refused; BadInput, also where there is no such folder.
    """
    desk.require(Action.ERASE, folder_type)
    if not code_name or typed_back.split() != code_name.split():
        raise BadInput({"typed_back": Problem("not_the_same", N_("That is not its code name. Nothing was erased."))})
    desk.hide(folder)


def bring_back(desk: Desk, folder: FolderId) -> None:
    """Brings a hidden folder back, as long as it is not destroyed. Raises: Refused; BadInput."""
    found = next((one for one in hidden(desk.reader) if one.folder == folder), None)
    if found is None:
        raise BadInput({"": Problem("not_hidden", N_("That is not hidden, or is destroyed already."))})
    desk.require(Action.ERASE, found.folder_type)
    desk.unhide(folder)
