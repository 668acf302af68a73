"""How somebody likes to work at this desk: the language of the pages, single keys, and whether others see the screen.

Guarantees: a language is kept in the book where its member may write there, and else until the program ends; each
switch leads back to where it was pressed.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.i18n import languages
from waystation.desk.pages.palette import KEYS, page_keys
from waystation.desk.web import (
    Form,
    desk_of,
    form_address,
    form_of,
    fragment,
    handler,
    open_handler,
    redirect,
    render,
    session_of,
    with_draft,
    words,
)
from waystation.errors import Refused
from waystation.office import drafts, staff


def choose_language(request: Request) -> Response:
    """From now on the pages are in this language; works on a locked desk as well."""
    session, form = session_of(request), form_of(request)
    session.look()
    code = form.text("language")
    back = form_address(request, form)
    if code in languages():
        session.language = code
        desk = session.desk
        if desk is not None and session.founding is None:
            with desk.gate:
                session.touch()
                _keep(request, code)
    return redirect(request, back if session.desk or back.startswith("found") else "locked", undo=False)


def _keep(request: Request, code: str) -> None:
    session = session_of(request)
    desk = session.desk
    assert desk is not None
    try:
        save = staff.choose_language(desk, code)
    except Refused:
        return
    if save is not None:
        desk.save(save)
    session.pages_in = code


def share(request: Request) -> Response:
    """Others begin to see this screen, or no longer do."""
    session, form = session_of(request), form_of(request)
    session.share(form.text("on") == "1")
    back = form_address(request, Form((("form_address", form.text("back")),))) or "today"
    if not session.sharing and drafts.find(desk_of(request), back) is not None:
        back = with_draft(back)
    return redirect(request, back, undo=False)


def keys(request: Request) -> Response:
    """Every key that does something, as a page and, for a script, as what stands in a dialog."""
    title = words(request).gettext("Keys")
    pages, single_keys = page_keys(request), session_of(request).single_keys
    if "hx-request" in request.headers:
        return fragment(request, "_keys.html", pages=pages, keys=KEYS, single_keys=single_keys)
    return render(request, "keys.html", page="keys", title=title, pages=pages, keys=KEYS)


def switch_keys(request: Request) -> Response:
    """Single keys do something, or nothing, until the program ends."""
    session, form = session_of(request), form_of(request)
    session.single_keys = form.text("on") == "1"
    _ = words(request).gettext
    told = _("Single keys work again.") if session.single_keys else _("Single keys do nothing now.")
    return redirect(request, "keys", ("done", told))


routes = [
    Route("/language", open_handler(choose_language), methods=["POST"]),
    Route("/screen-share", handler(share), methods=["POST"]),
    Route("/keys", handler(keys)),
    Route("/keys", handler(switch_keys), methods=["POST"]),
]
