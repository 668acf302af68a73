"""The relay: connecting with one, moving to another, what it did wrong and what may be done then, comparing desks.

Guarantees: whoever is told that the relay lies is told which lie, at which entry, and what is safe meanwhile; nothing
is repaired before a person has chosen how. The root key's words are taken once, and are never shown again.
"""

from asyncio import sleep
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk import contact
from waystation.desk.pages.telling import Teller
from waystation.desk.papers import qr_image
from waystation.desk.web import (
    Form,
    desk_of,
    form_of,
    handler,
    messages,
    redirect,
    render,
    session_of,
    status_fragment,
    words,
)
from waystation.errors import BadInput, Problem, Refused, WaystationError
from waystation.ids import FolderType
from waystation.office import syncing
from waystation.office.desk import Desk
from waystation.office.membership import may_admit
from waystation.office.reading import look
from waystation.office.syncing import Lie
from waystation.records.labels import N_

ASKED_FOR_S: Final = 25.0
"""How long a page's question for news is kept open."""
_LOOK_EVERY_S: Final = 0.1

_PAGE: Final = "organisation/relay"

_SAID: Final = {
    Lie.REWOUND: (
        N_("The relay has lost what it once gave"),
        N_("This desk has had %(position)s entries from it; now it holds %(common)s. It was set back, or withholds."),
    ),
    Lie.FORKED: (
        N_("The relay shows another history"),
        N_(
            "Up to entry %(position)s it does not agree with what this desk has had. Some desks may have been shown "
            "something else."
        ),
    ),
    Lie.DAMAGED: (
        N_("The relay gives damaged entries"),
        N_("Entry %(position)s is not what its author signed, or entries before it are missing."),
    ),
    Lie.CLONED: (
        N_("Somebody else writes with this desk’s key"),
        N_(
            "Entry %(position)s bears this desk’s signature, and this desk never wrote it. Whoever copied this desk "
            "can read what it can read."
        ),
    ),
    Lie.TWO_FACED: (
        N_("The relay broke its word"),
        N_("At entry %(position)s it holds something else than it said that it took, or what it said that it refused."),
    ),
    Lie.WITHHELD: (
        N_("The relay withholds entries"),
        N_("It says that it holds entry %(position)s, and does not give it."),
    ),
    Lie.REMOVED: (
        N_("This desk was removed"),
        N_("Since entry %(position)s the organisation’s keys are not given to it any more."),
    ),
}
"""What is found → its name, and what was seen."""

_AWAY: Final = {
    "relay_away": N_("It cannot be reached now. What is saved stays here and is sent as soon as it can."),
    "relay_busy": N_("It is busy, and is asked again soon. What is saved stays here meanwhile."),
    "relay_refused": N_("It refuses this desk. A coordinator can see under Members whether this desk is let in."),
    "relay": N_("It does not give the keys that the next entry needs. It is asked again and again."),
}


def show(request: Request) -> Response:
    """How this desk stands with the relay and the others."""
    return _show(request, {})


def connect(request: Request) -> Response:
    """Begins to hand the book to a relay."""
    desk, form, session = desk_of(request), form_of(request), session_of(request)
    look(desk, FolderType.ORGANISATION)
    rounds = session.rounds
    if rounds is None:
        raise Refused("This Waystation was started without a network.")
    try:
        address, proxy = _address_in(form)
        ticket = form.text("ticket").strip()
        if not ticket:
            raise BadInput({"ticket": Problem("missing", "Whoever runs the relay gives you a ticket.")})
    except BadInput as bad:
        return _show(request, messages(request, bad))
    rounds.begin(lambda: syncing.connect(desk, address, ticket, proxy))
    told = words(request).gettext("The book is being given to the relay. Go on working; this page shows how far it is.")
    return redirect(request, _PAGE, ("done", told), undo=False)


def move(request: Request) -> Response:
    """Works with another address from now on."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    try:
        address, proxy = _address_in(form_of(request))
        syncing.move(desk, address, proxy)
    except BadInput as bad:
        return _show(request, messages(request, bad))
    told = words(request).gettext("This desk asks at the new address from now on.")
    return redirect(request, _PAGE, ("done", told), undo=False)


def again(request: Request) -> Response:
    """Asks the relay at once."""
    desk, session = desk_of(request), session_of(request)
    syncing.try_again(desk)
    if session.rounds is not None:
        session.rounds.now()
    return redirect(request, _PAGE, ("done", words(request).gettext("The relay is being asked.")), undo=False)


def ask_era(request: Request) -> Response:
    """What an era is, before it is signed."""
    return _ask_era(request, {})


def sign_era(request: Request) -> Response:
    """Goes on from the last common entry, by the root key's word."""
    desk, form = desk_of(request), form_of(request)
    try:
        syncing.sign_era(desk, form.text("root_passphrase"), form.text("reason"), _number(form, "common"))
    except BadInput as bad:
        return _ask_era(request, messages(request, bad))
    rounds = session_of(request).rounds
    if rounds is not None:
        rounds.begin(desk.rebuild)
    told = words(request).gettext("The era is signed. A relay that was set back is given it now.")
    return redirect(request, _PAGE, ("done", told), undo=False)


def compare(request: Request) -> Response:
    """This desk's position, words and code."""
    return _compare(request, {}, None)


def compared(request: Request) -> Response:
    """What another desk's code says, or this desk's words at the position that the other one names."""
    desk, form = desk_of(request), form_of(request)
    try:
        if form.text("position").strip():
            return _compare(request, {}, None, _number(form, "position"))
        return _compare(request, {}, syncing.compare(desk, form.text("code")))
    except BadInput as bad:
        return _compare(request, messages(request, bad), None)


def _show(request: Request, errors: dict[str, str]) -> Response:
    desk, session, form = desk_of(request), session_of(request), form_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    language, standing = teller.language, syncing.status(desk)
    address, proxy = syncing.address_of(desk)
    rounds = session.rounds
    failure = rounds.failure if rounds is not None else None
    return render(
        request,
        "relay.html",
        page="organisation",
        title=language.gettext("Relay"),
        status_code=422 if errors else 200,
        form=form if errors else None,
        errors=errors,
        standing=standing,
        address=address,
        proxy=proxy,
        typed_in={name: form.text(name) if errors else "" for name in ("address", "proxy", "ticket")},
        away=language.gettext(_AWAY[standing.away]) if standing.away in _AWAY else "",
        heard=contact.heard(standing.heard_ms, desk.now_ms(), language),
        lie=_lie(teller, standing.wrong),
        may=may_admit(desk),
        working=rounds is not None and rounds.working,
        failure=_failure(teller, failure),
    )


def _ask_era(request: Request, errors: dict[str, str]) -> Response:
    desk, form = desk_of(request), form_of(request)
    look(desk, FolderType.ORGANISATION)
    if not may_admit(desk):
        raise Refused("Only a coordinator’s desk can sign an era.")
    found = syncing.wrong(desk)
    common = found.common if found is not None else None
    return render(
        request,
        "relay_era.html",
        page="organisation",
        title=words(request).gettext("Go on from the last common entry"),
        status_code=422 if errors else 200,
        errors=errors,
        common=form.text("common") if errors else ("" if common is None else str(common)),
        reason=form.text("reason"),
        position=desk.book.position,
    )


def _compare(request: Request, errors: dict[str, str], same: bool | None, position: int | None = None) -> Response:
    desk, form = desk_of(request), form_of(request)
    look(desk, FolderType.ORGANISATION)
    asked = None
    if position is not None:
        try:
            asked = syncing.heads(desk, position)
        except BadInput as bad:
            errors = messages(request, bad)
    own = syncing.heads(desk)
    return render(
        request,
        "relay_compare.html",
        page="organisation",
        title=words(request).gettext("Compare with another desk"),
        status_code=422 if errors else 200,
        errors=errors,
        own=own,
        image=qr_image(own.text, "l"),
        asked=asked,
        same=same,
        code=form.text("code"),
        position=form.text("position"),
    )


def _lie(teller: Teller, found: syncing.Wrong | None) -> dict[str, Any] | None:
    if found is None:
        return None
    title, seen = _SAID[found.what]
    common = "?" if found.common is None else str(found.common)
    return {
        "code": found.what.value,
        "title": teller.language.gettext(title),
        "seen": teller.language.gettext(seen, position=found.position, common=common),
        "at_ms": found.at_ms,
        "common": found.common,
        "may_ask_again": found.what not in (Lie.CLONED, Lie.REMOVED),
        "may_go_on": found.what in (Lie.REWOUND, Lie.FORKED, Lie.DAMAGED, Lie.TWO_FACED, Lie.WITHHELD),
    }


def _failure(teller: Teller, failure: WaystationError | None) -> str:
    if isinstance(failure, BadInput):
        return " ".join(teller.language.problem(problem) for problem in failure.problems.values())
    return teller.language.error(failure) if failure is not None else ""


def _address_in(form: Form) -> tuple[str, str]:
    return syncing.read_where(form.text("address"), form.text("proxy"))


def _number(form: Form, name: str) -> int:
    text = form.text(name).strip().replace("\u00a0", "").replace(" ", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput({name: Problem("bad_number", "Write a whole number.")})
    return int(text)


async def changed(request: Request) -> Response:
    """What an open page asks: it is answered as soon as something came from the others, or after a while."""
    session, known = session_of(request), request.query_params.get("state", "")
    for _ in range(int(ASKED_FOR_S / _LOOK_EVERY_S)):
        desk = session.desk
        if desk is None or desk.locked:
            return Response(status_code=204, headers={"waystation-locked": "1"})
        if contact.state(desk) != known or await request.is_disconnected():
            break
        await sleep(_LOOK_EVERY_S)
    return await run_in_threadpool(_told, request)


def _told(request: Request) -> Response:
    desk: Desk = desk_of(request)
    with desk.gate:
        return status_fragment(request)


routes = [
    Route("/organisation/relay", handler(show)),
    Route("/organisation/relay/connect", handler(connect), methods=["POST"]),
    Route("/organisation/relay/move", handler(move), methods=["POST"]),
    Route("/organisation/relay/again", handler(again), methods=["POST"]),
    Route("/organisation/relay/era", handler(ask_era)),
    Route("/organisation/relay/era", handler(sign_era), methods=["POST"]),
    Route("/organisation/relay/compare", handler(compare)),
    Route("/organisation/relay/compare", handler(compared), methods=["POST"]),
    Route("/changed", changed),
]
