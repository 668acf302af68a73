"""Every page and state in a real Chromium, English and Russian: axe finds nothing, nothing scrolls sideways.

Screenshots are kept: in English under the name of the page, in Russian with -ru. A page that is added is looked at
here, or `test_no_page_is_left_out` fails.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.routing import Route
from tests.desk.journeys.furnished import CASE, FAMILY, HANDLE, MASKED, MEETING, PHRASE, Furnished, furnished
from tests.desk.journeys.seen import Eye
from tests.desk.journeys.served import Served, served, watched
from tests.desk.journeys.walk import NO_PAGE, shape_of
from tests.desk.sitting import Steady, folder_of, founded, system
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked

from waystation.ids import FolderId, RecordId, to_text

pytestmark = pytest.mark.browser

LANGUAGES = {"en": "en-GB", "ru": "ru-RU"}
"""Code → what the browser asks for."""

THREAD = """[2017-05-17 09:30:12] Салман Хамзатов: Здравствуйте, мне нужна помощь. Меня ищут
[2017-05-17 09:31:00] Me: Вы сейчас в безопасном месте?
[2017-05-17 09:33:40] Салман Хамзатов: Пока да, до пятницы"""

LEFT_OUT = {
    "/sources/passages/{passage}": "leads on to the source",
    "/*/task/{record}/reopen": "asks as the other ways to open something again do",
    **dict.fromkeys(
        (
            "/join",
            "/join/waiting",
            "/removed",
            "/organisation/members/desk/{desk}",
            "/organisation/members/invited/{parcel}",
            "/organisation/members/{member}/remove",
        ),
        "takes two desks; test_joining_by_hand looks at it",
    ),
}
"""Shape of an address → why nobody looks at it."""


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Furnished, Served]]:
    """One desk for all that only looks."""
    clock, randomness = HeldClock(), Seeded("every page")
    path = tmp_path_factory.mktemp("every-page")
    with furnished(path, clock, randomness) as desk, served(desk.home, clock, randomness, desk.desk) as launched:
        yield desk, launched


@pytest.fixture
def changing(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Served]]:
    """A desk of a test's own, in which something is done."""
    with furnished(tmp_path, clock, randomness) as desk, served(desk.home, clock, randomness, desk.desk) as launched:
        yield desk, launched


@pytest.fixture(params=LANGUAGES)
def eye(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Eye]:
    """An eye on a page whose browser asks for a language."""
    with watched(chromium, locale=LANGUAGES[request.param]) as page:
        eye = Eye(page, "" if request.param == "en" else request.param)
        yield eye
        expect(page.locator("html")).to_have_attribute("lang", request.param)
    eye.is_satisfied()


def lists(desk: Furnished) -> dict[str, str]:
    """The parts of the book: full, narrowed, and narrowed to nothing."""
    return {
        "today": "today",
        "today-mine": "today?of=mine",
        "unsettled": "unsettled",
        "unsettled-one": "unsettled/one",
        "members": "organisation/members",
        "requests": "requests",
        "requests-ended": "requests?stage=ended",
        "requests-none": "requests?stage=new&level=low",
        "cases": "cases",
        "cases-filtered": "cases?stage=arrived",
        "cases-none": "cases?level=low&stage=granted",
        "cases-as-table": "cases?look=table&columns=code_name.stage.region.deadline.changed",
        "places": "places",
        "places-in-june": "places?month=2017-06",
        "routes": "routes",
        "routes-by-applied": "routes?sort=applied",
        "sources": "sources",
        "sources-claims": "sources/claims",
        "money": "money",
        "money-by-month": "money?month=2017-05&currency=USD",
        "figures": "figures",
        "figures-all": "figures?span=all",
        "figure": "figures/abroad",
        "helpers": "helpers",
        "helpers-for-a-case": f"helpers?for={to_text(desk.case)}",
        "helpers-none": "helpers?type=host",
        "referrals": "referrals",
        "duty": "duty",
        "drafts": "drafts",
        "organisation": "organisation",
        "history": "organisation/history",
        "history-of-files": "organisation/history?kind=file&from=2017-05-01&until=2017-05-17",
        "reveals": "organisation/reveals",
        "backup": "organisation/backup",
        "hidden": "organisation/hidden",
        "relay": "organisation/relay",
        "relay-compare": "organisation/relay/compare",
        "relay-era": "organisation/relay/era",
        "let-in-everywhere": "organisation/readers",
        "aside": "organisation/aside",
        "hidden-confirm": "organisation/hidden/confirm",
        "search-page": "search",
        "palette-page": "palette",
        "keys-page": "keys",
        "help": "help",
        "components": "components",
        "safe-text-empty": "safe-text",
    }


def leaves(desk: Furnished) -> dict[str, str]:
    """One thing of each kind that has a page of its own."""
    task, told, note, refused = (_first(desk, kind) for kind in ("task", "told", "note", "decision"))
    return {
        "request": desk.path(desk.request, "requests"),
        "request-ended": desk.path(desk.ended, "requests"),
        "case": desk.path(desk.case),
        "case-danger-only": f"{desk.path(desk.case)}?what=danger",
        "case-arrived": desk.path(desk.other_case),
        "case-readers": f"{desk.path(desk.case)}/readers",
        "place": desk.path(desk.place, "places"),
        "place-exposed": desk.path(desk.exposed, "places"),
        "route": f"routes/{to_text(desk.route)}",
        "campaign": f"money/campaigns/{to_text(desk.campaign)}",
        "source-without-text": f"sources/{to_text(desk.source)}",
        "source-with-text": f"sources/{to_text(desk.text)}",
        "claim-alone": f"sources/claims/{to_text(desk.claim)}",
        "helper": f"helpers/{to_text(desk.helper)}",
        "person": desk.record("person", desk.person),
        "risk": desk.record("risk_assessment", desk.risk),
        "application": desk.record("application", desk.application),
        "decision": desk.record("decision", refused),
        "talk": desk.record("conversation", desk.conversation),
        "photograph": desk.record("file", desk.photograph),
        "working-copy": desk.record("file", desk.working_copy),
        "told": desk.record("told", told),
        "struck-note": desk.record("note", desk.struck, desk.other_case),
        "task": desk.record("task", task),
        "safe-text-of-a-note": desk.record("note", note) + "/safe-text",
        "partner": f"office/partner/{to_text(desk.partner)}",
        "partner-card": f"referrals/cards/{to_text(desk.card)}",
        "referral": desk.record("referral", desk.referral),
        "received-referral": desk.record("received_referral", desk.received, desk.request, "requests"),
        "as-it-came": desk.record("received_referral", desk.received, desk.request, "requests") + "/as-it-came",
        "packet-gone": desk.record("referral", desk.referral) + "/packet",
        "answer-packet-gone": desk.record("received_referral", desk.received, desk.request, "requests") + "/packet",
    }


def forms(desk: Furnished) -> dict[str, str]:
    """What is filled in."""
    case = desk.path(desk.case)
    return {
        "form-request": "requests/new",
        "form-roles": f"organisation/members/{to_text(desk.desk.member)}/roles",
        "form-person": desk.record("person", desk.person) + "/edit",
        "form-conflict": desk.record("risk_assessment", desk.risk) + "/edit",
        "form-risk": f"{case}/risk_assessment/new",
        "form-stay": f"{case}/stay/new",
        "form-leg": f"{case}/leg/new",
        "form-file": f"{case}/file/new",
        "form-messages": "messages/new",
        "form-messages-of-a-case": f"{case}/messages",
        "form-slip": f"{case}/task_slip/new",
        "form-told": f"{case}/told/new",
        "form-place": "places/new",
        "form-source": "sources/new",
        "form-said": "sources/said",
        "form-look-over": f"sources/{to_text(desk.text)}/left-out",
        "form-mark": f"sources/{to_text(desk.text)}/mark?passage={to_text(desk.passage)}",
        "form-helper": "office/helper/new",
        "form-refer": f"{case}/refer",
        "form-refer-to": f"{case}/refer?partner={to_text(desk.partner)}",
        "form-answer": desk.record("received_referral", desk.received, desk.request, "requests") + "/answer",
        "form-expense": "ledger/expense/new",
        "passphrase": "organisation/passphrase",
    }


def questions(desk: Furnished) -> dict[str, str]:
    """What is asked before something is done."""
    case, request = desk.path(desk.case), desk.path(desk.request, "requests")
    task = desk.record("task", _first(desk, "task"))
    arrival = desk.record("arrival", desk.arrival, desk.other_case)
    return {
        "triage": f"{request}/triage",
        "accept": f"{request}/accept",
        "end": f"{request}/end",
        "join": f"{request}/join",
        "one-case": f"{request}/one-case",
        "reopen-request": f"{desk.path(desk.ended, 'requests')}/reopen",
        "close": f"{case}/close",
        "reopen-case": f"{case}/reopen",
        "alarm": f"{case}/alarm",
        "note-check-in": desk.record("check_in", desk.check_in) + "/note",
        "note-leg": desk.record("leg", desk.leg) + "/note",
        "leave": desk.record("stay", desk.stay) + "/leave",
        "finish": f"{task}/finish",
        "confirm-arrival": f"{arrival}/confirm",
        "withdraw": desk.record("consent", desk.consent) + "/withdraw",
        "slip-asked-about": desk.record("task_slip", desk.slip) + "/slip",
        "slip-destroyed": desk.record("task_slip", desk.slip) + "/destroyed",
        "call-off": desk.record("journey", desk.journey) + "/call-off",
        "withdraw-referral": desk.record("referral", desk.referral) + "/withdraw",
        "expose": desk.path(desk.place, "places") + "/expose",
        "strike-out": f"{task}/strike",
        "take-out": desk.record("file", desk.file) + "/download",
        "take-out-working-copy": desk.record("file", desk.working_copy) + "/download",
        "erase": f"{case}/erase",
        "let-in": f"{case}/readers/let-in",
        "let-in-for-a-day": f"{case}/readers/emergency",
        "give": f"{request}/give",
    }


def _first(desk: Furnished, kind: str) -> RecordId:
    """The first record of a kind in the case."""
    return next(RecordId(one) for one in desk.desk.tables.facts(desk.case, frozenset((kind,)))[kind])


def walk(eye: Eye, launched: Served, pages: Mapping[str, str]) -> None:
    """Looks at pages: name of the screenshot → address."""
    page = eye.page
    for name, path in pages.items():
        answer = page.goto(launched.root + path)
        assert answer is not None
        assert answer.status == 200, path
        eye.look(name)
        seen = page.content()
        assert [words for words in MASKED if words in seen] == [], name


def test_lists(eye: Eye, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    walk(eye, launched, lists(desk))


def test_leaves(eye: Eye, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    walk(eye, launched, leaves(desk))


def test_forms_and_questions(eye: Eye, there: tuple[Furnished, Served]) -> None:
    desk, launched = there
    walk(eye, launched, forms(desk) | questions(desk))


def test_no_page_is_left_out(there: tuple[Furnished, Served]) -> None:
    """Every route that answers a page is looked at above; one that is not there any more is not waited for either."""
    desk, launched = there
    routes = [route for route in launched.app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    pages = [route for route in routes if route.path != "/" and not route.path.startswith(NO_PAGE[1:])]
    seen: set[str] = set()
    for path in (lists(desk) | leaves(desk) | forms(desk) | questions(desk)).values():
        route = next(route for route in pages if route.path_regex.match("/" + path.partition("?")[0]))
        seen.add(anywhere(route.path))
    assert {anywhere(route.path) for route in pages} - seen == LEFT_OUT.keys()


def anywhere(path: str) -> str:
    """A route's path, the same for every root that such a page stands under."""
    return re.sub(r"^/(?:requests|cases|places)/\{folder\}/", "/*/", shape_of(path))


# ── What is answered ──


def post(page: Page, launched: Served, path: str, **fields: str) -> None:
    """Sends what a form of the pages would send; in every language alike."""
    with page.expect_navigation():
        page.evaluate(
            """([action, fields]) => {
              const form = document.createElement('form');
              Object.assign(form, {method: 'post', action});
              for (const [name, value] of Object.entries(fields)) {
                const input = document.createElement('input');
                Object.assign(input, {type: 'hidden', name, value});
                form.append(input);
              }
              document.body.append(form);
              form.submit();
            }""",
            [launched.root + path, fields],
        )


def test_what_is_refused_and_found(eye: Eye, changing: tuple[Furnished, Served]) -> None:
    desk, launched = changing
    page, case = eye.page, desk.path(desk.case)
    page.goto(launched.root + "today")

    post(
        page,
        launched,
        f"{case}/risk_assessment/new",
        level="",
        timeframe="",
        reasons="He was followed.",
        review="the day after never",
    )
    expect(page.locator(".errors li")).to_have_count(3)
    expect(page.locator("#f-reasons")).to_have_value("He was followed.")
    expect(page.locator("#f-review")).to_have_value("the day after never")
    eye.look("errors")
    post(page, launched, "requests/new", story="They came.", people="many", level="terrible", received="31.2.2017")
    expect(page.locator(".errors")).to_be_visible()
    eye.look("errors-request")
    post(page, launched, "messages/new", pasted=THREAD)
    expect(page.locator("main")).to_contain_text("Signal")
    eye.look("messages-preview")
    post(page, launched, "messages/new", pasted="\u202e \u0007")
    eye.look("messages-none")
    post(page, launched, "safe-text", text=f"We met {FAMILY} ({HANDLE}), called {CASE}.")
    expect(page.locator("mark")).to_have_count(3)
    eye.look("safe-text-findings")
    post(page, launched, "search", q="Цороев")
    expect(page.locator("main h2").first).to_have_text(CASE)
    eye.look("search")
    post(page, launched, "search", q="nothing like it")
    eye.look("search-nothing")
    post(page, launched, "palette", q="junip")
    eye.look("palette-found")
    post(page, launched, "places", people="2")
    eye.look("places-for-two")
    post(page, launched, "together/cases", row=to_text(desk.case), do="task")
    eye.look("together")
    post(page, launched, "drafts/drop", draft="nothing")
    eye.look("drafts-dropped")
    page.goto(f"{launched.root}cases/nowhere")
    eye.look("no-such-page")
    assert MEETING not in page.content()


def test_what_is_done_and_undone(eye: Eye, changing: tuple[Furnished, Served]) -> None:
    desk, launched = changing
    page, case = eye.page, desk.path(desk.case)
    page.goto(launched.root + case)

    masked = desk.record("person", desk.person) + "/reveal/family_name"
    post(page, launched, f"{masked}?page={case}", reason="To book a ticket", refs="")
    expect(page.locator(".revealed")).to_have_text("Tsoroev")
    eye.look("revealed")
    page.goto(launched.root + case)
    page.locator("button[name=keep]").first.click()
    expect(page.locator(".flash")).to_be_visible()
    expect(page.locator(".clash")).to_have_count(0)
    eye.look("settled")
    post(page, launched, desk.record("note", _first(desk, "note")) + "/strike")
    expect(page.locator(".flash form")).to_be_visible()
    eye.look("struck-out")
    page.locator(".flash form button").click()
    expect(page.locator(".timeline s")).to_have_count(0)
    eye.look("undone")

    slip = desk.record("task_slip", desk.slip) + "/slip"
    post(page, launched, slip)
    expect(page.locator(".slip")).to_contain_text(MEETING)
    expect(page.locator(".slip")).to_contain_text(PHRASE)
    eye.look("slip")
    eye.print("slip-printed")
    page.goto(launched.root + case)
    eye.print("case-printed")

    request = asked(desk.desk, code_name="Copper Thistle")
    post(page, launched, "undo", save=_save_of(desk, request))
    expect(page.locator(".flash")).to_be_visible()
    page.goto(launched.root + desk.path(request, "requests"))
    eye.look("struck-request")
    post(page, launched, "undo", save=_save_of(desk, desk.case))
    eye.look("undo-refused")


def _save_of(desk: Furnished, folder: FolderId) -> str:
    """The save with which a folder began."""
    ((save,),) = desk.desk.reader.rows("SELECT save FROM history WHERE folder = ? ORDER BY position LIMIT 1", folder)
    assert isinstance(save, bytes)
    return to_text(save)


def test_what_opens_over_a_page(eye: Eye, changing: tuple[Furnished, Served]) -> None:
    desk, launched = changing
    page = eye.page
    page.goto(launched.root + "today")

    page.keyboard.press("ControlOrMeta+k")
    expect(page.locator("#palette [role=option]").first).to_be_visible()
    eye.look("palette-dialog")
    page.keyboard.type("Цоро")
    expect(page.locator("#palette [role=option]").first).to_contain_text(CASE)
    eye.look("palette-dialog-found")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#palette")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("dialog#keys table").first).to_be_visible()
    eye.look("keys-dialog")
    page.keyboard.press("Escape")
    page.locator("#search").press_sequentially("Цороеву")
    expect(page.locator(".search [role=option]").first).to_contain_text(CASE)
    eye.look("search-dropdown")

    steady = launched.session.monotonic_ms
    assert isinstance(steady, Steady)
    with launched.session._gate:
        steady.pass_s(25 * 3600)
        launched.session.touch()
        launched.session._looked_ms = None
    for name in ("money", "today"):
        page.goto(launched.root + name)
        expect(page.get_by_role("alert")).to_contain_text(CASE)
        eye.look(f"ringing-{name}")

    page.locator(".share button").click()
    expect(page.locator(".shared")).to_be_visible()
    shared = {"cases": "cases", "case": desk.path(desk.case), "source": f"sources/{to_text(desk.text)}"}
    shared |= {"form": desk.record("risk_assessment", desk.risk) + "/edit", "history": "organisation/history"}
    for name, path in shared.items():
        page.goto(launched.root + path)
        eye.look(f"sharing-{name}")
    post(page, launched, desk.record("person", desk.person) + "/reveal/family_name", refs="")
    eye.look("sharing-refused")

    page.locator(".lock button").click()
    expect(page.locator("#f-passphrase")).to_be_visible()
    eye.look("locked")
    post(page, launched, "unlock", passphrase="not this one")
    expect(page.locator(".error")).to_be_visible()
    eye.look("locked-refused")


def test_empty_pages_say_what_to_do_first(eye: Eye, tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    home = folder_of(tmp_path)
    founded(home, system(clock, randomness))
    page = eye.page
    with served(home, clock, randomness) as launched:
        page.goto(launched.root + "locked")
        post(page, launched, "unlock", passphrase=launched.passphrase)
        for name in ("today", "requests", "cases", "places", "routes", "sources", "sources/claims", "money", "figures"):
            page.goto(launched.root + name)
            eye.look(f"empty-{name.replace('/', '-')}")
            if name not in ("today", "figures"):
                expect(page.locator(".empty .button")).to_be_visible()
        for name in ("helpers", "duty", "drafts", "organisation", "organisation/history", "organisation/reveals"):
            page.goto(launched.root + name)
            eye.look(f"empty-{name.replace('/', '-')}")
