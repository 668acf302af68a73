"""HTTP message signatures: the published vector, and nothing accepted but what our profile writes (L5, L7)."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st
from tests.ground.vectors import load

from waystation import httpsig
from waystation.errors import SignatureError
from waystation.verify import Signature, VerifyKey

PARAMETERS = httpsig.Parameters(1_495_022_400, bytes(range(16)), bytes(32))


def test_the_published_vector_verifies() -> None:
    """RFC 9421, Appendix B.2.6, key test-key-ed25519."""
    key = load_der_public_key(b64decode("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="))
    base = httpsig.base_of(
        [
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("@method", "POST"),
            ("@path", "/foo"),
            ("@authority", "example.com"),
            ("content-type", "application/json"),
            ("content-length", "18"),
        ],
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"',
    )
    signature = b64decode("wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==")
    public = VerifyKey(key.public_bytes_raw())  # type: ignore[union-attr]  # an Ed25519 key, as its name says
    httpsig.check_signature(public, base, Signature(signature))
    with pytest.raises(SignatureError):
        httpsig.check_signature(public, base + b"x", Signature(signature))


def test_the_digest_is_that_of_the_published_example() -> None:
    """RFC 9530, Appendix D: a JSON body and its sha-256."""
    assert httpsig.content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_our_own_vectors() -> None:
    for vector in load("relay")["signatures"]:
        parameters = httpsig.Parameters(
            vector["created"], bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["keyid"])
        )
        body = None if vector["body"] is None else bytes.fromhex(vector["body"])
        digest = None if body is None else httpsig.content_digest(body)
        assert digest == vector["content-digest"]
        base = httpsig.signature_base(
            vector["method"], vector["authority"], vector["path"], vector["query"], digest, parameters
        )
        assert base.decode() == vector["base"]
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["seed"]))
        signed = [(vector["label"], parameters, Signature(private.sign(base)))]
        fields = httpsig.signature_headers(signed, with_body=body is not None)
        assert fields == {"signature-input": vector["signature-input"], "signature": vector["signature"]}


@given(
    st.integers(1, 10**12 - 1), st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32), st.booleans()
)
def test_what_is_written_is_read(created: int, nonce: bytes, keyid: bytes, with_body: bool) -> None:
    signed = [
        (label, httpsig.Parameters(created, nonce, keyid), Signature(bytes([at]) * 64))
        for at, label in enumerate(("ws", "r2"))
    ]
    fields = httpsig.signature_headers(signed, with_body=with_body)
    found = httpsig.parse_signatures(fields["signature-input"], fields["signature"], with_body=with_body)
    assert [(one.label, one.parameters, one.signature) for one in found] == signed


@given(st.data())
def test_one_character_changed_is_another_signature_or_none(data: st.DataObject) -> None:
    fields = httpsig.signature_headers([("ws", PARAMETERS, Signature(bytes(64)))], with_body=True)
    text = fields["signature-input"]
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.characters(codec="utf-8").filter(lambda new: new != text[at])) + text[at + 1 :]
    try:
        (found,) = httpsig.parse_signatures(changed, fields["signature"], with_body=True)
    except SignatureError:
        return
    # What still reads says something else, and reads in one way only.
    assert found.parameters != PARAMETERS
    again = httpsig.signature_headers([("ws", found.parameters, found.signature)], with_body=True)
    assert again["signature-input"] == changed


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (";created", "; created"),
        ('"@query"', '"@query";req'),
        (' "@query"', ""),
        ("created=1495022400", "created=01495022400"),
        ("created=1495022400", "created=-1495022400"),
        (";nonce", ';alg="ed25519";nonce'),
        ("ws=(", "WS=("),
        ('keyid="00', 'keyid="0'),
        ('Dw=="', 'Dx=="'),
        ("ws=(", "ws=(), ws=("),
    ],
)
def test_other_ways_to_write_it_are_refused(part: str, other: str) -> None:
    fields = httpsig.signature_headers([("ws", PARAMETERS, Signature(bytes(64)))], with_body=False)
    assert part in fields["signature-input"]
    with pytest.raises(SignatureError):
        httpsig.parse_signatures(
            fields["signature-input"].replace(part, other, 1), fields["signature"], with_body=False
        )


def test_the_body_must_be_covered_where_there_is_one() -> None:
    for covered in (True, False):
        fields = httpsig.signature_headers([("ws", PARAMETERS, Signature(bytes(64)))], with_body=covered)
        with pytest.raises(SignatureError):
            httpsig.parse_signatures(fields["signature-input"], fields["signature"], with_body=not covered)
