"""Strict decoding of MessagePack array structures. Parse or reject: there is no lenient mode.

Implements spec/README.md W1–W4. A structure's first element is its version; stored bytes are what is hashed and signed,
and nothing is ever encoded again in order to be checked.
"""

from typing import Final, Generic, TypeVar

import msgspec

from waystation.errors import NewerFormat, WireError
from waystation.limits import MIB

T = TypeVar("T")

MAX_BYTES: Final = 16 * MIB

BIN_16: Final = msgspec.Meta(min_length=16, max_length=16)
BIN_32: Final = msgspec.Meta(min_length=32, max_length=32)
"""`Annotated[RecordId, BIN_16]` is refused at any other length (W3)."""

UINT_32: Final = msgspec.Meta(ge=0, le=2**32 - 1)
INT_64: Final = msgspec.Meta(ge=-(2**63), le=2**63 - 1)
"""A time that every database can hold."""

_encoder = msgspec.msgpack.Encoder(order="deterministic")


def encode(value: object) -> bytes:
    """Deterministic MessagePack: shortest integers, map keys sorted (W1)."""
    return _encoder.encode(value)


class Decoder(Generic[T]):
    """A reusable strict decoder of one shape: an array-like struct whose first field is `version`.

    Args:
        shape: the struct.
        version: the newest version known here.

    Raises: WireError on anything but exactly one value of that shape; NewerFormat if its version is above the known.
    """

    def __init__(self, shape: type[T], *, version: int = 1) -> None:
        self._decoder = msgspec.msgpack.Decoder(shape)
        self._version = version
        self._name = shape.__name__

    def __call__(self, data: bytes) -> T:
        if len(data) > MAX_BYTES:
            raise WireError(
                "A %(name)s of %(bytes)s bytes is above the limit of %(bytes_max)s.",
                name=self._name,
                bytes=len(data),
                bytes_max=MAX_BYTES,
            )
        version = peek_version(data)
        if version > self._version:
            raise NewerFormat(version)
        if version != self._version:
            raise WireError("Not a %(name)s: version %(version)s does not exist.", name=self._name, version=version)
        try:
            return self._decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The decoder's own message may quote what it read, so it is dropped.
            raise WireError("Not a valid %(name)s; it was altered or cut short.", name=self._name) from None


def peek_version(data: bytes) -> int:
    """The version that leads an array structure.

    Raises: WireError if `data` does not begin as an array whose first element is a small positive integer (W2).
    """
    if not data:
        raise WireError("No bytes where a structure was expected.")
    lead = data[0]
    if 0x91 <= lead <= 0x9F:
        at = 1
    elif lead == 0xDC:
        at = 3
    else:
        raise WireError("These bytes are no structure of Waystation's.")
    if len(data) <= at or not 1 <= data[at] <= 0x7F:
        raise WireError("This structure does not begin with its version.")
    return data[at]
