"""Packets and cards as bytes: vectors, and whatever is altered, cut short, swapped or made up is refused whole."""

from hashlib import sha256

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.ground.seeded import NOON_MS, Seeded
from tests.ground.vectors import Case, every, refusing

from waystation import packet
from waystation.clock import DAY_MS, Millis
from waystation.derive import Key, u32
from waystation.errors import BadInput, NewerFormat, PacketError, WaystationError
from waystation.ids import OrgId, RecordId
from waystation.limits import MIB
from waystation.office.packets import LEAD, PASSPHRASE_WORDS, Hand, with_passphrase
from waystation.packet import Card, Content, Kind, PacketFile, card_text, read_card, read_card_text
from waystation.records import Change, encode_payload
from waystation.seal import SealingPublic, pad, seal_to
from waystation.sign import SigningSeed
from waystation.wire import encode
from waystation.words import to_age_secret

RAND = Seeded("packets")
OURS, THEIRS, THIRD = (Hand(OrgId(RAND(32)), SigningSeed(RAND(32))) for _ in range(3))
NOW = Millis(NOON_MS)
OWN_CARD, THEIR_CARD = OURS.card("Lantern House", NOW), THEIRS.card("Open Harbour", NOW)
FILE = b"%PDF-1.7 a letter"
IDENTITY = RAND(16)


def content(**changes: object) -> Content:
    """A sound referral with one person and one file."""
    file = PacketFile(RecordId(RAND(16)), "application/pdf", len(FILE), sha256(FILE).digest(), "A letter")
    records = encode_payload([Change("person", RecordId(RAND(16)), {"role": "principal"})])
    whole = Content(
        1, IDENTITY, Kind.REFERRAL, IDENTITY, OWN_CARD, (), NOW, "Amber Sleeve", "To hide them", "", "", records,
        (file,), b"",
    )  # fmt: skip
    return structs.replace(whole, **changes)


def sealed(whole: Content | None = None, files: tuple[bytes, ...] = (FILE,), by: Hand = OURS) -> bytes:
    return by.seal(whole or content(), files, [read_card(THEIR_CARD)], Seeded("sealed"))


# ── Vectors ──


@every("handover", "sealing", "valid")
def test_the_sealing_key_follows_from_the_signing_seed(case: Case) -> None:
    card = read_card(Hand(OrgId(case["org"]), SigningSeed(case["seed"])).card("Lantern House", NOW))
    assert (card.sealing_key, card.desk) == (case["sealing_key"], case["desk"])


@every("handover", "card", "valid")
def test_cards(case: Case) -> None:
    card = read_card(case["signed"])
    hand = Hand(OrgId(case["org"]), SigningSeed(case["seed"]))
    assert (card.org, card.desk, card.name) == (case["org"], hand.desk, case["of"])
    assert hand.card(card.name, Millis(card.made)) == case["signed"]
    assert " ".join(card.words) == case["words"]


@every("handover", "card", "faulty")
def test_faulty_cards(case: Case) -> None:
    with refusing(case):
        read_card(case["signed"])


@every("handover", "card_text", "valid")
def test_texts_of_cards(case: Case) -> None:
    assert card_text(case["signed"]) == case["text"]
    assert read_card_text(f" {case['text'][:40]}\n{case['text'][40:].upper()} ") == case["signed"]


@every("handover", "card_text", "faulty")
def test_faulty_texts_of_cards(case: Case) -> None:
    with refusing(case):
        read_card_text(case["text"])


@every("handover", "packet", "valid")
def test_packets(case: Case) -> None:
    opened = Hand(OrgId(case["org"]), SigningSeed(case["seed"])).open(case["packet_base64"])
    assert opened.signed == case["signed_content"]
    assert list(opened.files) == case["files"]


@every("handover", "packet", "faulty")
def test_faulty_packets(case: Case) -> None:
    with refusing(case):
        Hand(OrgId(case["org"]), SigningSeed(case["seed"])).open(case["packet_base64"])


# ── Properties ──

SEALED = sealed()
"""Sealed once: age adds lines of random length to its header."""


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_one_flipped_bit_anywhere_is_refused(data: st.DataObject) -> None:
    raw = bytearray(SEALED)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((PacketError, NewerFormat)):
        THEIRS.open(bytes(raw))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(SEALED) - 1))
def test_a_packet_that_was_cut_short_is_refused(length: int) -> None:
    with pytest.raises(PacketError):
        THEIRS.open(SEALED[:length])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_raise_anything_else(raw: bytes, led: bool) -> None:
    with pytest.raises((PacketError, NewerFormat)):
        THEIRS.open((LEAD if led else b"") + raw)


def test_a_packet_that_a_recipient_passes_on_is_refused() -> None:
    opened = THEIRS.open(sealed())
    third = read_card(THIRD.card("Third", NOW))
    key = Key(RAND(32))
    head = encode((1, (seal_to(SealingPublic(third.sealing_key), "packet", third.org + third.desk, key),)))
    plaintext = u32(len(opened.signed)) + opened.signed + FILE
    age = pyrage.encrypt(pad(plaintext, 16384), [pyrage.x25519.Identity.from_str(to_age_secret(key)).to_public()])
    with pytest.raises(PacketError, match="passed on"):
        THIRD.open(LEAD + u32(len(head)) + head + age)


def test_the_same_content_under_another_head_is_refused() -> None:
    opened = THEIRS.open(sealed())
    card = read_card(THEIR_CARD)
    key = Key(RAND(32))
    head = encode((1, (seal_to(SealingPublic(card.sealing_key), "packet", card.org + card.desk, key),)))
    plaintext = u32(len(opened.signed)) + opened.signed + FILE
    age = pyrage.encrypt(pad(plaintext, 16384), [pyrage.x25519.Identity.from_str(to_age_secret(key)).to_public()])
    with pytest.raises(PacketError, match="altered"):
        THEIRS.open(LEAD + u32(len(head)) + head + age)


def test_somebody_who_signs_with_another_card_is_refused() -> None:
    """The card is the sender's: whoever takes a stranger's card cannot sign for it."""
    with pytest.raises(PacketError, match="altered"):
        THEIRS.open(sealed(by=THIRD))


@pytest.mark.parametrize(
    "files", [(), (FILE + b"x",), (FILE[:-1] + b"x",), (FILE, b"more")], ids=["none", "longer", "other", "one more"]
)
def test_files_that_are_not_those_that_were_signed_are_refused(files: tuple[bytes, ...]) -> None:
    with pytest.raises(PacketError):
        THEIRS.open(sealed(files=files))


@pytest.mark.parametrize(
    "changes",
    [
        {"about": bytes(16)},
        {"outcome": "accepted"},
        {"kind": Kind.ANSWER, "about": bytes(16), "outcome": "accepted"},
        {"kind": Kind.ANSWER, "about": bytes(16), "outcome": "perhaps", "records": b"", "files": ()},
        {"called": "x" * 61},
        {"words": "x" * 4001},
    ],
    ids=["about another", "a referral answers", "an answer has records", "unknown outcome", "long name", "long words"],
)
def test_what_does_not_hold_together_is_neither_written_nor_read(changes: dict[str, object]) -> None:
    with pytest.raises(PacketError):
        sealed(content(**changes), ())


def test_a_packet_made_when_its_card_was_not_valid_is_refused() -> None:
    with pytest.raises(PacketError, match="not valid"):
        THEIRS.open(sealed(content(made=NOW + 366 * DAY_MS)))
    with pytest.raises(PacketError, match="not valid"):
        THEIRS.open(sealed(content(made=NOW - 1)))


def test_the_size_tells_only_which_step_it_is() -> None:
    sizes = [len(sealed(content(words="x" * length))) for length in (0, 1, 500, 4000)]
    assert max(sizes) - min(sizes) < 1024, "but for the lines that age adds by chance"
    file = PacketFile(RecordId(RAND(16)), "image/jpeg", MIB, sha256(bytes(MIB)).digest(), "")
    larger = sealed(content(files=(file,)), (bytes(MIB),))
    assert 2 * MIB < len(larger) < 2 * MIB + 4096


def test_words_are_the_same_after_a_year_and_others_for_others() -> None:
    later = read_card(OURS.card("Lantern House", Millis(NOW + 300 * DAY_MS)))
    assert later.words == read_card(OWN_CARD).words
    assert len({read_card(hand.card("x", NOW)).words for hand in (OURS, THEIRS, THIRD)}) == 3


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 201, "a\u202eb", "bell\u0007"])
def test_a_name_that_could_pass_for_another_is_no_card(name: str) -> None:
    with pytest.raises(PacketError):
        read_card(_card_called(name))


def _card_called(name: str) -> bytes:
    """A well-signed card under any name."""
    sound = read_card(OWN_CARD)
    card = Card(1, sound.org, sound.desk, name, sound.verify_key, sound.sealing_key, sound.made, sound.expires)
    return OURS._signed("card", encode(card))


def test_a_file_with_a_passphrase_opens_with_its_words_and_no_others() -> None:
    words, raw = with_passphrase((("referral.html", b"x"),), Seeded("words"))
    assert len(words) == PASSPHRASE_WORDS
    assert b"referral.html" in pyrage.passphrase.decrypt(raw, " ".join(words))
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(raw, " ".join(words[:-1]))


def test_refusals_say_what_to_do_next() -> None:
    with pytest.raises(BadInput) as refused:
        read_card_text("hello")
    assert "waystation-card-" in refused.value.problems["card"].message
    with pytest.raises(WaystationError, match=r"\.waystation"):
        THEIRS.open(b"%PDF")
    assert packet.altered().code == "packet"
