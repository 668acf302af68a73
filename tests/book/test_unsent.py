"""What is unsent: laid over the log, lifted without a trace, made again where the log has moved on (spec/sync.md)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.book.many import Member, Staff, state_of
from tests.ground.seeded import Seeded

from waystation.book import Book
from waystation.errors import BookError, Cloned, TwoFaced
from waystation.ids import UNSENT, FolderType


@pytest.fixture
def staff(tmp_path: Path, randomness: Seeded) -> Iterator[Staff]:
    made = Staff(tmp_path, randomness, 2)
    yield made
    made.close()


def both(staff: Staff) -> tuple[Member, Member]:
    ann, ben = staff.members
    return ann, ben


def test_two_desks_hold_the_same(staff: Staff) -> None:
    ann, ben = both(staff)
    case = ann.open_folder(b"first", [ben])
    ann.sync()
    ben.sync()
    ben.save(case, b"second")
    ben.sync()
    ann.sync()
    assert ann.told(case) == ben.told(case) == [b"first", b"second"]
    assert state_of(ann.book) == state_of(ben.book)
    assert ann.book.check().aside == ben.book.check().aside == 0
