"""The log over HTTP: one order, all or nothing, the same answer to the same batch (spec/relay.md L8–L17)."""

import threading
import time
from hashlib import sha256

import pytest
from tests.ground.seeded import Seeded
from tests.relay.serving import (
    ZEROS,
    Asker,
    Key,
    Served,
    come,
    entry,
    first_order,
    order_after,
    organisation,
)

from waystation.relay.port import Allowance


def test_an_organisation_comes_with_a_ticket_and_only_once(served: Served, randomness: Seeded) -> None:
    made = organisation(served.store, randomness)
    asker = Asker(served, made.org, made.key, randomness)
    assert asker.entries().code == "unsigned"
    assert asker.ask("POST", "/v1/organisations", made.registering()).status == 201
    assert asker.ask("POST", "/v1/organisations", made.registering()).status == 200
    assert asker.entries().said == [1, 0, first_order(made.org), 0, first_order(made.org), []]
    other = organisation(served.store, randomness)
    taken = [1, other.genesis, made.ticket, other.key.public, other.desk]
    refused = Asker(served, other.org, other.key, randomness).ask("POST", "/v1/organisations", taken)
    assert (refused.status, refused.code) == (403, "forbidden")


def test_nobody_takes_an_organisation_that_is_there(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    spare = organisation(served.store, randomness)
    thief = Asker(served, made.org, spare.key, randomness)
    taking = [1, made.genesis, spare.ticket, spare.key.public, spare.desk]
    assert thief.ask("POST", "/v1/organisations", taking).status == 403
    assert thief.entries().status == 401
    assert asker.entries().status == 200
    # The ticket was not used up by the attempt.
    assert (
        Asker(served, spare.org, spare.key, randomness).ask("POST", "/v1/organisations", spare.registering()).status
        == 201
    )


def test_a_ticket_expires_and_a_registration_is_signed_by_what_it_brings(served: Served, randomness: Seeded) -> None:
    made = organisation(served.store, randomness)
    stranger = Asker(served, made.org, Key(randomness), randomness)
    assert stranger.ask("POST", "/v1/organisations", made.registering()).status == 401
    served.clock.at_ms += 2 * 86_400_000
    asker = Asker(served, made.org, made.key, randomness)
    assert asker.ask("POST", "/v1/organisations", made.registering()).status == 403


def test_a_batch_gets_its_positions_and_the_order_that_desks_compute(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    entries = [entry(made.org, made.desk, randomness, bucket=at % 4) for at in range(9)]
    h3 = order_after(first_order(made.org), entries[:3])
    h9 = order_after(h3, entries[3:])
    assert asker.append(entries[:3]).said == [1, 1, 3, h3]
    assert asker.append(entries[3:], after=3).said == [1, 4, 9, h9]
    assert asker.entries().said == [1, 0, first_order(made.org), 9, h9, entries]
    assert asker.entries(3, 2).said == [1, 3, h3, 9, h9, entries[3:5]]
    assert asker.entries(9).said == [1, 9, h9, 9, h9, []]
    assert asker.ask("GET", asker.of("order/3")).said == [1, 3, h3, 9, h9]
    assert asker.ask("GET", asker.of("order/0")).said == [1, 0, first_order(made.org), 9, h9]
    for far in (asker.entries(10), asker.ask("GET", asker.of("order/10"))):
        assert (far.status, far.said) == (416, [1, "too_far", 9, h9])


def test_the_same_batch_has_the_same_answer_and_another_cut_of_it_none(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    entries = [entry(made.org, made.desk, randomness) for _ in range(6)]
    first = asker.append(entries[:3]).said
    asker.append(entries[3:5])
    assert asker.append(entries[:3], after=77).said == first
    assert asker.append(entries[1:4]).said == [1, 2, 4, order_after(first_order(made.org), entries[:4])]
    h5 = order_after(first_order(made.org), entries[:5])
    for other in (
        [entries[1], entries[0]],
        [entries[0], entries[2]],
        [entries[4], entries[5]],
        [entries[5], entries[0]],
    ):
        moved = asker.append(other)
        assert (moved.status, moved.said) == (409, [1, "moved_on", 5, h5])
    assert asker.append([entries[5], entries[5]]).code == "bad_request"
    assert asker.entries().said[3] == 5


def test_a_conditional_append_goes_only_onto_its_head(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    one, two = (entry(made.org, made.desk, randomness) for _ in range(2))
    assert asker.append([one], after=1).said == [1, "moved_on", 0, first_order(made.org)]
    assert asker.append([one], after=0).status == 200
    assert asker.append([two], after=0).code == "moved_on"
    assert asker.append([two], after=1).status == 200


def test_what_is_not_whole_is_refused_and_nothing_of_its_batch_is_kept(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    good = entry(made.org, made.desk, randomness)
    header, signature, body = good
    bad: list[list[bytes | None]] = [
        [b"XSE" + header[3:], signature, body],
        [header[:3] + b"\x02" + header[4:], signature, body],
        [header[:5] + b"\x04" + header[6:], signature, body],
        [header[:8] + bytes(32) + header[40:], signature, body],
        [header, signature, body[:-1] + bytes([body[-1] ^ 1])],
        [header, signature, body + body],
        [header[:-1], signature, body],
        [header, signature[:-1], body],
    ]
    for wrong in bad:
        refused = asker.append([good, wrong])
        assert (refused.status, refused.code) == (400, "bad_request")
    assert asker.append([]).status == 400
    assert asker.entries().said[3] == 0


def test_a_desk_appends_its_own_entries_with_their_bodies(served: Served, randomness: Seeded) -> None:
    made, manager = come(served, randomness)
    key, desk = Key(randomness), randomness(16)
    assert manager.entrust(key, "desk", desk).said == [1]
    asker = manager.with_key(key)
    own, other = entry(made.org, desk, randomness), entry(made.org, made.desk, randomness)
    assert asker.append([own, other]).code == "forbidden"
    assert asker.append([[*own[:2], None]]).code == "forbidden"
    assert asker.append([own]).status == 200
    # Who manages may bring a log over whole: others' entries, and bodies that were dropped long ago.
    assert manager.append([[*other[:2], None]]).status == 200
    assert [one[2] for one in asker.entries().said[5]] == [own[2], None]


def test_a_stretch_ends_where_four_mebibytes_end(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    entries = [entry(made.org, made.desk, randomness, bucket=3) for _ in range(80)]
    for at in range(0, 80, 40):
        assert asker.append(entries[at : at + 40]).status == 200
    found: list[object] = []
    while len(found) < 80:
        reply = asker.entries(len(found))
        assert len(reply.content) < 4 * 1024 * 1024 + 10_000
        found += reply.said[5]
    assert found == entries


def test_dropped_bodies_and_chunks_are_gone_and_the_order_still_verifies(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness)
    entries = [entry(made.org, made.desk, randomness) for _ in range(3)]
    asker.append(entries)
    chunk = randomness(5000)
    names = asker.ask("POST", asker.of("chunks"), [1, [chunk]])
    assert names.said == [1, 1]
    name = sha256(chunk).digest()
    held = next(iter(served.store.standings())).held_bytes
    assert asker.ask("POST", asker.of("drop"), [1, [2, 99], [name, ZEROS]]).said == [1]
    assert next(iter(served.store.standings())).held_bytes == held - 1024 - 5000
    kept = asker.entries().said
    assert [one[2] for one in kept[5]] == [entries[0][2], None, entries[2][2]]
    assert order_after(first_order(made.org), kept[5]) == kept[4]
    assert asker.ask("POST", asker.of("chunks/fetch"), [1, [name]]).said == [1, [None]]
    # Twice is no error, and what was dropped does not come back with a batch that is sent again.
    assert asker.ask("POST", asker.of("drop"), [1, [2], [name]]).said == [1]
    assert asker.append(entries).status == 200
    assert asker.entries().said[5][1][2] is None
    assert asker.ask("POST", asker.of("chunks"), [1, [chunk]]).said == [1, 1]


def test_news_comes_to_who_waits_and_revocation_too(served: Served, randomness: Seeded) -> None:
    made, manager = come(served, randomness)
    key = Key(randomness)
    manager.entrust(key, "desk", randomness(16))
    replies: dict[str, object] = {}

    def wait(name: str, asker: Asker) -> threading.Thread:
        def ask() -> None:
            replies[name] = asker.ask("GET", asker.of("news?after=0"))

        thread = threading.Thread(target=ask)
        thread.start()
        return thread

    waiting = [wait("kept", manager.with_key(made.key)), wait("revoked", manager.with_key(key))]
    until_waiting(served, 2)
    assert manager.ask("DELETE", manager.of(f"credentials/{key.id.hex()}")).said == [1]
    waiting[1].join(5)
    assert replies["revoked"].code == "unsigned"
    one = entry(made.org, made.desk, randomness)
    manager.append([one])
    waiting[0].join(5)
    assert replies["kept"].said == [1, 1, order_after(first_order(made.org), [one])]
    assert manager.ask("GET", manager.of("news?after=0")).said[1] == 1


def test_waiting_ends_with_nothing_after_a_while(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(asker.ask("GET", asker.of("news?after=0")).status))
    thread.start()
    until_waiting(served, 1)
    served.clock.at_ms += 51_000
    served.look()
    thread.join(5)
    assert found == [204]


def until_waiting(served: Served, count: int) -> None:
    for _ in range(500):
        if served.relay.news.waiting == count:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_what_is_full_stays_full_until_something_is_dropped(served: Served, randomness: Seeded) -> None:
    made, asker = come(served, randomness, allowance=Allowance(3 * 1320, 10**6))
    entries = [entry(made.org, made.desk, randomness) for _ in range(4)]
    assert asker.append(entries[:3]).status == 200
    full = asker.append(entries[3:])
    assert (full.status, full.said[1:3]) == (507, ["full", 3])
    assert asker.ask("POST", asker.of("chunks"), [1, [randomness(10)]]).code == "full"
    assert asker.append(entries[:3]).status == 200
    asker.ask("POST", asker.of("drop"), [1, [1, 2], []])
    assert asker.append(entries[3:]).status == 200


def test_who_asks_too_often_waits_and_does_not_keep_the_others_out(served: Served, randomness: Seeded) -> None:
    _, manager = come(served, randomness, allowance=Allowance(10**9, 60))
    key = Key(randomness)
    assert manager.entrust(key, "desk", randomness(16)).status == 200
    asker = manager.with_key(key)
    replies = [asker.entries() for _ in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert replies[-1].code == "busy"
    assert int(replies[-1].headers["retry-after"]) >= 1
    assert manager.entries().status == 200
    served.clock.at_ms += 3000
    assert asker.entries().status == 200


@pytest.mark.parametrize(
    "query",
    ["", "after=", "after=-1", "after=01", "after=1&after=1", "after=0&x=1", "after=%D9%A3", "after=" + "9" * 20],
)
def test_numbers_are_read_strictly(served: Served, randomness: Seeded, query: str) -> None:
    _, asker = come(served, randomness)
    assert asker.ask("GET", asker.of(f"entries?{query}")).code == "bad_request"


def test_limits_and_positions_have_bounds(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    for rest in ("entries?after=0&limit=0", "entries?after=0&limit=4097", "order/x", "order/00", "news"):
        assert asker.ask("GET", asker.of(rest)).code == "bad_request"
