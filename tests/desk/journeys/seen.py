"""An eye on every page: axe, no sideways scrolling, and a screenshot to look at, wide by day and narrow by night.

`make look` takes the screenshots, into build/screenshots, and keeps them as what the pages should look like, in
build/looks, out of the repository. From then on they are taken each time; a page that looks different fails, and
build/differences shows where. A checkout that never looked takes none: they are half of the time.
"""

import os
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageChops
from playwright.sync_api import Page
from tests.desk.journeys.served import AXE, ROOT, SCREENSHOTS

LOOKS = ROOT / "build" / "looks"
DIFFERENCES = ROOT / "build" / "differences"

TAKES = LOOKS.exists() or "WAYSTATION_LOOK" in os.environ
"""Whether screenshots are taken."""

SIZES = (("1280", 1280, "light"), ("360", 360, "dark"))
"""Both colour schemes are looked at, each at one size."""

PAPER = 658
"""Width of what is printed on A4 with the margins of the style sheet, in CSS pixels."""

SHADE = 24
"""Of 255: how far two pixels may be apart and still be the same to an eye."""

SHARE = 0.001
"""How much of a page may differ before it looks different: the edges of letters do not always fall alike."""

BY_SIGHT = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
"""Rules of axe that another width or another light can break; for the others, one look at the markup is enough."""

WIDER = """() => [...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.scroll'))
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .slice(0, 3).map(one => one.outerHTML.slice(0, 120))"""


@cache
def _axe() -> str:
    return AXE.read_text()


def axe(page: Page, rules: Sequence[str] = (), without: Sequence[str] = ()) -> list[str]:
    """What axe finds wrong with what the page shows now.

    Args:
        rules: only these of its rules; all of them, if none is named.
        without: rules that are left out.
    """
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(_axe())
    options: dict[str, object] = {
        "resultTypes": ["violations"],
        "rules": {"target-size": {"enabled": True}, **{rule: {"enabled": False} for rule in without}},
    }
    if rules:
        options |= {"runOnly": list(rules), "rules": {}, "preload": False}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}" for one in found["violations"]
    ]


class Eye:
    """Looks at a page, and remembers what is wrong with it.

    Args:
        language: what ends the names of the screenshots of a language; empty for English. The markup and the colours
            are the same in every language, so axe looks at the English pages.
    """

    def __init__(self, page: Page, language: str = "") -> None:
        self.page = page
        self._language = f"-{language}" if language else ""
        self._wrong: list[str] = []
        self.looked: list[str] = []

    def look(self, name: str) -> None:
        """Looks at what the page shows now; `name` is that of the screenshot."""
        name += self._language
        for number, (size, width, scheme) in enumerate(SIZES):
            self.page.set_viewport_size({"width": width, "height": 900})
            # A colour that is still on its way to the other scheme has the contrast of neither.
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            self._take(f"{name}-{size}.png")
            if not self._language:
                found = axe(self.page, BY_SIGHT if number else ())
                self._wrong += [f"{name} at {size}: {violation}" for violation in found]
            if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self._wrong.append(f"{name} at {size}: scrolls sideways {self.page.evaluate(WIDER)}")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.looked.append(name)

    def print(self, name: str) -> None:
        """Keeps what comes out on paper; nobody points at it, so that axe has nothing to say."""
        name += self._language
        self.page.emulate_media(media="print")
        self.page.set_viewport_size({"width": PAPER, "height": 900})
        self._take(f"{name}.png")
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self._wrong.append(f"{name}: wider than the paper {self.page.evaluate(WIDER)}")
        self.page.emulate_media(media="screen")
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.looked.append(name)

    def is_satisfied(self) -> None:
        """Nothing was wrong on any page that was looked at."""
        assert self.looked
        assert not self._wrong, "\n".join(self._wrong)

    def _take(self, file: str) -> None:
        if not TAKES:
            return
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / file, full_page=True, animations="disabled")
        if not (LOOKS / file).exists():
            return
        with Image.open(LOOKS / file) as kept, Image.open(SCREENSHOTS / file) as now:
            apart = difference(kept, now)
        if apart is not None:
            DIFFERENCES.mkdir(parents=True, exist_ok=True)
            apart.save(DIFFERENCES / file)
            self._wrong.append(f"{file} looks different: see build/differences; `make look` if it is meant to")


def difference(kept: Image.Image, now: Image.Image) -> Image.Image | None:
    """Where two screenshots differ, drawn in white; None if no eye would see it."""
    before, after = kept.convert("RGB"), now.convert("RGB")
    if before.size != after.size:
        wide = max(before.width, after.width), max(before.height, after.height)
        before, after = before.crop((0, 0, *wide)), after.crop((0, 0, *wide))
    apart = ImageChops.difference(before, after).convert("L").point(lambda shade: 255 if shade > SHADE else 0)
    return apart if apart.histogram()[255] > SHARE * apart.width * apart.height else None
