"""The daily work: records, tasks, check-ins, conflicts of one field, masked fields, the end."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done, now, problems, route, shown

from waystation.clock import DAY_MS
from waystation.errors import BadInput, Refused
from waystation.ids import FolderType
from waystation.office import casework
from waystation.office.casework import RULES, Part, add, add_all, amend
from waystation.office.desk import Desk
from waystation.office.writing import Fields
from waystation.records import REGISTRY, Many
from waystation.views.case import revealed


def test_every_kind_has_its_rule() -> None:
    assert set(RULES) == set(REGISTRY)


def test_what_a_form_did_not_change_is_not_written(desk: Desk) -> None:
    case = accepted(desk)
    save = amend(desk, case, "case", case, {"summary": "One man.", "region": None})
    assert save.writes[0].fields == {"summary": "One man."}
    desk.save(save)
    with pytest.raises(BadInput) as refused:
        amend(desk, case, "case", case, {"summary": "One man."})
    assert problems(refused) == {"": "nothing"}


def test_records_of_one_save_link_to_each_other(desk: Desk) -> None:
    case, person = accepted(desk), desk.new_record()
    save = add_all(
        desk,
        case,
        [
            Part("person", {"role": "in_case", "relation": "partner"}, person),
            Part("contact_channel", {"person": person, "type": "phone", "handle": "+370 000 000"}),
        ],
    )
    desk.save(save)
    assert shown(desk, case, "contact_channel", save.writes[1].record)["person"] == person


def test_a_link_to_nowhere_is_refused(desk: Desk) -> None:
    case, other = accepted(desk), accepted(desk)
    (stranger,) = desk.tables.facts(other)["person"]
    for kind, fields in (
        ("consent", {"person": stranger, "scope": Many.of(["contact"])}),
        ("evacuation", {"people": Many.of([stranger])}),
        ("stay", {"place": bytes(16), "begins": day("2017-05-17")}),
        ("application", {"route": bytes(16)}),
    ):
        with pytest.raises(BadInput) as refused:
            add(desk, case, kind, fields)
        assert set(problems(refused).values()) == {"bad_link"}


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        ("verification_step", {"type": "interview", "checked": day("2017-05-18")}, {"checked": "in_future"}),
        ("verification_step", {"type": "interview", "verified_by": "partner"}, {"partner": "required"}),
        ("consent", {"form": "spoken"}, {"scope": "required"}),
        ("consent", {"scope": Many.of(["contact"]), "valid_until": day("2017-05-16")}, {"valid_until": "before"}),
        ("protection_concern", {"type": "police", "since": day("2017-06-01")}, {"since": "in_future"}),
        ("check_in", {}, {"due": "required"}),
        ("note", {}, {"body": "required"}),
        ("note", {"body": "x", "author_name": "y"}, {"author_name": "unknown_field"}),
    ],
)
def test_what_is_refused(desk: Desk, kind: str, fields: Fields, problem: dict[str, str]) -> None:
    case = accepted(desk)
    with pytest.raises(BadInput) as refused:
        add(desk, case, kind, fields)
    assert problems(refused) == problem


@pytest.mark.parametrize(
    ("level", "timeframe", "review", "fits"),
    [
        ("extreme", "weeks", "2017-05-24", True),
        ("extreme", "weeks", "2017-05-25", False),
        ("low", "now", "2017-05-25", False),
        ("low", "weeks", "2017-08-15", True),
        ("low", "weeks", "2017-08-16", False),
    ],
)
def test_danger_is_looked_at_again_in_time(desk: Desk, level: str, timeframe: str, review: str, fits: bool) -> None:
    case = accepted(desk)
    fields: Fields = {"level": level, "timeframe": timeframe, "reasons": "Police.", "review": day(review)}
    if not fits:
        with pytest.raises(BadInput) as refused:
            add(desk, case, "risk_assessment", fields)
        assert problems(refused) == {"review": "review_late"}
    save = done(desk, add(desk, case, "risk_assessment", fields, override="" if fits else "They are abroad by then."))
    assert [write.kind for write in save.writes] == ["risk_assessment"] + ([] if fits else ["note"])


def test_judging_without_a_check_needs_words(desk: Desk) -> None:
    request = asked(desk)
    fields: Fields = {"judgement": "credible", "reasons": "A partner vouches."}
    with pytest.raises(BadInput) as refused:
        add(desk, request, "credibility_assessment", fields)
    assert refused.value.problems["judgement"].values["override"] is True
    done(desk, add(desk, request, "credibility_assessment", fields, override="No time before the train."))
    (note,) = desk.tables.facts(request)["note"].values()
    assert note["body"] == "No time before the train."


def test_tasks_are_done_and_undone(desk: Desk) -> None:
    case = accepted(desk)
    task = added(desk, case, "task", title="Ask about the passport", due=at(desk, 1))
    assert now(desk, case)["task_due"] == at(desk, 1).ms
    done(desk, casework.finish_task(desk, case, task, "It is with the brother."))
    assert shown(desk, case, "task", task)["done_by"] == desk.member
    assert now(desk, case)["task_due"] is None
    done(desk, casework.reopen_task(desk, case, task))
    assert "done" not in shown(desk, case, "task", task)


def test_a_check_in_plans_the_next(desk: Desk, clock: HeldClock) -> None:
    case = accepted(desk)
    channel = added(desk, case, "contact_channel", type="signal", handle="+370 000")
    with pytest.raises(BadInput) as refused:
        add(desk, case, "check_in", {"due": at(desk, -1)})
    assert problems(refused) == {"due": "in_past"}
    first = added(desk, case, "check_in", due=at(desk, 1), channel=channel, agreed_words="The cat is fine")
    clock.at_ms += 2 * DAY_MS
    save = done(desk, casework.note_check_in(desk, case, first, {"condition": "strained"}, {"due": at(desk, 1)}))
    planned = shown(desk, case, "check_in", save.writes[1].record)
    assert (planned["channel"], planned["agreed_words"]) == (channel, "The cat is fine")
    assert now(desk, case)["check_in_due"] == at(desk, 1).ms


def test_a_watched_channel_is_not_used_without_a_word(desk: Desk) -> None:
    case = accepted(desk)
    channel = added(desk, case, "contact_channel", type="phone", handle="+7", safety="watched")
    with pytest.raises(BadInput) as refused:
        add(desk, case, "check_in", {"due": at(desk, 1), "channel": channel})
    assert problems(refused) == {"channel": "unsafe_channel"}


def test_only_its_author_changes_a_note(desk: Desk) -> None:
    case = accepted(desk)
    note = added(desk, case, "note", body="He sleeps badly.")
    done(desk, amend(desk, case, "note", note, {"body": "He sleeps very badly."}))
    other = added(desk, desk.folder(FolderType.OFFICE), "member", display_name="Rook")
    theirs = added(desk, case, "note", body="He laughed.", author=other)
    with pytest.raises(Refused):
        amend(desk, case, "note", theirs, {"body": "He did not."})


def test_a_masked_field_is_shown_after_the_asking_only(desk: Desk, clock: HeldClock) -> None:
    case = accepted(desk)
    (person,) = desk.tables.facts(case)["person"]
    with pytest.raises(Refused):
        revealed(desk.reader, case, "person", person, "given_name", by=desk.member)
    for kind, field in (("person", "role"), ("person", "patronymic"), ("nothing", "role")):
        with pytest.raises(Refused):
            casework.reveal(desk, case, kind, person, field)
    done(desk, casework.reveal(desk, case, "person", person, "given_name", "To book the ticket."))
    assert revealed(desk.reader, case, "person", person, "given_name", by=desk.member) == "Adam"
    with pytest.raises(Refused):
        revealed(desk.reader, case, "person", person, "given_name", by=desk.new_record())
    (asking,) = desk.tables.facts(case)["reveal"].values()
    assert (asking["revealed_by"], asking["reason"]) == (desk.member, "To book the ticket.")
    with pytest.raises(Refused):
        revealed(desk.reader, case, "person", person, "home", by=desk.member)
    clock.at_ms += 11 * 60 * 1000
    with pytest.raises(Refused):
        revealed(desk.reader, case, "person", person, "given_name", by=desk.member)


def test_who_looked_is_never_changed(desk: Desk) -> None:
    case = accepted(desk)
    (person,) = desk.tables.facts(case)["person"]
    asking = done(desk, casework.reveal(desk, case, "person", person, "given_name")).writes[0].record
    with pytest.raises(BadInput):
        amend(desk, case, "reveal", asking, {"reason": "Another."})
    with pytest.raises(Refused):
        add(desk, case, "reveal", {"of_kind": "person"})


def test_a_case_is_not_closed_over_what_is_open(desk: Desk) -> None:
    case = accepted(desk)
    added(desk, case, "task", title="Ask about the passport")
    added(desk, case, "check_in", due=at(desk, 1))
    added(desk, case, "application", route=route(desk))
    with pytest.raises(BadInput) as refused:
        casework.close(desk, case, {"reason": "withdrew"})
    assert refused.value.problems["carried"].values["open"] == {"task": 1, "check_in": 1, "application": 1}
    done(desk, casework.close(desk, case, {"reason": "withdrew", "details": "They go home."}, carried="Rook."))
    (closure,) = desk.tables.facts(case)["closure"].values()
    assert closure["details"] == "They go home.\nRook."
    with pytest.raises(BadInput) as refused:
        casework.close(desk, case, {"reason": "withdrew"})
    assert problems(refused) == {"": "closed"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, {"reason": "required"}),
        ({"reason": "arrived_safe"}, {"reason": "not_arrived"}),
        ({"reason": "own_means"}, {"reason": "not_left"}),
        ({"reason": "transferred"}, {"transferred_to": "required"}),
        ({"reason": "died", "closed": day("2017-06-01")}, {"closed": "in_future"}),
    ],
)
def test_a_closure_says_what_is_true(desk: Desk, fields: Fields, problem: dict[str, str]) -> None:
    case = accepted(desk)
    with pytest.raises(BadInput) as refused:
        casework.close(desk, case, fields)
    assert problems(refused) == problem


def test_a_withdrawn_consent_stays_visible(desk: Desk) -> None:
    case = accepted(desk)
    consent = added(desk, case, "consent", scope=Many.of(["story"]))
    done(desk, casework.withdraw_consent(desk, case, consent))
    assert shown(desk, case, "consent", consent)["withdrawn"] == day("2017-05-17")


def test_what_pages_offer(desk: Desk) -> None:
    offered = casework.addable(desk, FolderType.CASE)
    assert {"person", "note", "leg", "arrival"} <= set(offered)
    assert not {"case", "closure", "reveal", "file", "route", "donation"} & set(offered)
    assert not casework.editable(desk, "reveal")
    assert casework.editable(desk, "request")
