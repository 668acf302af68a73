"""HTTP message signatures: the one profile that a desk and its relay speak. Implements spec/relay.md L5 and L7.

Guarantees: what is accepted was formed by exactly this profile of RFC 9421 (and RFC 9530 for the digest), one way to
write each thing; everything else raises. Nothing is signed here, and no key is kept: the relay checks with it too.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from waystation.errors import SignatureError
from waystation.verify import Signature, VerifyKey

CONTENT_DIGEST: Final = "content-digest"
SIGNATURE_INPUT: Final = "signature-input"
SIGNATURE: Final = "signature"

WINDOW_S: Final = 300
"""A signature is good so many seconds before and after the moment that it names."""

NONCE_BYTES: Final = 16
LABEL: Final = "ws"
SIGNATURES_MAX: Final = 16
"""Keys of one genesis that may sign one request."""

_COMPONENTS: Final = '"@method" "@authority" "@path" "@query"'
_WITH_BODY: Final = f'{_COMPONENTS} "content-digest"'
_INPUT: Final = re.compile(
    r'([a-z][a-z0-9]{0,3})=\(("@method" "@authority" "@path" "@query"(?: "content-digest")?)\)'
    r';created=([1-9][0-9]{0,11});nonce="([A-Za-z0-9+/]{22}==)";keyid="([0-9a-f]{64})"'
)
_SIGNATURE: Final = re.compile(r"([a-z][a-z0-9]{0,3})=:([A-Za-z0-9+/]{86}==):")
_BETWEEN: Final = re.compile(r"[ \t]*,[ \t]*")


class Parameters(msgspec.Struct, frozen=True):
    """What a signature says of itself.

    Args:
        created: seconds since 1970.
        nonce: 16 random bytes, used once.
        keyid: a credential's id, or a root verification key.
    """

    created: int
    nonce: bytes
    keyid: bytes


class Signed(msgspec.Struct, frozen=True):
    """One signature of a request, parsed and not yet checked."""

    label: str
    parameters: Parameters
    signature: Signature


def content_digest(body: bytes) -> str:
    """Value of the Content-Digest field (RFC 9530), SHA-256."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def signature_base(
    method: str, authority: str, path: str, query: str, digest: str | None, parameters: Parameters
) -> bytes:
    """The bytes that are signed, by Ed25519 as it is (RFC 9421 §2.5, §3.3.6).

    Args:
        method: in capitals.
        authority: the Host field in lower case; its port only where it is not the scheme's own.
        path, query: as sent, percent-encoded; the query without its question mark, empty if there is none.
        digest: the Content-Digest field where there is a body.
    """
    components = [("@method", method), ("@authority", authority.lower()), ("@path", path), ("@query", f"?{query}")]
    if digest is not None:
        components.append((CONTENT_DIGEST, digest))
    return base_of(components, _described(parameters, digest is not None))


def base_of(components: Sequence[tuple[str, str]], described: str) -> bytes:
    """A signature base of any components.

    Args:
        components: name → value, in the order in which they are covered.
        described: the value of `@signature-params`.
    """
    lines = [f'"{name}": {value}' for name, value in components]
    return "\n".join([*lines, f'"@signature-params": {described}']).encode("ascii")


def signature_headers(signed: Sequence[tuple[str, Parameters, Signature]], *, with_body: bool) -> dict[str, str]:
    """The two header fields that carry signatures.

    Args:
        signed: label, parameters, signature; labels as L5 and L7 have them.
        with_body: whether the content digest is covered.
    """
    return {
        SIGNATURE_INPUT: ", ".join(f"{label}={_described(parameters, with_body)}" for label, parameters, _ in signed),
        SIGNATURE: ", ".join(f"{label}=:{b64encode(signature).decode()}:" for label, _, signature in signed),
    }


def parse_signatures(signature_input: str, signature: str, *, with_body: bool) -> list[Signed]:
    """The signatures of a request, in order.

    Args:
        signature_input, signature: the two header fields.
        with_body: whether the request has a body, which must then be covered.
    Raises: SignatureError, on anything that this profile would not have written.
    """
    described = [_INPUT.fullmatch(part) for part in _parts(signature_input)]
    given = [_SIGNATURE.fullmatch(part) for part in _parts(signature)]
    components = _WITH_BODY if with_body else _COMPONENTS
    found: list[Signed] = []
    for named, signs in zip(described, given, strict=False):
        if named is None or signs is None or named[1] != signs[1] or named[2] != components:
            raise _unreadable()
        parameters = Parameters(int(named[3]), _bytes(named[4]), bytes.fromhex(named[5]))
        found.append(Signed(named[1], parameters, Signature(_bytes(signs[2]))))
    if len(described) != len(given) or len({one.label for one in found}) != len(found):
        raise _unreadable()
    return found


def check_signature(key: VerifyKey, base: bytes, signature: Signature) -> None:
    """Returns only if `signature` is `key`'s over a signature base. Raises: SignatureError."""
    try:
        _loaded(key).verify(signature, base)
    except (InvalidSignature, ValueError):
        raise SignatureError("The signature of a request does not verify.") from None


@lru_cache(maxsize=4096)
def _loaded(key: VerifyKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)


def _described(parameters: Parameters, with_body: bool) -> str:
    components = _WITH_BODY if with_body else _COMPONENTS
    nonce = b64encode(parameters.nonce).decode()
    return f'({components});created={parameters.created};nonce="{nonce}";keyid="{parameters.keyid.hex()}"'


def _parts(field: str) -> list[str]:
    if "," not in field:
        return [field]
    parts = _BETWEEN.split(field, SIGNATURES_MAX)
    if len(parts) > SIGNATURES_MAX:
        raise _unreadable()
    return parts


def _bytes(text: str) -> bytes:
    """Base64 that is written in the one canonical way."""
    raw = b64decode(text)
    if b64encode(raw).decode() != text:
        raise _unreadable()
    return raw


def _unreadable() -> SignatureError:
    return SignatureError("The signature of a request is not written as spec/relay.md L5 says.")
