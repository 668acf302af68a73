"""One short journey for each part of the desk, the same in both languages: on a telephone's width with scripts, and
on a wide page without them.

Every label and every button is named by its English text through the catalogue, so that a journey ends where a text is
missing or is used for something else. One desk serves all journeys of a language; each brings the people it needs, and
none depends on another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.desk.journeys.furnished import CASE, FAMILY, HELPER, MASKED, Furnished, furnished
from tests.desk.journeys.seen import WIDER
from tests.desk.journeys.served import Served, served, watched
from tests.desk.sitting import Steady
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import added, asked, at

from waystation.desk.i18n import Language, language, languages, offered

pytestmark = pytest.mark.browser

WIDTHS = {"360 with scripts": (360, True), "1280 without scripts": (1280, False)}

SILENT = ("Amber", "Birch", "Cobalt", "Damson", "Elder", "Fathom", "Garnet", "Hazel")
"""First words of the code names of those who are waited for; each journey takes the next."""

SUMMARY = "A young man hunted by the police and by his family."
NOTE = "He asked for his mother."
WRITTEN = "они были у брата вчера"
THREAD = f"""[2017-05-17 09:30:12] Салман Хамзатов: Здравствуйте, мне нужна помощь
{WRITTEN}
[2017-05-17 09:31:00] Me: Вы сейчас в безопасном месте?"""
SLIP_PLACE, SLIP_PHRASE = "By the north door of the market", "Is this seat free?"


@dataclass
class Shared:
    """One desk for all journeys of a language."""

    speech: Language
    desk: Furnished
    served: Served
    names: Iterator[str]

    def waited_for(self) -> str:
        """The code name of somebody new, whose sign of life is a minute late."""
        session, name = self.served.session, next(self.names)
        steady = session.monotonic_ms
        assert isinstance(steady, Steady)
        with session._gate:
            assert session.desk is not None
            folder = asked(session.desk, code_name=name, story="Writes at noon.", level="low", timeframe="weeks")
            added(session.desk, folder, "check_in", due=at(session.desk, 1 / 1440))
            steady.pass_s(120)
            session.touch()
            session._looked_ms = None
        return name


@dataclass
class Reader:
    """Somebody who reads the pages in one language, and finds everything by what it says there."""

    page: Page
    shared: Shared
    scripts: bool

    def says(self, message: str, **values: object) -> str:
        """What a text of the desk is in this language."""
        return self.shared.speech.gettext(message, **values)

    def goes(self, path: str) -> None:
        self.page.goto(self.shared.served.root + path)

    def turns_to(self, title: str) -> None:
        """Takes a link of the masthead, and is there."""
        self.page.locator(".index").get_by_role("link", name=self.says(title), exact=True).click()
        self.is_at(title)

    def is_at(self, title: str) -> None:
        """The page is in this language and has this heading."""
        expect(self.page.locator("h1")).to_have_text(self.says(title))
        expect(self.page.locator("html")).to_have_attribute("lang", self.shared.speech.code)
        expect(self.page).to_have_title(re.compile(re.escape(self.says(title))))

    def follows(self, link: str, inside: Locator | None = None) -> None:
        (inside or self.page.locator("main")).get_by_role("link", name=self.says(link)).first.click()

    def presses(self, button: str, inside: Locator | None = None) -> None:
        """Presses the first button that says this; a text with a place in it is known by what stands before that."""
        said = self.says(button).partition("%(")[0]
        (inside or self.page.locator("main")).get_by_role("button", name=said).first.click()

    def writes(self, label: str, text: str) -> None:
        self.box(label).fill(text)

    def box(self, label: str) -> Locator:
        """The input with a label, whatever small words stand beside it."""
        tags = "|".join(re.escape(self.says(tag)) for tag in ("needed", "masked after saving"))
        named = re.compile(rf"^{re.escape(self.says(label))}( ({tags}))*$")
        return self.page.locator("main").get_by_label(named).first

    def reads(self, where: str, message: str, **values: object) -> None:
        """A text of the desk stands in the first element of a selector."""
        expect(self.page.locator(where).first).to_contain_text(self.says(message, **values))

    def unlocks(self) -> None:
        self.is_at("The desk is locked")
        self.writes("Passphrase", self.shared.served.passphrase)
        self.presses("Unlock the desk")

    def row_of(self, name: str, part: str) -> Locator:
        """A line of a part of Today."""
        return self.page.locator(f"#{part} .queue-row").filter(has_text=name)


@pytest.fixture(scope="module", params=languages())
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    clock, randomness = HeldClock(), Seeded(f"{__name__} {request.param}")
    with (
        furnished(tmp_path_factory.mktemp(request.param), clock, randomness) as desk,
        served(desk.home, clock, randomness, desk.desk) as launched,
    ):
        yield Shared(language(request.param), desk, launched, (f"{first} Sextant" for first in SILENT))


@pytest.fixture(params=WIDTHS.values(), ids=WIDTHS)
def reader(request: pytest.FixtureRequest, chromium: Browser, shared: Shared) -> Iterator[Reader]:
    """At Today, whatever the journey before left behind."""
    width, scripts = request.param
    session = shared.served.session
    with session._gate:
        session.share(False)
        session.flashes.clear()
        session.quiet.clear()
        session.language = session.pages_in = ""
    with watched(chromium, locale=shared.speech.code, scripts=scripts) as page:
        page.set_viewport_size({"width": width, "height": 800})
        found = Reader(page, shared, scripts)
        if not shared.served.access.is_used:
            page.goto(shared.served.access.address)
        found.goes("today")
        if session.desk is None:
            found.unlocks()
            found.goes("today")
        found.is_at("Today")
        yield found
        assert [words for words in MASKED if words in page.content()] == []


def test_the_language_is_switched_in_the_foot_and_outlives_a_lock(reader: Reader) -> None:
    own = reader.shared.speech
    other = next(language(code) for code in languages() if code != own.code)
    names = dict(offered())
    abroad = replace(reader, shared=replace(reader.shared, speech=other))
    foot = reader.page.locator("footer")
    foot.get_by_role("button", name=names[other.code], exact=True).click()
    abroad.is_at("Today")
    abroad.turns_to("Money")
    abroad.presses("Lock", reader.page.locator("header"))
    abroad.unlocks()
    abroad.is_at("Money")
    foot.get_by_role("button", name=names[own.code], exact=True).click()
    reader.is_at("Money")
    reader.presses("Lock", reader.page.locator("header"))
    reader.unlocks()
    reader.is_at("Money")


def test_every_page_of_the_book_is_a_link_away(reader: Reader) -> None:
    page = reader.page
    reader.follows("Open the case", reader.row_of(CASE, "danger"))
    expect(page.locator("h1")).to_have_text(CASE)
    for title in ("Places", "Routes", "Sources", "Money", "Figures", "Organisation", "Help", "Requests", "Cases"):
        reader.turns_to(title)
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), (
            page.evaluate(WIDER)
        )
    page.locator("main").get_by_role("link", name=CASE).first.click()
    expect(page.locator("h1")).to_have_text(CASE)
    reader.turns_to("Today")


def test_a_name_is_found_in_an_ending_and_in_either_script(reader: Reader) -> None:
    for asked_for in ("Цороеву", "Tsoroev"):
        finds(reader, asked_for)


def finds(reader: Reader, asked_for: str) -> None:
    """By the commands, or on the page of the search where no script runs."""
    page = reader.page
    if reader.scripts:
        page.keyboard.press("ControlOrMeta+k")
        page.get_by_role("combobox", name=reader.says("A page, an action, a code name or any words")).fill(asked_for)
        expect(page.locator("#palette [role=option]").first).to_contain_text(CASE)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("searchbox", name=reader.says("Search the book")).fill(asked_for)
        reader.presses("Find", page.locator("header"))
        reader.is_at("Search")
        found = page.locator("main .leaf").filter(has=page.get_by_role("heading", name=CASE))
        found.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile("/cases/"))
    expect(page.locator("main")).to_contain_text(CASE)
    assert "%" not in page.url


def test_a_sign_of_life_is_noted_in_two_actions_and_taken_back(reader: Reader) -> None:
    page, name = reader.page, reader.shared.waited_for()
    reader.goes("today")
    silent = reader.row_of(name, "missed")
    reader.presses("Heard from them: well", silent)
    reader.reads(".flash", "%(name)s: heard from, and well.", name=name)
    expect(silent).to_have_count(0)
    reader.presses("Undo", page.locator(".flash"))
    reader.reads(".flash", "Undone.")
    expect(silent).to_have_count(1)
    reader.presses("Heard from them: well", silent)
    reader.presses("Tomorrow, %(time)s")
    expect(silent).to_have_count(0)


def test_a_pasted_thread_is_a_request_in_three_presses(reader: Reader) -> None:
    page = reader.page
    reader.turns_to("Requests")
    reader.follows("Paste messages")
    reader.is_at("Put messages in")
    reader.writes("Messages, as they were copied", THREAD)
    reader.presses("Look at it")
    reader.is_at("Is this what was written?")
    expect(page.locator(".sub")).to_contain_text("Signal")
    for name, voice in (("Салман Хамзатов", "them"), ("Me", "us")):
        said = page.get_by_role("group", name=name).get_by_label(reader.says(voice), exact=True)
        expect(said).to_be_checked()
    reader.presses("Take down a request from it")
    reader.reads(".flash", "The request is taken down, with what was written.")
    expect(page.locator("#story")).to_contain_text(WRITTEN)
    assert "Хамзатов" not in page.content()


def test_words_for_outside_warn_of_a_name(reader: Reader) -> None:
    page = reader.page
    reader.goes(reader.shared.desk.path(reader.shared.desk.case))
    reader.follows("Make safe words of it for outside")
    reader.is_at("Words for outside")
    reader.writes("What you want to send or publish", "Мы помогли Цороеву уехать.")
    reader.presses("Look it over")
    one, many = "One thing in it may give someone away.", "%(num)s things in it may give someone away."
    expect(page.locator("#looked-over")).to_contain_text(reader.shared.speech.ngettext(one, many, 1))
    expect(page.locator("mark")).to_have_text(["Цороеву"])
    reader.writes("What you want to send or publish", FAMILY)
    reader.presses("Look it over")
    expect(page.locator("mark")).to_have_text([FAMILY])
    press = page.get_by_role("button", name=reader.says("Copy the words"))
    if reader.scripts:
        expect(press).to_be_disabled()
        page.get_by_label(reader.says("I have read these; copy it all the same")).check()
        expect(press).to_be_enabled()
    else:
        expect(press).to_be_hidden()
    reader.writes("What you want to send or publish", "A man is safe now.")
    reader.presses("Look it over")
    expect(page.locator("mark")).to_have_count(0)


def test_a_helper_gets_a_slip_and_it_is_listed_who_was_told(reader: Reader) -> None:
    page, case = reader.page, reader.shared.desk.path(reader.shared.desk.case)
    reader.goes(case)
    told = page.locator("#outside .line")
    before = told.count()
    reader.follows("Find an interpreter")
    reader.is_at("Helpers without a desk")
    reader.follows("Make a task slip", page.locator("#list .line").filter(has_text=HELPER))
    name = reader.box("Code name on the slip").input_value()
    assert name not in ("", CASE)
    reader.writes("Meeting point", SLIP_PLACE)
    reader.writes("When they meet", "18.5.2017 14:00")
    reader.writes("What the helper says", SLIP_PHRASE)
    reader.presses("Make this slip")
    reader.reads(".errors", "No consent covers this. Ask them first, or say why they were told without it.")
    reader.writes("Why it is right all the same", "He agreed by telephone.")
    reader.presses("Make this slip")
    reader.reads(".flash", "The slip is made. It is noted that the helper was told.")
    reader.presses("Show the slip")
    slip = page.locator(".slip")
    for words in (name, reader.says("You say"), SLIP_PLACE, SLIP_PHRASE):
        expect(slip).to_contain_text(words)
    assert SLIP_PLACE not in page.url
    reader.follows("Hide it again")
    reader.reads("#outside", "Who was told what")
    expect(told.filter(has_text=name)).to_have_count(1)
    expect(told).to_have_count(before + 2)
    assert SLIP_PLACE not in page.content()


def test_a_shared_screen_hides_the_story(reader: Reader) -> None:
    page, case = reader.page, reader.shared.desk.path(reader.shared.desk.case)
    reader.goes(case)
    plans = page.locator("#plans")
    expect(plans).to_contain_text(SUMMARY)
    reader.presses("Show code names only", page.locator("header"))
    reader.reads(".shared", "Screen-share: code names only")
    expect(page.locator("h1")).to_have_text(CASE)
    expect(plans).to_contain_text(reader.says("Plans"))
    assert SUMMARY not in page.content()
    assert page.title() == reader.says("Waystation")
    reader.presses("Show everything again", page.locator(".shared"))
    expect(plans).to_contain_text(SUMMARY)
    expect(page.locator(".shared")).to_have_count(0)


@pytest.mark.parametrize("reader", [WIDTHS["360 with scripts"]], indirect=True)
def test_three_presses_lock_and_keep_the_draft(reader: Reader) -> None:
    page = reader.page
    reader.goes(reader.shared.desk.path(reader.shared.desk.case))
    reader.follows("Write a note")
    reader.box("Note").press_sequentially(NOTE)
    for _ in range(3):
        page.keyboard.press("Escape")
    reader.unlocks()
    expect(reader.box("Note")).to_have_value(NOTE)
    reader.presses("Write the note down")
    expect(page.locator("#happened")).to_contain_text(NOTE)


def test_a_missed_check_in_rings_until_somebody_takes_it(reader: Reader) -> None:
    page, name = reader.page, reader.shared.waited_for()
    reader.goes("money")
    band = page.get_by_role("alert").locator("li").filter(has_text=name)
    expect(band).to_contain_text(reader.says("%(code_name)s needs you", code_name=name))
    if reader.scripts:
        expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    reader.presses("I take it", band)
    reader.is_at("Money")
    expect(band).to_contain_text(reader.says("quiet here for ten minutes"))
    reader.reads(".flash", "This desk stays quiet for ten minutes. Note the check-in when you know more.")
