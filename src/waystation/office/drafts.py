"""Half-written forms: kept in the desk's encrypted file, or, while it is locked, sealed beside the vault.

Guarantees: what was typed is never on the disk in the clear, and never lost because the desk locked in between. A
locked desk can only put drafts away; reading them takes the passphrase. Implements spec/vault.md V10.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import apsw

from waystation.clock import Millis
from waystation.errors import SealError, StoreError, WireError
from waystation.ids import DeskId, Randomness, new_id
from waystation.office.desk import Desk
from waystation.seal import SealingPublic, seal_to
from waystation.tables.drafts import Draft, context, decode_draft, encode_draft
from waystation.unseal import SealingKey
from waystation.vault import replace_file

PURPOSE: Final = "draft"
_FILES: Final = "draft-" + 32 * "[0-9a-f]"

Inputs = Sequence[tuple[str, str]]
"""Name and text of each input, in the form's order."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """What a locked desk keeps in memory: where drafts go, and the public key that seals them. It opens nothing."""

    folder: Path
    desk: DeskId
    public: SealingPublic
    randomness: Randomness
    _places: dict[str, Path] = field(default_factory=dict)

    def put(self, form: str, at_ms: Millis, inputs: Inputs) -> None:
        """Seals a draft and writes it beside the vault, over an earlier one of the same form. Raises: StoreError."""
        sealed = seal_to(self.public, PURPOSE, context(self.desk), encode_draft(_draft(form, at_ms, inputs)))
        place = self._places.setdefault(form, self.folder / f"draft-{new_id(self.randomness).hex()}")
        replace_file(place, sealed)


def letterbox(desk: Desk) -> Letterbox:
    """The letterbox of an unlocked desk, to be kept when it locks."""
    secrets = desk.vault.secrets
    public = SealingKey(secrets.sealing_seeds[-1].seed).public
    return Letterbox(desk.home.folder, secrets.desk, public, desk.randomness)


def collect(desk: Desk) -> list[Draft]:
    """Opens what was put away while the desk was locked, keeps it in the desk's file, and deletes the sealed files.

    A file that does not open is left where it is: it belongs to another desk, or is damaged.

    Returns: the drafts, newest first.
    """
    secrets = desk.vault.secrets
    keys = [SealingKey(held.seed) for held in secrets.sealing_seeds]
    found: list[tuple[Draft, Path]] = []
    for path in desk.home.folder.glob(_FILES):
        draft = _open(path, keys, secrets.desk)
        if draft is not None:
            found.append((draft, path))
    found.sort(key=lambda pair: pair[0].at_ms)
    for draft, path in found:
        older = desk.drafts.find(draft.form)
        if older is None or older.at_ms <= draft.at_ms:
            _keep(desk, draft)
        path.unlink(missing_ok=True)
    return [draft for draft, _ in reversed(found)]


def keep(desk: Desk, form: str, inputs: Inputs) -> None:
    """Keeps what stands in a form now; replaces its earlier draft. Raises: StoreError, Locked."""
    _keep(desk, _draft(form, Millis(desk.now_ms()), inputs))


def find(desk: Desk, form: str) -> Draft | None:
    """The draft of a form."""
    return desk.drafts.find(form)


def drop(desk: Desk, form: str) -> None:
    """Forgets a draft: its form was saved, or the person does not want it."""
    desk.drafts.drop(form)


def kept(desk: Desk) -> list[Draft]:
    """Every draft, newest first."""
    return desk.drafts.all()


def _draft(form: str, at_ms: Millis, inputs: Inputs) -> Draft:
    return Draft(1, form, at_ms, tuple(inputs))


def _keep(desk: Desk, draft: Draft) -> None:
    try:
        with desk.gate:
            desk.drafts.keep(draft)
    except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError):
        raise StoreError("The disk refused to write a draft. Free some space and try again.") from None


def _open(path: Path, keys: Sequence[SealingKey], desk: DeskId) -> Draft | None:
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    for key in keys:
        try:
            return decode_draft(key.open(PURPOSE, context(desk), sealed))
        except (SealError, WireError):
            continue
    return None
