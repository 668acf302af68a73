"""Working copies: what tells is gone from every byte, what is shown and heard is there; hostile files end well."""

import re
import wave
import zlib
from io import BytesIO

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.mp4 import MP4
from PIL import Image
from pypdf import PdfReader
from tests.messages import made

from waystation.cleaning import Cleaned, Uncleaned, Why, clean, kind_of
from waystation.limits import PICTURE_PIXELS_MAX

TELLING = (made.RAW, made.DEVICE.encode(), b"GPS", b"Exif", b"+43.3178", b"xmpmeta")


def cleaned(content: bytes, media_type: str = "") -> bytes:
    found = clean(content, media_type)
    assert isinstance(found, Cleaned), found
    return found.content


def told(content: bytes) -> set[bytes]:
    """What a file still tells, packed or not."""
    packed = re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content)
    inside = b"".join(
        zlib.decompressobj().decompress(content[one.start() :]) for one in packed if _unpacks(content, one)
    )
    return {word for word in TELLING if word in content or word in inside}


def _unpacks(content: bytes, found: re.Match[bytes]) -> bool:
    try:
        zlib.decompressobj().decompress(content[found.start() :])
    except zlib.error:
        return False
    return True


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_a_photograph_no_longer_tells_where_and_with_what(kind: str) -> None:
    before = made.photograph(kind)
    assert made.RAW in before
    after = cleaned(before)
    assert told(after) == set()
    with Image.open(BytesIO(after)) as picture:
        picture.load()
        assert picture.format == kind
        assert dict(picture.getexif()) == {} or kind == "TIFF"
        assert not {"comment", "xmp", "icc_profile", "Author"} & picture.info.keys()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_it_stands_upright_and_shows_the_same(kind: str) -> None:
    with Image.open(BytesIO(cleaned(made.photograph(kind, orientation=6)))) as picture:
        upright = picture.convert("RGB")
    wanted = made.drawn().transpose(Image.Transpose.ROTATE_270)
    assert upright.size == wanted.size == (16, 24)
    for place in ((2, 3), (13, 3), (2, 20), (13, 20)):
        near = zip(upright.getpixel(place), wanted.getpixel(place), strict=True)
        assert max(abs(one - other) for one, other in near) < 40, place


def test_a_moving_picture_still_moves() -> None:
    with Image.open(BytesIO(cleaned(made.photograph("GIF")))) as picture:
        assert picture.n_frames == 2


def test_what_hides_behind_the_end_of_a_photograph_is_gone() -> None:
    assert made.RAW not in cleaned(made.photograph() + made.RAW)


def test_a_document_is_only_what_its_pages_show() -> None:
    before = made.pdf()
    assert told(before)
    after = cleaned(before)
    assert told(after) == set()
    reader = PdfReader(BytesIO(after))
    assert len(reader.pages) == 1
    assert not reader.metadata
    assert not {"/Names", "/OpenAction", "/Metadata", "/AF"} & reader.trailer["/Root"].keys()
    (image,) = reader.pages[0].images
    assert image.image is not None
    assert image.image.size == made.DOTS
    assert not image.image.getexif()


SOUNDS = {
    "wav": (made.wav, made.SOUND[:-1]),
    "mp3": (made.mp3, made.MP3_FRAMES),
    "opus": (made.opus, made.OPUS_PACKET),
    "flac": (made.flac, b"\xff\xf8" + made.SOUND),
    "m4a": (made.m4a, made.SOUND),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_a_voice_note_is_only_the_voice(name: str) -> None:
    make, sound = SOUNDS[name]
    before = make()
    assert made.RAW in before
    after = cleaned(before)
    assert told(after) == set()
    assert sound in after
    read = mutagen.File(BytesIO(after))
    assert read is not None
    assert not read.tags


def test_a_recording_still_plays() -> None:
    with wave.open(BytesIO(cleaned(made.wav()))) as file:
        assert file.readframes(10_000) == made.SOUND[:-1]


def test_a_voice_note_no_longer_tells_the_second_in_which_it_was_made() -> None:
    before, after = made.m4a(), cleaned(made.m4a())
    assert len(after) == len(before)
    assert bytes.fromhex("d5428418") in before
    assert bytes.fromhex("d5428418") not in after
    assert MP4(BytesIO(after)).info.length == 2.0


def bomb() -> bytes:
    """A small PNG that unfolds to more dots than fit."""
    out = BytesIO()
    Image.new("1", (10_000, PICTURE_PIXELS_MAX // 10_000 + 100)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type", "why"),
    [
        (b"only words", "text/plain", Why.PLAIN),
        (b"<html>", "text/html", Why.UNKNOWN),
        (b"PK\x03\x04" + b"x" * 40, "application/zip", Why.UNKNOWN),
        (b"\0\0\0\x18ftypheic" + b"x" * 40, "image/jpeg", Why.UNKNOWN),
        (made.photograph()[:200], "image/jpeg", Why.BROKEN),
        (b"%PDF-1.7 the first page", "application/pdf", Why.BROKEN),
        (b"ID3\x04\0\0\0\0\0\x01", "audio/mpeg", Why.BROKEN),
        (b"", "", Why.UNKNOWN),
    ],
)
def test_what_cannot_be_cleaned_is_said_to_be_so(content: bytes, media_type: str, why: Why) -> None:
    found = clean(content, media_type)
    assert found == Uncleaned(why)
    assert isinstance(found, Uncleaned)
    assert found.why.told


def test_a_picture_that_unfolds_without_end_is_left_alone() -> None:
    content = bomb()
    assert len(content) < 100_000
    assert clean(content) == Uncleaned(Why.LARGE)


def test_a_locked_document_is_said_to_be_locked() -> None:
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=BytesIO(made.pdf()))
    writer.encrypt("plinth", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    assert clean(out.getvalue()) == Uncleaned(Why.LOCKED)


def test_a_type_is_what_the_bytes_say() -> None:
    assert kind_of(made.photograph("PNG"), "audio/ogg") == "image/png"
    assert kind_of(made.m4a(), "application/octet-stream") == "audio/mp4"
    found = clean(made.photograph(), "text/plain")
    assert isinstance(found, Cleaned)
    assert found.media_type == "image/jpeg"


FILES = [make() for make in (made.photograph, made.pdf, made.wav, made.mp3, made.opus, made.flac, made.m4a)]


@given(st.sampled_from(FILES), st.data())
def test_a_damaged_file_ends_well_and_tells_nothing(content: bytes, data: st.DataObject) -> None:
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(broken) - 1))
        broken[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    found = clean(bytes(broken))
    assert isinstance(found, Uncleaned) or made.RAW not in found.content


@given(st.binary(max_size=300), st.sampled_from(["", "image/jpeg", "application/pdf", "audio/ogg"]))
def test_any_bytes_end_well(content: bytes, media_type: str) -> None:
    assert isinstance(clean(content, media_type), Cleaned | Uncleaned)
