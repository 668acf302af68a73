"""Ten thousand steps of many desks, an honest and a lying relay, in slices that run side by side."""

import pytest
from tests.sim.soak import simulate

SLICES = 8
STEPS = 1250


@pytest.mark.parametrize("part", range(SLICES))
def test_many_desks(part: int) -> None:
    assert simulate(part, STEPS) >= STEPS
