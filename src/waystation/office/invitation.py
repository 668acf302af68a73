"""What a newcomer and a coordinator's desk send each other, as bytes: invitation, request, admission.

Guarantees: what is read here was checked whole, signatures included, before anything of it is shown or believed; the
invitation alone admits nobody. Implements spec/joining.md J1–J6; no I/O, no clock, no randomness of its own.
"""

from base64 import b32decode, b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from waystation.book.entry import EpochKey
from waystation.book.roster import COORDINATOR, Roster, read_genesis
from waystation.derive import KEY_BYTES, Key, derive, digest
from waystation.errors import BadInput, JoinError, Problem, SealError, SignatureError, WireError
from waystation.ids import DeskId, FolderType, OrderHash, OrgId, singleton_folder
from waystation.records.labels import N_
from waystation.seal import SealingPublic, pad, seal_once, seal_to
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, open_once, unpad
from waystation.verify import Signature, VerifyKey, desk_id, verify
from waystation.wire import BIN_16, BIN_32, UINT_32, Decoder, encode
from waystation.words import spoken

LEAD: Final = "waystation-"
SECRET_BYTES: Final = 16
SALT_BYTES: Final = 32
CREDENTIAL_BYTES: Final = 96
"""A relay credential's public half and the desk's signature over it (J9)."""
WORDS: Final = 6

_CHECK_BYTES: Final = 4
_REQUEST_BYTES: Final = 2048
_TEXT_MAX: Final = 1000
_BIN_64: Final = msgspec.Meta(min_length=64, max_length=64)
_SEALING: Final = msgspec.Meta(min_length=1216, max_length=1216)
_UNSIGNED: Final = msgspec.Meta(ge=0, le=2**63 - 1)


class Invitation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An invitation (J1). `expires_s` in seconds since 1970; `relay` is an address."""

    version: int
    org: Annotated[OrgId, BIN_32]
    secret: Annotated[bytes, BIN_16]
    expires_s: Annotated[int, _UNSIGNED]
    relay: Annotated[str, msgspec.Meta(max_length=500)]

    @property
    def text(self) -> str:
        """As it is sent, and as its QR code holds it."""
        body = encode(self)
        return LEAD + b32encode(body + digest("invitation", body)[:_CHECK_BYTES]).decode().rstrip("=").lower()

    @property
    def parcel(self) -> bytes:
        """Name of the parcel at the relay (J2)."""
        return derive(self.secret, "join-name", self.org)

    @property
    def key(self) -> Key:
        """Seals the request (J2)."""
        return derive(self.secret, "join-key", self.org)

    @property
    def credential_seed(self) -> SigningSeed:
        """Seed of the temporary credential (J2)."""
        return SigningSeed(derive(self.secret, "join-credential", self.org))


class Request(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the new desk says of itself (J3)."""

    version: int
    verify_key: Annotated[VerifyKey, BIN_32]
    sealing_key: Annotated[SealingPublic, _SEALING]
    credential: Annotated[bytes, BIN_32]
    credential_signature: Annotated[Signature, _BIN_64]
    signature: Annotated[Signature, _BIN_64]

    @property
    def desk(self) -> DeskId:
        return desk_id(self.verify_key)

    @property
    def signed_credential(self) -> bytes:
        """The credential as the office keeps it (J9)."""
        return self.credential + self.credential_signature


class Admission(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What lets the new desk in (J5). `keys`: epochs of `organisation`; `position`, `order`: the checkpoint."""

    version: int
    genesis: bytes
    keys: tuple[tuple[Annotated[int, UINT_32], Annotated[Key, BIN_32]], ...]
    position: Annotated[int, _UNSIGNED]
    order: Annotated[OrderHash, BIN_32]
    coordinator: Annotated[DeskId, BIN_16]
    desk: Annotated[DeskId, BIN_16]
    relay: str

    @property
    def org(self) -> OrgId:
        return read_genesis(self.genesis)[0]

    def organisation_keys(self) -> list[EpochKey]:
        """The keys of the folder `organisation`, with their context."""
        org = self.org
        folder = singleton_folder(org, FolderType.ORGANISATION)
        return [EpochKey(org, folder, epoch, key) for epoch, key in self.keys]


class _Sent(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    admission: bytes
    signature: Annotated[Signature, _BIN_64]


@dataclass(frozen=True, slots=True)
class Admitted:
    """An admission whose signature is still to be checked, once the log tells whose it is (J6)."""

    admission: Admission
    raw: bytes
    signature: Signature


_decode_invitation: Final = Decoder(Invitation)
_decode_request: Final = Decoder(Request)
_decode_sent: Final = Decoder(_Sent)
_decode_admission: Final = Decoder(Admission)


def read_invitation(text: str) -> Invitation:
    """An invitation from its text (J1). Raises: BadInput, with the next step."""
    folded = "".join(text.split()).lower()
    body = folded.removeprefix(LEAD)
    if body == folded or len(folded) > _TEXT_MAX:
        raise _bad("no_invitation", N_("That is no invitation. It begins with “waystation-”; copy all of it."))
    try:
        raw = b32decode(body.upper() + "=" * (-len(body) % 8))
    except ValueError:
        raw = b""
    invitation, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    if not invitation or digest("invitation", invitation)[:_CHECK_BYTES] != check:
        raise _bad(
            "invitation_mistyped", N_("Something in this invitation is missing or mistyped. Copy all of it again.")
        )
    return _decode_invitation(invitation)


def make_request(
    invitation: Invitation, signing: SigningKey, sealing: SealingPublic, credential: bytes, salt: bytes
) -> bytes:
    """The request parcel (J3).

    Args:
        signing: the new desk's. sealing: its public sealing key.
        credential: public half of its relay credential (L4), 32 bytes.
        salt: 32 fresh random bytes.
    """
    request = Request(
        1,
        signing.public,
        sealing,
        credential,
        Signature(sign_credential(signing, invitation.org, credential)[KEY_BYTES:]),
        signing.sign("join", invitation.org + invitation.parcel + sealing + credential),
    )
    key = derive(invitation.key, "join-request", invitation.parcel, salt)
    return salt + seal_once(key, pad(encode(request), _REQUEST_BYTES), b"")


def open_request(invitation: Invitation, parcel: bytes) -> Request:
    """A newcomer's request, its signatures checked (J3). Raises: JoinError."""
    salt, sealed = parcel[:SALT_BYTES], parcel[SALT_BYTES:]
    try:
        request = _decode_request(
            unpad(open_once(derive(invitation.key, "join-request", invitation.parcel, salt), sealed, b""))
        )
        signed = invitation.org + invitation.parcel + request.sealing_key + request.credential
        verify(request.verify_key, "join", signed, request.signature)
        check_credential(request.verify_key, invitation.org, request.signed_credential)
    except (SealError, SignatureError, WireError):
        raise JoinError(
            "What came with this invitation is not a sound request. Decline it, and invite again."
        ) from None
    return request


def comparing_words(org: OrgId, verify_key: VerifyKey, sealing_key: SealingPublic) -> tuple[str, ...]:
    """Six words that both screens show, to be compared aloud (J4)."""
    return spoken(digest("join-words", org + verify_key + sealing_key), WORDS)


def make_admission(
    invitation: Invitation,
    genesis: bytes,
    keys: Sequence[EpochKey],
    checkpoint: tuple[int, OrderHash],
    signer: tuple[DeskId, SigningKey],
    recipient: tuple[DeskId, SealingPublic],
    relay: str,
) -> bytes:
    """The answer parcel (J5).

    Args:
        keys: of every epoch of `organisation`. checkpoint: position and order hash.
        signer: the coordinator's desk. recipient: the new desk, and its public sealing key.
    """
    desk, sealing = recipient
    numbered = tuple((key.epoch, key.key) for key in keys)
    raw = encode(Admission(1, genesis, numbered, *checkpoint, signer[0], desk, relay))
    sent = encode(_Sent(1, raw, signer[1].sign("admission", raw)))
    return seal_to(sealing, "admission", invitation.org + invitation.parcel + desk, sent)


def open_admission(invitation: Invitation, desk: DeskId, keys: Sequence[SealingKey], parcel: bytes) -> Admitted:
    """An admission that is for this desk and of the invitation's organisation (J6). Raises: JoinError."""
    context = invitation.org + invitation.parcel + desk
    for key in keys:
        try:
            sent = _decode_sent(key.open("admission", context, parcel))
            admission = _decode_admission(sent.admission)
            org = admission.org
        except (SealError, WireError):
            continue
        if org != invitation.org or admission.desk != desk:
            break
        return Admitted(admission, sent.admission, sent.signature)
    raise JoinError("The answer to this request is not for this desk, or was altered. Ask for a new invitation.")


def check_admission(admitted: Admitted, order: OrderHash, roster: Roster) -> None:
    """Returns only if the history holds the admission (J6).

    Args:
        order: the log's order hash at the checkpoint. roster: as it stands there.
    Raises: JoinError.
    """
    admission = admitted.admission
    signer = roster.desks.get(admission.coordinator)
    if order != admission.order:
        raise JoinError(
            "J6: the relay shows another history than the coordinator's desk has. Tell them before anything else."
        )
    if signer is None or not signer.active or COORDINATOR not in roster.roles(signer.member):
        raise JoinError(
            "J6: whoever sent this admission was no coordinator. Tell somebody of the organisation at once."
        )
    try:
        verify(signer.verify_key, "admission", admitted.raw, admitted.signature)
    except SignatureError:
        raise JoinError(
            "J6: this admission is not signed by the coordinator it names. Ask for a new invitation."
        ) from None
    own = roster.desks.get(admission.desk)
    if own is None or not own.active:
        raise JoinError("J6: the log does not say that this desk was admitted. Ask for a new invitation.")


def sign_credential(signing: SigningKey, org: OrgId, credential: bytes) -> bytes:
    """A desk's relay credential with its signature, as the office keeps it (J9), 96 bytes."""
    return credential + signing.sign("relay-credential", org + credential)


def check_credential(verify_key: VerifyKey, org: OrgId, signed: bytes) -> bytes:
    """The public half of a relay credential that the desk itself signed (J9). Raises: SignatureError."""
    credential, signature = signed[:KEY_BYTES], Signature(signed[KEY_BYTES:])
    verify(verify_key, "relay-credential", org + credential, signature)
    return credential


def _bad(code: str, message: str) -> BadInput:
    return BadInput({"invitation": Problem(code, message)})
