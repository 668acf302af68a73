"""Beds: nobody is sent to an exposed place, no bed is given twice in silence, whoever is gone has left."""

import pytest
from tests.office.kit import accepted, added, asked, day, done, now, problems, shown

from waystation.errors import BadInput
from waystation.ids import FolderId
from waystation.office import casework, shelter
from waystation.office.casework import Part, add, amend
from waystation.office.desk import Desk
from waystation.records import Day, Many
from waystation.views.places import places, stays


def house(desk: Desk, beds: int = 1) -> FolderId:
    fields = {"beds": beds, "address": "Lane 1", "opened": day("2017-01-01")}
    return casework.opened(done(desk, shelter.open_place(desk, fields)))


def test_one_bed_is_not_given_twice(desk: Desk) -> None:
    place, one, other = house(desk), accepted(desk), accepted(desk)
    added(desk, one, "stay", place=place, begins=day("2017-05-10"), ends=day("2017-05-15"))
    added(desk, other, "stay", place=place, begins=day("2017-05-15"), ends=day("2017-05-17"))
    third = accepted(desk)
    fields = {"place": place, "begins": day("2017-05-16")}
    with pytest.raises(BadInput) as refused:
        add(desk, third, "stay", fields)
    assert problems(refused) == {"place": "full"}
    assert refused.value.problems["place"].values == {"beds": 1, "taken": 1, "override": True}
    save = done(desk, add(desk, third, "stay", fields, override="He sleeps on the sofa."))
    assert [write.kind for write in save.writes] == ["stay", "note"]


def test_an_uncertain_end_keeps_the_bed(desk: Desk) -> None:
    place, one, other = house(desk), accepted(desk), accepted(desk)
    added(desk, one, "stay", place=place, begins=day("2017-05-01"), ends=Day("2017-05-05", "2017-05-12", "second week"))
    with pytest.raises(BadInput):
        add(desk, other, "stay", {"place": place, "begins": day("2017-05-11")})
    added(desk, other, "stay", place=place, begins=day("2017-05-12"))


def test_people_are_counted_not_stays(desk: Desk) -> None:
    place = house(desk, beds=2)
    pair = accepted(desk, asked(desk, [Part("person", {}), Part("person", {"role": "in_case"})]))
    added(desk, pair, "stay", place=place, begins=day("2017-05-10"))
    with pytest.raises(BadInput):
        add(desk, accepted(desk), "stay", {"place": place, "begins": day("2017-05-10")})
    (row,) = places(desk.reader, nights=3)
    assert (row.now, [night.taken for night in row.nights]) == (2, [2, 2, 2])


def test_nobody_sleeps_in_two_places(desk: Desk) -> None:
    case = accepted(desk)
    added(desk, case, "stay", place=house(desk), begins=day("2017-05-10"))
    with pytest.raises(BadInput) as refused:
        add(desk, case, "stay", {"place": house(desk), "begins": day("2017-05-17")})
    assert problems(refused) == {"begins": "two_places"}


def test_nobody_is_sent_to_an_exposed_place(desk: Desk) -> None:
    place, there, gone = house(desk, beds=9), accepted(desk), accepted(desk)
    stay = added(desk, there, "stay", place=place, begins=day("2017-05-10"))
    added(desk, gone, "stay", place=place, begins=day("2017-05-01"), ends=day("2017-05-09"))
    save = done(desk, shelter.expose(desk, place, "A neighbour asked who they are."))
    assert [(write.folder, write.kind) for write in save.writes] == [(place, "place"), (place, "note"), (there, "task")]
    assert "task" not in desk.tables.facts(gone)
    with pytest.raises(BadInput) as refused:
        add(desk, accepted(desk), "stay", {"place": place, "begins": day("2017-05-17")}, override="Only one night.")
    assert problems(refused) == {"place": "exposed"}
    with pytest.raises(BadInput):
        amend(desk, there, "stay", stay, {"people": None, "begins": day("2017-05-11")})
    done(desk, shelter.leave(desk, there, stay))
    assert shown(desk, there, "stay", stay)["ends"] == day("2017-05-17")
    (row,) = places(desk.reader)
    assert (row.state, row.now) == ("exposed", 0)


def test_whoever_left_has_left_the_bed(desk: Desk) -> None:
    pair = accepted(desk, asked(desk, [Part("person", {}), Part("person", {"role": "in_case"})]))
    one, other = desk.tables.facts(pair)["person"]
    place = house(desk, beds=2)
    added(desk, pair, "stay", place=place, begins=day("2017-05-10"))
    added(desk, pair, "own_departure", papers="with_papers", people=Many.of([one]), departed=day("2017-05-16"))
    found = {(row.people, row.ends) for row in stays(desk.reader, place)}
    assert found == {(1, None), (1, "2017-05-16")}
    assert now(desk, pair)["in_hiding"] == 1
    assert [fields["people"] for fields in desk.tables.facts(pair)["stay"].values()] == [
        Many.of([other]),
        Many.of([one]),
    ]


def test_in_hiding_ends_on_the_day_of_leaving(desk: Desk) -> None:
    case = accepted(desk)
    added(desk, case, "stay", place=house(desk), begins=day("2017-05-10"), ends=day("2017-05-20"))
    assert (now(desk, case)["in_hiding"], now(desk, case)["turns"]) == (1, "2017-05-20")
