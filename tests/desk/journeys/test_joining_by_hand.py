"""Two people at two computers: invite, ask, compare six words, admit, work together, remove."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.desk.journeys.served import AXE, Served, served, watched
from tests.desk.sitting import PASSPHRASE
from tests.ground.seeded import HeldClock, Seeded
from tests.office.house import House
from tests.office.kit import asked

from waystation.ids import to_text
from waystation.office import joining
from waystation.vault import new_kdf

WIDTHS = (1280, 360)


@pytest.fixture
def both(
    tmp_path: Path, clock: HeldClock, randomness: Seeded, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[House, Served, Served]]:
    monkeypatch.setattr(joining, "new_kdf", lambda random: new_kdf(random, memory_kib=64, passes=1, lanes=1))
    house = House(tmp_path, clock, randomness)
    monkeypatch.setattr("tests.desk.journeys.served.system", lambda *_: house.system)
    with ExitStack() as stack:
        ann = stack.enter_context(served(house.ann.desk.home, clock, Seeded("ann"), house.ann.desk))
        new = stack.enter_context(served(house.home("new"), clock, Seeded("new")))
        yield house, ann, new
        for one in (ann, new):
            one.session.lock()


def until(page: Page, shown: Callable[[], bool]) -> None:
    """Reloads until it is there: what other desks do arrives by itself, a page that is open does not always follow."""
    for _ in range(60):
        if shown():
            return
        page.wait_for_timeout(250)
        page.reload()
    assert shown()


def sound(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the screen."""
    # Not a script tag: the policy of the desk refuses scripts that are not its own.
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))")
    assert found == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_joining_and_leaving(chromium: Browser, both: tuple[House, Served, Served]) -> None:
    house, ann_served, new_served = both
    case = asked(house.ann.desk, code_name="Juniper Kettle")
    with watched(chromium) as ann, watched(chromium, scripts=False) as ben:
        ann.goto(ann_served.access.address)
        ann.goto(ann_served.root + "organisation")
        ann.get_by_role("link", name="Members, desks and invitations").click()
        sound(ann)
        ann.get_by_label("Name at work").fill("Ben")
        ann.get_by_label("Coordinator").check()
        ann.get_by_role("button", name="Make the invitation").click()
        sound(ann)
        invitation = ann.locator("code.invitation").inner_text()
        invited = ann.url

        ben.goto(new_served.access.address)
        ben.goto(new_served.root + "found")
        ben.get_by_role("link", name="Join with an invitation instead").click()
        for label, words in (("Invitation", invitation), ("Passphrase", PASSPHRASE)):
            ben.get_by_label(label, exact=True).fill(words)
        ben.get_by_label("The same passphrase again").fill(PASSPHRASE)
        ben.get_by_role("button", name="Make this desk and ask to be admitted").click()
        theirs = ben.locator(".spoken-large").inner_text()
        assert len(theirs.split()) == 6

        def tries() -> bool:
            ben.get_by_role("button", name="Look whether this desk is admitted").click()
            ann.goto(invited)
            return ann.get_by_role("button", name="The words are the same: admit Ben").count() == 1

        until(ann, tries)
        sound(ann)
        assert ann.locator(".spoken-large").inner_text() == theirs
        ann.get_by_role("button", name="The words are the same: admit Ben").click()
        expect(ann.get_by_role("status").first).to_contain_text("Admitted")

        def looks() -> bool:
            if ben.url.endswith("/today"):
                return True
            ben.get_by_role("button", name="Look whether this desk is admitted").click()
            return ben.url.endswith("/today")

        until(ben, looks)
        ben.goto(new_served.root + "requests")
        until(ben, lambda: ben.get_by_text("Juniper Kettle").count() > 0)
        desk = new_served.session.desk
        assert desk is not None
        assert desk.book.desk in house.ann.desk.book.readers(case)

        ann.goto(f"{ann_served.root}organisation/members/{to_text(desk.member)}/remove")
        sound(ann)
        ann.get_by_label("To go on, type “Ben”").fill("Ben")
        ann.get_by_role("button", name="Remove Ben").click()
        expect(ann.get_by_text("still to be looked at")).to_have_count(0)
        assert desk.book.desk not in house.ann.desk.book.readers(case)
