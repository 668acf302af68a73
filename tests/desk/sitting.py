"""A person at the desk, without a browser: the application as it runs, a held clock, and a weak vault for speed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.ground.seeded import HeldClock, Seeded

from waystation.assemble import terms
from waystation.desk.app import build
from waystation.desk.security import Access
from waystation.desk.session import Session
from waystation.desk.web import desk_of, handler, read_form, redirect
from waystation.office.desk import Home, System
from waystation.office.founding import found
from waystation.vault import new_kdf

PORT = 40_404
HOST = f"127.0.0.1:{PORT}"
PASSPHRASE = "plinth orbit sundew canvas mirror"
OURS = {"sec-fetch-site": "same-origin", "origin": f"http://{HOST}"}


@dataclass
class Steady:
    """A monotonic clock that a test moves, together with the wall clock."""

    wall: HeldClock
    ms: int = 1_000_000

    def __call__(self) -> int:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        """Time as it passes for a machine that is awake."""
        self.ms += int(seconds * 1000)
        self.wall.at_ms += int(seconds * 1000)


@dataclass
class Sitting:
    """One launch of the desk."""

    home: Home
    app: Starlette
    client: TestClient
    steady: Steady
    system: System
    root: str = field(init=False)

    def __post_init__(self) -> None:
        self.root = f"/{self.access.prefix}"

    @property
    def session(self) -> Session:
        session: Session = self.app.state.session
        return session

    @property
    def access(self) -> Access:
        access: Access = self.app.state.access
        return access

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(f"{self.root}/{path}", headers=headers)

    def post(self, path: str, data: object = None, **more: object) -> Response:
        return self.client.post(f"{self.root}/{path}", data=data, **more)

    def unlock(self, passphrase: str = PASSPHRASE) -> Response:
        return self.post("unlock", {"passphrase": passphrase})

    def leads_to(self, answer: Response) -> str:
        """Where a redirect leads, within the desk."""
        assert answer.status_code == 303, (answer.status_code, answer.text)
        location = answer.headers["location"]
        assert location.startswith(f"{self.root}/")
        return location.removeprefix(f"{self.root}/")

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.client.__exit__(*error)


def system(clock: HeldClock, randomness: Seeded) -> System:
    return System(clock, randomness, terms())


def founded(home: Home, system: System) -> None:
    """An organisation at this desk, locked, its papers thrown away."""
    kdf = new_kdf(system.randomness, memory_kib=64, passes=1, lanes=1)
    desk, _ = found(home, "Lantern House", "Ada", PASSPHRASE, system, kdf)
    desk.lock()


def sit_down(home: Home, clock: HeldClock, system: System, idle_s: float = 600) -> Sitting:
    """The production application, entered by its one-time address."""
    steady = Steady(clock)
    app = build(home, system, port=PORT, monotonic_ms=steady, idle_s=idle_s)
    app.router.routes += [Route("/probe", handler(_show)), Route("/probe", handler(_take), methods=["POST"])]
    client = TestClient(app, base_url=f"http://{HOST}", headers=OURS, follow_redirects=False)
    sitting = Sitting(home, app, client, steady, system)
    assert client.get(sitting.access.address).headers["location"] == f"{sitting.root}/"
    return sitting


def folder_of(path: Path) -> Home:
    return Home(path / "desk")


# A page of the tests' own, so that the frame is tried without the pages of any room.


def _show(request: Request) -> Response:
    if "fail" in request.query_params:
        raise ValueError("Zelimkhan of Roshni-Chu")
    return PlainTextResponse(desk_of(request).today())


async def _take(request: Request) -> Response:
    form = await read_form(request)
    if form.text("fail"):
        raise ValueError(form.text("story"))
    return redirect(request, f"probe?files={len(form.files)}&bytes={sum(len(f.content) for f in form.files)}")
