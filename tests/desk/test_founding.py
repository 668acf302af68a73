"""Founding in the browser: strong passphrase, two papers shown once, proof that they are written down."""

import html
import re

import pytest
from tests.desk.sitting import PASSPHRASE, Sitting, sit_down
from tests.ground.seeded import Seeded

from waystation.desk.papers import SHEETS, check_words, choose_places, input_name, printed, qr_image
from waystation.errors import BadInput
from waystation.office.founding import Papers
from waystation.words import from_words

NAMES = {"organisation": "Дом у реки", "display_name": "Ada"}
FORM = {**NAMES, "passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}


def words_on(page: str) -> list[str]:
    (listed,) = re.findall(r'<ol class="words".*?</ol>', page, re.DOTALL)
    return re.findall(r"<span>([a-z]+)</span>", listed)


def asked(page: str) -> list[tuple[str, int]]:
    """Sheet and place of each word that is asked for."""
    found = re.findall(r'name="(root|recovery)_(\d+)"', page)
    return [(sheet, int(place)) for sheet, place in found]


def test_founding(fresh: Sitting) -> None:
    assert fresh.leads_to(fresh.get("today")) == "found"
    assert fresh.leads_to(fresh.get("locked")) == "found"
    assert 'name="passphrase"' in fresh.get("found").text
    assert fresh.leads_to(fresh.post("found", FORM)) == "found/papers/root"
    papers = {}
    for sheet in SHEETS:
        page = fresh.get(f"found/papers/{sheet}").text
        papers[sheet] = words_on(page)
        assert len(papers[sheet]) == 24
        from_words(" ".join(papers[sheet]))
        assert "Дом у реки" in page
        assert 'src="data:image/svg+xml;base64,' in page
        assert "style=" not in page
    assert papers["root"] != papers["recovery"]
    assert fresh.leads_to(fresh.get("today")) == "found/papers/root"
    assert fresh.leads_to(fresh.get("found")) == "today"

    page = fresh.get("found/confirm").text
    places = asked(page)
    assert [sheet for sheet, _ in places] == ["root"] * 3 + ["recovery"] * 3
    wrong = {f"{sheet}_{place}": papers[sheet][place - 2] for sheet, place in places}
    answer = fresh.post("found/confirm", wrong)
    assert answer.status_code == 422
    assert asked(answer.text) == places
    right = {f"{sheet}_{place}": f" {papers[sheet][place - 1].upper()}" for sheet, place in places}
    assert fresh.leads_to(fresh.post("found/confirm", right)) == "today"
    assert fresh.session.founding is None
    assert fresh.leads_to(fresh.get("found/papers/root")) == "today"
    assert "The organisation is founded." in fresh.get("drafts").text
    fresh.session.lock()
    assert fresh.leads_to(fresh.unlock()) == "today"
    assert fresh.get("drafts").status_code == 200


def test_what_is_missing_is_named(fresh: Sitting) -> None:
    answer = fresh.post(
        "found", {"organisation": " ", "display_name": "x" * 300, "passphrase": "a", "passphrase_again": "b"}
    )
    assert answer.status_code == 422
    for name in ("organisation", "display_name", "passphrase_again"):
        assert f'id="f-{name}-error"' in answer.text
    assert not fresh.session.founded


def test_a_weak_passphrase_is_refused_with_its_reason(fresh: Sitting) -> None:
    weak = {**NAMES, "passphrase": "password password", "passphrase_again": "password password"}
    answer = fresh.post("found", weak)
    assert answer.status_code == 422
    assert "Take five or six unrelated words." in answer.text
    assert 'value="Ada"' in answer.text
    assert "password password" not in answer.text
    assert not fresh.session.founded


def test_unconfirmed_papers_do_not_outlive_the_sitting(fresh: Sitting) -> None:
    fresh.post("found", {**FORM, "organisation": "<script>alert(1)</script>"})
    page = fresh.get("found/papers/root").text
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    fresh.steady.pass_s(60)
    assert fresh.leads_to(fresh.get("found/papers/root")) == "today"
    assert fresh.leads_to(fresh.get("today")) == "found"
    assert list(fresh.home.folder.iterdir()) == []
    assert "nothing was founded" in html.unescape(fresh.get("found").text)


def test_an_interrupted_founding_is_begun_again(fresh: Sitting) -> None:
    fresh.post("found", FORM)
    desk = fresh.session.desk
    assert desk is not None
    # The program ends without another word, as when the machine loses power.
    fresh.session.desk = fresh.session.founding = None
    desk.lock()
    with sit_down(fresh.home, fresh.steady.wall, fresh.system) as later:
        assert later.leads_to(later.get("today")) == "locked"
        later.unlock()
        assert later.leads_to(later.get("today")) == "found/papers/root"
        assert later.leads_to(later.get("found/papers/root")) == "found/unfinished"
        assert later.leads_to(later.get("found/confirm")) == "found/unfinished"
        assert "Begin again" in later.get("found/unfinished").text
        later.session.lock()
        assert later.session.founded
        later.unlock()
        assert later.leads_to(later.post("found/unfinished")) == "found"
        assert list(later.home.folder.iterdir()) == []


def test_founding_is_for_an_empty_folder(locked: Sitting) -> None:
    before = {path.name: path.read_bytes() for path in locked.home.folder.iterdir()}
    for path in ("found", "found/unfinished", "found/confirm"):
        locked.post(path, FORM)
    assert {path.name: path.read_bytes() for path in locked.home.folder.iterdir()} == before


def test_the_words_are_asked_for_in_places_of_their_own(randomness: Seeded) -> None:
    root, recovery = (tuple(f"{name}{place}" for place in range(1, 25)) for name in SHEETS)
    papers = Papers(root, "root text", recovery, "recovery text", "abcd efgh")
    seen = set()
    for _ in range(40):
        places = choose_places(randomness)
        assert all(tuple(sorted(set(chosen))) == chosen for chosen in places.values())
        seen.add(places["root"])
        typed = {input_name(sheet, place): f"{sheet}{place}" for sheet in SHEETS for place in places[sheet]}
        check_words(papers, places, typed)
        typed.popitem()
        with pytest.raises(BadInput):
            check_words(papers, places, typed)
    assert len(seen) > 30
    assert printed(papers, "root").code == "root text"
    assert qr_image("x") != qr_image("y")
