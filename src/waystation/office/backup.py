"""Backup, restore, drill: because laptops die.

Guarantees: a backup is complete or absent; nothing in the clear touches the disk; a restored book never writes under
its old desk id. Refuses what is expired, cut short, altered, or of another organisation. Implements spec/backup.md.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

import msgspec
import pyrage

from waystation import limits
from waystation.book import Book, DeskKeys, Progress, Report, Store
from waystation.clock import DAY_MS
from waystation.derive import KEY_BYTES, Key, u32
from waystation.errors import (
    BackupError,
    BadInput,
    MovedOn,
    Problem,
    RelayAway,
    RelayBusy,
    RelayRefused,
    Removed,
    StoreError,
    WithheldSheet,
)
from waystation.ids import DeskId, FolderType, OrderHash, OrgId
from waystation.office import syncing
from waystation.office.desk import Desk, Home, System, today
from waystation.office.founding import desk_keys, new_secrets
from waystation.office.side import DeskSide
from waystation.records.labels import N_
from waystation.sign import SigningKey, SigningSeed
from waystation.sync.credential import Credential
from waystation.sync.engine import Claims, pull
from waystation.sync.relay import Relay
from waystation.tables import Tables
from waystation.unseal import SealingKey, SealingSeed
from waystation.vault import Kdf, Vault, check_passphrase, flush_folder, new_kdf
from waystation.wire import BIN_16, BIN_32, INT_64, Decoder, encode
from waystation.words import to_age_secret

VALID_DAYS: Final = limits.BACKUP_VALID_DAYS
LEAD: Final = b"waystation copy\n"
MANIFEST_MAX: Final = 64 * limits.KIB
_PIECE: Final = limits.MIB
_SUFFIX: Final = ".age"
_OUTGOING: Final = "outgoing-"
_AWAY: Final = N_("The relay cannot be reached; nothing was restored. Try again later, or restore without the relay.")
_REFUSED: Final = N_("The relay does not take the root key’s word. Ask whoever runs it, or restore without the relay.")
_BEYOND: Final = N_(
    "Since this backup the organisation’s key has changed, and the backup does not hold the new one. If a colleague’s "
    "desk is left, be invited there. If none is left, restore without the relay."
)
_COUNT: Final = msgspec.Meta(ge=0, le=2**63 - 1)


class Manifest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a backup says of itself (K3). `made_ms` and `expires_ms` in UTC ms; `size` in bytes."""

    version: int
    org: Annotated[OrgId, BIN_32]
    desk: Annotated[DeskId, BIN_16]
    made_ms: Annotated[int, INT_64]
    expires_ms: Annotated[int, INT_64]
    position: Annotated[int, _COUNT]
    order: Annotated[OrderHash, BIN_32]
    database_key: Annotated[Key, BIN_32]
    keyring_key: Annotated[Key, BIN_32]
    size: Annotated[int, _COUNT]
    digest: Annotated[bytes, BIN_32]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was written: its file, its passphrase-protected key if there is one, and its dates (UTC ms)."""

    file: Path
    key_file: Path | None
    made_ms: int
    expires_ms: int
    entries: int


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill found. `same_tables`: making them again from the log gave what the copy held."""

    made_ms: int
    expires_ms: int
    report: Report
    same_tables: bool


_decode_manifest: Final = Decoder(Manifest)


def backup(
    desk: Desk,
    target: Path,
    *,
    passphrase: str | None = None,
    recipient: str | None = None,
    valid_days: int = VALID_DAYS,
    progress: Progress = lambda done, of: None,
    kept: bool = True,
) -> Made:
    """Writes a backup of this desk's book.

    Args:
        target: the file; must not exist. `.age` is added where it is missing.
        passphrase: opens it too, together with the key file that is then written beside it.
        recipient: an age recipient ("age1…") that shall open it too.
        valid_days: when it expires; at least 1.
        kept: whether it is where it is to be; a file that has yet to be handed over counts once `note_kept` is called.
    Raises: StoreError, WeakPassphrase, BadInput.
    """
    target = target if target.suffix == _SUFFIX else target.with_name(target.name + _SUFFIX)
    key_file = target.with_name(target.name.removesuffix(_SUFFIX) + ".key.age")
    if target.exists() or (passphrase is not None and key_file.exists()):
        raise StoreError("That backup exists already. Give another name; backups are never written over.")
    recipients = [read_recipient(_recovery(desk))]
    if recipient is not None:
        recipients.append(read_recipient(recipient))
    sealed_identity = b""
    if passphrase is not None:
        check_passphrase(passphrase)
        identity = to_age_secret(desk.randomness(KEY_BYTES))
        recipients.append(pyrage.x25519.Identity.from_str(identity).to_public())
        sealed_identity = pyrage.passphrase.encrypt(identity.encode() + b"\n", passphrase)
    with desk.gate:
        book = desk.book
        book.store.fold()
        made = desk.now_ms()
        size, digest = _measure(book.store)
        secrets = desk.vault.secrets
        manifest = Manifest(
            1,
            book.org,
            book.desk,
            made,
            made + valid_days * DAY_MS,
            book.position,
            book.order,
            secrets.database_key,
            book.keyring_key,
            size,
            digest,
        )
        _write(target, manifest, book.store, recipients, progress)
        if sealed_identity:
            place_file(key_file, lambda file: file.write(sealed_identity))
        if kept:
            note_kept(desk, made)
    return Made(target, key_file if sealed_identity else None, made, manifest.expires_ms, manifest.position)


def outgoing(desk: Desk) -> Made:
    """Makes a backup beside the book, to be handed over and then removed; one that was left behind is removed first.

    Raises: StoreError, BadInput.
    """
    for left in desk.home.folder.glob(f"{_OUTGOING}*"):
        left.unlink(missing_ok=True)
    name = f"{_OUTGOING}{desk.randomness(8).hex()}{_SUFFIX}"
    return backup(desk, desk.home.folder / name, kept=False)


def note_kept(desk: Desk, made_ms: int) -> None:
    """A backup that was made then has reached the place where it is kept."""
    with desk.gate:
        book = desk.book
        with book.transaction():
            book.store.set_meta("last_backup_ms", made_ms)


def note_drill(desk: Desk) -> None:
    """Somebody has restored a backup for trial, today."""
    with desk.gate:
        book = desk.book
        with book.transaction():
            book.store.set_meta("last_drill_ms", desk.now_ms())


def recovery_opener(secret: bytes) -> pyrage.x25519.Identity:
    """Opens backups with the recovery key (32 bytes, from its words)."""
    return pyrage.x25519.Identity.from_str(to_age_secret(secret))


def identity_opener(text: str) -> pyrage.x25519.Identity:
    """Opens backups with an age identity's text. Raises: BadInput."""
    try:
        return pyrage.x25519.Identity.from_str(text.strip())
    except pyrage.IdentityError:
        raise BadInput({"": Problem("bad_identity", "That is no age identity (AGE-SECRET-KEY-1…).")}) from None


def passphrase_opener(file: Path, passphrase: str) -> pyrage.x25519.Identity:
    """Opens backups with a passphrase and the key file beside them. Raises: BackupError."""
    key_file = file.with_name(file.name.removesuffix(_SUFFIX) + ".key.age")
    try:
        identity = pyrage.passphrase.decrypt(key_file.read_bytes(), passphrase)
    except FileNotFoundError:
        raise BackupError(
            "The key file %(name)s is not beside the backup. Use the recovery key.", name=key_file.name
        ) from None
    except pyrage.DecryptError:
        raise BackupError("That passphrase does not open the backup's key file.") from None
    return identity_opener(identity.decode())


def restore(
    file: Path,
    opener: pyrage.x25519.Identity,
    root: bytes,
    home: Home,
    passphrase: str,
    system: System,
    *,
    kdf: Kdf | None = None,
    accept_expired: bool = False,
    without_relay: bool = False,
    progress: Progress = lambda done, of: None,
) -> Desk:
    """Makes a new desk from a backup, in the place of the one that made it.

    Args:
        root: the root key's secret, 32 bytes; it admits the new desk, and lets it in at the relay.
        home: an empty place. passphrase: the new desk's.
        without_relay: go on alone from what the backup holds, though the organisation has a relay (K9).
    Returns: the unlocked desk; everything in the book was checked.
    Raises: BackupError, BookError, WeakPassphrase, StoreError, RelayError; nothing is left behind then.
    """
    check_passphrase(passphrase)
    if home.exists or home.book.exists():
        raise StoreError("A desk exists in that folder. Restore into another, or wipe that one first.")
    home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    random, signer = system.randomness, SigningKey(SigningSeed(root))
    try:
        manifest = _unpack(file, opener, home.book, system, accept_expired, progress)
        fresh = new_secrets(manifest.org, SigningSeed(random(KEY_BYTES)), SealingSeed(random(KEY_BYTES)), system)
        secrets = msgspec.structs.replace(
            fresh, database_key=manifest.database_key, keyring_keys=(manifest.keyring_key,)
        )
        store = Store.open(home.book, manifest.database_key, system.vfs)
        try:
            book = _open_checked(store, manifest, desk_keys(secrets), system, progress)[0]
            if signer.public not in book.roster.genesis.roots:
                raise BackupError("Those are not the root key's words of this organisation. Nothing was restored.")
            vault = Vault.create(home.vault, passphrase, secrets, kdf or new_kdf(random), random)
            desk = Desk(home, vault, book, system)
            if book.connected:
                _leave(desk, for_good=without_relay)
            if book.connected:
                _rejoin(desk, manifest.desk, root, system, progress)
            else:
                with book.transaction():
                    book.succeed(manifest.desk, [signer])
            desk.turn()
        except BaseException:
            store.close()
            raise
        flush_folder(home.folder)
    except BaseException:
        for path in (home.vault, home.book, home.book.with_name("book.db-wal")):
            path.unlink(missing_ok=True)
        raise
    return desk


def _leave(desk: Desk, *, for_good: bool) -> None:
    """What the old desk had not sent stays its own (K8); `for_good`: the relay is left, and it counts here (K9)."""
    book = desk.book
    with book.transaction():
        if for_good:
            book.disconnect()
            for name in ("relay", "relay_proxy"):
                book.store.set_meta(name, "")
        else:
            book.leave_unsent()
    desk.rebuild()


def _rejoin(desk: Desk, lost: DeskId, root: bytes, system: System, progress: Progress) -> None:
    """Lets the new desk in at the relay, takes the log to its end, and puts the desk in the lost one's place (K8)."""
    book = desk.book
    address, proxy = syncing.address_of(desk)
    relay = desk.relay()
    if relay is None or system.relay is None:
        raise BackupError(_AWAY)
    appeal = system.relay(address, book.org, Credential.of_root(root), proxy)
    side, claims = DeskSide(desk, progress), Claims()
    try:
        own = Credential.of_desk(desk.vault.secrets.signing_seed, book.org)
        appeal.put_credential(own.id, own.public, "manage", book.desk, None)
        pull(side, relay, claims, desk.now_ms(), progress)
        for left in book.left_behind():
            relay.append(None, [left.entry])
        while True:
            pull(side, relay, claims, desk.now_ms(), progress)
            if _succeeded(desk, lost, relay, SigningKey(SigningSeed(root))):
                break
        pull(side, relay, claims, desk.now_ms(), progress)
    except (Removed, WithheldSheet):
        raise BackupError(_BEYOND) from None
    except RelayRefused:
        raise BackupError(_REFUSED) from None
    except (RelayAway, RelayBusy):
        raise BackupError(_AWAY) from None
    finally:
        appeal.close()


def _succeeded(desk: Desk, lost: DeskId, relay: Relay, root: SigningKey) -> bool:
    """Appends root's amendment right after what this desk has seen; False, with nothing written, if others were first.

    Only root can make it again, and root's key is here now and not later; so it is kept only once the relay has it.
    """
    book = desk.book
    # Where an earlier restore was cut off after its amendment had left, its desk stands in the lost one's place.
    standing = next((one.desk for one in book.roster.active_desks() if lost in one.stands_for), lost)
    try:
        with book.transaction():
            book.succeed(standing, [root])
            (made,) = book.unsent()
            book.offer(made.seq)
            relay.append(book.position, [made.entry])
    except MovedOn:
        return False
    return True


def drill(
    file: Path,
    opener: pyrage.x25519.Identity,
    system: System,
    *,
    progress: Progress = lambda done, of: None,
) -> Drilled:
    """Proves that a backup restores, and leaves nothing behind (K7). Raises: BackupError, BookError, StoreError."""
    with tempfile.TemporaryDirectory(prefix="waystation-drill-") as folder:
        path = Path(folder) / "book.db"
        manifest = _unpack(file, opener, path, system, True, progress)
        keys = DeskKeys(
            SigningKey(SigningSeed(system.randomness(KEY_BYTES))),
            (SealingKey(SealingSeed(system.randomness(KEY_BYTES))),),
        )
        store = Store.open(path, manifest.database_key, system.vfs)
        try:
            book, report = _open_checked(store, manifest, keys, system, progress)
            same = _tables_agree(book, system)
        finally:
            store.close()
    return Drilled(manifest.made_ms, manifest.expires_ms, report, same)


def _tables_agree(book: Book, system: System) -> bool:
    tables = Tables(book.store.connection, system.registry, system.terms, lambda: today(system.clock))
    with book.transaction():
        tables.turn()
        before = tables.digest()
        tables.rebuild(book.changes())
        return before == tables.digest()


def _open_checked(
    store: Store, manifest: Manifest, keys: DeskKeys, system: System, progress: Progress
) -> tuple[Book, Report]:
    book = Book.open(store, keys, (manifest.keyring_key,), system.randomness)
    if (book.org, book.position, book.order) != (manifest.org, manifest.position, manifest.order):
        raise BackupError("K5: the book in this backup is not the one that its manifest names.")
    return book, book.check(progress)


def _recovery(desk: Desk) -> str:
    """The public half of the recovery key, as founding wrote it down."""
    kinds = desk.tables.facts(desk.folder(FolderType.OFFICE), frozenset(("organisation",)))
    for fields in kinds.get("organisation", {}).values():
        if isinstance(text := fields.get("recovery"), str):
            return text
    raise BackupError("This book names no recovery key. Nothing was written.")


def read_recipient(text: str) -> pyrage.x25519.Recipient:
    """An age recipient from its text. Raises: BadInput."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise BadInput({"recipient": Problem("bad_recipient", "That is no age recipient (age1…).")}) from None


def _measure(store: Store) -> tuple[int, bytes]:
    digest = hashlib.sha256()
    size = 0
    for piece in store.stored(_PIECE):
        digest.update(piece)
        size += len(piece)
    return size, digest.digest()


def _write(
    target: Path, manifest: Manifest, store: Store, recipients: list[pyrage.x25519.Recipient], progress: Progress
) -> None:
    described = encode(manifest)
    head = LEAD + u32(len(described)) + described
    reader = _Joined(chain((head,), store.stored(_PIECE)), manifest.size + len(head), progress)
    place_file(target, lambda file: pyrage.encrypt_io(reader, file, recipients))


def place_file(target: Path, write: Callable[[BufferedIOBase], object]) -> None:
    """Writes a file whole and durably, or leaves none."""
    temporary = target.with_name(target.name + ".new")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        flush_folder(target.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            "The backup could not be written (%(error)s). Free some space and try again.", error=error.strerror
        ) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _unpack(
    file: Path, opener: pyrage.x25519.Identity, target: Path, system: System, accept_expired: bool, progress: Progress
) -> Manifest:
    """Decrypts a backup into an encrypted book file (K2, K5)."""
    try:
        total = file.stat().st_size
        with file.open("rb") as source, target.open("xb") as sink:
            writer = _Parted(sink, total, progress)
            pyrage.decrypt_io(source, writer, [opener])
            sink.flush()
            os.fsync(sink.fileno())
    except (pyrage.DecryptError, OSError) as error:
        # The streaming decrypter reports an altered or missing segment as an OSError without a number.
        if isinstance(error, OSError) and error.errno is not None:
            raise StoreError("The backup could not be read or written (%(error)s).", error=error.strerror) from None
        raise BackupError("This backup does not open: another key is needed, or it was altered or cut short.") from None
    manifest = writer.manifest()
    if (writer.size, writer.digest.digest()) != (manifest.size, manifest.digest):
        raise BackupError("K5: the book in this backup is not complete. Use another backup.")
    if manifest.expires_ms < system.clock.now_ms() and not accept_expired:
        raise BackupError("This backup has expired. Use a newer one, or say that you accept an expired one.")
    return manifest


class _Joined(BufferedIOBase):
    """Reads pieces as one file of `size` bytes."""

    def __init__(self, pieces: Iterator[bytes], size: int, progress: Progress) -> None:
        self._pieces = pieces
        self._left = b""
        self._size = size
        self._done = 0
        self._progress = progress

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        if not self._left:
            self._left = next(self._pieces, b"")
        end = len(self._left) if size is None or size < 0 else size
        piece, self._left = self._left[:end], self._left[end:]
        self._done += len(piece)
        self._progress(self._done, self._size)
        return piece


class _Parted(BufferedIOBase):
    """Takes the manifest off what is written, and passes the rest on."""

    def __init__(self, sink: BufferedIOBase, total: int, progress: Progress) -> None:
        self._sink = sink
        self._head = b""
        self._manifest: Manifest | None = None
        self._total = total
        self._progress = progress
        self.size = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        """Takes a stretch of the decrypted backup."""
        piece = bytes(piece)
        taken = len(piece)
        if self._manifest is None:
            piece = self._lead(piece)
        self._sink.write(piece)
        self.digest.update(piece)
        self.size += len(piece)
        self._progress(min(self.size, self._total), self._total)
        return taken

    def manifest(self) -> Manifest:
        """What the backup says of itself. Raises: BackupError, if nothing readable came."""
        if self._manifest is None:
            raise BackupError("K2: this file is no backup of Waystation's.")
        return self._manifest

    def _lead(self, piece: bytes) -> bytes:
        """Collects until the manifest is complete; returns what follows it."""
        self._head += piece
        start = len(LEAD) + 4
        if not LEAD.startswith(self._head[: len(LEAD)]):
            raise BackupError("K2: this file is no backup of Waystation's.")
        if len(self._head) < start:
            return b""
        length = int.from_bytes(self._head[len(LEAD) : start], "big")
        if length > MANIFEST_MAX:
            raise BackupError("K2: this backup's manifest is impossibly large.")
        if len(self._head) < start + length:
            return b""
        self._manifest = _decode_manifest(self._head[start : start + length])
        rest, self._head = self._head[start + length :], b""
        return rest
