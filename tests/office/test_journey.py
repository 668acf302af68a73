"""One person's way through the office, from the first message to the end of the work."""

from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done, now, route, shown

from waystation.clock import DAY_MS
from waystation.office import casework, intake, journeys, shelter
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import Many


def test_the_whole_journey(desk: Desk, clock: HeldClock) -> None:
    person = desk.new_record()
    request = asked(
        desk,
        [
            Part("person", {"given_name": "Adam", "citizenship": "RU"}, person),
            Part("contact_channel", {"type": "signal", "handle": "+7 000 000"}),
            Part("protection_concern", {"type": "police"}),
        ],
        language="ru",
        channel="email",
        story="They came to my brother.",
    )
    head = shown(desk, request, "request", request)
    assert len(str(head["code_name"]).split()) == 2
    done(desk, intake.take_on(desk, request))
    done(desk, intake.triage(desk, request, {"level": "extreme", "timeframe": "days", "eligibility": "fits"}))
    case = accepted(desk, request, summary="One man.")

    assert shown(desk, case, "case", case)["code_name"] == head["code_name"]
    assert shown(desk, request, "request", request)["accepted_as"] == case
    facts = desk.tables.facts(case)
    assert {kind: len(records) for kind, records in facts.items()} == {
        "case": 1,
        "person": 1,
        "contact_channel": 1,
        "protection_concern": 1,
        "verification_step": 1,
        "credibility_assessment": 1,
        "risk_assessment": 1,
    }
    (them,) = facts["person"]
    (channel,) = facts["contact_channel"].values()
    assert them != person
    assert channel["person"] == them
    assert now(desk, case)["stage"] == "checked"

    added(desk, case, "consent", scope=Many.of(["contact", "identity"]), form="spoken")
    added(desk, case, "evacuation", origin="Grozny", refuge="Moscow")
    place = casework.opened(done(desk, shelter.open_place(desk, {"beds": 2, "address": "Lane 1"})))
    stay = added(desk, case, "stay", place=place, begins=day("2017-05-17"))
    assert now(desk, case)["stage"] == "needs_route"
    assert now(desk, case)["in_hiding"] == 1

    way = route(desk)
    first = added(desk, case, "application", route=way, filed=day("2017-05-10"), expected=day("2017-05-20"))
    assert now(desk, case)["stage"] == "applied"
    added(desk, case, "decision", application=first, outcome="refused", reason="None was given.")
    assert (now(desk, case)["stage"], now(desk, case)["refused"]) == ("refused", 1)
    second = added(desk, case, "application", route=way)
    added(desk, case, "decision", application=second, outcome="granted", valid_until=day("2017-08-01"))
    assert (now(desk, case)["stage"], now(desk, case)["granted"]) == ("granted", 1)

    journey = added(desk, case, "journey", purpose="abroad", planned=day("2017-05-20"))
    assert shown(desk, case, "journey", journey)["application"] == second
    assert shown(desk, case, "journey", journey)["destination"] == "LT"
    leg = added(desk, case, "leg", journey=journey, mode="air", departs=at(desk, 3))
    clock.at_ms += 4 * DAY_MS
    done(desk, journeys.note_leg(desk, case, leg, {"outcome": "denied_boarding"}))
    assert now(desk, case)["stage"] == "granted"
    assert "planned" not in shown(desk, case, "journey", journey)
    (task,) = desk.tables.facts(case)["task"].items()
    done(desk, casework.finish_task(desk, case, task[0], "New ticket."))

    flown = added(desk, case, "leg", journey=journey, mode="air", departs=at(desk, -0.5))
    done(desk, journeys.note_leg(desk, case, flown, {"outcome": "done"}))
    assert now(desk, case)["stage"] == "travelling"
    arrival = added(desk, case, "arrival", journey=journey, country="LT")
    assert (now(desk, case)["stage"], now(desk, case)["abroad"]) == ("travelling", 0)
    done(desk, journeys.confirm_arrival(desk, case, arrival))
    assert (now(desk, case)["stage"], now(desk, case)["abroad"]) == ("arrived", 1)
    assert shown(desk, case, "stay", stay)["ends"] == day("2017-05-21")
    assert now(desk, case)["in_hiding"] == 0

    added(desk, case, "follow_up", condition="well", housing="state")
    done(desk, casework.close(desk, case, {"reason": "arrived_safe"}))
    assert (now(desk, case)["stage"], now(desk, case)["closed"]) == ("closed", "2017-05-21")
    done(desk, casework.reopen(desk, case, "They wrote again."))
    assert now(desk, case)["closed"] is None
