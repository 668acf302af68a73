"""Taking back what was saved, striking out one record, and bringing back what was struck out.

Guarantees: each is a save of its own, and can be taken back like any other; what stands in the way is named, with the
records where it stands.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import ROOTS, Where, folder_name, in_folders, kind_at, record_at, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_address, form_of, handler, redirect, render, words
from waystation.errors import BadInput
from waystation.ids import FolderId, RecordId, SaveId, from_text, to_text
from waystation.office import undo as office
from waystation.office.desk import Desk
from waystation.office.reading import may_look
from waystation.office.undo import Written
from waystation.records import REGISTRY
from waystation.views import shown as views

_PATHS = {folder_type: root for root, folder_type in ROOTS.items()}


def undo(request: Request) -> Response:
    """Takes one act back, however many saves it was, and leads to where the person was."""
    desk, form, _ = desk_of(request), form_of(request), words(request).gettext
    saves = [SaveId(from_text(text)) for text in form.values.get("save", ())]
    try:
        desk.save(office.undo(desk, saves))
    except BadInput as bad:
        return _refused(request, desk, saves, bad)
    back = form_address(request, Form((("form_address", form.text("back")),))) or "today"
    return redirect(request, back, ("done", _("Undone.")), undo_text=_("Bring it back"))


def _refused(request: Request, desk: Desk, saves: list[SaveId], bad: BadInput) -> Response:
    teller = Teller(request, desk)
    _ = teller.language.gettext
    return render(
        request,
        "undo_refused.html",
        page="",
        title=_("This cannot be undone"),
        status_code=422,
        told=list(teller.problems(bad).values()),
        records=[line for key in office.records_of(desk, saves)[:20] if (line := _line(teller, desk, key))],
    )


def _line(teller: Teller, desk: Desk, key: Written) -> tuple[str, str] | None:
    """What a record is called and where it stands; None for what has no page, or none for this member."""
    root = _PATHS.get(key.folder_type)
    if root is None or key.kind not in REGISTRY or not may_look(desk, key.folder_type):
        return None
    path = root if root in ("office", "ledger") else f"{root}/{to_text(key.folder)}"
    address = path if REGISTRY[key.kind].owns_folder else f"{path}/{key.kind}/{to_text(key.record)}"
    return teller.kind_label(key.kind), teller.address(address)


# ── One record ──


def ask(request: Request) -> Response:
    """What striking out means, before it is done."""
    return _ask(request)


def _ask(request: Request, bad: BadInput | None = None) -> Response:
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where)
    if record.struck is not None or not office.may_strike(desk, record.kind):
        raise HTTPException(404)
    teller = Teller(request, desk, where.folder)
    return render(
        request,
        "strike.html",
        page=where.page,
        title=teller.language.gettext("Strike this out?"),
        status_code=422 if bad else 200,
        where=where,
        kind=record.kind,
        record=record,
        folder_name=folder_name(desk, where),
        about=teller.about(record),
        errors=teller.problems(bad),
    )


def strike(request: Request) -> Response:
    """Strikes the record out."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where)
    try:
        desk.save(office.strike(desk, where.folder, record.kind, record.record))
    except BadInput as bad:
        return _ask(request, bad)
    return redirect(request, where.section(record.kind), ("done", words(request).gettext("It is struck out.")))


def bring_back(request: Request) -> Response:
    """Brings the record back, as it stood."""
    desk, where, kind = desk_of(request), where_of(request), kind_at(request)
    record = RecordId(from_text(str(request.path_params["record"])))
    desk.save(office.restore(desk, where.folder, kind, record))
    back = where.back if REGISTRY[kind].owns_folder else where.record(kind, record)
    return redirect(request, back, ("done", words(request).gettext("It is back, as it stood.")))


# ── A folder whose head is struck out ──


def struck_folder(request: Request, where: Where) -> Response:
    """The page of a case, a request or a place that is struck out: what it was, and the way to bring it back.

    Raises: HTTPException, if it is not struck out: then there is no such page.
    """
    desk = desk_of(request)
    head = REGISTRY.head(where.folder_type)
    record = views.record(desk.reader, FolderId(where.folder), head.name, where.folder) if head else None
    if record is None or record.struck is None:
        raise HTTPException(404)
    teller = Teller(request, desk, where.folder)
    return render(
        request,
        "struck.html",
        page=where.page,
        title=teller.kind_label(record.kind),
        where=where,
        record=record,
        since=teller.moment(record.struck),
        code_name=str(record.fields.get("code_name", "")),
    )


routes = [
    Route("/undo", handler(undo), methods=["POST"]),
    *in_folders("/{kind}/{record}/strike", ask),
    *in_folders("/{kind}/{record}/strike", strike, ("POST",)),
    *in_folders("/{kind}/{record}/bring-back", bring_back, ("POST",)),
]
