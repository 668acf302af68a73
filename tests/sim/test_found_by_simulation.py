"""What the simulator of many desks found, each made as small as it goes."""

from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import asked
from tests.sync.desks import connected, joined

from waystation.book.roster import COORDINATOR
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
