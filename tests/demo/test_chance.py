"""Draws: the same for the same labels, within their bounds, and sums that are exact."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from tests.ground.seeded import HeldClock

from waystation.clock import Millis
from waystation.demo.chance import Chance
from waystation.demo.clock import OperationClock
from waystation.demo.people import Author, born, household
from waystation.demo.reading import load
from waystation.demo.stage import shares
from waystation.records import Day


@given(st.text(), st.integers(0, 50), st.integers(0, 50))
def test_the_same_labels_draw_the_same(label: str, low: int, more: int) -> None:
    one, other = Chance("seed", label, low), Chance("seed", label, low)
    drawn = [one.between(low, low + more) for _ in range(5)]
    assert drawn == [other.between(low, low + more) for _ in range(5)]
    assert all(low <= number <= low + more for number in drawn)


def test_other_labels_draw_otherwise() -> None:
    assert Chance("a", "b")(16) != Chance("a", "c")(16)
    assert Chance("ab", "c")(16) != Chance("a", "bc")(16)


@given(st.lists(st.integers(), min_size=1, unique=True), st.integers(0, 20))
def test_several_are_different_ones(choices: list[int], count: int) -> None:
    found = Chance("several").several(choices, count)
    assert len(found) == len(set(found)) == min(count, len(choices))


@given(st.lists(st.integers(1, 36), min_size=1, max_size=40), st.integers(0, 10**7), st.sampled_from([1, 500]))
def test_shares_add_up_exactly(weights: list[int], more: int, unit: int) -> None:
    total = len(weights) * unit * 2 + more
    parts = shares(total, weights, unit)
    assert sum(parts) == total
    assert len(parts) == len(weights)


@given(st.text(min_size=1, max_size=5))
def test_birthdays_fit_the_ages(label: str) -> None:
    on = date(2017, 4, 2)
    day = born(Chance(label), (18, 46), on)
    assert isinstance(day, Day)
    assert day.latest is not None
    assert 16 <= on.year - int(day.sort_key[:4]) <= 49


def test_children_are_younger_and_bear_the_family_name() -> None:
    people = household(load(), Chance("a family"), ["partner", "child", "child"], date(2017, 4, 2))
    years = [int(person["born"].sort_key[:4]) for person in people if isinstance(person["born"], Day)]
    assert len(people) == len(years) == 4
    assert all(child > years[0] for child in years[2:])
    assert [str(person["role"]) for person in people] == ["principal", "in_case", "in_case", "in_case"]


def test_an_author_writes_nothing_twice_before_all_is_written() -> None:
    author = Author({"en": {"note": ("a", "b", "c")}}, "en")
    chance = Chance("author")
    assert {author.write("note", chance) for _ in range(3)} == {"a", "b", "c"}
    assert author.write("note", chance) in {"a", "b", "c"}


def test_a_clock_stands_until_it_is_let_go() -> None:
    machine = HeldClock()
    clock = OperationClock(Millis(1_000), "Europe/Moscow", machine)
    machine.at_ms += 5_000
    assert clock.now_ms() == 1_000
    clock.move_to(Millis(9_000))
    assert clock.now_ms() == 9_000
    clock.let_go(Millis(20_000))
    machine.at_ms += 5_000
    assert (clock.now_ms(), clock.zone()) == (25_000, "Europe/Moscow")
