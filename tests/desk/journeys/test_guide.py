"""The guide: the same parts in every language, and pictures of the desk as it is, taken from the operation of 2017.

The pictures go to build/guide; `make guide` puts them where the program ships them from.
"""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser
from tests.demo.playing import played
from tests.desk.journeys.served import ROOT, Served, served
from tests.ground.seeded import HeldClock, Seeded

from waystation.demo import load
from waystation.desk.pages.help import GUIDES

pytestmark = pytest.mark.browser

GUIDE = ROOT / "build" / "guide"
TEMPLATES = ROOT / "src" / "waystation" / "desk" / "templates"
SHIPPED_PICTURES = ROOT / "src" / "waystation" / "desk" / "static" / "guide"

THREAD = """[2017-05-17 14:02] Juniper: Hello, a friend gave me this number. They came to the house again.
[2017-05-17 14:05] Me: You are right to write. Are you safe at this moment?
[2017-05-17 14:09] Juniper: Until the evening. After that I do not know.
My brother asks as well.
"""


def words_of(language: str) -> str:
    return (TEMPLATES / GUIDES[language]).read_text(encoding="utf-8")


def test_every_language_has_the_same_parts_and_pictures() -> None:
    parts = {code: re.findall(r"g\.section\('(\w+)'", words_of(code)) for code in GUIDES}
    pictures = {code: re.findall(r"g\.picture\('(\w+)'", words_of(code)) for code in GUIDES}
    for code in GUIDES:
        assert parts[code] == parts["en"], code
        assert pictures[code] == pictures["en"], code
        assert re.findall(r"\('(\w+)', '", words_of(code).partition("]")[0]) == parts[code], code


def test_every_picture_is_shipped() -> None:
    for code in GUIDES:
        wanted = set(re.findall(r"g\.picture\('(\w+)'", words_of(code)))
        assert {path.stem for path in (SHIPPED_PICTURES / code).glob("*.webp")} == wanted, code


@pytest.mark.parametrize("code", sorted(GUIDES))
def test_pictures_are_taken(chromium: Browser, tmp_path: Path, code: str) -> None:
    operation = load()
    clock = HeldClock()
    desk = played(tmp_path, operation, f"guide {code}", clock)
    clock.at_ms = desk.now_ms()
    with served(desk.home, clock, Seeded(f"served {code}"), desk) as launched:
        take(chromium, launched, code)
    desk.lock()


def take(chromium: Browser, launched: Served, code: str) -> None:
    """Takes every picture that the guide of a language has."""
    context = chromium.new_context(locale=code, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(launched.access.address)

    def kept(name: str) -> None:
        (GUIDE / code).mkdir(parents=True, exist_ok=True)
        with Image.open(BytesIO(page.screenshot(animations="disabled"))) as picture:
            picture.save(GUIDE / code / f"{name}.webp", "WEBP", quality=80, method=6)

    page.goto(launched.root + "today")
    kept("today")
    # The alarms ring on every page until somebody takes them; one picture shows that.
    page.locator("#alarms form button").last.click()
    page.wait_for_load_state()
    for name in ("places", "routes", "figures"):
        page.goto(launched.root + name)
        kept(name)
    page.goto(launched.root + "cases?stage=granted")
    page.locator("main .queue-row a, main [data-row] a").first.click()
    page.wait_for_load_state()
    kept("case")
    page.goto(launched.root + "messages/new")
    page.locator("main textarea").first.fill(THREAD)
    page.locator("main button.primary").first.click()
    page.wait_for_load_state()
    kept("messages")
    context.close()
