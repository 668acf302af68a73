"""What a declaration refuses and what follows from it: validation, forms, rows, exports, words to search."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records.strategies import values

from waystation.clock import Millis
from waystation.errors import BadInput
from waystation.ids import ChunkHash, FolderId, FolderType, RecordId, to_text
from waystation.records import (
    REGISTRY,
    Amount,
    Change,
    Day,
    KindSpec,
    Many,
    Moment,
    Money,
    Save,
    Unread,
    Value,
    Who,
    Write,
    changes_of,
    check,
    check_save,
    columns,
    export_columns,
    export_row,
    from_form,
    row,
    search_text,
    to_form,
)
from waystation.records.choices import Need, RiskLevel

NOTE, CASE, PERSON, REQUEST = (REGISTRY[name] for name in ("note", "case", "person", "request"))
NOON = Moment(Millis(1_495_018_800_000), "Europe/Vilnius")
ID = bytes(range(16))


def problems(spec: KindSpec, fields: Mapping[str, object], *, partial: bool = True) -> dict[str, str]:
    """Field → code of its problem."""
    with pytest.raises(BadInput) as refused:
        check(spec, fields, partial=partial)
    return {name: problem.code for name, problem in refused.value.problems.items()}


TEXTS = {
    "control": ("\x00", "control_characters"),
    "escape": ("a\x1b[31m", "control_characters"),
    "carriage return": ("a\r\nb", "control_characters"),
    "tab": ("a\tb", "control_characters"),
    "next line": ("a\x85b", "control_characters"),
    "line separator": ("a\u2028b", "control_characters"),
    "byte order mark": ("\ufeffa", "control_characters"),
    "noncharacter": ("a\uffff", "control_characters"),
    "lone surrogate": ("a\ud800", "control_characters"),
    "tag": ("a\U000e0041", "control_characters"),
    "override": ("invoice\u202efdp.exe", "direction_controls"),
    "embedding": ("a\u202ab", "direction_controls"),
    "isolate": ("a\u2066b\u2069", "direction_controls"),
    "marks upon one letter": ("z" + "\u0301\u0316" * 15_000, "piled_marks"),
    "one mark too many": ("z" + "\u0301" * 31, "piled_marks"),
    "ten megabytes of marks": ("z" + "\u0301\u0316" * 5_000_000, "too_long"),
    "spaces": (" \u00a0\u2003", "empty"),
    "nothing": ("", "empty"),
    "ten megabytes": ("а" * 10_000_000, "too_long"),
    "one too many": ("x" * 12_001, "too_long"),
    "one too many once composed": ("é" * 12_001, "too_long"),
}


@pytest.mark.parametrize(("text", "code"), TEXTS.values(), ids=TEXTS)
def test_ill_formed_text_is_refused_with_its_reason(text: str, code: str) -> None:
    assert problems(NOTE, {"body": text}) == {"body": code}


@pytest.mark.parametrize(
    "text",
    [
        "Она в безопасности.",
        "مرحبا، أنا بخير\nשלום",
        "نام\u200cهای \u200fفارسی",
        "<script>alert('name')</script>",
        "👩🏽\u200d⚕️ 🏳️\u200d🌈",
        "x" * 12_000,
        "e\u0301" * 12_000,
        "'; DROP TABLE k_note; --",
        "a\u00a0b",
        "z" + "\u0316" * 30,
        "—" * 100 + "😀" * 100,
    ],
    ids=[
        "russian",
        "right to left",
        "joiners",
        "script",
        "emoji",
        "longest",
        "longest decomposed",
        "sql",
        "nbsp",
        "30 marks",
        "dashes",
    ],
)
def test_well_formed_text_of_any_language_is_welcome(text: str) -> None:
    (checked,) = check(NOTE, {"body": text}).values()
    assert isinstance(checked, str)
    assert checked.replace("\u00e9", "e\u0301") == text


def test_text_is_stored_in_one_form() -> None:
    assert check(NOTE, {"body": "Юли\u0438\u0306"}) == {"body": "Юли\u0439"}


def test_a_line_feed_is_refused_where_there_is_one_line() -> None:
    assert problems(CASE, {"code_name": "Juniper\nKettle"}) == {"code_name": "one_line"}


def test_every_problem_is_named_at_once() -> None:
    found = problems(
        REQUEST,
        {"code_name": "x" * 61, "people": 100, "level": "unspeakable", "colour": "blue", "needs": [], "taken_by": b"x"},
        partial=False,
    )
    assert found == {
        "code_name": "too_long",
        "people": "out_of_range",
        "level": "unknown_choice",
        "colour": "unknown_field",
        "needs": "empty",
        "taken_by": "bad_link",
        "received": "required",
    }


def test_a_required_field_may_be_left_out_of_a_change_and_never_cleared() -> None:
    assert check(CASE, {"summary": "x"}) == {"summary": "x"}
    assert problems(CASE, {"code_name": None}) == {"code_name": "required"}
    assert check(CASE, {"summary": None}) == {"summary": None}


WRONG: dict[str, list[Any]] = {
    "text": [1, b"x", True, None.__class__, ["x"], Unread(b"\x01")],
    "choice": [1, b"low", "Low", "unspeakable", ["low"]],
    "flag": [0, 1, "1", "yes"],
    "integer": [True, 1.0, "1", -1, 10**13],
    "day": ["2017-05-26", 20170526, Amount(1, 1)],
    "number": [100, "100", Day("2017-05-26", None)],
    "moment": [1_495_018_800_000, "2017-05-26T14:00", Moment(Millis(0), "Moon/Tranquillity")],
    "money": [100, "100 EUR", Money(-1, "EUR"), Money(1, "XXX")],
    "link": [b"", b"x" * 15, b"x" * 17, "x" * 16, to_text(ID)],
    "many": ["hiding", b"hiding", {"hiding": 1}, [1], [["hiding"]], 7, []],
    "country": ["lt", "XX", "LTU", 3, b"LT"],
    "octets": [b"", b"x" * 31, "x" * 32, 7],
}


def test_every_field_of_every_kind_refuses_what_is_not_its_own() -> None:
    for spec in REGISTRY.values():
        for name, field in spec.fields.items():
            for value in WRONG[field.type_name]:
                assert problems(spec, {name: value}).keys() == {name}


@given(value=values | st.floats() | st.lists(st.integers()) | st.dictionaries(st.text(), st.text()))
def test_validation_is_total(value: object) -> None:
    for spec in REGISTRY.values():
        for name, field in spec.fields.items():
            with suppress(BadInput):
                (checked,) = check(spec, {name: value}).values()
                # What was checked once passes unchanged, and reads back as what it is.
                assert check(spec, {name: checked}) == {name: checked}
                assert checked is None or field.read(checked) == checked


@given(value=values)
def test_any_stored_value_has_a_row_and_a_plain_form(value: Value | None) -> None:
    for spec in REGISTRY.values():
        cells = row(spec, dict.fromkeys(spec.fields, value) if value is not None else {})
        assert len(cells) == len(columns(spec))
        for field in spec.fields.values():
            if value is not None:
                assert isinstance(field.plain(value), str)


def test_a_form_is_read_in_either_language() -> None:
    form = {
        "code_name": " Можжевельник Чайник ",
        "received": "17.5.2017 14:00",
        "received_zone": "Europe/Moscow",
        "people": "2",
        "needs": ["hiding", "money"],
        "level": "high",
        "deadline": "до 26 мая",
        "story": "Первая строка\r\nвторая\tстрока",
        "present_country": "ru",
        "taken_by": to_text(ID),
        "region": "",
        "token": "of the form",
    }
    assert from_form(REQUEST, form, today="2017-05-17", zone="Europe/Vilnius") == {
        "code_name": "Можжевельник Чайник",
        "received": Moment(Millis(1_495_018_800_000), "Europe/Moscow"),
        "people": 2,
        "needs": Many(("hiding", "money")),
        "level": RiskLevel.HIGH,
        "deadline": Day(None, "2017-05-25", "до 26 мая"),
        "story": "Первая строка\nвторая строка",
        "present_country": "RU",
        "taken_by": ID,
        "region": None,
    }


def test_a_form_names_every_problem_at_once() -> None:
    form = {"code_name": "", "received": "soon", "people": "many", "deadline": "31 April", "taken_by": "nobody"}
    with pytest.raises(BadInput) as refused:
        from_form(REQUEST, form, today="2017-05-17", zone="Europe/Vilnius")
    assert {name: problem.code for name, problem in refused.value.problems.items()} == {
        "code_name": "required",
        "received": "not_a_moment",
        "people": "not_a_number",
        "deadline": "impossible_day",
        "taken_by": "bad_id",
    }


def test_an_open_check_box_says_no() -> None:
    for sent, meant in ((["0", "1"], True), ("0", False), ("1", True)):
        assert from_form(CASE, {"press_silence": sent}, today="2017-05-17", zone="UTC") == {"press_silence": meant}


def test_hidden_fields_cannot_be_filled_in() -> None:
    assert from_form(REGISTRY["file"], {"file_key": "00" * 32}, today="2017-05-17", zone="UTC") == {}


def sample(spec: KindSpec) -> dict[str, Value | None]:
    """A record of a kind with every field filled."""
    fields: dict[str, object] = {}
    for name, field in spec.fields.items():
        fields[name] = {
            "text": "Слово",
            "country": "LT",
            "flag": True,
            "integer": 3,
            "day": Day("2017-05-01", "2017-05-31", "in May"),
            "number": Amount(90, 110, "about 100"),
            "moment": NOON,
            "money": Money(123_450, "EUR"),
            "link": ID,
            "octets": bytes(getattr(field, "size", 1)),
        }.get(field.type_name)
        if field.type_name == "choice":
            fields[name] = next(iter(getattr(field, "options")))  # noqa: B009 -- only a choice has them
        if field.type_name == "many":
            fields[name] = [{"link": ID, "country": "LT"}.get(field.item.type_name)]  # type: ignore[attr-defined]  # a ManyField
            if fields[name] == [None]:
                fields[name] = [next(iter(field.item.options))]  # type: ignore[attr-defined]  # of choices
    return check(spec, fields, partial=False)


@pytest.mark.parametrize("name", REGISTRY)
def test_a_form_filled_with_a_record_gives_the_record_back(name: str) -> None:
    spec = REGISTRY[name]
    record = sample(spec)
    texts = to_form(spec, record)
    assert not {field for field in texts if field in spec.fields and spec.fields[field].hidden}
    given = from_form(spec, texts, today="2026-11-22", zone="UTC")
    assert given == {field: value for field, value in record.items() if not spec.fields[field].hidden}


@pytest.mark.parametrize("name", REGISTRY)
def test_a_row_has_a_cell_for_every_column(name: str) -> None:
    spec = REGISTRY[name]
    assert len(row(spec, {})) == len(row(spec, sample(spec))) == len(columns(spec))
    assert set(row(spec, {})) == {None}
    kinds = {"TEXT": str, "INTEGER": int, "REAL": int | float, "BLOB": bytes}
    for column, cell in zip(columns(spec), row(spec, sample(spec)), strict=True):
        assert isinstance(cell, kinds[column.sql_type]), column


def test_columns_hold_what_the_specification_says() -> None:
    claim = REGISTRY["claim"]
    cells = dict(zip([column.name for column in columns(claim)], row(claim, sample(claim)), strict=True))
    assert (cells["figure_low"], cells["figure_high"], cells["figure_said"]) == (90, 110, "about 100")
    assert (cells["sum_minor"], cells["sum_currency"]) == (123_450, "EUR")
    assert (cells["as_of"], cells["as_of_to"], cells["as_of_said"]) == ("2017-05-01", "2017-05-31", "in May")
    stay = REGISTRY["stay"]
    cells = dict(zip([column.name for column in columns(stay)], row(stay, sample(stay)), strict=True))
    assert cells["people"] == f'["{to_text(ID)}"]'
    assert cells["place"] == ID


def test_what_does_not_fit_stands_as_null() -> None:
    assert set(row(REQUEST, dict.fromkeys(REQUEST.fields, Unread(b"\x01")))) == {None}


def test_search_finds_masked_names_and_no_keys() -> None:
    assert search_text(PERSON, {"family_name": "Орлов", "role": "principal", "health": "Астма"}) == "Орлов\nАстма"
    file = REGISTRY["file"]
    assert search_text(file, {"name": "scan.pdf", "file_key": b"k" * 32, "media_type": "image/png"}) == "scan.pdf"


def test_masked_fields_and_keys_stay_out_of_an_export() -> None:
    person = {"family_name": "Орлов", "role": "principal"}
    assert "family_name" not in export_columns(PERSON, FolderType.CASE)
    assert "Орлов" not in export_row(PERSON, FolderType.CASE, person)
    assert "Орлов" in export_row(PERSON, FolderType.CASE, person, up_to=Who.MASKED)
    assert "file_key" not in export_columns(REGISTRY["file"], FolderType.CASE, up_to=Who.MASKED)


def test_what_is_the_offices_narrows_inside_a_case() -> None:
    task = REGISTRY["task"]
    assert "title" in export_columns(task, FolderType.OFFICE, up_to=Who.OFFICE)
    assert "title" not in export_columns(task, FolderType.CASE, up_to=Who.OFFICE)
    assert export_columns(REGISTRY["route"], FolderType.OFFICE, up_to=Who.OPEN) == ("destination", "pathway")


@pytest.mark.parametrize("text", ["=1+1", "+7 900", "-1", "@SUM(A1)"])
def test_an_export_runs_no_formula(text: str) -> None:
    cells = export_row(NOTE, FolderType.CASE, {"body": text})
    assert f"'{text}" in cells


FOLDER = FolderId(b"f" * 16)


def a_write(**changed: Any) -> Write:
    parts: dict[str, Any] = {
        "folder": FOLDER,
        "folder_type": FolderType.CASE,
        "kind": "note",
        "record": RecordId(b"r" * 16),
        "fields": {"body": "e\u0301"},
    }
    return Write(**parts | changed)


def test_a_save_is_checked_as_a_whole() -> None:
    save = check_save(Save((a_write(),), files=(ChunkHash(b"h" * 32),)), REGISTRY)
    assert save.writes[0].fields == {"body": "é"}
    assert changes_of(save, FOLDER) == (Change("note", RecordId(b"r" * 16), {"body": "é"}),)
    assert changes_of(save, FolderId(b"g" * 16)) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "horoscope"},
        {"folder_type": FolderType.OFFICE},
        {"kind": "case", "fields": {"summary": "x"}},
        {"fields": {}},
        {"seen": {"written": ((b"d" * 16, 1),)}},
        {"new": True},
        {"fields": {"colour": "blue"}},
    ],
    ids=["unknown kind", "wrong folder", "not its folder's id", "nothing", "seen unwritten", "new", "unknown field"],
)
def test_a_save_that_breaks_a_rule_is_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(BadInput):
        check_save(Save((a_write(**changed),)), REGISTRY)


def test_the_head_of_a_folder_bears_its_id() -> None:
    fields = {"code_name": "Juniper Kettle", "opened": Day("2017-05-17", "2017-05-17")}
    write = a_write(kind="case", record=RecordId(bytes(FOLDER)), fields=fields, new=True)
    assert check_save(Save((write,)), REGISTRY).writes[0].fields == fields


def test_many_are_kept_once_and_in_order() -> None:
    assert check(CASE, {"needs": [Need.PAPERS, "hiding", Need.HIDING]}) == {"needs": Many(("hiding", "papers"))}
    assert problems(CASE, {"needs": [Need.PAPERS, "gold"]}) == {"needs": "unknown_choice"}
    assert problems(REGISTRY["stay"], {"people": [bytes([n]) * 16 for n in range(51)]}) == {"people": "too_many"}
