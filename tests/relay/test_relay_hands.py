"""What is slow, large, cut off or not HTTP at all: bounded in time and memory, and the others are served meanwhile."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ground.seeded import Seeded
from tests.relay.serving import Asker, Served, come, relay

from waystation.relay import asking, serve
from waystation.relay.sqlite import open_sqlite


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(serve, "_HEADER_S", 0.5)
    monkeypatch.setattr(serve, "_PIECE_S", 0.5)
    store = open_sqlite(tmp_path / "relay.db")
    with relay(store) as running:
        yield running
    store.close()


def opened(served: Served) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", served.port))
    connection.settimeout(10)
    return connection


def until_closed(connection: socket.socket) -> bytes:
    found = b""
    while piece := connection.recv(65536):
        found += piece
    return found


def head(asker: Asker, method: str, target: str, body: bytes, *more: str) -> bytes:
    fields = asker.signed(method, target, body)
    lines = [f"{method} {target} HTTP/1.1", f"host: {asker.served.authority}", *more]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields.items()), "", ""]).encode()


def test_a_header_that_does_not_end_is_cut_off(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    began = time.monotonic()
    with opened(served) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nx: ")
        for _ in range(3):
            time.sleep(0.1)
            connection.sendall(b"y")
        assert asker.entries().status == 200
        assert until_closed(connection) == b""
    assert time.monotonic() - began < 5


def test_a_header_that_is_too_long_is_refused(served: Served) -> None:
    with opened(served) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nx: " + b"y" * 70_000)
        assert until_closed(connection).startswith(b"HTTP/1.1 400")


def test_a_body_that_does_not_come_is_given_up(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    with opened(served) as connection:
        connection.sendall(head(asker, "POST", asker.of("entries"), b"x" * 100, "content-length: 100") + b"x")
        assert until_closed(connection) == b""
    assert asker.entries().status == 200


def test_a_body_that_is_too_long_is_not_read(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    for more in ("content-length: 900000000", "transfer-encoding: chunked"):
        with opened(served) as connection:
            connection.sendall(head(asker, "POST", asker.of("chunks"), b"", more))
            if "chunked" in more:
                piece = b"10000\r\n" + bytes(65536) + b"\r\n"
                try:
                    for _ in range(200):
                        connection.sendall(piece)
                except OSError:
                    continue
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413")
    assert asker.entries().status == 200


def test_nobody_unknown_makes_the_relay_read_a_body(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    with opened(served) as connection:
        connection.sendall(head(asker.with_key(None), "POST", asker.of("chunks"), b"", "content-length: 8000000"))
        answer = until_closed(connection)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert b"connection: close" in answer.lower()


def test_bodies_together_have_a_bound(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    served.relay._room = asking.Room(1_000_000)
    with opened(served) as connection:
        connection.sendall(head(asker, "POST", asker.of("chunks"), b"x" * 900_000, "content-length: 900000") + b"x")
        time.sleep(0.2)
        busy = asker.ask("POST", asker.of("chunks"), [1, [randomness(200_000)]])
        assert (busy.status, busy.code) == (503, "busy")
        until_closed(connection)
    assert asker.ask("POST", asker.of("chunks"), [1, [randomness(200_000)]]).status == 200


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/0.9\r\n\r\n", b"\r\n\r\n\r\n", b"SSH-2.0-x\r\n"]
)
def test_what_is_not_http_is_closed(served: Served, randomness: Seeded, sent: bytes) -> None:
    with opened(served) as connection:
        connection.sendall(sent)
        assert b"HTTP/1.1 2" not in until_closed(connection)
    _, asker = come(served, randomness)
    assert asker.entries().status == 200


def test_fields_that_stand_twice_are_refused(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    target = asker.of("entries?after=0")
    for name in ("signature", "signature-input", "host"):
        fields = {"host": served.authority, **asker.signed("GET", target, None)}
        lines = [f"{key}: {value}" for key, value in [*fields.items(), (name, fields[name])]]
        with opened(served) as connection:
            connection.sendall("\r\n".join([f"GET {target} HTTP/1.1", *lines, "connection: close", "", ""]).encode())
            assert until_closed(connection).startswith(b"HTTP/1.1 400")
