"""What each role may do, in one table. A check that must not be ignored raises.

Roles decide what may be *tried*; what can be *read* is decided by who holds a folder's key, and no
role opens a folder (DESIGN.md, promise 3). `require` is asked by every office function before it
looks at anything; `allowed` only chooses what a page offers.

The table is read like this: a pair of action and folder type names the roles that may do it. "team"
beside a role means: only as a member of that folder's team. Whatever is not in the table is
refused.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from waystation.errors import Refused
from waystation.ids import FolderType
from waystation.records.choices import Role


class Action(StrEnum):
    """What a member of staff does to a folder or to a record in it."""

    READ = "read"
    """Look at its records."""
    WRITE = "write"
    """Add or change a record."""
    REVEAL = "reveal"
    """See a masked field; the asking is recorded."""
    OPEN = "open"
    """Begin a folder: take down a request, open a case or a place."""
    DECIDE = "decide"
    """Accept a request or end it; judge credibility; settle what was set aside."""
    ASSIGN = "assign"
    """Give or take access: who is on the team."""
    CLOSE = "close"
    """Close a case or a place, and open it again."""
    ERASE = "erase"
    """Destroy for good."""
    EXPORT = "export"
    """Write records to a file outside the book."""
    PUBLISH = "publish"
    """Give out a figure."""
    ADMIT = "admit"
    """Admit a member, change roles, remove a member."""


class Team(StrEnum):
    """On whose folders a role may act."""

    ANY = "any"
    TEAM = "team"


_COORDINATOR: Final = {Role.COORDINATOR: Team.ANY}
_CASEWORKERS: Final = {Role.COORDINATOR: Team.ANY, Role.CASEWORKER: Team.TEAM}
_DOCUMENTERS: Final = {Role.COORDINATOR: Team.ANY, Role.DOCUMENTER: Team.TEAM}
_FINANCE: Final = {Role.COORDINATOR: Team.ANY, Role.FINANCE: Team.ANY}
_EVERYONE: Final = dict.fromkeys(Role, Team.ANY)
_INTAKE: Final = {Role.COORDINATOR: Team.ANY, Role.CASEWORKER: Team.ANY}
_TESTIMONY: Final = {
    Role.COORDINATOR: Team.ANY,
    Role.DOCUMENTER: Team.ANY,
    Role.SPOKESPERSON: Team.ANY,
    Role.CASEWORKER: Team.ANY,
}

TABLE: Final[Mapping[tuple[Action, FolderType], Mapping[Role, Team]]] = {
    # The organisation: who is a member. Every member reads the roster; coordinators sign it.
    (Action.READ, FolderType.ORGANISATION): _EVERYONE,
    (Action.WRITE, FolderType.ORGANISATION): _COORDINATOR,
    (Action.ADMIT, FolderType.ORGANISATION): _COORDINATOR,
    (Action.ASSIGN, FolderType.ORGANISATION): _COORDINATOR,
    (Action.DECIDE, FolderType.ORGANISATION): _COORDINATOR,
    # The office: routes, partners, sources, tasks that concern no case.
    (Action.READ, FolderType.OFFICE): _EVERYONE,
    (Action.WRITE, FolderType.OFFICE): _TESTIMONY,
    (Action.REVEAL, FolderType.OFFICE): _TESTIMONY,
    (Action.EXPORT, FolderType.OFFICE): _COORDINATOR,
    (Action.ERASE, FolderType.OFFICE): _COORDINATOR,
    (Action.PUBLISH, FolderType.OFFICE): {
        Role.COORDINATOR: Team.ANY,
        Role.SPOKESPERSON: Team.ANY,
    },
    # The ledger: donors and payees are masked even here.
    (Action.READ, FolderType.LEDGER): _FINANCE,
    (Action.WRITE, FolderType.LEDGER): _FINANCE,
    (Action.REVEAL, FolderType.LEDGER): _FINANCE,
    (Action.EXPORT, FolderType.LEDGER): _FINANCE,
    (Action.ERASE, FolderType.LEDGER): _COORDINATOR,
    # Requests: anyone who works cases may take one down; the coordinator decides.
    (Action.OPEN, FolderType.REQUEST): _INTAKE,
    (Action.READ, FolderType.REQUEST): _CASEWORKERS,
    (Action.WRITE, FolderType.REQUEST): _CASEWORKERS,
    (Action.REVEAL, FolderType.REQUEST): _CASEWORKERS,
    (Action.DECIDE, FolderType.REQUEST): _CASEWORKERS,
    (Action.ASSIGN, FolderType.REQUEST): _COORDINATOR,
    (Action.ERASE, FolderType.REQUEST): _COORDINATOR,
    # Cases: those on the case, and coordinators.
    (Action.OPEN, FolderType.CASE): _INTAKE,
    (Action.READ, FolderType.CASE): _CASEWORKERS,
    (Action.WRITE, FolderType.CASE): _CASEWORKERS,
    (Action.REVEAL, FolderType.CASE): _CASEWORKERS,
    (Action.DECIDE, FolderType.CASE): _CASEWORKERS,
    (Action.CLOSE, FolderType.CASE): _CASEWORKERS,
    (Action.ASSIGN, FolderType.CASE): _COORDINATOR,
    (Action.EXPORT, FolderType.CASE): _COORDINATOR,
    (Action.ERASE, FolderType.CASE): _COORDINATOR,
    # Places: the address is masked; caseworkers see only those where their people stay.
    (Action.OPEN, FolderType.PLACE): _INTAKE,
    (Action.READ, FolderType.PLACE): _CASEWORKERS,
    (Action.WRITE, FolderType.PLACE): _CASEWORKERS,
    (Action.REVEAL, FolderType.PLACE): _CASEWORKERS,
    (Action.CLOSE, FolderType.PLACE): _CASEWORKERS,
    (Action.ASSIGN, FolderType.PLACE): _COORDINATOR,
    (Action.ERASE, FolderType.PLACE): _COORDINATOR,
    # Incidents: what was done to people, documented apart from the help that they get.
    (Action.OPEN, FolderType.INCIDENT): {
        Role.COORDINATOR: Team.ANY,
        Role.DOCUMENTER: Team.ANY,
    },
    (Action.READ, FolderType.INCIDENT): _DOCUMENTERS,
    (Action.WRITE, FolderType.INCIDENT): _DOCUMENTERS,
    (Action.REVEAL, FolderType.INCIDENT): _DOCUMENTERS,
    (Action.ASSIGN, FolderType.INCIDENT): _COORDINATOR,
    (Action.EXPORT, FolderType.INCIDENT): _DOCUMENTERS,
    (Action.ERASE, FolderType.INCIDENT): _COORDINATOR,
}


def require(roles: Collection[str], action: Action, folder_type: FolderType, *, on_team: bool = False) -> None:
    """Refuse what none of the roles may do.

    Args:
        roles: what the signed roster says of the member; unknown names count for nothing.
        action: what is to be done.
        folder_type: to a folder of which type.
        on_team: whether the member is on that folder's team.
    Raises: Refused.
    """
    if not allowed(roles, action, folder_type, on_team=on_team):
        raise Refused(
            "Your role does not allow this. Ask a coordinator to do it or to add you to the team.",
            action=action.value,
            folder_type=folder_type.value,
        )


def allowed(roles: Collection[str], action: Action, folder_type: FolderType, *, on_team: bool = False) -> bool:
    """Whether `require` would pass; for choosing what a page offers, never for guarding."""
    may = TABLE.get((action, folder_type), {})
    return any(team is Team.ANY or on_team for role, team in may.items() if role.value in roles)
