"""A desk killed at random instants: what it acknowledged is there, nothing is there by half."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from tests.book.founded import Founded
from tests.ground.seeded import Seeded

from waystation.ids import FolderType

SAVER = Path(__file__).with_name("saver.py")
SAVES = 200
LONGEST_S = 0.05


def test_nothing_acknowledged_is_lost_when_the_desk_is_killed(tmp_path: Path) -> None:
    chance = Random(23)
    founded = Founded(tmp_path / "book.db", Seeded("killed"))
    case = founded.open_folder(b"begun")
    office = founded.book.singleton(FolderType.OFFICE)
    founded.close()
    secrets = [founded.database_key, founded.keyring_keys[0], founded.signing_seed, founded.sealing_seed, case]
    saves, kills = 0, 0
    while saves < SAVES or kills < 8:
        command = [sys.executable, str(SAVER), str(founded.path), *(s.hex() for s in secrets), str(saves)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        first = child.stdout.readline()
        assert first, "the child could not open what the one before it left"
        time.sleep(chance.uniform(0, LONGEST_S))
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read()
        child.wait()
        child.stdout.close()
        kills += 1
        acknowledged = int((first + rest).split(b"\n")[-2])
        book = founded.open()
        told: dict[bytes, list[int]] = {case: [], office: []}
        for change in book.changes():
            if change.payload != b"begun":
                told[change.folder].append(int.from_bytes(change.payload[:4], "big"))
        assert told[case] == told[office] == list(range(len(told[case])))
        assert acknowledged + 1 <= len(told[case]) <= acknowledged + 2
        report = book.check()
        assert report.accepted == report.entries
        saves = len(told[case])
        founded.close()
    assert saves >= SAVES
