"""Keeping a filter under a name, and dropping it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages import cases, requests
from waystation.desk.pages.lists import Asked, of_kept, of_query
from waystation.desk.web import desk_of, form_of, handler, redirect, words
from waystation.errors import BadInput
from waystation.ids import FolderType, RecordId, from_text, to_text
from waystation.office import undo
from waystation.office.kept import keep as keep_filter
from waystation.records.choices import ListPage
from waystation.views.kept import kept

_READ: Final = {"cases": cases.read, "requests": requests.read}


def keep(request: Request) -> Response:
    """Keeps what the list shows now."""
    desk, form, language = desk_of(request), form_of(request), words(request)
    page = "requests" if form.text("page") == "requests" else "cases"
    asked = Asked(page, _READ[page](of_query(form.text("filters"))))
    try:
        save = keep_filter(desk, form.text("name"), ListPage(page), asked.query)
        desk.save(save)
    except BadInput as bad:
        told = " ".join(language.problem(problem) for problem in bad.problems.values())
        return redirect(request, asked.address(), ("attention", told))
    return redirect(
        request,
        Asked(page, asked.said, to_text(save.writes[0].record)).address(),
        ("done", language.gettext("Kept. It stands beside your other filters.")),
    )


def drop(request: Request) -> Response:
    """Strikes a kept filter out; the list stays as it is."""
    desk, record = desk_of(request), RecordId(from_text(str(request.path_params["record"])))
    found = next(
        ((page, one) for page in _READ for one in kept(desk.reader, desk.member, page) if one.record == record), None
    )
    if found is None:
        return redirect(request, "cases", ("attention", words(request).gettext("That filter is not there any more.")))
    page, one = found
    desk.save(undo.strike(desk, desk.folder(FolderType.OFFICE), "saved_filter", record))
    back = Asked(page, of_kept(page, one).said).address()
    return redirect(request, back, ("done", words(request).gettext("The filter is dropped. The list is as before.")))


routes = [
    Route("/kept", handler(keep), methods=["POST"]),
    Route("/kept/{record}/drop", handler(drop), methods=["POST"]),
]
