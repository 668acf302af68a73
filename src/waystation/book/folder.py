"""Folders: units of need-to-know. An epoch names who can read from here on; a sheet brings them the key.

Implements spec/book.md B8–B14 and B32, as bytes in and bytes out. Refuses a key that is not the one its epoch
commits to.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from waystation.book.entry import EpochKey
from waystation.book.roster import DeskEntry
from waystation.derive import KEY_BYTES, Key, derive, mac, u32
from waystation.errors import AuthorityError, SealError, WireError
from waystation.ids import ChunkHash, DeskId, FolderId, FolderTag, FolderType, OrgId
from waystation.limits import SHEET_BUCKET_MAX, SHEET_BUCKET_MIN
from waystation.seal import TAG_BYTES, pad, seal_once, seal_to
from waystation.unseal import SealingKey, open_once, unpad
from waystation.wire import BIN_16, BIN_32, UINT_32, Decoder, encode, peek_version

SALT_BYTES: Final = 32
NO_PARENT: Final = FolderTag(bytes(32))
_NO_MAC: Final = bytes(32)


class EpochStatement(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an epoch entry says (B10). `recipients` sorted, none twice."""

    version: int
    folder: Annotated[FolderId, BIN_16]
    type: FolderType
    epoch: Annotated[int, UINT_32]
    parent: Annotated[FolderTag, BIN_32]
    tag: Annotated[FolderTag, BIN_32]
    recipients: tuple[Annotated[DeskId, BIN_16], ...]
    sheet: Annotated[ChunkHash, BIN_32]


class _EpochBody(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    statement: bytes
    mac: bytes


class _Sheet(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    wraps: tuple[tuple[DeskId, bytes], ...]


class _LaterSheet(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    wraps: tuple[tuple[DeskId, bytes], ...]
    past: bytes


@dataclass(frozen=True, slots=True)
class NewEpoch:
    """An epoch that is about to be written: its key, its entry's plaintext, its sheet."""

    key: EpochKey
    body: bytes
    sheet: bytes


_decode_body: Final = Decoder(_EpochBody)
_decode_statement: Final = Decoder(EpochStatement)
_decode_sheet: Final = Decoder(_Sheet)
_decode_later_sheet: Final = Decoder(_LaterSheet, version=2)


def make_epoch(
    key: EpochKey,
    folder_type: FolderType,
    parent: EpochKey | None,
    recipients: Iterable[DeskEntry],
    wrapping: EpochKey | None,
    salt: bytes,
) -> NewEpoch:
    """Composes an epoch (B10, B12, B13), with the key of the one before inside (B32).

    Args:
        key: the new epoch's fresh key.
        parent: key of the epoch before; None for epoch 0.
        recipients: desks that shall read.
        wrapping: the organisation's current epoch key; for an epoch of `organisation` its parent; None for its epoch 0.
        salt: 32 random bytes for the sheet.
    """
    desks = sorted({entry.desk: entry for entry in recipients}.items())
    wraps = tuple(
        (desk, seal_to(entry.sealing_key, "wrap", _wrap_context(key, desk), key.key)) for desk, entry in desks
    )
    if parent is None:
        plaintext = encode(_Sheet(1, wraps))
    else:
        plaintext = encode(_LaterSheet(2, wraps, seal_once(_past_key(key, salt), parent.key, b"")))
    size = SHEET_BUCKET_MIN
    while size <= len(plaintext) + SALT_BYTES + TAG_BYTES:
        size *= 2
    if size > SHEET_BUCKET_MAX:
        raise WireError("This folder has more readers than a sheet can hold.")
    padded = pad(plaintext, size - SALT_BYTES - TAG_BYTES)
    sheet = salt + seal_once(_sheet_key(key.org, key.folder, key.epoch, key.tag, wrapping, salt), padded, b"")
    statement = encode(
        EpochStatement(
            1,
            key.folder,
            folder_type,
            key.epoch,
            parent.tag if parent else NO_PARENT,
            key.tag,
            tuple(desk for desk, _ in desks),
            chunk_hash(sheet),
        )
    )
    return NewEpoch(key, encode(_EpochBody(1, statement, _epoch_mac(parent, statement))), sheet)


def read_epoch(body: bytes, parent: EpochKey | None) -> EpochStatement:
    """Parses an epoch entry's plaintext (B10).

    Args:
        parent: the key that the statement names as parent, where it is held here; None where it is not, or for epoch 0.
    Raises: WireError; AuthorityError, if the author did not know the parent key.
    """
    outer = _decode_body(body)
    statement = _decode_statement(outer.statement)
    if list(statement.recipients) != sorted(set(statement.recipients)) or not statement.recipients:
        raise WireError("B10: an epoch whose recipients are not in order")
    if (statement.epoch == 0) != (statement.parent == NO_PARENT):
        raise WireError("B10: an epoch whose parent does not fit its number")
    checkable = statement.epoch == 0 or parent is not None
    expected = _epoch_mac(parent if statement.epoch else None, outer.statement)
    if checkable and not hmac.compare_digest(outer.mac, expected):
        raise AuthorityError("B10: an epoch by someone who did not hold its parent's key")
    return statement


def open_sheet(
    org: OrgId,
    statement: EpochStatement,
    sheet: bytes,
    wrapping: EpochKey | None,
    desk: DeskId,
    keys: Sequence[SealingKey],
) -> EpochKey:
    """This desk's copy of an epoch key (B12, B13).

    Args:
        keys: the desk's private sealing keys, any of which may open it.
    Raises: SealError, if the sheet does not open, has no copy for this desk, or holds a key that its tag denies.
    """
    if chunk_hash(sheet) != statement.sheet:
        raise SealError("A sheet is not the one that its epoch names.")
    wraps = dict(_read_sheet(org, statement, sheet, wrapping).wraps)
    if desk not in wraps:
        raise SealError("A sheet holds no copy of the key for this desk.")
    context = org + statement.folder + u32(statement.epoch) + statement.tag + desk
    for key in keys:
        try:
            opened = key.open("wrap", context, wraps[desk])
        except SealError:
            continue
        epoch = EpochKey(org, statement.folder, statement.epoch, Key(opened))
        if len(opened) != KEY_BYTES or epoch.tag != statement.tag:
            raise SealError("A sheet holds a key that its epoch does not commit to.")
        return epoch
    raise SealError("A sheet's copy of the key opens with none of this desk's keys.")


def open_past(statement: EpochStatement, sheet: bytes, wrapping: EpochKey | None, key: EpochKey) -> EpochKey | None:
    """The key of the epoch before, from the sheet of a later one (B32).

    Args:
        key: the later epoch's own key.
    Returns: None, if the sheet is of the version that brought none.
    Raises: SealError, if the sheet does not open, or holds a key that the parent's tag denies.
    """
    read = _read_sheet(key.org, statement, sheet, wrapping)
    if isinstance(read, _Sheet):
        return None
    opened = open_once(_past_key(key, sheet[:SALT_BYTES]), read.past, b"")
    past = EpochKey(key.org, statement.folder, statement.epoch - 1, Key(opened))
    if len(opened) != KEY_BYTES or past.tag != statement.parent:
        raise SealError("A sheet holds a past key that its epoch's parent does not commit to.")
    return past


def chunk_hash(chunk: bytes) -> ChunkHash:
    """Name of a chunk (B14)."""
    return ChunkHash(sha256(chunk).digest())


def _read_sheet(org: OrgId, statement: EpochStatement, sheet: bytes, wrapping: EpochKey | None) -> _Sheet | _LaterSheet:
    """What a sheet says (B12). One that was written before past keys travelled has version 1 at any epoch."""
    outer = _sheet_key(org, statement.folder, statement.epoch, statement.tag, wrapping, sheet[:SALT_BYTES])
    plaintext = unpad(open_once(outer, sheet[SALT_BYTES:], b""))
    if statement.epoch > 0 and peek_version(plaintext) != 1:
        return _decode_later_sheet(plaintext)
    return _decode_sheet(plaintext)


def _past_key(key: EpochKey, salt: bytes) -> Key:
    return derive(key.key, "past", key.context + key.tag, salt)


def _wrap_context(key: EpochKey, desk: DeskId) -> bytes:
    return key.context + key.tag + desk


def _sheet_key(org: OrgId, folder: FolderId, epoch: int, tag: FolderTag, wrapping: EpochKey | None, salt: bytes) -> Key:
    secret = wrapping.key if wrapping else org
    return derive(secret, "sheet", org + folder + u32(epoch) + tag, salt)


def _epoch_mac(parent: EpochKey | None, statement: bytes) -> bytes:
    if parent is None:
        return _NO_MAC
    return mac(derive(parent.key, "epoch-mac", parent.context), "epoch", statement)
