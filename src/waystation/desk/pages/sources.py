"""Sources and claims: who says what, which claims contradict each other, and how many sources are independent."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderType, RecordId, from_text
from waystation.office import casework, testimony
from waystation.office.desk import Desk
from waystation.office.reading import look
from waystation.records import REGISTRY, Value
from waystation.records.labels import N_
from waystation.views import shown as record_views
from waystation.views import sources as views

_KINDS: Final = ("claim", "source", "citation")


def listed(request: Request) -> Response:
    """Claims by what they are about, and all sources."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    office = desk.folder(FolderType.OFFICE)
    return render(
        request,
        "sources.html",
        page="sources",
        title=teller.language.gettext("Sources"),
        groups=views.claims(desk.reader, office),
        sources=record_views.records(desk.reader, office, ("source",)).get("source", ()),
        t=teller,
        addable=casework.addable(desk, FolderType.OFFICE),
    )


def begin(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form on which is written down what a source says."""
    desk = desk_of(request)
    if "claim" not in casework.addable(desk, FolderType.OFFICE):
        raise Refused("Your role does not write sources down. Ask a documenter or a coordinator.")
    teller = Teller(request, desk, desk.folder(FolderType.OFFICE))
    choices = teller.choices("citation")
    return render(
        request,
        "testify.html",
        page="sources",
        title=teller.language.gettext("What a source says"),
        status_code=422 if bad else 200,
        form=form,
        t=teller,
        claims=choices["claim"],
        sources=choices["source"],
        relies_on=teller.choices("source")["relies_on"],
        chosen={name: form.text(name) if form else "" for name in ("claim", "source")},
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "claim", {f"{kind}.": kind for kind in _KINDS}),
    )


def testify(request: Request) -> Response:
    """Writes it down: the claim, the source, and the citation that joins them, in one save."""
    desk, form = desk_of(request), form_of(request)
    office = desk.folder(FolderType.OFFICE)
    try:
        claim, source = _given(desk, form, "claim"), _given(desk, form, "source")
        citation = {n: v for n, v in form.fields(REGISTRY["citation"], desk, "citation.").items() if v is not None}
        if "relation" not in citation:
            raise BadInput({"citation.relation": Problem("required", N_("This is needed."))})
        desk.save(testimony.testify(desk, office, claim, source, citation))
    except BadInput as bad:
        return begin(request, form, bad)
    return redirect(request, "sources", ("done", words(request).gettext("What the source says is written down.")))


def _given(desk: Desk, form: Form, kind: str) -> dict[str, Value | None] | RecordId:
    """The record that was chosen, or the fields of a new one. Raises: BadInput."""
    if form.text(kind):
        return RecordId(from_text(form.text(kind)))
    return {name: value for name, value in form.fields(REGISTRY[kind], desk, f"{kind}.").items() if value is not None}


routes = [
    Route("/sources", handler(listed)),
    Route("/sources/new", handler(begin)),
    Route("/sources/new", handler(testify), methods=["POST"]),
]
