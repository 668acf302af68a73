"""What the pages show: the order of danger, one case, lists, choices; and never a masked value."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done, route

from waystation.clock import DAY_MS
from waystation.errors import BadInput
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import attachments, casework, intake, outside, shelter
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Day, Many
from waystation.records.choices import RiskLevel
from waystation.views import cases, found, helpers, organisation, places, requests, shown
from waystation.views.case import case
from waystation.views.cases import CaseFilter
from waystation.views.helpers import Wanted
from waystation.views.request import request
from waystation.views.timeline import timeline
from waystation.views.today import today

CANARY = "Xanthippe"


def assessed(desk: Desk, folder: FolderId, level: str, timeframe: str = "weeks", **more: Day) -> None:
    added(
        desk,
        folder,
        "risk_assessment",
        level=level,
        timeframe=timeframe,
        reasons="Police.",
        **{"review": day("2017-05-20"), **more},
    )


def test_who_is_in_most_danger_comes_first(desk: Desk, clock: HeldClock) -> None:
    calm, near, grave, silent = (accepted(desk) for _ in range(4))
    assessed(desk, calm, "low")
    assessed(desk, near, "high", deadline=day("2017-05-19"))
    assessed(desk, grave, "extreme")
    assessed(desk, silent, "high")
    urgent = asked(desk, level="extreme", timeframe="now")
    added(desk, silent, "check_in", due=at(desk, 0.5))
    added(desk, calm, "check_in", due=at(desk, 0.6))
    clock.at_ms += DAY_MS
    page = today(desk.reader)
    assert [one.folder for one in page.danger] == [silent, urgent, grave, near, calm]
    assert [one.alarm for one in page.danger] == [True, False, False, False, False]
    assert [one.folder for one in page.missed] == [silent, calm]
    assert page.danger[1].folder_type is FolderType.REQUEST


def test_what_is_due_and_how_much_there_is(desk: Desk) -> None:
    folder = accepted(desk)
    assessed(desk, folder, "high", deadline=day("2017-05-26"))
    added(desk, folder, "task", title="Buy a ticket", due=at(desk, 2))
    added(desk, folder, "task", title="Later", due=at(desk, 20))
    added(desk, desk.folder(FolderType.OFFICE), "task", title="Pay the rent", due=at(desk, -1))
    added(desk, folder, "application", route=route(desk), expected=day("2017-05-22"))
    added(desk, folder, "follow_up", condition="strained", next_look=day("2017-05-18"))
    page = today(desk.reader)
    assert [(one.what, one.title, one.overdue) for one in page.due] == [
        ("task", "Pay the rent", True),
        ("follow_up", "", False),
        ("task", "Buy a ticket", False),
        ("review", "", False),
        ("decision", "", False),
    ]
    assert page.due[0].folder_type is FolderType.OFFICE
    assert (page.counts.open_cases, page.counts.pending, page.counts.open_requests) == (1, 1, 0)
    assert page.last_backup_ms is None


def test_a_closed_case_is_nobodys_danger(desk: Desk) -> None:
    folder = accepted(desk)
    assessed(desk, folder, "extreme", "now", review=day("2017-05-18"))
    done(desk, casework.close(desk, folder, {"reason": "withdrew"}))
    page = today(desk.reader)
    assert (page.danger, page.due, page.counts.open_cases) == ((), (), 0)


def test_one_case(desk: Desk) -> None:
    source = asked(desk, [Part("person", {"given_name": "A"}), Part("person", {"role": "in_case"})], level="high")
    folder = accepted(desk, source)
    view = case(desk.reader, folder)
    assert view is not None
    assert (view.stage, view.level) == ("checked", "high")
    assert view.request is not None
    assert view.request.folder == source
    assert [(one.number, one.shown.fields["role"]) for one in view.people] == [(1, "principal"), (2, "in_case")]
    assert view.next_step.code == "consent"
    newest = timeline(desk.reader, folder).items[0]
    assert newest.who == "Wren"
    assert {change.kind for change in newest.changes} >= {"case", "person", "risk_assessment"}
    assert all(change.first for change in newest.changes)
    back = request(desk.reader, source)
    assert back is not None
    assert back.case is not None
    assert (back.stage, back.case.folder, back.next_step.code) == ("accepted", folder, "none")
    assert case(desk.reader, source) is None
    assert request(desk.reader, folder) is None


def test_the_next_step_follows_the_work(desk: Desk, clock: HeldClock) -> None:
    def step(folder: FolderId) -> str:
        view = case(desk.reader, folder) or request(desk.reader, folder)
        assert view is not None
        return view.next_step.code

    source = asked(desk)
    assert step(source) == "assess"
    done(desk, intake.triage(desk, source, {"level": "high", "timeframe": "days"}))
    assert step(source) == "verify"
    added(desk, source, "verification_step", type="interview")
    assert step(source) == "judge"
    added(desk, source, "credibility_assessment", judgement="credible", reasons="Consistent.")
    assert step(source) == "accept"
    folder = casework.opened(done(desk, intake.accept_and_open_case(desk, source, {"case_plan": "Out by June."})))
    added(desk, folder, "person", given_name="Adam")
    added(desk, folder, "consent", scope=Many.of(["contact"]))
    assert step(folder) == "hide"
    added(desk, folder, "evacuation")
    assert step(folder) == "find_route"
    application = added(desk, folder, "application", route=route(desk))
    assert step(folder) == "decision"
    added(desk, folder, "decision", application=application, outcome="granted")
    assert step(folder) == "journey"
    journey = added(desk, folder, "journey", purpose="abroad")
    assert step(folder) == "legs"
    added(desk, folder, "leg", journey=journey, outcome="done", departs=at(desk, 0))
    assert step(folder) == "arrival"
    added(desk, folder, "arrival", journey=journey, country="LT", confirmed=True)
    assert step(folder) == "follow_up"
    added(desk, folder, "follow_up", condition="well")
    assert step(folder) == "close"
    added(desk, folder, "check_in", due=at(desk, 1))
    clock.at_ms += 2 * DAY_MS
    assert step(folder) == "check_in_missed"


def test_a_long_story_is_read_in_stretches(desk: Desk) -> None:
    folder = accepted(desk)
    for number in range(7):
        added(desk, folder, "note", body=f"Evening {number}.")
    items, before = [], None
    while True:
        stretch = timeline(desk.reader, folder, before=before, limit=3)
        items += stretch.items
        before = stretch.older
        if before is None:
            break
    assert len(items) == 8
    assert [one.position for one in items] == sorted((one.position for one in items), reverse=True)


@pytest.mark.parametrize("state", ["open", "all"])
def test_every_case_stands_on_one_page(desk: Desk, state: str) -> None:
    levels = [*RiskLevel, RiskLevel.LOW]
    folders = [accepted(desk) for _ in levels]
    for folder, level in zip(folders, levels, strict=True):
        assessed(desk, folder, level, review=day("2017-05-20"))
    rows, after = [], None
    while True:
        page = cases.cases(desk.reader, CaseFilter(state=state), after=after, limit=2)
        rows += page.rows
        after = page.next
        if after is None:
            break
    assert sorted(row.folder for row in rows) == sorted(folders)
    if state == "open":
        assert [row.level for row in rows] == ["extreme", "high", "medium", "low", "low"]
    else:
        assert [row.code_name for row in rows] == sorted(row.code_name for row in rows)
    assert {row.caseworker_name for row in rows} == {"Wren"}


def test_cases_are_filtered(desk: Desk) -> None:
    one, other = accepted(desk), accepted(desk)
    assessed(desk, one, "high")
    added(desk, other, "note", body="A garden with a walnut tree.")
    added(desk, other, "evacuation")
    reader = desk.reader
    assert [row.folder for row in cases.cases(reader, CaseFilter(level="high")).rows] == [one]
    assert [row.folder for row in cases.cases(reader, CaseFilter(text="walnut")).rows] == [other]
    assert cases.cases(reader, CaseFilter(text="oak")).rows == ()
    assert [row.folder for row in cases.cases(reader, CaseFilter(stage="needs_route")).rows] == [other]
    assert len(cases.cases(reader, CaseFilter(caseworker=desk.member)).rows) == 2
    assert cases.cases(reader, CaseFilter(caseworker=bytes(16))).rows == ()
    assert cases.cases(reader, CaseFilter(state="closed")).rows == ()
    assert cases.stage_counts(reader) == {"checked": 1, "needs_route": 1}
    with pytest.raises(BadInput):
        cases.cases(reader, after="AAAA")


def test_choices_of_links(desk: Desk) -> None:
    folder = accepted(desk)
    house = casework.opened(done(desk, shelter.open_place(desk, {"beds": 1, "opened": day("2017-01-01")})))
    lost = casework.opened(done(desk, shelter.open_place(desk, {})))
    done(desk, shelter.expose(desk, lost, "Seen from the street."))
    way = route(desk)
    route(desk, destination="CA", shut=day("2017-05-01"))
    reader = desk.reader
    assert [option.record for option in shown.options(reader, "place")] == [house]
    (only,) = shown.options(reader, "route", folder)
    assert (only.record, only.text, only.fields["destination"]) == (way, "", "LT")
    assert [option.text for option in shown.options(reader, "member")] == ["Wren"]
    (person,) = shown.options(reader, "person", folder)
    assert "given_name" not in person.fields
    assert [option.record for option in shown.options(reader, "case")] == [folder]
    assert shown.options(reader, "request") == ()
    assert shown.name(reader, "case", folder) == shown.options(reader, "case")[0].text
    assert shown.name(reader, "case", bytes(16)) == ""


def spoken(value: object) -> Iterator[str]:
    """Every text in a result, however deep."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from spoken(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*spoken(key), *spoken(item))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from spoken(item)


def test_no_view_holds_a_masked_value(desk: Desk) -> None:
    case_kinds = [
        Part("person", dict.fromkeys(("given_name", "patronymic", "family_name", "other_names", "home"), CANARY)),
        Part("contact_channel", {"type": "phone", "handle": CANARY}),
        Part("identity_document", {"type": "passport", "number": CANARY}),
    ]
    folder = accepted(desk, asked(desk, case_kinds))
    waiting = asked(desk, case_kinds)
    fields_of_place = {"address": CANARY, "keeper": CANARY, "keeper_contact": CANARY}
    done(desk, shelter.open_place(desk, fields_of_place))
    added(desk, folder, "check_in", due=at(desk, 1), agreed_words=CANARY)
    application = added(desk, folder, "application", route=route(desk), reference=CANARY)
    added(desk, folder, "decision", application=application, outcome="granted")
    journey = added(desk, folder, "journey", purpose="abroad", meeting=CANARY)
    added(desk, folder, "leg", journey=journey, booking=CANARY)
    save, sealed = attachments.attach(desk, folder, CANARY, "image/jpeg", b"x")
    desk.save(save, sealed)
    office, ledger = desk.folder(FolderType.OFFICE), desk.folder(FolderType.LEDGER)
    added(desk, office, "source", title="A friend", type="person", spoken_to=CANARY)
    added(desk, office, "partner", name="A friend", contact=CANARY)
    added(desk, folder, "conversation", channel="signal", body="them: Help.", wrote_as=CANARY)
    helper = added(
        desk, office, "helper", code_name="Plain Otter", type=Many.of(["driver"]), name=CANARY, contact=CANARY
    )
    added(desk, folder, "told", audience="family", name=CANARY, what="That they live.", override="He asked us to.")
    meeting = {"shown_as": "Amber Sleeve", "meeting_point": CANARY, "phrase": CANARY, "answer": CANARY}
    slip = outside.give_slip(
        desk, folder, {**meeting, "helper": helper, "meets": at(desk, 1)}, {"what": "The slip."}, override="He asked."
    )
    done(desk, slip)
    reader = desk.reader
    for kind, spec in REGISTRY.items():
        masked = {name for name, field in spec.fields.items() if field.is_masked and field.type_name == "text"}
        if kind in ("donation", "expense"):
            continue
        stored = {
            n for f in (folder, waiting, office, ledger) for r in desk.tables.facts(f).get(kind, {}).values() for n in r
        }
        if kind == "place":
            stored = set(fields_of_place)
        assert masked <= stored, f"the canary is not in {kind}"
    hits = found.search(reader, CANARY)
    assert {hit.kind for hit in hits} >= {"person", "contact_channel", "place", "file", "source", "partner"}
    assert any("given_name" in hit.where for hit in hits)
    results = (
        case(reader, folder),
        request(reader, waiting),
        today(reader),
        cases.cases(reader),
        requests.requests(reader),
        places.places(reader),
        organisation.history(reader),
        organisation.organisation(reader),
        hits,
        helpers.helpers(reader, Wanted(), folder),
        helpers.carried(reader, helper),
        timeline(reader, folder),
        [shown.options(reader, kind, folder) for kind in REGISTRY],
        [shown.records(reader, one) for one in (folder, waiting, office, ledger)],
    )
    assert CANARY not in " ".join(spoken(results))
    view = case(reader, folder)
    assert view is not None
    assert view.records["person"][0].masked == ("given_name", "patronymic", "family_name", "other_names", "home")
    assert "given_name" not in view.records["person"][0].seen


def test_who_looked_at_what(desk: Desk) -> None:
    folder = accepted(desk)
    (person,) = desk.tables.facts(folder)["person"]
    done(desk, casework.reveal(desk, folder, "person", person, "given_name", "For the ticket."))
    (row,) = organisation.reveals(desk.reader).rows
    assert (row.who, row.of_kind, row.of_record, row.reason) == ("Wren", "person", RecordId(person), "For the ticket.")
    (newest, *_) = organisation.history(desk.reader).rows
    assert (newest.kinds, newest.code_name) == (("reveal",), row.code_name)
