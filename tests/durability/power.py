"""A file system in memory that forgets, tears and reorders what was never flushed, or is full.

`Disk` keeps for every file what a flush (xSync) made durable, and the writes since then. `Disk.after_cut` says what a
power cut at this moment may leave on the platters: of each sector of 512 bytes that was written since the last flush,
any of its versions, or a part of one. SQLite reaches it under the name `Disk.vfs`, below the cipher.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import ClassVar

import apsw

SECTOR = 512


@dataclass
class File:
    """One file: what is durable, what is seen, and what came between, in order.

    A write is (offset, bytes), a truncation (size, None). `durable` is None before the first flush: the folder may
    not know of the file yet.
    """

    durable: bytes | None = None
    seen: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def remembered(self) -> "File":
        """What a power cut would find of it."""
        return File(self.durable, bytearray(), list(self.since))


Files = dict[str, File]


class Disk:
    """Files by their names, and a count of what was done to them."""

    _below: ClassVar["list[_Below]"] = []

    def __init__(self) -> None:
        self.files: Files = {}
        self.steps = 0
        self.before_step: Callable[[str], None] = lambda step: None
        self.after_step: Callable[[], None] = lambda: None
        # Once used, a layer is never taken away: the cipher's layer over it would point into nothing.
        self.name = f"disk{len(self._below)}"
        self._below.append(_Below(self))

    @property
    def vfs(self) -> str:
        """What to pass as `vfs`: the cipher's layer over this disk."""
        return f"multipleciphers-{self.name}"

    def note(self, file: File, at: int, data: bytes | None) -> None:
        """A write or a truncation."""
        self.before_step("write")
        if data is None:
            del file.seen[at:]
        else:
            if len(file.seen) < at:
                file.seen.extend(bytes(at - len(file.seen)))
            file.seen[at : at + len(data)] = data
        file.since.append((at, data))
        self._stepped()

    def flush(self, file: File) -> None:
        """What was written stays."""
        self.before_step("sync")
        file.durable = bytes(file.seen)
        file.since.clear()
        self._stepped()

    def delete(self, name: str) -> None:
        """The folder is flushed with it, as SQLite asks for."""
        self.before_step("delete")
        del self.files[name]
        self._stepped()

    def _stepped(self) -> None:
        self.steps += 1
        self.after_step()

    def snapshot(self) -> Files:
        """The disk as it is now, flushed and not."""
        return {name: file.remembered() for name, file in self.files.items()}


def after_cut(files: Files, chance: Random) -> dict[str, bytes]:
    """What a power cut leaves of each file, by name."""
    left: dict[str, bytes] = {}
    for name, file in files.items():
        if file.durable is None and chance.random() < 0.5:
            continue
        image = bytearray(file.durable or b"")
        for at, part in _kept(file.since, chance):
            if part is None:
                del image[at:]
                continue
            if len(image) < at:
                image.extend(bytes(at - len(image)))
            image[at : at + len(part)] = part
        left[name] = bytes(image)
    return left


def _kept(since: list[tuple[int, bytes | None]], chance: Random) -> list[tuple[int, bytes | None]]:
    """Of the unflushed writes, what reached the platter, in the order in which it did."""
    mood = chance.choice(["all", "none", "some", "some", "prefix"])
    if mood == "prefix":
        since = since[: chance.randint(0, len(since))]
    parts: list[tuple[int, bytes | None]] = []
    for at, data in since:
        if data is None:
            parts.append((at, None))
            continue
        end = at + len(data)
        while at < end:
            edge = min(end, (at // SECTOR + 1) * SECTOR)
            parts.append((at, data[at - end : edge - end or None]))
            at = edge
    if mood in ("all", "prefix"):
        return parts
    if mood == "none":
        return []
    kept = []
    for at, part in parts:
        fate = chance.random()
        if fate < 0.4:
            continue
        if part is not None and fate < 0.5:
            part = part[: chance.randint(0, len(part))]
        kept.append((at, part))
    if chance.random() < 0.5:
        chance.shuffle(kept)
    return kept


class _Below(apsw.VFS):
    """The disk as SQLite sees it. Only what SQLite asks of a file is in memory; the rest is the system's."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(disk.name, "unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_Open":  # noqa: N802  # SQLite's name
        named = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        if named not in self._disk.files and not flags[0] & apsw.SQLITE_OPEN_CREATE:
            raise apsw.CantOpenError
        file = self._disk.files.setdefault(named, File())
        flags[1] = flags[0]
        return _Open(self._disk, file)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  # SQLite's name
        if filename not in self._disk.files:
            raise apsw.IOError
        self._disk.delete(filename)

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802  # SQLite's name
        return pathname in self._disk.files


class _Open:
    """An open file. One process, one connection: locks are always granted."""

    def __init__(self, disk: Disk, file: File) -> None:
        self._disk = disk
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802  # SQLite's name
        return bytes(self._file.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.note(self._file, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.note(self._file, newsize, None)

    def xSync(self, flags: int) -> None:  # noqa: N802  # SQLite's name
        self._disk.flush(self._file)

    def xFileSize(self) -> int:  # noqa: N802  # SQLite's name
        return len(self._file.seen)

    def xLock(self, level: int) -> None:  # noqa: N802  # SQLite's name
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802  # SQLite's name
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802  # SQLite's name
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: N802  # SQLite's name
        return False

    def xSectorSize(self) -> int:  # noqa: N802  # SQLite's name
        return SECTOR

    def xDeviceCharacteristics(self) -> int:  # noqa: N802  # SQLite's name
        # As the system's own: a write never harms the bytes beside it.
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xClose(self) -> None:  # noqa: N802  # SQLite's name
        pass


def laid_down(images: dict[str, bytes], name: str, folder: Path) -> Path:
    """Writes what a cut left of the book called `name`, and of its log, as real files.

    Returns: the book's path.
    """
    for beside in ("", "-wal", "-journal", "-shm"):
        (folder / f"book.db{beside}").unlink(missing_ok=True)
        if name + beside in images:
            (folder / f"book.db{beside}").write_bytes(images[name + beside])
    return folder / "book.db"
