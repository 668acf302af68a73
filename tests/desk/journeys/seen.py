"""An eye on every page: axe, no sideways scrolling, and a screenshot to look at, wide by day and narrow by night."""

from functools import cache

from playwright.sync_api import Page
from tests.desk.journeys.served import AXE, SCREENSHOTS

SIZES = (("1280", 1280, "light"), ("360", 360, "dark"))
"""Both colour schemes are looked at, each at one size."""

WIDER = """() => [...document.querySelectorAll('body *')]
  .filter(one => !one.closest('.scroll'))
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .slice(0, 3).map(one => one.outerHTML.slice(0, 120))"""


@cache
def _axe() -> str:
    return AXE.read_text()


class Eye:
    """Looks at a page, and remembers what is wrong with it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._wrong: list[str] = []
        self.looked: list[str] = []

    def look(self, name: str) -> None:
        """Looks at what the page shows now; `name` is that of the screenshot."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for size, width, scheme in SIZES:
            self._page.set_viewport_size({"width": width, "height": 900})
            self._page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            self._page.screenshot(path=SCREENSHOTS / f"{name}-{size}.png", full_page=True, animations="disabled")
            found = self._page.evaluate(f"{_axe()}; axe.run(document, {{resultTypes: ['violations']}})")
            for violation in found["violations"]:
                where = [node["html"][:160] for node in violation["nodes"][:3]]
                self._wrong.append(f"{name} at {size}: {violation['id']}: {violation['help']} {where}")
            if self._page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                self._wrong.append(f"{name} at {size}: scrolls sideways {self._page.evaluate(WIDER)}")
        self._page.set_viewport_size({"width": 1280, "height": 900})
        self._page.emulate_media(color_scheme="light")
        self.looked.append(name)

    def is_satisfied(self) -> None:
        """Nothing was wrong on any page that was looked at."""
        assert self.looked
        assert self._wrong == []
