"""Eras: how an organisation goes on from the last common checkpoint after a fork or the loss of a relay.

A statement that root signs, as bytes in and bytes out. Refuses what fewer than `threshold` root keys signed, a
signature that does not verify, and another organisation's. Implements spec/book.md B30.
"""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from waystation.book.roster import Genesis
from waystation.errors import AuthorityError, SignatureError
from waystation.ids import OrderHash, OrgId
from waystation.sign import SigningKey
from waystation.verify import Signature, VerifyKey, verify
from waystation.wire import BIN_32, UINT_32, Decoder, encode


class EraStatement(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What root says: the log goes on after position `checkpoint`, where h is `order`."""

    version: int
    org: Annotated[OrgId, BIN_32]
    number: Annotated[int, UINT_32]
    checkpoint: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    order: Annotated[OrderHash, BIN_32]
    reason: str


class _EraBody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    era: bytes
    signatures: tuple[tuple[VerifyKey, Signature], ...]


_decode_body: Final = Decoder(_EraBody)
_decode_statement: Final = Decoder(EraStatement)


def make_era(statement: EraStatement, roots: Iterable[SigningKey]) -> bytes:
    """Plaintext of an era entry (B30)."""
    stated = encode(statement)
    signatures = tuple(sorted((root.public, root.sign("era", stated)) for root in roots))
    return encode(_EraBody(1, stated, signatures))


def read_era(body: bytes, org: OrgId, genesis: Genesis) -> EraStatement:
    """Parses an era entry's plaintext and checks who signed it.

    Raises: WireError, if it is malformed; AuthorityError, if root did not sign it.
    """
    outer = _decode_body(body)
    statement = _decode_statement(outer.era)
    if statement.org != org:
        raise AuthorityError("B30: an era of another organisation")
    signed: set[bytes] = set()
    for signer, signature in outer.signatures:
        if signer not in genesis.roots:
            raise AuthorityError("B30: an era signed by who is not root")
        try:
            verify(signer, "era", outer.era, signature)
        except SignatureError:
            raise AuthorityError("B30: a signature under an era does not verify") from None
        signed.add(signer)
    if len(signed) < genesis.threshold:
        raise AuthorityError("B30: an era that root did not sign")
    return statement
