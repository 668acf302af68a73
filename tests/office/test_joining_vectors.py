"""Invitation, request, words, admission: production and the independent decoder on spec/vectors/joining.json."""

from dataclasses import asdict

import pytest
from tests.ground.vectors import Case, every, refusing
from tests.independent import ground
from tests.independent import joining as independent
from tests.independent.strict import Refused

from waystation.book.roster import COORDINATOR, DeskEntry, Roster, read_genesis
from waystation.errors import JoinError
from waystation.ids import MemberId, OrderHash
from waystation.office.invitation import (
    Admitted,
    check_admission,
    comparing_words,
    open_admission,
    open_request,
    read_invitation,
)
from waystation.seal import SealingPublic
from waystation.unseal import SealingKey, SealingSeed
from waystation.verify import VerifyKey

ANN, BEN = MemberId(b"a" * 16), MemberId(b"b" * 16)


@every("joining", "invitation", "valid")
def test_an_invitation_is_read(case: Case) -> None:
    read = read_invitation(case["text"])
    again = independent.invitation(case["text"])
    for one in (read, again):
        assert (one.org, one.secret, one.expires_s, one.relay) == tuple(
            case[name] for name in ("org", "secret", "expires_s", "relay")
        )
        assert (one.parcel, one.key, one.credential_seed) == (case["parcel"], case["key"], case["credential_seed"])
    assert read_invitation(read.text) == read


@every("joining", "invitation", "faulty")
def test_a_faulty_invitation_is_refused(case: Case) -> None:
    with refusing(case):
        read_invitation(case["text"])
    with pytest.raises(Refused, match=f"^{case['rule']}$"):
        independent.invitation(case["text"])


@every("joining", "request", "valid")
def test_a_request_is_opened(case: Case) -> None:
    read = open_request(read_invitation(case["text"]), case["parcel"])
    again = asdict(independent.request(independent.invitation(case["text"]), case["parcel"]))
    assert again == {name: case[name] for name in again}
    assert again == {name: getattr(read, name) for name in again}


@every("joining", "request", "faulty")
def test_a_faulty_request_is_refused(case: Case) -> None:
    with refusing(case):
        open_request(read_invitation(case["text"]), case["parcel"])
    with pytest.raises(Refused, match=f"^{case['rule']}$"):
        independent.request(independent.invitation(case["text"]), case["parcel"])


@every("joining", "words", "valid")
def test_both_screens_show_the_same_words(case: Case) -> None:
    keys = case["org"], VerifyKey(case["verify_key"]), SealingPublic(case["sealing_key"])
    assert " ".join(comparing_words(*keys)) == case["words"] == independent.words(*keys)
    other = bytes([keys[1][0] ^ 1]) + keys[1][1:]
    assert " ".join(comparing_words(keys[0], VerifyKey(other), keys[2])) != case["words"]


@every("joining", "admission", "valid")
def test_an_admission_is_opened(case: Case) -> None:
    admitted = opened(case)
    again, signed, signature = independent.admission(
        independent.invitation(case["text"]), case["desk"], case["seed"], case["parcel"]
    )
    for one in (admitted.admission, again):
        assert [list(pair) for pair in one.keys] == case["keys"]
        for name in ("genesis", "position", "order", "coordinator", "desk", "relay"):
            assert getattr(one, name) == case[name], name
    assert (signed, signature) == (admitted.raw, admitted.signature)
    ground.verify(case["verify_key"], signature, "admission", signed)


@every("joining", "admission", "faulty")
def test_a_faulty_admission_is_refused(case: Case) -> None:
    with refusing(case):
        opened(case)
    with pytest.raises(Refused, match=f"^{case['rule']}$"):
        independent.admission(independent.invitation(case["text"]), case["desk"], case["seed"], case["parcel"])


@every("joining", "admission", "valid")
def test_a_history_must_hold_the_admission(case: Case) -> None:
    admitted = opened(case)

    def roster(coordinator: str = COORDINATOR, active: bool = True, own: bool = True, key: bytes = b"") -> Roster:
        desks = {
            case["coordinator"]: DeskEntry(
                case["coordinator"], ANN, VerifyKey(key or case["verify_key"]), SealingPublic(b""), active
            ),
            case["desk"]: DeskEntry(case["desk"], BEN, VerifyKey(b""), SealingPublic(b""), own),
        }
        members = {ANN: frozenset((coordinator,)), BEN: frozenset(("caseworker",))}
        org, genesis = read_genesis(case["genesis"])
        return Roster(org, genesis, members=members, desks=desks)

    check_admission(admitted, case["order"], roster())
    for order, there, said in (
        (OrderHash(bytes(32)), roster(), "another history"),
        (case["order"], roster(coordinator="caseworker"), "no coordinator"),
        (case["order"], roster(active=False), "no coordinator"),
        (case["order"], roster(key=ground.verification_key(b"k" * 32)), "not signed"),
        (case["order"], roster(own=False), "does not say"),
    ):
        with pytest.raises(JoinError, match=said):
            check_admission(admitted, order, there)


def opened(case: Case) -> Admitted:
    keys = [SealingKey(SealingSeed(case["seed"]))]
    return open_admission(read_invitation(case["text"]), case["desk"], keys, case["parcel"])
