"""Need-to-know: a case is read by its team and by coordinators, by key; and who let whom in is seen by all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted, added, asked, day, done, problems
from tests.office.staffed import Staffed, staffed

from waystation.book.roster import AdmitMember
from waystation.clock import DAY_MS
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType
from waystation.office import access, casework, intake, shelter, team, together, undo
from waystation.office.casework import amend
from waystation.office.desk import Desk
from waystation.roles import Action, allowed
from waystation.views.case import case as case_view

HOUR_MS = 3_600_000


@pytest.fixture
def staff(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Staffed]:
    with staffed(tmp_path, clock, randomness) as staff:
        yield staff


@pytest.fixture
def wren(staff: Staffed) -> Desk:
    return staff.first


def reads(desk: Desk, folder: FolderId) -> set[str]:
    """Names at work of those who hold a folder's newest key."""
    listed = desk.book.roster.desks
    members = {listed[one].member for one in desk.book.readers(folder)}
    return {
        str((desk.tables.shown(desk.folder(FolderType.OFFICE), "member", one) or {})["display_name"]) for one in members
    }


def rows_of(desk: Desk, folder: FolderId) -> list[str]:
    """Every table of a desk's file in which a row speaks of a folder."""
    tables = [
        name
        for (name,) in desk.reader.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        )
        if any(column == "folder" for (column,) in desk.reader.rows(f"SELECT name FROM pragma_table_info('{name}')"))
    ]
    # That a folder is there, and who reads it, every member is told.
    kept = [name for name in tables if name not in ("epoch", "untended")]
    assert {"record", "history", "keyring", "case_now", "k_note", "night"} <= set(kept)
    return [name for name in kept if desk.reader.row(f"SELECT 1 FROM {name} WHERE folder = ?", folder)]


def test_a_case_is_in_no_file_but_those_of_its_team_and_the_coordinators(staff: Staffed, wren: Desk) -> None:
    case = accepted(wren)
    added(wren, case, "note", body="Zanzibar is where he went.")
    staff.share()
    assert reads(wren, case) == {"Wren"}
    for desk in staff.desks.values():
        assert rows_of(desk, case) == []
        assert desk.reader.search("Zanzibar") == []
    done(wren, team.hand_over(wren, case, staff.desks["Caseworker"].member))
    staff.share()
    assert reads(wren, case) == {"Wren", "Caseworker"}
    assert case_view(staff.desks["Caseworker"].reader, case) is not None
    for name, desk in staff.desks.items():
        assert (rows_of(desk, case) != []) is (name == "Caseworker"), name


def test_who_is_let_in_reads_what_was_written_before(staff: Staffed, wren: Desk) -> None:
    case, worker = accepted(wren), staff.desks["Caseworker"]
    added(wren, case, "note", body="Zanzibar is where he went.")
    done(wren, team.add_colleague(wren, case, worker.member, "Speaks his language."))
    staff.share()
    assert [hit.folder for hit in worker.reader.search("Zanzibar")] == [case]
    worker.rebuild()
    assert [hit.folder for hit in worker.reader.search("Zanzibar")] == [case]


def test_who_is_taken_off_reads_nothing_that_follows(staff: Staffed, wren: Desk) -> None:
    case, worker = accepted(wren), staff.desks["Caseworker"]
    done(wren, team.add_colleague(wren, case, worker.member))
    staff.share()
    done(wren, team.remove_colleague(wren, case, worker.member))
    added(wren, case, "note", body="Zanzibar is where he went.")
    staff.share()
    assert reads(wren, case) == {"Wren"}
    assert worker.reader.search("Zanzibar") == []
    # They are told that they were taken off, and keep what they have read.
    (known,) = access.given(worker, case)
    assert known.is_off
    with pytest.raises(BadInput) as refused:
        team.remove_colleague(wren, case, worker.member)
    assert problems(refused) == {"": "not_in"}


def test_whoever_writes_it_down_first_reads_it_with_the_coordinators(staff: Staffed, wren: Desk) -> None:
    worker = staff.desks["Caseworker"]
    request = asked(worker)
    case = accepted(worker, request)
    staff.carry(worker)
    for folder in (request, case):
        assert reads(wren, folder) == {"Wren", "Caseworker"}
        for name in ("Documenter", "Finance", "Spokesperson"):
            assert rows_of(staff.desks[name], folder) == []
    other = staff.admit("Rook", "caseworker")
    done(wren, team.hand_over(wren, case, other.member))
    assert reads(wren, case) == {"Wren", "Rook"}
    done(wren, team.hand_over(wren, request, other.member, stays=True))
    assert reads(wren, request) == {"Wren", "Caseworker", "Rook"}


def test_a_case_that_is_handed_over_by_its_form_or_with_others_goes_over_as_well(staff: Staffed, wren: Desk) -> None:
    worker, other = staff.desks["Caseworker"], staff.admit("Rook", "caseworker")
    cases = [accepted(worker), accepted(worker)]
    staff.carry(worker)
    done(wren, together.assign(wren, cases, other.member))
    assert [reads(wren, one) for one in cases] == [{"Wren", "Rook"}] * 2
    done(wren, amend(wren, cases[0], "case", cases[0], {"caseworker": worker.member}))
    assert reads(wren, cases[0]) == {"Wren", "Caseworker"}


def test_undoing_a_hand_over_gives_the_key_back(staff: Staffed, wren: Desk) -> None:
    case, worker = accepted(wren), staff.desks["Caseworker"]
    saved = wren.save(team.hand_over(wren, case, worker.member))
    assert reads(wren, case) == {"Wren", "Caseworker"}
    done(wren, undo.undo(wren, (saved.save,)))
    assert reads(wren, case) == {"Wren"}


def test_a_role_that_reads_no_cases_is_let_into_none(staff: Staffed, wren: Desk) -> None:
    case = accepted(wren)
    for name in ("Documenter", "Finance", "Spokesperson"):
        for let_in in (
            lambda who: team.add_colleague(wren, case, who),
            lambda who: team.emergency(wren, case, who, "It burns."),
            lambda who: team.hand_over(wren, case, who),
        ):
            with pytest.raises(BadInput) as refused:
                let_in(staff.desks[name].member)
            assert set(problems(refused).values()) == {"role"}
    assert [name for _, name in team.fit(wren, case, FolderType.CASE)] == ["Caseworker"]


def test_only_a_coordinator_lets_others_in(staff: Staffed, wren: Desk) -> None:
    worker, other = staff.desks["Caseworker"], staff.admit("Rook", "caseworker")
    case = accepted(worker)
    for act in (
        lambda: team.add_colleague(worker, case, other.member),
        lambda: team.emergency(worker, case, other.member, "It burns."),
        lambda: team.hand_over(worker, case, other.member),
        lambda: team.remove_colleague(worker, case, wren.member),
        lambda: amend(worker, case, "case", case, {"caseworker": other.member}),
    ):
        with pytest.raises(Refused):
            act()


def test_emergency_access_has_a_reason_and_ends_by_itself(staff: Staffed, wren: Desk, clock: HeldClock) -> None:
    case, worker = accepted(wren), staff.desks["Caseworker"]
    with pytest.raises(BadInput) as refused:
        team.emergency(wren, case, worker.member, " ")
    assert problems(refused) == {"reason": "required"}
    done(wren, team.emergency(wren, case, worker.member, "The caseworker was arrested."))
    with pytest.raises(BadInput) as refused:
        team.emergency(wren, case, worker.member, "Once more.")
    assert problems(refused) == {"member": "reads"}
    staff.share()
    assert reads(wren, case) == {"Wren", "Caseworker"}
    (seen,) = [one for one in team.readership(worker, case, FolderType.CASE).now if one.name == "Caseworker"]
    assert (seen.parts, seen.until_ms, seen.let_in_by) == (("emergency access",), clock.at_ms + 24 * HOUR_MS, "Wren")

    clock.at_ms += 24 * HOUR_MS - 1
    assert access.tend(wren) == 0
    assert reads(wren, case) == {"Wren", "Caseworker"}
    clock.at_ms += 1
    access.tend(wren)
    assert reads(wren, case) == {"Wren"}
    staff.share()
    assert [(one.name, one.ended_by) for one in team.readership(wren, case, FolderType.CASE).past] == [
        ("Caseworker", "Wren")
    ]


def test_a_second_coordinator_ends_it_when_the_first_does_not_come(
    staff: Staffed, wren: Desk, clock: HeldClock
) -> None:
    second = staff.admit("Rook", "coordinator")
    case = accepted(wren)
    done(wren, team.emergency(wren, case, staff.desks["Caseworker"].member, "The caseworker was arrested."))
    staff.share()
    access.tend(second)
    clock.at_ms += 24 * HOUR_MS
    for _ in range(3):
        if reads(second, case) == {"Wren", "Rook"}:
            break
        access.tend(second)
        clock.at_ms += access.TURN_MS
    assert reads(second, case) == {"Wren", "Rook"}


def test_the_turns_are_another_order_for_each_folder_and_coordinators_come_first(staff: Staffed, wren: Desk) -> None:
    second = staff.admit("Rook", "coordinator")
    first = 0
    for _ in range(12):
        case = accepted(wren)
        done(wren, team.add_colleague(wren, case, staff.desks["Caseworker"].member))
        staff.share()
        # Somebody goes, and nobody has tended it yet.
        (record,) = access.given(wren, case)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(access, "follow", lambda desk, saves: None)
            done(wren, amend_access(wren, case, record.record))
        staff.share()
        turns = [access._turn(one, case) for one in (wren, second)]
        assert sorted(turns) == [0, 1]
        first += turns[0] == 0
    assert 0 < first < 12


def amend_access(desk: Desk, folder: FolderId, record: bytes) -> casework.Save:
    """Takes somebody off by the record alone."""
    from waystation.office.writing import Writing

    writing = Writing(desk)
    writing.put(writing.change(folder, "access", record, {"ended": writing.now()}))
    return writing.save()


def test_a_new_coordinator_reads_everything_and_one_who_goes_reads_nothing_more(staff: Staffed, wren: Desk) -> None:
    case, request = accepted(wren), asked(wren)
    place = casework.opened(done(wren, shelter.open_place(wren, {"beds": 2})))
    second = staff.admit("Rook", "coordinator")
    for folder in (case, request, place, wren.folder(FolderType.LEDGER)):
        assert "Rook" in reads(wren, folder)
    assert case_view(second.reader, case) is not None
    with wren.book.transaction():
        wren.book.amend_roster((AdmitMember(second.member, ("documenter",)),))
    staff.tend()
    for folder in (case, request, place, wren.folder(FolderType.LEDGER)):
        assert "Rook" not in reads(wren, folder)
    assert "Rook" in reads(wren, wren.folder(FolderType.OFFICE))
    staff.remove(second)
    for kind in (FolderType.OFFICE, FolderType.ORGANISATION):
        assert second.book.desk not in wren.book.readers(wren.folder(kind))


def test_the_ledger_follows_the_roles(staff: Staffed, wren: Desk) -> None:
    ledger, office = wren.folder(FolderType.LEDGER), wren.folder(FolderType.OFFICE)
    assert reads(wren, ledger) == {"Wren", "Finance"}
    assert reads(wren, office) == {"Wren", "Caseworker", "Documenter", "Finance", "Spokesperson"}


def test_a_place_is_read_by_whoever_works_with_somebody_who_stays_there(
    staff: Staffed, wren: Desk, clock: HeldClock
) -> None:
    worker = staff.desks["Caseworker"]
    place = casework.opened(done(wren, shelter.open_place(wren, {"beds": 2, "address": "Pylimo 14"})))
    case = accepted(wren, caseworker=worker.member)
    assert reads(wren, place) == {"Wren"}
    added(wren, case, "stay", place=place, begins=day("2017-05-17"), ends=day("2017-05-19"))
    assert reads(wren, place) == {"Wren", "Caseworker"}
    (reader,) = [one for one in team.readership(wren, place, FolderType.PLACE).now if one.name == "Caseworker"]
    assert (reader.parts, reader.may_leave) == (("works with somebody who stays there",), False)
    clock.at_ms += 2 * DAY_MS
    access.tend(wren)
    assert reads(wren, place) == {"Wren", "Caseworker"}
    clock.at_ms += DAY_MS
    access.tend(wren)
    assert reads(wren, place) == {"Wren"}


def test_two_who_named_different_caseworkers_let_both_in_until_it_is_settled(staff: Staffed, wren: Desk) -> None:
    case = accepted(wren)
    for name in ("caseworker", "supervisor"):
        done(wren, amend(wren, case, "case", case, {name: staff.desks["Caseworker"].member}))
    state = wren.tables.state(case, "case", case)
    assert len(state["caseworker"]) == 1
    assert reads(wren, case) == {"Wren", "Caseworker"}


def test_a_save_that_names_nobody_opens_no_epoch(staff: Staffed, wren: Desk) -> None:
    case = accepted(wren)
    epochs = wren.reader.row("SELECT count(*) FROM epoch")
    added(wren, case, "note", body="He slept.")
    done(wren, amend(wren, case, "case", case, {"summary": "A young man."}))
    request = asked(wren)
    done(wren, intake.take_on(wren, request))
    assert wren.reader.row("SELECT count(*) FROM epoch") == (epochs[0] + 1,)
    assert access.tend(wren) == 0
    assert wren.reader.row("SELECT count(*) FROM epoch") == (epochs[0] + 1,)


def test_tending_looks_only_at_what_changed(staff: Staffed, wren: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [accepted(wren) for _ in range(3)]
    assert access.tend(wren, eager=True) == 0
    looked: list[FolderId] = []
    real = access.wanted_readers

    def counted(desk: Desk, folder: FolderId, folder_type: FolderType) -> object:
        looked.append(folder)
        return real(desk, folder, folder_type)

    monkeypatch.setattr(access, "wanted_readers", counted)
    added(wren, cases[0], "note", body="He slept.")
    access.tend(wren, eager=True)
    assert looked == []
    done(wren, team.add_colleague(wren, cases[1], staff.desks["Caseworker"].member))
    looked.clear()
    access.tend(wren, eager=True)
    assert set(looked) == {cases[1]}


def test_who_reads_since_when_and_by_whose_hand(staff: Staffed, wren: Desk, clock: HeldClock) -> None:
    case, worker = accepted(wren), staff.desks["Caseworker"]
    opened = clock.at_ms
    clock.at_ms += DAY_MS
    done(wren, team.add_colleague(wren, case, worker.member))
    clock.at_ms += DAY_MS
    done(wren, team.remove_colleague(wren, case, worker.member))
    found = team.readership(wren, case, FolderType.CASE)
    (me,) = found.now
    assert (me.name, me.parts, me.since_ms, me.may_leave) == ("Wren", ("caseworker", "coordinator"), opened, False)
    (gone,) = found.past
    assert (gone.name, gone.since_ms, gone.ended_ms) == ("Caseworker", opened + DAY_MS, opened + 2 * DAY_MS)
    assert [(turn.joined, turn.left, turn.who) for turn in team.turns(wren, case)] == [
        (("Caseworker",), (), "Wren"),
        ((), ("Caseworker",), "Wren"),
    ]


def test_nobody_lets_themselves_in_unseen(staff: Staffed, wren: Desk) -> None:
    """A desk that opens an epoch without writing a word stands in the story of the folder, and among all others."""
    worker = staff.desks["Caseworker"]
    case = accepted(worker)
    staff.carry(worker)
    wanted = (
        *access.wanted_readers(wren, case, FolderType.CASE),
        staff.desks["Spokesperson"].book.roster.desk(staff.desks["Spokesperson"].book.desk),
    )
    with wren.book.transaction():
        wren.book.rotate(case, sorted(wanted, key=lambda one: one.desk))
    staff.share()
    for desk in (wren, worker):
        assert [(turn.joined, turn.who) for turn in team.turns(desk, case)] == [(("Spokesperson",), "Wren")]
        newest, _ = team.newest_turns(desk)
        assert (newest[0].joined, newest[0].folders) == (("Spokesperson",), ((case, FolderType.CASE),))
    assert case not in {folder for turn in team.newest_turns(staff.desks["Finance"])[0] for folder, _ in turn.folders}
    # Those who should not read it are told from those who should; the next key is without them.
    (uninvited,) = [one for one in team.readership(worker, case, FolderType.CASE).now if one.leaves]
    assert uninvited.name == "Spokesperson"
    access.tend(wren, eager=True)
    assert reads(wren, case) == {"Wren", "Caseworker"}


@pytest.mark.parametrize("folder_type", [FolderType.CASE, FolderType.REQUEST, FolderType.PLACE, FolderType.INCIDENT])
def test_what_a_role_may_not_look_at_it_does_not_get_the_key_of(
    staff: Staffed, wren: Desk, folder_type: FolderType
) -> None:
    folder = {
        FolderType.CASE: lambda: accepted(wren),
        FolderType.REQUEST: lambda: asked(wren),
        FolderType.PLACE: lambda: casework.opened(done(wren, shelter.open_place(wren, {"beds": 2}))),
        FolderType.INCIDENT: lambda: incident(wren),
    }[folder_type]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "_team", lambda desk, folder, kind: {one.member for one in staff.desks.values()})
        wanted = {wren.book.roster.desks[one.desk].member for one in access.wanted_readers(wren, folder, folder_type)}
    for desk in (wren, *staff.desks.values()):
        roles = wren.book.roster.roles(desk.member)
        assert (desk.member in wanted) is allowed(roles, Action.READ, folder_type, on_team=True), roles


def incident(desk: Desk) -> FolderId:
    """A folder of an incident, with a note."""
    from waystation.office.writing import Rule, Writing

    writing = Writing(desk)
    folder = writing.open_folder(FolderType.INCIDENT)
    writing.write(writing.entry(folder, "note", {"body": "He was beaten."}), Rule(now="written", me="author"))
    return casework.opened(done(desk, writing.save()))
