"""One page of a long list. A page begins after a key, never after a count of rows, so the last is as fast as the first."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from waystation.errors import BadInput, Problem, WireError
from waystation.records.labels import N_
from waystation.wire import Decoder, encode

PAGE: Final = 50

R = TypeVar("R")
_decode: Final = Decoder(list[str | int | bytes | None])


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and the key after which the next page begins; None at the end."""

    rows: tuple[R, ...]
    next: str | None


def key_text(*key: str | int | bytes | None) -> str:
    """A key as it stands in an address."""
    return urlsafe_b64encode(encode(list(key))).decode().rstrip("=")


def read_key(text: str, parts: int) -> list[str | int | bytes | None]:
    """Inverse of `key_text`. Raises: BadInput, if it is anything else."""
    try:
        key = _decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, WireError):
        key = []
    if len(key) != parts:
        raise BadInput({"": Problem("bad_page", N_("This page of the list does not exist. Begin at its start."))})
    return key
