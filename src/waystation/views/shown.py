"""Records as pages may show them, and the choices that a form's links offer.

Guarantees: a masked field is named, never given; keys and hashes are neither. What a record has shown can be handed
back with the save that follows (`seen`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from waystation.clock import Millis
from waystation.ids import FolderId, FolderType, RecordId, ValueRef, to_text
from waystation.records import STRUCK, Day, KindSpec, Moment, RecordState, Value, conflicts, decode_state, seen, shown
from waystation.views.reader import Reader

CHOICES_MAX: Final = 200
"""More than these are not listed in a form; the page offers a search instead."""

_NAMES: Final = {
    "case": "code_name",
    "request": "code_name",
    "place": "code_name",
    "member": "display_name",
    "partner": "name",
    "campaign": "name",
    "source": "title",
    "claim": "statement",
    "helper": "code_name",
}
"""Kinds that have a name of their own, and the field that holds it; none of them is masked."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One record without what is masked.

    Args:
        fields: what is shown; never a masked or hidden field.
        masked: the masked fields that hold something.
        conflicts: the fields with more than one live value, masked ones too.
        seen: what a form that shows this record has shown.
        last: position of the newest entry that changed it.
        struck: when it was struck out; None if it stands. Only `record` gives one that is struck out.
    """

    folder: FolderId
    kind: str
    record: RecordId
    fields: Mapping[str, Value]
    masked: tuple[str, ...]
    conflicts: tuple[str, ...]
    seen: Mapping[str, tuple[ValueRef, ...]]
    last: int
    struck: Moment | None = None

    @property
    def ref(self) -> str:
        """The record's id, for addresses."""
        return to_text(self.record)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a link.

    Args:
        text: a name; empty where the page must say it in words, from `fields`.
    """

    record: RecordId
    text: str
    fields: Mapping[str, Value]


def record(reader: Reader, folder: FolderId, kind: str, identity: bytes) -> Shown | None:
    """One record, be it struck out, or None if there is none."""
    spec = reader.registry.get(kind)
    query = "SELECT id, state, last FROM record WHERE folder = ? AND kind = ? AND id = ?"
    row = reader.row(query, folder, kind, identity)
    return _shown(spec, folder, *row) if spec and row else None


def records(reader: Reader, folder: FolderId, kinds: Collection[str] | None = None) -> dict[str, tuple[Shown, ...]]:
    """A folder's records by kind, in the order in which they were added, without those that are struck out.

    A kind that has none is absent.

    Args:
        kinds: only these, if given. The office's folder and the ledger hold many: name them there.
    """
    wanted = sorted(reader.registry if kinds is None else kinds)
    marks = ", ".join("?" * len(wanted))
    query = (
        "SELECT kind, id, state, last FROM record"
        f" WHERE folder = ? AND struck = 0 AND kind IN ({marks}) ORDER BY first, id"
    )
    found: dict[str, list[Shown]] = {}
    for kind, identity, state, last in reader.rows(query, folder, *wanted):
        spec = reader.registry.get(kind)
        if spec is not None:
            found.setdefault(kind, []).append(_shown(spec, folder, identity, state, last))
    return {kind: tuple(items) for kind, items in found.items()}


def name(reader: Reader, kind: str, identity: bytes | None) -> str:
    """How a linked record is called: a code name, a name at work, a title; empty if it has none or is not here."""
    field = _NAMES.get(kind)
    if field is None or identity is None:
        return ""
    spec = reader.registry[kind]
    if spec.owns_folder:
        row = reader.row(f"SELECT {field} FROM k_{kind} WHERE folder = ?", identity)
    else:
        where = f"record = (SELECT rowid FROM record WHERE folder = ? AND kind = '{kind}' AND id = ?)"
        home = _home(reader, spec)
        row = reader.row(f"SELECT {field} FROM k_{kind} WHERE {where}", home, identity) if home else None
    return str(row[0] or "") if row else ""


def names(reader: Reader, kind: str) -> dict[bytes, str]:
    """All names of a small kind: member, partner, campaign, source."""
    field = _NAMES[kind]
    return {i: str(text or "") for i, text in reader.rows(f"SELECT id, {field} FROM k_{kind}")}


def options(reader: Reader, kind: str, folder: FolderId | None = None) -> tuple[Option, ...]:
    """What a link to this kind can point to.

    Args:
        kind: the link's target.
        folder: where the form's record lives; its own records are offered where the target lives there.
    """
    spec = reader.registry[kind]
    if kind in ("case", "request"):
        return _newest_open(reader, kind)
    if kind == "place":
        return _places(reader)
    homes = [_home(reader, spec)] if FolderType.OFFICE in spec.folders or FolderType.LEDGER in spec.folders else []
    if folder is not None and folder not in homes:
        homes.insert(0, folder)
    found = [one for home in homes if home for one in records(reader, home, (kind,)).get(kind, ())]
    field = _NAMES.get(kind, "")
    made = [Option(one.record, str(one.fields.get(field, "")), one.fields) for one in found if not _is_over(one)]
    return tuple(sorted(made, key=lambda option: option.text)) if field else tuple(made)


def _newest_open(reader: Reader, kind: str) -> tuple[Option, ...]:
    open_only = "closed IS NULL" if kind == "case" else "stage IN ('new', 'in_check', 'checked')"
    query = f"SELECT folder, code_name FROM {kind}_now WHERE {open_only} ORDER BY urgent LIMIT ?"
    found = [Option(RecordId(i), text or "", {}) for i, text in reader.rows(query, CHOICES_MAX)]
    return tuple(sorted(found, key=lambda option: option.text))


def _places(reader: Reader) -> tuple[Option, ...]:
    query = (
        "SELECT folder, code_name, region, beds FROM k_place WHERE exposed IS NULL AND (closed IS NULL OR closed > ?)"
        " ORDER BY code_name"
    )
    return tuple(
        Option(RecordId(i), text or "", {k: v for k, v in (("region", region), ("beds", beds)) if v is not None})
        for i, text, region, beds in reader.rows(query, reader.today())
    )


def _is_over(one: Shown) -> bool:
    """Whether a record is no longer offered: a shut route, a called-off journey, a channel no longer used."""
    return any(isinstance(one.fields.get(field), Day) for field in ("shut", "cancelled", "ended", "departed"))


def _home(reader: Reader, spec: KindSpec) -> FolderId | None:
    """The office's folder or the ledger's, where records of this kind live; None before the first one."""
    table = "k_member" if FolderType.OFFICE in spec.folders else f"k_{spec.name}"
    row = reader.row(f"SELECT folder FROM {table} LIMIT 1")
    return FolderId(row[0]) if row else None


def _shown(spec: KindSpec, folder: FolderId, identity: bytes, state: bytes, last: int) -> Shown:
    found: RecordState = decode_state(state)
    values = shown(found, spec)
    covered = {n for n, field in spec.fields.items() if field.is_masked or field.hidden}
    struck = values.get(STRUCK)
    if struck is not None and not isinstance(struck, Moment):
        # A newer desk struck it out in a way that this one cannot read.
        struck = Moment(Millis(0), "UTC")
    return Shown(
        folder,
        spec.name,
        RecordId(identity),
        {name: values[name] for name in spec.fields if name in values and name not in covered},
        tuple(name for name, field in spec.fields.items() if field.is_masked and not field.hidden and name in values),
        conflicts(found),
        seen(found, [name for name in spec.fields if name not in covered]),
        last,
        struck,
    )
