"""Need-to-know: who shall read a folder, and its next epoch where that is not who reads it now.

Guarantees: who works on a folder is written in its own records, and a change of them opens the next epoch in the same
transaction; what ends by itself (emergency access, a stay) is rotated away by the first desk that may. Nobody is let in
by a record alone: only the key opens, and every epoch stands in the log for its readers. Implements spec/access.md.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from waystation.book import Progress
from waystation.book.roster import COORDINATOR, DeskEntry
from waystation.errors import MissingKey
from waystation.ids import SINGLETONS, DeskId, FolderId, FolderType, MemberId, RecordId
from waystation.records import STRUCK, Moment, Save, Write, decode_state, is_struck
from waystation.roles import Action, allowed
from waystation.wire import encode

if TYPE_CHECKING:
    from waystation.office.desk import Desk

NAMED: Final = {
    FolderType.CASE: ("case", ("caseworker", "supervisor")),
    FolderType.REQUEST: ("request", ("taken_by",)),
}
"""Type of folder → the kind that owns it, and the fields of it that name who works on it."""

GIVEN: Final = "access"
"""The kind of record by which somebody else is let in."""

TURN_MS: Final = 120_000
"""Each desk that may open an epoch leaves so much time to the one before it, so that they do not all do it at once."""

_STAY: Final = "stay"
_STRETCH: Final = 25
"""New epochs in one transaction: few enough that a save waits for no more than a moment."""

_LOOKED_AT: Final = 20
"""For each new epoch that may be opened, so many folders are looked at: most need none."""

_WHO: Final = {kind: frozenset((*fields, STRUCK)) for kind, fields in NAMED.values()}
_WORKERS: Final = (
    "SELECT DISTINCT c.caseworker FROM night n JOIN case_now c ON c.folder = n.folder"
    " WHERE n.place = ? AND n.ends >= ? AND c.caseworker IS NOT NULL"
)
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS untended ("
    "folder BLOB PRIMARY KEY, due_ms INTEGER NOT NULL, waited INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS untended_due ON untended (due_ms)",
    "CREATE INDEX IF NOT EXISTS epoch_position ON epoch (position)",
)
"""Folders whose readers are to be looked at. They never leave the desk, and can be found anew from the log."""

_ADD: Final = (
    "INSERT INTO untended VALUES (?, ?, 0) ON CONFLICT (folder) DO UPDATE SET due_ms = min(due_ms, excluded.due_ms)"
)
_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])


def wanted_readers(desk: "Desk", folder: FolderId, folder_type: FolderType) -> tuple[DeskEntry, ...]:
    """The desks that shall read a folder, by id, from the roster and from what its records say now.

    The organisation and the office: all. The ledger: whoever may look there. Any other folder: coordinators, and of
    those who work on it the ones whose role reads such folders. Whoever began it works on it until they are taken off.
    """
    return _desks(desk, folder_type, lambda: _team(desk, folder, folder_type))


def first_readers(desk: "Desk", save: Save, folder: FolderId, folder_type: FolderType) -> tuple[DeskEntry, ...]:
    """As `wanted_readers`, for a folder that a save opens; its author is always among them."""
    own = desk.book.desk

    def team() -> set[bytes]:
        named = {bytes(desk.member)}
        for write in save.writes:
            if write.folder == folder:
                fields = ("member",) if write.kind == GIVEN else NAMED.get(folder_type, ("", ()))[1]
                named |= {value for name in fields if isinstance(value := write.fields.get(name), bytes)}
        return named

    found = {entry.desk: entry for entry in _desks(desk, folder_type, team)}
    found |= {entry.desk: entry for entry in desk.book.roster.active_desks() if entry.desk == own}
    return tuple(entry for _, entry in sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Given:
    """A record that lets somebody in, or takes them off.

    Where two wrote differently, what takes access away counts: closed by default.

    Args:
        until_ms: when it ends by itself, UTC ms; None where it does not.
        is_off: whether they were taken off.
        is_struck: whether the record was written by mistake.
    """

    record: RecordId
    member: bytes
    until_ms: int | None
    is_off: bool
    is_struck: bool

    def is_open(self, now_ms: int) -> bool:
        """Whether it lets them in at this moment."""
        return not self.is_off and not self.is_struck and (self.until_ms is None or now_ms < self.until_ms)


def given(desk: "Desk", folder: FolderId) -> list[Given]:
    """Every record of who was let into a folder by name, the oldest first."""
    rows = desk.reader.rows(
        "SELECT id, state FROM record WHERE folder = ? AND kind = ? ORDER BY first, id", folder, GIVEN
    )
    return [
        Given(
            RecordId(record),
            member,
            min((live.value.ms for live in state.get("until", ()) if isinstance(live.value, Moment)), default=None),
            any(live.value is not None for live in state.get("ended", ())),
            is_struck(state),
        )
        for record, raw in rows
        for state in (decode_state(raw),)
        for member in {live.value for live in state.get("member", ()) if isinstance(live.value, bytes)}
    ]


def author(desk: "Desk", folder: FolderId) -> bytes | None:
    """The member who began a folder, as far as this desk can read; None where it holds nothing of it."""
    row = desk.reader.row("SELECT member FROM history WHERE folder = ? ORDER BY position LIMIT 1", folder)
    return row[0] if row else None


def follow(desk: "Desk", saves: Iterable[Save]) -> None:
    """Opens the next epoch of each folder on which others work after these saves, in the caller's transaction.

    Args:
        saves: just written; the tables have them already.
    """
    opened: set[FolderId] = set()
    concerned: dict[FolderId, None] = {}
    for save in saves:
        opened |= {folder for folder, _ in save.new_folders}
        for write in save.writes:
            if _concerns(write):
                concerned |= dict.fromkeys(_concerned(desk, write))
    for folder in concerned:
        if folder not in opened:
            _bring_up_to_date(desk, folder)


def tend(desk: "Desk", limit: int = 200, progress: Progress = lambda done, of: None, *, eager: bool = False) -> int:
    """Opens the next epoch of folders whose readers are not those who shall read them, in transactions of its own.

    What may have changed since it was last called is found from the log's end, the roster, and the time; nothing is
    looked through that did not change. Desks take turns; this one does a folder when the others have left it to it.

    Args:
        limit: the most epochs that it opens.
        progress: how many are done, of how many that wait.
        eager: do at once what is this desk's turn only later: after a change that this desk made itself.
    Returns: how many folders are still to be looked at now.
    """
    with desk.gate:
        with desk.book.transaction():
            _mark(desk)
        todo, written = _left(desk, eager=eager), _written(desk)
    looked = opened = 0
    while opened < limit and looked < limit * _LOOKED_AT:
        # The gate is let go in between, so that a person who saves waits for one stretch at most.
        with desk.gate, desk.book.transaction():
            some, more = _stretch(desk, min(_STRETCH, limit - opened), eager=eager)
        looked, opened = looked + some, opened + more
        progress(min(looked, todo), todo)
        if not some:
            break
    with desk.gate:
        if opened and _written(desk) == written + opened:
            # Nothing but these epochs was written meanwhile, so they need no second look.
            with desk.book.transaction():
                _note_end(desk)
        return _left(desk, eager=eager)


# ── Who shall read ──


def _desks(desk: "Desk", folder_type: FolderType, team: Callable[[], set[bytes]]) -> tuple[DeskEntry, ...]:
    roster = desk.book.roster
    active = roster.active_desks()
    if folder_type in (FolderType.ORGANISATION, FolderType.OFFICE):
        return tuple(active)
    named = set[bytes]() if folder_type is FolderType.LEDGER else team()

    def reads(member: MemberId) -> bool:
        roles = roster.roles(member)
        return COORDINATOR in roles or allowed(roles, Action.READ, folder_type, on_team=member in named)

    may = {member: reads(member) for member in {entry.member for entry in active}}
    return tuple(entry for entry in active if may[entry.member])


def _team(desk: "Desk", folder: FolderId, folder_type: FolderType) -> set[bytes]:
    """Members who work on a folder, whatever their role."""
    kind, fields = NAMED.get(folder_type, ("", ()))
    head = desk.tables.state(folder, kind, RecordId(folder)) if fields else {}
    # Where two named different people, both work on it until somebody settles which.
    team = {live.value for name in fields for live in head.get(name, ()) if isinstance(live.value, bytes)}
    now, off = desk.now_ms(), set[bytes]()
    for record in given(desk, folder):
        if record.is_open(now):
            team.add(record.member)
        elif record.is_off and not record.is_struck:
            off.add(record.member)
    began = author(desk, folder)
    if began is not None and began not in off:
        team.add(began)
    if folder_type is FolderType.PLACE:
        team |= {worker for (worker,) in desk.reader.rows(_WORKERS, folder, desk.today())}
    return team


def _may(desk: "Desk", member: MemberId, folder_type: FolderType) -> bool:
    """Whether a reader of a folder opens epochs of it.

    Who works on a place follows from the cases of those who stay there, and only coordinators read all of them.
    """
    if COORDINATOR in desk.book.roster.roles(member):
        return True
    return folder_type not in (*SINGLETONS, FolderType.PLACE)


def _bring_up_to_date(desk: "Desk", folder: FolderId) -> bool:
    """Opens a folder's next epoch, if others shall read it than do. Returns whether it did."""
    wanted = _to_open(desk, folder)
    if not wanted:
        return False
    try:
        desk.book.rotate(folder, wanted)
    except MissingKey:
        # Its sheet has not come, or was for a desk that this one succeeded; whoever holds the key opens it.
        return False
    return True


def _to_open(desk: "Desk", folder: FolderId) -> tuple[DeskEntry, ...]:
    """For which desks the next epoch of a folder is this desk's to open: it reads now, and goes on reading.

    Returns: nobody, where it is not, or where those read already.
    """
    readers = set(desk.book.readers(folder))
    if desk.book.roster.stands_for(desk.book.desk).isdisjoint(readers) or desk.book.is_hidden(folder):
        return ()
    folder_type = _type(desk, folder)
    if folder_type is None or not _may(desk, desk.member, folder_type):
        return ()
    wanted = wanted_readers(desk, folder, folder_type)
    named = {entry.desk for entry in wanted}
    return wanted if named != readers and desk.book.desk in named else ()


def _type(desk: "Desk", folder: FolderId) -> FolderType | None:
    row = desk.reader.row("SELECT type FROM epoch WHERE folder = ? LIMIT 1", folder)
    return FolderType(row[0]) if row else None


# ── What a write changes ──


def _concerns(write: Write) -> bool:
    """Whether a write may change who reads a folder."""
    if write.kind in (GIVEN, _STAY):
        return True
    named = _WHO.get(write.kind)
    return named is not None and not named.isdisjoint(write.fields)


def _concerned(desk: "Desk", write: Write) -> Iterator[FolderId]:
    """The folders whose readers a write may change."""
    if write.kind != _STAY:
        yield write.folder
    if write.folder_type is FolderType.CASE:
        if write.kind == _STAY and "place" in write.fields and not write.new:
            # From which place they moved is not in the tables any more; there are not many places.
            yield from (FolderId(place) for (place,) in desk.reader.rows("SELECT folder FROM k_place"))
        else:
            yield from _places_of(desk, write.folder)


def _places_of(desk: "Desk", case: FolderId) -> Iterator[FolderId]:
    query = "SELECT DISTINCT n.place FROM night n JOIN k_place p ON p.folder = n.place WHERE n.folder = ?"
    yield from (FolderId(place) for (place,) in desk.reader.rows(query, case))


# ── What is to be looked at ──


def _mark(desk: "Desk") -> None:
    """Notes every folder whose readers may not be the wanted ones, since this was last done."""
    store, now = desk.book.store, desk.now_ms()
    for statement in _TABLE:
        store.connection.execute(statement)
    until, since, known, epochs, history = (
        store.meta(f"tended_{name}") for name in ("ms", "position", "roster", "epochs", "history")
    )
    position, roster = desk.book.position, _members(desk)
    if not isinstance(since, int) or since > position:
        known, since = b"", position
    # What this desk has not sent is looked at again whenever something came from the others: it may be made anew then.
    after = (since, since)
    if since == position and isinstance(epochs, int) and isinstance(history, int):
        after = (max(since, epochs), max(since, history))
    if roster != known or not isinstance(until, int):
        store.connection.execute(
            "INSERT OR IGNORE INTO untended SELECT folder, CASE type WHEN 'organisation' THEN 0 WHEN 'office' THEN 1"
            " WHEN 'ledger' THEN 2 ELSE ? END, 0 FROM epoch WHERE number = 0",
            (now,),
        )
        until = now
    found = dict.fromkeys(_written_since(desk, *after), now)
    query = "SELECT folder, until FROM k_access WHERE until > ? AND until <= ? AND ended IS NULL"
    found |= {FolderId(folder): ends for folder, ends in desk.reader.rows(query, until, now)}
    query = "SELECT DISTINCT n.place FROM night n WHERE n.ends >= ? AND n.ends < ?"
    first_day = _day_before(desk, until)
    found |= {FolderId(place): now for (place,) in desk.reader.rows(query, first_day, desk.today())}
    store.connection.executemany(_ADD, found.items())
    store.set_meta("tended_ms", now)
    store.set_meta("tended_roster", roster)
    _note_end(desk)


def _note_end(desk: "Desk") -> None:
    """Notes how far the log and what is unsent have been looked through, in the caller's transaction."""
    store = desk.book.store
    store.set_meta("tended_position", desk.book.position)
    query = "SELECT (SELECT coalesce(max(position), 0) FROM epoch), (SELECT coalesce(max(position), 0) FROM history)"
    ((epochs, history),) = desk.reader.rows(query)
    store.set_meta("tended_epochs", epochs)
    store.set_meta("tended_history", history)


def _written(desk: "Desk") -> int:
    """How many entries this desk's book holds, sent and unsent."""
    return desk.book.position + desk.book.unsent_count()


def _written_since(desk: "Desk", epochs: int, history: int) -> Iterator[FolderId]:
    """Folders of which an epoch, or a record of who works on them, stands after these positions."""
    # A first epoch, too: who opened the folder need not have known what the roster had become by then.
    query = "SELECT DISTINCT folder FROM epoch WHERE position > ? AND (number > 0 OR position < 4611686018427387904)"
    for (folder,) in desk.reader.rows(query, epochs):
        yield FolderId(folder)
    # As long as a folder was hidden, nobody was taken off it.
    query = "SELECT DISTINCT folder FROM mark WHERE position > ? AND action = 'cancel'"
    for (folder,) in desk.reader.rows(query, epochs):
        yield FolderId(folder)
    for folder, folder_type, what in desk.reader.each(
        "SELECT folder, folder_type, what FROM history WHERE position > ?", history
    ):
        for kind, record, fields in _what.decode(what):
            of = Write(folder, FolderType(folder_type), kind, RecordId(record), dict.fromkeys(fields))
            if _concerns(of):
                yield from _concerned(desk, of)


def _members(desk: "Desk") -> bytes:
    """Names who works here with which desk and in which role; a new sealing key alone changes nothing."""
    roster = desk.book.roster
    listed = [(one.desk, one.member, sorted(roster.roles(one.member))) for one in roster.active_desks()]
    return sha256(encode(listed)).digest()


def _day_before(desk: "Desk", at_ms: int) -> str:
    """The ISO date before a moment, which is early enough in every zone."""
    row = desk.reader.row("SELECT date(? / 1000 - 86400, 'unixepoch')", at_ms)
    return str(row[0]) if row else ""


def _stretch(desk: "Desk", count: int, *, eager: bool) -> tuple[int, int]:
    """Looks at the folders that are due, up to so many new epochs. Returns how many it looked at, and opened."""
    query = "SELECT folder, waited FROM untended WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
    looked = opened = 0
    for folder, waited in desk.reader.rows(query, _horizon(desk, eager=eager), count * _LOOKED_AT):
        looked += 1
        opened += _tend_one(desk, FolderId(folder), waited=bool(waited) or eager)
        if opened == count:
            break
    return looked, opened


def _left(desk: "Desk", *, eager: bool) -> int:
    row = desk.reader.row("SELECT count(*) FROM untended WHERE due_ms <= ?", _horizon(desk, eager=eager))
    return int(row[0]) if row else 0


def _horizon(desk: "Desk", *, eager: bool) -> int:
    return (1 << 62) if eager else desk.now_ms()


def _tend_one(desk: "Desk", folder: FolderId, *, waited: bool) -> bool:
    """Opens a folder's next epoch, or puts it off until it is this desk's turn. Returns whether it opened one."""
    store = desk.book.store
    turn = 0 if waited else _turn(desk, folder)
    if turn:
        store.connection.execute(
            "UPDATE untended SET due_ms = ?, waited = 1 WHERE folder = ?", (desk.now_ms() + turn * TURN_MS, folder)
        )
        return False
    store.connection.execute("DELETE FROM untended WHERE folder = ?", (folder,))
    return _bring_up_to_date(desk, folder)


def _turn(desk: "Desk", folder: FolderId) -> int:
    """How many desks come before this one in opening an epoch of a folder; 0 also where there is nothing to open.

    Coordinators come first; among equals, an order that is another for each folder shares the work out.
    """
    wanted = _to_open(desk, folder)
    folder_type = _type(desk, folder)
    if not wanted or folder_type is None:
        return 0
    reading = set(desk.book.readers(folder))
    roster = desk.book.roster

    def place(entry: DeskEntry) -> tuple[bool, bytes]:
        return COORDINATOR not in roster.roles(entry.member), sha256(folder + entry.desk).digest()

    able = [one for one in wanted if one.desk in reading and _may(desk, one.member, folder_type)]
    order: list[DeskId] = [one.desk for one in sorted(able, key=place)]
    return order.index(desk.book.desk) if desk.book.desk in order else len(order)
