"""Backups, read from spec/backup.md and the age v1 format alone."""

import hashlib
from dataclasses import dataclass

from tests.independent.files import open_age
from tests.independent.strict import LARGEST, Refused, binary, integer, need, structure

LEAD = b"waystation copy\n"
TIME = integer(-(2**63), 2**63 - 1)
COUNT = integer(0, 2**63 - 1)


@dataclass(frozen=True)
class Manifest:
    """K3."""

    org: bytes
    desk: bytes
    made_ms: int
    expires_ms: int
    position: int
    order: bytes
    database_key: bytes
    keyring_key: bytes
    size: int
    digest: bytes


def inside(plaintext: bytes, now_ms: int, accepted: bool = False) -> tuple[Manifest, bytes]:
    """K2, K3, K5: the manifest and the book; `accepted` says that the person takes an expired one."""
    start = len(LEAD) + 4
    need(plaintext[: len(LEAD)] == LEAD and len(plaintext) >= start, "K2")
    length = int.from_bytes(plaintext[len(LEAD) : start], "big")
    need(length <= min(LARGEST, len(plaintext) - start), "K2")
    described, book = plaintext[start : start + length], plaintext[start + length :]
    # An empty manifest has no version.
    need(length > 0, "W2")
    shapes = (binary(32), binary(16), TIME, TIME, COUNT, binary(32), binary(32), binary(32), COUNT, binary(32))
    manifest = Manifest(*structure(described, *shapes))
    need(len(book) == manifest.size and hashlib.sha256(book).digest() == manifest.digest, "K5")
    need(accepted or now_ms <= manifest.expires_ms, "K5")
    return manifest, book


def opened(secret: bytes, file: bytes) -> bytes:
    """K1: what a backup holds, opened with the recovery key or another identity."""
    try:
        return open_age(secret, file)
    except Refused:
        raise Refused("K1") from None
