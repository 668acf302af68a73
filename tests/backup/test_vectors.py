"""What is inside a backup, and a whole one: production and the independent decoder on spec/vectors/backup.json."""

from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
from tests.ground.seeded import HeldClock, Seeded
from tests.ground.vectors import Case, every
from tests.independent import backup as independent
from tests.independent import ground
from tests.independent.strict import Newer, Refused

from waystation import errors
from waystation.assemble import terms
from waystation.office.backup import Manifest, _Parted, _unpack, identity_opener, recovery_opener
from waystation.office.desk import System
from waystation.words import from_words

SECRET = bytes(range(32))
REASONS = {"expired": "expired", "an impossible length": "impossibly large"}
"""What production says of these; of the others, their rule."""


def unpacked(file: bytes, opener: pyrage.x25519.Identity, case: Case, folder: Path) -> tuple[Manifest, bytes]:
    """Production's reading of a whole backup."""
    (folder / "copy.age").write_bytes(file)
    target = folder / "book.db"
    system = System(HeldClock(case["now_ms"]), Seeded("unused"), terms())
    manifest = _unpack(folder / "copy.age", opener, target, system, case["accepted"], lambda done, of: None)
    return manifest, target.read_bytes()


def sealed(plaintext: bytes) -> bytes:
    return pyrage.encrypt(plaintext, [recovery_opener(SECRET).to_public()])


def refusing_there(case: Case) -> Any:
    """Expects the independent decoder's refusal by the case's rule."""
    return pytest.raises(Refused, match=f"^{case['rule']}$")


def agree(case: Case, manifest: Manifest, book: bytes) -> None:
    assert msgspec.structs.asdict(manifest) == case["manifest"]
    assert book == case["book"]


def agree_there(case: Case, manifest: independent.Manifest, book: bytes) -> None:
    assert {"version": 1, **asdict(manifest)} == case["manifest"]
    assert book == case["book"]


@every("backup", "inside", "valid")
def test_inside(case: Case, tmp_path: Path) -> None:
    agree(case, *unpacked(sealed(case["plaintext"]), recovery_opener(SECRET), case, tmp_path))
    agree_there(case, *independent.inside(case["plaintext"], case["now_ms"], case["accepted"]))


@every("backup", "inside", "faulty")
def test_inside_refused(case: Case, tmp_path: Path) -> None:
    with refusing_there(case) as refused:
        independent.inside(case["plaintext"], case["now_ms"], case["accepted"])
    assert isinstance(refused.value, Newer) is (case["error"] == "NewerFormat")
    expected: type[errors.WaystationError] = getattr(errors, case["error"])
    with pytest.raises(expected) as raised:
        unpacked(sealed(case["plaintext"]), recovery_opener(SECRET), case, tmp_path)
    assert raised.type is expected
    if expected is errors.BackupError:
        assert REASONS.get(case["name"], f"{case['rule']}:") in raised.value.message


@pytest.mark.parametrize("size", [1, 15, 17, 100, 1000])
@every("backup", "inside", "valid")
def test_in_pieces_of_any_size(case: Case, size: int) -> None:
    sink = BytesIO()
    parted = _Parted(sink, len(case["plaintext"]), lambda done, of: None)
    for at in range(0, len(case["plaintext"]), size):
        piece = case["plaintext"][at : at + size]
        assert parted.write(piece) == len(piece)
    agree(case, parted.manifest(), sink.getvalue())
    assert (parted.size, parted.digest.digest()) == (case["manifest"]["size"], case["manifest"]["digest"])


@every("backup", "file", "valid")
def test_file(case: Case, tmp_path: Path) -> None:
    openers = [recovery_opener(from_words(case["words"])), identity_opener(case["key_text"])]
    for number, opener in enumerate(openers):
        folder = tmp_path / str(number)
        folder.mkdir()
        agree(case, *unpacked(case["file_base64"], opener, case, folder))
    for secret in (ground.secret_of_words(case["words"]), ground.identity_of_text(case["key_text"])):
        plaintext = independent.opened(secret, case["file_base64"])
        agree_there(case, *independent.inside(plaintext, case["now_ms"], case["accepted"]))


@every("backup", "file", "faulty")
def test_file_refused(case: Case, tmp_path: Path) -> None:
    with refusing_there(case):
        independent.opened(ground.secret_of_words(case["words"]), case["file_base64"])
    opener = recovery_opener(from_words(case["words"]))
    with pytest.raises(errors.BackupError, match="does not open"):
        unpacked(case["file_base64"], opener, {"now_ms": 0, "accepted": True}, tmp_path)
