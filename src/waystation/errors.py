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
    │   │   └── Forked        its author saw another history
    │   ├── Damaged           bytes that fit neither their header nor their signature, or a gap in a chain
    │   ├── Cloned            somebody else writes with this desk's key
    │   ├── TwoFaced          the relay appended what it said it had refused
    │   ├── Removed           this desk is given the organisation's key no more
    │   ├── ChainError        a desk's own chain of headers
    │   ├── AuthorityError    the author had no right at that position
    │   ├── MissingKey        a folder's key is not held here (no access, or destroyed)
    │   ├── Rewound           the relay holds less than it once gave
    │   ├── Withheld          the relay does not give what it says that it holds
    │   └── WithheldSheet     nor a sheet without which the log cannot go on
    ├── JoinError             an invitation, a request or an admission does not hold
    ├── PacketError           a card or a packet of another organisation does not hold, or is for somebody else
    ├── RelayError
    │   ├── RelayAway         it cannot be reached, or answers nonsense; again later
    │   ├── RelayBusy         it asks to come again after some seconds
    │   ├── RelayRefused      it does not do this for this desk; carries its code
    │   ├── MovedOn           the log has grown past where this desk thought it ended
    │   └── TooFar            the log is shorter than what this desk holds of it
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


class Forked(OrderError):
    """An author signed that they saw another history (spec/sync.md S13).

    Args:
        position: what the author claims to have seen; the two histories part before it.
        common: the last position that both are known to share, where that is known.
    """

    code = "forked"

    def __init__(self, position: int, common: int | None = None) -> None:
        super().__init__("B4: its author saw another history", position)
        self.common = common


class Damaged(BookError):
    """What came is not what its author wrote, or something before it is missing (spec/sync.md S14)."""

    code = "damaged"


class Cloned(BookError):
    """An entry of this desk's own that it never wrote (spec/sync.md S16)."""

    code = "cloned"

    def __init__(self, position: int) -> None:
        super().__init__(
            "Somebody else writes with this desk's key. Ask a coordinator to remove this desk, and tell them at once.",
            position,
        )


class TwoFaced(BookError):
    """The relay appended what it had answered that it refused (spec/sync.md S17, S18)."""

    code = "two_faced"

    def __init__(self, position: int) -> None:
        super().__init__("The relay stored what it had said it refused. Tell who runs it.", position)


class Removed(BookError):
    """This desk is no recipient of the organisation's newest key, and can judge nothing that follows."""

    code = "removed"

    def __init__(self, position: int) -> None:
        super().__init__("This desk was removed from the organisation. Ask a coordinator why.", position)


class ChainError(BookError):
    code = "chain"


class AuthorityError(BookError):
    code = "authority"


class MissingKey(BookError):
    code = "missing_key"


class JoinError(WaystationError):
    code = "join"


class PacketError(WaystationError):
    code = "packet"


class Rewound(BookError):
    """The relay holds less than it once gave (spec/sync.md S11).

    Args:
        position: how far this desk has had the log. common: how far the relay has it now.
    """

    code = "rewound"

    def __init__(self, position: int, common: int) -> None:
        super().__init__("S11: the relay holds less than it once gave", position)
        self.common = common


class Withheld(BookError):
    """The relay does not give what it says that it holds (S20)."""

    code = "withheld"

    def __init__(self, position: int) -> None:
        super().__init__("S20: the relay does not give what it holds", position)


class WithheldSheet(BookError):
    """A sheet without which the log cannot go on does not come (S7)."""

    code = "withheld_sheet"

    def __init__(self, position: int) -> None:
        super().__init__("S7: the relay does not give the keys that the next entry needs", position)


class RelayError(WaystationError):
    code = "relay"


class RelayAway(RelayError):
    code = "relay_away"

    def __init__(self) -> None:
        super().__init__("The relay cannot be reached. What is saved stays on this desk and is sent later.")


class RelayBusy(RelayError):
    """The relay asks to come again later.

    Args:
        after_s: seconds that it asks to wait.
    """

    code = "relay_busy"

    def __init__(self, after_s: int) -> None:
        super().__init__("The relay is busy. What is saved stays on this desk and is sent later.")
        self.after_s = after_s


class RelayRefused(RelayError):
    """The relay does not do this for this desk.

    Args:
        why: its code (spec/relay.md L2).
    """

    code = "relay_refused"

    def __init__(self, why: str) -> None:
        super().__init__("The relay refused this desk (%(why)s). Ask a coordinator, or whoever runs it.", why=why)
        self.why = why


class MovedOn(RelayError):
    """Nothing was appended: the log ends elsewhere.

    Args:
        position, order: its end.
    """

    code = "moved_on"

    def __init__(self, position: int, order: bytes) -> None:
        super().__init__("The others wrote first. What is saved stays on this desk and is sent again.")
        self.position = position
        self.order = order


class TooFar(RelayError):
    """The log ends before the position that was asked for.

    Args:
        position, order: its end.
    """

    code = "too_far"

    def __init__(self, position: int, order: bytes) -> None:
        super().__init__("The relay holds less than this desk has had from it.")
        self.position = position
        self.order = order


class StoreError(WaystationError):
    code = "store"


class BackupError(WaystationError):
    code = "backup"
