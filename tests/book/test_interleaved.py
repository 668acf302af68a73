"""Several books over one order: however they write, pull, push, lose answers and close, they come to the same."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.book.many import Member, Shared, Staff, state_of
from tests.ground.seeded import Seeded

from waystation.book import Book, FolderWrite, NewFolder, Store
from waystation.book.roster import AdmitMember, RemoveDesk, ReplaceSealing
from waystation.derive import Key
from waystation.errors import AuthorityError, MissingKey, Removed
from waystation.ids import FolderId, FolderType, MemberId
from waystation.unseal import SealingKey, SealingSeed

STEPS = (
    "save", "save", "save", "open", "open alone", "race to open", "rotate", "rotate out", "organisation", "amend",
    "remove", "hide", "confirm", "cancel", "done", "rekey", "pull", "push", "push one", "lose an answer", "sync",
    "crash", "close",
)  # fmt: skip


class Play:
    """Three desks that do what comes to mind."""

    def __init__(self, data: st.DataObject, folder: Path) -> None:
        self.draw = data.draw
        self.randomness = Seeded("interleaved")
        self.staff = Staff(folder, self.randomness, 3)
        self.folders: list[FolderId] = [self.staff.members[0].book.singleton(FolderType.OFFICE)]
        self.written: set[bytes] = set()
        self.count = 0

    def step(self, name: str) -> None:
        member = self.draw(st.sampled_from(self.staff.members))
        member.stretch = self.draw(st.integers(1, 4))
        try:
            self.act(name, member)
        except (AuthorityError, MissingKey):
            # What a desk may not do it is told at once, and nothing of it is there.
            assert not member.book.lifted
        except Removed:
            self.gone(member)

    def act(self, name: str, member: Member) -> None:
        book, others = member.book, self.staff.members
        folder = self.draw(st.sampled_from(self.folders))
        match name:
            case "save":
                payload = self.payload()
                member.save(folder, payload)
                self.written.add(payload)
            case "open" | "open alone":
                readers = self.draw(st.lists(st.sampled_from(others), max_size=2)) if name == "open" else []
                listed = [other for other in readers if other.keys.desk in member.book.roster.desks]
                self.folders.append(member.open_folder(self.payload(), listed))
            case "race to open":
                twin = self.draw(st.sampled_from(others))
                seed = self.count = self.count + 1
                one, two = (Twin(each, FolderId(seed.to_bytes(16, "big"))) for each in (member, twin))
                one.open(self.payload())
                if twin is not member:
                    two.open(self.payload())
                self.folders.append(one.folder)
            case "rotate" | "rotate out":
                one = next(each for each in others if each is not member)
                member.rotate(folder, others if name == "rotate" else [one, member])
            case "organisation":
                with book.transaction():
                    book.rotate(book.singleton(FolderType.ORGANISATION), book.roster.active_desks())
            case "amend":
                who = MemberId(self.randomness(16))
                with book.transaction():
                    book.amend_roster([AdmitMember(who, ("finance",))])
            case "remove":
                gone = self.draw(st.sampled_from(others[1:]))
                with book.transaction():
                    book.amend_roster([RemoveDesk(gone.keys.desk)])
            case "rekey":
                key = SealingKey(SealingSeed(self.randomness(32)))
                with book.transaction():
                    book.amend_roster([ReplaceSealing(member.keys.desk, key.public)])
                book.use_sealing((*member.keys.sealing, key))
                member.keys = type(member.keys)(member.keys.signing, (*member.keys.sealing, key))
            case "hide" | "confirm" | "cancel" | "done":
                member.bury(folder, name)
            case "pull":
                member.pull()
            case "push":
                member.push()
            case "push one" | "lose an answer":
                batches = member.batches()
                if batches:
                    member.push_one(batches[0], lose=name != "push one")
                    if name != "push one":
                        # Nothing else is offered before that is settled.
                        member.pull()
            case "sync":
                member.sync()
            case "crash":
                self.crash(member)
            case "close":
                reopen(member)

    def crash(self, member: Member) -> None:
        """A stretch is taken, and the machine dies before it is durable."""
        book, shared = member.book, member.shared
        before = (state_of(book), book.unsent())
        try:
            with book.transaction():
                names = book.sheets_named(shared.entries[book.position :])
                book.receive(shared.entries[book.position :], {name: shared.chunks[name] for name in names})
                book.lay(member.readers)
                raise InterruptedError
        except InterruptedError:
            pass
        assert (state_of(book), book.unsent()) == before

    def payload(self) -> bytes:
        self.count += 1
        return b"note %d" % self.count

    def end(self) -> None:
        """Everybody hears of everything."""
        length = -1
        while length != len(self.staff.shared.entries):
            length = len(self.staff.shared.entries)
            for member in self.staff.members:
                member.stretch = 1000
                try:
                    member.sync()
                except Removed:
                    self.gone(member)

    def gone(self, member: Member) -> None:
        """A desk that can judge nothing of what follows was removed; the founder's never is."""
        assert member is not self.staff.members[0]


class Twin:
    """One of two who open the folder of one request (I4)."""

    def __init__(self, member: Member, folder: FolderId) -> None:
        self.member, self.folder = member, folder

    def open(self, payload: bytes) -> None:
        book = self.member.book
        if not book.readers(self.folder):
            with book.transaction():
                new = NewFolder(self.folder, FolderType.REQUEST, tuple(book.roster.active_desks()))
                book.append(self.member.stamp(), [FolderWrite(self.folder, payload)], [new])


def reopen(member: Member) -> None:
    """Closes the file and opens it again."""
    book = member.book
    before = (state_of(book), book.unsent(), member.told(), book.roster)
    member.reopen()
    book = member.book
    assert (state_of(book), book.unsent(), member.told(), book.roster) == before


def fresh(play: Play, member: Member, path: Path) -> dict[str, Any]:
    """What a new book with this desk's keys comes to, that takes the order whole and has nothing of its own."""
    rand = play.randomness
    book = Book.join(
        Store.create(path, Key(rand(32))),
        play.staff.genesis,
        play.staff.members[0].book.organisation_keys(),
        member.keys,
        Key(rand(32)),
        rand,
    )
    other = Member(book, member.keys, play.staff.shared, rand)
    other.pull()
    state = {**state_of(book), "told": list(book.changes())}
    book.check()
    book.store.close()
    return state


@settings(max_examples=25, deadline=None)
@given(data=st.data(), steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=30))
def test_all_come_to_the_same(data: st.DataObject, steps: list[str]) -> None:
    with TemporaryDirectory() as folder:
        play = Play(data, Path(folder))
        try:
            for step in steps:
                play.step(step)
            play.end()
            compare(play, Path(folder))
        finally:
            play.staff.close()


def compare(play: Play, folder: Path) -> None:
    shared: Shared = play.staff.shared
    whole = [member for member in play.staff.members if member.book.position == len(shared.entries)]
    assert play.staff.members[0] in whole
    for member in play.staff.members:
        roster = play.staff.members[0].book.roster
        assert member in whole or not roster.desks[member.keys.desk].active
    states = []
    for number, member in enumerate(whole):
        book = member.book
        state = {**state_of(book), "told": list(book.changes())}
        if not book.unsent_count():
            assert state == fresh(play, member, folder / f"fresh{number}.db")
            states.append({name: value for name, value in state.items() if name != "told"})
        report = book.check()
        assert (report.entries, report.vouched) == (len(shared.entries), 0)
        # What one desk saved and the log set aside is still there to be adopted; nothing has vanished.
    assert all(state == states[0] for state in states)
