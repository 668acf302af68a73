"""What the repository promises about itself: import contracts, files made by others, lock files.

Each contract is tried with imports that break it, planted in a copy of the source.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src" / "waystation" / "desk" / "static" / "vendor"
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

LAYERS = "Imports point down"
KNOWLEDGE = "Knowledge is pure"
RELAY = "The relay cannot read"
DOOR = "The door cannot open a request"
PAGES = "Pages speak only to office and views"

RELAY_MAY_USE = {"httpsig", "verify", "wire", "derive", "clock", "ids", "limits", "errors"}
RELAY_IS_BELOW = {"__main__", "cli", "assemble"}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the source and its contracts."""
    without = shutil.ignore_patterns("static", "__pycache__")
    shutil.copytree(ROOT / "src" / "waystation", tmp_path / "waystation", ignore=without)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def broken(house: Path) -> set[str]:
    """Names of the contracts that lint-imports finds broken."""
    run = subprocess.run([LINT_IMPORTS, "--no-cache", "--no-logo"], cwd=house, capture_output=True, text=True)
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", run.stdout, re.MULTILINE))
    assert set(verdicts) == {LAYERS, KNOWLEDGE, RELAY, DOOR, PAGES}, run.stdout + run.stderr
    found = {name for name, verdict in verdicts.items() if verdict == "BROKEN"}
    assert run.returncode == bool(found)
    return found


def build(house: Path, room: str) -> None:
    """Make sure that a room, such as "book" or "desk/pages", stands in the copy."""
    folder = house / "waystation" / room
    if not folder.with_suffix(".py").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for package in (folder, folder.parent):
            (package / "__init__.py").touch()


def plant(house: Path, room: str, line: str) -> None:
    """Put an import into a room of the copy, and build what the two rooms lack to stand."""
    imported = re.search(r"waystation(?:\.| import )(\w+)", line)
    for needed in (room, *(imported.groups() if imported else ())):
        build(house, needed)
    module = (house / "waystation" / room).with_suffix(".py")
    if not module.exists():
        module = house / "waystation" / room / "planted.py"
    with module.open("a") as file:
        file.write(f"\n{line}\n")


def test_the_house_keeps_its_contracts(house: Path) -> None:
    assert broken(house) == set()


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("book", "import waystation.tables", LAYERS),
        ("tables", "import waystation.office", LAYERS),
        ("office", "import waystation.desk", LAYERS),
        ("desk", "import waystation.relay", LAYERS),
        ("desk", "import waystation.assemble", LAYERS),
        ("seal", "import waystation.verify", LAYERS),
        ("parlour", "import waystation.errors", LAYERS),
        ("triage", "import time", KNOWLEDGE),
        ("records", "from os import environ", KNOWLEDGE),
        ("records", "import apsw", KNOWLEDGE),
        ("disclosure", "from waystation.book import store", KNOWLEDGE),
        ("ledger", "from waystation import vault", KNOWLEDGE),
        ("relay", "import waystation.book", RELAY),
        ("relay", "from waystation.unseal import open_once", RELAY),
        ("relay", "from waystation import sign", RELAY),
        ("relay", "import waystation.records", RELAY),
        ("door", "from waystation.book import keyring", DOOR),
        ("door", "from waystation import vault", DOOR),
        ("door", "import waystation.office", DOOR),
        ("desk/pages", "from waystation.book import store", PAGES),
        ("desk/pages", "import waystation.tables", PAGES),
        ("desk/pages", "from waystation import unseal", PAGES),
        ("desk/pages", "import apsw", PAGES),
    ],
)
def test_a_planted_import_is_refused(house: Path, room: str, line: str, contract: str) -> None:
    plant(house, room, line)
    assert broken(house) == {contract}


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("relay", "from waystation.verify import VerifyKey"),
        ("door", "from waystation import seal, unseal, verify"),
        ("desk/pages", "from waystation.records import fields"),
        ("triage", "from waystation import records"),
    ],
)
def test_what_the_design_allows_is_kept(house: Path, room: str, line: str) -> None:
    plant(house, room, line)
    assert broken(house) == set()


def test_a_roundabout_way_is_found(house: Path) -> None:
    """The relay may use `verify`; if `verify` could read the book, so could the relay."""
    plant(house, "relay", "import waystation.verify")
    plant(house, "verify", "import waystation.book")
    assert RELAY in broken(house)


def test_every_room_is_seen() -> None:
    """A folder without `__init__.py` can be imported, but the contracts do not look into it."""
    folders = {module.parent for module in (ROOT / "src" / "waystation").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_relay_is_forbidden_every_room_that_it_has_no_use_for() -> None:
    """A new room must be placed in the layers; this then asks whether the relay may enter it."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = contracts["importlinter:contract:layers"]["layers"]
    rooms = set(re.findall(r"\((\w+)\)", layers))
    forbidden = contracts["importlinter:contract:relay"]["forbidden_modules"]
    barred = set(re.findall(r"\*\.(\w+)", forbidden))
    assert barred == rooms - RELAY_MAY_USE - RELAY_IS_BELOW - {"relay"}


def test_files_made_by_others_are_those_that_the_readme_lists() -> None:
    listed = dict(re.findall(r"\| `(\S+)` \| `([0-9a-f]{64})` \|", (VENDOR / "README.md").read_text()))
    files = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*") if path.is_file()}
    for ours in ("README.md", "fonts.css"):
        del files[ours]
    assert {name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == listed


def test_every_font_is_named_and_every_name_is_a_font() -> None:
    named = re.findall(r'url\("(fonts/[^"]+)"\)', (VENDOR / "fonts.css").read_text())
    fonts = [path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*.woff2")]
    assert sorted(named) == sorted(fonts)


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda p: p.stem)
def test_a_lock_file_holds_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    packages = re.split(r"\n(?=[a-z0-9.-]+==)", text)[1:]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_the_npm_lock_holds_hashes_and_no_addresses() -> None:
    text = (ROOT / "package-lock.json").read_text()
    assert '"integrity": "sha512-' in text
    assert "://" not in text


def test_each_dependency_is_explained() -> None:
    """Each direct dependency has its line in docs/dependencies.md, and each line its dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[\[>=]", requirement)[0] for requirement in declared}
    names |= set(json.loads((ROOT / "package.json").read_text())["devDependencies"])
    explained = re.findall(r"^\| `([\w.-]+)`", (ROOT / "docs" / "dependencies.md").read_text(), re.M)
    vendored = {"htmx.org", "source-serif-4", "source-sans-3"}
    assert sorted(explained) == sorted(names | vendored | {"editables"})
