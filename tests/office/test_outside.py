"""People without a desk: nobody is told without a consent or a reason, nobody is sent to their own kin, a slip dies."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, day, done, problems, shown

from waystation.clock import DAY_MS, HOUR_MS, Millis
from waystation.communities import Circle, Met, clashes
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import casework, outside
from waystation.office.casework import Part, add, amend
from waystation.office.desk import Desk
from waystation.records import Many, Moment, Value
from waystation.views import helpers
from waystation.views.helpers import Wanted

MEETING, PHRASE, ANSWER = "Under the clock", "Is this seat free?", "Only until Thursday."


@pytest.fixture
def office(desk: Desk) -> FolderId:
    return desk.folder(FolderType.OFFICE)


@pytest.fixture
def folder(desk: Desk) -> FolderId:
    """A case from Grozny whose person speaks Chechen."""
    request = asked(desk, [Part("person", {"given_name": "Adam", "languages": Many.of(["ce", "ru"])})])
    return accepted(desk, request, code_name="Juniper Kettle", region="Grozny")


def helper(desk: Desk, **fields: Value | None) -> RecordId:
    known = {"code_name": outside.propose_name(desk, "en"), "type": Many.of(["interpreter"]), **fields}
    return added(desk, desk.folder(FolderType.OFFICE), "helper", **known)


def consent(desk: Desk, folder: FolderId, **fields: Value | None) -> RecordId:
    return added(desk, folder, "consent", **{"scope": Many.of(["story"]), "given": day("2017-05-10"), **fields})


def slip(desk: Desk, who: RecordId, **more: Value | None) -> dict[str, Value | None]:
    fields: dict[str, Value | None] = {
        "helper": who, "shown_as": "Amber Sleeve", "meeting_point": MEETING, "meets": at(desk, 1), "phrase": PHRASE,
        "answer": ANSWER,
    }  # fmt: skip
    return {**fields, **more}


TOLD: dict[str, Value | None] = {"what": "What stands on the slip."}


# ── Consent ──


@pytest.mark.parametrize(
    ("fields", "audience", "covered"),
    [
        ({"with_others": "interpreters"}, "helper", True),
        ({"with_others": "the embassy"}, "authority", True),
        ({}, "helper", False),
        ({}, "partner", False),
        ({"with_others": "anyone"}, "partner", False),
        ({"with_others": "interpreters", "withdrawn": day("2017-05-17")}, "helper", False),
        ({"with_others": "interpreters", "valid_until": day("2017-05-16")}, "helper", False),
        ({"with_others": "interpreters", "valid_until": day("2017-05-17")}, "helper", True),
    ],
)
def test_whom_a_consent_covers(
    desk: Desk, folder: FolderId, fields: dict[str, Value | None], audience: str, covered: bool
) -> None:
    given = consent(desk, folder, **fields)
    partner = added(desk, desk.folder(FolderType.OFFICE), "partner", name="Open Harbour")
    told: dict[str, Value | None] = {"audience": audience, "helper": helper(desk), "partner": partner, **TOLD}
    assert outside.covering(desk, folder, audience, partner) == (given if covered else None)
    if covered:
        record = added(desk, folder, "told", **told)
        assert shown(desk, folder, "told", record)["consent"] == given
        return
    for chosen, code in ((None, "no_consent"), (given, "not_covered")):
        with pytest.raises(BadInput) as refused:
            add(desk, folder, "told", {**told, "consent": chosen})
        assert problems(refused) == {"consent": code}
        assert refused.value.problems["consent"].values["override"] is True
    record = added(desk, folder, "told", "She agreed by telephone.", **told)
    assert "consent" not in shown(desk, folder, "told", record)
    (note,) = desk.tables.facts(folder)["note"].values()
    assert note["body"] == "She agreed by telephone."


def test_a_partner_is_covered_where_the_consent_names_it(desk: Desk, folder: FolderId, office: FolderId) -> None:
    ours, other = (added(desk, office, "partner", name=name) for name in ("Open Harbour", "Far Shore"))
    given = consent(desk, folder, partners=Many.of([ours]))
    record = added(desk, folder, "told", audience="partner", partner=ours, what="That he waits.")
    assert shown(desk, folder, "told", record)["consent"] == given
    with pytest.raises(BadInput):
        add(desk, folder, "told", {"audience": "partner", "partner": other, "what": "That he waits."})


def test_a_colleague_needs_no_consent_and_somebody_must_be_named(desk: Desk, folder: FolderId) -> None:
    record = added(desk, folder, "told", audience="member", what="That he waits.")
    assert shown(desk, folder, "told", record)["told_by"] == desk.member
    for audience in ("helper", "partner"):
        with pytest.raises(BadInput) as refused:
            add(desk, folder, "told", {"audience": audience, "what": "That he waits."})
        assert problems(refused) == {audience: "required"}
    done(desk, amend(desk, folder, "told", record, {"purpose": "To plan the night."}))


# ── Kept apart ──

GROZNY = Circle("Juniper Kettle", ("Grozny",), ("his uncle in Nazran",), frozenset(("ru",)))


@pytest.mark.parametrize(
    ("community", "not_for", "met"),
    [
        ("Chechen diaspora", "", [Met.PLACE]),
        ("чеченская диаспора", "", [Met.PLACE]),
        ("Ingush families", "", [Met.THREAT]),
        ("Lithuanian", "", []),
        ("people from another village", "", []),
        ("Georgian", "anyone from Грозного", [Met.PLACE]),
        ("", "Juniper Kettle", [Met.NAME]),
        ("", "Juniper and Copper Meadow", []),
        ("Russian speakers", "", []),
        ("", "", []),
    ],
)
def test_who_may_know_the_people_in_a_case(community: str, not_for: str, met: list[Met]) -> None:
    assert [one.met for one in clashes(community, not_for, GROZNY)] == met


def test_a_language_that_one_people_speaks_tells_of_it() -> None:
    around = Circle(languages=frozenset(("uz", "ru")))
    assert [one.met for one in clashes("узбекская община", "", around)] == [Met.PEOPLE]
    assert clashes("Tajik", "", around) == ()


def test_whoever_may_know_them_is_chosen_only_with_a_reason(desk: Desk, folder: FolderId) -> None:
    kin, other = helper(desk, community="Chechen diaspora"), helper(desk, community="Vilnius")
    consent(desk, folder, with_others="interpreters")
    told: dict[str, Value | None] = {"audience": "helper", **TOLD}
    with pytest.raises(BadInput) as refused:
        add(desk, folder, "told", {**told, "helper": kin})
    assert problems(refused) == {"helper": "community"}
    added(desk, folder, "told", helper=other, **told)
    with pytest.raises(BadInput) as refused:
        outside.give_slip(desk, folder, slip(desk, kin), TOLD)
    assert problems(refused) == {"helper": "community"}
    done(desk, outside.give_slip(desk, folder, slip(desk, kin), TOLD, override="Nobody else speaks it."))


def test_all_that_is_unusual_is_asked_about_at_once(desk: Desk, folder: FolderId) -> None:
    kin = helper(desk, community="Chechen diaspora")
    with pytest.raises(BadInput) as refused:
        outside.give_slip(desk, folder, slip(desk, kin, shown_as="Juniper Kettle"), TOLD)
    assert problems(refused) == {"helper": "community", "consent": "no_consent", "shown_as": "own_name"}
    assert all(one.values["override"] is True for one in refused.value.problems.values())


def test_whom_the_list_offers_first(desk: Desk, folder: FolderId) -> None:
    kin = helper(
        desk, code_name="Amber Anvil", community="Chechen diaspora", languages=Many.of(["ce"]), dialects="Vedeno"
    )
    fits = helper(
        desk, code_name="Velvet Harbour", languages=Many.of(["ce", "ru"]), dialects="Nokhchmakhkakhoi, Ведено"
    )
    driver = helper(desk, code_name="Copper Meadow", type=Many.of(["driver"]))
    gone = helper(desk, code_name="Slow Thimble", ended=day("2017-05-01"))
    reader = desk.reader

    def found(wanted: Wanted, case: FolderId | None = None) -> list[RecordId]:
        return [row.shown.record for row in helpers.helpers(reader, wanted, case)]

    assert found(Wanted()) == [kin, driver, fits]
    assert found(Wanted(), folder) == [fits, driver, kin]
    assert found(Wanted(type="interpreter", language="ce"), folder) == [fits, kin]
    assert found(Wanted(dialect="вед")) == [fits]
    assert found(Wanted(dialect="vedeno")) == [kin]
    assert found(Wanted(ended=True)) == [gone]
    with pytest.raises(BadInput) as refused:
        outside.give_slip(desk, folder, slip(desk, gone), TOLD, override="x")
    assert problems(refused) == {"helper": "ended"}


def test_what_a_helper_knows_across_cases(desk: Desk, folder: FolderId, clock: HeldClock) -> None:
    who, request = helper(desk), asked(desk)
    consent(desk, folder, with_others="interpreters")
    added(desk, request, "told", "They wrote first.", audience="helper", helper=who, what="That somebody asks.")
    clock.at_ms += HOUR_MS
    done(desk, outside.give_slip(desk, folder, slip(desk, who), TOLD))
    found = helpers.carried(desk.reader, who)
    assert [(one.folder, one.shown.kind) for one in found] == [
        (folder, "task_slip"),
        (folder, "told"),
        (request, "told"),
    ]
    assert not any({"meeting_point", "phrase", "answer"} & one.shown.fields.keys() for one in found)
    assert helpers.carried(desk.reader, helper(desk)) == ()


# ── Slips ──


def test_a_slip_and_what_was_told_are_one_save(desk: Desk, folder: FolderId) -> None:
    who = helper(desk)
    consent(desk, folder, with_others="interpreters")
    position = desk.book.position
    save = done(desk, outside.give_slip(desk, folder, slip(desk, who), TOLD))
    assert desk.book.position == position + 1
    assert [write.kind for write in save.writes] == ["task_slip", "told"]
    made = shown(desk, folder, "task_slip", save.writes[0].record)
    assert made["expires"] == Moment(Millis(at(desk, 1).ms + DAY_MS), at(desk, 1).zone)
    assert (made["made_by"], made["made"]) == (desk.member, Moment(desk.now_ms(), desk.zone()))
    told = shown(desk, folder, "told", save.writes[1].record)
    assert (told["audience"], told["helper"]) == ("helper", who)
    assert not any(secret in str(told) for secret in (MEETING, PHRASE, ANSWER))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"meets": "past"}, {"meets": "in_past"}),
        ({"helper": None}, {"helper": "required"}),
        ({"phrase": None}, {"phrase": "required"}),
        ({"shown_as": "Velvet Anvel"}, {"shown_as": "too_alike"}),
        ({"expires": "late"}, {"expires": "too_long"}),
        ({"expires": "early"}, {"expires": "before"}),
    ],
)
def test_slips_that_are_refused(
    desk: Desk, folder: FolderId, change: dict[str, Value | None], problem: dict[str, str]
) -> None:
    who = helper(desk, code_name="Velvet Anvil")
    consent(desk, folder, with_others="drivers")
    moments: dict[Value | None, Moment] = {"past": at(desk, -1), "late": at(desk, 9), "early": at(desk, 0.5)}
    fields = {name: moments.get(value, value) for name, value in change.items()}
    with pytest.raises(BadInput) as refused:
        outside.give_slip(desk, folder, slip(desk, who, **fields), TOLD, override="It must be so.")
    assert problems(refused).items() >= problem.items()


def test_a_name_is_proposed_that_nobody_could_take_for_another(desk: Desk, folder: FolderId) -> None:
    who = helper(desk)
    consent(desk, folder, with_others="drivers")
    name = outside.propose_name(desk, "en")
    done(desk, outside.give_slip(desk, folder, slip(desk, who, shown_as=name), TOLD))
    other = accepted(desk)
    consent(desk, other, with_others="drivers")
    with pytest.raises(BadInput) as refused:
        outside.give_slip(desk, other, slip(desk, who, shown_as=name), TOLD)
    assert problems(refused) == {"shown_as": "too_alike"}
    again = slip(desk, who, shown_as=name, meets=at(desk, 2))
    done(desk, outside.give_slip(desk, folder, again, TOLD))
    with pytest.raises(BadInput):
        helper(desk, code_name=name)


def test_a_slip_is_shown_after_the_asking_and_never_once_it_is_over(
    desk: Desk, folder: FolderId, clock: HeldClock
) -> None:
    who = helper(desk)
    consent(desk, folder, with_others="drivers")
    record = done(desk, outside.give_slip(desk, folder, slip(desk, who), TOLD)).writes[0].record
    with pytest.raises(Refused):
        outside.slip(desk, folder, record)
    done(desk, outside.ask_for_slip(desk, folder, record))
    found = outside.slip(desk, folder, record)
    assert (found.shown_as, found.meeting_point, found.phrase, found.answer) == (
        "Amber Sleeve",
        MEETING,
        PHRASE,
        ANSWER,
    )
    looks = desk.tables.facts(folder)["reveal"].values()
    assert {one["of_field"] for one in looks} == {"meeting_point", "phrase", "answer"}
    clock.at_ms += HOUR_MS
    with pytest.raises(Refused):
        outside.slip(desk, folder, record)
    clock.at_ms += 2 * DAY_MS - HOUR_MS - 1000
    done(desk, outside.ask_for_slip(desk, folder, record))
    assert outside.slip(desk, folder, record).phrase == PHRASE
    clock.at_ms += 2000
    with pytest.raises(Refused, match="expired"):
        outside.slip(desk, folder, record)
    with pytest.raises(Refused, match="expired"):
        outside.ask_for_slip(desk, folder, record)


def test_a_slip_is_destroyed_once_and_not_changed_by_hand(desk: Desk, folder: FolderId) -> None:
    who = helper(desk)
    consent(desk, folder, with_others="drivers")
    record = done(desk, outside.give_slip(desk, folder, slip(desk, who), TOLD)).writes[0].record
    assert "task_slip" not in casework.addable(desk, FolderType.CASE)
    with pytest.raises(Refused):
        add(desk, folder, "task_slip", slip(desk, who))
    with pytest.raises(BadInput):
        amend(desk, folder, "task_slip", record, {"meeting_point": "Elsewhere"})
    done(desk, outside.destroyed(desk, folder, record))
    with pytest.raises(Refused, match="destroyed"):
        outside.ask_for_slip(desk, folder, record)
    with pytest.raises(BadInput) as refused:
        outside.destroyed(desk, folder, record)
    assert problems(refused) == {"": "destroyed"}


def test_a_helper_does_something_and_has_a_name_of_their_own(desk: Desk, office: FolderId) -> None:
    with pytest.raises(BadInput) as refused:
        add(desk, office, "helper", {"code_name": "Velvet Anvil"})
    assert problems(refused) == {"type": "required"}
    helper(desk, code_name="Velvet Anvil")
    with pytest.raises(BadInput) as refused:
        helper(desk, code_name="Velvet Anvils")
    assert problems(refused) == {"code_name": "too_alike"}
