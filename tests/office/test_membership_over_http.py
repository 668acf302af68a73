"""Joining, leaving and restoring over the real relay: its rights, its parcels, the root key's appeal (L6, L7, L21)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import PASSPHRASE, added, asked
from tests.relay.serving import PLENTY, Served, relay

from waystation.errors import JoinError, RelayRefused
from waystation.ids import OrgId
from waystation.office import inviting, joining, membership, syncing
from waystation.office.backup import backup, recovery_opener, restore
from waystation.office.desk import Desk, Home, System
from waystation.office.founding import Papers, found
from waystation.office.inviting import Stage
from waystation.office.joining import Joining
from waystation.office.syncing import Syncing
from waystation.relay.messages import ticket_hash
from waystation.relay.sqlite import open_sqlite
from waystation.sync.credential import Credential
from waystation.sync.http import HttpRelay
from waystation.textsearch import Terms
from waystation.vault import Kdf, new_kdf
from waystation.words import from_words


@pytest.fixture
def served(tmp_path: Path, clock: HeldClock) -> Iterator[Served]:
    store = open_sqlite(tmp_path / "relay.db")
    with relay(store, clock) as running:
        yield running
    store.close()


@pytest.fixture
def system(clock: HeldClock, randomness: Seeded) -> System:
    def at(address: str, org: OrgId, credential: Credential, proxy: str) -> HttpRelay:
        return HttpRelay(address, org, credential, proxy, clock, randomness)

    return System(clock, randomness, Terms(), relay=at)


@pytest.fixture
def ann(tmp_path: Path, system: System, served: Served) -> Iterator[tuple[Desk, Papers]]:
    desk, papers = found(Home(tmp_path / "ann"), "Lantern House", "Wren", PASSPHRASE, system, quick(system))
    served.store.add_ticket(ticket_hash("a-ticket"), PLENTY, served.clock.now_ms() // 1000 + 10_000)
    syncing.connect(desk, f"http://{served.authority}", "a-ticket")
    rounds(desk)
    yield desk, papers
    desk.lock()


def quick(system: System) -> Kdf:
    return new_kdf(system.randomness, memory_kib=64, passes=1, lanes=1)


def rounds(desk: Desk) -> None:
    """Until nothing is left to be done."""
    sitting = Syncing(desk)
    for _ in range(3):
        while sitting.round():
            pass


def begun(text: str, folder: Path, system: System) -> Joining:
    return joining.begin(Home(folder), text, PASSPHRASE, system, quick(system))


def test_join_work_leave(ann: tuple[Desk, Papers], tmp_path: Path, system: System) -> None:
    desk, _ = ann
    asked(desk, code_name="Juniper Kettle")
    made = inviting.invite(desk, ("coordinator",), "Ben")
    newcomer = begun(made.text, tmp_path / "ben", system)
    with pytest.raises(JoinError, match="does not know this invitation"):
        newcomer.poll()
    rounds(desk)
    assert newcomer.poll() is None
    assert newcomer.poll() is None, "the same request again is no second one"
    with pytest.raises(JoinError, match="used this invitation already"):
        begun(made.text, tmp_path / "thief", system).poll()
    rounds(desk)
    (one,) = inviting.pending(desk)
    assert one.stage is Stage.ASKED
    assert one.words == newcomer.words
    inviting.admit(desk, one.parcel)
    rounds(desk)
    ben = newcomer.poll()
    assert ben is not None
    rounds(ben)
    assert ben.reader.rows("SELECT code_name FROM k_request") == [("Juniper Kettle",)]
    asked(ben, code_name="Velvet Plough")
    rounds(ben)
    rounds(desk)
    assert len(desk.reader.rows("SELECT code_name FROM k_request")) == 2
    link = desk.relay()
    assert link is not None
    held = {(seen.right, seen.bound) for seen in link.credentials()}
    assert {("manage", desk.book.desk), ("manage", ben.book.desk)} <= held
    membership.change_roles(desk, ben.member, ("finance",))
    rounds(desk)
    assert ("desk", ben.book.desk) in {(seen.right, seen.bound) for seen in link.credentials()}
    rounds(ben)
    membership.remove_member(desk, ben.member)
    rounds(desk)
    with pytest.raises(RelayRefused):
        Syncing(ben).round()
    ben.lock()


def test_declining_shuts_out_at_once(ann: tuple[Desk, Papers], tmp_path: Path, system: System) -> None:
    desk, _ = ann
    made = inviting.invite(desk, ("finance",), "Ben")
    rounds(desk)
    newcomer = begun(made.text, tmp_path / "ben", system)
    assert newcomer.poll() is None
    rounds(desk)
    inviting.decline(desk, made.parcel)
    rounds(desk)
    with pytest.raises(JoinError, match="does not know this invitation"):
        newcomer.poll()


def test_root_lets_a_restored_desk_in(ann: tuple[Desk, Papers], tmp_path: Path, system: System) -> None:
    desk, papers = ann
    request = asked(desk, code_name="Juniper Kettle")
    made = backup(desk, tmp_path / "copy")
    rounds(desk)
    added(desk, request, "note", body="Written after the backup.")
    asked(desk, code_name="Velvet Plough")
    rounds(desk)
    desk.lock()
    opener = recovery_opener(from_words(" ".join(papers.recovery_words)))
    root = from_words(" ".join(papers.root_words))
    again = restore(made.file, opener, root, Home(tmp_path / "new"), PASSPHRASE, system, kdf=quick(system))
    # What was opened after the backup has a key that the backup does not hold.
    assert again.reader.rows("SELECT code_name FROM k_request") == [("Juniper Kettle",)]
    assert again.reader.rows("SELECT body FROM k_note") == [("Written after the backup.",)]
    rounds(again)
    link = again.relay()
    assert link is not None
    assert {seen.bound for seen in link.credentials()} == {again.book.desk}
    again.lock()
