"""What every view reads from: the tables, the kinds, and the day."""

from collections.abc import Callable, Iterator
from typing import Any

import apsw

from waystation.clock import Millis
from waystation.records import Registry
from waystation.tables import Found, Tables, search
from waystation.textsearch import Terms


class Reader:
    """Read access to one desk's tables. It never writes.

    Args:
        today: ISO date at the desk. now_ms: UTC ms.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        registry: Registry,
        terms: Terms,
        today: Callable[[], str],
        now_ms: Callable[[], Millis],
        tables: Tables,
    ) -> None:
        self._sql = connection
        self._terms = terms
        self.registry = registry
        self.today = today
        self.now_ms = now_ms
        self.tables = tables

    def rows(self, query: str, *values: str | int | bytes | None) -> list[tuple[Any, ...]]:
        """All rows of a query. Values are always bound, never written into the text."""
        return self._sql.execute(query, values).fetchall()

    def row(self, query: str, *values: str | int | bytes | None) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        row: tuple[Any, ...] | None = self._sql.execute(query, values).fetchone()
        return row

    def each(self, query: str, *values: str | int | bytes | None) -> Iterator[tuple[Any, ...]]:
        """The rows one by one, for what may be long."""
        return iter(self._sql.execute(query, values))

    def search(self, words: str, limit: int = 50, *, typing: bool = False) -> list[Found]:
        """Records that hold all the words; newest first. While typing, the last word is only a beginning."""
        return search(self._sql, self._terms, words, limit, typing=typing)
