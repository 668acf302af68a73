"""Envelopes, signatures, derivation and paper: the vectors, and what must hold for any input."""

import hashlib

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ground.seeded import Seeded
from tests.ground.vectors import Case, every, refusing

from waystation.derive import Key, derive, digest, mac
from waystation.errors import BadInput, SealError, SignatureError, WireError
from waystation.seal import SealingPublic, pad, seal_once, seal_to
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed, open_once, unpad
from waystation.verify import Signature, verify
from waystation.words import age_recipient, from_words, to_age_secret, to_words

KEY = Key(Seeded("envelope")(32))
DESK = SealingKey(SealingSeed(Seeded("envelope desk")(32)))
SIGNER = SigningKey(SigningSeed(Seeded("envelope signer")(32)))
SECRETS = st.binary(min_size=32, max_size=32)


@every("envelope", "derive", "valid")
def test_derivation(case: Case) -> None:
    if "digest" in case:
        assert digest(case["purpose"], case["data"]) == case["digest"]
    elif "mac" in case:
        assert mac(case["secret"], case["purpose"], case["data"]) == case["mac"]
    else:
        given_ = (case["secret"], case["purpose"], case["context"], case["salt"])
        assert derive(*given_) == case["key"]


@every("envelope", "once", "valid")
def test_once(case: Case) -> None:
    assert open_once(case["key"], case["sealed"], case["associated"]) == case["plaintext"]
    assert seal_once(case["key"], case["plaintext"], case["associated"]) == case["sealed"]


@every("envelope", "once", "faulty")
def test_once_refused(case: Case) -> None:
    with refusing(case):
        open_once(case["key"], case["sealed"], case["associated"])


@every("envelope", "padding", "valid")
def test_padding(case: Case) -> None:
    assert pad(case["plaintext"], case["size"]) == case["padded"]
    assert unpad(case["padded"]) == case["plaintext"]


@every("envelope", "padding", "faulty")
def test_padding_refused(case: Case) -> None:
    with refusing(case):
        unpad(case["padded"])


@every("envelope", "sealed", "valid")
def test_sealed(case: Case) -> None:
    desk = SealingKey(case["seed"])
    assert desk.public == case["public"]
    assert desk.open(case["purpose"], case["context"], case["envelope"]) == case["plaintext"]


@every("envelope", "sealed", "faulty")
def test_sealed_refused(case: Case) -> None:
    with refusing(case):
        SealingKey(case["seed"]).open(case["purpose"], case["context"], case["envelope"])


@every("envelope", "signature", "valid")
def test_signature(case: Case) -> None:
    key = SigningKey(case["seed"])
    assert key.public == case["key"]
    assert key.sign(case["purpose"], case["data"]) == case["signature"]
    verify(case["key"], case["purpose"], case["data"], case["signature"])


@every("envelope", "signature", "faulty")
def test_signature_refused(case: Case) -> None:
    with refusing(case):
        verify(case["key"], case["purpose"], case["data"], case["signature"])


@every("envelope", "paper", "valid")
def test_paper(case: Case) -> None:
    assert " ".join(to_words(case["secret"])) == case["words"]
    assert from_words(case["words"]) == case["secret"]
    assert to_age_secret(case["secret"]) == case["age"]


@every("envelope", "paper", "faulty")
def test_paper_refused(case: Case) -> None:
    if "words" in case:
        with refusing(case):
            from_words(case["words"])
    else:
        with pytest.raises(pyrage.IdentityError):
            pyrage.x25519.Identity.from_str(case["age"])


def test_words_are_read_as_people_type_them() -> None:
    secret = Seeded("typed")(32)
    typed = "\n".join(f" {place}.  {word.upper()}" for place, word in enumerate(to_words(secret), 1))
    assert from_words(typed) == secret


def test_an_error_of_words_repeats_none_of_them() -> None:
    words = to_words(Seeded("quiet")(32))
    for wrong in ([*words[:23], "lantern"], words[::-1], words[:5]):
        with pytest.raises(BadInput) as raised:
            from_words(" ".join(wrong))
        problem = raised.value.problems[""]
        said = f"{raised.value} {problem.message} {dict(problem.values)}"
        assert not [word for word in wrong if word in said.split()]


@given(secret=SECRETS)
def test_paper_comes_back(secret: bytes) -> None:
    assert from_words(" ".join(to_words(secret))) == secret


@given(secret=SECRETS, text=st.binary(max_size=64))
def test_what_is_sealed_to_a_paper_key_opens_with_it(secret: bytes, text: bytes) -> None:
    recipient = pyrage.x25519.Recipient.from_str(age_recipient(secret))
    identity = pyrage.x25519.Identity.from_str(to_age_secret(secret))
    assert pyrage.decrypt(pyrage.encrypt(text, [recipient]), [identity]) == text


@given(text=st.binary(max_size=300), associated=st.binary(max_size=200))
def test_once_comes_back(text: bytes, associated: bytes) -> None:
    sealed = seal_once(KEY, text, associated)
    assert len(sealed) == len(text) + 16
    assert open_once(KEY, sealed, associated) == text


@given(text=st.binary(max_size=60), extra=st.integers(1, 60))
def test_padding_comes_back(text: bytes, extra: int) -> None:
    padded = pad(text, len(text) + extra)
    assert len(padded) == len(text) + extra
    assert unpad(padded) == text


def test_padding_needs_room_for_its_mark() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        pad(bytes(16), 16)


@given(text=st.binary(max_size=100), context=st.binary(max_size=80))
def test_sealed_comes_back(text: bytes, context: bytes) -> None:
    envelope = seal_to(DESK.public, "wrap", context, text)
    assert len(envelope) == 1 + 1120 + len(text) + 16
    assert DESK.open("wrap", context, envelope) == text


@given(data=st.data())
def test_any_flipped_bit_of_an_envelope_is_refused(data: st.DataObject) -> None:
    envelope = bytearray(seal_to(DESK.public, "wrap", b"here", b"a key"))
    at = data.draw(st.integers(0, 8 * len(envelope) - 1))
    envelope[at // 8] ^= 1 << at % 8
    with pytest.raises(SealError):
        DESK.open("wrap", b"here", bytes(envelope))


@given(envelope=st.binary(max_size=1300))
def test_no_bytes_open_by_chance(envelope: bytes) -> None:
    for open_ in (
        lambda: DESK.open("wrap", b"", envelope),
        lambda: DESK.open("wrap", b"", b"\1" + envelope),
        lambda: open_once(KEY, envelope, b""),
    ):
        with pytest.raises(SealError):
            open_()


@given(public=st.binary(max_size=40) | st.binary(min_size=1216, max_size=1216))
def test_what_is_no_public_key_is_refused(public: bytes) -> None:
    try:
        seal_to(SealingPublic(public), "wrap", b"", b"")
    except WireError:
        return
    assert len(public) == 1216


@given(data=st.data(), message=st.binary(max_size=100))
def test_any_flipped_bit_of_a_signature_is_refused(data: st.DataObject, message: bytes) -> None:
    signature = bytearray(SIGNER.sign("entry", message))
    at = data.draw(st.integers(0, 511))
    signature[at // 8] ^= 1 << at % 8
    with pytest.raises(SignatureError):
        verify(SIGNER.public, "entry", message, Signature(bytes(signature)))


def test_key_bytes_are_never_text() -> None:
    """Pitfall 16: keys that are no UTF-8, or hold zeros, are used as the bytes that they are."""
    for secret in (b"\xff" * 32, bytes(32), bytes(range(224, 256)), b"\0" * 31 + b"\x80"):
        assert derive(secret, "tag", b"") != derive(hashlib.sha256(secret).digest(), "tag", b"")
        assert from_words(" ".join(to_words(secret))) == secret
        sealed = seal_once(Key(secret), secret, secret)
        assert open_once(Key(secret), sealed, secret) == secret


def test_every_part_of_the_context_changes_the_key() -> None:
    """Pitfall 15: what is sealed in one place opens in no other."""
    secret, salt = Seeded("bound")(32), Seeded("bound salt")(32)
    keys = {
        derive(secret, "body", b"org1folder1", salt),
        derive(secret, "body", b"org1folder2", salt),
        derive(secret, "body", b"org2folder1", salt),
        derive(secret, "tag", b"org1folder1", salt),
        derive(secret, "body", b"org1folder1", salt[::-1]),
        derive(secret[::-1], "body", b"org1folder1", salt),
    }
    assert len(keys) == 6


def test_the_form_of_an_envelope_is_not_negotiable() -> None:
    """Pitfall 3: there is no flag by which something passes for an envelope without being sealed."""
    plain = b"a plain key, 32 bytes, unsealed!"
    for lead in range(256):
        with pytest.raises(SealError):
            DESK.open("wrap", b"", bytes([lead]) + plain)
