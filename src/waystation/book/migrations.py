"""From one format of the book's file to the next, each inside the transaction that opens it (spec/book.md B25).

A migration works on the stored tables alone: it holds no key. What it makes is what a new book of that format has.
"""

from typing import Final

import apsw

MANY_DESKS: Final = """
CREATE TABLE mark (
    position INTEGER NOT NULL, folder BLOB NOT NULL, action TEXT NOT NULL, at_ms INTEGER NOT NULL,
    member BLOB NOT NULL, desk BLOB NOT NULL);
CREATE INDEX mark_folder ON mark (folder, position);
CREATE VIEW hidden AS
    SELECT h.folder, h.position, h.at_ms, h.member, EXISTS (
        SELECT 1 FROM mark c
        WHERE c.folder = h.folder AND c.action = 'confirm' AND c.position >= h.position) AS confirmed
    FROM mark h WHERE h.action = 'hide' AND NOT EXISTS (
        SELECT 1 FROM mark c WHERE c.folder = h.folder AND c.action = 'cancel' AND c.position > h.position);
CREATE INDEX epoch_unsent ON epoch (position) WHERE position >= 4611686018427387904;
CREATE INDEX epoch_superseded_unsent ON epoch (superseded) WHERE superseded >= 4611686018427387904;
CREATE TABLE suspended (desk BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE era (
    number INTEGER PRIMARY KEY, position INTEGER NOT NULL, checkpoint INTEGER NOT NULL, reason TEXT NOT NULL)
"""
"""Tables of the log's rules since there are many desks."""

APART: Final = """
CREATE TABLE unsent (
    seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, folder BLOB, hash BLOB NOT NULL, save BLOB,
    conditional INTEGER NOT NULL, offered INTEGER NOT NULL DEFAULT 0, status TEXT,
    header BLOB NOT NULL, signature BLOB NOT NULL, body BLOB);
CREATE TABLE refused (hash BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE left_behind (
    number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, header BLOB NOT NULL, signature BLOB NOT NULL, body BLOB);
CREATE TABLE awaited (epoch INTEGER PRIMARY KEY, sheet BLOB NOT NULL)
"""
"""Tables of what a desk holds beside the log: unsent, refused, left behind by a fork; sheets that have not come."""

_ENTRIES: Final = """
ALTER TABLE entry ADD COLUMN link INTEGER NOT NULL DEFAULT 1;
CREATE INDEX entry_place ON entry (substr(header, 41, 24));
CREATE INDEX entry_bare ON entry (position) WHERE body IS NULL
"""

_GRAVES: Final = """
INSERT INTO mark SELECT position, folder, 'hide', at_ms, member, x'' FROM hidden_before;
INSERT INTO mark SELECT position, folder, 'confirm', at_ms, x'', x'' FROM hidden_before WHERE confirmed;
DROP TABLE hidden_before
"""


def to_many_desks(connection: apsw.Connection) -> None:
    """Format 1 → 2. A book of the first format has one desk that writes, so each of its entries is a link."""
    connection.execute("ALTER TABLE hidden RENAME TO hidden_before")
    for statements in (_ENTRIES, MANY_DESKS, APART, _GRAVES):
        for statement in statements.split(";"):
            connection.execute(statement)
