"""The lock screen: one passphrase, slower after each failure, and back to where the person was."""

from asyncio import sleep
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.web import (
    form_address,
    form_of,
    open_handler,
    redirect,
    render,
    session_of,
    with_draft,
    words,
)
from waystation.errors import WaystationError
from waystation.office import drafts as kept_drafts

CLEAR: Final = {"Clear-Site-Data": '"cache", "cookies", "storage"'}

SLOWEST_S: Final = 15.0


def wait_s(failures: int) -> float:
    """How long an attempt waits after so many failures: 1, 2, 4 … seconds, at most `SLOWEST_S`."""
    return min(2.0 ** (failures - 1), SLOWEST_S) if failures else 0.0


def locked(request: Request) -> Response:
    """The lock screen itself."""
    session = session_of(request)
    session.look()
    if session.desk is not None:
        return redirect(request, "today")
    if session.newcomer is not None:
        return redirect(request, "join/waiting")
    if not session.founded:
        return redirect(request, "found")
    return _screen(request, "", 200)


async def unlock(request: Request) -> Response:
    """Takes the passphrase; it costs time before it costs memory."""
    await sleep(wait_s(session_of(request).failures))
    return await _unlock(request)


def _try(request: Request) -> Response:
    session, language = session_of(request), words(request)
    session.look()
    if not session.founded:
        return redirect(request, "found")
    try:
        drafts = session.unlock(form_of(request).text("passphrase"))
    except WaystationError as error:
        return _screen(request, language.error(error), 422)
    back, session.return_to = session.return_to or "today", ""
    forms = [draft.form for draft in drafts]
    if session.desk is not None and session.founding is None and kept_drafts.find(session.desk, back) is not None:
        forms.append(back)
    if not forms:
        return redirect(request, back)
    # The language may be another one, now that the book says which one its member reads.
    told = _told_again(request)
    if len(forms) == 1 or back in forms:
        return redirect(request, with_draft(back if back in forms else forms[0]), ("attention", told))
    return redirect(request, "drafts", ("attention", told))


def _told_again(request: Request) -> str:
    """What stands above a form that has its draft in it again."""
    request.state.language = None
    return words(request).gettext("What you had typed when the desk locked is here again. It is not saved yet.")


_unlock = open_handler(_try)


def lock(request: Request) -> Response:
    """Forgets the keys at once; whoever unlocks the desk is back where it was locked, with what was typed there."""
    session = session_of(request)
    if session.desk is not None:
        session.return_to = form_address(request, form_of(request))
    session.lock()
    answer = redirect(request, "locked")
    answer.headers.update(CLEAR)
    return answer


def _screen(request: Request, problem: str, status: int) -> Response:
    title = words(request).gettext("The desk is locked")
    answer = render(request, "locked.html", page="", title=title, problem=problem, status_code=status)
    answer.headers.update(CLEAR)
    return answer


routes = [
    Route("/locked", open_handler(locked)),
    Route("/unlock", unlock, methods=["POST"]),
    Route("/lock", open_handler(lock), methods=["POST"]),
]
