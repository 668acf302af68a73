"""Desks around a relay, in one process, on one held clock: what a person or a fate may do to them, step by step.

Each desk is a real book with its tables on disk, its vault and its rounds; the relay is in memory. A crash is raised
in the middle of a desk's statements or requests, and everything that it had in memory is gone with it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import apsw
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import PASSPHRASE
from tests.sync.desks import ADDRESS, Sitting, admitted, connected
from tests.sync.relays import Line, MemoryRelay

from waystation.book.roster import COORDINATOR
from waystation.clock import DAY_MS
from waystation.errors import AuthorityError, BadInput, BookError, Locked, MissingKey, Refused, RelayError
from waystation.ids import DeskId, FolderId, FolderType, MemberId, RecordId, SaveId, new_id
from waystation.office import access, intake, membership, syncing, team
from waystation.office.casework import add
from waystation.office.desk import Desk, Home
from waystation.office.founding import unlock
from waystation.office.syncing import Lie
from waystation.records import Save, Value, Write

MOST_DESKS = 12
MOST_OUT = 5
"""Desks that may be out of work at once: removed, or with a copied key."""


class Crash(BaseException):
    """The power is gone. No `except Exception` holds it up."""


@dataclass
class Said:
    """A save that its desk was told is durable: the desk's numbers of it, and its folder."""

    folder: FolderId
    seqs: tuple[int, ...]


@dataclass
class Post:
    """One desk in the simulation.

    Args:
        said: what this desk was told is saved. out: why it is out of work; empty while it works.
    """

    name: str
    sitting: Sitting
    said: dict[SaveId, Said] = field(default_factory=dict)
    out: str = ""

    def __post_init__(self) -> None:
        self.is_desk = self.desk.book.desk

    @property
    def desk(self) -> Desk:
        return self.sitting.desk

    @property
    def line(self) -> Line:
        return self.sitting.line


class World:
    """One organisation, from its founding on."""

    def __init__(self, folder: Path, seed: str, desks: int = 3) -> None:
        self.folder = folder
        self.clock = HeldClock()
        self.randomness = Seeded(seed)
        self.count = 0
        sittings = connected(folder, self.clock, self.randomness, desks)
        self.posts = [Post(f"desk {number}", sitting) for number, sitting in enumerate(sittings)]
        self.network = sittings[0].network
        self.address = ADDRESS
        self.root_words = sittings[0].root_words
        self.granted: dict[bytes, set[bytes]] = {}

    @property
    def relay(self) -> MemoryRelay:
        """The one that all work with now."""
        return self.network.relays[self.address]

    @property
    def working(self) -> list[Post]:
        """Desks that nothing has put out of work, as far as they know."""
        for post in self.posts:
            self.look(post)
        return [post for post in self.posts if not post.out]

    def pick(self, number: int) -> Post:
        working = self.working
        return working[number % len(working)]

    def coordinators(self) -> list[Post]:
        return [post for post in self.working if COORDINATOR in post.desk.roles]

    def look(self, post: Post) -> None:
        """Whether a desk has found out that it may not go on."""
        if post.out:
            return
        if post.desk.locked:
            post.out = "cloned"
        elif post.desk.book.removed or post.sitting.wrong is Lie.REMOVED:
            post.out = "removed"

    # ── What people do ──

    def request(self, post: Post) -> FolderId | None:
        """A new request for help."""
        try:
            save = intake.take_down(post.desk, {}, [])
        except Refused:
            return None
        return save.writes[0].folder if self.save(post, save) else None

    def folders(self, post: Post) -> list[FolderId]:
        """The requests that a desk shows, and may write to as far as it knows."""
        rows = post.desk.reader.rows("SELECT folder FROM k_request ORDER BY record")
        return [FolderId(folder) for (folder,) in rows if post.is_desk in post.desk.book.readers(folder)]

    def note(self, post: Post, which: int) -> None:
        """Adds a note to a request."""
        if folder := self.one(post, which):
            self.count += 1
            # Who wrote it cannot be named before the office's key has come.
            with suppress(BadInput, Refused):
                self.save(post, add(post.desk, folder, "note", {"body": f"Heard from them, {self.count}."}))

    def edit(self, post: Post, which: int, *, seen: bool = True) -> None:
        """Writes into a field that others write into as well."""
        if folder := self.one(post, which):
            self.count += 1
            fields: dict[str, Value | None] = {"code_name": f"Kettle {self.count}"}
            record = RecordId(folder)
            read = post.desk.seen(folder, "request", record, list(fields)) if seen else {}
            self.save(post, Save((Write(folder, FolderType.REQUEST, "request", record, fields, read),)))

    def let_in(self, post: Post, which: int, whom: int, *, in_: bool) -> None:
        """Lets somebody into a request, or takes them off."""
        folder = self.one(post, which)
        others = [other.desk.member for other in self.working if COORDINATOR not in other.desk.roles]
        if folder is None or not others:
            return
        member = others[whom % len(others)]
        act = team.add_colleague if in_ else team.remove_colleague
        # Whom it does not fit, the page would not have offered.
        with suppress(Refused, BadInput, MissingKey):
            self.save(post, act(post.desk, folder, member))

    def has_keys(self, post: Post) -> bool:
        """Whether a desk holds the organisation's newest key, without which it can open no folder (S7)."""
        return not post.desk.book.missing_sheets()

    def one(self, post: Post, which: int) -> FolderId | None:
        folders = self.folders(post)
        return folders[which % len(folders)] if folders else None

    def save(self, post: Post, save: Save) -> SaveId | None:
        """Saves at a desk; notes what it was told. Returns None, if the desk may not."""
        before = {one.seq for one in post.desk.book.unsent()}
        try:
            saved = post.desk.save(save)
        except Refused:
            return None
        except MissingKey:
            assert not self.has_keys(post)
            return None
        seqs = tuple(one.seq for one in post.desk.book.unsent() if one.seq not in before and one.save == saved.save)
        assert seqs
        post.said[saved.save] = Said(save.writes[0].folder, seqs)
        return saved.save

    def hide(self, post: Post, which: int, act: str) -> None:
        """Hides a request, agrees that it is destroyed, or brings it back."""
        book = post.desk.book
        if act == "hide":
            folder = self.one(post, which)
        else:
            hidden = [f for (f,) in book.store.rows("SELECT folder FROM hidden ORDER BY folder")]
            folder = FolderId(hidden[which % len(hidden)]) if hidden else None
        if folder is None or book.destroyed(folder):
            return
        with suppress(Refused, AuthorityError, MissingKey):
            {"hide": post.desk.hide, "confirm": post.desk.confirm, "cancel": post.desk.unhide}[act](folder)

    def adopt(self, post: Post) -> None:
        """Adopts the oldest change that was set aside and can be."""
        for aside in post.desk.book.aside():
            folder = aside.folder
            if folder is None or post.is_desk not in post.desk.book.readers(folder) or post.desk.book.is_hidden(folder):
                continue
            if aside.readable and aside.adopted_by is None:
                with suppress(BookError):
                    post.desk.adopt(aside.position)
                return

    # ── Membership ──

    def admit(self, host: Post, roles: tuple[str, ...], member: MemberId | None = None) -> Post | None:
        """Admits a desk; None, if the admission did not come through."""
        if len(self.posts) >= MOST_DESKS:
            return None
        self.mend(host)
        folder = self.folder / f"admitted-{len(self.posts)}-{self.count}"
        self.count += 1
        try:
            desk, _ = admitted(host.sitting, folder, roles, member, self.address, (FolderType.ORGANISATION,))
        except (RelayError, AuthorityError, Refused, BadInput, MissingKey):
            # It was removed, and found out in the middle of it; or a key that it needs for this has not come.
            return None
        post = Post(f"desk {len(self.posts)}", Sitting(desk, self.network))
        if post.is_desk not in host.desk.book.roster.desks:
            desk.lock()
            return None
        self.posts.append(post)
        self.round(post)
        return post

    def remove_desk(self, host: Post, lost: DeskId) -> None:
        """A coordinator removes a desk, and what it read is opened anew."""
        with suppress(Refused, BadInput, MissingKey):
            membership.remove_desk(host.desk, lost)
            while access.tend(host.desk, eager=True):
                pass

    def change_roles(self, host: Post, post: Post, roles: tuple[str, ...]) -> None:
        with suppress(Refused, BadInput, AuthorityError, MissingKey):
            membership.change_roles(host.desk, post.desk.member, roles)

    # ── The way to the relay ──

    def round(self, post: Post, expected: Lie | None = None) -> None:
        """Rounds until nothing is left to do or something is in the way. Raises: AssertionError for any lie but one."""
        if post.out:
            return
        with suppress(RelayError, Locked):
            for _ in range(6):
                if not post.sitting.syncing.round():
                    break
        self.look(post)
        if not post.out and post.line.hold is not None and post.sitting.wrong is Lie.WITHHELD:
            # What comes more than ten minutes late counts as withheld (S20).
            self.mend(post)
            syncing.try_again(post.desk)
        if not post.out:
            assert post.sitting.wrong is expected, f"{post.name}: {syncing.wrong(post.desk)}"

    def mend(self, post: Post) -> None:
        """Its line is in order again."""
        line = post.line
        line.away = line.busy = line.refuse_but_keep = line.forget = line.spoil = False
        line.lose_answers, line.hold, line.claim, line.bend = 0, None, None, None
        line.withhold, line.fails = set(), lambda name: None

    # ── Crashes ──

    @contextmanager
    def failing(self, post: Post, statements: int) -> Iterator[None]:
        """The power goes before the statement with that number, if the block comes so far; the desk starts again."""
        left = statements
        home = post.desk.home
        connection = post.desk.book.store.connection

        def count(*_: object) -> bool:
            nonlocal left
            left -= 1
            if left < 0:
                raise Crash
            return True

        connection.exec_trace = count
        try:
            yield
        except Crash:
            connection.exec_trace = None
            connection.close(force=True)
            self.start(post, home)
        finally:
            with suppress(apsw.ConnectionClosedError):
                connection.exec_trace = None

    def cut_off(self, post: Post, request: str, work: Callable[[], None]) -> None:
        """The power goes when a desk is about to ask its relay for something."""

        def fails(name: str) -> None:
            if name == request:
                raise Crash

        home, line = post.desk.home, post.line
        line.fails = fails
        try:
            work()
        except Crash:
            post.desk.book.store.close()
            self.start(post, home)
        finally:
            line.fails = lambda name: None

    def start(self, post: Post, home: Home | None = None) -> None:
        """A desk is opened again; what it was told is saved is there."""
        home = home or post.desk.home
        system = post.desk._system
        post.sitting.desk = unlock(home, PASSPHRASE, system)
        post.sitting.syncing = syncing.Syncing(post.desk)
        self.held(post)

    def start_again(self, post: Post) -> None:
        """A desk is locked and unlocked."""
        home = post.desk.home
        post.desk.lock()
        self.start(post, home)

    def held(self, post: Post) -> None:
        """Everything that a desk was told is saved is in its log or waits to be sent."""
        book = post.desk.book
        waiting = {one.seq for one in book.unsent()}
        rows = book.store.rows("SELECT substr(header, 57, 8) FROM entry WHERE substr(header, 41, 16) = ?", book.desk)
        there = {int.from_bytes(seq, "big") for (seq,) in rows}
        for save, said in post.said.items():
            assert set(said.seqs) <= waiting | there, f"{post.name} lost {save.hex()}"

    # ── Copies ──

    def copy(self, post: Post) -> Path:
        """A desk's files as they are now, somewhere else."""
        home = post.desk.home
        self.count += 1
        to = self.folder / f"copied-{self.count}"
        post.desk.lock()
        shutil.copytree(home.folder, to)
        self.start(post, home)
        return to

    def restore(self, post: Post, copy: Path) -> None:
        """A desk's files are put back to an earlier copy, without anybody being told."""
        home = post.desk.home
        post.desk.lock()
        shutil.rmtree(home.folder)
        shutil.copytree(copy, home.folder)
        post.said.clear()
        self.start(post, home)

    def clone(self, post: Post, copy: Path) -> Sitting:
        """Somebody unlocks a copy elsewhere, with the same key."""
        return Sitting(unlock(Home(copy), PASSPHRASE, post.desk._system), self.network)

    # ── At the end ──

    def settle(self) -> None:
        """Everything is reachable again; rounds until all agree and nothing is left to be done."""
        for post in self.posts:
            if not post.out:
                self.mend(post)
        for _ in range(40):
            for post in self.posts:
                self.round(post)
            self.clock.at_ms += access.TURN_MS
            heads = {(post.desk.book.position, post.desk.book.order) for post in self.working}
            unsent = sum(post.desk.book.unsent_count() for post in self.working)
            if len(heads) == 1 and not unsent and not any(access.tend(one.desk, 0, eager=True) for one in self.working):
                return
        raise AssertionError("the desks do not come to rest")

    def close(self) -> None:
        for post in self.posts:
            if not post.desk.locked:
                post.desk.lock()

    def new_member(self) -> MemberId:
        return MemberId(new_id(self.randomness))

    def later(self, hours: float) -> None:
        self.clock.at_ms += int(hours * DAY_MS / 24)
