"""What the simulator of many desks found, each made as small as it goes."""

from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked
from tests.sync.desks import connected, joined

from waystation.book.roster import COORDINATOR
from waystation.clock import DAY_MS
from waystation.office import access, membership


def test_a_request_taken_down_by_whom_the_role_was_taken_from(
    tmp_path: Path, clock: HeldClock, randomness: Seeded
) -> None:
    first, second = connected(tmp_path, clock, randomness)
    request = asked(second.desk)
    membership.change_roles(first.desk, second.desk.member, ("finance",))
    for _ in range(3):
        for one in (first, second):
            one.round()
        clock.at_ms += access.TURN_MS
    assert first.desk.book.readers(request) == (first.desk.book.desk,)


def test_the_past_of_a_folder_comes_in_one_round(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    """Each sheet leads to the one before it; a new reader does not wait a round for each (spec/book.md B32)."""
    first, second = connected(tmp_path, clock, randomness)
    request = asked(second.desk)
    for _ in range(4):
        with second.desk.book.transaction():
            second.desk.book.rotate(request, [second.desk.book.roster.desk(second.desk.book.desk)])
    second.round()
    with second.desk.book.transaction():
        second.desk.book.rotate(request, second.desk.book.roster.active_desks())
    second.round()
    third = joined(first, tmp_path / "third", (COORDINATOR,))
    for one in (first, second, third):
        one.round()
    clock.at_ms += access.TURN_MS * 3
    second.syncing.round()
    third.syncing.round()
    assert not third.desk.book.missing_sheets()
    assert third.desk.reader.row("SELECT count(*) FROM k_request") == (1,)


def test_what_waited_for_months_is_sealed_for_the_keys_of_today(
    tmp_path: Path, clock: HeldClock, randomness: Seeded
) -> None:
    """A desk that was away while another changed its sealing key twice wrote for a key that is destroyed (B33)."""
    first, second = connected(tmp_path, clock, randomness)
    asked(second.desk)
    for _ in range(2):
        clock.at_ms += 31 * DAY_MS
        first.round()
    second.round()
    first.round()
    assert not first.desk.book.missing_sheets()
    assert first.desk.reader.row("SELECT count(*) FROM k_request") == (1,)


def test_a_folder_that_a_desk_never_read_is_destroyed_without_a_word(
    tmp_path: Path, clock: HeldClock, randomness: Seeded
) -> None:
    """Who has nothing to destroy cannot say that it did, and unlocks all the same (B35)."""
    first, second = connected(tmp_path, clock, randomness)
    third = joined(first, tmp_path / "third", ("finance",))
    request = asked(first.desk)
    for one in (first, second, third, second):
        one.round()
    first.desk.hide(request)
    first.round()
    second.round()
    second.desk.confirm(request)
    for one in (second, first, third):
        one.round()
    clock.at_ms += 8 * DAY_MS
    for one in (third, first, second, third):
        one.round()
        one.reopen()
    for one in (first, second, first):
        one.round()
    assert first.desk.book.erasure(request).state == "erased"


def test_who_lost_their_role_while_a_folder_was_hidden(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    """It is brought back for whom it is today."""
    first, second = connected(tmp_path, clock, randomness)
    request = asked(first.desk)
    first.round()
    first.desk.hide(request)
    membership.change_roles(first.desk, second.desk.member, ("finance",))
    for one in (first, second, first):
        one.round()
    first.desk.unhide(request)
    for one in (first, second, first, second):
        one.round()
    assert first.desk.book.readers(request) == (first.desk.book.desk,)
