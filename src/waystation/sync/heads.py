"""How far a desk's log reaches, as a short code that another desk compares without any server.

Implements spec/sync.md S22. The code is no secret: it opens nothing and names nobody.
"""

from base64 import b32decode
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from waystation.errors import BadInput, Problem, WireError
from waystation.ids import OrderHash, OrgId, to_text
from waystation.wire import BIN_32, Decoder, encode

PREFIX: Final = "waystation-heads-"


class _Heads(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    org: Annotated[OrgId, BIN_32]
    position: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    order: Annotated[OrderHash, BIN_32]


@dataclass(frozen=True, slots=True)
class Heads:
    """One desk's log: whose, how many entries, and the order hash there."""

    org: OrgId
    position: int
    order: OrderHash


_decode: Final = Decoder(_Heads)


def heads_text(heads: Heads) -> str:
    """The code as text, for a QR code or a message."""
    return PREFIX + to_text(encode(_Heads(1, heads.org, heads.position, heads.order)))


def read_heads(text: str) -> Heads:
    """Inverse of `heads_text`; capitals, spaces and line breaks are forgiven. Raises: BadInput."""
    code = "".join(text.split()).lower()
    try:
        if not code.startswith(PREFIX):
            raise WireError("Not a code of this kind.")
        bare = code.removeprefix(PREFIX).upper()
        found = _decode(b32decode(bare + "=" * (-len(bare) % 8)))
    except (ValueError, WireError):
        raise BadInput(
            {"code": Problem("bad_heads", "This code is not complete. Copy it again from the other desk.")}
        ) from None
    return Heads(found.org, found.position, found.order)
