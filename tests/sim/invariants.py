"""What must hold among desks, however they came to where they are: the same tables, no key that was not granted, and
nothing lost that a desk was told is saved."""

from collections.abc import Iterable, Iterator

from tests.sim.world import Post, World

from waystation.book import Book, Store
from waystation.book.entry import Entry, EntryKind, EpochKey, decode_header, open_body
from waystation.book.folder import EpochStatement, read_epoch
from waystation.ids import ChunkHash, DeskId, FolderId, FolderTag, FolderType, SaveId
from waystation.office import access
from waystation.office.founding import desk_keys

_STATE = {
    "epoch": "SELECT folder, type, number, tag, parent, recipients, sheet, position, superseded FROM epoch",
    "mark": "SELECT * FROM mark",
    "head": "SELECT * FROM head",
    "suspended": "SELECT * FROM suspended",
    "era": "SELECT * FROM era",
    "entry": "SELECT position, kind, status, header, signature, order_hash, link FROM entry",
}
"""What every desk at the same prefix holds alike; bodies may have been destroyed at some already."""


def state_of(book: Book) -> dict[str, object]:
    """All that the log came to, whatever order its rows were written in."""
    state: dict[str, object] = {name: sorted(book.store.rows(query), key=repr) for name, query in _STATE.items()}
    state["roster"] = book.roster
    return state


def alike(posts: Iterable[Post]) -> None:
    """Desks at the same prefix, with nothing unsent, show the same of what they both read."""
    still = [post for post in posts if not post.desk.book.unsent_count() and not post.desk.book.missing_sheets()]
    for number, one in enumerate(still):
        for other in still[number + 1 :]:
            if (one.desk.book.position, one.desk.book.order) == (other.desk.book.position, other.desk.book.order):
                _same(one, other)


def _same(one: Post, other: Post) -> None:
    who = f"{one.name} and {other.name}"
    mine, theirs = state_of(one.desk.book), state_of(other.desk.book)
    for name in mine:
        assert mine[name] == theirs[name], f"{who}: {name}"
    for post in (one, other):
        post.desk.turn()
    if _keys(one) == _keys(other):
        assert one.desk.tables.digest() == other.desk.tables.digest(), f"{who}: tables"
    both = _whole(one) & _whole(other)
    for table, names in (("record", "folder, kind, id, state, conflicts, first, last, struck"), ("history", "*")):
        rows = [
            {row for row in post.desk.book.store.rows(f"SELECT {names} FROM {table}") if _folder(table, row) in both}
            for post in (one, other)
        ]
        # Only who read a folder from its beginning to its end has all of it.
        assert rows[0] == rows[1], f"{who}: {table}"


def _folder(table: str, row: tuple[object, ...]) -> object:
    return row[0] if table == "record" else row[1]


def _keys(post: Post) -> frozenset[bytes]:
    """Tags of the epochs that a desk can read."""
    rows = post.desk.book.store.rows("SELECT tag FROM epoch WHERE tag IN (SELECT tag FROM keyring)")
    return frozenset(tag for (tag,) in rows)


def _whole(post: Post) -> frozenset[FolderId]:
    """Folders that a desk can read from their beginning to their end."""
    rows = post.desk.book.store.rows(
        "SELECT folder FROM epoch GROUP BY folder HAVING min(tag IN (SELECT tag FROM keyring)) = 1"
    )
    return frozenset(FolderId(folder) for (folder,) in rows)


def rebuilt(post: Post) -> None:
    """Tables as they grew are the tables that the log makes."""
    post.desk.turn()
    before = post.desk.tables.digest()
    post.desk.rebuild()
    assert post.desk.tables.digest() == before, f"{post.name}: tables made again differ"


def taken_at_once(world: World, post: Post) -> None:
    """Whoever takes the whole log in one stretch comes to the same as who took it piece by piece."""
    desk = post.desk
    secrets = desk.vault.secrets
    path = world.folder / f"again-{world.count}.db"
    world.count += 1
    store = Store.create(path, secrets.database_key)
    try:
        keys, randomness = desk_keys(secrets), desk.randomness
        ring = secrets.keyring_keys[-1]
        book = Book.join(store, desk.book.genesis, desk.book.organisation_keys(), keys, ring, randomness)
        rest = list(world.relay.entries)
        sheets = {ChunkHash(name): chunk for name, chunk in world.relay.chunks.items()}
        with book.transaction():
            book.receive(rest, sheets)
            book.lay(lambda folder: ())
        mine, again = state_of(desk.book), state_of(book)
        for name in mine:
            assert mine[name] == again[name], f"{post.name}: {name} taken at once"
        assert not book.unsent_count()
    finally:
        store.close()


# ── Keys ──


def statements(world: World) -> Iterator[tuple[DeskId, EpochStatement]]:
    """Every epoch that anybody opened, as far as anybody's organisation keys tell, with its author."""
    books = [post.desk.book for post in world.posts if not post.desk.locked]
    rings: dict[bytes, EpochKey] = {}
    for book in books:
        for epoch in book._log.epochs_of(book.singleton(FolderType.ORGANISATION)):
            if (key := book._keyring.find(epoch.tag)) is not None:
                rings[epoch.tag] = key
    entries: list[Entry] = [entry for relay in world.network.relays.values() for entry in relay.entries]
    for book in books:
        entries += [one.entry for one in book.unsent()] + [left.entry for left in book.left_behind()]
    for entry in entries:
        header = decode_header(entry.header)
        key = rings.get(header.tag)
        if header.kind is EntryKind.EPOCH and key is not None and entry.body is not None:
            yield header.desk, read_epoch(open_body(entry.header, header, entry.body, key), None)


def granted(world: World) -> None:
    """No desk holds the key of an epoch that neither named it nor leads, by the past, from one that did (B32)."""
    known: dict[FolderTag, EpochStatement] = {}
    given: dict[DeskId, set[FolderTag]] = {}
    for author, statement in statements(world):
        known[statement.tag] = statement
        given.setdefault(author, set()).add(statement.tag)
        for recipient in statement.recipients:
            given.setdefault(recipient, set()).add(statement.tag)
    for post in world.posts:
        if post.desk.locked:
            continue
        book = post.desk.book
        organisation = book.singleton(FolderType.ORGANISATION)
        may: set[bytes] = set()
        for start in given.get(book.desk, set()):
            step: FolderTag | None = start
            while step is not None and step not in may:
                may.add(step)
                step = known[step].parent if step in known and known[step].epoch else None
        for tag, folder in book.store.rows("SELECT tag, folder FROM keyring"):
            # What nobody else ever opened is this desk's own draft; the organisation's keys came with the admission.
            assert tag not in known or tag in may or folder == organisation, f"{post.name} holds {tag.hex()}"


# ── What was said ──


def nothing_lost(world: World) -> None:
    """What a desk was told is saved is shown to whoever reads its folder, or set aside where they see it."""
    told = {post.name: _told(post.desk.book) for post in world.working}
    for author in world.working:
        for save, said in author.said.items():
            for reader in world.working:
                book = reader.desk.book
                if reader.is_desk not in book.readers(said.folder) or book.destroyed(said.folder):
                    continue
                seen = told[reader.name]
                where = f"{save.hex()} of {author.name} at {reader.name}"
                assert save in seen or _is_aside(book, author.is_desk, said.seqs), where


def _told(book: Book) -> set[SaveId]:
    found = {change.stamp.save for change in book.changes()}
    for (folder,) in book.store.rows("SELECT folder FROM hidden"):
        found |= {change.stamp.save for change in book.changes(folder=folder)}
    return found


def _is_aside(book: Book, desk: DeskId, seqs: tuple[int, ...]) -> bool:
    aside = {one.position for one in book.aside()}
    rows = book.store.rows(
        "SELECT position, substr(header, 57, 8) FROM entry WHERE substr(header, 41, 16) = ? AND status IS NOT NULL",
        desk,
    )
    return any(position in aside and int.from_bytes(seq, "big") in seqs for position, seq in rows)


def read_by_whom_it_should(world: World) -> None:
    """Each folder's newest epoch is for those who shall read it now, as every reader of it sees it."""
    for post in world.coordinators():
        desk = post.desk
        for folder, folder_type, recipients in desk.book.folders():
            if desk.book.is_hidden(folder) or post.is_desk not in recipients:
                continue
            wanted = {entry.desk for entry in access.wanted_readers(desk, folder, folder_type)}
            names = {one.is_desk: one.name for one in world.posts}
            more = [names[one] for one in set(recipients) - wanted]
            less = [names[one] for one in wanted - set(recipients)]
            assert (more, less) == ([], []), f"{post.name}: {more} read a {folder_type.value} and {less} do not"


def all_hold(world: World) -> None:
    """Everything above, once the desks have come to rest."""
    working = world.working
    for post in working:
        report = post.desk.book.check()
        assert report.entries == post.desk.book.position
        world.held(post)
    alike(working)
    for post in working:
        rebuilt(post)
    taken_at_once(world, working[world.count % len(working)])
    granted(world)
    nothing_lost(world)
    read_by_whom_it_should(world)
