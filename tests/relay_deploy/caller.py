"""A desk as small as it can be: it signs its requests and makes entries that a relay takes. It keeps no book.

Written from spec/relay.md and book.md B1–B4 alone, to try what stands between a desk and its relay.
"""

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from waystation.derive import digest
from waystation.httpsig import CONTENT_DIGEST, Parameters, content_digest, signature_base, signature_headers
from waystation.verify import Signature

BODY_BYTES = 1024


@dataclass(frozen=True)
class Entry:
    """What an append carries (L10), and the hashes by which the log knows it."""

    header: bytes
    signature: bytes
    body: bytes

    @property
    def hash(self) -> bytes:
        return digest("header", self.header)


@dataclass(frozen=True)
class Answer:
    """A relay's, or that of whatever stands before it."""

    status: int
    told: Any
    headers: httpx2.Headers


@dataclass
class Caller:
    """One desk at one relay.

    Args:
        url: where it connects to, without a path.
        authority: the name that it calls, with a port where one is shown; what it signs (L5).
        seed: of its keys and its chance.
    """

    url: str
    authority: str
    seed: str
    trust: ssl.SSLContext | bool = True
    seq: int = 0
    prev: bytes = bytes(32)
    org: bytes = bytes(32)
    chance: Random = field(init=False, repr=False)
    key: Ed25519PrivateKey = field(init=False, repr=False)
    client: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.key = Ed25519PrivateKey.from_private_bytes(self.chance.randbytes(32))
        self.desk = self.chance.randbytes(16)
        self.client = httpx2.Client(base_url=self.url, timeout=70, verify=self.trust, trust_env=False)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def credential(self) -> bytes:
        """Its id at the relay (L4)."""
        return digest("credential", self.public)

    def call(self, method: str, target: str, value: object = None, *, timeout_s: float = 70) -> Answer:
        """One signed request. Raises: httpx2.HTTPError where nobody answers."""
        path, _, query = target.partition("?")
        body = None if value is None else msgspec.msgpack.encode(value)
        now_ns = time.time_ns()
        nonce = self.chance.randbytes(8) + now_ns.to_bytes(8)
        parameters = Parameters(now_ns // 10**9, nonce, self.credential)
        told = None if body is None else content_digest(body)
        base = signature_base(method, self.authority, path, query, told, parameters)
        signed = [("ws", parameters, Signature(self.key.sign(base)))]
        headers = signature_headers(signed, with_body=body is not None) | {"Host": self.authority}
        if told is not None:
            headers |= {CONTENT_DIGEST: told, "Content-Type": "application/vnd.waystation"}
        name = {"sni_hostname": self.authority.partition(":")[0]}
        answer = self.client.request(method, target, content=body, headers=headers, extensions=name, timeout=timeout_s)
        structure = answer.headers.get("Content-Type") == "application/vnd.waystation" and answer.content
        return Answer(answer.status_code, msgspec.msgpack.decode(structure) if structure else None, answer.headers)

    def found(self, ticket: str) -> Answer:
        """Register an organisation of one's own (L8)."""
        root = Ed25519PrivateKey.from_private_bytes(self.chance.randbytes(32)).public_key().public_bytes_raw()
        genesis = msgspec.msgpack.encode([1, [root], 1, self.chance.randbytes(16)])
        self.org = digest("genesis", genesis)
        return self.call("POST", "/v1/organisations", [1, genesis, ticket, self.public, self.desk])

    def bring(self, other: "Caller") -> Answer:
        """Register another desk's credential (L20)."""
        other.org = self.org
        given = [1, other.public, "desk", other.desk, None]
        return self.call("PUT", f"/v1/{self.org.hex()}/credentials/{other.credential.hex()}", given)

    def make(self, count: int) -> list[Entry]:
        """The next entries of this desk's chain, of random bodies."""
        made = []
        for _ in range(count):
            body = self.chance.randbytes(BODY_BYTES)
            header = b"".join((
                *(b"WSE", bytes((1, 3, 0, 0, 0)), self.org, self.desk, self.seq.to_bytes(8), self.prev),
                *(bytes(8), digest("order", self.org), self.chance.randbytes(64), sha256(body).digest()),
            ))  # fmt: skip
            made.append(Entry(header, self.key.sign(header), body))
            self.seq, self.prev = self.seq + 1, made[-1].hash
        return made

    def append(self, entries: Sequence[Entry], after: int | None = None, *, timeout_s: float = 70) -> Answer:
        """Offer a batch (L10)."""
        batch = [[entry.header, entry.signature, entry.body] for entry in entries]
        return self.call("POST", f"/v1/{self.org.hex()}/entries", [1, after, batch], timeout_s=timeout_s)

    def entries(self, after: int, limit: int = 4096) -> Answer:
        """Read on from a position (L14)."""
        return self.call("GET", f"/v1/{self.org.hex()}/entries?after={after}&limit={limit}")

    def news(self, after: int, *, timeout_s: float = 70) -> Answer:
        """Wait until the head is beyond a position (L16)."""
        return self.call("GET", f"/v1/{self.org.hex()}/news?after={after}", timeout_s=timeout_s)

    def close(self) -> None:
        self.client.close()


def order_after(before: bytes, header: bytes) -> bytes:
    """h(i+1) from h(i) and an entry's header (B4)."""
    return digest("order", before + digest("header", header) + header[200:232])


def whole_log(caller: Caller) -> tuple[list[bytes], list[bytes]]:
    """Headers of a whole log, and h of every position from 0 on. Each stretch must follow the one before."""
    headers: list[bytes] = []
    orders = [digest("order", caller.org)]
    while True:
        answer = caller.entries(len(headers))
        assert answer.status == 200, answer
        _, after, order, head, head_order, entries = answer.told
        assert (after, order) == (len(headers), orders[-1]), "a stretch does not begin where the last one ended"
        for header, _, body in entries:
            assert sha256(body).digest() == header[200:232]
            headers.append(header)
            orders.append(order_after(orders[-1], header))
        if len(headers) == head:
            assert orders[-1] == head_order
            return headers, orders
        assert entries, "the relay has more and gives nothing"
