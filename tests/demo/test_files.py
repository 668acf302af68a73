"""Operation files that cannot stand: each is refused before anything is written, naming the table and the key."""

from pathlib import Path

import pytest
from tests.demo.playing import FAMILIES, HEAD, event, small, written

from waystation.demo import SHIPPED, load
from waystation.demo.reading import FILE_MAX
from waystation.errors import BadInput, StoreError

ASK = event("ask", 'as = "g"', on="2020-01-05")
LEG = 'origin = "A", destination = "B", departs = 09:00:00, minutes = 5'
PLACE = event("place", 'as = "h"', on="2020-01-02")


def problems(folder: Path, text: str) -> dict[str, str]:
    """Where → code; every message can be filled in, and names its place."""
    with pytest.raises(BadInput) as refused:
        load(written(folder, text))
    for where, problem in refused.value.problems.items():
        assert where in problem.message % dict(problem.values)
    return {where: problem.code for where, problem in refused.value.problems.items()}


@pytest.mark.parametrize("file", [SHIPPED, FAMILIES])
def test_what_is_shipped_and_what_is_tested_loads(file: Path) -> None:
    operation = load(file)
    assert operation.events
    assert operation.begins < operation.stood


@pytest.mark.parametrize(
    ("events", "where", "code"),
    [
        ("", "event", "required"),
        ("[[event]]\non = 2020-01-05\n", "event 1: what", "unknown_type"),
        (event("dance", on="2020-01-05"), "event 1: what", "unknown_type"),
        ('[[event]]\nwhat = "member"\ndisplay_name = "A"\n', "event 1 (member): on", "required"),
        (event("member", on="2020-01-05"), "event 1 (member): display_name", "required"),
        (event("member", 'display_nam = "A"', on="2020-01-05"), "event 1 (member): display_nam", "unknown_key"),
        ('[[event]]\nwhat = "member"\non = "2020-01-05"\ndisplay_name = "A"\n', "event 1 (member): on", "wrong_value"),
        (event("member", 'display_name = ""', on="2020-01-05"), "event 1 (member): display_name", "wrong_value"),
        (event("member", 'display_name = []', on="2020-01-05"), "event 1 (member): display_name", "wrong_value"),
        (event("member", 'display_name = {a = 1}', on="2020-01-05"), "event 1 (member): display_name", "wrong_value"),
        (event("member", 'display_name = "A"; roles = ["king"]'), "event 1 (member): roles", "wrong_value"),
        (event("member", 'display_name = "A"; as = "founder"', on="2020-01-05"), "event 1 (member): as", "taken"),
        (event("member", 'display_name = "A"; as = "Big One"', on="2020-01-05"), "event 1 (member): as", "wrong_value"),
        (ASK + event("member", 'display_name = "A"; as = "g"', on="2020-01-05"), "event 2 (member): as", "taken"),
        (PLACE + PLACE, "event 2 (place): as", "taken"),
        (event("place", on="2020-01-02"), "event 1 (place): as", "required"),
        (PLACE + "beds = 0\n", "event 1 (place): beds", "wrong_value"),
        (PLACE + 'night_cost = "seven"\n', "event 1 (place): night_cost", "wrong_value"),
        (PLACE + 'partner = "nobody"\n', "event 1 (place): partner", "unknown_name"),
        (PLACE + "step_free = 3\n", "event 1 (place): step_free", "wrong_value"),
        (PLACE + 'opened = "31 February 2020"\n', "event 1 (place): opened", "wrong_value"),
        (ASK + event("triage"), "event 2 (triage): who", "required"),
        (ASK + event("triage", 'who = "h"'), "event 2 (triage): who", "unknown_name"),
        (ASK + event("triage", 'until = 2020-01-05; who = "g"'), "event 2 (triage): until", "before"),
        (ASK + event("triage", 'who = "g"; except = "everyone"'), "event 2 (triage, 2020-01-06): count", "required"),
        (ASK + event("triage", 'who = "g"; count = 0'), "event 2 (triage): count", "wrong_value"),
        (ASK + event("triage", 'who = "g"; count = true'), "event 2 (triage): count", "wrong_value"),
        (ASK + event("triage", 'who = "g"', on="2019-12-31"), "event 2 (triage, 2019-12-31): on", "before_begin"),
        (ASK + event("triage", 'until = 2020-04-01; who = "g"'), "event 2 (triage, 2020-01-06): until", "after_end"),
        (event("task", on="2020-03-31T23:00:00"), "event 1 (task, 2020-03-31): until", "after_end"),
        (ASK + event("end", 'who = "g"'), "event 2 (end): outcome", "required"),
        (ASK + event("check", 'who = "g"; by = "partner"'), "event 2 (check): partner", "required"),
        (ASK + event("check", 'who = "g"; by = "angels"'), "event 2 (check): by", "wrong_value"),
        (ASK + event("check", 'who = "g"; hours = [9, 3]'), "event 2 (check): hours", "wrong_value"),
        (ASK + event("hide", 'who = "g"; places = "g"'), "event 2 (hide): places", "unknown_name"),
        (
            ASK + event("hide", 'who = "g"; places = "h"') + PLACE.replace("01-02", "01-09"),
            "event 2 (hide): places",
            "added_later",
        ),
        (ASK + event("plan", 'who = "g"; legs = [{origin = "A"}]'), "event 2 (plan): legs", "wrong_value"),
        (
            ASK + event("plan", f'who = "g"; legs = [{{{LEG}, by = "air"}}]'),
            "event 2 (plan): legs",
            "wrong_value",
        ),
        (ASK + event("change", 'record = "g"'), "event 2 (change): record", "unknown_name"),
        (PLACE + event("change", 'record = "h"; amount = "5 EUR"'), "event 2 (change): amount", "unknown_key"),
        (ASK + 'with = "uncle"\n', "event 1 (ask): with", "wrong_value"),
        (ASK + 'texts_in = "fr"\n', "event 1 (ask): texts_in", "wrong_value"),
        (ASK + 'story = "\\u202edrawkcab"\n', "event 1 (ask): story", "wrong_value"),
        (ASK + f'story = "{"long " * 3000}"\n', "event 1 (ask): story", "wrong_value"),
        (ASK + 'given_name = "<script>\\u0000"\n', "event 1 (ask): given_name", "wrong_value"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_stand_is_named(tmp_path: Path, events: str, where: str, code: str) -> None:
    assert problems(tmp_path, small(events)).get(where) == code


@pytest.mark.parametrize(
    ("old", "new", "where", "code"),
    [
        ("format = 1", "format = 2", "operation: format", "wrong_value"),
        ("format = 1\n", "", "operation: format", "required"),
        ('zone = "Europe/Vilnius"', 'zone = "Europe/Atlantis"', "operation: zone", "unknown_zone"),
        ("begins = 2020-01-01T08:00:00", "begins = 2020-01-01", "operation: begins", "wrong_value"),
        ("begins = 2020-01-01T08:00:00", "begins = 2020-01-01T08:00:00Z", "operation: begins", "wrong_value"),
        (
            "as_it_stood = 2020-03-31T20:00:00",
            "as_it_stood = 2019-03-31T20:00:00",
            "operation: as_it_stood",
            "before",
        ),
        ('seed = "small"', 'seed = "small"\nmood = "grim"', "operation: mood", "unknown_key"),
        ("[operation]", "[operations]", "operations", "unknown_table"),
        ('country = "RU"', 'country = "XX"', "people: country", "wrong_value"),
        ('grounds = ["orientation"]', 'grounds = ["stars"]', "people: grounds", "wrong_value"),
        ('grounds = ["orientation"]', "grounds = []", "people: grounds", "wrong_value"),
        ('regions = ["A town"]', 'regions = ["A town"]\nwomen = 2', "people: women", "wrong_value"),
        ('regions = ["A town"]', 'regions = ["A town"]\nages = [40, 20]', "people: ages", "wrong_value"),
        ('regions = ["A town"]', 'regions = ["A town"]\nconcerns = ["rain"]', "people: concerns", "wrong_value"),
        ("[[people.names]]", "[[people.name]]", "people.names", "required"),
        ('given_men = ["Ben"]\n', "", "people.names 1: given_men", "required"),
        ("[[people.names]]", '[texts.en]\nnotes = ["x"]\n\n[[people.names]]', "texts.en: notes", "unknown_key"),
        ("[[people.names]]", "[texts.en]\nnote = []\n\n[[people.names]]", "texts.en: note", "wrong_value"),
        ("[[people.names]]", '[texts.fr]\nnote = ["x"]\n\n[[people.names]]', "texts.fr", "wrong_value"),
    ],
)
def test_a_head_that_cannot_stand_is_named(tmp_path: Path, old: str, new: str, where: str, code: str) -> None:
    assert old in HEAD
    assert problems(tmp_path, small(ASK).replace(old, new)).get(where) == code


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    text = small(ASK + 'with = "uncle"\n' + PLACE + "beds = 0\n").replace("format = 1", "format = 3")
    assert problems(tmp_path, text).keys() == {"operation: format", "event 1 (ask): with", "event 2 (place): beds"}


@pytest.mark.parametrize(
    "content", [b"[operation", b"\xff\xfe\x00", b"a = 1\n" * (FILE_MAX // 6 + 1)], ids=["cut", "binary", "huge"]
)
def test_what_is_no_operation_file_gets_a_clear_answer(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "operation.toml"
    file.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        load(file)
    (problem,) = refused.value.problems.values()
    assert problem.code in {"not_toml", "not_text"}


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(StoreError):
            load(path)


def test_messages_hold_nothing_of_what_was_typed(tmp_path: Path) -> None:
    """A file may hold what must not reach a terminal's history, whatever we ask of people."""
    with pytest.raises(BadInput) as refused:
        load(written(tmp_path, small(ASK + 'level = "canary"\nwith = "canary"\ngender = "canary"\n')))
    text = str(refused.value) + "".join(p.message % dict(p.values) for p in refused.value.problems.values())
    assert "canary" not in text
