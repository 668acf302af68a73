"""Hostile and unlucky input through a real page: a clear answer, nothing changed, nothing lost; text stays text."""

import html
import re

import pytest
from tests.desk.sitting import Sitting

from waystation.office import drafts

FORM = "requests/new"
STORY = "Они приходили к брату"


def position(sitting: Sitting) -> int:
    desk = sitting.session.desk
    assert desk is not None
    return desk.book.position


def shown(sitting: Sitting) -> dict[str, str]:
    """Hidden and prepared inputs of the form, as a browser would send them back."""
    page = sitting.get(FORM).text
    inputs = re.findall(r'<input type="(?:hidden|text)"[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in inputs if name != "q"}


def take_down(sitting: Sitting, **typed: str) -> str:
    """Saves a request and returns its page."""
    path = sitting.leads_to(sitting.post(FORM, {**shown(sitting), "story": STORY, **typed}))
    return str(sitting.get(path).text)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("story", "quiet\x00 night", "control characters"),
        ("region", "\x1b[31mred", "control characters"),
        ("referrer", "abc\u202egnp.exe", "direction of writing"),
        ("region", "x" * 5000, "too long"),
        ("deadline", "31.2.2017", ""),
        ("deadline", "soon, I hope", ""),
        ("people", "-3", ""),
        ("present_country", "Atlantis", "Choose a country"),
        ("level", "apocalyptic", "Choose one of the answers"),
    ],
)
def test_bad_input_changes_nothing(sitting: Sitting, name: str, text: str, told: str) -> None:
    before = position(sitting)
    typed = {**shown(sitting), "story": STORY, "person.given_name": "Хава"}
    answer = sitting.post(FORM, {**typed, name: text})
    assert answer.status_code == 422
    assert told in html.unescape(answer.text)
    assert position(sitting) == before
    if name != "story":
        assert STORY in answer.text
        assert "Хава" in answer.text
    assert "Traceback" not in answer.text


def test_a_script_stays_text(sitting: Sitting) -> None:
    script = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}"
    answer = sitting.post(FORM, {**shown(sitting), "region": script, "deadline": "never ever"})
    assert answer.status_code == 422
    for page in (answer.text, take_down(sitting, region=script, story=script)):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert html.escape(script, quote=False)[:30] in html.unescape(page).replace("<", "&lt;").replace(">", "&gt;")
        assert "{{ 7*7 }}" in page


def test_right_to_left_text_is_kept_and_set_apart(sitting: Sitting) -> None:
    name = "שדרות רוטשילד"
    page = take_down(sitting, referrer=name)
    assert re.search(rf'(<bdi>|dir="auto"[^>]*>)\s*{name}', page)


def test_a_note_of_ten_megabytes(sitting: Sitting) -> None:
    before = position(sitting)
    answer = sitting.post(FORM, {**shown(sitting), "story": "tired " * 1_800_000})
    assert answer.status_code == 413
    assert position(sitting) == before
    desk = sitting.session.desk
    assert desk is not None
    assert [draft.form for draft in drafts.kept(desk)] == [FORM]


def test_a_request_that_meets_a_locked_desk_comes_back(sitting: Sitting) -> None:
    typed = {**shown(sitting), "story": STORY, "person.given_name": "Хава", "level": "high", "needs": "hiding"}
    sitting.session.lock()
    assert sitting.leads_to(sitting.post(FORM, typed)) == "locked"
    back = sitting.leads_to(sitting.unlock())
    assert back == f"{FORM}?draft=1"
    page = sitting.get(back).text
    assert "It is not saved yet." in page
    assert STORY in page
    assert 'value="Хава"' in page
    assert re.search(r'value="high"[^>]* checked', page)
    assert re.search(r'value="hiding"[^>]* checked', page)
    sitting.leads_to(sitting.post(FORM, typed))
    desk = sitting.session.desk
    assert desk is not None
    assert drafts.kept(desk) == []
