"""Canaries: what is typed through real pages, in the browser that the desk starts, is in no file on the disk.

A program, a browser and a world of their own (home, temporary folder, runtime folder); every byte of that world is
searched while the desk is unlocked, while it is locked in the middle of writing, and after it has ended. Three flags
are the tests' own: a window that nobody sees, a port to drive it by, and no sandbox where the tests run as root.
"""

import base64
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.desk.sitting import folder_of
from tests.desk.test_run import PROGRAM

from waystation.desk import browser

T = TypeVar("T")

BROWSER_PATH = Path(__file__).resolve().parents[2] / "build" / "browser.path"


def coin(letters: tuple[str, str], syllables: int = 4) -> str:
    """A word that no file holds yet, not even this one: consonants and vowels by chance."""
    return "".join(secrets.choice(part) for _ in range(syllables) for part in letters).capitalize()


LATIN = ("bdfgklmnprstvz", "aeiou")
CYRILLIC = ("бвгдзклмнпрст", "аеиоу")
ORGANISATION = f"{coin(LATIN)} {coin(CYRILLIC)}"
FOUNDER = coin(LATIN, 5)
GIVEN_NAME = coin(CYRILLIC)
FAMILY_NAME = coin(CYRILLIC, 5)
PLACE = coin(CYRILLIC, 6)
STORY = f"Вчера ночью её искали у тётки, {PLACE}, второй дом"
HANDLE = f"+7{secrets.randbelow(10**10):010}"
REGION = coin(LATIN, 6)
REFERRER = coin(LATIN, 5)
FILE_NAME = f"{coin(LATIN, 5)}.txt"
DOCTOR = coin(LATIN, 5)
FILE_WORDS = f"Pneumothorax nach Schlägen, Dr. {DOCTOR}, Ambulanz"
DRAFT = f"She will wait behind the {coin(LATIN, 6)} pharmacy at nine"
PASSPHRASE = " ".join(coin(LATIN) for _ in range(6))
CANARIES = (
    *(ORGANISATION, FOUNDER, GIVEN_NAME, FAMILY_NAME, PLACE, STORY, HANDLE, REGION, REFERRER),
    *(FILE_NAME, DOCTOR, FILE_WORDS, DRAFT, DRAFT.split()[5], PASSPHRASE),
)


def forms_of(word: str) -> Iterator[bytes]:
    """A canary as it may stand in a file."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1251"):
        raw = word.encode(encoding, "ignore")
        yield raw
        for shift in range(3):
            # Base64 turns three bytes into four letters: the outer ones depend on the neighbours.
            coded = base64.b64encode(bytes(shift) + raw)
            yield coded[4 if shift else 0 : -4]
            yield base64.urlsafe_b64encode(bytes(shift) + raw)[4 if shift else 0 : -4]
    for text in {quote(word), quote(word, safe=""), quote(word).replace("%20", "+")}:
        yield text.encode()
        yield text.lower().encode()
    yield "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in word).encode()
    yield "".join(c if c.isascii() else f"&#{ord(c)};" for c in word).encode()


NEEDLES = {needle: word for word in CANARIES for needle in forms_of(word) if len(needle) >= 8}
"""What is searched for; shorter pieces would be found by chance."""

_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")


def canaries_in(data: bytes) -> set[str]:
    """The canaries in some bytes, also in what is packed inside them."""
    found = {word for needle, word in NEEDLES.items() if needle in data}
    view = memoryview(data)
    for match in _PACKED.finditer(data):
        unpack = zlib.decompressobj(31 if match[0][0] == 0x1F else 15)
        try:
            plain = unpack.decompress(view[match.start() : match.start() + (1 << 20)], 1 << 22)
        except zlib.error:
            continue
        found |= {word for needle, word in NEEDLES.items() if needle in plain}
    return found


@dataclass
class World:
    """Every place where the desk and its browser may write."""

    folder: Path
    began_s: float

    def environment(self) -> dict[str, str]:
        places = {
            "HOME": "home",
            "TMPDIR": "tmp",
            "XDG_RUNTIME_DIR": "runtime",
            "XDG_CONFIG_HOME": "home/.config",
            "XDG_CACHE_HOME": "home/.cache",
            "XDG_DATA_HOME": "home/.local/share",
        }
        for place in places.values():
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        return {**os.environ, **{name: str(self.folder / place) for name, place in places.items()}}

    def leaks(self, elsewhere: tuple[str, ...] = ()) -> dict[str, set[str]]:
        """File → the canaries in it.

        Args:
            elsewhere: folders of the machine to search too, as far as they were written to since this world began.
        """
        found: dict[str, set[str]] = {}
        for path in self._files(elsewhere):
            try:
                canaries = canaries_in(path.read_bytes()) | canaries_in(path.name.encode())
            except OSError:
                continue
            if canaries:
                found[str(path)] = canaries
        return found

    def _files(self, elsewhere: tuple[str, ...]) -> Iterator[Path]:
        yield from (path for path in self.folder.rglob("*") if path.is_file())
        for place in elsewhere:
            for root, folders, names in os.walk(place):
                folders[:] = [name for name in folders if not name.startswith("pytest-")]
                for path in (Path(root) / name for name in names):
                    if path.is_file() and path.stat().st_mtime >= self.began_s and path.stat().st_size < 1 << 26:
                        yield path


@pytest.fixture
def chromium() -> Path:
    """The browser that `make setup` found."""
    if BROWSER_PATH.is_file():
        return Path(BROWSER_PATH.read_text().strip())
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("No Chromium was found. Run `make setup`.")
    return Path(found)


@pytest.fixture
def world() -> Iterator[World]:
    # Chromium puts a socket there, whose path must be short.
    with tempfile.TemporaryDirectory(prefix="pytest-", dir="/tmp") as folder:
        yield World(Path(folder), time.time())


@pytest.fixture
def program(world: World) -> Iterator[subprocess.Popen[str]]:
    """The desk, started in an empty folder, its output kept."""
    environment = world.environment()
    with (
        (world.folder / "out.log").open("w") as out,
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, folder_of(world.folder).folder],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        ) as process,
    ):
        yield process
        process.kill()


@pytest.fixture
def page(world: World, program: subprocess.Popen[str], chromium: Path) -> Iterator[Page]:
    """The page that the desk's own command line opens."""
    log = world.folder / "out.log"
    address = wait_for(lambda: re.search(r"http://\S+", log.read_text()))[0]
    os.environ["XDG_RUNTIME_DIR"], kept = str(world.folder / "runtime"), os.environ.get("XDG_RUNTIME_DIR")
    try:
        profile = browser.new_profile(chromium)
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if kept is not None:
            os.environ["XDG_RUNTIME_DIR"] = kept
    line = browser.command(chromium, profile, address)
    line[1:1] = ["--headless=new", "--remote-debugging-port=0", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with (world.folder / "browser.log").open("w") as out:
        process = subprocess.Popen(
            line,
            stdout=out,
            stderr=out,
            env={**world.environment(), **browser.environment(profile)},
            cwd=world.folder,
            start_new_session=True,
        )
        try:
            port = profile / "DevToolsActivePort"
            number = wait_for(lambda: port.exists() and port.read_text().partition("\n")[0])
            with sync_playwright() as playwright:
                driven = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{number}")
                (context,) = driven.contexts
                opened = wait_for(lambda: next((p for p in context.pages if "127.0.0.1" in p.url), None))
                opened.set_default_timeout(30_000)
                yield opened
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)


def wait_for(seek: Callable[[], T | bool | None]) -> T:
    """What `seek` finds, as soon as it does."""
    for _ in range(600):
        found = seek()
        if found and not isinstance(found, bool):
            return found
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def press(page: Page) -> None:
    """The one primary action of a page."""
    page.locator("main button.primary").click()


def found_organisation(page: Page) -> None:
    page.fill("#f-organisation", ORGANISATION)
    page.fill("#f-display_name", FOUNDER)
    page.fill("#f-passphrase", PASSPHRASE)
    page.fill("#f-passphrase_again", PASSPHRASE)
    press(page)
    words = {}
    for sheet in ("root", "recovery"):
        page.wait_for_url(f"**/found/papers/{sheet}")
        words[sheet] = page.locator(".words span").all_inner_texts()
        page.locator(".form-actions a.primary").click()
    for box in page.locator("main input").all():
        sheet, _, place = str(box.get_attribute("name")).partition("_")
        box.fill(words[sheet][int(place) - 1])
    press(page)
    page.wait_for_url("**/today")


def take_down_request(page: Page, root: str) -> str:
    """Fills in a request, waits for its draft, saves it. Returns: its address."""
    page.goto(f"{root}/requests/new")
    for name, text in (
        ("story", STORY),
        ("person.given_name", GIVEN_NAME),
        ("person.family_name", FAMILY_NAME),
        ("contact.handle", HANDLE),
        ("region", REGION),
    ):
        page.locator(f'[name="{name}"]').fill(text)
    page.select_option('[name="contact.type"]', "phone")
    with page.expect_response("**/drafts"):
        page.locator('[name="referrer"]').fill(REFERRER)
    press(page)
    page.wait_for_url(re.compile(r"/requests/[a-z2-7]{26}"))
    assert REGION in page.content()
    return page.url.partition("?")[0]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_nothing_that_was_typed_is_on_the_disk(world: World, program: subprocess.Popen[str], page: Page) -> None:
    found_organisation(page)
    root = page.url.rpartition("/")[0]
    request = take_down_request(page, root)

    page.goto(f"{request}/file/new")
    file = {"name": FILE_NAME, "mimeType": "text/plain", "buffer": FILE_WORDS.encode() * 5000}
    page.set_input_files("#f-file", [file])
    press(page)
    page.wait_for_url(f"{request}**")

    page.goto(f"{root}/today")
    page.fill("#search", FAMILY_NAME)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search**")
    assert page.locator(f'main a[href*="{request.rpartition("/")[2]}"]').count(), page.content()
    assert world.leaks() == {}

    page.goto(f"{request}/note/new")
    page.locator("main textarea").first.fill(DRAFT)
    page.evaluate("address => fetch(address, {method: 'POST'})", f"{root}/lock")
    press(page)
    page.wait_for_url("**/locked")
    assert len(list(folder_of(world.folder).folder.glob("draft-*"))) == 1
    assert world.leaks() == {}

    page.fill("#f-passphrase", PASSPHRASE)
    press(page)
    page.wait_for_url("**draft=1**")
    assert page.locator("main textarea").first.input_value() == DRAFT
    assert world.leaks() == {}

    program.terminate()
    program.wait(10)
    assert world.leaks(("/tmp", "/var/tmp", "/dev/shm", "/var/spool", "/var/log")) == {}
    # The person's own browser is left alone.
    assert [path for path in (world.folder / "home").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("number", range(len(CANARIES)))
def test_the_search_would_find_them(number: int) -> None:
    word = CANARIES[number]
    around = b"\x00{'some':'" + os.urandom(1)
    for needle in forms_of(word):
        if len(needle) >= 8:
            assert NEEDLES[needle] in canaries_in(around + needle + around)
    packed = zlib.compress(b"before " + word.encode() + b" after" * 50)
    assert word in canaries_in(b"head" + packed + b"tail")
    assert canaries_in(b"x" * 10 + base64.b64encode(b"ab" + word.encode() + b"cde"))
    assert canaries_in(around * 1000) == set()


def test_a_planted_leak_is_seen(tmp_path: Path) -> None:
    world = World(tmp_path / "world", time.time())
    world.environment()
    assert world.leaks() == {}
    (world.folder / "home" / ".cache" / "recent.json").write_text(quote(STORY))
    (world.folder / "tmp" / FILE_NAME).write_bytes(b"")
    assert {name.rpartition("/")[2] for name in world.leaks()} == {"recent.json", FILE_NAME}
