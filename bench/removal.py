"""Removing a member who could read 10,000 folders, beside the wraps that it takes at least.

The floor makes for each folder what nobody can do without: a key, its copy for each remaining reader (HPKE), a sheet,
one sealed and signed entry, and the rows of both, in the same encrypted file and in as few transactions.

    python -m bench.removal [FOLDERS]
"""

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bench import floor
from bench.corpus import PASSPHRASE, Seeded, bench_system
from bench.measure import Result, at_least_as_fast
from waystation.book import DeskKeys
from waystation.book.roster import COORDINATOR, AdmitDesk, AdmitMember
from waystation.ids import MemberId
from waystation.office import access, intake, membership
from waystation.office.desk import Desk, Home
from waystation.office.founding import found
from waystation.seal import SUITE, label, sealing_public
from waystation.sign import SigningKey, SigningSeed
from waystation.unseal import SealingKey, SealingSeed
from waystation.vault import new_kdf

FOLDERS = 10_000
READERS = 4
"""Coordinators who remain; each reads every case."""

STRETCH = 25
"""Folders in one transaction, as in `access`."""


def main(folders: int, scratch: Path) -> Result:
    """Builds a book, removes a coordinator, measures both."""
    desk, leaving = _built(folders, scratch)
    started = time.perf_counter()
    membership.remove_member(desk, leaving)
    while access.tend(desk, 1_000, eager=True):
        pass
    took = time.perf_counter() - started
    gone = {one.desk for one in desk.book.roster.desks.values() if not one.active}
    still = sum(not gone.isdisjoint(readers) for _, _, readers in desk.book.folders())
    assert still == 0, still
    least = _floor(desk, folders, scratch)
    desk.lock()
    return at_least_as_fast("removing a reader of every case", folders, took, least, 2)


def _built(folders: int, scratch: Path) -> tuple[Desk, MemberId]:
    system = bench_system("removal")
    kdf = new_kdf(system.randomness, memory_kib=64, passes=1, lanes=1)
    desk, _ = found(Home(scratch / "desk"), "Lantern House", "Wren", PASSPHRASE, system, kdf)
    random = Seeded("members")
    others = [MemberId(random(16)) for _ in range(READERS)]
    for member in others:
        keys = DeskKeys(SigningKey(SigningSeed(random(32))), (SealingKey(SealingSeed(random(32))),))
        one = keys.entry(member)
        with desk.book.transaction():
            desk.book.amend_roster(
                (
                    AdmitMember(member, (COORDINATOR,)),
                    AdmitDesk(one.desk, one.member, one.verify_key, one.sealing_key),
                )
            )
    while access.tend(desk, 1_000, eager=True):
        pass
    for _ in range(0, folders, 100):
        desk.save_all([intake.take_down(desk, {"story": "They know where I live."}) for _ in range(100)])
    os.sync()  # What building wrote would be waited for by what is measured.
    return desk, others[0]


def _floor(desk: Desk, folders: int, scratch: Path) -> float:
    readers = [sealing_public(one.sealing_key) for one in desk.book.roster.active_desks()]
    path, key = scratch / "floor.db", os.urandom(32)
    connection = floor.connect(path, key)
    connection.execute("CREATE TABLE entry (position INTEGER PRIMARY KEY, header BLOB, signature BLOB, body BLOB)")
    connection.execute("CREATE TABLE epoch (id INTEGER PRIMARY KEY, folder BLOB, tag BLOB UNIQUE, recipients BLOB)")
    connection.execute("CREATE TABLE chunk (hash BLOB PRIMARY KEY, bytes BLOB) WITHOUT ROWID")
    connection.execute("CREATE TABLE key (tag BLOB PRIMARY KEY, sealed BLOB) WITHOUT ROWID")
    signer, pack = Ed25519PrivateKey.generate(), msgspec.msgpack.Encoder().encode
    info = label("wrap") + bytes(116)

    def derived() -> bytes:
        return HKDF(hashes.SHA256(), 32, os.urandom(32), label("any") + bytes(80)).derive(key)

    started = time.perf_counter()
    for at in range(0, folders, STRETCH):
        connection.execute("BEGIN IMMEDIATE")
        for number in range(at, min(at + STRETCH, folders)):
            secret = os.urandom(32)
            wraps = [SUITE.encrypt(secret, reader, info) for reader in readers]
            sheet = AESGCM(derived()).encrypt(bytes(12), pack([2, wraps]).ljust(8192, b"\0"), b"")
            body = AESGCM(derived()).encrypt(bytes(12), pack([1, bytes(200)]).ljust(1008, b"\0"), bytes(200))
            header = bytes(200) + sha256(body).digest()
            connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (number, header, signer.sign(header), body))
            connection.execute(
                "INSERT INTO epoch (folder, tag, recipients) VALUES (?, ?, ?)", (secret[:16], derived(), bytes(64))
            )
            connection.execute("INSERT INTO chunk VALUES (?, ?)", (sha256(sheet).digest(), sheet))
            connection.execute(
                "INSERT INTO key VALUES (?, ?)", (derived(), AESGCM(derived()).encrypt(bytes(12), secret, b""))
            )
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return took


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir="build") as folder:
        result = main(int(sys.argv[1]) if len(sys.argv) > 1 else FOLDERS, Path(folder))
    sys.stdout.write(json.dumps(asdict(result)) + "\n")
