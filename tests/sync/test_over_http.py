"""Desks and the real relay over real HTTP: the client's every question, and news within a second."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked, founded, shown
from tests.relay.serving import PLENTY, Served, relay
from tests.sync import desks
from tests.sync.desks import Sitting

from waystation.errors import BadInput, RelayAway, RelayRefused, TooFar
from waystation.ids import ChunkHash, DeskId, OrgId
from waystation.office import syncing
from waystation.office.desk import Desk, System
from waystation.office.rounds import Rounds
from waystation.relay.messages import ticket_hash
from waystation.relay.sqlite import open_sqlite
from waystation.sync.credential import Credential
from waystation.sync.http import HttpRelay, check_address, check_proxy
from waystation.textsearch import Terms


@pytest.fixture
def served(tmp_path: Path, clock: HeldClock) -> Iterator[Served]:
    store = open_sqlite(tmp_path / "relay.db")
    with relay(store, clock) as running:
        yield running
    store.close()


def issue(served: Served) -> str:
    """A ticket, as the operator's command line makes it."""
    served.store.add_ticket(ticket_hash("a-ticket"), PLENTY, served.clock.now_ms() // 1000 + 10_000)
    return "a-ticket"


@pytest.fixture
def desk(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Desk]:
    desk = founded(tmp_path, clock, randomness)

    def at(address: str, org: OrgId, credential: Credential, proxy: str) -> HttpRelay:
        return HttpRelay(address, org, credential, proxy, clock, randomness)

    desk._system = System(clock, randomness, Terms(), relay=at)
    yield desk
    desk.lock()


def test_connects_sends_and_reads_back(desk: Desk, served: Served) -> None:
    asked(desk)
    syncing.connect(desk, f"http://{served.authority}", issue(served))
    sitting = syncing.Syncing(desk)
    asked(desk)
    while sitting.round():
        pass
    link = desk.relay()
    assert link is not None
    assert link.order(0).head.position == desk.book.position
    assert link.order(desk.book.position).order == desk.book.order
    stretch = link.entries(0, 3)
    assert [entry.header for entry in stretch.entries] == [e.header for e in list(desk.book.entries())[:3]]
    with pytest.raises(TooFar) as far:
        link.entries(desk.book.position + 1, 1)
    assert (far.value.position, far.value.order) == (desk.book.position, desk.book.order)


def test_chunks_parcels_and_credentials(desk: Desk, served: Served, randomness: Seeded) -> None:
    syncing.connect(desk, f"http://{served.authority}", issue(served))
    link = desk.relay()
    assert link is not None
    chunks = [randomness(2048) for _ in range(5)]
    names = [ChunkHash(sha256(chunk).digest()) for chunk in chunks]
    link.put_chunks(chunks)
    assert link.fetch_chunks([*names, ChunkHash(bytes(32))]) == {
        **dict(zip(names, chunks, strict=True)),
        bytes(32): None,
    }
    link.drop([], names[:1])
    assert link.fetch_chunks(names[:1]) == {names[0]: None}
    seed, name = randomness(32), randomness(32)
    guest = Credential.from_seed(seed)
    link.put_credential(guest.id, guest.public, "parcel", name, None)
    assert guest.id in {one.id for one in link.credentials()}
    guests = HttpRelay(f"http://{served.authority}", desk.book.org, guest, "", served.clock, randomness)
    assert guests.parcel(name, "answer") is None
    guests.put_parcel(name, "request", b"hello")
    assert link.parcel(name, "request") == b"hello"
    with pytest.raises(RelayRefused):
        guests.entries(0, 1)
    link.delete_credential(guest.id)
    with pytest.raises(RelayRefused):
        guests.parcel(name, "request")
    link.delete_parcel(name)
    assert link.parcel(name, "request") is None


def test_a_wrong_clock_shuts_nobody_out(desk: Desk, tmp_path: Path, randomness: Seeded) -> None:
    now = HeldClock(time.time_ns() // 1_000_000)
    store = open_sqlite(tmp_path / "now.db")
    with relay(store, now) as served:
        own = Credential.of_desk(desk.vault.secrets.signing_seed, desk.book.org)
        late = HeldClock(now.at_ms + 3_600_000)
        link = HttpRelay(f"http://{served.authority}", desk.book.org, own, "", late, randomness)
        link.register(desk.book.genesis, issue(served), desk.book.desk)
        assert link.order(0).head.position == 0
    store.close()


def test_nobody_there_is_away(desk: Desk, clock: HeldClock, randomness: Seeded) -> None:
    link = desk.relay_at("http://127.0.0.1:9")
    with pytest.raises(RelayAway):
        link.order(0)


def test_a_second_desk_hears_within_a_second(
    desk: Desk, served: Served, tmp_path: Path, clock: HeldClock, randomness: Seeded
) -> None:
    address = f"http://{served.authority}"
    syncing.connect(desk, address, issue(served))
    first = Sitting(desk, desks.Network())
    new, credential = desks.admitted(first, tmp_path / "second", ("coordinator",), address=address)
    link = desk.relay()
    assert link is not None
    link.put_credential(credential.id, credential.public, "manage", bytes(new.book.desk), None)
    ours, theirs = Rounds(desk), Rounds(new)
    try:
        ours.start()
        theirs.start()
        _until(lambda: new.book.position == desk.book.position > 0 and not desk.book.unsent_count())
        took = []
        for _ in range(3):
            began = time.monotonic()
            request = asked(desk)
            _until(lambda request=request: _has(new, request))
            took.append(time.monotonic() - began)
        assert max(took) < 1
        assert shown(new, request, "request", request)
    finally:
        began = time.monotonic()
        desk.lock()
        new.lock()
        ours.stop()
        theirs.stop()
    assert time.monotonic() - began < 2, "locking waits for no answer of the relay's"


def test_what_two_threads_open_is_all_shut() -> None:
    """Also what opens while somebody closes: a thread would wait there with the credential of a locked desk."""
    credential, randomness = Credential.from_seed(bytes(32)), Seeded("sockets")
    relay = HttpRelay("http://127.0.0.1:1", OrgId(bytes(32)), credential, "", HeldClock(), randomness)
    pairs = [socket.socketpair() for _ in range(40)]

    def opened(one: socket.socket) -> None:
        relay._note("connection.connect_tcp.complete", {"return_value": _Stream(one)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(opened, [ours for ours, _ in pairs[1:]]))
    relay.close()
    opened(pairs[0][0])
    for ours, theirs in pairs:
        theirs.settimeout(1)
        assert theirs.recv(1) == b""
        ours.close()
        theirs.close()


class _Stream:
    """A connection, as the client tells of it."""

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened

    def get_extra_info(self, name: str) -> socket.socket:
        return self._opened


def _has(desk: Desk, request: bytes) -> bool:
    with desk.gate:
        return desk.reader.row("SELECT 1 FROM k_request WHERE folder = ?", request) is not None


def _until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_s
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("relay.example.org", "https://relay.example.org"),
        (" https://relay.example.org/ ", "https://relay.example.org"),
        ("https://relay.example.org:8443", "https://relay.example.org:8443"),
        ("abcdefghij.onion", "http://abcdefghij.onion"),
        ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
    ],
)
def test_addresses(typed: str, kept: str) -> None:
    assert check_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://relay.example.org",
        "ftp://x",
        "https://a/b",
        "https://a?b",
        "https://u:p@a",
        "https://",
        "https://a:b",
    ],
)
def test_addresses_that_are_none(typed: str) -> None:
    with pytest.raises(BadInput):
        check_address(typed)


def test_proxies() -> None:
    assert check_proxy("") == ""
    assert check_proxy("127.0.0.1:9050") == "socks5h://127.0.0.1:9050"
    for typed in ("127.0.0.1", "http://127.0.0.1:1", "socks5h://x"):
        with pytest.raises(BadInput):
            check_proxy(typed)


def test_what_a_proxy_would_hand_on(desk: Desk, randomness: Seeded) -> None:
    """Names go to the proxy as they are: nothing is looked up on this side."""
    listening = socket.create_server(("127.0.0.1", 0))
    asked_for: list[bytes] = []

    def serve() -> None:
        caller, _ = listening.accept()
        caller.recv(16)
        caller.sendall(b"\x05\x00")
        asked_for.append(caller.recv(512))
        caller.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    link = desk.relay_at("http://abcdefghij.onion", f"socks5h://127.0.0.1:{listening.getsockname()[1]}")
    with pytest.raises(RelayAway):
        link.order(0)
    thread.join(5)
    listening.close()
    assert b"abcdefghij.onion" in asked_for[0]
    assert DeskId(desk.book.desk) not in asked_for[0]
