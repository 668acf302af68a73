"""A real PostgreSQL of the tests' own, in a folder that is thrown away."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

STARTS_WITHIN_S = 60
_MADE = ("-U", "waystation", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")


def program(name: str) -> Path | None:
    """A program of PostgreSQL's, from the PATH or from where Debian keeps it."""
    found = shutil.which(name)
    if found:
        return Path(found).resolve()
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return kept[-1] if kept else None


def plain_user() -> str | None:
    """Who runs it: PostgreSQL refuses to be root. None for whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass
class Server:
    """One server, which can be stopped, killed and started again."""

    folder: Path
    port: int
    settings: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        return self.at("postgres")

    def at(self, database: str) -> str:
        return f"postgresql://waystation@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Returns when it answers."""
        command = [str(program("postgres")), "-D", str(self.folder), "-p", str(self.port), "-h", "127.0.0.1"]
        for setting in ("unix_socket_directories=", "max_connections=100", *self.settings):
            command += ["-c", setting]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, user=plain_user(), group=_group())
        for _ in range(STARTS_WITHIN_S * 10):
            with suppress(psycopg.OperationalError), psycopg.connect(self.address, connect_timeout=2):
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.1)
        raise AssertionError("PostgreSQL does not answer")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends every connection at once; SIGQUIT is as near to pulling the plug as it has."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(STARTS_WITHIN_S)
            self.process = None

    def fresh(self, name: str) -> str:
        """Address of a new, empty database."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.at(name)


@contextmanager
def postgres(*settings: str) -> Iterator[Server]:
    """A running server."""
    folder = Path(tempfile.mkdtemp(prefix="waystation-postgres-"))
    user = plain_user()
    if user is not None:
        shutil.chown(folder, user)
    server = Server(folder / "data", _free_port(), settings)
    try:
        subprocess.run(
            [str(program("initdb")), "-D", str(server.folder), *_MADE],
            check=True,
            capture_output=True,
            user=user,
            group=_group(),
            cwd=folder,
        )
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def _group() -> int | None:
    user = plain_user()
    return None if user is None else pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
