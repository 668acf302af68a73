"""Sealing: what can be done without any secret that opens. The door and the relay's side stop here.

Implements spec/envelope.md. Two envelopes: one under a symmetric key that is used once (E1), one to a public key (E2).
Each names its suite in its first byte; there is no "encrypted" flag.
"""

from functools import lru_cache
from typing import Final, NewType

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from waystation.derive import Key, label
from waystation.errors import WireError

SealingPublic = NewType("SealingPublic", bytes)
"""ML-KEM-768 encapsulation key (1184 bytes) ‖ X25519 public key (32 bytes)."""

MLKEM_PUBLIC_BYTES: Final = 1184
SEALING_PUBLIC_BYTES: Final = MLKEM_PUBLIC_BYTES + 32
TAG_BYTES: Final = 16
ENVELOPE_SUITE: Final = b"\x01"
"""0x01: HPKE base mode, X-Wing, HKDF-SHA-256, AES-256-GCM."""

SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
ZERO_NONCE: Final = bytes(12)
_KEPT: Final = 256
"""Public keys that are kept expanded: when a reader leaves, every folder is wrapped for the same few."""


def seal_once(key: Key, plaintext: bytes, associated: bytes) -> bytes:
    """AES-256-GCM under a key that seals exactly one message (E1); the nonce is therefore zero.

    Args:
        key: derived for this message alone, from a fresh random salt.
    Returns: ciphertext ‖ tag, 16 bytes longer than `plaintext`.
    """
    return AESGCM(key).encrypt(ZERO_NONCE, plaintext, associated)


def seal_to(recipient: SealingPublic, purpose: str, context: bytes, plaintext: bytes) -> bytes:
    """HPKE to a public key (E2).

    Args:
        recipient: 1216 bytes.
        purpose, context: bound in `info`; opening needs the same.
    Returns: suite byte ‖ encapsulated key (1120 bytes) ‖ ciphertext ‖ tag.
    Raises: WireError, if `recipient` is no public key.
    """
    public = sealing_public(recipient)
    try:
        return ENVELOPE_SUITE + SUITE.encrypt(plaintext, public, label(purpose) + context)
    except ValueError:
        # A point of low order is found out only when it is used.
        raise WireError("This sealing key is no valid point.") from None


@lru_cache(maxsize=_KEPT)
def sealing_public(raw: SealingPublic) -> MLKEM768X25519PublicKey:
    """The library's key object for 1216 stored bytes. Raises: WireError."""
    if len(raw) != SEALING_PUBLIC_BYTES:
        raise WireError("A sealing key has 1216 bytes; this one is damaged.")
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(raw[MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError:
        raise WireError("This sealing key is no valid point.") from None


def pad(plaintext: bytes, size: int) -> bytes:
    """ISO/IEC 7816-4 padding: 0x80, then zeros, to exactly `size` bytes (E3).

    Raises: ValueError, if it does not fit; callers choose the size.
    """
    if len(plaintext) >= size:
        raise ValueError("padding needs at least one byte")
    return plaintext + b"\x80" + bytes(size - len(plaintext) - 1)
