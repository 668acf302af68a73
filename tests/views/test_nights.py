"""Beds night by night: what is counted, who fits where, and pages of stays."""

import pytest
from tests.office.kit import accepted, added, asked, day, done

from waystation.ids import FolderId
from waystation.office import casework, shelter, undo
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import Value
from waystation.views import places
from waystation.views.places import Wanted

TODAY = "2017-05-17"


def house(desk: Desk, **fields: Value | None) -> FolderId:
    return casework.opened(done(desk, shelter.open_place(desk, {"opened": day("2017-01-01"), **fields})))


def stay(desk: Desk, place: FolderId, begins: str, ends: str | None = None, people: int = 1) -> FolderId:
    """Somebody's nights, all the same where there is no bed."""
    parts = [Part("person", {"given_name": "A"}), *[Part("person", {"role": "in_case"})] * (people - 1)]
    case = accepted(desk, asked(desk, parts))
    added(desk, case, "stay", "No other bed.", place=place, begins=day(begins), ends=day(ends) if ends else None)
    return case


def test_nights_are_counted_in_people(desk: Desk) -> None:
    place = house(desk, beds=3)
    stay(desk, place, "2017-05-10", "2017-05-18", people=2)
    stay(desk, place, "2017-05-18", "2017-05-20")
    (row,) = places.places(desk.reader, nights=4)
    assert [night.taken for night in row.nights] == [2, 1, 1, 0]
    assert [night.free for night in row.nights] == [1, 2, 2, 3]
    assert (row.now, row.state) == (2, "open")
    (later,) = places.places(desk.reader, start="2017-05-19", nights=2)
    assert ([night.taken for night in later.nights], later.now) == ([1, 0], 2)


def test_a_bed_given_twice_is_seen(desk: Desk) -> None:
    place = house(desk, beds=1)
    stay(desk, place, "2017-05-16")
    stay(desk, place, "2017-05-18", "2017-05-19")
    (row,) = places.places(desk.reader, nights=3)
    assert [night.over for night in row.nights] == [False, True, False]
    assert row.nights[1].free == 0


def test_a_place_that_is_shut_has_no_free_bed(desk: Desk) -> None:
    place = house(desk, beds=2, closed=day("2017-05-19"))
    uncounted = house(desk)
    (row,) = [one for one in places.places(desk.reader, nights=4) if one.folder == place]
    assert [night.free for night in row.nights] == [2, 2, 0, 0]
    assert [night.shut for night in row.nights] == [False, False, True, True]
    done(desk, shelter.expose(desk, place, "Seen."))
    assert [one.state for one in places.places(desk.reader)] == ["open", "exposed"]
    every = places.places(desk.reader, nights=2)
    assert [(night.taken, night.beds) for night in places.together(every)] == [(0, 0), (0, 0)]
    assert places.together(tuple(one for one in every if one.folder == uncounted)) == ()


def test_beds_of_all_places_together(desk: Desk) -> None:
    one, other = house(desk, beds=2), house(desk, beds=3)
    stay(desk, one, "2017-05-10", "2017-05-18")
    stay(desk, other, "2017-05-10", people=4)
    first, second = places.together(places.places(desk.reader, nights=2))
    # Four people in three beds take three, not one of the other house's.
    assert [(night.taken, night.beds, night.free) for night in (first, second)] == [(4, 5, 1), (3, 5, 2)]


def test_who_fits_where(desk: Desk) -> None:
    small = house(desk, beds=2, step_free=True, children=True)
    large = house(desk, beds=6, step_free=False)
    unsaid = house(desk)
    shut = house(desk, beds=9)
    done(desk, shelter.expose(desk, shut, "Seen."))
    stay(desk, small, "2017-05-20", "2017-05-21")

    def found(people: int, **asked: object) -> list[tuple[FolderId, int | None, tuple[str, ...]]]:
        return [(fit.place.folder, fit.free, fit.unsaid) for fit in places.fits(desk.reader, people, **asked)]

    assert found(2) == [(small, 2, ()), (large, 6, ()), (unsaid, None, ("beds",))]
    assert found(2, nights=4) == [(large, 6, ()), (unsaid, None, ("beds",))]
    assert found(2, start="2017-05-21", nights=4)[0] == (small, 2, ())
    assert found(1, step_free=True) == [(small, 2, ()), (unsaid, None, ("step_free", "beds"))]
    assert found(1, children=True)[1:] == [(large, 6, ("children",)), (unsaid, None, ("children", "beds"))]


def test_places_are_chosen_by_what_they_are(desk: Desk) -> None:
    flat = house(desk, type="flat", region="Kaunas")
    house(desk, type="hotel", region="Vilnius")
    assert [row.folder for row in places.places(desk.reader, wanted=Wanted(type="flat"))] == [flat]
    assert [row.folder for row in places.places(desk.reader, wanted=Wanted(region="Kaunas"))] == [flat]
    assert places.places(desk.reader, wanted=Wanted(state="closed")) == ()
    assert list(places.regions(desk.reader)) == ["Kaunas", "Vilnius"]


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_everybody_stands_on_one_page(desk: Desk, limit: int) -> None:
    place = house(desk, beds=9)
    there = [stay(desk, place, "2017-05-01", ends) for ends in ("2017-05-30", None, "2017-05-19")]
    gone = [stay(desk, place, "2017-05-01", ends) for ends in ("2017-05-10", "2017-05-17", "2017-05-03")]

    def paged(view: object) -> list[FolderId]:
        cases, after = [], None
        while True:
            page = view(desk.reader, place, after=after, limit=limit)
            cases += [row.case for row in page.rows]
            after = page.next
            if after is None:
                return cases

    assert paged(places.present) == [there[2], there[0], there[1]]
    assert paged(places.gone) == [gone[1], gone[0], gone[2]]
    assert places.ended(desk.reader, place) == 3
    touching = places.touching(desk.reader, place, "2017-05-09", "2017-05-12", limit=4)
    assert {row.case for row in touching.rows} <= {*there, *gone[:2]}
    assert touching.next is not None


def test_a_stay_that_is_struck_out_takes_no_bed(desk: Desk) -> None:
    place = house(desk, beds=1)
    case = stay(desk, place, "2017-05-10")
    (there,) = places.stays(desk.reader, place)
    done(desk, undo.strike(desk, case, "stay", there.stay))
    assert (places.places(desk.reader)[0].now, places.stays(desk.reader, place)) == (0, ())
    done(desk, undo.restore(desk, case, "stay", there.stay))
    assert places.places(desk.reader)[0].now == 1
