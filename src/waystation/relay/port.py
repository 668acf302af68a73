"""The storage port: what a store must do for the relay. Implements spec/relay.md L24.

Guarantees, whichever backend stands behind it: a list of jobs is one durable commit, and each of them is done whole or
refused alone; jobs of one organisation come one after the other, also from other processes; what was answered is there
after a crash. A store that cannot say whether a commit is durable raises Away, and acknowledges nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, StrEnum
from typing import Protocol

import msgspec

from waystation.errors import WaystationError
from waystation.ids import ChunkHash, HeaderHash, OrderHash, OrgId
from waystation.verify import VerifyKey


class Code(Enum):
    """Why something was not done (L2): its name in the answer, and the status."""

    BAD_REQUEST = ("bad_request", 400)
    UNSIGNED = ("unsigned", 401)
    FORBIDDEN = ("forbidden", 403)
    UNKNOWN = ("unknown", 404)
    NO_METHOD = ("bad_request", 405)
    MOVED_ON = ("moved_on", 409)
    TOO_LARGE = ("too_large", 413)
    TOO_FAR = ("too_far", 416)
    BUSY_YOU = ("busy", 429)
    BUSY = ("busy", 503)
    FULL = ("full", 507)
    FAILED = ("failed", 500)

    @property
    def text(self) -> str:
        return self.value[0]

    @property
    def status(self) -> int:
        return self.value[1]


class Head(msgspec.Struct, frozen=True):
    """Where a log ends: its last position, and the running order hash there."""

    position: int
    order: OrderHash


class Refusal(WaystationError):
    """What was asked is not done, and nothing was changed.

    Args:
        why: its code. head: where the log ends, if that is what it is about. after_s: when to ask again.
    """

    code = "refusal"

    def __init__(self, why: Code, head: Head | None = None, after_s: int = 1) -> None:
        super().__init__("The relay does not do this (%(why)s).", why=why.text)
        self.why = why
        self.head = head
        self.after_s = after_s


class Stale(WaystationError):
    """The organisation's credentials have changed since this job's was looked up: look again, then try again."""

    code = "stale"

    def __init__(self) -> None:
        super().__init__("The organisation's credentials have changed. Try again.")


class Away(WaystationError):
    """The store cannot be reached, or does not say that a commit is durable."""

    code = "store_away"

    def __init__(self) -> None:
        super().__init__("The relay's store cannot be reached. Look whether the database runs, and try again.")


class Right(StrEnum):
    """What a credential may do (L6)."""

    MANAGE = "manage"
    DESK = "desk"
    PARCEL = "parcel"


class Credential(msgspec.Struct, frozen=True):
    """A key that may ask for things (L4). `bound` is a desk's id or a parcel's name; `expires_s` counts from 1970."""

    id: bytes
    public: VerifyKey
    right: Right
    bound: bytes
    expires_s: int | None


class Keys(msgspec.Struct, frozen=True):
    """Who may ask for things in an organisation's name, and how much.

    Args:
        version: changes with every change to the rest.
        genesis: its record (B1). credentials: by id.
        requests_max: requests a minute.
    """

    version: int
    genesis: bytes
    credentials: Mapping[bytes, Credential]
    requests_max: int


class Allowance(msgspec.Struct, frozen=True):
    """What an organisation may take (L22): bytes of entries and chunks, requests a minute."""

    bytes_max: int
    requests_max: int


class Sent(msgspec.Struct, frozen=True):
    """A checked entry that is to be appended."""

    hash: HeaderHash
    body_hash: bytes
    header: bytes
    signature: bytes
    body: bytes | None

    @property
    def size(self) -> int:
        """Bytes that count towards the quota."""
        return len(self.header) + len(self.signature) + len(self.body or b"")


class Asked(msgspec.Struct, frozen=True):
    """Who asks for a job: the organisation, the version of its keys by which the request was judged, and, for what
    does harm when it is repeated, the nonces that are spent with it: (key id, nonce, seconds since 1970 until when)."""

    org: OrgId
    keys: int
    nonces: tuple[tuple[bytes, bytes, int], ...] = ()


class Append(msgspec.Struct, frozen=True):
    """Appends a batch (L10–L12). Done: Appended."""

    asked: Asked
    after: int | None
    entries: Sequence[Sent]


class Appended(msgspec.Struct, frozen=True):
    """Position of a batch's first entry, and the head that its last one made."""

    first: int
    head: Head


class AddChunks(msgspec.Struct, frozen=True):
    """Keeps chunks under their hashes (L18). Done: how many were new."""

    asked: Asked
    chunks: Mapping[ChunkHash, bytes]


class Drop(msgspec.Struct, frozen=True):
    """Drops bodies and chunks (L17)."""

    asked: Asked
    positions: Sequence[int]
    chunks: Sequence[ChunkHash]


class PutCredential(msgspec.Struct, frozen=True):
    """Adds a credential, or replaces one of the same id (L20)."""

    asked: Asked
    credential: Credential


class DeleteCredential(msgspec.Struct, frozen=True):
    asked: Asked
    id: bytes


class PutParcel(msgspec.Struct, frozen=True):
    """Leaves one side of a parcel (L21). Done: whether it was not there yet."""

    asked: Asked
    name: bytes
    side: str
    raw: bytes
    until_s: int


class DeleteParcel(msgspec.Struct, frozen=True):
    asked: Asked
    name: bytes


class Register(msgspec.Struct, frozen=True):
    """Makes room for an organisation (L8). Done: whether it was not there yet."""

    org: OrgId
    genesis: bytes
    ticket: bytes
    credential: Credential
    order: OrderHash
    now_s: int


class Beat(msgspec.Struct, frozen=True):
    """Writes nothing of anybody's; shows that writing works (L23)."""

    now_s: int


class Sweep(msgspec.Struct, frozen=True):
    """Removes what has expired: parcels, credentials, tickets, spent nonces."""

    now_s: int


OfOrganisation = Append | AddChunks | Drop | PutCredential | DeleteCredential | PutParcel | DeleteParcel
Job = OfOrganisation | Register | Beat | Sweep
Done = Appended | int | bool | None
Outcome = Done | Refusal | Stale


class Held(msgspec.Struct, frozen=True):
    """One entry as it is kept."""

    header: bytes
    signature: bytes
    body: bytes | None


class Stretch(msgspec.Struct, frozen=True):
    """Entries after a position, the order hash there, and the head."""

    order: OrderHash
    head: Head
    entries: Sequence[Held]


class Standing(msgspec.Struct, frozen=True):
    """One organisation as its operator sees it."""

    org: OrgId
    head: int
    held_bytes: int
    allowance: Allowance


class Listener(Protocol):
    """Who hears what other processes on the same store have done."""

    def grown(self, org: OrgId, head: Head) -> None: ...

    def keys_changed(self, org: OrgId) -> None: ...

    def missed(self) -> None:
        """Something may have been said that was not heard."""
        ...


class Store(Protocol):
    """One relay's storage. Everything may be called from any thread."""

    def write(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Does jobs in one durable commit; a job that cannot be done is refused alone. Raises: Away; StoreError."""
        ...

    def keys(self, org: OrgId) -> Keys | None:
        """None if there is no such organisation. Raises: Away, as everything below."""
        ...

    def head(self, org: OrgId) -> Head:
        """Where the log ends. Raises: Refusal, if there is no such organisation, as everything below."""
        ...

    def stretch(self, org: OrgId, after: int, count: int, room: int) -> Stretch:
        """At most `count` entries after a position, in at most `room` bytes; one at least, if there is one.

        Raises: Refusal, if the log ends before that position.
        """
        ...

    def order(self, org: OrgId, position: int) -> tuple[OrderHash, Head]:
        """h(position), and the head. Raises: Refusal, if the log ends before."""
        ...

    def chunks(self, org: OrgId, names: Sequence[ChunkHash], room: int) -> list[bytes | None]:
        """Chunks in the order of their names, as many from the front as fit into `room` bytes, one at least."""
        ...

    def parcel(self, org: OrgId, name: bytes, side: str, now_s: int) -> bytes | None: ...

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tells a listener what other processes do, from another thread. Returns: what ends that."""
        ...

    def add_ticket(self, ticket: bytes, allowance: Allowance, expires_s: int) -> None:
        """Keeps the hash of a ticket (L9)."""
        ...

    def standings(self) -> Iterator[Standing]: ...

    def allow(self, org: OrgId, allowance: Allowance) -> None: ...

    def remove(self, org: OrgId) -> None:
        """Removes an organisation and everything of it."""
        ...

    def close(self) -> None: ...
