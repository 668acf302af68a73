"""One page of a long list. It begins after a key, not after a count of rows, so the last is as fast as the first."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec

from waystation.errors import BadInput, Problem
from waystation.records.labels import N_

PAGE: Final = 50

R = TypeVar("R")
KeyPart: TypeAlias = str | int | bytes | None
_decode: Final = msgspec.msgpack.Decoder(list[object])


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and the key after which the next page begins; None at the end."""

    rows: tuple[R, ...]
    next: str | None


def key_text(*key: KeyPart) -> str:
    """A key as it stands in an address."""
    return urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")


def read_key(text: str, parts: int) -> list[KeyPart]:
    """Inverse of `key_text`. Raises: BadInput, if it is anything else."""
    try:
        found = _decode.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        # Among them msgspec's own: the text is no key.
        found = []
    key = [part for part in found if part is None or isinstance(part, str | int | bytes)]
    if len(found) != parts or len(key) != parts:
        raise BadInput({"": Problem("bad_page", N_("This page of the list does not exist. Begin at its start."))})
    return key
