"""What was set aside: what it would write, whose it is, and why it was not applied; adopted or left by a coordinator.

Guarantees: nothing of it acts on anything before it is adopted; masked fields are named and not shown.
"""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import ROOTS
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, redirect, render, words
from waystation.errors import BookError, MissingKey
from waystation.ids import to_text
from waystation.office import aside
from waystation.office.aside import SetAside
from waystation.records import REGISTRY

_ADDRESS = {folder_type: root for root, folder_type in ROOTS.items()}


def show(request: Request) -> Response:
    """Everything that was set aside, the newest first."""
    desk = desk_of(request)
    found = aside.set_aside(desk)
    teller = Teller(request, desk)
    rows = [_row(teller, one) for one in found]
    return render(
        request,
        "aside.html",
        page="organisation",
        title=teller.language.gettext("What was set aside"),
        rows=[row for row in rows if row["waits"]],
        done=[row for row in rows if not row["waits"]],
    )


def adopt(request: Request) -> Response:
    """Applies one of them, in this member's name."""
    told = words(request).gettext("It is adopted: it stands in the book now, under your name.")
    try:
        aside.adopt(desk_of(request), _position(request))
    except MissingKey:
        raise
    except BookError:
        told = words(request).gettext("It cannot be adopted any more. Somebody else may have done it meanwhile.")
        return redirect(request, "organisation/aside", ("attention", told), undo=False)
    return redirect(request, "organisation/aside", ("done", told), undo=False)


def leave(request: Request) -> Response:
    """Leaves one of them aside."""
    aside.leave(desk_of(request), _position(request))
    told = words(request).gettext("It is left aside. It stays on this page, and can still be adopted.")
    return redirect(request, "organisation/aside", ("done", told), undo=False)


def _position(request: Request) -> int:
    text = form_of(request).text("position")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise HTTPException(404)
    return int(text)


def _row(teller: Teller, one: SetAside) -> dict[str, Any]:
    _ = teller.language.gettext
    root = _ADDRESS.get(one.folder_type) if one.folder_type is not None and one.where else None
    return {
        "position": one.position,
        "who": one.who or _("Somebody who is not known here"),
        "when": teller.moment(one.at_ms) if one.at_ms is not None else _("entry %(position)s", position=one.position),
        "why": _(one.why),
        "where": one.where,
        "url": teller.address(f"{root}/{to_text(one.folder)}") if root and one.folder is not None else "",
        "writes": [_write(teller, kind, fields) for kind, fields in one.writes],
        "may_adopt": one.may_adopt,
        "waits": not one.adopted and not one.left,
        "adopted": one.adopted,
    }


def _write(teller: Teller, kind: str, fields: Any) -> dict[str, Any]:
    spec = REGISTRY.get(kind)
    told = []
    for name, value in fields.items():
        field = spec.fields.get(name) if spec else None
        if field is None or field.hidden:
            continue
        text = teller.language.gettext("masked") if field.is_masked else teller.text(kind, name, value)
        told.append({"label": teller.field_label(kind, name), "text": text})
    return {"kind": teller.kind_label(kind), "fields": told}


routes = [
    Route("/organisation/aside", handler(show)),
    Route("/organisation/aside/adopt", handler(adopt), methods=["POST"]),
    Route("/organisation/aside/leave", handler(leave), methods=["POST"]),
]
