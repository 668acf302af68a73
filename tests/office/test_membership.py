"""Joining and leaving over a relay: nobody comes in by an invitation alone, nobody reads on (spec/joining.md)."""

from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.house import House
from tests.office.kit import PASSPHRASE, accepted, added
from tests.sync.desks import ADDRESS, Sitting
from tests.sync.relays import MemoryRelay

from waystation.clock import DAY_MS
from waystation.errors import BookError, JoinError, Refused, RelayError
from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import access, inviting, joining, membership
from waystation.office.founding import unlock
from waystation.office.inviting import Stage
from waystation.records import Save, Write
from waystation.records.choices import Role
from waystation.sync.credential import Credential
from waystation.sync.relay import CredentialSeen


@pytest.fixture
def house(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> House:
    return House(tmp_path, clock, randomness)


def notes(sitting: Sitting, case: FolderId) -> list[str]:
    """The notes of a case that this desk has read."""
    return [body for (body,) in sitting.desk.reader.rows("SELECT body FROM k_note WHERE folder = ?", case)]


def reads(sitting: Sitting, folder: FolderId) -> bool:
    return sitting.desk.book.desk in sitting.desk.book.readers(folder)


def tended(*sittings: Sitting) -> None:
    """Rounds until every desk has heard of everything, and the folders have followed."""
    for _ in range(3):
        for sitting in sittings:
            if not membership.is_removed(sitting.desk):
                while access.tend(sitting.desk, eager=True):
                    pass
            sitting.round()


def let_in_again(house: House, sitting: Sitting) -> None:
    """The relay has not heard yet, as when no coordinator's desk has reached it since."""
    desk = sitting.desk
    own = Credential.of_desk(desk.vault.secrets.signing_seed, desk.book.org)
    house.relay.known[own.id] = CredentialSeen(own.id, "manage", desk.book.desk, None)


# ── Joining ──


def test_a_coordinator_who_joins_reads_what_was_written_before(house: House) -> None:
    case = accepted(house.ann.desk)
    added(house.ann.desk, case, "note", body="She waits at the bridge.")
    ben = house.joined("Ben", "coordinator")
    tended(house.ann, ben)
    assert notes(ben, case) == ["She waits at the bridge."]
    assert ben.desk.roles == {"coordinator"}
    added(ben.desk, case, "note", body="I have met her.")
    tended(ben, house.ann)
    assert notes(house.ann, case) == ["She waits at the bridge.", "I have met her."]


def test_a_caseworker_who_joins_reads_no_case(house: House) -> None:
    case = accepted(house.ann.desk)
    ben = house.joined("Ben", "caseworker")
    tended(house.ann, ben)
    assert not reads(ben, case)
    assert ben.desk.reader.rows("SELECT count(*) FROM case_now") == [(0,)]
    assert ben.desk.book.keyring_key != house.ann.desk.book.keyring_key
    names = [name for (name,) in ben.desk.reader.rows("SELECT display_name FROM k_member ORDER BY display_name")]
    assert names == ["Ben", "Wren"]


def test_both_screens_show_the_same_words_and_a_thief_other_ones(house: House) -> None:
    made = house.invited(("caseworker",), "Ben")
    thief = house.begun(made.text, "thief")
    ben = joining.begin(house.home("ben"), made.text, PASSPHRASE, house.system)
    with pytest.raises(JoinError, match="used this invitation already"):
        ben.poll()
    house.ann.round()
    (one,) = inviting.pending(house.ann.desk)
    assert one.stage is Stage.ASKED
    assert one.words == thief.words != ben.words
    inviting.decline(house.ann.desk, one.parcel)
    assert inviting.pending(house.ann.desk) == []
    house.ann.round()
    for newcomer in (thief, ben):
        with pytest.raises(JoinError, match="does not know this invitation"):
            newcomer.poll()
    assert len(house.ann.desk.book.roster.desks) == 1
    with pytest.raises(JoinError):
        inviting.admit(house.ann.desk, one.parcel)


def test_an_invitation_works_once(house: House) -> None:
    made = house.invited(("caseworker",), "Ben")
    ben = house.begun(made.text, "ben")
    house.ann.round()
    inviting.admit(house.ann.desk, made.parcel)
    house.ann.round(2)
    assert inviting.pending(house.ann.desk) == []
    late = joining.begin(house.home("late"), made.text, PASSPHRASE, house.system)
    with pytest.raises(JoinError, match="used this invitation already"):
        late.poll()
    assert ben.poll() is not None


def test_an_invitation_expires(house: House) -> None:
    made = house.invited(("caseworker",), "Ben")
    ben = house.begun(made.text, "ben")
    house.clock.at_ms += inviting.INVITED_DAYS * DAY_MS
    house.ann.round()
    assert inviting.pending(house.ann.desk) == []
    with pytest.raises(JoinError, match="does not know"):
        ben.poll()
    with pytest.raises(JoinError, match="expired"):
        joining.begin(house.home("late"), made.text, PASSPHRASE, house.system)
    assert not house.home("late").folder.exists()
    assert [one.right for one in house.relay.known.values()] == ["manage"]


def test_without_a_relay_nobody_is_invited(house: House) -> None:
    desk = house.ann.desk
    with desk.book.transaction():
        desk.book.store.set_meta("relay", "")
    with pytest.raises(JoinError, match="relay first"):
        inviting.invite(desk, ("caseworker",), "Ben")


def test_only_coordinators_invite_admit_and_remove(house: House) -> None:
    ben = house.joined("Ben", "caseworker")
    wren = house.ann.desk.member
    for refused in (
        lambda: inviting.invite(ben.desk, ("caseworker",), "Eve"),
        lambda: membership.change_roles(ben.desk, ben.desk.member, ("coordinator",)),
        lambda: membership.remove_member(ben.desk, wren),
        lambda: membership.remove_desk(ben.desk, house.ann.desk.book.desk),
    ):
        with pytest.raises(Refused):
            refused()


@pytest.mark.parametrize("history", ["shorter", "of another", "altered"])
def test_a_history_without_the_admission_is_refused_and_wiped(
    house: House, tmp_path: Path, clock: HeldClock, history: str
) -> None:
    made = house.invited(("caseworker",), "Ben")
    ben = house.begun(made.text, "ben")
    house.ann.round()
    inviting.admit(house.ann.desk, made.parcel)
    house.ann.round(2)
    honest = house.relay
    end = len(honest.entries)
    other = House(tmp_path / "other", clock, Seeded("other"))
    lying = {
        "shorter": lambda: honest.copy(end - 2),
        "of another": other.relay.copy,
        "altered": lambda: swapped(honest, end),
    }[history]()
    lying.org, lying.parcels, lying.known = honest.org, honest.parcels, honest.known
    house.door.relays[ADDRESS] = lying
    house.door.lines.clear()
    for _ in range(2):
        with pytest.raises((JoinError, BookError, RelayError)):
            ben.poll()
        assert not house.home("ben").book.exists()
    house.door.relays[ADDRESS] = honest
    house.door.lines.clear()
    desk = ben.poll()
    assert desk is not None
    assert desk.roles == {"caseworker"}


def swapped(relay: MemoryRelay, end: int) -> MemoryRelay:
    """The same entries, the last two the other way round."""
    twin = relay.copy()
    twin.reorder([*range(1, end - 1), end, end - 1])
    return twin


def test_what_was_interrupted_goes_on(house: House) -> None:
    for number in range(30):
        added(house.ann.desk, house.ann.desk.folder(FolderType.OFFICE), "task", title=f"Task {number}")
    house.ann.round()
    made = house.invited(("caseworker",), "Ben")
    house.begun(made.text, "ben")
    house.ann.round()
    inviting.admit(house.ann.desk, made.parcel)
    house.ann.round(2)
    house.relay.stretch = 7
    stops = [1, 2]

    class Stopped(Exception):
        pass

    for stop in stops:
        count = 0

        def stopping(done: int, of: int | None, stop: int = stop) -> None:
            nonlocal count
            count += 1
            if count == stop:
                raise Stopped

        with pytest.raises(Stopped):
            house.resumed("ben").poll(stopping)
        assert joining.waits(house.home("ben"))
    reached: list[int] = []
    desk = house.resumed("ben").poll(lambda done, of: reached.append(done))
    assert desk is not None
    assert reached[0] > 7 * sum(stops), "it began anew"
    desk.lock()
    assert not joining.waits(house.home("ben"))
    again = unlock(house.home("ben"), PASSPHRASE, house.system)
    assert again.book.connected
    again.lock()


def test_a_second_desk_of_ones_own(house: House) -> None:
    case = accepted(house.ann.desk)
    laptop = house.joined("", member=house.ann.desk.member, folder="laptop")
    tended(house.ann, laptop)
    assert laptop.desk.member == house.ann.desk.member
    assert reads(laptop, case)
    assert house.credential(laptop.desk) is not None
    assert [one.is_this for one in membership.desks_of(laptop.desk, laptop.desk.member)].count(True) == 1
    membership.name_computer(laptop.desk, laptop.desk.book.desk, "the old laptop")
    tended(laptop, house.ann)
    assert "the old laptop" in [one.computer for one in membership.desks_of(house.ann.desk, laptop.desk.member)]


def test_giving_up_leaves_no_key(house: House) -> None:
    made = house.invited(("caseworker",), "Ben")
    ben = house.begun(made.text, "ben")
    ben.give_up()
    assert list(house.home("ben").folder.iterdir()) == []


# ── Leaving ──


def test_whoever_is_removed_reads_nothing_written_afterwards(house: House) -> None:
    case = accepted(house.ann.desk)
    ben, cleo = house.joined("Ben", "coordinator"), house.joined("Cleo", "coordinator")
    tended(house.ann, ben, cleo)
    assert reads(ben, case)
    membership.remove_member(house.ann.desk, ben.desk.member)
    assert house.credential(ben.desk) is not None, "what is unsent changes nothing at the relay"
    house.ann.round(2)
    assert house.credential(ben.desk) is None
    with pytest.raises(RelayError):
        ben.round()
    tended(house.ann, cleo)
    for folder, _, readers in house.ann.desk.book.folders():
        assert ben.desk.book.desk not in readers, folder
    secret = "Written after he left."
    added(cleo.desk, case, "note", body=secret)
    tended(cleo, house.ann)
    assert notes(house.ann, case) == [secret]
    let_in_again(house, ben)
    ben.round()
    assert membership.is_removed(ben.desk)
    assert notes(ben, case) == []
    assert all(secret not in str(change.payload) for change in ben.desk.book.changes())
    with pytest.raises(Refused):
        added(ben.desk, case, "note", body="I write on.")


def test_a_lost_desk_goes_and_its_member_stays(house: House) -> None:
    case = accepted(house.ann.desk)
    laptop = house.joined("", member=house.ann.desk.member, folder="laptop")
    tended(house.ann, laptop)
    membership.remove_desk(house.ann.desk, laptop.desk.book.desk)
    tended(house.ann)
    assert house.ann.desk.member in house.ann.desk.book.roster.members
    assert house.ann.desk.book.readers(case) == (house.ann.desk.book.desk,)
    assert house.credential(laptop.desk) is None


def test_nobody_removes_themselves(house: House) -> None:
    desk = house.ann.desk
    with pytest.raises(Refused):
        membership.remove_member(desk, desk.member)
    with pytest.raises(Refused):
        membership.remove_desk(desk, desk.book.desk)
    with pytest.raises(Refused):
        membership.change_roles(desk, desk.member, (Role.CASEWORKER.value,))


def test_two_coordinators_who_remove_each_other(house: House) -> None:
    ben, cleo = house.joined("Ben", "coordinator"), house.joined("Cleo", "coordinator")
    tended(house.ann, ben, cleo)
    ann = house.ann.desk.member
    membership.remove_member(house.ann.desk, ben.desk.member)
    membership.remove_member(ben.desk, ann)
    ben.round()
    with pytest.raises(RelayError):
        house.ann.round()
    let_in_again(house, house.ann)
    house.ann.round()
    tended(cleo)
    assert ann not in cleo.desk.book.roster.members, "the first in the log stands"
    assert ben.desk.member in cleo.desk.book.roster.members
    assert membership.is_removed(house.ann.desk)
    assert not membership.is_removed(ben.desk)


def test_a_removal_races_with_writing(house: House) -> None:
    case = accepted(house.ann.desk)
    ben = house.joined("Ben", "coordinator")
    tended(house.ann, ben)
    added(ben.desk, case, "note", body="Written before he heard.")
    membership.remove_member(house.ann.desk, ben.desk.member)
    line = ben.line
    house.ann.round()
    let_in_again(house, ben)
    unsent = [one.entry for one in ben.desk.book.unsent()]
    line.relay.append(None, unsent)
    tended(house.ann)
    assert notes(house.ann, case) == []
    assert [one.member for one in house.ann.desk.book.aside()] == [ben.desk.member]
    assert house.ann.desk.book.check().aside == 1


def test_a_removal_is_not_shut_out_by_a_rotation_that_did_not_know(house: House) -> None:
    case = accepted(house.ann.desk)
    ben, cleo = house.joined("Ben", "caseworker"), house.joined("Cleo", "coordinator")
    tended(house.ann, cleo, ben)
    membership.change_roles(house.ann.desk, ben.desk.member, ("coordinator",))
    tended(house.ann, cleo, ben)
    membership.remove_member(house.ann.desk, ben.desk.member)
    readers = cleo.desk.book.roster.active_desks()
    with cleo.desk.book.transaction():
        cleo.desk.book.rotate(cleo.desk.folder(FolderType.ORGANISATION), readers)
        cleo.desk.book.rotate(case, readers)
    cleo.round()
    house.ann.round()
    tended(house.ann, cleo)
    for sitting in (house.ann, cleo):
        assert ben.desk.book.desk not in sitting.desk.book.readers(case)
        assert ben.desk.book.desk not in sitting.desk.book.readers(sitting.desk.folder(FolderType.ORGANISATION))


def test_other_roles_read_and_manage_otherwise(house: House) -> None:
    case = accepted(house.ann.desk)
    ben = house.joined("Ben", "finance")
    tended(house.ann, ben)
    seen = house.credential(ben.desk)
    assert seen is not None
    assert seen.right == "desk"
    membership.change_roles(house.ann.desk, ben.desk.member, ("coordinator",))
    tended(house.ann, ben, house.ann)
    assert reads(ben, case)
    seen = house.credential(ben.desk)
    assert seen is not None
    assert seen.right == "manage"
    membership.change_roles(house.ann.desk, ben.desk.member, ("finance",))
    tended(house.ann, ben, house.ann)
    assert not reads(ben, case)
    seen = house.credential(ben.desk)
    assert seen is not None
    assert seen.right == "desk"


def test_a_credential_that_its_desk_did_not_sign_is_let_in_nowhere(house: House) -> None:
    ben = house.joined("Ben", "caseworker")
    forged = Credential.from_seed(b"e" * 32)
    office = house.ann.desk.folder(FolderType.OFFICE)
    state = house.ann.desk.reader.rows("SELECT credential FROM k_desk")
    assert len(state) == 2
    false = {"credential": forged.public + bytes(64)}
    of = RecordId(ben.desk.book.desk)
    ben.desk.save(Save((Write(office, FolderType.OFFICE, "desk", of, false),)))
    tended(ben, house.ann)
    assert forged.id not in house.relay.known


# ── Keys ──


def test_desks_rekey_monthly_and_destroy_the_old_half(house: House) -> None:
    ben = house.joined("Ben", "coordinator")
    tended(house.ann, ben)
    first = ben.desk.vault.secrets.sealing_seeds
    assert not membership.rekey_if_due(ben.desk)
    house.clock.at_ms += membership.REKEY_DAYS * DAY_MS
    tended(ben, house.ann)
    second = ben.desk.vault.secrets.sealing_seeds
    assert second[:-1] == first
    assert (
        house.ann.desk.book.roster.desk(ben.desk.book.desk).sealing_key
        == ben.desk.book.roster.desk(ben.desk.book.desk).sealing_key
    )
    case = accepted(house.ann.desk)
    added(house.ann.desk, case, "note", body="To the new key.")
    tended(house.ann, ben)
    assert notes(ben, case) == ["To the new key."]
    house.clock.at_ms += membership.REKEY_DAYS * DAY_MS
    tended(ben, house.ann)
    third = ben.desk.vault.secrets.sealing_seeds
    assert third[:-1] == second[-1:]
    assert first[0] not in third
    assert ben.desk.book.aside() == house.ann.desk.book.aside() == []


def test_a_crash_between_vault_and_book_shuts_nobody_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = house.joined("Ben", "coordinator")
    tended(house.ann, ben)
    house.clock.at_ms += membership.REKEY_DAYS * DAY_MS
    with monkeypatch.context() as broken:
        broken.delattr("waystation.book.writing.WrittenBook.amend_roster")
        with pytest.raises(AttributeError, match="amend_roster"):
            membership.rekey_if_due(ben.desk)
    ben.reopen()
    case = accepted(house.ann.desk)
    tended(house.ann, ben)
    assert ben.desk.book.desk in ben.desk.book.readers(case)
    assert ben.desk.reader.rows("SELECT count(*) FROM case_now") == [(1,)]
    assert len(ben.desk.vault.secrets.sealing_seeds) == 2
