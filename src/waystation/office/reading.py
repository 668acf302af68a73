"""Whether this member may look at all: asked by every page before it reads.

Which single case or place somebody reads is decided by who holds its key, not here (`roles`).
"""

from waystation.ids import FolderType
from waystation.office.desk import Desk
from waystation.roles import Action, allowed


def look(desk: Desk, folder_type: FolderType) -> None:
    """Returns only if this member may look into folders of that type. Raises: Refused."""
    desk.require(Action.READ, folder_type, on_team=True)


def may_look(desk: Desk, folder_type: FolderType) -> bool:
    """Whether `look` would return; only for choosing what a page offers."""
    return allowed(desk.roles, Action.READ, folder_type, on_team=True)


def may_open(desk: Desk, folder_type: FolderType) -> bool:
    """Whether this member may begin a folder of that type; only for choosing what a page offers."""
    return allowed(desk.roles, Action.OPEN, folder_type, on_team=True)
