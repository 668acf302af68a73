"""Missed signs of life: what every open page asks for, and who at this desk looks after one.

Guarantees: asking keeps no desk open, and a locked desk answers nothing of the book. Taking an alarm notes nothing: it
is silent here for a while, and rings again if nobody has noted the check-in by then.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.web import (
    Form,
    alarm_state,
    desk_of,
    form_address,
    form_of,
    fragment,
    handler,
    open_handler,
    redirect,
    ringing,
    session_of,
    url,
    words,
)
from waystation.ids import from_text


def watch(request: Request) -> Response:
    """What an open page asks now and then, so that it rings, and a locked desk leaves nothing on the screen."""
    session = session_of(request)
    session.look()
    desk = session.desk
    if desk is None:
        return Response(status_code=204, headers={"HX-Redirect": url(request, "locked")})
    with desk.gate:
        alarms = ringing(request)
        state = alarm_state(request, alarms)
        if state == request.query_params.get("state"):
            return Response(status_code=204)
        here = form_address(request, Form())
        return fragment(request, "_alarms.html", alarms=alarms, alarm_state=state, here=here)


def take(request: Request) -> Response:
    """Somebody at this desk looks after the alarms that the form names."""
    desk_of(request)
    session, form = session_of(request), form_of(request)
    for named in form.values.get("check_in", []):
        folder, _, record = named.partition(".")
        session.silence((from_text(folder), from_text(record)))
    back = form_address(request, Form((("form_address", form.text("back")),)))
    told = words(request).gettext("This desk stays quiet for ten minutes. Note the check-in when you know more.")
    return redirect(request, back or "today", ("done", told))


routes = [
    Route("/watch", open_handler(watch)),
    Route("/alarms/take", handler(take), methods=["POST"]),
]
