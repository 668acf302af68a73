"""What is done to records beside writing them down: each on a page that says first what will happen.

Guarantees: what cannot be taken back is asked about on a page of its own; a check-in is noted in one action; a case is
closed only over what somebody carries. A request and a place use the same pages.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import Unmasked, Where, in_folders, record_at, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem
from waystation.ids import FolderType, RecordId
from waystation.office import casework, journeys, outside, shelter, signs
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Save
from waystation.records import said as reading
from waystation.records.labels import N_
from waystation.records.values import Day, Moment
from waystation.views import case as views
from waystation.views.case import CaseView
from waystation.views.shown import Shown


class Question(NamedTuple):
    """A page that asks before something is done.

    Args:
        title, text, button: gettext ids.
        asks: names of its inputs: "words", "day", "condition" …, as `act.html` draws them.
        done: what is said afterwards.
        grave: whether it cannot be taken back; the way back stands first then.
    """

    title: str
    text: str
    button: str
    asks: tuple[str, ...]
    done: str
    grave: bool = False


Do = Callable[[Desk, Where, RecordId, Form], Save]


def _words(form: Form) -> str:
    """What was typed as the reason. Raises: BadInput, if there is none."""
    said = form.text("words").strip()
    if not said:
        raise BadInput({"words": Problem("required", N_("This is needed."))})
    return said


def _day(desk: Desk, form: Form) -> Day | None:
    """The day that was typed. Raises: BadInput."""
    said = form.text("day").strip()
    try:
        return reading.day(said, today=desk.today()) if said else None
    except BadInput as bad:
        raise BadInput({"day": bad.problems[""]}) from None


def _finish(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return casework.finish_task(desk, where.folder, record, form.text("words"))


def _reopen_task(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return casework.reopen_task(desk, where.folder, record)


def _withdraw(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return casework.withdraw_consent(desk, where.folder, record, _day(desk, form))


def _call_off(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return journeys.call_off(desk, where.folder, record, _words(form))


def _confirm(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return journeys.confirm_arrival(desk, where.folder, record)


def _destroyed(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return outside.destroyed(desk, where.folder, record)


def _leave(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    return shelter.leave(desk, where.folder, record, _day(desk, form))


QUESTIONS: Final[Mapping[tuple[str, str], tuple[Question, Do]]] = {
    ("task", "finish"): (
        Question(
            N_("Is it done?"),
            N_("The task goes from “Today”. It can be taken up again."),
            N_("It is done"),
            ("words",),
            N_("The task is done."),
        ),
        _finish,
    ),
    ("task", "reopen"): (
        Question(
            N_("Take it up again?"),
            N_("The task comes back to “Today”."),
            N_("Take it up again"),
            (),
            N_("The task is open again."),
        ),
        _reopen_task,
    ),
    ("consent", "withdraw"): (
        Question(
            N_("Do they withdraw this consent?"),
            N_("From that day nothing more is shared under it. What was shared before cannot be called back."),
            N_("Withdraw the consent"),
            ("day",),
            N_("The consent is withdrawn."),
        ),
        _withdraw,
    ),
    ("journey", "call-off"): (
        Question(
            N_("Call this journey off?"),
            N_("It stays in the case as called off. A journey that is only put off is changed instead."),
            N_("Call the journey off"),
            ("reason",),
            N_("The journey is called off."),
        ),
        _call_off,
    ),
    ("arrival", "confirm"): (
        Question(
            N_("Have they confirmed it themselves?"),
            N_("Only their own word counts: from then on they are counted as arrived."),
            N_("They have confirmed it"),
            (),
            N_("The arrival is confirmed."),
        ),
        _confirm,
    ),
    ("stay", "leave"): (
        Question(
            N_("Do they leave this place?"),
            N_("Their beds are free from that day."),
            N_("They leave"),
            ("day",),
            N_("The stay has ended."),
        ),
        _leave,
    ),
    ("task_slip", "destroyed"): (
        Question(
            N_("Was the slip destroyed?"),
            N_("Ask the helper: is the paper burnt or torn up, is there no photograph? From then on it is not shown."),
            N_("It was destroyed"),
            (),
            N_("It is noted that the slip was destroyed."),
        ),
        _destroyed,
    ),
}
"""(kind, act) → the page that asks, and what is done."""


def ask(request: Request, *, of: tuple[str, str], form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page that asks before something is done to a record.

    Args:
        of: kind and act, a key of `QUESTIONS`.
    """
    where = where_of(request)
    record = record_at(request, where, of[0])
    teller = Teller(request, desk_of(request), where.folder)
    return question_page(request, where, QUESTIONS[of][0], teller.about(record), form, bad, kind=of[0])


def question_page(
    request: Request,
    where: Where,
    question: Question,
    about: str,
    form: Form | None = None,
    bad: BadInput | None = None,
    *,
    kind: str = "",
) -> Response:
    """A page that asks before something is done.

    Args:
        about: what it is done to, in one line.
        kind: whose section of the folder's page the way back leads to.
    """
    teller = Teller(request, desk_of(request), where.folder)
    return render(
        request,
        "act.html",
        page=where.page,
        title=teller.language.gettext(question.title),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        about=about,
        question=question,
        typed_words=form.text("words") if form else "",
        typed_day=form.text("day") if form else "",
        cancel=where.section(kind),
        errors=teller.problems(bad),
    )


def do(request: Request, *, of: tuple[str, str]) -> Response:
    """Does it; arguments as for `ask`."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record = record_at(request, where, of[0])
    question, function = QUESTIONS[of]
    try:
        desk.save(function(desk, where, record.record, form))
    except BadInput as bad:
        return ask(request, of=of, form=form, bad=bad)
    return redirect(request, where.section(record.kind), ("done", words(request).gettext(question.done)))


# ── Check-ins and legs are noted ──


def note_page(request: Request, *, kind: str, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """What is written down when somebody was heard from (`check_in`), or when a `leg` was travelled."""
    desk, where = desk_of(request), where_of(request)
    record = record_at(request, where, kind)
    teller = Teller(request, desk, where.folder)
    return render(
        request,
        f"note_{record.kind}.html",
        page=where.page,
        title=teller.language.gettext(_NOTE_TITLES[kind]),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        record=record,
        t=teller,
        unmasked=Unmasked(request, where),
        about=teller.about(record),
        values=teller.inputs(record.kind, record.fields),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, kind, {"next.": "check_in"}),
        cancel=where.section(record.kind),
        next_due=_next_due(teller, where, record) if kind == "check_in" else None,
    )


def _next_due(teller: Teller, where: Where, record: Shown) -> str | list[str] | bool | None:
    """When the next check-in is due by the rhythm of those before it, as its input takes it; None for none."""
    if "done" in record.fields:
        return None
    due = signs.next_due(teller.desk, where.folder, record.record)
    return teller.inputs("check_in", {"due": due}).get("due")


_NOTE_TITLES: Final[Mapping[str, str]] = {"check_in": N_("Heard from them?"), "leg": N_("How did the leg go?")}


def note(request: Request, *, kind: str) -> Response:
    """Notes it; `kind` as for `note_page`."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record = record_at(request, where, kind).record
    language = words(request)
    try:
        if kind == "check_in":
            desk.save(_note_check_in(desk, where, record, form))
            done = language.gettext("The check-in is noted.")
        else:
            fields = form.fields(REGISTRY["leg"], desk)
            desk.save(journeys.note_leg(desk, where.folder, record, fields, form.seen))
            done = language.gettext("The leg is noted.")
    except BadInput as bad:
        return note_page(request, kind=kind, form=form, bad=bad)
    return redirect(request, where.section(kind), ("done", done))


def _note_check_in(desk: Desk, where: Where, record: RecordId, form: Form) -> Save:
    """The check-in, and the next one if a time for it was given."""
    spec = REGISTRY["check_in"]
    fields = {name: value for name, value in form.fields(spec, desk).items() if value is not None}
    if not form.text("next.due").strip():
        return casework.note_check_in(desk, where.folder, record, fields)
    following = form.fields(spec, desk, "next.")
    try:
        return casework.note_check_in(desk, where.folder, record, fields, following)
    except BadInput as bad:
        # "done" and its like are of this check-in; "due" can only be of the next.
        raise BadInput({"next.due" if name == "due" else name: p for name, p in bad.problems.items()}) from None


# ── The alarm, the end, and the way back ──

ALARM: Final = Question(
    N_("Raise the alarm: contact is lost"),
    N_("A task that is due now goes to the caseworker, and a note says what is known. Nothing is closed."),
    N_("Raise the alarm"),
    ("tried",),
    N_("The alarm is raised. It stands on “Today”."),
)

REOPEN: Final = Question(
    N_("Open this case again?"),
    N_("It counts as open again from today."),
    N_("Open the case again"),
    ("reason",),
    N_("The case is open again."),
)


def ask_alarm(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which contact is called lost."""
    where = where_of(request)
    return question_page(request, where, ALARM, name_of(request, where), form, bad, kind="task")


def alarm(request: Request) -> Response:
    """Raises the alarm."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    language = words(request)
    try:
        desk.save(casework.raise_alarm(desk, where.folder, _words(form), language.gettext(casework.FIND_OUT)))
    except BadInput as bad:
        return ask_alarm(request, form, bad)
    return redirect(request, where.section("task"), ("attention", language.gettext(ALARM.done)))


def ask_reopen(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which a closed case is opened again."""
    where = where_of(request)
    return question_page(request, where, REOPEN, name_of(request, where), form, bad)


def reopen(request: Request) -> Response:
    """Opens it again."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        desk.save(casework.reopen(desk, where.folder, _words(form)))
    except BadInput as bad:
        return ask_reopen(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext(REOPEN.done)))


def name_of(request: Request, where: Where) -> str:
    """Code name of the case or the request that a page belongs to."""
    kind = "request" if where.folder_type is FolderType.REQUEST else "case"
    return Teller(request, desk_of(request), where.folder).link(kind, where.folder)


def close_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which a case is closed."""
    desk, where = desk_of(request), where_of(request)
    view = views.case(desk.reader, where.folder)
    if view is None:
        raise HTTPException(404)
    teller = Teller(request, desk, where.folder)
    today = Day(desk.today(), desk.today())
    return render(
        request,
        "close.html",
        page="cases",
        title=teller.language.gettext("Close the case"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        view=view,
        t=teller,
        due=open_due(view, desk.now_ms()),
        carried=form.text("carried") if form else "",
        values=teller.inputs("closure", {"closed": today}),
        choices=teller.choices("closure"),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "closure"),
        ask_carried=(bad is not None and "carried" in bad.problems) or bool(form and form.text("carried")),
    )


def close(request: Request) -> Response:
    """Closes it."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        fields = form.fields(REGISTRY["closure"], desk)
        desk.save(casework.close(desk, where.folder, fields, carried=form.text("carried")))
    except BadInput as bad:
        return close_page(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext("The case is closed.")))


def open_due(view: CaseView, now_ms: int) -> list[tuple[Shown, bool]]:
    """Open check-ins and tasks, the earliest first, each with whether it is overdue."""
    found = [
        (due.ms if isinstance(due := one.fields.get("due"), Moment) else None, one)
        for kind in ("check_in", "task")
        for one in view.records.get(kind, ())
        if "done" not in one.fields
    ]
    found.sort(key=lambda pair: (pair[0] is None, pair[0] or 0))
    return [(one, ms is not None and ms < now_ms) for ms, one in found]


routes = [
    *(
        route
        for kind in _NOTE_TITLES
        for route in (
            *in_folders(f"/{kind}/{{record}}/note", partial(note_page, kind=kind)),
            *in_folders(f"/{kind}/{{record}}/note", partial(note, kind=kind), ("POST",)),
        )
    ),
    *(
        route
        for kind, act in QUESTIONS
        for route in (
            *in_folders(f"/{kind}/{{record}}/{act}", partial(ask, of=(kind, act))),
            *in_folders(f"/{kind}/{{record}}/{act}", partial(do, of=(kind, act)), ("POST",)),
        )
    ),
    Route("/cases/{folder}/close", handler(close_page)),
    Route("/cases/{folder}/close", handler(close), methods=["POST"]),
    Route("/cases/{folder}/reopen", handler(ask_reopen)),
    Route("/cases/{folder}/reopen", handler(reopen), methods=["POST"]),
    *in_folders("/alarm", ask_alarm, roots=("cases", "requests")),
    *in_folders("/alarm", alarm, ("POST",), roots=("cases", "requests")),
]
