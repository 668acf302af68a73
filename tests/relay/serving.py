"""A relay on a real port, and someone who asks it things as a desk would. No room that could read an entry is used."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

import httpx2
import msgspec
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.ground.seeded import NOON_MS, HeldClock, Seeded

from waystation import httpsig, wire
from waystation.derive import digest
from waystation.ids import OrgId
from waystation.limits import BODY_BUCKETS
from waystation.relay.app import Relay, build
from waystation.relay.messages import ticket_hash
from waystation.relay.port import Allowance, Store
from waystation.relay.serve import RelayServer
from waystation.verify import Signature

STARTS_WITHIN_S = 20
PLENTY = Allowance(10**12, 10**9)
ZEROS = bytes(32)


@dataclass
class Served:
    """A relay that listens."""

    port: int
    relay: Relay
    store: Store
    clock: HeldClock
    server: uvicorn.Server

    def look(self) -> None:
        """Has everyone who waits for news look again."""
        self.relay.loop.call_soon_threadsafe(self.relay.news.look)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def relay(store: Store, clock: HeldClock | None = None, *, log_requests: bool = False) -> Iterator[Served]:
    """Serves a store until the block ends; the clock moves only when it is told to."""
    held = clock or HeldClock()
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(256)
    port = listening.getsockname()[1]
    began = held.at_ms

    def monotonic_ms() -> int:
        # What the tests wait for passes in real time, what they pretend in the held one.
        return time.monotonic_ns() // 1_000_000 + held.at_ms - began

    app = build(
        store,
        names=frozenset([f"127.0.0.1:{port}"]),
        now_ms=held.now_ms,
        monotonic_ms=monotonic_ms,
        log_requests=log_requests,
    )
    server = RelayServer(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        for _ in range(STARTS_WITHIN_S * 100):
            if server.started:
                break
            thread.join(0.01)
        assert server.started
        yield Served(port, app.state.relay, store, held, server)
    finally:
        server.should_exit = True
        thread.join(STARTS_WITHIN_S)
        listening.close()


class Key:
    """A credential, or a root key."""

    def __init__(self, randomness: Seeded) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(randomness(32))
        self.public = self.private.public_key().public_bytes_raw()
        self.id = digest("credential", self.public)


@dataclass(frozen=True)
class Reply:
    """An answer, with its structure decoded where it has one."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def said(self) -> list[object]:
        said: list[object] = msgspec.msgpack.decode(self.content)
        return said

    @property
    def code(self) -> object:
        return self.said[1]


class Asker:
    """Asks a relay things, signed.

    Args:
        key: its credential; None asks without a signature.
    """

    def __init__(
        self, served: Served, org: bytes, key: Key | None, randomness: Seeded, roots: Sequence[Key] = ()
    ) -> None:
        self.served = served
        self.org = org
        self.key = key
        self.roots = roots
        self.randomness = randomness
        self.client = httpx2.Client(base_url=f"http://{served.authority}", timeout=70)

    def with_key(self, key: Key | None, roots: Sequence[Key] = ()) -> "Asker":
        return Asker(self.served, self.org, key, self.randomness, roots)

    def signed(
        self, method: str, target: str, body: bytes | None, created: int | None = None, nonce: bytes | None = None
    ) -> dict[str, str]:
        """The header fields of a request."""
        if self.key is None and not self.roots:
            return {}
        path, _, query = target.partition("?")
        fields = {} if body is None else {httpsig.CONTENT_DIGEST: httpsig.content_digest(body)}
        found = []
        signers = [(f"r{n}", key, key.public) for n, key in enumerate(self.roots, 1)] or [("ws", self.key, self.key.id)]
        for label, key, keyid in signers:
            moment = self.served.clock.at_ms // 1000 if created is None else created
            parameters = httpsig.Parameters(moment, nonce or self.randomness(16), keyid)
            base = httpsig.signature_base(
                method, self.served.authority, path, query, fields.get(httpsig.CONTENT_DIGEST), parameters
            )
            found.append((label, parameters, Signature(key.private.sign(base))))
        return fields | httpsig.signature_headers(found, with_body=body is not None)

    def ask(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Asks. `body` is a structure; `raw` bytes as they are; `headers` replace what would be signed."""
        content = raw if raw is not None else None if body is None else wire.encode(body)
        fields = self.signed(method, target, content) if headers is None else dict(headers)
        answer = self.client.request(method, target, content=content, headers=fields)
        return Reply(answer.status_code, answer.content, answer.headers)

    def of(self, rest: str) -> str:
        return f"/v1/{self.org.hex()}/{rest}"

    def append(self, entries: Sequence[Sequence[bytes | None]], after: int | None = None) -> Reply:
        return self.ask("POST", self.of("entries"), [1, after, entries])

    def entries(self, after: int = 0, limit: int | None = None) -> Reply:
        more = "" if limit is None else f"&limit={limit}"
        return self.ask("GET", self.of(f"entries?after={after}{more}"))

    def entrust(self, key: Key, right: str, bound: bytes, expires_s: int | None = None) -> Reply:
        return self.ask("PUT", self.of(f"credentials/{key.id.hex()}"), [1, key.public, right, bound, expires_s])


@dataclass
class Organisation:
    """One that came to a relay, and its first desk."""

    org: OrgId
    genesis: bytes
    roots: list[Key]
    desk: bytes
    key: Key
    ticket: str

    def registering(self) -> list[object]:
        return [1, self.genesis, self.ticket, self.key.public, self.desk]


def organisation(store: Store, randomness: Seeded, roots: int = 1, allowance: Allowance = PLENTY) -> Organisation:
    """An organisation that holds a ticket and has not come yet."""
    keys = [Key(randomness) for _ in range(roots)]
    genesis = wire.encode([1, [key.public for key in keys], roots, randomness(16)])
    ticket = randomness(16).hex()
    store.add_ticket(ticket_hash(ticket), allowance, NOON_MS // 1000 + 86_400)
    return Organisation(OrgId(digest("genesis", genesis)), genesis, keys, randomness(16), Key(randomness), ticket)


def come(
    served: Served, randomness: Seeded, roots: int = 1, allowance: Allowance = PLENTY
) -> tuple[Organisation, Asker]:
    """An organisation that has come, and its first desk."""
    made = organisation(served.store, randomness, roots, allowance)
    asker = Asker(served, made.org, made.key, randomness)
    assert asker.ask("POST", "/v1/organisations", made.registering()).status == 201
    return made, asker


def entry(org: bytes, desk: bytes, randomness: Seeded, *, bucket: int = 0, body: bytes | None = None) -> list[bytes]:
    """An entry that is whole, as far as a relay can see."""
    sealed = randomness(BODY_BUCKETS[bucket]) if body is None else body
    header = b"WSE\x01\x03" + bytes([bucket, 0, 0]) + org + desk + randomness(144) + sha256(sealed).digest()
    assert len(header) == 232
    return [header, randomness(64), sealed]


def order_after(order: bytes, entries: Sequence[Sequence[bytes]]) -> bytes:
    """The running order hash, computed apart from the relay's own code."""
    for header, *_ in entries:
        name = sha256(b"waystation/1 header\0" + header).digest()
        order = sha256(b"waystation/1 order\0" + order + name + header[200:232]).digest()
    return order


def first_order(org: bytes) -> bytes:
    return sha256(b"waystation/1 order\0" + org).digest()
