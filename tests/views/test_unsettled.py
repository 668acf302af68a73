"""The list of what two desks wrote differently: danger first, only where one may look, gone when it is settled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ground.seeded import Seeded
from tests.office.kit import accepted, added, day, done
from tests.views.apart import Other

from waystation.ids import FolderType, RecordId
from waystation.office import casework, shelter
from waystation.office.desk import Desk
from waystation.views.unsettled import count, unsettled

EVERY = tuple(FolderType)


@pytest.fixture
def others(desk: Desk, tmp_path: Path, randomness: Seeded) -> Iterator[list[Other]]:
    found = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        found.append(Other(desk, tmp_path / name, randomness))
    yield found
    for other in found:
        other.close()


def test_danger_comes_first_and_what_is_settled_goes(desk: Desk, others: list[Other]) -> None:
    other, another = others
    case = accepted(desk)
    risk = added(desk, case, "risk_assessment", level="low", timeframe="weeks", reasons="?", review=day("2017-05-24"))
    place = casework.opened(done(desk, shelter.open_place(desk, {"beds": 2})))
    other.catch_up()
    other.write(case, "risk_assessment", {"level": "extreme", "reasons": "They found the house."}, risk)
    done(desk, casework.amend(desk, case, "risk_assessment", risk, {"level": "medium", "reasons": "Restless."}))
    other.is_heard()
    another.catch_up()
    another.write(place, "place", {"beds": 5}, place)
    done(desk, casework.amend(desk, place, "place", place, {"beds": 4}))
    another.is_heard()

    found = unsettled(desk.reader, EVERY)
    assert [(one.folder_type.value, one.conflict.field, one.conflict.danger) for one in found] == [
        ("case", "level", True),
        ("case", "reasons", False),
        ("place", "beds", False),
    ]
    assert all(one.code_name for one in found)
    assert count(desk.reader, EVERY) == 3
    assert [one.conflict.field for one in unsettled(desk.reader, [FolderType.PLACE])] == ["beds"]
    assert count(desk.reader, [FolderType.LEDGER]) == 0

    kept = found[0].conflict.values[0]
    done(desk, casework.settle(desk, case, "risk_assessment", RecordId(risk), "level", kept.ref))
    assert [one.conflict.field for one in unsettled(desk.reader, EVERY)] == ["reasons", "beds"]
    assert count(desk.reader, EVERY) == 2
