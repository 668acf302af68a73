"""A relay that lies is caught and named: nothing foreign is taken, saving goes on, a restart changes nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import PASSPHRASE, asked
from tests.sync.desks import ADDRESS, Sitting, connected

from waystation.book.entry import Entry
from waystation.errors import BadInput, Locked, MovedOn, Refused, RelayAway, RelayError
from waystation.ids import FolderType
from waystation.office import syncing
from waystation.office.desk import Home
from waystation.office.founding import unlock
from waystation.office.syncing import Lie
from waystation.sync.relay import Head


@pytest.fixture
def two(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> list[Sitting]:
    sittings = connected(tmp_path, clock, randomness)
    for _ in range(3):
        asked(sittings[0].desk)
    sittings[0].round()
    sittings[1].round()
    return sittings


def found(sitting: Sitting, lie: Lie) -> syncing.Wrong:
    """What was found, and that it stands after a restart, that nothing more is asked, and that saving goes on."""
    before = sitting.desk.book.position
    sitting.round()
    wrong = syncing.wrong(sitting.desk)
    assert wrong is not None
    assert wrong.what is lie
    assert syncing.status(sitting.desk).needs_person
    sitting.reopen()
    assert syncing.wrong(sitting.desk) == wrong
    asks = sitting.line.relay.asked
    unsent = sitting.desk.book.unsent_count()
    asked(sitting.desk)
    sitting.round()
    assert sitting.desk.book.unsent_count() > unsent
    assert sitting.desk.book.position >= before
    assert sitting.line.relay.asked == asks
    return wrong


def test_rewound(two: list[Sitting]) -> None:
    _, second = two
    relay, position = second.line.relay, second.desk.book.position
    relay.cut(position - 2)
    wrong = found(second, Lie.REWOUND)
    assert (wrong.position, wrong.common) == (position, position - 2)


def test_truncated_for_one_desk_only(two: list[Sitting]) -> None:
    _, second = two
    second.line.hold = second.desk.book.position - 1
    assert found(second, Lie.REWOUND).common == second.desk.book.position - 1


def test_forked(two: list[Sitting]) -> None:
    first, second = two
    relay, position = second.line.relay, second.desk.book.position
    asked(first.desk)
    first.line.relay = relay.copy(position - 3)
    # The first desk's history is rewound; what it sends now makes the relay's other branch.
    branch = first.line.relay
    for entry in [one.entry for one in first.desk.book.unsent()]:
        branch.add(entry)
    branch.add(relay.entries[position - 1])
    branch.add(relay.entries[position - 2])
    second.line.relay = branch
    wrong = found(second, Lie.FORKED)
    assert wrong.common == position - 3


def test_forked_shown_by_what_an_author_saw(two: list[Sitting]) -> None:
    """Two desks are shown two histories; the first entry that crosses over gives it away (S13)."""
    first, second = two
    relay = second.line.relay
    branch = relay.copy()
    second.line.relay = branch
    asked(first.desk)
    first.round()
    for _ in range(2):
        asked(second.desk)
        second.round()
    for entry in branch.entries[first.line.relay.head.position - 2 :]:
        relay.add(entry)
    assert found(first, Lie.FORKED)


def test_replayed_entries_change_nothing(two: list[Sitting]) -> None:
    first, second = two
    relay = first.line.relay
    digest = first.desk.tables.digest()
    relay.add(relay.entries[-1])
    relay.add(relay.entries[2])
    first.round()
    assert first.wrong is None
    assert first.desk.tables.digest() == digest
    assert not first.desk.book.suspended()
    second.round()
    assert second.desk.book.order == first.desk.book.order


def _flip(which: int) -> Callable[[Entry], Entry]:
    def flip(entry: Entry) -> Entry:
        parts = [entry.header, entry.signature, entry.body or b""]
        parts[which] = parts[which][:-1] + bytes([parts[which][-1] ^ 1])
        return Entry(parts[0], parts[1], parts[2])  # type: ignore[arg-type]  # a signature is bytes

    return flip


@pytest.mark.parametrize("which", [0, 1, 2])
def test_damaged(two: list[Sitting], which: int) -> None:
    first, second = two
    asked(first.desk)
    first.round()
    flip = _flip(which)
    second.line.bend = lambda entries: [*entries[:-1], flip(entries[-1])]
    position = second.desk.book.position
    assert found(second, Lie.DAMAGED).position > position
    assert second.desk.book.position == position


def test_dropped_from_the_middle(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk)
    asked(first.desk)
    first.round()
    second.line.bend = lambda entries: entries[1:]
    assert found(second, Lie.DAMAGED)
    assert not second.desk.book.suspended()


def test_reordered(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk)
    first.round()
    second.line.bend = lambda entries: list(reversed(entries))
    assert found(second, Lie.DAMAGED)
    assert not second.desk.book.suspended()


def test_reordered_for_one_desk_over_two_authors(two: list[Sitting]) -> None:
    """Two entries of two desks change places: the order hash is another, and whoever is shown both is told."""
    first, second = two
    relay = first.line.relay
    asked(first.desk)
    asked(second.desk)
    common = relay.head.position
    first.round()
    mine = relay.head.position
    second.round()
    theirs = relay.head.position
    order = [*range(1, common + 1), *range(mine + 1, theirs + 1), *range(common + 1, mine + 1)]
    other = relay.copy(theirs)
    other.reorder(order)
    first.line.relay = other
    assert found(first, Lie.FORKED).common == common


def test_withheld(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk)
    first.round()
    second.line.bend = lambda entries: []
    assert found(second, Lie.WITHHELD).position == second.desk.book.position + 1


def test_acknowledged_and_never_given_back(two: list[Sitting], clock: HeldClock) -> None:
    first, _ = two
    asked(first.desk)
    first.line.forget = True
    first.syncing.round()
    first.line.forget = False
    assert first.wrong is None
    clock.at_ms += 11 * 60_000
    assert found(first, Lie.WITHHELD)


def test_another_entry_where_ours_was_acknowledged(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk)
    asked(second.desk)
    first.line.forget = True
    first.syncing.round()
    first.line.forget = False
    second.round()
    assert found(first, Lie.TWO_FACED)


def test_refused_and_kept(two: list[Sitting]) -> None:
    """The relay appends later what it said that it refused, and what the desk has made again since (S17)."""
    first, second = two
    for sitting in two:
        with sitting.desk.book.transaction():
            book = sitting.desk.book
            book.rotate(sitting.desk.folder(FolderType.LEDGER), book.roster.active_desks())
    refused = [one.entry for one in first.desk.book.unsent()]
    asks = 0

    def race(name: str) -> None:
        nonlocal asks
        asks += name == "append"
        if name == "append" and asks == 1:
            second.round()
            raise MovedOn(first.line.relay.head.position, first.line.relay.head.order)

    first.line.fails = race
    first.round()
    assert first.wrong is None
    assert refused[0].header not in {entry.header for entry in first.desk.book.entries()}
    relay = first.line.relay
    relay.add(refused[0])
    assert found(first, Lie.TWO_FACED).position == relay.head.position


def test_sheets_withheld_are_an_alarm_and_the_log_goes_on(two: list[Sitting]) -> None:
    first, second = two
    request = asked(first.desk)
    first.round()
    second.line.withhold = {second.line.relay.head.order, *second.line.relay.chunks}
    second.round()
    assert second.wrong is None
    assert second.desk.book.position == first.desk.book.position
    assert syncing.status(second.desk).keys_missing == 1
    assert second.desk.reader.row("SELECT 1 FROM k_request WHERE folder = ?", request) is None
    second.line.withhold = set()
    second.round()
    assert syncing.status(second.desk).keys_missing == 0
    assert second.desk.reader.row("SELECT 1 FROM k_request WHERE folder = ?", request) == (1,)
    assert second.desk.tables.digest() == first.desk.tables.digest()


def test_spoiled_sheets_are_as_good_as_none(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk)
    first.round()
    second.line.spoil = True
    second.round()
    assert syncing.status(second.desk).keys_missing == 1
    second.line.spoil = False
    second.round()
    assert second.desk.tables.digest() == first.desk.tables.digest()


def test_without_the_organisations_key_the_log_stops(two: list[Sitting]) -> None:
    first, second = two
    with first.desk.book.transaction():
        first.desk.book.rotate(first.desk.folder(FolderType.ORGANISATION), first.desk.book.roster.active_desks())
    asked(first.desk)
    first.round()
    second.line.withhold = True
    with pytest.raises(RelayError):
        second.round()
    assert syncing.status(second.desk).keys_missing
    assert second.desk.book.position < first.desk.book.position
    second.line.withhold = set()
    second.round()
    assert second.desk.tables.digest() == first.desk.tables.digest()


def test_cloned(two: list[Sitting], tmp_path: Path) -> None:
    _, second = two
    home = second.desk.home
    system = second.desk._system
    second.desk.lock()
    copy = tmp_path / "copied"
    copy.mkdir()
    for path in home.folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    clone = Sitting(unlock(Home(copy), PASSPHRASE, system), second.network)
    asked(clone.desk)
    clone.round()
    second.desk = unlock(home, PASSPHRASE, system)
    second.syncing = syncing.Syncing(second.desk)
    second.round_once()
    assert second.desk.locked
    with pytest.raises(Locked):
        second.desk.book  # noqa: B018 -- it is the asking that raises
    second.desk = unlock(home, PASSPHRASE, system)
    assert second.wrong is Lie.CLONED
    with pytest.raises(Refused):
        asked(second.desk)
    with pytest.raises(Refused):
        syncing.try_again(second.desk)


def test_try_again_finds_it_again_or_goes_on(two: list[Sitting]) -> None:
    first, second = two
    asked(first.desk)
    first.round()
    second.line.bend = lambda entries: []
    found(second, Lie.WITHHELD)
    syncing.try_again(second.desk)
    second.round()
    assert second.wrong is Lie.WITHHELD
    syncing.try_again(second.desk)
    second.line.bend = None
    second.round()
    first.round()
    assert second.wrong is None
    assert second.desk.tables.digest() == first.desk.tables.digest()


def test_an_isolated_desk_shown_an_old_history_sees_nothing(two: list[Sitting]) -> None:
    """What cannot be seen (S21): only `last heard` stands still, until heads are compared."""
    first, second = two
    heard = syncing.status(second.desk).heard_ms
    second.line.hold = second.desk.book.position
    asked(first.desk)
    first.round()
    second.round()
    assert second.wrong is None
    assert syncing.status(second.desk).heard_ms == heard
    code = syncing.heads(first.desk).text
    with pytest.raises(BadInput):
        syncing.compare(second.desk, code)
    assert syncing.compare(first.desk, syncing.heads(second.desk).text)


def test_comparing_heads_shows_a_fork(two: list[Sitting]) -> None:
    first, second = two
    second.line.relay = second.line.relay.copy()
    for sitting in two:
        asked(sitting.desk)
        sitting.round()
    position = min(first.desk.book.position, second.desk.book.position)
    assert syncing.heads(first.desk, position).words != syncing.heads(second.desk, position).words
    assert syncing.heads(first.desk, position - 2).words == syncing.heads(second.desk, position - 2).words
    assert not syncing.compare(second.desk, syncing.heads(first.desk, position).text)
    assert second.wrong is Lie.FORKED


@pytest.mark.parametrize("text", ["", "nonsense", *(f"waystation-heads-{rest}" for rest in ("", "abc", "a" * 200))])
def test_a_code_that_is_none(two: list[Sitting], text: str) -> None:
    with pytest.raises(BadInput):
        syncing.compare(two[0].desk, text)


def test_away_is_no_lie(two: list[Sitting]) -> None:
    first, _ = two
    first.line.claim = None
    first.line.away = True
    with pytest.raises(RelayAway):
        first.round()
    assert first.wrong is None
    assert not syncing.status(first.desk).needs_person


def test_a_head_that_is_told_wrong(two: list[Sitting]) -> None:
    first, _ = two
    first.line.claim = Head(first.desk.book.position, first.desk.book.order_at(1))
    first.round()
    assert first.wrong is Lie.FORKED


def test_moving_to_a_relay_with_another_log(two: list[Sitting]) -> None:
    first, second = two
    moved = "https://other.example.org"
    first.network.relays[moved] = first.line.relay.copy(5)
    for entry in first.line.relay.entries[8:10]:
        first.network.relays[moved].add(entry)
    syncing.move(second.desk, moved)
    assert found(second, Lie.FORKED).common == 5
    syncing.move(second.desk, ADDRESS)
    assert second.wrong is None
    second.round()
    first.round()
    assert second.wrong is None
