"""The same prefix of the log gives the same state on every desk, however its bytes arrived."""

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.book.scribe import Author, Scribe
from tests.ground.seeded import Seeded

from waystation.book import Book
from waystation.book.entry import Entry, EpochKey
from waystation.ids import FolderType

TABLES = ("epoch", "hidden", "head")
STEPS = (
    "change", "late change", "foreign change", "folder", "rotate", "lose race", "hide", "confirm", "cancel",
    "admit", "admit elsewhere", "admit by nobody", "remove", "organisation", "noise",
)  # fmt: skip


class Play:
    """Draws a log: three desks do what they may, and what they may not."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw = data.draw
        self.scribe = Scribe(Seeded("play"))
        self.desks = [self.scribe.author() for _ in range(3)]
        self.active = list(self.desks)
        founder, *others = self.desks
        keys = self.scribe.found(founder, others)
        self.keys: list[list[EpochKey]] = [[keys[FolderType.OFFICE]]]
        self.organisation = [self.scribe.key]

    def desk(self) -> Author:
        return self.draw(st.sampled_from(self.desks))

    def folder(self) -> list[EpochKey]:
        return self.draw(st.sampled_from(self.keys))

    def step(self, name: str) -> None:
        """Writes one entry."""
        scribe, desk, folder = self.scribe, self.desk(), self.folder()
        match name:
            case "change":
                scribe.write(desk, 3, scribe.change(b"a note"), folder[-1])
            case "late change":
                seen = self.draw(st.integers(0, len(scribe.entries)))
                if seen >= self.seen_by(desk):
                    scribe.write(desk, 3, scribe.change(b"a late note"), folder[0], seen)
            case "foreign change":
                scribe.write(desk, 3, scribe.change(b""), scribe.new_key(folder[0].folder, 0))
            case "folder":
                readers = self.draw(st.lists(st.sampled_from(self.desks), min_size=1, max_size=3))
                self.keys.append([scribe.open_folder(desk, FolderType.CASE, readers)])
            case "rotate" | "lose race":
                parent = folder[-1] if name == "rotate" else folder[0]
                kind = FolderType.OFFICE if folder is self.keys[0] else FolderType.CASE
                key = scribe.new_key(parent.folder, parent.epoch + 1)
                body = scribe.epoch(key, kind, parent, self.desks, scribe.key)
                scribe.write(desk, 2, body, scribe.key)
                folder.append(key)
            case "hide" | "confirm" | "cancel":
                scribe.write(desk, 4, scribe.tombstone(name, folder[0].folder), scribe.key)
            case "admit" | "admit elsewhere" | "admit by nobody":
                new = scribe.author()
                amendment = scribe.amendment([["member", new.member, ["finance"]], new.admission])
                body = scribe.by_desk(amendment, new) if name == "admit by nobody" else scribe.by_root(amendment)
                scribe.write(desk, 1, body, folder[-1] if name == "admit elsewhere" else scribe.key)
                if name == "admit" and desk in self.active:
                    scribe.stands(amendment)
            case "remove":
                founder = self.desks[0]
                amendment = scribe.amendment([["remove desk", desk.desk]])
                scribe.write(founder, 1, scribe.by_desk(amendment, founder), scribe.key)
                if {desk.desk, founder.desk} <= {author.desk for author in self.active}:
                    scribe.stands(amendment)
                    self.active.remove(desk)
            case "organisation":
                key = scribe.new_key(scribe.key.folder, scribe.key.epoch + 1)
                body = scribe.epoch(key, FolderType.ORGANISATION, scribe.key, self.desks, scribe.key)
                scribe.write(desk, 2, body, scribe.key)
                if desk in self.active:
                    scribe.key = key
                    self.organisation.append(key)
            case "noise":
                kind = self.draw(st.integers(1, 5))
                scribe.write(desk, kind, self.draw(st.binary(max_size=40)), self.draw(self.some_key()))

    def some_key(self) -> st.SearchStrategy[EpochKey]:
        return st.sampled_from([*itertools.chain(*self.keys), *self.organisation])

    def seen_by(self, desk: Author) -> int:
        """The seen position of a desk's last entry, below which it may not fall."""
        own = [entry for entry in self.scribe.entries if entry.header[40:56] == desk.desk]
        return int.from_bytes(own[-1].header[96:104], "big") if own else 0


def state_of(book: Book) -> dict[str, Any]:
    """All that the rules and the keys came to."""
    state: dict[str, Any] = {name: book.store.rows(f"SELECT * FROM {name} ORDER BY 1") for name in TABLES}
    state["entry"] = book.store.rows("SELECT * FROM entry ORDER BY position")
    state["keys"] = book.store.rows("SELECT tag, folder, epoch FROM keyring ORDER BY tag")
    state["roster"], state["order"] = book.roster, book.order
    state["changes"] = list(book.changes())
    return state


def received(play: Play, desk: Author, path: Path, batches: list[list[Entry]]) -> dict[str, Any]:
    """The state of a desk that took the log in these batches, some of them after closing and opening."""
    book = play.scribe.book(path, desk, play.organisation)
    for batch in batches:
        with book.transaction():
            book.receive(batch)
    report = book.check()
    assert report.entries == len(play.scribe.entries)
    state = state_of(book)
    book.store.close()
    return state


@settings(max_examples=40)
@given(data=st.data(), steps=st.lists(st.sampled_from(STEPS), max_size=14))
def test_however_the_log_is_cut_into_batches(data: st.DataObject, steps: list[str]) -> None:
    play = Play(data)
    for step in steps:
        play.step(step)
    entries = play.scribe.entries
    cuts = data.draw(st.lists(st.integers(0, len(entries)), max_size=5).map(sorted))
    edges = [0, *cuts, len(entries)]
    batches = [entries[a:b] for a, b in itertools.pairwise(edges)]
    desk = data.draw(st.sampled_from(play.desks))
    with TemporaryDirectory() as folder:
        whole = received(play, desk, Path(folder) / "whole", [entries])
        parts = received(play, desk, Path(folder) / "parts", batches)
        single = received(play, desk, Path(folder) / "single", [[entry] for entry in entries])
    assert whole == parts == single


@settings(max_examples=40)
@given(data=st.data(), steps=st.lists(st.sampled_from(STEPS), max_size=14))
def test_every_desk_decides_alike(data: st.DataObject, steps: list[str]) -> None:
    """Desks that hold different keys accept and set aside the same entries."""
    play = Play(data)
    for step in steps:
        play.step(step)
    with TemporaryDirectory() as folder:
        states = [
            received(play, desk, Path(folder) / str(number), [play.scribe.entries])
            for number, desk in enumerate(play.desks)
        ]
    shared = ("epoch", "hidden", "head", "entry", "roster", "order")
    assert len({repr([state[name] for name in shared]) for state in states}) == 1
