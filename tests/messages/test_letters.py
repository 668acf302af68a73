"""Letters taken apart: words, day, sender, what is attached; broken ones cost no more than what is broken in them."""

from contextlib import suppress
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waystation.errors import BadInput
from waystation.letters import every, looks_like_letter, looks_like_mbox, read, read_mbox, split_mbox
from waystation.limits import LETTER_DEPTH_MAX, LETTER_PARTS_MAX, LETTERS_MAX

ZONE = "Europe/Vilnius"


def letter(words: str = "They are looking for me.", subject: str = "Помогите") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Адам Цороев <adam@example.org>"
    made["To"] = "help@example.net"
    made["Subject"] = subject
    made["Date"] = "Wed, 17 May 2017 13:30:00 +0200"
    made.set_content(words)
    return made


def test_a_letter_says_who_when_and_what() -> None:
    found = read(letter().as_bytes(), ZONE)
    assert (found.sender, found.address, found.to) == ("Адам Цороев", "adam@example.org", "help@example.net")
    assert (found.subject, found.text) == ("Помогите", "They are looking for me.")
    assert found.at is not None
    assert found.at.plain() == "2017-05-17T14:30+03:00[Europe/Vilnius]"


def test_plain_words_are_read_rather_than_html() -> None:
    made = letter("plain words")
    made.add_alternative("<p>other words</p>", subtype="html")
    assert read(made.as_bytes(), ZONE).text == "plain words"


def test_html_gives_its_words_and_nothing_else() -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = "a@example.org", "x"
    page = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>First&nbsp;line<br>second</p>"
        "<script>alert(1)</script><img src='http://example.org/seen.png'><div>third <b>word</b></div></body></html>"
    )
    made.set_content(page, subtype="html")
    text = read(made.as_bytes(), ZONE).text
    assert [line for line in text.split("\n") if line] == ["First line", "second", "third word"]


def test_what_is_attached_keeps_its_bytes_and_loses_its_folders() -> None:
    made = letter()
    made.add_attachment(b"\xff\xd8picture", maintype="image", subtype="jpeg", filename="../../etc/фото.jpg")
    made.add_attachment("words in a file", filename="note.txt")
    found = read(made.as_bytes(), ZONE)
    assert [(one.name, one.media_type) for one in found.attached] == [
        ("фото.jpg", "image/jpeg"),
        ("note.txt", "text/plain"),
    ]
    assert found.attached[0].content == b"\xff\xd8picture"
    assert "words in a file" not in found.text


def test_a_letter_within_a_letter_is_one_of_its_own() -> None:
    made = letter("see below")
    made.add_attachment(letter("inside", "Fwd"))
    found = read(made.as_bytes(), ZONE)
    assert [one.text for one in every(found)] == ["see below", "inside"]


def test_letters_in_letters_end_somewhere() -> None:
    made = letter("deepest")
    for depth in range(LETTER_DEPTH_MAX + 3):
        outer = letter(f"level {depth}")
        outer.add_attachment(made)
        made = outer
    found = list(every(read(made.as_bytes(), ZONE)))
    assert len(found) == LETTER_DEPTH_MAX + 1
    assert found[-1].attached[0].media_type == "message/rfc822"
    assert b"deepest" in found[-1].attached[0].content


def test_a_letter_of_too_many_parts_says_that_it_is_cut() -> None:
    made = letter()
    for number in range(LETTER_PARTS_MAX + 20):
        made.add_attachment(b"x", maintype="image", subtype="png", filename=f"{number}.png")
    found = read(made.as_bytes(), ZONE)
    assert found.cut
    assert len(found.attached) <= LETTER_PARTS_MAX
    assert not read(letter().as_bytes(), ZONE).cut


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Content-Type: text/plain; charset=windows-1251\n\n" + "Помогите".encode("cp1251"), "Помогите"),
        (b"Content-Type: text/plain; charset=no-such\n\n" + "Помогите".encode("cp1251"), "Помогите"),
        (b"Content-Type: text/plain; charset=utf-8\n\n" + "Помогите".encode("cp1251"), "Помогите"),
        (b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/plain\n\nhelp", "help"),
        (b"Content-Type: multipart/mixed\n\nno boundary at all", "no boundary at all"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\naGVscA", "help"),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: x-none\n\nhelp", "help"),
        (b"Content-Type: ;;;\n\nhelp", "help"),
    ],
)
def test_what_is_broken_costs_only_itself(raw: bytes, text: str) -> None:
    assert text in read(b"From: a@example.org\nSubject: =?koi9?q?=ff?=\nDate: never\n" + raw, ZONE).text


@pytest.mark.parametrize("raw", [b"", b"hello", b"\x89PNG\r\n", b"Note: buy bread\nAlso: milk\n\nx", b"{}"])
def test_what_is_no_letter_is_refused(raw: bytes) -> None:
    assert not looks_like_letter(raw)
    with pytest.raises(BadInput):
        read(raw, ZONE)


def test_a_bomb_of_parts_is_refused_or_cut() -> None:
    head = b"From: a@example.org\nSubject: x\n"
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000))
    with suppress(BadInput):
        assert read(head + nested + b"\nhelp", ZONE).cut


def mbox(*letters: EmailMessage) -> bytes:
    """As programs write it: words that would begin a letter are quoted."""
    quoted = (one.as_bytes().replace(b"\nFrom ", b"\n>From ") for one in letters)
    return b"".join(b"From adam@example.org Wed May 17 14:30:00 2017\n" + one + b"\n\n" for one in quoted)


def test_an_mbox_is_its_letters() -> None:
    content = mbox(letter("one", "A"), letter("two\n\nFrom here we walked", "B"), letter("three", "C"))
    assert looks_like_mbox(content)
    assert not looks_like_letter(content)
    found = read_mbox(content, ZONE)
    assert [(one.subject, one.text) for one in found] == [
        ("A", "one"),
        ("B", "two\n\nFrom here we walked"),
        ("C", "three"),
    ]


def test_an_mbox_without_end_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        split_mbox(mbox(letter("x")) * (LETTERS_MAX + 1))
    assert refused.value.problems[""].code == "too_many_letters"


@given(st.binary(max_size=400))
def test_any_bytes_after_a_head_are_read_or_refused(body: bytes) -> None:
    try:
        read(b"From: a@example.org\nSubject: x\n" + body, ZONE)
    except BadInput:
        return


@given(st.data())
def test_a_damaged_letter_is_read_or_refused(data: st.DataObject) -> None:
    made = letter()
    made.add_attachment(b"\xff\xd8picture", maintype="image", subtype="jpeg", filename="a.jpg")
    made.add_attachment(letter("inside"))
    broken = bytearray(made.as_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=8))
    try:
        read(bytes(broken), ZONE)
    except BadInput:
        return
