"""Every desk is lost: recovery key, backup and root bring the organisation back, with its relay or without (K8, K9)."""

from pathlib import Path

import pyrage
import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.house import House
from tests.office.kit import PASSPHRASE, accepted, added
from tests.sync.desks import ADDRESS, Sitting

from waystation.errors import BackupError
from waystation.ids import FolderId
from waystation.office import access, syncing
from waystation.office.backup import Made, backup, recovery_opener, restore
from waystation.office.desk import Desk
from waystation.sign import SigningKey, SigningSeed
from waystation.vault import new_kdf
from waystation.words import from_words


@pytest.fixture
def house(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> House:
    return House(tmp_path, clock, randomness)


def restored(house: House, made: Made, folder: str = "new", **more: bool) -> Desk:
    root = from_words(" ".join(house.papers.root_words))
    house.door.root = SigningKey(SigningSeed(root)).public
    opener: pyrage.x25519.Identity = recovery_opener(from_words(" ".join(house.papers.recovery_words)))
    kdf = new_kdf(house.randomness, memory_kib=64, passes=1, lanes=1)
    return restore(made.file, opener, root, house.home(folder), PASSPHRASE, house.system, kdf=kdf, **more)


def notes(desk: Desk, case: FolderId) -> list[str]:
    return [body for (body,) in desk.reader.rows("SELECT body FROM k_note WHERE folder = ? ORDER BY body", case)]


def test_the_log_beyond_the_backup_comes_from_the_relay(house: House, tmp_path: Path) -> None:
    case = accepted(house.ann.desk)
    house.ann.round()
    added(house.ann.desk, case, "note", body="1 in the backup, not sent")
    made = backup(house.ann.desk, tmp_path / "copy")
    house.ann.round()
    added(house.ann.desk, case, "note", body="2 after the backup")
    house.ann.round(2)
    old = house.ann.desk.book.desk
    house.ann.desk.lock()
    desk = restored(house, made)
    assert notes(desk, case) == ["1 in the backup, not sent", "2 after the backup"]
    assert desk.book.roster.desks[old].active is False
    assert desk.book.order == house.relay.orders[-1]
    sitting = Sitting(desk, house.door)
    added(desk, case, "note", body="3 by the new desk")
    for _ in range(3):
        sitting.round()
        access.tend(desk, eager=True)
    assert syncing.wrong(desk) is None
    assert desk.book.unsent() == []
    assert desk.book.aside() == []
    assert desk.book.readers(case) == (desk.book.desk,)
    bound = {one.bound for one in house.relay.known.values()}
    assert desk.book.desk in bound
    assert old not in bound
    assert desk.book.check().aside == 0


def test_what_was_never_sent_is_sent_by_its_old_author(house: House, tmp_path: Path) -> None:
    case = accepted(house.ann.desk)
    house.ann.round()
    added(house.ann.desk, case, "note", body="never sent")
    made = backup(house.ann.desk, tmp_path / "copy")
    old = house.ann.desk.book.desk
    house.ann.desk.lock()
    desk = restored(house, made)
    assert notes(desk, case) == ["never sent"]
    authors = {change.ref[0] for change in desk.book.changes(folder=case)}
    assert authors == {old}
    assert desk.book.left_behind() == []
    assert desk.book.unsent() == []


def test_an_organisation_key_that_the_backup_lacks(house: House, tmp_path: Path) -> None:
    case = accepted(house.ann.desk)
    added(house.ann.desk, case, "note", body="kept")
    house.ann.round()
    made = backup(house.ann.desk, tmp_path / "copy")
    house.joined("Ben", "caseworker")
    with pytest.raises(BackupError, match="be invited there"):
        restored(house, made)
    assert not list(house.home("new").folder.iterdir())
    desk = restored(house, made, without_relay=True)
    assert not desk.book.connected
    assert notes(desk, case) == ["kept"]
    house.door.relays.pop(ADDRESS)
    house.door.lines.clear()
    syncing.connect(desk, ADDRESS, "ticket")
    added(desk, case, "note", body="later")
    Sitting(desk, house.door).round(2)
    assert house.relay.orders[-1] == desk.book.order
    assert notes(desk, case) == ["kept", "later"]


def test_a_relay_that_is_away_restores_nothing(house: House, tmp_path: Path) -> None:
    made = backup(house.ann.desk, tmp_path / "copy")
    house.ann.desk.lock()
    house.door.away = True
    with pytest.raises(BackupError, match="cannot be reached"):
        restored(house, made)
    assert not list(house.home("new").folder.iterdir())
    house.door.away = False
    desk = restored(house, made)
    assert desk.book.connected


def test_a_restore_that_was_cut_off_is_begun_again(house: House, tmp_path: Path) -> None:
    case = accepted(house.ann.desk)
    house.ann.round()
    made = backup(house.ann.desk, tmp_path / "copy")
    house.ann.desk.lock()
    house.door.lose_append = 1
    with pytest.raises(BackupError, match="cannot be reached"):
        restored(house, made)
    cut_off = len(house.relay.entries)
    desk = restored(house, made)
    assert len(house.relay.entries) == cut_off + 1
    assert len(desk.book.roster.active_desks()) == 1
    added(desk, case, "note", body="it goes on")
    Sitting(desk, house.door).round(2)
    assert desk.book.aside() == []
