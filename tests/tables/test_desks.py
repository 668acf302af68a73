"""Two desks of one organisation: the same log, the same tables; and a hidden folder is nowhere until it is back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ground.seeded import Seeded
from tests.office.kit import accepted, added, asked, day, done, now, shown
from tests.tables.snapshot import Snapshot, snapshot

from waystation.book import Book, DeskKeys, FolderWrite, Stamp, Store
from waystation.book.entry import Entry
from waystation.book.roster import AdmitDesk
from waystation.derive import KEY_BYTES, Key
from waystation.errors import BadInput
from waystation.ids import FolderId, FolderType, RecordId, SaveId
from waystation.office import casework, intake
from waystation.office.casework import amend
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Change, Value, encode_payload
from waystation.sign import SigningKey, SigningSeed
from waystation.tables import Tables
from waystation.textsearch import Terms
from waystation.unseal import SealingKey, SealingSeed
from waystation.views.case import case, conflicts
from waystation.views.found import search
from waystation.views.timeline import timeline


@dataclass
class Second:
    """Another desk of the same member: a book that is filled from the first, and its tables."""

    book: Book
    tables: Tables

    def pull(self, desk: Desk, entries: Sequence[Entry]) -> None:
        """Takes a stretch of the first desk's log into book and tables."""
        chunks = desk.book.store.connection.execute("SELECT hash, bytes FROM chunk").fetchall()
        with self.book.transaction():
            for name, chunk in chunks:
                self.book.store.add_chunk(name, chunk)
            before = self.book.position
            fresh = self.book.receive(entries).fresh
            for folder in fresh:
                self.tables.forget(folder)
                self.tables.apply(self.book.changes(folder=folder))
            self.tables.apply(change for change in self.book.changes(before) if change.folder not in fresh)

    def write(self, folder: FolderId, kind: str, record: bytes, fields: dict[str, Value | None]) -> Entry:
        """Writes without having seen anything but what was pulled."""
        stamp = Stamp(SaveId(bytes(16)), 1_495_022_400_000, "Europe/Vilnius")
        payload = encode_payload([Change(kind, RecordId(record), fields)])
        with self.book.transaction():
            self.tables.apply(self.book.append(stamp, [FolderWrite(folder, payload)]))
        return list(self.book.entries())[-1]

    @property
    def snapshot(self) -> Snapshot:
        return snapshot(self.book.store.connection, REGISTRY)


def seconds(desk: Desk, folder: Path, randomness: Seeded, count: int) -> list[Second]:
    """Admits a second desk, which may read what is made from now on, and opens its book so many times."""
    keys = DeskKeys(SigningKey(SigningSeed(randomness(32))), (SealingKey(SealingSeed(randomness(32))),))
    entry = keys.entry(desk.member)
    with desk.book.transaction():
        desk.book.amend_roster((AdmitDesk(entry.desk, entry.member, entry.verify_key, entry.sealing_key),))
        for folder_type in (FolderType.OFFICE, FolderType.LEDGER):
            desk.book.rotate(desk.folder(folder_type), desk.book.roster.active_desks())
    found = []
    for number in range(count):
        store = Store.create(folder / f"second-{number}.db", Key(randomness(KEY_BYTES)))
        organisation = desk.book.organisation_keys()
        book = Book.join(store, desk.book.genesis, organisation, keys, Key(randomness(KEY_BYTES)), randomness)
        tables = Tables(store.connection, REGISTRY, Terms(), desk.today)
        with book.transaction():
            tables.create()
        found.append(Second(book, tables))
    return found


@pytest.fixture
def second(desk: Desk, tmp_path: Path, randomness: Seeded) -> Iterator[Second]:
    (other,) = seconds(desk, tmp_path, randomness, 1)
    yield other
    other.book.store.close()


def test_the_same_log_gives_the_same_tables_on_every_desk(desk: Desk, tmp_path: Path, randomness: Seeded) -> None:
    one, other = seconds(desk, tmp_path, randomness, 2)
    accepted(desk)
    added(desk, desk.folder(FolderType.OFFICE), "task", title="Buy telephones")
    entries = list(desk.book.entries())
    one.pull(desk, entries)
    for start in range(0, len(entries), 3):
        other.pull(desk, entries[start : start + 3])
    assert one.snapshot == other.snapshot
    assert one.snapshot["case_now"] == snapshot(desk.book.store.connection, REGISTRY)["case_now"]
    for second in (one, other):
        second.book.store.close()


def test_what_two_desks_wrote_apart_stands_side_by_side(desk: Desk, second: Second) -> None:
    folder = accepted(desk)
    added(desk, folder, "risk_assessment", level="low", timeframe="weeks", reasons="Quiet.", review=day("2017-05-24"))
    (risk,) = desk.tables.facts(folder)["risk_assessment"]
    entries = list(desk.book.entries())
    second.pull(desk, entries)
    theirs = second.write(folder, "risk_assessment", risk, {"level": "extreme", "reasons": "They found the house."})
    done(desk, amend(desk, folder, "risk_assessment", risk, {"level": "medium", "reasons": "Restless."}))
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive([theirs])
        desk.tables.apply(desk.book.changes(before))

    assert (now(desk, folder)["level"], now(desk, folder)["conflicts"]) == ("extreme", 2)
    found = {one.field: one for one in conflicts(desk.reader, folder)}
    assert [(value.value, value.shown, value.who) for value in found["level"].values] == [
        ("medium", False, "Wren"),
        ("extreme", True, "Wren"),
    ]
    view = case(desk.reader, folder)
    assert view is not None
    assert view.next_step.code == "settle"
    kept = found["level"].values[1]
    done(desk, casework.settle(desk, folder, "risk_assessment", risk, "level", kept.ref))
    kept = found["reasons"].values[0]
    done(desk, casework.settle(desk, folder, "risk_assessment", risk, "reasons", kept.ref))
    assert conflicts(desk.reader, folder) == ()
    settled = shown(desk, folder, "risk_assessment", risk)
    assert (settled["level"], settled["reasons"]) == ("extreme", "Restless.")


def test_a_masked_conflict_is_settled_unseen(desk: Desk, second: Second) -> None:
    folder = accepted(desk)
    (person,) = desk.tables.facts(folder)["person"]
    second.pull(desk, list(desk.book.entries()))
    theirs = second.write(folder, "person", person, {"given_name": "Aslan"})
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive([theirs])
        desk.tables.apply(desk.book.changes(before))
    (found,) = conflicts(desk.reader, folder)
    assert [(value.value, value.masked) for value in found.values] == [(None, True), (None, True)]
    done(desk, casework.settle(desk, folder, "person", person, "given_name", found.values[0].ref))
    assert shown(desk, folder, "person", person)["given_name"] == "Adam"


def test_names_that_another_desk_gave_are_taken(desk: Desk, second: Second) -> None:
    intake.propose_code_name(desk)
    request = asked(desk)
    second.pull(desk, list(desk.book.entries()))
    theirs = second.write(request, "request", request, {"code_name": "Juniper Kettle"})
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive([theirs])
        desk.tables.apply(desk.book.changes(before))
    with pytest.raises(BadInput, match="too_alike"):
        intake.take_down(desk, {"code_name": "Juniper Kettles"})


def test_a_hidden_case_is_nowhere_until_it_is_back(desk: Desk) -> None:
    kept, hidden = accepted(desk), accepted(desk)
    added(desk, hidden, "note", body="Zanzibar is where he went.")
    before = snapshot(desk.book.store.connection, REGISTRY)
    desk.hide(hidden)
    during = snapshot(desk.book.store.connection, REGISTRY)
    for name, rows in during.items():
        assert not any(hidden in row[:2] for row in rows), name
    assert search(desk.reader, "Zanzibar") == ()
    assert case(desk.reader, hidden) is None
    assert timeline(desk.reader, hidden).items == ()
    assert case(desk.reader, kept) is not None
    desk.rebuild()
    assert snapshot(desk.book.store.connection, REGISTRY) == during
    desk.unhide(hidden)
    assert snapshot(desk.book.store.connection, REGISTRY) == before
    assert [hit.folder for hit in search(desk.reader, "Zanzibar")] == [hidden]


def test_rebuilding_a_desk_changes_nothing(desk: Desk) -> None:
    accepted(desk)
    asked(desk, level="high")
    live = snapshot(desk.book.store.connection, REGISTRY)
    desk.rebuild()
    assert snapshot(desk.book.store.connection, REGISTRY) == live
