"""A relay on two PostgreSQL machines under Patroni, one of which dies in every way that machines have.

Whatever dies: nothing acknowledged is lost, nothing appears twice, the order goes on without a break, and neither relay
nor desk needs a person. Every test prints how long nothing could be acknowledged.
"""

import os
import signal
import time
from collections.abc import Callable

import psycopg
import pytest
from tests.cluster.load import Load, tell
from tests.cluster.machines import Cluster, Machine, until
from tests.relay_deploy.relays import RelayProcess

DESKS = 6
TTL_S = 20
"""As in deploy/cluster/patroni.yml: so long a primary may be silent."""

FAILOVER_S = TTL_S + 25
"""Silence, election, promotion, and the relay's way to the new primary, with two busy cores."""


def load_on(relay: RelayProcess) -> Load:
    """Desks of a new organisation on this relay."""
    founder = relay.founder()
    return Load(founder, [relay.desk(founder, f"desk {number}") for number in range(DESKS)])


def primary_of(cluster: Cluster) -> Machine:
    machine = cluster.primary()
    assert machine is not None
    return machine


def taken_over(cluster: Cluster, dead: Machine) -> Callable[[], bool]:
    """Whether the other machine is the primary now."""
    return lambda: cluster.primary() is cluster.other(dead)


def test_the_primary_is_killed_and_comes_back_three_times(cluster: Cluster, relay: RelayProcess) -> None:
    assert relay.process is not None
    took: list[float] = []
    with load_on(relay) as load:
        for _ in range(3):
            time.sleep(3)
            dead = primary_of(cluster)
            before, began = len(load.acknowledged), time.monotonic()
            dead.kill()
            until("the other machine takes over", taken_over(cluster, dead), FAILOVER_S)
            load.goes_on(FAILOVER_S)
            took.append(round(load.pause_since(began), 1))
            assert len(load.acknowledged) > before
            dead.start()
            until("the dead machine is back and in step", cluster.in_step, 120)
    figures = load.check()
    assert relay.process.poll() is None, "the relay did not live through it"
    assert load.met["503"], "nobody was told to wait"
    tell("primary killed", figures | {f"failover_{number}_s": s for number, s in enumerate(took, 1)})


def test_only_the_database_server_is_killed(cluster: Cluster, relay: RelayProcess) -> None:
    with load_on(relay) as load:
        time.sleep(2)
        began = time.monotonic()
        os.kill(primary_of(cluster).postmaster(), signal.SIGKILL)
        until("there is a primary", cluster.primary, FAILOVER_S)
        load.goes_on(FAILOVER_S)
        until("both in step", cluster.in_step, 120)
        load.goes_on(FAILOVER_S)
        took = load.pause_since(began)
    tell("database server killed", load.check() | {"failover_s": round(took, 1)})


def test_the_standby_is_killed(cluster: Cluster, relay: RelayProcess) -> None:
    with load_on(relay) as load:
        time.sleep(2)
        dead, began = cluster.other(primary_of(cluster)), time.monotonic()
        dead.kill()
        time.sleep(1)
        load.goes_on(FAILOVER_S)
        took = load.pause_since(began)
        dead.start()
        until("both in step", cluster.in_step, 120)
    tell("standby killed", load.check() | {"pause_s": round(took, 1)})


def test_a_machine_that_missed_something_is_never_promoted(cluster: Cluster, relay: RelayProcess) -> None:
    with load_on(relay) as load:
        last, stale = primary_of(cluster), cluster.other(primary_of(cluster))
        stale.kill()
        time.sleep(1)
        load.goes_on(FAILOVER_S)
        time.sleep(2)
        last.kill()
        stale.start()
        time.sleep(TTL_S + 20)
        assert cluster.primary() is None, "a machine was promoted that lacks what was acknowledged"
        last.start()
        until("the one that has everything is the primary again", lambda: cluster.primary() is last, 120)
        load.goes_on(FAILOVER_S)
        until("both in step", cluster.in_step, 120)
    tell("primary killed while alone", load.check())


def test_the_primary_hangs_and_wakes_up_again(cluster: Cluster, relay: RelayProcess) -> None:
    with load_on(relay) as load:
        hung, began = primary_of(cluster), time.monotonic()
        hung.freeze()
        try:
            until("the other machine takes over", taken_over(cluster, hung), FAILOVER_S)
            load.goes_on(FAILOVER_S + 30)
            took = load.pause_since(began)
        finally:
            hung.thaw()
        until("the one that hung follows", cluster.in_step, 120)
        load.goes_on(FAILOVER_S)
    tell("primary hung", load.check() | {"failover_s": round(took, 1)})


def test_the_same_through_haproxy(cluster: Cluster, balanced: RelayProcess) -> None:
    with load_on(balanced) as load:
        hung, began = primary_of(cluster), time.monotonic()
        hung.freeze()
        try:
            until("the other machine takes over", taken_over(cluster, hung), FAILOVER_S)
            load.goes_on(FAILOVER_S)
            took = load.pause_since(began)
        finally:
            hung.thaw()
        until("the one that hung follows", cluster.in_step, 120)
        dead, began = primary_of(cluster), time.monotonic()
        dead.kill()
        until("the other machine takes over", taken_over(cluster, dead), FAILOVER_S)
        load.goes_on(FAILOVER_S)
        killed = load.pause_since(began)
        dead.start()
        until("both in step", cluster.in_step, 120)
    tell("haproxy", load.check() | {"hung_s": round(took, 1), "killed_s": round(killed, 1)})


def test_etcd_is_away(cluster: Cluster, relay: RelayProcess) -> None:
    with load_on(relay) as load:
        cluster.etcd.kill()
        time.sleep(TTL_S + 10)
        load.goes_on(5)
        cluster.etcd.start()
        until("both in step", cluster.in_step, 120)
    figures = load.check()
    assert figures["longest_pause_s"] < 5, "the primary should have stayed"
    tell("etcd away", figures)


def test_the_relay_itself_is_killed(relay: RelayProcess, cluster: Cluster) -> None:
    with load_on(relay) as load:
        for _ in range(3):
            time.sleep(2)
            relay.kill()
            relay.start()
            load.goes_on(30)
    tell("relay killed", load.check())


@pytest.mark.parametrize("machine", [0, 1])
def test_both_machines_hold_the_same(cluster: Cluster, relay: RelayProcess, machine: int) -> None:
    """The standby's own copy, read from it, has every entry that was acknowledged."""
    with load_on(relay) as load:
        time.sleep(2)
    figures = load.check()
    node = cluster.nodes[machine]
    address = cluster.address("waystation", hosts=f"127.0.0.1:{node.postgres_port}").replace("read-write", "any")
    headers = {entry.header for one in load.acknowledged for entry in one.entries}
    with psycopg.connect(address) as connection:

        def held() -> set[bytes]:
            connection.rollback()
            rows = connection.execute("SELECT header FROM entry WHERE org = %s", [load.founder.org]).fetchall()
            return {bytes(header) for (header,) in rows}

        until("the standby has replayed", lambda: held() == headers, 10)
    assert figures["entries"] == len(headers)
