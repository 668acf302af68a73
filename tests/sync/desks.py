"""Several desks of one organisation around a relay in memory, each a real book on disk with its tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import PASSPHRASE
from tests.sync.relays import Line, MemoryRelay

from waystation.book import Book, Store
from waystation.book.roster import COORDINATOR, AdmitDesk, AdmitMember
from waystation.derive import KEY_BYTES
from waystation.ids import SINGLETONS, FolderType, MemberId, OrgId, RecordId, new_id
from waystation.office import syncing
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import desk_keys, found, new_secrets, unlock
from waystation.office.syncing import Syncing
from waystation.records import Many, Save, Write
from waystation.sign import SigningSeed
from waystation.sync.credential import Credential
from waystation.sync.relay import Relay
from waystation.textsearch import Terms
from waystation.unseal import SealingSeed
from waystation.vault import Vault, new_kdf

ADDRESS = "https://relay.example.org"


@dataclass
class Network:
    """Where relays are found by their address; each credential has one line to each."""

    relays: dict[str, MemoryRelay] = field(default_factory=dict)
    lines: dict[tuple[str, bytes], Line] = field(default_factory=dict)

    def relay(self, address: str, org: OrgId, credential: Credential, proxy: str) -> Relay:
        """As `System.relay`."""
        relay = self.relays.setdefault(address, MemoryRelay(org))
        return self.lines.setdefault((address, credential.id), relay.as_desk())


class Sitting:
    """One desk at work: its sync, and its line to the relay."""

    def __init__(self, desk: Desk, network: Network) -> None:
        self.desk = desk
        self.network = network
        self.syncing = Syncing(desk)
        self.root_words = ""

    @property
    def line(self) -> Line:
        """Its line to the relay that it works with now."""
        address, _ = syncing.address_of(self.desk)
        credential = Credential.of_desk(self.desk.vault.secrets.signing_seed, self.desk.book.org)
        self.desk.relay()
        return self.network.lines[address, credential.id]

    def round(self, times: int = 1) -> None:
        """So many rounds, each until nothing is left to be done."""
        for _ in range(times):
            while self.syncing.round():
                pass

    def round_once(self) -> None:
        """One round."""
        self.syncing.round()

    @property
    def wrong(self) -> syncing.Lie | None:
        """What was found to be wrong."""
        found = syncing.wrong(self.desk)
        return found.what if found else None

    def reopen(self) -> None:
        """Locks the desk and unlocks it again."""
        system = self.desk._system
        home = self.desk.home
        self.desk.lock()
        self.desk = unlock(home, PASSPHRASE, system)
        self.syncing = Syncing(self.desk)


def connected(folder: Path, clock: HeldClock, randomness: Seeded, count: int = 2) -> list[Sitting]:
    """A founder's desk, connected with a relay, and more coordinators' desks that have joined."""
    network = Network()
    kdf = new_kdf(randomness, memory_kib=64, passes=1, lanes=1)
    plugged = System(clock, randomness, Terms(), relay=network.relay)
    first, papers = found(Home(folder / "desk"), "Lantern House", "Wren", PASSPHRASE, plugged, kdf)
    syncing.connect(first, ADDRESS, "ticket")
    sittings = [Sitting(first, network)]
    sittings[0].root_words = papers.root_text
    for number in range(1, count):
        sittings.append(joined(sittings[0], folder / f"desk-{number}", (COORDINATOR,)))
    # Whoever joined earlier must know of the later ones before opening folders.
    for sitting in (*sittings, *sittings):
        sitting.round()
    return sittings


def joined(host: Sitting, folder: Path, roles: Sequence[str], member: MemberId | None = None) -> Sitting:
    """A new desk, admitted by another, that has pulled the log. The host's rounds carry the admission."""
    sitting = Sitting(admitted(host, folder, roles, member)[0], host.network)
    sitting.round()
    return sitting


def admitted(
    host: Sitting,
    folder: Path,
    roles: Sequence[str],
    member: MemberId | None = None,
    address: str = ADDRESS,
    folders: Sequence[FolderType] = SINGLETONS,
) -> tuple[Desk, Credential]:
    """A new desk with an empty book, and its credential. `folders`: those that are opened anew for it at once."""
    desk, plugged = host.desk, host.desk._system
    rand = plugged.randomness
    secrets = new_secrets(desk.book.org, SigningSeed(rand(KEY_BYTES)), SealingSeed(rand(KEY_BYTES)), plugged)
    keys = desk_keys(secrets)
    of = member or MemberId(new_id(rand))
    entry = keys.entry(of)
    admit = AdmitDesk(entry.desk, of, entry.verify_key, entry.sealing_key)
    with desk.book.transaction():
        desk.book.amend_roster(([] if member else [AdmitMember(of, tuple(roles))]) + [admit])
    for folder_type in folders:
        with desk.book.transaction():
            desk.book.rotate(desk.folder(folder_type), desk.book.roster.active_desks())
    if member is None:
        office = desk.folder(FolderType.OFFICE)
        about = {"display_name": f"Member {len(desk.book.roster.members)}", "roles": Many.of(tuple(roles))}
        desk.save(Save((Write(office, FolderType.OFFICE, "member", RecordId(of), about, new=True),)))
    host.round()
    home = Home(folder)
    home.folder.mkdir()
    kdf = new_kdf(rand, memory_kib=64, passes=1, lanes=1)
    vault = Vault.create(home.vault, PASSPHRASE, secrets, kdf, rand)
    store = Store.create(home.book, secrets.database_key)
    book = Book.join(store, desk.book.genesis, desk.book.organisation_keys(), keys, secrets.keyring_keys[0], rand)
    new = Desk(home, vault, book, plugged)
    with book.transaction():
        new.tables.create()
        store.set_meta("tables", new.tables.shape)
        store.set_meta("relay", address)
        book.connect()
    return new, Credential.of_desk(secrets.signing_seed, desk.book.org)
