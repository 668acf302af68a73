"""A desk on which an operation has been played, with a weak vault for speed, and files to play."""

from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded

from waystation.demo import Operation, OperationClock, play
from waystation.ids import Randomness
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import found
from waystation.textsearch import Terms
from waystation.vault import Kdf, new_kdf

FAMILIES = Path(__file__).with_name("families_2021.toml")
PASSPHRASE = "plinth orbit sundew canvas mirror"

HEAD = """
[operation]
format = 1
name = "Small"
about = "Nothing much."
organisation = "Lantern"
founder = "Wren"
zone = "Europe/Vilnius"
begins = 2020-01-01T08:00:00
as_it_stood = 2020-03-31T20:00:00
seed = "small"

[people]
country = "RU"
languages = ["ru"]
grounds = ["orientation"]
regions = ["A town"]

[[people.names]]
given_women = ["Ada"]
given_men = ["Ben"]
family_women = ["Invented"]
family_men = ["Invented"]
"""


def small(events: str) -> str:
    """An operation file with these events."""
    return HEAD + events


def event(what: str, keys: str = "", on: str = "2020-01-06") -> str:
    """One event of a file; its keys are parted by semicolons."""
    lines = [f'what = "{what}"', f"on = {on}", *filter(None, keys.split("; "))]
    return "\n[[event]]\n" + "\n".join(lines) + "\n"


def written(folder: Path, text: str) -> Path:
    """The text as an operation file."""
    file = folder / "operation.toml"
    file.write_text(text, encoding="utf-8")
    return file


def weak(randomness: Randomness) -> Kdf:
    """A password hash that takes no time."""
    return new_kdf(randomness, memory_kib=64, passes=1, lanes=1)


def played(folder: Path, operation: Operation, label: str, machine: HeldClock | None = None) -> Desk:
    """An organisation that was founded for it, and has lived through it."""
    clock = OperationClock(operation.begins, operation.zone, machine or HeldClock())
    return played_with(folder, operation, clock, System(clock, Seeded(label), Terms()))


def played_with(folder: Path, operation: Operation, clock: OperationClock, system: System) -> Desk:
    """As `played`, on a machine that the test has put together."""
    kdf = weak(system.randomness)
    desk, _ = found(Home(folder / "desk"), operation.organisation, operation.founder, PASSPHRASE, system, kdf)
    play(desk, operation, clock)
    return desk
