"""People without a desk, by hand: found for a case, warned of, given a slip that prints alone and dies in time."""

from io import BytesIO

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from tests.desk.journeys.furnished import CASE, MASKED, Furnished
from tests.desk.journeys.hands import Hands, Keyboard, Pointer
from tests.desk.journeys.journey import unlock
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served
from tests.ground.seeded import HeldClock

from waystation.clock import DAY_MS

pytestmark = pytest.mark.browser

A6 = (298, 420)
"""Width and height in points."""

MEETING, PHRASE, ANSWER = "Under the clock of the north hall", "Is this seat free?", "Only until Thursday."


def an_interpreter(hands: Hands) -> None:
    hands.follow("Add a helper")
    hands.write("Code name", "Velvet Anvil")
    hands.tick("What they do", "Interpreter")
    hands.write("Name", "Aishat Dudaeva")
    hands.tick("Languages", "Chechen")
    hands.write("Dialects", "Vedeno")
    hands.write("Community they belong to", "Chechen diaspora")
    hands.press("Add this helper")


def a_slip(hands: Hands) -> str:
    """Makes one for whoever stands last: its code name."""
    page = hands.page
    hands.follow("Find an interpreter")
    expect(page.locator(".line").last).to_contain_text("Velvet Anvil")
    expect(page.locator(".line").last).to_contain_text(
        "Their community, “Chechen diaspora”, has ties to where the danger is."
    )
    page.locator(".line").last.get_by_role("link", name="Make a task slip").click()
    expect(page.locator(".leaf .attention").first).to_contain_text("Chechen diaspora")
    name = page.get_by_label("Code name on the slip").input_value()
    assert name != CASE
    hands.write("Meeting point", MEETING)
    hands.write("When they meet", "18.5.2017 14:00")
    hands.write("What the helper says", PHRASE)
    hands.write("What they answer", ANSWER)
    hands.press("Make this slip")
    expect(page.locator(".errors")).to_contain_text("For which helper: They may know the people in this case")
    expect(page.locator(".errors")).to_contain_text("No consent covers this.")
    hands.write("Why it is right all the same", "Nobody else speaks it; he agreed by telephone.")
    hands.press("Make this slip")
    expect(page.locator(".flash").first).to_contain_text("The slip is made.")
    return name


def walk(hands: Hands, there: tuple[Furnished, Served], clock: HeldClock) -> None:
    desk, launched = there
    page = hands.page
    page.goto(launched.access.address)
    page.goto(f"{launched.root}helpers")
    an_interpreter(hands)
    assert "Aishat" not in page.content()
    page.goto(launched.root + desk.path(desk.case))
    name = a_slip(hands)
    address = page.url
    assert [words for words in (*MASKED, MEETING, PHRASE, ANSWER) if words in page.content()] == []
    hands.press("Show the slip")
    expect(page.locator(".slip")).to_contain_text(MEETING)
    assert MEETING not in page.url
    assert MEETING not in page.title()
    printed = PdfReader(BytesIO(page.pdf(display_header_footer=True, prefer_css_page_size=True)))
    words = " ".join(" ".join(sheet.extract_text().split()) for sheet in printed.pages)
    assert [(round(sheet.mediabox.width), round(sheet.mediabox.height)) for sheet in printed.pages] == [A6]
    assert words == (
        f"{name} When 18 May 2017, 14:00 Where {MEETING} You say {PHRASE} They answer {ANSWER} "
        "Destroy by 19 May 2017, 14:00"
    )
    hands.follow("Hide it again")
    expect(page.locator("#outside")).to_contain_text(name)
    assert MEETING not in page.content()
    expect(page.locator("#due")).to_contain_text("A task slip must be destroyed")
    expect(page.locator("#who")).to_contain_text("Velvet Anvil")
    clock.at_ms += 3 * DAY_MS
    page.goto(f"{address}?shown=1")
    unlock_if_needed(hands, launched, f"{address}?shown=1")
    expect(page.locator("main")).to_contain_text("It is not shown and not printed any more.")
    assert MEETING not in page.content()
    hands.press("It was destroyed")
    expect(page.locator(".flash").first).to_contain_text("It is noted that the slip was destroyed.")
    expect(page.locator("#outside")).to_contain_text("destroyed 20 May 2017")
    hands.follow("Velvet Anvil")
    expect(page.locator("#known")).to_contain_text(CASE)
    expect(page.locator("#known")).to_contain_text(f"Task slip: {name}")


def unlock_if_needed(hands: Hands, launched: Served, address: str) -> None:
    """Three days without anybody lock a desk."""
    if "locked" in hands.page.url:
        unlock(hands, launched.passphrase)
        hands.page.goto(address)


def test_by_keyboard_where_it_types(page: Page, there: tuple[Furnished, Served], clock: HeldClock) -> None:
    walk(Keyboard(page), there, clock)


def test_without_scripts(page_without_scripts: Page, there: tuple[Furnished, Served], clock: HeldClock) -> None:
    walk(Pointer(page_without_scripts), there, clock)


def test_nobody_is_written_down_yet(page: Page, launched: Served) -> None:
    page.goto(launched.access.address)
    unlock(Pointer(page), launched.passphrase)
    page.goto(f"{launched.root}helpers")
    expect(page.locator(".empty .button")).to_be_visible()
    eye = Eye(page)
    eye.look("empty-helpers")
    eye.is_satisfied()


def test_a_helper_is_found_by_dialect_and_nothing_typed_stands_in_the_address(
    page_without_scripts: Page, there: tuple[Furnished, Served]
) -> None:
    page = page_without_scripts
    page.goto(there[1].access.address)
    page.goto(f"{there[1].root}helpers")
    page.get_by_label("Dialect").fill("ведено")
    page.get_by_role("button", name="Find").last.click()
    expect(page.locator("main")).to_contain_text("Nobody fits.")
    page.get_by_label("Dialect").fill("vede")
    page.get_by_label("What they do").select_option(label="Driver")
    page.get_by_role("button", name="Find").last.click()
    expect(page.locator(".line")).to_have_count(1)
    assert "vede" not in page.url


def test_the_slip_in_every_state(page: Page, there: tuple[Furnished, Served], clock: HeldClock) -> None:
    desk, launched = there
    slip = desk.record("task_slip", desk.slip)
    page.goto(launched.access.address)
    eye = Eye(page)
    page.goto(f"{launched.root}{slip}/slip")
    page.get_by_role("button", name="Show the slip").click()
    expect(page.locator(".slip")).to_be_visible()
    eye.look("slip")
    page.emulate_media(media="print")
    for hidden in (".masthead", ".colophon", ".head", ".slip-leaf .form-actions"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".slip")).to_be_visible()
    page.emulate_media(media="screen")
    page.goto(f"{launched.root}helpers?type=interpreter&for={desk.path(desk.case).rpartition('/')[2]}")
    eye.look("helpers-for-a-case")
    eye.is_satisfied()
