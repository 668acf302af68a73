"""The list of cases, by urgency or by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waystation.ids import FolderId
from waystation.views import shown
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader

FOUND_MAX: Final = 500
"""How many matching records of a search are looked through for their cases."""

_COLUMNS: Final = (
    "folder, code_name, stage, level, timeframe, deadline, review, caseworker, people, opened, closed, region,"
    " check_in_due, task_due, conflicts"
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case. Days are ISO, `check_in_due` and `task_due` UTC ms."""

    folder: FolderId
    code_name: str
    stage: str
    level: str | None
    timeframe: str | None
    deadline: str | None
    review: str | None
    caseworker: bytes | None
    caseworker_name: str
    people: int
    opened: str | None
    closed: str | None
    region: str | None
    check_in_due: int | None
    task_due: int | None
    conflicts: int


def cases(
    reader: Reader,
    *,
    state: str = "open",
    stage: str = "",
    level: str = "",
    caseworker: bytes | None = None,
    text: str = "",
    after: str | None = None,
    limit: int = PAGE,
) -> Page[CaseRow]:
    """Cases that fit all that is asked.

    Args:
        state: "open": the gravest first; "closed" or "all": by code name.
        text: words that must stand somewhere in the case; then there is one page only.
        after: key of the page, as the page before gave it.
    Raises: BadInput, if the key is none.
    """
    given = {"stage": stage, "level": level, "caseworker": caseworker}
    asked = {column: value for column, value in given.items() if value}
    order = ("urgent", "code_name", "folder") if state == "open" else ("code_name", "folder")
    where = [{"open": "closed IS NULL", "closed": "closed IS NOT NULL"}.get(state, "1"), "code_name IS NOT NULL"]
    where += [f"{column} = ?" for column in asked]
    values: list[str | int | bytes | None] = list(asked.values())
    if after is not None:
        where.append(f"({', '.join(order)}) > ({', '.join('?' * len(order))})")
        values += read_key(after, len(order))
    if text.strip():
        folders = list(dict.fromkeys(found.folder for found in reader.search(text, FOUND_MAX)))
        where.append(f"folder IN ({', '.join('?' * len(folders))})")
        values += folders
    query = (
        f"SELECT {_COLUMNS}, {', '.join(order)} FROM case_now WHERE {' AND '.join(where)}"
        f" ORDER BY {', '.join(order)} LIMIT ?"
    )
    rows = reader.rows(query, *values, limit + 1)
    members = shown.names(reader, "member")
    found = tuple(_row(row, members) for row in rows[:limit])
    last = rows[limit - 1][-len(order) :] if len(rows) > limit else None
    return Page(found, key_text(*last) if last else None)


def stage_counts(reader: Reader) -> Mapping[str, int]:
    """How many cases stand at each stage."""
    return dict(reader.rows("SELECT stage, count(*) FROM case_now GROUP BY stage"))


def _row(row: tuple[Any, ...], members: Mapping[bytes, str]) -> CaseRow:
    folder, code_name, stage, level, timeframe, deadline, review, caseworker, people, opened, closed, *rest = row[:15]
    return CaseRow(
        FolderId(folder),
        code_name or "",
        stage,
        level,
        timeframe,
        deadline,
        review,
        caseworker,
        members.get(caseworker, ""),
        people,
        opened,
        closed,
        *rest,
    )
