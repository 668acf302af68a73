"""Desks around an honest relay: what one saves the others have, however often anything is cut off in between."""

from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import added, asked, shown
from tests.sync.desks import Sitting, connected

from waystation.errors import RelayAway, RelayBusy, RelayError
from waystation.ids import UNSENT, FolderType
from waystation.office import syncing
from waystation.office.side import DeskSide
from waystation.sync.credential import Credential
from waystation.sync.engine import Backoff, last_common


@pytest.fixture
def two(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> list[Sitting]:
    return connected(tmp_path, clock, randomness)


def same(*sittings: Sitting) -> bool:
    """Whether all stand at the same prefix, with the same rows."""
    return len({(one.desk.book.position, one.desk.book.order, one.desk.tables.digest()) for one in sittings}) == 1


def test_what_one_desk_saves_another_has(two: list[Sitting]) -> None:
    first, second = two
    request = asked(first.desk, code_name="Juniper Kettle")
    assert syncing.status(first.desk).unsent > 0
    first.round()
    assert syncing.status(first.desk).unsent == 0
    second.round()
    assert shown(second.desk, request, "request", request)["code_name"] == "Juniper Kettle"
    assert same(first, second)
    assert syncing.status(second.desk).heard_ms == second.desk.now_ms()


def test_unsent_saves_count_as_others_do(two: list[Sitting]) -> None:
    first, _ = two
    request = asked(first.desk, code_name="Juniper Kettle")
    assert first.desk.reader.row("SELECT position FROM history WHERE folder = ?", request) >= (UNSENT,)
    assert first.desk.reader.row("SELECT sum(rows) FROM request_total") == (1,)
    digest = first.desk.tables.digest()
    first.desk.rebuild()
    assert first.desk.tables.digest() == digest
    first.reopen()
    assert first.desk.tables.digest() == digest


def test_both_write_offline_for_weeks_and_come_together(two: list[Sitting], clock: HeldClock) -> None:
    first, second = two
    shared = asked(first.desk, code_name="Juniper Kettle")
    first.round()
    second.round()
    for sitting in two:
        sitting.line.away = True
    for week in range(3):
        clock.at_ms += 7 * 86_400_000
        for number, sitting in enumerate(two):
            asked(sitting.desk)
            added(sitting.desk, shared, "note", body=f"from desk {number} in week {week}")
            with pytest.raises(RelayAway):
                sitting.syncing.round()
    assert syncing.status(second.desk).away == "relay_away"
    for sitting in two:
        sitting.line.away = False
    second.round()
    first.round()
    second.round()
    assert same(first, second)
    assert first.desk.reader.row("SELECT count(*) FROM k_note WHERE folder = ?", shared) == (6,)


@pytest.mark.parametrize("lost", range(4))
def test_lost_answers_lose_nothing_and_double_nothing(two: list[Sitting], lost: int) -> None:
    first, second = two
    for _ in range(3):
        asked(first.desk)
    first.line.lose_answers = lost
    for _ in range(lost + 1):
        try:
            first.round()
        except RelayAway:
            continue
    second.round()
    assert same(first, second)
    assert second.desk.reader.row("SELECT count(*) FROM k_request") == (3,)


@pytest.mark.parametrize("at", range(12))
def test_cut_off_at_any_request_it_goes_on(two: list[Sitting], at: int) -> None:
    first, second = two
    shared = asked(second.desk, code_name="Theirs")
    second.round()
    asked(first.desk, code_name="Ours")
    seen = 0

    def fail(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise RelayAway

    first.line.fails = fail
    try:
        first.round()
    except RelayAway:
        first.reopen()
    first.line.fails = lambda name: None
    first.round()
    second.round()
    assert same(first, second)
    assert shown(first.desk, shared, "request", shared)["code_name"] == "Theirs"


def test_a_rotation_that_came_too_late_is_made_again(two: list[Sitting]) -> None:
    first, second = two
    for sitting in two:
        book = sitting.desk.book
        with book.transaction():
            book.rotate(sitting.desk.folder(FolderType.LEDGER), book.roster.active_desks())
    first.round()
    second.round()
    first.round()
    assert same(first, second)
    ledger = first.desk.folder(FolderType.LEDGER)
    assert first.desk.book.unsent_count() == second.desk.book.unsent_count() == 0
    assert [e.number for e in first.desk.book.epochs(ledger)] == [e.number for e in second.desk.book.epochs(ledger)]


def test_a_hidden_folder_is_hidden_everywhere_and_comes_back(two: list[Sitting]) -> None:
    first, second = two
    request = asked(first.desk, code_name="Juniper Kettle")
    first.round()
    second.round()
    added(second.desk, request, "note", body="Written while the other one hides it.")
    first.desk.hide(request)
    assert first.desk.reader.row("SELECT count(*) FROM k_request") == (0,)
    first.round()
    second.round()
    assert second.desk.reader.row("SELECT count(*) FROM k_request") == (0,)
    assert second.desk.reader.row("SELECT count(*) FROM k_note") == (0,)
    second.desk.unhide(request)
    assert second.desk.reader.row("SELECT count(*) FROM k_note") == (1,)
    second.round()
    first.round()
    assert same(first, second)
    assert first.desk.reader.row("SELECT count(*) FROM k_request") == (1,)


def test_hiding_what_was_never_sent_and_bringing_it_back(two: list[Sitting]) -> None:
    first, second = two
    request = asked(first.desk, code_name="Juniper Kettle")
    digest = first.desk.tables.digest()
    first.desk.hide(request)
    assert first.desk.reader.row("SELECT count(*) FROM k_request") == (0,)
    first.desk.unhide(request)
    assert first.desk.tables.digest() == digest
    first.round()
    second.round()
    assert same(first, second)


def test_far_behind_the_tables_are_made_at_the_end(two: list[Sitting], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = two
    monkeypatch.setattr("waystation.office.side.FAR", 5)
    monkeypatch.setattr("waystation.sync.engine._NEAR", 7)
    for _ in range(40):
        asked(first.desk)
    first.round()
    told: list[tuple[int, int]] = []
    second.syncing._progress = lambda done, of: told.append((done, of))  # type: ignore[method-assign]  # watched
    second.syncing._side = DeskSide(second.desk, second.syncing._progress)
    second.round()
    assert told
    assert told[-1][0] == told[-1][1]
    assert same(first, second)


def test_ended_while_far_behind_the_tables_are_made_when_it_is_unlocked(
    two: list[Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    monkeypatch.setattr("waystation.office.side.FAR", 5)
    monkeypatch.setattr("waystation.sync.engine._NEAR", 30)
    for _ in range(60):
        asked(first.desk)
    first.round()
    asks = 0

    def fail(name: str) -> None:
        nonlocal asks
        asks += name == "entries"
        if asks == 3:
            raise RelayAway

    second.line.fails = fail
    with pytest.raises(RelayAway):
        second.round()
    second.line.fails = lambda name: None
    second.reopen()
    assert second.desk.reader.row("SELECT count(*) > 5 FROM k_request") == (1,)
    second.round()
    assert same(first, second)


def test_more_desks_than_two(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    sittings = connected(tmp_path, clock, randomness, count=4)
    for _ in range(2):
        for number, sitting in enumerate(sittings):
            asked(sitting.desk)
            if number % 2:
                sitting.round()
    for sitting in (*sittings, *sittings, *sittings):
        sitting.round()
    assert same(*sittings)
    assert sittings[3].desk.reader.row("SELECT count(*) FROM k_request") == (8,)


def test_waits_longer_and_longer(randomness: Seeded) -> None:
    backoff = Backoff(randomness)
    waits = [backoff.failed() for _ in range(12)]
    assert all(2**n <= wait <= 1.5 * 2**n for n, wait in enumerate(waits[:8]))
    assert all(300 <= wait <= 450 for wait in waits[9:])
    backoff.worked()
    assert backoff.failed() <= 1.5
    assert backoff.failed(at_least_s=60) >= 60


def test_busy_is_told_and_nothing_is_lost(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk, code_name="Juniper Kettle")
    first.line.busy = True
    with pytest.raises(RelayBusy):
        first.round()
    assert syncing.status(first.desk).away == "relay_busy"
    first.line.busy = False
    first.round()
    second.round()
    assert same(first, second)


def test_common_position_by_halving(two: list[Sitting]) -> None:
    first, _ = two
    for _ in range(20):
        asked(first.desk)
    first.round()
    side, line = DeskSide(first.desk, lambda done, of: None), first.line
    other = line.relay.copy(13)
    for entry in line.relay.entries[14:]:
        other.add(entry)
    assert last_common(side, other.as_desk(), first.desk.book.position) == 13
    assert last_common(side, line.relay.copy(9).as_desk(), first.desk.book.position) == 9
    assert last_common(side, line, first.desk.book.position) == first.desk.book.position


def test_connecting_goes_on_where_it_was_cut_off(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> None:
    (first,) = connected(tmp_path, clock, randomness, count=1)
    for _ in range(5):
        asked(first.desk)
    first.round()
    (address,) = first.network.relays
    moved = "https://other.example.org"
    for cut in range(1, 5):
        first.network.relay(moved, first.desk.book.org, _credential(first), "")
        line = next(line for (at, _), line in first.network.lines.items() if at == moved)
        asks = 0

        def fail(name: str, cut: int = cut) -> None:
            nonlocal asks
            asks += 1
            if asks == cut:
                raise RelayAway

        line.fails = fail
        try:
            syncing.connect(first.desk, moved, "ticket")
        except RelayError:
            assert syncing.address_of(first.desk)[0] == address
    line.fails = lambda name: None
    syncing.connect(first.desk, moved, "ticket")
    relay = first.network.relays[moved]
    assert relay.head.order == first.desk.book.order
    assert [entry.header for entry in relay.entries] == [e.header for e in first.desk.book.entries()]
    assert set(relay.chunks) == {name for (name,) in first.desk.book.store.rows("SELECT hash FROM chunk")}


def _credential(sitting: Sitting) -> Credential:
    return Credential.of_desk(sitting.desk.vault.secrets.signing_seed, sitting.desk.book.org)
