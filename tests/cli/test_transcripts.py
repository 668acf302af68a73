"""The command line as a person meets it: every command once, its errors, its exit codes."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded

from waystation.assemble import terms
from waystation.ids import FolderType
from waystation.office import casework, intake
from waystation.office.desk import Home, System
from waystation.office.founding import Papers, found
from waystation.vault import new_kdf

PASSPHRASE = "plinth orbit sundew canvas mirror"
RUN = [sys.executable, "-c", "from waystation.cli import main; main()"]


@dataclass
class Shell:
    """A terminal beside a founded desk."""

    folder: Path
    papers: Papers

    def __call__(self, *words: str, typed: str = "", desk: Path | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "WAYSTATION_DESK": str(desk or self.folder / "desk"), "COLUMNS": "100"}
        return subprocess.run(
            [*RUN, *words], input=typed, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120
        )

    def opened(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """A command that asks for the passphrase, which comes on its standard input."""
        return self(*words, "--passphrase-file", "-", typed=PASSPHRASE + "\n", **more)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("terminal")
    system = System(HeldClock(), Seeded("terminal"), terms())
    kdf = new_kdf(system.randomness, memory_kib=64, passes=1, lanes=1)
    desk, papers = found(Home(folder / "desk"), "Night Ferry", "Mira", PASSPHRASE, system, kdf)
    request = casework.opened(
        save := intake.take_down(desk, {"story": "Ему угрожает дядя", "code_name": "Juniper Kettle"})
    )
    desk.save(save)
    desk.save(casework.add(desk, request, "person", {"given_name": "Джохар", "family_name": "Магомедов"}))
    desk.save(casework.add(desk, request, "note", {"body": "Ещё звонил брат, просил зелёную папку"}))
    desk.save(
        casework.add(
            desk, desk.folder(FolderType.OFFICE), "route", {"destination": "LT", "pathway": "humanitarian_visa"}
        )
    )
    desk.lock()
    return Shell(folder, papers)


def test_version_and_help_say_what_there_is(shell: Shell) -> None:
    assert shell("--version").stdout.startswith("waystation ")
    help_text = shell("--help").stdout
    for command in "init desk demo search check-book rebuild backup restore drill export wipe".split():
        assert command in help_text
        assert shell(command, "--help").returncode == 0
    assert shell("nonsense").returncode == 2


@pytest.mark.parametrize(
    "words", ["Магомедову", "магомедов джохара", "Dzhokhar", "Djohar Magomedov", "еще", "зеленой", "дяди"]
)
def test_search_finds_inflections_and_names_across_scripts(shell: Shell, words: str) -> None:
    answer = shell.opened("search", "--json", words)
    assert answer.returncode == 0, answer.stderr
    found_ = json.loads(answer.stdout)["found"]
    assert {hit["code_name"] for hit in found_} == {"Juniper Kettle"}
    assert "Магомедов" not in answer.stdout


def test_search_says_so_when_there_is_nothing(shell: Shell) -> None:
    assert "Nothing was found" in shell.opened("search", "Пеликан").stdout
    assert json.loads(shell.opened("search", "--json", '" OR terms:*').stdout) == {"found": []}


def test_the_book_is_checked_and_rebuilt(shell: Shell) -> None:
    report = json.loads(shell.opened("check-book", "--json").stdout)
    assert report["entries"] == report["accepted"] > 5
    assert shell.opened("rebuild").returncode == 0
    assert json.loads(shell.opened("check-book", "--json").stdout) == report
    assert "sound" in shell.opened("check-book").stdout


def test_a_wrong_passphrase_a_missing_desk_and_a_desk_in_use_have_codes_of_their_own(shell: Shell) -> None:
    wrong = shell("search", "x", "--passphrase-file", "-", typed="wrong\n")
    assert wrong.returncode == 4
    assert "Traceback" not in wrong.stderr
    missing = shell("check-book", "--passphrase-file", "-", typed="x\n", desk=shell.folder / "nowhere")
    assert missing.returncode == 6
    assert "waystation init" in missing.stderr
    environment = {**os.environ, "WAYSTATION_DESK": str(shell.folder / "desk")}
    holder = (
        "import sys; from pathlib import Path; from waystation.assemble import machine;"
        "from waystation.office.desk import Home; from waystation.office.founding import unlock;"
        f"desk = unlock(Home(Path({str(shell.folder / 'desk')!r})), {PASSPHRASE!r}, machine());"
        "print('open', flush=True); sys.stdin.read(); desk.lock()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        used = shell.opened("check-book")
        assert used.returncode == 3, used.stderr
        assert "Another Waystation" in used.stderr


def test_backup_drill_and_restore(shell: Shell) -> None:
    made = shell.opened("backup", "copy")
    assert made.returncode == 0, made.stderr
    recovery = " ".join(shell.papers.recovery_words)
    drilled = shell("drill", "copy.age", "--json", typed=recovery + "\n")
    assert json.loads(drilled.stdout.splitlines()[-1])["same_tables"] is True
    assert shell("drill", "copy.age", typed=shell.papers.root_text + "\n").returncode == 1
    assert shell("drill", "copy.age", typed="one two three\n").returncode == 1
    again = shell.folder / "again"
    (shell.folder / "new").write_text("saffron ladle brisk ember quay\n")
    restored = shell(
        "restore", "copy.age", "--passphrase-file", "new", typed=f"{recovery}\n{shell.papers.root_text}\n", desk=again
    )
    assert restored.returncode == 0, restored.stderr
    found_ = shell("search", "Магомедов", "--json", "--passphrase-file", "new", desk=again)
    assert json.loads(found_.stdout)["found"]
    assert shell.opened("backup", "copy").returncode == 6


def test_an_export_is_closed_by_default(shell: Shell) -> None:
    def export(*words: str) -> subprocess.CompletedProcess[str]:
        return shell.opened("export", *words)

    assert export("a.csv", "--kind", "route").returncode == 1
    assert export("a.csv", "--kind", "route", "--in-the-clear").returncode == 0
    assert (shell.folder / "a.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "destination,pathway",
        "LT,humanitarian_visa",
    ]
    assert export("a.csv", "--kind", "route", "--in-the-clear").returncode == 1
    assert export("b.json", "--kind", "person", "--format", "json", "--in-the-clear").returncode == 0
    assert "Магомедов" not in (shell.folder / "b.json").read_text()
    masked = ("c.json", "--kind", "person", "--format", "json", "--in-the-clear", "--up-to", "masked")
    assert export(*masked).returncode == 1
    assert not (shell.folder / "c.json").exists()
    assert export(*masked, "--reason", "court order").returncode == 0
    assert "Магомедов" in (shell.folder / "c.json").read_text()
    assert export("d.csv", "--kind", "nonsense", "--in-the-clear").returncode == 1
    revealed = export("e.json", "--kind", "reveal", "--format", "json", "--in-the-clear", "--up-to", "case")
    assert revealed.returncode == 0
    assert "court order" in (shell.folder / "e.json").read_text()


def test_a_desk_is_founded_at_the_terminal_and_its_papers_are_proved(shell: Shell) -> None:
    empty = shell.folder / "fresh"
    weak = shell("init", typed="Org\nMe\npassword1234\n", desk=empty)
    assert "guess" in weak.stderr or "password" in weak.stderr
    assert not (empty / "vault").exists()
    assert shell("init", desk=shell.folder / "desk").returncode == 6


def test_wiping_asks_once_and_says_what_remains(shell: Shell, tmp_path: Path) -> None:
    system = System(HeldClock(), Seeded("wiped"), terms())
    kdf = new_kdf(system.randomness, memory_kib=64, passes=1, lanes=1)
    found(Home(tmp_path), "Org", "Me", PASSPHRASE, system, kdf)[0].lock()
    assert shell("wipe", typed="no\n", desk=tmp_path).returncode == 1
    assert (tmp_path / "vault").exists()
    wiped = shell("wipe", typed="WIPE\n", desk=tmp_path)
    assert wiped.returncode == 0, wiped.stderr
    assert not (tmp_path / "vault").exists()
    assert "book.db" in wiped.stdout
    assert shell("wipe", "--yes", desk=tmp_path).returncode == 1
    assert shell("search", "x", "--passphrase-file", "-", typed=PASSPHRASE + "\n", desk=tmp_path).returncode == 6


def test_the_demo_counts_the_operation_of_2017(shell: Shell) -> None:
    answer = shell("demo", "--headless", "--json", "--into", str(shell.folder / "demo"))
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == {
        "asked": 80,
        "evacuated": 42,
        "in_hiding": 40,
        "abroad": 0,
        "applied": 2,
        "granted": 2,
        "refused": 0,
        "discouraged": 1,
        "left_without_papers": 4,
        "silent": 2,
        "received_usd": 176_000,
        "spent_usd": 62_700,
    }
    kept = shell(
        "check-book", "--passphrase-file", "-", typed="lantern light for a demonstration\n", desk=shell.folder / "demo"
    )
    assert kept.returncode == 0, kept.stderr
