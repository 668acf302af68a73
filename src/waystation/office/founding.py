"""Founding an organisation at a desk, and unlocking it. Never over a port: the first administrator cannot be claimed.

Guarantees: the root key and the recovery key exist on paper only; they are given to the caller once, to be shown, and
are stored nowhere. Founding writes a complete desk, or removes what it had begun.
"""

from dataclasses import dataclass
from typing import Final

from waystation import words
from waystation.book import Book, DeskKeys, Progress, Store
from waystation.book.roster import NONCE_BYTES, new_genesis, read_genesis
from waystation.derive import KEY_BYTES, Key
from waystation.ids import FolderType, MemberId, OrgId, Randomness, RecordId, new_id, to_text
from waystation.office.desk import Desk, Home, System
from waystation.records import Save, Value, Write
from waystation.records.choices import Role
from waystation.records.values import Day, Many
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.vault import Kdf, SealingSeedAt, Secrets, Vault, check_passphrase, flush_folder, new_kdf
from waystation.verify import desk_id

RETYPED: Final = 3


@dataclass(frozen=True, slots=True)
class Papers:
    """What is shown once and kept on paper: each secret as 24 words, and what its QR code holds.

    `fingerprint`: the organisation's id as text, on both pages, so that they can be told from another organisation's.
    """

    root_words: tuple[str, ...]
    root_text: str
    recovery_words: tuple[str, ...]
    recovery_text: str
    fingerprint: str


def found(
    home: Home, organisation: str, display_name: str, passphrase: str, system: System, kdf: Kdf | None = None
) -> tuple[Desk, Papers]:
    """Founds an organisation: genesis, root and recovery keys, this desk, the first folders.

    Args:
        organisation: its name, as staff see it. display_name: the founder's name at work.
        kdf: other parameters than the usual ones; tests use weak ones, for speed.
    Returns: the unlocked desk, and the papers.
    Raises: WeakPassphrase, BadInput, StoreError; nothing is left behind then.
    """
    check_passphrase(passphrase)
    home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    random = system.randomness
    root = SigningKey(SigningSeed(root_secret := random(KEY_BYTES)))
    recovery = random(KEY_BYTES)
    genesis = new_genesis([root.public], 1, random(NONCE_BYTES))
    seeds = SigningSeed(random(KEY_BYTES)), SealingSeed(random(KEY_BYTES))
    secrets = new_secrets(read_genesis(genesis)[0], *seeds, system)
    vault = Vault.create(home.vault, passphrase, secrets, kdf or new_kdf(random), random)
    try:
        store = Store.create(home.book, secrets.database_key, system.vfs)
        member = MemberId(new_id(random))
        book = Book.found(store, genesis, [root], member, desk_keys(secrets), secrets.keyring_keys[0], random)
        desk = Desk(home, vault, book, system)
        with book.transaction():
            desk.tables.create()
            store.set_meta("tables", desk.tables.shape)
        desk.save(_first_records(desk, organisation, display_name, words.age_recipient(recovery)))
        flush_folder(home.folder)
    except BaseException:
        for path in (home.vault, home.book, home.book.with_name("book.db-wal")):
            path.unlink(missing_ok=True)
        raise
    papers = Papers(
        tuple(words.to_words(root_secret)),
        " ".join(words.to_words(root_secret)),
        tuple(words.to_words(recovery)),
        words.to_age_secret(recovery),
        fingerprint(desk.book.org),
    )
    return desk, papers


def unlock(home: Home, passphrase: str, system: System, progress: Progress = lambda done, of: None) -> Desk:
    """Opens an existing desk, and destroys what was hidden long enough (spec/book.md B24).

    Args:
        progress: where the tables have to be made again, as after an update of this program, that takes a while.
    Raises: WrongPassphrase, InUse, StoreError, BookError and the other ways in which a file may be unsound.
    """
    vault = Vault.open(home.vault, passphrase)
    store = Store.open(home.book, vault.secrets.database_key, system.vfs)
    try:
        book = Book.open(store, desk_keys(vault.secrets), vault.secrets.keyring_keys, system.randomness)
        desk = Desk(home, vault, book, system)
        if store.meta("tables") != desk.tables.shape:
            # Another version of this program laid them out, or declared fewer fields; the log has everything.
            desk.rebuild(progress)
        desk.turn()
        desk.destroy_due()
    except BaseException:
        store.close()
        raise
    return desk


def new_secrets(org: OrgId, signing: SigningSeed, sealing: SealingSeed, system: System) -> Secrets:
    """Fresh secrets of a new desk."""
    random = system.randomness
    return Secrets(
        1,
        org,
        desk_id(SigningKey(signing).public),
        Key(random(KEY_BYTES)),
        (Key(random(KEY_BYTES)),),
        signing,
        (SealingSeedAt(sealing, system.clock.now_ms()),),
    )


def words_to_retype(randomness: Randomness) -> frozenset[int]:
    """Three places, from 0, of the words that a person types back to show that the paper is right."""
    places: set[int] = set()
    while len(places) < RETYPED:
        places.add(randomness(1)[0] % words.WORDS)
    return frozenset(places)


def desk_keys(secrets: Secrets) -> DeskKeys:
    """The private keys that a vault guards, expanded."""
    return DeskKeys(SigningKey(secrets.signing_seed), tuple(SealingKey(held.seed) for held in secrets.sealing_seeds))


def fingerprint(org: OrgId) -> str:
    """The organisation's id in groups of four, to compare by eye or aloud."""
    text = to_text(org)
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def _first_records(desk: Desk, organisation: str, display_name: str, recovery: str) -> Save:
    office = desk.folder(FolderType.OFFICE)
    today = Day(desk.today(), desk.today(), "")
    about: dict[str, Value | None] = {"name": organisation, "recovery": recovery, "founded": today}
    roles = Many.of((Role.COORDINATOR.value,))
    founder: dict[str, Value | None] = {"display_name": display_name, "roles": roles, "joined": today}
    return Save(
        (
            Write(office, FolderType.OFFICE, "organisation", RecordId(desk.book.org[:16]), about, new=True),
            Write(office, FolderType.OFFICE, "member", RecordId(desk.member), founder, new=True),
        )
    )
