"""PostgreSQL goes away and comes back, and several relays share one: nothing answered is lost (L12, L20, L24)."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.relay.postgres_server import Server, postgres, program
from tests.relay.serving import Asker, Key, come, entry, first_order, order_after, relay

from waystation.errors import StoreError
from waystation.relay.port import Allowance, Store
from waystation.relay.postgres import open_postgres

BACK_WITHIN_S = 60


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that this test may kill."""
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    with postgres() as running:
        yield running


def test_a_killed_server_loses_nothing_that_was_answered(own_server: Server, randomness: Seeded) -> None:
    store = open_postgres(own_server.fresh("relay"))
    with relay(store) as served:
        made, asker = come(served, randomness)
        answered: list[list[bytes]] = []
        said: set[int] = set()
        ending = threading.Event()

        def write() -> None:
            own = Asker(served, made.org, made.key, Seeded("writer"))
            while not ending.is_set():
                one = entry(made.org, made.desk, own.randomness)
                reply = own.append([one])
                while reply.status == 503 and not ending.is_set():
                    said.add(reply.status)
                    time.sleep(0.1)
                    reply = own.append([one])
                if reply.status == 200:
                    answered.append(one)

        thread = threading.Thread(target=write)
        thread.start()
        for _ in range(2):
            time.sleep(0.7)
            own_server.stop(signal.SIGQUIT)
            time.sleep(0.3)
            assert asker.entries().status in (503, 200)
            before = len(answered)
            own_server.start()
            until = time.monotonic() + BACK_WITHIN_S
            while len(answered) <= before and time.monotonic() < until:
                time.sleep(0.05)
            assert len(answered) > before
        ending.set()
        thread.join()
        assert said == {503}
        kept = asker.entries().said
        held = [one[0] for one in kept[5]]
        assert len(set(held)) == len(held)
        assert [one[0] for one in answered] == [header for header in held if header in {one[0] for one in answered}]
        assert order_after(first_order(made.org), kept[5]) == kept[4]
        assert asker.client.get("/health").status_code == 200
    store.close()


def test_two_relays_on_one_database_are_one_relay(server: Server, randomness: Seeded) -> None:
    address = server.fresh("shared")
    clock = HeldClock()
    with ExitStack() as stack:
        stores: list[Store] = []
        for _ in range(2):
            stores.append(open_postgres(address))
            stack.callback(stores[-1].close)
        here, there = (stack.enter_context(relay(store, clock)) for store in stores)
        made, manager = come(here, randomness)
        elsewhere = Asker(there, made.org, made.key, randomness)
        key = Key(randomness)
        manager.entrust(key, "desk", randomness(16))
        desk = elsewhere.with_key(key)
        replies = []
        thread = threading.Thread(target=lambda: replies.append(elsewhere.ask("GET", elsewhere.of("news?after=0"))))
        thread.start()
        for _ in range(500):
            if there.relay.news.waiting:
                break
            time.sleep(0.01)
        one = entry(made.org, made.desk, randomness)
        began = time.monotonic()
        assert manager.append([one]).status == 200
        thread.join(10)
        assert replies[0].said == [1, 1, order_after(first_order(made.org), [one])]
        assert time.monotonic() - began < 5
        # Both append to one order, and what one deletes the other does not know any more.
        assert elsewhere.append([entry(made.org, made.desk, randomness)]).said[1] == 2
        assert desk.entries().status == 200
        manager.ask("DELETE", manager.of(f"credentials/{key.id.hex()}"))
        for _ in range(200):
            if desk.entries().status == 401:
                break
            time.sleep(0.01)
        assert desk.entries().code == "unsigned"
        stores[0].allow(made.org, Allowance(100, 10**6))
        assert elsewhere.append([entry(made.org, made.desk, randomness)]).code == "full"


def test_a_server_that_may_lose_what_it_promised_is_not_used(randomness: Seeded) -> None:
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    with postgres("fsync=off") as careless, pytest.raises(StoreError, match="fsync"):
        open_postgres(careless.address)


def test_a_commit_that_is_reported_with_a_warning_is_not_answered(server: Server, randomness: Seeded) -> None:
    """As a commit is whose wait for the standby was cut short: it may be lost, though it is reported as done."""
    store = open_postgres(server.fresh("warned"))
    with relay(store) as served:
        made, asker = come(served, randomness)
        writer = store._database._writer  # type: ignore[attr-defined]  # the connection that is to warn
        writer.execute(
            "CREATE FUNCTION warn() RETURNS trigger AS $$ BEGIN RAISE WARNING 'x'; RETURN NULL; END $$ LANGUAGE plpgsql"
        )
        writer.execute(
            "CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION warn()"
        )
        one = entry(made.org, made.desk, randomness)
        assert asker.append([one]).status == 503
        # The retry finds it there, and says so only from what is durable.
        assert asker.append([one]).said[1] == 1
    store.close()


def test_a_wrong_address_is_said_at_the_start(server: Server) -> None:
    with pytest.raises(StoreError, match="PostgreSQL"):
        open_postgres(server.at("nowhere"))
