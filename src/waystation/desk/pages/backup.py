"""The backup, made from the page: encrypted beside the book, handed to the browser, and removed again.

Guarantees: nothing in the clear leaves the book; a backup counts as made only when the browser has taken all of it.
"""

from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from waystation.clock import DAY_MS, Millis
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, redirect, render, words
from waystation.ids import FolderType
from waystation.office import backup
from waystation.office.desk import Desk
from waystation.office.reading import look
from waystation.records.values import Moment
from waystation.views import organisation as views

PIECE: Final = 1024 * 1024
"""How much of the file is read at once, in bytes."""


def show(request: Request) -> Response:
    """What a backup is, where it belongs, and the button that makes one."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    made, drilled = views.last_backup(desk.reader), views.last_drill(desk.reader)
    return render(
        request,
        "backup.html",
        page="organisation",
        title=teller.language.gettext("Make a backup"),
        backup_ms=made,
        backup_days=_days(desk, made),
        drill_ms=drilled,
        drill_days=_days(desk, drilled),
        expires=teller.moment(Moment(Millis(made + backup.VALID_DAYS * DAY_MS), desk.zone()))
        if made is not None
        else "",
        valid_days=backup.VALID_DAYS,
        megabytes=max(1, round(views.storage(desk.reader).size / 1_000_000)),
    )


def make(request: Request) -> Response:
    """Makes one and hands it over."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    made = backup.outgoing(desk)
    return _HandedOver(desk, made.file, made.made_ms, f"waystation-{desk.today()}.age")


def drilled(request: Request) -> Response:
    """Notes that a backup was restored for trial."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    backup.note_drill(desk)
    return redirect(request, "organisation/backup", ("done", words(request).gettext("The trial is noted.")))


def _days(desk: Desk, at_ms: int | None) -> int | None:
    return None if at_ms is None else (desk.now_ms() - at_ms) // DAY_MS


class _HandedOver(Response):
    """A file that is sent piece by piece and removed afterwards, whether the browser took it or not.

    Args:
        name: under which the browser offers to keep it; it says nothing but the day.
    """

    def __init__(self, desk: Desk, file: Path, made_ms: int, name: str) -> None:
        super().__init__(
            media_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
        self._desk = desk
        self._file = file
        self._made_ms = made_ms
        self.headers["Content-Length"] = str(file.stat().st_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            with self._file.open("rb") as file:
                while piece := await run_in_threadpool(file.read, PIECE):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            # Afterwards every connection looks closed, so this is asked before the last, empty piece.
            taken = not await Request(scope, receive).is_disconnected()
            if taken and not self._desk.locked:
                await run_in_threadpool(backup.note_kept, self._desk, self._made_ms)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._file.unlink(missing_ok=True)


routes = [
    Route("/organisation/backup", handler(show)),
    Route("/organisation/backup", handler(make), methods=["POST"]),
    Route("/organisation/backup/drilled", handler(drilled), methods=["POST"]),
]
