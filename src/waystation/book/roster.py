"""The roster: who is a member, with which roles and desks. Checked from genesis, before anything else.

A verifier without I/O. Rules, from spec/book.md:

    B1   trust starts at genesis: root keys and a threshold
    B15  amendments are numbered and chained
    B16  a desk's id is that of its key; a removed desk never returns
    B17  an amendment stands by a threshold of root keys, or by an active desk of a coordinator
    B33  a desk replaces its own sealing key by itself
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, assert_never

import msgspec

from waystation.derive import digest
from waystation.errors import AuthorityError, SignatureError, WireError
from waystation.ids import HASH_BYTES, ID_BYTES, DeskId, MemberId, OrgId
from waystation.seal import SEALING_PUBLIC_BYTES, SealingPublic
from waystation.sign import SigningKey
from waystation.verify import Signature, VerifyKey, desk_id, verify
from waystation.wire import BIN_32, Decoder, encode

NONCE_BYTES: Final = 16
COORDINATOR: Final = "coordinator"
"""The one role that the book itself knows: who holds it may amend the roster (B17)."""
_ZERO: Final = bytes(HASH_BYTES)


class Genesis(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Root verification keys, how many must sign, and a nonce that makes the organisation unique (B1)."""

    version: int
    roots: tuple[VerifyKey, ...]
    threshold: int
    nonce: bytes


class AdmitMember(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="member"):
    """Admits a member, or replaces their roles."""

    member: MemberId
    roles: tuple[str, ...]


class AdmitDesk(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="desk"):
    """Admits a desk of a member."""

    desk: DeskId
    member: MemberId
    verify_key: Annotated[VerifyKey, BIN_32]
    sealing_key: SealingPublic


class ReplaceSealing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="sealing"):
    """A desk's new sealing key."""

    desk: DeskId
    sealing_key: SealingPublic


class RemoveDesk(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="remove desk"):
    """Removes a desk, for good."""

    desk: DeskId


class RemoveMember(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="remove member"):
    """Removes a member and all their desks."""

    member: MemberId


class Succeed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="succeed"):
    """Puts an active desk in the place of a lost one, which is removed; root alone may sign it."""

    desk: DeskId
    lost: DeskId


Operation = AdmitMember | AdmitDesk | Succeed | ReplaceSealing | RemoveDesk | RemoveMember


class Amendment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One change of membership (B15)."""

    version: int
    org: OrgId
    number: int
    previous: bytes
    operations: tuple[Operation, ...]


class SignedAmendment(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Stored amendment bytes, and who signed them: a root verification key or a desk id, with the signature."""

    version: int
    amendment: bytes
    signatures: tuple[tuple[bytes, Signature], ...]


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """One staff installation on the roster. Removed desks stay listed, inactive.

    `stands_for`: desks that it succeeded after their loss; it reads and writes where they did.
    """

    desk: DeskId
    member: MemberId
    verify_key: VerifyKey
    sealing_key: SealingPublic
    active: bool = True
    stands_for: frozenset[DeskId] = frozenset()


def read_amendment(body: bytes) -> tuple[Amendment, frozenset[bytes]]:
    """What a roster entry says and who signed it, without deciding whether it stands. Raises: WireError."""
    signed = _decode_signed(body)
    return _decode_amendment(signed.amendment), frozenset(signer for signer, _ in signed.signatures)


_decode_genesis: Final = Decoder(Genesis)
_decode_signed: Final = Decoder(SignedAmendment)
_decode_amendment: Final = Decoder(Amendment)


def new_genesis(roots: Iterable[VerifyKey], threshold: int, nonce: bytes) -> bytes:
    """Genesis bytes (B1); `nonce` is 16 random bytes."""
    return encode(Genesis(1, tuple(roots), threshold, nonce))


def read_genesis(raw: bytes) -> tuple[OrgId, Genesis]:
    """Parses genesis and computes the organisation's id (I2). Raises: WireError."""
    genesis = _decode_genesis(raw)
    roots = genesis.roots
    if not 1 <= genesis.threshold <= len(roots) or len(set(roots)) != len(roots):
        raise WireError("A genesis with an impossible threshold.")
    if any(len(key) != HASH_BYTES for key in roots) or len(genesis.nonce) != NONCE_BYTES:
        raise WireError("A genesis with keys of the wrong length.")
    return OrgId(digest("genesis", raw)), genesis


def sign_amendment(amendment: bytes, signers: Mapping[bytes, SigningKey]) -> bytes:
    """Roster body (B15): the amendment with the signature of each signer (root verification key, or desk id)."""
    signatures = tuple((name, key.sign("roster", amendment)) for name, key in sorted(signers.items()))
    return encode(SignedAmendment(1, amendment, signatures))


@dataclass(frozen=True, slots=True)
class Roster:
    """Membership after a number of amendments. Immutable; `amend` gives the next."""

    org: OrgId
    genesis: Genesis
    number: int = 0
    previous: bytes = _ZERO
    members: Mapping[MemberId, frozenset[str]] = field(default_factory=dict)
    desks: Mapping[DeskId, DeskEntry] = field(default_factory=dict)

    def draft(self, operations: Iterable[Operation]) -> bytes:
        """Bytes of the next amendment, to be signed."""
        return encode(Amendment(1, self.org, self.number, self.previous, tuple(operations)))

    def desk(self, desk: DeskId) -> DeskEntry:
        """An active desk. Raises: AuthorityError, if it is unknown or removed."""
        entry = self.desks.get(desk)
        if entry is None or not entry.active:
            raise AuthorityError("B20: the author is not an active desk of this organisation")
        return entry

    def stands_for(self, desk: DeskId) -> frozenset[DeskId]:
        """The desk itself and those that it succeeded."""
        entry = self.desks.get(desk)
        return frozenset((desk,)) | (entry.stands_for if entry else frozenset())

    def roles(self, member: MemberId) -> frozenset[str]:
        """Roles of a member; empty for one who is not, or no longer, a member."""
        return self.members.get(member, frozenset())

    def active_desks(self) -> list[DeskEntry]:
        """Active desks, by id."""
        return [entry for _, entry in sorted(self.desks.items()) if entry.active]

    def amend(self, body: bytes) -> "Roster":
        """The roster after a signed amendment.

        Args:
            body: plaintext of a roster entry (B15).
        Raises: WireError, if it is malformed; AuthorityError, if it does not stand (B15–B17).
        """
        signed = _decode_signed(body)
        amendment = _decode_amendment(signed.amendment)
        if amendment.org != self.org:
            raise AuthorityError("B15: an amendment of another organisation")
        if amendment.number != self.number or amendment.previous != self.previous:
            raise AuthorityError("B15: an amendment that does not follow the last one")
        by_root = self._signed_by_root(signed, amendment.operations)
        if not by_root and any(isinstance(operation, Succeed) for operation in amendment.operations):
            raise AuthorityError("B17: a desk that succeeds another without root's signature")
        members, desks = dict(self.members), dict(self.desks)
        for operation in amendment.operations:
            _operate(operation, members, desks)
        return replace(
            self,
            number=self.number + 1,
            previous=digest("roster", signed.amendment),
            members=members,
            desks=desks,
        )

    def fitting(self, operations: Iterable[Operation]) -> tuple[Operation, ...]:
        """Those of the operations that still fit, one after the other (spec/sync.md S4).

        A change of roles of a member who was removed in the meantime would admit them again; it does not fit.
        """
        members, desks = dict(self.members), dict(self.desks)
        removed = {entry.member for entry in desks.values()} - members.keys()
        kept = []
        for operation in operations:
            if isinstance(operation, AdmitMember) and operation.member in removed:
                continue
            try:
                _operate(operation, members, desks)
            except (AuthorityError, WireError):
                continue
            kept.append(operation)
        return tuple(kept)

    def _signed_by_root(self, signed: SignedAmendment, operations: tuple[Operation, ...]) -> bool:
        """Whether root signed; if not, a coordinator did, or a desk of its own key alone (B33).

        Raises: AuthorityError (B17).
        """
        roots: set[bytes] = set()
        coordinators = 0
        own = operations[0].desk if len(operations) == 1 and isinstance(operations[0], ReplaceSealing) else None
        try:
            for signer, signature in signed.signatures:
                if signer in self.genesis.roots:
                    verify(VerifyKey(signer), "roster", signed.amendment, signature)
                    roots.add(signer)
                else:
                    desk = self.desk(DeskId(signer))
                    verify(desk.verify_key, "roster", signed.amendment, signature)
                    coordinators += COORDINATOR in self.roles(desk.member) or desk.desk == own
        except (SignatureError, AuthorityError):
            raise AuthorityError("B17: a signature under an amendment does not verify") from None
        by_root = len(roots) >= self.genesis.threshold
        if not by_root and not coordinators:
            raise AuthorityError("B17: an amendment that neither root nor a coordinator signed")
        return by_root


def _operate(operation: Operation, members: dict[MemberId, frozenset[str]], desks: dict[DeskId, DeskEntry]) -> None:
    match operation:
        case AdmitMember(member=member, roles=roles):
            if len(member) != ID_BYTES:
                raise WireError("A member's id has 16 bytes.")
            members[member] = frozenset(roles)
        case AdmitDesk(desk=desk, member=member, verify_key=verify_key, sealing_key=sealing_key):
            if desk in desks:
                raise AuthorityError("B16: a desk is admitted once; a removed one never returns")
            if desk_id(verify_key) != desk:
                raise AuthorityError("B16: a desk's id is not that of its key")
            if member not in members:
                raise AuthorityError("B16: a desk of someone who is not a member")
            _check_sealing(sealing_key)
            desks[desk] = DeskEntry(desk, member, verify_key, sealing_key)
        case Succeed(desk=desk, lost=lost):
            successor, former = _listed(desks, desk), _listed(desks, lost)
            if desk == lost:
                raise AuthorityError("B16: a desk cannot succeed itself")
            desks[lost] = replace(former, active=False)
            desks[desk] = replace(successor, stands_for=successor.stands_for | former.stands_for | {lost})
        case ReplaceSealing(desk=desk, sealing_key=sealing_key):
            _check_sealing(sealing_key)
            desks[desk] = replace(_listed(desks, desk), sealing_key=sealing_key)
        case RemoveDesk(desk=desk):
            desks[desk] = replace(_listed(desks, desk), active=False)
        case RemoveMember(member=member):
            if members.pop(member, None) is None:
                raise AuthorityError("B16: removal of someone who is not a member")
            for desk, entry in list(desks.items()):
                if entry.member == member:
                    desks[desk] = replace(entry, active=False)
        case _:
            assert_never(operation)


def _listed(desks: Mapping[DeskId, DeskEntry], desk: DeskId) -> DeskEntry:
    entry = desks.get(desk)
    if entry is None or not entry.active:
        raise AuthorityError("B16: an operation on a desk that is not active")
    return entry


def _check_sealing(key: SealingPublic) -> None:
    if len(key) != SEALING_PUBLIC_BYTES:
        raise WireError("A sealing key has 1216 bytes.")
