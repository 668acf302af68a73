"""How a kind of record is declared: one typed dictionary, whose fields carry their specification.

    @kind("case", folders={FolderType.CASE}, owns_folder=True, label=N_("Case"))
    class Case(TypedDict, total=False):
        code_name: Annotated[str, text(N_("Code name"), CASE, max_chars=60, required=True)]

A declaration is checked when it is imported: a kind of the office has no field of the case, column
names do not collide, a whole record fits into one entry. Every kind has the field `struck` besides, which no
declaration names. The decorator marks the class and keeps no list; a `Registry` is built from modules, so a test builds
its own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Annotated, Final, TypeVar, get_args, get_origin, get_type_hints

from waystation.ids import HASH_BYTES, SINGLETONS, FolderType
from waystation.records.fields import (
    ChoiceField,
    Column,
    CountryField,
    DayField,
    FieldSpec,
    FlagField,
    IntegerField,
    LinkField,
    ManyField,
    MomentField,
    MoneyField,
    NumberField,
    OctetsField,
    TextField,
    Who,
)
from waystation.records.labels import N_, Choice
from waystation.records.values import AMOUNT_MAX

OPEN: Final = Who.OPEN
OFFICE: Final = Who.OFFICE
CASE: Final = Who.CASE
MASKED: Final = Who.MASKED

RECORD_BYTES_MAX: Final = 60_000
"""A whole record of any kind stays below the largest body of an entry (64 KiB), references included."""

STRUCK: Final = "struck"
"""The field that every kind has: while it holds something, the record is struck out (spec/records.md R22)."""

_MARK: Final = "__waystation_kind__"
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_TAKEN: Final = frozenset(
    # Columns that every table has, and SQL's reserved words that a field might be called.
    """
    conflicts desk folder folder_type id kind oid record rowid save seq state struck
    abort action add after all alter analyze and as asc attach before begin between by cascade case
    cast check collate column commit conflict constraint create cross current current_date database
    default deferrable deferred delete desc detach distinct do drop each else end escape except
    exclude exclusive exists explain fail filter first following for foreign from full generated glob
    group groups having if ignore immediate in index indexed initially inner insert instead intersect
    into is isnull join key last left like limit match materialized natural no not nothing notnull
    null nulls of offset on or order others outer over partition plan pragma preceding primary query
    raise range recursive references regexp reindex release rename replace restrict returning right
    rollback row rows savepoint select set table temp temporary then ties to transaction trigger
    unbounded union unique update using vacuum values view virtual when where window with without
    """.split()
)

C = TypeVar("C", bound=type)


@dataclass(frozen=True, slots=True, eq=False)
class KindSpec:
    """One declared kind of record.

    Args:
        name: stable name, as stored.
        label: gettext id.
        folders: types of folder that it may live in.
        owns_folder: whether each record is the head of a folder of its own, and shares its id.
        fields: field name → specification, in the declared order; `struck` is the last.
    """

    name: str
    label: str
    folders: frozenset[FolderType]
    owns_folder: bool
    fields: Mapping[str, FieldSpec]

    def who(self, field: str, folder_type: FolderType) -> Who:
        """Who may see a field where it lives: what is the office's narrows to the case inside a case.

        Raises: KeyError, if there is no such field.
        """
        who = self.fields[field].who
        if who is Who.OFFICE and folder_type not in SINGLETONS:
            return Who.CASE
        return who


def kind(name: str, *, folders: Iterable[FolderType], label: str, owns_folder: bool = False) -> Callable[[C], C]:
    """Declare a typed dictionary as a kind of record.

    Args:
        name: stable name; also names its table.
        folders: types of folder that it may live in.
        label: gettext id.
        owns_folder: whether a record is the head of its folder.
    Raises: TypeError at import, if the declaration contradicts itself.
    """

    def mark(cls: C) -> C:
        where = frozenset(folders)
        declared = _fields(name, cls)
        _check_kind(KindSpec(name, label, where, owns_folder, declared))
        declared[STRUCK] = _struck(where)
        spec = KindSpec(name, label, where, owns_folder, MappingProxyType(declared))
        _check_size(spec)
        setattr(cls, _MARK, spec)
        return cls

    return mark


def _fields(name: str, cls: type) -> dict[str, FieldSpec]:
    fields: dict[str, FieldSpec] = {}
    for field, hint in get_type_hints(cls, include_extras=True).items():
        specs = [a for a in get_args(hint)[1:] if isinstance(a, FieldSpec)]
        if get_origin(hint) is not Annotated or len(specs) != 1:
            raise TypeError(f"{name}.{field}: one specification belongs beside the type")
        python_type = get_args(hint)[0]
        if not isinstance(python_type, type) or not issubclass(python_type, specs[0].python_type):
            raise TypeError(f"{name}.{field}: the type does not fit {specs[0].type_name}")
        if isinstance(specs[0], ChoiceField) and specs[0].options is not python_type:
            raise TypeError(f"{name}.{field}: the type is not the choice that it names")
        fields[field] = specs[0]
    return fields


def _struck(folders: frozenset[FolderType]) -> FieldSpec:
    """When a record was struck out. No form asks for it: `office.undo` strikes out and brings back."""
    who = OFFICE if folders.intersection(SINGLETONS) else CASE
    return MomentField(label=N_("Struck out"), who=who, hidden=True)


def _check_kind(spec: KindSpec) -> None:
    singletons = spec.folders.intersection(SINGLETONS)
    if not _NAME.fullmatch(spec.name) or not spec.folders or not spec.fields:
        raise TypeError(f"{spec.name}: a kind has a plain name, folders and fields")
    if spec.owns_folder and (len(spec.folders) != 1 or singletons):
        raise TypeError(f"{spec.name}: a folder of its own is of one type, and not the office's")
    columns: set[str] = set()
    for name, field in spec.fields.items():
        where = f"{spec.name}.{name}"
        if not _NAME.fullmatch(name) or name in _TAKEN:
            raise TypeError(f"{where}: this name is taken or not plain")
        if field.who is Who.CASE and singletons:
            raise TypeError(f"{where}: nothing of a case may stand in a folder of the office")
        if field.who is Who.OFFICE and not singletons:
            raise TypeError(f"{where}: the office does not see into this kind's folders")
        for column in field.columns(name):
            if column.name in columns:
                raise TypeError(f"{where}: the column {column.name} is taken by another field")
            columns.add(column.name)


def _check_size(spec: KindSpec) -> None:
    if sum(len(n) + 2 + f.bytes_max() for n, f in spec.fields.items()) > RECORD_BYTES_MAX:
        raise TypeError(f"{spec.name}: a whole record would not fit into one entry")


class Registry(Mapping[str, KindSpec]):
    """All kinds of record that a desk knows, by name. Immutable.

    Args:
        kinds: specifications; `Registry.of` collects them from modules.
    Raises: TypeError, if two kinds share a name or a folder, or a link leads nowhere.
    """

    def __init__(self, kinds: Iterable[KindSpec]) -> None:
        self._kinds: dict[str, KindSpec] = {}
        self._heads: dict[FolderType, KindSpec] = {}
        for spec in kinds:
            if spec.name in self._kinds:
                raise TypeError(f"two kinds are called {spec.name}")
            self._kinds[spec.name] = spec
            if spec.owns_folder:
                (folder_type,) = spec.folders
                if folder_type in self._heads:
                    raise TypeError(f"two kinds own folders of type {folder_type}")
                self._heads[folder_type] = spec
        for spec in self._kinds.values():
            for name, field in spec.fields.items():
                if field.target and not self._reachable(spec, field.target):
                    raise TypeError(f"{spec.name}.{name}: no {field.target} can be found from there")

    @classmethod
    def of(cls, *modules: ModuleType) -> "Registry":
        """The kinds declared in modules, in the order of the modules and their lines."""
        return cls(
            spec
            for module in modules
            for item in vars(module).values()
            if isinstance(item, type) and item.__module__ == module.__name__
            if isinstance(spec := getattr(item, _MARK, None), KindSpec)
        )

    def __getitem__(self, name: str) -> KindSpec:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def head(self, folder_type: FolderType) -> KindSpec | None:
        """The kind whose records own folders of this type, if there is one."""
        return self._heads.get(folder_type)

    def _reachable(self, spec: KindSpec, target: str) -> bool:
        found = self._kinds.get(target)
        return found is not None and (
            found.owns_folder
            or spec.folders <= found.folders
            or (len(found.folders) == 1 and found.folders <= set(SINGLETONS))
        )


def text(
    label: str,
    who: Who,
    *,
    max_chars: int = 200,
    lines: int = 1,
    required: bool = False,
    searchable: bool = True,
) -> TextField:
    """Words: at most `max_chars` code points; `lines` above 1 allows line feeds."""
    return TextField(
        label=label,
        who=who,
        required=required,
        searchable=searchable,
        max_chars=max_chars,
        lines=lines,
    )


def choice(options: type[Choice], label: str, who: Who, *, danger: bool = False, required: bool = False) -> ChoiceField:
    """One of a closed list; with `danger`, listed from the least to the most dangerous."""
    return ChoiceField(label=label, who=who, required=required, danger=danger, options=options)


def country(label: str, who: Who, *, required: bool = False) -> CountryField:
    """ISO 3166-1 alpha-2 code."""
    return CountryField(label=label, who=who, required=required)


def flag(label: str, who: Who) -> FlagField:
    """Yes or no."""
    return FlagField(label=label, who=who)


def integer(label: str, who: Who, *, low: int = 0, high: int = AMOUNT_MAX, required: bool = False) -> IntegerField:
    """A whole number from `low` to `high`."""
    return IntegerField(label=label, who=who, required=required, low=low, high=high)


def day(label: str, who: Who, *, required: bool = False) -> DayField:
    """A day, as far as it is known."""
    return DayField(label=label, who=who, required=required)


def number(label: str, who: Who, *, required: bool = False) -> NumberField:
    """A number, as far as it is known."""
    return NumberField(label=label, who=who, required=required)


def moment(label: str, who: Who, *, required: bool = False) -> MomentField:
    """A point in time with its zone."""
    return MomentField(label=label, who=who, required=required)


def money(label: str, who: Who, *, required: bool = False) -> MoneyField:
    """An exact sum with its currency."""
    return MoneyField(label=label, who=who, required=required)


def link(target: str, label: str, who: Who, *, required: bool = False) -> LinkField:
    """The record id of another record, of the kind `target`."""
    return LinkField(label=label, who=who, required=required, target=target)


def many(options: type[Choice], label: str, who: Who) -> ManyField:
    """Several of a closed list."""
    item = ChoiceField(label=label, who=who, options=options)
    return ManyField(label=label, who=who, item=item)


def links(target: str, label: str, who: Who) -> ManyField:
    """Several records of the kind `target`."""
    item = LinkField(label=label, who=who, target=target)
    return ManyField(label=label, who=who, target=target, item=item)


def countries(label: str, who: Who) -> ManyField:
    """Several countries."""
    return ManyField(label=label, who=who, item=CountryField(label=label, who=who))


def octets(label: str, who: Who, *, size: int = HASH_BYTES, count_max: int = 1, required: bool = False) -> OctetsField:
    """Bytes that no page shows: `count_max` pieces of `size` bytes at most."""
    return OctetsField(label=label, who=who, required=required, hidden=True, size=size, count_max=count_max)


def columns(spec: KindSpec) -> tuple[Column, ...]:
    """The SQL columns of a kind's table, in the declared order of its fields; what is struck out has no row there."""
    return tuple(c for name, field in spec.fields.items() if name != STRUCK for c in field.columns(name))


__all__ = [
    "CASE",
    "MASKED",
    "OFFICE",
    "OPEN",
    "RECORD_BYTES_MAX",
    "STRUCK",
    "FieldSpec",
    "KindSpec",
    "Registry",
    "Who",
    "choice",
    "columns",
    "countries",
    "country",
    "day",
    "flag",
    "integer",
    "kind",
    "link",
    "links",
    "many",
    "moment",
    "money",
    "number",
    "octets",
    "text",
]
