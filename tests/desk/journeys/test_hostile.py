"""Hostile content in every field of every kind, on every page: it stays words, and the pages stay as they are.

What the records refuse at the door is tried at the door, and told in words that say what to do.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, Page
from starlette.routing import Route
from tests.desk.journeys.hostile import CALCULATED, RUNS, Hostile, hostile
from tests.desk.journeys.seen import WIDER, axe
from tests.desk.journeys.served import Served, served, watched
from tests.desk.journeys.walk import NO_PAGE, Seen, addresses, shape_of
from tests.desk.sitting import Sitting, sit_down, system
from tests.ground.seeded import HeldClock, Seeded

from waystation.errors import BadInput
from waystation.ids import to_text
from waystation.records import REGISTRY
from waystation.records.check import check
from waystation.records.fields import MARKS_MAX, TextField

HALVES = 2
"""The pages are looked at in so many parts, side by side."""

DRAWN = re.compile(rb"<svg[^<>]*>\s*<path[^<>]*/>\s*</svg>\s*")

DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hostile, HeldClock, Seeded]]:
    clock, randomness = HeldClock(), Seeded("hostile")
    with hostile(tmp_path_factory.mktemp("hostile"), clock, randomness) as desk:
        yield desk, clock, randomness


@pytest.fixture(scope="module")
def sitting(there: tuple[Hostile, HeldClock, Seeded]) -> Iterator[Sitting]:
    desk, clock, randomness = there
    home = desk.furnished.home
    with sit_down(home, clock, system(clock, randomness)) as sitting:
        sitting.session.open(desk.furnished.desk)
        yield sitting


@pytest.fixture(scope="module")
def pages(there: tuple[Hostile, HeldClock, Seeded], sitting: Sitting) -> list[Seen]:
    """Every page of the desk as it is answered, without a browser."""
    found: list[Seen] = []
    for path, shape, kind in every_address(there[0], sitting):
        answer = sitting.get(path)
        assert answer.status_code in (200, 303, 403, 404), (path, answer.status_code)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            found.append(Seen(path, shape, kind, answer.text))
    return found


def every_address(desk: Hostile, sitting: Sitting) -> Iterator[tuple[str, str, str]]:
    """Address, shape and kind of each page of each hostile record, and of those of no record."""
    there = desk.furnished
    for route in sitting.app.router.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()) or route.path == "/":
            continue
        if not route.path.startswith(NO_PAGE[1:]):
            for path in addresses(route, desk.book):
                match = route.path_regex.match("/" + path)
                yield path, shape_of(route.path), str(match.groupdict().get("kind", "")) if match else ""
    for folder, root in ((there.other_case, "cases"), (there.ended, "requests"), (there.exposed, "places")):
        yield there.path(folder, root), f"/{root}/{{folder}}", "long"
    for query in ("cases?look=table&columns=code_name.stage.region.route.caseworker", "history?kind=note"):
        path = query if query.startswith("cases") else f"organisation/{query}"
        yield path, "/" + path.partition("?")[0], "narrowed"


def is_drawn(source: str) -> bool:
    """Whether an image is a QR code that holds itself: one path, and nothing that runs or leads anywhere."""
    lead = "data:image/svg+xml;base64,"
    return source.startswith(lead) and bool(DRAWN.fullmatch(b64decode(source.removeprefix(lead))))


class Markup(HTMLParser):
    """What a page is made of: its elements, what they call, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.words: list[str] = []
        self.title = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside.append(tag)
        given = dict(attrs)
        for name, value in given.items():
            leads = name in ("href", "src", "action", "formaction", "hx-get", "hx-post")
            if name.startswith("on") or name == "style" or (leads and "script:" in (value or "").casefold()):
                self.wrong.append(f"<{tag} {name}={value}>")
            if leads and value and not value.startswith(("/", "#", "data:image/svg")):
                self.wrong.append(f"<{tag} {name}={value}> leads away")
        source = given.get("src") or ""
        ours = "/static/" in source or (tag == "img" and is_drawn(source))
        if tag in ("iframe", "object", "embed", "base", "style") or (tag in ("script", "img") and not ours):
            self.wrong.append(f"<{tag}> that is not ours: {attrs}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._inside and self._inside[-1] == "title" and not self.title:
            self.title = data


def test_no_page_holds_markup_of_theirs(pages: list[Seen]) -> None:
    wrong: list[str] = []
    told: set[str] = set()
    for page in pages:
        markup = Markup(page.html)
        words = "".join(markup.words)
        wrong += [f"{page.path}: {one}" for one in markup.wrong]
        if CALCULATED in words or "&lt;" in words.replace("&lt;b&gt;", ""):
            wrong.append(f"{page.path}: calculated, or escaped twice")
        if RUNS in markup.title or "W" * 20 in markup.title or DIRECTION.search(markup.title):
            wrong.append(f"{page.path}: title {markup.title!r}")
        if f"<script>{RUNS}</script>" in words:
            told.add(page.shape)
    assert wrong == []
    # The words are there, as they were written; a page that left them out would prove nothing.
    assert told >= {"/cases/{folder}", "/requests/{folder}", "/places/{folder}", "/*/{kind}/{record}", "/organisation"}


def test_a_name_is_isolated_where_it_stands_among_other_words(pages: list[Seen]) -> None:
    """Words from the right, and marks that turn the writing, end with the element that holds a name."""
    bare = [
        f"{page.path}: {found[0]}"
        for page in pages
        for found in re.finditer(r'<\w+[^>]*class="code-name"[^>]*>(?!<bdi>).{60}', page.html, re.DOTALL)
        if "&lt;" in found[0] or "WWW" in found[0]
    ]
    assert bare == []
    heads = [page.html for page in pages if page.shape in ("/cases/{folder}", "/requests/{folder}", "/places/{folder}")]
    assert [head for head in heads if not re.search(r"<h1>(<s>)?<bdi>", head)] == []


def test_what_is_revealed_stays_words_too(there: tuple[Hostile, HeldClock, Seeded], sitting: Sitting) -> None:
    wrong: list[str] = []
    seen = 0
    for one in there[0].book:
        root = {"case": "cases", "request": "requests", "place": "places"}.get(one.folder_type.value)
        where = f"{root}/{to_text(one.folder)}" if root else one.folder_type.value
        for name, field in REGISTRY[one.kind].fields.items():
            if not (field.is_masked and isinstance(field, TextField)):
                continue
            asking = f"{where}/{one.kind}/{to_text(one.record)}/reveal/{name}"
            answer = sitting.post(asking, {"refs": "", "reason": RUNS})
            page = sitting.get(sitting.leads_to(answer).partition("#")[0])
            seen += 'class="revealed"' in page.text
            wrong += [f"{one.kind} {name}: {what}" for what in Markup(page.text).wrong]
    assert wrong == []
    assert seen > 10


def test_no_cell_of_an_export_is_a_formula(sitting: Sitting) -> None:
    answer = sitting.post("figures/csv", {"span": "all"})
    assert answer.status_code == 200
    cells = [cell.strip('"') for line in answer.text.splitlines() for cell in line.split(",")]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@"))] == []


# ── In a browser ──


@pytest.fixture(scope="module")
def launched(there: tuple[Hostile, HeldClock, Seeded]) -> Iterator[Served]:
    desk, clock, randomness = there
    with served(desk.furnished.home, clock, randomness, desk.furnished.desk) as launched:
        yield launched


@pytest.mark.browser
@pytest.mark.parametrize("half", range(HALVES))
def test_nothing_runs_and_nothing_breaks_out(chromium: Browser, pages: list[Seen], launched: Served, half: int) -> None:
    """One page of each shape, and of each kind its record."""
    chosen = one_of_each(pages)[half::HALVES]
    wrong: list[str] = []
    ruled: set[str] = set()
    with watched(chromium) as page:
        page.on("dialog", lambda dialog: wrong.append(f"{page.url}: {dialog.message}"))
        page.expose_function("hostile", lambda: wrong.append(f"{page.url}: something ran"))
        page.set_viewport_size({"width": 360, "height": 900})
        for one in chosen:
            answer = page.goto(launched.root + one.path)
            assert answer is not None
            assert answer.status == 200, one.path
            # Two kinds of one shape are made of the same markup; each is looked at for its length.
            wrong += [f"{one.path}: {what}" for what in broken(page, rules=one.shape not in ruled)]
            ruled.add(one.shape)
        assert page.evaluate("typeof window.hostile") == "function"
    assert wrong == []


def one_of_each(pages: list[Seen]) -> list[Seen]:
    """The pages that a browser looks at: forms differ by their kinds only in what a kind declares."""
    chosen: dict[tuple[str, str], Seen] = {}
    for page in pages:
        by_kind = page.shape in ("/*/{kind}/{record}", "/*/{kind}/{record}/edit") or page.kind in ("long", "narrowed")
        chosen.setdefault((page.shape, page.kind if by_kind else ""), page)
    return list(chosen.values())


def broken(page: Page, *, rules: bool) -> Iterator[str]:
    """What is wrong with the page, narrow and wide.

    Args:
        rules: whether axe looks at it too.
    """
    if page.evaluate(SIDEWAYS):
        yield f"scrolls sideways at 360 {page.evaluate(WIDER)}"
    # Colours do not depend on what is written; the other pages were looked at for them.
    if rules:
        yield from axe(page, without=("color-contrast",))
    page.set_viewport_size({"width": 1280, "height": 900})
    if page.evaluate(SIDEWAYS):
        yield f"scrolls sideways at 1280 {page.evaluate(WIDER)}"
    page.set_viewport_size({"width": 360, "height": 900})


SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


# ── At the door ──

REFUSED: Sequence[tuple[str, str]] = (
    ("a\u202eb", "direction_controls"),
    ("\u2066a\u2069", "direction_controls"),
    ("a\u0000b", "control_characters"),
    ("a\u001b[31mb", "control_characters"),
    ("a\ufeffb", "control_characters"),
    ("a\u2028b", "control_characters"),
    ("a" + "\u0301" * (MARKS_MAX + 1), "piled_marks"),
    (" \u00a0 ", "empty"),
)


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_what_no_writing_needs_is_refused_in_every_text(text: str, code: str) -> None:
    for kind, spec in REGISTRY.items():
        for name, field in spec.fields.items():
            if isinstance(field, TextField):
                with pytest.raises(BadInput) as refused:
                    check(spec, {name: text})
                assert refused.value.problems[name].code == code, (kind, name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("They came \u202eback", "Type it anew; ordinary right-to-left writing is welcome."),
        ("They came \u0007 back", "Type it anew, or paste it as plain text."),
        ("a" + "\u0301" * (MARKS_MAX + 1), "Type it anew."),
        ("x" * 8001, "Attach longer text as a file."),
    ],
)
def test_the_page_says_what_to_do_and_keeps_what_was_typed(
    there: tuple[Hostile, HeldClock, Seeded], sitting: Sitting, text: str, told: str
) -> None:
    before = there[0].furnished.desk.book.position
    answer = sitting.post("requests/new", {"story": text, "received": "17.5.2017 14:30"})
    assert answer.status_code == 422
    assert told in answer.text
    assert 'href="#f-story"' in answer.text
    assert text.replace("\u0007", "") in answer.text.replace("\u0007", "")
    assert there[0].furnished.desk.book.position == before
