"""Working copies of pictures, PDFs and recordings: what they show and say, without where, when, by whom and with what.

Guarantees: bytes in, bytes out, in memory; a picture is painted anew from its dots, so that nothing but dots can come
over; what cannot be cleaned is said to be so (`Uncleaned`) and never passed on as clean. What the picture itself shows,
and a voice, stay recognisable: cleaning does not hide them. Decoders meet hostile files here; whatever they raise is
"could not be cleaned".
"""

import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any, Final

import mutagen
from mutagen.aac import AAC
from mutagen.apev2 import APENoHeaderError
from mutagen.apev2 import delete as delete_ape
from mutagen.flac import FLAC
from mutagen.id3 import delete as delete_id3
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE
from PIL import (
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

from waystation.limits import FILE_MAX, PDF_OBJECTS_MAX, PDF_PAGES_MAX, PICTURE_PIXELS_MAX
from waystation.records.labels import N_


class Why(StrEnum):
    """Why there is no working copy."""

    PLAIN = "plain"
    UNKNOWN = "unknown"
    BROKEN = "broken"
    LARGE = "large"
    LOCKED = "locked"

    @property
    def told(self) -> str:
        """In words: a gettext id."""
        return _TOLD[self]


_TOLD: Final = {
    Why.PLAIN: N_("Plain text carries nothing beside its words."),
    Why.UNKNOWN: N_("Files of this type cannot be cleaned here. It may still say where, when and by whom it was made."),
    Why.BROKEN: N_("This file is damaged or unusual and could not be cleaned. It may still say where it was made."),
    Why.LARGE: N_("This file unfolds to more than can be cleaned. It may still say where it was made."),
    Why.LOCKED: N_("This file is locked with a password and could not be cleaned. It may still say who made it."),
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A working copy, and its type by what it is, not by what it was called."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Uncleaned:
    """No working copy could be made."""

    why: Why


class _TooLarge(Exception):
    """It would take more memory or time than it may."""


class _Locked(Exception):
    """A password is asked for."""


class _Unusual(Exception):
    """It holds something of which nobody knows what it tells."""


def clean(content: bytes, media_type: str = "") -> Cleaned | Uncleaned:
    """A copy without metadata.

    Args:
        content: the file. What it is is read from its first bytes.
        media_type: as somebody called it; only asked where the bytes say nothing.
    """
    kind = kind_of(content, media_type)
    if kind == "text/plain":
        return Uncleaned(Why.PLAIN)
    cleaner = _CLEANERS.get(kind)
    if cleaner is None:
        return Uncleaned(Why.UNKNOWN)
    try:
        return Cleaned(cleaner(content), kind)
    except (_TooLarge, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Uncleaned(Why.LARGE)
    except _Locked:
        return Uncleaned(Why.LOCKED)
    except Exception:  # noqa: BLE001 -- decoders raise anything on hostile files; none of it may end the page
        return Uncleaned(Why.BROKEN)


def kind_of(content: bytes, media_type: str = "") -> str:
    """A file's type by its first bytes; as it was called where these say nothing."""
    for start, at, kind in _STARTS:
        if content[at : at + len(start)] == start:
            return kind
    if content[:4] == b"PK\x03\x04" and media_type in ("", "application/octet-stream"):
        return "application/zip"
    if content[4:8] == b"ftyp":
        return "audio/mp4" if content[8:12] in (b"M4A ", b"M4B ") or _has_no_video(content) else "video/mp4"
    if content[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12], "application/octet-stream")
    if content[:4] == b"OggS":
        return "video/ogg" if b"theora" in content[:512] else "audio/ogg"
    if content[:1] == b"\xff" and len(content) > 1 and content[1] & 0xE0 == 0xE0:
        return "audio/aac" if content[1] & 0x06 == 0 else "audio/mpeg"
    if b"%PDF-" in content[:1024]:
        return "application/pdf"
    if media_type.startswith("text/") and media_type not in ("text/html", "text/xml", "text/rtf"):
        return "text/plain"
    return media_type if media_type.isascii() and media_type else "application/octet-stream"


_STARTS: Final = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"II*\0", 0, "image/tiff"),
    (b"MM\0*", 0, "image/tiff"),
    (b"%PDF-", 0, "application/pdf"),
    (b"fLaC", 0, "audio/flac"),
    (b"ID3", 0, "audio/mpeg"),
    (b"ftypheic", 4, "image/heic"),
    (b"ftypheix", 4, "image/heic"),
    (b"ftypmif1", 4, "image/heic"),
    (b"ftypavif", 4, "image/avif"),
)


# ── Pictures ──

_PLUGINS: Final = (
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    GifImagePlugin.GifImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
)
_FORMATS: Final = tuple(str(plugin.format) for plugin in _PLUGINS)
"""Of the many that Pillow could try, only these: the others would hand hostile files to rarer decoders."""


def _picture(content: bytes) -> bytes:
    with warnings.catch_warnings():
        # What decoders warn of may quote the file; only the bomb matters, and it is refused.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            width, height = picture.size
            frames_max = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
            if width * height * frames_max > PICTURE_PIXELS_MAX:
                raise _TooLarge
            return _painted(picture, frames_max)


def _painted(picture: Image.Image, frames: int) -> bytes:
    """The picture's dots, upright, in a file of the same format that holds nothing else."""
    kind = "JPEG" if picture.format == "MPO" else str(picture.format)
    if frames > 1:
        return _frames(picture, kind)
    fresh = _fresh(picture, kind)
    out = BytesIO()
    match kind:
        case "JPEG":
            # The tables of the original keep what it looks like; a second rounding is hardly seen.
            tables = getattr(picture, "quantization", None)
            sampling = JpegImagePlugin.get_sampling(picture) if picture.mode in ("RGB", "YCbCr") else -1
            if tables and fresh.mode == picture.mode:
                fresh.save(out, "JPEG", qtables=tables, subsampling=sampling)
            else:
                fresh.save(out, "JPEG", quality=92)
        case "WEBP":
            fresh.save(out, "WEBP", quality=90)
        case "TIFF":
            fresh.save(out, "TIFF", compression="tiff_deflate" if fresh.mode != "1" else None)
        case _:
            fresh.save(out, kind, optimize=kind == "PNG" and fresh.width * fresh.height < 4_000_000)
    return out.getvalue()


def _frames(picture: Image.Image, kind: str) -> bytes:
    """A moving picture, or the pages of a scan: every frame anew, with how long it stands."""
    fresh: list[Image.Image] = []
    stands: list[int] = []
    for frame in ImageSequence.Iterator(picture):
        fresh.append(_fresh(frame, kind))
        stands.append(int(frame.info.get("duration", 100) or 100))
    out = BytesIO()
    if kind == "TIFF":
        fresh[0].save(out, "TIFF", save_all=True, append_images=fresh[1:])
    else:
        loop = int(picture.info.get("loop", 0) or 0)
        fresh[0].save(out, kind, save_all=True, append_images=fresh[1:], duration=stands, loop=loop, disposal=2)
    return out.getvalue()


def _fresh(frame: Image.Image, kind: str) -> Image.Image:
    """An image with the same dots, upright, in the colours of every screen, and no other knowledge."""
    profile = frame.info.get("icc_profile")
    upright = ImageOps.exif_transpose(frame)
    clear = "transparency" in upright.info or upright.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if upright.mode not in ("RGB", "RGBA", "L", "1", "I;16") or "transparency" in upright.info:
        upright = upright.convert("RGBA" if clear and kind != "JPEG" else "RGB")
    if kind == "JPEG" and upright.mode not in ("RGB", "L"):
        upright = upright.convert("RGB")
    if profile and upright.mode == "RGB":
        upright = _in_common_colours(upright, profile)
    return Image.frombytes(upright.mode, upright.size, upright.tobytes())


def _in_common_colours(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as they looked under the picture's own profile, which may name the device and is left out."""
    try:
        found = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if found is None else found


# ── PDF ──

_TELLS: Final = frozenset(
    "/Metadata /PieceInfo /LastModified /Thumb /AA /OpenAction /JavaScript /JS /EmbeddedFiles /EF /AF /Collection /XFA"
    " /SpiderInfo /Legal /DSS /Perms /URI /Lang /StructTreeRoot /StructParents /StructParent /ID /IDS /UR3 /Changes"
    " /Measure /VP /GPTS /LastModifiedBy /Author /Creator /Producer /CreationDate /ModDate /Keywords /Title".split()
)
"""Keys that tell who, when, where or with what, or that act. None of them draws."""
_NOT_DRAWN: Final = frozenset(
    ("/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D", "/Popup", "/Link")
)
_ANNOTATION_TELLS: Final = frozenset(
    "/T /M /NM /CreationDate /Contents /RC /Subj /IRT /A /PA /TU /TM /V /DV /Parent".split()
)


def _pdf(content: bytes) -> bytes:
    once = _pdf_pages(content)
    # What the first pass cut off is still in its file, only unreached; the second takes over what is reached.
    return _pdf_pages(once)


def _pdf_pages(content: bytes) -> bytes:
    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise _Locked
    if len(reader.pages) > PDF_PAGES_MAX:
        raise _TooLarge
    writer = PdfWriter()
    writer.metadata = None
    for page in reader.pages:
        writer.add_page(page)
    _scrub(writer)
    writer.metadata = None
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _scrub(writer: PdfWriter) -> None:
    """Takes out of every object what tells or acts."""
    objects = writer._objects  # no public way leads to every object of a file that is written
    if len(objects) > PDF_OBJECTS_MAX:
        raise _TooLarge
    for one in objects:
        if isinstance(one, DictionaryObject):
            _scrub_dictionary(one)


def _scrub_dictionary(top: DictionaryObject) -> None:
    waiting: list[Any] = [top]
    while waiting:
        one = waiting.pop()
        if isinstance(one, IndirectObject):
            continue
        if isinstance(one, DictionaryObject):
            for key in [key for key in one if key in _TELLS]:
                del one[key]
            if one.get("/Type") == "/Annot" or ("/Rect" in one and "/Subtype" in one):
                for key in [key for key in one if key in _ANNOTATION_TELLS]:
                    del one[key]
            if "/Annots" in one:
                one[NameObject("/Annots")] = _annotations(one["/Annots"])
            if isinstance(one, StreamObject):
                _bare_stream(one)
            waiting += one.values()
        elif isinstance(one, ArrayObject):
            waiting += one


def _annotations(found: Any) -> ArrayObject:
    """The annotations that are drawn; not those that only hold a file, a sound or a link."""
    listed = found.get_object() if isinstance(found, IndirectObject) else found
    kept = ArrayObject()
    for one in listed if isinstance(listed, ArrayObject) else ():
        told = one.get_object()
        if isinstance(told, DictionaryObject) and told.get("/Subtype") not in _NOT_DRAWN and "/AP" in told:
            kept.append(one)
    return kept


def _bare_stream(stream: StreamObject) -> None:
    """A picture inside a PDF brings its own metadata. Raises: _Unusual, where it cannot be looked into."""
    found = stream.get("/Filter")
    filters = [str(one) for one in found] if isinstance(found, ArrayObject) else [str(found)] if found else []
    if filters == ["/DCTDecode"]:
        stream._data = _bare_jpeg(stream._data)
    elif filters == ["/FlateDecode", "/DCTDecode"]:
        unpack = zlib.decompressobj()
        plain = unpack.decompress(stream._data, FILE_MAX)
        if unpack.unconsumed_tail:
            raise _TooLarge
        stream._data = zlib.compress(_bare_jpeg(plain))
    elif "/DCTDecode" in filters or ("/JPXDecode" in filters and re.search(rb"uuid|xml ", stream._data)):
        raise _Unusual


def _bare_jpeg(data: bytes) -> bytes:
    """A JPEG without its comments and what applications put into it; its dots stay bit for bit.

    Raises: _Unusual, if it cannot be followed to its first scan.
    """
    if data[:2] != b"\xff\xd8":
        raise _Unusual
    kept = bytearray(b"\xff\xd8")
    at = 2
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise _Unusual
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        # JFIF (0) and Adobe's colour transform (14) say how the dots are meant.
        if not (0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept += data[at : at + 2 + length]
        if marker == 0xDA:
            end = data.rfind(b"\xff\xd9")
            stop = end + 2 if end > at else len(data)
            return bytes(kept + data[at + 2 + length : stop])
        at += 2 + length


# ── Recordings ──


def _check_plays(kind: Any, content: bytes) -> None:
    """Returns only if what is left is still a recording of that kind. Raises: MutagenError."""
    kind(BytesIO(content))


def _tagged(load: Callable[[BytesIO], Any]) -> Callable[[bytes], bytes]:
    """Ogg in its kinds: the comments emptied in place, the sound untouched."""

    def cleaned(content: bytes) -> bytes:
        file = BytesIO(content)
        sound = load(file)
        if sound is None or sound.tags is None:
            raise _Unusual
        sound.tags.clear()
        sound.tags.vendor = ""
        if getattr(sound.tags, "_pad_data", b""):
            sound.tags._pad_data = b""
        file.seek(0)
        sound.tags._inject(file, lambda info: 0)
        file.seek(0)
        load(file)
        return file.getvalue()

    return cleaned


def _ogg(content: bytes) -> bytes:
    for load in (OggOpus, OggVorbis, OggSpeex, OggFLAC):
        try:
            return _tagged(load)(content)
        except mutagen.MutagenError:
            continue
    raise _Unusual


def _mp3(content: bytes) -> bytes:
    file = BytesIO(content)
    delete_id3(file, delete_v1=True, delete_v2=True)
    file.seek(0)
    try:
        delete_ape(file)
    except APENoHeaderError:
        file.seek(0)
    file.seek(0)
    bare = file.getvalue()
    frames = _first_frame(bare)
    trailing = bare.rfind(b"LYRICSBEGIN")
    bare = bare[frames : trailing if trailing > frames else len(bare)]
    if b"APETAGEX" in bare or bare[:3] == b"ID3" or b"TAG" in bare[-128:-124]:
        raise _Unusual
    _check_plays(MP3, bare)
    return bare


def _aac(content: bytes) -> bytes:
    file = BytesIO(content)
    delete_id3(file, delete_v1=True, delete_v2=True)
    bare = file.getvalue()[_first_frame(file.getvalue()) :]
    _check_plays(AAC, bare)
    return bare


def _first_frame(content: bytes) -> int:
    """Where the sound begins; only zeros may stand before it."""
    at = len(content) - len(content.lstrip(b"\0"))
    if at + 1 >= len(content) or content[at] != 0xFF or content[at + 1] & 0xE0 != 0xE0:
        raise _Unusual
    return at


def _flac(content: bytes) -> bytes:
    """Only the block that says how to play it, and the sound."""
    at, first = 4, b""
    while True:
        head = content[at]
        size = int.from_bytes(content[at + 1 : at + 4], "big")
        if head & 0x7F == 0:
            first = content[at + 4 : at + 4 + size]
        at += 4 + size
        if head & 0x80:
            break
    if len(first) != 34 or content[at : at + 1] != b"\xff":
        raise _Unusual
    bare = b"fLaC\x80" + len(first).to_bytes(3, "big") + first + content[at:]
    _check_plays(FLAC, bare)
    return bare


def _wave(content: bytes) -> bytes:
    """Only how to play it, and the sound."""
    kept = bytearray()
    at = 12
    while at + 8 <= len(content):
        name = content[at : at + 4]
        (size,) = struct.unpack_from("<I", content, at + 4)
        body = content[at + 8 : at + 8 + size]
        if name in (b"fmt ", b"fact", b"data"):
            kept += name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        at += 8 + size + size % 2
    bare = b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WAVE" + bytes(kept)
    _check_plays(WAVE, bare)
    return bare


_HOLDS: Final = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex", b"dinf"))
"""Boxes that hold boxes."""
_PLAYS: Final = _HOLDS | frozenset(
    b"ftyp mdat mvhd tkhd mdhd hdlr smhd dref stsd stts stsc stsz stz2 stco co64 stss ctts elst sgpd sbgp mfhd tfhd"
    b" tfdt trun trex mehd sidx mfra tfra mfro styp".split()
)
"""Boxes that are needed to play a sound. All others are emptied where they stand, so that no offset moves."""


def _mp4(content: bytes) -> bytes:
    bare = bytearray(content)
    if not _has_no_video(content):
        raise _Unusual
    for name, start, end, head in _boxes(bare, 0, len(bare)):
        body = start + head
        if name not in _PLAYS:
            bare[start + 4 : start + 8] = b"free"
            bare[body:end] = bytes(end - body)
        elif name in (b"mvhd", b"tkhd", b"mdhd"):
            # Version 1 has times of eight bytes, version 0 of four: made, and changed.
            width = 16 if bare[body] == 1 else 8
            bare[body + 4 : body + 4 + width] = bytes(width)
        elif name == b"hdlr":
            bare[body + 24 : end] = bytes(end - body - 24)
    _check_plays(MP4, bytes(bare))
    return bytes(bare)


def _boxes(content: bytes | bytearray, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int, int]]:
    """Every box: its name, where it begins and ends, and how long its head is. Raises: _Unusual."""
    while start < end:
        if start + 8 > end or depth > 12:
            raise _Unusual
        size, name = int.from_bytes(content[start : start + 4], "big"), bytes(content[start + 4 : start + 8])
        head = 8
        if size == 1:
            size, head = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            raise _Unusual
        yield name, start, start + size, head
        if name in _HOLDS:
            yield from _boxes(content, start + head, start + size, depth + 1)
        start += size


def _has_no_video(content: bytes) -> bool:
    """Whether every track is sound."""
    try:
        tracks = [
            bytes(content[start + head + 8 : start + head + 12])
            for name, start, _, head in _boxes(content, 0, len(content))
            if name == b"hdlr"
        ]
    except _Unusual:
        return False
    return bool(tracks) and all(kind in (b"soun", b"url ", b"mdir") for kind in tracks)


_CLEANERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "image/jpeg": _picture,
    "image/png": _picture,
    "image/gif": _picture,
    "image/tiff": _picture,
    "image/webp": _picture,
    "application/pdf": _pdf,
    "audio/mpeg": _mp3,
    "audio/aac": _aac,
    "audio/ogg": _ogg,
    "audio/mp4": _mp4,
    "audio/flac": _flac,
    "audio/wav": _wave,
}
