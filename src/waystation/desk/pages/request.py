"""One request for help: taken down, on its way to a case, or to an honest end."""

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.acts import Question, question_page
from waystation.desk.pages.case import folder_context
from waystation.desk.pages.next_steps import Step
from waystation.desk.pages.records import Where, this_minute, wants_override, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.pages.undo import struck_folder
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Problem, Refused
from waystation.ids import FolderId, FolderType, from_text, to_text
from waystation.office import casework, intake
from waystation.office.casework import Part
from waystation.office.desk import Desk
from waystation.office.reading import may_open
from waystation.records import REGISTRY
from waystation.records.labels import N_
from waystation.records.status import RequestStage
from waystation.records.values import Day
from waystation.views.case import CaseView
from waystation.views.request import request as request_view

_NEXT: Final[Mapping[str, str]] = {
    "assess": N_("Say how urgent it is"),
    "verify": N_("Add a verification step"),
    "judge": N_("Judge what was checked"),
    "accept": N_("Accept and open a case"),
    "end": N_("End this request"),
    "settle": N_("Look at both"),
    "check_in_missed": N_("Note that they were heard from"),
}

_TRIAGE: Final = ("level", "timeframe", "deadline", "eligibility", "needs", "people")
_END: Final = ("outcome", "outcome_reason", "outcome_day")


def begin(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The form on which a request is taken down."""
    desk = desk_of(request)
    if not may_open(desk, FolderType.REQUEST):
        raise Refused("Your role does not take requests down. Ask a caseworker or a coordinator.")
    teller = Teller(request, desk)
    values = teller.inputs(
        "request",
        {
            "received": this_minute(desk),
            "code_name": intake.propose_code_name(desk, teller.language.code),
            "people": 1,
        },
    )
    return render(
        request,
        "request_form.html",
        page="requests",
        title=teller.language.gettext("Take down a request"),
        status_code=422 if bad else 200,
        form=form,
        values=values,
        choices=teller.choices("request"),
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "request", {"person.": "person", "contact.": "contact_channel"}),
    )


def take_down(request: Request) -> Response:
    """Takes it down, with the person and how to reach them if they were named."""
    desk, form = desk_of(request), form_of(request)
    try:
        fields = form.fields(REGISTRY["request"], desk)
        save = intake.take_down(desk, fields, parts_of(desk, form))
        desk.save(save)
    except BadInput as bad:
        return begin(request, form, bad)
    done = words(request).gettext("The request is taken down.")
    return redirect(request, f"requests/{to_text(casework.opened(save))}", ("done", done))


def parts_of(desk: Desk, form: Form) -> list[Part]:
    """Person and contact channel of a form that asked for them, if anything was said. Raises: BadInput."""
    person = {n: v for n, v in form.fields(REGISTRY["person"], desk, "person.").items() if v is not None}
    parts: list[Part] = []
    named = desk.new_record()
    if person:
        parts.append(Part("person", person, named))
    if form.text("contact.handle").strip():
        channel = {n: v for n, v in form.fields(REGISTRY["contact_channel"], desk, "contact.").items() if v is not None}
        parts.append(Part("contact_channel", {**channel, **({"person": named} if person else {})}))
    return parts


def show(request: Request) -> Response:
    """One request."""
    desk, where = desk_of(request), where_of(request)
    view = request_view(desk.reader, where.folder)
    if view is None:
        return struck_folder(request, where)
    context = folder_context(request, where, view)
    teller: Teller = context["t"]
    return render(
        request,
        "request.html",
        page="requests",
        title=teller.language.gettext("Request for help"),
        stage=RequestStage(view.stage).label,
        waits=view.stage in ("new", "in_check", "checked"),
        step=_step(view, where, teller),
        **context,
    )


def _view(desk: Desk, folder: FolderId) -> CaseView:
    found = request_view(desk.reader, folder)
    if found is None:
        raise HTTPException(404)
    return found


def _step(view: CaseView, where: Where, teller: Teller) -> Step:
    step, _ = view.next_step, teller.language.gettext
    match step.code:
        case "assess":
            address = f"{where.path}/triage"
        case "accept":
            address = f"{where.path}/accept"
        case "end":
            address = f"{where.path}/end"
        case "settle":
            address = f"{where.path}#settle"
        case "check_in_missed":
            due = next((one for one in view.records.get("check_in", ()) if "done" not in one.fields), None)
            address = f"{where.record('check_in', due.record)}/note" if due else ""
        case _:
            address = f"{where.path}/{step.kind}/new" if step.kind else ""
    button = _(_NEXT[step.code]) if address and step.code in _NEXT else ""
    if view.case is not None:
        button, address = _("Open the case"), f"cases/{to_text(view.case.folder)}"
    return Step(_(step.message), button, address, step.code in ("assess", "check_in_missed", "settle"))


# ── Taking on, triage, accepting, ending, joining ──


def take_on(request: Request) -> Response:
    """This member sees to the checks."""
    desk, where = desk_of(request), where_of(request)
    desk.save(intake.take_on(desk, where.folder))
    back = "requests" if request.query_params.get("from") == "list" else where.back
    return redirect(request, back, ("done", words(request).gettext("The request is yours now.")))


def triage_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """How grave, by when, and whether it is for us."""
    return _form(request, "triage.html", N_("How urgent is it?"), _TRIAGE, form, bad)


def triage(request: Request) -> Response:
    """Writes the triage down."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        fields = form.fields(REGISTRY["request"], desk)
        desk.save(intake.triage(desk, where.folder, fields, form.seen))
    except BadInput as bad:
        return triage_page(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext("The urgency is written down.")))


def end_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """How a request ends without a case."""
    return _form(request, "end.html", N_("End this request"), _END, form, bad)


def end(request: Request) -> Response:
    """Ends it."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        fields = {name: value for name, value in form.fields(REGISTRY["request"], desk).items() if value is not None}
        desk.save(intake.end_request(desk, where.folder, fields, form.seen, override=form.text("override")))
    except BadInput as bad:
        return end_page(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext("The request has ended.")))


def _form(
    request: Request, template: str, title: str, names: tuple[str, ...], form: Form | None, bad: BadInput | None
) -> Response:
    desk, where = desk_of(request), where_of(request)
    view = _view(desk, where.folder)
    teller = Teller(request, desk, where.folder)
    kept = {name: view.head.fields.get(name) for name in names}
    if "outcome_day" in kept and kept["outcome_day"] is None:
        kept["outcome_day"] = Day(desk.today(), desk.today())
    return render(
        request,
        template,
        page="requests",
        title=teller.language.gettext(title),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        view=view,
        t=teller,
        values=teller.inputs("request", kept),
        live=view.head.seen,
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "request"),
        override=bad is not None and wants_override(bad),
        override_text=form.text("override") if form else "",
    )


def accept_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """What is asked before a case is opened."""
    desk, where = desk_of(request), where_of(request)
    view = _view(desk, where.folder)
    teller = Teller(request, desk, where.folder)
    head = view.head.fields
    known = {name: head.get(name) for name in ("code_name", "region", "needs")}
    caseworker = head.get("taken_by", desk.member)
    return render(
        request,
        "accept.html",
        page="requests",
        title=teller.language.gettext("Accept and open a case"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        view=view,
        t=teller,
        records=view.records,
        values=teller.inputs("case", {**known, "caseworker": caseworker, "opened": Day(desk.today(), desk.today())}),
        choices=teller.choices("case"),
        unverified=form.text("unverified_because") if form else "",
        errors=teller.problems(bad),
        error_names=teller.error_names(bad, "case"),
    )


def accept(request: Request) -> Response:
    """Opens the case."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        fields = form.fields(REGISTRY["case"], desk)
        save = intake.accept_and_open_case(
            desk, where.folder, fields, unverified_because=form.text("unverified_because")
        )
        desk.save(save)
    except BadInput as bad:
        return accept_page(request, form, bad)
    done = words(request).gettext("Accepted. The case is open.")
    return redirect(request, f"cases/{to_text(casework.opened(save))}", ("done", done))


REOPEN: Final = Question(
    N_("Open this request again?"),
    N_("It waits for us again from now on. How it had ended stays in the history."),
    N_("Open the request again"),
    ("reason",),
    N_("The request is open again."),
)


def ask_reopen(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which an ended request is opened again."""
    where = where_of(request)
    name = Teller(request, desk_of(request), where.folder).link("request", where.folder)
    return question_page(request, where, REOPEN, name, form, bad)


def reopen(request: Request) -> Response:
    """Opens it again."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        if not form.text("words").strip():
            raise BadInput({"words": Problem("required", N_("This is needed."))})
        desk.save(intake.reopen_request(desk, where.folder, form.text("words")))
    except BadInput as bad:
        return ask_reopen(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext(REOPEN.done)))


def join_page(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The page on which a request is joined to an earlier one of the same person."""
    desk, where = desk_of(request), where_of(request)
    view = _view(desk, where.folder)
    teller = Teller(request, desk, where.folder)
    own = to_text(where.folder)
    return render(
        request,
        "join.html",
        page="requests",
        title=teller.language.gettext("The same person has asked before"),
        status_code=422 if bad else 200,
        form=form,
        where=where,
        view=view,
        t=teller,
        choices=[choice for choice in teller.choices_of("request") if choice[0] != own],
        errors=teller.problems(bad),
    )


def join(request: Request) -> Response:
    """Joins them."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        if not form.text("same_as"):
            raise BadInput({"same_as": Problem("required", N_("Choose the earlier request."))})
        other = FolderId(from_text(form.text("same_as")))
        desk.save(intake.join_duplicate(desk, where.folder, other))
    except BadInput as bad:
        return join_page(request, form, bad)
    return redirect(request, where.back, ("done", words(request).gettext("The requests are joined.")))


routes = [
    Route("/requests/new", handler(begin)),
    Route("/requests/new", handler(take_down), methods=["POST"]),
    Route("/requests/{folder}", handler(show)),
    Route("/requests/{folder}/take-on", handler(take_on), methods=["POST"]),
    Route("/requests/{folder}/triage", handler(triage_page)),
    Route("/requests/{folder}/triage", handler(triage), methods=["POST"]),
    Route("/requests/{folder}/accept", handler(accept_page)),
    Route("/requests/{folder}/accept", handler(accept), methods=["POST"]),
    Route("/requests/{folder}/end", handler(end_page)),
    Route("/requests/{folder}/end", handler(end), methods=["POST"]),
    Route("/requests/{folder}/reopen", handler(ask_reopen)),
    Route("/requests/{folder}/reopen", handler(reopen), methods=["POST"]),
    Route("/requests/{folder}/join", handler(join_page)),
    Route("/requests/{folder}/join", handler(join), methods=["POST"]),
]
