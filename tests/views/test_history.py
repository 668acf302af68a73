"""The history: by whom, of what kind, between which days; every stretch ends where the next begins."""

import pytest
from tests.ground.seeded import HeldClock
from tests.office.kit import accepted, added, asked, at, done, problems

from waystation.clock import DAY_MS
from waystation.errors import BadInput
from waystation.ids import FolderType, RecordId
from waystation.office import casework
from waystation.office.desk import Desk
from waystation.views import organisation
from waystation.views.organisation import Stretch, Wanted, history, reveals


def every(desk: Desk, wanted: Wanted, limit: int) -> list[int]:
    """Positions of the whole history, stretch by stretch."""
    found: list[int] = []
    after: str | None = None
    while True:
        stretch = history(desk.reader, wanted, after=after, limit=limit)
        found += [row.position for row in stretch.rows]
        if stretch.next is None:
            return found
        after = stretch.next


def test_every_entry_once_and_newest_first(desk: Desk, clock: HeldClock) -> None:
    accepted(desk)
    clock.at_ms += DAY_MS
    accepted(desk)
    whole = every(desk, Wanted(), 1000)
    assert whole == sorted(whole, reverse=True)
    for limit in (1, 2, 5):
        assert every(desk, Wanted(), limit) == whole


def test_of_a_kind_between_days_and_by_a_member(desk: Desk, clock: HeldClock) -> None:
    folder = asked(desk)
    note = added(desk, folder, "note", body="One.")
    before = desk.now_ms()
    clock.at_ms += DAY_MS
    added(desk, folder, "task", title="Two")
    later = added(desk, folder, "note", body="Three.")
    notes = history(desk.reader, Wanted(kind="note")).rows
    assert [row.written for row in notes] == [(("note", later),), (("note", note),)]
    assert [row.written for row in history(desk.reader, Wanted(kind="note", before_ms=before + 1)).rows] == [
        (("note", note),)
    ]
    assert len(history(desk.reader, Wanted(first_ms=before + 1)).rows) == 2
    assert history(desk.reader, Wanted(member=b"\x01" * 16)).rows == ()
    assert len(history(desk.reader, Wanted(member=desk.member, kind="note")).rows) == 2


def test_a_kind_is_not_mixed_up_with_a_field_of_its_name(desk: Desk) -> None:
    folder = accepted(desk)
    before = len(history(desk.reader, Wanted(kind="person")).rows)
    added(desk, folder, "check_in", due=at(desk, 1))
    newest = history(desk.reader).rows[0]
    assert newest.kinds == ("check_in",)
    assert "person" in desk.tables.facts(folder, frozenset(("check_in",)))["check_in"][newest.written[0][1]]
    assert len(history(desk.reader, Wanted(kind="person")).rows) == before


def test_a_long_history_is_walked_a_stretch_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = asked(desk)
    first = added(desk, folder, "task", title="The oldest")
    for number in range(10):
        added(desk, folder, "note", body=str(number))
    monkeypatch.setattr(organisation, "LOOKED_AT", 4)
    stretches: list[Stretch[organisation.SaveRow]] = []
    after: str | None = None
    while not stretches or after:
        stretches.append(history(desk.reader, Wanted(kind="task"), after=after))
        after = stretches[-1].next
    assert [one.rows for one in stretches[:2]] == [(), ()]
    assert stretches[0].back_to_ms == desk.now_ms()
    assert [row.written for one in stretches for row in one.rows] == [(("task", first),)]


def test_who_looked_is_found_the_same_way(desk: Desk) -> None:
    folder = accepted(desk)
    (person,) = desk.tables.facts(folder)["person"]
    for _ in range(3):
        done(desk, casework.reveal(desk, folder, "person", RecordId(person), "given_name"))
    first = reveals(desk.reader, limit=2)
    rest = reveals(desk.reader, after=first.next, limit=2)
    assert (len(first.rows), len(rest.rows), rest.next) == (2, 1, None)
    assert first.rows[0].folder_type is FolderType.CASE
    assert reveals(desk.reader, Wanted(kind="file")).rows == ()


@pytest.mark.parametrize("key", ["", "x", "ksBg", "!"])
def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    with pytest.raises(BadInput) as refused:
        history(desk.reader, after=key)
    assert problems(refused) == {"": "bad_page"}


def test_how_large_the_book_is(desk: Desk) -> None:
    before = organisation.storage(desk.reader)
    asked(desk)
    after = organisation.storage(desk.reader)
    assert after.entries > before.entries
    assert before.size >= 100_000
