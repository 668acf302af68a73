"""What a page module needs to answer a request; the only door from `pages/` to the rest of the desk.

    routes = [Route("/cases/{case}", handler(show)), Route("/cases/{case}", handler(change), methods=["POST"])]

    def show(request: Request) -> Response:
        desk = desk_of(request)
        return render(request, "case.html", page="cases", title=..., case=view.case(desk.reader, ...))

    async def change(request: Request) -> Response:
        desk, form = desk_of(request), await read_form(request)
        try:
            desk.save(casework.change(desk, ..., form.fields(desk.registry["case"], desk), form.seen))
        except BadInput as bad:
            return render(request, "case.html", ..., form=form, errors=messages(request, bad), status_code=422)
        return redirect(request, f"cases/{...}", ("done", words(request).gettext("Saved.")))

`handler` sees to the rest. It reads the form first and runs the page in a worker thread, under the desk's gate. If the
desk is locked it seals what was typed and shows the lock screen, and leads back after unlocking. What a page does not
catch becomes an error page; what was typed is kept as a draft.

A form posts to the address at which it is shown, or says where it is shown with `{{ form_address() }}` inside; that
address names its draft. `<form method="post" {{ autosave() }}>` keeps the draft while the person types.
`typed(kind, name)` is what stands in a draft, or in the form that is shown again with its errors: give it to
`field(..., draft=typed(kind, name))`. A page that is asked for with `?draft=1` has its draft there by itself. When a
form leads on (303), its draft is dropped, and what it saved can be taken back from the next page, which says so.

While others see the screen, `render` draws every page with code names only (`desk.sharing`); no page knows of it.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from waystation import limits
from waystation.clock import DAY_MS
from waystation.desk import contact, fixed, formats, forms, sharing
from waystation.desk.formats import choice_label
from waystation.desk.forms import Form, Upload, read_refs, ref_text
from waystation.desk.i18n import Language, languages, offered, preferred
from waystation.desk.i18n import language as language_by_code
from waystation.desk.session import Flash, Session, is_secret
from waystation.desk.sharing import Veiled
from waystation.errors import (
    BadInput,
    BookError,
    Locked,
    MissingKey,
    Problem,
    Refused,
    ScreenShared,
    StoreError,
    WaystationError,
)
from waystation.ids import FolderType, ValueRef, to_text
from waystation.office import drafts
from waystation.office.desk import Desk
from waystation.office.membership import is_removed
from waystation.office.reading import may_look
from waystation.records import REGISTRY
from waystation.records.values import Amount, Day, Moment, Money
from waystation.views import alarms
from waystation.views.found import code_names
from waystation.views.organisation import last_backup

Handler = Callable[[Request], Response] | Callable[[Request], Awaitable[Response]]
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

_log: Final = logging.getLogger("waystation.desk")
_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    cache_size=-1,
)
_veiled_templates: Final = _templates.overlay(finalize=sharing.finalize, cache_size=-1)

REFRESH: Final = "waystation-refresh"
"""The header of a request that a script makes because others have saved something; no person is at the desk by it."""

_NOT_WHILE_SHARING: Final = "not_while_sharing.html"

_MECHANICAL: Final = ("form_address", "refs", "keep", "seen")
"""Inputs that nobody types."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A missed check-in, and whether somebody at this desk looks after it."""

    missed: alarms.Missed
    silenced: bool


# ── What a page asks ──


def session_of(request: Request) -> Session:
    """The sitting that this request belongs to."""
    session = request.app.state.session
    assert isinstance(session, Session)
    return session


def desk_of(request: Request) -> Desk:
    """The unlocked desk. Raises: Locked."""
    desk = session_of(request).desk
    if desk is None:
        raise Locked
    return desk


def words(request: Request) -> Language:
    """The language of the person at the desk: `.gettext(message, **values)`, `.ngettext(one, many, number)`."""
    language = getattr(request.state, "language", None)
    if language is None:
        language = request.state.language = _language(request)
    return language


def _language(request: Request) -> Language:
    """What was chosen since the program began, else what the member keeps in the book, else what the browser wants."""
    session = session_of(request)
    chosen = session.language or session.pages_in
    known = chosen in languages()
    found = language_by_code(chosen) if known else preferred(request.headers.get("accept-language", ""))
    desk = session.desk
    if desk is None or not session.sharing:
        return found
    names = code_names(desk.reader)
    return Veiled(found.code, found.translations, found.locale, is_code_name=names)


async def read_form(request: Request) -> Form:
    """The form that was posted. It is in memory by the time that a handler runs."""
    return form_of(request)


def form_of(request: Request) -> Form:
    """As `read_form`, for handlers that are no coroutine."""
    form = getattr(request.state, "form", None)
    return form if isinstance(form, Form) else Form()


def messages(request: Request, bad: BadInput, prefix: str = "") -> dict[str, str]:
    """The problems of a form in words, under the names of its inputs, for `errors`.

    Args:
        prefix: what leads those names, for problems that an office function raised.
    """
    language = words(request)
    return {prefix + name if name else "": language.problem(problem) for name, problem in bad.problems.items()}


# ── What a page answers ──


def render(
    request: Request,
    template: str,
    *,
    page: str,
    title: str,
    status_code: int = 200,
    form: Form | None = None,
    **context: Any,
) -> Response:
    """A page.

    Args:
        template: its file in `templates/`.
        page: id of the page in the index of the book; empty for none.
        title: in the person's language.
        form: what was posted, to be shown again with its `errors`.
        context: what the template shows. Everything in it is escaped.
    """
    session = session_of(request)
    language = words(request)
    alarms_now = ringing(request)
    shown = {
        **_globals(request, language, _drafted(request) if form is None else form),
        "page": page,
        "title": title,
        "status": _status(session.desk, language) if session.desk else None,
        "flash": [] if REFRESH in request.headers else _take(session.flashes, language),
        "by_get": request.method == "GET",
        "draft_url": _draft_waiting(request),
        "alarms": alarms_now,
        "alarm_state": alarm_state(request, alarms_now),
        "here": _own_address(request),
        "languages": offered(),
        "single_keys": session.single_keys,
        **context,
    }
    html, inputs_shut = _drawn(template, shown, language)
    if inputs_shut and request.method == "POST" and template != _NOT_WHILE_SHARING:
        return _not_while_sharing(request)
    return HTMLResponse(html, status_code)


def fragment(request: Request, template: str, **context: Any) -> Response:
    """A part of a page, for a script that puts it in its place; the page itself is `render`'s."""
    language = words(request)
    return HTMLResponse(_drawn(template, {**_globals(request, language, None), **context}, language)[0])


def _drawn(template: str, shown: Mapping[str, Any], language: Language) -> tuple[str, int]:
    """A page, and how many of its inputs are shut because others see the screen."""
    if not isinstance(language, Veiled):
        return _templates.get_template(template).render(shown), 0
    html = _veiled_templates.get_template(template).render(shown)
    drawn = sharing.draw(html, language.gettext("hidden while the screen is shared"))
    return drawn.html, drawn.inputs_shut


def _not_while_sharing(request: Request) -> Response:
    """What was typed is kept, and shown to nobody."""
    session, form = session_of(request), form_of(request)
    address = form_address(request, form)
    kept = worth_keeping(form) and session.keep(address, form.inputs)
    title = words(request).gettext("This cannot be shown while others see the screen")
    return render(request, _NOT_WHILE_SHARING, page="", title=title, status_code=422, back=address, kept=kept)


def redirect(
    request: Request, path: str, flash: tuple[str, str] | None = None, *, undo: bool = True, undo_text: str = ""
) -> Response:
    """Leads on to another page of the desk (303). What was saved on the way can be taken back from there.

    Args:
        path: within the desk, such as "cases"; it may have a query.
        flash: level ("done", "attention") and words that the next page shows once.
        undo: False offers no way back: what was done is no save, or has its own way.
        undo_text: what the button says; empty for the usual word.
    """
    session = session_of(request)
    saves = tuple(session.desk.undoable) if undo and session.desk is not None and request.method == "POST" else ()
    if session.desk is not None:
        session.desk.undoable = []
    if flash or saves:
        _ = words(request).gettext
        level, told = flash or ("done", _("Saved."))
        session.flashes.append(Flash(level, told, saves, undo_text or _("Undo"), veiled=session.sharing))
    return RedirectResponse(url(request, path), 303)


def url(request: Request, path: str) -> str:
    """The address of a page of the desk."""
    return f"{request.scope['root_path']}/{path}"


def ringing(request: Request) -> Sequence[Alarm]:
    """Signs of life that did not come and that nobody has noted, the newest first; empty while the desk is locked."""
    session = session_of(request)
    desk = session.desk
    if desk is None or session.founding is not None or not may_look(desk, FolderType.CASE):
        return ()
    missed = alarms.missed(desk.reader)
    return [Alarm(one, session.is_silenced((one.folder, one.record))) for one in missed]


def alarm_state(request: Request, now: Sequence[Alarm]) -> str:
    """Names what an open page shows of the alarms, so that it is told again only when that has changed."""
    shown = sha256(words(request).code.encode())
    for one in now:
        shown.update(one.missed.folder + one.missed.record + bytes([one.silenced]))
    return shown.hexdigest()[:16]


def error_page(request: Request, error: Exception, *, form: Form | None = None, lost: bool = False) -> Response:
    """What went wrong, its code, and the next step; never a traceback or content.

    Args:
        lost: whether what was typed could not be kept, and must be shown so that it can be copied.
    """
    language = words(request)
    code, status, told = _explained(error, language)
    return render(
        request,
        "error.html",
        page="",
        title=told[0],
        status_code=status,
        code=code,
        lines=told[1:],
        back=form_address(request, form) if form is not None else "",
        kept=form is not None and not lost,
        typed_texts=_texts(form) if form is not None and lost else [],
    )


def no_page(request: Request, error: Exception) -> Response:
    """What stands at an address that no page has; a locked desk does not even say that."""
    if session_of(request).desk is None and request.method == "GET":
        return _lock_screen(request)
    return _answer(request, error)


def form_address(request: Request, form: Form) -> str:
    """Where a form is shown, within the desk: what it says itself, else what htmx says, else where it was posted to.

    An address that leads to no page is cut back until it does.
    """
    root = request.scope["root_path"]
    named = form.text("form_address") or request.headers.get("hx-current-url", "")
    try:
        address = urlsplit(named or str(request.scope["path"]))
    except ValueError:
        return ""
    query = urlencode([pair for pair in parse_qsl(address.query) if pair[0] != "draft"])
    path = address.path.removeprefix(root).strip("/")
    while path and not leads_to_page(request, path):
        path, query = path.rpartition("/")[0], ""
    return f"{path}?{query}" if query else path


# ── How a page is run ──


def handler(function: Handler) -> Endpoint:
    """A page behind the lock: see the top of this module."""
    return _endpoint(function, _unlocked, keeps=True)


def open_handler(function: Handler) -> Endpoint:
    """A page that needs no unlocked desk: the lock screen, founding, keeping a draft. Nothing typed there is kept."""
    return _endpoint(function, _run, keeps=False)


def _endpoint(function: Handler, run: Callable[[Handler, Request], Response], *, keeps: bool) -> Endpoint:
    @wraps(function)
    async def endpoint(request: Request) -> Response:
        try:
            if request.method == "POST":
                form = await forms.read(request)
                request.state.form = replace(form, countries=words(request).country_codes)
        except BadInput as bad:
            return await run_in_threadpool(error_page, request, bad)
        return await run_in_threadpool(_guarded, function, run, request, keeps)

    return endpoint


def _guarded(function: Handler, run: Callable[[Handler, Request], Response], request: Request, keeps: bool) -> Response:
    failure: Exception
    try:
        return run(function, request)
    except Locked:
        return _lock_screen(request)
    except HTTPException as error:
        failure = error
    except WaystationError as error:
        _log.info("refused %s", error.code)
        failure = error
    except Exception as error:  # noqa: BLE001 -- a traceback may quote what was typed, so it ends here
        _log.error("page_failed %s at %s", type(error).__name__, _place(error))
        failure = error
    return _after(request, failure) if keeps else _answer(request, failure)


def _unlocked(function: Handler, request: Request) -> Response:
    session = session_of(request)
    session.look()
    desk = session.desk
    if desk is None:
        return _lock_screen(request)
    if session.founding is not None:
        return redirect(request, "found/papers/root")
    if is_removed(desk) and _own_address(request) != "removed":
        return redirect(request, "removed")
    if REFRESH not in request.headers:
        session.touch()
    form = form_of(request)
    if form.excess:
        return _after(request, BadInput({"": form.excess}))
    with desk.gate:
        desk.undoable = []
        response = _run(function, request)
        if request.method == "POST" and response.status_code == 303:
            session.saved(form_address(request, form))
        if session.sharing and response.status_code == 200 and response.media_type != HTMLResponse.media_type:
            raise ScreenShared
    return response


def _run(function: Handler, request: Request) -> Response:
    answer = function(request)
    return _finish(answer) if inspect.iscoroutine(answer) else answer  # type: ignore[return-value]


def _finish(coroutine: Coroutine[Any, Any, Response]) -> Response:
    """The result of a handler written as a coroutine. The form is read already, so it has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: Response = done.value
        return answer
    coroutine.close()
    raise RuntimeError("a page may wait for nothing but its form")


def _lock_screen(request: Request) -> Response:
    """Seals what was posted, remembers where the person was, and leads to the lock screen or to founding."""
    session = session_of(request)
    if not session.founded:
        return redirect(request, "found")
    if session.newcomer is not None:
        return redirect(request, "join/waiting")
    if "hx-request" in request.headers and request.method == "GET":
        return Response(status_code=204, headers={"HX-Redirect": url(request, "locked")})
    form = form_of(request)
    address = _own_address(request) if request.method == "GET" else form_address(request, form)
    session.return_to = address
    if worth_keeping(form):
        try:
            session.keep(address, form.inputs)
        except StoreError as error:
            return error_page(request, error, form=form, lost=True)
    return redirect(request, "locked")


def _after(request: Request, error: Exception) -> Response:
    """The error page of a failed request, with what was typed kept, or shown."""
    session, form = session_of(request), form_of(request)
    typed, kept = worth_keeping(form), False
    if typed:
        with suppress(WaystationError):
            kept = session.keep(form_address(request, form), form.inputs)
    return _answer(request, error, form if typed else None, lost=typed and not kept)


def _answer(request: Request, error: Exception, form: Form | None = None, *, lost: bool = False) -> Response:
    desk = session_of(request).desk
    with desk.gate if desk else nullcontext():
        return error_page(request, error, form=form, lost=lost)


def worth_keeping(form: Form) -> bool:
    """Whether anything in a form was typed by a person."""
    return bool(_texts(form))


def _texts(form: Form) -> list[str]:
    return [text for name, text in form.inputs if _typed_by_hand(name, text)]


def _typed_by_hand(name: str, text: str) -> bool:
    return bool(text.strip()) and not (name.startswith("seen.") or name in _MECHANICAL or is_secret(name))


def leads_to_page(request: Request, path: str) -> bool:
    """Whether there is a page at an address within the desk; its query aside."""
    scope = {**request.scope, "method": "GET", "path": f"{request.scope['root_path']}/{path}"}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)


def _place(error: BaseException) -> str:
    """File and line of the innermost frame of ours; no values."""
    place = "?"
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if "waystation" in path.parts:
            place = f"{path.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _explained(error: Exception, language: Language) -> tuple[str, int, list[str]]:
    """Code, status, and the words: a heading, then what to do."""
    _ = language.gettext
    match error:
        case BadInput(problems=problems):
            codes = {problem.code for problem in problems.values()}
            told = [language.problem(problem) for problem in problems.values()]
            if codes & {"form_too_large", "file_too_large"}:
                return "too_large", 413, [_("That is too large"), *told]
            if codes == {"bad_id"}:
                return "bad_id", 404, [_("There is no such page"), *told]
            return error.code, 422, [_("Nothing was saved"), *told]
        case ScreenShared():
            return error.code, 403, [_("Others can see this screen"), language.error(error)]
        case Refused():
            return error.code, 403, [_("Your role does not allow this"), language.error(error)]
        case MissingKey():
            return (
                error.code,
                404,
                [_("There is no such page"), _("What stood here is hidden, erased, or not for you.")],
            )
        case BookError():
            return error.code, 409, [_("The book refused this"), _("Nothing was saved."), language.error(error)]
        case StoreError():
            return error.code, 507, [_("The disk refused"), _("Nothing was saved."), language.error(error)]
        case WaystationError():
            return error.code, 500, [_("That did not work"), language.error(error)]
        case HTTPException(status_code=status):
            return "not_found", status, [_("There is no such page"), _("Go back, or start from Today.")]
        case _:
            told = [_("Something failed that should not"), _("Nothing was saved. Go back and try again.")]
            return "unforeseen", 500, [*told, _("If it happens again, tell whoever looks after Waystation this code.")]


# ── What every template has ──


def _globals(request: Request, language: Language, form: Form | None) -> dict[str, Any]:
    zone = session_of(request).system.clock.zone()

    def format_day(day: Day | str | None) -> str:
        return formats.format_day(day, language)

    def format_moment(moment: Moment | int | None) -> str:
        return formats.format_moment(moment, language, zone)

    def format_amount(amount: Amount | float | None) -> str:
        return formats.format_amount(amount, language)

    def format_money(money: Money | None) -> str:
        return formats.format_money(money, language)

    def typed(kind: str, name: str, prefix: str = "") -> str | list[str] | None:
        return _typed(form, prefix + name, formats.declared(kind, name, language).widget)

    return {
        "lang": language.code,
        "dir": language.direction,
        "_": language.gettext,
        "ngettext": language.ngettext,
        "url": lambda path: url(request, path),
        "static": lambda name: url(request, fixed.address(name)),
        "sharing": language.is_veiled,
        "veil": language,
        "declared": lambda kind, name: formats.declared(kind, name, language),
        "label": lambda kind: language.gettext(REGISTRY[kind].label),
        "field_label": lambda kind, name: language.gettext(REGISTRY[kind].fields[name].label),
        "choice_label": lambda kind, name, value: choice_label(language, kind, name, value),
        "country": lambda code: formats.country_name(code, language),
        "format_day": format_day,
        "format_moment": format_moment,
        "iso_moment": formats.iso_moment,
        "format_amount": format_amount,
        "format_money": format_money,
        "refs": refs,
        "id_text": to_text,
        "typed": typed,
        "autosave": lambda: _autosave(request),
        "form_address": lambda: _form_address_input(request, form),
    }


def refs(live: Sequence[ValueRef]) -> str:
    """References of shown values, for `seen` and `refs` of the macros."""
    return " ".join(ref_text(ref) for ref in live)


def _typed(form: Form | None, name: str, widget: str) -> str | list[str] | None:
    """What stands in a form's input, in the shape that `field()` takes as a draft; None if the form did not have it."""
    if form is None or not (name in form.values or f"seen.{name}" in form.values):
        return None
    texts = form.values.get(name, [])
    return texts if widget in ("many", "tags") else (texts[-1] if texts else "")


def _drafted(request: Request) -> Form | None:
    desk = session_of(request).desk
    if desk is None or "draft" not in request.query_params:
        return None
    found = drafts.find(desk, _own_address(request))
    return Form(found.inputs) if found else None


def _draft_waiting(request: Request) -> str | None:
    """Where the kept draft of this very page can be taken up again."""
    desk = session_of(request).desk
    if desk is None or request.method != "GET" or "draft" in request.query_params:
        return None
    address = _own_address(request)
    return url(request, with_draft(address)) if drafts.find(desk, address) else None


def with_draft(address: str) -> str:
    """The address at which a form is shown with its draft in it."""
    return f"{address}{'&' if '?' in address else '?'}draft=1"


def _own_address(request: Request) -> str:
    found: str | None = getattr(request.state, "own_address", None)
    if found is None:
        named = f"{request.url.path}?{request.url.query}"
        found = request.state.own_address = form_address(request, Form((("form_address", named),)))
    return found


def _autosave(request: Request) -> Markup:
    return Markup('hx-post="{}" hx-trigger="input changed delay:2s, change delay:2s" hx-swap="none"').format(
        url(request, "drafts")
    )


def _form_address_input(request: Request, form: Form | None) -> Markup:
    address = (form.text("form_address") if form is not None else "") or _own_address(request)
    return Markup('<input type="hidden" name="form_address" value="{}">').format(address)


def _take(flashes: list[Flash], language: Language) -> list[Flash]:
    taken = list(flashes)
    flashes.clear()
    for flash in taken:
        # What was put together while others saw the screen has nothing in it that they may not see.
        if flash.veiled:
            language.plain(flash.words)
        language.plain(flash.undo_text)
    return taken


def _status(desk: Desk, language: Language) -> Mapping[str, object]:
    """The small words of the masthead: whether all is saved and sent, and how old the last backup is."""
    _ = language.gettext
    made = last_backup(desk.reader)
    if made is None:
        told, late = _("no backup yet"), True
    else:
        days = (desk.now_ms() - made) // DAY_MS
        late = days >= limits.BACKUP_DUE_DAYS
        aged = language.ngettext("last backup a day ago", "last backup %(num)s days ago", days)
        told = _("backed up today") if days < 1 else aged
    return {**contact.told(desk, language), "backup_text": told, "backup_needs_attention": late}


def status_fragment(request: Request) -> Response:
    """The small words of the masthead, as they stand now, for a script."""
    return fragment(request, "_status.html", status=_status(desk_of(request), words(request)))


__all__ = [
    "Form",
    "Language",
    "Problem",
    "Upload",
    "alarm_state",
    "choice_label",
    "desk_of",
    "error_page",
    "form_address",
    "form_of",
    "fragment",
    "handler",
    "leads_to_page",
    "messages",
    "no_page",
    "open_handler",
    "read_form",
    "read_refs",
    "redirect",
    "ref_text",
    "refs",
    "render",
    "ringing",
    "session_of",
    "status_fragment",
    "url",
    "with_draft",
    "words",
    "worth_keeping",
]
