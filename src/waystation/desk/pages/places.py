"""Places where people are hidden: who sleeps where, one place, and what happens when it is exposed."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from babel.dates import format_date
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.case import Question, history_context, question_page
from waystation.desk.pages.records import Unmasked, versions, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderType, to_text
from waystation.office import casework, intake, shelter
from waystation.office.reading import look, may_open
from waystation.records import REGISTRY, Value
from waystation.records import said as reading
from waystation.records.labels import N_
from waystation.records.values import Day
from waystation.views import case as case_view
from waystation.views import places as views
from waystation.views import shown as record_views
from waystation.views.places import PlaceRow

NIGHTS: Final = 14


def listed(request: Request) -> Response:
    """The night calendar of all places."""
    desk = desk_of(request)
    look(desk, FolderType.PLACE)
    teller = Teller(request, desk)
    found = views.places(desk.reader, nights=NIGHTS)
    return render(
        request,
        "places.html",
        page="places",
        title=teller.language.gettext("Places"),
        rows=[_nights(teller, row) for row in found],
        days=_days(teller, desk.today()),
        places=found,
        t=teller,
        may_open=may_open(desk, FolderType.PLACE),
    )


def _days(teller: Teller, first: str) -> list[dict[str, Any]]:
    """Head of the calendar, as the macro `nights` takes it."""
    start = date.fromisoformat(first)
    days = [start + timedelta(days=n) for n in range(NIGHTS)]
    locale = teller.language.locale
    return [
        {
            "iso": day.isoformat(),
            "weekday": format_date(day, "EEE", locale=locale),
            "text": format_date(day, "d MMM", locale=locale),
            "today": day == start,
        }
        for day in days
    ]


def _nights(teller: Teller, row: PlaceRow) -> dict[str, Any]:
    """One place of the calendar: nights alike stand together."""
    _ = teller.language.gettext
    address = teller.address(f"places/{to_text(row.shown.folder)}")
    cells = []
    for taken, nights in groupby(row.nights, key=lambda night: night.taken):
        span = len(list(nights))
        if taken:
            text = _("%(taken)s of %(beds)s", taken=taken, beds=row.beds) if row.beds else str(taken)
            full = row.beds is not None and taken >= row.beds
            cells.append({"nights": span, "text": text, "state": "taken" if full else "part", "url": address})
        else:
            state = "free" if row.state == "open" else "closed"
            cells += [{"nights": 1, "text": "", "state": state}] * span
    state = {"open": "", "closed": _("closed"), "exposed": _("exposed")}[row.state]
    beds = teller.language.ngettext("one bed", "%(num)s beds", row.beds) if row.beds else ""
    return {"text": row.code_name, "url": address, "note": state or beds, "cells": cells}


def begin(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form on which a place is added."""
    desk = desk_of(request)
    if not may_open(desk, FolderType.PLACE):
        raise Refused("Your role does not open places. Ask a caseworker or a coordinator.")
    teller = Teller(request, desk)
    proposed: dict[str, Value | None] = {
        "code_name": intake.propose_code_name(desk, teller.language.code),
        "opened": Day(desk.today(), desk.today()),
    }
    return render(
        request,
        "place_form.html",
        page="places",
        title=teller.language.gettext("Add a place"),
        status_code=422 if bad else 200,
        form=form,
        kind="place",
        values=teller.inputs("place", proposed),
        seen={},
        masked=(),
        conflicts=(),
        choices=teller.choices("place"),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "place"),
    )


def add(request: Request) -> Response:
    """Adds a place."""
    desk, form = desk_of(request), form_of(request)
    try:
        save = shelter.open_place(desk, form.fields(REGISTRY["place"], desk))
        desk.save(save)
    except BadInput as bad:
        return begin(request, form, bad)
    done = words(request).gettext("The place is added.")
    return redirect(request, f"places/{to_text(casework.opened(save))}", ("done", done))


def show(request: Request) -> Response:
    """One place."""
    desk, where = desk_of(request), where_of(request)
    head = record_views.record(desk.reader, where.folder, "place", where.folder)
    row = next((one for one in views.places(desk.reader, nights=NIGHTS) if one.shown.folder == where.folder), None)
    if head is None or row is None:
        raise HTTPException(404)
    teller = Teller(request, desk, where.folder)
    conflicts = case_view.conflicts(desk.reader, where.folder)
    stays = views.stays(desk.reader, where.folder)
    return render(
        request,
        "place.html",
        page="places",
        title=teller.language.gettext("Place"),
        where=where,
        head=head,
        row=row,
        t=teller,
        unmasked=Unmasked(request, where),
        conflicts={one.field: versions(teller, one) for one in conflicts if one.kind == "place"},
        addable=casework.addable(desk, FolderType.PLACE),
        stays=[stay for stay in stays if stay.ends is None or stay.ends >= desk.today()],
        past=sum(stay.ends is not None and stay.ends < desk.today() for stay in stays),
        **history_context(request, desk, where, teller),
    )


EXPOSE: Final = Question(
    N_("Is this place exposed?"),
    N_(
        "Nobody is sent here any more. Every case that has somebody here gets a task that is due now: move them. "
        "Those tasks cannot be called back."
    ),
    N_("It is exposed: move everyone"),
    ("reason", "day"),
    N_("The place is marked as exposed. Whoever stays there stands on “Today”."),
    grave=True,
)


def ask_expose(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page that asks before a place is called exposed."""
    where = where_of(request)
    name = Teller(request, desk_of(request), where.folder).link("place", where.folder)
    return question_page(request, where, EXPOSE, name, form, bad)


def expose(request: Request) -> Response:
    """Marks it as exposed."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    language = words(request)
    try:
        reason, day = form.text("words").strip(), form.text("day").strip()
        if not reason:
            raise BadInput({"words": Problem("required", N_("This is needed."))})
        since = reading.day(day, today=desk.today()) if day else None
        desk.save(shelter.expose(desk, where.folder, reason, since, language.gettext(shelter.MOVE_THEM)))
    except BadInput as bad:
        return ask_expose(request, form, BadInput({name or "day": p for name, p in bad.problems.items()}))
    return redirect(request, where.back, ("attention", language.gettext(EXPOSE.done)))


routes = [
    Route("/places", handler(listed)),
    Route("/places/new", handler(begin)),
    Route("/places/new", handler(add), methods=["POST"]),
    Route("/places/{folder}", handler(show)),
    Route("/places/{folder}/expose", handler(ask_expose)),
    Route("/places/{folder}/expose", handler(expose), methods=["POST"]),
]
