"""The desks and fates of `world` as a state machine that Hypothesis drives."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.sim import invariants, lies
from tests.sim.world import MOST_DESKS, MOST_OUT, Post, World

from waystation.book.roster import COORDINATOR

ROLES = ((COORDINATOR,), ("caseworker",), ("caseworker", "documenter"), ("documenter",), ("finance",))
WHO = st.integers(0, MOST_DESKS - 1)
WHICH = st.integers(0, 63)
MEMORY = Path("/dev/shm")
DAYS_AWAY = 20

Act = Callable[[Post, int], object]


class Desks(RuleBasedStateMachine):
    """Three desks to begin with, up to twelve. `steps` counts what was done in all runs of this process."""

    steps: ClassVar[int] = 0

    @initialize(desks=st.integers(2, 4), label=st.integers(0, 9))
    def found(self, desks: int, label: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="waystation-sim-", dir=MEMORY if MEMORY.is_dir() else None))
        self.world = World(self.folder, f"sim {label}", desks)
        self.copies: list[tuple[Post, Path]] = []

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.settle()
            invariants.all_hold(self.world)
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    def act(self, who: int, which: int, what: int) -> None:
        """One of the things that a person does at a desk."""
        world = self.world
        post = world.pick(who)
        acts: tuple[Callable[[], object], ...] = (
            lambda: world.request(post),
            lambda: world.note(post, which),
            lambda: world.edit(post, which),
            lambda: world.edit(post, which, seen=False),
            lambda: world.let_in(post, which, who + which, in_=True),
            lambda: world.let_in(post, which, who + which, in_=False),
            lambda: world.round(post),
        )
        acts[what % len(acts)]()

    # ── People ──

    @rule(who=WHO, which=WHICH, what=st.integers(0, 5))
    def writes(self, who: int, which: int, what: int) -> None:
        self.count()
        self.act(who, which, what)

    @rule(who=WHO)
    def asks_the_relay(self, who: int) -> None:
        self.count()
        self.world.round(self.world.pick(who))

    @rule(who=WHO)
    def adopts(self, who: int) -> None:
        self.count()
        self.world.adopt(self.world.pick(who))

    @rule(who=WHO, which=WHICH, what=st.sampled_from(("hide", "hide", "confirm", "confirm", "cancel")))
    def erases(self, who: int, which: int, what: str) -> None:
        self.count()
        self.world.hide(self.world.pick(who), which, what)

    @rule(hours=st.sampled_from((0.05, 0.05, 0.2, 1, 30, 200, 800)))
    def time_passes(self, hours: float) -> None:
        self.count()
        if hours > DAYS_AWAY * 24:
            # Whoever is away for two months may miss what was sealed for the key before the last (spec/book.md B33).
            for post in self.world.working:
                self.world.mend(post)
                self.world.round(post)
        self.world.later(hours)

    # ── Membership ──

    @precondition(lambda self: len(self.world.posts) < MOST_DESKS)
    @rule(who=WHO, roles=st.sampled_from(ROLES), own=st.booleans())
    def somebody_joins(self, who: int, roles: tuple[str, ...], own: bool) -> None:
        self.count()
        hosts = self.world.coordinators()
        if hosts:
            host = hosts[who % len(hosts)]
            self.world.admit(host, roles, host.desk.member if own else None)

    @rule(who=WHO, whom=WHO, roles=st.sampled_from(ROLES))
    def roles_change(self, who: int, whom: int, roles: tuple[str, ...]) -> None:
        self.count()
        hosts, other = self.world.coordinators(), self.world.pick(whom)
        if len(hosts) > 1 and other is not hosts[0]:
            self.world.change_roles(hosts[who % len(hosts)], other, roles)

    @precondition(lambda self: self.can_spare())
    @rule(who=WHO, whom=WHO)
    def somebody_goes(self, who: int, whom: int) -> None:
        self.count()
        hosts, other = self.world.coordinators(), self.world.pick(whom)
        if len([one for one in hosts if one is not other]) > 1:
            host = next(one for one in hosts[who % len(hosts) :] + hosts if one is not other)
            self.world.remove_desk(host, other.is_desk)

    # ── The way to the relay ──

    @rule(
        who=WHO, how=st.sampled_from(("away", "busy", "lost", "late", "withheld", "spoiled")), count=st.integers(0, 5)
    )
    def line_fails(self, who: int, how: str, count: int) -> None:
        self.count()
        post = self.world.pick(who)
        line = post.line
        line.away, line.busy, line.spoil = how == "away", how == "busy", how == "spoiled"
        line.lose_answers = count + 1 if how == "lost" else 0
        line.hold = post.desk.book.position + count if how == "late" else None
        line.withhold = how == "withheld"

    @rule(who=WHO)
    def line_works(self, who: int) -> None:
        self.count()
        self.world.mend(self.world.pick(who))

    @precondition(lambda self: len(self.world.relay.entries) > 0)
    @rule(which=st.integers(0, 1000))
    def an_entry_comes_twice(self, which: int) -> None:
        self.count()
        self.world.relay.add(self.world.relay.entries[which % len(self.world.relay.entries)])

    # ── Crashes ──

    @rule(who=WHO, statements=st.integers(0, 400), which=WHICH, what=st.integers(0, 13))
    def power_goes(self, who: int, statements: int, which: int, what: int) -> None:
        self.count()
        with self.world.failing(self.world.pick(who), statements):
            self.act(who, which, what if what < 6 else 6)

    @rule(who=WHO, request=st.sampled_from(("append", "entries", "put_chunks", "fetch_chunks")))
    def power_goes_on_the_way(self, who: int, request: str) -> None:
        self.count()
        post = self.world.pick(who)
        self.world.cut_off(post, request, lambda: self.world.round(post))

    @rule(who=WHO)
    def locks_and_unlocks(self, who: int) -> None:
        self.count()
        self.world.start_again(self.world.pick(who))

    # ── Lies, and stolen keys ──

    @rule(who=WHO, which=st.integers(0, len(lies.LIES) - 1))
    def the_relay_lies(self, who: int, which: int) -> None:
        self.count()
        lies.tell(self.world, self.world.pick(who), which)

    @precondition(lambda self: len(self.copies) < 3)
    @rule(who=WHO)
    def a_desk_is_copied(self, who: int) -> None:
        self.count()
        post = self.world.pick(who)
        self.copies.append((post, self.world.copy(post)))

    @precondition(lambda self: self.copies and self.can_spare())
    @rule(which=st.integers(0, 2), count=st.integers(1, 3), first=st.booleans())
    def a_copy_writes(self, which: int, count: int, first: bool) -> None:
        """Somebody writes with a stolen key; the desk finds out, and a coordinator removes it."""
        self.count()
        post, copy = self.copies.pop(which % len(self.copies))
        if not post.out:
            lies.copy_writes(self.world, post, copy, count, first=first)

    @precondition(lambda self: self.copies and self.can_spare())
    @rule(which=st.integers(0, 2))
    def a_desk_is_set_back(self, which: int) -> None:
        """A desk's files are put back to an earlier state, as from a disk image."""
        self.count()
        post, copy = self.copies.pop(which % len(self.copies))
        if not post.out:
            lies.set_back(self.world, post, copy)

    # ── What is always so ──

    @rule()
    def compare(self) -> None:
        self.count()
        invariants.alike(self.world.working)
        invariants.granted(self.world)

    @rule(who=WHO)
    def makes_tables_again(self, who: int) -> None:
        self.count()
        invariants.rebuilt(self.world.pick(who))

    def count(self) -> None:
        type(self).steps += 1

    def can_spare(self) -> bool:
        """Whether enough desks are left to go on with."""
        return len(self.world.working) > 3 and sum(bool(post.out) for post in self.world.posts) < MOST_OUT
