"""The book's formats in production: every vector of book.json and files.json."""

from pathlib import Path
from typing import Any

import pytest
from tests.ground.seeded import Seeded
from tests.ground.vectors import Case, every, group, load, refusing

from waystation.book import Book, DeskKeys, Store, log
from waystation.book.asking import adoption
from waystation.book.change import ChangeBody
from waystation.book.entry import (
    Entry,
    EntryKind,
    EpochKey,
    Header,
    check_body,
    decode_header,
    encode_header,
    first_order,
    header_hash,
    next_order,
    open_body,
)
from waystation.book.era import EraStatement, read_era
from waystation.book.files import open_file
from waystation.book.folder import EpochStatement, chunk_hash, open_past, open_sheet, read_epoch
from waystation.book.log import Tombstone
from waystation.book.roster import Amendment, Roster, SignedAmendment, read_genesis
from waystation.derive import Key, derive
from waystation.errors import NewerFormat, SealError
from waystation.ids import SINGLETONS, FolderType, singleton_folder
from waystation.seal import pad, seal_once
from waystation.sign import SigningKey
from waystation.unseal import SealingKey
from waystation.wire import Decoder, encode
from waystation.words import to_age_secret


@every("book", "genesis", "valid")
def test_genesis(case: Case) -> None:
    org, read = read_genesis(case["record"])
    assert org == case["org"]
    assert (list(read.roots), read.threshold) == (case["roots"], case["threshold"])
    assert {kind.value: singleton_folder(org, kind) for kind in SINGLETONS} == case["folders"]


@every("book", "genesis", "faulty")
def test_genesis_refused(case: Case) -> None:
    with refusing(case):
        read_genesis(case["record"])


@every("book", "header", "valid")
def test_header(case: Case) -> None:
    read = decode_header(case["header"])
    fields = {name: case[name] for name in Header.__struct_fields__ if name != "kind"}
    assert {name: getattr(read, name) for name in fields} == fields
    assert read.kind == case["kind"]
    assert encode_header(read) == case["header"]
    assert header_hash(case["header"]) == case["hash"]


@every("book", "header", "faulty")
def test_header_refused(case: Case) -> None:
    with refusing(case):
        decode_header(case["header"])


@every("book", "order", "valid")
def test_order(case: Case) -> None:
    order = first_order(case["org"])
    assert order == case["first"]
    for step in case["steps"]:
        order = next_order(order, step["header_hash"], step["body_hash"])
        assert order == step["order"]


def body_of(case: Case) -> bytes:
    header = decode_header(case["header"])
    epoch = EpochKey(header.org, case["folder"], case["epoch"], case["key"])
    return open_body(case["header"], header, case["body_base64"], epoch)


@every("book", "body", "valid")
def test_body(case: Case) -> None:
    check_body(decode_header(case["header"]), case["body_base64"])
    assert body_of(case) == case["plaintext"]


@every("book", "body", "faulty")
def test_body_refused(case: Case) -> None:
    with refusing(case):
        body_of(case)


@every("book", "change", "valid")
def test_change(case: Case) -> None:
    read = Decoder(ChangeBody)(case["plaintext"])
    assert read == ChangeBody(1, case["save"], case["at"], case["zone"], case["payload"])


@every("book", "change", "faulty")
def test_change_refused(case: Case) -> None:
    with refusing(case):
        Decoder(ChangeBody)(case["plaintext"])


@every("book", "tombstone", "valid")
def test_tombstone(case: Case) -> None:
    read = Decoder(Tombstone)(case["plaintext"])
    assert read == Tombstone(1, case["action"], case["folder"], case["at"], case["zone"])


@every("book", "tombstone", "faulty")
def test_tombstone_refused(case: Case) -> None:
    with refusing(case):
        Decoder(Tombstone)(case["plaintext"])


def epoch_of(case: Case) -> EpochStatement:
    parent = None
    if case["parent_key"] is not None:
        folder = read_epoch(case["body"], None).folder
        parent = EpochKey(case["org"], folder, 0, case["parent_key"])
    return read_epoch(case["body"], parent)


@every("book", "epoch", "valid")
def test_epoch(case: Case) -> None:
    assert epoch_of(case) == EpochStatement(
        1,
        case["folder"],
        FolderType(case["type"]),
        case["epoch"],
        case["parent_tag"],
        case["tag"],
        tuple(case["recipients"]),
        case["sheet"],
    )


@every("book", "epoch", "faulty")
def test_epoch_refused(case: Case) -> None:
    with refusing(case):
        epoch_of(case)


def key_of(case: Case) -> EpochKey:
    org, folder, number = case["org"], case["folder"], case["epoch"]
    statement = EpochStatement(
        1, folder, FolderType.CASE, number, bytes(32), case["tag"], (), chunk_hash(case["sheet"])
    )
    wrapping = None
    if case["wrapping"] != org:
        wrapping = EpochKey(org, folder, 0, case["wrapping"])
    return open_sheet(org, statement, case["sheet"], wrapping, case["desk"], [SealingKey(case["seed"])])


@every("book", "sheet", "valid")
def test_sheet(case: Case) -> None:
    assert key_of(case) == EpochKey(case["org"], case["folder"], case["epoch"], case["key"])


@every("book", "sheet", "faulty")
def test_sheet_refused(case: Case) -> None:
    with refusing(case):
        key_of(case)


def past_of(case: Case) -> EpochKey | None:
    key = EpochKey(case["org"], case["folder"], case["epoch"], case["key"])
    statement = EpochStatement(
        1,
        case["folder"],
        FolderType.CASE,
        case["epoch"],
        case["parent_tag"],
        case["tag"],
        (),
        chunk_hash(case["sheet"]),
    )
    return open_past(statement, case["sheet"], EpochKey(case["org"], case["folder"], 0, case["wrapping"]), key)


@every("book", "past", "valid")
def test_past(case: Case) -> None:
    expected = EpochKey(case["org"], case["folder"], case["epoch"] - 1, case["past"]) if case["past"] else None
    assert past_of(case) == expected


@every("book", "past", "faulty")
def test_past_refused(case: Case) -> None:
    with refusing(case):
        past_of(case)


def test_a_first_epoch_brings_no_past() -> None:
    """B32: version 2 is for later epochs alone."""
    case = group("book", "past", "valid")[0]
    key = EpochKey(case["org"], case["folder"], 0, case["key"])
    outer = derive(case["wrapping"], "sheet", key.context + key.tag, bytes(32))
    sheet = bytes(32) + seal_once(outer, pad(encode([2, [], b""]), 2000), b"")
    statement = EpochStatement(1, key.folder, FolderType.CASE, 0, bytes(32), key.tag, (), chunk_hash(sheet))
    with pytest.raises(NewerFormat):
        open_sheet(key.org, statement, sheet, EpochKey(key.org, key.folder, 0, case["wrapping"]), bytes(16), [])


@every("book", "era", "valid")
def test_era(case: Case) -> None:
    org, genesis = read_genesis(case["genesis"])
    read = read_era(case["body"], org, genesis)
    assert read == EraStatement(1, org, case["number"], case["checkpoint"], case["order"], case["reason"])


@every("book", "era", "faulty")
def test_era_refused(case: Case) -> None:
    org, genesis = read_genesis(case["genesis"])
    with refusing(case):
        read_era(case["body"], org, genesis)


@every("book", "adoption", "valid")
def test_adoption(case: Case) -> None:
    assert adoption(case["header"]) == case["save"]


def test_a_sheet_is_the_one_that_its_epoch_names() -> None:
    """B12: another sheet, though it would open, is not taken for it."""
    case = group("book", "sheet", "valid")[0]
    statement = EpochStatement(1, case["folder"], FolderType.CASE, case["epoch"], bytes(32), case["tag"], (), bytes(32))
    wrapping = EpochKey(case["org"], case["folder"], 0, case["wrapping"])
    keys = [SealingKey(case["seed"])]
    with pytest.raises(SealError, match="not the one that its epoch names"):
        open_sheet(case["org"], statement, case["sheet"], wrapping, case["desk"], keys)


@every("book", "roster", "valid")
def test_roster(case: Case) -> None:
    signed = Decoder(SignedAmendment)(case["body"])
    amendment = Decoder(Amendment)(signed.amendment)
    assert amendment.number == case["number"]
    assert len(amendment.operations) == len(case["operations"])
    org, genesis = read_genesis(case["genesis"])
    amended = Roster(org, genesis).amend(case["body"])
    assert amended.number == 1
    assert amended.draft(()) != Roster(org, genesis).draft(())


@every("book", "roster", "faulty")
def test_roster_refused(case: Case) -> None:
    org, genesis = read_genesis(case["genesis"])
    with refusing(case):
        Roster(org, genesis).amend(case["body"])


STORY = group("book", "log", "valid")[0]


def entry_of(case: Case) -> Entry:
    return Entry(case["header"], case["signature"], case["body_base64"])


def desk_called(name: str) -> DeskKeys:
    (desk,) = [desk for desk in STORY["desks"] if desk["name"] == name]
    return DeskKeys(SigningKey(desk["signing_seed"]), (SealingKey(desk["sealing_seed"]),))


def read_by(name: str, path: Path, entries: list[Case]) -> Book:
    """A book at a desk of the story, filled with a part of its log."""
    rand = Seeded(f"book of {name}")
    store = Store.create(path, Key(rand(32)))
    folder = singleton_folder(STORY["org"], FolderType.ORGANISATION)
    keys = [EpochKey(STORY["org"], folder, epoch, key) for epoch, key in enumerate(STORY["organisation_keys"])]
    # Who was there in the second epoch finds its key in the sheet; Dora came later.
    held = keys if name == "dora" else keys[:1]
    book = Book.join(store, STORY["genesis"], held, desk_called(name), Key(rand(32)), rand)
    with book.transaction():
        for chunk in STORY["chunks_base64"]:
            store.add_chunk(chunk_hash(chunk), chunk)
        book.receive([entry_of(entry) for entry in entries])
    return book


def aside(book: Book) -> dict[int, str]:
    """Why entries were set aside, by position."""
    return dict(book.store.rows("SELECT position, status FROM entry WHERE status IS NOT NULL"))


def test_the_story_is_read_as_it_was_written(tmp_path: Path) -> None:
    book = read_by("ann", tmp_path / "book", STORY["entries"])
    expected = [entry["outcome"] for entry in STORY["entries"]]
    assert sorted(aside(book)) == [at for at, said in enumerate(expected, 1) if said == "set aside"]
    report = book.check()
    assert report.undecodable == expected.count("undecodable")
    assert report.accepted == expected.count("accepted")
    assert (report.entries, report.unread) == (len(expected), 0)
    assert book.order == STORY["entries"][-1]["order"]
    hidden = STORY["hidden"]
    assert book.due_for_destruction(STORY["due_at"]) == hidden
    assert book.due_for_destruction(STORY["due_at"] - 1) == []
    assert hidden[0] not in {change.folder for change in book.changes()}


def test_a_folder_is_not_destroyed_by_one_member_of_several(tmp_path: Path) -> None:
    """B24: without a second member's signature no time is enough."""
    kinds = [entry["kind"] for entry in STORY["entries"]]
    hidden, confirmed, _ = (at for at, kind in enumerate(kinds) if kind == EntryKind.TOMBSTONE)
    book = read_by("ann", tmp_path / "book", STORY["entries"][:confirmed])
    assert book.is_hidden(STORY["hidden"][0])
    assert book.due_for_destruction(STORY["due_at"] * 2) == []
    assert hidden < confirmed


@pytest.mark.parametrize("name", ["ben", "cleo", "dora"])
def test_every_desk_reads_the_same_story(name: str, tmp_path: Path) -> None:
    ann = read_by("ann", tmp_path / "ann", STORY["entries"])
    book = read_by(name, tmp_path / "book", STORY["entries"])
    assert aside(book) == aside(ann)
    assert (book.order, book.roster) == (ann.order, ann.roster)
    assert book.due_for_destruction(STORY["due_at"]) == STORY["hidden"]
    told = {change.payload for change in book.changes(folder=STORY["hidden"][0])}
    assert (b"written into a hidden folder" in told) == (name == "cleo")
    # Cleo came later, and reads what was before (B32); Dora took Ben's place, and not his keys.
    assert (b"she was seen at the bridge" in told) == (name in ("ben", "cleo"))


def state_of(book: Book) -> tuple[Any, ...]:
    """What the rules decided so far."""
    tables = [book.store.rows(f"SELECT * FROM {table}") for table in ("epoch", "hidden", "keyring")]
    return (book.roster, book.position, book.order, tables)


@every("book", "log", "faulty")
def test_a_fault_in_the_story(case: Case, tmp_path: Path) -> None:
    book = read_by("ann", tmp_path / "book", STORY["entries"][: case["after"]])
    before = state_of(book)
    if case["outcome"] == "refused":
        with refusing(case), book.transaction():
            book.receive([entry_of(case["entry"])])
        assert state_of(book) == before
        assert book.check().entries == case["after"]
        return
    counts = book.check()
    with book.transaction():
        book.receive([entry_of(case["entry"])])
    after = state_of(book)
    assert (after[0], after[3]) == (before[0], before[3])
    report = book.check()
    assert report.accepted == counts.accepted
    if case["outcome"] == "set aside":
        assert report.aside == counts.aside + 1
        said = aside(book)[book.position]
        assert said.startswith(f"{case['rule']}:") or case["rule"] in ("W2", "W3")
    else:
        assert report.undecodable == counts.undecodable + 1


AFTERMATH = group("book", "aftermath", "valid")[0]


def survived(path: Path, entries: list[Case]) -> Book:
    """Ann's book of the aftermath, as far as the entries go."""
    rand = Seeded("aftermath")
    folder = singleton_folder(AFTERMATH["org"], FolderType.ORGANISATION)
    (key,) = AFTERMATH["organisation_keys"]
    keys = DeskKeys(SigningKey(AFTERMATH["signing_seed"]), (SealingKey(AFTERMATH["sealing_seed"]),))
    store = Store.create(path, Key(rand(32)))
    book = Book.join(
        store, AFTERMATH["genesis"], [EpochKey(AFTERMATH["org"], folder, 0, key)], keys, Key(rand(32)), rand
    )
    with book.transaction():
        for chunk in AFTERMATH["chunks_base64"]:
            store.add_chunk(chunk_hash(chunk), chunk)
        book.receive([entry_of(entry) for entry in entries])
    return book


def test_an_organisation_goes_on_after_a_fork(tmp_path: Path) -> None:
    book = survived(tmp_path / "book", AFTERMATH["entries"])
    expected = [(entry["outcome"], entry["rule"]) for entry in AFTERMATH["entries"]]
    found = aside(book)
    assert [
        ("set aside", found[at].split(":")[0]) if at in found else ("accepted", "")
        for at in range(1, len(expected) + 1)
    ] == expected
    assert book.order == AFTERMATH["entries"][-1]["order"]
    assert list(book.suspended()) == AFTERMATH["suspended"]
    assert [era.checkpoint for era in book.eras()] == [[e["kind"] for e in AFTERMATH["entries"]].index(5)]
    assert book.check().aside == len(found)
    assert [change.payload for change in book.changes()].count(b"left behind") == 3


@every("book", "aftermath", "faulty")
def test_a_fault_in_the_aftermath(case: Case, tmp_path: Path) -> None:
    book = survived(tmp_path / "book", AFTERMATH["entries"][: case["after"]])
    before = (book.order, book.suspended())
    if case["outcome"] == "refused":
        with refusing(case), book.transaction():
            book.receive([entry_of(case["entry"])])
        assert (book.order, book.suspended()) == before
        return
    with book.transaction():
        book.receive([entry_of(case["entry"])])
    assert aside(book)[book.position].startswith(f"{case['rule']}:")
    assert book.suspended() == before[1]
    book.check()


@every("files", "file", "valid")
def test_file(case: Case) -> None:
    pieces = dict(zip(case["hashes"], case["pieces_base64"], strict=True))
    content = open_file(Key(case["key"]), case["hashes"], pieces.get)
    assert (len(content), chunk_hash(content)) == (case["size"], case["content_hash"])
    assert to_age_secret(case["key"]) == case["key_text"]


@every("files", "file", "faulty")
def test_file_refused(case: Case) -> None:
    (sound,) = [valid for valid in group("files", "file", "valid") if valid["name"] == case["of"]]
    whole = sound["pieces_base64"]
    pieces = whole
    if "pieces" in case:
        pieces = [whole[index][start:stop] for index, start, stop in case["pieces"]]
    hashes = case.get("hashes", sound["hashes"])
    stored = dict(zip(hashes, pieces, strict=False))
    key = Key(sound["key"]) if "key_text" not in case else Key(bytes(32))
    with refusing(case):
        open_file(key, hashes, stored.get)


def test_the_vectors_are_what_the_tool_writes() -> None:
    """What does not come from a library's own randomness is made again, and must be the same."""
    from tools.make_vectors import FORMATS, make

    for name in FORMATS:
        assert make(name, renew=False) == load(name)


def test_every_rule_that_an_entry_can_break_has_a_fault() -> None:
    """A rule without a fault in the vectors is a rule that a second reader may have forgotten."""
    rules = {case["rule"] for kind in load("book") if kind != "about" for case in group("book", kind, "faulty")}
    assert rules >= {
        *(f"B{n}" for n in (1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 15, 16, 17, 20, 21, 22, 23, 29, 30, 32)),
        *("W2", "W3", "E2"),
    }


def test_the_log_names_no_rule_that_is_not_there() -> None:
    """Messages cite numbered steps; each exists in the specification."""
    import re

    spec = (Path(__file__).resolve().parents[2] / "spec" / "book.md").read_text("utf-8")
    source = Path(log.__file__).parent
    cited = {rule for file in source.glob("*.py") for rule in re.findall(r"\bB\d+\b", file.read_text("utf-8"))}
    assert cited <= set(re.findall(r"\*\*(B\d+)\*\*", spec))
