"""What the tests of the desk share: an unlocked and a locked sitting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.desk.sitting import Sitting, folder_of, founded, sit_down, system
from tests.ground.seeded import HeldClock, Seeded


@pytest.fixture
def locked(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Sitting]:
    """A founded desk that nobody has unlocked yet."""
    home = folder_of(tmp_path)
    machine = system(clock, randomness)
    founded(home, machine)
    with sit_down(home, clock, machine) as sitting:
        yield sitting
    assert sitting.session.desk is None


@pytest.fixture
def sitting(locked: Sitting) -> Sitting:
    """An unlocked desk."""
    assert locked.leads_to(locked.unlock()) == "today"
    return locked


@pytest.fixture
def fresh(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Sitting]:
    """A desk without an organisation."""
    with sit_down(folder_of(tmp_path), clock, system(clock, randomness)) as sitting:
        yield sitting
