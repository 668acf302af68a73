"""A real relay process on a port of loopback, made by the command line that operators use."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import httpx2
from tests.relay_deploy.caller import Answer, Caller

NAME = "relay.example.org"


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Asks again while the relay says that it is busy, as a desk does: its database may just have come back."""
    for _ in range(30):
        answer = ask()
        if answer.status != 503:
            return answer
        time.sleep(1)
    return ask()


class RelayProcess:
    """`waystation relay` on a store; ended with `with`.

    Args:
        store: what WAYSTATION_RELAY_STORE says.
        folder: for what it prints.
        names: further names that it answers to, as L5 has them.
    """

    def __init__(self, store: str, folder: Path, *names: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.authority = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.authority}"
        self.log = folder / "relay.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._environment = os.environ | {"WAYSTATION_RELAY_STORE": store}
        self._names = [word for name in (self.authority, *names) for word in ("--name", name)]
        self._number = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            finally:
                self.process.kill()

    def start(self) -> None:
        """Run it, and wait until it says that it is well (L23)."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "--listen", self.authority, *self._names], env=self._environment, stdout=log, stderr=log
            )
        began = time.monotonic()
        while not self.well():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < 60, "the relay does not come up"
            time.sleep(0.05)

    @property
    def command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("waystation")), "relay"]

    def well(self) -> bool:
        """Whether it can make writes durable."""
        try:
            return httpx2.get(f"{self.url}/health", timeout=5, trust_env=False).status_code == 200
        except httpx2.HTTPError:
            return False

    def kill(self) -> None:
        """As a crash does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ticket(self) -> str:
        """A ticket, as its operator makes one."""
        run = subprocess.run(
            [*self.command, "ticket", "--requests", "600000"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return run.stdout.split()[-1]

    def founder(self, **differently: object) -> Caller:
        """A caller with an organisation of its own."""
        self._number += 1
        told: dict[str, object] = {
            "url": self.url,
            "authority": self.authority,
            "seed": f"founder {self._number} of {self.authority}",
        }
        founder = Caller(**(told | differently))  # type: ignore[arg-type]  # what differs is the caller's to know
        answer = patiently(partial(founder.found, self.ticket()))
        assert answer.status in (200, 201), answer
        return founder

    def desk(self, founder: Caller, seed: str) -> Caller:
        """A desk of the founder's organisation."""
        desk = Caller(founder.url, founder.authority, f"{founder.seed}, {seed}", founder.trust)
        answer = patiently(partial(founder.bring, desk))
        assert answer.status in (200, 201), answer
        return desk
