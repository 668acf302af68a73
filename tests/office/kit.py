"""A desk on a real encrypted book, with a weak vault for speed, and the ways in which tests speak of what is saved."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded

from waystation.clock import DAY_MS, Millis
from waystation.errors import BadInput
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import casework, intake
from waystation.office.casework import Part, add
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import found
from waystation.records import Day, Moment, Save, Value
from waystation.textsearch import Terms
from waystation.vault import new_kdf

PASSPHRASE = "plinth orbit sundew canvas mirror"
ZONE = "Europe/Vilnius"


def founded(folder: Path, clock: HeldClock, randomness: Seeded, terms: Terms | None = None) -> Desk:
    """A new organisation's first desk; its member is a coordinator."""
    system = System(clock, randomness, terms or Terms())
    kdf = new_kdf(randomness, memory_kib=64, passes=1, lanes=1)
    desk, _ = found(Home(folder / "desk"), "Lantern House", "Wren", PASSPHRASE, system, kdf)
    return desk


def day(text: str) -> Day:
    """An exact day, ISO."""
    return Day(text, text)


def at(desk: Desk, days: float) -> Moment:
    """So many days from now."""
    return Moment(Millis(int(desk.now_ms() + days * DAY_MS)), ZONE)


def done(desk: Desk, save: Save) -> Save:
    """Saves, and gives the save back."""
    desk.save(save)
    return save


def added(desk: Desk, folder: FolderId, kind: str, override: str = "", **fields: Value | None) -> RecordId:
    """Adds a record; its id."""
    return done(desk, add(desk, folder, kind, fields, override=override)).writes[0].record


def shown(desk: Desk, folder: FolderId, kind: str, record: bytes) -> Mapping[str, Value]:
    """What is shown of a record now, masked fields too."""
    found = desk.tables.shown(folder, kind, RecordId(record))
    assert found is not None
    return found


def now(desk: Desk, case: FolderId) -> dict[str, object]:
    """The case's row."""
    cursor = desk.reader.rows("SELECT name FROM pragma_table_info('case_now')")
    row = desk.reader.row("SELECT * FROM case_now WHERE folder = ?", case)
    assert row is not None
    return dict(zip([name for (name,) in cursor], row, strict=True))


def asked(desk: Desk, parts: Sequence[Part] = (), **fields: Value | None) -> FolderId:
    """A request for help."""
    return casework.opened(done(desk, intake.take_down(desk, fields, parts)))


def accepted(desk: Desk, request: FolderId | None = None, **fields: Value | None) -> FolderId:
    """A checked request that became a case."""
    folder = request or asked(desk, [Part("person", {"given_name": "Adam", "citizenship": "RU"})])
    added(desk, folder, "verification_step", type="interview", result="confirms")
    added(desk, folder, "credibility_assessment", judgement="credible", reasons="Detailed and consistent.")
    return casework.opened(done(desk, intake.accept_and_open_case(desk, folder, fields)))


def route(desk: Desk, **fields: Value | None) -> RecordId:
    """A route to Lithuania."""
    office = desk.folder(FolderType.OFFICE)
    return added(desk, office, "route", **{"destination": "LT", "pathway": "humanitarian_visa", **fields})


def problems(refused: "pytest.ExceptionInfo[BadInput]") -> dict[str, str]:
    """Field → code of its problem."""
    return {field: problem.code for field, problem in refused.value.problems.items()}
