"""Routes, applications, decisions, trips: what is filed, what is refused, and what is neither."""

import pytest
from tests.office.kit import accepted, added, at, day, done, now, problems, route, shown

from waystation.errors import BadInput
from waystation.ids import FolderType
from waystation.office import journeys
from waystation.office.casework import add, amend
from waystation.office.desk import Desk
from waystation.office.writing import Fields
from waystation.records import Many
from waystation.views.routes import routes


def test_nothing_is_filed_by_a_shut_route(desk: Desk) -> None:
    case, way = accepted(desk), route(desk)
    office = desk.folder(FolderType.OFFICE)
    done(desk, amend(desk, office, "route", way, {"shut": day("2017-05-15")}))
    with pytest.raises(BadInput) as refused:
        add(desk, case, "application", {"route": way}, override="They promised.")
    assert problems(refused) == {"route": "route_shut"}
    added(desk, case, "application", route=way, filed=day("2017-05-14"))


def test_one_application_waits_at_a_time(desk: Desk) -> None:
    case, way = accepted(desk), route(desk)
    first = added(desk, case, "application", route=way)
    with pytest.raises(BadInput) as refused:
        add(desk, case, "application", {"route": way})
    assert problems(refused) == {"route": "filed_already"}
    added(desk, case, "decision", application=first, outcome="withdrawn")
    added(desk, case, "application", route=way)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("return_risk", "serious", "return_risk"),
        ("destination", "RU", "own_country"),
        ("transit", Many.of(["BY", "RU"]), "own_country"),
    ],
)
def test_nobody_is_sent_back(desk: Desk, field: str, value: object, code: str) -> None:
    case, way = accepted(desk), route(desk, **{field: value})
    with pytest.raises(BadInput) as refused:
        add(desk, case, "application", {"route": way})
    assert problems(refused) == {"route": code}
    done(desk, add(desk, case, "application", {"route": way}, override="A lawyer travels with them."))


def test_a_refusal_has_its_reason_and_may_be_appealed(desk: Desk) -> None:
    case = accepted(desk)
    application = added(desk, case, "application", route=route(desk), filed=day("2017-05-10"))
    fields: Fields = {"application": application, "outcome": "refused"}
    with pytest.raises(BadInput) as refused:
        add(desk, case, "decision", fields)
    assert problems(refused) == {"reason": "required"}
    with pytest.raises(BadInput) as refused:
        add(desk, case, "decision", {**fields, "reason": "None.", "decided": day("2017-05-09")})
    assert problems(refused) == {"decided": "before"}
    added(desk, case, "decision", **{**fields, "reason": "None.", "decided": day("2017-05-12")})
    assert (now(desk, case)["stage"], now(desk, case)["refused"]) == ("refused", 1)
    added(desk, case, "decision", application=application, outcome="granted")
    assert (now(desk, case)["stage"], now(desk, case)["refused"], now(desk, case)["granted"]) == ("granted", 0, 1)
    with pytest.raises(BadInput) as refused:
        add(desk, case, "decision", {"application": application, "outcome": "lapsed"})
    assert problems(refused) == {"application": "decided_already"}


def test_discouraged_is_neither_filed_nor_refused(desk: Desk) -> None:
    case, filed, advised = accepted(desk), route(desk), route(desk, destination="US")
    added(desk, case, "application", route=filed)
    with pytest.raises(BadInput) as refused:
        add(desk, case, "discouragement", {"route": filed})
    assert problems(refused) == {"route": "filed"}
    added(desk, case, "discouragement", route=advised, by_whom="The embassy")
    added(desk, desk.folder(FolderType.OFFICE), "discouragement", route=advised)
    tried = {row.shown.record: row for row in routes(desk.reader)}
    assert (tried[filed].applied, tried[filed].pending, tried[filed].discouraged) == (1, 1, 0)
    assert (tried[advised].applied, tried[advised].discouraged) == (0, 2)


def test_nobody_travels_without_a_right_to_enter(desk: Desk) -> None:
    case = accepted(desk)
    with pytest.raises(BadInput) as refused:
        add(desk, case, "journey", {"purpose": "abroad", "destination": "GE"})
    assert problems(refused) == {"application": "not_granted"}
    done(desk, add(desk, case, "journey", {"purpose": "abroad", "destination": "GE"}, override="Visa-free for a year."))
    application = added(desk, case, "application", route=route(desk))
    added(desk, case, "decision", application=application, outcome="granted", valid_until=day("2017-05-30"))
    with pytest.raises(BadInput) as refused:
        add(desk, case, "journey", {"purpose": "abroad", "planned": day("2017-06-01")})
    assert problems(refused) == {"planned": "no_longer_valid"}
    journey = added(desk, case, "journey", purpose="abroad", planned=day("2017-05-29"))
    with pytest.raises(BadInput):
        amend(desk, case, "journey", journey, {"planned": day("2017-06-01")})
    added(desk, case, "journey", purpose="to_safety")


def test_a_journey_that_was_called_off_gets_no_leg(desk: Desk) -> None:
    case = accepted(desk)
    journey = added(desk, case, "journey", purpose="to_safety")
    with pytest.raises(BadInput) as refused:
        add(desk, case, "leg", {"journey": journey, "departs": at(desk, 2), "arrives": at(desk, 1)})
    assert problems(refused) == {"arrives": "before"}
    done(desk, journeys.call_off(desk, case, journey, "The road is watched."))
    with pytest.raises(BadInput) as refused:
        add(desk, case, "leg", {"journey": journey})
    assert problems(refused) == {"journey": "called_off"}


def test_failed_travel_asks_for_a_new_plan(desk: Desk) -> None:
    case = accepted(desk)
    journey = added(desk, case, "journey", purpose="to_safety", planned=day("2017-05-17"))
    leg = added(desk, case, "leg", journey=journey)
    with pytest.raises(BadInput):
        journeys.note_leg(desk, case, leg, {})
    save = done(desk, journeys.note_leg(desk, case, leg, {"outcome": "detained"}))
    assert [write.kind for write in save.writes] == ["leg", "journey", "task"]
    assert save.writes[2].fields["title"] == journeys.FIND_THEM
    assert "planned" not in shown(desk, case, "journey", journey)
    again = done(desk, amend(desk, case, "leg", leg, {"remarks": "At the border."}))
    assert [write.kind for write in again.writes] == ["leg"]


def test_evacuated_twice_needs_words(desk: Desk) -> None:
    case = accepted(desk)
    added(desk, case, "evacuation")
    with pytest.raises(BadInput) as refused:
        add(desk, case, "evacuation", {})
    assert problems(refused) == {"people": "evacuated_already"}
    assert now(desk, case)["evacuated"] == 1


def test_nobody_arrives_where_they_fled_from_in_silence(desk: Desk) -> None:
    with pytest.raises(BadInput) as refused:
        add(desk, accepted(desk), "arrival", {"country": "RU"})
    assert problems(refused) == {"country": "own_country"}
