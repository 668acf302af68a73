"""The list of cases: which ones, in which order, a page at a time.

Guarantees: every list, however it is filtered and sorted, is read from one narrow index and as fast at its end as at
its start; what is counted is what the list would show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waystation.clock import Millis
from waystation.ids import FolderId
from waystation.records.status import Stage
from waystation.views import shown
from waystation.views.lists import BY_FOLDER, PAGE, Page, Query, of_folders
from waystation.views.reader import Reader

REGIONS_MAX: Final = 100
"""So many regions are offered to choose from."""

_COLUMNS: Final = (
    "folder, code_name, stage, level, timeframe, deadline, review, caseworker, people, opened, closed, region,"
    " check_in_due, task_due, conflicts, route, (SELECT at_ms FROM history WHERE position = changed)"
)
_RANKS: Final = " ".join(f"WHEN '{stage.value}' THEN {rank}" for rank, stage in enumerate(Stage))
_STAGE: Final = f"CASE stage {_RANKS} ELSE 99 END"
_LAST: Final = "'\U0010ffff'"
_NEVER: Final = (1 << 63) - 1
_OPEN: Final = frozenset(("code_name IS NOT NULL", "closed IS NULL"))
_OF_OPEN: Final = _OPEN | {"stage = ?", "level = ?", "caseworker = ?", "caseworker IS NULL", "route = ?"}
"""Conditions that the index of the open can answer by itself; it stands gravest first."""

_SORTS_OF_OPEN: Final = frozenset(("urgent", "stage", "caseworker", "route"))

SORTS: Final[Mapping[str, tuple[str, str]]] = {
    "urgent": ("urgent", "urgent"),
    "code_name": ("code_name", "code_name"),
    "stage": (_STAGE, _STAGE),
    "people": ("people", "people"),
    "region": (f"ifnull(region, {_LAST})", "ifnull(region, '')"),
    "check_in_due": (f"ifnull(check_in_due, {_NEVER})", "ifnull(check_in_due, -1)"),
    "deadline": (f"ifnull(deadline, {_LAST})", "ifnull(deadline, '')"),
    "opened": (f"ifnull(opened, {_LAST})", "ifnull(opened, '')"),
    "changed": ("changed", "changed"),
}
"""By what a list can be sorted → the SQL from least to most, and from most to least; what is not known comes last.

Caseworkers and routes are sorted by what they are called.
"""

_RANKED: Final = (
    "LEFT JOIN (SELECT id, rank() OVER (ORDER BY {name}) AS rank FROM {table}) named ON named.id = case_now.{column}"
)
_BY_NAME: Final[Mapping[str, str]] = {
    "caseworker": _RANKED.format(name="display_name", table="k_member", column="caseworker"),
    "route": _RANKED.format(name="destination, pathway", table="k_route", column="route"),
}
_BY_RANK: Final = (f"ifnull(named.rank, {_NEVER})", "ifnull(named.rank, -1)")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases, and in which order. Whatever is left out asks nothing.

    Args:
        state: "open", "closed" or "all".
        caseworker: a member; `b""` for cases that nobody has.
        country: where the route leads. opened_from, opened_to: ISO days, both included.
        silent: only where a check-in was missed, or contact is lost.
        unsettled: only where something waits to be settled.
        text: words that must stand somewhere in the case.
        sort: one of `sorts()`; empty for the gravest first while open, else by code name.
    """

    state: str = "open"
    stage: str = ""
    level: str = ""
    timeframe: str = ""
    caseworker: bytes | None = None
    region: str = ""
    country: str = ""
    route: bytes | None = None
    silent: bool = False
    unsettled: bool = False
    opened_from: str = ""
    opened_to: str = ""
    text: str = ""
    sort: str = ""
    descending: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case, and the route that they are on.

    Days are ISO; `check_in_due`, `task_due` and `changed_ms` UTC ms.
    """

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
    route: bytes | None
    changed_ms: Millis | None


ALL_OPEN: Final = CaseFilter()


def cases(
    reader: Reader, which: CaseFilter = ALL_OPEN, *, after: str | None = None, limit: int = PAGE
) -> Page[CaseRow]:
    """Cases that fit all that is asked.

    Args:
        after: key of the page, as the page before gave it.
    Raises: BadInput, if the key is none.
    """
    folders, following = _query(reader, which).folders(reader, after, limit)
    return Page(these(reader, folders), following)


def count(reader: Reader, which: CaseFilter) -> int:
    """How many cases fit all that is asked."""
    return _query(reader, which).count(reader)


def these(reader: Reader, folders: tuple[FolderId, ...]) -> tuple[CaseRow, ...]:
    """The rows of these cases, in the order given; one that is not here is left out."""
    if not folders:
        return ()
    query = f"SELECT {_COLUMNS} FROM case_now WHERE folder IN ({', '.join('?' * len(folders))})"
    members = shown.names(reader, "member")
    found = {row[0]: _row(row, members) for row in reader.rows(query, *folders)}
    return tuple(found[folder] for folder in folders if folder in found)


def stage_counts(reader: Reader) -> Mapping[str, int]:
    """How many cases stand at each stage."""
    return dict(reader.rows("SELECT stage, sum(rows) FROM case_total GROUP BY stage"))


def sorts() -> frozenset[str]:
    """By what a list can be sorted."""
    return frozenset((*SORTS, *_BY_NAME))


def regions(reader: Reader) -> tuple[str, ...]:
    """Regions that cases come from, in alphabetical order, the first hundred."""
    # From one to the next by the index: there are few of them and many cases.
    query = (
        "WITH RECURSIVE known (region) AS (SELECT min(region) FROM case_now WHERE region IS NOT NULL UNION ALL"
        " SELECT (SELECT min(region) FROM case_now WHERE region > known.region) FROM known WHERE region IS NOT NULL)"
        " SELECT region FROM known WHERE region IS NOT NULL LIMIT ?"
    )
    return tuple(region for (region,) in reader.rows(query, REGIONS_MAX))


def _query(reader: Reader, which: CaseFilter) -> Query:
    state = {"open": "closed IS NULL", "closed": "closed IS NOT NULL"}.get(which.state)
    where = ["code_name IS NOT NULL", *([state] if state else [])]
    values: list[str | int | bytes] = []
    for column, value in (
        ("stage", which.stage),
        ("level", which.level),
        ("timeframe", which.timeframe),
        ("caseworker", which.caseworker),
        ("region", which.region),
        ("route", which.route),
    ):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    if which.caseworker == b"":
        where.append("caseworker IS NULL")
    if which.country:
        where.append("route IN (SELECT id FROM k_route WHERE destination = ?)")
        values.append(which.country)
    if which.silent:
        where.append("(silent > 0 OR (closed IS NULL AND check_in_due < ?))")
        values.append(reader.now_ms())
    if which.unsettled:
        where.append("conflicts > 0")
    if which.opened_from:
        where.append("opened >= ?")
        values.append(which.opened_from)
    if which.opened_to:
        where.append("opened <= ?")
        values.append(which.opened_to)
    if which.text.strip():
        words, folders = of_folders(which.text, reader)
        where.append(words)
        values += folders
    sort = which.sort if which.sort in sorts() else ("urgent" if which.state == "open" else "code_name")
    order = (SORTS.get(sort, _BY_RANK)[which.descending], "code_name")
    # Each time through the narrowest index that has all that is asked.
    counted = "case_now_open" if _OPEN <= set(where) <= _OF_OPEN else "case_now_list"
    listed = counted if sort in _SORTS_OF_OPEN else "case_now_list"
    if which.text.strip():
        counted = listed = BY_FOLDER.format("case_now")
    return Query("case_now", listed, counted, where, values, order, which.descending, _BY_NAME.get(sort, ""))


def _row(row: tuple[Any, ...], members: Mapping[bytes, str]) -> CaseRow:
    folder, code_name, stage, level, timeframe, deadline, review, caseworker, *rest = row
    name = members.get(caseworker, "")
    return CaseRow(
        FolderId(folder), code_name or "", stage, level, timeframe, deadline, review, caseworker, name, *rest
    )
