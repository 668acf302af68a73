"""Sources by hand: an article is pasted or chosen, its furniture left out, claims are marked where they are said."""

import pytest
from playwright.sync_api import FilePayload, Page, expect
from tests.articles.pages import HOSTILE, SPOKEN
from tests.articles.printed import pdf
from tests.desk.journeys.furnished import Furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import ROOT, Served

pytestmark = pytest.mark.browser

ARTICLE = next((ROOT.parent / "shared" / "articles").glob("*.txt"))
LINES = [line for line in ARTICLE.read_text(encoding="utf-8").splitlines() if line.strip()]
BODY, FURNITURE = LINES[:17], LINES[17:]
FIRST_REPORT = 3
"""Number of the paragraph that says how many were detained."""


def begin(page: Page, launched: Served) -> None:
    page.goto(launched.access.address)
    page.get_by_role("link", name="Sources", exact=True).click()
    page.get_by_role("link", name="Keep a source").first.click()


def looked_over(page: Page) -> None:
    """What stands after the article was kept."""
    expect(page.locator(".flash")).to_contain_text("17 paragraphs are kept. 10 lines were left out.")
    expect(page.get_by_label("Title")).to_have_value(BODY[0])
    assert page.locator("#left-out .as-written").all_text_contents() == FURNITURE
    page.get_by_label("Publisher").fill("Gay Times")
    page.get_by_label("Published").fill("17 May 2017")
    page.get_by_role("button", name="Keep these particulars").click()
    expect(page.locator(".flash")).to_contain_text("The particulars are kept.")
    assert page.locator(".passage-text").all_text_contents() == BODY
    expect(page.locator(".sub")).to_contain_text("Gay Times")
    assert "Press enter to search" not in page.locator("main").inner_text()


def test_an_article_is_pasted_and_a_claim_marked_where_it_is_said(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    eye = Eye(page)
    begin(page, launched)
    eye.look("source-new")
    page.get_by_label("Paste it here").fill(ARTICLE.read_text(encoding="utf-8"))
    page.get_by_label("Web address").fill("https://www.gaytimes.example/article")
    page.get_by_role("button", name="Read it and keep it").click()
    eye.look("source-looked-over")
    looked_over(page)
    eye.look("source")

    # The words are selected with the mouse or the keys; here by the page's own means.
    select = """([number, words]) => {
      const text = document.querySelectorAll('.passage-text')[number - 1];
      const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.data.indexOf(words);
        if (at < 0) continue;
        document.getSelection().setBaseAndExtent(node, at, node, at + words.length);
        return;
      }
      throw new Error('no such words');
    }"""
    page.evaluate(select, [FIRST_REPORT, "around 100 gay men had been rounded up"])
    expect(page.locator(".marker")).to_be_visible()
    eye.look("source-selected")
    page.evaluate(select, [FIRST_REPORT, "around 100 gay men had been rounded up"])
    page.get_by_role("button", name="Mark a claim here").click()
    expect(page.get_by_label("The words that say it")).to_have_value("around 100 gay men had been rounded up")
    expect(page.get_by_label("Figure")).to_have_value("about 100 (90/110)")
    eye.look("mark")
    page.get_by_label("What it is about").select_option(label="People detained")
    says(page, "repeats")
    expect(page.locator("mark.said")).to_have_text("around 100 gay men had been rounded up")
    expect(page.locator(".note")).to_contain_text("Repeats without checking")

    # A second mark lies across the first; the text stays as it is.
    page.evaluate(select, [FIRST_REPORT, "by police and detained"])
    page.get_by_role("button", name="Mark a claim here").click()
    page.get_by_label("Which claim").select_option(index=1)
    says(page, "says")
    expect(page.locator(".note")).to_have_count(2)
    assert page.locator("mark.said").all_text_contents() == [
        "around 100 gay men had been rounded up",
        "by police and detained",
    ]
    eye.look("source-marked")

    page.locator(".note a").first.click()
    expect(page.locator("h1")).to_have_text("around 100 gay men had been rounded up")
    expect(page.locator(".sub")).to_contain_text("1 source · 1 independent")
    eye.look("claim")
    page.goto(launched.root + "sources/claims?about=detained")
    eye.look("claims")
    page.goto(launched.root + "sources")
    eye.look("sources-kept")
    eye.is_satisfied()


def says(page: Page, relation: str) -> None:
    page.get_by_label("What the source does").select_option(relation)
    page.get_by_role("button", name="Mark this claim").click()
    expect(page.locator(".flash")).to_contain_text("The claim is marked.")


def test_an_article_is_chosen_as_a_file_without_scripts(
    page_without_scripts: Page, there: tuple[Furnished, Served]
) -> None:
    page, (_, launched) = page_without_scripts, there
    begin(page, launched)
    page.get_by_label("Or choose files").set_input_files(ARTICLE)
    page.get_by_role("button", name="Read it and keep it").click()
    looked_over(page)

    page.get_by_role("link", name=f"Mark a claim in paragraph {FIRST_REPORT}", exact=True).click()
    page.get_by_label("The words that say it").fill("200 men")
    fill_in_all(page)
    expect(page.locator(".errors")).to_contain_text("These words do not stand in this paragraph.")
    expect(page.get_by_label("The words that say it")).to_have_value("200 men")
    page.get_by_label("The words that say it").fill("around 100 gay men")
    page.get_by_role("button", name="Mark this claim").click()
    expect(page.locator(".flash")).to_contain_text("The claim is marked.")
    expect(page.locator("mark.said")).to_have_text("around 100 gay men")

    # What was left out comes back in its place, with one press.
    page.get_by_role("link", name="What was left out").click()
    page.get_by_role("button", name=f"Put it back · {FURNITURE[0][:20]}").click()
    expect(page.locator(".flash")).to_contain_text("The line is back in its place.")
    page.get_by_role("link", name="To the text").click()
    assert page.locator(".passage-text").all_text_contents()[-1] == FURNITURE[0]

    # The same file again leads to the source that is there.
    page.goto(launched.root + "sources/new")
    page.get_by_label("Or choose files").set_input_files(ARTICLE)
    page.get_by_role("button", name="Read it and keep it").click()
    expect(page.locator(".flash")).to_contain_text("This very text was kept before. Here it is.")
    expect(page.locator("h1")).to_have_text(BODY[0])


def fill_in_all(page: Page) -> None:
    page.get_by_label("What it is about").select_option(label="People detained")
    page.get_by_label("Claim", exact=True).fill("About 100 were detained.")
    page.get_by_label("What the source does").select_option("repeats")
    page.get_by_role("button", name="Mark this claim").click()


def test_a_hostile_page_is_only_words(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begin(page, launched)
    files: list[FilePayload] = [
        {"name": "saved.html", "mimeType": "text/html", "buffer": HOSTILE.encode()},
        {"name": "report.pdf", "mimeType": "application/pdf", "buffer": pdf([["A report.", "", "It says one thing."]])},
    ]
    page.get_by_label("Or choose files").set_input_files(files)
    page.get_by_role("button", name="Read it and keep it").click()
    expect(page.locator(".flash")).to_contain_text("2 texts are kept.")
    page.get_by_role("searchbox", name="Words of a text or a title").fill("village")
    page.get_by_role("button", name="Find in the sources").click()
    assert "village" not in page.url
    page.locator("#list a").first.click()
    assert page.locator(".passage-text").all_text_contents() == SPOKEN
    assert page.evaluate("window.hostile") is None
    assert [url for url in asked if not url.startswith(launched.root.rsplit("/", 2)[0])] == []


def test_what_cannot_be_read_is_said_plainly(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    begin(page, launched)
    page.get_by_role("button", name="Read it and keep it").click()
    expect(page.locator(".errors")).to_contain_text("Paste the text here, or choose a file below.")
    page.get_by_label("Or choose files").set_input_files(
        [{"name": "picture.bin", "mimeType": "application/octet-stream", "buffer": bytes(range(256))}]
    )
    page.get_by_role("button", name="Read it and keep it").click()
    expect(page.locator(".errors")).to_contain_text("This file holds no words that can be read.")


def test_what_was_pasted_is_kept_as_a_draft(page: Page, there: tuple[Furnished, Served]) -> None:
    _, launched = there
    begin(page, launched)
    page.get_by_label("Or choose files").set_input_files(ARTICLE)
    with page.expect_request(lambda request: request.url.endswith("/drafts")) as sent:
        page.get_by_label("Paste it here").fill("A text that is not read yet.")
    assert "Press enter" not in (sent.value.post_data or "")
    response = sent.value.response()
    assert response is not None
    assert response.ok
    page.goto(launched.root + "sources/new?draft=1")
    expect(page.get_by_label("Paste it here")).to_have_value("A text that is not read yet.")
