"""The full-text index over all that can be searched, masked names too: the index is as encrypted as the rest."""

from typing import Any, Final, NamedTuple

import apsw

from waystation.ids import FolderId, RecordId
from waystation.textsearch import Terms

RESULTS_MAX: Final = 50

_QUERY: Final = (
    "SELECT r.folder, r.kind, r.id FROM (SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?) s"
    " JOIN record r ON r.rowid = s.rowid"
)


class Found(NamedTuple):
    """A record whose words match."""

    folder: FolderId
    kind: str
    record: RecordId


def search(
    connection: apsw.Connection, terms: Terms, words: str, limit: int = RESULTS_MAX, *, typing: bool = False
) -> list[Found]:
    """Records that hold all the words, in any inflection and script; newest first.

    Args:
        words: as typed; no query language.
        limit: the most that are given.
        typing: whether the last word is only its beginning, so far.
    """
    match = terms.query_terms(words, typing=typing)
    if not match:
        return []
    rows: list[tuple[Any, ...]] = connection.execute(_QUERY, (match, limit)).fetchall()
    return list(map(Found._make, rows))
