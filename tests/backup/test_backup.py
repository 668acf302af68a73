"""Backup, restore, drill: complete or absent, a new desk in the old place, nothing in the clear (spec/backup.md)."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest

from waystation import errors, words
from waystation.assemble import terms
from waystation.clock import DAY_MS, Millis
from waystation.ids import FolderType
from waystation.office import casework, intake
from waystation.office.backup import (
    backup,
    drill,
    identity_opener,
    passphrase_opener,
    recovery_opener,
    restore,
)
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import Papers, found, unlock
from waystation.vault import Kdf, new_kdf
from waystation.views.requests import requests

PASSPHRASE = "seven lanterns over a slow river"
BACKUP_PASSPHRASE = "eleven quiet boats under the moss"


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.ms = 1_495_000_000_000

    def now_ms(self) -> Millis:
        return Millis(self.ms)

    def zone(self) -> str:
        return "Europe/Moscow"


class Random:
    """Deterministic bytes."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, size: int, /) -> bytes:
        self.count += 1
        return hashlib.shake_256(f"backup {self.count}".encode()).digest(size)


@pytest.fixture
def system() -> System:
    return System(Clock(), Random(), terms())


def quick(system: System) -> Kdf:
    return new_kdf(system.randomness, memory_kib=64, passes=1, lanes=1)


@pytest.fixture
def founded(tmp_path: Path, system: System) -> Iterator[tuple[Desk, Papers]]:
    desk, papers = found(Home(tmp_path / "desk"), "Night Ferry", "Mira", PASSPHRASE, system, quick(system))
    desk.save(intake.take_down(desk, {"story": "Пишет с чужого телефона", "region": "Грозный"}))
    yield desk, papers
    desk.lock()


def root_key(papers: Papers) -> bytes:
    return words.from_words(" ".join(papers.root_words))


def recovery(papers: Papers) -> pyrage.x25519.Identity:
    return recovery_opener(words.from_words(papers.root_text and " ".join(papers.recovery_words)))


def test_what_was_saved_comes_back_at_a_new_desk(founded: tuple[Desk, Papers], tmp_path: Path, system: System) -> None:
    desk, papers = founded
    made = backup(desk, tmp_path / "copy")
    old, order = desk.book.desk, desk.book.order
    home = Home(tmp_path / "new")
    again = restore(made.file, recovery(papers), root_key(papers), home, PASSPHRASE, system, kdf=quick(system))
    assert again.book.desk != old
    assert [r.code_name for r in requests(again.reader).rows] == [r.code_name for r in requests(desk.reader).rows]
    assert again.book.roster.desks[old].active is False
    assert again.book.position == made.entries + 1
    (row,) = requests(again.reader).rows
    again.save(casework.add(again, row.folder, "note", {"body": "written by the new desk"}))
    assert again.book.check().aside == 0
    assert order == next(o for p, o in again.reader.rows("SELECT position, order_hash FROM entry") if p == made.entries)
    again.lock()
    unlock(home, PASSPHRASE, system).lock()


def test_the_age_tools_words_passphrase_and_recipient_each_open_it(
    founded: tuple[Desk, Papers], tmp_path: Path, system: System
) -> None:
    desk, papers = founded
    mine = pyrage.x25519.Identity.generate()
    made = backup(desk, tmp_path / "copy.age", passphrase=BACKUP_PASSPHRASE, recipient=str(mine.to_public()))
    assert made.key_file is not None
    openers = [
        recovery(papers),
        identity_opener(papers.recovery_text),
        identity_opener(str(mine)),
        passphrase_opener(made.file, BACKUP_PASSPHRASE),
    ]
    for opener in openers:
        found_ = drill(made.file, opener, system)
        assert found_.same_tables
        assert found_.report.entries == made.entries
    with pytest.raises(errors.BackupError):
        drill(made.file, pyrage.x25519.Identity.generate(), system)
    with pytest.raises(errors.BackupError):
        passphrase_opener(made.file, BACKUP_PASSPHRASE + "!")
    if shutil.which("age"):
        subprocess.run(
            ["age", "-d", "-i", "-", made.file], input=papers.recovery_text.encode(), check=True, capture_output=True
        )


def test_a_backup_that_is_cut_altered_expired_or_foreign_restores_nothing(
    founded: tuple[Desk, Papers], tmp_path: Path, system: System
) -> None:
    desk, papers = founded
    made = backup(desk, tmp_path / "copy.age", valid_days=1)
    data = made.file.read_bytes()
    other, other_papers = found(Home(tmp_path / "other"), "Other", "Ann", PASSPHRASE, system, quick(system))
    other.lock()
    target = Home(tmp_path / "target")

    def attempt(content: bytes, papers: Papers = papers, root: Papers = papers) -> None:
        (tmp_path / "try.age").write_bytes(content)
        restore(
            tmp_path / "try.age", recovery(papers), root_key(root), target, PASSPHRASE, system, kdf=quick(system)
        ).lock()

    for content in (data[:-1], data[: len(data) // 2], data[:100], b"", b"x" * 1000, data[:5000] + b"\0" + data[5001:]):
        with pytest.raises(errors.BackupError):
            attempt(content)
        assert not list(target.folder.iterdir())
    with pytest.raises(errors.BackupError):
        attempt(data, papers=other_papers)
    with pytest.raises(errors.BackupError, match="root key"):
        attempt(data, root=other_papers)
    assert not list(target.folder.iterdir())
    assert isinstance(system.clock, Clock)
    system.clock.ms += 2 * DAY_MS
    with pytest.raises(errors.BackupError, match="expired"):
        attempt(data)
    assert not list(target.folder.iterdir())
    restored = restore(
        made.file,
        recovery(papers),
        root_key(papers),
        target,
        PASSPHRASE,
        system,
        kdf=quick(system),
        accept_expired=True,
    )
    restored.lock()


def test_a_backup_is_never_written_over_and_leaves_nothing_when_it_fails(
    founded: tuple[Desk, Papers], tmp_path: Path
) -> None:
    desk, _ = founded
    backup(desk, tmp_path / "copy.age")
    before = (tmp_path / "copy.age").read_bytes()
    with pytest.raises(errors.StoreError):
        backup(desk, tmp_path / "copy.age")
    assert (tmp_path / "copy.age").read_bytes() == before
    with pytest.raises(errors.BadInput):
        backup(desk, tmp_path / "b.age", recipient="age1nonsense")
    with pytest.raises(errors.WeakPassphrase):
        backup(desk, tmp_path / "c.age", passphrase="password")
    with pytest.raises(errors.StoreError):
        backup(desk, tmp_path / "nowhere" / "d.age")
    assert {p.name for p in tmp_path.iterdir()} == {"desk", "copy.age"}


def test_nothing_of_a_name_is_on_disk_in_the_clear(
    founded: tuple[Desk, Papers], tmp_path: Path, system: System
) -> None:
    desk, papers = founded
    (row,) = requests(desk.reader).rows
    desk.save(casework.add(desk, row.folder, "person", {"family_name": "Канарейкин", "given_name": "Зяблик"}))
    made = backup(desk, tmp_path / "copy.age", passphrase=BACKUP_PASSPHRASE)
    drill(made.file, recovery(papers), system)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for canary in ("Канарейкин", "Зяблик", "чужого"):
                assert canary.encode() not in data
                assert canary.encode("utf-16-le") not in data


def test_the_desk_knows_the_age_of_its_last_backup(founded: tuple[Desk, Papers], tmp_path: Path) -> None:
    desk, _ = founded
    assert desk.book.store.meta("last_backup_ms") is None
    made = backup(desk, tmp_path / "copy.age")
    assert desk.book.store.meta("last_backup_ms") == made.made_ms
    assert desk.folder(FolderType.OFFICE)
    assert replace(made, entries=0).file == made.file


def test_a_backup_lets_no_second_process_into_the_book(founded: tuple[Desk, Papers], tmp_path: Path) -> None:
    desk, _ = founded
    backup(desk, tmp_path / "copy.age")
    second = (
        "import sys; from pathlib import Path; from waystation.book import Store; from waystation.errors import InUse\n"
        f"try: Store.open(Path({str(desk.home.book)!r}), bytes.fromhex({desk.vault.secrets.database_key.hex()!r}))\n"
        "except InUse: sys.exit(3)"
    )
    assert subprocess.run([sys.executable, "-c", second], check=False).returncode == 3
