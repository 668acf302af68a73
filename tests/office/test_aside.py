"""What was set aside: it acts on nothing; coordinators see what it would write, why it was not applied, and decide."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted, added, done, shown
from tests.office.staffed import Staffed, staffed

from waystation.book.roster import RemoveMember
from waystation.errors import BookError, Refused
from waystation.ids import FolderId, FolderType
from waystation.office import aside, team
from waystation.office.desk import Desk


@pytest.fixture
def staff(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Staffed]:
    with staffed(tmp_path, clock, randomness) as staff:
        yield staff


def late(staff: Staffed) -> tuple[Desk, FolderId]:
    """A case in which a member wrote that they had been removed from without knowing it."""
    wren, worker = staff.first, staff.desks["Caseworker"]
    case = accepted(wren)
    done(wren, team.add_colleague(wren, case, worker.member))
    staff.share()
    added(worker, case, "note", body="He is in Riga.")
    with wren.book.transaction():
        wren.book.amend_roster((RemoveMember(worker.member),))
    return worker, case


def carry(staff: Staffed, desk: Desk, count: int = 1) -> None:
    """The last entries of a desk come to the first one."""
    staff.first.receive(list(desk.book.entries())[-count:], {})


def test_what_a_removed_member_wrote_waits_and_is_adopted_once(staff: Staffed) -> None:
    wren = staff.first
    worker, case = late(staff)
    assert aside.waiting(wren) == 0
    carry(staff, worker)
    assert wren.reader.search("Riga") == []
    (one,) = aside.set_aside(wren)
    assert (one.who, one.why) == ("Caseworker", aside.WHY["B20: the author is not"])
    assert (one.folder, one.folder_type, one.may_adopt) == (case, FolderType.CASE, True)
    ((kind, fields),) = one.writes
    assert (kind, fields["body"]) == ("note", "He is in Riga.")
    assert aside.waiting(wren) == 1

    aside.adopt(wren, one.position)
    (hit,) = wren.reader.search("Riga")
    assert shown(wren, case, "note", hit.record)["body"] == "He is in Riga."
    assert wren.reader.row("SELECT member FROM history WHERE folder = ? ORDER BY position DESC", case) == (wren.member,)
    assert aside.waiting(wren) == 0
    (one,) = aside.set_aside(wren)
    assert (one.adopted, one.may_adopt) == (True, False)
    with pytest.raises(BookError):
        aside.adopt(wren, one.position)
    wren.rebuild()
    assert len(wren.reader.search("Riga")) == 1


def test_what_is_left_is_no_longer_counted_and_can_still_be_adopted(staff: Staffed) -> None:
    wren = staff.first
    worker, _ = late(staff)
    carry(staff, worker)
    (one,) = aside.set_aside(wren)
    aside.leave(wren, one.position)
    assert aside.waiting(wren) == 0
    (one,) = aside.set_aside(wren)
    assert (one.left, one.may_adopt) == (True, True)
    aside.adopt(wren, one.position)
    assert len(wren.reader.search("Riga")) == 1


def test_only_coordinators_decide(staff: Staffed) -> None:
    worker, _ = late(staff)
    carry(staff, worker)
    for name in ("Documenter", "Finance", "Spokesperson"):
        desk = staff.desks[name]
        staff.pull(desk)
        assert aside.waiting(desk) == 0
        with pytest.raises(Refused):
            aside.set_aside(desk)
        for act in (aside.adopt, aside.leave):
            with pytest.raises(Refused):
                act(desk, desk.book.position)


def test_a_desk_that_was_taken_off_writes_there_no_more(staff: Staffed) -> None:
    wren, worker = staff.first, staff.desks["Caseworker"]
    case = accepted(wren)
    done(wren, team.add_colleague(wren, case, worker.member))
    done(wren, team.remove_colleague(wren, case, worker.member))
    staff.share()
    with pytest.raises(Refused):
        added(worker, case, "note", body="He is in Riga.")


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("B20: the author is not an active desk of this organisation", "B20: the author is not"),
        ("B20: its author could not read the folder", "B20: its author could"),
        ("B20: it was written under a key that its author knew to be old", "B20: it was written"),
        ("B20: its tag names no folder", "B20"),
        ("B11: it does not follow the folder's newest epoch", "B11"),
        ("B29: its desk has two histories", "B29"),
    ],
)
def test_reasons_are_told_in_plain_words(why: str, told: str) -> None:
    assert aside.in_words(why) == aside.WHY[told]
    assert aside.in_words("B99: something new") == aside.OTHER
