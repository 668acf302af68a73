"""What a relay does for a desk: the port that the engine speaks to.

`HttpRelay` is one; the tests have others, some of which lie. Nothing that a relay answers is believed here: the engine
checks it. Every method may raise RelayAway, RelayBusy and RelayRefused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from waystation.book.entry import Entry
from waystation.ids import ChunkHash, DeskId, OrderHash


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log: how many entries it has, and its order hash there."""

    position: int
    order: OrderHash


@dataclass(frozen=True, slots=True)
class Appended:
    """A batch that a relay says it took: the position of its first entry, and the log's end."""

    first: int
    head: Head


@dataclass(frozen=True, slots=True)
class OrderAt:
    """The order hash at one position, and the log's end."""

    position: int
    order: OrderHash
    head: Head


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries that follow the position `after`, whose order hash is `order_after`, and the log's end."""

    after: int
    order_after: OrderHash
    head: Head
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class CredentialSeen:
    """A credential that a relay knows.

    Args:
        right: "manage", "desk" or "parcel". bound: to this desk, or this parcel's name; empty for neither.
        expires_s: seconds since 1970; None for never.
    """

    id: bytes
    right: str
    bound: bytes
    expires_s: int | None


class Relay(Protocol):
    """One organisation's log at a relay, for one credential (spec/relay.md)."""

    def register(self, genesis: bytes, ticket: str, desk: DeskId) -> None:
        """Makes the organisation known there (L8)."""
        ...

    def append(self, after: int | None, entries: Sequence[Entry]) -> Appended:
        """Appends a batch, all of it or nothing (L10–L12). Raises: MovedOn."""
        ...

    def entries(self, after: int, limit: int) -> Stretch:
        """What follows a position (L14). Raises: TooFar, if the log ends before it."""
        ...

    def order(self, position: int) -> OrderAt:
        """The order hash at a position (L15). Raises: TooFar."""
        ...

    def news(self, after: int) -> Head | None:
        """Waits until the log goes beyond a position; None, if that takes longer than 50 s (L16)."""
        ...

    def put_chunks(self, chunks: Sequence[bytes]) -> None:
        """Stores ciphertext under its hashes (L18); at most 8 MiB together."""
        ...

    def fetch_chunks(self, names: Sequence[ChunkHash]) -> Mapping[ChunkHash, bytes | None]:
        """What the relay holds under these hashes (L19), None where it holds nothing; unchecked."""
        ...

    def drop(self, positions: Sequence[int], chunks: Sequence[ChunkHash]) -> None:
        """Removes bodies and chunks for good (L17)."""
        ...

    def put_credential(self, identity: bytes, public: bytes, right: str, bound: bytes, expires_s: int | None) -> None:
        """Lets somebody in (L20)."""
        ...

    def delete_credential(self, identity: bytes) -> None:
        """Shuts somebody out, at once (L20)."""
        ...

    def credentials(self) -> list[CredentialSeen]:
        """Who is let in (L20)."""
        ...

    def put_parcel(self, name: bytes, side: str, raw: bytes) -> None:
        """Leaves a parcel; `side` is "request" or "answer" (L21)."""
        ...

    def parcel(self, name: bytes, side: str) -> bytes | None:
        """A parcel that was left, or None (L21)."""
        ...

    def delete_parcel(self, name: bytes) -> None:
        """Takes both sides of a parcel away (L21)."""
        ...

    def close(self) -> None:
        """Ends every connection; whoever waits in `news` is woken."""
        ...
