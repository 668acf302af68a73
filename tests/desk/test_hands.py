"""The frame without a browser: undo, language, alarms, commands, search while typing, and back where it was locked."""

import re
from html import unescape

import pytest
from tests.desk.journeys.furnished import CASE, FAMILY, MASKED, Furnished
from tests.desk.sitting import PASSPHRASE, Sitting
from tests.office.kit import added, at

from waystation.desk.session import QUIET_MS
from waystation.ids import FolderType, to_text
from waystation.office import staff
from waystation.views import alarms


def pass_s(sitting: Sitting, seconds: float) -> None:
    """Somebody sits at the desk all that while."""
    with sitting.session._gate:
        sitting.steady.pass_s(seconds)
        sitting.session.touch()
        sitting.session._looked_ms = None


DAY_S = 25 * 3600
"""A day and an hour: the check-in of tomorrow is missed by then."""


# ── What was saved can be taken back ──


def test_every_save_offers_to_be_taken_back(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    case = desk.path(desk.case)
    sitting.leads_to(sitting.post(f"{case}/task/new", {"title": "Buy a telephone"}))
    (saved,) = desk.desk.reader.rows("SELECT save FROM history ORDER BY position DESC LIMIT 1")
    page = sitting.get(case).text
    found = re.search(r'<form method="post" action="[^"]*/undo">(.*?)</form>', page)
    assert found
    assert f'name="back" value="{case}"' in found[1]
    assert re.findall(r'name="save" value="([^"]*)"', found[1]) == [to_text(saved[0])]
    assert "/undo" not in sitting.get(case).text


def test_a_look_offers_nothing_to_take_back(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    asking = f"{desk.record('person', desk.person)}/reveal/family_name?page={desk.path(desk.case)}"
    assert '/undo"' not in sitting.get(sitting.leads_to(sitting.post(asking))).text


def test_a_page_that_saved_nothing_offers_nothing(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    added(desk.desk, desk.case, "task", title="Saved while nobody pressed anything")
    sitting.post("keys", {"on": "0"})
    page = sitting.get("keys").text
    assert "Single keys do nothing now." in page
    assert '/undo"' not in page


# ── Language ──


def test_a_member_keeps_the_language_of_the_pages(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    office = desk.desk.folder(FolderType.OFFICE)
    assert sitting.leads_to(sitting.post("language", {"language": "ru", "form_address": "cases"})) == "cases"
    page = sitting.get("cases").text
    assert '<html lang="ru" dir="ltr">' in page
    assert '/undo"' not in page
    member = desk.desk.tables.shown(office, "member", desk.desk.member)
    assert member is not None
    assert member["pages_in"] == "ru"
    before = desk.desk.book.position
    sitting.post("language", {"language": "ru", "form_address": "cases"})
    assert desk.desk.book.position == before


def test_the_book_says_which_language_until_somebody_chooses(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    sitting.post("language", {"language": "ru", "form_address": "cases"})
    sitting.session.language = sitting.session.pages_in = ""
    sitting.session.open(desk.desk)
    assert '<html lang="ru"' in sitting.get("cases", **{"accept-language": "en"}).text
    sitting.session.language = "en"
    assert '<html lang="en"' in sitting.get("cases", **{"accept-language": "ru"}).text


@pytest.mark.parametrize("code", ["", "xx", "../ru", "ru\x00", "RU"])
def test_no_other_language_is_taken(seated: tuple[Furnished, Sitting], code: str) -> None:
    desk, sitting = seated
    before = desk.desk.book.position
    sitting.leads_to(sitting.post("language", {"language": code, "form_address": "cases"}))
    assert (sitting.session.language, desk.desk.book.position) == ("", before)


def test_a_locked_desk_changes_its_language(locked: Sitting) -> None:
    assert 'name="language"' in locked.get("locked").text
    assert locked.leads_to(locked.post("language", {"language": "ru"})) == "locked"
    assert '<html lang="ru"' in locked.get("locked").text
    locked.unlock()
    assert '<html lang="ru"' in locked.get("today").text
    assert locked.session.desk is not None
    assert staff.language_of(locked.session.desk) == ""


def test_founding_changes_its_language(fresh: Sitting) -> None:
    assert fresh.leads_to(fresh.post("language", {"language": "ru", "form_address": "found"})) == "found"
    assert '<html lang="ru"' in fresh.get("found").text


# ── Alarms ──


def test_a_missed_check_in_rings_until_it_is_noted(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    quiet = sitting.get("today").text
    assert "data-ring" not in quiet
    (state,) = re.findall(r"watch\?state=(\w+)", quiet)
    assert sitting.get(f"watch?state={state}").status_code == 204
    pass_s(sitting, DAY_S)
    band = sitting.get(f"watch?state={state}")
    assert band.status_code == 200
    assert f"{CASE} needs you" in band.text
    assert 'data-ring="1"' in band.text
    assert [words for words in MASKED if words in band.text] == []
    (state,) = re.findall(r"watch\?state=(\w+)", band.text)
    assert sitting.get(f"watch?state={state}").status_code == 204
    page = sitting.get("money").text
    assert f"{CASE} needs you" in page
    assert 'role="alert"' in page
    sitting.leads_to(sitting.post(desk.record("check_in", desk.check_in) + "/note", {"condition": "well"}))
    assert "needs you" not in sitting.get("money").text
    assert sitting.get(f"watch?state={state}").status_code == 200


def test_who_takes_an_alarm_has_ten_minutes(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    pass_s(sitting, DAY_S)
    named = f"{to_text(desk.case)}.{to_text(desk.check_in)}"
    assert f'name="check_in" value="{named}"' in sitting.get("money").text
    before = desk.desk.book.position
    assert sitting.leads_to(sitting.post("alarms/take", {"check_in": named, "back": "money"})) == "money"
    assert desk.desk.book.position == before
    page = sitting.get("money").text
    assert "data-ring" not in page
    assert f"{CASE} needs you" in page
    pass_s(sitting, QUIET_MS / 1000 + 1)
    assert 'data-ring="1"' in sitting.get("money").text


def test_asking_for_alarms_keeps_no_desk_open(sitting: Sitting) -> None:
    for _ in range(41):
        sitting.steady.pass_s(15)
        answer = sitting.get("watch")
    assert answer.headers["hx-redirect"] == f"{sitting.root}/locked"
    assert "no alarm" in sitting.get("locked").text


def test_many_alarms_are_one_list(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    pass_s(sitting, DAY_S)
    reader = desk.desk.reader
    (one,) = alarms.missed(reader)
    assert (one.code_name, one.record) == (CASE, desk.check_in)
    added(desk.desk, desk.request, "check_in", due=at(desk.desk, 1))
    pass_s(sitting, DAY_S)
    found = alarms.missed(reader)
    assert [missed.folder for missed in found] == [desk.request, desk.case]
    assert [missed.folder_type for missed in found] == ["request", "case"]
    page = sitting.get("money").text
    assert 'data-ring="2"' in page


# ── Commands and search ──


def test_the_palette_offers_pages_actions_and_what_is_in_the_book(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    page = sitting.get("palette").text
    for words in ("Take down a request", "Note a check-in", "Lock the desk", "Show code names only", "Figures"):
        assert words in page, words
    part = sitting.post("palette", {"q": "lock", "typing": "1"}).text
    assert 'role="listbox"' in part
    assert "Lock the desk" in part
    assert "Figures" not in part
    assert "<html" not in part
    part = sitting.post("palette", {"q": "junip", "typing": "1"}).text
    assert CASE in part
    assert [words for words in MASKED if words in part] == []


def test_every_address_of_the_palette_leads_to_a_page(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    page = sitting.get("palette").text.partition('class="commands"')[2].partition("</ul>")[0]
    paths = [unescape(path) for path in re.findall(r'<a href="([^"]*)"', page)]
    assert len(paths) > 12
    for path in paths:
        assert sitting.get(path.removeprefix(f"{sitting.root}/").partition("#")[0]).status_code in (200, 303), path


@pytest.mark.parametrize(
    "typed",
    ["Ц", "Цо", "Цоро", "цороев", "Цороеву", "Tsoro", "Tsoroev", "zel", "Zelimkh", "Zelimkha", "зелимх", "Зелимхану"],
)
def test_search_while_typing(seated: tuple[Furnished, Sitting], typed: str) -> None:
    _, sitting = seated
    part = sitting.post("search", {"q": typed, "typing": "1"}).text
    assert (CASE in part) == (len(typed) > 1), typed
    assert FAMILY not in part


def test_a_finished_word_is_no_beginning(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    assert CASE not in sitting.post("search", {"q": "Цоро"}).text
    assert CASE not in sitting.post("search", {"q": "Цоро ", "typing": ""}).text


def test_the_keys_page_names_what_is_there(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    page = sitting.get("keys").text
    for words in ("g t", "Ctrl+K", "Esc Esc Esc", "go to Money"):
        assert words in page
    part = sitting.get("keys", **{"hx-request": "true"}).text
    assert "<html" not in part
    assert "g t" in part


# ── Back where it was locked ──


def test_whoever_locks_is_back_with_the_draft(sitting: Sitting) -> None:
    sitting.post("drafts", {"story": "He has not slept.", "form_address": "requests/new"})
    assert sitting.leads_to(sitting.post("lock", {"form_address": "requests/new"})) == "locked"
    assert sitting.leads_to(sitting.unlock(PASSPHRASE)) == "requests/new?draft=1"
    page = sitting.get("requests/new?draft=1").text
    assert "He has not slept." in page
    assert "is here again" in page


def test_without_a_draft_one_is_back_on_the_page(sitting: Sitting) -> None:
    sitting.post("lock", {"form_address": "money"})
    sitting.post("lock")
    assert sitting.leads_to(sitting.unlock(PASSPHRASE)) == "money"
