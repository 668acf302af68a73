"""A desk with something on every page: requests, cases at different stages, a conflict, money, sources. Synthetic."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.desk.sitting import folder_of, system
from tests.ground.seeded import HeldClock, Seeded
from tests.messages.made import photograph
from tests.office.kit import accepted, added, asked, at, day, done
from tests.tables.test_desks import Second, seconds

from waystation.ids import FolderId, FolderType, OrgId, RecordId, to_text
from waystation.office import (
    attachments,
    cards,
    casework,
    duty,
    intake,
    journeys,
    kept,
    outside,
    shelter,
    testimony,
    undo,
)
from waystation.office.casework import Part, amend
from waystation.office.desk import Desk, Home
from waystation.office.founding import found
from waystation.office.packets import Hand
from waystation.office.referrals import SIGNED
from waystation.office.tray import Attachment
from waystation.office.writing import Writing
from waystation.packet import Content, Kind
from waystation.records import Amount, Change, Day, Many, Value, encode_payload
from waystation.records.choices import ListPage
from waystation.records.values import Moment, Money
from waystation.sign import SigningSeed
from waystation.vault import new_kdf

PASSPHRASE = "plinth orbit sundew canvas mirror"

CASE, OTHER_CASE, REQUEST, ENDED = "Juniper Kettle", "Copper Meadow", "Slow Thimble", "Velvet Harbour"
PLACE, EXPOSED = "Willow Anchor", "Marble Otter"
"""Code names."""

GIVEN, FAMILY, HANDLE, ADDRESS = "Zelimkhan", "Tsoroev", "+7 999 000 11 22", "Pylimo gatve 14-3"
FILE_NAME, FILE = "tsoroev-passport.pdf", b"%PDF-1.7 the first page"
PHOTOGRAPH, WROTE_AS = "zelimkhan-at-home.jpg", "Zelim of Shatoy"
COLLEAGUE, FILTER = "Sable", "In grave danger"
HELPER, HELPER_NAME, MEETING, PHRASE = "Plain Otterbox", "Algirdas Kazlauskas", "Under the station clock", "Is it free?"
MASKED = (GIVEN, FAMILY, HANDLE, ADDRESS, FILE_NAME, PHOTOGRAPH, WROTE_AS, HELPER_NAME, MEETING, PHRASE)
"""What no page shows before somebody asks."""


@dataclass
class Furnished:
    """Ids of what is there."""

    desk: Desk
    home: Home
    case: FolderId
    other_case: FolderId
    request: FolderId
    ended: FolderId
    place: FolderId
    exposed: FolderId
    person: RecordId
    risk: RecordId
    check_in: RecordId
    task: RecordId
    consent: RecordId
    stay: RecordId
    application: RecordId
    journey: RecordId
    leg: RecordId
    arrival: RecordId
    file: RecordId
    route: RecordId
    partner: RecordId
    claim: RecordId
    source: RecordId
    campaign: RecordId
    helper: RecordId
    slip: RecordId
    text: RecordId
    passage: RecordId
    conversation: RecordId
    photograph: RecordId
    working_copy: RecordId
    struck: RecordId
    card: RecordId
    referral: RecordId
    received: RecordId

    def path(self, folder: FolderId, root: str = "cases") -> str:
        """Address of a case, a request or a place."""
        return f"{root}/{to_text(folder)}"

    def record(self, kind: str, record: RecordId, folder: FolderId | None = None, root: str = "cases") -> str:
        """Address of a record of a case."""
        return f"{self.path(folder or self.case, root)}/{kind}/{to_text(record)}"


@contextmanager
def furnished(path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Furnished]:
    """Founds and fills a desk; it is locked when the block ends."""
    machine = system(clock, randomness)
    kdf = new_kdf(randomness, memory_kib=64, passes=1, lanes=1)
    home = folder_of(path)
    desk, _ = found(home, "Lantern House", "Ada", PASSPHRASE, machine, kdf)
    yield _fill(desk, home, path, clock, randomness)
    desk.lock()


def _fill(desk: Desk, home: Home, path: Path, clock: HeldClock, randomness: Seeded) -> Furnished:
    office, ledger = desk.folder(FolderType.OFFICE), desk.folder(FolderType.LEDGER)
    partner = added(
        desk, office, "partner", name="Open Harbour", country="LT", services=Many.of(["reception"]), contact="Rasa"
    )
    route = added(
        desk, office, "route", destination="LT", pathway="humanitarian_visa", lead_days=21, return_risk="none_known"
    )
    america = added(desk, office, "route", destination="US", pathway="visit_visa", return_risk="some")
    added(desk, office, "discouragement", route=america, by_whom="The embassy", words="No political will.")
    added(desk, office, "task", title="Buy telephones", due=at(desk, 2))
    (second,) = seconds(desk, path, randomness, 1)

    place = casework.opened(
        done(
            desk,
            shelter.open_place(
                desk, {"code_name": PLACE, "beds": 3, "address": ADDRESS, "region": "Vilnius", "country": "LT"}
            ),
        )
    )
    exposed = casework.opened(done(desk, shelter.open_place(desk, {"code_name": EXPOSED, "beds": 2})))

    request = asked(
        desk,
        code_name=REQUEST,
        story="Asks for a friend.",
        level="high",
        timeframe="days",
        deadline=Day(None, "2017-05-25", "before 26 May"),
    )
    ended = asked(desk, code_name=ENDED, story="Wrote once.")
    added(desk, ended, "task", title="Look for them", due=at(desk, 1))
    task = added(desk, ended, "task", title="Ask a friend", due=at(desk, 1))
    done(desk, casework.finish_task(desk, ended, task, "No answer."))
    done(desk, intake.end_request(desk, ended, {"outcome": "lost_contact"}))

    principal = desk.new_record()
    asked_for = asked(
        desk,
        [
            Part("person", {"given_name": GIVEN, "family_name": FAMILY, "citizenship": "RU"}, principal),
            Part("contact_channel", {"type": "signal", "handle": HANDLE, "safety": "with_care", "person": principal}),
        ],
        code_name=CASE,
        story="They came for my brother.",
        level="extreme",
        timeframe="now",
        needs=Many.of(["hiding", "departure"]),
        received=Moment(clock.now_ms() - 20 * 86_400_000, "Europe/Moscow"),
    )
    case = accepted(desk, asked_for, summary="A young man hunted by the police and by his family.", region="Grozny")
    added(
        desk,
        case,
        "person",
        given_name="Zara",
        role="in_case",
        relation="sibling",
        specific_needs=Many.of(["mental_health"]),
    )
    person = next(iter(desk.tables.facts(case, frozenset(("person",)))["person"]))
    risk = added(
        desk, case, "risk_assessment", level="high", timeframe="days", reasons="His uncle knows the flat.",
        deadline=day("2017-05-26"), review=day("2017-05-20"),
    )  # fmt: skip
    added(desk, case, "protection_concern", type="family", from_whom="An uncle", since=day("2017-04-01"), person=person)
    added(desk, case, "identity_document", type="passport", number="4510 123456", person=person, holder="family")
    consent = added(desk, case, "consent", scope=Many.of(["story"]), person=person, given=day("2017-05-10"))
    added(desk, case, "evacuation", evacuated=day("2017-04-20"), origin="Grozny", refuge="Moscow")
    stay = added(desk, case, "stay", place=place, begins=day("2017-04-21"))
    check_in = added(desk, case, "check_in", due=at(desk, 1), person=person, agreed_words="the kettle is cold")
    case_task = added(desk, case, "task", title="Ask the consulate for a date", due=at(desk, 2))
    added(desk, case, "note", body="He slept for the first time.")
    refused = added(desk, case, "application", route=america, filed=day("2017-04-25"))
    added(desk, case, "decision", application=refused, outcome="refused", reason="No ties.", decided=day("2017-05-01"))
    application = added(desk, case, "application", route=route, filed=day("2017-05-02"), reference="LT-7781")
    added(
        desk,
        case,
        "decision",
        application=application,
        outcome="granted",
        decided=day("2017-05-12"),
        valid_until=day("2017-08-01"),
    )
    journey = added(
        desk, case, "journey", purpose="abroad", application=application, destination="LT", planned=day("2017-05-26")
    )
    leg = added(
        desk, case, "leg", journey=journey, origin="Moscow", destination="Vilnius", mode="air", departs=at(desk, 9)
    )
    save, sealed = attachments.attach(desk, case, FILE_NAME, "application/pdf", FILE, "Passport, first page")
    desk.save(save, sealed)
    file = save.writes[0].record

    helper = added(
        desk, office, "helper", code_name=HELPER, type=Many.of(["driver", "interpreter"]), name=HELPER_NAME,
        contact="+370 600 00000", languages=Many.of(["ru", "ce"]), dialects="Vedeno",
    )  # fmt: skip
    added(desk, case, "told", "He agreed.", audience="helper", helper=helper, what="That a young man waits.")
    made = outside.give_slip(
        desk,
        case,
        {
            "helper": helper,
            "shown_as": "Amber Castle",
            "meeting_point": MEETING,
            "meets": at(desk, 1),
            "phrase": PHRASE,
        },
        {"what": "What stands on the slip."},
        override="He agreed.",
    )
    slip = done(desk, made).writes[0].record

    other = accepted(
        desk,
        asked(desk, [Part("person", {"given_name": "Ruslan"})], code_name=OTHER_CASE, level="low", timeframe="weeks"),
    )
    added(desk, other, "risk_assessment", level="low", timeframe="weeks", reasons="Safe now.", review=day("2017-06-10"))
    added(desk, other, "application", route=route, filed=day("2017-04-02"))
    other_application = next(iter(desk.tables.facts(other, frozenset(("application",)))["application"]))
    added(
        desk, other, "decision", application=RecordId(other_application), outcome="granted", decided=day("2017-04-20")
    )
    trip = added(
        desk,
        other,
        "journey",
        purpose="abroad",
        application=RecordId(other_application),
        destination="LT",
        planned=day("2017-05-05"),
    )
    flown = added(desk, other, "leg", journey=trip, origin="Moscow", destination="Vilnius", mode="air")
    done(desk, journeys.note_leg(desk, other, flown, {"outcome": "done"}))
    arrival = added(desk, other, "arrival", country="LT", city="Vilnius", journey=trip, arrived=day("2017-05-05"))
    stay_there = added(desk, other, "stay", place=exposed, begins=day("2017-05-06"))
    done(desk, shelter.expose(desk, exposed, "Two men asked the neighbours."))
    assert stay_there

    claim, source = _sources(desk, office)
    campaign = added(desk, ledger, "campaign", name="Spring appeal", owner="ours", goal=Money(20_000_000, "USD"))
    added(
        desk,
        ledger,
        "donation",
        amount=Money(17_600_000, "USD"),
        campaign=campaign,
        received=day("2017-05-01"),
        donor="Many people",
    )
    added(
        desk,
        ledger,
        "expense",
        amount=Money(6_270_000, "USD"),
        category="housing",
        spent=day("2017-05-02"),
        for_case=case,
    )
    added(desk, ledger, "expense", amount=Money(45_000, "EUR"), category="food", spent=day("2017-05-03"))

    _conflict(desk, second, case, risk)
    done(desk, casework.reveal(desk, case, "person", person, "given_name", "To book a ticket"))
    return Furnished(
        desk, home, case, other, request, ended, place, exposed, RecordId(person), risk, check_in, case_task, consent,
        stay, application, journey, leg, arrival, file, route, partner, claim, source, campaign, helper, slip,
        *_text(desk, office, claim), *_words_and_pictures(desk, case, RecordId(person)), _put_by(desk, office, other),
        *_between(desk, office, partner, case, request),
    )  # fmt: skip


def _sources(desk: Desk, office: FolderId) -> tuple[RecordId, RecordId]:
    """Two claims that cannot both hold, and who says so."""
    as_of = day("2017-05-17")
    claims: list[RecordId] = []
    sources: list[RecordId] = []
    for title, statement, number in (
        ("BuzzFeed News", "42 people were evacuated.", 42),
        ("A weekly paper", "More than fifty people were evacuated.", 51),
    ):
        save = done(
            desk,
            testimony.testify(
                desk,
                office,
                {"subject": "evacuated", "statement": statement, "figure": Amount.of(number, number), "as_of": as_of},
                {"title": title, "type": "article", "grade": "B", "spoken_to": "Somebody"},
                {"relation": "quotes", "words": "as the organisation told us", "grade": "2"},
            ),
        )
        claims.append(save.writes[0].record)
        sources.append(save.writes[1].record)
    return claims[0], sources[0]


def _text(desk: Desk, office: FolderId, claim: RecordId) -> tuple[RecordId, RecordId]:
    """A source with its text, and a claim marked in it; the passage too."""
    words = "Forty-two people were brought out, the organisation says."
    original = Attachment("saved.txt", "text/plain", f"Home\n{words}\nTwo have been granted visas.".encode())
    kept = testimony.keep_source(desk, office, {"type": "article", "publisher": "An evening paper"}, original)
    desk.save_all(kept.saves, kept.sealed)
    passage = next(one.record for one in kept.saves[0].writes if one.kind == "passage")
    citation = {"relation": "repeats", "passage": passage, "words": "Forty-two people"}
    done(desk, testimony.testify(desk, office, claim, kept.source, citation))
    return kept.source, passage


def _words_and_pictures(desk: Desk, case: FolderId, person: RecordId) -> tuple[RecordId, RecordId, RecordId]:
    """A conversation; a photograph and its working copy."""
    conversation = added(
        desk, case, "conversation", channel="signal", person=person, wrote_as=WROTE_AS, messages=2,
        body="them (2017-05-16 23:10): They ask the neighbours about me.\nus (2017-05-16 23:14): Stay where you are.",
    )  # fmt: skip
    save, sealed = attachments.attach(desk, case, PHOTOGRAPH, "image/jpeg", photograph(), "The house, from the street")
    desk.save(save, sealed)
    original, working_copy = save.writes
    return conversation, original.record, working_copy.record


def _put_by(desk: Desk, office: FolderId, case: FolderId) -> RecordId:
    """A colleague, who is on duty in a week; a kept filter; a note that was struck out, whose id this is."""
    colleague = added(desk, office, "member", display_name=COLLEAGUE, roles=Many.of(["caseworker"]))
    done(desk, duty.plan(desk, colleague, at(desk, 7.3), at(desk, 7.8), "Has the second telephone."))
    done(desk, kept.keep(desk, FILTER, ListPage.CASES, "level=high"))
    note = added(desk, case, "note", body="This was meant for another case.")
    done(desk, undo.strike(desk, case, "note", note))
    return note


def _between(
    desk: Desk, office: FolderId, partner: RecordId, case: FolderId, request: FolderId
) -> tuple[RecordId, RecordId, RecordId]:
    """A partner's card that nobody has compared; a referral that they declined; one of theirs, with what it said."""
    random = Seeded("partner")
    theirs = Hand(OrgId(random(32)), SigningSeed(random(32)))
    done(desk, cards.keep(desk, theirs.card("Open Harbour", desk.now_ms()), partner, compared=False))
    ((card,),) = desk.reader.rows("SELECT id FROM k_partner_card")
    sent = _put(
        desk, case, "referral", partner=partner, called="Brass Lantern", form="sealed", purpose="To receive them",
        what="Who they are, without a name", sent=at(desk, -2), sent_by=desk.member, packet=random(16),
        answer="declined", answered=at(desk, -1), answer_words="We are full until June.",
    )  # fmt: skip
    said = Change("person", RecordId(random(16)), {"role": "principal", "family_name": "Somebody"})
    identity = random(16)
    content = Content(
        1, identity, Kind.REFERRAL, identity, theirs.card("Open Harbour", desk.now_ms()), (), desk.now_ms(),
        "Velvet Plough", "To hide them", "Please answer soon.", "", encode_payload([said]), (), b"",
    )  # fmt: skip
    ours = Hand(desk.book.org, desk.vault.secrets.signing_seed)
    opened = ours.open(theirs.seal(content, (), [cards.read(cards.own(desk))], random))
    writing = Writing(desk)
    signed = Attachment("referral.content", "application/vnd.waystation", opened.signed)
    put = attachments.put_plain(writing, request, signed, SIGNED)
    desk.save_all((attachments.with_files(writing.save(), (put,)),), attachments.pieces((put,)))
    came = _put(
        desk, request, "received_referral", partner=partner, called="Velvet Plough", purpose="To hide them",
        words="Please answer soon.", made=at(desk, -1), received=at(desk, -1), packet=identity, card=card,
        content=put.original,
    )  # fmt: skip
    return RecordId(card), sent, came


def _put(desk: Desk, folder: FolderId, kind: str, **fields: Value | None) -> RecordId:
    """A record that no form writes."""
    writing = Writing(desk)
    record = writing.put(writing.entry(folder, kind, fields))
    done(desk, writing.save())
    return record


def _conflict(desk: Desk, second: Second, case: FolderId, risk: RecordId) -> None:
    """Two desks write a risk level without having seen each other's."""
    second.pull(desk, list(desk.book.entries()))
    theirs = second.write(case, "risk_assessment", risk, {"level": "extreme"})
    done(desk, amend(desk, case, "risk_assessment", risk, {"level": "medium"}))
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive([theirs])
        desk.tables.apply(desk.book.changes(before))
    second.book.store.close()
