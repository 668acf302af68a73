"""The page of one case, and what is done to its records beside writing them down.

Guarantees: what cannot be taken back is asked about on a page of its own first; a check-in is noted in one action; who
can read the case is shown from the keys and not from a list. A request and a place share the parts of this page.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import (
    Unmasked,
    Where,
    in_folders,
    record_at,
    record_id,
    versions,
    where_of,
)
from waystation.desk.pages.telling import Event, Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem
from waystation.ids import FolderType, RecordId, to_text
from waystation.office import attachments, casework, journeys, shelter, staff
from waystation.office.desk import Desk
from waystation.office.erasure import may_erase
from waystation.records import REGISTRY, Save
from waystation.records import said as reading
from waystation.records.labels import N_
from waystation.records.status import Stage
from waystation.records.values import Day, Moment
from waystation.views import case as views
from waystation.views.case import CaseView, Conflict
from waystation.views.shown import Shown

TIMELINE: Final = 30

_NEXT: Final[Mapping[str, str]] = {
    "assess": N_("Assess the risk"),
    "review": N_("Assess the risk again"),
    "consent": N_("Write the consent down"),
    "check_in_missed": N_("Note that they were heard from"),
    "verify": N_("Add a verification step"),
    "judge": N_("Judge what was checked"),
    "hide": N_("Hide them in a place"),
    "find_route": N_("Apply by a route"),
    "decision": N_("Write the decision down"),
    "journey": N_("Plan the journey"),
    "legs": N_("Add a leg of the journey"),
    "arrival": N_("Write the arrival down"),
    "follow_up": N_("Write a follow-up down"),
    "close": N_("Close the case"),
    "settle": N_("Look at both"),
}
"""Code of a next step → what its button does."""

_CALM: Final = frozenset(("none", "decision", "close", "follow_up", "judge"))
"""Next steps that wait for something; the others need a person now."""


class Step(NamedTuple):
    """The one thing to do next: what it is, what the button says, and where it leads; empty if nowhere."""

    message: str
    button: str
    address: str
    urgent: bool


def show(request: Request) -> Response:
    """A case."""
    desk, where = desk_of(request), where_of(request)
    view = views.case(desk.reader, where.folder)
    if view is None:
        raise HTTPException(404)
    context = folder_context(request, where, view)
    teller: Teller = context["t"]
    return render(
        request,
        "case.html",
        page="cases",
        title=teller.language.gettext("Case"),
        stage=Stage(view.stage).label,
        step=_step(view, where, teller),
        arrived=view.stage in (Stage.ARRIVED.value,) or _has_arrived(view),
        open_closure=next((one for one in view.records.get("closure", ()) if "reopened" not in one.fields), None),
        **context,
    )


def folder_context(request: Request, where: Where, view: CaseView) -> dict[str, Any]:
    """What the parts of a case's page and of a request's page have in common."""
    desk = desk_of(request)
    teller = Teller(request, desk, where.folder)
    return {
        "where": where,
        "view": view,
        "records": view.records,
        "t": teller,
        "unmasked": Unmasked(request, where),
        "due": _due(view, desk.now_ms()),
        "now_ms": desk.now_ms(),
        "today": desk.today(),
        "of_person": {person.record: _of_person(view, person.record) for person in view.people},
        "of_nobody": _of_person(view, None),
        "addable": casework.addable(desk, where.folder_type),
        "conflicts": [(conflict, versions(teller, conflict)) for conflict in view.conflicts],
        "conflict_subject": {
            (conflict.kind, conflict.record): _subject_of(conflict, teller) for conflict in view.conflicts
        },
        **history_context(request, desk, where, teller),
    }


def history_context(request: Request, desk: Desk, where: Where, teller: Teller) -> dict[str, Any]:
    """What happened in a folder, who can read it, and whether this member may erase it."""
    before = request.query_params.get("before", "")
    older = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    stretch = views.timeline(desk.reader, where.folder, before=older, limit=TIMELINE)
    happened: list[Event] = teller.timeline(stretch.items, teller.address(where.path))
    return {
        "happened": happened,
        "older": stretch.older,
        "is_older": older is not None,
        "readers": staff.readers(desk, where.folder),
        "may_erase": may_erase(desk, where.folder_type),
    }


def _subject_of(conflict: Conflict, teller: Teller) -> str:
    """Whose field is in conflict: a person by their part in the case, any other record by its kind."""
    if conflict.kind == "person":
        return teller.link("person", conflict.record)
    return teller.kind_label(conflict.kind)


def _due(view: CaseView, now_ms: int) -> list[tuple[Shown, bool]]:
    """Open check-ins and tasks, the earliest first, each with whether it is overdue."""
    found = [
        (due.ms if isinstance(due := one.fields.get("due"), Moment) else None, one)
        for kind in ("check_in", "task")
        for one in view.records.get(kind, ())
        if "done" not in one.fields
    ]
    found.sort(key=lambda pair: (pair[0] is None, pair[0] or 0))
    return [(one, ms is not None and ms < now_ms) for ms, one in found]


def _of_person(view: CaseView, person: bytes | None) -> dict[str, list[Shown]]:
    """Kind → records that belong to one person; for None, to nobody in particular."""
    return {
        kind: [one for one in view.records.get(kind, ()) if one.fields.get("person") == person]
        for kind in ("contact_channel", "identity_document")
    }


def _has_arrived(view: CaseView) -> bool:
    return any(one.fields.get("confirmed") is True for one in view.records.get("arrival", ()))


def _step(view: CaseView, where: Where, teller: Teller) -> Step:
    """The next step in words."""
    step, _ = view.next_step, teller.language.gettext
    address = _next_address(view, where)
    button = _(_NEXT[step.code]) if step.code in _NEXT and address else ""
    if step.code == "legs" and not step.kind:
        button = _("Note how the leg went") if address else ""
    urgent = step.code not in _CALM and (step.code != "legs" or bool(step.kind))
    return Step(_(step.message), button, address, urgent)


def _next_address(view: CaseView, where: Where) -> str:
    step = view.next_step
    match step.code:
        case "check_in_missed":
            due = [one for one, _ in _due(view, 0) if one.kind == "check_in"]
            return f"{where.record('check_in', due[0].record)}/note" if due else ""
        case "settle":
            return f"{where.path}#settle"
        case "close":
            return f"{where.path}/close"
        case "decision":
            return _begin(where, "decision", "application", _undecided(view))
        case "journey":
            return _begin(where, "journey", "application", _granted(view))
        case "legs" if not step.kind:
            ahead = [one for one in view.records.get("leg", ()) if "outcome" not in one.fields]
            return f"{where.record('leg', ahead[0].record)}/note" if ahead else ""
        case "legs" | "arrival":
            planned = [one.record for one in view.records.get("journey", ()) if "cancelled" not in one.fields]
            return _begin(where, step.kind, "journey", planned)
        case _:
            return f"{where.path}/{step.kind}/new" if step.kind else ""


def _begin(where: Where, kind: str, link: str, records: list[RecordId]) -> str:
    """Address of a new record's form, linked to the newest of some records."""
    return f"{where.path}/{kind}/new" + (f"?{link}={to_text(records[-1])}" if records else "")


def _undecided(view: CaseView) -> list[RecordId]:
    decided = {one.fields.get("application") for one in view.records.get("decision", ())}
    return [one.record for one in view.records.get("application", ()) if one.record not in decided]


def _granted(view: CaseView) -> list[RecordId]:
    return [
        RecordId(application)
        for one in view.records.get("decision", ())
        if one.fields.get("outcome") == "granted" and isinstance(application := one.fields.get("application"), bytes)
    ]


# ── Acts: what is done to a record, each on a page that says what will happen ──


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
    )


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
    return question_page(request, where, ALARM, _name(request, where), form, bad, kind="task")


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
    return question_page(request, where, REOPEN, _name(request, where), form, bad)


def reopen(request: Request) -> Response:
    """Opens it again."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        desk.save(casework.reopen(desk, where.folder, _words(form)))
    except BadInput as bad:
        return ask_reopen(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext(REOPEN.done)))


def _name(request: Request, where: Where) -> str:
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
        due=_due(view, desk.now_ms()),
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


# ── Files ──


def file_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which a file is put into the book."""
    where = where_of(request)
    desk = desk_of(request)
    teller = Teller(request, desk, where.folder)
    return render(
        request,
        "file_form.html",
        page=where.page,
        title=teller.language.gettext("A file"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        folder_name=_name(request, where) if where.folder_type in (FolderType.CASE, FolderType.REQUEST) else "",
        description=form.text("description") if form else "",
        errors=teller.problems(bad),
        cancel=where.section("file"),
    )


def attach(request: Request) -> Response:
    """Puts a file into the book."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        if not form.files:
            raise BadInput({"file": Problem("required", N_("Choose a file first."))})
        for upload in form.files:
            save, sealed = attachments.attach(
                desk, where.folder, upload.name, upload.media_type, upload.content, form.text("description")
            )
            desk.save(save, [sealed])
    except BadInput as bad:
        return file_page(request, form, bad)
    done = words(request).gettext("The file is in the book, encrypted. Its copy outside the book is yours to delete.")
    return redirect(request, where.section("file"), ("done", done))


TAKE_OUT: Final = Question(
    N_("Take a copy out of the book?"),
    N_(
        "The copy lies unencrypted on this computer, where the book cannot protect or erase it. That it was taken out "
        "is recorded. Delete the copy when you have used it."
    ),
    N_("Take the copy out"),
    ("why",),
    "",
    grave=True,
)


def ask_download(request: Request) -> Response:
    """The page that asks before a file leaves the book."""
    where = where_of(request)
    record = record_at(request, where, "file")
    teller = Teller(request, desk_of(request), where.folder)
    return question_page(request, where, TAKE_OUT, teller.about(record), kind="file")


def download(request: Request) -> Response:
    """A file, decrypted in memory, under a name that gives nobody away."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    record = record_id(request)
    desk.save(casework.reveal(desk, where.folder, "file", record, "name", form.text("words")[:500]))
    found = attachments.read(desk, where.folder, record)
    ending = _ENDINGS.get(found.media_type, "bin")
    return Response(
        found.content,
        media_type=found.media_type if found.media_type in _ENDINGS else "application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="file-{to_text(record)[:8]}.{ending}"'},
    )


_ENDINGS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "text/plain": "txt",
    "application/zip": "zip",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.oasis.opendocument.text": "odt",
}
"""Types of file that keep their type when they leave; all others leave as plain bytes."""

routes = [
    *in_folders("/file/new", file_page),
    *in_folders("/file/new", attach, ("POST",)),
    *in_folders("/file/{record}/download", ask_download),
    *in_folders("/file/{record}/download", download, ("POST",)),
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
    Route("/cases/{folder}", handler(show)),
    Route("/cases/{folder}/close", handler(close_page)),
    Route("/cases/{folder}/close", handler(close), methods=["POST"]),
    Route("/cases/{folder}/reopen", handler(ask_reopen)),
    Route("/cases/{folder}/reopen", handler(reopen), methods=["POST"]),
    *in_folders("/alarm", ask_alarm, roots=("cases", "requests")),
    *in_folders("/alarm", alarm, ("POST",), roots=("cases", "requests")),
]
