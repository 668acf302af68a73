"""The relay's tables can be spread over machines by organisation, as deploy/cluster/citus.sql does it.

What Citus demands of a distributed table is read from the tables themselves: that every primary key and every unique
index begins with the organisation, and that no foreign key ties rows of two of them together.
"""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from waystation.relay import schema

CITUS = Path(__file__).resolve().parents[2] / "deploy" / "cluster" / "citus.sql"
OF_NOBODY = {"relay", "ticket"}
"""Their rows belong to no organisation; every machine has a copy."""


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema.TABLES)
    yield connection
    connection.close()


def names(tables: sqlite3.Connection) -> set[str]:
    return {name for (name,) in tables.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_every_key_begins_with_the_organisation(tables: sqlite3.Connection) -> None:
    distributed = names(tables) - OF_NOBODY
    assert distributed == set(schema.OF_ORGANISATION)
    for table in distributed:
        unique = [index for _, index, is_unique, *_ in tables.execute(f"PRAGMA index_list({table})") if is_unique]
        assert unique, f"{table} has no key"
        for index in unique:
            columns = [column for _, _, column in tables.execute(f"PRAGMA index_info({index})")]
            assert columns[0] == "org", f"{index} of {table} begins with {columns[0]}"
        types = {name: declared for _, name, declared, *_ in tables.execute(f"PRAGMA table_info({table})")}
        assert types["org"] == "bytea", "tables are kept together only if they are spread by one type"


def test_no_foreign_key_ties_organisations_together(tables: sqlite3.Connection) -> None:
    for table in names(tables):
        assert not tables.execute(f"PRAGMA foreign_key_list({table})").fetchall()
    assert "REFERENCES" not in schema.TABLES.upper()
    assert not re.search(r"\b(SERIAL|SEQUENCE|IDENTITY)\b", schema.TABLES, re.IGNORECASE), "a counter of all of them"


def test_the_script_spreads_every_table(tables: sqlite3.Connection) -> None:
    script = CITUS.read_text()
    spread = re.findall(r"create_distributed_table\('(\w+)', 'org'(, colocate_with => 'organisation')?\)", script)
    assert {table for table, _ in spread} == set(schema.OF_ORGANISATION)
    assert [table for table, together in spread if not together] == ["organisation"], "the first one leads the rest"
    assert set(re.findall(r"create_reference_table\('(\w+)'\)", script)) == OF_NOBODY
