"""An organisation of several desks, each a member's own with the keys of their role, and one order that all pull.

The first desk keeps the order; the others pull from it, and what they write is carried to it and on to all. No network
takes part: what a relay does is tried elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import PASSPHRASE

from waystation.book import Book, Store
from waystation.book.roster import AdmitDesk, AdmitMember, RemoveMember
from waystation.ids import ChunkHash, FolderType, MemberId, RecordId, new_id
from waystation.office import access
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import desk_keys, found, new_secrets
from waystation.records import Many, Save, Write
from waystation.sign import SigningSeed
from waystation.textsearch import Terms
from waystation.unseal import SealingSeed
from waystation.vault import Vault, new_kdf

ROLES = ("caseworker", "documenter", "finance", "spokesperson")


@dataclass
class Staffed:
    """Desks by the name at work of whose they are; "Wren" founded the organisation and coordinates it."""

    folder: Path
    system: System
    first: Desk
    desks: dict[str, Desk] = field(default_factory=dict)

    def admit(self, name: str, *roles: str) -> Desk:
        """Another member with a desk of their own, who has pulled everything that they may read."""
        random = self.system.randomness
        member = MemberId(new_id(random))
        sealing, signing = SealingSeed(random(32)), SigningSeed(random(32))
        secrets = new_secrets(self.first.book.org, signing, sealing, self.system)
        home = Home(self.folder / name)
        home.folder.mkdir()
        kdf = new_kdf(random, memory_kib=64, passes=1, lanes=1)
        vault = Vault.create(home.vault, PASSPHRASE, secrets, kdf, random)
        keys = desk_keys(secrets)
        entry = keys.entry(member)
        with self.first.book.transaction():
            self.first.book.amend_roster(
                (AdmitMember(member, roles), AdmitDesk(entry.desk, member, entry.verify_key, entry.sealing_key))
            )
        office = self.first.folder(FolderType.OFFICE)
        named = {"display_name": name, "roles": Many.of(roles)}
        self.first.save(Save((Write(office, FolderType.OFFICE, "member", RecordId(member), named, new=True),)))
        self.tend()
        store = Store.create(home.book, secrets.database_key)
        book = Book.join(
            store, self.first.book.genesis, self.first.book.organisation_keys(), keys, secrets.keyring_keys[0], random
        )
        desk = Desk(home, vault, book, self.system)
        with book.transaction():
            desk.tables.create()
            store.set_meta("tables", desk.tables.shape)
        self.desks[name] = desk
        self.share()
        return desk

    def remove(self, desk: Desk) -> None:
        """Removes a member; their desk is told of it like any other."""
        with self.first.book.transaction():
            self.first.book.amend_roster((RemoveMember(desk.member),))
        self.tend()

    def tend(self, desk: Desk | None = None) -> None:
        """The first desk, or another one, opens every epoch that is wanted."""
        while access.tend(desk or self.first, eager=True):
            pass

    def pull(self, desk: Desk) -> None:
        """A desk takes what the first one holds and it does not."""
        self._take(desk, self.first)

    def carry(self, desk: Desk) -> None:
        """What a desk wrote comes to the first one, and from there to all."""
        self._take(self.first, desk)
        self.share()

    def share(self) -> None:
        """Every desk pulls."""
        for other in self.desks.values():
            self.pull(other)

    def _take(self, to: Desk, source: Desk) -> None:
        entries = list(source.book.entries())[to.book.position :]
        rows = source.book.store.rows("SELECT hash, bytes FROM chunk")
        sheets = {ChunkHash(name): chunk for name, chunk in rows}
        to.receive(entries, sheets)


@contextmanager
def staffed(folder: Path, clock: HeldClock, randomness: Seeded, terms: Terms | None = None) -> Iterator[Staffed]:
    """A coordinator, and a member of each other role, called after it. Every desk is locked when the block ends."""
    system = System(clock, randomness, terms or Terms())
    kdf = new_kdf(randomness, memory_kib=64, passes=1, lanes=1)
    (folder / "first").mkdir(parents=True)
    first, _ = found(Home(folder / "first" / "desk"), "Lantern House", "Wren", PASSPHRASE, system, kdf)
    staff = Staffed(folder, system, first)
    for role in ROLES:
        staff.admit(role.capitalize(), role)
    yield staff
    for desk in (first, *staff.desks.values()):
        desk.lock()
