"""Who belongs to the organisation: roles, desks, removal, this desk's own new key, and what is owed after a round.

Guarantees: whoever is removed reads nothing that is written afterwards: in the organisation's folder from that very
moment, in the others as they are opened anew. Implements spec/joining.md J10–J12 and spec/book.md B33.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from waystation.book.roster import COORDINATOR, AdmitMember, RemoveDesk, RemoveMember, ReplaceSealing
from waystation.clock import DAY_MS
from waystation.errors import Refused
from waystation.ids import DeskId, FolderType, MemberId, RecordId
from waystation.office import access, credentials, inviting
from waystation.office.desk import Desk
from waystation.office.founding import desk_keys
from waystation.office.inviting import known_roles, next_organisation
from waystation.office.writing import refuse
from waystation.records import Value
from waystation.records.check import check
from waystation.records.choices import Role
from waystation.records.labels import N_
from waystation.records.values import Day, Many
from waystation.roles import Action, allowed
from waystation.sync.relay import Relay
from waystation.unseal import SEED_BYTES, SealingSeed
from waystation.vault import SealingSeedAt
from waystation.views import shown

REKEY_DAYS: Final = 30
ADMITTING: Final = (Action.ADMIT, FolderType.ORGANISATION)
"""What a member must be allowed to do, and where, to change who belongs here."""


@dataclass(frozen=True, slots=True)
class DeskOf:
    """A member's desk. `computer`: what they call it, empty where nobody said."""

    desk: DeskId
    computer: str
    active: bool
    suspended: bool
    is_this: bool


def may_admit(desk: Desk) -> bool:
    """Whether this member may; only for choosing what a page offers."""
    return allowed(desk.roles, *ADMITTING)


def enter(desk: Desk, member: MemberId, roles: Sequence[str]) -> None:
    """Enters somebody on the roster who has no desk yet, and of whom the office knows. Raises: Refused, BadInput."""
    _require(desk)
    with desk.gate, desk.book.transaction():
        desk.book.amend_roster((AdmitMember(member, known_roles(roles)),))
    desk.nudge()


def change_roles(desk: Desk, member: MemberId, roles: Sequence[str]) -> None:
    """Gives a member other roles; what they may read follows. Raises: Refused, BadInput."""
    _require(desk)
    with desk.gate:
        book = desk.book
        if member not in book.roster.members:
            refuse("", "no_member", N_("That is no member of this organisation any more."))
        wanted = known_roles(roles)
        if member == desk.member and Role.COORDINATOR.value not in wanted:
            raise Refused("Nobody takes the coordinator’s role from themselves. Another coordinator can.")
        if frozenset(wanted) == book.roster.roles(member):
            return
        with book.transaction():
            book.amend_roster((AdmitMember(member, wanted),))
        desk.nudge()
        _write_member(desk, member, {"roles": Many.of(wanted)})


def remove_member(desk: Desk, member: MemberId) -> None:
    """Removes a member and all their desks (J11). Afterwards `access.tend` opens the other folders anew.

    Raises: Refused, BadInput.
    """
    _require(desk)
    if member == desk.member:
        raise Refused("Nobody removes themselves. Another coordinator can, or wipe this desk.")
    with desk.gate:
        if member not in desk.book.roster.members:
            refuse("", "no_member", N_("That is no member of this organisation any more."))
        _remove(desk, RemoveMember(member))
        day = desk.today()
        _write_member(desk, member, {"departed": Day(day, day)})


def remove_desk(desk: Desk, lost: DeskId) -> None:
    """Removes one desk, as when a laptop is lost; its member stays. As `remove_member`."""
    _require(desk)
    if lost == desk.book.desk:
        raise Refused("Nobody removes the desk at which they sit. Use another desk, or wipe this one.")
    with desk.gate:
        listed = desk.book.roster.desks.get(lost)
        if listed is None or not listed.active:
            refuse("", "no_desk", N_("That desk is removed already."))
        _remove(desk, RemoveDesk(lost))


def is_removed(desk: Desk) -> bool:
    """Whether this very desk finds itself removed (J12)."""
    listed = desk.book.roster.desks.get(desk.book.desk)
    return listed is not None and not listed.active


def left_to_open(desk: Desk) -> int:
    """How many folders are still to be looked at, whether somebody reads them who should not any more."""
    return access.tend(desk, 0, eager=True)


def desks_of(desk: Desk, member: MemberId) -> tuple[DeskOf, ...]:
    """A member's desks, the active ones first."""
    book, suspended = desk.book, desk.book.suspended()
    computers = {record: str(fields.get("computer", "")) for record, fields in credentials.desk_records(desk).items()}
    found = [
        DeskOf(one.desk, computers.get(one.desk, ""), one.active, one.desk in suspended, one.desk == book.desk)
        for one in book.roster.desks.values()
        if one.member == member
    ]
    return tuple(sorted(found, key=lambda one: (not one.active, one.computer, one.desk)))


def name_computer(desk: Desk, of: DeskId, computer: str) -> None:
    """Writes down which computer a desk is. Raises: Refused, BadInput."""
    if of != desk.book.desk:
        _require(desk)
    fields = check(desk.registry["desk"], {"computer": computer.strip() or None})
    credentials.write(desk, "desk", RecordId(of), fields)


def rekey_if_due(desk: Desk) -> bool:
    """Gives this desk a new sealing key every 30 days (B33). Returns whether it did."""
    with desk.gate:
        book, vault = desk.book, desk.vault
        if is_removed(desk):
            return False
        secrets = vault.secrets
        newest = secrets.sealing_seeds[-1]
        own = book.roster.desk(book.desk).sealing_key
        if own == desk_keys(secrets).sealing[-1].public:
            if desk.now_ms() - newest.since_ms < REKEY_DAYS * DAY_MS:
                return False
            fresh = SealingSeedAt(SealingSeed(desk.randomness(SEED_BYTES)), desk.now_ms())
            # A sheet that was written for an older key and has not come yet still needs that key.
            held = secrets.sealing_seeds if book.missing_sheets() else secrets.sealing_seeds[-1:]
            # The vault holds the new half before the roster names it, so that a crash in between shuts nobody out.
            vault.replace_secrets(structs.replace(secrets, sealing_seeds=(*held, fresh)), desk.randomness)
        keys = desk_keys(vault.secrets)
        book.use_sealing(keys.sealing)
        with book.transaction():
            book.amend_roster((ReplaceSealing(book.desk, keys.sealing[-1].public),))
        return True


def tend(desk: Desk, relay: Relay) -> None:
    """What a desk owes the others after a round: its own credential; a coordinator's, invitations and the relay too.

    The gate is not held while the relay is spoken to. Raises: RelayError, with the rest still to be done.
    """
    with desk.gate:
        listed = desk.book.roster.desks.get(desk.book.desk)
        if listed is None or not listed.active:
            return
        credentials.announce(desk)
        if COORDINATOR not in desk.roles:
            return
    inviting.tend(desk, relay)
    credentials.tend(desk, relay)


def _require(desk: Desk) -> None:
    desk.require(*ADMITTING)


def _remove(desk: Desk, operation: RemoveDesk | RemoveMember) -> None:
    with desk.book.transaction():
        desk.book.amend_roster((operation,))
        next_organisation(desk)
    desk.nudge()


def _write_member(desk: Desk, member: MemberId, fields: dict[str, Value | None]) -> None:
    if shown.record(desk.reader, desk.folder(FolderType.OFFICE), "member", member) is not None:
        credentials.write(desk, "member", RecordId(member), fields)
