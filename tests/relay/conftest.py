"""The relay's stores: every test of behaviour runs on each backend."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.relay.postgres_server import Server, postgres, program
from tests.relay.serving import Served, relay

from waystation.relay.port import Store
from waystation.relay.postgres import open_postgres
from waystation.relay.sqlite import open_sqlite

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all; each test has a database of its own."""
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "relay.db")
    else:
        running: Server = request.getfixturevalue("server")
        opened = open_postgres(running.fresh(f"relay-{next(_numbers)}"))
    yield opened
    opened.close()


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    with relay(store) as running:
        yield running
