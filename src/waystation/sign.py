"""Signing keys: Ed25519 over a domain tag and the stored bytes. Implements spec/envelope.md E5."""

from typing import Final, NewType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waystation.derive import label
from waystation.verify import Signature, VerifyKey

SigningSeed = NewType("SigningSeed", bytes)
"""32 random bytes."""

SEED_BYTES: Final = 32


class SigningKey:
    """A private signing key, from its seed."""

    def __init__(self, seed: SigningSeed) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = VerifyKey(self._private.public_key().public_bytes_raw())

    def sign(self, purpose: str, data: bytes) -> Signature:
        """64-byte signature of `data` for `purpose`."""
        return Signature(self._private.sign(label(purpose) + data))
