"""Joining with an invitation: paste it, choose a passphrase, compare six words aloud, and come in.

Only where no desk is yet. The keys are made on this computer; what was pasted is kept nowhere but in the sealed note
beside the vault. A desk that was removed ends here too: it says so, and offers to wipe itself.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import Millis
from waystation.desk.newcomer import Newcomer
from waystation.desk.web import desk_of, form_of, handler, messages, open_handler, redirect, render, session_of, words
from waystation.errors import BadInput, JoinError, Problem, RelayRefused, WeakPassphrase
from waystation.office.desk import Desk
from waystation.office.membership import is_removed
from waystation.records.labels import N_
from waystation.records.values import Moment

_MOMENT_S: Final = 2.0
"""So long a page waits for a look at the relay; then it shows what is known."""
_AGAIN_S: Final = 3
WIPE: Final = "WIPE"


def ask(request: Request) -> Response:
    """The invitation and the passphrase."""
    session = session_of(request)
    if session.newcomer is not None:
        return redirect(request, "join/waiting")
    if session.founded:
        return redirect(request, "today")
    return _form(request, {})


def join(request: Request) -> Response:
    """Makes the desk, and asks at once."""
    session, form, language = session_of(request), form_of(request), words(request)
    if session.founded:
        return redirect(request, "today")
    try:
        if form.text("passphrase") != form.text("passphrase_again"):
            message = N_("The two passphrases are not the same. Type both again.")
            raise BadInput({"passphrase_again": Problem("not_the_same", message)})
        session.join(form.text("invitation"), form.text("passphrase"), form.text("proxy").strip())
    except BadInput as bad:
        return _form(request, messages(request, bad))
    except WeakPassphrase as weak:
        return _form(request, {"passphrase": language.error(weak)})
    except JoinError as error:
        return _form(request, {"invitation": language.error(error)})
    assert session.newcomer is not None
    session.newcomer.look(_MOMENT_S)
    return redirect(request, "join/waiting")


def waiting(request: Request) -> Response:
    """The words to compare, and how far it has come."""
    newcomer = _newcomer(request)
    if isinstance(newcomer, Response):
        return newcomer
    session, language = session_of(request), words(request)
    if session.admitted():
        told = language.gettext("This desk is admitted. What the others have written arrives little by little.")
        return redirect(request, "today", ("done", told))
    invitation = newcomer.joining.invitation
    answer = render(
        request,
        "joining_waiting.html",
        page="",
        title=language.gettext("Compare these words"),
        words=newcomer.joining.words,
        organisation=newcomer.joining.organisation,
        expires=Moment(Millis(invitation.expires_s * 1000), session.system.clock.zone()),
        problem=language.error(newcomer.problem) if newcomer.problem else "",
        looked=newcomer.looked and not newcomer.is_looking,
        taking=newcomer.joining.is_admitted and newcomer.is_looking,
        done=newcomer.done,
        of=newcomer.of,
    )
    if newcomer.is_looking:
        answer.headers["Refresh"] = str(_AGAIN_S)
    return answer


def look(request: Request) -> Response:
    """Asks the relay whether the desk is admitted."""
    newcomer = _newcomer(request)
    if isinstance(newcomer, Response):
        return newcomer
    session_of(request).touch()
    newcomer.look(_MOMENT_S)
    return redirect(request, "join/waiting")


def stop(request: Request) -> Response:
    """Destroys the desk that waits."""
    session_of(request).give_up_joining()
    return redirect(request, "found")


def removed(request: Request) -> Response:
    """Says that this desk was removed, or is let in by the relay no more, and what that means."""
    return redirect(request, "today") if not _shut_out(desk_of(request)) else _removed(request, {})


def wipe(request: Request) -> Response:
    """Destroys a desk that was removed."""
    if not _shut_out(desk_of(request)):
        return redirect(request, "today")
    if form_of(request).text("typed_back").strip().upper() != WIPE:
        return _removed(
            request, {"typed_back": words(request).gettext("Type the word as it stands there. Nothing was wiped.")}
        )
    session_of(request).wipe()
    return redirect(request, "found")


def _newcomer(request: Request) -> Newcomer | Response:
    session = session_of(request)
    session.look()
    if session.newcomer is None:
        return redirect(request, "today" if session.founded else "join")
    return session.newcomer


def _shut_out(desk: Desk) -> bool:
    """Whether this desk was removed. The relay may have been told before this desk could hear of it."""
    return is_removed(desk) or desk.contact.away == RelayRefused.code


def _removed(request: Request, errors: dict[str, str]) -> Response:
    _, desk = words(request).gettext, desk_of(request)
    sure = is_removed(desk)
    return render(
        request,
        "removed.html",
        page="",
        title=_("This desk was removed") if sure else _("The relay lets this desk in no more"),
        errors=errors,
        sure=sure,
        unsent=desk.book.unsent_count(),
        word=WIPE,
        status_code=422 if errors else 200,
    )


def _form(request: Request, errors: dict[str, str]) -> Response:
    form = form_of(request)
    return render(
        request,
        "joining.html",
        page="",
        title=words(request).gettext("Join with an invitation"),
        errors=errors,
        invitation=form.text("invitation"),
        proxy=form.text("proxy"),
        status_code=422 if errors else 200,
    )


routes = [
    Route("/join", open_handler(ask)),
    Route("/join", open_handler(join), methods=["POST"]),
    Route("/join/waiting", open_handler(waiting)),
    Route("/join/waiting", open_handler(look), methods=["POST"]),
    Route("/join/stop", open_handler(stop), methods=["POST"]),
    Route("/removed", handler(removed)),
    Route("/removed", handler(wipe), methods=["POST"]),
]
