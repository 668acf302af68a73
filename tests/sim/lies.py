"""Each lie of spec/sync.md, told by the relay to one desk in whatever state it is; it must be caught, by its name.

A lie is told, the desk asks, and what it found is compared; then the relay is honest again and a person has the desk
ask anew. Where a lie has no purchase in the state that the world is in, nothing is told.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.sim.world import Post, World

from waystation.book.entry import Entry, EntryKind, header_hash
from waystation.errors import Locked, MissingKey, Refused, RelayError
from waystation.office import intake, syncing
from waystation.office.syncing import Lie
from waystation.sync.engine import WITHHELD_AFTER_MS
from waystation.sync.relay import Head

Told = Callable[[World, Post], None]


def rewound(world: World, post: Post) -> None:
    """The relay has less than it gave (S11)."""
    position = post.desk.book.position
    common = position - 1 - world.count % 5
    post.line.hold = common
    if any(era.position == common + 1 for era in post.desk.book.eras()):
        return
    _caught(world, post, {Lie.REWOUND})
    _honest(world, post)


def withheld(world: World, post: Post) -> None:
    """The relay says that there is more, and does not give it (S20)."""
    _news(world, post)
    post.line.bend = lambda entries: []
    _caught(world, post, {Lie.WITHHELD})
    _honest(world, post)


def damaged(world: World, post: Post) -> None:
    """A bit of the newest entry is another (S14)."""
    _news(world, post)
    newest = world.relay.entries[-1]
    if _again(world.relay.entries, newest) or newest.body is None:
        return
    part = world.count % 3
    post.line.bend = lambda entries: [*entries[:-1], _flipped(entries[-1], part)] if entries[-1] == newest else entries
    _caught(world, post, {Lie.DAMAGED})
    _honest(world, post)


def dropped(world: World, post: Post) -> None:
    """An entry is left out before a later one of the same desk (S14), or of a desk that saw it (S13)."""
    author = _news(world, post)
    if author is None:
        return
    world.request(author)
    world.round(author)
    after = post.desk.book.position
    entries = world.relay.entries[after:]
    own = [n for n, entry in enumerate(entries) if entry.header[40:56] == author.is_desk]
    if len(own) < 2 or any(_again(world.relay.entries, entries[n]) for n in own[-2:]) or len(entries) > 400:
        return
    gone = entries[own[-2]]
    post.line.bend = lambda given: [entry for entry in given if entry != gone]
    _caught(world, post, {Lie.DAMAGED, Lie.FORKED}, after=after)
    _honest(world, post)


def misled(world: World, post: Post) -> None:
    """The head is told with another order hash (S12)."""
    book = post.desk.book
    post.line.claim = Head(world.relay.head.position, book.order_at(1))
    _caught(world, post, {Lie.FORKED})
    _honest(world, post)


def forgotten(world: World, post: Post) -> None:
    """What was acknowledged never comes back (S20)."""
    if not _sends(world, post):
        return
    world.clock.at_ms += WITHHELD_AFTER_MS + 1000
    _caught(world, post, {Lie.WITHHELD})
    # What the relay once said counts until the desk is locked.
    world.mend(post)
    _honest(world, post)


def overwritten(world: World, post: Post) -> None:
    """Where an acknowledged entry should stand another one comes (S18)."""
    author = next((one for one in world.working if one is not post), None)
    head = world.relay.head.position
    if author is None or not _sends(world, post):
        return
    world.mend(author)
    for _ in range(3):
        world.request(author)
    world.round(author)
    if world.relay.head.position == head:
        # Nobody else had anything to say; the desk forgets what it was told when it is locked.
        world.start_again(post)
        return
    _caught(world, post, {Lie.TWO_FACED})
    _honest(world, post)


LIES: Sequence[Told] = (rewound, withheld, damaged, dropped, misled, forgotten, overwritten)


def tell(world: World, post: Post, which: int) -> None:
    """Tells one lie to a desk that has caught up, and is honest again."""
    world.mend(post)
    world.round(post)
    if not post.out and world.has_keys(post):
        LIES[which % len(LIES)](world, post)
        if not post.out:
            world.mend(post)


def copy_writes(world: World, post: Post, copy: Path, count: int, *, first: bool) -> None:
    """A copy of a desk writes with its key (S16); whoever comes second finds out, and the desk has to go.

    Args:
        first: the desk itself sends something between the copying and the copy's writing.
    """
    host = next((one for one in world.coordinators() if one is not post), None)
    if host is None:
        return
    for one in (post, host):
        world.mend(one)
    if first:
        world.request(post)
        world.round(post)
    clone = world.clone(post, copy)
    written = 0
    for _ in range(count):
        with suppress(Refused, MissingKey):
            clone.desk.save(intake.take_down(clone.desk, {}, []))
            written += 1
    with suppress(RelayError, Locked):
        clone.syncing.round()
    sent = written and not clone.desk.locked and not clone.desk.book.unsent_count()
    if not clone.desk.locked:
        clone.desk.lock()
    with suppress(RelayError, Locked):
        post.sitting.syncing.round()
    world.look(post)
    assert post.out or not sent, f"{post.name} did not find its copy"
    world.round(host)
    if not post.out:
        post.out = "copied"
        post.desk.lock()
    world.remove_desk(host, post.is_desk)
    world.round(host)


def set_back(world: World, post: Post, copy: Path) -> None:
    """A desk's files are put back. If it had sent anything since, it finds that somebody writes with its key (S16)."""
    host = next((one for one in world.coordinators() if one is not post), None)
    if host is None:
        return
    world.mend(post)
    before = _own(world, post)
    world.restore(post, copy)
    there = _own(world, post)
    held = post.desk.book.store.rows("SELECT header FROM entry") + post.desk.book.store.rows(
        "SELECT header FROM unsent"
    )
    unknown = {header_hash(entry.header) for entry in there} - {header_hash(raw) for (raw,) in held}
    assert len(there) == len(before)
    with suppress(RelayError, Locked):
        post.sitting.syncing.round()
    world.look(post)
    if unknown:
        assert post.out, f"{post.name} was set back and did not find out"
        world.remove_desk(host, post.is_desk)
        world.round(host)


def _own(world: World, post: Post) -> list[Entry]:
    return [entry for entry in world.relay.entries if entry.header[40:56] == post.is_desk]


def _news(world: World, post: Post) -> Post | None:
    """Something that another desk wrote waits at the relay; who wrote it."""
    author = next((one for one in world.working if one is not post), None)
    if author is not None:
        world.mend(author)
        world.round(author)
        world.request(author)
        world.round(author)
    return author


def _sends(world: World, post: Post) -> bool:
    """The desk sends a request, which the relay says that it took, and did not."""
    if world.request(post) is None or post.desk.book.unsent(1)[0].conditional:
        return False
    post.line.forget = True
    with suppress(RelayError):
        post.sitting.syncing.round()
    post.line.forget = False
    return post.sitting.wrong is None and post.desk.book.unsent_count() > 0


def _caught(world: World, post: Post, lies: set[Lie], after: int | None = None) -> None:
    """The desk asks, and finds one of these; it goes on saving, and asks no more."""
    if not after and post.line.bend and world.relay.head.position == post.desk.book.position:
        return
    position = post.desk.book.position if after is None else after
    with suppress(RelayError, Locked):
        post.sitting.syncing.round()
    world.look(post)
    if post.out:
        return
    found = syncing.wrong(post.desk)
    assert found is not None, f"{post.name} did not find {sorted(lies)}"
    assert found.what in lies, f"{post.name} found {found} and not {sorted(lies)}"
    assert post.desk.book.position >= position
    asked = world.relay.asked
    world.start_again(post)
    assert syncing.wrong(post.desk) == found
    world.request(post)
    post.sitting.syncing.round()
    assert world.relay.asked == asked


def _honest(world: World, post: Post) -> None:
    world.mend(post)
    if not post.out and post.sitting.wrong:
        syncing.try_again(post.desk)
    world.round(post)


def _again(entries: Sequence[Entry], entry: Entry) -> bool:
    """Whether an entry stands in the log more than once: then it says nothing the second time."""
    digest = header_hash(entry.header)
    return sum(header_hash(one.header) == digest for one in entries) > 1 or entry.header[4] == EntryKind.ERA


def _flipped(entry: Entry, part: int) -> Entry:
    parts = [bytes(entry.header), bytes(entry.signature), entry.body or b""]
    parts[part] = parts[part][:-1] + bytes([parts[part][-1] ^ 1])
    return Entry(parts[0], type(entry.signature)(parts[1]), parts[2])
