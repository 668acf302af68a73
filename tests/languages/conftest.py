"""A furnished desk with a record of every kind, and its pages in a language that was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.routing import Route
from tests.desk.journeys.furnished import Furnished, furnished
from tests.desk.journeys.walk import Walk, addresses, complete, everything, texts, walk
from tests.desk.sitting import Sitting, folder_of, sit_down, system
from tests.ground.seeded import HeldClock, Seeded


@dataclass
class Everywhere:
    """A desk of which every page can be seen."""

    desk: Furnished
    sitting: Sitting

    def in_language(self, code: str) -> Walk:
        """Every page in a language."""
        header = {"accept-language": code}
        routes = self.sitting.app.router.routes
        return walk(lambda path: self.sitting.get(path, **header), self.sitting.root, routes, self.desk)

    @property
    def addresses(self) -> list[str]:
        """Of every page that is not found by following links alone."""
        routes = [route for route in self.sitting.app.router.routes if isinstance(route, Route)]
        book = everything(self.desk.desk)
        return [path for route in routes if "GET" in (route.methods or ()) for path in addresses(route, book)]

    @property
    def texts(self) -> list[str]:
        """What people wrote."""
        return texts(self.desk.desk)


@contextmanager
def opened(folder: Path, label: str) -> Iterator[Everywhere]:
    """A desk of which every page can be seen."""
    clock, randomness = HeldClock(), Seeded(label)
    with (
        furnished(folder, clock, randomness) as desk,
        sit_down(desk.home, clock, system(clock, randomness)) as sitting,
    ):
        complete(desk)
        sitting.session.open(desk.desk)
        yield Everywhere(desk, sitting)


@pytest.fixture(scope="module")
def to_look_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    """One for all tests that only look."""
    with opened(tmp_path_factory.mktemp("look"), __name__) as everywhere:
        yield everywhere


@pytest.fixture
def everywhere(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Everywhere]:
    """One that a test may change."""
    with opened(tmp_path, request.node.nodeid) as everywhere:
        yield everywhere


@pytest.fixture
def fresh(tmp_path: Path, clock: HeldClock, randomness: Seeded) -> Iterator[Sitting]:
    """A desk without an organisation."""
    with sit_down(folder_of(tmp_path), clock, system(clock, randomness)) as sitting:
        yield sitting
