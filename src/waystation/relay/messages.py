"""What is asked in bodies: their shapes, decoded strictly. Implements the structures of spec/relay.md L8–L21."""

from typing import Annotated, Final

import msgspec

from waystation import limits
from waystation.derive import digest
from waystation.errors import WireError
from waystation.ids import ChunkHash, DeskId, OrgId
from waystation.relay.entry import Entry
from waystation.relay.port import Code, Refusal, Right
from waystation.verify import VerifyKey
from waystation.wire import BIN_16, BIN_32, Decoder

Position = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class Genesis(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the relay reads of a genesis record (B1): who the appeal is."""

    version: int
    roots: Annotated[list[Annotated[VerifyKey, BIN_32]], msgspec.Meta(min_length=1, max_length=16)]
    threshold: Annotated[int, msgspec.Meta(ge=1, le=16)]
    nonce: Annotated[bytes, BIN_16]


class Registering(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """L8."""

    version: int
    genesis: Annotated[bytes, msgspec.Meta(max_length=2048)]
    ticket: Annotated[str, msgspec.Meta(max_length=64)]
    public: Annotated[VerifyKey, BIN_32]
    desk: Annotated[DeskId, BIN_16]


class Appending(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """L10, L13."""

    version: int
    after: Position | None
    entries: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=limits.BATCH_ENTRIES_MAX)]


class Dropping(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """L17."""

    version: int
    positions: list[Position]
    chunks: list[Annotated[ChunkHash, BIN_32]]


class Storing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """L18."""

    version: int
    chunks: list[bytes]


class Fetching(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """L19."""

    version: int
    names: Annotated[list[Annotated[ChunkHash, BIN_32]], msgspec.Meta(max_length=limits.CHUNKS_FETCHED_MAX)]


class Entrusting(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """L20."""

    version: int
    public: Annotated[VerifyKey, BIN_32]
    right: Right
    bound: Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
    expires_s: Seconds | None


registering: Final = Decoder(Registering)
appending: Final = Decoder(Appending)
dropping: Final = Decoder(Dropping)
storing: Final = Decoder(Storing)
fetching: Final = Decoder(Fetching)
entrusting: Final = Decoder(Entrusting)

_genesis: Final = Decoder(Genesis)


def read_genesis(raw: bytes) -> Genesis:
    """A genesis record (B1). Raises: Refusal."""
    try:
        genesis = _genesis(raw)
    except WireError:
        raise Refusal(Code.BAD_REQUEST) from None
    if genesis.threshold > len(genesis.roots) or len(set(genesis.roots)) != len(genesis.roots):
        raise Refusal(Code.BAD_REQUEST)
    return genesis


def org_of(genesis: bytes) -> OrgId:
    """The organisation that a genesis record founds (I2)."""
    return OrgId(digest("genesis", genesis))


def credential_id(public: VerifyKey) -> bytes:
    """Id of a credential (L4)."""
    return digest("credential", public)


def ticket_hash(ticket: str) -> bytes:
    """What is kept of a ticket (L9)."""
    return digest("ticket", ticket.encode())
