"""Search results: a code name, a kind, and where; never the masked words that may have matched."""

from dataclasses import dataclass
from typing import Final

from waystation.ids import FolderId, FolderType, RecordId
from waystation.views import shown
from waystation.views.reader import Reader

_FOLDER: Final = (
    "SELECT folder_type, coalesce((SELECT code_name FROM case_now WHERE folder = ?1),"
    " (SELECT code_name FROM request_now WHERE folder = ?1), (SELECT code_name FROM k_place WHERE folder = ?1))"
    " FROM history WHERE folder = ?1 LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A record whose words match.

    Args:
        code_name: of its folder; empty in the office and the ledger.
        where: the fields that hold words, masked ones by name only.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    kind: str
    record: RecordId
    where: tuple[str, ...]


def search(reader: Reader, words: str, limit: int = 50) -> tuple[Hit, ...]:
    """Records that hold all the words, in any inflection and script; newest first."""
    found = []
    for hit in reader.search(words, limit):
        folder = reader.row(_FOLDER, hit.folder)
        one = shown.record(reader, hit.folder, hit.kind, hit.record)
        spec = reader.registry.get(hit.kind)
        if folder is None or one is None or spec is None:
            continue
        filled = {*one.fields, *one.masked}
        where = tuple(name for name, field in spec.fields.items() if field.searchable and name in filled)
        found.append(Hit(hit.folder, FolderType(folder[0]), folder[1] or "", hit.kind, hit.record, where))
    return tuple(found)
