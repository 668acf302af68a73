"""A desk at work until it is killed: it saves, and prints each save once it is durable, and what it sees of others.

    worker.py FOLDER NAME PACE_S

Lines: `saved CANARY AT`, `seen CANARY AT` (seconds of a clock that all processes share), and, when it is told on its
standard input to `rest`, `rested POSITION UNSENT DIGEST` as often as it is asked. It is run by test_three_killed.py.
"""

import select
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.office.kit import PASSPHRASE

from waystation.assemble import machine
from waystation.office import intake
from waystation.office.desk import Desk, Home
from waystation.office.founding import unlock
from waystation.office.rounds import Rounds


def say(*words: object) -> None:
    print(*words, flush=True)


def seen(desk: Desk) -> set[str]:
    """The code names that this desk shows."""
    with desk.gate:
        return {name for (name,) in desk.reader.rows("SELECT code_name FROM request_now") if name}


def main(folder: Path, name: str, pace_s: float) -> None:
    """Saves at its pace until it is told to rest."""
    desk = unlock(Home(folder), PASSPHRASE, machine())
    rounds = Rounds(desk)
    rounds.start()
    known = seen(desk)
    for canary in sorted(known):
        say("seen", canary, 0.0)
    number = len(known)
    at_rest = False
    following = time.monotonic()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.01)
        if ready:
            if not sys.stdin.readline():
                return
            at_rest = True
            rounds.now()
            with desk.gate:
                desk.turn()
                say("rested", desk.book.position, desk.book.unsent_count(), desk.tables.digest().hex())
        if not at_rest and time.monotonic() >= following:
            following = time.monotonic() + pace_s
            number += 1
            canary = f"Kanarienvogel-{name}-{number}-{desk.randomness(4).hex()}"
            save = intake.take_down(desk, {}, [])
            # Past the check of code names, which would find these too alike.
            request = replace(save.writes[0], fields={**save.writes[0].fields, "code_name": canary})
            desk.save(replace(save, writes=(request, *save.writes[1:])))
            say("saved", canary, time.monotonic())
        fresh = seen(desk) - known
        known |= fresh
        for canary in sorted(fresh):
            say("seen", canary, time.monotonic())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
