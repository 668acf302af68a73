"""The second decoder on every vector: it accepts and refuses what production does, for the same rule."""

from typing import Any

import pytest
from tests.ground.vectors import Case, every, group
from tests.independent import files, ground, log
from tests.independent.strict import Refused, need


def refusing(case: Case) -> Any:
    """Expects a refusal by the case's rule."""
    return pytest.raises(Refused, match=f"^{case['rule']}$")


@every("envelope", "derive", "valid")
def test_derivation(case: Case) -> None:
    if "digest" in case:
        assert ground.digest(case["purpose"], case["data"]) == case["digest"]
    elif "mac" in case:
        assert ground.mac(case["secret"], case["purpose"], case["data"]) == case["mac"]
    else:
        key = ground.derive(case["secret"], case["purpose"], case["context"], case["salt"])
        assert key == case["key"]


@every("envelope", "once", "valid")
def test_once(case: Case) -> None:
    assert ground.open_once(case["key"], case["sealed"], case["associated"]) == case["plaintext"]


@every("envelope", "once", "faulty")
def test_once_refused(case: Case) -> None:
    with refusing(case):
        ground.open_once(case["key"], case["sealed"], case["associated"])


@every("envelope", "padding", "valid")
def test_padding(case: Case) -> None:
    assert ground.unpad(case["padded"]) == case["plaintext"]
    assert len(case["padded"]) == case["size"]


@every("envelope", "padding", "faulty")
def test_padding_refused(case: Case) -> None:
    with refusing(case):
        ground.unpad(case["padded"])


@every("envelope", "sealed", "valid")
def test_sealed(case: Case) -> None:
    assert ground.sealing_public(case["seed"]) == case["public"]
    opened = ground.unseal(case["seed"], case["envelope"], case["purpose"], case["context"])
    assert opened == case["plaintext"]


@every("envelope", "sealed", "faulty")
def test_sealed_refused(case: Case) -> None:
    with refusing(case):
        ground.unseal(case["seed"], case["envelope"], case["purpose"], case["context"])


@every("envelope", "signature", "valid")
def test_signature(case: Case) -> None:
    assert ground.verification_key(case["seed"]) == case["key"]
    ground.verify(case["key"], case["signature"], case["purpose"], case["data"])


@every("envelope", "signature", "faulty")
def test_signature_refused(case: Case) -> None:
    with refusing(case):
        ground.verify(case["key"], case["signature"], case["purpose"], case["data"])


@every("envelope", "paper", "valid")
def test_paper(case: Case) -> None:
    assert ground.secret_of_words(case["words"]) == case["secret"]
    assert ground.identity_of_text(case["age"]) == case["secret"]


@every("envelope", "paper", "faulty")
def test_paper_refused(case: Case) -> None:
    with refusing(case):
        if "words" in case:
            ground.secret_of_words(case["words"])
        else:
            ground.identity_of_text(case["age"])


@every("vault", "vault", "valid")
def test_vault(case: Case) -> None:
    vault = ground.open_vault(case["file"], case["passphrase"])
    assert vault == ground.Vault(
        case["org"],
        case["desk"],
        case["database_key"],
        case["keyring_keys"],
        case["signing_seed"],
        [(seed, since) for seed, since in case["sealing_seeds"]],
    )


@every("vault", "vault", "faulty")
def test_vault_refused(case: Case) -> None:
    with refusing(case):
        ground.open_vault(case["file"], case["passphrase"])


@every("book", "genesis", "valid")
def test_genesis(case: Case) -> None:
    read = log.genesis(case["record"])
    assert read == log.Genesis(case["org"], case["roots"], case["threshold"])
    assert {name: log.singleton(read.org, name) for name in log.SINGLETONS} == case["folders"]


@every("book", "genesis", "faulty")
def test_genesis_refused(case: Case) -> None:
    with refusing(case):
        log.genesis(case["record"])


@every("book", "header", "valid")
def test_header(case: Case) -> None:
    read = log.header(case["header"])
    assert read == log.Header(
        case["kind"],
        1024 * 4 ** case["bucket"],
        case["org"],
        case["desk"],
        case["seq"],
        case["prev"],
        case["seen_position"],
        case["seen_order"],
        case["tag"],
        case["salt"],
        case["body_hash"],
    )
    assert ground.digest("header", case["header"]) == case["hash"]


@every("book", "header", "faulty")
def test_header_refused(case: Case) -> None:
    with refusing(case):
        log.header(case["header"])


@every("book", "order", "valid")
def test_order(case: Case) -> None:
    order = ground.digest("order", case["org"])
    assert order == case["first"]
    for step in case["steps"]:
        order = ground.digest("order", order + step["header_hash"] + step["body_hash"])
        assert order == step["order"]


def body_of(case: Case) -> bytes:
    return log.open_body(case["key"], case["folder"], case["epoch"], case["header"], case["body_base64"])


@every("book", "body", "valid")
def test_body(case: Case) -> None:
    assert body_of(case) == case["plaintext"]
    assert log.header(case["header"]).size == len(case["body_base64"])
    assert log.header(case["header"]).body_hash == log.sha256(case["body_base64"])


@every("book", "body", "faulty")
def test_body_refused(case: Case) -> None:
    with refusing(case):
        body_of(case)


@every("book", "change", "valid")
def test_change(case: Case) -> None:
    read = log.change(case["plaintext"])
    assert read == (case["save"], case["at"], case["zone"], case["payload"])


@every("book", "change", "faulty")
def test_change_refused(case: Case) -> None:
    with refusing(case):
        log.change(case["plaintext"])


@every("book", "tombstone", "valid")
def test_tombstone(case: Case) -> None:
    read = log.tombstone(case["plaintext"])
    assert read == (case["action"], case["folder"], case["at"], case["zone"])


@every("book", "tombstone", "faulty")
def test_tombstone_refused(case: Case) -> None:
    with refusing(case):
        log.tombstone(case["plaintext"])


def epoch_of(case: Case) -> log.Statement:
    statement, stored, seal = log.epoch_body(case["body"])
    if case["parent_key"] is not None:
        place = (case["org"], statement.folder, statement.epoch)
        if log.epoch_mac(case["parent_key"], *place, stored) != seal:
            raise Refused("B10")
    return statement


@every("book", "epoch", "valid")
def test_epoch(case: Case) -> None:
    assert epoch_of(case) == log.Statement(
        case["folder"],
        case["type"],
        case["epoch"],
        case["parent_tag"],
        case["tag"],
        case["recipients"],
        case["sheet"],
    )


@every("book", "epoch", "faulty")
def test_epoch_refused(case: Case) -> None:
    with refusing(case):
        epoch_of(case)


def key_of(case: Case) -> bytes:
    place = (case["org"], case["folder"], case["epoch"], case["tag"])
    wraps = dict(log.open_sheet(case["wrapping"], *place, case["sheet"]))
    if case["desk"] not in wraps:
        raise Refused("B12")
    return log.open_wrap(case["seed"], *place, case["desk"], wraps[case["desk"]])


@every("book", "sheet", "valid")
def test_sheet(case: Case) -> None:
    assert key_of(case) == case["key"]


@every("book", "sheet", "faulty")
def test_sheet_refused(case: Case) -> None:
    with refusing(case):
        key_of(case)


def in_hexadecimal(value: Any) -> Any:
    if isinstance(value, list):
        return [in_hexadecimal(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value


@every("book", "roster", "valid")
def test_roster(case: Case) -> None:
    stored, signatures = log.roster_body(case["body"])
    read = log.amendment(stored)
    assert read.org == log.genesis(case["genesis"]).org
    assert read.number == case["number"]
    assert in_hexadecimal(read.operations) == case["operations"]
    for signer, signature in signatures:
        ground.verify(signer, signature, "roster", stored)


@every("book", "roster", "faulty")
def test_roster_refused(case: Case) -> None:
    with refusing(case):
        log.amendment(log.roster_body(case["body"])[0])


STORY = group("book", "log", "valid")[0]


def walk(name: str, entries: list[Case], admitted: bool = False) -> log.Walk:
    """A walk of the story by a desk, as far as the entries go."""
    seeds = {desk["desk"]: desk["sealing_seed"] for desk in STORY["desks"] if desk["name"] == name}
    admission = STORY["organisation_keys"][0] if admitted else None
    walker = log.Walk(STORY["genesis"], STORY["chunks_base64"], seeds, admission)
    for entry in entries:
        walker.take(entry["header"], entry["signature"], entry["body_base64"])
    return walker


def test_the_story_is_read_as_it_was_written() -> None:
    walker = walk("ann", STORY["entries"])
    assert [(v.outcome, v.rule) for v in walker.verdicts] == [
        (entry["outcome"], entry["rule"]) for entry in STORY["entries"]
    ]
    assert walker.orders[1:] == [entry["order"] for entry in STORY["entries"]]
    assert list(walker.graves) == STORY["hidden"]
    assert walker.due(STORY["due_at"]) == STORY["hidden"]
    assert walker.due(STORY["due_at"] - 1) == []
    _, confirmed, _ = [at for at, entry in enumerate(STORY["entries"]) if entry["kind"] == log.TOMBSTONE]
    assert walk("ann", STORY["entries"][:confirmed]).due(STORY["due_at"] * 2) == []


def test_the_story_opens_as_far_as_each_reader_may_read() -> None:
    """Cleo came to the case in its second epoch, and reads its past; she was never let into the office."""
    changes = [entry for entry in STORY["entries"] if entry["kind"] == log.CHANGE]
    told = {}
    for name in ("ann", "ben", "cleo"):
        walker = walk(name, STORY["entries"], admitted=name == "cleo")
        told[name] = [plain for _, _, plain in walker.changes]
        assert walker.orders == walk("ann", STORY["entries"]).orders
    assert len(told["ann"]) == len([entry for entry in changes if entry["outcome"] == "accepted"])
    assert [log.change(plain)[3] for plain in told["cleo"]] == [
        b"she was seen at the bridge",
        b"written before he knew",
        b"written into a hidden folder",
    ]
    assert b"written into a hidden folder" not in [log.change(p)[3] for p in told["ben"]]
    hidden = [folder for _, folder, _ in walk("ann", STORY["entries"]).visible()]
    assert STORY["hidden"][0] not in hidden


@every("book", "log", "faulty")
def test_a_fault_in_the_story(case: Case) -> None:
    walker = walk("ann", STORY["entries"][: case["after"]])
    entry = case["entry"]
    given = (entry["header"], entry["signature"], entry["body_base64"])
    if case["outcome"] == "refused":
        with refusing(case):
            walker.take(*given)
    else:
        before = (dict(walker.members), dict(walker.types), set(walker.epochs), dict(walker.graves))
        verdict = walker.take(*given)
        assert (verdict.outcome, verdict.rule) == (case["outcome"], case["rule"])
        after = (walker.members, walker.types, set(walker.epochs), walker.graves)
        assert after == before


@every("book", "past", "valid")
def test_past(case: Case) -> None:
    assert past_of(case) == case["past"]


@every("book", "past", "faulty")
def test_past_refused(case: Case) -> None:
    with refusing(case):
        past_of(case)


def past_of(case: Case) -> bytes | None:
    names = ("wrapping", "org", "folder", "epoch", "tag", "parent_tag", "key", "sheet")
    return log.open_past(*(case[name] for name in names))


@every("book", "era", "valid")
def test_era(case: Case) -> None:
    read = era_of(case)
    assert read == log.Era(read.org, case["number"], case["checkpoint"], case["order"], case["reason"])


@every("book", "era", "faulty")
def test_era_refused(case: Case) -> None:
    with refusing(case):
        era_of(case)


def era_of(case: Case) -> log.Era:
    known = log.genesis(case["genesis"])
    stored, signatures, read = log.era_body(case["body"])
    need(read.org == known.org, "B30")
    log.signed_by_root(known, stored, signatures)
    return read


@every("book", "adoption", "valid")
def test_adoption(case: Case) -> None:
    assert log.adoption(case["header"]) == case["save"]


AFTERMATH = group("book", "aftermath", "valid")[0]


def walked(entries: list[Case]) -> log.Walk:
    """A walk of the aftermath by Ann."""
    seeds = {AFTERMATH["desk"]: AFTERMATH["sealing_seed"]}
    walker = log.Walk(AFTERMATH["genesis"], AFTERMATH["chunks_base64"], seeds)
    for entry in entries:
        walker.take(entry["header"], entry["signature"], entry["body_base64"])
    return walker


def test_the_aftermath_is_read_as_it_was_written() -> None:
    walker = walked(AFTERMATH["entries"])
    assert [(v.outcome, v.rule) for v in walker.verdicts] == [
        (entry["outcome"], entry["rule"]) for entry in AFTERMATH["entries"]
    ]
    assert walker.orders[1:] == [entry["order"] for entry in AFTERMATH["entries"]]
    assert sorted(walker.suspended) == AFTERMATH["suspended"]


@every("book", "aftermath", "faulty")
def test_a_fault_in_the_aftermath(case: Case) -> None:
    walker = walked(AFTERMATH["entries"][: case["after"]])
    entry = case["entry"]
    given = (entry["header"], entry["signature"], entry["body_base64"])
    if case["outcome"] == "refused":
        with refusing(case):
            walker.take(*given)
    else:
        verdict = walker.take(*given)
        assert (verdict.outcome, verdict.rule) == (case["outcome"], case["rule"])


@every("files", "file", "valid")
def test_file(case: Case) -> None:
    content = files.open_file(case["key_text"], case["hashes"], case["pieces_base64"], case["size"])
    assert log.sha256(content) == case["content_hash"]
    assert ground.identity_of_text(case["key_text"]) == case["key"]


@every("files", "file", "faulty")
def test_file_refused(case: Case) -> None:
    sound = next(valid for valid in group("files", "file", "valid") if valid["name"] == case["of"])
    pieces = sound["pieces_base64"]
    if "pieces" in case:
        pieces = [pieces[index][start:stop] for index, start, stop in case["pieces"]]
    key, hashes = case.get("key_text", sound["key_text"]), case.get("hashes", sound["hashes"])
    with refusing(case):
        files.open_file(key, hashes, pieces, sound["size"])
