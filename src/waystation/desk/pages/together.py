"""One act on several rows of a list: a page that says what will happen to how many, then one save.

Guarantees: what does not fit is left out and said so before anything is done; the whole goes back with one undo.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.i18n import Language
from waystation.desk.pages import cases as case_list
from waystation.desk.pages import requests as request_list
from waystation.desk.pages.lists import Asked, folders, of_query
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem
from waystation.ids import FolderId, FolderType, to_text
from waystation.office import together as office
from waystation.office.desk import Desk
from waystation.office.reading import look
from waystation.records import REGISTRY, Save
from waystation.records.labels import N_
from waystation.views import cases as case_views
from waystation.views import requests as request_views
from waystation.views.cases import CaseRow
from waystation.views.requests import RequestRow

Row = CaseRow | RequestRow


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done to several rows.

    Args:
        kind, fields: whose fields the page asks for.
        fits: whether it can be done to a row.
        save: decides it, from the rows and what was filled in.
        left_out: why the others are left out; a gettext id.
    """

    kind: str
    fields: tuple[str, ...]
    fits: Callable[[Row], bool]
    save: Callable[[Desk, Sequence[FolderId], Mapping[str, Any]], Save]
    left_out: str


def _open_case(row: Row) -> bool:
    return isinstance(row, CaseRow) and row.closed is None


def _waits(row: Row) -> bool:
    return isinstance(row, RequestRow) and row.stage in ("new", "in_check", "checked")


def _is_free(row: Row) -> bool:
    return isinstance(row, RequestRow) and _waits(row) and row.taken_by is None


_TASK: Final = ("title", "due", "assignee", "details")
_DEEDS: Final[Mapping[tuple[str, str], Deed]] = {
    ("cases", "assign"): Deed(
        "case",
        ("caseworker",),
        _open_case,
        lambda desk, rows, fields: office.assign(desk, rows, fields.get("caseworker")),
        N_("Closed cases are left out: nobody works on them."),
    ),
    ("cases", "task"): Deed(
        "task",
        _TASK,
        _open_case,
        office.set_tasks,
        N_("Closed cases are left out: nothing is left to do there."),
    ),
    ("requests", "task"): Deed(
        "task",
        _TASK,
        _waits,
        office.set_tasks,
        N_("Those that are accepted or ended are left out: the work goes on elsewhere, or not at all."),
    ),
    ("requests", "take-on"): Deed(
        "request",
        (),
        _is_free,
        lambda desk, rows, fields: office.take_on(desk, rows),
        N_("Those that somebody has taken on, or that no longer wait, are left out."),
    ),
}


def ask(request: Request) -> Response:
    """What will happen, and to how many."""
    form, page = form_of(request), _page_of(request)
    chosen = [FolderId(row) for row in folders(request)]
    if not chosen:
        told = words(request).gettext("Choose at least one row of the list first.")
        return redirect(request, _back(page, form), ("attention", told), undo=False)
    return _ask(request, chosen)


def _ask(
    request: Request, chosen: Sequence[FolderId], form: Form | None = None, bad: BadInput | None = None
) -> Response:
    desk, page, deed = desk_of(request), _page_of(request), _deed_of(request)
    look(desk, FolderType.CASE if page == "cases" else FolderType.REQUEST)
    teller = Teller(request, desk)
    rows = _rows(desk, page, chosen)
    fitting = [row for row in rows if deed.fits(row)]
    told = _told(teller.language, form_of(request).text("do"), len(fitting))
    return render(
        request,
        "together.html",
        page=page,
        title=told["title"],
        status_code=422 if bad else 200,
        form=form,
        told=told,
        deed=deed,
        do=form_of(request).text("do"),
        rows=[_line(row) for row in fitting],
        left_out=[row.code_name for row in rows if row not in fitting],
        chosen=" ".join(to_text(row.folder) for row in fitting),
        choices=teller.choices(deed.kind),
        values=teller.inputs("task", {"assignee": desk.member}) if deed.kind == "task" else {},
        back=_back(page, form_of(request)),
        filters=form_of(request).text("filters"),
        action=f"together/{page}/do",
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, deed.kind),
    )


def do(request: Request) -> Response:
    """Does it, in one save."""
    desk, form, page, deed = desk_of(request), form_of(request), _page_of(request), _deed_of(request)
    chosen = [FolderId(row) for row in folders(request)]
    try:
        fields = form.fields(REGISTRY[deed.kind], desk) if deed.fields else {}
        rows = [row for row in _rows(desk, page, chosen) if deed.fits(row)]
        desk.save(deed.save(desk, [row.folder for row in rows], {n: v for n, v in fields.items() if n in deed.fields}))
    except BadInput as bad:
        return _ask(request, chosen, form, bad)
    return redirect(request, _back(page, form), ("done", _told(words(request), form.text("do"), len(rows))["done"]))


def _page_of(request: Request) -> str:
    page = str(request.path_params["page"])
    if page not in ("cases", "requests"):
        raise HTTPException(404)
    return page


def _deed_of(request: Request) -> Deed:
    """What is to be done. Raises: BadInput, for what is only done one by one."""
    wanted = form_of(request).text("do")
    if wanted == "end":
        message = N_("Each end needs its own reason. Open the requests one by one.")
        raise BadInput({"": Problem("one_by_one", message)})
    found = _DEEDS.get((_page_of(request), wanted))
    if found is None:
        raise HTTPException(404)
    return found


def _rows(desk: Desk, page: str, chosen: Sequence[FolderId]) -> Sequence[Row]:
    if page == "cases":
        return case_views.these(desk.reader, tuple(chosen))
    return request_views.these(desk.reader, tuple(chosen))


def _line(row: Row) -> str:
    who = row.caseworker_name if isinstance(row, CaseRow) else row.taken_by_name
    return " · ".join(filter(None, (row.code_name, who)))


def _back(page: str, form: Form) -> str:
    """The list from which one came, as far as its address says."""
    read = case_list.read if page == "cases" else request_list.read
    return Asked(page, read(of_query(form.text("filters")))).address()


def _told(language: Language, wanted: str, count: int) -> dict[str, str]:
    """Title, what will happen, the button, and what is said when it is done."""
    _, many = language.gettext, language.ngettext
    match wanted:
        case "assign":
            return {
                "title": many("Give one case to a caseworker", "Give %(num)s cases to a caseworker", count),
                "text": _("Whoever is named here works on them from now on, and whoever had them does not."),
                "button": many("Give this case to them", "Give these %(num)s cases to them", count),
                "done": many("One case is given.", "%(num)s cases are given.", count),
            }
        case "task":
            return {
                "title": many("Set one task", "Set %(num)s tasks", count),
                "text": _("Each of them gets a task of its own, with these words. Each is finished by itself."),
                "button": many("Set this task", "Set these %(num)s tasks", count),
                "done": many("One task is set.", "%(num)s tasks are set.", count),
            }
        case _:
            return {
                "title": many("Take on one request", "Take on %(num)s requests", count),
                "text": _("They are yours from now on: you see to their checks and answer them."),
                "button": many("Take this request on", "Take these %(num)s requests on", count),
                "done": many("One request is yours now.", "%(num)s requests are yours now.", count),
            }


routes = [
    Route("/together/{page:str}", handler(ask), methods=["POST"]),
    Route("/together/{page:str}/do", handler(do), methods=["POST"]),
]
