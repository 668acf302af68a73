"""The desk's program on a built book: prints its one-time address, and serves until it is told to stop."""

import sys
from pathlib import Path

from bench.corpus import START_MS, PacedClock, bench_system
from waystation.assemble import run_desk
from waystation.clock import DAY_MS
from waystation.office.desk import Home

if __name__ == "__main__":
    system = bench_system("serve", PacedClock(START_MS + 400 * DAY_MS))
    sys.exit(run_desk(Home(Path(sys.argv[1])), open_browser=False, system=system))
