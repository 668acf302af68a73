"""Cards and packets, read from spec/handover.md, envelope.md and the age v1 format alone."""

import base64
import hashlib
import unicodedata
from dataclasses import dataclass
from importlib.resources import files as resources

from tests.independent import ground
from tests.independent.files import open_age
from tests.independent.strict import Refused, binary, every, integer, need, row, structure, text

LEAD = b"waystation packet\n"
CARD_LEAD = "waystation-card-"
TIME = integer(-(2**63), 2**63 - 1)
DAY_MS = 86_400_000
MIB = 1024 * 1024
TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u2028\u2029"


@dataclass(frozen=True)
class Card:
    """H1."""

    org: bytes
    desk: bytes
    name: str
    verify_key: bytes
    sealing_key: bytes
    made: int
    expires: int

    @property
    def words(self) -> str:
        """H5."""
        english = (resources("mnemonic") / "wordlist" / "english.txt").read_text("utf-8").split()
        bits = int.from_bytes(ground.digest("card-words", self.org + self.verify_key + self.sealing_key), "big")
        first = bits >> (256 - 88)
        return " ".join(english[(first >> 11 * (7 - place)) & 2047] for place in range(8))


@dataclass(frozen=True)
class Packet:
    """H6, as far as a reader must look at it."""

    kind: str
    card: Card
    files: list[bytes]
    signed: bytes


def _inside(signed: bytes) -> tuple[bytes, bytes]:
    inside, signature = structure(signed, binary(), binary(64))
    return inside, signature


def card(signed: bytes) -> Card:
    """H1–H3."""
    inside, signature = _inside(signed)
    found = Card(*structure(inside, binary(32), binary(16), text(), binary(32), binary(1216), TIME, TIME))
    ground.verify(found.verify_key, signature, "card", inside)
    need(found.desk == ground.digest("desk", found.verify_key)[:16], "H1")
    need(found.made < found.expires <= found.made + 400 * DAY_MS, "H1")
    name = found.name
    plain = not any(one in TURNS or unicodedata.category(one) == "Cc" for one in name)
    need(len(name.strip()) > 0 and len(name) <= 200 and plain, "H1")
    return found


def card_of_text(said: str) -> bytes:
    """H4, backwards."""
    folded = "".join(said.split()).lower()
    need(folded.startswith(CARD_LEAD), "H4")
    body = folded.removeprefix(CARD_LEAD).upper()
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError:
        raise Refused("H4") from None
    need(len(raw) > 4 and ground.digest("card-text", raw[:-4])[:4] == raw[-4:], "H4")
    return raw[:-4]


def packet(org: bytes, seed: bytes, raw: bytes) -> Packet:
    """H10, H12: what a packet holds for the desk with this signing seed."""
    need(raw.startswith(LEAD), "H10")
    at = len(LEAD) + 4
    length = int.from_bytes(raw[len(LEAD) : at], "big")
    need(length <= min(64 * 1024, len(raw) - at), "H12")
    head, sealed = raw[at : at + length], raw[at + length :]
    (envelopes,) = structure(head, every(binary()))
    need(1 <= len(envelopes) <= 16, "H12")
    desk = ground.digest("desk", ground.verification_key(seed))[:16]
    sealing = ground.derive(seed, "handover", org)
    key = None
    for envelope in envelopes:
        try:
            key = ground.unseal(sealing, envelope, "packet", org + desk)
        except Refused:
            continue
    if key is None or len(key) != 32:
        raise Refused("H12")
    try:
        plaintext = ground.unpad(open_age(key, sealed))
    except Refused:
        raise Refused("H12") from None
    end = 4 + int.from_bytes(plaintext[:4], "big")
    need(end <= len(plaintext), "H12")
    return _content(plaintext[4:end], plaintext[end:], desk, ground.digest("packet-head", head))


def _content(signed: bytes, rest: bytes, desk: bytes, head: bytes) -> Packet:
    inside, signature = _inside(signed)
    file_shape = row(binary(16), text(), integer(0, 48 * MIB), binary(32), text())
    (
        identity, kind, about, card_bytes, recipients, made, called, purpose, words, outcome, records, listed, named,
    ) = structure(
        inside, binary(16), text(), binary(16), binary(), every(binary(16)), TIME, text(), text(), text(), text(),
        binary(), every(file_shape), binary(32),
    )  # fmt: skip
    sender = card(card_bytes)
    ground.verify(sender.verify_key, signature, "packet", inside)
    need(kind in ("referral", "answer", "withdrawal"), "H6")
    need((kind == "referral") == (about == identity), "H6")
    need(outcome in (("accepted", "declined", "asks") if kind == "answer" else ("",)), "H6")
    need(1 <= len(recipients) <= 16 and recipients == sorted(set(recipients)), "H6")
    need(len(called) <= 60 and len(purpose) <= 500 and len(words) <= 4000, "H6")
    need(kind == "referral" or not (records or listed), "H7")
    need(sender.made <= made < sender.expires, "H12")
    need(desk in recipients and named == head, "H12")
    found = []
    for _, _, size, sha256, _ in listed:
        found.append(rest[:size])
        rest = rest[size:]
        need(len(found[-1]) == size and hashlib.sha256(found[-1]).digest() == sha256, "H12")
    need(not rest, "H12")
    return Packet(kind, sender, found, signed)
