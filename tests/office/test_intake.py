"""Requests: taken down, joined, ended, accepted; and what is refused on the way."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done, now, problems, shown

from waystation.clock import DAY_MS
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId
from waystation.office import casework, intake
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import Day, Many
from waystation.views.requests import RequestFilter, requests
from waystation.views.today import today


def test_a_code_name_too_like_another_is_refused(desk: Desk) -> None:
    asked(desk, code_name="Juniper Kettle")
    with pytest.raises(BadInput) as refused:
        intake.take_down(desk, {"code_name": "Juniper Kettel"})
    assert problems(refused) == {"code_name": "too_alike"}
    other = asked(desk, code_name="Copper Walrus")
    with pytest.raises(BadInput) as refused:
        casework.amend(desk, other, "request", other, {"code_name": "juniper kettle"})
    assert problems(refused) == {"code_name": "too_alike"}


def test_a_proposed_name_is_in_the_language_of_the_person(desk: Desk) -> None:
    russian = shown(desk, (r := asked(desk, language="ru")), "request", r)["code_name"]
    assert all("а" <= letter <= "я" for letter in str(russian).lower().replace(" ", "").replace("ё", "е"))
    assert intake.propose_code_name(desk, "ce").isascii()


def test_names_of_other_desks_count_from_the_moment_they_arrive(desk: Desk) -> None:
    intake.propose_code_name(desk)
    asked(desk, code_name="Juniper Kettle")
    with pytest.raises(BadInput):
        intake.take_down(desk, {"code_name": "Kettle Juniper"})


def test_triage_changes_only_what_triage_is_about(desk: Desk) -> None:
    request = asked(desk)
    with pytest.raises(BadInput) as refused:
        intake.triage(desk, request, {"story": "Another."})
    assert problems(refused) == {"story": "not_triage"}
    done(desk, intake.triage(desk, request, {"level": "high", "timeframe": "now", "deadline": day("2017-05-26")}))
    assert shown(desk, request, "request", request)["deadline"] == day("2017-05-26")


def test_a_request_is_turned_away_with_a_reason(desk: Desk) -> None:
    request = asked(desk)
    with pytest.raises(BadInput) as refused:
        intake.end_request(desk, request, {"outcome": "not_eligible"})
    assert problems(refused) == {"outcome_reason": "required"}
    done(desk, intake.end_request(desk, request, {"outcome": "referred", "outcome_reason": "To a lawyer."}))
    assert shown(desk, request, "request", request)["outcome_day"] == day("2017-05-17")
    with pytest.raises(BadInput):
        intake.triage(desk, request, {"level": "low"})
    done(desk, intake.reopen_request(desk, request, "They wrote again."))
    assert "outcome" not in shown(desk, request, "request", request)


def test_not_credible_is_judged_first(desk: Desk) -> None:
    request = asked(desk)
    ending = {"outcome": "not_credible", "outcome_reason": "The story was copied."}
    with pytest.raises(BadInput) as refused:
        intake.end_request(desk, request, ending)
    assert problems(refused) == {"outcome": "not_judged"}
    added(desk, request, "verification_step", type="open_sources", result="contradicts")
    added(desk, request, "credibility_assessment", judgement="not_credible", reasons="Copied from an article.")
    done(desk, intake.end_request(desk, request, ending))


def test_lost_contact_is_an_alarm_first(desk: Desk) -> None:
    request = asked(desk)
    with pytest.raises(BadInput) as refused:
        intake.end_request(desk, request, {"outcome": "lost_contact"})
    assert problems(refused) == {"outcome": "no_alarm"}
    assert refused.value.problems["outcome"].values["override"] is True
    done(desk, casework.raise_alarm(desk, request, "Last heard on Monday."))
    (task, fields) = next(iter(desk.tables.facts(request)["task"].items()))
    assert fields["due"] == at(desk, 0)
    done(desk, casework.finish_task(desk, request, task, "Nobody has seen them."))
    done(desk, intake.end_request(desk, request, {"outcome": "lost_contact"}))


def test_a_duplicate_is_joined_to_the_first_of_the_chain(desk: Desk) -> None:
    first, second, third = asked(desk), asked(desk), asked(desk)
    done(desk, intake.join_duplicate(desk, second, first))
    done(desk, intake.join_duplicate(desk, third, second))
    assert shown(desk, third, "request", third)["same_as"] == first
    for request, same_as in ((first, first), (first, second)):
        with pytest.raises(BadInput) as refused:
            intake.join_duplicate(desk, request, same_as)
        assert problems(refused) == {"same_as": "circle"}
    done(desk, intake.reopen_request(desk, third, "Somebody else after all."))
    assert "same_as" not in shown(desk, third, "request", third)


def test_nobody_becomes_a_case_unchecked_in_silence(desk: Desk) -> None:
    request = asked(desk)
    with pytest.raises(BadInput) as refused:
        intake.accept_and_open_case(desk, request)
    assert problems(refused) == {"unverified_because": "not_checked"}
    save = done(desk, intake.accept_and_open_case(desk, request, unverified_because="They are at the station now."))
    (note,) = desk.tables.facts(casework.opened(save))["note"].values()
    assert note["body"] == "They are at the station now."
    with pytest.raises(BadInput) as refused:
        intake.accept_and_open_case(desk, request, unverified_because="Again.")
    assert problems(refused) == {"": "accepted"}


@pytest.mark.parametrize(
    ("field", "value", "problem"), [("eligibility", "does_not_fit", "does_not_fit"), ("outcome", "withdrew", "ended")]
)
def test_what_cannot_become_a_case(desk: Desk, field: str, value: str, problem: str) -> None:
    request = asked(desk)
    if field == "outcome":
        done(desk, intake.end_request(desk, request, {field: value, "outcome_reason": "They said so."}))
    else:
        done(desk, intake.triage(desk, request, {field: value}))
    with pytest.raises(BadInput) as refused:
        intake.accept_and_open_case(desk, request, unverified_because="No time.")
    assert problem in problems(refused).values()


def test_the_danger_at_triage_goes_into_the_case(desk: Desk) -> None:
    request = asked(desk, level="extreme", timeframe="now", deadline=Day(None, "2017-05-26", "before 26 May"))
    case = accepted(desk, request)
    (risk,) = desk.tables.facts(case)["risk_assessment"].values()
    assert (risk["level"], risk["review"]) == ("extreme", day("2017-05-24"))
    assert now(desk, case)["deadline"] == "2017-05-26"


def test_what_is_still_to_be_done_goes_into_the_case(desk: Desk, clock: HeldClock) -> None:
    request = asked(desk, [Part("person", {"given_name": "Adam"})])
    channel = added(desk, request, "contact_channel", type="signal", handle="+370")
    heard = added(desk, request, "check_in", due=at(desk, 1))
    done(
        desk,
        casework.note_check_in(desk, request, heard, {"condition": "well"}, {"due": at(desk, 2), "channel": channel}),
    )
    added(desk, request, "task", title="Ask about the passport", due=at(desk, 1))
    case = accepted(desk, request)
    facts = desk.tables.facts(case)
    (check_in,) = facts["check_in"].values()
    (carried,) = facts["contact_channel"]
    assert (check_in["channel"], check_in["due"]) == (carried, at(desk, 2))
    assert len(facts["task"]) == 1
    clock.at_ms += 3 * DAY_MS
    page = today(desk.reader)
    assert [one.folder for one in page.missed] == [case]
    assert [one.folder for one in page.due if one.what == "task"] == [case]


def test_one_save_over_both_folders(desk: Desk) -> None:
    request = asked(desk)
    save = intake.accept_and_open_case(desk, request, unverified_because="No time.")
    assert {write.folder for write in save.writes} == {request, casework.opened(save)}
    desk.save(save)
    rows = desk.reader.rows("SELECT save FROM history ORDER BY position DESC LIMIT 2")
    assert rows[0] == rows[1]


def test_hand_made_ends_are_refused(desk: Desk) -> None:
    request = asked(desk)
    for field, value in (("outcome", "referred"), ("same_as", bytes(request)), ("accepted_as", bytes(request))):
        with pytest.raises(BadInput):
            casework.amend(desk, request, "request", request, {field: value})
    with pytest.raises(Refused):
        casework.add(desk, request, "request", {"code_name": "Copper Walrus"})
    with pytest.raises(Refused):
        casework.add(desk, FolderId(bytes(16)), "note", {"body": "To nobody."})


def test_the_list_of_requests(desk: Desk) -> None:
    for level, timeframe in (("low", "weeks"), ("extreme", "now"), (None, None), ("high", "days")):
        asked(desk, level=level, timeframe=timeframe)
    page = requests(desk.reader, limit=3)
    assert [row.level for row in page.rows] == ["extreme", "high", None]
    rest = requests(desk.reader, after=page.next)
    assert [row.level for row in rest.rows] == ["low"]
    assert rest.next is None
    assert requests(desk.reader, RequestFilter(stage="accepted")).rows == ()
    with pytest.raises(BadInput):
        requests(desk.reader, after="nothing")


def test_needs_and_people_are_kept(desk: Desk) -> None:
    request = asked(desk, [Part("person", {"family_name": "Sokolov"})], needs=Many.of(["hiding", "papers"]), people=2)
    (person,) = desk.tables.facts(request)["person"].values()
    assert person["role"] == "principal"
    added(desk, request, "person", role="in_case", relation="partner")
    with pytest.raises(BadInput) as refused:
        added(desk, request, "person", role="principal")
    assert problems(refused) == {"role": "second_principal"}
