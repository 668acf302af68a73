"""Half-written forms, kept encrypted in the desk's own file. They are no part of the log and never leave the desk."""

from typing import Any, Final

import apsw
import msgspec

from waystation.ids import DeskId
from waystation.wire import Decoder, encode

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS draft (form TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, content BLOB NOT NULL)"
)


class Draft(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What stood in a form.

    Args:
        form: the page's address within the desk.
        at_ms: when it was kept, UTC ms.
        inputs: input name and text, in the form's order; a name may repeat.
    """

    version: int
    form: str
    at_ms: int
    inputs: tuple[tuple[str, str], ...]


decode_draft: Final = Decoder(Draft)


def encode_draft(draft: Draft) -> bytes:
    """The bytes that are kept, or sealed while the desk is locked (spec/vault.md V10)."""
    return encode(draft)


def context(desk: DeskId) -> bytes:
    """What a draft that was sealed while the desk was locked is bound to."""
    return desk


class Drafts:
    """One draft a form; a newer one replaces it."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._sql = connection
        self._sql.execute(_SCHEMA)

    def keep(self, draft: Draft) -> None:
        self._sql.execute("INSERT OR REPLACE INTO draft VALUES (?, ?, ?)", (draft.form, draft.at_ms, encode(draft)))

    def find(self, form: str) -> Draft | None:
        row = self._sql.execute("SELECT content FROM draft WHERE form = ?", (form,)).fetchone()
        return decode_draft(row[0]) if row else None

    def drop(self, form: str) -> None:
        self._sql.execute("DELETE FROM draft WHERE form = ?", (form,))

    def all(self) -> list[Draft]:
        """Newest first."""
        rows: list[tuple[Any, ...]] = self._sql.execute("SELECT content FROM draft ORDER BY at_ms DESC").fetchall()
        return [decode_draft(content) for (content,) in rows]
