"""Founding an organisation in four calm steps: names and a passphrase, two papers, a proof that they are written down.

Only where no desk is yet. Until the papers are confirmed nothing else can be done, and nothing of them is stored.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.papers import SHEETS, Sheet, check_words, input_name, printed, qr_image
from waystation.desk.session import Founding
from waystation.desk.web import form_of, messages, open_handler, redirect, render, session_of, words
from waystation.errors import BadInput, Problem, WeakPassphrase
from waystation.office.founding import Papers
from waystation.records import REGISTRY
from waystation.records.check import check
from waystation.records.labels import N_


def ask(request: Request) -> Response:
    """The names and the passphrase."""
    session = session_of(request)
    if session.founded:
        return redirect(request, "today")
    return _form(request, {})


def found(request: Request) -> Response:
    """Founds it, if everything is in order."""
    session, form, language = session_of(request), form_of(request), words(request)
    if session.founded:
        return redirect(request, "today")
    names = {"organisation": form.text("organisation").strip(), "display_name": form.text("display_name").strip()}
    try:
        _check(names["organisation"], names["display_name"], form.text("passphrase"), form.text("passphrase_again"))
        session.found(names["organisation"], names["display_name"], form.text("passphrase"))
    except BadInput as bad:
        return _form(request, messages(request, bad), names)
    except WeakPassphrase as weak:
        return _form(request, {"passphrase": language.error(weak)}, names)
    return redirect(request, "found/papers/root", undo=False)


def paper(request: Request) -> Response:
    """One of the two papers, to be printed or copied."""
    founding = _pending(request)
    if isinstance(founding, Response):
        return founding
    assert founding.papers is not None
    sheet = _sheet(request)
    language, papers = words(request), founding.papers
    printed_sheet = printed(papers, sheet)
    is_last = sheet == SHEETS[-1]
    return render(
        request,
        "papers.html",
        page="",
        title=language.gettext(printed_sheet.title),
        printed=printed_sheet,
        organisation=founding.organisation,
        fingerprint=papers.fingerprint,
        qr=qr_image(printed_sheet.code),
        number=SHEETS.index(sheet) + 1,
        next_path="found/confirm" if is_last else f"found/papers/{SHEETS[1]}",
        back_path=f"found/papers/{SHEETS[0]}" if is_last else None,
    )


def confirm_form(request: Request) -> Response:
    """Asks for three words of each paper."""
    founding = _pending(request)
    return founding if isinstance(founding, Response) else _confirm(request, founding, {}, {})


def confirm(request: Request) -> Response:
    """Believes that both papers are written down once the words are right."""
    session, form = session_of(request), form_of(request)
    founding = _pending(request)
    if isinstance(founding, Response):
        return founding
    assert founding.papers is not None
    typed = {name: texts[-1] for name, texts in form.values.items()}
    try:
        check_words(founding.papers, founding.places, typed)
    except BadInput as bad:
        return _confirm(request, founding, messages(request, bad), typed)
    session.confirm()
    told = words(request).gettext("The organisation is founded. Put the two papers in two different places.")
    return redirect(request, "today", ("done", told))


def unfinished(request: Request) -> Response:
    """What to do when the program ended before the papers were confirmed."""
    session = session_of(request)
    if session.desk is None or session.founding is None or session.founding.papers is not None:
        return redirect(request, "today")
    title = words(request).gettext("The founding of this organisation was not finished")
    return render(request, "founding_unfinished.html", page="", title=title)


def start_again(request: Request) -> Response:
    """Takes an organisation back whose papers nobody has."""
    session = session_of(request)
    if session.desk is not None and session.founding is not None:
        session.take_back()
    return redirect(request, "found")


def _pending(request: Request) -> Founding | Response:
    session = session_of(request)
    session.look()
    if session.desk is None or session.founding is None:
        return redirect(request, "today")
    if session.founding.papers is None:
        return redirect(request, "found/unfinished")
    session.touch()
    return session.founding


def _sheet(request: Request) -> Sheet:
    return "recovery" if request.path_params["sheet"] == "recovery" else "root"


def _check(organisation: str, display_name: str, passphrase: str, again: str) -> None:
    problems: dict[str, Problem] = {}
    for name, kind, field, text in (
        ("organisation", "organisation", "name", organisation),
        ("display_name", "member", "display_name", display_name),
    ):
        try:
            check(REGISTRY[kind], {field: text or None})
        except BadInput as bad:
            problems[name] = bad.problems[field]
    if passphrase != again:
        problems["passphrase_again"] = Problem(
            "not_the_same", N_("The two passphrases are not the same. Type both again.")
        )
    if problems:
        raise BadInput(problems)


def _form(request: Request, errors: dict[str, str], names: dict[str, str] | None = None) -> Response:
    session, language = session_of(request), words(request)
    return render(
        request,
        "founding.html",
        page="",
        title=language.gettext("Found your organisation"),
        errors=errors,
        names=names or {"organisation": "", "display_name": ""},
        taken_back=session.taken_back,
        status_code=422 if errors else 200,
    )


def _confirm(request: Request, founding: Founding, errors: dict[str, str], typed: dict[str, str]) -> Response:
    language = words(request)
    assert isinstance(founding.papers, Papers)
    sheets = []
    for sheet in SHEETS:
        inputs = [(input_name(sheet, place), place) for place in founding.places[sheet]]
        title = language.gettext(printed(founding.papers, sheet).title)
        sheets.append((title, [(name, place, typed.get(name, "")) for name, place in inputs]))
    return render(
        request,
        "founding_confirm.html",
        page="",
        title=language.gettext("Show that you have both papers"),
        errors=errors,
        sheets=sheets,
        status_code=422 if errors else 200,
    )


routes = [
    Route("/found", open_handler(ask)),
    Route("/found", open_handler(found), methods=["POST"]),
    Route("/found/papers/{sheet}", open_handler(paper)),
    Route("/found/confirm", open_handler(confirm_form)),
    Route("/found/confirm", open_handler(confirm), methods=["POST"]),
    Route("/found/unfinished", open_handler(unfinished)),
    Route("/found/unfinished", open_handler(start_again), methods=["POST"]),
]
