"""What a relay leaves behind: ciphertext and ids on its disk, and nothing of anybody in its log (L3, promise 1)."""

import logging
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from tests.ground.seeded import Seeded
from tests.relay.serving import Key, Served, come, entry, relay

from waystation.relay import schema
from waystation.relay.sqlite import open_sqlite

SENT_OPENLY = "User-Agent-Juniper-Kettle"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_the_log_names_routes_and_nobody(tmp_path: Path, randomness: Seeded, logged: pytest.LogCaptureFixture) -> None:
    store = open_sqlite(tmp_path / "relay.db")
    with relay(store, log_requests=True) as served:
        made, asker = come(served, randomness)
        asker.append([entry(made.org, made.desk, randomness)])
        asker.ask("GET", f"/{SENT_OPENLY}?{SENT_OPENLY}", headers={"user-agent": SENT_OPENLY})
        asker.ask(SENT_OPENLY, asker.of("entries?after=0"))
        served.store.write = failing  # type: ignore[method-assign]  # an error that nobody expects, with what was sent in it
        assert asker.append([entry(made.org, made.desk, randomness)]).code == "failed"
    store.close()
    lines = [record.getMessage() for record in logged.records if record.name.startswith("waystation")]
    # The client of these tests runs in the same process; what it logs is its own.
    others = [record for record in logged.records if not record.name.startswith(("httpx2", "httpcore2"))]
    said = "\n".join(logged.handler.format(record) for record in others)
    assert any(line.startswith("request POST append 200") for line in lines)
    assert any(line.startswith("request other none 405") for line in lines)
    assert "failed append ValueError" in lines
    assert any(line.startswith("request GET none 404") for line in lines)
    for secret in (SENT_OPENLY, made.org.hex(), made.key.id.hex(), made.desk.hex(), "127.0.0.1"):
        assert secret not in said


def failing(jobs: object) -> list[object]:
    raise ValueError(SENT_OPENLY, jobs)


def test_the_disk_holds_ids_ciphertext_and_public_keys(tmp_path: Path, randomness: Seeded) -> None:
    store = open_sqlite(tmp_path / "relay.db")
    with relay(store) as served:
        made, sent = lived_in(served, randomness)
    store.close()
    held = sqlite3.connect(tmp_path / "relay.db")
    public = {made.genesis, made.org, made.desk, *sent}
    for header, signature, body in list(sent_entries(sent)):
        public |= {header, signature, body, sha256(b"waystation/1 header\0" + header).digest()}
    unknown = []
    for table in (*schema.OF_ORGANISATION, "ticket", "relay"):
        for row in held.execute(f"SELECT * FROM {table}"):
            for value in row:
                if isinstance(value, bytes) and value not in public and len(value) not in (16, 32):
                    unknown.append((table, value))
                if isinstance(value, str):
                    assert value in ("manage", "desk", "parcel", "request", "answer", "format", "beat")
    assert unknown == []
    for path in tmp_path.iterdir():
        raw = path.read_bytes()
        assert made.ticket.encode() not in raw
        assert b"127.0.0.1" not in raw


def test_what_was_dropped_is_overwritten(tmp_path: Path, randomness: Seeded) -> None:
    store = open_sqlite(tmp_path / "relay.db")
    with relay(store) as served:
        made, asker = come(served, randomness)
        one, chunk = entry(made.org, made.desk, randomness, bucket=2), randomness(100_000)
        asker.append([one])
        asker.ask("POST", asker.of("chunks"), [1, [chunk]])
        traces = [one[2][4096:4160], chunk[5000:5064]]
        assert any(trace in path.read_bytes() for trace in traces for path in tmp_path.iterdir())
        assert asker.ask("POST", asker.of("drop"), [1, [1], [sha256(chunk).digest()]]).said == [1]
        for path in tmp_path.iterdir():
            raw = path.read_bytes()
            assert not any(trace in raw for trace in traces)
    store.close()


Life = list[bytes]


def lived_in(served: Served, randomness: Seeded) -> tuple[object, Life]:
    """An organisation that has used everything. Returns: it, and what was sent: entries' parts, chunks, parcels."""
    made, asker = come(served, randomness)
    entries = [entry(made.org, made.desk, randomness, bucket=at % 4) for at in range(8)]
    asker.append(entries)
    chunk, parcel, name = randomness(9000), randomness(500), randomness(32)
    asker.ask("POST", asker.of("chunks"), [1, [chunk]])
    asker.ask("PUT", asker.of(f"parcels/{name.hex()}/request"), raw=parcel)
    asker.entrust(Key(randomness), "parcel", name)
    return made, [chunk, parcel, *(part for one in entries for part in one)]


def sent_entries(sent: Life) -> Iterator[tuple[bytes, bytes, bytes]]:
    parts = iter(sent[2:])
    yield from zip(parts, parts, parts, strict=True)
