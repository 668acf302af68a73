"""Invitations, requests and admissions, read from spec/joining.md alone."""

import base64
from dataclasses import dataclass
from importlib.resources import files as resources

from tests.independent.ground import derive, digest, open_once, unpad, unseal, verify
from tests.independent.strict import Refused, binary, every, integer, need, row, structure, text

COUNT = integer(0, 2**63 - 1)


@dataclass(frozen=True)
class Invitation:
    """J1."""

    org: bytes
    secret: bytes
    expires_s: int
    relay: str

    @property
    def parcel(self) -> bytes:
        """J2."""
        return derive(self.secret, "join-name", self.org)

    @property
    def key(self) -> bytes:
        """J2."""
        return derive(self.secret, "join-key", self.org)

    @property
    def credential_seed(self) -> bytes:
        """J2."""
        return derive(self.secret, "join-credential", self.org)


@dataclass(frozen=True)
class Request:
    """J3."""

    verify_key: bytes
    sealing_key: bytes
    credential: bytes
    credential_signature: bytes
    signature: bytes


@dataclass(frozen=True)
class Admission:
    """J5."""

    genesis: bytes
    keys: list[list[object]]
    position: int
    order: bytes
    coordinator: bytes
    desk: bytes
    relay: str


def invitation(written: str) -> Invitation:
    """J1."""
    folded = "".join(written.split()).lower()
    need(folded.startswith("waystation-"), "J1")
    letters = folded[len("waystation-") :].upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        raise Refused("J1") from None
    need(len(raw) > 4 and digest("invitation", raw[:-4])[:4] == raw[-4:], "J1")
    return Invitation(*structure(raw[:-4], binary(32), binary(16), COUNT, text()))


def request(by: Invitation, parcel: bytes) -> Request:
    """J3, J9."""
    key = derive(by.key, "join-request", by.parcel, parcel[:32])
    plain = unpad(open_once(key, parcel[32:], b""))
    read = Request(*structure(plain, binary(32), binary(1216), binary(32), binary(64), binary(64)))
    try:
        verify(read.verify_key, read.signature, "join", by.org + by.parcel + read.sealing_key + read.credential)
    except Refused:
        raise Refused("J3") from None
    try:
        verify(read.verify_key, read.credential_signature, "relay-credential", by.org + read.credential)
    except Refused:
        raise Refused("J9") from None
    return read


def words(org: bytes, verify_key: bytes, sealing_key: bytes) -> str:
    """J4."""
    english = (resources("mnemonic") / "wordlist" / "english.txt").read_text("utf-8").split()
    bits = "".join(f"{byte:08b}" for byte in digest("join-words", org + verify_key + sealing_key))
    return " ".join(english[int(bits[at : at + 11], 2)] for at in range(0, 66, 11))


def admission(by: Invitation, desk: bytes, seed: bytes, parcel: bytes) -> tuple[Admission, bytes, bytes]:
    """J5, J6: the admission, the bytes that were signed, and the signature."""
    signed, signature = structure(unseal(seed, parcel, "admission", by.org + by.parcel + desk), binary(), binary(64))
    keys = every(row(integer(0, 2**32 - 1), binary(32)))
    shapes = (binary(), keys, COUNT, binary(32), binary(16), binary(16), text())
    read = Admission(*structure(signed, *shapes))
    need(digest("genesis", read.genesis) == by.org and read.desk == desk, "J6")
    return read, signed, signature
