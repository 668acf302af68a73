"""The relay under load, beside the same server with one bare durable insert a group: `python -m bench.relay`.

40 desks append entries of 1 KiB at once, on SQLite and on PostgreSQL; then the host's case, 2, 20 and 200 organisations
on one PostgreSQL. What is sent is made and signed before the clock runs, and sent by another process than the one that
serves. JSON lines, as bench.measure prints them.
"""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.relay.postgres_server import Server, postgres, program

from bench.corpus import Seeded
from bench.measure import Result
from bench.relay_server import opened
from waystation import httpsig, wire
from waystation.derive import digest
from waystation.ids import OrgId
from waystation.relay.entry import first_order
from waystation.relay.messages import credential_id, ticket_hash
from waystation.relay.port import Allowance, Credential, Register, Right
from waystation.verify import Signature, VerifyKey

DESKS = 40
EACH = 60
"""Requests of one desk in one round."""
ROUNDS = 5
ORGANISATIONS = (2, 20, 200)
PLENTY = Allowance(10**13, 10**9)


@dataclass(frozen=True)
class Org:
    """An organisation in the store, and a key that may do all in it."""

    org: OrgId
    private: Ed25519PrivateKey
    keyid: bytes


@dataclass(frozen=True)
class Round:
    """What one round took."""

    seconds: float
    latencies: Sequence[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


def come(store: str, count: int, words: Seeded) -> list[Org]:
    """Organisations, put into the store."""
    made, here = [], opened(store)
    now_s = int(time.time())
    for _ in range(count):
        private = Ed25519PrivateKey.from_private_bytes(words(32))
        public = VerifyKey(private.public_key().public_bytes_raw())
        genesis = wire.encode([1, [public], 1, words(16)])
        org, ticket = OrgId(digest("genesis", genesis)), ticket_hash(words(16).hex())
        here.add_ticket(ticket, PLENTY, now_s + 3600)
        credential = Credential(credential_id(public), public, Right.MANAGE, words(16), None)
        assert here.write([Register(org, genesis, ticket, credential, first_order(org), now_s)]) == [True]
        made.append(Org(org, private, credential.id))
    here.close()
    return made


def request(port: int, by: Org, method: str, target: str, body: bytes | None, words: Seeded) -> bytes:
    """A whole signed request."""
    path, _, query = target.partition("?")
    authority = f"127.0.0.1:{port}"
    fields = {"host": authority}
    if body is not None:
        fields |= {"content-length": str(len(body)), "content-digest": httpsig.content_digest(body)}
    parameters = httpsig.Parameters(int(time.time()), words(16), by.keyid)
    base = httpsig.signature_base(method, authority, path, query, fields.get("content-digest"), parameters)
    signed = [("ws", parameters, Signature(by.private.sign(base)))]
    fields |= httpsig.signature_headers(signed, with_body=body is not None)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + (body or b"")


def append(port: int, by: Org, words: Seeded) -> bytes:
    """A request that appends one entry of 1 KiB."""
    body = words(1024)
    header = b"WSE\x01\x03\0\0\0" + by.org + words(160) + sha256(body).digest()
    return request(
        port, by, "POST", f"/v1/{by.org.hex()}/entries", wire.encode([1, None, [[header, words(64), body]]]), words
    )


def read(port: int, by: Org, words: Seeded) -> bytes:
    """A request for twenty entries."""
    return request(port, by, "GET", f"/v1/{by.org.hex()}/entries?after=0&limit=20", None, words)


@contextmanager
def served(kind: str, store: str) -> Iterator[int]:
    """A server in a process of its own. Yields: its port."""
    command = [sys.executable, "-m", "bench.relay_server", kind, store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def sent(port: int, desks: Sequence[Sequence[bytes]]) -> Round:
    """Sends each desk's requests one after the other, all desks at once, from this process."""
    return asyncio.run(_sent(port, desks))


async def _sent(port: int, desks: Sequence[Sequence[bytes]]) -> Round:
    latencies: list[float] = []

    async def desk(requests: Sequence[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for one in requests:
            began = time.perf_counter()
            writer.write(one)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            at = head.index(b"content-length: ") + 16
            await reader.readexactly(int(head[at : head.index(b"\r", at)]))
            latencies.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(desk(requests) for requests in desks))
    return Round(time.perf_counter() - began, latencies)


def load(port: int, orgs: Sequence[Org], make: object, words: Seeded) -> list[list[bytes]]:
    """Requests of all desks, over all organisations in turn."""
    assert callable(make)
    return [[make(port, orgs[(desk + at * DESKS) % len(orgs)], words) for at in range(EACH)] for desk in range(DESKS)]


def beside_floor(name: str, store: str) -> list[Result]:
    """Appends to the relay, beside the floor, in rounds that take turns."""
    words = Seeded(f"relay {name}")
    orgs = come(store, 1, words)
    ours: list[Round] = []
    least: list[Round] = []
    with served("relay", store) as relay, served("floor", store) as floor:
        for _ in range(ROUNDS + 1):
            least.append(sent(floor, load(floor, orgs, append, words)))
            ours.append(sent(relay, load(relay, orgs, append, words)))
    # The first of each warms what it is going to use.
    share = statistics.median(our.per_second / bare.per_second for our, bare in zip(ours[1:], least[1:], strict=True))
    value = statistics.median(one.per_second for one in ours[1:])
    bare = statistics.median(one.per_second for one in least[1:])
    latencies = [latency * 1000 for one in ours[1:] for latency in one.latencies]
    cuts = statistics.quantiles(latencies, n=20)
    return [
        Result(f"relay on {name}: appends", DESKS, value, "/s", bare, share, "≥ 50 % of the floor", share >= 0.5),
        Result(f"relay on {name}: latency of an append (median)", DESKS, cuts[9], "ms", None, None, "told", True),
        Result(f"relay on {name}: latency of an append (p95)", DESKS, cuts[18], "ms", None, None, "told", True),
    ]


def hosted(server: Server) -> list[Result]:
    """Appends and reads as organisations grow; the smallest number of them is what the others are held against."""
    words = Seeded("host")
    took: dict[str, dict[int, list[float]]] = {"append": {}, "read": {}}
    stores = {count: server.fresh(f"host-{count}") for count in ORGANISATIONS}
    orgs = {count: come(store, count, words) for count, store in stores.items()}
    for turn in range(ROUNDS + 1):
        for count, store in stores.items():
            with served("relay", store) as port:
                # Every organisation has something to read, and every connection is warm.
                sent(port, [[append(port, one, words)] for one in orgs[count]])
                for name, make in (("append", append), ("read", read)):
                    one = sent(port, load(port, orgs[count], make, words))
                    if turn:
                        took[name].setdefault(count, []).append(one.seconds / len(one.latencies) * 1000)
    results = []
    for name, by_count in took.items():
        least = statistics.median(by_count[ORGANISATIONS[0]])
        for count in ORGANISATIONS[1:]:
            value = statistics.median(by_count[count])
            ratio = value / least
            says = f"relay for many organisations: {name}"
            results.append(
                Result(says, count, value, "ms", least, ratio, f"≤ 1.5 × that of {ORGANISATIONS[0]}", ratio <= 1.5)
            )
    return results


def main() -> None:
    """Measures, and prints the results as JSON lines."""
    folder = Path(tempfile.mkdtemp(prefix="waystation-bench-"))
    try:
        results = beside_floor("SQLite", str(folder / "relay.db"))
        with postgres() if program("initdb") else nullcontext(None) as server:
            if server is not None:
                results += beside_floor("PostgreSQL", server.fresh("relay"))
                results += hosted(server)
    finally:
        shutil.rmtree(folder)
    for result in results:
        sys.stdout.write(json.dumps(asdict(result)) + "\n")


if __name__ == "__main__":
    main()
