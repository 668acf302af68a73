"""Every page in a longer language, in one written from the right, and in Russian: nothing overflows sideways.

Every page is measured by a script at both sizes. Pictures of a handful lie in build/screenshots: pseudo-… (every text
disguised and 40 % longer), rtl-… and ru-….
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.desk.journeys.furnished import furnished
from tests.desk.journeys.seen import SIZES, WIDER
from tests.desk.journeys.served import SCREENSHOTS, Served, served
from tests.desk.journeys.walk import Seen, complete, walk
from tests.desk.sitting import sit_down, system
from tests.ground.seeded import HeldClock, Seeded
from tests.languages.pseudo import LEFT, RIGHT, spoken

pytestmark = pytest.mark.browser

MEASURE = f"""() => {{
  const cut = [...document.querySelectorAll('button, .button, summary, th, label')]
    .filter(one => one.offsetParent && !one.closest('.scroll, .unseen') && one.scrollWidth > one.clientWidth + 1
      && getComputedStyle(one).overflowX !== 'visible' && getComputedStyle(one).display !== 'inline')
    .slice(0, 3).map(one => 'cut off: ' + one.outerHTML.slice(0, 120))
  const whole = document.documentElement
  const wider = whole.scrollWidth > whole.clientWidth ? ['scrolls sideways: ' + ({WIDER})()] : []
  return [whole.lang, [...wider, ...cut]]
}}"""
"""The language of the page, and what is wrong with it: that it scrolls sideways, words cut off by what they stand in.

One question, not many: hundreds of pages are asked.
"""

PICTURED = ("/today", "/requests", "/cases/{folder}", "/places", "/figures")
"""Shapes of the pages of which pictures are kept: a queue, a list, what is longest, and what is drawn."""

Desk = tuple[Served, list[Seen]]


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk, served, and its pages: one address of each shape and kind. Nothing that is tried here changes it."""
    clock, randomness = HeldClock(), Seeded(__name__)
    with (
        furnished(tmp_path_factory.mktemp("languages"), clock, randomness) as desk,
        sit_down(desk.home, clock, system(clock, randomness)) as sitting,
    ):
        complete(desk)
        sitting.session.open(desk.desk)
        seen = walk(sitting.get, sitting.root, sitting.app.router.routes, desk)
        with served(desk.home, clock, randomness, desk.desk) as launched:
            yield launched, one_of_each(seen.pages)


def one_of_each(pages: list[Seen]) -> list[Seen]:
    """One page of each shape; of forms, one of each kind."""
    chosen: dict[tuple[str, str], Seen] = {}
    for page in pages:
        of_kind = page.kind if page.shape.endswith("/new") else ""
        chosen.setdefault((page.shape, of_kind), page)
    return list(chosen.values())


def named(page: Seen) -> str:
    """The name of its screenshot."""
    parts = [*page.shape.strip("/*").replace("{", "").replace("}", "").split("/"), page.kind]
    return "-".join(part for part in parts if part)


def wrong_sideways(page: Page, launched: Served, pages: list[Seen], code: str, prefix: str) -> list[str]:
    """Looks at every page at both sizes, keeps some pictures, and says what does not fit."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    sizes = SIZES
    for one in pages:
        answer = page.goto(launched.root + one.path)
        if answer is None or answer.status != 200:
            wrong.append(f"{one.path}: {answer.status if answer else 'no answer'}")
            continue
        for size, width, scheme in sizes:
            page.set_viewport_size({"width": width, "height": 900})
            lang, found = page.evaluate(MEASURE)
            assert lang == code
            wrong += [f"{one.path} at {size}: {what}" for what in found]
            if one.shape in PICTURED:
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                name = f"{prefix}-{named(one)}-{size}.png"
                page.screenshot(path=SCREENSHOTS / name, full_page=True, animations="disabled")
        # The next page begins at the size at which this one ended.
        sizes = sizes[::-1]
    return wrong


@contextmanager
def speaking(chromium: Browser, code: str) -> Iterator[Page]:
    """A page of a browser that asks for a language."""
    context: BrowserContext = chromium.new_context(locale=code, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("code", "prefix"), [(LEFT, "pseudo"), (RIGHT, "rtl"), ("ru", "ru")])
def test_every_page_fits(
    code: str, prefix: str, chromium: Browser, there: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a longer language, in one from the right, in Russian."""
    launched, pages = there
    assert {one.shape for one in pages} >= set(PICTURED)
    with speaking(chromium, code) as page:
        page.goto(launched.access.address)
        if code == "ru":
            assert wrong_sideways(page, launched, pages, code, prefix) == []
        else:
            with spoken(tmp_path / "locale", monkeypatch):
                assert wrong_sideways(page, launched, pages, code, prefix) == []
