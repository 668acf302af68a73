"""The pages of a desk that holds the keys of its role alone: they work, and know of nothing else."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from tests.desk.sitting import Sitting, sit_down, system
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted, added, asked, at, day, done
from tests.office.staffed import ROLES, Staffed, staffed

from waystation.assemble import terms
from waystation.ids import FolderId, FolderType, to_text
from waystation.office import casework, shelter, team
from waystation.records import Many
from waystation.records.values import Money

THEIRS, OTHERS, ASKED, PLACE = "Juniper Kettle", "Copper Meadow", "Slow Thimble", "Willow Anchor"
PAGES = (
    "today today?of=mine requests cases places routes sources sources/claims money figures helpers duty drafts help"
    " keys organisation organisation/history organisation/reveals organisation/readers organisation/hidden unsettled"
    " search palette figures/evacuated figures/abroad organisation/aside organisation/members safe-text"
).split()


@pytest.fixture
def staff(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Staffed]:
    with staffed(tmp_path, clock, randomness, terms()) as staff:
        _fill(staff)
        yield staff


def _fill(staff: Staffed) -> None:
    wren = staff.first
    office, ledger = wren.folder(FolderType.OFFICE), wren.folder(FolderType.LEDGER)
    route = added(wren, office, "route", destination="LT", pathway="humanitarian_visa", lead_days=21)
    place = casework.opened(done(wren, shelter.open_place(wren, {"code_name": PLACE, "beds": 3})))
    theirs = accepted(wren, asked(wren, code_name=THEIRS), caseworker=staff.desks["Caseworker"].member)
    others = accepted(wren, asked(wren, code_name=OTHERS, level="extreme", timeframe="now"))
    asked(wren, code_name=ASKED, level="high")
    for case in (theirs, others):
        added(wren, case, "note", body="Zanzibar is where he went.")
        added(wren, case, "evacuation", evacuated=day("2017-04-20"))
        added(wren, case, "application", route=route, filed=day("2017-05-02"))
        added(wren, case, "check_in", due=at(wren, 1))
        added(wren, case, "task", title="Ask the consulate", due=at(wren, 1), assignee=staff.desks["Caseworker"].member)
        added(
            wren, ledger, "expense", amount=Money(500, "EUR"), category="food", spent=day("2017-05-03"), for_case=case
        )
    added(wren, others, "stay", place=place, begins=day("2017-05-16"))
    helper = added(wren, office, "helper", code_name="Plain Otterbox", type=Many.of(["driver"]))
    added(wren, others, "told", "He agreed.", audience="helper", helper=helper, what="That somebody waits.")
    staff.share()


@pytest.fixture(params=ROLES)
def seated(
    request: pytest.FixtureRequest, staff: Staffed, clock: HeldClock, randomness: Seeded
) -> Iterator[tuple[str, Sitting]]:
    """A role, and its own desk."""
    desk = staff.desks[str(request.param).capitalize()]
    with sit_down(desk.home, clock, system(clock, randomness)) as sitting:
        sitting.session.open(desk)
        yield str(request.param), sitting


def test_every_page_works_without_what_is_not_theirs(seated: tuple[str, Sitting], staff: Staffed) -> None:
    role, sitting = seated
    unseen = {OTHERS, ASKED, PLACE} | ({THEIRS} if role != "caseworker" else set())
    shown: set[str] = set()
    for path in PAGES:
        answer = sitting.get(path)
        assert answer.status_code in (200, 303, 403), (role, path, answer.status_code)
        text = unescape(answer.text)
        assert [name for name in unseen if name in text] == [], (role, path)
        shown |= {name for name in (THEIRS,) if name in text}
    assert shown == ({THEIRS} if role == "caseworker" else set())
    found = unescape(sitting.post("search", {"q": "zanzibar"}).text)
    assert (THEIRS in found, OTHERS in found) == (role == "caseworker", False)


def test_the_address_of_a_case_that_is_not_theirs_leads_nowhere(seated: tuple[str, Sitting], staff: Staffed) -> None:
    role, sitting = seated
    rows = staff.first.reader.rows("SELECT folder FROM case_now WHERE code_name = ?", OTHERS)
    ((other,),) = rows
    path = f"cases/{to_text(other)}"
    for end in ("", "/readers", "/note/new", "/close", "/erase", "/readers/let-in", "/readers/emergency", "/give"):
        assert sitting.get(path + end).status_code == (404 if role == "caseworker" else 403), end
    said = sitting.post(f"{path}/note/new", {"body": "x", "written": "17.5.2017 14:00"})
    assert said.status_code == (404 if role == "caseworker" else 403)


def _case(staff: Staffed, name: str) -> FolderId:
    ((folder,),) = staff.first.reader.rows("SELECT folder FROM case_now WHERE code_name = ?", name)
    return FolderId(folder)


@pytest.fixture
def wren(staff: Staffed, clock: HeldClock, randomness: Seeded) -> Iterator[Sitting]:
    with sit_down(staff.first.home, clock, system(clock, randomness)) as sitting:
        sitting.session.open(staff.first)
        yield sitting


def test_a_colleague_is_let_in_and_taken_off(wren: Sitting, staff: Staffed) -> None:
    case, worker = _case(staff, OTHERS), staff.desks["Caseworker"].member
    path = f"cases/{to_text(case)}"
    assert "Let a colleague in" in wren.get(f"{path}/readers").text
    assert wren.post(f"{path}/readers/let-in", {}).status_code == 422
    form = {"member": to_text(worker), "reason": "Speaks his language."}
    assert wren.leads_to(wren.post(f"{path}/readers/let-in", form)) == f"{path}/readers"
    page = unescape(wren.get(path).text)
    assert "Let in: Caseworker" in page
    assert "Can read this from here on: Caseworker" in page
    assert "Speaks his language." in page
    assert "Caseworker" in unescape(wren.get("organisation/readers").text)

    assert wren.leads_to(wren.post(f"{path}/readers/take-off", {"member": to_text(worker)})) == f"{path}/readers"
    page = unescape(wren.get(path).text)
    assert "Taken off: Caseworker" in page
    assert "Cannot read what follows: Caseworker" in page
    assert [one.name for one in team.readership(staff.first, case, FolderType.CASE).past] == ["Caseworker"]
    assert "until 17 May 2017" in unescape(wren.get(f"{path}/readers").text)


def test_a_case_and_a_request_are_handed_over(wren: Sitting, staff: Staffed) -> None:
    worker = staff.desks["Caseworker"].member
    ((request,),) = staff.first.reader.rows("SELECT folder FROM request_now WHERE code_name = ?", ASKED)
    for path, field in (
        (f"cases/{to_text(_case(staff, OTHERS))}", "caseworker"),
        (f"requests/{to_text(request)}", "taken_by"),
    ):
        assert wren.get(f"{path}/give").status_code == 200
        assert wren.leads_to(wren.post(f"{path}/give", {field: to_text(worker)})) == f"{path}/readers"
        assert "Caseworker" in unescape(wren.get(f"{path}/readers").text)
        assert wren.post(f"{path}/give", {field: to_text(worker)}).status_code == 422


def test_emergency_access_needs_a_reason_and_says_when_it_ends(wren: Sitting, staff: Staffed) -> None:
    path, worker = f"cases/{to_text(_case(staff, OTHERS))}", staff.desks["Caseworker"].member
    form = {"member": to_text(worker), "reason": ""}
    refused = wren.post(f"{path}/readers/emergency", form)
    assert (refused.status_code, "Say why." in refused.text) == (422, True)
    wren.leads_to(wren.post(f"{path}/readers/emergency", {**form, "reason": "His caseworker was arrested."}))
    for where in ("", "/readers"):
        assert "Ends by itself 18 May 2017" in unescape(wren.get(path + where).text), where
    assert "Emergency access until 18 May 2017" in unescape(wren.get(path).text)
