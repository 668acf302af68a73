"""Everything that derived tables hold, by identity and not by row id, so that two of them can be compared."""

from collections.abc import Mapping

import apsw

from waystation.records import Registry, columns

Snapshot = Mapping[str, list[tuple[object, ...]]]


def snapshot(connection: apsw.Connection, registry: Registry) -> Snapshot:
    """Table → its rows in an order of their own; `search` → each record's terms."""
    queries = {
        "record": "SELECT folder, kind, id, state, conflicts, first, last, struck FROM record",
        "history": "SELECT * FROM history",
        "case_now": "SELECT * FROM case_now",
        "request_now": "SELECT * FROM request_now",
        "step": "SELECT * FROM step",
        "tried": "SELECT * FROM tried",
        "night": "SELECT * FROM night",
        "case_total": "SELECT * FROM case_total",
        "request_total": "SELECT * FROM request_total",
        "step_total": "SELECT * FROM step_total",
        "search": "SELECT r.folder, r.kind, r.id, v.term, v.offset FROM words v JOIN record r ON r.rowid = v.doc",
    }
    for name, spec in registry.items():
        laid = ", ".join(("r.rowid = k.record", "k.folder", "k.id", *(f"k.{c.name}" for c in columns(spec))))
        joined = f"LEFT JOIN record r ON r.folder = k.folder AND r.id = k.id AND r.kind = '{name}'"
        queries[name] = f"SELECT {laid} FROM k_{name} k {joined}"
    connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search', 'instance')")
    found = {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in queries.items()}
    ((known,),) = connection.execute("SELECT count(DISTINCT doc) FROM words").fetchall()
    connection.execute("DROP TABLE temp.words")
    assert known == len({row[:3] for row in found["search"]}), "the index holds words of no record"
    return found
