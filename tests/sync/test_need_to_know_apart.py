"""Need-to-know among desks that write apart: whatever the order, the readers end as the records say, on every desk."""

from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted, added, done
from tests.sync.desks import Sitting, connected, joined

from waystation.clock import DAY_MS
from waystation.ids import FolderId, FolderType
from waystation.office import access, team


@pytest.fixture
def four(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> list[Sitting]:
    """Two coordinators and two caseworkers."""
    first, second = connected(tmp_path, clock, randomness)
    others = [joined(first, tmp_path / f"worker-{number}", ("caseworker",)) for number in range(2)]
    settle(clock, first, second, *others)
    return [first, second, *others]


def settle(clock: HeldClock, *sittings: Sitting) -> None:
    """Rounds, with time for each desk's turn in between."""
    for _ in range(4):
        for sitting in sittings:
            sitting.round()
        clock.at_ms += access.TURN_MS


def readers(sitting: Sitting, folder: FolderId) -> set[bytes]:
    listed = sitting.desk.book.roster.desks
    return {listed[one].member for one in sitting.desk.book.readers(folder)}


def test_one_lets_in_while_the_other_takes_off(four: list[Sitting], clock: HeldClock) -> None:
    first, second, rook, lark = four
    case = accepted(first.desk)
    done(first.desk, team.add_colleague(first.desk, case, rook.desk.member))
    settle(clock, *four)
    assert readers(second, case) == {one.desk.member for one in (first, second, rook)}

    done(first.desk, team.add_colleague(first.desk, case, lark.desk.member))
    done(second.desk, team.remove_colleague(second.desk, case, rook.desk.member))
    added(first.desk, case, "note", body="Zanzibar is where he went.")
    settle(clock, *four)
    for sitting in (first, second, lark):
        assert readers(sitting, case) == {one.desk.member for one in (first, second, lark)}
        assert len(sitting.desk.reader.search("Zanzibar")) == 1
    added(first.desk, case, "note", body="He has left for Riga.")
    settle(clock, *four)
    assert [len(one.desk.reader.search("Riga")) for one in four] == [1, 1, 0, 1]


def test_two_who_do_the_same_leave_it_at_that(four: list[Sitting], clock: HeldClock) -> None:
    first, second, rook, _ = four
    case = accepted(first.desk)
    done(first.desk, team.add_colleague(first.desk, case, rook.desk.member))
    settle(clock, *four)
    for sitting in (first, second):
        done(sitting.desk, team.remove_colleague(sitting.desk, case, rook.desk.member))
    settle(clock, *four)
    assert readers(first, case) == {first.desk.member, second.desk.member}
    turns = team.turns(first.desk, case)
    assert [(len(turn.joined), len(turn.left)) for turn in turns] == [(1, 0), (0, 1)]
    before = first.desk.book.position
    settle(clock, *four)
    assert first.desk.book.position == before


def test_emergency_access_ends_once_at_whichever_desk_comes_first(four: list[Sitting], clock: HeldClock) -> None:
    first, second, rook, lark = four
    case = accepted(first.desk)
    done(first.desk, team.hand_over(first.desk, case, lark.desk.member))
    done(first.desk, team.emergency(first.desk, case, rook.desk.member, "His caseworker was arrested."))
    settle(clock, *four)
    assert rook.desk.member in readers(lark, case)
    clock.at_ms += DAY_MS
    # No coordinator comes; the caseworker's desk does it in its turn.
    for _ in range(2):
        settle(clock, lark)
    settle(clock, *four)
    for sitting in (first, second, lark):
        assert readers(sitting, case) == {one.desk.member for one in (first, second, lark)}
    (gone,) = [one for one in team.readership(first.desk, case, FolderType.CASE).past if one.member == rook.desk.member]
    assert gone.ended_ms is not None
    assert [turn.left for turn in team.turns(first.desk, case)].count((gone.name,)) == 1
