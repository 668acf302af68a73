"""The groups of spec/vectors/joining.json, for tools/make_vectors.py."""

from base64 import b32encode
from collections.abc import Callable, Mapping
from typing import Final

from tests.ground.seeded import Seeded

from waystation.book.entry import EpochKey
from waystation.book.roster import new_genesis, read_genesis
from waystation.derive import Key, derive, digest
from waystation.ids import FolderType, OrderHash, OrgId, singleton_folder
from waystation.office.invitation import (
    LEAD,
    Invitation,
    comparing_words,
    make_admission,
    make_request,
    open_request,
)
from waystation.seal import pad, seal_once, seal_to
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.verify import desk_id
from waystation.wire import encode

Case = dict[str, object]
Group = dict[str, list[Case]]

RELAY: Final = "https://relay.example.org/"
EXPIRES_S: Final = 1_495_281_600


def _fault(name: str, rule: str, error: str, **given: object) -> Case:
    return {"name": name, "rule": rule, "error": error, **given}


def _text(body: bytes) -> str:
    return LEAD + b32encode(body + digest("invitation", body)[:4]).decode().rstrip("=").lower()


def invitation() -> Group:
    """Texts of invitations (J1, J2)."""
    random = Seeded("invitation")
    made = Invitation(1, OrgId(random(32)), random(16), EXPIRES_S, RELAY)
    body = encode(made)
    text = made.text
    broken = text[:40] + ("a" if text[40] != "a" else "b") + text[41:]
    spaced = "\n".join(text[i : i + 20].upper() for i in range(0, len(text), 20))
    parts: Case = {
        "org": made.org,
        "secret": made.secret,
        "expires_s": EXPIRES_S,
        "relay": RELAY,
        "parcel": made.parcel,
        "key": made.key,
        "credential_seed": made.credential_seed,
    }
    return {
        "valid": [
            {"name": "as it is sent", "text": text, **parts},
            {"name": "as it is typed", "text": spaced, **parts},
        ],
        "faulty": [
            _fault("another lead", "J1", "BadInput", text=text.replace("waystation-", "waystations-")),
            _fault("no lead", "J1", "BadInput", text=text.removeprefix(LEAD)),
            _fault("a letter mistyped", "J1", "BadInput", text=broken),
            _fault("cut short", "J1", "BadInput", text=text[:-1]),
            _fault("a letter outside base32", "J1", "BadInput", text=text[:-1] + "1"),
            _fault("nothing", "J1", "BadInput", text=LEAD),
            _fault("newer", "W2", "NewerFormat", text=_text(b"\x95\x02" + body[2:])),
            _fault("a short secret", "W3", "WireError", text=_text(encode([1, made.org, b"s" * 15, 1, RELAY]))),
            _fault("a byte too many", "W3", "WireError", text=_text(body + b"\0")),
        ],
    }


class _Joiner:
    def __init__(self, label: str) -> None:
        self.random = random = Seeded(label)
        self.signing_seed, self.sealing_seed = SigningSeed(random(32)), SealingSeed(random(32))
        self.signing, self.sealing = SigningKey(self.signing_seed), SealingKey(self.sealing_seed)
        self.credential = random(32)
        self.salt = random(32)


def request() -> Group:
    """Request parcels (J3)."""
    joiner, other = _Joiner("request"), _Joiner("another request")
    made = Invitation(1, OrgId(joiner.random(32)), joiner.random(16), EXPIRES_S, RELAY)
    elsewhere = Invitation(1, made.org, joiner.random(16), EXPIRES_S, RELAY)
    parcel = make_request(made, joiner.signing, joiner.sealing.public, joiner.credential, joiner.salt)
    read = open_request(made, parcel)

    def sealed(*parts: object) -> bytes:
        key = derive(made.key, "join-request", made.parcel, joiner.salt)
        return joiner.salt + seal_once(key, pad(encode([1, *parts]), 2048), b"")

    named = joiner.signing.public, joiner.sealing.public, joiner.credential
    short = joiner.signing.public, joiner.sealing.public[:-1], joiner.credential
    signed = made.org + made.parcel + joiner.sealing.public
    false = other.signing.sign("join", signed + joiner.credential)
    swapped = joiner.signing.sign("join", signed + other.credential)
    altered = bytearray(parcel)
    altered[100] ^= 1

    def case(parcel: bytes, by: Invitation = made) -> Case:
        return {"text": by.text, "parcel": parcel}

    def fault(name: str, rule: str, parcel: bytes, by: Invitation = made) -> Case:
        return _fault(name, rule, "JoinError", **case(parcel, by))

    return {
        "valid": [
            {
                "name": "a request",
                **case(parcel),
                "verify_key": read.verify_key,
                "sealing_key": read.sealing_key,
                "credential": read.credential,
                "credential_signature": read.credential_signature,
                "signature": read.signature,
            }
        ],
        "faulty": [
            fault("altered", "E1", bytes(altered)),
            fault("cut short", "E1", parcel[:-1]),
            fault("of another invitation", "E1", parcel, elsewhere),
            fault("signed by another desk", "J3", sealed(*named, read.credential_signature, false)),
            fault("signed over another credential", "J3", sealed(*named, read.credential_signature, swapped)),
            fault("a credential that the desk did not sign", "J9", sealed(*named, other.random(64), read.signature)),
            fault(
                "a short sealing key",
                "W3",
                sealed(*short, read.credential_signature, read.signature),
            ),
        ],
    }


def compared() -> Group:
    """The six words (J4)."""
    joiner = _Joiner("words")
    org = OrgId(joiner.random(32))
    words = comparing_words(org, joiner.signing.public, joiner.sealing.public)
    keys: Case = {"org": org, "verify_key": joiner.signing.public, "sealing_key": joiner.sealing.public}
    return {"valid": [{"name": "six words", **keys, "words": " ".join(words)}], "faulty": []}


def admission() -> Group:
    """Answer parcels (J5), as far as the newcomer can judge them before the log has come (J6)."""
    joiner, coordinator = _Joiner("admission"), _Joiner("coordinator")
    random = joiner.random
    root = SigningKey(SigningSeed(random(32)))
    genesis, foreign = new_genesis([root.public], 1, random(16)), new_genesis([root.public], 1, random(16))
    org = read_genesis(genesis)[0]
    made = Invitation(1, org, random(16), EXPIRES_S, RELAY)
    elsewhere = Invitation(1, org, random(16), EXPIRES_S, RELAY)
    organisation = singleton_folder(org, FolderType.ORGANISATION)
    keys = [EpochKey(org, organisation, number, Key(random(32))) for number in range(3)]
    desk, signer = desk_id(joiner.signing.public), desk_id(coordinator.signing.public)
    order = OrderHash(random(32))

    def parcel(to: SealingKey = joiner.sealing, *, says: bytes = genesis, names: bytes = desk) -> bytes:
        if says == genesis and names == desk:
            by = signer, coordinator.signing
            return make_admission(made, genesis, keys, (41, order), by, (desk, to.public), RELAY)
        raw = encode([1, says, [[key.epoch, key.key] for key in keys], 41, order, signer, names, RELAY])
        sent = encode([1, raw, coordinator.signing.sign("admission", raw)])
        return seal_to(to.public, "admission", org + made.parcel + desk, sent)

    def case(parcel: bytes, by: Invitation = made) -> Case:
        return {"text": by.text, "desk": desk, "seed": joiner.sealing_seed, "parcel": parcel}

    def fault(name: str, rule: str, parcel: bytes, by: Invitation = made) -> Case:
        return _fault(name, rule, "JoinError", **case(parcel, by))

    sound = parcel()
    altered = bytearray(sound)
    altered[-1] ^= 1
    return {
        "valid": [
            {
                "name": "an admission",
                **case(sound),
                "genesis": genesis,
                "keys": [[key.epoch, key.key] for key in keys],
                "position": 41,
                "order": order,
                "coordinator": signer,
                "relay": RELAY,
                "verify_key": coordinator.signing.public,
            }
        ],
        "faulty": [
            fault("altered", "E2", bytes(altered)),
            fault("for another desk's key", "E2", parcel(coordinator.sealing)),
            fault("from another invitation's parcel", "E2", sound, elsewhere),
            fault("another organisation's genesis", "J6", parcel(says=foreign)),
            fault("that names another desk", "J6", parcel(names=signer)),
        ],
    }


GROUPS: Final[Mapping[str, Callable[[], Group]]] = {
    "invitation": invitation,
    "request": request,
    "words": compared,
    "admission": admission,
}
