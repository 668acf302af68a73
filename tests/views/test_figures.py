"""The operation of 2017 as it stood on 17 May: every figure of it, counted from the book."""

from tests.office.kit import accepted, added, asked, day, done, route

from waystation.ids import FolderType
from waystation.office import intake
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import Many, Money
from waystation.views.figures import figures, weekly


def test_the_reading_of_17_may(desk: Desk) -> None:
    way = route(desk)
    office, ledger = desk.folder(FolderType.OFFICE), desk.folder(FolderType.LEDGER)
    american = added(desk, office, "route", destination="US", pathway="humanitarian_visa")
    added(desk, office, "discouragement", route=american, by_whom="The embassy")
    # Forty cases of one person and one of two: 42 people in 41 cases, all evacuated.
    cases = [accepted(desk) for _ in range(40)]
    both = [Part("person", {"given_name": "A"}), Part("person", {"given_name": "B", "role": "in_case"})]
    cases.append(accepted(desk, asked(desk, both, people=2)))
    for case in cases:
        added(desk, case, "evacuation", evacuated=day("2017-04-20"))
    for case in cases[:2]:
        added(desk, case, "own_departure", papers="without_papers")
    for case in cases[2:4]:
        application = added(desk, case, "application", route=way)
        added(desk, case, "decision", application=application, outcome="granted")
    # The other 38 people who asked: two silent, two left without papers, one couple, one joined to another request.
    others = [asked(desk) for _ in range(35)]
    asked(desk, people=3)
    twice = asked(desk)
    done(desk, intake.join_duplicate(desk, twice, others[0]))
    for request in others[:2]:
        done(desk, intake.end_request(desk, request, {"outcome": "lost_contact"}, override="Weeks of silence."))
    for request in others[2:4]:
        added(desk, request, "own_departure", papers="without_papers")
    added(desk, ledger, "donation", amount=Money(17_600_000, "USD"))
    added(desk, ledger, "donation", amount=Money(100_000, "EUR"))
    added(desk, ledger, "expense", amount=Money(6_270_000, "USD"), category="housing")

    assert figures(desk.reader).numbers() == {
        "asked": 80,
        "evacuated": 42,
        "in_hiding": 40,
        "abroad": 0,
        "applied": 2,
        "granted": 2,
        "refused": 0,
        "discouraged": 1,
        "left_without_papers": 4,
        "silent": 2,
        "received_usd": 176_000,
        "spent_usd": 62_700,
    }
    weeks = weekly(desk.reader)
    assert weeks[-1].monday == "2017-05-15"
    assert (weeks[-1].asked, weeks[-1].applied, weeks[-1].granted) == (80, 2, 2)
    assert weeks[-5].monday == "2017-04-17"
    assert weeks[-5].evacuated == 42


def test_one_of_two_leaves(desk: Desk) -> None:
    both = [Part("person", {"given_name": "A"}), Part("person", {"given_name": "B", "role": "in_case"})]
    case = accepted(desk, asked(desk, both, people=2))
    one, _ = desk.tables.facts(case)["person"]
    added(desk, case, "evacuation", evacuated=day("2017-05-10"))
    assert figures(desk.reader).numbers()["in_hiding"] == 2
    added(desk, case, "own_departure", papers="without_papers", people=Many.of([one]))
    numbers = figures(desk.reader).numbers()
    assert (numbers["evacuated"], numbers["in_hiding"], numbers["left_without_papers"]) == (2, 1, 1)
