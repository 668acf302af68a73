"""Taking back: what began is struck out, what changed is as before, and nothing that others wrote is lost."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.ground.seeded import Seeded
from tests.office.kit import accepted, added, asked, at, day, now, problems, route, shown
from tests.tables.snapshot import snapshot
from tests.tables.test_desks import seconds

from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType, RecordId, SaveId
from waystation.office import casework, codenames, intake
from waystation.office.casework import Part, amend
from waystation.office.desk import Desk
from waystation.office.undo import UNDO_ENTRIES, may_strike, restore, strike, undo
from waystation.records import Save, is_struck

DERIVED = ("case", "task", "note", "person", "risk_assessment", "stay", "case_now", "request_now", "step", "search")


def saved(desk: Desk, save: Save) -> SaveId:
    return desk.save(save).save


def looks(desk: Desk) -> Mapping[str, object]:
    """The tables without history, without what counts positions."""
    found = snapshot(desk.reader._sql, desk.registry)
    shot: dict[str, object] = {name: found[name] for name in DERIVED}
    names = [name for (name,) in desk.reader.rows("SELECT name FROM pragma_table_info('case_now')")]
    shot["case_now"] = [[v for n, v in zip(names, row, strict=True) if n != "changed"] for row in found["case_now"]]
    names = [name for (name,) in desk.reader.rows("SELECT name FROM pragma_table_info('request_now')")]
    shot["request_now"] = [
        [v for n, v in zip(names, row, strict=True) if n != "changed"] for row in found["request_now"]
    ]
    return shot


def test_what_was_added_is_struck_out_and_the_undo_is_undone_alike(desk: Desk) -> None:
    case = accepted(desk)
    before = looks(desk)
    save = casework.add(desk, case, "task", {"title": "Buy a telephone", "due": at(desk, 1)})
    added_by = saved(desk, save)
    with_it = looks(desk)
    undone = saved(desk, undo(desk, (added_by,)))
    assert looks(desk) == before
    assert is_struck(desk.state(case, "task", save.writes[0].record))
    saved(desk, undo(desk, (undone,)))
    assert looks(desk) == with_it


def test_what_was_changed_is_as_it_was_before(desk: Desk) -> None:
    case = accepted(desk, region="Grozny")
    task = added(desk, case, "task", title="Buy a telephone")
    saved(desk, amend(desk, case, "task", task, {"title": "Buy two telephones"}))
    save = saved(desk, amend(desk, case, "task", task, {"title": "Buy three", "details": "Cheap ones."}))
    undone = saved(desk, undo(desk, (save,)))
    assert shown(desk, case, "task", task)["title"] == "Buy two telephones"
    assert "details" not in shown(desk, case, "task", task)
    saved(desk, undo(desk, (undone,)))
    assert shown(desk, case, "task", task)["details"] == "Cheap ones."
    assert shown(desk, case, "task", task)["title"] == "Buy three"


def test_one_save_over_two_folders_goes_back_whole(desk: Desk) -> None:
    request = asked(desk, [Part("person", {"given_name": "Adam"})], region="Grozny")
    added(desk, request, "verification_step", type="interview", result="confirms")
    added(desk, request, "credibility_assessment", judgement="credible", reasons="Detailed.")
    before = looks(desk)
    save = intake.accept_and_open_case(desk, request, {})
    accepted_by = saved(desk, save)
    case = casework.opened(save)
    saved(desk, undo(desk, (accepted_by,)))
    assert looks(desk) == before
    assert desk.reader.row("SELECT 1 FROM case_now WHERE folder = ?", case) is None
    assert "accepted_as" not in shown(desk, request, "request", request)
    saved(desk, restore(desk, case, "case", RecordId(case)))
    assert now(desk, case)["code_name"] == shown(desk, request, "request", request)["code_name"]


def test_several_saves_of_one_act_go_back_together(desk: Desk) -> None:
    cases = [accepted(desk) for _ in range(3)]
    before = looks(desk)
    saves = [saved(desk, casework.add(desk, case, "task", {"title": "Call back"})) for case in cases]
    saves.append(saved(desk, amend(desk, cases[0], "case", cases[0], {"region": "Argun"})))
    saves.append(saved(desk, amend(desk, cases[0], "case", cases[0], {"region": "Shali"})))
    saved(desk, undo(desk, saves))
    assert looks(desk) == before


def test_what_another_wrote_meanwhile_stays_as_a_conflict(desk: Desk, tmp_path: Path, randomness: Seeded) -> None:
    (second,) = seconds(desk, tmp_path, randomness, 1)
    case = accepted(desk, region="Grozny")
    second.pull(desk, list(desk.book.entries()))
    theirs = second.write(case, "case", RecordId(case), {"region": "Argun"})
    mine = saved(desk, amend(desk, case, "case", case, {"region": "Shali"}))
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive([theirs])
        desk.tables.apply(desk.book.changes(before))
    saved(desk, undo(desk, (mine,)))
    live = desk.state(case, "case", RecordId(case))["region"]
    assert {one.value for one in live} == {"Grozny", "Argun"}
    assert now(desk, case)["conflicts"] == 1
    second.book.store.close()


def test_what_somebody_else_saved_is_theirs_to_take_back(desk: Desk) -> None:
    case = accepted(desk)
    save = saved(desk, casework.add(desk, case, "task", {"title": "Buy a telephone"}))
    desk.reader.rows("UPDATE history SET member = ? WHERE save = ?", bytes(16), save)
    with pytest.raises(Refused):
        undo(desk, (save,))


def test_settling_is_not_undone(desk: Desk, tmp_path: Path, randomness: Seeded) -> None:
    (second,) = seconds(desk, tmp_path, randomness, 1)
    case = accepted(desk, region="Grozny")
    second.pull(desk, list(desk.book.entries()))
    theirs = second.write(case, "case", RecordId(case), {"region": "Argun"})
    desk.save(amend(desk, case, "case", case, {"region": "Shali"}))
    before = desk.book.position
    with desk.book.transaction():
        desk.book.receive([theirs])
        desk.tables.apply(desk.book.changes(before))
    kept = desk.state(case, "case", RecordId(case))["region"][0].ref
    settled = saved(desk, casework.settle(desk, case, "case", case, "region", kept))
    with pytest.raises(BadInput) as refused:
        undo(desk, (settled,))
    assert problems(refused) == {"": "settled"}
    second.book.store.close()


def test_what_was_moved_past_is_refused(desk: Desk) -> None:
    case = accepted(desk)
    save = casework.add(desk, case, "task", {"title": "Buy a telephone"})
    task, first = save.writes[0].record, saved(desk, save)
    changed = saved(desk, amend(desk, case, "task", task, {"title": "Buy two"}))
    with pytest.raises(BadInput) as refused:
        undo(desk, (first,))
    assert problems(refused) == {"": "moved_past"}
    desk.save(amend(desk, case, "task", task, {"title": "Buy three"}))
    with pytest.raises(BadInput) as refused:
        undo(desk, (changed,))
    assert problems(refused) == {"": "moved_past"}
    assert shown(desk, case, "task", task)["title"] == "Buy three"


def test_a_request_into_which_more_was_written_is_not_pulled_away(desk: Desk) -> None:
    save = intake.take_down(desk, {"story": "They came."}, [Part("person", {"given_name": "Adam"})])
    taken, request = saved(desk, save), casework.opened(save)
    person = save.writes[1].record
    desk.save(casework.reveal(desk, request, "person", person, "given_name"))
    undone = saved(desk, undo(desk, (taken,)))
    assert desk.reader.row("SELECT 1 FROM request_now WHERE folder = ?", request) is None
    assert desk.reader.row("SELECT 1 FROM k_person WHERE folder = ?", request) is None
    saved(desk, undo(desk, (undone,)))
    added(desk, request, "note", body="They wrote again.")
    with pytest.raises(BadInput) as refused:
        undo(desk, (taken,))
    assert problems(refused)[""] in ("built_on", "moved_past")


def test_what_others_point_to_is_not_pulled_away(desk: Desk) -> None:
    case = accepted(desk)
    save = casework.add(desk, case, "person", {"given_name": "Zara", "role": "in_case"})
    person, saved_by = save.writes[0].record, saved(desk, save)
    check_in = added(desk, case, "check_in", due=at(desk, 1), person=person)
    for attempt in (lambda: undo(desk, (saved_by,)), lambda: strike(desk, case, "person", person)):
        with pytest.raises(BadInput) as refused:
            attempt()
        assert problems(refused) == {"": "linked"}
    desk.save(strike(desk, case, "check_in", check_in))
    desk.save(strike(desk, case, "person", person))
    assert person not in desk.tables.facts(case)["person"]


def test_a_route_that_a_case_uses_is_not_struck_out(desk: Desk) -> None:
    office = desk.folder(FolderType.OFFICE)
    way, case = route(desk), accepted(desk)
    application = added(desk, case, "application", route=way, filed=day("2017-05-02"))
    with pytest.raises(BadInput) as refused:
        strike(desk, office, "route", way)
    assert problems(refused) == {"": "linked"}
    desk.save(strike(desk, case, "application", application))
    desk.save(strike(desk, office, "route", way))
    assert desk.reader.rows("SELECT 1 FROM k_route") == []
    desk.save(restore(desk, office, "route", way))
    with pytest.raises(BadInput):
        restore(desk, office, "route", way)


def test_looks_stay(desk: Desk) -> None:
    case = accepted(desk)
    person = RecordId(next(iter(desk.tables.facts(case)["person"])))
    look = casework.reveal(desk, case, "person", person, "given_name")
    looked = saved(desk, look)
    with pytest.raises(BadInput) as refused:
        undo(desk, (looked,))
    assert problems(refused) == {"": "only_looks"}
    with pytest.raises(Refused):
        strike(desk, case, "reveal", look.writes[0].record)


def test_what_has_an_act_of_its_own_is_not_struck_out_by_hand(desk: Desk) -> None:
    case = accepted(desk)
    for kind, record in (("case", RecordId(case)), ("member", RecordId(desk.member))):
        folder = case if kind == "case" else desk.folder(FolderType.OFFICE)
        assert not may_strike(desk, kind)
        with pytest.raises(Refused):
            strike(desk, FolderId(folder), kind, record)
    assert may_strike(desk, "note")


def test_founding_and_what_is_not_here_are_refused(desk: Desk) -> None:
    ((founding,),) = desk.reader.rows("SELECT save FROM history ORDER BY position LIMIT 1")
    with pytest.raises(Refused):
        undo(desk, [SaveId(founding)])
    with pytest.raises(BadInput) as refused:
        undo(desk, [SaveId(bytes(16))])
    assert problems(refused) == {"": "too_old"}


def test_undoing_reads_no_more_than_the_newest_entries(desk: Desk) -> None:
    plan = desk.reader.rows(
        "EXPLAIN QUERY PLAN SELECT position FROM history WHERE save = ? AND position >="
        " (SELECT min(position) FROM (SELECT position FROM history ORDER BY position DESC LIMIT ?)) ORDER BY position",
        bytes(16),
        UNDO_ENTRIES,
    )
    assert "SEARCH history USING INTEGER PRIMARY KEY (rowid>?)" in [row[3] for row in plan]


def test_the_name_of_what_is_struck_out_stays_taken(desk: Desk) -> None:
    save = intake.take_down(desk, {"code_name": "Juniper Kettle"})
    desk.save(undo(desk, (saved(desk, save),)))
    codenames._in_use.clear()
    with pytest.raises(BadInput) as refused:
        intake.take_down(desk, {"code_name": "Juniper Kettle"})
    assert problems(refused) == {"code_name": "too_alike"}
