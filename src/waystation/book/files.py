"""Attachments: encrypted with a key of their own, cut into chunks, checked whole before anything is released.

Implements spec/files.md. The streaming cipher is age's; a file's private key travels inside its sealed record.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyrage

from waystation.book.folder import chunk_hash
from waystation.derive import Key
from waystation.errors import BadInput, Problem, SealError
from waystation.ids import ChunkHash
from waystation.limits import FILE_MAX, FILE_PIECE, MIB
from waystation.words import to_age_secret


@dataclass(frozen=True, slots=True)
class SealedFile:
    """An encrypted file: its key, and its pieces with their hashes, in order."""

    key: Key
    pieces: tuple[bytes, ...]

    @property
    def hashes(self) -> tuple[ChunkHash, ...]:
        return tuple(chunk_hash(piece) for piece in self.pieces)


def seal_file(key: Key, content: bytes) -> SealedFile:
    """Encrypts a file in memory (F1–F3).

    Args:
        key: 32 fresh random bytes, for this file alone.
        content: at most 64 MiB; nothing of it touches the disk.
    Raises: BadInput, if it is larger.
    """
    if len(content) > FILE_MAX:
        limit = {"limit": FILE_MAX // MIB}
        raise BadInput({"file": Problem("too_large", "A file can have at most %(limit)s MB.", limit)})
    sealed = pyrage.encrypt(content, [_identity(key).to_public()])
    pieces = tuple(sealed[i : i + FILE_PIECE] for i in range(0, len(sealed), FILE_PIECE))
    return SealedFile(key, pieces)


def open_file(key: Key, hashes: Sequence[ChunkHash], fetch: Callable[[ChunkHash], bytes | None]) -> bytes:
    """Decrypts a file, in memory (F5).

    Args:
        fetch: a stored chunk by its hash, None if it is not here.
    Raises: SealError, if a piece is missing, altered or out of place, or the last segment was never seen.
    """
    sealed = io.BytesIO()
    for name in hashes:
        piece = fetch(name)
        if piece is None:
            raise SealError("A piece of this file is not on this desk.")
        if chunk_hash(piece) != name:
            raise SealError("A piece of this file was altered.")
        sealed.write(piece)
    try:
        return bytes(pyrage.decrypt(sealed.getvalue(), [_identity(key)]))
    except pyrage.DecryptError:
        raise SealError("This file does not open: it was altered or cut short.") from None


def _identity(key: Key) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(to_age_secret(key))
