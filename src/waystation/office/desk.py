"""An unlocked desk: the one way to save.

Guarantees: a save is checked, sealed, appended and laid into the tables in one durable transaction, or nothing of it
is there; locking closes the file and forgets the keys. A function of the office decides and returns one `Save`;
`Desk.save` is the only place where it is written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import structs

from waystation.book import Accepted, Book, FolderWrite, NewFolder, Progress, Received, Stamp
from waystation.book.entry import Entry
from waystation.book.files import SealedFile
from waystation.book.roster import DeskEntry
from waystation.clock import Clock, Millis
from waystation.derive import KEY_BYTES, Key
from waystation.errors import Locked, MissingKey, Refused, RelayError, ScreenShared
from waystation.ids import (
    HASH_BYTES,
    ChunkHash,
    FolderId,
    FolderType,
    MemberId,
    OrgId,
    Randomness,
    RecordId,
    SaveId,
    ValueRef,
    new_id,
)
from waystation.office import access, drops, receiving
from waystation.office.tray import Tray
from waystation.records import (
    REGISTRY,
    RecordState,
    Registry,
    Save,
    changes_of,
    check_save,
    decode_payload,
    encode_payload,
    seen,
)
from waystation.roles import Action, require
from waystation.sync.credential import Credential
from waystation.sync.engine import fetch
from waystation.sync.relay import Relay
from waystation.tables import Drafts, Tables
from waystation.textsearch import Terms
from waystation.vault import Vault, check_passphrase, new_kdf
from waystation.views.reader import Reader

REVEAL: Final = "reveal"
"""The kind of a recorded look at what is masked; it changes nothing, so there is nothing to take back."""

CLONED: Final = "cloned"
"""What `meta` says of a desk whose key somebody else writes with (spec/sync.md S16)."""

UNDOABLE_MAX: Final = 500
"""An import makes more saves than anybody takes back with one press."""


RelayFactory = Callable[[str, OrgId, Credential, str], Relay]
"""A relay by its address, for an organisation and a credential, through a proxy (empty for none). No network yet."""

_AUTHOR: Final = slice(40, 56)
"""Of a header: the desk that wrote the entry."""


@dataclass(frozen=True, slots=True)
class System:
    """What the machine gives, plugged in by `assemble`; tests plug in seeded ones.

    Args:
        vfs: name of an SQLite file system; None for the machine's own.
        relay: how a relay is reached; None where there is no network.
    """

    clock: Clock
    randomness: Randomness
    terms: Terms
    registry: Registry = field(default_factory=lambda: REGISTRY)
    vfs: str | None = None
    relay: RelayFactory | None = None


@dataclass(slots=True)
class Contact:
    """What this sitting knows of the relay; nothing of it is kept.

    Args:
        heard: grows whenever something came from the others. turns: whenever it stands otherwise with the relay.
        reached_ms: when the relay last answered, UTC ms. away: the code of what is in the way; empty if nothing is.
        keys_missing: sheets for this desk that the relay does not give. bodies_missing: so many changes came empty.
        progress: how far a long pull has come, and how far it goes.
    """

    heard: int = 0
    turns: int = 0
    reached_ms: Millis | None = None
    away: str = ""
    keys_missing: int = 0
    bodies_missing: int = 0
    progress: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one desk."""

    folder: Path

    @property
    def vault(self) -> Path:
        return self.folder / "vault"

    @property
    def book(self) -> Path:
        return self.folder / "book.db"

    @property
    def exists(self) -> bool:
        return self.vault.exists()


@dataclass(frozen=True, slots=True)
class Saved:
    """A durable save: its id, and how far the log reaches with it."""

    save: SaveId
    position: int


def today(clock: Clock) -> str:
    """ISO date where the clock is."""
    return datetime.fromtimestamp(clock.now_ms() / 1000, ZoneInfo(clock.zone())).date().isoformat()


def pieces_in(payload: bytes) -> list[ChunkHash]:
    """The pieces of files that one change names."""
    return [
        ChunkHash(chunks[i : i + HASH_BYTES])
        for record in decode_payload(payload)
        if record.kind == "file" and isinstance(chunks := record.fields.get("chunks"), bytes)
        for i in range(0, len(chunks), HASH_BYTES)
    ]


class Desk:
    """One member's unlocked desk. Safe to call from several threads; one works at a time.

    `undoable` collects the saves that a person may want to take back; whoever offers that empties it first. While
    `screen_shared`, no look at a masked field is recorded, so nothing masked can be shown. `nudge` is called when there
    is something to send; whoever runs rounds sets it.
    """

    def __init__(self, home: Home, vault: Vault, book: Book, system: System) -> None:
        self.home = home
        self.registry = system.registry
        self._vault: Vault | None = vault
        self._book: Book | None = book
        self._system = system
        self.gate: Final = RLock()
        self.undoable: list[SaveId] = []
        self.screen_shared = False
        self.tray: Final = Tray(system.randomness, self.now_ms)
        self.contact: Final = Contact()
        self.nudge: Callable[[], None] = lambda: None
        self._relay: Relay | None = None
        self._turned = ""
        self.tables = Tables(book.store.connection, system.registry, system.terms, self.today)
        self.drafts = Drafts(book.store.connection)
        self.reader = Reader(book.store.connection, system.registry, system.terms, self.today, self.now_ms, self.tables)

    @property
    def book(self) -> Book:
        """The open book. Raises: Locked."""
        if self._book is None:
            raise Locked
        return self._book

    @property
    def vault(self) -> Vault:
        """The open vault. Raises: Locked."""
        if self._vault is None:
            raise Locked
        return self._vault

    @property
    def locked(self) -> bool:
        return self._book is None

    @property
    def member(self) -> MemberId:
        """Whose desk this is."""
        return self.book.member

    @property
    def roles(self) -> frozenset[str]:
        """This member's roles, from the signed roster."""
        return self.book.roster.roles(self.member)

    @property
    def randomness(self) -> Randomness:
        return self._system.randomness

    @property
    def terms(self) -> Terms:
        """How words are brought to the form in which they are searched."""
        return self._system.terms

    def now_ms(self) -> Millis:
        return self._system.clock.now_ms()

    def zone(self) -> str:
        return self._system.clock.zone()

    def today(self) -> str:
        """ISO date at this desk."""
        return today(self._system.clock)

    def new_record(self) -> RecordId:
        return RecordId(new_id(self._system.randomness))

    def folder(self, folder_type: FolderType) -> FolderId:
        """The office's, or the ledger's."""
        return self.book.singleton(folder_type)

    def require(self, action: Action, folder_type: FolderType, *, on_team: bool = True) -> None:
        """Returns only if this member may. Raises: Refused."""
        require(self.roles, action, folder_type, on_team=on_team)

    def state(self, folder: FolderId, kind: str, record: RecordId) -> RecordState:
        """A record's merged state, live values and all."""
        return self.tables.state(folder, kind, record)

    def seen(
        self, folder: FolderId, kind: str, record: RecordId, fields: Sequence[str]
    ) -> Mapping[str, tuple[ValueRef, ...]]:
        """The values of these fields as they stand now: what a function that just read them has seen."""
        return seen(self.state(folder, kind, record), fields)

    def save(self, save: Save, files: Sequence[SealedFile] = ()) -> Saved:
        """Writes one save: durable when it returns, or not there at all.

        Args:
            files: whose records the save holds.
        Raises: BadInput, Refused, StoreError, Locked.
        """
        return self.save_all((save,), files)

    def save_all(self, saves: Sequence[Save], files: Sequence[SealedFile] = ()) -> Saved:
        """Writes several saves, each its own in the log, in one transaction: all of them or none; as an import does.

        Returns: the last one. Raises: as `save`.
        """
        with self.gate:
            book = self.book
            self._require_writable()
            if self.screen_shared and any(write.kind == REVEAL for save in saves for write in save.writes):
                raise ScreenShared
            pieces = [piece for file in files for piece in file.pieces]
            accepted: list[Accepted] = []
            stamp = self._stamp()
            with book.transaction():
                made: list[SaveId] = []
                for save in saves:
                    stamp = self._stamp()
                    accepted += self._append(stamp, save, pieces)
                    if any(write.kind != REVEAL for write in save.writes):
                        made.append(stamp.save)
                    pieces = []
                if book.connected:
                    self.tables.lay_over(accepted)
                else:
                    self.tables.apply(accepted)
                access.follow(self, saves)
            self.undoable = [*self.undoable, *made][-UNDOABLE_MAX:]
            self.nudge()
            return Saved(stamp.save, book.position)

    def hide(self, folder: FolderId) -> None:
        """Takes a folder out of sight at once; it is destroyed after seven days (spec/book.md B22–B24)."""
        self._tombstone(folder, "hide")

    def confirm(self, folder: FolderId) -> None:
        """Says that a folder which another member hid shall be destroyed when its time has come (spec/book.md B24)."""
        self._tombstone(folder, "confirm")

    def unhide(self, folder: FolderId) -> None:
        """Brings a hidden folder back, as long as it is not destroyed."""
        self._tombstone(folder, "cancel")

    def adopt(self, position: int) -> None:
        """Writes a change that was set aside anew, as this member's own (spec/book.md B34). Raises: BookError."""
        with self.gate:
            self._require_writable()
            with self.book.transaction():
                adopted = self.book.adopt(position, self._stamp())
                if self.book.connected:
                    self.tables.lay_over([adopted])
                else:
                    self.tables.apply([adopted])
            self.nudge()

    def destroy_due(self) -> int:
        """Destroys what was hidden long enough: keys, bodies, files. Returns how many folders. Cannot be undone."""
        with self.gate:
            return sum(self._destroy(folder) for folder in self.book.due_for_destruction(self.now_ms()))

    def change_passphrase(self, old: str, new: str) -> None:
        """Wraps the vault under a new passphrase, at today's parameters. Raises: WrongPassphrase, WeakPassphrase."""
        Vault.open(self.home.vault, old)
        check_passphrase(new)
        self.vault.change_passphrase(new, new_kdf(self.randomness), self.randomness)

    def turn(self) -> None:
        """Brings up to date what the day alone has changed, if a new day has begun since this was last asked."""
        with self.gate:
            self.tray.tidy()
            day = self.today()
            if day != self._turned and self._book is not None:
                with self._book.transaction():
                    self.tables.turn()
                self._turned = day

    def rebuild(self, progress: Progress = lambda done, of: None) -> None:
        """Makes every derived table again from the log, in one transaction."""
        with self.gate:
            book = self.book
            end = book.position
            with book.transaction():
                self.tables.rebuild(book.changes(), lambda position: progress(position, end))
                self.tables.lay_over(book.unsent_changes())
                book.store.set_meta("tables", self.tables.shape)
            progress(end, end)

    def receive(self, entries: Sequence[Entry], sheets: Mapping[ChunkHash, bytes], *, far: bool = False) -> Received:
        """Takes a stretch of the log, in one transaction; afterwards this desk's unsent saves lie over it again.

        Args:
            sheets: chunks that `Book.sheets_named` asked for, checked against their names.
            far: leave the tables for `rebuild`, which the caller runs at the end; what is hidden is forgotten now.
        Raises: what `Book.receive` raises; nothing of the stretch is there then.
        """
        with self.gate:
            book = self.book
            with book.transaction():
                got = receiving.receive(book, self.tables, self._wanted(), entries, sheets, far=far)
                others = any(entry.header[_AUTHOR] != book.desk for entry in entries[: got.taken])
                if others:
                    book.store.set_meta("heard_ms", self.now_ms())
            self.contact.heard += others or bool(got.fresh or got.hidden)
            return got

    def take_sheets(self, sheets: Mapping[ChunkHash, bytes], *, far: bool = False) -> None:
        """Takes sheets that came after their entries; what they open gets its rows. `far` as in `receive`."""
        if sheets:
            with self.gate:
                with self.book.transaction():
                    receiving.take_sheets(self.book, self.tables, sheets, far=far)
                self.contact.heard += 1

    def begin_era(self, begin: Callable[[], object]) -> None:
        """Cuts the log back, as `begin` does, in one transaction (spec/sync.md S25); `rebuild` follows."""
        with self.gate, self.book.transaction():
            begin()
            self.book.lay(self._wanted())
            receiving.put_off_tables(self.book)

    def relay(self) -> Relay | None:
        """The relay of this organisation; None where there is none. Asks nothing of the network."""
        with self.gate:
            address, proxy = self.book.store.meta("relay"), self.book.store.meta("relay_proxy")
            if self._relay is None and self.book.connected and isinstance(address, str):
                self._relay = self.relay_at(address, proxy if isinstance(proxy, str) else "")
            return self._relay

    def relay_at(self, address: str, proxy: str = "") -> Relay:
        """A relay at an address, for this desk's own credential. Asks nothing of the network."""
        if self._system.relay is None:
            raise RelayError("This Waystation was started without a network.")
        credential = Credential.of_desk(self.vault.secrets.signing_seed, self.book.org)
        return self._system.relay(address, self.book.org, credential, proxy)

    def leave_relay(self) -> None:
        """Closes the connection; the next question opens it anew, at the address that is kept by then."""
        with self.gate:
            relay, self._relay = self._relay, None
        if relay is not None:
            relay.close()

    def bring(self, chunks: Sequence[ChunkHash]) -> None:
        """Fetches those pieces of files that are not here yet, checks and keeps them (spec/sync.md S10).

        Raises: RelayError, if they cannot be had now.
        """
        with self.gate:
            missing = [name for name in chunks if self.book.chunk(name) is None]
            relay = self.relay() if missing else None
            if relay is None:
                return
            try:
                found = fetch(relay, missing)
            except RelayError:
                raise RelayError(
                    "This file is not on this desk yet, and the relay cannot be reached now. Try again later."
                ) from None
            with self.book.transaction():
                for name, chunk in found.items():
                    self.book.store.add_chunk(name, chunk)

    def attached(self, chunk: ChunkHash) -> bytes | None:
        """A stored piece of a file, as ciphertext."""
        return self.book.chunk(chunk)

    def lock(self) -> None:
        """Closes the file and forgets the keys. Does nothing if it is locked already."""
        with self.gate:
            self.tray.clear()
            book, self._book, self._vault = self._book, None, None
            relay, self._relay = self._relay, None
            if book is not None:
                book.store.close()
        if relay is not None:
            relay.close()

    def _stamp(self) -> Stamp:
        return Stamp(SaveId(new_id(self.randomness)), self.now_ms(), self.zone())

    def _append(self, stamp: Stamp, save: Save, pieces: Sequence[bytes]) -> list[Accepted]:
        checked = check_save(save, self.registry)
        folders = dict.fromkeys(write.folder for write in checked.writes)
        writes = [FolderWrite(folder, encode_payload(changes_of(checked, folder))) for folder in folders]
        new = [
            NewFolder(folder, kind, access.first_readers(self, checked, folder, kind))
            for folder, kind in checked.new_folders
        ]
        return self.book.append(stamp, writes, new, pieces)

    def _wanted(self) -> Callable[[FolderId], Sequence[DeskEntry]]:
        """Who shall read a folder whose next epoch is made again."""
        types: dict[FolderId, FolderType] = {}

        def wanted(folder: FolderId) -> Sequence[DeskEntry]:
            if not types:
                types.update({known: folder_type for known, folder_type, _ in self.book.folders()})
            return access.wanted_readers(self, folder, types[folder])

        return wanted

    def _require_writable(self) -> None:
        if self.book.removed:
            raise Refused("This desk was removed from the organisation. It can be read, and writes no more.")
        if self.book.store.meta(CLONED):
            raise Refused("Somebody else writes with this desk's key. It writes no more; have a coordinator remove it.")

    def _holds_organisation(self) -> bool:
        try:
            self.book.organisation_keys()
        except MissingKey:
            return False
        return True

    def _tombstone(self, folder: FolderId, action: str) -> None:
        with self.gate:
            self._require_writable()
            book = self.book
            stamp = self._stamp()
            with book.transaction():
                book.tombstone(folder, action, stamp)
                if action == "hide":
                    self.tables.forget(folder)
                elif action == "cancel":
                    receiving.bring_back(book, self.tables, folder)
            self.nudge()

    def _destroy(self, folder: FolderId) -> bool:
        """Destroys a folder; not yet, where this desk could not say so. Returns whether it did."""
        pieces = [name for change in self.book.changes(folder=folder) for name in pieces_in(change.payload)]
        # Who never read it has destroyed nothing; who is removed or suspended is not asked (B35).
        shared = self.book.connected or len(self.book.roster.active_desks()) > 1
        says = shared and self.book.desk in self.book.erasure(folder).waiting
        says = says and self.book.desk not in self.book.suspended()
        if says and not self._holds_organisation():
            return False  # Its sheet is still to come (spec/sync.md S7).
        new_key = Key(self.randomness(KEY_BYTES))
        vault, old = self.vault, self.vault.secrets
        # The vault holds both keys until the book has changed over, so that a crash in between loses nothing (B26).
        vault.replace_secrets(structs.replace(old, keyring_keys=(*old.keyring_keys, new_key)), self.randomness)
        with self.book.transaction():
            book = self.book
            drops.note(book, folder, pieces)
            book.destroy(folder, pieces, new_key)
            if says:
                book.done(folder, self._stamp())
        vault.replace_secrets(structs.replace(old, keyring_keys=(new_key,)), self.randomness)
        return True
