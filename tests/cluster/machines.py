"""Two machines with PostgreSQL under Patroni and a third for etcd, each a PID namespace that can die whole.

They run the configuration that is shipped, deploy/cluster/patroni.yml; only addresses, folders and passwords are the
test's. Killing a machine's first process ends every process of it in the same instant, as a pulled plug does.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tools.cluster import postgres_folder, which

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = ROOT / "deploy" / "cluster"
USER = "postgres"
PASSWORD = "a password of the tests only"


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(what: str, check: Callable[[], object], within_s: float, every_s: float = 0.1) -> float:
    """Wait until `check` holds; seconds that it took. Fails naming `what`."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() - began < within_s, f"waited {within_s:.0f} s in vain: {what}"
        time.sleep(every_s)
    return time.monotonic() - began


@dataclass
class Machine:
    """One machine: what it runs, and the first process of its PID namespace while it is up."""

    name: str
    command: list[str]
    folder: Path
    environment: Mapping[str, str]
    postgres_port: int = 0
    patroni_port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Plug it in. Its output goes to a file beside its folder."""
        assert self.process is None, f"{self.name} is up already"
        unshare = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        drop: list[str] = []
        if os.geteuid() == 0:
            person = pwd.getpwnam(USER)
            drop = ["setpriv", f"--reuid={person.pw_uid}", f"--regid={person.pw_gid}", "--clear-groups"]
        else:
            unshare += ["--user", "--map-current-user"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*unshare, *drop, *self.command],
                cwd=self.folder,
                env={**self.environment, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Pull the plug: nothing on it gets to write, answer or say goodbye."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """Hang, as a stalled virtual machine does: every process stops, and its connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on as if no time had passed."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self.processes():
            os.kill(pid, number)

    def processes(self) -> list[int]:
        """Everything that runs on it."""
        assert self.process is not None
        parents: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
        mine = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
            mine |= more
        return sorted(mine - {self.process.pid})

    @property
    def log(self) -> Path:
        """What it printed, from its first start on."""
        return self.folder.with_suffix(".log")

    def postmaster(self) -> int:
        """The pid, seen from outside, of its database server."""
        for pid in self.processes():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"/postgres") and b"-D" in words:
                return pid
        raise AssertionError(f"no database server runs on {self.name}")


class Cluster:
    """etcd and two PostgreSQL machines on ports of loopback; ended whole with `with`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="waystation-cluster-"))
        self.folder.chmod(0o711)
        self.etcd_port, peer = free_port(), free_port()
        own = f"http://127.0.0.1:{peer}"
        client = f"http://127.0.0.1:{self.etcd_port}"
        self.etcd = self._machine(
            "etcd",
            [
                *(
                    "etcd",
                    "--name",
                    "etcd",
                    "--data-dir",
                    "data",
                    "--enable-v2",
                    "--logger",
                    "zap",
                    "--log-level",
                    "error",
                ),
                *("--listen-client-urls", client, "--advertise-client-urls", client),
                *("--listen-peer-urls", own, "--initial-advertise-peer-urls", own, "--initial-cluster", f"etcd={own}"),
            ],
            {},
        )
        self.nodes = [self._node(name) for name in ("pg1", "pg2")]

    def _machine(self, name: str, command: list[str], environment: Mapping[str, str]) -> Machine:
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        return Machine(name, [which(command[0]) or command[0], *command[1:]], folder, environment)

    def _node(self, name: str) -> Machine:
        postgres, patroni, programs = free_port(), free_port(), postgres_folder()
        machine = self._machine(
            name,
            ["patroni", "patroni.yml"],
            {
                "PATRONI_NAME": name,
                "PATRONI_ETCD_HOSTS": f"127.0.0.1:{self.etcd_port}",
                "PATRONI_RESTAPI_LISTEN": f"127.0.0.1:{patroni}",
                "PATRONI_RESTAPI_CONNECT_ADDRESS": f"127.0.0.1:{patroni}",
                "PATRONI_POSTGRESQL_LISTEN": f"127.0.0.1:{postgres}",
                "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"127.0.0.1:{postgres}",
                "PATRONI_POSTGRESQL_DATA_DIR": "data",
                "PATRONI_POSTGRESQL_BIN_DIR": str(programs),
                "PATRONI_POSTGRESQL_PGPASS": "pgpass",
                "PATRONI_SUPERUSER_PASSWORD": PASSWORD,
                "PATRONI_REPLICATION_PASSWORD": PASSWORD,
                "PATRONI_REWIND_PASSWORD": PASSWORD,
            },
        )
        machine.postgres_port, machine.patroni_port = postgres, patroni
        shipped = (CLUSTER / "patroni.yml").read_text()
        sockets = "unix_socket_directories: /var/run/postgresql"
        assert sockets in shipped
        own = machine.folder / "patroni.yml"
        own.write_text(shipped.replace(sockets, f"unix_socket_directories: {machine.folder}"))
        own.chmod(0o644)
        return machine

    def __enter__(self) -> Self:
        self.etcd.start()
        until("etcd answers", lambda: answers(f"http://127.0.0.1:{self.etcd_port}/health"), 30)
        for node in self.nodes:
            node.start()
        until("a primary and its synchronous standby", self.in_step, 120)
        return self

    def __exit__(self, *_: object) -> None:
        for machine in (*self.nodes, self.etcd):
            if machine.process is not None:
                machine.kill()
        shutil.rmtree(self.folder)

    def members(self) -> dict[str, dict[str, Any]]:
        """What the machines say of each other, by name; empty while nobody answers."""
        for node in self.nodes:
            told = answers(f"http://127.0.0.1:{node.patroni_port}/cluster") if node.process else None
            if told:
                return {member["name"]: member for member in json.loads(told)["members"]}
        return {}

    def primary(self) -> Machine | None:
        """The machine that holds the leader's key and takes writes."""
        return next(
            (n for n in self.nodes if n.process and answers(f"http://127.0.0.1:{n.patroni_port}/primary")), None
        )

    def in_step(self) -> bool:
        """Whether there is a primary and a standby without which it answers no commit."""
        return self.primary() is not None and any(
            node.process and answers(f"http://127.0.0.1:{node.patroni_port}/synchronous") for node in self.nodes
        )

    def other(self, machine: Machine) -> Machine:
        """The machine that this one is not."""
        return next(node for node in self.nodes if node is not machine)

    def address(self, database: str, hosts: str | None = None) -> str:
        """A libpq address that names both machines, or what stands before them, and takes what accepts writes."""
        both = ",".join(f"127.0.0.1:{node.postgres_port}" for node in self.nodes)
        told = "target_session_attrs=read-write&connect_timeout=3"
        return f"postgresql://postgres:{PASSWORD.replace(' ', '%20')}@{hosts or both}/{database}?{told}"


def answers(url: str) -> bytes | None:
    """The body if the address answers 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            body: bytes = answer.read()
            return body
    except (OSError, urllib.error.URLError):
        return None
