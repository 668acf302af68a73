"""Attachments, read from spec/files.md and the age v1 format alone."""

import base64
import hashlib
import hmac
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from tests.independent.ground import hkdf, identity_of_text
from tests.independent.strict import Refused, need

PIECE = 256 * 1024
SEGMENT = 64 * 1024
LARGEST = 64 * 1024 * 1024


def _bytes_of(line: str) -> bytes:
    """Base64 without padding."""
    return base64.b64decode(line + "=" * (-len(line) % 4), validate=True)


def _file_key(identity: X25519PrivateKey, stanzas: str) -> bytes:
    """The file key that the X25519 stanza holds for this identity."""
    mine = identity.public_key().public_bytes_raw()
    for share_text, wrapped_text in re.findall(r"^-> X25519 (\S+)\n(\S+)$", stanzas, re.MULTILINE):
        share = _bytes_of(share_text)
        shared = identity.exchange(X25519PublicKey.from_public_bytes(share))
        key = hkdf(shared, share + mine, b"age-encryption.org/v1/X25519")
        try:
            return ChaCha20Poly1305(key).decrypt(bytes(12), _bytes_of(wrapped_text), None)
        except InvalidTag:
            continue
    raise Refused("F2")


def open_age(secret: bytes, file: bytes) -> bytes:
    """F2, F5: the content of a whole age file."""
    head = re.match(
        rb"(age-encryption\.org/v1\n((?:-> [^\n]*\n(?:[^\n-][^\n]*\n|\n)*)+)---) ([^\n]{43})\n",
        file,
    )
    if head is None or len(file) < head.end() + 16:
        raise Refused("F5")
    file_key = _file_key(X25519PrivateKey.from_private_bytes(secret), head[2].decode("ascii"))
    seal = hmac.digest(hkdf(file_key, b"", b"header"), head[1], "sha256")
    need(seal == _bytes_of(head[3].decode("ascii")), "F2")
    nonce, body = file[head.end() : head.end() + 16], file[head.end() + 16 :]
    cipher = ChaCha20Poly1305(hkdf(file_key, nonce, b"payload"))
    segments = [body[at : at + SEGMENT + 16] for at in range(0, len(body), SEGMENT + 16)]
    need(bool(segments), "F5")
    content = b""
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        try:
            content += cipher.decrypt(number.to_bytes(11, "big") + bytes([last]), segment, None)
        except InvalidTag:
            raise Refused("F5") from None
    need(len(segments) == 1 or len(segments[-1]) > 16, "F5")
    return content


def open_file(key: str, hashes: list[bytes], pieces: list[bytes], size: int) -> bytes:
    """F3–F6: the content of a file from its pieces in order."""
    need(size <= LARGEST, "F6")
    need(len(pieces) == len(hashes) > 0, "F5")
    for piece, name in zip(pieces, hashes, strict=True):
        need(hashlib.sha256(piece).digest() == name, "F5")
    need(all(len(piece) == PIECE for piece in pieces[:-1]), "F3")
    need(0 < len(pieces[-1]) <= PIECE, "F3")
    content = open_age(identity_of_text(key), b"".join(pieces))
    need(len(content) == size, "F4")
    return content
