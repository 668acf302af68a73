"""What the log tells of folders and of what was set aside: who reads, since when; who still has to destroy.

Reads only. Implements spec/book.md B34 and B35 as far as they are questions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from waystation.book.change import ChangeBody, decode_change
from waystation.book.entry import Entry, EntryKind, Header, decode_header, header_hash, open_body
from waystation.book.graves import State
from waystation.book.keyring import Keyring
from waystation.book.log import Epoch, Log
from waystation.book.store import Store
from waystation.derive import digest
from waystation.errors import SealError, WireError
from waystation.ids import ID_BYTES, UNSENT, DeskId, FolderId, FolderTag, FolderType, MemberId, SaveId
from waystation.verify import Signature

REPETITION: Final = "B29: it stands in the log already"
"""Nothing was lost by it, so it is not shown."""


@dataclass(frozen=True, slots=True)
class Aside:
    """An entry that was set aside.

    Args:
        member: whose desk it is; None if the roster never listed it.
        why: begins with the rule, such as "B20:".
        folder: where it would have gone, as far as this desk can tell.
        readable: whether this desk could adopt it.
        adopted_by: position of the change that took its place (B34), as far as this desk can tell.
    """

    position: int
    desk: DeskId
    member: MemberId | None
    why: str
    folder: FolderId | None
    kind: EntryKind
    readable: bool
    adopted_by: int | None


@dataclass(frozen=True, slots=True)
class EpochSeen:
    """One epoch of a folder: who opened it, and for whom.

    Args:
        position: `UNSENT` and above, while it has none in the log.
        at_ms: what the author of the first change in it that is readable here claims; None if there is none.
    """

    number: int
    position: int
    author: DeskId
    recipients: tuple[DeskId, ...]
    at_ms: int | None


@dataclass(frozen=True, slots=True)
class EraSeen:
    """An era that stands."""

    number: int
    position: int
    checkpoint: int
    reason: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far the erasure of a folder has come: which desks have destroyed it, and which still have to (B35)."""

    state: State
    acknowledged: tuple[DeskId, ...]
    waiting: tuple[DeskId, ...]


def adoption(header: bytes) -> SaveId:
    """Save id of the change that adopts an entry (B34)."""
    return SaveId(digest("adopt", header_hash(header))[:ID_BYTES])


class Asking:
    """Questions to one book."""

    def __init__(self, store: Store, log: Log, keyring: Keyring) -> None:
        self._store = store
        self._log = log
        self._keyring = keyring

    def aside(self) -> list[Aside]:
        """What was set aside, in log order; repetitions are left out."""
        rows = self._store.rows(
            "SELECT position, status, kind, header, signature, body FROM entry"
            " WHERE status IS NOT NULL AND status <> ? ORDER BY position",
            REPETITION,
        )
        found = [self._aside(*row) for row in rows]
        adopted = self._adoptions({save: one for one, save in found if one.readable})
        return [
            Aside(one.position, one.desk, one.member, one.why, one.folder, one.kind, one.readable, adopted.get(save))
            for one, save in found
        ]

    def change_aside(self, position: int) -> tuple[bytes, Header, FolderId, ChangeBody] | None:
        """A change that was set aside and can be read here: its header, its folder, what it says."""
        rows = self._store.rows(
            "SELECT header, signature, body FROM entry WHERE position = ? AND status IS NOT NULL AND kind = 3", position
        )
        for raw, signature, body in rows:
            header = decode_header(raw)
            if (read := self._read(Entry(raw, Signature(signature), body), header)) is not None:
                return raw, header, read[0], read[1]
        return None

    def epochs(self, folder: FolderId) -> list[EpochSeen]:
        """A folder's epochs, in order."""
        return [
            EpochSeen(epoch.number, epoch.position, self._author(epoch), epoch.recipients, self._first_at(epoch))
            for epoch in self._log.epochs_of(folder)
        ]

    def folders(self) -> Iterator[tuple[FolderId, FolderType, tuple[DeskId, ...]]]:
        """Every folder, with who reads it now."""
        query = "SELECT folder, type, recipients FROM epoch WHERE superseded IS NULL ORDER BY folder"
        for folder, kind, recipients in self._store.rows(query):
            desks = tuple(DeskId(recipients[i : i + ID_BYTES]) for i in range(0, len(recipients), ID_BYTES))
            yield folder, FolderType(kind), desks

    def eras(self) -> list[EraSeen]:
        return [EraSeen(*row) for row in self._store.rows("SELECT number, position, checkpoint, reason FROM era")]

    def erasure(self, folder: FolderId) -> Erasure:
        """How far a folder's erasure has come."""
        grave = self._log.graves.find(folder)
        if grave is None:
            return Erasure("visible", (), ())
        roster = self._log.roster
        readers = {desk for epoch in self._log.epochs_of(folder) for desk in epoch.recipients}
        concerned = [
            entry.desk for entry in roster.active_desks() if not roster.stands_for(entry.desk).isdisjoint(readers)
        ]
        waiting = tuple(desk for desk in concerned if desk not in grave.done)
        state: State = "confirmed" if grave.confirmed or self._log.alone else "hidden"
        if grave.done and not waiting:
            state = "erased"
        return Erasure(state, tuple(sorted(grave.done)), waiting)

    def _aside(
        self, position: int, why: str, kind: int, raw: bytes, signature: Signature, body: bytes | None
    ) -> tuple[Aside, SaveId]:
        header = decode_header(raw)
        listed = self._log.roster.desks.get(header.desk)
        member = listed.member if listed else None
        read = self._read(Entry(raw, signature, body), header) if kind == EntryKind.CHANGE else None
        key = self._keyring.find(header.tag)
        folder = key.folder if key else None
        entry_kind = EntryKind(kind)
        found = Aside(position, header.desk, member, why, folder, entry_kind, read is not None, None)
        return found, adoption(raw)

    def _read(self, entry: Entry, header: Header) -> tuple[FolderId, ChangeBody] | None:
        key = self._keyring.find(header.tag)
        if key is None or entry.body is None:
            return None
        try:
            return key.folder, decode_change(open_body(entry.header, header, entry.body, key))
        except (SealError, WireError):
            return None

    def _adoptions(self, wanted: dict[SaveId, Aside]) -> dict[SaveId, int]:
        """Positions of the changes that adopted these, looked for after them in their folders."""
        found: dict[SaveId, int] = {}
        since: dict[FolderId, int] = {}
        for one in wanted.values():
            if one.folder is not None:
                since[one.folder] = min(one.position, since.get(one.folder, one.position))
        query = (
            "SELECT position, header, signature, body FROM entry WHERE epoch IN (SELECT id FROM epoch WHERE folder = ?)"
            " AND position > ? AND kind = 3 AND status IS NULL ORDER BY position"
        )
        for folder, first in since.items():
            for position, raw, signature, body in self._store.rows(query, folder, first):
                read = self._read(Entry(raw, signature, body), decode_header(raw))
                if read is not None and read[1].save in wanted:
                    found.setdefault(read[1].save, position)
        return found

    def _author(self, epoch: Epoch) -> DeskId:
        if epoch.position >= UNSENT:
            ((raw,),) = self._store.rows("SELECT header FROM unsent WHERE seq = ?", epoch.position - UNSENT)
        else:
            ((raw,),) = self._store.rows("SELECT header FROM entry WHERE position = ?", epoch.position)
        return DeskId(raw[40:56])

    def _first_at(self, epoch: Epoch) -> int | None:
        """The claimed time of the first change under an epoch that is readable here."""
        query = "SELECT header, signature, body FROM entry WHERE epoch = ? AND kind = 3 AND status IS NULL"
        rows = self._store.rows(f"{query} ORDER BY position LIMIT 1", epoch.id)
        if not rows:
            of_tag = "SELECT header, signature, body FROM unsent WHERE kind = 3 AND folder = ? ORDER BY seq"
            rows = [row for row in self._store.rows(of_tag, epoch.folder) if _tag(row[0]) == epoch.tag][:1]
        for raw, signature, body in rows:
            read = self._read(Entry(raw, signature, body), decode_header(raw))
            if read is not None:
                return read[1].at_ms
        return None


def _tag(raw: bytes) -> FolderTag:
    return FolderTag(raw[136:168])
