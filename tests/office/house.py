"""An organisation around a relay in memory that lets in whom it was told to, and nobody else (spec/relay.md L5, L6)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import PASSPHRASE
from tests.sync.desks import ADDRESS, Network, Sitting
from tests.sync.relays import Line, MemoryRelay

from waystation.errors import RelayRefused
from waystation.ids import MemberId, OrgId
from waystation.office import inviting, joining, syncing
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import Papers, found
from waystation.office.inviting import Invited
from waystation.office.joining import Joining
from waystation.sync.credential import Credential
from waystation.sync.relay import CredentialSeen, Relay
from waystation.textsearch import Terms
from waystation.vault import new_kdf

RIGHTS = {
    "parcel": {"put_parcel", "parcel"},
    "desk": {"append", "entries", "order", "news", "put_chunks", "fetch_chunks"},
}


@dataclass
class Door(Network):
    """Where relays are found; each asks who it is that asks.

    Args:
        root: the one root key of the organisation, which is always let in to say whom to let in (L7).
        away: no relay can be reached. lose_append: the answers to so many appends are lost.
    """

    clock: HeldClock = field(default_factory=HeldClock)
    root: bytes = b""
    away: bool = False
    lose_append: int = 0

    def relay(self, address: str, org: OrgId, credential: Credential, proxy: str) -> Relay:
        relay = self.relays.setdefault(address, MemoryRelay(org))
        line = self.lines.get((address, credential.id))
        if line is None or line.closed:
            line = self.lines[address, credential.id] = relay.as_desk()
            line.fails = self._guard(relay, line, credential)
        line.away = self.away
        return line

    def _guard(self, relay: MemoryRelay, line: Line, credential: Credential) -> Callable[[str], None]:
        def guard(name: str) -> None:
            if name == "register":
                relay.known[credential.id] = CredentialSeen(credential.id, "manage", b"", None)
                return
            if credential.public == self.root and "credential" in name:
                return
            seen = relay.known.get(credential.id)
            now_s = self.clock.now_ms() // 1000
            if seen is None or (seen.expires_s is not None and seen.expires_s <= now_s):
                raise RelayRefused("unsigned")
            line.right, line.desk = seen.right, seen.bound
            if name == "append" and self.lose_append:
                self.lose_append -= 1
                line.lose_answers = 1
            if seen.right != "manage" and name not in RIGHTS[seen.right]:
                raise RelayRefused("forbidden")

        return guard


@dataclass
class House:
    """One organisation: its founder's desk, its relay, and whoever joins."""

    folder: Path
    clock: HeldClock
    randomness: Seeded
    door: Door = field(init=False)
    ann: Sitting = field(init=False)
    papers: Papers = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(clock=self.clock)
        kdf = new_kdf(self.randomness, memory_kib=64, passes=1, lanes=1)
        desk, self.papers = found(self.home("desk"), "Lantern House", "Wren", PASSPHRASE, self.system, kdf)
        syncing.connect(desk, ADDRESS, "ticket")
        self.ann = Sitting(desk, self.door)
        self.ann.round(2)

    @property
    def system(self) -> System:
        return System(self.clock, self.randomness, Terms(), relay=self.door.relay)

    @property
    def relay(self) -> MemoryRelay:
        return self.door.relays[ADDRESS]

    def home(self, name: str) -> Home:
        return Home(self.folder / name)

    def invited(self, roles: tuple[str, ...], name: str, member: MemberId | None = None) -> Invited:
        """An invitation of Ann's that the relay knows."""
        made = inviting.invite(self.ann.desk, roles, name, member=member)
        self.ann.round()
        return made

    def begun(self, text: str, folder: str) -> Joining:
        """A newcomer who has asked."""
        kdf = new_kdf(self.randomness, memory_kib=64, passes=1, lanes=1)
        newcomer = joining.begin(self.home(folder), text, PASSPHRASE, self.system, kdf)
        assert newcomer.poll() is None
        return newcomer

    def resumed(self, folder: str) -> Joining:
        """A newcomer who has closed the program meanwhile."""
        return joining.resume(self.home(folder), PASSPHRASE, self.system)

    def joined(self, name: str, *roles: str, member: MemberId | None = None, folder: str = "") -> Sitting:
        """Somebody who was invited, compared words, was admitted, and has heard what they may read."""
        made = self.invited(roles, name, member)
        newcomer = self.begun(made.text, folder or name)
        self.ann.round()
        (asked,) = [one for one in inviting.pending(self.ann.desk) if one.parcel == made.parcel]
        assert asked.words == newcomer.words
        inviting.admit(self.ann.desk, asked.parcel)
        self.ann.round(2)
        desk = newcomer.poll()
        assert desk is not None
        sitting = Sitting(desk, self.door)
        sitting.round()
        self.ann.round(2)
        sitting.round()
        return sitting

    def credential(self, desk: Desk) -> CredentialSeen | None:
        """What the relay knows of a desk's credential."""
        own = Credential.of_desk(desk.vault.secrets.signing_seed, desk.book.org)
        return self.relay.known.get(own.id)
