"""One act on several cases or requests: one save, so that it goes back in one step as well.

Guarantees: each of them is written under the same rules as alone; all are written, or none. What needs a reason of its
own, as an end does, is never done to several at once.
"""

from collections.abc import Callable, Sequence

from waystation.errors import BadInput
from waystation.ids import FolderId, FolderType
from waystation.limits import TOGETHER_MAX
from waystation.office import casework, intake
from waystation.office.desk import Desk
from waystation.office.writing import Fields, refuse
from waystation.records import Save, Write
from waystation.records.labels import N_
from waystation.roles import Action, allowed


def assign(desk: Desk, cases: Sequence[FolderId], caseworker: bytes | None) -> Save:
    """Gives cases to a caseworker; those who have that one already are left as they are.

    Raises: BadInput, if nobody is named or nothing changes; Refused.
    """
    if caseworker is None:
        refuse("caseworker", "required", N_("Choose who shall work on them."))
    return _each(cases, lambda case: casework.amend(desk, case, "case", case, {"caseworker": caseworker}))


def set_tasks(desk: Desk, folders: Sequence[FolderId], fields: Fields) -> Save:
    """Sets the same task in each of several cases or requests. Raises: BadInput, Refused."""
    return _each(folders, lambda folder: casework.add(desk, folder, "task", fields))


def take_on(desk: Desk, requests: Sequence[FolderId]) -> Save:
    """This member takes several requests on. Raises: BadInput, Refused."""
    return _each(requests, lambda request: intake.take_on(desk, request))


def may_assign(desk: Desk) -> bool:
    """Whether this member gives cases to caseworkers; only for choosing what a page offers."""
    return allowed(desk.roles, Action.ASSIGN, FolderType.CASE, on_team=True)


def may_set_tasks(desk: Desk, folder_type: FolderType) -> bool:
    """Whether this member sets tasks there; only for choosing what a page offers."""
    return "task" in casework.addable(desk, folder_type)


def _each(folders: Sequence[FolderId], decide: Callable[[FolderId], Save]) -> Save:
    """One save of one over each folder; those in which nothing would change are left out."""
    if not folders:
        refuse("", "none_chosen", N_("Choose at least one row of the list first."))
    if len(folders) > TOGETHER_MAX:
        refuse("", "too_many", N_("At most %(most)s can be done together. Choose fewer."), most=TOGETHER_MAX)
    writes: list[Write] = []
    for folder in dict.fromkeys(folders):
        try:
            writes += decide(folder).writes
        except BadInput as bad:
            if {problem.code for problem in bad.problems.values()} != {"nothing"}:
                raise
    if not writes:
        refuse("", "nothing", N_("All of them are like that already. Nothing was changed."))
    return Save(tuple(writes))
