"""The vault: a small file that a passphrase opens, and that guards every other key of this desk.

Guarantees: without the passphrase nothing of the desk can be read; changing the passphrase re-wraps one key; the file
is replaced whole or not at all; destroying it (`wipe`) makes everything else unreadable. Refuses weak passphrases,
with the reason. Implements spec/vault.md.
"""

import os
import unicodedata
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from zxcvbn import zxcvbn

from waystation import limits
from waystation.derive import KEY_BYTES, Key, derive, digest, label
from waystation.errors import DamagedVault, ForeignFile, SealError, StoreError, WeakPassphrase, WrongPassphrase
from waystation.ids import DeskId, OrgId, Randomness
from waystation.seal import seal_once
from waystation.sign import SigningSeed
from waystation.unseal import SealingSeed, open_once
from waystation.wire import Decoder, encode

MAGIC: Final = b"waystation vault"
_KDF_NAME: Final = "argon2id"
_SALT_BYTES: Final = 32


class Kdf(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Parameters of Argon2id, kept beside what they protect so that they can be raised.

    `memory_kib` in KiB; `passes` over the memory; `lanes` of parallelism; `salt` 32 random bytes.
    """

    version: int
    name: str
    memory_kib: int
    passes: int
    lanes: int
    salt: bytes


class SealingSeedAt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One private sealing seed and since when it is in use (UTC ms)."""

    seed: SealingSeed
    since_ms: int


class Secrets(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the vault guards. Newest sealing seed last.

    `keyring_keys` holds one key, or two while the keyring is being rolled (B26): the book tells which one is in use.
    """

    version: int
    org: OrgId
    desk: DeskId
    database_key: Key
    keyring_keys: Annotated[tuple[Key, ...], msgspec.Meta(min_length=1, max_length=2)]
    signing_seed: SigningSeed
    sealing_seeds: Annotated[tuple[SealingSeedAt, ...], msgspec.Meta(min_length=1)]


class _File(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    kdf: bytes
    wrapped_root: bytes
    secrets_salt: bytes
    secrets: bytes


_decode_file: Final = Decoder(_File)
_decode_kdf: Final = Decoder(Kdf)
_decode_secrets: Final = Decoder(Secrets)


def new_kdf(
    randomness: Randomness,
    memory_kib: int = limits.ARGON2_MEMORY_KIB,
    passes: int = limits.ARGON2_PASSES,
    lanes: int = limits.ARGON2_LANES,
) -> Kdf:
    """Parameters with a fresh salt. Defaults: 256 MiB, 3 passes, 4 lanes."""
    return Kdf(1, _KDF_NAME, memory_kib, passes, lanes, randomness(_SALT_BYTES))


class Vault:
    """An opened vault. It holds the vault's root key; `secrets` is what it guards."""

    def __init__(self, path: Path, kdf: bytes, wrapped_root: bytes, root: Key, secrets: Secrets) -> None:
        self._path = path
        self._kdf = kdf
        self._wrapped_root = wrapped_root
        self._root = root
        self.secrets = secrets

    @classmethod
    def create(cls, path: Path, passphrase: str, secrets: Secrets, kdf: Kdf, randomness: Randomness) -> "Vault":
        """Writes a new vault file.

        Args:
            path: must not exist.
            passphrase: checked with `check_passphrase` by the caller, who can say why it is refused.
        Raises: StoreError, if the file exists or cannot be written.
        """
        if path.exists():
            raise StoreError("A desk exists here already. Choose another folder, or unlock that one.")
        root = Key(randomness(KEY_BYTES))
        vault = cls(path, encode(kdf), _wrap(encode(kdf), kdf, passphrase, root), root, secrets)
        vault._write(vault._kdf, vault._wrapped_root, secrets, randomness)
        return vault

    @classmethod
    def open(cls, path: Path, passphrase: str) -> "Vault":
        """Opens the vault file; takes as long as its parameters ask (about half a second).

        Raises: WrongPassphrase; ForeignFile, NewerFormat, DamagedVault if the file is not a sound vault; StoreError.
        """
        file, kdf = _read(path)
        try:
            root = Key(open_once(_stretch(kdf, passphrase), file.wrapped_root, label("vault-root") + file.kdf))
        except SealError:
            raise WrongPassphrase from None
        try:
            plain = open_once(derive(root, "vault-secrets", b"", file.secrets_salt), file.secrets, b"")
        except SealError:
            raise DamagedVault("The vault file is damaged. Restore this desk from its backup.") from None
        return cls(path, file.kdf, file.wrapped_root, root, _decode_secrets(plain))

    def replace_secrets(self, secrets: Secrets, randomness: Randomness) -> None:
        """Writes new secrets under the same passphrase; the old ones are gone from the file."""
        self._write(self._kdf, self._wrapped_root, secrets, randomness)

    def change_passphrase(self, passphrase: str, kdf: Kdf, randomness: Randomness) -> None:
        """Re-wraps the root under a new passphrase and, if wished, stronger parameters."""
        self._write(encode(kdf), _wrap(encode(kdf), kdf, passphrase, self._root), self.secrets, randomness)

    def derive(self, purpose: str) -> Key:
        """A key of this vault for `purpose`, gone with the vault."""
        return derive(self._root, purpose, b"")

    def _write(self, kdf: bytes, wrapped_root: bytes, secrets: Secrets, randomness: Randomness) -> None:
        """Writes the file; what this object believes follows only if that went well."""
        salt = randomness(_SALT_BYTES)
        sealed = seal_once(derive(self._root, "vault-secrets", b"", salt), encode(secrets), b"")
        body = encode(_File(1, kdf, wrapped_root, salt, sealed))
        replace_file(self._path, MAGIC + body + digest("vault", body))
        self._kdf, self._wrapped_root, self.secrets = kdf, wrapped_root, secrets


def check_passphrase(passphrase: str) -> None:
    """Returns only if the passphrase is strong enough. Raises: WeakPassphrase, with the reason and what to do."""
    if len(passphrase) > limits.PASSPHRASE_CHARS_MAX:
        raise WeakPassphrase(
            "That is longer than %(chars_max)s characters. Shorten it.", chars_max=limits.PASSPHRASE_CHARS_MAX
        )
    if len(passphrase) < limits.PASSPHRASE_CHARS_MIN:
        raise WeakPassphrase(
            "That is shorter than %(chars_min)s characters. Take five or six unrelated words.",
            chars_min=limits.PASSPHRASE_CHARS_MIN,
        )
    # The estimator's cost grows with length; what follows the first hundred characters can only add strength.
    verdict = zxcvbn(passphrase[:100], max_length=100)
    if verdict["score"] < limits.PASSPHRASE_SCORE_MIN:
        reason = verdict["feedback"]["warning"]
        if not reason:
            raise WeakPassphrase("It could be guessed too soon. Take five or six unrelated words.")
        # The estimator's own sentence; the catalogue holds all that it can say.
        raise WeakPassphrase("%(reason)s Take five or six unrelated words.", reason=reason)


def wipe(path: Path, randomness: Randomness) -> bool:
    """Overwrites the vault file with random bytes, flushes, and deletes it.

    Returns: whether there was a file. Without it the book on this disk cannot be opened by anyone.
    """
    if not path.exists():
        return False
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(randomness(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Replaces a file whole or not at all, durably: temporary sibling, flush, rename, flush the folder.

    Raises: StoreError. `data` must already be sealed or public.
    """
    temporary = path.with_name(path.name + ".new")
    try:
        with open(temporary, "wb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            "The disk refused to write (%(error)s). Free some space and try again.", error=error.strerror
        ) from None


def flush_folder(folder: Path) -> None:
    """Makes a rename in `folder` durable, where the system can (Windows does so by itself)."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _read(path: Path) -> tuple[_File, Kdf]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StoreError("There is no desk in this folder. Found one with `waystation init`.") from None
    except OSError as error:
        raise StoreError("The vault file cannot be read (%(error)s).", error=error.strerror) from None
    if not data.startswith(MAGIC):
        raise ForeignFile("This file is no vault of Waystation's. Nothing was changed.")
    body, check = data[len(MAGIC) : -32], data[-32:]
    if digest("vault", body) != check:
        raise DamagedVault("The vault file is damaged or cut short. Restore this desk from its backup.")
    file = _decode_file(body)
    kdf = _decode_kdf(file.kdf)
    sound = (
        kdf.name == _KDF_NAME
        and 8 * kdf.lanes <= kdf.memory_kib <= limits.ARGON2_MEMORY_KIB_MAX
        and 1 <= kdf.passes <= limits.ARGON2_PASSES_MAX
        and 1 <= kdf.lanes <= 64
        and len(kdf.salt) == _SALT_BYTES
    )
    if not sound:
        raise DamagedVault("The vault file asks for impossible parameters. Restore this desk from its backup.")
    return file, kdf


def _stretch(kdf: Kdf, passphrase: str) -> Key:
    argon2 = Argon2id(
        salt=kdf.salt, length=KEY_BYTES, iterations=kdf.passes, lanes=kdf.lanes, memory_cost=kdf.memory_kib
    )
    return Key(argon2.derive(unicodedata.normalize("NFKC", passphrase).encode()))


def _wrap(kdf_bytes: bytes, kdf: Kdf, passphrase: str, root: Key) -> bytes:
    return seal_once(_stretch(kdf, passphrase), root, label("vault-root") + kdf_bytes)
