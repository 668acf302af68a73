"""The list of requests for help, the most urgent first, and of those the longest-waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waystation.clock import Millis
from waystation.ids import FolderId
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader

OPEN: Final = "accepted_as IS NULL AND outcome IS NULL"
"""Somebody waits for us; as SQL over `request_now`."""

FOUND_MAX: Final = 500
"""How many matching records of a search are looked through for their requests."""

_ORDER: Final = "urgent, received, folder"
_COLUMNS: Final = (
    "folder, code_name, stage, level, timeframe, deadline, received, people, outcome, accepted_as, same_as, conflicts"
)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. `deadline` is ISO, `received_ms` UTC ms; `same_as` is the request that it was joined to."""

    folder: FolderId
    code_name: str
    stage: str
    level: str | None
    timeframe: str | None
    deadline: str | None
    received_ms: Millis | None
    people: int
    outcome: str | None
    accepted_as: FolderId | None
    same_as: FolderId | None
    conflicts: int


def requests(
    reader: Reader, *, stage: str = "", text: str = "", after: str | None = None, limit: int = PAGE
) -> Page[RequestRow]:
    """Requests at a stage, or all that are open.

    Args:
        stage: new, in_check, checked, accepted or ended; empty for those that are neither accepted nor ended.
        text: words that must stand somewhere in the request, at whatever stage; then there is one page only.
        after: key of the page, as the page before gave it.
    Raises: BadInput, if the key is none.
    """
    where, values = ["stage = ?" if stage else OPEN], ([stage] if stage else [])
    found: list[Any] = list(values)
    if text.strip():
        folders = list(dict.fromkeys(hit.folder for hit in reader.search(text, FOUND_MAX)))
        if not stage:
            where.clear()
        where.append(f"folder IN ({', '.join('?' * len(folders))})")
        found += folders
    if after is not None:
        where.append(f"({_ORDER}) > (?, ?, ?)")
        found += read_key(after, 3)
    query = f"SELECT {_COLUMNS}, urgent FROM request_now WHERE {' AND '.join(where)} ORDER BY {_ORDER} LIMIT ?"
    rows = reader.rows(query, *found, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        tuple(RequestRow(FolderId(row[0]), row[1] or "", *row[2:12]) for row in rows[:limit]),
        key_text(last[12], last[6], last[0]) if last else None,
    )


def stage_counts(reader: Reader) -> Mapping[str, int]:
    """How many requests stand at each stage."""
    return dict(reader.rows("SELECT stage, count(*) FROM request_now GROUP BY stage"))
