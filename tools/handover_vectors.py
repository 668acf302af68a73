"""The groups of spec/vectors/handover.json, for tools/make_vectors.py."""

from base64 import b32encode, b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

import pyrage
from msgspec import structs
from tests.ground.seeded import NOON_MS, Seeded

from waystation.clock import DAY_MS, Millis
from waystation.derive import Key, derive, digest, u32
from waystation.ids import OrgId, RecordId
from waystation.office.packets import LEAD, Hand
from waystation.packet import Card, Content, Kind, PacketFile, card_text, read_card
from waystation.records import Change, encode_payload
from waystation.seal import SealingPublic, pad, seal_to
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.verify import desk_id
from waystation.wire import encode
from waystation.words import to_age_secret

Case = dict[str, object]
Group = dict[str, list[Case]]

NOW: Final = Millis(NOON_MS)
NAME: Final = "Открытая гавань"


def _fault(name: str, rule: str, error: str, **given: object) -> Case:
    return {"name": name, "rule": rule, "error": error, **given}


def _signed(seed: SigningSeed, purpose: str, inside: bytes) -> bytes:
    return encode((1, inside, SigningKey(seed).sign(purpose, inside)))


def card() -> Group:
    """Signed cards (H1–H3, H5)."""
    random = Seeded("card")
    org, seed = OrgId(random(32)), SigningSeed(random(32))
    signed = Hand(org, seed).card(NAME, NOW)
    sound = read_card(signed)

    def anew(**changes: object) -> bytes:
        return _signed(seed, "card", encode(structs.replace(sound, **changes)))

    return {
        "valid": [
            {
                "name": "a card of a year",
                "org": org,
                "seed": seed,
                "of": NAME,
                "made": NOW,
                "expires": sound.expires,
                "desk": sound.desk,
                "sealing_key": sound.sealing_key,
                "words": " ".join(sound.words),
                "signed": signed,
            }
        ],
        "faulty": [
            _fault(
                "another name under the same signature",
                "E5",
                "PacketError",
                signed=signed.replace("гавань".encode(), "гавани".encode()),
            ),
            _fault("signed for another purpose", "E5", "PacketError", signed=_signed(seed, "packet", encode(sound))),
            _fault("a desk that is not the key's", "H1", "PacketError", signed=anew(desk=bytes(16))),
            _fault("valid for more than 400 days", "H1", "PacketError", signed=anew(expires=NOW + 401 * DAY_MS)),
            _fault("expired before it was made", "H1", "PacketError", signed=anew(expires=NOW)),
            _fault("no name", "H1", "PacketError", signed=anew(name="  ")),
            _fault("a name that turns the direction", "H1", "PacketError", signed=anew(name="a\u202eb")),
            _fault("a newer card", "W2", "NewerFormat", signed=anew(version=2)),
            _fault("a trailing byte", "W3", "PacketError", signed=signed + b"\0"),
        ],
    }


def text() -> Group:
    """Texts of cards (H4)."""
    random = Seeded("card text")
    signed = Hand(OrgId(random(32)), SigningSeed(random(32))).card("Lantern House", NOW)
    told = card_text(signed)
    broken = told[:100] + ("a" if told[100] != "a" else "b") + told[101:]
    unchecked = "waystation-card-" + b32encode(signed).decode().rstrip("=").lower()
    return {
        "valid": [{"name": "as it is sent", "signed": signed, "text": told}],
        "faulty": [
            _fault("a letter mistyped", "H4", "BadInput", text=broken),
            _fault("its end missing", "H4", "BadInput", text=told[:-8]),
            _fault("without its digest", "H4", "BadInput", text=unchecked),
            _fault("an invitation", "H4", "BadInput", text=told.replace("-card", "")),
        ],
    }


def packet() -> Group:
    """Sealed packets (H6–H12)."""
    random = Seeded("packet")
    ours, theirs = ((OrgId(random(32)), SigningSeed(random(32))) for _ in range(2))
    to = read_card(Hand(*theirs).card("Open Harbour", NOW))
    file, identity, person = b"A letter.", random(16), RecordId(random(16))
    records = encode_payload([Change("person", person, {"given_name": "Zelimkhan", "role": "principal"})])
    about = PacketFile(RecordId(random(16)), "text/plain", len(file), sha256(file).digest(), "A letter")
    whole = Content(
        1, identity, Kind.REFERRAL, identity, Hand(*ours).card("Lantern House", NOW), (to.desk,), NOW, "Amber Sleeve",
        "To receive them on arrival", "Please answer soon.", "", records, (about,), b"",
    )  # fmt: skip

    def made(
        content: Content = whole,
        content_files: bytes = file,
        *,
        seed: SigningSeed = ours[1],
        card: Card = to,
        head_digest: bytes | None = None,
        version: int = 1,
        size: int = 16384,
    ) -> Case:
        key = Key(random(32))
        envelope = seal_to(SealingPublic(card.sealing_key), "packet", card.org + card.desk, key)
        head = encode((version, (envelope,)))
        named = digest("packet-head", head) if head_digest is None else head_digest
        signed = _signed(seed, "packet", encode(structs.replace(content, head=named)))
        plaintext = pad(u32(len(signed)) + signed + content_files, size)
        sealed = pyrage.encrypt(plaintext, [pyrage.x25519.Identity.from_str(to_age_secret(key)).to_public()])
        raw = LEAD + u32(len(head)) + head + sealed
        return {
            "org": theirs[0],
            "seed": theirs[1],
            "packet_base64": b64encode(raw).decode(),
            "signed_content": signed,
            "files": [content_files],
        }

    def bad(name: str, rule: str, error: str, case: Case, change: Callable[[bytes], bytes] | None = None) -> Case:
        given = {key: case[key] for key in ("org", "seed", "packet_base64")}
        if change is not None:
            given["packet_base64"] = b64encode(change(_raw(case))).decode()
        return _fault(name, rule, error, **given)

    another = read_card(Hand(OrgId(random(32)), SigningSeed(random(32))).card("Third", NOW))
    return {
        "valid": [{"name": "a referral with a file", **made()}],
        "faulty": [
            bad(
                "another lead",
                "H10",
                "PacketError",
                made(),
                lambda raw: b"w" + raw[1:].replace(b"packet", b"packed", 1),
            ),
            bad("cut short", "H12", "PacketError", made(), lambda raw: raw[:-1]),
            bad(
                "a bit of the head",
                "H12",
                "PacketError",
                made(),
                lambda raw: raw[:400] + bytes([raw[400] ^ 1]) + raw[401:],
            ),
            bad("a newer head", "W2", "NewerFormat", made(version=2)),
            bad("for another desk", "H12", "PacketError", made(card=another)),
            bad(
                "passed on by a recipient",
                "H12",
                "PacketError",
                made(structs.replace(whole, recipients=(another.desk,))),
            ),
            bad("under another head", "H12", "PacketError", made(head_digest=bytes(32))),
            bad("signed by another than its card", "E5", "PacketError", made(seed=theirs[1])),
            bad("another file", "H12", "PacketError", made(content_files=b"A ledger.")),
            bad("bytes of no file", "H12", "PacketError", made(content_files=file + b"more")),
            bad("made before its card", "H12", "PacketError", made(structs.replace(whole, made=NOW - 1))),
            bad("a referral that answers", "H6", "PacketError", made(structs.replace(whole, outcome="accepted"))),
            bad(
                "a recipient named twice",
                "H6",
                "PacketError",
                made(structs.replace(whole, recipients=(to.desk, to.desk))),
            ),
        ],
    }


def _raw(case: Case) -> bytes:
    return b64decode(str(case["packet_base64"]))


def sealing() -> Group:
    """The handover key of a desk (H2)."""
    random = Seeded("handover key")
    org, seed = OrgId(random(32)), SigningSeed(random(32))
    derived = derive(seed, "handover", org)
    return {
        "valid": [
            {
                "name": "from the signing seed",
                "org": org,
                "seed": seed,
                "sealing_seed": derived,
                "sealing_key": SealingKey(SealingSeed(derived)).public,
                "desk": desk_id(SigningKey(seed).public),
            }
        ]
    }


GROUPS: Final[Mapping[str, Callable[[], Group]]] = {
    "sealing": sealing,
    "card": card,
    "card_text": text,
    "packet": packet,
}
