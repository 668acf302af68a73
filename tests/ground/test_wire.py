"""Structures: exactly one value of the shape, or a refusal that says nothing of what it read."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waystation.errors import NewerFormat, WireError
from waystation.wire import MAX_BYTES, Decoder, encode, peek_version


class Thing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    name: str
    parts: tuple[bytes, ...]


decode = Decoder(Thing, version=2)


@given(name=st.text(max_size=40), parts=st.lists(st.binary(max_size=40), max_size=6))
def test_a_structure_comes_back(name: str, parts: list[bytes]) -> None:
    thing = Thing(2, name, tuple(parts))
    assert decode(encode(thing)) == thing


@given(numbers=st.dictionaries(st.text(max_size=5), st.integers(0, 2**40), max_size=8))
def test_the_order_of_a_map_does_not_matter(numbers: dict[str, int]) -> None:
    backwards = dict(reversed(numbers.items()))
    assert encode(numbers) == encode(backwards)


@given(data=st.binary(max_size=80))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    try:
        thing = decode(data)
    except WireError:
        return
    assert encode(thing) == data or decode(encode(thing)) == thing


@given(data=st.data())
def test_mutated_bytes_are_read_or_refused(data: st.DataObject) -> None:
    stored = bytearray(encode(Thing(2, "Juniper Kettle", (b"hazel", b"sparrow"))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(stored) - 1))
        stored[at] = data.draw(st.integers(0, 255))
    said = ""
    try:
        decode(bytes(stored))
    except WireError as error:
        said = str(error)
    assert not [word for word in ("Juniper", "Kettle", "hazel", "sparrow") if word in said]


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (b"", WireError),
        (b"\x93", WireError),
        (encode([3, "a", []]), NewerFormat),
        (encode([127, "a", [], 5]), NewerFormat),
        (encode([1, "a", []]), WireError),
        (encode([0, "a", []]), WireError),
        (encode([-1, "a", []]), WireError),
        (encode([200, "a", []]), WireError),
        (encode(["2", "a", []]), WireError),
        (encode([2, "a"]), WireError),
        (encode([2, "a", [], 1]), WireError),
        (encode([2, b"a", []]), WireError),
        (encode([2, "a", ["text"]]), WireError),
        (encode([2, "a", [None]]), WireError),
        (encode([2.0, "a", []]), WireError),
        (encode({"version": 2, "name": "a", "parts": []}), WireError),
        (encode([2, "a", []]) + b"\0", WireError),
        (encode([2, "a", []])[:-1], WireError),
        (b"\x93\x02\xa1\xff\x90", WireError),
        (b"\x93\x02\xa1a\xdd\xff\xff\xff\xff", WireError),
        (b"\x93\x02\xdb\xff\xff\xff\xff", WireError),
        (b"\x93\x02\xa1a\x91\xc6\xff\xff\xff\xff", WireError),
        (b"\x93\x02\xa1a" + b"\x91" * 100_000, WireError),
    ],
)
def test_what_is_not_exactly_the_shape_is_refused(stored: bytes, error: type[WireError]) -> None:
    with pytest.raises(error) as raised:
        decode(stored)
    assert raised.type is error


def test_a_length_is_not_believed_before_it_is_checked() -> None:
    """Four bytes that claim four gigabytes must not reserve them."""
    import tracemalloc

    tracemalloc.start()
    for claim in (b"\x93\x02\xa1a\xdd\xff\xff\xff\xff", b"\x93\x02\xdb\xff\xff\xff\xff"):
        with pytest.raises(WireError):
            decode(claim)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_what_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(WireError, match="above the limit"):
        decode(bytes(MAX_BYTES + 1))


def test_the_version_is_told_before_the_shape() -> None:
    assert peek_version(encode([7, "anything", None])) == 7
    assert peek_version(encode([7, *range(20)])) == 7
