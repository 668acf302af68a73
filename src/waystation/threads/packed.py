"""A chat that was exported with its files: a zip that holds one text and what was sent in it (WhatsApp).

Guarantees: read in memory and bounded before anything unfolds; names lose their folders. A zip that is no chat, is
locked or unfolds to more than it may gives nothing: it is kept as the file that it is.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from waystation.limits import FILE_MAX, PACKED_FILES_MAX, THREAD_MAX

_CHAT: Final = re.compile(r"_chat\.txt|.*whatsapp.*\.txt", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Packed:
    """One file out of a zip."""

    name: str
    content: bytes


def unpacked(content: bytes) -> tuple[Packed, ...]:
    """The chat's text, then its files; empty if the zip is no chat. Never raises."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _files(archive)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError, NotImplementedError, EOFError):
        return ()


def _files(archive: zipfile.ZipFile) -> tuple[Packed, ...]:
    inside = [one for one in archive.infolist() if not one.is_dir()]
    chat = next((one for one in inside if _CHAT.fullmatch(_bare(one.filename))), None)
    if chat is None or chat.file_size > THREAD_MAX or len(inside) > PACKED_FILES_MAX:
        return ()
    # What an entry says of its own size is checked while it unfolds: reading stops there.
    if sum(one.file_size for one in inside) > FILE_MAX:
        return ()
    inside.remove(chat)
    return tuple(Packed(_bare(one.filename), _read(archive, one)) for one in (chat, *inside))


def _read(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    with archive.open(one) as file:
        return file.read(one.file_size)


def _bare(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]
