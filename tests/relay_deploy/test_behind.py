"""A real relay behind nginx and behind Caddy, as they are shipped: what a desk sends arrives as it was signed."""

import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx2
import msgspec
import pytest
from tests.relay_deploy.caller import Answer, Caller, whole_log
from tests.relay_deploy.fronts import Front, free_port, front
from tests.relay_deploy.relays import NAME, RelayProcess

MIB = 1 << 20
POLL_S = 50
"""So long news are waited for (L16)."""


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RelayProcess, Front]]:
    tmp_path, folder, port = tmp_path_factory.mktemp("relay"), tmp_path_factory.mktemp("front"), free_port()
    with (
        RelayProcess(str(tmp_path / "relay.db"), tmp_path, f"{NAME}:{port}") as relay,
        front(request.param, folder, relay.authority, port) as before,
    ):
        yield relay, before


@pytest.fixture(scope="module")
def founder(behind: tuple[RelayProcess, Front]) -> Iterator[Caller]:
    relay, before = behind
    founder = relay.founder(url=before.url, authority=before.authority, trust=before.trust)
    yield founder
    founder.close()


def test_a_desk_appends_and_reads(behind: tuple[RelayProcess, Front], founder: Caller) -> None:
    relay, _ = behind
    desk = relay.desk(founder, "writes")
    head = len(whole_log(founder)[0])
    entries = desk.make(3)
    first = desk.append(entries)
    assert first.status == 200, first
    assert desk.append(entries).told == first.told, "the same again is answered as the first time"
    assert whole_log(founder)[0][head:] == [entry.header for entry in entries]
    assert desk.entries(head + 9).status == 416


def test_another_name_is_not_answered(behind: tuple[RelayProcess, Front]) -> None:
    _, before = behind
    caller = Caller(before.url, "relay.example.net", "astray", before.trust)
    caller.trust = False
    caller.client = httpx2.Client(base_url=before.url, verify=False, trust_env=False)
    try:
        answer = caller.entries(0)
    except httpx2.TransportError:
        return  # Caddy does not even shake hands with whom it has no certificate for.
    assert answer.status >= 400


def test_the_largest_batch_and_the_largest_chunks_pass(founder: Caller) -> None:
    head = len(whole_log(founder)[0])
    entries = founder.make(4096)
    answer = founder.append(entries)
    assert answer.status == 200, answer
    assert whole_log(founder)[0][head:] == [entry.header for entry in entries]
    chunks = [founder.chance.randbytes(MIB - 64) for _ in range(8)]
    path = f"/v1/{founder.org.hex()}/chunks"
    assert founder.call("POST", path, [1, chunks]).status == 200
    got = founder.call("POST", f"{path}/fetch", [1, [sha256(chunk).digest() for chunk in chunks]])
    assert got.told[1] == chunks


def test_more_than_a_relay_takes_is_refused_by_the_proxy_or_the_relay(founder: Caller) -> None:
    path = f"/v1/{founder.org.hex()}/chunks"
    assert len(msgspec.msgpack.encode([1, [bytes(12 * MIB)]])) > 10 * MIB
    try:
        answer = founder.call("POST", path, [1, [bytes(12 * MIB)]])
    except httpx2.TransportError:
        return  # The connection is closed on who goes on sending.
    assert answer.status in (413, 502), "Caddy says one or the other, as it happens to notice"


def test_news_come_through_at_once(behind: tuple[RelayProcess, Front], founder: Caller) -> None:
    relay, _ = behind
    desk = relay.desk(founder, "tells")
    head = len(whole_log(founder)[0])
    heard: list[tuple[float, Answer]] = []

    def waits() -> None:
        answer = founder.news(head)
        heard.append((time.monotonic(), answer))

    thread = threading.Thread(target=waits)
    thread.start()
    time.sleep(1)
    assert not heard
    assert desk.append(desk.make(1)).status == 200
    sent = time.monotonic()
    thread.join(10)
    ((at, answer),) = heard
    assert answer.status == 200
    assert answer.told[1] == head + 1
    assert at - sent < 1


def test_both_wait_longer_than_the_relay() -> None:
    deploy = Path(__file__).resolve().parents[2] / "deploy"
    assert "proxy_read_timeout    75s;" in (deploy / "nginx" / "waystation-relay.conf").read_text()
    assert "response_header_timeout 75s" in (deploy / "caddy" / "Caddyfile").read_text()
    assert POLL_S < 75
