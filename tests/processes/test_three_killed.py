"""Three desks and a relay, each a process of its own, killed in turn under load: all join up, nothing acknowledged is
lost, and the relay's files and memory hold not one of the words that the desks wrote."""

import os
import re
import statistics
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded
from tests.relay_deploy.relays import RelayProcess
from tests.sync.desks import Sitting, connected

from waystation.assemble import machine
from waystation.office import syncing
from waystation.office.desk import System

WORKER = Path(__file__).with_name("worker.py")
PACE_S = 0.4
CALM_S = 8
ROOT = Path(__file__).parents[2]
JOINED_WITHIN_S = 90
WITHIN_S = 5
"""A machine that does other things as well is slow; on a quiet one it is a tenth of a second."""


class Worker:
    """One desk's process, and what all its lives have said."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.saved: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.rested: tuple[str, ...] = ()
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(WORKER), str(self.folder), self.name, str(PACE_S)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def rest(self) -> tuple[str, ...]:
        """Position, unsent and digest, now that it saves no more."""
        self.rested = ()
        assert self.process.stdin is not None
        self.process.stdin.write("rest\n")
        self.process.stdin.flush()
        until = time.monotonic() + 20
        while not self.rested and time.monotonic() < until:
            time.sleep(0.05)
        return self.rested

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            what, *words = line.split()
            if what == "rested":
                self.rested = tuple(words)
            elif len(words) == 2:
                (self.saved if what == "saved" else self.seen).setdefault(words[0], float(words[1]))
        process.stdout.close()


def test_each_killed_in_turn(tmp_path: Path, randomness: Seeded) -> None:
    sittings = connected(tmp_path, HeldClock(machine().clock.now_ms()), randomness, 3)
    database = tmp_path / "relay" / "relay.db"
    database.parent.mkdir()
    with ExitStack() as stack:
        relay = stack.enter_context(RelayProcess(str(database), tmp_path))
        _move(sittings, relay)
        workers = [Worker(one.desk.home.folder, f"desk{n}") for n, one in enumerate(sittings)]
        stack.callback(lambda: [worker.kill() for worker in workers])
        time.sleep(CALM_S)
        _tell_how_fast(workers)
        for victim in (*workers, relay, *workers):
            time.sleep(1.5)
            victim.kill()
            time.sleep(0.3)
            victim.start()
        time.sleep(4)
        said = {canary for worker in workers for canary in worker.saved}
        assert len(said) > 20
        assert _join(workers), [worker.rest() for worker in workers]
        said = {canary for worker in workers for canary in worker.saved}
        for worker in workers:
            missing = said - set(worker.seen) - set(worker.saved)
            assert not missing, f"{worker.name} lacks {sorted(missing)[:3]}"
        assert relay.process is not None
        held = _memory(relay.process.pid) + b"".join(path.read_bytes() for path in database.parent.iterdir())
    found = [canary for canary in said if canary.encode() in held]
    assert not found
    assert b"Kanarienvogel" not in held
    assert b"Lantern House" not in held
    assert b"waystation" in held  # What was searched is really the relay's.


def _move(sittings: list[Sitting], relay: RelayProcess) -> None:
    """Gives the log to the real relay; every desk goes there."""
    for number, sitting in enumerate(sittings):
        desk = sitting.desk
        plugged = machine()
        desk._system = System(desk._system.clock, plugged.randomness, desk._system.terms, relay=plugged.relay)
        if number == 0:
            syncing.connect(desk, relay.url, relay.ticket())
            for _ in range(3):
                syncing.Syncing(desk).round()
        else:
            syncing.move(desk, relay.url)
    for sitting in sittings:
        sitting.desk.lock()


def _join(workers: list[Worker]) -> bool:
    """Whether all come to the same log and the same tables, with nothing left to send."""
    until = time.monotonic() + JOINED_WITHIN_S
    while time.monotonic() < until:
        rested = {worker.rest() for worker in workers}
        if len(rested) == 1 and next(iter(rested))[1:2] == ("0",):
            return True
        time.sleep(1)
    return False


def _tell_how_fast(workers: list[Worker]) -> None:
    """How long a save takes to reach another desk's tables, while nothing is killed."""
    took = [
        other.seen[canary] - at
        for worker in workers
        for other in workers
        if other is not worker
        for canary, at in worker.saved.items()
        if other.seen.get(canary, 0.0) > at
    ]
    quick = statistics.median(took)
    print(f"\na save reaches another desk after {quick * 1000:.0f} ms (median of {len(took)})")
    assert quick < WITHIN_S


def _memory(pid: int) -> bytes:
    """Everything that a process may write to in its memory."""
    parts = []
    with Path(f"/proc/{pid}/maps").open(encoding="ascii") as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not found or "[v" in line:
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            try:
                memory.seek(start)
                parts.append(memory.read(end - start))
            except OSError:
                continue
    return b"".join(parts)
