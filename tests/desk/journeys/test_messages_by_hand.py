"""Messages in and words out, by hand: a thread is a request, a letter goes into a case, a photograph is cleaned."""

from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from tests.desk.journeys.furnished import CASE, FAMILY, HANDLE, Furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served
from tests.messages import made

pytestmark = pytest.mark.browser

THREAD = """[2017-05-17 09:30:12] Салман Хамзатов: Здравствуйте, мне нужна помощь. Меня ищут
они были у брата <b>вчера</b>
[2017-05-17 09:31:00] Me: Вы сейчас в безопасном месте?
[2017-05-17 09:33:40] Салман Хамзатов: Пока да, до пятницы"""


def from_thread(page: Page, launched: Served) -> None:
    """Paste, look, press."""
    page.goto(launched.root + "messages/new")
    page.get_by_label("Messages, as they were copied").fill(THREAD)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("Signal")
    expect(page.locator("main")).to_contain_text("они были у брата <b>вчера</b>")
    expect(page.get_by_role("group", name="Салман Хамзатов").get_by_label("them")).to_be_checked()
    expect(page.get_by_role("group", name="Me").get_by_label("us")).to_be_checked()


def taken_down(page: Page) -> None:
    """What stands on the page of the request that was made of it."""
    expect(page.locator(".flash")).to_contain_text("The request is taken down, with what was written.")
    expect(page.locator("#story")).to_contain_text("они были у брата <b>вчера</b>")
    assert "Хамзатов" not in page.content()
    expect(page.locator("#files")).to_contain_text("3 messages")
    page.locator("#files").get_by_role("link", name="Signal").click()
    expect(page.locator("main")).to_contain_text("them (2017-05-17 09:33): Пока да, до пятницы")
    expect(page.locator("main")).to_contain_text("us (2017-05-17 09:31): Вы сейчас")
    assert "Хамзатов" not in page.content()


def test_a_pasted_thread_is_a_request_in_three_presses(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    eye = Eye(page)
    page.goto(launched.root + "messages/new")
    eye.look("messages")
    from_thread(page, launched)
    expect(page.get_by_label("Language", exact=True)).to_have_value("ru")
    eye.look("messages-looked-at")
    page.get_by_role("button", name="Take down a request from it").first.click()
    taken_down(page)
    eye.look("conversation")
    eye.is_satisfied()


def test_it_works_without_scripts(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    page, (_, launched) = page_without_scripts, there
    page.goto(launched.access.address)
    from_thread(page, launched)
    page.get_by_role("button", name="Take down a request from it").first.click()
    taken_down(page)


def test_what_was_pasted_outlives_a_lock(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    from_thread(page, launched)
    launched.session.lock()
    page.get_by_role("button", name="Take down a request from it").first.click()
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()
    expect(page.get_by_role("group", name="Салман Хамзатов").get_by_label("them")).to_be_checked()
    page.get_by_role("button", name="Take down a request from it").first.click()
    taken_down(page)


def test_files_that_a_lock_forgot_are_asked_for_again_and_the_rest_stays(
    page: Page, there: tuple[Furnished, Served]
) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.goto(launched.root + "messages/new")
    page.get_by_label("Messages, as they were copied").fill(THREAD)
    page.get_by_label("Exports, letters, photographs, voice notes").set_input_files(letter())
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("What they said").fill("Only this.")
    launched.session.lock()
    page.get_by_role("button", name="Take down a request from it").first.click()
    page.get_by_label("Passphrase").fill(launched.passphrase)
    page.get_by_role("button", name="Unlock the desk").click()
    expect(page.locator(".errors")).to_contain_text("are no longer in memory")
    expect(page.get_by_label("What they said")).to_have_value("Only this.")
    page.get_by_label("More files").set_input_files(letter())
    page.get_by_role("button", name="Take down a request from it").first.click()
    expect(page.locator("#story")).to_contain_text("Only this.")
    expect(page.locator("#files")).to_contain_text("He is at the border")


def test_hostile_words_stay_words(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.goto(launched.root + "messages/new")
    hostile = "[2017-05-17 09:30] <img src=x onerror=alert(1)>: \u202e</textarea><script>alert(1)</script> שלום"
    page.get_by_label("Messages, as they were copied").fill(hostile)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("</textarea><script>alert(1)</script> שלום")
    page.get_by_role("button", name="Take down a request from it").first.click()
    expect(page.locator("#story")).to_contain_text("</textarea><script>alert(1)</script> שלום")
    assert page.locator("main img").count() == 0
    assert "\u202e" not in page.content()


def letter() -> FilePayload:
    message = EmailMessage()
    message["From"] = "Sestra Zelimkhana <sestra@example.org>"
    message["Subject"] = "He is at the border"
    message["Date"] = "Wed, 17 May 2017 10:00:00 +0300"
    message.set_content("They asked him for money. He is at the border now.")
    message.add_attachment(made.photograph(), maintype="image", subtype="jpeg", filename="zelimkhan.jpg")
    return {"name": "letter.eml", "mimeType": "message/rfc822", "buffer": message.as_bytes()}


def test_a_letter_goes_into_a_case_with_what_is_attached(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    page.goto(launched.root + desk.path(desk.case) + "/messages")
    page.get_by_label("Exports, letters, photographs, voice notes").set_input_files(letter())
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("They asked him for money.")
    expect(page.locator("main")).to_contain_text("zelimkhan.jpg")
    page.get_by_role("button", name=f"Write it into {CASE}").click()
    expect(page.locator(".flash")).to_contain_text("The messages are in the book.")
    expect(page.locator("#files")).to_contain_text("He is at the border")
    assert "sestra@example.org" not in page.content()
    assert "zelimkhan.jpg" not in page.content()


def test_it_can_be_written_into_a_case_by_its_code_name(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    from_thread(page, launched)
    page.get_by_label("Code name of the case or the request").fill("No Such")
    page.get_by_role("button", name="Write it into that one").click()
    expect(page.locator(".errors")).to_contain_text("No case and no request has this code name.")
    page.get_by_label("Code name of the case or the request").fill(CASE.lower())
    page.get_by_role("button", name="Write it into that one").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CASE)
    expect(page.locator("#files")).to_contain_text("3 messages")


def test_a_photograph_leaves_without_the_place_where_it_was_taken(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    page.goto(launched.root + desk.path(desk.case) + "/file/new")
    photograph: FilePayload = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": made.photograph()}
    page.get_by_label("Which files").set_input_files([photograph])
    page.get_by_label("What it shows").fill("The house, before the fire")
    page.get_by_role("button", name="Put it into the book").click()
    line = page.locator("#files li").filter(has_text="The house, before the fire")
    line.get_by_role("link", name="Take the working copy out").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Take the working copy out").click()
    content = Path(waiting.value.path()).read_bytes()
    assert made.RAW not in content
    with Image.open(BytesIO(content)) as picture:
        assert not picture.getexif()


def test_a_file_that_cannot_be_cleaned_says_so(page: Page, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    page.goto(launched.access.address)
    page.goto(launched.root + desk.path(desk.case) + "/file/new")
    film: FilePayload = {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"\0\0\0\x18ftypisom" + b"x" * 40}
    page.get_by_label("Which files").set_input_files([film])
    page.get_by_role("button", name="Put it into the book").click()
    expect(page.locator(".flash")).to_contain_text("Files of this type cannot be cleaned here.")
    expect(page.locator("#files")).to_contain_text("No working copy: this file may say")


def test_files_can_be_dropped(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.goto(launched.root + "messages/new")
    page.evaluate(
        """() => {
          const carried = new DataTransfer();
          const chat = "17/05/2017, 14:30 - Aset: help\\n17/05/2017, 14:31 - Aset: soon";
          carried.items.add(new File([chat], "chat.txt", {type: "text/plain"}));
          document.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
        }"""
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("WhatsApp")
    expect(page.locator("main")).to_contain_text("2 messages")


def test_words_for_outside_are_looked_over(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    page.goto(launched.access.address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=launched.root.rsplit("/", 2)[0])
    eye = Eye(page)
    page.goto(launched.root + "safe-text")
    telling = f"We met {FAMILY} ({HANDLE}), called {CASE}."
    page.get_by_label("What you want to send or publish").fill(telling)
    page.get_by_role("button", name="Look it over").click()
    expect(page.locator("mark")).to_have_text([FAMILY, HANDLE, CASE])
    press = page.get_by_role("button", name="Copy the words")
    expect(press).to_be_disabled()
    eye.look("safe-text-found")
    page.get_by_label("I have read these; copy it all the same").check()
    press.click()
    expect(page.get_by_role("status").filter(has_text="clipboard")).to_be_visible()
    page.get_by_label("What you want to send or publish").fill("A man asked for help and is safe now.")
    page.get_by_role("button", name="Look it over").click()
    expect(page.locator("mark")).to_have_count(0)
    expect(page.get_by_role("button", name="Copy the words")).to_be_enabled()
    eye.look("safe-text")
    eye.is_satisfied()


def test_words_are_marked_without_scripts(page_without_scripts: Page, there: tuple[Furnished, Served]) -> None:
    page, (_, launched) = page_without_scripts, there
    page.goto(launched.access.address)
    page.goto(launched.root + "safe-text")
    page.get_by_label("What you want to send or publish").fill(f"Here is {CASE}.")
    page.get_by_role("button", name="Look it over").click()
    expect(page.locator("mark")).to_have_text([CASE])
    expect(page.get_by_role("button", name="Copy the words")).to_be_hidden()
