"""The relay's own suite passes where nothing that could read an entry can be imported."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SUITE = (
    "test_httpsig.py",
    "test_relay_log.py",
    "test_relay_credentials.py",
    "test_relay_store.py",
    "test_relay_traces.py",
)


def test_the_suite_passes_without_the_rooms_that_read() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.relay.blocking",
        "-p",
        "no:cacheprovider",
        "-k",
        "not postgres",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(
        [*command, *(str(HERE / name) for name in SUITE)],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_the_blocking_blocks() -> None:
    code = "import tests.relay.blocking, waystation.relay.app, waystation.relay.commands\nimport waystation.book"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "waystation.book is not for the relay" in run.stderr
