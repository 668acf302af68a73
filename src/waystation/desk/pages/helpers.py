"""Those who help without a desk: found by what they do and speak, and what each of them knows.

Guarantees: for a case, whoever may know its people stands last, with the reason; what was typed never stands in an
address; of the cases, only those are named into which this member may look.
"""

from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.i18n import Language
from waystation.desk.pages.records import Unmasked, Where
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, render
from waystation.ids import FolderId, FolderType, from_text, to_text
from waystation.office import casework
from waystation.office.desk import Desk
from waystation.office.reading import look, may_look
from waystation.views import helpers as views
from waystation.views import shown
from waystation.views.helpers import Apart, Carried, HelperRow, Wanted
from waystation.views.shown import Shown


class Known(NamedTuple):
    """One thing that a helper was told, in words, and where it stands.

    Args:
        tone: "now" for a slip that has expired and is not known to be destroyed; else empty.
    """

    code_name: str
    text: str
    small: list[str]
    path: str
    tone: str


def apart_words(apart: Apart, language: Language) -> str:
    """Why a helper should be kept apart from a case, in a sentence."""
    return language.gettext(apart.message, word=apart.word)


def one_line(row: HelperRow, teller: Teller) -> str:
    """A helper as a list of choices names them: code name, what they do, languages, a warning."""
    fields = row.shown.fields
    told = [row.code_name, teller.text("helper", "type", fields.get("type"))]
    told.append(teller.text("helper", "languages", fields.get("languages")))
    if row.apart:
        told.append(teller.language.gettext("to be kept apart"))
    return " · ".join(part for part in told if part)


def listed(request: Request) -> Response:
    """The helpers. What is chosen may stand in the address; what is typed is posted, and answered here."""
    form = form_of(request)
    asked = {name: request.query_params.get(name, "") for name in ("type", "language", "state", "for")}
    if request.method == "POST":
        asked = {name: form.text(name) for name in asked}
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    case = _case(desk, asked["for"])
    wanted = Wanted(asked["type"], asked["language"], form.text("dialect").strip()[:200], asked["state"] == "ended")
    teller = Teller(request, desk, case.folder if case else None)
    rows = views.helpers(desk.reader, wanted, case.folder if case else None)
    return render(
        request,
        "helpers.html",
        page="organisation",
        title=teller.language.gettext("Helpers without a desk"),
        t=teller,
        rows=rows,
        wanted=wanted,
        case=case,
        case_name=shown.name(desk.reader, "case" if case.folder_type is FolderType.CASE else "request", case.folder)
        if case
        else "",
        case_id=to_text(case.folder) if case else "",
        apart_words=lambda apart: apart_words(apart, teller.language),
        may_add="helper" in casework.addable(desk, FolderType.OFFICE),
        is_filtered=wanted != Wanted(ended=wanted.ended),
        tabs=_tabs(teller, wanted, asked["for"]),
    )


def _tabs(teller: Teller, wanted: Wanted, case: str) -> list[dict[str, object]]:
    _, asked = teller.language.gettext, f"&for={case}" if case else ""
    kept = f"type={wanted.type}&language={wanted.language}{asked}"
    return [
        {"text": _("Who helps now"), "url": teller.address(f"helpers?{kept}"), "current": not wanted.ended},
        {
            "text": _("Who helps no longer"),
            "url": teller.address(f"helpers?{kept}&state=ended"),
            "current": wanted.ended,
        },
    ]


def _case(desk: Desk, text: str) -> Where | None:
    """The case or the request that somebody is looked for.

    Raises: BadInput, Refused; HTTPException, if there is none.
    """
    if not text:
        return None
    folder = FolderId(from_text(text))
    for kind, folder_type, root in (("case", FolderType.CASE, "cases"), ("request", FolderType.REQUEST, "requests")):
        look(desk, folder_type)
        if shown.name(desk.reader, kind, folder):
            path = f"{root}/{text}"
            return Where(folder, folder_type, path, path, root)
    raise HTTPException(404)


def show(request: Request) -> Response:
    """One helper, and everything that they were told."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    record = views.helper(desk.reader, from_text(str(request.path_params["record"])))
    if record is None:
        raise HTTPException(404)
    where = Where(desk.folder(FolderType.OFFICE), FolderType.OFFICE, "office", "helpers", "organisation")
    teller = Teller(request, desk)
    return render(
        request,
        "helper.html",
        page="organisation",
        title=teller.language.gettext("Helper"),
        where=where,
        record=record,
        t=teller,
        unmasked=Unmasked(request, where),
        known=[
            _known(one, desk, request)
            for one in views.carried(desk.reader, record.record)
            if may_look(desk, one.folder_type)
        ],
        may_look=may_look(desk, FolderType.CASE),
        editable="helper" in casework.addable(desk, FolderType.OFFICE),
    )


def _known(one: Carried, desk: Desk, request: Request) -> Known:
    teller = Teller(request, desk, one.folder)
    _, root = teller.language.gettext, "cases" if one.folder_type is FolderType.CASE else "requests"
    path = f"{root}/{to_text(one.folder)}/{one.shown.kind}/{one.shown.ref}"
    if one.shown.kind == "told":
        return Known(one.code_name, teller.of(one.shown, "what"), [teller.of(one.shown, "told")], path, "")
    return Known(
        one.code_name,
        _("Task slip: %(name)s", name=teller.of(one.shown, "shown_as")),
        [_("meets %(time)s", time=teller.of(one.shown, "meets")), _slip_state(one.shown, desk, teller)],
        path,
        "now" if "destroyed" not in one.shown.fields and views.slip_is_over(one.shown, desk.now_ms()) else "",
    )


def _slip_state(slip: Shown, desk: Desk, teller: Teller) -> str:
    _ = teller.language.gettext
    if "destroyed" in slip.fields:
        return _("destroyed %(time)s", time=teller.of(slip, "destroyed"))
    if views.slip_is_over(slip, desk.now_ms()):
        return _("expired, not known to be destroyed")
    return _("destroy by %(time)s", time=teller.of(slip, "expires"))


routes = [
    Route("/helpers", handler(listed)),
    Route("/helpers", handler(listed), methods=["POST"]),
    Route("/helpers/{record}", handler(show)),
]
