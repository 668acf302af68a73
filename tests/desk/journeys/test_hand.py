"""The hand in a real Chromium: keys, commands, search while typing, three presses, copies, alarms, sharing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.desk.journeys.furnished import CASE, FAMILY, HANDLE, MASKED, PLACE, Furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, browser_flags, browser_path
from tests.desk.sitting import Steady

from waystation.desk.browser import BROWSER_FLAGS
from waystation.ids import RecordId

pytestmark = pytest.mark.browser

SOUND = "--autoplay-policy=no-user-gesture-required"
STORY = "They asked for him at his mother's."


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """With the one flag of the desk's own browser that changes what a page hears."""
    assert SOUND in BROWSER_FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=[*browser_flags(), SOUND])
        yield browser
        browser.close()


def unlock(page: Page, launched: Served) -> None:
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()


def press(page: Page, code: str, key: str, *, shift: bool = False) -> None:
    """A key by its place, as another layout gives it: `key` is the sign that it writes there."""
    page.evaluate(
        "([code, key, shiftKey]) => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {code, key, shiftKey, bubbles: true, cancelable: true}))",
        [code, key, shift],
    )


def test_keys_lead_everywhere(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    for keys, title in (("gm", "Money"), ("gf", "Figures"), ("gd", "Drafts"), ("go", "Organisation"), ("gt", "Today")):
        page.keyboard.press(keys[0])
        page.keyboard.press(keys[1])
        expect(page.locator("h1")).to_have_text(title)
    press(page, "KeyG", "п")
    press(page, "KeyM", "ь")
    expect(page.locator("h1")).to_have_text("Money")
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("Take down a request")
    story = page.get_by_label("What they said")
    story.focus()
    page.keyboard.type("gm n/?")
    expect(story).to_have_value("gm n/?")
    expect(page.locator("h1")).to_have_text("Take down a request")
    story.fill(STORY)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#story")).to_contain_text(STORY)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("gm")
    expect(page.locator("#search")).to_have_value("gm")
    assert desk.desk.book.position > 0


def test_rows_are_walked_and_opened(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    rows = page.locator(".queue-row")
    first, second = (rows.nth(n).locator("a, button").first for n in (0, 1))
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("k")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(CASE)


def test_single_keys_can_be_switched_off(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.keyboard.press("?")
    dialog = page.locator("dialog#keys")
    expect(dialog).to_be_visible()
    eye = Eye(page)
    eye.look("keys")
    dialog.get_by_role("button", name="Switch single keys off").click()
    expect(page.locator(".flash")).to_contain_text("Single keys do nothing now.")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.keyboard.press("n")
    expect(page.locator("h1")).to_have_text("Keys")
    page.keyboard.press("ControlOrMeta+k")
    expect(page.locator("dialog#palette")).to_be_visible()
    eye.is_satisfied()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_palette(page: Page, there: tuple[Furnished, Served], width: int) -> None:
    _, launched = there
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(launched.access.address)
    steps = page.evaluate("history.length")
    page.keyboard.press("ControlOrMeta+k")
    options = page.locator("#palette [role=option]")
    expect(options.first).to_have_text("Take down a request")
    page.keyboard.type("figu")
    expect(options).to_have_count(1)
    box = page.get_by_role("combobox", name="A page, an action, a code name or any words")
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    page.keyboard.press("Escape")
    expect(page.locator("dialog#palette")).to_be_hidden()
    page.keyboard.press("ControlOrMeta+k")
    page.keyboard.type("Цоро")
    expect(options.first).to_contain_text(CASE)
    if width == 1280:
        eye = Eye(page)
        eye.look("palette")
        eye.is_satisfied()
    assert [words for words in MASKED if words in page.content()] == []
    assert page.evaluate("[history.length, localStorage.length, sessionStorage.length, document.cookie]") == [
        steps,
        0,
        0,
        "",
    ]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/cases/"))
    assert "%" not in page.url


def test_search_while_typing(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    box = page.get_by_role("combobox", name="Search the book")
    box.press_sequentially("Цороеву")
    options = page.locator(".search [role=option]")
    expect(options.first).to_contain_text(CASE)
    eye = Eye(page)
    box.focus()
    eye.look("search-typing")
    eye.is_satisfied()
    assert [words for words in MASKED if words in page.content()] == []
    address = page.url
    page.keyboard.press("Escape")
    expect(options).to_have_count(3)
    expect(page.locator(".search .found")).to_be_hidden()
    box.fill("Цороеву")
    expect(page.locator(".search .found")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Search")
    assert "%" not in page.url
    assert address.rpartition("/")[0] == page.url.rpartition("/")[0]


def test_three_presses_blank_the_page_and_keep_the_draft(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    blanked: list[str] = []
    page.expose_function("blanked", lambda display: blanked.append(display))
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => new MutationObserver("
        "() => blanked(getComputedStyle(document.body).display)"
        ").observe(document.documentElement, {attributeFilter: ['class']}))"
    )
    page.goto(launched.access.address)
    page.goto(f"{launched.root}{desk.path(desk.case)}/note/new")
    page.locator("main textarea").first.press_sequentially(STORY, delay=0)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_timeout(1700)
    page.keyboard.press("Escape")
    expect(page.locator("main textarea").first).to_have_value(STORY)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("h1")).to_have_text("The desk is locked")
    assert launched.session.desk is None
    assert blanked == ["none"]
    page.go_back()
    expect(page.locator("h1")).to_have_text("The desk is locked")
    assert STORY not in page.content()
    unlock(page, launched)
    expect(page.locator("main textarea").first).to_have_value(STORY)
    expect(page.locator(".flash")).to_contain_text("is here again")


def test_a_masked_value_is_copied_only_on_purpose(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(launched.access.address)
    page.clock.install()
    page.goto(launched.root + desk.record("contact_channel", _channel(desk)))
    page.get_by_role("button", name="Show · Number or address").click()
    expect(page.locator(".revealed")).to_have_text(HANDLE)
    assert HANDLE not in page.title()
    assert HANDLE not in page.url

    def pasted() -> str:
        box = page.locator("#search")
        box.fill("")
        box.focus()
        page.keyboard.press("ControlOrMeta+v")
        words = box.input_value()
        box.fill("")
        page.locator("h1").click()
        return words

    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+c")
    assert HANDLE not in pasted()
    page.get_by_role("button", name="Copy for 30 seconds · Number or address").click()
    expect(page.locator("#told")).to_contain_text("Copied.")
    assert pasted() == HANDLE
    page.clock.fast_forward(31_000)
    expect(page.locator("#told")).to_contain_text("The clipboard is cleared.")
    assert pasted() == ""
    for box in page.locator("input:not([type=hidden]):not([type=radio]):not([type=checkbox]), textarea").all():
        assert box.get_attribute("autocomplete") == "off"


def _channel(desk: Furnished) -> RecordId:
    ((record,),) = desk.desk.reader.rows("SELECT id FROM k_contact_channel WHERE folder = ? LIMIT 1", desk.case)
    assert isinstance(record, bytes)
    return RecordId(record)


def test_sharing_the_screen(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    eye = Eye(page)
    page.goto(launched.access.address)
    page.goto(launched.root + desk.path(desk.case))
    page.get_by_role("button", name="Show code names only").click()
    expect(page.locator(".shared")).to_contain_text("Screen-share: code names only")
    assert page.title() == "Waystation"
    for path in (desk.path(desk.case), "today", "cases", "requests", desk.path(desk.place, "places"), "organisation"):
        page.goto(launched.root + path)
        expect(page.locator(".shared")).to_be_visible()
        assert FAMILY not in page.content()
        assert "Vilnius" not in page.locator("main").inner_text()
        assert page.title() == "Waystation"
        eye.look(f"shared-{path.partition('/')[0]}")
    page.goto(launched.root + desk.path(desk.place, "places"))
    expect(page.locator("h1")).to_have_text(PLACE)
    page.goto(launched.root + desk.path(desk.case))
    page.get_by_role("button", name="Show · Family name").first.click()
    expect(page.locator("h1")).to_have_text("Others can see this screen")
    page.get_by_role("button", name="Show everything again").click()
    expect(page.locator(".shared")).to_have_count(0)
    eye.is_satisfied()


def test_a_missed_check_in_rings(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.goto(f"{launched.root}money")
    expect(page.locator(".alarms")).to_have_count(0)
    assert page.evaluate("new AudioContext().state") == "running"
    steady = launched.session.monotonic_ms
    assert isinstance(steady, Steady)
    with launched.session._gate:
        steady.pass_s(25 * 3600)
        launched.session.touch()
        launched.session._looked_ms = None
    # As every 15 seconds: the band comes to a page that is open.
    page.locator("#alarms").evaluate(
        "one => htmx.ajax('GET', one.getAttribute('hx-get'), {source: one, target: one, swap: 'outerHTML'})"
    )
    expect(page.get_by_role("alert")).to_contain_text(f"{CASE} needs you")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert page.evaluate("document.body.dataset.rang") == "1"
    eye = Eye(page)
    eye.look("alarm")
    eye.is_satisfied()
    page.get_by_role("button", name=f"I take it · {CASE}").click()
    expect(page).to_have_title("Money · Waystation")
    expect(page.get_by_role("alert")).to_contain_text("quiet here for ten minutes")
    assert page.evaluate("document.body.dataset.rang || ''") == ""


def test_everything_has_a_way_without_scripts(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    page = page_without_scripts
    desk, launched = there
    page.goto(launched.access.address)
    page.get_by_role("link", name="Keys").click()
    expect(page.locator("main")).to_contain_text("commands: type a page, an action or a code name")
    page.get_by_role("link", name="Commands").click()
    page.locator("#f-q").fill("junip")
    page.locator("main").get_by_role("button", name="Find").click()
    page.locator("main").get_by_role("link", name="Case", exact=True).first.click()
    expect(page.locator("h1")).to_have_text(CASE)
    page.get_by_role("button", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("h1")).to_have_text(CASE)
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Show code names only").click()
    expect(page.locator(".shared")).to_be_visible()
    page.get_by_role("button", name="Show everything again").click()
    page.goto(f"{launched.root}{desk.path(desk.case)}/task/new")
    page.get_by_label("What is to be done").fill("Buy a telephone")
    page.locator("main").get_by_role("button").first.click()
    expect(page.locator(".flash").get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    unlock(page, launched)
    expect(page.locator("h1")).to_have_text(CASE)
