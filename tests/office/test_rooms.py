"""Money, testimony, staff, files; and what each role may not."""

from collections.abc import Callable

import pytest
from tests.office.kit import accepted, added, asked, day, done, problems, shown

from waystation.book.roster import AdmitMember
from waystation.errors import BadInput, Refused, SealError
from waystation.ids import FolderId, FolderType
from waystation.office import attachments, casework, intake, shelter, staff, testimony
from waystation.office.casework import add, amend
from waystation.office.desk import Desk
from waystation.office.writing import Fields
from waystation.records import Amount, Money
from waystation.views.money import donations, expenses, money
from waystation.views.sources import claims


@pytest.fixture
def office(desk: Desk) -> FolderId:
    return desk.folder(FolderType.OFFICE)


@pytest.fixture
def ledger(desk: Desk) -> FolderId:
    return desk.folder(FolderType.LEDGER)


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        ("donation", {"amount": Money(0, "USD")}, {"amount": "not_above_zero"}),
        ("donation", {"amount": Money(5, "USD"), "anonymous": True, "donor": "A friend"}, {"donor": "anonymous"}),
        ("donation", {"amount": Money(5, "USD"), "received": day("2017-05-18")}, {"received": "in_future"}),
        ("expense", {"amount": Money(0, "USD"), "category": "food"}, {"amount": "not_above_zero"}),
        ("expense", {"amount": Money(5, "USD")}, {"category": "required"}),
    ],
)
def test_sums_that_are_refused(
    desk: Desk, ledger: FolderId, kind: str, fields: Fields, problem: dict[str, str]
) -> None:
    with pytest.raises(BadInput) as refused:
        add(desk, ledger, kind, fields)
    assert problems(refused) == problem


def test_sums_are_exact_and_apart(desk: Desk, ledger: FolderId) -> None:
    spring = added(desk, ledger, "campaign", name="Spring")
    for minor, currency, campaign in ((1, "USD", spring), (2, "USD", None), (10**14, "USD", spring), (5, "EUR", None)):
        added(desk, ledger, "donation", amount=Money(minor, currency), campaign=campaign)
    added(desk, ledger, "expense", amount=Money(7, "EUR"), category="food")
    found = money(desk.reader)
    assert [(s.currency, s.received, s.spent) for s in found.totals] == [("EUR", 5, 7), ("USD", 10**14 + 3, 0)]
    assert [(row.shown is None, [(s.currency, s.received) for s in row.sums]) for row in found.campaigns] == [
        (False, [("USD", 10**14 + 1)]),
        (True, [("EUR", 5), ("USD", 2)]),
    ]
    assert [(row.category, row.sums[0].spent) for row in found.categories] == [("food", 7)]
    first = donations(desk.reader, limit=3)
    assert (len(first.rows), len(donations(desk.reader, after=first.next).rows)) == (3, 1)
    assert len(expenses(desk.reader).rows) == 1


def test_ten_articles_that_repeat_one_interview_are_one_source(desk: Desk, office: FolderId) -> None:
    interview = added(desk, office, "source", title="An interview", type="person")
    claim = added(desk, office, "claim", subject="asked", statement="80 have asked.", figure=Amount(80, 80))
    for number in range(3):
        article = {"title": f"Article {number}", "type": "article", "relies_on": interview}
        done(desk, testimony.testify(desk, office, claim, article, {"relation": "says"}))
    other: Fields = {"subject": "asked", "statement": "60 have asked.", "figure": Amount(60, 60)}
    source: Fields = {"title": "A statement", "type": "organisation"}
    done(desk, testimony.testify(desk, office, other, source, {"relation": "says"}))
    (group,) = claims(desk.reader, office)
    assert (group.subject, group.contradictory) == ("asked", True)
    assert [(len(row.citations), row.independent) for row in group.claims] == [(3, 1), (1, 1)]


def test_sources_do_not_rely_on_each_other_in_a_circle(desk: Desk, office: FolderId) -> None:
    first = added(desk, office, "source", title="First", type="article")
    second = added(desk, office, "source", title="Second", type="article", relies_on=first)
    with pytest.raises(BadInput) as refused:
        amend(desk, office, "source", first, {"relies_on": second})
    assert problems(refused) == {"relies_on": "circle"}


def test_the_same_citation_does_not_stand_twice(desk: Desk, office: FolderId) -> None:
    claim = added(desk, office, "claim", subject="killed", statement="Three were killed.")
    source = added(desk, office, "source", title="An article", type="article")
    for relation in ("says", "corrects"):
        done(desk, testimony.testify(desk, office, claim, source, {"relation": relation}))
    with pytest.raises(BadInput) as refused:
        testimony.testify(desk, office, claim, source, {"relation": "says"})
    assert problems(refused) == {"source": "cited_already"}


def test_a_file_comes_back_after_the_asking(desk: Desk) -> None:
    case, content = accepted(desk), bytes(range(256)) * 2000
    save, sealed = attachments.attach(desk, case, "паспорт.jpg", "image/jpeg", content)
    desk.save(save, sealed)
    file = save.writes[0].record
    with pytest.raises(Refused):
        attachments.read(desk, case, file)
    done(desk, casework.reveal(desk, case, "file", file, "name"))
    found = attachments.read(desk, case, file)
    assert (found.name, found.media_type, found.content) == ("паспорт.jpg", "image/jpeg", content)
    with desk.book.transaction():
        desk.book.store.connection.execute("DELETE FROM chunk WHERE hash = ?", (sealed[0].hashes[-1],))
    with pytest.raises(SealError):
        attachments.read(desk, case, file)


@pytest.mark.parametrize(("name", "content", "field"), [("a" * 256, b"x", "name"), ("empty", b"", "file")])
def test_files_that_are_refused(desk: Desk, name: str, content: bytes, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        attachments.attach(desk, asked(desk), name, "text/plain", content)
    assert list(refused.value.problems) == [field]


def test_who_reads_a_folder_is_what_the_book_says(desk: Desk) -> None:
    (reader,) = staff.readers(desk, asked(desk))
    assert (reader.desk, reader.member, reader.name) == (desk.book.desk, desk.member, "Wren")


def become(desk: Desk, *roles: str) -> None:
    with desk.book.transaction():
        desk.book.amend_roster((AdmitMember(desk.member, roles),))


def test_a_member_changes_of_themselves_only_what_is_theirs(desk: Desk, office: FolderId) -> None:
    other = added(desk, office, "member", display_name="Rook")
    become(desk, "caseworker")
    me = desk.member
    done(desk, amend(desk, office, "member", me, {"display_name": "Wren the Elder"}))
    for record, fields in ((me, {"departed": day("2017-05-17")}), (other, {"display_name": "Crow"})):
        with pytest.raises(Refused):
            amend(desk, office, "member", record, fields)
    with pytest.raises(Refused):
        add(desk, office, "member", {"display_name": "Crow"})


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("caseworker", {"take down", "open a place", "add to a case", "reveal", "route"}),
        ("documenter", {"route"}),
        ("finance", {"donation"}),
        ("spokesperson", {"route"}),
        ("", set()),
    ],
)
def test_what_a_role_may(desk: Desk, office: FolderId, ledger: FolderId, role: str, may: set[str]) -> None:
    case = accepted(desk)
    (person,) = desk.tables.facts(case)["person"]
    become(desk, *([role] if role else []))
    acts: dict[str, Callable[[], object]] = {
        "take down": lambda: intake.take_down(desk, {}),
        "open a place": lambda: shelter.open_place(desk, {}),
        "add to a case": lambda: add(desk, case, "task", {"title": "Ask"}),
        "reveal": lambda: casework.reveal(desk, case, "person", person, "given_name"),
        "assign": lambda: amend(desk, case, "case", case, {"caseworker": None}),
        "route": lambda: add(desk, office, "route", {"destination": "LT", "pathway": "study"}),
        "donation": lambda: add(desk, ledger, "donation", {"amount": Money(5, "USD")}),
    }
    for name, act in acts.items():
        if name in may:
            act()
        else:
            with pytest.raises(Refused):
                act()


def test_a_renamed_member_is_shown_by_the_new_name(desk: Desk, office: FolderId) -> None:
    done(desk, amend(desk, office, "member", desk.member, {"display_name": "Lark"}))
    assert shown(desk, office, "member", desk.member)["display_name"] == "Lark"
