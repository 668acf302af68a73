"""The organisation: who works here, with whom, what was saved and who looked at what is masked."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import DAY_MS
from waystation.desk.pages.records import ROOTS
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderId, FolderType, to_text
from waystation.office import casework
from waystation.office.reading import look, may_look
from waystation.records import REGISTRY
from waystation.records.values import Moment
from waystation.views import organisation as views
from waystation.views import shown as record_views

PAGE = 50

_ADDRESS = {folder_type: root for root, folder_type in ROOTS.items()}


def show(request: Request) -> Response:
    """Members, partners, tasks of the office, and this desk."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    office = desk.folder(FolderType.OFFICE)
    found = record_views.records(desk.reader, office, ("organisation", "partner", "task", "file"))
    backup = views.last_backup(desk.reader)
    return render(
        request,
        "organisation.html",
        page="organisation",
        title=teller.language.gettext("Organisation"),
        tabs=_tabs(teller, "organisation"),
        about=views.organisation(desk.reader),
        own=found["organisation"][0],
        partners=found.get("partner", ()),
        tasks=[task for task in found.get("task", ()) if "done" not in task.fields],
        files=found.get("file", ()),
        t=teller,
        me=desk.member,
        addable=casework.addable(desk, FolderType.OFFICE),
        backup_ms=backup,
        backup_days=None if backup is None else (desk.now_ms() - backup) // DAY_MS,
    )


def history(request: Request) -> Response:
    """What was saved, newest first."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    before = _number(request.query_params.get("before", ""))
    rows = views.history(desk.reader, before=before, limit=PAGE + 1)
    return render(
        request,
        "history.html",
        page="organisation",
        title=_("What was saved"),
        tabs=_tabs(teller, "organisation/history"),
        rows=[
            {
                "when": teller.moment(Moment(row.at_ms, row.zone)),
                "who": row.who,
                "where": (row.code_name if may_look(desk, row.folder_type) else "") or _where(teller, row.folder_type),
                "url": _address(teller, row.folder, row.folder_type) if may_look(desk, row.folder_type) else "",
                "what": ", ".join(_(REGISTRY[kind].label) for kind in row.kinds if kind in REGISTRY),
            }
            for row in rows[:PAGE]
        ],
        older=teller.address(f"organisation/history?before={rows[PAGE - 1].position}") if len(rows) > PAGE else None,
        newest=teller.address("organisation/history") if before else None,
        what=_("Kinds of record"),
        empty=_("Nothing was saved yet."),
    )


def reveals(request: Request) -> Response:
    """Who looked at what is masked, newest first."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    before = _number(request.query_params.get("before", ""))
    rows = views.reveals(desk.reader, before=before, limit=PAGE + 1)
    sees = may_look(desk, FolderType.CASE)
    return render(
        request,
        "history.html",
        page="organisation",
        title=_("Who looked at what is masked"),
        tabs=_tabs(teller, "organisation/reveals"),
        rows=[
            {
                "when": teller.moment(Moment(row.at_ms, row.zone)),
                "who": row.who,
                "where": row.code_name if sees else "",
                "url": "",
                "what": " · ".join(
                    filter(None, (teller.field_label(row.of_kind, row.of_field), row.reason if sees else ""))
                ),
            }
            for row in rows[:PAGE]
        ],
        older=teller.address(f"organisation/reveals?before={rows[PAGE - 1].at_ms}") if len(rows) > PAGE else None,
        newest=teller.address("organisation/reveals") if before else None,
        what=_("Masked field, and why"),
        empty=_("Nobody has looked at a masked field yet."),
    )


def _tabs(teller: Teller, current: str) -> list[dict[str, object]]:
    _ = teller.language.gettext
    texts = {
        "organisation": _("People and partners"),
        "organisation/history": _("What was saved"),
        "organisation/reveals": _("Who looked at what is masked"),
    }
    return [{"text": text, "url": teller.address(path), "current": path == current} for path, text in texts.items()]


def _address(teller: Teller, folder: FolderId, folder_type: FolderType) -> str:
    match folder_type:
        case FolderType.CASE | FolderType.REQUEST | FolderType.PLACE:
            return teller.address(f"{_ADDRESS[folder_type]}/{to_text(folder)}")
        case _:
            return ""


def _where(teller: Teller, folder_type: FolderType) -> str:
    """The office and the ledger have no code name."""
    match folder_type:
        case FolderType.OFFICE | FolderType.ORGANISATION:
            return teller.language.gettext("The office")
        case FolderType.LEDGER:
            return teller.language.gettext("The ledger")
        case _:
            return ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


routes = [
    Route("/organisation", handler(show)),
    Route("/organisation/history", handler(history)),
    Route("/organisation/reveals", handler(reveals)),
]
