"""The cluster, and a relay process on it. `make cluster-test` runs these tests; `make test` passes them over."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.cluster.machines import Cluster, free_port, until
from tests.relay_deploy.relays import RelayProcess
from tools.cluster import missing, which

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "cluster" / "haproxy.cfg"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pass them over, with the reason, unless they were asked for; then refuse to begin without the programs."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    if os.environ.get("WAYSTATION_CLUSTER") != "1":
        for item in ours:
            item.add_marker(pytest.mark.skip(reason="minutes long; `make cluster-test` runs it"))
    elif ours and (packages := missing()):
        pytest.exit(
            f"The cluster needs programs that are missing. Install them: apt-get install {' '.join(packages)}", 1
        )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two PostgreSQL machines in step, and a database for the relay."""
    with Cluster() as cluster:
        with psycopg.connect(cluster.address("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE waystation")
        yield cluster


@pytest.fixture(scope="session")
def relay(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    """A relay that knows both machines by their addresses."""
    with RelayProcess(cluster.address("waystation"), tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture(scope="session")
def balanced(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    """A relay that goes through HAProxy as it is shipped, which knows which machine is the primary."""
    folder = tmp_path_factory.mktemp("haproxy")
    port = free_port()
    text = SHIPPED.read_text().replace("127.0.0.1:5433", f"127.0.0.1:{port}")
    for number, node in enumerate(cluster.nodes, 1):
        server = f"server pg{number} 10.77.0.{number}:5432 maxconn 200 check port 8008"
        assert server in text
        text = text.replace(
            server, f"server pg{number} 127.0.0.1:{node.postgres_port} maxconn 200 check port {node.patroni_port}"
        )
    (folder / "haproxy.cfg").write_text(text)
    proxy = subprocess.Popen([which("haproxy") or "haproxy", "-db", "-f", str(folder / "haproxy.cfg")])
    try:
        address = cluster.address("waystation", hosts=f"127.0.0.1:{port}")
        with RelayProcess(address, folder) as relay:
            yield relay
    finally:
        proxy.terminate()
        proxy.wait()


@pytest.fixture(autouse=True)
def whole(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test begins and leaves a cluster whose two machines are in step."""
    if os.environ.get("WAYSTATION_CLUSTER") != "1":
        yield
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    until("both machines in step", cluster.in_step, 120)
    yield
    for machine in (cluster.etcd, *cluster.nodes):
        if machine.process is None:
            machine.start()
