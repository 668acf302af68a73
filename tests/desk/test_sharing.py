"""While others see the screen, nothing that somebody wrote is on any page but code names."""

import re
from html import escape
from html.parser import HTMLParser

import pytest
from tests.desk.journeys.furnished import CASE, FAMILY, PLACE, Furnished
from tests.desk.journeys.walk import complete, everything, walk
from tests.desk.sitting import Sitting

from waystation.desk import sharing
from waystation.desk.i18n import language
from waystation.desk.sharing import Veiled
from waystation.ids import to_text
from waystation.records import REGISTRY, Amount, Day, Save, Value, Write, seen
from waystation.records.fields import DayField, NumberField, TextField

BIRD = "Kanarienvogel"
"""Begins each text that must not be seen."""

KEPT = frozenset(("code_name", "recovery", "filters", "time_zone", "sha256"))
"""Texts that are no words of a person: the code names themselves, and what programs read."""


def bird(kind: str, field: str) -> str:
    return f"{BIRD} {kind.replace('_', '')} {field.replace('_', '')}"


def birds(desk: Furnished) -> int:
    """Writes one into every text of every record, and into the words of every day and number. Returns how many."""
    count = 0
    for one in everything(desk.desk):
        fields: dict[str, Value | None] = {}
        for name, spec in REGISTRY[one.kind].fields.items():
            if name in KEPT or spec.hidden:
                continue
            if isinstance(spec, TextField):
                fields[name] = bird(one.kind, name)[: spec.max_chars]
            elif isinstance(spec, DayField):
                fields[name] = Day("2017-05-01", "2017-05-20", bird(one.kind, name))
            elif isinstance(spec, NumberField):
                fields[name] = Amount.of(2, 3, bird(one.kind, name))
        if fields:
            state = desk.desk.state(one.folder, one.kind, one.record)
            write = Write(one.folder, one.folder_type, one.kind, one.record, fields, seen(state, list(fields)))
            desk.desk.save(Save((write,)))
            count += len(fields)
    return count


def share(sitting: Sitting, on: bool = True) -> None:
    sitting.leads_to(sitting.post("screen-share", {"on": "1" if on else "0", "back": "today"}))


def test_no_page_shows_what_was_written(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    complete(desk)
    assert birds(desk) > 100
    open_ = walk(sitting.get, sitting.root, sitting.app.router.routes, desk)
    assert sum(BIRD in page.html for page in open_.pages) > 40
    share(sitting)
    shared = walk(sitting.get, sitting.root, sitting.app.router.routes, desk)
    assert len(shared.pages) > len(open_.pages) * 0.8
    seen_birds = {
        page.path: sorted(set(re.findall(rf".{{0,60}}{BIRD}[^<]{{0,40}}", page.html)))[:3] for page in shared.pages
    }
    assert {path: found for path, found in seen_birds.items() if found} == {}
    marks = (sharing._BEGIN, sharing._END)
    assert [page.path for page in shared.pages if any(mark in page.html for mark in marks)] == []
    titles = {found[1] for page in shared.pages if (found := re.search(r"<title>(.*?)</title>", page.html))}
    assert titles == {"Waystation"}
    assert sum(CASE in page.html for page in shared.pages) > 5


def test_code_names_labels_days_and_numbers_stay(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    share(sitting)
    page = sitting.get(desk.path(desk.case)).text
    for words in (CASE, PLACE, "Extreme risk", "17 May 2017", "Lithuania", "Screen-share: code names only"):
        assert words in page, words
    assert "veiled" in page
    share(sitting, on=False)
    assert "veiled" not in sitting.get(desk.path(desk.case)).text


def test_nothing_masked_is_shown_and_no_look_is_recorded(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    asking = f"{desk.record('person', desk.person)}/reveal/family_name?page={desk.path(desk.case)}"
    shown = sitting.leads_to(sitting.post(asking)).partition("#")[0]
    assert FAMILY in sitting.get(shown).text
    share(sitting)
    assert FAMILY not in sitting.get(shown).text
    before = desk.desk.book.position
    refused = sitting.post(asking)
    assert refused.status_code == 403
    assert "Others can see this screen" in refused.text
    assert "Your role" not in refused.text
    assert sitting.post(desk.record("file", desk.file) + "/download", {"words": "To look"}).status_code == 403
    assert desk.desk.book.position == before


def test_it_outlives_a_lock(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    share(sitting)
    desk.desk.screen_shared = False
    sitting.session.open(desk.desk)
    assert desk.desk.screen_shared
    assert "veiled" in sitting.get(desk.path(desk.case)).text


class _Inputs(HTMLParser):
    """What a browser would send of a form that nobody has touched."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or self._list, given.get("value") or ""
        if "disabled" in given or not name:
            return
        if tag == "select":
            self._list = name
        elif (tag == "option" and "selected" in given) or (
            tag == "input" and (given.get("type") not in ("radio", "checkbox") or "checked" in given)
        ):
            self.sent.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._list = ""


def sends(page: str) -> dict[str, list[str]]:
    inputs = _Inputs()
    inputs.feed(page)
    return inputs.sent


def test_a_form_keeps_what_it_does_not_show(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    path = f"{desk.path(desk.request, 'requests')}/request/{to_text(desk.request)}/edit"
    before = desk.desk.tables.shown(desk.request, "request", desk.request)
    assert before is not None
    share(sitting)
    page = sitting.get(path).text
    area = re.search(r'<textarea[^>]*name="story"[^>]*>', page)
    assert area
    assert "disabled" in area[0]
    sent = sends(page.partition("<main")[2])
    assert "story" not in sent
    sitting.leads_to(sitting.post(path, {**sent, "people": "3"}))
    after = desk.desk.tables.shown(desk.request, "request", desk.request)
    assert after is not None
    assert after["people"] == 3
    assert {name: value for name, value in after.items() if before.get(name) != value} == {"people": 3}


def test_a_form_that_was_refused_is_kept_and_not_shown(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    share(sitting)
    form = f"{desk.path(desk.case)}/risk_assessment/new"
    answer = sitting.post(form, {"reasons": f"{BIRD} in the yard", "review": "never", "form_address": form})
    assert answer.status_code == 422
    assert BIRD not in answer.text
    assert "kept as a draft" in answer.text
    assert sitting.leads_to(sitting.post("screen-share", {"on": "0", "back": form})) == f"{form}?draft=1"
    assert BIRD in sitting.get(f"{form}?draft=1").text


def test_search_shows_code_names(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    share(sitting)
    page = sitting.post("search", {"q": "Цороев"}).text
    assert CASE in page
    assert "Цороев" not in page
    part = sitting.post("search", {"q": "Цороев", "typing": "1"}).text
    assert CASE in part
    assert FAMILY not in part


NAMES = frozenset(("Juniper Kettle",))


@pytest.fixture
def veiled() -> Veiled:
    english = language("en")
    return Veiled(english.code, english.translations, english.locale, is_code_name=NAMES.__contains__)


def drawn(html: str) -> str:
    return sharing.draw(html, "hidden").html


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Juniper Kettle", "Juniper Kettle"),
        ("Zelimkhan", "#"),
        ("Juniper Kettle · Zelimkhan", "Juniper Kettle · #"),
        ("Yes, Juniper Kettle (12)", "Yes, Juniper Kettle (12)"),
        ("+7 999 000 11 22", "# #"),
        ("Pylimo 14, 22", "#, #"),
        ("2017-05-17", "2017-05-17"),
        ("120", "120"),
        ("12045", "#"),
        ("", ""),
        (f"{sharing._END}Zelimkhan{sharing._BEGIN}", "#"),
    ],
)
def test_what_is_not_known_is_hidden(veiled: Veiled, text: str, left: str) -> None:
    veiled.gettext("Yes")
    shown = drawn(veiled.veil(text))
    assert re.sub(r'<span class="veiled">.*?</span></span>', "#", shown) == left


def test_a_sentence_hides_its_places(veiled: Veiled) -> None:
    told = veiled.gettext("%(a)s waits for %(b)s", a="Juniper Kettle", b="Zelimkhan")
    assert veiled.veil(told) == told
    assert "Zelimkhan" in told
    assert "Zelimkhan" not in drawn(f"<p>{told}</p><p title='{told}'></p><option>{told}</option>")


def test_surroundings_stay_well_formed(veiled: Veiled) -> None:
    hidden = escape(veiled.veil('Zelimkhan "of" <b>Roshni</b>'))
    html = drawn(f'<title>{hidden}</title><a href="x" aria-label="{hidden}" class="a-{veiled.veil("b")}">{hidden}</a>')
    assert html.startswith("<title>hidden</title>")
    assert 'aria-label="hidden" class="a-b"' in html
    assert html.count("veiled") == 1
