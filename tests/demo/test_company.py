"""Three desks and a relay: what the demonstration shows of working together."""

from collections.abc import Iterator

import pytest
from tests.demo.playing import PASSPHRASE, played_with, weak
from tests.ground.seeded import HeldClock, Seeded

from waystation.assemble import network, relay_beside
from waystation.demo import CALLED, Company, OperationClock, gather, load
from waystation.office.desk import Desk, Home, System
from waystation.office.syncing import status
from waystation.textsearch import Terms
from waystation.views.cases import CaseFilter, cases

Gathered = tuple[Desk, Company]


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    """The coordinator's desk, and who has joined it."""
    folder, story = tmp_path_factory.mktemp("company"), load()
    clock = OperationClock(story.begins, story.zone, HeldClock())
    system = System(clock, Seeded("company"), Terms(), relay=network(clock))
    coordinator = played_with(folder, story, clock, system)
    homes = Home(folder / "caseworker"), Home(folder / "partner")
    with relay_beside(folder / "relay.db", clock) as relay:
        company = gather(coordinator, homes, system, PASSPHRASE, relay, weak(system.randomness))
        yield coordinator, company
    for desk in (coordinator, company.caseworker[1], company.partner[1]):
        desk.lock()


def test_the_desks_hold_one_log(gathered: Gathered) -> None:
    coordinator, company = gathered
    desk = company.caseworker[1]
    assert (desk.book.position, desk.book.order) == (coordinator.book.position, coordinator.book.order)
    for one in (coordinator, desk):
        assert one.book.check().entries == coordinator.book.position
        assert status(one).unsent == 0
        assert not status(one).needs_person


def test_the_caseworker_reads_their_own_cases_and_no_others(gathered: Gathered) -> None:
    coordinator, company = gathered
    desk = company.caseworker[1]
    everywhere = CaseFilter(state="all")
    theirs = {row.folder for row in cases(desk.reader, everywhere, limit=200).rows}
    every = cases(coordinator.reader, everywhere, limit=200).rows
    assert theirs == {row.folder for row in every if row.caseworker == desk.member}
    assert 0 < len(theirs) < len(every)
    (case,) = {row.folder for row in every if row.code_name == company.referred}
    assert desk.tables.facts(case) == ({} if case not in theirs else coordinator.tables.facts(case))


def test_the_partner_abroad_has_the_one_case_and_none_of_our_names(gathered: Gathered) -> None:
    coordinator, company = gathered
    abroad = company.partner[1]
    ((called, words),) = abroad.reader.rows("SELECT called, words FROM k_received_referral")
    assert called == CALLED
    assert words
    assert abroad.reader.rows("SELECT count(*) FROM request_now") == [(1,)]
    assert not abroad.reader.search(company.referred)
    family = coordinator.reader.rows("SELECT DISTINCT family_name FROM k_person WHERE family_name IS NOT NULL")
    assert family
    assert not any(abroad.reader.search(name) for (name,) in family)
