"""One tree of errors. A check that must not be ignored raises; it never returns a bool.

    WaystationError
    ├── BadInput              what a person or a file gave cannot be used; names the fields
    ├── Refused               the actor's role or access does not allow this
    │   └── ScreenShared      others see this screen
    ├── Locked                the desk is locked; unlock and try again
    ├── InUse                 another process holds the book
    ├── VaultError
    │   ├── WrongPassphrase
    │   ├── WeakPassphrase    carries the reason
    │   └── DamagedVault
    ├── WireError             bytes that are no valid structure
    │   ├── NewerFormat       written by a newer Waystation; nothing was changed
    │   └── ForeignFile       not ours at all
    ├── SealError             an envelope does not open: wrong key, wrong context, or altered
    ├── SignatureError        a signature does not verify
    ├── BookError             the log breaks one of its rules; carries the position of the first bad entry
    │   ├── OrderError        running order hash
    │   ├── ChainError        a desk's own chain of headers
    │   ├── AuthorityError    the author had no right at that position
    │   └── MissingKey        a folder's key is not held here (no access, or destroyed)
    ├── StoreError            the file system refused: disk full, read-only
    └── BackupError           a backup is expired, cut short, or of another organisation

A message says what happened and the next step for the person who reads it. It never holds plaintext, names, places or
keys. It is a gettext id, found by the name of the class, so it is written as one plain text with `%(name)s` places;
`str(error)` is the English with its places filled, for a terminal. `code` is stable, for scripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


class WaystationError(Exception):
    """Root of the tree.

    Args:
        message: gettext id: what happened and the next step, free of content; may hold `%(name)s` places.
        values: what fills them. A text among them that is a gettext id is translated too.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values: Mapping[str, object] = values


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one field was refused.

    Args:
        code: stable name, such as "too_long".
        message: gettext id; may hold `%(name)s` places that `values` fill. Never holds what was typed.
        values: limits and counts to fill the message with.
    """

    code: str
    message: str
    values: Mapping[str, object] = field(default_factory=dict)


class BadInput(WaystationError):
    """Input that cannot be used.

    Args:
        problems: field name → problem; the empty name stands for the whole.
    """

    code = "bad_input"

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__("; ".join(f"{name or 'input'}: {p.code}" for name, p in problems.items()))
        self.problems = dict(problems)


class Refused(WaystationError):
    code = "refused"


class ScreenShared(Refused):
    code = "screen_shared"

    def __init__(self) -> None:
        super().__init__("Stop sharing the screen first, with the button at the top of the page. Then try again.")


class Locked(WaystationError):
    code = "locked"

    def __init__(self) -> None:
        super().__init__("The desk is locked. Unlock it with your passphrase and try again.")


class InUse(WaystationError):
    code = "in_use"

    def __init__(self) -> None:
        super().__init__("Another Waystation is using this book. Close or lock the open desk, then try again.")


class VaultError(WaystationError):
    code = "vault"


class WrongPassphrase(VaultError):
    code = "wrong_passphrase"

    def __init__(self) -> None:
        super().__init__("That passphrase does not open this desk. Check the keyboard layout and try again.")


class WeakPassphrase(VaultError):
    code = "weak_passphrase"


class DamagedVault(VaultError):
    code = "damaged_vault"


class WireError(WaystationError):
    code = "wire"


class NewerFormat(WireError):
    code = "newer_format"

    def __init__(self, version: int) -> None:
        super().__init__(
            "This was written by a newer Waystation, in version %(version)s of its format. Nothing was changed. "
            "Update Waystation and try again.",
            version=version,
        )
        self.version = version


class ForeignFile(WireError):
    code = "foreign_file"


class SealError(WaystationError):
    code = "seal"


class SignatureError(WaystationError):
    code = "signature"


class BookError(WaystationError):
    """The log breaks a rule.

    Args:
        message: which rule, by its number in spec/book.md.
        position: the first bad entry, counted from 1; None where no single entry is to blame.
    """

    code = "book"

    def __init__(self, message: str, position: int | None = None, **values: object) -> None:
        super().__init__(message, **values)
        self.position = position

    def __str__(self) -> str:
        said = super().__str__()
        return said if self.position is None else f"entry {self.position}: {said}"


class OrderError(BookError):
    code = "order"


class ChainError(BookError):
    code = "chain"


class AuthorityError(BookError):
    code = "authority"


class MissingKey(BookError):
    code = "missing_key"


class StoreError(WaystationError):
    code = "store"


class BackupError(WaystationError):
    code = "backup"
