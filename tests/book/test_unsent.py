"""What is unsent: laid over the log, lifted without a trace, made again where the log has moved on (spec/sync.md)."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.book.founded import Founded, some_keys
from tests.book.many import Member, Staff, state_of
from tests.ground.seeded import NOON_MS, Seeded

from waystation.book import FolderWrite, NewFolder
from waystation.book.entry import Entry, EntryKind, decode_header, header_hash
from waystation.book.roster import AdmitDesk, AdmitMember, RemoveDesk, RemoveMember
from waystation.clock import DAY_MS
from waystation.errors import AuthorityError, BookError, Cloned, Damaged, Forked, Removed, TwoFaced
from waystation.ids import UNSENT, FolderId, FolderType, MemberId


@pytest.fixture
def staff(tmp_path: Path, randomness: Seeded) -> Iterator[Staff]:
    """Two coordinators, connected."""
    made = Staff(tmp_path, randomness, 2)
    yield made
    made.close()


@pytest.fixture
def ann(staff: Staff) -> Member:
    return staff.members[0]


@pytest.fixture
def ben(staff: Staff) -> Member:
    return staff.members[1]


@pytest.fixture
def case(ann: Member, ben: Member) -> FolderId:
    """A case that both read, and both know."""
    folder = ann.open_folder(b"first", [ben])
    ann.sync()
    ben.sync()
    return folder


def lifted(member: Member) -> dict[str, object]:
    """The state at a desk while what is unsent is lifted."""
    book, found = member.book, {}
    try:
        with book.transaction():
            book.receive([])
            found = {name: value for name, value in state_of(book).items() if name != "mark"}
            raise InterruptedError
    except InterruptedError:
        return found


def test_two_desks_hold_the_same(ann: Member, ben: Member, case: FolderId) -> None:
    ben.save(case, b"second")
    ben.sync()
    ann.sync()
    assert ann.told(case) == ben.told(case) == [b"first", b"second"]
    assert state_of(ann.book) == state_of(ben.book)
    assert ann.book.check().aside == ben.book.check().aside == 0


def test_what_is_unsent_is_there_and_moves_no_order(ann: Member, case: FolderId) -> None:
    """S2: it never counts towards h or seen."""
    book = ann.book
    before = (book.position, book.order)
    accepted = ann.save(case, b"second")
    new = ann.open_folder(b"another")
    assert (book.position, book.order) == before
    assert (accepted.position, accepted.ref) == (UNSENT + accepted.ref[1], accepted.ref)
    assert ann.told(case) == [b"first", b"second"]
    assert [change.payload for change in book.changes(folder=case)] == [b"first"]
    assert book.readers(new) == (book.desk,)
    assert {decode_header(unsent.entry.header).seen_position for unsent in book.unsent()} == {before[0]}


def test_lifting_leaves_no_trace(ann: Member, ben: Member, case: FolderId) -> None:
    before = {name: value for name, value in state_of(ann.book).items() if name != "mark"}
    ann.save(case, b"second")
    ann.open_folder(b"another", [ben])
    ann.rotate(case, [ann])
    ann.bury(case, "hide")
    with ann.book.transaction():
        ann.book.amend_roster([RemoveDesk(ben.keys.desk)])
        ann.book.rotate(ann.book.singleton(FolderType.ORGANISATION), [ann.me])
    laid = state_of(ann.book)
    assert laid["epoch"] != before["epoch"]
    assert lifted(ann) == before
    assert state_of(ann.book) == laid


def test_it_survives_closing(ann: Member, ben: Member, case: FolderId) -> None:
    ann.rotate(case, [ann])
    ann.save(case, b"second")
    with ann.book.transaction():
        ann.book.amend_roster([AdmitMember(MemberId(bytes(16)), ("finance",))])
    before = (state_of(ann.book), ann.book.unsent(), ann.told(case))
    ann.reopen()
    assert ann.book.connected
    assert (state_of(ann.book), ann.book.unsent(), ann.told(case)) == before
    ann.save(case, b"third")
    ann.sync()
    ben.sync()
    assert state_of(ann.book) == state_of(ben.book)


def test_a_stretch_that_is_not_laid_is_refused(ann: Member, case: FolderId) -> None:
    ann.save(case, b"second")
    before = state_of(ann.book)
    with pytest.raises(BookError, match="S2"), ann.book.transaction():
        ann.book.receive([])
    assert state_of(ann.book) == before


def test_a_change_is_sealed_again_under_the_newest_epoch(ann: Member, ben: Member, case: FolderId) -> None:
    """S4; whoever left the folder in the meantime does not read it."""
    accepted = ann.save(case, b"second")
    (old,) = ann.book.unsent()
    ben.rotate(case, [ann, ben])
    ben.sync()
    ann.pull()
    (new,) = ann.book.unsent()
    epoch = ann.book.epochs(case)[-1]
    assert epoch.number == 1
    assert (new.seq, new.save) == (old.seq, old.save)
    before, after = decode_header(old.entry.header), decode_header(new.entry.header)
    assert after.tag != before.tag
    assert after.seen_position == before.seen_position < ann.book.position, "it claims to have seen what came meanwhile"
    assert [(c.ref, c.position, c.payload) for c in ann.laid[-1].changes] == [
        (accepted.ref, accepted.position, b"second")
    ]
    ann.sync()
    ben.pull()
    assert ben.told(case) == [b"first", b"second"]


def test_what_was_offered_is_not_made_again(ann: Member, ben: Member, case: FolderId) -> None:
    """S3: its answer was lost; it may be anywhere."""
    ann.save(case, b"second")
    (old,) = ann.book.unsent()
    with ann.book.transaction():
        ann.book.offer(old.seq)
    ben.rotate(case, [ann, ben])
    ben.sync()
    ann.pull()
    (kept,) = ann.book.unsent()
    assert (kept.entry, kept.offered, kept.aside) == (old.entry, True, None)
    ann.sync()
    ben.pull()
    assert ben.told(case) == [b"first", b"second"]
    assert ben.book.aside() == []


def test_two_who_rotate_both_rotate(ann: Member, ben: Member, case: FolderId) -> None:
    """S4: a later epoch is made anew over the newest one; what was written under the lost one goes with it."""
    ann.rotate(case, [ann, ben])
    ann.save(case, b"under mine")
    lost = decode_header(ann.book.unsent()[-1].entry.header).tag
    ben.rotate(case, [ann, ben])
    ben.save(case, b"under his")
    ben.sync()
    ann.sync()
    ben.sync()
    assert [epoch.number for epoch in ann.book.epochs(case)] == [0, 1, 2]
    assert ann.told(case) == ben.told(case) == [b"first", b"under his", b"under mine"]
    assert ann.book.store.rows("SELECT 1 FROM keyring WHERE tag = ?", lost) == []
    assert state_of(ann.book) == state_of(ben.book)
    assert ann.book.aside() == []


def test_amendments_are_drafted_again(ann: Member, ben: Member) -> None:
    """S4: on the newest roster, without what no longer applies; and what comes after keeps its number."""
    one, two = MemberId(bytes(15) + b"1"), MemberId(bytes(15) + b"2")
    with ann.book.transaction():
        ann.book.amend_roster([AdmitMember(one, ("finance",)), RemoveDesk(ben.keys.desk)])
    case = ann.open_folder(b"first")
    numbers = [unsent.seq for unsent in ann.book.unsent()]
    with ben.book.transaction():
        ben.book.amend_roster([AdmitMember(two, ("finance",)), RemoveDesk(ben.keys.desk)], [])
    ben.sync()
    ann.pull()
    assert [unsent.seq for unsent in ann.book.unsent()] == numbers
    assert ann.told(case) == [b"first"]
    ann.sync()
    assert {one, two} <= ann.book.roster.members.keys()
    assert ann.book.aside() == []


def test_a_change_of_roles_does_not_admit_again(staff: Staff, ann: Member, ben: Member) -> None:
    ben_member = ben.book.member
    with ann.book.transaction():
        ann.book.amend_roster([AdmitMember(ben_member, ("finance",))])
    cleo = staff.admit(ben)
    with cleo.book.transaction():
        cleo.book.amend_roster([RemoveMember(ben_member)])
    cleo.sync()
    ann.sync()
    assert ben_member not in ann.book.roster.members


def test_a_folder_that_was_lost_keeps_its_seal(staff: Staff, ann: Member, ben: Member) -> None:
    """S4: what its author cannot read any more is set aside, and may be adopted (B34)."""
    case = ann.open_folder(b"first", [ben])
    ann.sync()
    ben.sync()
    with ben.book.transaction():
        ben.book.amend_roster([AdmitMember(MemberId(bytes(16)), ())])
    ben.save(case, b"from the field")
    ann.rotate(case, [ann])
    with ann.book.transaction():
        ann.book.amend_roster([AdmitMember(MemberId(bytes(15) + b"1"), ())])
    ann.sync()
    ben.pull()
    assert ben.laid[-1].changes == ()
    assert [unsent.aside is None for unsent in ben.book.unsent()] == [True, False]
    ben.sync()
    ann.pull()
    (aside,) = ann.book.aside()
    assert (aside.desk, aside.folder, aside.readable, aside.adopted_by) == (ben.keys.desk, case, True, None)
    with ann.book.transaction():
        accepted = ann.book.adopt(aside.position, ann.stamp())
    assert (accepted.payload, accepted.folder) == (b"from the field", case)
    with pytest.raises(BookError, match="already"), ann.book.transaction():
        ann.book.adopt(aside.position, ann.stamp())
    ann.sync()
    (aside,) = ann.book.aside()
    assert aside.adopted_by == ann.book.position
    with pytest.raises(BookError, match="already"), ann.book.transaction():
        ann.book.adopt(aside.position, ann.stamp())
    assert ann.told(case)[-1] == b"from the field"


def test_two_who_open_one_folder(ann: Member, ben: Member) -> None:
    """B11: the first stands; what the other wrote is sealed for its readers, and nothing is lost."""
    request = FolderId(b"one sealed reque")
    for member in (ann, ben):
        with member.book.transaction():
            new = NewFolder(request, FolderType.REQUEST, tuple(member.book.roster.active_desks()))
            member.book.append(member.stamp(), [FolderWrite(request, b"by " + member.keys.desk[:1])], [new])
    ann.sync()
    ben.sync()
    ann.pull()
    assert ann.told(request) == ben.told(request) == [b"by " + ann.keys.desk[:1], b"by " + ben.keys.desk[:1]]
    assert [aside.why[:3] for aside in ann.book.aside()] == ["B11"]


def test_what_a_lost_first_epoch_held_can_be_adopted(ann: Member, ben: Member) -> None:
    """B32: a recipient takes the key of a first epoch that lost; here its change had been offered already."""
    request = FolderId(b"one sealed reque")
    for member in (ann, ben):
        with member.book.transaction():
            new = NewFolder(request, FolderType.REQUEST, tuple(member.book.roster.active_desks()))
            member.book.append(member.stamp(), [FolderWrite(request, b"by " + member.keys.desk[:1])], [new])
    ann.sync()
    ben.push()
    ben.pull()
    ann.pull()
    found = [aside for aside in ann.book.aside() if aside.readable]
    assert [aside.folder for aside in found] == [request]
    with ann.book.transaction():
        assert ann.book.adopt(found[0].position, ann.stamp()).payload == b"by " + ben.keys.desk[:1]


def test_an_unsent_hide_stays_hidden_all_the_way(ann: Member, ben: Member, case: FolderId) -> None:
    ann.bury(case, "hide")
    assert ann.told() == []
    ben.save(case, b"second")
    ben.sync()
    ann.pull()
    assert (ann.received[-1].fresh, ann.received[-1].hidden) == (frozenset(), ())
    assert ann.laid[-1].fresh == frozenset()
    assert ann.book.is_hidden(case)
    ann.sync()
    ben.pull()
    assert ben.received[-1].hidden == (case,)
    ben.bury(case, "cancel")
    assert not ben.book.is_hidden(case)
    ben.sync()
    ann.pull()
    assert ann.received[-1].fresh == {case}
    assert ann.told(case) == [b"first", b"second"]


def test_an_unsent_tombstone_destroys_nothing(ann: Member, ben: Member, case: FolderId) -> None:
    """B24: what cannot be undone waits for the log."""
    due = NOON_MS + 8 * DAY_MS
    ann.bury(case, "hide")
    ann.sync()
    ben.pull()
    ben.bury(case, "confirm")
    assert ben.book.erasure(case).state == "confirmed"
    assert ben.book.due_for_destruction(due) == []
    ben.sync()
    assert ben.book.due_for_destruction(due) == [case]
    ben.bury(case, "cancel")
    assert ben.book.due_for_destruction(due) == []


def test_a_desk_alone_settles_what_is_unsent(ann: Member, ben: Member, case: FolderId) -> None:
    """S1: who takes the log over gives it its order."""
    ann.save(case, b"second")
    ann.rotate(case, [ann])
    seqs = [unsent.seq for unsent in ann.book.unsent()]
    with ann.book.transaction():
        ann.book.disconnect()
    assert ann.book.unsent() == []
    last = list(ann.book.entries())[-2:]
    assert [decode_header(entry.header).seq for entry in last] == seqs
    ann.save(case, b"third")
    assert ann.told(case) == [b"first", b"second", b"third"]
    assert ann.book.check().aside == 0
    ann.reopen()
    assert not ann.book.connected
    # The same order, at a relay that was empty, is what others go on from.
    ben.shared.entries[:] = ann.book.entries_from(0, 10_000)
    ben.pull()
    assert state_of(ben.book) == state_of(ann.book)


def forged(member: Member, payload: bytes, case: FolderId) -> Entry:
    """What a clone of a desk would write next."""
    book = member.book
    try:
        with book.transaction():
            book.append(member.stamp(), [FolderWrite(case, payload)])
            entry = book.unsent()[-1].entry
            raise InterruptedError
    except InterruptedError:
        return entry


def test_a_clone_is_found_by_the_desk_itself(ann: Member, ben: Member, case: FolderId) -> None:
    """S16."""
    ann.shared.entries.append(forged(ann, b"not mine", case))
    before = state_of(ann.book)
    with pytest.raises(Cloned) as raised:
        ann.pull()
    assert raised.value.position == len(ann.shared.entries)
    assert state_of(ann.book) == before
    ben.pull()


@pytest.mark.parametrize("again", [False, True])
def test_what_was_refused_may_come_only_if_it_was_offered_again(ann: Member, case: FolderId, again: bool) -> None:
    """S17."""
    ann.save(case, b"second")
    (unsent,) = ann.book.unsent()
    with ann.book.transaction():
        ann.book.offer(unsent.seq)
        ann.book.refuse([unsent.seq])
        if again:
            ann.book.offer(unsent.seq)
    ann.shared.entries.append(unsent.entry)
    if again:
        ann.pull()
        assert ann.book.unsent() == []
    else:
        with pytest.raises(TwoFaced):
            ann.pull()
        assert [(u.offered, u.seq) for u in ann.book.unsent()] == [(False, unsent.seq)]


def test_two_faced(ann: Member, ben: Member, case: FolderId) -> None:
    """S17: refused, made again, and then the first draft turns up."""
    ann.save(case, b"second")
    (first,) = ann.book.unsent()
    with ann.book.transaction():
        ann.book.offer(first.seq)
        ann.book.refuse([first.seq])
    ben.rotate(case, [ann, ben])
    ben.sync()
    ann.pull()
    (again,) = ann.book.unsent()
    assert again.entry != first.entry
    ann.shared.entries.append(first.entry)
    with pytest.raises(TwoFaced):
        ann.pull()
    assert ann.book.unsent() == [again]


def test_two_histories_suspend_a_desk(staff: Staff, ann: Member, ben: Member, case: FolderId) -> None:
    """B29: the first in the log stands; the rest is set aside until the desk is removed."""
    other = forged(ben, b"by the clone", case)
    ben.save(case, b"by ben")
    ben.push()
    ann.pull()
    ann.shared.entries.append(other)
    ann.take([other])
    assert ann.received[-1].suspended == (ben.keys.desk,)
    assert ann.book.suspended() == (ben.keys.desk,)
    assert ann.told(case) == [b"first", b"by ben"]
    late = forged(ben, b"too late", case)
    assert late.header != other.header
    ann.shared.entries.append(other)
    ann.take([other])
    assert [aside.why[:3] for aside in ann.book.aside()] == ["B29"]
    assert ann.book.check().aside == 2
    with ann.book.transaction():
        ann.book.amend_roster([RemoveDesk(ben.keys.desk)])
    ann.sync()
    assert ann.book.suspended() == ()


def test_a_gap_is_no_second_history(ann: Member, ben: Member, case: FolderId) -> None:
    """B29: a relay that drops or reorders entries does not get a desk suspended."""
    ben.save(case, b"second")
    ben.save(case, b"third")
    one, two = (unsent.entry for unsent in ben.book.unsent())
    for stretch in ([two], [two, one]):
        with pytest.raises(Damaged, match="missing"):
            ann.take(stretch)
    assert ann.book.suspended() == ()
    ann.take([one, two])


def test_an_altered_entry_is_damaged(ann: Member, ben: Member, case: FolderId) -> None:
    """S14; and a broken chain blames nobody unless its own signature verifies."""
    ben.save(case, b"second")
    ben.save(case, b"third")
    one, two = (unsent.entry for unsent in ben.book.unsent())
    assert one.body is not None
    bad = [
        Entry(one.header, one.signature, one.body[:-1] + bytes([one.body[-1] ^ 1])),
        Entry(one.header, two.signature, one.body),
        Entry(one.header[:70] + b"?" + one.header[71:], one.signature, one.body),
        Entry(b"WSF" + one.header[3:], one.signature, one.body),
    ]
    for entry in bad:
        with pytest.raises(Damaged) as raised:
            ann.take([entry])
        assert raised.value.position == ann.book.position + 1
    # An early signature that a later one of the chain vouches for is good ([12]).
    ann.take([bad[1], two])
    assert ann.told(case) == [b"first", b"second", b"third"]
    assert ann.book.check().vouched == 1


def test_an_author_who_saw_another_history(ann: Member, ben: Member, case: FolderId) -> None:
    """S13: the position is what the author claims to have seen."""
    ann.save(case, b"shown to ben only")
    (hidden,) = [unsent.entry for unsent in ann.book.unsent()]
    ben.take([hidden])
    ben.save(case, b"second")
    (entry,) = [unsent.entry for unsent in ben.book.unsent()]
    with ann.book.transaction():
        ann.book.amend_roster([AdmitMember(MemberId(bytes(16)), ())])
    third = ann.open_folder(b"on the other side")
    assert third
    with pytest.raises(Forked) as raised:
        ann.take([entry])
    assert raised.value.position == ben.book.position


@pytest.mark.parametrize("kind", [EntryKind.CHANGE, EntryKind.ROSTER])
def test_entries_of_strangers_bind_nobody(
    staff: Staff, ann: Member, ben: Member, case: FolderId, kind: EntryKind
) -> None:
    """B20: a relay cannot begin the chain of a desk that is still to be admitted."""
    ben.save(case, b"second")
    (entry,) = [unsent.entry for unsent in ben.book.unsent()]
    keys = some_keys(staff.randomness)
    header = bytearray(entry.header)
    header[4] = kind
    header[136:168] = ann.book.organisation_keys()[-1].tag
    header[40:56], header[56:64], header[64:96] = keys.desk, bytes(8), bytes(32)
    planted = replace(entry, header=bytes(header))
    ann.shared.entries.append(planted)
    ann.sync()
    listed = keys.entry(ann.book.member)
    with ann.book.transaction():
        ann.book.amend_roster([AdmitDesk(listed.desk, listed.member, listed.verify_key, listed.sealing_key)])
        for kind in (FolderType.ORGANISATION, FolderType.OFFICE):
            ann.book.rotate(ann.book.singleton(kind), ann.book.roster.active_desks())
    ann.sync()
    newcomer = staff.join(keys, ann)
    staff.members.append(newcomer)
    newcomer.pull()
    newcomer.save(newcomer.book.singleton(FolderType.OFFICE), b"hello")
    newcomer.sync()
    ann.sync()
    assert ann.book.suspended() == ()
    assert ann.told(ann.book.singleton(FolderType.OFFICE)) == [b"hello"]


def test_a_removed_desk_is_told(staff: Staff, ann: Member, ben: Member) -> None:
    """It takes the amendment that removes it, and the epoch that leaves it out; nothing after them."""
    with ann.book.transaction():
        ann.book.amend_roster([RemoveDesk(ben.keys.desk)])
        ann.book.rotate(ann.book.singleton(FolderType.ORGANISATION), [ann.me])
    ann.open_folder(b"after him")
    ann.sync()
    entries = ben.shared.entries[ben.book.position :]
    assert ben.take(entries) == 2
    assert ben.book.removed
    assert not ann.book.removed
    with pytest.raises(Removed):
        ben.take(entries[2:])


def test_a_missing_organisation_sheet_stops_the_log(ann: Member, ben: Member, case: FolderId) -> None:
    """S7: nothing is set aside for it; with the sheet the log goes on."""
    with ann.book.transaction():
        ann.book.rotate(ann.book.singleton(FolderType.ORGANISATION), ann.book.roster.active_desks())
    ann.save(case, b"second")
    ann.open_folder(b"later", [ben])
    ann.sync()
    entries = ben.shared.entries[ben.book.position :]
    assert ben.take(entries, sheets=False) == 0
    got = ben.received[-1]
    assert len(got.wanted) == 1
    assert got.aside == 0
    assert ben.take(entries, sheets=False) == 0
    assert ben.received[-1].wanted == got.wanted
    mine = ben.open_folder(b"meanwhile", [ann])
    assert ben.told(mine) == [b"meanwhile"], "a relay that withholds a sheet stops what is saved here"
    with ben.book.transaction():
        again = ben.book.receive(entries, {got.wanted[0]: ben.shared.chunks[got.wanted[0]]})
        ben.book.lay(ben.readers)
    assert again.taken == len(entries)
    assert again.aside == 0
    ben.fetch()
    ben.sync()
    ann.sync()
    assert ann.told(mine) == [b"meanwhile"]
    assert state_of(ben.book) == state_of(ann.book)


def test_a_new_reader_reads_the_past(staff: Staff, ann: Member, ben: Member) -> None:
    """B32: back to the first epoch, and what was accepted unread is fresh."""
    case = ann.open_folder(b"first")
    for note in (b"second", b"third"):
        ann.rotate(case, [ann])
        ann.save(case, note)
    ann.sync()
    ben.pull()
    assert ben.told(case) == []
    ann.rotate(case, [ann, ben])
    ann.save(case, b"fourth")
    ann.sync()
    at = ben.book.position
    stretch = ben.shared.entries[at:]
    with ben.book.transaction():
        (name,) = ben.book.sheets_named(stretch)
        got = ben.book.receive(stretch, {name: ben.shared.chunks[name]})
    assert got.fresh == {case}
    assert len(got.wanted) == 1
    assert ben.told(case) == [b"third", b"fourth"]
    fresh = []
    while names := ben.book.missing_sheets():
        with ben.book.transaction():
            fresh.append(ben.book.add_sheets({name: ben.shared.chunks[name] for name in names}))
    assert fresh == [{case}, {case}]
    assert ben.told(case) == [b"first", b"second", b"third", b"fourth"]
    assert [epoch.recipients for epoch in ben.book.epochs(case)][-1] == tuple(sorted([ann.keys.desk, ben.keys.desk]))
    assert [epoch.author for epoch in ben.book.epochs(case)] == [ann.keys.desk] * 4


def test_a_withheld_sheet_does_not_stop_the_log(ann: Member, ben: Member) -> None:
    """S19."""
    case = ann.open_folder(b"first", [ben])
    ann.sync()
    ben.take(ben.shared.entries[ben.book.position :], sheets=False)
    assert ben.told(case) == []
    assert state_of(ben.book) == state_of(ann.book)
    (name,) = ben.book.missing_sheets()
    with ben.book.transaction():
        assert ben.book.add_sheets({name: b"no sheet"}) == frozenset()
    assert ben.book.missing_sheets() == [name]
    with ben.book.transaction():
        assert ben.book.add_sheets({name: ben.shared.chunks[name]}) == {case}
    assert ben.book.missing_sheets() == []
    assert ben.told(case) == [b"first"]


def test_a_withheld_body_is_noticed(ann: Member, ben: Member, case: FolderId) -> None:
    ann.save(case, b"second")
    ann.sync()
    (entry,) = ben.shared.entries[ben.book.position :]
    ben.take([Entry(entry.header, entry.signature, None)])
    assert ben.book.missing_bodies() == [ben.book.position]
    with ben.book.transaction():
        ben.book.cut_back(ben.book.position - 1)
        ben.book.lay(ben.readers)
    ben.pull()
    assert ben.book.missing_bodies() == []
    assert ben.told(case) == [b"first", b"second"]


@pytest.mark.parametrize("rotated", [False, True])
def test_an_unsent_first_epoch_leaves_out_who_was_removed(
    staff: Staff, ann: Member, ben: Member, rotated: bool
) -> None:
    """S4: its key stays, its sheet does not go to a desk that is gone."""
    cleo = staff.admit(ann)
    ben.sync()
    case = ben.open_folder(b"first", [cleo])
    with ann.book.transaction():
        ann.book.amend_roster([RemoveDesk(cleo.keys.desk)])
        if rotated:
            ann.book.rotate(ann.book.singleton(FolderType.ORGANISATION), ann.book.roster.active_desks())
    ann.sync()
    ben.sync()
    assert ben.book.readers(case) == (ben.keys.desk,)
    assert ben.told(case) == [b"first"]
    assert ben.book.aside() == []


def test_done_is_said_by_every_reader(staff: Staff, ann: Member, ben: Member, case: FolderId) -> None:
    """B35."""
    ben.rotate(case, [ben])
    ben.sync()
    ann.sync()
    assert ben.book.erasure(case).state == "visible"
    ben.bury(case, "hide")
    ben.sync()
    with pytest.raises(AuthorityError, match="B22"):
        ben.bury(case, "done")
    stranger = staff.admit(ben)
    ann.sync()
    with pytest.raises(AuthorityError, match="B23"):
        # Ann reads it no more, so she cannot confirm either.
        ann.bury(case, "confirm")
    with pytest.raises(AuthorityError, match="B23"):
        stranger.bury(case, "done")
    assert set(ann.book.erasure(case).waiting) == {ann.keys.desk, ben.keys.desk}


def test_erased_everywhere(ann: Member, ben: Member, case: FolderId) -> None:
    """B35: every active desk that ever was a recipient."""
    ann.bury(case, "hide")
    ann.sync()
    ben.sync()
    ben.bury(case, "confirm")
    ben.sync()
    ben.bury(case, "done")
    ben.sync()
    ann.sync()
    assert ann.book.erasure(case).acknowledged == (ben.keys.desk,)
    assert ann.book.erasure(case).waiting == (ann.keys.desk,)
    with pytest.raises(AuthorityError, match="B22"):
        ann.bury(case, "cancel")
    ann.bury(case, "done")
    ann.sync()
    ben.sync()
    assert ben.book.erasure(case).state == "erased"
    with pytest.raises(AuthorityError, match="B22"):
        ben.bury(case, "done")


def test_heads_as_words(ann: Member, ben: Member, case: FolderId) -> None:
    """S22: alike at one position, as long as the histories are."""
    words = ann.book.heads_words(ann.book.position)
    assert (len(words), words) == (8, ben.book.heads_words(ann.book.position))
    assert ann.book.heads_words(ann.book.position - 1) != words


def test_nobody_says_who_reads_what_twice(ann: Member, ben: Member, case: FolderId) -> None:
    folders = {folder: (kind, readers) for folder, kind, readers in ann.book.folders()}
    assert folders[case] == (FolderType.CASE, tuple(sorted([ann.keys.desk, ben.keys.desk])))
    assert len(folders) == 4


def test_an_era_after_a_fork(ann: Member, ben: Member, case: FolderId, staff: Staff) -> None:
    """S25: two branches; nothing of either is lost, and both desks come to the same."""
    common = ann.book.position
    ann.save(case, b"ann, on her branch")
    ann.sync()
    ann.save(case, b"ann, later")
    ann.sync()
    ann.save(case, b"ann, unsent")
    branch = list(ann.shared.entries)
    del ann.shared.entries[common:]
    ben.save(case, b"ben, on his branch")
    ben.sync()
    ben.save(case, b"ben, later")
    ben.sync()
    # Root says that the log goes on after what both have; Ann writes it, at an empty relay.
    with ann.book.transaction():
        ann.book.sign_era("two histories", common, [staff.root])
        ann.book.lay(ann.readers)
    assert ann.book.position == common + 1
    assert ann.told(case) == [b"first", b"ann, on her branch", b"ann, later", b"ann, unsent"]
    assert [unsent.offered for unsent in ann.book.unsent()] == [True, True, False]
    ann.shared.entries[:] = ann.book.entries_from(0, 10_000)
    ann.sync()
    with pytest.raises(BookError), ben.book.transaction():
        ben.book.follow_era(ann.shared.entries[common - 1])
    with ben.book.transaction():
        assert ben.book.follow_era(ann.shared.entries[common]) == common
        ben.book.lay(ben.readers)
    ben.sync()
    ann.sync()
    assert ann.told(case) == [
        b"first", b"ann, on her branch", b"ann, later", b"ann, unsent", b"ben, on his branch", b"ben, later",
    ]  # fmt: skip
    assert state_of(ann.book) == state_of(ben.book)
    assert ann.book.aside() == ben.book.aside() == []
    assert [(era.checkpoint, era.reason) for era in ben.book.eras()] == [(common, "two histories")]
    assert ann.book.check().aside == ben.book.check().aside == 0
    assert {header_hash(e.header) for e in branch} <= {header_hash(e.header) for e in ann.shared.entries}


def test_what_others_left_behind_is_kept_for_them(staff: Staff, ann: Member, ben: Member, case: FolderId) -> None:
    """S25: a desk that is lost with the relay does not take its last saves with it."""
    common = ann.book.position
    ben.save(case, b"ben's last")
    ben.sync()
    ann.sync()
    with ann.book.transaction():
        ann.book.sign_era("the relay is lost", common, [staff.root])
        ann.book.lay(ann.readers)
    (left,) = ann.book.left_behind()
    assert left.desk == ben.keys.desk
    assert ann.told(case) == [b"first"]
    ann.shared.entries[:] = [*ann.book.entries_from(0, 10_000), left.entry]
    ann.reopen()
    ann.pull()
    assert ann.book.left_behind() == []
    assert ann.told(case) == [b"first", b"ben's last"]


def test_an_era_without_root_changes_nothing(ann: Member, case: FolderId) -> None:
    ann.save(case, b"second")
    ann.sync()
    before = state_of(ann.book)
    with pytest.raises(AuthorityError, match="B30"), ann.book.transaction():
        ann.book.sign_era("because", ann.book.position - 1, [ann.keys.signing])
    with pytest.raises(AuthorityError, match="B30"), ann.book.transaction():
        ann.book.sign_era("because", ann.book.position - 1, [])
    assert state_of(ann.book) == before


def test_an_era_of_another_branch_is_not_followed(staff: Staff, ann: Member, ben: Member, case: FolderId) -> None:
    """S25: only one that stands on what this desk holds cuts its log back."""
    common = ann.book.position
    ann.save(case, b"ann's branch")
    ann.sync()
    with ann.book.transaction():
        ann.book.sign_era("of my branch", common + 1, [staff.root])
        ann.book.lay(ann.readers)
    (era,) = list(ann.book.entries())[-1:]
    del ann.shared.entries[common:]
    ben.save(case, b"ben's branch")
    ben.sync()
    before = state_of(ben.book)
    with pytest.raises(BookError, match="B30"), ben.book.transaction():
        ben.book.follow_era(era)
    assert state_of(ben.book) == before


def test_a_machine_that_dies_at_any_write(staff: Staff, ann: Member, ben: Member, case: FolderId) -> None:
    """A stretch is taken and what is unsent laid over it, or nothing of it is there."""
    ben.rotate(case, [ann, ben])
    ben.save(case, b"second")
    with ben.book.transaction():
        ben.book.rotate(ben.book.singleton(FolderType.ORGANISATION), ben.book.roster.active_desks())
    ben.bury(ben.open_folder(b"another", [ann]), "hide")
    ben.sync()
    ann.rotate(case, [ann, ben])
    ann.save(case, b"third")
    book, sql = ann.book, ann.book.store.connection
    before, unsent, at = state_of(book), book.unsent(), book.position
    died = 0
    while book.position == at:
        left = died

        def count(*_: object) -> bool:
            nonlocal left
            left -= 1
            if left == -1:
                raise InterruptedError
            return True

        sql.exec_trace = count
        with suppress(InterruptedError):
            ann.take(ann.shared.entries[at:])
        sql.exec_trace = None
        if book.position == at:
            assert (state_of(book), book.unsent()) == (before, unsent)
        died += 1
    assert died > 30
    ann.sync()
    ben.sync()
    assert state_of(ann.book) == state_of(ben.book)
    assert ann.told(case) == [b"first", b"second", b"third"]


def test_a_desk_alone_goes_on_after_an_era(tmp_path: Path, randomness: Seeded) -> None:
    founded = Founded(tmp_path / "book.db", randomness)
    case = founded.open_folder(b"first")
    checkpoint = founded.book.position
    founded.save((case, b"second"))
    with founded.book.transaction():
        founded.book.sign_era("the disk was lost", checkpoint, [founded.root])
    assert founded.payloads() == [b"first", b"second"]
    assert founded.book.position == checkpoint + 2
    founded.save((case, b"third"))
    assert founded.book.check().aside == 0
    founded.reopen()
    founded.save((case, b"fourth"))
    assert founded.payloads() == [b"first", b"second", b"third", b"fourth"]
    founded.close()


def test_a_save_is_sent_whole(ann: Member, ben: Member, case: FolderId) -> None:
    """S8: what belongs to a save says so, and what must come right after what was seen says so too."""
    new = FolderId(b"sixteen bytes ok")
    with ann.book.transaction():
        parts = [FolderWrite(case, b"here"), FolderWrite(new, b"there")]
        ann.book.append(ann.stamp(), parts, [NewFolder(new, FolderType.PLACE, (ann.me,))])
    ann.rotate(case, [ann, ben])
    found = [(len(batch), any(unsent.conditional for unsent in batch)) for batch in ann.batches()]
    assert found == [(3, False), (1, True)]
    (statement,) = [unsent for unsent in ann.book.unsent() if unsent.conditional]
    assert statement.folder == case
