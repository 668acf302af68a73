"""What the relay knows of an entry: that it is whole, whose it is, and where it stands. Implements spec/relay.md L10.

Of the 232 bytes of a header it reads the lead, the version, the bucket, the organisation, the author's desk and the
body's hash (offsets of spec/book.md B2), and nothing else.
"""

from hashlib import sha256
from typing import Final

import msgspec

from waystation.derive import digest
from waystation.ids import DeskId, HeaderHash, OrderHash, OrgId
from waystation.limits import BODY_BUCKETS
from waystation.relay.port import Code, Refusal, Sent

HEADER_BYTES: Final = 232
SIGNATURE_BYTES: Final = 64

_LEAD: Final = b"WSE\x01"
_BUCKET: Final = 5
_ORG: Final = slice(8, 40)
_DESK: Final = slice(40, 56)
_BODY_HASH: Final = slice(200, 232)


class Entry(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An entry as it travels: header, signature, and its body if it has not been dropped."""

    header: bytes
    signature: bytes
    body: bytes | None


def sent(entry: Entry, org: OrgId, author: DeskId | None) -> Sent:
    """Checks one entry that a desk sends (L10).

    Args:
        author: the only desk that may have written it, and then its body must be there; None allows any, and none.
    Raises: Refusal.
    """
    header, body = entry.header, entry.body
    if (
        len(header) != HEADER_BYTES
        or len(entry.signature) != SIGNATURE_BYTES
        or header[:4] != _LEAD
        or header[_BUCKET] >= len(BODY_BUCKETS)
        or header[_ORG] != org
    ):
        raise Refusal(Code.BAD_REQUEST)
    if author is not None and (body is None or header[_DESK] != author):
        raise Refusal(Code.FORBIDDEN)
    named = header[_BODY_HASH]
    if body is not None and (len(body) != BODY_BUCKETS[header[_BUCKET]] or sha256(body).digest() != named):
        raise Refusal(Code.BAD_REQUEST)
    return Sent(HeaderHash(digest("header", header)), named, header, entry.signature, body)


def first_order(org: OrgId) -> OrderHash:
    """h(0) (B4)."""
    return OrderHash(digest("order", org))


def next_order(order: OrderHash, head: HeaderHash, body_hash: bytes) -> OrderHash:
    """h(i+1) from h(i) (B4)."""
    return OrderHash(digest("order", order + head + body_hash))
