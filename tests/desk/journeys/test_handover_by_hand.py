"""A case goes to another organisation and comes back answered: two desks, and a file carried between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.desk.journeys.furnished import CASE, FAMILY, GIVEN, HANDLE, MASKED, Furnished
from tests.desk.journeys.hands import Hands, Keyboard, Pointer
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, served, watched
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import added, day, founded

from waystation.ids import RecordId
from waystation.office.desk import Desk, Home
from waystation.records import Many

pytestmark = pytest.mark.browser

PURPOSE, LETTER, ANSWER = "To receive them on arrival", "Please answer by Friday.", "Rasa meets them at the gate."


@pytest.fixture
def partner(tmp_path: Path, clock: HeldClock) -> Iterator[tuple[Desk, Served]]:
    """The desk of another organisation."""
    randomness = Seeded("the partner's own")
    desk = founded(tmp_path / "partner", clock, randomness)
    with served(Home(tmp_path / "partner" / "desk"), clock, randomness, desk) as launched:
        yield desk, launched
    desk.lock()


@pytest.fixture
def their_page(chromium: Browser) -> Iterator[Page]:
    with watched(chromium) as page:
        yield page


@pytest.fixture
def their_page_without_scripts(chromium: Browser) -> Iterator[Page]:
    with watched(chromium, scripts=False) as page:
        yield page


def keep_their_card(hands: Hands, launched: Served, theirs: Page, partner: Served) -> None:
    """Their card is pasted here; its eight words are those on their screen."""
    page = hands.page
    theirs.goto(f"{partner.root}referrals")
    spoken = theirs.locator("#card .spoken").inner_text()
    theirs.locator("summary", has_text="The card as text").click()
    card = theirs.locator("#f-own").input_value()
    page.goto(f"{launched.root}referrals")
    hands.write("A partner’s card", card[:-9])
    hands.pick("Whose it is", "Open Harbour")
    hands.press("Keep this card")
    expect(page.locator(".errors")).to_contain_text("missing or mistyped")
    hands.write("A partner’s card", card)
    hands.press("Keep this card")
    assert page.locator(".spoken").inner_text() == spoken
    assert "waystation-card" not in page.url
    hands.press("I have heard them: the words are the same")


def take_file(page: Page, folder: Path) -> Path:
    """Takes the file that is ready."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Take the file").click()
    assert not {FAMILY, CASE} & set(download.value.suggested_filename.replace("-", " ").split())
    taken = folder / download.value.suggested_filename
    download.value.save_as(taken)
    return taken


def walk(
    hands: Hands,
    their_hands: Hands,
    there: tuple[Furnished, Served],
    partner: tuple[Desk, Served],
    folder: Path,
) -> None:
    (desk, launched), (_, launched_there) = there, partner
    page, theirs = hands.page, their_hands.page
    page.goto(launched.access.address)
    theirs.goto(launched_there.access.address)
    keep_their_card(hands, launched, theirs, launched_there)

    case = launched.root + desk.path(desk.case)
    page.goto(f"{case}/refer")
    hands.pick("Partner", "Open Harbour")
    hands.press("Show what may leave to them")
    assert page.locator("input[name=part]:not([disabled])").count() == 0
    expect(page.locator("main")).to_contain_text("Nothing can leave")
    people = desk.desk.tables.facts(desk.case, frozenset(("person",)))["person"]
    for person in people:
        added(
            desk.desk, desk.case, "consent", person=RecordId(person), scope=Many.of(["story", "contact", "identity"]),
            given=day("2017-05-10"), partners=Many.of([desk.partner]), except_for="Nothing about the uncle.",
        )  # fmt: skip
    page.goto(f"{case}/refer")
    hands.pick("Partner", "Open Harbour")
    hands.press("Show what may leave to them")
    assert [words for words in MASKED if words in page.content()] == []
    called = page.get_by_label("What both call it").input_value()
    assert called != CASE
    hands.tick("Principal applicant", "Name, birth, citizenship and papers")
    hands.write("For what", PURPOSE)
    hands.write("Words to them", LETTER)
    hands.press("Write it down and make the file")
    expect(page.locator(".errors")).to_contain_text("Somebody said what must not be shared.")
    hands.tick("", "I have looked: none of this is in what leaves")
    hands.press("Write it down and make the file")
    expect(page.locator(".flash").first).to_contain_text("It is written down what left")
    referral = take_file(page, folder)
    for word in (GIVEN, FAMILY, HANDLE, PURPOSE):
        assert word.encode() not in referral.read_bytes()

    theirs.goto(f"{launched_there.root}referrals")
    theirs.set_input_files("#f-file", str(referral))
    their_hands.press("Look at it")
    expect(theirs.locator("main")).to_contain_text("Anybody can make a card with any name.")
    expect(theirs.locator("main")).to_contain_text(LETTER)
    assert [words for words in (GIVEN, FAMILY, HANDLE) if words in theirs.content()] == []
    their_hands.tick("", "I have heard them: the words are the same")
    their_hands.press("Take it in as a request")
    expect(theirs.locator(".flash").first).to_contain_text("The referral is taken in.")
    expect(theirs.locator("#referrals")).to_contain_text(called)
    assert CASE not in theirs.content()
    request = theirs.url.partition("#")[0]

    theirs.goto(f"{launched_there.root}referrals")
    theirs.set_input_files("#f-file", str(referral))
    their_hands.press("Look at it")
    expect(theirs.locator("main")).to_contain_text("This referral was taken in before.")

    theirs.goto(f"{request}/accept")
    their_hands.press("Accept and open a case")
    theirs.goto(request)
    expect(theirs.locator("#referrals")).to_contain_text("You have decided, and they do not know it yet.")
    their_hands.follow("Answer them")
    expect(theirs.locator("main")).to_contain_text("the answer says: accepted")
    their_hands.write("Words to them", ANSWER)
    their_hands.press("Make the answer")
    answer = take_file(theirs, folder)

    page.goto(f"{launched.root}referrals")
    page.set_input_files("#f-file", str(answer))
    hands.press("Look at it")
    expect(page.locator("main")).to_contain_text("They accepted it.")
    hands.press("Write the answer into the case")
    expect(page.locator("#referrals")).to_contain_text("Accepted by Open Harbour, 17 May 2017")
    expect(page.locator("#referrals")).to_contain_text(ANSWER)
    expect(page.locator("#outside")).to_contain_text("Name, birth, citizenship and papers")


def test_by_keyboard_where_it_types(
    page: Page,
    their_page: Page,
    there: tuple[Furnished, Served],
    partner: tuple[Desk, Served],
    tmp_path: Path,
) -> None:
    walk(Keyboard(page), Pointer(their_page), there, partner, tmp_path)


def test_without_scripts(
    page_without_scripts: Page,
    their_page_without_scripts: Page,
    there: tuple[Furnished, Served],
    partner: tuple[Desk, Served],
    tmp_path: Path,
) -> None:
    walk(Pointer(page_without_scripts), Pointer(their_page_without_scripts), there, partner, tmp_path)


def test_a_file_with_words_for_those_without_a_desk(
    page: Page, there: tuple[Furnished, Served], tmp_path: Path
) -> None:
    desk, launched = there
    added(
        desk.desk, desk.other_case, "consent", scope=Many.of(["story"]), given=day("2017-05-10"),
        person=RecordId(next(iter(desk.desk.tables.facts(desk.other_case, frozenset(("person",)))["person"]))),
        partners=Many.of([desk.partner]),
    )  # fmt: skip
    hands, eye = Pointer(page), Eye(page)
    page.goto(launched.access.address)
    page.goto(launched.root + desk.path(desk.other_case) + "/refer")
    hands.pick("Partner", "Open Harbour")
    hands.press("Show what may leave to them")
    expect(page.get_by_label("Sealed to their card")).to_be_disabled()
    hands.write("For what", PURPOSE)
    hands.press("Write it down and make the file")
    expect(page.locator(".words li")).to_have_count(6)
    eye.look("packet-with-words")
    taken = take_file(page, tmp_path)
    assert taken.name.endswith(".tar.age")
    page.locator(".lock button").click()
    expect(page.locator("#f-passphrase")).to_be_visible()
    page.locator("#f-passphrase").fill(launched.passphrase)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("The file is no longer in memory")
    expect(page.locator(".words")).to_have_count(0)
    eye.is_satisfied()


def test_what_is_no_packet_is_refused_beside_the_file(
    page: Page, there: tuple[Furnished, Served], tmp_path: Path
) -> None:
    desk, launched = there
    position = desk.desk.book.position
    page.goto(launched.access.address)
    for name, content in (("letter.pdf", b"%PDF-1.7"), ("cut.waystation", b"waystation packet\n\0\0\0\x10")):
        (tmp_path / name).write_bytes(content)
        page.goto(f"{launched.root}referrals")
        page.set_input_files("#f-file", str(tmp_path / name))
        page.get_by_role("button", name="Look at it").click()
        expect(page.locator("#f-file-error")).to_be_visible()
    assert desk.desk.book.position == position
