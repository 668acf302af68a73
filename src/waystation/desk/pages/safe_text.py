"""Words for outside: looked over for names, places, numbers and code names before they are copied.

Guarantees: nothing of what is typed here is saved; it goes by POST and never stands in an address. Nothing reaches the
clipboard by itself: a person presses, and where something was found, says first that they have read it.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import Where, folder_name, in_folders, record_at, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, render, session_of
from waystation.errors import BadInput, Refused
from waystation.office import safetext

SAID_BY: Final = ("note", "conversation", "case", "request", "follow_up", "told", "claim")
"""Kinds whose words somebody may want to pass on."""


class Piece(NamedTuple):
    """A stretch of the text; `category` in words where something was found, else empty."""

    text: str
    category: str


def begin(request: Request) -> Response:
    """The empty page."""
    return _page(request, None, "", looked=False)


def look(request: Request) -> Response:
    """The text with what was found in it."""
    form = form_of(request)
    return _page(request, None, form.text("text"), looked=True, form=form)


def of_record(request: Request) -> Response:
    """As `look`, for the words of a record."""
    desk, where = desk_of(request), where_of(request)
    kind = str(request.path_params["kind"])
    if kind not in SAID_BY:
        raise HTTPException(404)
    record = record_at(request, where)
    return _page(request, where, safetext.words_of(desk, where.folder, kind, record.record), looked=True)


def _page(request: Request, where: Where | None, text: str, *, looked: bool, form: Form | None = None) -> Response:
    desk = desk_of(request)
    teller = Teller(request, desk)
    if not safetext.may_look_over(desk):
        raise Refused("Your role does not check texts for outside. Ask a caseworker or a coordinator.")
    text = text.replace("\r\n", "\n")
    bad: BadInput | None = None
    found: Sequence[safetext.Finding] = ()
    try:
        found = safetext.look_over(desk, text) if looked and text.strip() else ()
    except BadInput as problem:
        bad = problem
    if form is not None:
        # What was looked over is for outside and is done with; a draft of it would be a copy that nobody asked for.
        session_of(request).saved("safe-text")
    labels = [teller.language.gettext(one.category.label) for one in found]
    return render(
        request,
        "safe_text.html",
        page="",
        title=teller.language.gettext("Words for outside"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=folder_name(desk, where) if where else "",
        text=text,
        looked=looked and bool(text.strip()) and bad is None,
        pieces=list(_pieces(text, found, labels)),
        found=len(found),
        categories=[(label, labels.count(label)) for label in dict.fromkeys(labels)],
        errors=teller.problems(bad),
    )


def _pieces(text: str, found: Sequence[safetext.Finding], labels: Sequence[str]) -> Iterator[Piece]:
    at = 0
    for one, label in zip(found, labels, strict=True):
        if one.start > at:
            yield Piece(text[at : one.start], "")
        yield Piece(text[one.start : one.end], label)
        at = one.end
    if at < len(text):
        yield Piece(text[at:], "")


routes = [
    Route("/safe-text", handler(begin)),
    Route("/safe-text", handler(look), methods=["POST"]),
    *in_folders("/{kind}/{record}/safe-text", of_record),
]
