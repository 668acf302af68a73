"""The words of saved pages: every paragraph of the article, in order, and none of what stood around it."""

from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from quopri import encodestring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.articles.pages import (
    ENGLISH,
    ENGLISH_ABOVE,
    ENGLISH_BELOW,
    HOSTILE,
    RUSSIAN,
    RUSSIAN_ABOVE,
    RUSSIAN_BELOW,
    SPOKEN,
    copied,
    page,
)
from tests.articles.printed import pdf

from waystation import articles, limits
from waystation.articles import Article
from waystation.errors import BadInput
from waystation.furniture import leave_out

SHARED = next((Path(__file__).resolve().parents[3] / "shared" / "articles").glob("*.txt"))

LANGUAGES = {
    "english": (ENGLISH, ENGLISH_ABOVE, ENGLISH_BELOW, "en", "The Morning Gazette"),
    "russian": (RUSSIAN, RUSSIAN_ABOVE, RUSSIAN_BELOW, "ru", "Утренняя газета"),
}


def kept(article: Article) -> list[str]:
    return [line.text for line in article.lines if line.kept]


def refusal(content: bytes, name: str = "") -> str:
    with pytest.raises(BadInput) as refused:
        articles.read(content, name)
    ((field, problem),) = refused.value.problems.items()
    assert field == "file"
    return problem.code


def test_the_shared_article_is_whole_and_alone() -> None:
    text = SHARED.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip()]
    article = articles.read(text.encode(), SHARED.name)
    ends = next(number for number, line in enumerate(lines) if line.startswith("Related:"))
    assert kept(article) == lines[:ends]
    assert [line.text for line in article.lines] == lines
    assert article.left_out == len(lines) - ends
    assert article.title == lines[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_copied_page(language: str) -> None:
    body, above, below, _, _ = LANGUAGES[language]
    article = articles.read(copied(above, body, below).encode())
    assert kept(article) == body
    assert article.title == body[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_saved_page(language: str, encoding: str) -> None:
    body, above, below, lang, site = LANGUAGES[language]
    article = articles.read(page(body, above, below, lang, site).encode(encoding), "saved.html")
    assert kept(article) == body
    assert (article.title, article.publisher) == (body[0], site)
    assert article.address == "https://gazette.example/2017/families"
    left = {line.text for line in article.lines if not line.kept}
    assert left >= set(below)
    assert not any("Not a word" in line.text for line in article.lines)


def test_an_old_page_declares_its_letters() -> None:
    body, above, below, lang, site = LANGUAGES["russian"]
    html = page(body, above, below, lang, site).replace("utf-8", "windows-1251")
    assert kept(articles.read(html.encode("cp1251"), "old.htm")) == body
    assert kept(articles.read("\n".join(RUSSIAN).encode("cp1251"))) == RUSSIAN


@pytest.mark.parametrize("transfer", ["quoted-printable", "base64"])
def test_a_page_that_a_browser_saved_whole(transfer: str) -> None:
    body, above, below, lang, site = LANGUAGES["english"]
    html = page(body, above, below, lang, site).replace("og:url", "og:nothing").encode()
    packed = encodestring(html) if transfer == "quoted-printable" else b64encode(html)
    whole = b"\r\n".join(
        [
            b"From: <Saved by Blink>",
            b"Snapshot-Content-Location: https://gazette.example/families",
            b"Subject: =?utf-8?Q?Families?=",
            b"Date: Sat, 1 Jan 2000 00:00:00 -0000",
            b"MIME-Version: 1.0",
            b'Content-Type: multipart/related; type="text/html"; boundary="cut"',
            b"",
            b"--cut",
            b"Content-Type: text/html",
            b"Content-Transfer-Encoding: " + transfer.encode(),
            b"Content-Location: https://gazette.example/families",
            b"",
            packed,
            b"--cut",
            b"Content-Type: text/html",
            b"",
            b"<html><body><p>A frame of somebody else, which is no part of the article.</p></body></html>",
            b"--cut--",
        ]
    )
    article = articles.read(whole, "saved.mhtml")
    assert kept(article) == body
    assert article.address == "https://gazette.example/families"


def test_a_hostile_page_is_only_words() -> None:
    article = articles.read(HOSTILE.encode(), "hostile.html")
    assert kept(article) == SPOKEN
    assert "javascript" not in article.address


def test_a_printed_report() -> None:
    pages = [
        ["Annual report 2017", "", "A report on those who were taken", "",
         "In the first months of the year people were taken from their homes and perse-",
         "cuted by those who should have protected them. Nobody was told where they",
         "were held.", "", "12"],
        ["Annual report 2017", "", "A second paragraph follows, which is longer than one line and goes on to the",
         "next page without", "", "13"],
        ["Annual report 2017", "", "an end. It stops here.", "", "The last words are said here.", "", "14"],
    ]  # fmt: skip
    article = articles.read(pdf(pages, "Those who were taken"), "report.pdf")
    assert article.title == "Those who were taken"
    assert kept(article)[:3] == [
        "A report on those who were taken",
        "In the first months of the year people were taken from their homes and persecuted by those who should have"
        " protected them. Nobody was told where they were held.",
        "A second paragraph follows, which is longer than one line and goes on to the next page without an end."
        " It stops here.",
    ]
    assert {line.text for line in article.lines if not line.kept} == {"Annual report 2017", "12", "13", "14"}


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "empty.txt", "no_words"),
        (b"<html></html>", "empty.html", "no_words"),
        (bytes(range(256)), "picture.bin", "no_text_file"),
        (b"PK\x03\x04" + b"word " * 50, "letter.docx", "no_text_file"),
        (b"%PDF-1.4 cut", "cut.pdf", "damaged_pdf"),
        (pdf([[]]), "scan.pdf", "no_words"),
        (pdf([["word"]] * (limits.ARTICLE_PDF_PAGES_MAX + 1)), "long.pdf", "article_too_long"),
        (pdf([["x"]], extra={"0": b"BT " + b"(a) Tj " * 700_000 + b"ET"}), "heavy.pdf", "damaged_pdf"),
        (b"a" * (limits.ARTICLE_MAX + 1), "huge.txt", "article_too_large"),
        (b"word " * (limits.ARTICLE_CHARS_MAX // 4), "long.txt", "article_too_long"),
        (b"<p>a</p>" * limits.ARTICLE_MARKS_MAX, "marks.html", "page_too_large"),
        (b"word\n" * (limits.ARTICLE_LINES_MAX + 1), "lines.txt", "article_too_long"),
        (b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\nno page\r\n--x--", "no.mhtml", "no_page"),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, name: str, code: str) -> None:
    assert refusal(content, name) == code


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5000 + "The words at the bottom of all this. " * 5,
        "<b><i>" * 5000 + "The words at the bottom of all this.",
        "<table><tr><td>" * 3000 + "The words at the bottom of all this.",
        "<p>" + "&amp;" * 20_000,
        "<p a=" + "b" * 100_000,
        "<!--" * 2000,
        "<p>The words.</p><script type='application/ld+json'>" + '{"a":' * 5000,
    ],
)
def test_a_broken_page_is_read_or_refused(html: str) -> None:
    with suppress(BadInput):
        assert articles.read(html.encode(), "broken.html").lines


@given(st.text(max_size=300), st.sampled_from(["", "a.html", "a.mhtml", "a.pdf"]))
def test_any_text_is_read_or_refused(text: str, name: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    try:
        article = articles.read(content, name)
    except BadInput:
        return
    assert all(
        line.text == line.text.strip() and line.text.isprintable() for line in article.lines if line.text.isascii()
    )


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"%PDF-1.4\n", b"<html>", b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=a\n"]
    ),
)
def test_any_bytes_are_read_or_refused(content: bytes, head: bytes) -> None:
    with suppress(BadInput):
        assert articles.read(head + content).lines


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=20))
def test_judging_never_brings_back_and_never_forgets(lines: Sequence[str]) -> None:
    allowed = [number % 3 > 0 for number in range(len(lines))]
    judged = leave_out(lines, allowed)
    assert len(judged) == len(lines)
    assert all(was or not now for was, now in zip(allowed, judged, strict=True))


@pytest.mark.parametrize(
    "line",
    [
        "Subscribers told the paper that nobody had answered them.",
        "Share it with no one, the officer told them when they left.",
        "The latest: eleven people were freed on Friday.",
        "Home was two rooms above a bakery.",
        "Реклама на улицах исчезла за одну ночь.",
        "Подписались под письмом тридцать человек.",
        "Cookies were all that they had to eat for two days.",
        "Comments made by the minister were not reported.",
    ],
)
def test_sentences_of_an_article_stay(line: str) -> None:
    lines = ["The first sentence of the article stands here.", line, "The last sentence of the article stands here."]
    assert leave_out(lines, [True] * 3) == [True] * 3


def test_a_list_that_a_sentence_introduces_stays() -> None:
    lines = ["They asked for three things when they arrived:", "a lawyer", "a doctor", "a telephone"]
    assert leave_out(lines, [True] * 4) == [True] * 4


def test_a_text_without_sentences_is_left_alone() -> None:
    lines = ["Search", "Adam", "Zara", "Ruslan", "Home"]
    assert leave_out(lines, [True] * 5) == [True] * 5


def test_a_paragraph_that_is_too_long_is_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {number} of a text without paragraphs." for number in range(600))
    article = articles.read(text.encode())
    assert len(article.lines) == 3
    assert all(len(line.text) <= limits.PASSAGE_CHARS_MAX and line.text.endswith(".") for line in article.lines)
    assert " ".join(line.text for line in article.lines) == text


def test_what_leads_elsewhere_is_left_out_in_the_middle_too() -> None:
    lines = [
        "The first sentence of the article stands here.",
        "Related: Mayor opens a bridge that nobody crosses",
        "The second sentence of the article stands here.",
        "Читайте также",
        "Вратарь, который стал художником",
        "The third sentence of the article stands here.",
    ]
    assert leave_out(lines, [True] * 6) == [True, False, True, False, False, True]


def test_a_headline_outside_of_the_article_is_found() -> None:
    body, above, below, lang, site = LANGUAGES["english"]
    html = page(body, above, below, lang, site)
    headline = f"<h1>{body[0]}</h1>"
    moved = html.replace(headline, "").replace("<main>", f"<div class='masthead'>{headline}</div><main>")
    assert kept(articles.read(moved.encode(), "saved.html")) == body


def test_a_paragraph_stays_where_the_extraction_added_words_before_it() -> None:
    long = "This paragraph is long enough to be told from every other one."
    assert articles._among(["A menu", long], f"Words that stand in no line. {long}") == [False, True]
