"""What a declaration means for a whole record: checking, forms, rows, exports, words to search.

Everything here follows from the declaration alone, so a new field needs one line and no more.
`check` is the gate before every save; it names every field that cannot stand, not only the first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from waystation.errors import BadInput, Problem
from waystation.ids import FolderType
from waystation.records.declare import STRUCK, KindSpec, columns
from waystation.records.fields import FieldSpec, FormContext, SqlValue, Who
from waystation.records.labels import N_
from waystation.records.values import Unread, Value

_REQUIRED: Final = Problem("required", N_("This is needed."))
_UNKNOWN: Final = Problem("unknown_field", N_("This kind of record has no such field."))
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

Form = Mapping[str, str | Sequence[str]]
"""Input name → its text, or every text of that name."""


def check(spec: KindSpec, fields: Mapping[str, object], *, partial: bool = True) -> dict[str, Value | None]:
    """The values to store, or every problem at once.

    Args:
        spec: the kind.
        fields: field → value; None clears it.
        partial: whether this changes a record that exists; a new one must have its required fields.
    Returns: the same fields, each value in its one stored form.
    Raises: BadInput: one problem a field.
    """

    def checked(name: str) -> Value | None:
        value = fields[name]
        return None if value is None else spec.fields[name].check(value)

    absent = () if partial else [n for n, f in spec.fields.items() if f.required and n not in fields]
    return _each(spec, fields, checked, dict.fromkeys(absent, _REQUIRED))


def from_form(spec: KindSpec, form: Form, *, today: str, zone: str) -> dict[str, Value | None]:
    """The fields that a form fills in, read and checked.

    A sum may have a second input, `<field>_currency`, and a moment `<field>_zone`. A check box is
    sent after a hidden "0" of its name, and the last one counts. Empty text clears. Inputs that
    are no field of the kind are left alone: tokens, references, fields of other records.

    Args:
        spec: the kind.
        form: what was sent.
        today: ISO date at the desk, near which a day without a year is taken.
        zone: IANA name of the desk's zone, for times that name none.
    Raises: BadInput: one problem a field.
    """

    def parsed(name: str) -> Value | None:
        field = spec.fields[name]
        texts = _texts(form, name)
        text = " ".join(texts) if field.type_name == "many" else texts[-1]
        if not text.strip():
            return None
        units = _texts(form, f"{name}_{field.unit}") if field.unit else [""]
        return field.check(field.parse(text, FormContext(today, zone, units[-1].strip())))

    given = [n for n, field in spec.fields.items() if n in form and not field.hidden]
    return _each(spec, given, parsed, {})


def _texts(form: Form, name: str) -> Sequence[str]:
    sent = form.get(name, "")
    return [sent] if isinstance(sent, str) else sent or [""]


def _each(
    spec: KindSpec,
    names: Iterable[str],
    value_of: Callable[[str], Value | None],
    problems: dict[str, Problem],
) -> dict[str, Value | None]:
    """The value of every field, or all their problems in one refusal."""
    found: dict[str, Value | None] = {}
    for name in names:
        if name not in spec.fields:
            problems[name] = _UNKNOWN
            continue
        try:
            found[name] = value_of(name)
        except BadInput as refused:
            problems[name] = refused.problems[""]
        else:
            if found[name] is None and spec.fields[name].required:
                problems[name] = _REQUIRED
    if problems:
        raise BadInput(problems)
    return found


def to_form(spec: KindSpec, fields: Mapping[str, Value | None]) -> dict[str, str]:
    """The text of every input that would fill a form with these fields: the inverse of `from_form`.

    Hidden fields and what cannot be read have no input.
    """
    texts: dict[str, str] = {}
    for name, field in spec.fields.items():
        value = fields.get(name)
        if field.hidden or isinstance(value, Unread):
            continue
        texts[name] = "" if value is None else field.plain(value)
        if field.unit:
            texts[f"{name}_{field.unit}"] = "" if value is None else field.plain_unit(value)
    return texts


def row(spec: KindSpec, fields: Mapping[str, Value | None]) -> tuple[SqlValue, ...]:
    """One row of the kind's table, in the order of `columns(spec)`; NULL where nothing is shown."""
    width, places = _plan(spec)
    cells: list[SqlValue] = [None] * width
    # Of the fields that are declared, most records hold few.
    for name, value in fields.items():
        if value is not None and name in places:
            at, field = places[name]
            laid = field.row(value)
            cells[at : at + len(laid)] = laid
    return tuple(cells)


@lru_cache(maxsize=256)
def _plan(spec: KindSpec) -> tuple[int, Mapping[str, tuple[int, FieldSpec]]]:
    """How many cells a row has; field → where its first one is."""
    places: dict[str, tuple[int, FieldSpec]] = {}
    width = 0
    for name, field in spec.fields.items():
        if name != STRUCK:
            places[name] = width, field
            width += len(field.columns(name))
    return width, places


def search_text(spec: KindSpec, fields: Mapping[str, Value | None]) -> str:
    """The words under which a record is found: its searchable fields, a line each.

    Masked names are among them, since the index is encrypted like everything else.
    """
    found = [fields.get(name) for name in _searchable(spec)]
    return "\n".join([value for value in found if isinstance(value, str)])


@lru_cache(maxsize=256)
def _searchable(spec: KindSpec) -> tuple[str, ...]:
    return tuple(name for name, field in spec.fields.items() if field.searchable)


def export_columns(spec: KindSpec, folder_type: FolderType, *, up_to: Who = Who.CASE) -> tuple[str, ...]:
    """Heads of an export's columns: field names, in the declared order.

    Args:
        spec: the kind.
        folder_type: where the records live; what is the office's narrows to the case inside a case.
        up_to: the most guarded fields that go along. Keys and hashes never do.
    """
    return tuple(name for name, _ in _exported(spec, folder_type, up_to))


def export_row(
    spec: KindSpec,
    folder_type: FolderType,
    fields: Mapping[str, Value | None],
    *,
    up_to: Who = Who.CASE,
) -> tuple[str, ...]:
    """One line of an export, in the order of `export_columns`.

    A cell that a spreadsheet would run as a formula is led by an apostrophe.
    """
    cells = []
    for name, field in _exported(spec, folder_type, up_to):
        value = fields.get(name)
        cells.append(neutral("" if value is None else field.plain(value)))
    return tuple(cells)


def neutral(text: str) -> str:
    """A cell of an export: led by an apostrophe where a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _exported(spec: KindSpec, folder_type: FolderType, up_to: Who) -> Iterator[tuple[str, FieldSpec]]:
    guarded = list(Who)
    for name, field in spec.fields.items():
        who = spec.who(name, folder_type)
        if not field.hidden and guarded.index(who) <= guarded.index(up_to):
            yield name, field


__all__ = [
    "check",
    "columns",
    "export_columns",
    "export_row",
    "from_form",
    "row",
    "search_text",
    "to_form",
]
