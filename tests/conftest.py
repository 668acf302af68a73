"""What every test may ask for: seeded randomness, and a clock that is held. Properties are seeded too."""

import pytest
from hypothesis import settings
from tests.ground.seeded import HeldClock, Seeded

settings.register_profile("seeded", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("seeded")


@pytest.fixture
def randomness(request: pytest.FixtureRequest) -> Seeded:
    """Randomness of this test's own; the same in every run."""
    return Seeded(request.node.nodeid)


@pytest.fixture
def clock() -> HeldClock:
    """Noon of 17 May 2017 in Vilnius, until a test moves it."""
    return HeldClock()
