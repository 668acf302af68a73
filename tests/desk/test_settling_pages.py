"""What two desks wrote unawares, through the pages: shown where it stands, settled in one press, without scripts."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from tests.desk.journeys.furnished import CASE, Furnished
from tests.desk.sitting import Sitting
from tests.ground.seeded import Seeded
from tests.office.kit import accepted, added, asked, day, done
from tests.views.apart import NOON, Other

from waystation.ids import FolderId, RecordId, to_text
from waystation.office import casework, shelter
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import Value
from waystation.views import contradictions
from waystation.views.case import conflicts


@pytest.fixture
def other(sitting: Sitting, desk: Desk, tmp_path: Path, randomness: Seeded) -> Iterator[Other]:
    found = Other(desk, tmp_path, randomness)
    yield found
    found.close()


def page(sitting: Sitting, path: str) -> str:
    answer = sitting.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return unescape(answer.text)


def house(desk: Desk) -> FolderId:
    return casework.opened(done(desk, shelter.open_place(desk, {"beds": 1, "opened": day("2017-01-01")})))


# ── Fields ──


def test_a_field_in_doubt_says_so_wherever_it_stands(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    record = desk.record("risk_assessment", desk.risk)
    for path in (desk.path(desk.case), record, f"{record}/edit", "unsettled", "unsettled/one"):
        shown = page(sitting, path)
        assert "ritten differently at two desks" in shown, path
        assert "Medium risk" in shown, path
        assert "Extreme risk" in shown or "High risk" in shown, path
    assert "the more dangerous one: it counts until this is settled" in page(sitting, record)
    assert "the more dangerous one counts" in page(sitting, desk.path(desk.case)).partition("<main")[2]
    assert 'href="/' in page(sitting, "today")
    assert "To settle" in page(sitting, "today")
    # The same member wrote at two desks, and they are told apart.
    assert "Ada, desk 2" in page(sitting, record)


def test_one_press_settles_it_and_leads_to_the_next(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    (conflict,) = conflicts(desk.desk.reader, desk.case)
    kept = conflict.values[0]
    reference = f"{to_text(kept.ref[0])}.{kept.ref[1]}"
    assert f'value="{reference}"' in page(sitting, "unsettled/one")
    assert sitting.leads_to(sitting.get("unsettled/one?n=1")) == "unsettled"
    address = f"{desk.record('risk_assessment', desk.risk)}/settle/level?from=0"
    assert sitting.leads_to(sitting.post(address, {"keep": reference})) == "unsettled/one?n=0"
    shown = page(sitting, "unsettled/one?n=0")
    assert "Nothing waits to be settled." in shown
    # The other version can only be written again, so no button promises more.
    assert 'action="' not in shown.partition('class="flash')[2].partition("</div>")[0]
    assert "To settle" not in page(sitting, "today")


def test_where_it_leads_is_never_taken_from_the_address(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    (conflict,) = conflicts(desk.desk.reader, desk.case)
    reference = f"{to_text(conflict.values[0].ref[0])}.{conflict.values[0].ref[1]}"
    address = f"{desk.record('risk_assessment', desk.risk)}/settle/level?from=//elsewhere.example"
    assert sitting.leads_to(sitting.post(address, {"keep": reference})) == desk.path(desk.case)


def test_a_quiet_book_says_nothing_of_it(sitting: Sitting) -> None:
    assert "To settle" not in page(sitting, "today")
    assert "Nothing waits to be settled." in page(sitting, "unsettled")
    assert "Nothing waits to be settled." in page(sitting, "unsettled/one")


# ── Facts ──


def test_a_bed_given_twice_stands_on_the_place_both_cases_and_the_list(
    sitting: Sitting, desk: Desk, other: Other
) -> None:
    place, one, two = house(desk), accepted(desk), accepted(desk)
    other.catch_up()
    stay: dict[str, Value | None] = {"place": place, "begins": day("2017-05-18"), "ends": day("2017-05-20")}
    other.write(two, "stay", dict(stay))
    done(desk, casework.add(desk, one, "stay", stay))
    other.is_heard()
    paths = [f"places/{to_text(place)}", f"cases/{to_text(one)}", f"cases/{to_text(two)}", "unsettled"]
    for path in paths:
        shown = page(sitting, path)
        assert "More people than beds at" in shown, path
        assert "They were sent there at two desks that did not know of each other." in shown, path
    answer = sitting.post(f"places/{to_text(place)}/beds-are-right?from=list")
    assert sitting.leads_to(answer) == "unsettled"
    for path in paths:
        assert "did not know of each other." not in page(sitting, path), path
    again = sitting.post(f"places/{to_text(place)}/beds-are-right")
    assert sitting.leads_to(again) == f"places/{to_text(place)}"
    assert "This fits together by now." in page(sitting, f"places/{to_text(place)}")


def test_a_case_that_was_closed_unawares_stays_closed_by_a_word(sitting: Sitting, desk: Desk, other: Other) -> None:
    folder = accepted(desk, code_name=CASE)
    other.catch_up()
    other.write(folder, "note", {"body": "She wrote again.", "written": NOON})
    done(desk, casework.close(desk, folder, {"reason": "withdrew", "closed": day("2017-05-17")}))
    other.is_heard()
    path = f"cases/{to_text(folder)}"
    for one in (path, "unsettled"):
        shown = page(sitting, one)
        assert f"{CASE} was closed while somebody went on with it" in shown
        assert "Written meanwhile: Note" in shown
    assert sitting.leads_to(sitting.post(f"{path}/stays-closed")) == path
    assert "went on with it" not in page(sitting, path)


def test_of_two_cases_one_goes_on(sitting: Sitting, desk: Desk, other: Other) -> None:
    request, second = asked(desk, [Part("person", {"given_name": "Adam"})]), accepted(desk)
    other.catch_up()
    other.write(second, "case", {"request": request}, second)
    first = accepted(desk, request)
    other.is_heard()
    added(desk, second, "note", body="Only here.")
    path = f"requests/{to_text(request)}"
    for one in (path, f"cases/{to_text(first)}", "unsettled"):
        assert "became two cases" in page(sitting, one)
    assert "2 more entries since" in page(sitting, f"{path}/one-case")
    keep = {"keep": to_text(first)}
    assert sitting.post(f"{path}/one-case", keep).status_code == 422
    assert sitting.post(f"{path}/one-case", {}).status_code == 422
    answer = sitting.post(f"{path}/one-case", {**keep, "carried": "yes"})
    assert sitting.leads_to(answer) == f"cases/{to_text(first)}"
    assert contradictions.everywhere(desk.reader) == ()
    assert "Struck out" in sitting.get(f"cases/{to_text(second)}").text
    assert RecordId(second)


def test_a_role_that_may_not_look_learns_nothing(
    seated: tuple[Furnished, Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sitting = seated
    monkeypatch.setattr(Desk, "roles", property(lambda self: frozenset(("finance",))))
    assert "Nothing waits to be settled." in page(sitting, "unsettled")
    assert "To settle" not in page(sitting, "today")
