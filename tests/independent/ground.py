"""Derivation, envelopes, paper and vault, read from spec/README.md, envelope.md and vault.md alone.

Below AES-GCM, X25519, ML-KEM, Ed25519, Argon2id and the hashes, nothing is taken from a library:
HPKE's key schedule, X-Wing's combiner, HKDF, Bech32 and BIP-39 are written out.
"""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from importlib.resources import files as resources

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from tests.independent.strict import (
    Refused,
    binary,
    every,
    integer,
    need,
    row,
    structure,
    text,
)

U64 = integer(0, 2**64 - 1)


def tag(purpose: str) -> bytes:
    """D1."""
    return b"waystation/1 " + purpose.encode("ascii") + b"\0"


def digest(purpose: str, data: bytes) -> bytes:
    """D1."""
    return hashlib.sha256(tag(purpose) + data).digest()


def mac(key: bytes, purpose: str, data: bytes) -> bytes:
    """D3."""
    return hmac.digest(key, tag(purpose) + data, "sha256")


def _expand(pseudorandom: bytes, info: bytes, size: int) -> bytes:
    """HKDF-Expand of RFC 5869."""
    out, block, count = b"", b"", 1
    while len(out) < size:
        block = hmac.digest(pseudorandom, block + info + bytes([count]), "sha256")
        out += block
        count += 1
    return out[:size]


def hkdf(secret: bytes, salt: bytes, info: bytes, size: int = 32) -> bytes:
    """HKDF-SHA-256 of RFC 5869."""
    return _expand(hmac.digest(salt or bytes(32), secret, "sha256"), info, size)


def derive(secret: bytes, purpose: str, context: bytes, salt: bytes = b"") -> bytes:
    """D2."""
    return hkdf(secret, salt, tag(purpose) + context)


def open_once(key: bytes, ciphertext: bytes, associated: bytes) -> bytes:
    """E1, backwards."""
    need(len(ciphertext) >= 16, "E1")
    try:
        return AESGCM(key).decrypt(bytes(12), ciphertext, associated)
    except InvalidTag:
        raise Refused("E1") from None


def unpad(padded: bytes) -> bytes:
    """E3, backwards."""
    stripped = padded.rstrip(b"\0")
    need(stripped.endswith(b"\x80"), "E3")
    return stripped[:-1]


def _pair(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """E4."""
    wide = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(wide[:64]), X25519PrivateKey.from_private_bytes(wide[64:])


def sealing_public(seed: bytes) -> bytes:
    """E2, E4: the public half of a sealing seed."""
    lattice, curve = _pair(seed)
    return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


def unseal(seed: bytes, envelope: bytes, purpose: str, context: bytes) -> bytes:
    """E2, backwards: X-Wing (KEM 0x647a), then HPKE's base mode of RFC 9180 §5.1 and §6.1."""
    need(len(envelope) >= 1 + 1120 + 16 and envelope[0] == 1, "E2")
    lattice, curve = _pair(seed)
    from_lattice, from_curve = envelope[1:1089], envelope[1089:1121]
    try:
        combined = hashlib.sha3_256(
            lattice.decapsulate(from_lattice)
            + curve.exchange(X25519PublicKey.from_public_bytes(from_curve))
            + from_curve
            + curve.public_key().public_bytes_raw()
            + b"\\.//^\\"
        ).digest()
    except ValueError:
        raise Refused("E2") from None
    suite = b"HPKE" + b"\x64\x7a" + b"\x00\x01" + b"\x00\x02"

    def extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")

    def expand(secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
        return _expand(secret, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)

    info = tag(purpose) + context
    schedule = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(combined, b"secret", b"")
    key = expand(secret, b"key", schedule, 32)
    nonce = expand(secret, b"base_nonce", schedule, 12)
    try:
        return AESGCM(key).decrypt(nonce, envelope[1121:], b"")
    except InvalidTag:
        raise Refused("E2") from None


def verify(key: bytes, signature: bytes, purpose: str, data: bytes) -> None:
    """E5."""
    need(len(key) == 32 and len(signature) == 64, "E5")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, tag(purpose) + data)
    except (InvalidSignature, ValueError):
        raise Refused("E5") from None


def verification_key(seed: bytes) -> bytes:
    """E5: the public half of a signing seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def secret_of_words(phrase: str) -> bytes:
    """P1, backwards."""
    english = (resources("mnemonic") / "wordlist" / "english.txt").read_text("utf-8").split()
    said = phrase.split()
    need(len(said) == 24 and all(word in english for word in said), "P1")
    bits = "".join(f"{english.index(word):011b}" for word in said)
    secret = int(bits[:256], 2).to_bytes(32, "big")
    need(int(bits[256:], 2) == hashlib.sha256(secret).digest()[0], "P1")
    return secret


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _polymod(values: list[int]) -> int:
    """The checksum of BIP-173."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check


def identity_of_text(written: str) -> bytes:
    """P2, backwards: the 32 bytes of an age identity."""
    need(written == written.upper() and written.startswith("AGE-SECRET-KEY-1"), "P2")
    name, _, data = written.lower().rpartition("1")
    need(all(letter in _BECH32 for letter in data) and len(data) == 52 + 6, "P2")
    values = [_BECH32.index(letter) for letter in data]
    prefix = [ord(letter) >> 5 for letter in name] + [0] + [ord(letter) & 31 for letter in name]
    need(_polymod(prefix + values) == 1, "P2")
    bits = "".join(f"{value:05b}" for value in values[:-6])
    need(set(bits[256:]) <= {"0"}, "P2")
    return int(bits[:256], 2).to_bytes(32, "big")


@dataclass(frozen=True)
class Vault:
    """V7."""

    org: bytes
    desk: bytes
    database_key: bytes
    keyring_keys: list[bytes]
    signing_seed: bytes
    sealing: list[tuple[bytes, int]]


MAGIC = b"waystation vault"


def open_vault(file: bytes, passphrase: str) -> Vault:
    """V1–V7."""
    need(len(file) >= 16 + 32 and file[:16] == MAGIC, "V1")
    body = file[16:-32]
    need(digest("vault", body) == file[-32:], "V1")
    kdf, wrapped, salt, secrets = structure(body, binary(), binary(), binary(32), binary())
    memory, passes, lanes, kdf_salt = _stretching(kdf)
    key = Argon2id(salt=kdf_salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(
        unicodedata.normalize("NFKC", passphrase).encode()
    )
    try:
        root = open_once(key, wrapped, tag("vault-root") + kdf)
    except Refused:
        raise Refused("V5") from None
    need(len(root) == 32, "V5")
    try:
        plain = open_once(derive(root, "vault-secrets", b"", salt), secrets, b"")
    except Refused:
        raise Refused("V6") from None
    values = structure(
        plain,
        binary(32),
        binary(16),
        binary(32),
        every(binary(32)),
        binary(32),
        every(row(binary(32), U64)),
    )
    need(1 <= len(values[3]) <= 2 and len(values[5]) >= 1, "V7")
    return Vault(*values[:5], [(seed, since) for seed, since in values[5]])


def _stretching(kdf: bytes) -> tuple[int, int, int, bytes]:
    """V3: memory in KiB, passes, lanes and salt, within what a reader may be asked to spend."""
    _, memory, passes, lanes, salt = structure(kdf, text("argon2id"), U64, U64, U64, binary(32))
    need(memory <= 4 * 1024 * 1024 and 1 <= passes <= 64 and 1 <= lanes <= 64, "V3")
    need(memory >= 8 * lanes, "V3")
    return memory, passes, lanes, salt
