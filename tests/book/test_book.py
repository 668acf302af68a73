"""The book from above: saves, readers, successors, and what others once got wrong."""

from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from tests.book.founded import Founded, some_keys
from tests.book.scribe import ORGANISATION, Author, Scribe
from tests.ground.seeded import Seeded

from waystation.book import Book, FolderWrite, NewFolder, Store
from waystation.book.entry import Entry, header_hash
from waystation.book.folder import chunk_hash
from waystation.book.roster import AdmitDesk, AdmitMember, RemoveDesk
from waystation.derive import Key, digest
from waystation.errors import BookError, MissingKey, WireError
from waystation.ids import FolderId, FolderType, MemberId
from waystation.seal import seal_to
from waystation.unseal import SealingKey, SealingSeed
from waystation.wire import encode


@pytest.fixture
def founded(tmp_path: Path, randomness: Seeded) -> Iterator[Founded]:
    """A new book."""
    made = Founded(tmp_path / "book.db", randomness)
    yield made
    made.close()


def test_founding_writes_the_roster_and_three_folders(founded: Founded) -> None:
    book = founded.book
    assert book.position == 4
    assert book.check().accepted == 4
    assert book.roster.roles(book.member) == {"coordinator"}
    for kind in (FolderType.ORGANISATION, FolderType.OFFICE, FolderType.LEDGER):
        assert book.readers(book.singleton(kind)) == (book.desk,)


def test_a_save_over_several_folders_is_one(founded: Founded) -> None:
    """B19: epochs before changes, one seen position, one save id."""
    book, stamp = founded.book, founded.stamp()
    case, place = FolderId(founded.randomness(16)), FolderId(founded.randomness(16))
    office = book.singleton(FolderType.OFFICE)
    before = book.position
    with book.transaction():
        accepted = book.append(
            stamp,
            [FolderWrite(office, b"to the office"), FolderWrite(case, b"to the case"), FolderWrite(place, b"to it")],
            [NewFolder(case, FolderType.CASE, (founded.me,)), NewFolder(place, FolderType.PLACE, (founded.me,))],
        )
    kinds = [kind for (kind,) in book.store.rows("SELECT kind FROM entry WHERE position > ?", before)]
    assert kinds == [2, 2, 3, 3, 3]
    assert list(book.changes(before)) == accepted
    assert {change.stamp for change in accepted} == {stamp}
    assert [change.folder_type for change in accepted] == ["office", "case", "place"]
    assert [change.ref for change in accepted] == [(book.desk, seq) for seq in (6, 7, 8)]
    seen = {entry.header[96:104] for entry in list(book.entries())[before:]}
    assert seen == {before.to_bytes(8, "big")}


def test_what_is_reopened_is_what_was_written(founded: Founded) -> None:
    case = founded.open_folder(b"first")
    founded.save((case, b"second"))
    told, order = list(founded.book.changes()), founded.book.order
    book = founded.reopen()
    assert (list(book.changes()), book.order) == (told, order)
    founded.save((case, b"third"))
    assert book.check().accepted == book.position


def test_what_does_not_fit_is_refused_before_anything_is_written(founded: Founded) -> None:
    case = founded.open_folder(b"first")
    before = founded.book.position
    with pytest.raises(WireError, match="Attach"):
        founded.save((founded.book.singleton(FolderType.OFFICE), b"small"), (case, bytes(65 * 1024)))
    assert founded.book.position == before
    with pytest.raises(MissingKey):
        founded.save((FolderId(bytes(16)), b"nowhere"))
    assert founded.book.position == before
    assert founded.payloads() == [b"first"]


def test_every_bucket_comes_back(founded: Founded) -> None:
    case = founded.open_folder(b"")
    sizes = [0, 950, 1000, 4000, 4100, 16_000, 17_000, 65_000]
    for size in sizes:
        founded.save((case, b"x" * size))
    assert [len(payload) for payload in founded.payloads()] == [0, *sizes]


def test_a_removed_desk_writes_no_more(founded: Founded) -> None:
    book = founded.book
    case = founded.open_folder(b"first")
    with book.transaction():
        book.amend_roster([RemoveDesk(book.desk)], [founded.root])
    with pytest.raises(BookError, match="B20"):
        founded.save((case, b"too late"))
    assert founded.payloads() == [b"first"]
    assert book.removed


def test_a_new_desk_takes_the_place_of_a_lost_one(founded: Founded) -> None:
    """Rule 10: a restored book never writes under its old desk id."""
    case = founded.open_folder(b"first")
    lost = founded.keys.desk
    founded.keys = some_keys(founded.randomness)
    book = founded.reopen()
    with book.transaction():
        book.succeed(lost, [founded.root])
    founded.save((case, b"second"))
    assert founded.payloads() == [b"first", b"second"]
    assert {change.ref[0] for change in book.changes()} == {lost, book.desk}
    with book.transaction():
        book.rotate(case, [founded.me])
    founded.save((case, b"third"))
    report = book.check()
    assert (report.accepted, report.aside) == (book.position, 0)
    with pytest.raises(BookError), book.transaction():
        book.succeed(lost, [founded.root])


def test_a_successor_stands_for_all_before_it(founded: Founded) -> None:
    """B16: the third desk writes where only the first was ever let in."""
    case = founded.open_folder(b"by the first")
    for payload in (b"by the second", b"by the third"):
        lost, founded.keys = founded.keys.desk, some_keys(founded.randomness)
        book = founded.reopen()
        with book.transaction():
            book.succeed(lost, [founded.root])
        founded.save((case, payload))
    assert founded.payloads() == [b"by the first", b"by the second", b"by the third"]
    assert founded.book.check().aside == 0


def test_a_second_desk_joins_and_reads_what_it_may(founded: Founded, tmp_path: Path) -> None:
    book, rand = founded.book, founded.randomness
    hidden = founded.open_folder(b"not for the second desk")
    office = book.singleton(FolderType.OFFICE)
    member, keys = MemberId(rand(16)), some_keys(rand)
    entry = keys.entry(member)
    with book.transaction():
        admit = AdmitDesk(entry.desk, member, entry.verify_key, entry.sealing_key)
        book.amend_roster([AdmitMember(member, ("caseworker",)), admit])
        for folder in (book.singleton(ORGANISATION), office):
            book.rotate(folder, book.roster.active_desks())
    founded.save((office, b"welcome"), (hidden, b"still not"))
    second = Store.create(tmp_path / "second.db", Key(rand(32)))
    joined = Book.join(second, founded.genesis, book.organisation_keys(), keys, Key(rand(32)), rand)
    chunks = book.store.rows("SELECT bytes FROM chunk")
    with joined.transaction():
        for (chunk,) in chunks:
            second.add_chunk(chunk_hash(chunk), chunk)
        joined.receive(list(book.entries()))
    assert (joined.order, joined.roster) == (book.order, book.roster)
    assert [change.payload for change in joined.changes()] == [b"welcome"]
    report = joined.check()
    assert (report.unread, report.aside) == (2, 0)
    with pytest.raises(MissingKey), joined.transaction():
        joined.append(founded.stamp(), [FolderWrite(hidden, b"let me in")])
    with joined.transaction():
        joined.append(founded.stamp(), [FolderWrite(office, b"thank you")])
    with book.transaction():
        book.receive(list(joined.entries())[book.position :])
    assert book.order == joined.order
    assert founded.payloads()[-1] == b"thank you"
    second.close()


def test_what_was_signed_is_checked_as_it_was_stored(tmp_path: Path, randomness: Seeded) -> None:
    """Pitfall 13: nobody encodes again in order to check.

    The amendment is written with longer integers and lengths than need be. Whoever decoded it and encoded it again
    would compute another signature and another hash, and refuse what stands.
    """
    scribe = Scribe(randomness)
    author = scribe.author()
    scribe.found(author)
    member = MemberId(randomness(16))
    short = scribe.amendment([["member", member, ["finance"]]])
    # org 32, number, previous 32, operations: one array of three, in the long forms.
    assert short[:2] == b"\x95\x01"
    operations = b"\xdc\x00\x01\xdc\x00\x03\xd9\x06member\xc5\x00\x10" + member + b"\xdc\x00\x01\xd9\x07finance"
    long = b"\x95\x01" + encode(scribe.org) + b"\xcd\x00\x01" + encode(scribe.previous) + operations
    assert long != short
    scribe.write(author, 1, scribe.by_root(long), scribe.key)
    scribe.stands(long)
    assert scribe.previous == digest("roster", long) != digest("roster", short)
    following = scribe.amendment([["member", member, ["finance", "documenter"]]])
    scribe.write(author, 1, scribe.by_root(following), scribe.key)
    book = scribe.book(tmp_path / "book.db", author, (), scribe.entries)
    assert book.roster.roles(member) == {"finance", "documenter"}
    assert book.check().aside == 0
    book.store.close()


def test_a_sealing_key_is_not_used_up(founded: Founded) -> None:
    """Pitfall 14: opening is not spending; the same envelope opens twice, and any number of them opens."""
    desk = SealingKey(SealingSeed(founded.randomness(32)))
    envelopes = [seal_to(desk.public, "wrap", b"", bytes([n])) for n in range(50)]
    for _ in range(2):
        assert [desk.open("wrap", b"", envelope) for envelope in envelopes] == [bytes([n]) for n in range(50)]


def test_an_entry_opens_in_no_other_place(tmp_path: Path, randomness: Seeded) -> None:
    """Pitfall 15: an entry of one organisation, folder or desk, put into another, is never read there."""
    here, there = Scribe(randomness), Scribe(randomness)
    author = here.author()
    ours = here.found(author)
    # The same desk, founding a second organisation.
    twin = Author(author.member, author.signing_seed, author.sealing_seed)
    theirs = there.found(twin)
    note = there.compose(twin, 3, there.change(b"theirs"), theirs[FolderType.OFFICE])
    assert ours[FolderType.OFFICE].tag != theirs[FolderType.OFFICE].tag
    book = here.book(tmp_path / "book.db", author, (), here.entries)
    with pytest.raises(BookError, match="another organisation"), book.transaction():
        book.receive([note])
    book.store.close()


def test_no_entry_says_that_it_is_not_encrypted(founded: Founded) -> None:
    """Pitfall 3: a header has no such flag, and a body in the clear is no body."""
    case = founded.open_folder(b"first")
    founded.save((case, b"second"))
    *earlier, last = founded.book.entries()
    assert last.body is not None
    plain = encode([1, bytes(16), 0, "UTC", b"second"]) + b"\x80"
    body = plain + bytes(len(last.body) - len(plain))
    header = last.header[:200] + sha256(body).digest()
    entry = Entry(header, founded.keys.signing.sign("entry", header), body)
    joined = Book.join(
        Store.create(founded.path.with_name("other.db"), Key(bytes(32))),
        founded.genesis,
        founded.book.organisation_keys(),
        founded.keys,
        Key(bytes(32)),
        founded.randomness,
    )
    chunks = founded.book.store.rows("SELECT bytes FROM chunk")
    with joined.transaction():
        for (chunk,) in chunks:
            joined.store.add_chunk(chunk_hash(chunk), chunk)
        joined.receive([*earlier, entry])
    assert [change.payload for change in joined.changes()] == [b"first"]
    assert joined.check().undecodable == 1
    joined.store.close()


def test_a_progress_is_told_for_long_checks(founded: Founded) -> None:
    told: list[tuple[int, int]] = []
    founded.book.check(lambda done, of: told.append((done, of)))
    assert told[-1] == (founded.book.position, founded.book.position)


def test_a_chain_is_of_header_hashes(founded: Founded) -> None:
    """B3: any desk's newest signature vouches for all before it."""
    case = founded.open_folder(b"first")
    founded.save((case, b"second"))
    entries = list(founded.book.entries())
    for before, after in pairwise(entries):
        assert after.header[64:96] == header_hash(before.header)
