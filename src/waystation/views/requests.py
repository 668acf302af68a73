"""The list of requests for help, the most urgent first, and of those the longest-waiting.

Guarantees: as for cases: one narrow index, however it is filtered, and counts of what would be shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waystation.clock import Millis
from waystation.ids import FolderId
from waystation.views import shown
from waystation.views.lists import BY_FOLDER, PAGE, Page, Query, of_folders
from waystation.views.reader import Reader

OPEN: Final = "accepted_as IS NULL AND outcome IS NULL"
"""Somebody waits for us; as SQL over `request_now`."""

_ORDER: Final = ("urgent", f"ifnull(received, {(1 << 63) - 1})")
_COLUMNS: Final = (
    "folder, code_name, taken_by, stage, level, timeframe, deadline, received, people, outcome, accepted_as, same_as,"
    " conflicts, language, channel"
)


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests. Whatever is left out asks nothing.

    Args:
        stage: new, in_check, checked, accepted or ended; empty for those that are neither accepted nor ended.
        taken_by: a member; `b""` for requests that nobody has taken on.
        received_from: UTC ms. received_before: UTC ms, not included.
        unsettled: only where something waits to be settled.
        text: words that must stand somewhere in the request, at whatever stage if none is asked for.
    """

    stage: str = ""
    level: str = ""
    timeframe: str = ""
    taken_by: bytes | None = None
    language: str = ""
    channel: str = ""
    received_from: int | None = None
    received_before: int | None = None
    unsettled: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. `deadline` is ISO, `received_ms` UTC ms; `same_as` is the request that it was joined to."""

    folder: FolderId
    code_name: str
    taken_by: bytes | None
    taken_by_name: str
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
    language: str | None
    channel: str | None


ALL_WAITING: Final = RequestFilter()


def requests(
    reader: Reader, which: RequestFilter = ALL_WAITING, *, after: str | None = None, limit: int = PAGE
) -> Page[RequestRow]:
    """Requests that fit all that is asked.

    Args:
        after: key of the page, as the page before gave it.
    Raises: BadInput, if the key is none.
    """
    folders, following = _query(reader, which).folders(reader, after, limit)
    return Page(these(reader, folders), following)


def count(reader: Reader, which: RequestFilter) -> int:
    """How many requests fit all that is asked."""
    return _query(reader, which).count(reader)


def these(reader: Reader, folders: tuple[FolderId, ...]) -> tuple[RequestRow, ...]:
    """The rows of these requests, in the order given; one that is not here is left out."""
    if not folders:
        return ()
    query = f"SELECT {_COLUMNS} FROM request_now WHERE folder IN ({', '.join('?' * len(folders))})"
    members = shown.names(reader, "member")
    found = {row[0]: _row(row, members) for row in reader.rows(query, *folders)}
    return tuple(found[folder] for folder in folders if folder in found)


def stage_counts(reader: Reader) -> Mapping[str, int]:
    """How many requests stand at each stage."""
    return dict(reader.rows("SELECT stage, sum(rows) FROM request_total GROUP BY stage"))


def _query(reader: Reader, which: RequestFilter) -> Query:
    where: list[str] = []
    values: list[str | int | bytes] = []
    for column, value in (
        ("stage", which.stage),
        ("level", which.level),
        ("timeframe", which.timeframe),
        ("taken_by", which.taken_by),
        ("language", which.language),
        ("channel", which.channel),
    ):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    if which.taken_by == b"":
        where.append("taken_by IS NULL")
    if which.received_from is not None:
        where.append("received >= ?")
        values.append(which.received_from)
    if which.received_before is not None:
        where.append("received < ?")
        values.append(which.received_before)
    if which.unsettled:
        where.append("conflicts > 0")
    if which.text.strip():
        words, folders = of_folders(which.text, reader)
        where.append(words)
        values += folders
    elif not which.stage:
        where.append(OPEN)
    index = BY_FOLDER.format("request_now") if which.text.strip() else "request_now_list"
    return Query("request_now", index, index, where, values, _ORDER)


def _row(row: tuple[Any, ...], members: Mapping[bytes, str]) -> RequestRow:
    folder, code_name, taken_by, *rest = row
    return RequestRow(FolderId(folder), code_name or "", taken_by, members.get(taken_by, ""), *rest)
