"""Exports: what leaves the book, in the clear or sealed to someone. Closed by default: a careless one exposes everyone.

Guarantees: only fields that may be published leave, unless more is asked for and may be had; masked fields leave only
with a reason, which is recorded before anything is written; formulas are neutralised; nothing is left half-written.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import pyrage

from waystation.errors import BadInput, Problem
from waystation.ids import FolderType, to_text
from waystation.office.backup import place_file, read_recipient
from waystation.office.desk import Desk
from waystation.records import KindSpec, Save, Value, Write
from waystation.records.check import export_columns, export_row, neutral
from waystation.records.declare import Who
from waystation.records.values import Moment
from waystation.roles import Action, allowed


class Form(StrEnum):
    CSV = "csv"
    JSON = "json"


REASON_CHARS: Final = 500


def export(
    desk: Desk,
    target: Path,
    kinds: Sequence[str],
    *,
    up_to: Who = Who.OPEN,
    form: Form = Form.CSV,
    recipient: str | None = None,
    reason: str = "",
) -> int:
    """Writes records of some kinds to a file.

    Args:
        target: the file; must not exist. CSV holds one kind; JSON any number. up_to: the most guarded fields that
        leave; `open` ones may be published, `masked` are names, contacts, addresses. recipient: an age recipient to
        seal it to; None writes it in the clear. reason: needed for masked fields; it is recorded with who asked and
        when.
    Returns: how many records were written.
    Raises: Refused, BadInput, StoreError.
    """
    desk.require(Action.EXPORT, FolderType.CASE)
    specs = [_kind(desk, name) for name in kinds]
    if form is Form.CSV and len(specs) != 1:
        raise BadInput({"kind": Problem("one_kind", "A CSV file holds one kind of record. Name one, or take JSON.")})
    if up_to is Who.MASKED:
        _record(desk, kinds, reason)
    sealed_to = [read_recipient(recipient)] if recipient else []
    rows = [(spec, list(_rows(desk, spec, up_to))) for spec in specs]
    content = _csv(rows) if form is Form.CSV else _json(rows)
    data = pyrage.encrypt(content, sealed_to) if sealed_to else content
    if target.exists():
        raise BadInput({"target": Problem("exists", "That file exists already. Give another name.")})
    place_file(target, lambda file: file.write(data))
    return sum(len(found) for _, found in rows)


def may_export(desk: Desk) -> bool:
    """Whether this member may write anything out of the book; only for choosing what a page offers."""
    return allowed(desk.roles, Action.EXPORT, FolderType.CASE)


def table(desk: Desk, lines: Sequence[Sequence[str]]) -> bytes:
    """Numbers as a page shows them, as CSV for a spreadsheet; the first line holds the heads.

    Raises: Refused, if this member may write nothing out of the book.
    """
    desk.require(Action.EXPORT, FolderType.CASE)
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([neutral(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _kind(desk: Desk, name: str) -> KindSpec:
    spec = desk.registry.get(name)
    if spec is None:
        known = {"known": ", ".join(sorted(desk.registry))}
        raise BadInput({"kind": Problem("unknown_kind", "There is no such kind of record. Known: %(known)s.", known)})
    return spec


def _record(desk: Desk, kinds: Sequence[str], reason: str) -> None:
    if not reason.strip():
        raise BadInput({"reason": Problem("required", "Masked fields leave only with a reason. Give one.")})
    office = desk.folder(FolderType.OFFICE)
    fields: dict[str, Value | None] = {
        "revealed": Moment(desk.now_ms(), desk.zone()),
        "revealed_by": desk.member,
        "of_kind": "export",
        "of_record": office,
        "of_field": ", ".join(sorted(kinds))[:60],
        "reason": reason[:REASON_CHARS],
    }
    desk.save(Save((Write(office, FolderType.OFFICE, "reveal", desk.new_record(), fields),)))


def _rows(desk: Desk, spec: KindSpec, up_to: Who) -> Iterator[dict[str, str]]:
    for folder, folder_type, fields in desk.tables.each(spec):
        names = export_columns(spec, folder_type, up_to=up_to)
        values = export_row(spec, folder_type, fields, up_to=up_to)
        line = dict(zip(names, values, strict=True))
        # Which records belong together is no more public than the case is.
        yield line if up_to is Who.OPEN else {"folder": to_text(folder), **line}


def _csv(rows: Sequence[tuple[KindSpec, list[dict[str, str]]]]) -> bytes:
    (_, found), text = rows[0], io.StringIO()
    writer = csv.DictWriter(text, list(found[0]) if found else [], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue().encode("utf-8-sig")


def _json(rows: Sequence[tuple[KindSpec, list[dict[str, str]]]]) -> bytes:
    return json.dumps({spec.name: found for spec, found in rows}, ensure_ascii=False, indent=1).encode()
