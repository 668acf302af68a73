"""How a person fills in a page: by keyboard alone, or by pointing at it. Both name what they see, not the markup."""

import re
from collections.abc import Callable
from typing import Any, Protocol

from playwright.sync_api import Locator, Page, expect

INDEX = frozenset(("Today", "Requests", "Cases", "Places", "Routes", "Sources", "Money", "Figures", "Organisation"))
"""Links of the masthead."""

TABS_MAX = 400
"""No page has as many stops."""

FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return {name: '', kind: 'page', group: ''};
  const set = one.closest('fieldset');
  const label = one.labels && one.labels.length ? one.labels[0] : one;
  const own = [...label.childNodes].filter(n => !(n.classList && n.classList.contains('tag')));
  return {
    name: own.map(n => n.textContent).join('').replace(/\\s+/g, ' ').trim(),
    kind: one.type || one.tagName.toLowerCase(),
    group: set && set.querySelector('legend') ? set.querySelector('legend').firstChild.textContent.trim() : '',
    checked: one.checked === true,
    chosen: one.selectedOptions ? one.selectedOptions[0].textContent : '',
  };
}"""


class Hands(Protocol):
    """What both ways can do."""

    page: Page

    def follow(self, link: str) -> None:
        """Goes where a link leads, by what it says; the first one that says so."""

    def write(self, label: str, text: str) -> None:
        """Types into the input with that label, over what stands there."""

    def pick(self, label: str, option: str) -> None:
        """Picks from a list."""

    def choose(self, group: str, option: str) -> None:
        """Chooses one of a few."""

    def tick(self, group: str, option: str) -> None:
        """Ticks a box; `group` is empty for a box of its own."""

    def press(self, button: str) -> None:
        """Presses a button, and waits for the page that it leads to."""


class Keyboard:
    """Tab, arrows, Enter, Space, typing. It never touches the mouse and never skips a stop.

    Args:
        page: a page with scripts, so that the focused element can be asked for its name.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, link: str) -> None:
        if link not in INDEX:
            self._skip()
        self._tab_to(lambda now: now["kind"] == "a" and _starts(now["name"], link), link)
        self._enter()

    def write(self, label: str, text: str) -> None:
        self._skip()
        self._tab_to(lambda now: now["kind"] in ("text", "textarea", "password") and now["name"] == label, label)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def pick(self, label: str, option: str) -> None:
        self._skip()
        self._tab_to(lambda now: now["kind"] == "select-one" and now["name"] == label, label)
        self.page.keyboard.press("Home")
        for _ in range(TABS_MAX):
            if self._now()["chosen"] == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} offers no {option}")

    def choose(self, group: str, option: str) -> None:
        self._skip()
        self._tab_to(lambda now: now["kind"] == "radio" and now["group"] == group, group)
        self.page.keyboard.press("Space")
        for _ in range(TABS_MAX):
            now = self._now()
            if now["name"] == option and now["checked"]:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{group} offers no {option}")

    def tick(self, group: str, option: str) -> None:
        self._skip()
        self._tab_to(lambda now: now["kind"] == "checkbox" and now["group"] == group and now["name"] == option, option)
        if not self._now()["checked"]:
            self.page.keyboard.press("Space")

    def press(self, button: str) -> None:
        self._skip()
        self._tab_to(lambda now: now["kind"] == "submit" and _starts(now["name"], button), button)
        self._enter()

    def _skip(self) -> None:
        """On a page that has just opened, over the masthead, as its first stop offers."""
        if self._now()["kind"] == "page":
            self.page.keyboard.press("Tab")
            if self._now()["name"] == "Skip to the page":
                self.page.keyboard.press("Enter")

    def _enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def _now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(FOCUSED)
        return found

    def _tab_to(self, is_it: Callable[[dict[str, Any]], bool], what: str) -> None:
        for _ in range(TABS_MAX):
            if is_it(self._now()):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"nothing called {what!r} can be reached with Tab at {self.page.title()}")


class Pointer:
    """Clicks and types; works without scripts on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def follow(self, link: str) -> None:
        found = self.page.get_by_role("link", name=link)
        expect(found.first).to_be_visible()
        found.first.click()

    def write(self, label: str, text: str) -> None:
        self._labelled(label).fill(text)

    def pick(self, label: str, option: str) -> None:
        self._labelled(label).select_option(label=option)

    def choose(self, group: str, option: str) -> None:
        self._group(group).get_by_label(option, exact=True).check()

    def tick(self, group: str, option: str) -> None:
        inside = self._group(group) if group else self.page.locator("main")
        inside.get_by_label(option, exact=True).check()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button).first.click()

    def _labelled(self, label: str) -> Locator:
        """The input with that label, whatever small words stand beside it."""
        tags = "( needed| masked after saving)*"
        return self.page.locator("main").get_by_label(re.compile(f"^{re.escape(label)}{tags}$")).first

    def _group(self, group: str) -> Locator:
        named = self.page.locator("fieldset").filter(has=self.page.locator("legend", has_text=group))
        return named.first


def _starts(name: object, wanted: str) -> bool:
    """Whether a name is what is wanted, perhaps with words for those who do not see the page behind it."""
    return isinstance(name, str) and (name == wanted or name.startswith(f"{wanted} ·"))
