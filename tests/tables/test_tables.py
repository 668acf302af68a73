"""Tables are a function of the log's prefix, with unsent saves laid over; however the bytes arrived."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables.snapshot import Snapshot, snapshot

from waystation.assemble import terms
from waystation.book import Accepted, Stamp
from waystation.clock import Millis
from waystation.ids import UNSENT, DeskId, FolderId, FolderType, MemberId, RecordId, SaveId, ValueRef
from waystation.records import (
    REGISTRY,
    STRUCK,
    Change,
    Day,
    Moment,
    Registry,
    Value,
    decode_state,
    encode_payload,
)
from waystation.tables import Tables, schema, search
from waystation.textsearch import Terms

DESKS = [DeskId(bytes([n]) * 16) for n in (1, 2)]
CASE, OTHER, REQUEST, OFFICE = (FolderId(bytes([n]) * 16) for n in (10, 11, 12, 13))
TYPES = {CASE: FolderType.CASE, OTHER: FolderType.CASE, REQUEST: FolderType.REQUEST, OFFICE: FolderType.OFFICE}
RECORDS = [RecordId(bytes([n]) * 16) for n in (20, 21)]
MEMBER = MemberId(bytes(16))
DAY = Day("2017-05-03", "2017-05-03")


@cache
def empty() -> bytes:
    """The file of empty tables; making a hundred of them takes a while."""
    connection = apsw.Connection(":memory:")
    Tables(connection, REGISTRY, Terms(), lambda: "").create()
    return connection.serialize("main")


def made() -> tuple[apsw.Connection, Tables]:
    connection = apsw.Connection(":memory:")
    connection.deserialize("main", empty())
    return connection, Tables(connection, REGISTRY, Terms(), lambda: "2017-05-17")


def shot(log: Iterable[Accepted], unsent: Sequence[Accepted] = ()) -> Snapshot:
    """The straightforward way: everything in its order, into empty tables."""
    connection, tables = made()
    tables.apply(log)
    tables.apply(numbered(unsent, UNSENT))
    return snapshot(connection, REGISTRY)


def numbered(entries: Iterable[Accepted], start: int) -> list[Accepted]:
    return [placed(entry, start + number) for number, entry in enumerate(entries)]


def placed(entry: Accepted, position: int) -> Accepted:
    return Accepted(position, entry.ref, entry.member, entry.folder, entry.folder_type, entry.stamp, entry.payload)


def entry(folder: FolderId, ref: ValueRef, *changes: Change, position: int = 0) -> Accepted:
    stamp = Stamp(SaveId(bytes([ref[1] % 256]) * 16), 1_495_000_000_000 + ref[1], "Europe/Vilnius")
    return Accepted(position, ref, MEMBER, folder, TYPES[folder], stamp, encode_payload(changes))


DAYS = st.sampled_from(["2017-05-01", "2017-05-17", "2017-06-01"]).map(lambda text: Day(text, text))
WORDS = st.sampled_from(["Adam", "Магомедову", "Джохар", "a quiet house"])
FIELDS: Mapping[str, st.SearchStrategy[dict[str, Value | None]]] = {
    "case": st.fixed_dictionaries({}, optional={"code_name": WORDS, "opened": DAYS, "region": st.none() | WORDS}),
    "request": st.fixed_dictionaries(
        {}, optional={"code_name": WORDS, "level": st.sampled_from(["low", "high"]), "people": st.integers(1, 3)}
    ),
    "person": st.fixed_dictionaries({}, optional={"given_name": st.none() | WORDS, "health": WORDS}),
    "risk_assessment": st.fixed_dictionaries(
        {}, optional={"level": st.sampled_from(["low", "extreme"]), "assessed": DAYS, "review": DAYS}
    ),
    "evacuation": st.fixed_dictionaries({}, optional={"evacuated": DAYS, "origin": WORDS}),
    "stay": st.fixed_dictionaries({}, optional={"begins": DAYS, "ends": st.none() | DAYS}),
    "note": st.fixed_dictionaries({}, optional={"body": WORDS}),
    "task": st.fixed_dictionaries(
        {}, optional={"title": WORDS, "due": st.integers(0, 9).map(lambda n: Moment(Millis(n), "UTC"))}
    ),
}
STRUCK_OUT = st.none() | st.just(Moment(Millis(0), "UTC"))
LIVES = {
    FolderType.CASE: ["case", "person", "risk_assessment", "evacuation", "stay", "note", "task"],
    FolderType.REQUEST: ["request", "person", "note"],
    FolderType.OFFICE: ["task"],
}


@st.composite
def logs(draw: st.DrawFn) -> list[Accepted]:
    """Entries of two desks, each of which may have seen any of what came before."""
    entries: list[Accepted] = []
    written: list[ValueRef] = []
    for number in range(draw(st.integers(1, 14))):
        folder = draw(st.sampled_from(list(TYPES)))
        ref = (draw(st.sampled_from(DESKS)), number + 1)
        kind = draw(st.sampled_from(LIVES[TYPES[folder]]))
        record = RecordId(folder) if kind in ("case", "request") else draw(st.sampled_from(RECORDS))
        fields = draw(FIELDS[kind].filter(bool))
        if draw(st.integers(0, 3)) == 0:
            fields = {**fields, STRUCK: draw(STRUCK_OUT)}
        seen = draw(st.sets(st.sampled_from(written))) if written else set()
        change = Change(kind, record, fields, {name: tuple(sorted(seen)) for name in fields})
        entries.append(entry(folder, ref, change, position=number + 1))
        written.append(ref)
    return entries


@given(logs(), st.lists(st.integers(1, 4), max_size=8))
def test_the_same_prefix_gives_the_same_tables_however_it_came(log: list[Accepted], sizes: list[int]) -> None:
    connection, tables = made()
    rest = list(log)
    for size in [*sizes, len(log)]:
        tables.apply(rest[:size])
        del rest[:size]
    assert snapshot(connection, REGISTRY) == shot(log)


@given(logs())
def test_rebuilt_equals_live(log: list[Accepted]) -> None:
    connection, tables = made()
    for one in log:
        tables.apply([one])
    live, digest = snapshot(connection, REGISTRY), tables.digest()
    tables.rebuild(log)
    assert snapshot(connection, REGISTRY) == live
    assert tables.digest() == digest


@given(logs(), st.data())
def test_unsent_saves_lie_over_the_log(entries: list[Accepted], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    log, unsent = numbered(entries[:cut], 1), entries[cut:]
    pulled = data.draw(st.integers(0, cut))
    sent = data.draw(st.integers(0, len(unsent)))
    connection, tables = made()
    tables.apply(log[:pulled])
    tables.lay_over(unsent)
    assert snapshot(connection, REGISTRY) == shot(log[:pulled], unsent)
    with tables.lifted():
        assert snapshot(connection, REGISTRY) == shot(log[:pulled])
        tables.apply(log[pulled:])
        tables.apply(numbered(unsent[:sent], cut + 1))
    tables.lay_over(unsent[sent:])
    assert snapshot(connection, REGISTRY) == shot([*log, *numbered(unsent[:sent], cut + 1)], unsent[sent:])


@given(logs())
def test_what_is_forgotten_is_nowhere(log: list[Accepted]) -> None:
    connection, tables = made()
    tables.apply(log)
    before = snapshot(connection, REGISTRY)
    tables.forget(CASE)
    after = snapshot(connection, REGISTRY)
    assert after == shot([one for one in log if one.folder != CASE])
    tables.apply([one for one in log if one.folder == CASE])
    assert snapshot(connection, REGISTRY) == before


def test_two_desks_that_did_not_see_each_other() -> None:
    connection, tables = made()
    first = entry(CASE, (DESKS[0], 1), Change("risk_assessment", RECORDS[0], {"level": "extreme"}), position=1)
    second = entry(CASE, (DESKS[1], 1), Change("risk_assessment", RECORDS[0], {"level": "low"}), position=2)
    tables.apply([first, second])
    assert connection.execute("SELECT level, conflicts FROM case_now").fetchall() == [("extreme", 1)]
    seen = {"level": (first.ref, second.ref)}
    settled = Change("risk_assessment", RECORDS[0], {"level": "low"}, seen)
    tables.apply([entry(CASE, (DESKS[0], 2), settled, position=3)])
    assert connection.execute("SELECT level, conflicts FROM case_now").fetchall() == [("low", 0)]


def counts(connection: apsw.Connection, *tables: str) -> list[int]:
    return [connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables]


def struck_out(kind: str, record: RecordId, seq: int, *, back: bool = False) -> Accepted:
    fields: dict[str, Value | None] = {STRUCK: None if back else Moment(Millis(seq), "UTC")}
    return entry(CASE, (DESKS[0], seq), Change(kind, record, fields), position=seq)


def test_what_is_struck_out_is_in_no_table_and_comes_back_whole() -> None:
    connection, tables = made()
    head = Change("case", RecordId(CASE), {"code_name": "Juniper Kettle"})
    gone = Change("evacuation", RECORDS[0], {"evacuated": Day("2017-05-01", "2017-05-01"), "origin": "Adam"})
    other = Change("note", RECORDS[1], {"body": "a quiet house"})
    tables.apply([entry(CASE, (DESKS[0], 1), head, gone, other, position=1)])
    before = snapshot(connection, REGISTRY)
    assert tables.facts(CASE).keys() == {"case", "evacuation", "note"}

    tables.apply([struck_out("evacuation", RECORDS[0], 2)])
    assert counts(connection, "k_evacuation", "step", "record", "case_now") == [0, 0, 3, 1]
    assert search(connection, Terms(), "Adam") == []
    assert tables.facts(CASE).keys() == {"case", "note"}
    assert tables.shown(CASE, "evacuation", RECORDS[0]) is None
    assert list(tables.each(REGISTRY["evacuation"])) == []
    assert tables.state(CASE, "evacuation", RECORDS[0]).keys() == {"evacuated", "origin", STRUCK}

    tables.apply([struck_out("case", RecordId(CASE), 3)])
    assert counts(connection, "k_case", "k_note", "case_now", "record") == [0, 0, 0, 3]
    assert search(connection, Terms(), "quiet") == []
    tables.apply([entry(CASE, (DESKS[0], 4), Change("note", RECORDS[1], {"body": "a loud house"}), position=4)])
    assert counts(connection, "k_note", "case_now") == [0, 0]

    tables.apply([struck_out("case", RecordId(CASE), 5, back=True)])
    assert [found.record for found in search(connection, Terms(), "loud")] == [RECORDS[1]]
    tables.apply(
        [
            entry(CASE, (DESKS[0], 6), Change("note", RECORDS[1], {"body": "a quiet house"}), position=6),
            struck_out("evacuation", RECORDS[0], 7, back=True),
        ]
    )
    after = snapshot(connection, REGISTRY)
    for table in ("case", "note", "evacuation", "step", "search"):
        assert after[table] == before[table], table


def test_what_is_struck_out_waits_for_nobody_to_settle_it() -> None:
    connection, tables = made()
    head = Change("case", RecordId(CASE), {"code_name": "Juniper Kettle"})
    tables.apply(
        [
            entry(CASE, (DESKS[0], 1), head, Change("note", RECORDS[0], {"body": "One."}), position=1),
            entry(CASE, (DESKS[1], 1), Change("note", RECORDS[0], {"body": "Another."}), position=2),
        ]
    )
    assert connection.execute("SELECT conflicts FROM case_now").fetchall() == [(1,)]
    tables.apply([struck_out("note", RECORDS[0], 3)])
    assert connection.execute("SELECT conflicts FROM case_now").fetchall() == [(0,)]
    back = Change("note", RECORDS[0], {STRUCK: None})
    tables.apply([entry(CASE, (DESKS[1], 4), back, position=4)])
    assert connection.execute("SELECT conflicts FROM case_now").fetchall() == [(2,)]


def test_what_a_newer_desk_wrote_is_kept() -> None:
    older = Registry(spec for name, spec in REGISTRY.items() if name != "note")
    connection = apsw.Connection(":memory:")
    tables = Tables(connection, older, Terms(), lambda: "2017-05-17")
    tables.create()
    newer = Change("note", RECORDS[0], {"body": "Later."})
    head = Change("request", RecordId(REQUEST), {"code_name": "Juniper Kettle", "aura": "blue"})
    log = [entry(REQUEST, (DESKS[0], 1), newer, head, position=1)]
    tables.apply(log)
    assert tables.facts(REQUEST) == {"request": {REQUEST: {"code_name": "Juniper Kettle"}}}
    assert tables.shown(REQUEST, "note", RECORDS[0]) is None
    kept = tables.state(REQUEST, "request", RecordId(REQUEST))
    assert kept["aura"][0].value == "blue"
    ((state,),) = connection.execute("SELECT state FROM record WHERE kind = 'note'").fetchall()
    assert decode_state(state)["body"][0].value == "Later."
    Tables(connection, REGISTRY, Terms(), lambda: "2017-05-17").rebuild(log)
    assert snapshot(connection, REGISTRY) == shot(log)


def test_bytes_that_are_no_payload_are_skipped() -> None:
    connection, tables = made()
    good = entry(CASE, (DESKS[0], 1), Change("note", RECORDS[0], {"body": "Here."}), position=1)
    bad = Accepted(2, (DESKS[0], 2), MEMBER, CASE, FolderType.CASE, good.stamp, b"\xff\x00")
    tables.apply([good, bad])
    assert connection.execute("SELECT count(*) FROM record").fetchall() == [(1,)]
    assert connection.execute("SELECT count(*) FROM history").fetchall() == [(2,)]


def test_a_new_day_turns_what_depends_on_it() -> None:
    today = "2017-05-17"
    connection = apsw.Connection(":memory:")
    tables = Tables(connection, REGISTRY, Terms(), lambda: today)
    tables.create()
    head = Change("case", RecordId(CASE), {"code_name": "Juniper Kettle"})
    stay = Change(
        "stay", RECORDS[0], {"begins": Day("2017-05-18", "2017-05-18"), "ends": Day("2017-05-20", "2017-05-20")}
    )
    tables.apply([entry(CASE, (DESKS[0], 1), head, stay, position=1)])
    hiding = []
    for day in ("2017-05-17", "2017-05-18", "2017-05-19", "2017-05-20", "2017-05-21"):
        today = day
        tables.turn()
        hiding.append(connection.execute("SELECT in_hiding FROM case_now").fetchall()[0][0])
    assert hiding == [0, 1, 1, 0, 0]
    assert tables.turn() == 0


def test_totals_are_what_their_rows_add_up_to() -> None:
    """Through every way in which a row comes, is made again, moves to another total, and goes."""
    connection, tables = made()

    def both() -> tuple[list[list[object]], list[list[object]]]:
        kept = [list(connection.execute(f"SELECT * FROM {name}")) for name in totals]
        with connection:
            for name in totals:
                connection.execute(f"DELETE FROM {name}")
            for statement in schema.summing():
                connection.execute(statement)
        return kept, [list(connection.execute(f"SELECT * FROM {name}")) for name in totals]

    totals = ("case_total", "request_total", "step_total")
    kept: list[list[object]] = []
    left = Change("own_departure", RECORDS[0], {"departed": DAY, "papers": "without_papers"})
    over = Change("closure", RECORDS[1], {"closed": DAY, "reason": "lost_contact"})
    for number, (folder, *changes) in enumerate(
        (
            (CASE, Change("case", RecordId(CASE), {"code_name": "Juniper Kettle"}), left),
            (OTHER, Change("case", RecordId(OTHER), {"code_name": "Copper Anchor"}), left),
            (OTHER, Change("own_departure", RECORDS[1], {"papers": "without_papers"})),
            (REQUEST, Change("request", RecordId(REQUEST), {"people": 3})),
            (OTHER, over),
            (REQUEST, Change("request", RecordId(REQUEST), {"same_as": RecordId(OFFICE)}), left),
            (OTHER, Change("own_departure", RECORDS[0], {"departed": None})),
            (REQUEST, Change("request", RecordId(REQUEST), {"outcome": "lost_contact", "outcome_day": DAY})),
        ),
        1,
    ):
        tables.apply([entry(folder, (DESKS[0], number), *changes, position=number)])
        kept, summed = both()
        assert kept == summed
    assert all(kept)
    for folder in (CASE, OTHER, REQUEST):
        tables.forget(folder)
        kept, summed = both()
        assert kept == summed
    assert not any(kept)


@pytest.mark.parametrize("words", ["Магомедов", "magomedov"])
def test_search_finds_across_inflection_and_script(words: str) -> None:
    connection = apsw.Connection(":memory:")
    tables = Tables(connection, REGISTRY, terms(), lambda: "2017-05-17")
    tables.create()
    tables.apply([entry(CASE, (DESKS[0], 1), Change("note", RECORDS[0], {"body": "Отдать Магомедову."}), position=1)])
    assert [found.record for found in search(connection, terms(), words)] == [RECORDS[0]]
