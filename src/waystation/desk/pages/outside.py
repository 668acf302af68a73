"""A case's task slips: made, shown to be printed, destroyed.

Guarantees: what stands on a slip is shown only after the asking was saved, and never once it has expired; on paper
there is the slip and nothing else: no address of this desk, no name of the case, no word of who we are.
"""

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from waystation.desk.formats import format_moment
from waystation.desk.pages.helpers import apart_words, one_line
from waystation.desk.pages.records import (
    Where,
    folder_name,
    in_folders,
    record_at,
    record_id,
    wants_override,
    where_of,
)
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, redirect, render, words
from waystation.errors import BadInput, Refused
from waystation.ids import RecordId, from_text, to_text
from waystation.office import casework, outside
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Value
from waystation.records.choices import ToldTo
from waystation.records.values import Moment
from waystation.views import helpers as views
from waystation.views.helpers import Wanted

ROOTS: Final = ("cases", "requests")


def slip_form(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form of a new slip. Whoever should be kept apart from the case stands last in the list of helpers."""
    desk, where = desk_of(request), where_of(request)
    if "told" not in casework.addable(desk, where.folder_type):
        raise Refused("Your role does not write such records here. Ask a coordinator.")
    teller = Teller(request, desk, where.folder)
    rows = views.helpers(desk.reader, Wanted(), where.folder)
    chosen = (form.text("helper") if form else request.query_params.get("helper", "")) or ""
    consent = outside.covering(desk, where.folder, ToldTo.HELPER)
    return render(
        request,
        "slip_form.html",
        page=where.page,
        title=teller.language.gettext("A task slip"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=folder_name(desk, where),
        values={
            "helper": chosen,
            "shown_as": outside.propose_name(desk, teller.language.code),
            "consent": to_text(consent) if consent is not None else None,
        },
        helpers=[(row.shown.ref, one_line(row, teller)) for row in rows],
        consents=teller.choices_of("consent"),
        apart=[apart_words(one, teller.language) for row in rows if row.shown.ref == chosen for one in row.apart],
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "task_slip"),
        override=bad is not None and (wants_override(bad) or bool(form and form.text("override"))),
        override_text=form.text("override") if form else "",
        cancel=where.section("task_slip"),
    )


def make_slip(request: Request) -> Response:
    """Makes it, and notes what the helper was told."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    language = words(request)
    try:
        fields = _without_empty_end(form).fields(REGISTRY["task_slip"], desk)
        told: dict[str, Value | None] = {
            "what": language.gettext("What stands on the task slip: a code name, a meeting point, a time, a phrase."),
            "consent": from_text(form.text("consent")) if form.text("consent") else None,
        }
        save = outside.give_slip(desk, where.folder, fields, told, override=form.text("override"))
        desk.save(save)
    except BadInput as bad:
        return slip_form(request, form, bad)
    flash = ("done", language.gettext("The slip is made. It is noted that the helper was told."))
    return redirect(request, f"{where.record('task_slip', save.writes[0].record)}/slip", flash)


def _without_empty_end(form: Form) -> Form:
    """The form as if it had not asked when the slip expires, where that was left to us."""
    if form.text("expires").strip():
        return form
    return replace(form, inputs=tuple(one for one in form.inputs if one[0] not in ("expires", "seen.expires")))


def slip_page(request: Request) -> Response:
    """The slip as it is printed, after the asking; before that, the page that asks; once it is over, what to do."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where, "task_slip")
    teller = Teller(request, desk, where.folder)
    slip = _asked_for(desk, where, record_id(request)) if "shown" in request.query_params else None
    return render(
        request,
        "slip.html",
        page=where.page,
        title=teller.language.gettext("Task slip"),
        where=where,
        folder_name=folder_name(desk, where),
        record=record,
        t=teller,
        slip=slip,
        meets=_local(slip.meets, teller) if slip else "",
        expires=_local(slip.expires, teller) if slip else "",
        is_over=views.slip_is_over(record, desk.now_ms()),
        here=where.record("task_slip", record.record),
    )


def ask(request: Request) -> Response:
    """Saves that somebody looks at the slip, and leads on to it."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where, "task_slip").record
    desk.save(outside.ask_for_slip(desk, where.folder, record))
    return redirect(request, f"{where.record('task_slip', record)}/slip?shown=1")


def _asked_for(desk: Desk, where: Where, record: RecordId) -> outside.Slip | None:
    """The slip, if this member has asked for it in the last minutes and it is not over."""
    try:
        return outside.slip(desk, where.folder, record)
    except Refused:
        return None


def _local(moment: Moment, teller: Teller) -> str:
    """A moment by the clock of the place where it was set, and no other: a slip says nothing of where we are."""
    return format_moment(moment, teller.language, moment.zone)


routes = [
    *in_folders("/task_slip/new", slip_form, roots=ROOTS),
    *in_folders("/task_slip/new", make_slip, ("POST",), roots=ROOTS),
    *in_folders("/task_slip/{record}/slip", slip_page, roots=ROOTS),
    *in_folders("/task_slip/{record}/slip", ask, ("POST",), roots=ROOTS),
]
