"""A save: everything that one act of a member of staff writes, over one folder or several.

An office function returns one; the desk commits it as one batch (DESIGN.md, section 5, rule 5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from waystation.errors import BadInput, Problem
from waystation.ids import ChunkHash, FolderId, FolderType, RecordId, ValueRef
from waystation.records.check import check
from waystation.records.declare import Registry
from waystation.records.labels import N_
from waystation.records.values import Value

_MISPLACED: Final = Problem("misplaced", N_("A record of this kind cannot be written in that folder."))


@dataclass(frozen=True, slots=True)
class Write:
    """What a save writes into one record.

    Args:
        folder: where the record lives.
        folder_type: type of that folder.
        kind: kind of record.
        record: its id; the folder's own id, where the kind owns its folder.
        fields: field → value; None clears.
        seen: field → references of the values that the form displayed; absent means none.
        new: whether the record begins with this write, and so needs its required fields.
    """

    folder: FolderId
    folder_type: FolderType
    kind: str
    record: RecordId
    fields: Mapping[str, Value | None]
    seen: Mapping[str, Sequence[ValueRef]] = field(default_factory=dict)
    new: bool = False


@dataclass(frozen=True, slots=True)
class Save:
    """One act.

    Args:
        writes: in the order in which they apply.
        new_folders: folders that this save opens, each with its type.
        files: ciphertext chunks that must be stored before the save counts as done.
    """

    writes: tuple[Write, ...]
    new_folders: tuple[tuple[FolderId, FolderType], ...] = ()
    files: tuple[ChunkHash, ...] = ()


def check_save(save: Save, registry: Registry) -> Save:
    """The save with every value in its stored form (spec/records.md R12-R14).

    Args:
        save: what an office function decided.
        registry: the kinds known here.
    Raises: BadInput, with problems under field names (a single record) or under "" (misplaced).
    """
    return replace(save, writes=tuple(_checked(write, registry) for write in save.writes))


def _checked(write: Write, registry: Registry) -> Write:
    spec = registry.get(write.kind)
    if (
        spec is None
        or write.folder_type not in spec.folders
        or (spec.owns_folder and bytes(write.record) != bytes(write.folder))
        or not write.fields
        or not write.seen.keys() <= write.fields.keys()
    ):
        raise BadInput({"": _MISPLACED})
    return replace(write, fields=check(spec, write.fields, partial=not write.new))
