"""No page shows a text that the catalogues do not hold: in a language of disguised letters, and in Russian."""

import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from tests.desk.sitting import PASSPHRASE, Sitting
from tests.languages.conftest import Everywhere
from tests.languages.pseudo import LEFT, spoken
from tests.languages.told import Untranslated

SAME_EVERYWHERE = frozenset(
    """
    Waystation Signal WhatsApp Telegram Ctrl Esc Enter Shift Alt USD EUR HTML MHTML PDF CSV JSON QR SHA AGE
    SOCKS Tor onion https relay example org waystation card
    Europe America Asia Africa
    """.split()
)
"""Names, keys and codes that stand as they are in any language."""

IN_RUSSIAN = SAME_EVERYWHERE | frozenset("aaa abcabcabc abc".split())


TOWNS = frozenset(word for zone in available_timezones() for word in re.split(r"[/_\W]", zone))
"""Towns after which time zones are called; not every language has names for all."""

SHOWN = ("Boris", "Home")
"""What the page of components is filled with, and a line that was left out of a source."""


def report(found: dict[str, set[str]]) -> str:
    """Each text once, with one of the pages where it was seen, and on how many."""
    return "\n".join(f"{words}  @ {min(pages)} ({len(pages)})" for words, pages in sorted(found.items()))


LANGUAGES = (LEFT, "ru")


@pytest.fixture(params=LANGUAGES)
def code(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language in which whatever is in Latin letters is wrong."""
    if request.param == "ru":
        yield "ru"
    else:
        with spoken(tmp_path / "locale", monkeypatch):
            yield LEFT


def test_every_page_is_walked_and_has_no_text_that_no_catalogue_holds(code: str, to_look_at: Everywhere) -> None:
    seen = to_look_at.in_language(code)
    look = Untranslated([*to_look_at.texts, *SHOWN], IN_RUSSIAN | TOWNS)
    for page in seen.pages:
        look.read(page.path, page.html, code)
    assert not look.found, report(look.found)
    assert len(seen.pages) > 200
    assert seen.unwalked == []
    assert {path: status for path, status in seen.refused.items() if status not in (403, 404)} == {}


def test_neither_has_what_answers_a_mistake(code: str, everywhere: Everywhere) -> None:
    """Forms that are sent empty, words that nothing is found for, pages that do not exist, a wrong passphrase."""
    sitting, header = everywhere.sitting, {"accept-language": code}
    answers: dict[str, str] = {}
    for path in everywhere.addresses:
        if path.endswith("/new"):
            answer = sitting.post(path, {"form_address": path}, headers=header)
            if answer.status_code == 422:
                answers[f"POST {path}"] = answer.text
    assert len(answers) > 20
    for path, form in (
        ("search", {"q": "кузнецов"}),
        ("search", {"q": "Juniper"}),
        ("search", {"q": ""}),
        ("requests/new", {"story": "x", "received": "31.2.2017", "people": "many"}),
        ("organisation/passphrase", {"passphrase": "x", "passphrase_new": "password", "passphrase_again": "y"}),
        (
            "organisation/passphrase",
            {"passphrase": PASSPHRASE, "passphrase_new": "a" * 20, "passphrase_again": "a" * 20},
        ),
        ("cases/nowhere", {}),
        ("ledger/donation/new", {"amount": "-1", "received": "tomorrow"}),
    ):
        answers[f"POST {path} {form}"] = sitting.post(path, form, headers=header).text
    for path in ("nowhere", "cases/nowhere", "organisation?after=x", "requests?after=x"):
        answers[path] = sitting.get(path, **header).text
    # What was sent empty may have been saved under a code name of the desk's own choice.
    written = everywhere.texts
    sitting.post("lock", {}, headers=header)
    answers["locked"] = sitting.get("locked", **header).text
    answers["POST unlock"] = sitting.post("unlock", {"passphrase": "wrong"}, headers=header).text
    look = Untranslated([*written, *SHOWN], IN_RUSSIAN | TOWNS)
    for path, html in answers.items():
        look.read(path, html, code)
    assert not look.found, report(look.found)


def test_neither_has_the_founding_of_an_organisation(code: str, fresh: Sitting) -> None:
    header = {"accept-language": code}
    look = Untranslated(["Lantern House", "Ada"], IN_RUSSIAN)
    look.read("found", fresh.get("found", **header).text, code)
    filled = {"organisation": "Lantern House", "display_name": "Ada"}
    for passphrase, again in (("password", "password"), ("short", "shirt"), ("qwertyuiopasdf", ""), ("a" * 5000, "")):
        weak = {**filled, "passphrase": passphrase, "passphrase_again": again or passphrase}
        look.read(f"POST found {passphrase[:9]}", fresh.post("found", weak, headers=header).text, code)
    fresh.leads_to(
        fresh.post("found", {**filled, "passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}, headers=header)
    )
    founding = fresh.session.founding
    assert founding is not None
    assert founding.papers is not None
    words = {*founding.papers.root_words, *founding.papers.recovery_words, *founding.papers.fingerprint.split()}
    papers = Untranslated(["Lantern House"], IN_RUSSIAN | words)
    for path in ("found/papers/root", "found/papers/recovery", "found/confirm"):
        papers.read(path, fresh.get(path, **header).text, code)
    papers.read("POST found/confirm", fresh.post("found/confirm", {}, headers=header).text, code)
    assert not look.found, report(look.found)
    assert not papers.found, report(papers.found)


def test_what_the_program_wrote_is_told_in_the_language_of_who_reads_it(to_look_at: Everywhere) -> None:
    """The exposed place of the furnished desk has set a task for those who stay there."""
    title = "Move them to another place: theirs is exposed"
    for code, told in (("en", title), ("ru", "Переселить в другой шелтер: этот раскрыт")):
        page = to_look_at.sitting.get("today", **{"accept-language": code}).text
        assert told in page
        assert (title in page) == (code == "en")
