"""Files as people send them, made here byte by byte, each with something in it that must not come through."""

import struct
import wave
import zipfile
from io import BytesIO

from mutagen.ogg import OggPage
from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, NumberObject, create_string_object

CANARY = "Zelimkhan-of-Roshni-Chu"
RAW = CANARY.encode()
DEVICE = "Nokia-3310-of-Zelimkhan"

DOTS = (24, 16)


def drawn(mode: str = "RGB") -> Image.Image:
    """A picture in which left and top can be told: red on the left half, blue below."""
    picture = Image.new("RGB", DOTS, (255, 255, 255))
    picture.paste((200, 0, 0), (0, 0, 12, 16))
    picture.paste((0, 0, 200), (0, 8, 24, 16))
    return picture.convert(mode)


def photograph(kind: str = "JPEG", orientation: int = 6) -> bytes:
    """A photograph that says where, when and with what it was made; its dots lie on their side."""
    picture = drawn()
    exif = picture.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = DEVICE
    exif[0x013B] = CANARY
    if kind != "TIFF":
        exif[0x8825] = {1: "N", 2: (43.0, 19.0, 4.0), 3: "E", 4: (45.0, 41.0, 55.0)}
    out = BytesIO()
    more: dict[str, object] = {}
    if kind == "JPEG":
        more = {"comment": RAW, "xmp": b"<x:xmpmeta>" + RAW, "icc_profile": None}
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Author", CANARY)
        info.add_itxt("XML:com.adobe.xmp", f"<x>{CANARY}</x>")
        more = {"pnginfo": info}
    if kind == "WEBP":
        more = {"xmp": b"<x:xmpmeta>" + RAW, "lossless": True}
    if kind == "GIF":
        picture.save(out, "GIF", comment=RAW, save_all=True, append_images=[drawn().rotate(90, expand=False)])
        return out.getvalue()
    picture.save(out, kind, exif=exif, **more)
    return out.getvalue()


def pdf() -> bytes:
    """A page with a photograph on it, written by somebody, with a file and a script inside."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    image = DecodedStreamObject()
    image.set_data(photograph(orientation=1))
    for key, value in {
        "/Type": "/XObject",
        "/Subtype": "/Image",
        "/ColorSpace": "/DeviceRGB",
        "/Filter": "/DCTDecode",
    }.items():
        image[NameObject(key)] = NameObject(value)
    for key, number in {"/Width": DOTS[0], "/Height": DOTS[1], "/BitsPerComponent": 8}.items():
        image[NameObject(key)] = NumberObject(number)
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject("/Im0"): writer._add_object(image)})}
    )
    drawing = DecodedStreamObject()
    drawing.set_data(b"q 100 0 0 100 20 20 cm /Im0 Do Q")
    page[NameObject("/Contents")] = writer._add_object(drawing)
    xmp = DecodedStreamObject()
    xmp.set_data(b"<x:xmpmeta>" + RAW)
    page[NameObject("/Metadata")] = writer._add_object(xmp)
    page[NameObject("/PieceInfo")] = DictionaryObject({NameObject("/X"): create_string_object(CANARY)})
    writer.add_metadata({"/Author": CANARY, "/Producer": DEVICE})
    writer.add_attachment("who.txt", RAW)
    action = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
    action[NameObject("/JS")] = create_string_object(f"app.alert('{CANARY}')")
    writer.root_object[NameObject("/OpenAction")] = action
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


SOUND = bytes(range(1, 200)) * 3


def wav() -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(SOUND[:-1])
    body = b"INFOIART" + struct.pack("<I", len(RAW) + 1) + RAW + b"\0"
    body += b"\0" * (len(body) % 2)
    plain = out.getvalue() + b"LIST" + struct.pack("<I", len(body)) + body
    return plain[:4] + struct.pack("<I", len(plain) - 8) + plain[8:]


MP3_FRAMES = (b"\xff\xfb\x90\x64" + b"\0" * 413) * 12


def mp3() -> bytes:
    text = b"\x03" + RAW
    frame = b"TPE1" + bytes((0, 0, 0, len(text))) + b"\0\0" + text
    tag = b"ID3\x04\0\0\0\0\0" + bytes((len(frame),)) + frame
    return tag + MP3_FRAMES + b"TAG" + RAW.ljust(125, b"\0")


OPUS_PACKET = b"\xf8\xff\xfe" + b"sound"


def opus() -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)
    words = b"ARTIST=" + RAW
    device = DEVICE.encode()
    tags = b"OpusTags" + struct.pack("<I", len(device)) + device + struct.pack("<II", 1, len(words)) + words
    pages = []
    for number, packet in enumerate((head, tags, OPUS_PACKET)):
        page = OggPage()
        page.serial, page.sequence, page.packets = 7, number, [packet]
        page.first, page.last, page.position = number == 0, number == 2, 960 if number == 2 else 0
        pages.append(page.write())
    return b"".join(pages)


def flac() -> bytes:
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + bytes.fromhex("0ac442f000000000") + bytes(16)
    words = struct.pack("<I", 0) + struct.pack("<II", 1, len(RAW) + 7) + b"ARTIST=" + RAW
    blocks = b"\x00" + len(info).to_bytes(3, "big") + info + b"\x02" + (4 + len(RAW)).to_bytes(3, "big") + b"appl" + RAW
    return b"fLaC" + blocks + b"\x84" + len(words).to_bytes(3, "big") + words + b"\xff\xf8" + SOUND


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def m4a() -> bytes:
    """A voice note with a place, a device, and the second in which it was made."""
    made = struct.pack(">II", 3577906200, 3577906200)
    mvhd = box(b"mvhd", bytes(4), made, struct.pack(">II", 1000, 2000), bytes(80))
    tkhd = box(b"tkhd", bytes(4), made, bytes(72))
    mdhd = box(b"mdhd", bytes(4), made, struct.pack(">II", 8000, 16000), bytes(4))
    hdlr = box(b"hdlr", bytes(8), b"soun", bytes(12), DEVICE.encode() + b"\0")
    mp4a = box(
        b"mp4a", bytes(6), b"\0\1", bytes(8), b"\0\1\0\x10", bytes(4), struct.pack(">I", 8000 << 16), box(b"free")
    )
    stbl = box(b"stbl", box(b"stsd", bytes(4), b"\0\0\0\1", mp4a))
    trak = box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", box(b"smhd", bytes(8)), stbl)))
    udta = box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+43.3178+045.6986/"), box(b"\xa9too", RAW))
    return box(b"ftyp", b"M4A \0\0\0\0M4A ") + box(b"moov", mvhd, trak, udta) + box(b"uuid", RAW) + box(b"mdat", SOUND)


def chat_zip(text: str, **files: bytes) -> bytes:
    """A chat as WhatsApp exports it with its files."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("WhatsApp Chat with Aset/_chat.txt", text)
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
