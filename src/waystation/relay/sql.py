"""The storage port in SQL, whichever database runs it. Implements spec/relay.md L10–L22 and L24.

Guarantees of `write`: every organisation that its jobs concern is locked first, in one order, so that relays beside
this one wait and never deadlock; all is decided from what was read under the lock, and a job that is refused has
written nothing but its spent nonces. Appends are done together: the number of statements does not grow with them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Any, Final, Protocol

import msgspec

from waystation.errors import StoreError
from waystation.ids import ChunkHash, HeaderHash, OrderHash, OrgId
from waystation.relay import schema
from waystation.relay.entry import first_order, next_order
from waystation.relay.port import (
    AddChunks,
    Allowance,
    Append,
    Appended,
    Beat,
    Code,
    Credential,
    DeleteCredential,
    DeleteParcel,
    Done,
    Drop,
    Head,
    Held,
    Job,
    Keys,
    Listener,
    OfOrganisation,
    Outcome,
    PutCredential,
    PutParcel,
    Refusal,
    Register,
    Right,
    Sent,
    Stale,
    Standing,
    Stretch,
    Sweep,
)
from waystation.verify import VerifyKey

Value = bytes | int | str | None
_EntryRow = tuple[OrgId, int, int, bytes, bytes, bytes, bytes, bytes | None]
Row = tuple[Any, ...]
Group = tuple[bytes, Sequence[bytes]]
"""An organisation, and some of the bytes by which something in it is known."""

ENTRY_COLUMNS: Final = ("org", "position", "size", "header_hash", "order_hash", "header", "signature", "body")
_KNOWN: Final = "SELECT header_hash, position, order_hash FROM entry WHERE org = ? AND header_hash {among}"
_BELIEVED_MAX: Final = 50_000
_LARGEST: Final = 232 + 64 + 64 * 1024
"""An entry with the largest body."""


class Session(Protocol):
    """A connection in use. Queries mark their values with `?`; `{among}` in one stands for a list of bytes."""

    def rows(self, query: str, *values: Value) -> list[Row]: ...

    def run(self, query: str, *values: Value) -> int:
        """Returns: how many rows it touched."""
        ...

    def each(self, query: str, values: Sequence[Sequence[Value]]) -> list[list[Row]]:
        """The rows of the same query for each of several values, in one exchange with the database."""
        ...

    def run_each(self, query: str, values: Sequence[Sequence[Value]]) -> None: ...

    def among(self, query: str, groups: Sequence[Group]) -> list[list[Row]]:
        """For each (organisation, list of bytes): the rows of a query that ends in `= ? AND column {among}`."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None: ...

    def locked(
        self, orgs: Sequence[OrgId], query: str = "", groups: Sequence[Group] = ()
    ) -> tuple[list[list[Row]], list[list[Row]]]:
        """Head, order, bytes held, bytes allowed and version of keys of each organisation, locked until the end.

        Args:
            query, groups: asked after that as `among` does, in the same exchange with the database.
        """
        ...

    def announce(self, grown: Sequence[tuple[OrgId, Head]], keys_changed: Sequence[OrgId]) -> None:
        """Tells other processes, once this is committed."""
        ...


class Believed(msgspec.Struct, frozen=True):
    """An organisation's row, as this process last left it."""

    head: Head
    held_bytes: int
    bytes_max: int
    keys: int


class Step(msgspec.Struct, frozen=True):
    """One organisation's part of appends that are done without asking first.

    Args:
        before, after: its row, as it is believed to be and as it will be.
        rows: its new entries.
    """

    org: OrgId
    before: Believed
    after: Believed
    rows: Sequence[Sequence[Value]]


class Database(Protocol):
    """One of the two backends."""

    far: bool
    """Whether asking it costs so much that it is worth while to append without asking first."""

    def append_at(self, steps: Sequence[Step]) -> bool:
        """Appends in one durable exchange, if every row is as it is believed to be and every entry is new.

        Returns: whether it was done; if not, nothing was. Raises: Away.
        """
        ...

    def writing(self) -> AbstractContextManager[Session]:
        """One durable transaction. Raises: Away, if it cannot be known to be durable."""
        ...

    def reading(self) -> AbstractContextManager[Session]: ...

    def dropped(self) -> None:
        """Called after bodies or chunks were dropped, to leave as little of them as the backend allows."""
        ...

    def listen(self, listener: Listener) -> Callable[[], None]: ...

    def close(self) -> None: ...


class _Locked(msgspec.Struct):
    """An organisation's row while it is locked."""

    head: Head
    held_bytes: int
    bytes_max: int
    keys: int
    changed: bool = False
    grown: bool = False
    keys_changed: bool = False

    @property
    def believed(self) -> Believed:
        return Believed(self.head, self.held_bytes, self.bytes_max, self.keys)


_Locks = dict[OrgId, _Locked]
_Known = dict[OrgId, dict[HeaderHash, Head]]


class SqlStore:
    """The port over a database. Its tables must be there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._believed: dict[OrgId, Believed] = {}

    def write(self, jobs: Sequence[Job]) -> list[Outcome]:
        """See `port.Store.write`."""
        done = self._write_at_once(jobs) if self._database.far else None
        return self._write_asking(jobs) if done is None else done

    def _write_at_once(self, jobs: Sequence[Job]) -> list[Outcome] | None:
        """Appends where the logs are believed to end. None: not done, because something is not as it is believed."""
        appends = [job for job in jobs if isinstance(job, Append) and job.asked.org in self._believed]
        if len(appends) < len(jobs):
            return None
        before = {org: self._believed.pop(org) for org in sorted({job.asked.org for job in appends})}
        locks = {org: _Locked(row.head, row.held_bytes, row.bytes_max, row.keys) for org, row in before.items()}
        known: _Known = {org: {} for org in locks}
        rows: list[_EntryRow] = []
        try:
            outcomes: list[Outcome] = [_take(_its(locks, job), known[job.asked.org], job, rows) for job in appends]
        except (Refusal, Stale):
            return None
        after = {org: locked.believed for org, locked in locks.items()}
        rows_of: dict[OrgId, list[tuple[Value, ...]]] = {org: [] for org in locks}
        for row in rows:
            rows_of[row[0]].append(row)
        if not self._database.append_at([Step(org, before[org], after[org], rows_of[org]) for org in locks]):
            return None
        self._believed |= after
        return outcomes

    def _write_asking(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Does any jobs, having locked and read what they concern."""
        outcomes: list[Outcome] = [None] * len(jobs)
        with self._database.writing() as session:
            locks, known = _lock(session, jobs)
            appends: list[tuple[int, Append]] = []
            for at, job in enumerate(jobs):
                if isinstance(job, Append):
                    appends.append((at, job))
                    continue
                try:
                    outcomes[at] = _do(session, locks, job)
                except (Refusal, Stale) as refused:
                    outcomes[at] = refused
            if appends:
                _append(session, locks, known, appends, outcomes)
            _keep(session, locks)
        if len(self._believed) > _BELIEVED_MAX:
            self._believed.clear()
        self._believed |= {org: locked.believed for org, locked in locks.items()}
        if any(isinstance(job, Drop) for job in jobs):
            self._database.dropped()
        return outcomes

    def keys(self, org: OrgId) -> Keys | None:
        with self._database.reading() as session:
            found = session.rows("SELECT keys, genesis, requests_max FROM organisation WHERE org = ?", org)
            if not found:
                return None
            ((version, genesis, requests_max),) = found
            # Read after the version: a credential that is newer than it is then only looked up once more.
            rows = session.rows("SELECT id, public, may, bound, expires_s FROM credential WHERE org = ?", org)
        credentials = {
            id: Credential(id, VerifyKey(public), Right(may), bound, expires)
            for id, public, may, bound, expires in rows
        }
        return Keys(version, genesis, credentials, requests_max)

    def head(self, org: OrgId) -> Head:
        with self._database.reading() as session:
            return _head(session, org)

    def stretch(self, org: OrgId, after: int, count: int, room: int) -> Stretch:
        with self._database.reading() as session:
            head = _head(session, org)
            order = _order(session, org, after, head)
            count = min(count, head.position - after)
            if count * _LARGEST > room:
                sizes = session.rows(
                    "SELECT size FROM entry WHERE org = ? AND position > ? ORDER BY position LIMIT ?", org, after, count
                )
                count = _fitting([size for (size,) in sizes], room)
            found = session.rows(
                "SELECT header, signature, body FROM entry WHERE org = ? AND position > ? ORDER BY position LIMIT ?",
                org,
                after,
                count,
            )
        return Stretch(order, head, [Held(*row) for row in found])

    def order(self, org: OrgId, position: int) -> tuple[OrderHash, Head]:
        with self._database.reading() as session:
            head = _head(session, org)
            return _order(session, org, position, head), head

    def chunks(self, org: OrgId, names: Sequence[ChunkHash], room: int) -> list[bytes | None]:
        with self._database.reading() as session:
            _head(session, org)
            (sizes,) = session.among("SELECT hash, size FROM chunk WHERE org = ? AND hash {among}", [(org, names)])
            size_of: dict[bytes, int] = dict(sizes)
            given = names[: _fitting([size_of.get(name, 0) for name in names], room)]
            (rows,) = session.among("SELECT hash, bytes FROM chunk WHERE org = ? AND hash {among}", [(org, given)])
        found: dict[bytes, bytes] = dict(rows)
        return [found.get(name) for name in given]

    def parcel(self, org: OrgId, name: bytes, side: str, now_s: int) -> bytes | None:
        with self._database.reading() as session:
            rows = session.rows(
                "SELECT bytes FROM parcel WHERE org = ? AND name = ? AND side = ? AND until_s > ?",
                org,
                name,
                side,
                now_s,
            )
        return rows[0][0] if rows else None

    def listen(self, listener: Listener) -> Callable[[], None]:
        return self._database.listen(listener)

    def add_ticket(self, ticket: bytes, allowance: Allowance, expires_s: int) -> None:
        with self._database.writing() as session:
            session.insert(
                "ticket",
                ("hash", "bytes_max", "requests_max", "expires_s"),
                [(ticket, allowance.bytes_max, allowance.requests_max, expires_s)],
            )

    def standings(self) -> Iterator[Standing]:
        with self._database.reading() as session:
            rows = session.rows("SELECT org, head, held_bytes, bytes_max, requests_max FROM organisation ORDER BY org")
        for org, head, held, bytes_max, requests_max in rows:
            yield Standing(OrgId(org), head, held, Allowance(bytes_max, requests_max))

    def allow(self, org: OrgId, allowance: Allowance) -> None:
        with self._database.writing() as session:
            touched = session.run(
                "UPDATE organisation SET bytes_max = ?, requests_max = ?, keys = keys + 1 WHERE org = ?",
                allowance.bytes_max,
                allowance.requests_max,
                org,
            )
            if not touched:
                raise Refusal(Code.UNKNOWN)
            session.announce([], [org])

    def remove(self, org: OrgId) -> None:
        with self._database.writing() as session:
            if session.locked([org])[0] == [[]]:
                raise Refusal(Code.UNKNOWN)
            for table in schema.OF_ORGANISATION:
                session.run(f"DELETE FROM {table} WHERE org = ?", org)  # noqa: S608 -- a name from our own list
            session.announce([], [org])
        self._database.dropped()

    def close(self) -> None:
        self._database.close()


def clash() -> StoreError:
    """Two writes that do not go together; each of them may go alone."""
    return StoreError("The relay's store refused a write that does not fit what it holds.")


def _lock(session: Session, jobs: Sequence[Job]) -> tuple[_Locks, _Known]:
    """Locks the organisations of all jobs; and looks which of the entries that are sent are there already."""
    orgs = sorted({job.asked.org for job in jobs if isinstance(job, OfOrganisation)})
    if not orgs:
        return {}, {}
    sent: dict[OrgId, list[bytes]] = defaultdict(list)
    for job in jobs:
        if isinstance(job, Append):
            sent[job.asked.org] += [entry.hash for entry in job.entries]
    locked, known = session.locked(orgs, _KNOWN, list(sent.items()))
    locks = {
        org: _Locked(Head(head, OrderHash(order)), held, bytes_max, keys)
        for org, found in zip(orgs, locked, strict=True)
        for head, order, held, bytes_max, keys in found
    }
    return locks, {
        org: {HeaderHash(name): Head(position, OrderHash(order)) for name, position, order in rows}
        for org, rows in zip(sent, known, strict=True)
    }


def _its(locks: _Locks, job: OfOrganisation) -> _Locked:
    """The locked organisation of a job, if the request was judged by the credentials that it has now."""
    locked = locks.get(job.asked.org)
    if locked is None or locked.keys != job.asked.keys:
        raise Stale
    return locked


def _keep(session: Session, locks: _Locks) -> None:
    session.run_each(
        "UPDATE organisation SET head = ?, head_order = ?, held_bytes = ?, keys = ? WHERE org = ?",
        [
            (locked.head.position, locked.head.order, locked.held_bytes, locked.keys, org)
            for org, locked in locks.items()
            if locked.changed
        ],
    )
    grown = [(org, locked.head) for org, locked in locks.items() if locked.grown]
    keys_changed = [org for org, locked in locks.items() if locked.keys_changed]
    if grown or keys_changed:
        session.announce(grown, keys_changed)


def _append(
    session: Session,
    locks: _Locks,
    known: _Known,
    appends: Sequence[tuple[int, Append]],
    outcomes: list[Outcome],
) -> None:
    """Does all appends of one commit together (L10–L12)."""
    rows: list[_EntryRow] = []
    for at, job in appends:
        try:
            outcomes[at] = _take(_its(locks, job), known[job.asked.org], job, rows)
        except (Refusal, Stale) as refused:
            outcomes[at] = refused
    if rows:
        session.insert("entry", ENTRY_COLUMNS, rows)


def _take(locked: _Locked, known: dict[HeaderHash, Head], job: Append, rows: list[_EntryRow]) -> Appended:
    """Gives a batch its positions, or those that it has; adds its rows to `rows`."""
    held = [known[entry.hash] for entry in job.entries if entry.hash in known]
    if held:
        if len(held) == len(job.entries) and all(b.position == a.position + 1 for a, b in pairwise(held)):
            return Appended(held[0].position, held[-1])
        raise Refusal(Code.MOVED_ON, locked.head)
    if job.after is not None and job.after != locked.head.position:
        raise Refusal(Code.MOVED_ON, locked.head)
    size = sum(entry.size for entry in job.entries)
    if locked.held_bytes + size > locked.bytes_max:
        raise Refusal(Code.FULL, locked.head)
    first, head = locked.head.position + 1, locked.head
    for entry in job.entries:
        head = Head(head.position + 1, next_order(head.order, entry.hash, entry.body_hash))
        known[entry.hash] = head
        rows.append(_row(job.asked.org, head, entry))
    locked.head = head
    locked.held_bytes += size
    locked.changed = locked.grown = True
    return Appended(first, head)


def _row(org: OrgId, at: Head, entry: Sent) -> _EntryRow:
    return (org, at.position, entry.size, entry.hash, at.order, entry.header, entry.signature, entry.body)


def _do(session: Session, locks: _Locks, job: Job) -> Done:
    """Does any job but an append."""
    match job:
        case Register():
            return _register(session, job)
        case Beat(now_s):
            if not session.run("UPDATE relay SET value = ? WHERE key = 'beat'", now_s):
                session.insert("relay", ("key", "value"), [("beat", now_s)])
            return None
        case Sweep(now_s):
            _sweep(session, now_s)
            return None
        case _:
            locked = _its(locks, job)
    _spend(session, job)
    match job:
        case AddChunks():
            return _add_chunks(session, locked, job)
        case Drop():
            _drop(session, locked, job)
        case PutCredential(asked, new):
            session.run("DELETE FROM credential WHERE org = ? AND id = ?", asked.org, new.id)
            _insert_credential(session, asked.org, new)
            _change_keys(locked)
        case DeleteCredential(asked, id):
            session.run("DELETE FROM credential WHERE org = ? AND id = ?", asked.org, id)
            _change_keys(locked)
        case PutParcel():
            return _put_parcel(session, job)
        case DeleteParcel(asked, name):
            session.run("DELETE FROM parcel WHERE org = ? AND name = ?", asked.org, name)
        case Append():
            raise AssertionError("appends are done together")
    return None


def _sweep(session: Session, now_s: int) -> None:
    session.run("DELETE FROM ticket WHERE org IS NULL AND expires_s <= ?", now_s)
    orgs = [org for (org,) in session.rows("SELECT org FROM organisation ORDER BY org")]
    for query in (
        "DELETE FROM parcel WHERE org = ? AND until_s <= ?",
        "DELETE FROM spent WHERE org = ? AND until_s <= ?",
        "DELETE FROM credential WHERE org = ? AND expires_s <= ?",
    ):
        session.run_each(query, [(org, now_s) for org in orgs])


def _change_keys(locked: _Locked) -> None:
    locked.keys += 1
    locked.changed = locked.keys_changed = True


def _spend(session: Session, job: OfOrganisation) -> None:
    """Keeps the nonces of what must not be done twice (L5), beyond this process and its life."""
    org = job.asked.org
    for keyid, nonce, until_s in job.asked.nonces:
        if session.rows("SELECT 1 FROM spent WHERE org = ? AND keyid = ? AND nonce = ?", org, keyid, nonce):
            raise Refusal(Code.UNSIGNED)
        session.insert("spent", ("org", "keyid", "nonce", "until_s"), [(org, keyid, nonce, until_s)])


def _add_chunks(session: Session, locked: _Locked, job: AddChunks) -> int:
    org = job.asked.org
    (there,) = session.among("SELECT hash FROM chunk WHERE org = ? AND hash {among}", [(org, list(job.chunks))])
    known = {name for (name,) in there}
    new = {name: chunk for name, chunk in job.chunks.items() if name not in known}
    size = sum(map(len, new.values()))
    if locked.held_bytes + size > locked.bytes_max:
        raise Refusal(Code.FULL, locked.head)
    if new:
        session.insert(
            "chunk",
            ("org", "hash", "size", "bytes"),
            [(org, name, len(chunk), chunk) for name, chunk in new.items()],
        )
        locked.held_bytes += size
        locked.changed = True
    return len(new)


def _drop(session: Session, locked: _Locked, job: Drop) -> None:
    org = job.asked.org
    sizes = session.each(
        "SELECT length(body) FROM entry WHERE org = ? AND position = ? AND body IS NOT NULL",
        [(org, position) for position in sorted(set(job.positions))],
    )
    freed = sum(size for rows in sizes for (size,) in rows)
    session.run_each(
        "UPDATE entry SET body = NULL, size = length(header) + length(signature) WHERE org = ? AND position = ?",
        [(org, position) for position in sorted(set(job.positions))],
    )
    names = sorted(set(job.chunks))
    (chunks,) = session.among("SELECT size FROM chunk WHERE org = ? AND hash {among}", [(org, names)])
    freed += sum(size for (size,) in chunks)
    session.run_each("DELETE FROM chunk WHERE org = ? AND hash = ?", [(org, name) for name in names])
    locked.held_bytes -= freed
    locked.changed = True


def _put_parcel(session: Session, job: PutParcel) -> bool:
    org = job.asked.org
    there = session.rows("SELECT bytes FROM parcel WHERE org = ? AND name = ? AND side = ?", org, job.name, job.side)
    if there:
        if there[0][0] != job.raw:
            raise Refusal(Code.FORBIDDEN)
        return False
    session.insert(
        "parcel", ("org", "name", "side", "until_s", "bytes"), [(org, job.name, job.side, job.until_s, job.raw)]
    )
    return True


def _register(session: Session, job: Register) -> bool:
    """Takes a ticket for a new organisation (L8, L9); the same again is no error."""
    found = session.rows(
        "SELECT bytes_max, requests_max, expires_s, org, credential FROM ticket WHERE hash = ?", job.ticket
    )
    if not found:
        raise Refusal(Code.FORBIDDEN)
    ((bytes_max, requests_max, expires_s, used_by, credential),) = found
    if used_by is not None:
        if used_by == job.org and credential == job.credential.id and session.locked([job.org])[0] != [[]]:
            return False
        raise Refusal(Code.FORBIDDEN)
    if expires_s <= job.now_s or session.locked([job.org])[0] != [[]]:
        raise Refusal(Code.FORBIDDEN)
    used = "UPDATE ticket SET org = ?, credential = ? WHERE hash = ? AND org IS NULL"
    if not session.run(used, job.org, job.credential.id, job.ticket):
        raise Refusal(Code.FORBIDDEN)
    columns = ("org", "head", "head_order", "held_bytes", "bytes_max", "requests_max", "keys", "genesis")
    # Begun at the time, the version never returns to one that it had before the organisation was removed once.
    version = job.now_s * 1000
    session.insert("organisation", columns, [(job.org, 0, job.order, 0, bytes_max, requests_max, version, job.genesis)])
    _insert_credential(session, job.org, job.credential)
    return True


def _insert_credential(session: Session, org: OrgId, new: Credential) -> None:
    session.insert(
        "credential",
        ("org", "id", "public", "may", "bound", "expires_s"),
        [(org, new.id, new.public, new.right.value, new.bound, new.expires_s)],
    )


def _head(session: Session, org: OrgId) -> Head:
    rows = session.rows("SELECT head, head_order FROM organisation WHERE org = ?", org)
    if not rows:
        raise Refusal(Code.UNSIGNED)
    return Head(rows[0][0], OrderHash(rows[0][1]))


def _order(session: Session, org: OrgId, position: int, head: Head) -> OrderHash:
    if position > head.position:
        raise Refusal(Code.TOO_FAR, head)
    if position == head.position:
        return head.order
    if position == 0:
        return first_order(org)
    ((order,),) = session.rows("SELECT order_hash FROM entry WHERE org = ? AND position = ?", org, position)
    return OrderHash(order)


def _fitting(sizes: Sequence[int], room: int) -> int:
    """How many from the front fit into `room` bytes; one at least, if there is one."""
    count, total = 0, 0
    for size in sizes:
        total += size
        if count and total > room:
            break
        count += 1
    return count
