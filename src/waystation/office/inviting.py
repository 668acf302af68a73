"""Inviting and admitting, at a coordinator's desk.

Guarantees: nobody is admitted by an invitation alone; whoever asks is shown by words that people compare aloud; an
admission leaves only once the log's order holds it. Implements spec/joining.md J1–J5, J7, J8.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import structs

from waystation.book.entry import EntryKind
from waystation.book.roster import AdmitDesk, AdmitMember, Operation
from waystation.clock import Millis
from waystation.errors import BadInput, JoinError, Problem
from waystation.ids import FolderType, MemberId, RecordId, new_id
from waystation.office import access, credentials
from waystation.office.desk import Desk
from waystation.office.invitation import (
    SECRET_BYTES,
    Invitation,
    Request,
    comparing_words,
    make_admission,
    open_request,
)
from waystation.office.writing import refuse
from waystation.records import Value
from waystation.records.check import check
from waystation.records.choices import Role
from waystation.records.labels import N_
from waystation.records.values import Day, Many
from waystation.roles import Action
from waystation.sign import SigningKey
from waystation.sync.credential import Credential
from waystation.sync.relay import Relay
from waystation.views import shown
from waystation.wire import BIN_16, Decoder, encode

INVITED_DAYS: Final = 3
INVITED_DAYS_MAX: Final = 14
PARCEL_DAYS: Final = 14
"""How long a relay keeps a parcel (L21), and so the temporary credential beyond the invitation (J2)."""

_KEPT: Final = "invitations"
_DAY_S: Final = 86_400
_DECLINED: Final = 0
"""When an invitation expires that was taken back."""


class _Invited(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An invitation that waits (J8). `request`: the parcel, empty until it came; `sent`: the relay knows of it."""

    invitation: bytes
    member: Annotated[MemberId, BIN_16]
    roles: tuple[str, ...]
    name: str
    sent: bool = False
    request: bytes = b""
    admitted: bool = False

    @property
    def opened(self) -> Invitation:
        return _decode_invitation(self.invitation)


class _Kept(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    invited: tuple[_Invited, ...]


_decode_kept: Final = Decoder(_Kept)
_decode_invitation: Final = Decoder(Invitation)


class Stage(StrEnum):
    """How far an invitation has come."""

    NEW = "new"
    """The relay does not know of it yet."""
    WAITING = "waiting"
    """Nobody has used it yet."""
    ASKED = "asked"
    """A new desk asks; its words wait to be compared."""
    BAD = "bad"
    """What came is no sound request."""
    ADMITTED = "admitted"
    """Admitted here; the relay has yet to hear of it."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, as its desk shows it.

    Args:
        parcel: names it. text: what is sent to the newcomer.
        words: six, to be compared aloud; empty unless somebody asks.
        is_new: whether the member is new, or gets another desk.
    """

    parcel: bytes
    text: str
    member: MemberId
    name: str
    roles: tuple[str, ...]
    expires_ms: Millis
    stage: Stage
    words: tuple[str, ...]
    is_new: bool


def invite(
    desk: Desk,
    roles: Sequence[str],
    display_name: str,
    days: int = INVITED_DAYS,
    member: MemberId | None = None,
) -> Invited:
    """Makes an invitation (J1). The relay hears of it at the next exchange.

    Args:
        roles, display_name: of the newcomer; of no meaning where `member` is given.
        days: how long it can be used; 1 to 14.
        member: who is to have another desk; None for somebody new.
    Raises: Refused, BadInput, JoinError.
    """
    desk.require(Action.ADMIT, FolderType.ORGANISATION)
    address = desk.book.store.meta("relay")
    if not isinstance(address, str) or not address:
        raise JoinError(
            "New desks join through a relay, and this organisation has none yet. Connect it with a relay first."
        )
    if not 1 <= days <= INVITED_DAYS_MAX:
        refuse("days", "out_of_range", N_("An invitation holds for 1 to %(days_max)s days."), days_max=INVITED_DAYS_MAX)
    if member is None:
        member, name, roles = MemberId(new_id(desk.randomness)), *_newcomer(desk, display_name, roles)
    elif member in desk.book.roster.members:
        name, roles = shown.name(desk.reader, "member", member), sorted(desk.book.roster.roles(member))
    else:
        refuse("", "no_member", N_("That is no member of this organisation any more."))
    expires_s = desk.now_ms() // 1000 + days * _DAY_S
    invitation = Invitation(1, desk.book.org, desk.randomness(SECRET_BYTES), expires_s, address)
    with desk.gate, desk.book.transaction():
        _keep(desk, (*_invited(desk), _Invited(encode(invitation), member, tuple(roles), name)))
    desk.nudge()
    return next(one for one in pending(desk) if one.parcel == invitation.parcel)


def pending(desk: Desk) -> list[Invited]:
    """The invitations of this desk that are not used up, the newest last."""
    return [_shown(desk, one) for one in _invited(desk) if one.opened.expires_s != _DECLINED]


def admit(desk: Desk, parcel: bytes) -> None:
    """Admits the desk that asks, once its words were compared (J5). It hears of it at the next exchange.

    Raises: Refused; JoinError, if nobody asks, or the invitation has expired.
    """
    desk.require(Action.ADMIT, FolderType.ORGANISATION)
    with desk.gate:
        one = _find(desk, parcel)
        seen = _shown(desk, one)
        if seen.stage is not Stage.ASKED:
            raise JoinError("Nobody asks with this invitation any more. Look at the page again.")
        request = open_request(one.opened, one.request)
        book = desk.book
        operations: list[Operation] = [] if one.member in book.roster.members else [AdmitMember(one.member, one.roles)]
        operations.append(AdmitDesk(request.desk, one.member, request.verify_key, request.sealing_key))
        with book.transaction():
            book.amend_roster(operations)
            next_organisation(desk)
            _replace(desk, structs.replace(one, admitted=True))
        desk.nudge()
        _write_down(desk, one, request)


def decline(desk: Desk, parcel: bytes) -> None:
    """Takes an invitation back, or refuses whoever asks with it (J7). Raises: Refused, JoinError."""
    desk.require(Action.ADMIT, FolderType.ORGANISATION)
    with desk.gate:
        one = _find(desk, parcel)
        if one.admitted:
            raise JoinError("That desk is admitted already. Remove it instead.")
        with desk.book.transaction():
            # Until the relay has forgotten it too, it is kept as expired.
            left = structs.replace(one.opened, expires_s=_DECLINED)
            kept = [other for other in _invited(desk) if other != one]
            _keep(desk, (*kept, structs.replace(one, invitation=encode(left), request=b"")) if one.sent else kept)


def tend(desk: Desk, relay: Relay) -> None:
    """Brings each invitation as far as it can go now. Raises: RelayError, with the rest still to be done."""
    with desk.gate:
        invited = _invited(desk)
    for one in invited:
        if one.admitted:
            _deliver(desk, relay, one)
        else:
            _exchange(desk, relay, one)


def next_organisation(desk: Desk) -> None:
    """The next epoch of `organisation`, for whoever is active now, in the caller's transaction."""
    organisation = desk.book.singleton(FolderType.ORGANISATION)
    desk.book.rotate(organisation, access.wanted_readers(desk, organisation, FolderType.ORGANISATION))


def known_roles(roles: Sequence[str]) -> tuple[str, ...]:
    """The roles among these, each once. Raises: BadInput, if there is none."""
    wanted = tuple(sorted(set(roles) & {role.value for role in Role}))
    if not wanted:
        refuse("roles", "required", N_("Choose at least one role. It decides what they can read."))
    return wanted


def _exchange(desk: Desk, relay: Relay, one: _Invited) -> None:
    """Tells the relay of an invitation, asks whether somebody used it, or takes it back."""
    invitation = one.opened
    temporary = Credential.from_seed(invitation.credential_seed)
    if invitation.expires_s * 1000 <= desk.now_ms():
        if one.sent:
            relay.delete_credential(temporary.id)
            relay.delete_parcel(invitation.parcel)
        _drop(desk, one)
    elif not one.sent:
        until = invitation.expires_s + PARCEL_DAYS * _DAY_S
        relay.put_credential(temporary.id, temporary.public, "parcel", invitation.parcel, until)
        _update(desk, one, sent=True)
    elif not one.request and (parcel := relay.parcel(invitation.parcel, "request")) is not None:
        _update(desk, one, request=parcel)


def _deliver(desk: Desk, relay: Relay, one: _Invited) -> None:
    """Leaves the admission for a desk that the log's order has admitted (J5)."""
    invitation = one.opened
    request = open_request(invitation, one.request)
    with desk.gate:
        book = desk.book
        if any(unsent.kind in (EntryKind.ROSTER, EntryKind.EPOCH) for unsent in book.unsent()):
            return
        listed = book.roster.desks.get(request.desk)
        if listed is None:
            # The amendment did not stand, as when the roster had moved on; the coordinator is asked again.
            _update(desk, one, admitted=False)
            return
        if not listed.active:
            _drop(desk, one)
            return
        organisation = book.singleton(FolderType.ORGANISATION)
        if request.desk not in book.readers(organisation):
            with book.transaction():
                next_organisation(desk)
            return
        _write_down(desk, one, request)
        position = book.position
        parcel = make_admission(
            invitation,
            book.genesis,
            book.organisation_keys(),
            (position, book.order_at(position)),
            (book.desk, SigningKey(desk.vault.secrets.signing_seed)),
            (request.desk, request.sealing_key),
            invitation.relay,
        )
        right = credentials.right_of(book.roster, request.desk)
    relay.put_credential(credentials.id_of(request.credential), request.credential, right, request.desk, None)
    relay.put_parcel(invitation.parcel, "answer", parcel)
    _drop(desk, one)


def _newcomer(desk: Desk, display_name: str, roles: Sequence[str]) -> tuple[str, Sequence[str]]:
    problems: dict[str, Problem] = {}
    try:
        check(desk.registry["member"], {"display_name": display_name.strip() or None})
    except BadInput as bad:
        problems.update(bad.problems)
    try:
        wanted: Sequence[str] = known_roles(roles)
    except BadInput as bad:
        wanted = ()
        problems.update(bad.problems)
    if problems:
        raise BadInput(problems)
    return display_name.strip(), wanted


def _shown(desk: Desk, one: _Invited) -> Invited:
    invitation = one.opened
    words: tuple[str, ...] = ()
    if one.admitted:
        stage = Stage.ADMITTED
    elif invitation.expires_s * 1000 <= desk.now_ms():
        stage = Stage.EXPIRED
    elif one.request:
        stage = Stage.ASKED
        try:
            request = open_request(invitation, one.request)
            words = comparing_words(invitation.org, request.verify_key, request.sealing_key)
        except JoinError:
            stage = Stage.BAD
    else:
        stage = Stage.WAITING if one.sent else Stage.NEW
    is_new = one.member not in desk.book.roster.members
    expires = Millis(invitation.expires_s * 1000)
    return Invited(invitation.parcel, invitation.text, one.member, one.name, one.roles, expires, stage, words, is_new)


def _invited(desk: Desk) -> tuple[_Invited, ...]:
    kept = desk.book.store.meta(_KEPT)
    return _decode_kept(kept).invited if isinstance(kept, bytes) else ()


def _keep(desk: Desk, invited: Sequence[_Invited]) -> None:
    desk.book.store.set_meta(_KEPT, encode(_Kept(1, tuple(invited))))


def _find(desk: Desk, parcel: bytes) -> _Invited:
    for one in _invited(desk):
        if one.opened.parcel == parcel:
            return one
    raise JoinError("This invitation is used up, or was taken back.")


def _replace(desk: Desk, changed: _Invited) -> None:
    _keep(desk, [changed if one.invitation == changed.invitation else one for one in _invited(desk)])


def _update(desk: Desk, one: _Invited, **fields: object) -> None:
    """Changes an invitation that is still there; what happened meanwhile at this desk stays."""
    with desk.gate, desk.book.transaction():
        for there in _invited(desk):
            if there.invitation == one.invitation:
                _replace(desk, structs.replace(there, **fields))


def _drop(desk: Desk, one: _Invited) -> None:
    with desk.gate, desk.book.transaction():
        _keep(desk, [other for other in _invited(desk) if other.invitation != one.invitation])


def _write_down(desk: Desk, one: _Invited, request: Request) -> None:
    """What the office knows of the newcomer, if it does not stand there yet."""
    if shown.record(desk.reader, desk.folder(FolderType.OFFICE), "member", one.member) is None:
        day = desk.today()
        fields: dict[str, Value | None] = {
            "display_name": one.name,
            "roles": Many.of(one.roles),
            "joined": Day(day, day),
        }
        credentials.write(desk, "member", RecordId(one.member), fields)
    credentials.write_down(desk, request.desk, request.signed_credential)
