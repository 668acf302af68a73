"""Key derivation: every key names its purpose and its context, so that nothing opens out of place.

Implements spec/README.md D1–D3: HKDF-SHA-256, info = "waystation/1 " ‖ purpose ‖ 0x00 ‖ context, where every part of
the context has a fixed length.
"""

import hmac
from functools import cache
from hashlib import sha256
from typing import Final, NewType

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Key = NewType("Key", bytes)
"""A 256-bit secret key. A type of its own, so that it is never taken for text or for an id."""

KEY_BYTES = 32
_SHA256: Final = hashes.SHA256()


@cache
def label(purpose: str) -> bytes:
    """Domain tag that leads every hash, signature and derivation (D1)."""
    return b"waystation/1 " + purpose.encode("ascii") + b"\0"


def derive(secret: bytes, purpose: str, context: bytes, salt: bytes = b"") -> Key:
    """A 32-byte key from `secret` (D2).

    Args:
        secret: uniformly random, 32 bytes.
        purpose: ASCII name of what the key is for.
        context: concatenated fixed-length parts that the key belongs to.
        salt: random 32 bytes where one secret gives many keys; empty otherwise.
    """
    hkdf = HKDF(_SHA256, KEY_BYTES, salt or None, label(purpose) + context)
    return Key(hkdf.derive(secret))


def digest(purpose: str, data: bytes) -> bytes:
    """SHA-256 under a domain tag (D1), 32 bytes."""
    return sha256(label(purpose) + data).digest()


def mac(key: Key, purpose: str, data: bytes) -> bytes:
    """HMAC-SHA-256 under a domain tag (D3), 32 bytes."""
    return hmac.digest(key, label(purpose) + data, sha256)


def u32(number: int) -> bytes:
    """Big-endian unsigned 32-bit."""
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    """Big-endian unsigned 64-bit."""
    return number.to_bytes(8, "big")
