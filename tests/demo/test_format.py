"""The format is documented completely: docs/operations.md names what is accepted, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.demo.playing import small, written

from waystation.demo import format as declared
from waystation.demo import load
from waystation.demo.format import EVENTS, EventType, Key
from waystation.demo.office_events import OFFICE_EVENTS
from waystation.demo.player import STEPS
from waystation.demo.reading import shipped_texts
from waystation.records import REGISTRY
from waystation.records.choices import ConcernType, RiskLevel, VerificationType

DOCS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
SHARED = {"what", "on", "basis"}
"""Keys of every event, documented once."""


def documented() -> dict[str, set[str]]:
    """Heading → keys in the first column of its table; the legs' table stands under "leg"."""
    found: dict[str, set[str]] = {}
    heading = ""
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            heading = re.findall(r"`([^`]+)`", line)[0]
            found[heading] = set()
        elif line.startswith("| leg |"):
            heading = "leg"
            found[heading] = set()
        elif line.startswith("|") and heading:
            found[heading] |= set(re.findall(r"`([^`]+)`", line.split("|")[1]))
    return found


def test_every_event_and_key_is_documented_and_no_other() -> None:
    found = documented()
    assert {name for name in found if name in EVENTS} == EVENTS.keys()
    for name, event in EVENTS.items():
        assert found[name] | SHARED == event.all_keys().keys() | event.all_fields().keys(), name


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("[operation]", declared.OPERATION_KEYS),
        ("[people]", declared.PEOPLE_KEYS),
        ("[[people.names]]", declared.NAMES_KEYS),
        ("leg", declared.LEG_KEYS),
    ],
)
def test_every_key_of_a_table_is_documented_and_no_other(heading: str, keys: tuple[Key, ...]) -> None:
    assert documented()[heading] == {key.name for key in keys}


def test_shared_keys_are_documented_together() -> None:
    shared = {key for event in EVENTS.values() for key in event.all_keys()} - {
        key.name for event in EVENTS.values() for key in event.keys if key.name != "until"
    }
    assert documented()["[[event]]"] == shared


def test_the_example_in_the_documentation_loads(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(example) == 1
    assert len(load(written(tmp_path, example[0])).events) == 6


def test_no_key_is_a_field_too() -> None:
    for event in EVENTS.values():
        assert not event.all_keys().keys() & event.all_fields().keys(), event.name
        assert sum(map(len, event.takes.values())) == len(event.all_fields()), event.name


def test_every_type_of_event_is_played() -> None:
    assert {*OFFICE_EVENTS, *STEPS, "ask", "care"} == EVENTS.keys()


NAMED = """
[[event]]
what = "member"
on = 2020-01-02
as = "m"
display_name = "Tern"

[[event]]
what = "partner"
on = 2020-01-02
as = "p"
name = "Gate"

[[event]]
what = "place"
on = 2020-01-02
as = "h"

[[event]]
what = "route"
on = 2020-01-02
as = "r"
destination = "LT"
pathway = "work"

[[event]]
what = "source"
on = 2020-01-02
as = "s"
title = "Title"
type = "article"

[[event]]
what = "claim"
on = 2020-01-02
as = "c"
source = "s"
relation = "says"
subject = "asked"
statement = "Some."

[[event]]
what = "citation"
on = 2020-01-02
as = "t"
claim = "c"
source = "s"
relation = "quotes"

[[event]]
what = "campaign"
on = 2020-01-02
as = "k"
name = "Choirs"

[[event]]
what = "ask"
on = 2020-01-02
as = "g"
"""

NAMES = {
    "member": "m",
    "partner": "p",
    "place": "h",
    "route": "r",
    "source": "s",
    "claim": "c",
    "citation": "t",
    "campaign": "k",
}

SAMPLES = {
    "who": '"g"', "except": '["g"]', "as": '"fresh-name"', "count": "1", "until": "2020-01-06", "basis": '"A paper."',
    "on": "2020-01-05", "source": '"s"', "record": '"k"', "place": '"h"', "places": '["h"]', "same_as": '"g"',
    "with": '["child", "partner"]', "texts_in": '["en", "ru"]', "steps": '["screening"]', "by": '["ourselves"]',
    "hours": "[2, 9]", "judged": "false", "judgement": '"credible"', "scope": '["story"]',
    "unverified_because": '"No time."',
    "unusual_because": '"No visa is needed."', "review_days": "5", "next_days": "5", "nights": "3", "done": "true",
    "answered": "false", "content": '"Words."', "every_days": "[2, 4]", "notes": "0.5", "words": '["Words."]',
    "mode": '["car", "bus"]', "carried": '"The coordinator."',
    "legs": '[{ origin = "A", destination = "B", departs = 09:00:00, minutes = 90, days_later = 1, mode = "air",'
    ' carrier = "X 1" }]',
}  # fmt: skip
"""A value for each key, in TOML."""

BY_TYPE = {
    "text": '"Words"', "flag": "true", "integer": "5", "number": '"about 40"', "day": '"before 5 January 2020"',
    "moment": "2020-01-09T10:00:00", "money": '"5 EUR"', "country": '"DE"',
}  # fmt: skip


def sample(kind: str, name: str) -> str:
    """A value for a field, in TOML."""
    field = REGISTRY[kind].fields[name]
    item = getattr(field, "item", field)
    if item.target:
        return f'"{NAMES[item.target]}"'
    if item.type_name == "choice":
        one = f'"{next(iter(item.options)).value}"'
    else:
        one = BY_TYPE[item.type_name]
    return f"[{one}]" if field.type_name == "many" else one


def required(event: EventType) -> dict[str, str]:
    """The least that an event needs."""
    given = {"what": f'"{event.name}"', "on": "2020-01-05"}
    given |= {
        key.name: SAMPLES[key.name] for key in event.all_keys().values() if key.required and key.name not in given
    }
    needed = declared.NEEDED.get(event.name, frozenset())
    filled = declared.FILLED_IN.get(event.name, frozenset())
    for name, kind in event.all_fields().items():
        if name in needed or (REGISTRY[kind].fields[name].required and name not in filled):
            given[name] = sample(kind, name)
    if event.name == "expose":
        given["words"] = '"Words."'
    return given


def every_key() -> Iterator[tuple[str, str, str]]:
    for event in EVENTS.values():
        for name in event.all_keys():
            if name != "what" and (event.name, name) != ("expose", "words"):
                yield event.name, name, SAMPLES[name]
        for name, kind in event.all_fields().items():
            yield event.name, name, sample(kind, name)


def event_text(given: dict[str, str]) -> str:
    return "\n[[event]]\n" + "".join(f"{name} = {value}\n" for name, value in given.items())


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_documented_key_is_accepted(tmp_path: Path, event: EventType) -> None:
    for of, name, value in every_key():
        if of == event.name:
            given = {**required(event), name: value}
            if name == "except" and "count" in event.all_keys():
                given["count"] = "1"
            operation = load(written(tmp_path, small(NAMED + event_text(given))))
            assert operation.events[-1].type.name == event.name


@pytest.mark.parametrize("kind", NAMES)
def test_a_change_takes_every_field_of_its_record(tmp_path: Path, kind: str) -> None:
    for name in declared.writable(REGISTRY[kind]):
        given = {"what": '"change"', "on": "2020-01-05", "record": f'"{NAMES[kind]}"', name: sample(kind, name)}
        if name not in declared.EVENTS["change"].all_keys():
            assert load(written(tmp_path, small(NAMED + event_text(given)))).events[-1].type.name == "change"


def test_a_list_is_a_choice_where_a_field_holds_one_value(tmp_path: Path) -> None:
    events = NAMED + event_text({"what": '"triage"', "on": "2020-01-05", "who": '"g"', "level": '["low", "high"]'})
    operation = load(written(tmp_path, small(events)))
    assert [str(level) for level in operation.events[-1].fields["request"]["level"]] == ["low", "high"]


def test_a_kind_that_can_be_named_takes_no_key_of_a_change() -> None:
    for kind in NAMES:
        assert not {"record", "what", "on", "basis"} & set(declared.writable(REGISTRY[kind]))


POOLS = {
    "happened", "fear", "now", "referrer", "judged_credible", "judged_gaps", "judged_not_credible", "risk_hidden",
    "summary", "case_plan", "safety_plan", "evacuation", "stay", "check_in", "check_in_strained", "note", "task",
    "task_result", "health", "when_safe", "home", "agreed_words", "alarm", "closing", "follow_up", "donor", "purpose",
    "except_for", "carried", "last_word",
    *(f"risk_{level}" for level in RiskLevel),
    *(f"concern_{concern}" for concern in ConcernType),
    *VerificationType,
}  # fmt: skip


def test_every_pool_is_shipped_in_english_and_no_other() -> None:
    texts = shipped_texts()
    assert texts["en"].keys() == POOLS
    assert texts["ru"].keys() <= POOLS
    assert all(len(set(pool)) == len(pool) for pools in texts.values() for pool in pools.values())
