"""Declarations: what contradicts itself does not import, and a new field is one line."""

import csv
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, TypedDict

import pytest

from waystation.errors import BadInput
from waystation.ids import SINGLETONS, FolderType
from waystation.limits import BODY_BUCKETS
from waystation.records import (
    REGISTRY,
    STRUCK,
    Registry,
    Who,
    check,
    columns,
    export_columns,
    export_row,
    from_form,
    row,
    search_text,
)
from waystation.records.choices import RiskLevel, Timeframe
from waystation.records.declare import (
    CASE,
    MASKED,
    OFFICE,
    RECORD_BYTES_MAX,
    choice,
    day,
    flag,
    kind,
    link,
    money,
    text,
)
from waystation.records.kinds import casework, intake, shelter
from waystation.records.labels import Choice, option
from waystation.records.values import COUNTRIES, Day

SHARED = Path(__file__).resolve().parents[3] / "shared"


def declaring(folders: set[FolderType], name: str = "thing", *, owns_folder: bool = False, **fields: Any) -> type:
    """A kind, declared on the spot."""
    made: type = TypedDict("Thing", fields, total=False)  # type: ignore[misc]  # the functional form, by design
    return kind(name, folders=folders, label="Thing", owns_folder=owns_folder)(made)


WORDS = Annotated[str, text("Words", CASE)]
LONG = Annotated[str, text("Words", CASE, max_chars=15_000, lines=9)]

CONTRADICTIONS: dict[str, tuple[set[FolderType], dict[str, Any]]] = {
    "a case field in the office": ({FolderType.OFFICE}, {"words": WORDS}),
    "a case field in the ledger": ({FolderType.LEDGER, FolderType.CASE}, {"words": WORDS}),
    "an office field in a case": ({FolderType.CASE}, {"words": Annotated[str, text("Words", OFFICE)]}),
    "no folder": (set(), {"words": WORDS}),
    "no field": ({FolderType.CASE}, {}),
    "a name that is SQL's": ({FolderType.CASE}, {"order": WORDS}),
    "a name that is the table's": ({FolderType.CASE}, {"state": WORDS}),
    "a name with a capital": ({FolderType.CASE}, {"Words": WORDS}),
    "a column twice": (
        {FolderType.CASE},
        {"born": Annotated[Day, day("Born", CASE)], "born_to": Annotated[Day, day("Born to", CASE)]},
    ),
    "a type that does not fit": ({FolderType.CASE}, {"words": Annotated[int, text("Words", CASE)]}),
    "another choice than the type": (
        {FolderType.CASE},
        {"level": Annotated[RiskLevel, choice(Timeframe, "Level", CASE)]},
    ),
    "no specification": ({FolderType.CASE}, {"words": str}),
    "two specifications": ({FolderType.CASE}, {"words": Annotated[str, text("A", CASE), text("B", CASE)]}),
    "a record that no entry could hold": ({FolderType.CASE}, {"words": LONG}),
}


@pytest.mark.parametrize(("folders", "fields"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_declaration_that_contradicts_itself_does_not_import(
    folders: set[FolderType], fields: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        declaring(folders, **fields)


def test_a_masked_field_may_stand_in_the_office() -> None:
    declaring({FolderType.OFFICE}, donor=Annotated[str, text("Donor", MASKED)])


@pytest.mark.parametrize("folders", [{FolderType.OFFICE}, {FolderType.CASE, FolderType.PLACE}], ids=["office", "two"])
def test_a_kind_owns_folders_of_one_type_outside_the_office(folders: set[FolderType]) -> None:
    with pytest.raises(TypeError):
        declaring(folders, owns_folder=True, words=Annotated[str, text("Words", MASKED)])


def registered(*kinds: type) -> Registry:
    return Registry(vars(made)["__waystation_kind__"] for made in kinds)


def test_two_kinds_never_share_a_name_or_a_folder() -> None:
    one = declaring({FolderType.CASE}, owns_folder=True, words=WORDS)
    with pytest.raises(TypeError):
        registered(one, one)
    with pytest.raises(TypeError):
        registered(one, declaring({FolderType.CASE}, "other", owns_folder=True, words=WORDS))


def test_a_link_leads_somewhere() -> None:
    to_note = declaring({FolderType.CASE}, note=Annotated[bytes, link("note", "Note", CASE)])
    with pytest.raises(TypeError):
        registered(to_note)
    registered(to_note, declaring({FolderType.CASE, FolderType.PLACE}, "note", words=WORDS))
    with pytest.raises(TypeError):
        # From a case, a note of a place could be anywhere.
        registered(to_note, declaring({FolderType.PLACE}, "note", words=WORDS))


def test_every_kind_can_be_struck_out_and_no_table_has_a_column_of_it() -> None:
    for spec in REGISTRY.values():
        field = spec.fields[STRUCK]
        assert list(spec.fields)[-1] == STRUCK
        assert field.hidden
        assert not field.required
        assert all(not column.name.startswith(STRUCK) for column in columns(spec)), spec.name
        assert from_form(spec, {STRUCK: "17.5.2017 14:30"}, today="2017-05-17", zone="UTC") == {}
        assert STRUCK not in export_columns(spec, next(iter(spec.folders)), up_to=Who.MASKED)
    with pytest.raises(TypeError):
        declaring({FolderType.CASE}, struck=WORDS)


def test_every_kind_keeps_the_rules_of_need_to_know() -> None:
    for spec in REGISTRY.values():
        for name, field in spec.fields.items():
            for folder_type in spec.folders:
                who = spec.who(name, folder_type)
                if folder_type in SINGLETONS:
                    assert who is not Who.CASE, (spec.name, name)
                else:
                    assert who is not Who.OFFICE, (spec.name, name)
                assert who is Who.MASKED or not field.is_masked


def test_what_identifies_a_person_is_masked() -> None:
    masked = {f"{spec.name}.{name}" for spec in REGISTRY.values() for name, f in spec.fields.items() if f.is_masked}
    assert masked >= {
        "person.given_name",
        "person.family_name",
        "person.patronymic",
        "person.other_names",
        "person.home",
        "contact_channel.handle",
        "identity_document.number",
        "place.address",
        "place.keeper",
        "donation.donor",
        "file.name",
    }


def test_fields_about_danger_run_from_least_to_most() -> None:
    assert [level.value for level in RiskLevel] == ["low", "medium", "high", "extreme"]
    assert [frame.value for frame in Timeframe] == ["weeks", "unknown", "days", "now"]
    for spec in REGISTRY.values():
        for name, field in spec.fields.items():
            assert not field.danger or field.type_name == "choice", (spec.name, name)
    assert REGISTRY["risk_assessment"].fields["level"].danger
    assert REGISTRY["request"].fields["timeframe"].danger


def test_the_largest_record_fits_into_an_entry() -> None:
    assert BODY_BUCKETS[-1] > RECORD_BYTES_MAX


def test_a_folder_has_one_head() -> None:
    heads = {folder_type: head.name for folder_type in FolderType if (head := REGISTRY.head(folder_type))}
    assert heads == {FolderType.CASE: "case", FolderType.PLACE: "place", FolderType.REQUEST: "request"}


def built_with(module: ModuleType, before: str, line: str) -> Registry:
    """A registry of a module's kinds, one line added to its source."""
    assert module.__file__ is not None
    source = Path(module.__file__).read_text("utf-8")
    assert source.count(before) == 1
    changed = ModuleType("changed_kinds")
    exec(compile(source.replace(before, line + before), module.__name__, "exec"), changed.__dict__)
    made = {
        item.__dict__["__waystation_kind__"].name: item.__dict__["__waystation_kind__"]
        for item in vars(changed).values()
        if isinstance(item, type) and "__waystation_kind__" in item.__dict__
    }
    return Registry(made.get(spec.name, spec) for spec in REGISTRY.values())


def test_adding_a_field_is_one_line() -> None:
    line = '    shoe_size: Annotated[str, text(N_("Shoe size"), MASKED, max_chars=10)]\n'
    before = "    born: Annotated[Day, day("
    spec = built_with(intake, before, line)["person"]
    fields = from_form(spec, {"shoe_size": "43½"}, today="2017-05-17", zone="UTC")
    assert fields == {"shoe_size": "43½"}
    with pytest.raises(BadInput):
        check(spec, {"shoe_size": "x" * 11})
    names = [column.name for column in columns(spec)]
    assert row(spec, fields)[names.index("shoe_size")] == "43½"
    assert spec.fields["shoe_size"].is_masked
    assert search_text(spec, fields) == "43½"
    assert "shoe_size" not in export_columns(spec, FolderType.CASE)
    assert "shoe_size" in export_columns(spec, FolderType.CASE, up_to=Who.MASKED)
    assert "43½" in export_row(spec, FolderType.CASE, fields, up_to=Who.MASKED)
    # And nothing of it is left behind.
    assert "shoe_size" not in REGISTRY["person"].fields


@pytest.mark.parametrize(
    ("line", "value", "cells"),
    [
        ('    lit: Annotated[bool, flag(N_("Lit"), CASE)]\n', True, {"lit": 1}),
        ('    rent: Annotated[Money, money(N_("Rent"), CASE)]\n', None, {"rent_minor": None, "rent_currency": None}),
        (
            '    visited: Annotated[Day, day(N_("Visited"), CASE)]\n',
            Day(None, "2017-05-25", "before 26 May"),
            {"visited": "2017-05-25", "visited_to": "2017-05-25", "visited_said": "before 26 May"},
        ),
    ],
    ids=["flag", "money", "day"],
)
def test_a_field_of_any_type_is_one_line(line: str, value: Any, cells: dict[str, object]) -> None:
    spec = built_with(shelter, "    rules: Annotated[", line)["place"]
    (name,) = set(spec.fields) - set(REGISTRY["place"].fields)
    checked = check(spec, {name: value})
    names = [column.name for column in columns(spec)]
    assert {column: row(spec, checked)[names.index(column)] for column in cells} == cells


def test_a_new_choice_is_one_line_and_keeps_its_place() -> None:
    class Light(Choice):
        DIM = option("dim", "Dim")
        BRIGHT = option("bright", "Bright")

    field = choice(Light, "Light", CASE, danger=True)
    assert [field.rank(value) for value in (None, "dim", "bright", "blinding")] == [-1, 0, 1, 2]
    assert field.label_of("bright") == "Bright"
    assert field.label_of("blinding") == "blinding"
    assert field.read("bright") is Light.BRIGHT


def test_the_countries_are_those_of_the_world() -> None:
    if not SHARED.exists():
        pytest.skip("the public data are not here")
    from babel import Locale

    territories = Locale("en").territories
    assert set(territories) >= COUNTRIES
    names = {name.casefold() for code, name in territories.items() if code in COUNTRIES}
    with (SHARED / "data" / "unhcr_countries.csv").open(encoding="utf-8") as lines:
        listed = [line["name"].casefold() for line in csv.DictReader(lines)]
    assert sum(name in names for name in listed) > 180


def test_registries_are_read_only() -> None:
    with pytest.raises(TypeError):
        REGISTRY["case"].fields["colour"] = flag("Colour", CASE)  # type: ignore[index]  # this is what is tested
    assert money("Sum", CASE).unit == "currency"
    assert casework.Case.__total__ is False


def test_what_is_slow_to_import_is_not_imported() -> None:
    slow = "babel pymorphy3 rapidfuzz sqlite3 asyncio apsw cryptography logging socket".split()
    code = f"import sys; sys.path[:] = {sys.path}; import waystation.records; print(*sys.modules.keys() & {slow})"
    ran = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.split() == []
