"""The relay's tables, the same for both backends. Implements spec/relay.md L24.

The organisation leads every key, and what reads or changes an organisation's rows names that one organisation. On a
cluster that distributes tables (Citus: `SELECT create_distributed_table('entry', 'org')`, and so for `organisation`,
`chunk`, `credential`, `parcel` and `spent`) each such statement goes to one shard. `ticket` and `relay` belong to no
organisation; there they are reference tables. SQLite takes PostgreSQL's names of types: bytes stay bytes in any column.
"""

from typing import Final

FORMAT: Final = 1

TABLES: Final = """
CREATE TABLE IF NOT EXISTS relay (key text PRIMARY KEY, value bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ticket (
    hash bytea PRIMARY KEY, bytes_max bigint NOT NULL, requests_max bigint NOT NULL, expires_s bigint NOT NULL,
    org bytea, credential bytea);
CREATE TABLE IF NOT EXISTS organisation (
    org bytea PRIMARY KEY, head bigint NOT NULL, head_order bytea NOT NULL, held_bytes bigint NOT NULL,
    bytes_max bigint NOT NULL, requests_max bigint NOT NULL, keys bigint NOT NULL, genesis bytea NOT NULL);
CREATE TABLE IF NOT EXISTS entry (
    org bytea NOT NULL, position bigint NOT NULL, size bigint NOT NULL, header_hash bytea NOT NULL,
    order_hash bytea NOT NULL, header bytea NOT NULL, signature bytea NOT NULL, body bytea,
    PRIMARY KEY (org, position));
CREATE UNIQUE INDEX IF NOT EXISTS entry_known ON entry (org, header_hash);
CREATE TABLE IF NOT EXISTS chunk (
    org bytea NOT NULL, hash bytea NOT NULL, size bigint NOT NULL, bytes bytea NOT NULL, PRIMARY KEY (org, hash));
CREATE TABLE IF NOT EXISTS credential (
    org bytea NOT NULL, id bytea NOT NULL, public bytea NOT NULL, may text NOT NULL, bound bytea NOT NULL,
    expires_s bigint, PRIMARY KEY (org, id));
CREATE TABLE IF NOT EXISTS parcel (
    org bytea NOT NULL, name bytea NOT NULL, side text NOT NULL, until_s bigint NOT NULL, bytes bytea NOT NULL,
    PRIMARY KEY (org, name, side));
CREATE TABLE IF NOT EXISTS spent (
    org bytea NOT NULL, keyid bytea NOT NULL, nonce bytea NOT NULL, until_s bigint NOT NULL,
    PRIMARY KEY (org, keyid, nonce));
"""

OF_ORGANISATION: Final = ("entry", "chunk", "credential", "parcel", "spent", "organisation")
"""Tables whose rows belong to one organisation; the last is removed last."""
