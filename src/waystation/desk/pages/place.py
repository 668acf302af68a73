"""One place: who sleeps there and who will, what is said about it, and what happens when it is exposed.

Guarantees: the address and its keeper are masked; nobody is sent to an exposed place, and whoever is there is moved.
"""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages import nights
from waystation.desk.pages.acts import Question, question_page
from waystation.desk.pages.case import history_context
from waystation.desk.pages.clashes import told as told_clashes
from waystation.desk.pages.nights import Span
from waystation.desk.pages.records import Unmasked, versions, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.pages.undo import struck_folder
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderType, to_text
from waystation.office import casework, intake, shelter
from waystation.office.reading import look, may_look, may_open
from waystation.records import REGISTRY, Value
from waystation.records import said as reading
from waystation.records.labels import N_
from waystation.records.values import Day
from waystation.views import case as case_view
from waystation.views import places as views
from waystation.views import shown as record_views
from waystation.views.contradictions import of_place
from waystation.views.places import StayRow

PAGE: Final = 40


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
    look(desk, FolderType.PLACE)
    span, today = Span.asked(request, desk.today()), desk.today()
    head = record_views.record(desk.reader, where.folder, "place", where.folder)
    row = views.place(desk.reader, where.folder, start=span.first, nights=span.nights)
    if head is None or row is None:
        return struck_folder(request, where)
    teller = Teller(request, desk, where.folder)
    sees_cases = may_look(desk, FolderType.CASE)
    conflicts = case_view.conflicts(desk.reader, where.folder)
    after, left = request.query_params.get("stays"), request.query_params.get("left")
    there = views.present(desk.reader, where.folder, after=after, limit=PAGE)
    gone = views.gone(desk.reader, where.folder, after=left, limit=PAGE)
    ended = views.ended(desk.reader, where.folder)
    touching = views.touching(desk.reader, where.folder, span.first, span.days[-1].isoformat(), limit=PAGE)
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
        months=nights.months(teller, span, where.path, {}),
        span_text=nights.between(teller, span),
        runs=nights.runs(row.nights),
        said=nights.said(teller, row),
        twice=nights.twice(teller, row),
        clashes=told_clashes(request, of_place(desk.reader, where.folder)),
        tonight=nights.tonight(teller, row),
        count=span.nights,
        today_at=span.number_of(today),
        days=nights.head(teller, span, today),
        calendar=nights.calendar(teller, touching.rows, span, sees_cases=sees_cases),
        more_nights=touching.next is not None,
        stays=[_stay(teller, stay, today, sees_cases=sees_cases) for stay in there.rows],
        next_stays=there.next,
        first_stays=after is not None,
        gone=[_stay(teller, stay, today, sees_cases=sees_cases) for stay in gone.rows],
        next_gone=gone.next,
        first_gone=left is not None,
        ended=teller.language.ngettext("One stay has ended.", "%(num)s stays have ended.", ended) if ended else "",
        **history_context(request, desk, where, teller),
    )


def _stay(teller: Teller, stay: StayRow, today: str, *, sees_cases: bool) -> dict[str, Any]:
    language = teller.language
    coming = stay.begins > today
    return {
        "url": teller.address(f"cases/{to_text(stay.case)}#shelter") if sees_cases else "",
        "text": stay.code_name,
        "small": [
            language.gettext("will come") if coming else "",
            language.ngettext("one person", "%(num)s people", stay.people),
            language.gettext("from %(day)s", day=teller.day(stay.begins)),
            language.gettext("until %(day)s", day=teller.day(stay.ends))
            if stay.ends
            else language.gettext("no end known"),
        ],
    }


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
    Route("/places/new", handler(begin)),
    Route("/places/new", handler(add), methods=["POST"]),
    Route("/places/{folder}", handler(show)),
    Route("/places/{folder}/expose", handler(ask_expose)),
    Route("/places/{folder}/expose", handler(expose), methods=["POST"]),
]
