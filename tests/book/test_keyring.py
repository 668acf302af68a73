"""The keyring at rest: rolled, destroyed, and never left half way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.book.founded import Founded
from tests.ground.seeded import NOON_MS, Seeded

from waystation.book import Book
from waystation.book.keyring import Keyring
from waystation.clock import DAY_MS
from waystation.derive import Key
from waystation.errors import BookError, MissingKey, SealError
from waystation.ids import FolderId


@pytest.fixture
def founded(tmp_path: Path, randomness: Seeded) -> Iterator[Founded]:
    """A book with two cases, one of them with a file and two epochs."""
    made = Founded(tmp_path / "book.db", randomness)
    made.open_folder(b"the first case")
    case = made.open_folder(b"the second case")
    with made.book.transaction():
        made.book.rotate(case, [made.me])
    made.save((case, b"and more of it"))
    yield made
    made.close()


def opens_with(key: Key, founded: Founded) -> int:
    """How many of the stored epoch keys a keyring key opens."""
    keyring = Keyring(founded.book.store, founded.book.org, key)
    tags = [tag for (tag,) in founded.book.store.rows("SELECT tag FROM keyring")]
    count = 0
    for tag in tags:
        keyring.forget()
        try:
            count += keyring.find(tag) is not None
        except SealError:
            continue
    return count


def rolled(founded: Founded) -> tuple[Key, Key]:
    """Rolls the keyring key as a desk does, and returns the old and the new."""
    old, new = founded.keyring_keys[0], Key(founded.randomness(32))
    founded.keyring_keys = [old, new]
    with founded.book.transaction():
        founded.book.roll_keyring(new)
    founded.keyring_keys = [new]
    return old, new


def test_after_a_roll_the_old_key_opens_nothing(founded: Founded) -> None:
    held = len(founded.book.store.rows("SELECT tag FROM keyring"))
    assert opens_with(founded.keyring_keys[0], founded) == held
    told = founded.payloads()
    old, new = rolled(founded)
    assert opens_with(old, founded) == 0
    assert opens_with(new, founded) == held
    assert founded.payloads() == told
    founded.reopen()
    assert founded.payloads() == told


def test_a_roll_that_was_not_committed_changes_nothing(founded: Founded) -> None:
    """The vault already holds both keys; the book says that the old one is in use."""
    old, new = founded.keyring_keys[0], Key(founded.randomness(32))
    told = founded.payloads()

    def half() -> None:
        with founded.book.transaction():
            founded.book.roll_keyring(new)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        half()
    assert founded.payloads() == told
    founded.save((founded.folders[0], b"still here"))
    assert founded.book.keyring_key == old
    founded.reopen([old, new])
    assert founded.book.keyring_key == old
    assert founded.payloads() == [*told, b"still here"]


def test_a_crash_after_the_commit_opens_with_the_new_key(founded: Founded) -> None:
    """The vault has not yet dropped the old key; either order of the two will do."""
    told = founded.payloads()
    old, new = rolled(founded)
    for keys in ([old, new], [new, old]):
        founded.reopen(keys)
        assert founded.book.keyring_key == new
        assert founded.payloads() == told
    with pytest.raises(BookError, match="B26"):
        founded.reopen([old])


@pytest.fixture
def destroyed(founded: Founded) -> tuple[Founded, FolderId, Key]:
    """The second case is destroyed. Returns it, and the keyring key of before."""
    book, case = founded.book, founded.folders[1]
    sealed = founded.attach(case, b"a passport" * 1000)
    with book.transaction():
        book.tombstone(case, "hide", founded.stamp())
    assert case not in {change.folder for change in book.changes()}
    assert [change.payload for change in book.changes(folder=case)][:2] == [b"the second case", b"and more of it"]
    assert book.due_for_destruction(NOON_MS + 7 * DAY_MS - 1) == []
    assert book.due_for_destruction(NOON_MS + 7 * DAY_MS) == [case]
    old, new = founded.keyring_keys[0], Key(founded.randomness(32))
    with book.transaction():
        book.destroy(case, sealed.hashes, new)
    founded.keyring_keys = [new]
    assert not [name for name in sealed.hashes if book.chunk(name)]
    return founded, case, old


def test_destroying_leaves_nothing_of_a_folder_but_headers(
    destroyed: tuple[Founded, FolderId, Key],
) -> None:
    founded, case, old = destroyed
    book = founded.book
    tags = [tag for (tag,) in book.store.rows("SELECT tag FROM epoch WHERE folder = ?", case)]
    assert len(tags) == 2
    for tag in tags:
        assert book.store.rows("SELECT * FROM keyring WHERE tag = ?", tag) == []
    bodies = book.store.rows(
        "SELECT e.body FROM entry e JOIN epoch f ON f.id = e.epoch WHERE f.folder = ? AND e.kind = 3", case
    )
    assert bodies
    assert {body for (body,) in bodies} == {None}
    sheets = book.store.rows("SELECT sheet FROM epoch WHERE folder = ?", case)
    assert {book.store.chunk(sheet) for (sheet,) in sheets} == {None}
    assert opens_with(old, founded) == 0
    assert list(book.changes(folder=case)) == []
    assert founded.payloads() == [b"the first case"]


def test_after_destroying_the_chains_still_verify(destroyed: tuple[Founded, FolderId, Key]) -> None:
    founded, case, _ = destroyed
    report = founded.book.check()
    assert report.entries == founded.book.position
    assert report.unread == 3
    assert founded.book.due_for_destruction(NOON_MS + 8 * DAY_MS) == []
    founded.reopen()
    assert founded.book.check() == report
    with pytest.raises(MissingKey):
        founded.save((case, b"too late"))
    founded.save((founded.folders[0], b"life goes on"))


def test_a_cancelled_tombstone_brings_the_folder_back(founded: Founded) -> None:
    book, case = founded.book, founded.folders[1]
    told = founded.payloads()
    with book.transaction():
        book.tombstone(case, "hide", founded.stamp())
    assert book.is_hidden(case)
    assert founded.payloads() != told
    with book.transaction():
        book.tombstone(case, "cancel", founded.stamp())
    assert not book.is_hidden(case)
    assert founded.payloads() == told
    assert book.due_for_destruction(NOON_MS + 9 * DAY_MS) == []


def test_a_destruction_that_was_not_committed_destroys_nothing(founded: Founded) -> None:
    book, case = founded.book, founded.folders[1]
    with book.transaction():
        book.tombstone(case, "hide", founded.stamp())

    def half() -> None:
        with book.transaction():
            book.destroy(case, [], Key(bytes(32)))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        half()
    with book.transaction():
        book.tombstone(case, "cancel", founded.stamp())
    assert founded.payloads() == [b"the first case", b"the second case", b"and more of it"]


def test_the_keyring_holds_no_key_in_the_clear(founded: Founded) -> None:
    book: Book = founded.book
    keys = [epoch.key for epoch in book.organisation_keys()]
    stored = b"".join(b"".join(map(bytes, row[:1] + row[3:])) for row in book.store.rows("SELECT * FROM keyring"))
    assert not [key for key in keys if key in stored]
