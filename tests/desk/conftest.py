"""What the tests of the desk share: an unlocked and a locked sitting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.desk.journeys.furnished import Furnished, furnished
from tests.desk.sitting import Sitting, folder_of, founded, sit_down, system
from tests.ground.seeded import HeldClock, Seeded

from waystation.office.desk import Desk


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
def desk(sitting: Sitting) -> Desk:
    """What is unlocked there."""
    assert sitting.session.desk is not None
    return sitting.session.desk


@pytest.fixture
def seated(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[tuple[Furnished, Sitting]]:
    """A furnished, unlocked desk."""
    with (
        furnished(tmp_path, clock, randomness) as desk,
        sit_down(desk.home, clock, system(clock, randomness)) as sitting,
    ):
        sitting.session.open(desk.desk)
        yield desk, sitting


@pytest.fixture
def fresh(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Sitting]:
    """A desk without an organisation."""
    with sit_down(folder_of(tmp_path), clock, system(clock, randomness)) as sitting:
        yield sitting
