"""After a fork or a loss, root says from where it goes on; nothing that anybody saved is lost (spec/sync.md S25)."""

from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked
from tests.sync.desks import Sitting, connected

from waystation import words
from waystation.errors import BadInput
from waystation.office import syncing
from waystation.office.syncing import Lie

OTHER = "https://other.example.org"


@pytest.fixture
def three(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> list[Sitting]:
    sittings = connected(tmp_path, clock, randomness, count=3)
    for sitting in sittings:
        asked(sitting.desk)
    for sitting in (*sittings, *sittings):
        sitting.round()
    return sittings


def root(sitting: Sitting) -> str:
    """The root key's words, as the paper has them."""
    return sitting.root_words


def settled(*sittings: Sitting) -> bool:
    """Rounds until all agree; whether they do."""
    for sitting in (*sittings, *sittings, *sittings):
        sitting.round()
    return len({(one.desk.book.order, one.desk.tables.digest()) for one in sittings}) == 1


def test_a_relay_that_was_set_back_goes_on(three: list[Sitting]) -> None:
    first, second, third = three
    relay, before = first.line.relay, first.desk.book.position
    common = before - 4
    relay.cut(common)
    asked(second.desk)
    for sitting in three:
        sitting.round()
        assert sitting.wrong is Lie.REWOUND
    syncing.sign_era(first.desk, root(first), "The relay's disk was restored from last night.", common)
    first.desk.rebuild()
    first.round()
    assert first.wrong is None
    for sitting in (second, third):
        syncing.try_again(sitting.desk)
    assert settled(*three)
    assert first.desk.reader.row("SELECT count(*) FROM k_request") == (4,)
    assert [era.checkpoint for era in third.desk.book.eras()] == [common]
    for sitting in three:
        assert sitting.desk.book.unsent_count() == 0
        assert not sitting.desk.book.left_behind()
        assert sitting.desk.book.check().entries == sitting.desk.book.position


def test_after_a_fork_all_meet_at_another_relay(three: list[Sitting]) -> None:
    first, second, third = three
    common = first.desk.book.position
    third.line.relay = first.line.relay.copy()
    for sitting in three:
        asked(sitting.desk)
        sitting.round()
    assert not syncing.compare(third.desk, syncing.heads(first.desk, common + 1).text)
    assert third.wrong is Lie.FORKED
    syncing.sign_era(first.desk, root(first), "Two histories were shown.", common)
    first.desk.rebuild()
    syncing.connect(first.desk, OTHER, "ticket")
    first.round()
    for sitting in (second, third):
        syncing.move(sitting.desk, OTHER)
    assert settled(*three)
    assert third.desk.reader.row("SELECT count(*) FROM k_request") == (6,)


def test_only_root_begins_an_era(three: list[Sitting], randomness: Seeded) -> None:
    first = three[0]
    position = first.desk.book.position
    wrong_root = " ".join(words.to_words(randomness(32)))
    for given, reason, common, field in (
        (wrong_root, "Because.", position - 1, "root_passphrase"),
        ("twelve words", "Because.", position - 1, "root_passphrase"),
        (root(first), " ", position - 1, "reason"),
        (root(first), "Because.", position + 1, "common"),
    ):
        with pytest.raises(BadInput) as bad:
            syncing.sign_era(first.desk, given, reason, common)
        assert list(bad.value.problems) == [field]
    assert first.desk.book.position == position
    assert not first.desk.book.eras()


def test_ended_right_after_the_era_was_signed(three: list[Sitting]) -> None:
    first, second, third = three
    common = first.desk.book.position - 4
    first.line.relay.cut(common)
    for sitting in three:
        sitting.round()
    syncing.sign_era(first.desk, root(first), "Set back.", common)
    first.reopen()
    for sitting in (second, third):
        syncing.try_again(sitting.desk)
    assert settled(*three)
    assert first.desk.reader.row("SELECT count(*) FROM k_request") == (3,)


def test_a_lost_relay_needs_no_era(three: list[Sitting]) -> None:
    """Who has everything gives it to another relay; the others go on there (S23, S24)."""
    first, second, third = three
    for sitting in three:
        asked(sitting.desk)
    syncing.connect(first.desk, OTHER, "ticket")
    for sitting in (second, third):
        syncing.move(sitting.desk, OTHER)
    assert settled(*three)
    assert second.desk.reader.row("SELECT count(*) FROM k_request") == (6,)
