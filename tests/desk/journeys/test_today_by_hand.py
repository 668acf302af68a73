"""Today by hand: a check-in in two presses, the night's duty, their clock, and a book in which nothing stands yet."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.desk.journeys.furnished import CASE, OTHER_CASE, Furnished, furnished
from tests.desk.journeys.hands import Hands, Keyboard, Pointer
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, served
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import added, at, done

from waystation.clock import DAY_MS
from waystation.ids import FolderType
from waystation.office.casework import amend

pytestmark = pytest.mark.browser


@pytest.fixture
def there(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Served]]:
    """A furnished desk where one check-in was missed an hour ago, and another is due today."""
    with furnished(tmp_path, clock, randomness) as desk:
        added(desk.desk, desk.other_case, "check_in", due=at(desk.desk, 0.01))
        added(desk.desk, desk.case, "check_in", due=at(desk.desk, 0.2))
        done(desk.desk, amend(desk.desk, desk.case, "case", desk.case, {"time_zone": "Asia/Vladivostok"}))
        added(desk.desk, desk.desk.folder(FolderType.OFFICE), "member", display_name="Rook")
        clock.at_ms += int(0.05 * DAY_MS)
        with served(desk.home, clock, randomness, desk.desk) as launched:
            yield desk, launched


@pytest.fixture(params=["keyboard", "pointer without scripts"])
def hands(request: pytest.FixtureRequest) -> Hands:
    """Both ways in which a page is used."""
    if request.param == "keyboard":
        return Keyboard(request.getfixturevalue("page"))
    return Pointer(request.getfixturevalue("page_without_scripts"))


def test_a_missed_check_in_is_noted_in_two_presses(hands: Hands, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page = hands.page
    page.goto(launched.access.address)
    silent = page.locator("#missed")
    expect(silent).to_contain_text(OTHER_CASE)
    hands.press("Heard from them: well")
    expect(page.locator(".flash").first).to_contain_text(f"{OTHER_CASE}: heard from, and well.")
    expect(page.locator("#missed")).to_have_count(0)
    hands.press("Tomorrow, 15:14")
    expect(page.locator(".flash").first).to_contain_text("the next check-in is 18 May 2017, 15:14.")
    expect(page.locator("#next-one")).to_have_count(0)


def test_something_is_wrong_leads_to_the_fuller_page(hands: Hands, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page = hands.page
    page.goto(launched.access.address)
    hands.follow("Something is wrong…")
    hands.choose("How they are", "In danger")
    hands.write("What they said", "Somebody waits outside.")
    hands.press("Note that they were heard from")
    expect(page.locator(".flash").first).to_contain_text("The check-in is noted.")
    hands.follow("Today")
    hands.follow("Open the case")
    expect(page.locator("h1")).to_contain_text(CASE)


def test_the_alarm_is_raised_from_here(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.locator("#missed").get_by_role("link", name="Raise the alarm").click()
    page.get_by_label("What is known").fill("Silent since noon.")
    page.get_by_role("button", name="Raise the alarm").click()
    expect(page.locator(".flash").first).to_contain_text("The alarm is raised.")


def test_duty_tonight(hands: Hands, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page = hands.page
    page.goto(launched.access.address)
    duty = page.locator("#duty")
    expect(duty).to_contain_text("Nobody is on duty tonight.")
    expect(duty).to_contain_text("Nothing rings while every desk is closed or locked.")
    hands.press("Put someone on duty")
    expect(duty).to_contain_text("Ada is on duty now, until 08:00 on Thursday")
    hands.press("Hand the duty over")
    expect(duty).to_contain_text("Rook is on duty now, until 08:00 on Thursday")
    hands.follow("Two weeks of duty")
    hands.tick("Which nights", "Fri 19 May to Sat 20 May nobody")
    hands.press("Put them on duty")
    expect(page.locator(".flash").first).to_contain_text("The duty is planned.")
    expect(page.locator(".nights")).to_contain_text("all night")


def test_their_clock_stands_beside_ours(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    row = page.locator("#danger .queue-row").filter(has_text=CASE)
    expect(row.locator(".clock")).to_contain_text("23:12 there · 16:12 here")
    expect(row.locator(".clock-note")).to_have_text("it is night there")


def test_only_mine_and_back(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page = page_without_scripts
    page.goto(launched.access.address)
    page.get_by_role("link", name="Only mine").click()
    expect(page.get_by_role("link", name="Only mine")).to_have_attribute("aria-current", "page")
    expect(page.locator("#missed")).to_contain_text(OTHER_CASE)
    page.get_by_role("button", name="Heard from them: well").first.click()
    assert "of=mine" in page.url


def test_the_history_in_parts(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.goto(f"{launched.root}organisation/history")
    page.get_by_label("What kind of record").select_option("Evacuation")
    page.get_by_role("button", name="Show this part").click()
    expect(page.locator(".history tbody tr")).to_have_count(1)
    page.locator(".history").get_by_role("link", name="Evacuation").click()
    expect(page).to_have_url(re.compile(r"/evacuation/\w+$"))


def test_the_backup_is_a_file_for_the_person(page: Page, there: tuple[Furnished, Served], tmp_path: Path) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.goto(f"{launched.root}organisation/backup")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Make the backup and keep the file").click()
    kept = tmp_path / "kept.age"
    waiting.value.save_as(kept)
    assert waiting.value.suggested_filename == "waystation-2017-05-17.age"
    assert kept.read_bytes().startswith(b"age-encryption.org/v1\n")
    page.get_by_role("link", name="Look whether it has arrived").click()
    expect(page.locator(".sub")).to_contain_text("The last backup that left this desk was made 17 May 2017")


def test_every_state_is_looked_at(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    eye = Eye(page)
    page.goto(launched.access.address)
    eye.look("today-missed")
    page.get_by_role("button", name="Heard from them: well").first.click()
    eye.look("today-next-one")
    for name, path in {
        "today-mine": "today?of=mine",
        "duty-bare": "duty",
        "organisation-keys": "organisation",
        "history-filtered": "organisation/history?kind=person&from=2017-05-01",
        "history-nothing": "organisation/history?until=2017-05-01",
        "backup": "organisation/backup",
    }.items():
        page.goto(launched.root + path)
        eye.look(name)
    page.goto(f"{launched.root}duty")
    page.get_by_role("button", name="Put them on duty").click()
    eye.look("duty-planned")
    page.locator("input[name=night]:checked").first.uncheck()
    page.get_by_role("button", name="Put them on duty").click()
    expect(page.locator("#f-night-error")).to_contain_text("Choose at least one night.")
    eye.look("duty-refused")
    eye.is_satisfied()


def test_an_empty_book_says_what_to_do_first(page: Page, launched: Served) -> None:
    eye = Eye(page)
    page.goto(launched.access.address)
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()
    page.goto(f"{launched.root}today")
    steps = page.locator("#first li")
    expect(steps).to_have_count(3)
    eye.look("today-empty")
    steps.first.get_by_role("button", name="Put on duty tonight").click()
    expect(page.locator("#first li").first).to_contain_text("Ada is on duty now")
    eye.look("today-first-step-done")
    eye.is_satisfied()
