"""Erasing where several work: hidden at once, destroyed by two people's word, said by each desk when it is done."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.book.founded import some_keys
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted, added, problems

from waystation.book import Book, Stamp, Store
from waystation.book.entry import Entry
from waystation.book.roster import AdmitDesk, AdmitMember
from waystation.clock import DAY_MS
from waystation.derive import KEY_BYTES, Key
from waystation.errors import BadInput, Refused
from waystation.ids import SINGLETONS, ChunkHash, FolderId, FolderType, MemberId, SaveId
from waystation.limits import BACKUP_VALID_DAYS
from waystation.office import erasure
from waystation.office.desk import Desk
from waystation.records import REGISTRY
from waystation.tables import Tables
from waystation.textsearch import Terms

NAME = "Juniper Kettle"


class Colleague:
    """Another coordinator's desk, which hears of the first whenever a test says so."""

    def __init__(self, desk: Desk, path: Path, clock: HeldClock, randomness: Seeded) -> None:
        self.desk, self._clock, self._randomness = desk, clock, randomness
        keys, member = some_keys(randomness), MemberId(randomness(16))
        entry = keys.entry(member)
        admitted = AdmitDesk(entry.desk, entry.member, entry.verify_key, entry.sealing_key)
        with desk.book.transaction():
            desk.book.amend_roster((AdmitMember(member, ("coordinator",)), admitted))
            for folder_type in SINGLETONS:
                desk.book.rotate(desk.book.singleton(folder_type), desk.book.roster.active_desks())
        store = Store.create(path / "colleague.db", Key(randomness(KEY_BYTES)))
        book = desk.book
        self.keyring_key = Key(randomness(KEY_BYTES))
        self.book = Book.join(store, book.genesis, book.organisation_keys(), keys, self.keyring_key, randomness)
        self.tables = Tables(store.connection, REGISTRY, Terms(), desk.today)
        with self.book.transaction():
            self.tables.create()

    def hears(self) -> frozenset[FolderId]:
        """Takes what the first desk has and this one has not, as one stretch. Returns what it could newly read."""
        chunks = dict(self.desk.book.store.connection.execute("SELECT hash, bytes FROM chunk"))
        missing = list(self.desk.book.entries())[self.book.position :]
        return _taken(self.book, self.tables, missing, chunks)

    def says(self, folder: FolderId, action: str) -> None:
        """Writes a tombstone, of which the first desk hears at once."""
        with self.book.transaction():
            if action == "done":
                self.book.done(folder, self._stamp())
            else:
                self.book.tombstone(folder, action, self._stamp())
        _taken(self.desk.book, self.desk.tables, list(self.book.entries())[-1:], {})

    def destroys_due(self) -> list[FolderId]:
        """Destroys what is due by its own clock."""
        due = self.book.due_for_destruction(self._clock.now_ms())
        for folder in due:
            with self.book.transaction():
                self.book.destroy(folder, (), Key(self._randomness(KEY_BYTES)))
        return due

    def _stamp(self) -> Stamp:
        return Stamp(SaveId(self._randomness(16)), self._clock.now_ms(), "Europe/Vilnius")


def _taken(book: Book, tables: Tables, entries: Sequence[Entry], chunks: dict[ChunkHash, bytes]) -> frozenset[FolderId]:
    before = book.position
    with book.transaction():
        received = book.receive(entries, chunks)
        for folder in received.hidden:
            tables.forget(folder)
        book.lay(lambda folder: ())
        tables.apply(book.changes(before))
    return received.fresh


@pytest.fixture
def colleague(desk: Desk, tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Colleague]:
    found = Colleague(desk, tmp_path, clock, randomness)
    yield found
    found.book.store.close()


def only(desk: Desk) -> erasure.Standing:
    (one,) = erasure.standing(desk)
    return one


def test_alone_nobody_else_is_asked(desk: Desk, clock: HeldClock) -> None:
    folder = accepted(desk, code_name=NAME)
    erasure.erase(desk, folder, FolderType.CASE, NAME, NAME)
    one = only(desk)
    assert (one.needs_second, one.may_confirm, one.may_bring_back) == (False, False, True)
    clock.at_ms += 7 * DAY_MS
    assert desk.destroy_due() == 1
    assert only(desk).is_everywhere
    assert only(desk).backups_until_ms == clock.at_ms + BACKUP_VALID_DAYS * DAY_MS


def test_nobody_destroys_alone_where_there_are_two(desk: Desk, colleague: Colleague, clock: HeldClock) -> None:
    folder = accepted(desk, code_name=NAME)
    erasure.erase(desk, folder, FolderType.CASE, NAME, NAME)
    colleague.hears()
    one = only(desk)
    assert (one.needs_second, one.may_confirm) == (True, False)
    with pytest.raises(BadInput) as refused:
        erasure.confirm(desk, folder, NAME)
    assert problems(refused) == {"": "same_member"}
    clock.at_ms += 30 * DAY_MS
    assert desk.destroy_due() == 0
    assert only(desk).needs_second

    colleague.says(folder, "confirm")
    assert not only(desk).needs_second
    assert desk.destroy_due() == 1
    assert list(desk.book.changes(folder=folder)) == []
    desk.book.check()
    one = only(desk)
    assert (one.is_destroyed, one.is_everywhere, one.may_bring_back) == (True, False, False)
    assert [which.desk for which in one.acknowledged] == [desk.book.desk]
    assert [which.desk for which in one.waiting] == [colleague.book.desk]

    colleague.hears()
    assert colleague.destroys_due() == [folder]
    clock.at_ms += DAY_MS
    colleague.says(folder, "done")
    one = only(desk)
    assert (one.is_everywhere, one.waiting) == (True, ())
    assert one.backups_until_ms == clock.at_ms + BACKUP_VALID_DAYS * DAY_MS
    assert desk.book.erasure(folder).state == "erased"


def test_the_second_person_has_heard_which_one_it_is(desk: Desk, colleague: Colleague) -> None:
    folder = accepted(desk, code_name=NAME)
    colleague.hears()
    colleague.says(folder, "hide")
    desk.tables.forget(folder)
    assert only(desk).may_confirm
    for wrong in ("", "Copper Meadow"):
        with pytest.raises(BadInput) as refused:
            erasure.confirm(desk, folder, wrong)
        assert problems(refused) == {"typed_back": "not_the_same"}
    erasure.confirm(desk, folder, f"  {NAME} ")
    assert not only(desk).needs_second
    with pytest.raises(BadInput) as refused:
        erasure.confirm(desk, folder, NAME)
    assert problems(refused) == {"": "confirmed"}


def test_only_who_may_erase_confirms(desk: Desk, colleague: Colleague, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = accepted(desk, code_name=NAME)
    colleague.hears()
    colleague.says(folder, "hide")
    monkeypatch.setattr(Desk, "roles", property(lambda self: frozenset(("caseworker",))))
    with pytest.raises(Refused):
        erasure.confirm(desk, folder, NAME)
    assert not only(desk).may_confirm


def test_it_comes_back_until_a_desk_has_destroyed_it(desk: Desk, colleague: Colleague, clock: HeldClock) -> None:
    folder = accepted(desk, code_name=NAME)
    erasure.erase(desk, folder, FolderType.CASE, NAME, NAME)
    colleague.hears()
    colleague.says(folder, "confirm")
    erasure.bring_back(desk, folder)
    assert erasure.standing(desk) == ()
    erasure.erase(desk, folder, FolderType.CASE, NAME, NAME)
    # What was confirmed before it was brought back counts no more.
    assert only(desk).needs_second
    colleague.hears()
    colleague.says(folder, "confirm")
    clock.at_ms += 7 * DAY_MS
    assert colleague.destroys_due() == [folder]
    colleague.says(folder, "done")
    with pytest.raises(BadInput) as refused:
        erasure.bring_back(desk, folder)
    assert problems(refused) == {"": "destroyed"}
    assert not only(desk).may_bring_back


def test_a_desk_that_was_away_for_months_never_opens_what_was_erased(
    desk: Desk, colleague: Colleague, clock: HeldClock
) -> None:
    """Also not a folder of which it had never heard: opened, written into, hidden and confirmed while it was away."""
    known = accepted(desk, code_name=NAME)
    colleague.hears()
    assert any(change.folder == known for change in colleague.book.changes())
    added(desk, known, "note", body="Written while they were away.")
    unheard = accepted(desk, code_name="Copper Meadow")
    for folder, name in ((known, NAME), (unheard, "Copper Meadow")):
        erasure.erase(desk, folder, FolderType.CASE, name, name)
    clock.at_ms += 120 * DAY_MS
    fresh = colleague.hears()
    assert unheard not in fresh
    assert known not in fresh
    rows = colleague.book.store.connection.execute("SELECT DISTINCT folder FROM record").fetchall()
    assert not {known, unheard} & {folder for (folder,) in rows}
    assert not any(change.folder in (known, unheard) for change in colleague.book.changes())
    for folder in (known, unheard):
        colleague.says(folder, "confirm")
    assert sorted(colleague.destroys_due()) == sorted((known, unheard))
    assert [list(colleague.book.changes(folder=folder)) for folder in (known, unheard)] == [[], []]
    colleague.book.check()
