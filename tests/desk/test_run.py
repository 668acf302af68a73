"""The program as it is started: one port on 127.0.0.1, one way in, and keys that are gone when it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.desk.sitting import folder_of, founded, system
from tests.ground.seeded import HeldClock, Seeded

from waystation.desk.app import run
from waystation.desk.browser import PROFILE_PREFIX
from waystation.errors import WaystationError

PROGRAM = """
import sys, time
from pathlib import Path
from waystation.assemble import machine
from waystation.desk.app import run
from waystation.office.desk import Home
def say(line): print(line, flush=True)
sys.exit(run(Home(Path(sys.argv[1])), machine(), monotonic_ms=lambda: time.monotonic_ns() // 10**6, say=say,
             open_browser=len(sys.argv) > 2, browser_path=Path(sys.argv[2]) if len(sys.argv) > 2 else None))
"""


@pytest.fixture
def started(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[subprocess.Popen[str]]:
    founded(folder_of(tmp_path), system(clock, randomness))
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder_of(tmp_path).folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def address(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Port and one-time address, from the one line that is printed."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/(\S+)", line)
    assert found, line
    return int(found[1]), found[0]


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert "Server" not in answer.headers
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refused = refusal
    assert refused.headers["Cache-Control"] == "no-store"
    assert "Server" not in refused.headers
    return refused.code


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_listens_here_only_and_ends_when_told(started: subprocess.Popen[str], end: signal.Signals) -> None:
    port, way_in = address(started)
    assert status(way_in) == 200
    assert status(way_in) == 404
    assert status(f"http://127.0.0.1:{port}/") == 404
    others = [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for other in others:
        if not other.startswith("127."):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((other, port), timeout=1)
    with open(f"/proc/{started.pid}/cmdline") as line:
        assert str(port) not in line.read()
    started.send_signal(end)
    out, err = started.communicate(timeout=10)
    assert (out, err) == ("", "")
    assert started.returncode == 0


def test_a_port_that_is_taken(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(WaystationError, match="Choose another"):
            run(folder_of(tmp_path), system(clock, randomness), monotonic_ms=lambda: 0, say=print, port=number)


FETCH = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()"


@pytest.mark.parametrize("stays_s", [1, 60])
def test_desk_and_browser_end_together(tmp_path: Path, clock: HeldClock, randomness: Seeded, stays_s: int) -> None:
    script = f'"{sys.executable}" -c "{FETCH}" "$last"\nexec sleep {stays_s}'
    with opened(tmp_path, clock, randomness, script) as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        assert "its own browser window" in line
        assert "127.0.0.1" not in line
        (profile,) = (tmp_path / "runtime").iterdir()
        assert profile.name.startswith(PROFILE_PREFIX)
        if stays_s > 1:
            started.terminate()
        assert started.wait(10) == 0
    assert "http://127.0.0.1:" in (tmp_path / "chromium.line").read_text()
    assert list((tmp_path / "runtime").iterdir()) == []


def test_a_browser_that_dies_at_once_ends_nothing(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    with opened(tmp_path, clock, randomness, "exit 1") as started:
        assert started.stdout is not None
        assert "its own browser window" in started.stdout.readline()
        _, way_in = address(started)
        assert status(way_in) == 200
        assert status(way_in) == 404
        started.terminate()
        assert started.wait(10) == 0


@contextmanager
def opened(tmp_path: Path, clock: HeldClock, randomness: Seeded, script: str) -> Iterator[subprocess.Popen[str]]:
    """The program with a browser that does what the script says; `$last` is the address that it was given."""
    founded(folder_of(tmp_path), system(clock, randomness))
    browser = tmp_path / "chromium"
    browser.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" > "$0.line"\n{script}\n')
    browser.chmod(0o755)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder_of(tmp_path).folder, browser],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
    ) as started:
        try:
            yield started
        finally:
            started.kill()
