"""Checking signatures over stored bytes. Implements spec/envelope.md E5; raises, never answers."""

from typing import NewType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from waystation.derive import digest, label
from waystation.errors import SignatureError
from waystation.ids import ID_BYTES, DeskId

VerifyKey = NewType("VerifyKey", bytes)
"""Ed25519 public key, 32 bytes."""

Signature = NewType("Signature", bytes)
"""Ed25519 signature, 64 bytes."""


def verify(key: VerifyKey, purpose: str, data: bytes, signature: Signature) -> None:
    """Returns only if `signature` is `key`'s over `data` for `purpose`. Raises: SignatureError."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, label(purpose) + data)
    except (InvalidSignature, ValueError):
        raise SignatureError("A signature for “%(purpose)s” does not verify.", purpose=purpose) from None


def desk_id(key: VerifyKey) -> DeskId:
    """A desk's id: the first 16 bytes of the tagged hash of its verification key. A new key is a new desk."""
    return DeskId(digest("desk", key)[:ID_BYTES])
