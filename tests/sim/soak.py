"""`python -m tests.sim.soak STEPS [SEED]`: the simulator of many desks, so many steps, on every core.

A failure prints its seed and the steps that lead to it; the same seed leads there again.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.sim.machine import Desks

A_RUN = 100
"""Steps from one founding to the end at which everything is compared."""
_PIECE = 5_000


def simulate(number: int, steps: int) -> int:
    """At least so many steps from a seed. Returns how many. Raises: AssertionError with the steps, if one fails."""
    machine = type("Desks", (Desks,), {"steps": 0})
    while machine.steps < steps:
        # Some runs of a seed are short ones; then it goes on with another, which follows from it.
        number = number * 1_000_003 + machine.steps + 1
        seed(number)(machine)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=-(-(steps - machine.steps) // A_RUN),
                stateful_step_count=A_RUN,
                phases=(Phase.generate,),
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
            ),
        )
    return machine.steps


def main(steps: int, first: int) -> int:
    """Runs pieces side by side until so many steps are done."""
    done = 0
    with ProcessPoolExecutor(max_tasks_per_child=1) as pool:
        seeds = range(first, first + -(-steps // _PIECE))
        running = {pool.submit(simulate, number, min(steps, _PIECE)): number for number in seeds}
        for finished in as_completed(running):
            if error := finished.exception():
                print(f"seed {running[finished]} fails:", error, *getattr(error, "__notes__", ()), sep="\n")
                pool.shutdown(cancel_futures=True)
                return 1
            done += finished.result()
            print(f"{done:,} steps", flush=True)
    return 0


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(given[0], given[1] if len(given) > 1 else int.from_bytes(os.urandom(4), "big")))
