"""What happened in a folder: one item a save, newest first, in stretches of any length.

Guarantees: masked values are not here; what was struck out stays, marked as such; who looked at what is part of the
story. A filter leaves out whole changes, never parts of one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from waystation.clock import Millis
from waystation.ids import FolderId, RecordId
from waystation.records import STRUCK, Value
from waystation.records.labels import N_, Choice, option
from waystation.views import shown
from waystation.views.reader import Reader

_END: Final = (1 << 63) - 1
_what: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes, list[str]]])


@dataclass(frozen=True, slots=True)
class TimelineChange:
    """What an entry did to one record.

    Args:
        first: whether the record began with it.
        subject: the record as it is now, without what is masked.
        struck: whether it is struck out now.
        act: "struck" where this entry struck it out, "back" where it brought it back; else empty.
    """

    kind: str
    record: RecordId
    fields: tuple[str, ...]
    first: bool
    subject: Mapping[str, Value]
    struck: bool = False
    act: str = ""


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One save, as far as it concerns this folder."""

    position: int
    at_ms: Millis
    zone: str
    who: str
    changes: tuple[TimelineChange, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of what happened, newest first; `older` is where the next one begins, None at the beginning."""

    items: tuple[TimelineItem, ...]
    older: int | None


class Theme(Choice):
    """What a part of the story is about, to read that part alone."""

    NOTES = option("notes", N_("Notes"))
    LIFE = option("life", N_("Signs of life and tasks"))
    DANGER = option("danger", N_("Danger"))
    PEOPLE = option("people", N_("People, checks and consent"))
    HIDING = option("hiding", N_("Hiding"))
    WAY_OUT = option("way_out", N_("The way out and after"))
    FILES = option("files", N_("Files and messages"))
    OUTSIDE = option("outside", N_("Who was told what"))
    LOOKS = option("looks", N_("Who looked at masked fields"))
    READERS = option("readers", N_("Who was let in or taken off"))
    CHANGES = option("changes", N_("Only what was changed later"))


_KINDS: Final[Mapping[Theme, frozenset[str]]] = {
    Theme.NOTES: frozenset(("note",)),
    Theme.LIFE: frozenset(("check_in", "task")),
    Theme.DANGER: frozenset(("risk_assessment", "protection_concern")),
    Theme.PEOPLE: frozenset(
        (
            "person",
            "contact_channel",
            "identity_document",
            "verification_step",
            "credibility_assessment",
            "consent",
            "case",
            "request",
        )
    ),
    Theme.HIDING: frozenset(("stay", "evacuation", "place")),
    Theme.WAY_OUT: frozenset(
        (
            "application",
            "decision",
            "discouragement",
            "journey",
            "leg",
            "arrival",
            "own_departure",
            "follow_up",
            "closure",
        )
    ),
    Theme.FILES: frozenset(("file", "conversation")),
    Theme.OUTSIDE: frozenset(("told", "task_slip", "referral", "received_referral")),
    Theme.LOOKS: frozenset(("reveal",)),
    Theme.READERS: frozenset(("access",)),
}
"""Theme → kinds of record that belong to it. `CHANGES` asks for what began earlier, of any kind."""


@dataclass(frozen=True, slots=True)
class Only:
    """Which part of the story is read; the default is all of it.

    Args:
        theme: only this.
        member: only what this member saved.
        from_ms, to_ms: only from this moment on, and only before that one; UTC ms.
        record: only what happened to this one.
    """

    theme: Theme | None = None
    member: bytes | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    record: bytes | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Only()


ALL: Final = Only()


def timeline(
    reader: Reader, folder: FolderId, *, before: int | None = None, limit: int = 50, only: Only = ALL
) -> Timeline:
    """What happened in a folder, newest first.

    Args:
        before: only what is older than this position.
        limit: at most so many items.
        only: which part of it.
    """
    members = shown.names(reader, "member")
    subjects = _Subjects(reader, folder)
    items: list[TimelineItem] = []
    for position, at_ms, zone, member, what in _rows(reader, folder, before or _END, only):
        told = (
            subjects.change(position, kind, record, fields)
            for kind, record, fields in _what.decode(what)
            if (only.theme in (None, Theme.CHANGES) or kind in _KINDS[only.theme]) and only.record in (None, record)
        )
        changes = tuple(change for change in told if only.theme is not Theme.CHANGES or not change.first)
        if not changes:
            continue
        if len(items) == limit:
            return Timeline(tuple(items), items[-1].position)
        items.append(TimelineItem(position, at_ms, zone, members.get(member, ""), changes))
    return Timeline(tuple(items), None)


def authors(reader: Reader, folder: FolderId) -> tuple[tuple[bytes, str], ...]:
    """Who has saved anything in a folder: member and name at work, by name."""
    names = shown.names(reader, "member")
    query = "SELECT DISTINCT member FROM history WHERE folder = ?"
    return tuple(sorted(((m, names.get(m, "")) for (m,) in reader.rows(query, folder)), key=lambda one: one[1]))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A record as it is now: where it began, what is shown, and whether it is struck out."""

    first: int
    fields: Mapping[str, Value]
    struck: bool


def _rows(reader: Reader, folder: FolderId, before: int, only: Only) -> Iterator[tuple[int, Millis, str, bytes, bytes]]:
    conditions = ["folder = ?", "position < ?"]
    values: list[int | bytes] = [folder, before]
    wanted = (
        ("member = ?", only.member),
        ("at_ms >= ?", only.from_ms),
        ("at_ms < ?", only.to_ms),
        ("instr(what, ?) > 0", only.record),
    )
    for condition, value in wanted:
        if value is not None:
            conditions.append(condition)
            values.append(value)
    query = f"SELECT position, at_ms, zone, member, what FROM history WHERE {' AND '.join(conditions)}"
    return iter(reader.each(f"{query} ORDER BY position DESC", *values))


class _Subjects:
    """What a folder's entries are about, each record read once."""

    def __init__(self, reader: Reader, folder: FolderId) -> None:
        self._reader = reader
        self._folder = folder
        self._known: dict[tuple[str, bytes], _Subject] = {}
        self._strikes: dict[tuple[str, bytes], list[int]] | None = None

    def change(self, position: int, kind: str, record: bytes, fields: list[str]) -> TimelineChange:
        """What the entry at a position did to one record."""
        subject = self._subject(kind, record)
        act = self._act(position, (kind, record), subject) if STRUCK in fields else ""
        began = subject.first == position
        return TimelineChange(kind, RecordId(record), tuple(fields), began, subject.fields, subject.struck, act)

    def _subject(self, kind: str, record: bytes) -> _Subject:
        key = (kind, record)
        if key not in self._known:
            one = shown.record(self._reader, self._folder, kind, record)
            query = "SELECT first FROM record WHERE folder = ? AND kind = ? AND id = ?"
            began = self._reader.row(query, self._folder, kind, record)
            self._known[key] = _Subject(
                began[0] if began else 0, one.fields if one else {}, one is not None and one.struck is not None
            )
        return self._known[key]

    def _act(self, position: int, key: tuple[str, bytes], subject: _Subject) -> str:
        """A record is struck out and brought back in turns, so what it is now tells what each turn was."""
        if self._strikes is None:
            self._strikes = {}
            query = "SELECT position, what FROM history WHERE folder = ? ORDER BY position DESC"
            for at, what in self._reader.each(query, self._folder):
                for kind, record, fields in _what.decode(what):
                    if STRUCK in fields:
                        self._strikes.setdefault((kind, record), []).append(at)
        later = self._strikes[key].index(position)
        return "struck" if subject.struck == (later % 2 == 0) else "back"
