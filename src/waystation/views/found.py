"""Search results: a code name, a kind, and where; never the masked words that may have matched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from waystation.ids import FolderId, FolderType, RecordId
from waystation.records import KindSpec
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


def search(reader: Reader, words: str, limit: int = 50, *, typing: bool = False) -> tuple[Hit, ...]:
    """Records that hold all the words, in any inflection and script; newest first.

    Args:
        typing: whether the last word is only its beginning, so far; cases, requests and places by that name come first.
    """
    found = []
    hits = reader.search(words, limit, typing=typing)
    if typing:
        hits.sort(key=lambda hit: bytes(hit.folder) != bytes(hit.record))
    for hit in hits:
        folder = reader.row(_FOLDER, hit.folder)
        one = shown.record(reader, hit.folder, hit.kind, hit.record)
        spec = reader.registry.get(hit.kind)
        if folder is None or one is None or spec is None:
            continue
        filled = {*one.fields, *one.masked}
        where = tuple(name for name, field in spec.fields.items() if field.searchable and name in filled)
        found.append(Hit(hit.folder, FolderType(folder[0]), folder[1] or "", hit.kind, hit.record, where))
    return tuple(found)


def code_names(reader: Reader) -> Callable[[str], bool]:
    """Tells whether a text is a code name of the book: of a case, a request, a place, or somebody who helps."""
    kinds = (spec.name for spec in reader.registry.values() if _has_open_name(spec))
    tables = ["case_now", "request_now", *(f"k_{kind}" for kind in kinds if kind not in ("case", "request"))]
    query = "SELECT " + " OR ".join(f"EXISTS (SELECT 1 FROM {name} WHERE code_name = ?1)" for name in tables)
    known: dict[str, bool] = {}

    def is_code_name(text: str) -> bool:
        if text not in known:
            found = reader.row(query, text)
            known[text] = bool(found and found[0])
        return known[text]

    return is_code_name


def _has_open_name(spec: KindSpec) -> bool:
    field = spec.fields.get("code_name")
    return field is not None and not field.is_masked
