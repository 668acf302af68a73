"""Who may ask: signatures, nonces, rights, revocation, root as the appeal, parcels (spec/relay.md L4–L9, L20, L21)."""

from hashlib import sha256

import msgspec
import pytest
from tests.ground.seeded import NOON_MS, Seeded
from tests.relay.serving import Asker, Key, Served, come, entry

from waystation import httpsig

NOON_S = NOON_MS // 1000


def test_a_request_counts_once_within_its_time_and_as_it_was_signed(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    target, nonce = asker.of("entries?after=0"), randomness(16)
    fields = asker.signed("GET", target, None, nonce=nonce)
    assert asker.ask("GET", target, headers=fields).status == 200
    assert asker.ask("GET", target, headers=fields).code == "unsigned"
    for created, status in ((NOON_S - 300, 200), (NOON_S + 300, 200), (NOON_S - 301, 401), (NOON_S + 301, 401)):
        assert asker.ask("GET", target, headers=asker.signed("GET", target, None, created=created)).status == status
    assert asker.ask("GET", asker.of("entries?after=1"), headers=asker.signed("GET", target, None)).status == 401
    assert asker.ask("GET", asker.of("news?after=0"), headers=asker.signed("GET", target, None)).status == 401
    assert asker.ask("GET", target, headers={}).code == "unsigned"
    other = asker.with_key(Key(randomness))
    assert other.ask("GET", target).code == "unsigned"
    # A nonce of another key's is nobody's loss, and one whose time is over is forgotten with its signature.
    served.clock.at_ms += 400_000
    assert asker.ask("GET", target, headers=fields).code == "unsigned"


def test_the_body_is_the_one_that_was_signed(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    body = httpsig.content_digest(b"one")
    target = asker.of("entries")
    signed = asker.signed("POST", target, b"one")
    assert signed[httpsig.CONTENT_DIGEST] == body
    assert asker.ask("POST", target, raw=b"two", headers=signed).code == "bad_request"
    forged = asker.signed("POST", target, b"one") | {httpsig.CONTENT_DIGEST: httpsig.content_digest(b"two")}
    assert asker.ask("POST", target, raw=b"two", headers=forged).code == "unsigned"
    del forged[httpsig.CONTENT_DIGEST]
    assert asker.ask("POST", target, raw=b"two", headers=forged).code == "bad_request"


def test_the_relay_answers_only_to_its_own_names(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    target = asker.of("entries?after=0")
    fields = asker.signed("GET", target, None) | {"host": "elsewhere.example"}
    assert asker.ask("GET", target, headers=fields).code == "bad_request"


def test_each_right_does_what_it_says_and_no_more(served: Served, randomness: Seeded) -> None:
    made, manager = come(served, randomness)
    desk_key, parcel_key, name = Key(randomness), Key(randomness), randomness(32)
    manager.entrust(desk_key, "desk", randomness(16))
    manager.entrust(parcel_key, "parcel", name)
    desk, parcel = manager.with_key(desk_key), manager.with_key(parcel_key)
    of_name = manager.of(f"parcels/{name.hex()}/request")
    of_other = manager.of(f"parcels/{randomness(32).hex()}/request")
    for path in ("entries?after=0", "order/0"):
        assert desk.ask("GET", desk.of(path)).status == 200
        assert parcel.ask("GET", desk.of(path)).code == "forbidden"
    for asker in (desk, parcel):
        assert asker.ask("POST", asker.of("drop"), [1, [1], []]).code == "forbidden"
        assert asker.ask("GET", asker.of("credentials")).code == "forbidden"
        assert asker.entrust(Key(randomness), "manage", randomness(16)).code == "forbidden"
        assert asker.ask("DELETE", asker.of(f"credentials/{made.key.id.hex()}")).code == "forbidden"
        assert asker.ask("DELETE", of_name).code == "forbidden"
    assert desk.ask("PUT", of_name, raw=b"x").code == "forbidden"
    assert parcel.ask("PUT", of_other, raw=b"x").code == "forbidden"
    assert parcel.ask("PUT", of_name, raw=b"x").status == 201
    assert parcel.append([entry(made.org, made.desk, randomness)]).code == "forbidden"
    assert manager.ask("GET", of_name).content == b"x"


def test_a_credential_is_what_it_is_called_and_ends_when_it_says(served: Served, randomness: Seeded) -> None:
    made, manager = come(served, randomness)
    key, desk = Key(randomness), randomness(16)
    other = Key(randomness)
    wrong = [1, other.public, "desk", desk, None]
    assert manager.ask("PUT", manager.of(f"credentials/{key.id.hex()}"), wrong).code == "bad_request"
    assert manager.entrust(key, "desk", randomness(32)).code == "bad_request"
    assert manager.entrust(key, "parcel", desk).code == "bad_request"
    assert manager.entrust(key, "king", desk).code == "bad_request"
    assert manager.entrust(key, "desk", desk, NOON_S + 60).said == [1]
    listed = manager.ask("GET", manager.of("credentials")).said[1]
    assert sorted(listed) == sorted([[made.key.id, "manage", made.desk, None], [key.id, "desk", desk, NOON_S + 60]])
    assert manager.with_key(key).entries().status == 200
    served.clock.at_ms += 60_000
    assert manager.with_key(key).entries().code == "unsigned"
    assert len(manager.ask("GET", manager.of("credentials")).said[1]) == 1


def test_a_deleted_credential_counts_no_more_and_is_not_brought_back_by_an_old_request(
    served: Served, randomness: Seeded
) -> None:
    made, manager = come(served, randomness)
    key, desk = Key(randomness), randomness(16)
    target = manager.of(f"credentials/{key.id.hex()}")
    body = msgspec.msgpack.encode([1, key.public, "desk", desk, None])
    adding = manager.signed("PUT", target, body)
    assert manager.ask("PUT", target, raw=body, headers=adding).status == 200
    assert manager.with_key(key).entries().status == 200
    assert manager.ask("DELETE", target).said == [1]
    assert manager.with_key(key).entries().code == "unsigned"
    assert manager.with_key(key).append([entry(made.org, desk, randomness)]).code == "unsigned"
    # Even a relay that was started anew, or another on the same store, has not forgotten the nonce.
    served.relay._gate._nonces._seen.clear()
    assert manager.ask("PUT", target, raw=body, headers=adding).code == "unsigned"
    assert manager.with_key(key).entries().code == "unsigned"
    assert manager.ask("DELETE", target).said == [1]


@pytest.mark.parametrize("roots", [1, 3])
def test_root_always_gets_back_in(served: Served, randomness: Seeded, roots: int) -> None:
    made, manager = come(served, randomness, roots)
    key = Key(randomness)
    target = manager.of(f"credentials/{key.id.hex()}")
    body = [1, key.public, "manage", randomness(16), None]
    manager.ask("DELETE", manager.of(f"credentials/{made.key.id.hex()}"))
    assert manager.entries().code == "unsigned"
    root = manager.with_key(None, made.roots)
    assert manager.with_key(None, [Key(randomness) for _ in range(roots)]).ask("PUT", target, body).code == "unsigned"
    if roots > 1:
        assert manager.with_key(None, made.roots[:-1]).ask("PUT", target, body).code == "unsigned"
        assert manager.with_key(None, [made.roots[0]] * roots).ask("PUT", target, body).code == "unsigned"
    assert root.ask("GET", root.of("entries?after=0")).code == "unsigned"
    assert root.ask("PUT", target, body).said == [1]
    assert manager.with_key(key).entries().status == 200


def test_what_is_unknown_is_answered_alike(served: Served, randomness: Seeded) -> None:
    made, manager = come(served, randomness)
    nowhere = Asker(served, randomness(32), made.key, randomness)
    stranger = manager.with_key(Key(randomness))
    assert nowhere.entries().content == stranger.entries().content
    assert manager.ask("GET", "/v1/nix").said == [1, "unknown", 0, bytes(32)]
    wrong = manager.ask("DELETE", manager.of("entries"))
    assert (wrong.status, wrong.code, wrong.headers["allow"]) == (405, "bad_request", "POST, GET")


def test_a_parcel_is_left_once_read_often_and_kept_for_a_fortnight(served: Served, randomness: Seeded) -> None:
    _, manager = come(served, randomness)
    name = randomness(32).hex()
    request, answer = manager.of(f"parcels/{name}/request"), manager.of(f"parcels/{name}/answer")
    assert manager.ask("GET", request).code == "unknown"
    assert manager.ask("PUT", request, raw=b"one").status == 201
    assert manager.ask("PUT", request, raw=b"one").status == 200
    assert manager.ask("PUT", request, raw=b"two").code == "forbidden"
    assert manager.ask("PUT", answer, raw=b"three").status == 201
    assert [manager.ask("GET", side).content for side in (request, answer)] == [b"one", b"three"]
    assert manager.ask("PUT", manager.of(f"parcels/{name}/other"), raw=b"x").code == "bad_request"
    assert manager.ask("DELETE", request).said == [1]
    assert manager.ask("GET", answer).code == "unknown"
    assert manager.ask("PUT", request, raw=b"again").status == 201
    served.clock.at_ms += 14 * 86_400_000
    assert manager.ask("GET", request).code == "unknown"


def test_chunks_are_kept_by_their_names_and_given_in_order(served: Served, randomness: Seeded) -> None:
    _, asker = come(served, randomness)
    chunks = [randomness(3 * 1024 * 1024 + at) for at in range(4)]
    names = [sha256(chunk).digest() for chunk in chunks]
    assert asker.ask("POST", asker.of("chunks"), [1, chunks[:2]]).said == [1, 2]
    assert asker.ask("POST", asker.of("chunks"), [1, chunks[1:3]]).said == [1, 1]
    fetched = asker.ask("POST", asker.of("chunks/fetch"), [1, [names[3], *names[:3]]]).said[1]
    # Eight mebibytes hold two of them; what is left out at the end is asked for again.
    assert fetched == [None, *chunks[:2]]
    assert asker.ask("POST", asker.of("chunks/fetch"), [1, []]).said == [1, []]
    assert asker.ask("POST", asker.of("chunks"), [1, chunks[:3]]).code == "too_large"
    assert asker.ask("POST", asker.of("chunks/fetch"), [1, names * 257]).code == "bad_request"
