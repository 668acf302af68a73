"""The plaintext of a change entry: which save it belongs to, when its author says it was, and an opaque payload.

Implements spec/book.md B18.
"""

from typing import Annotated, Final

import msgspec

from waystation.ids import SaveId
from waystation.wire import BIN_16, INT_64, Decoder


class ChangeBody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Plaintext of a change entry (B18)."""

    version: int
    save: Annotated[SaveId, BIN_16]
    at_ms: Annotated[int, INT_64]
    zone: str
    payload: bytes


decode_change: Final = Decoder(ChangeBody)
