"""Files of a case, a request, a place: sealed in memory, kept in the book, read back after the asking is saved.

Guarantees: neither the content nor the name touches the disk in the clear; a file is released whole or not at all.
"""

from dataclasses import dataclass

from waystation.book.files import SealedFile, open_file, seal_file
from waystation.derive import KEY_BYTES, Key
from waystation.errors import SealError
from waystation.ids import HASH_BYTES, ChunkHash, FolderId, RecordId
from waystation.office.desk import Desk
from waystation.office.writing import Rule, Writing, refuse
from waystation.records import Save, Value
from waystation.records.labels import N_
from waystation.roles import Action
from waystation.views.case import revealed


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file's content, in memory only."""

    name: str
    media_type: str
    content: bytes


def attach(
    desk: Desk, folder: FolderId, name: str, media_type: str, content: bytes, description: str = ""
) -> tuple[Save, SealedFile]:
    """Seals a file and makes its record; give both to `desk.save`.

    Args:
        name: as the person's machine called it, without its folders; a name is content, so it is masked.
        content: at most 64 MiB.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    writing.require(Action.WRITE, folder)
    if not content:
        refuse("file", "empty", N_("This file is empty. Choose another."))
    sealed = seal_file(Key(desk.randomness(KEY_BYTES)), content)
    fields: dict[str, Value | None] = {
        "name": name.replace("\\", "/").rsplit("/", 1)[-1],
        "media_type": media_type or "application/octet-stream",
        "size": len(content),
        "description": description.strip() or None,
        "added": writing.now(),
        "added_by": desk.member,
        "file_key": sealed.key,
        "chunks": b"".join(sealed.hashes),
    }
    writing.write(writing.entry(folder, "file", fields), Rule())
    saved = writing.save()
    return Save(saved.writes, saved.new_folders, sealed.hashes), sealed


def read(desk: Desk, folder: FolderId, file: RecordId) -> Attachment:
    """Opens a file, after a reveal of its name was saved.

    Raises: Refused, if it was not; SealError, if a piece is missing or altered.
    """
    name = revealed(desk.reader, folder, "file", file, "name", by=desk.member)
    known = desk.tables.shown(folder, "file", file) or {}
    key, chunks = known.get("file_key"), known.get("chunks")
    if not isinstance(key, bytes) or not isinstance(chunks, bytes):
        raise SealError("This file's record does not hold its key.")
    hashes = [ChunkHash(chunks[i : i + HASH_BYTES]) for i in range(0, len(chunks), HASH_BYTES)]
    return Attachment(name, str(known.get("media_type", "")), open_file(Key(key), hashes, desk.attached))
