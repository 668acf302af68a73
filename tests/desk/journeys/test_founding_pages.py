"""An organisation is founded in a browser, from the empty desk to the first page of its book."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import served
from tests.desk.sitting import PASSPHRASE, folder_of
from tests.ground.seeded import HeldClock, Seeded

pytestmark = pytest.mark.browser


def test_founding(page: Page, tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    eye = Eye(page)
    with served(folder_of(tmp_path), clock, randomness) as fresh:
        page.goto(fresh.access.address)
        eye.look("founding")
        page.get_by_label("Name of the organisation").fill("Lantern House")
        page.get_by_label("Your name at work").fill("Ada")
        page.get_by_label("Passphrase", exact=True).fill("lantern")
        page.get_by_label("The same passphrase again").fill("lantern")
        page.get_by_role("button", name="Found it and make the two papers").click()
        expect(page.locator(".errors")).to_be_visible()
        eye.look("founding-weak")
        page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
        page.get_by_label("The same passphrase again").fill(PASSPHRASE)
        page.get_by_role("button", name="Found it and make the two papers").click()

        papers: list[list[str]] = []
        for name in ("founding-root", "founding-recovery"):
            expect(page.locator(".words li")).to_have_count(24)
            papers.append(page.locator(".words li").all_inner_texts())
            eye.look(name)
            page.get_by_role("link", name="I have it on paper, go on").click()
        expect(page.get_by_role("group")).to_have_count(2)
        eye.look("founding-confirm")
        for paper, group in zip(papers, page.get_by_role("group").all(), strict=True):
            for box in group.get_by_role("textbox").all():
                label = str(box.evaluate("one => one.labels[0].textContent"))
                box.fill(paper[int(label.split()[-1]) - 1])
        page.get_by_role("button", name="Both papers are right, open the desk").click()
        expect(page.locator("h1")).to_have_text("Today")
        expect(page.locator("main")).to_contain_text("The book is new.")
        eye.look("today-first")
        eye.is_satisfied()
