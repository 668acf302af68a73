"""Two organisations: what passes between them is covered by consent, and arrives whole or not at all."""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyrage
import pytest
from msgspec import structs
from tests.ground.seeded import HeldClock, Seeded
from tests.messages.made import photograph
from tests.office.kit import accepted, added, asked, day, done, founded, problems, shown

from waystation.clock import DAY_MS
from waystation.errors import BadInput, PacketError, Refused
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import attachments, cards, casework, handover, intake, referrals
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.office.handover import Leaving, Made, Words
from waystation.packet import Content, Outcome
from waystation.records import Change, Many, Value

GIVEN, FAMILY, HANDLE, HOME = "Zelimkhan", "Tsoroev", "+7 999 000 11 22", "Pylimo 14-3"
WORDS = Words("Amber Sleeve", "To receive them on arrival", "Please answer soon.")
WHAT = "Who they are; How to reach them"


@pytest.fixture
def ours(desk: Desk) -> Desk:
    return desk


@pytest.fixture
def theirs(tmp_path: Path, clock: HeldClock) -> Iterator[Desk]:
    """Another organisation's desk, which shares nothing with ours but the day."""
    desk = founded(tmp_path / "theirs", clock, Seeded("another organisation"))
    yield desk
    desk.lock()


@pytest.fixture
def partner(ours: Desk, theirs: Desk) -> RecordId:
    """Theirs, with their card, whose words were compared."""
    record = added(ours, ours.folder(FolderType.OFFICE), "partner", name="Open Harbour")
    ours.save(cards.keep(ours, cards.own(theirs), record, compared=True))
    return record


@pytest.fixture
def case(ours: Desk) -> FolderId:
    """One person of whom much is known."""
    person = ours.new_record()
    request = asked(
        ours,
        [
            Part("person", {"given_name": GIVEN, "family_name": FAMILY, "home": HOME, "health": "Asthma"}, person),
            Part("contact_channel", {"type": "signal", "handle": HANDLE, "person": person}),
            Part("protection_concern", {"type": "police", "person": person}),
        ],
        code_name="Juniper Kettle",
        region="Grozny",
        level="extreme",
        timeframe="now",
    )
    return accepted(ours, request, summary="Hunted by the police.")


def person_of(desk: Desk, folder: FolderId) -> RecordId:
    return RecordId(next(iter(desk.tables.facts(folder, frozenset(("person",)))["person"])))


def consent(desk: Desk, folder: FolderId, partner: RecordId, *scope: str, **fields: Value | None) -> RecordId:
    given: dict[str, Value | None] = {
        "person": person_of(desk, folder),
        "scope": Many.of(scope),
        "given": day("2017-05-10"),
        "partners": Many.of([partner]),
    }
    return added(desk, folder, "consent", **{**given, **fields})


def free(desk: Desk, case: FolderId, partner: RecordId) -> list[str]:
    """Keys of what may leave, without the person's id."""
    return [one.key.partition(".")[0] for one in handover.offers(desk, case, partner) if one.why is None]


def keys(desk: Desk, case: FolderId, partner: RecordId, *names: str) -> list[str]:
    return [one.key for one in handover.offers(desk, case, partner) if one.key.partition(".")[0] in names]


def referred(desk: Desk, case: FolderId, partner: RecordId, *names: str) -> Made:
    """Sealed to their cards and saved."""
    to = [one.record for one in cards.kept(desk, partner)]
    made = handover.refer(desk, case, partner, keys(desk, case, partner, *names), WORDS, WHAT, to)
    desk.save_all(made.saves)
    return made


def taken_in(desk: Desk, made: Made) -> FolderId:
    taken = referrals.take_in(desk, made.content, "Lantern House", compared=True)
    desk.save_all(taken.saves, taken.sealed)
    return taken.folder


def only(desk: Desk, folder: FolderId, kind: str) -> tuple[RecordId, dict[str, Value]]:
    """The one record of a kind."""
    ((record, fields),) = desk.tables.facts(folder, frozenset((kind,)))[kind].items()
    return RecordId(record), dict(fields)


def linked(fields: Mapping[str, Value], name: str) -> RecordId:
    value = fields[name]
    assert isinstance(value, bytes)
    return RecordId(value)


def records_in(desk: Desk, made: Made) -> dict[str, Change]:
    """Kind → record of a packet that somebody opens."""
    return {one.kind: one for one in referrals.records_in(referrals.look(desk, made.content).opened.content)}


# ── What may leave ──


def test_nothing_leaves_without_a_consent(ours: Desk, case: FolderId, partner: RecordId) -> None:
    assert free(ours, case, partner) == []
    to = [one.record for one in cards.kept(ours, partner)]
    with pytest.raises(BadInput) as refused:
        handover.refer(ours, case, partner, keys(ours, case, partner, "who"), WORDS, WHAT, to)
    assert problems(refused) == {"part": "no_consent"}


@pytest.mark.parametrize(
    ("scope", "parts"),
    [
        ("story", {"who", "threat", "needs", "danger", "checks"}),
        ("identity", {"identity"}),
        ("contact", {"contact"}),
        ("medical_facts", {"health"}),
        ("location", {"home"}),
        ("image", set()),
        ("statistics", set()),
    ],
)
def test_a_scope_lets_its_own_parts_leave_and_no_other(
    ours: Desk, case: FolderId, partner: RecordId, scope: str, parts: set[str]
) -> None:
    consent(ours, case, partner, scope)
    assert set(free(ours, case, partner)) == parts


@pytest.mark.parametrize(
    "fields",
    [
        {"withdrawn": day("2017-05-17")},
        {"valid_until": day("2017-05-16")},
        {"given": day("2017-05-18")},
        {"partners": None, "with_others": "everybody"},
    ],
    ids=["withdrawn", "ended", "not begun", "for others"],
)
def test_a_consent_that_does_not_stand_covers_nothing(
    ours: Desk, case: FolderId, partner: RecordId, fields: dict[str, Value | None], clock: HeldClock
) -> None:
    if "given" in fields:
        clock.at_ms += 2 * DAY_MS
    consent(ours, case, partner, "story", **fields)
    if "given" in fields:
        clock.at_ms -= 2 * DAY_MS
    assert free(ours, case, partner) == []


def test_a_consent_that_is_withdrawn_meanwhile_stops_what_was_chosen(
    ours: Desk, case: FolderId, partner: RecordId
) -> None:
    given = consent(ours, case, partner, "story")
    chosen = keys(ours, case, partner, "who")
    done(ours, casework.withdraw_consent(ours, case, given))
    with pytest.raises(BadInput) as refused:
        handover.refer(ours, case, partner, chosen, WORDS, WHAT, [cards.kept(ours, partner)[0].record])
    assert problems(refused) == {"part": "no_consent"}


def test_what_is_about_all_needs_the_consent_of_all(ours: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story")
    other = added(ours, case, "person", given_name="Zara", role="in_case", relation="sibling")
    assert set(free(ours, case, partner)) == {"who", "threat"}
    consent(ours, case, partner, "story", person=other)
    assert set(free(ours, case, partner)) == {"who", "threat", "needs", "danger", "checks"}


def test_only_what_was_chosen_is_in_the_packet(ours: Desk, theirs: Desk, case: FolderId, partner: RecordId) -> None:
    added(ours, case, "note", body="Only for us.")
    consent(ours, case, partner, "story", "identity", "contact", "location", "medical_facts")
    went = Many.of([person_of(ours, case)])
    added(ours, case, "evacuation", evacuated=day("2017-05-12"), refuge="Vilnius", people=went)
    made = referred(ours, case, partner, "contact", "where")
    found = records_in(theirs, made)
    assert found.keys() == {"person", "contact_channel", "consent", "evacuation"}
    assert found["evacuation"].fields["people"] == Many.of([found["person"].record])
    assert found["person"].fields.keys() == {"role"}
    assert found["contact_channel"].fields["handle"] == HANDLE
    assert found["consent"].fields.keys() == {"person", "scope", "given"}
    opened = referrals.look(theirs, made.content).opened.signed
    for word in (GIVEN, FAMILY, HOME, "Asthma", "Juniper", "Wren", "Only for us.", "Grozny"):
        assert word.encode() not in opened
    stored = {record for kind in ours.tables.facts(case, frozenset(ours.registry)).values() for record in kind}
    assert [record for record in (*stored, case) if record in opened] == []


def test_nothing_can_be_read_or_told_from_outside(ours: Desk, theirs: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "contact")
    made = referred(ours, case, partner, "contact")
    for secret in (HANDLE.encode(), b"Lantern", ours.book.org, ours.book.desk, theirs.book.org, theirs.book.desk):
        assert secret not in made.content


def test_two_packets_of_one_case_have_no_id_in_common(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId
) -> None:
    consent(ours, case, partner, "contact")
    first = referred(ours, case, partner, "contact")
    to = [cards.kept(ours, partner)[0].record]
    again = Words("Copper Thimble", "To hide them")
    second = handover.refer(ours, case, partner, keys(ours, case, partner, "contact"), again, WHAT, to)
    ids = [{one.record for one in records_in(theirs, made).values()} for made in (first, second)]
    assert not ids[0] & ids[1]


def test_what_left_is_in_the_book_with_its_consent_and_every_masked_field(
    ours: Desk, case: FolderId, partner: RecordId
) -> None:
    given = consent(ours, case, partner, "contact", "identity")
    made = referred(ours, case, partner, "contact", "identity")
    _, referral = only(ours, case, "referral")
    assert (referral["partner"], referral["what"], referral["consents"]) == (partner, WHAT, Many.of([given]))
    _, told = only(ours, case, "told")
    assert (told["partner"], told["what"], told["consent"]) == (partner, WHAT, given)
    looks = ours.tables.facts(case, frozenset(("reveal",)))["reveal"].values()
    assert {str(one["of_field"]) for one in looks} == {"given_name", "family_name", "handle"}
    assert all(one["reason"] == WORDS.purpose for one in looks)
    assert made.secret == ()


def test_what_must_not_be_shared_has_to_be_looked_at(ours: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story", except_for="His brother.")
    to, chosen = [cards.kept(ours, partner)[0].record], keys(ours, case, partner, "who")
    with pytest.raises(BadInput) as refused:
        handover.refer(ours, case, partner, chosen, WORDS, WHAT, to)
    assert problems(refused) == {"heeded": "required"}
    assert handover.refer(ours, case, partner, chosen, WORDS, WHAT, to, heeded=True).content


def test_the_code_name_of_the_case_is_never_what_both_call_it(ours: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story")
    to, chosen = [cards.kept(ours, partner)[0].record], keys(ours, case, partner, "who")
    with pytest.raises(BadInput) as refused:
        handover.refer(ours, case, partner, chosen, Words("Juniper Kettle", "To hide them"), WHAT, to)
    assert problems(refused) == {"called": "too_alike"}


def test_only_those_who_may_export_hand_a_case_over(
    ours: Desk, case: FolderId, partner: RecordId, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent(ours, case, partner, "story")
    monkeypatch.setattr(Desk, "roles", property(lambda self: frozenset(("caseworker",))))
    with pytest.raises(Refused):
        handover.offers(ours, case, partner)


# ── Cards ──


def test_nothing_is_sealed_to_a_card_that_was_not_compared(ours: Desk, theirs: Desk, case: FolderId) -> None:
    partner = added(ours, ours.folder(FolderType.OFFICE), "partner", name="Open Harbour")
    ours.save(cards.keep(ours, cards.own(theirs), partner, compared=False))
    (kept,) = cards.kept(ours, partner)
    consent(ours, case, partner, "story")
    with pytest.raises(Refused, match="compared"):
        referred(ours, case, partner, "who")
    ours.save(cards.note_compared(ours, kept.record))
    assert referred(ours, case, partner, "who").content


def test_nothing_is_sealed_to_a_card_that_expired_or_was_laid_aside(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId, clock: HeldClock
) -> None:
    consent(ours, case, partner, "story")
    clock.at_ms += 366 * DAY_MS
    with pytest.raises(Refused, match="expired"):
        referred(ours, case, partner, "who")
    ours.save(cards.keep(ours, cards.own(theirs), "Somebody else", compared=False))
    (kept,) = cards.kept(ours, partner)
    assert kept.compared, "a renewed card has the same words"
    assert referred(ours, case, partner, "who").content
    ours.save(cards.drop(ours, kept.record))
    with pytest.raises(Refused, match="laid aside"):
        referred(ours, case, partner, "who")


def test_a_card_of_our_own_or_an_old_one_is_not_kept(ours: Desk, theirs: Desk, clock: HeldClock) -> None:
    with pytest.raises(BadInput) as refused:
        cards.keep(ours, cards.own(ours), "Ourselves", compared=True)
    assert problems(refused) == {"card": "own_card"}
    old = cards.own(theirs)
    clock.at_ms += 366 * DAY_MS
    with pytest.raises(BadInput) as refused:
        cards.keep(ours, old, "Open Harbour", compared=True)
    assert problems(refused) == {"card": "card_expired"}


# ── What comes in ──


def test_a_referral_becomes_a_request(ours: Desk, theirs: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story", "identity", "contact")
    made = referred(ours, case, partner, "who", "identity", "contact", "threat", "needs", "danger", "checks")
    arrived = referrals.look(theirs, made.content)
    assert arrived.opened.card.name == "Lantern House"
    assert arrived.kept is None
    folder = taken_in(theirs, made)
    head = shown(theirs, folder, "request", folder)
    assert (head["channel"], head["region"], head["level"], head["people"]) == ("partner", "Grozny", "extreme", 1)
    assert head["code_name"] not in ("Juniper Kettle", WORDS.called)
    person, who = only(theirs, folder, "person")
    assert (who["given_name"], who["family_name"]) == (GIVEN, FAMILY)
    assert only(theirs, folder, "contact_channel")[1]["person"] == person
    step = only(theirs, folder, "verification_step")[1]
    received, referral = only(theirs, folder, "received_referral")
    assert (step["verified_by"], step["partner"]) == ("partner", referral["partner"])
    kinds = theirs.tables.facts(folder, frozenset(("credibility_assessment", "told", "note")))
    assert not any(kinds.values()), "judgements stay theirs"
    assert attachments.content_of(theirs, folder, linked(referral, "original")) == made.content
    content = referrals.as_it_came(theirs, folder, received)
    assert content is not None
    assert "credibility_assessment" in {one.kind for one in referrals.records_in(content)}


def test_a_consent_that_came_along_lets_nobody_pass_anything_on(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId
) -> None:
    consent(ours, case, partner, "story", "identity")
    folder = taken_in(theirs, referred(ours, case, partner, "who", "identity"))
    done(theirs, casework.add(theirs, folder, "verification_step", {"type": "interview", "result": "confirms"}))
    opened = casework.opened(done(theirs, intake.accept_and_open_case(theirs, folder)))
    sender = linked(only(theirs, folder, "received_referral")[1], "partner")
    assert only(theirs, opened, "consent")
    assert free(theirs, opened, sender) == []


def test_files_go_along_as_working_copies_without_their_names(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId
) -> None:
    save, sealed = attachments.attach(ours, case, "zelimkhan-at-home.jpg", "image/jpeg", photograph(), "The house")
    ours.save(save, sealed)
    original, copy = (write.record for write in save.writes)
    consent(ours, case, partner, "image")
    made = referred(ours, case, partner, "file")
    opened = referrals.look(theirs, made.content).opened
    assert opened.files == (attachments.content_of(ours, case, copy),)
    assert opened.files != (attachments.content_of(ours, case, original),)
    assert b"zelimkhan-at-home" not in opened.signed
    folder = taken_in(theirs, made)
    files = theirs.tables.facts(folder, frozenset(("file",)))["file"].values()
    assert "The house" in {one.get("description") for one in files}


def test_nothing_is_taken_in_twice_not_even_after_it_was_erased(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId
) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    folder = taken_in(theirs, made)
    assert referrals.look(theirs, made.content).already == folder
    theirs.hide(folder)
    position = theirs.book.position
    with pytest.raises(BadInput) as refused:
        referrals.take_in(theirs, made.content, "Lantern House", compared=True)
    assert problems(refused) == {"file": "taken_in"}
    assert theirs.book.position == position


def test_two_desks_make_one_request_of_one_packet(ours: Desk, theirs: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    once, again = (referrals.take_in(theirs, made.content, "Lantern House", compared=True) for _ in range(2))
    assert once.folder == again.folder


def test_a_packet_is_for_whom_it_was_sealed(ours: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    with pytest.raises(PacketError, match="not for this desk"):
        referrals.look(ours, made.content)


def test_a_packet_of_an_expired_card_is_refused(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId, clock: HeldClock
) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    clock.at_ms += 366 * DAY_MS
    with pytest.raises(PacketError, match="expired"):
        referrals.look(theirs, made.content)


# ── Answers ──


def test_accepted_there_is_accepted_here(ours: Desk, theirs: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    folder = taken_in(theirs, made)
    received = only(theirs, folder, "received_referral")[0]
    assert referrals.outcome(theirs, folder) is Outcome.ASKS
    with pytest.raises(BadInput) as refused:
        referrals.answer(theirs, folder, received, " ")
    assert problems(refused) == {"words": "required"}
    done(theirs, intake.accept_and_open_case(theirs, folder, unverified_because="They leave tonight."))
    answer = referrals.answer(theirs, folder, received, "")
    theirs.save_all(answer.saves)
    save, where = referrals.take_answer(ours, answer.content)
    ours.save(save)
    assert where == case
    assert shown(ours, case, "referral", made.record)["answer"] == "accepted"
    with pytest.raises(BadInput) as refused:
        referrals.take_answer(ours, answer.content)
    assert problems(refused) == {"file": "taken_in"}


def test_an_older_answer_that_comes_later_replaces_nothing(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId, clock: HeldClock
) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    folder = taken_in(theirs, made)
    received = only(theirs, folder, "received_referral")[0]
    asks = referrals.answer(theirs, folder, received, "Which languages?")
    clock.at_ms += DAY_MS
    done(theirs, intake.end_request(theirs, folder, {"outcome": "not_eligible", "outcome_reason": "We are full."}))
    declines = referrals.answer(theirs, folder, received, "We are full.")
    for one in (declines, asks):
        done(ours, referrals.take_answer(ours, one.content)[0])
    kept = shown(ours, case, "referral", made.record)
    assert (kept["answer"], kept["answer_words"]) == ("declined", "We are full.")
    titles = {one.get("title") for one in ours.tables.facts(case, frozenset(("task",)))["task"].values()}
    assert referrals.ANSWER_THEM in titles


def test_a_third_organisation_cannot_answer(
    ours: Desk, theirs: Desk, case: FolderId, partner: RecordId, tmp_path: Path, clock: HeldClock
) -> None:
    third = founded(tmp_path / "third", clock, Seeded("a third one"))
    office = ours.folder(FolderType.OFFICE)
    other = added(ours, office, "partner", name="Third")
    ours.save(cards.keep(ours, cards.own(third), other, compared=True))
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    folder = taken_in(theirs, made)
    received = only(theirs, folder, "received_referral")[0]
    answer = referrals.answer(theirs, folder, received, "Which languages?")
    content = cards.hand(ours).open(answer.content).content
    (to,) = [one.card for one in cards.kept(theirs)]
    forged = cards.hand(third).seal(by(content, third), (), [to], Seeded("forged"))
    with pytest.raises(PacketError, match="signer"):
        referrals.take_answer(ours, forged)
    third.lock()


def by(content: Content, desk: Desk) -> Content:
    """The same, as another desk would say it."""
    return structs.replace(content, card=cards.own(desk), id=bytes(16))


def test_a_withdrawal_says_there_what_to_do(ours: Desk, theirs: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "story")
    made = referred(ours, case, partner, "who")
    folder = taken_in(theirs, made)
    withdrawn = handover.withdraw(ours, case, made.record, "They changed their mind.")
    ours.save_all(withdrawn.saves)
    save, where = referrals.take_withdrawal(theirs, withdrawn.content)
    theirs.save(save)
    assert where == folder
    assert only(theirs, folder, "received_referral")[1]["withdrawn_words"] == "They changed their mind."
    assert only(theirs, folder, "task")[1]["title"] == referrals.STOP_USING
    with pytest.raises(BadInput):
        handover.withdraw(ours, case, made.record, "")


# ── For those without Waystation ──


def test_the_age_tools_open_a_file_with_six_words(ours: Desk, case: FolderId, partner: RecordId) -> None:
    consent(ours, case, partner, "contact", "image")
    save, sealed = attachments.attach(ours, case, "house.jpg", "image/jpeg", photograph(), "The house")
    ours.save(save, sealed)
    seen: list[Leaving] = []

    def page(leaving: Leaving) -> bytes:
        seen.append(leaving)
        return b"<!doctype html>"

    made = handover.refer(ours, case, partner, keys(ours, case, partner, "contact", "file"), WORDS, WHAT, page)
    assert len(made.secret) == 6
    packed = pyrage.passphrase.decrypt(made.content, " ".join(made.secret))
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        assert tar.getnames() == ["referral.html", "referral.json", "files/1.jpg"]
        inside = tar.extractfile("referral.json")
        assert inside is not None
        told = json.loads(inside.read())
    assert told["called"] == WORDS.called
    handles = [one["fields"].get("handle") for one in told["records"] if one["kind"] == "contact_channel"]
    assert handles == [HANDLE]
    assert seen[0].paths == ("files/1.jpg",)
    ours.save_all(made.saves)
    assert only(ours, case, "told")[1]["partner"] == partner
