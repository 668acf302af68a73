"""A founded desk for the tests of the office."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import founded

from waystation.office.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Desk]:
    desk = founded(tmp_path, clock, randomness)
    yield desk
    desk.lock()
