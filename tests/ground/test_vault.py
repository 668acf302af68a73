"""The vault: its vectors, what damages it, its passphrase, its end."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ground.seeded import NOON_MS, Seeded
from tests.ground.vectors import Case, every, refusing

from waystation import limits, vault
from waystation.derive import Key, digest
from waystation.errors import (
    DamagedVault,
    ForeignFile,
    NewerFormat,
    StoreError,
    WaystationError,
    WeakPassphrase,
    WireError,
    WrongPassphrase,
)
from waystation.ids import DeskId, OrgId
from waystation.sign import SigningSeed
from waystation.unseal import SealingSeed
from waystation.vault import (
    Kdf,
    SealingSeedAt,
    Secrets,
    Vault,
    check_passphrase,
    new_kdf,
    wipe,
)

PASSPHRASE = "walnut ferry amber quilt september"
OTHER = "meadow chalk violin thirteen harbour"


def quick(randomness: Seeded, memory_kib: int = 64) -> Kdf:
    """Parameters that cost nothing."""
    return new_kdf(randomness, memory_kib=memory_kib, passes=1, lanes=1)


def some_secrets(randomness: Seeded) -> Secrets:
    return Secrets(
        1,
        OrgId(randomness(32)),
        DeskId(randomness(16)),
        Key(randomness(32)),
        (Key(randomness(32)),),
        SigningSeed(randomness(32)),
        (SealingSeedAt(SealingSeed(randomness(32)), NOON_MS),),
    )


@pytest.fixture
def path(tmp_path: Path, randomness: Seeded) -> Path:
    """A vault file under `PASSPHRASE`."""
    made = tmp_path / "vault"
    Vault.create(made, PASSPHRASE, some_secrets(randomness), quick(randomness), randomness)
    return made


def on_disk(folder: Path) -> dict[str, str]:
    """Hash of every file in a folder."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@every("vault", "vault", "valid")
def test_a_vault_opens(case: Case, tmp_path: Path) -> None:
    (tmp_path / "vault").write_bytes(case["file"])
    secrets = Vault.open(tmp_path / "vault", case["passphrase"]).secrets
    assert (secrets.org, secrets.desk) == (case["org"], case["desk"])
    assert secrets.database_key == case["database_key"]
    assert list(secrets.keyring_keys) == case["keyring_keys"]
    assert secrets.signing_seed == case["signing_seed"]
    seeds = [[seed.seed, seed.since_ms] for seed in secrets.sealing_seeds]
    assert seeds == case["sealing_seeds"]


@every("vault", "vault", "faulty")
def test_a_faulty_vault_is_refused_and_unchanged(case: Case, tmp_path: Path) -> None:
    (tmp_path / "vault").write_bytes(case["file"])
    before = on_disk(tmp_path)
    with refusing(case):
        Vault.open(tmp_path / "vault", case["passphrase"])
    assert on_disk(tmp_path) == before


def test_what_it_guards_comes_back(path: Path, randomness: Seeded) -> None:
    first = Vault.open(path, PASSPHRASE)
    renewed = some_secrets(randomness)
    first.replace_secrets(renewed, randomness)
    again = Vault.open(path, PASSPHRASE)
    assert again.secrets == renewed
    assert again.derive("drafts") == first.derive("drafts")
    assert [file.name for file in path.parent.iterdir()] == ["vault"]


def test_the_file_is_nobody_elses(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_secrets_never_look_the_same(path: Path, randomness: Seeded) -> None:
    opened = Vault.open(path, PASSPHRASE)
    before = path.read_bytes()
    opened.replace_secrets(opened.secrets, randomness)
    assert path.read_bytes() != before


def test_nothing_that_it_guards_is_in_the_file(path: Path) -> None:
    """Pitfall 1: keys are never on the disk in the clear."""
    stored = path.read_bytes()
    secrets = Vault.open(path, PASSPHRASE).secrets
    guarded = (secrets.org, secrets.desk, secrets.database_key, secrets.signing_seed)
    for secret in (*guarded, *secrets.keyring_keys, secrets.sealing_seeds[0].seed, PASSPHRASE.encode()):
        assert bytes(secret) not in stored


def test_no_hash_of_the_passphrase_can_be_guessed_at(path: Path, randomness: Seeded) -> None:
    """Pitfalls 2 and 6: two vaults of one passphrase share nothing by which one guess tests both."""
    other = path.with_name("other")
    Vault.create(other, PASSPHRASE, Vault.open(path, PASSPHRASE).secrets, quick(randomness), randomness)
    first, second = path.read_bytes(), other.read_bytes()
    runs = {first[at : at + 12] for at in range(len(first) - 12)}
    shared = [at for at in range(len(second) - 12) if second[at : at + 12] in runs]
    # Only the magic and the names and numbers that frame the parameters are alike.
    assert max(shared, default=0) < 48


@pytest.mark.parametrize("wrong", ["", "Walnut ferry amber quilt september", PASSPHRASE + " ", OTHER])
def test_a_wrong_passphrase_is_told_apart_from_damage(path: Path, wrong: str) -> None:
    before = on_disk(path.parent)
    with pytest.raises(WrongPassphrase):
        Vault.open(path, wrong)
    assert on_disk(path.parent) == before


def test_a_new_passphrase_wraps_the_root_anew(path: Path, randomness: Seeded) -> None:
    opened = Vault.open(path, PASSPHRASE)
    root = opened.derive("drafts")
    before = path.read_bytes()
    opened.change_passphrase(OTHER, quick(randomness), randomness)
    with pytest.raises(WrongPassphrase):
        Vault.open(path, PASSPHRASE)
    again = Vault.open(path, OTHER)
    assert again.secrets == opened.secrets
    assert again.derive("drafts") == root
    assert not {before[at : at + 32] for at in range(40, len(before) - 80)} & {
        path.read_bytes()[at : at + 32] for at in range(40, path.stat().st_size - 80)
    }


def test_parameters_can_be_raised(path: Path, randomness: Seeded) -> None:
    opened = Vault.open(path, PASSPHRASE)
    opened.change_passphrase(PASSPHRASE, new_kdf(randomness, 256, 2, 4), randomness)
    assert Vault.open(path, PASSPHRASE).secrets == opened.secrets


def test_the_defaults_are_those_that_the_specification_names(randomness: Seeded) -> None:
    kdf = new_kdf(randomness)
    assert (kdf.memory_kib, kdf.passes, kdf.lanes) == (256 * 1024, 3, 4)
    assert kdf.salt != new_kdf(randomness).salt


def test_a_vault_is_not_written_over_another(path: Path, randomness: Seeded) -> None:
    before = on_disk(path.parent)
    with pytest.raises(StoreError):
        Vault.create(path, OTHER, some_secrets(randomness), quick(randomness), randomness)
    assert on_disk(path.parent) == before


def test_a_missing_vault_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="waystation init"):
        Vault.open(tmp_path / "vault", PASSPHRASE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_is_found(path: Path, data: st.DataObject) -> None:
    stored = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, 8 * len(stored) - 1))
    stored[at // 8] ^= 1 << at % 8
    damaged = path.with_name("damaged")
    damaged.write_bytes(stored)
    with pytest.raises(ForeignFile if at < 8 * 16 else DamagedVault):
        Vault.open(damaged, PASSPHRASE)


def test_every_cut_is_found(path: Path) -> None:
    """Pitfall 7: what is cut short is never taken for whole."""
    stored = path.read_bytes()
    cut = path.with_name("cut")
    for size in range(len(stored)):
        cut.write_bytes(stored[:size])
        with pytest.raises((ForeignFile, DamagedVault)):
            Vault.open(cut, PASSPHRASE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=120))
def test_no_bytes_are_a_vault_by_chance(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "vault"
    for whole in (body, b"waystation vault" + body, b"waystation vault" + body + digest("vault", body)):
        file.write_bytes(whole)
        with pytest.raises((ForeignFile, DamagedVault, WireError)):
            Vault.open(file, PASSPHRASE)


def test_an_error_holds_nothing_of_what_was_typed(path: Path) -> None:
    with pytest.raises(WaystationError) as raised:
        Vault.open(path, OTHER)
    assert not [word for word in OTHER.split() if word in str(raised.value)]


def test_a_refused_write_leaves_the_old_file(path: Path, randomness: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    """V8: whole or not at all, wherever the disk refuses."""
    opened = Vault.open(path, PASSPHRASE)
    before = on_disk(path.parent)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vault.os, "fsync", refuse)
    with pytest.raises(StoreError):
        opened.replace_secrets(some_secrets(randomness), randomness)
    assert on_disk(path.parent) == before


def test_a_rename_is_only_made_after_the_new_file_is_on_the_disk(
    path: Path, randomness: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V8: write, flush, rename, flush the folder; in this order."""
    steps: list[str] = []

    def note(name: str, then: Callable[..., object]) -> Callable[..., object]:
        def noted(*given: object, **named: object) -> object:
            steps.append(name)
            return then(*given, **named)

        return noted

    monkeypatch.setattr(vault.os, "fsync", note("flush", vault.os.fsync))
    monkeypatch.setattr(Path, "replace", note("rename", Path.replace))
    Vault.open(path, PASSPHRASE).replace_secrets(some_secrets(randomness), randomness)
    assert steps == ["flush", "rename", "flush"]


@pytest.mark.parametrize(
    "weak",
    [
        "",
        "otter",
        "elevenchars",
        "password1234",
        "qwertyuiop123456",
        "aaaaaaaaaaaaaaaaaaaa",
        "correcthorse",
        "Passw0rd12345",
        "abcdefghijklmnop",
        "a" * (limits.PASSPHRASE_CHARS_MAX + 1),
    ],
)
def test_a_weak_passphrase_is_refused_with_a_reason(weak: str) -> None:
    with pytest.raises(WeakPassphrase) as raised:
        check_passphrase(weak)
    assert len(str(raised.value)) > 30
    assert len(weak) < 4 or weak not in str(raised.value)


@pytest.mark.parametrize("strong", [PASSPHRASE, OTHER, "Жасмин трамвай ольха семнадцать", "k9#Vw2!pQz7&Lm4x"])
def test_a_strong_passphrase_is_taken(strong: str) -> None:
    check_passphrase(strong)


def test_a_long_passphrase_is_estimated_in_no_time() -> None:
    check_passphrase("walnut ferry amber quilt september " * 20)


def test_wiping_leaves_no_byte_of_the_file(path: Path, randomness: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    """V9: overwritten, flushed, and only then deleted."""
    before, seen = path.read_bytes(), b""

    def look(self: Path, missing_ok: bool = False) -> None:
        nonlocal seen
        seen = self.read_bytes()
        self.rename(self.with_name("gone"))

    monkeypatch.setattr(Path, "unlink", look)
    assert wipe(path, randomness)
    assert not path.exists()
    assert len(seen) == len(before)
    assert not {before[at : at + 8] for at in range(len(before) - 8)} & {
        seen[at : at + 8] for at in range(len(seen) - 8)
    }


def test_wiping_nothing_says_so(tmp_path: Path, randomness: Seeded) -> None:
    assert not wipe(tmp_path / "vault", randomness)


def test_a_newer_vault_is_told_apart_from_damage(path: Path) -> None:
    newer = b"\x95\x02" + b"\xc0" * 4
    path.write_bytes(b"waystation vault" + newer + digest("vault", newer))
    before = on_disk(path.parent)
    with pytest.raises(NewerFormat) as raised:
        Vault.open(path, PASSPHRASE)
    assert raised.value.version == 2
    assert on_disk(path.parent) == before
