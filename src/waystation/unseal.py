"""Opening envelopes, and the private keys that open them. Implements spec/envelope.md.

Refuses, with SealError, whatever was sealed for another key or context, was altered, or was cut short.
"""

import hashlib
from typing import Final, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from waystation.derive import Key, label
from waystation.errors import SealError
from waystation.seal import ENVELOPE_SUITE, SUITE, ZERO_NONCE, SealingPublic

SealingSeed = NewType("SealingSeed", bytes)
"""X-Wing seed: 32 random bytes that give both private keys."""

SEED_BYTES: Final = 32


class SealingKey:
    """A desk's private sealing key, expanded once from its seed (E4: SHAKE256 to ML-KEM and X25519 parts)."""

    def __init__(self, seed: SealingSeed) -> None:
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._private = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = SealingPublic(mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    def open(self, purpose: str, context: bytes, envelope: bytes) -> bytes:
        """Plaintext of what `seal_to` sealed. Raises: SealError."""
        if envelope[:1] != ENVELOPE_SUITE:
            raise SealError("This envelope names a suite that is not known here.")
        try:
            return SUITE.decrypt(envelope[1:], self._private, label(purpose) + context)
        except (InvalidTag, ValueError):
            raise SealError("An envelope does not open: it is for another desk, or altered.") from None


def open_once(key: Key, ciphertext: bytes, associated: bytes) -> bytes:
    """Plaintext of what `seal_once` sealed. Raises: SealError."""
    try:
        return AESGCM(key).decrypt(ZERO_NONCE, ciphertext, associated)
    except (InvalidTag, ValueError):
        raise SealError("A sealed body does not open: it was altered, or the key is another.") from None


def unpad(padded: bytes) -> bytes:
    """Inverse of `pad` (E3). Raises: SealError."""
    end = padded.rfind(b"\x80")
    # Searching and counting are many times as fast as stripping, and every entry that is read comes through here.
    if end < 0 or padded.count(b"\0", end) != len(padded) - end - 1:
        raise SealError("A sealed body has no end mark.")
    return padded[:end]
