"""Files of a case, a request, a place: sealed in memory, kept in the book, read back after the asking is saved.

Guarantees: neither the content nor the name touches the disk in the clear; a file is released whole or not at all. The
original is kept as it came, with its SHA-256; beside it, in the same save, a working copy without metadata, wherever
one can be made. A file that could not be cleaned has no working copy, and a page can say why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from waystation.book.files import SealedFile, open_file, seal_file
from waystation.cleaning import Cleaned, Why, clean, kind_of
from waystation.derive import KEY_BYTES, Key
from waystation.errors import SealError
from waystation.ids import HASH_BYTES, ChunkHash, FolderId, RecordId
from waystation.limits import ENTRY_ROOM
from waystation.office.desk import Desk
from waystation.office.tray import Attachment as Attachment
from waystation.office.writing import Rule, Writing, refuse
from waystation.plaintext import legible
from waystation.records import Save, Value, Write, changes_of, encode_payload
from waystation.records.labels import N_
from waystation.roles import Action
from waystation.views.case import revealed

_FILE: Final = Rule()


@dataclass(frozen=True, slots=True)
class Put:
    """A file that a save in the making puts into the book.

    Args:
        working: the working copy without metadata; None if none could be made.
        why: why there is none.
        sealed: the pieces of both; they go to `Desk.save` with the save.
    """

    original: RecordId
    working: RecordId | None
    why: Why | None
    sealed: tuple[SealedFile, ...]

    @property
    def is_telling(self) -> bool:
        """Whether the file may tell more than it shows, and nothing could be done about it."""
        return self.why not in (None, Why.PLAIN)


def attach(
    desk: Desk, folder: FolderId, name: str, media_type: str, content: bytes, description: str = ""
) -> tuple[Save, tuple[SealedFile, ...]]:
    """Seals a file and its working copy and makes their records; give both to `desk.save`.

    Args:
        name: as the person's machine called it, without its folders; a name is content, so it is masked.
        content: at most 64 MiB.
    Returns: the save, whose first write is the original; and what was sealed.
    Raises: BadInput, Refused.
    """
    save, put = attach_all(desk, folder, (Attachment(name, media_type, content),), description)
    return save, put[0].sealed


def attach_all(
    desk: Desk, folder: FolderId, files: Sequence[Attachment], description: str = ""
) -> tuple[Save, tuple[Put, ...]]:
    """As `attach`, for several files in one save. Returns: also what became of each, in order."""
    writing = Writing(desk)
    writing.require(Action.WRITE, folder)
    if not files:
        refuse("file", "required", N_("Choose a file first."))
    made = tuple(put(writing, folder, file, description) for file in files)
    return with_files(writing.save(), made), made


def put(writing: Writing, folder: FolderId, file: Attachment, description: str = "") -> Put:
    """Puts a file, and its working copy if one can be made, into a save in the making. Raises: BadInput, Refused."""
    if not file.content:
        refuse("file", "empty", N_("This file is empty. Choose another."))
    name = legible(file.name.replace("\\", "/").rsplit("/", 1)[-1]).replace("\n", " ").strip() or "file"
    kind = kind_of(file.content, file.media_type)
    digest = sha256(file.content).hexdigest()
    original, sealed = _sealed(writing, folder, Attachment(name, kind, file.content), description, sha256=digest)
    cleaned = clean(file.content, file.media_type)
    if not isinstance(cleaned, Cleaned):
        return Put(original, None, cleaned.why, (sealed,))
    copy = Attachment(name, cleaned.media_type, cleaned.content)
    working, sealed_copy = _sealed(writing, folder, copy, description, working_copy_of=original)
    return Put(original, working, None, (sealed, sealed_copy))


def put_plain(writing: Writing, folder: FolderId, file: Attachment, description: str = "") -> Put:
    """As `put`, for bytes that only a program reads: no working copy is tried."""
    digest = sha256(file.content).hexdigest()
    original, sealed = _sealed(writing, folder, file, description, sha256=digest)
    return Put(original, None, None, (sealed,))


def with_files(save: Save, put: Iterable[Put]) -> Save:
    """The save with the names of the pieces that must be stored with it."""
    chunks = tuple(chunk for one in put for sealed in one.sealed for chunk in sealed.hashes)
    return Save(save.writes, save.new_folders, chunks)


def pieces(put: Iterable[Put]) -> list[SealedFile]:
    """What was sealed for several files, for `Desk.save_all`."""
    return [sealed for one in put for sealed in one.sealed]


def working_copy(desk: Desk, folder: FolderId, original: bytes) -> RecordId | None:
    """The newest working copy of a file; None if it has none."""
    query = "SELECT id FROM k_file WHERE folder = ? AND working_copy_of = ? ORDER BY record DESC LIMIT 1"
    row = desk.reader.row(query, folder, original)
    return RecordId(row[0]) if row else None


def in_entries(save: Save) -> tuple[Save, ...]:
    """A save whose writes to one folder are more than one entry holds, as several; `Desk.save_all` takes them together.

    Files and new folders go with the first.
    """
    saves: list[Save] = []
    writes: list[Write] = []
    room = dict.fromkeys((one.folder for one in save.writes), ENTRY_ROOM)
    for one in save.writes:
        size = len(encode_payload(changes_of(Save((one,)), one.folder)))
        if size > room[one.folder] and writes:
            saves.append(Save(tuple(writes)))
            writes, room = [], dict.fromkeys(room, ENTRY_ROOM)
        writes.append(one)
        room[one.folder] -= size
    saves.append(Save(tuple(writes)))
    saves[0] = Save(saves[0].writes, save.new_folders, save.files)
    return tuple(saves)


def read(desk: Desk, folder: FolderId, file: RecordId) -> Attachment:
    """Opens a file, after a reveal of its name was saved.

    Raises: Refused, if it was not; SealError, if a piece is missing or altered.
    """
    name = revealed(desk.reader, folder, "file", file, "name", by=desk.member)
    known = desk.tables.shown(folder, "file", file) or {}
    return Attachment(name, str(known.get("media_type", "")), content_of(desk, folder, file))


def content_of(desk: Desk, folder: FolderId, file: RecordId) -> bytes:
    """A file's content, for the office's own work with it; what a person takes out of the book goes through `read`.

    Raises: SealError, if a piece is missing or altered.
    """
    known = desk.tables.shown(folder, "file", file) or {}
    key, chunks = known.get("file_key"), known.get("chunks")
    if not isinstance(key, bytes) or not isinstance(chunks, bytes):
        raise SealError("This file's record does not hold its key.")
    hashes = [ChunkHash(chunks[i : i + HASH_BYTES]) for i in range(0, len(chunks), HASH_BYTES)]
    desk.bring(hashes)
    return open_file(Key(key), hashes, desk.attached)


def _sealed(
    writing: Writing, folder: FolderId, file: Attachment, description: str, **more: Value
) -> tuple[RecordId, SealedFile]:
    """Seals one file and writes its record."""
    desk = writing.desk
    sealed = seal_file(Key(desk.randomness(KEY_BYTES)), file.content)
    fields: dict[str, Value | None] = {
        "name": file.name,
        "media_type": file.media_type,
        "size": len(file.content),
        "description": description.strip() or None,
        "added": writing.now(),
        "added_by": desk.member,
        "file_key": sealed.key,
        "chunks": b"".join(sealed.hashes),
        **more,
    }
    return writing.write(writing.entry(folder, "file", fields), _FILE), sealed
