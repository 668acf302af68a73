"""Attachments: whatever their size they come back whole, or not at all (spec/files.md)."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ground.seeded import Seeded

from waystation.book.files import SealedFile, open_file, seal_file
from waystation.derive import Key
from waystation.errors import BadInput, SealError
from waystation.ids import ChunkHash
from waystation.limits import FILE_MAX, FILE_PIECE, KIB, MIB

SEGMENT = 64 * KIB
SIZES = [
    0,
    1,
    SEGMENT - 1,
    SEGMENT,
    SEGMENT + 1,
    FILE_PIECE - 1,
    FILE_PIECE,
    FILE_PIECE + 1,
    3 * MIB,
]
SMALL = seal_file(Key(Seeded("small file")(32)), b"a voice note" * 20)


def content_of(size: int) -> bytes:
    return hashlib.shake_256(b"content").digest(size)


def sealed_of(size: int) -> SealedFile:
    return seal_file(Key(Seeded(f"file of {size}")(32)), content_of(size))


def opened(sealed: SealedFile, pieces: list[bytes] | None = None) -> bytes:
    """Opens a file from its pieces, or from others under the names that fit those."""
    given_ = list(sealed.pieces) if pieces is None else pieces
    hashes = [ChunkHash(hashlib.sha256(piece).digest()) for piece in given_]
    return open_file(sealed.key, hashes, dict(zip(hashes, given_, strict=True)).get)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back(size: int) -> None:
    sealed = sealed_of(size)
    assert opened(sealed) == content_of(size)
    assert all(len(piece) == FILE_PIECE for piece in sealed.pieces[:-1])
    assert 0 < len(sealed.pieces[-1]) <= FILE_PIECE


@pytest.mark.parametrize("size", SIZES)
def test_a_file_cut_at_any_edge_is_refused(size: int) -> None:
    """Pitfall 7: a cut download never looks complete."""
    sealed = sealed_of(size)
    whole = b"".join(sealed.pieces)
    # The stream begins after the header and its nonce; every segment is 16 bytes longer sealed.
    stream = len(whole) - size - 16 * max(1, -(-size // SEGMENT))
    edges = {stream + at for at in range(0, len(whole) - stream, SEGMENT + 16)}
    edges |= {edge + by for edge in edges for by in (-1, 1, 16)}
    edges |= set(range(FILE_PIECE, len(whole), FILE_PIECE)) | {0, 1, stream // 2, len(whole) - 1}
    for edge in edges:
        if not 0 <= edge < len(whole):
            continue
        cut = whole[:edge]
        pieces = [cut[at : at + FILE_PIECE] for at in range(0, len(cut), FILE_PIECE)]
        with pytest.raises(SealError):
            opened(sealed, pieces)


def test_pieces_out_of_place_are_refused() -> None:
    sealed = sealed_of(3 * MIB)
    pieces = list(sealed.pieces)
    swapped = [pieces[1], pieces[0], *pieces[2:]]
    middle = [*pieces[:4], pieces[5], pieces[4], *pieces[6:]]
    for wrong in (swapped, middle, pieces[1:], [*pieces[:4], *pieces[5:]], [*pieces, pieces[-1]], []):
        with pytest.raises(SealError):
            opened(sealed, wrong)


def test_a_piece_of_another_file_is_refused() -> None:
    sealed, other = sealed_of(FILE_PIECE + 1), seal_file(Key(bytes(32)), content_of(FILE_PIECE + 1))
    with pytest.raises(SealError):
        opened(sealed, [sealed.pieces[0], other.pieces[1]])
    with pytest.raises(SealError):
        opened(SealedFile(other.key, sealed.pieces))


def test_a_missing_piece_is_told_apart_from_an_altered_one() -> None:
    sealed = sealed_of(FILE_PIECE + 1)
    with pytest.raises(SealError, match="not on this desk"):
        open_file(sealed.key, sealed.hashes, lambda _: None)
    with pytest.raises(SealError, match="A piece of this file was altered"):
        open_file(sealed.key, sealed.hashes, lambda _: b"another piece")


@given(at=st.integers(0, 8 * len(SMALL.pieces[0]) - 1), renamed=st.booleans())
def test_any_flipped_bit_is_found(at: int, renamed: bool) -> None:
    """Pitfall 17: evidence is authenticated, with or without the hash that names its piece."""
    changed = bytearray(SMALL.pieces[0])
    changed[at // 8] ^= 1 << at % 8
    hashes = [ChunkHash(hashlib.sha256(changed).digest())] if renamed else list(SMALL.hashes)
    with pytest.raises(SealError):
        open_file(SMALL.key, hashes, lambda _: bytes(changed))


@given(piece=st.binary(max_size=400))
def test_no_bytes_are_a_file_by_chance(piece: bytes) -> None:
    for stored in (piece, b"age-encryption.org/v1\n" + piece, SMALL.pieces[0][:100] + piece):
        with pytest.raises(SealError):
            opened(SMALL, [stored])


def test_nothing_of_a_file_shows_in_its_pieces() -> None:
    """Pitfalls 2 and 5: neither content nor a hash of it, nor the same pieces for the same content."""
    content = b"JUNIPER KETTLE " * 2000
    first, second = seal_file(Key(bytes(32)), content), seal_file(Key(bytes(31) + b"1"), content)
    again = seal_file(Key(bytes(32)), content)
    for sealed in (first, second, again):
        whole = b"".join(sealed.pieces)
        assert b"JUNIPER" not in whole
        assert hashlib.sha256(content).digest() not in whole
        assert bytes(sealed.key) not in whole
    assert len({*first.hashes, *second.hashes, *again.hashes}) == 3


def test_what_is_too_large_is_refused_before_anything_is_sealed() -> None:
    with pytest.raises(BadInput) as raised:
        seal_file(Key(bytes(32)), bytes(FILE_MAX + 1))
    assert raised.value.problems["file"].code == "too_large"
