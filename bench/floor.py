"""The floors: only the unavoidable work, with the bare libraries, in the same encrypted file and as durably."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import apsw
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bench.corpus import Seeded

NONCE = bytes(12)
WORD = re.compile(r"[^\W_]+")


def connect(path: Path, key: bytes) -> apsw.Connection:
    """The same file, cipher and durability, without our code."""
    connection = apsw.Connection(str(path))
    for name, value in (
        ("cipher", "chacha20"),
        ("hexkey", (b"raw:" + key).hex()),
        ("locking_mode", "exclusive"),
        ("journal_mode", "wal"),
        ("synchronous", "full"),
        ("secure_delete", "on"),
        ("cache_size", -16_000),
    ):
        connection.pragma(name, value)
    return connection


def save(
    connection: apsw.Connection, samples: Sequence[tuple[bytes, str, str]], folder_rows: list[tuple[bytes, int]]
) -> list[float]:
    """Seconds a save of one note takes at least.

    Args:
        samples: (encoded payload, note text, index terms) of each note.
        folder_rows: (folder id, epoch row id) of the cases to write to.
    """
    random = Seeded("floor")
    signer = Ed25519PrivateKey.from_private_bytes(random(32))
    epoch_key = random(32)
    position = connection.execute("SELECT max(position) FROM entry").fetchone()[0]
    seq = 10_000_000
    times = []
    pack = msgspec.msgpack.Encoder().encode
    for (payload, text, terms), (folder, epoch) in zip(samples, folder_rows, strict=True):
        started = time.perf_counter()
        position, seq = position + 1, seq + 1
        plain = pack([1, random(16), 1_700_000_000_000, "Europe/Vilnius", payload])
        key = HKDF(hashes.SHA256(), 32, random(32), b"waystation/1 body\0" + bytes(100)).derive(epoch_key)
        body = AESGCM(key).encrypt(NONCE, plain + b"\x80" + bytes(1007 - len(plain)), bytes(200))
        header = bytes(200) + sha256(body).digest()
        signature = signer.sign(header)
        head = sha256(header).digest()
        order = sha256(head + head + head).digest()
        state = pack(
            {"body": [[random(16), seq, text]], "written": [[random(16), seq, 1]], "author": [[random(16), seq, 2]]}
        )
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO entry VALUES (?, 3, ?, NULL, ?, ?, ?, ?)", (position, epoch, header, signature, order, body)
        )
        connection.execute(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)", (b"floor desk 16 by", seq, head, position - 1)
        )
        connection.execute(
            "INSERT INTO record (folder, kind, id, state, conflicts, first, last, struck)"
            " VALUES (?, 'note', ?, ?, 0, ?, ?, 0)",
            (folder, random(16), state, position, position),
        )
        row = connection.last_insert_rowid()
        connection.execute(
            "INSERT INTO k_note VALUES (?, ?, ?, ?, 1, 'Europe/Vilnius', ?)",
            (row, folder, random(16), text, random(16)),
        )
        connection.execute("INSERT INTO search (rowid, terms) VALUES (?, ?)", (row, terms))
        connection.execute(
            "INSERT INTO history VALUES (?, ?, 'case', ?, 1, 'Europe/Vilnius', ?, ?, ?, ?)",
            (position, folder, random(16), random(16), seq, random(16), b"what" * 12),
        )
        connection.execute("UPDATE case_now SET changed = ? WHERE folder = ?", (position, folder))
        connection.execute("COMMIT")
        times.append(time.perf_counter() - started)
    return times


def search(connection: apsw.Connection, matches: Sequence[str]) -> list[float]:
    """Seconds each bare full-text query takes, identity look-up included."""
    query = (
        "SELECT r.folder, r.kind, r.id FROM"
        " (SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT 50) s"
        " JOIN record r ON r.rowid = s.rowid"
    )
    times = []
    for match in matches:
        started = time.perf_counter()
        connection.execute(query, (match,)).fetchall()
        times.append(time.perf_counter() - started)
    return times


@dataclass(frozen=True, slots=True)
class Laid:
    """Everything that a rebuild lays out, taken from a built book beforehand.

    Args:
        schema: statements that make the tables. rows: table → its rows.
        texts: row id and text of each record that has words. terms: word → its index terms, for looking up.
    """

    schema: list[str]
    rows: dict[str, list[tuple[object, ...]]]
    texts: list[tuple[int, str]]
    terms: dict[str, str]


def rebuild(connection: apsw.Connection, keys: Mapping[bytes, tuple[bytes, bytes]], laid: Laid) -> float:
    """Seconds that dropping the old rows, opening every body and writing the same rows again takes at least.

    Args:
        connection: a copy of the book.
        keys: folder tag → (epoch key, what its derivation names).
    """
    unpack = msgspec.msgpack.Decoder().decode
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for table in (*laid.rows, "search"):
        connection.execute(f"DROP TABLE {table}")
    for statement in laid.schema:
        connection.execute(statement)
    for header, body in connection.execute("SELECT header, body FROM entry WHERE kind = 3 ORDER BY position"):
        secret, context = keys[header[136:168]]
        info = b"waystation/1 body\0" + context + header[136:168] + header[40:64] + b"\x03"
        key = HKDF(hashes.SHA256(), 32, header[168:200], info).derive(secret)
        plain = AESGCM(key).decrypt(NONCE, body, header[:200])
        unpack(unpack(plain.rstrip(b"\0")[:-1])[4])
    for table, rows in laid.rows.items():
        if rows:
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    look_up = laid.terms.__getitem__
    indexed = ((row, " ".join(map(look_up, set(WORD.findall(text.casefold()))))) for row, text in laid.texts)
    connection.executemany("INSERT INTO search (rowid, terms) VALUES (?, ?)", indexed)
    connection.execute("COMMIT")
    return time.perf_counter() - started
