"""Erasing a case, a request or a place; what waits to be destroyed; and this desk's passphrase."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import ROOTS, Where, in_folders, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, messages, redirect, render, words
from waystation.errors import BadInput, WeakPassphrase, WrongPassphrase
from waystation.ids import FolderId, FolderType, from_text, to_text
from waystation.office import erasure
from waystation.office.reading import look
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.views import organisation
from waystation.views import shown as record_views
from waystation.views.hidden import hidden

_TITLES = {
    FolderType.CASE: N_("Erase this case"),
    FolderType.REQUEST: N_("Erase this request"),
    FolderType.PLACE: N_("Erase this place"),
}


def ask(request: Request) -> Response:
    """What erasing means, before it is done."""
    return _ask(request, where_of(request), {})


def erase(request: Request) -> Response:
    """Hides it at once."""
    desk, where = desk_of(request), where_of(request)
    try:
        erasure.erase(
            desk, where.folder, where.folder_type, _code_name(request, where), form_of(request).text("typed_back")
        )
    except BadInput as bad:
        return _ask(request, where, messages(request, bad))
    told = words(request).gettext("It is hidden. It can be brought back until it is destroyed.")
    return redirect(request, "organisation/hidden", ("done", told))


def waiting(request: Request) -> Response:
    """What is hidden, and until when it can be brought back."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    members = record_views.names(desk.reader, "member")
    rows = [
        {
            "what": _(desk.registry[one.folder_type.value].label),
            "since": teller.moment(Moment(one.since_ms, desk.zone())),
            "by": members.get(one.by, ""),
            "until": teller.moment(Moment(one.destroyed_ms, desk.zone())),
            "url": teller.address(f"organisation/hidden/{to_text(one.folder)}/bring-back"),
            "may": erasure.may_erase(desk, one.folder_type),
        }
        for one in hidden(desk.reader)
    ]
    return render(request, "hidden.html", page="organisation", title=_("Hidden, waiting to be destroyed"), rows=rows)


def bring_back(request: Request) -> Response:
    """Puts it back where it was."""
    erasure.bring_back(desk_of(request), FolderId(from_text(request.path_params["folder"])))
    told = words(request).gettext("It is back, with everything in it.")
    return redirect(request, "organisation/hidden", ("done", told))


def passphrase_form(request: Request) -> Response:
    """The old one and the new one, twice."""
    return _passphrase(request, {})


def passphrase(request: Request) -> Response:
    """Changes it, if the old one is right and the new one strong."""
    form, language = form_of(request), words(request)
    new = form.text("passphrase_new")
    if new != form.text("passphrase_again"):
        return _passphrase(request, {"passphrase_again": language.gettext("The two are not the same. Type it again.")})
    try:
        desk_of(request).change_passphrase(form.text("passphrase"), new)
    except WrongPassphrase as error:
        return _passphrase(request, {"passphrase": language.error(error)})
    except WeakPassphrase as error:
        return _passphrase(request, {"passphrase_new": language.error(error)})
    told = language.gettext("The passphrase is changed. The old one opens nothing any more.")
    return redirect(request, "organisation", ("done", told))


def _ask(request: Request, where: Where, errors: dict[str, str]) -> Response:
    desk, language = desk_of(request), words(request)
    look(desk, where.folder_type)
    backup = organisation.last_backup(desk.reader)
    return render(
        request,
        "erase.html",
        page=where.page,
        title=language.gettext(_TITLES[where.folder_type]),
        status_code=422 if errors else 200,
        where=where,
        code_name=_code_name(request, where),
        days=erasure.ERASE_AFTER_DAYS,
        backup_ms=backup,
        may=erasure.may_erase(desk, where.folder_type),
        errors=errors,
    )


def _code_name(request: Request, where: Where) -> str:
    desk = desk_of(request)
    head = record_views.record(desk.reader, where.folder, where.folder_type.value, where.folder)
    return str(head.fields.get("code_name", "")) if head else ""


def _passphrase(request: Request, errors: dict[str, str]) -> Response:
    title = words(request).gettext("Change the passphrase")
    status = 422 if errors else 200
    return render(request, "passphrase.html", page="organisation", title=title, status_code=status, errors=errors)


_FOLDERS = [root for root, folder_type in ROOTS.items() if folder_type in _TITLES]

routes = [
    *in_folders("/erase", ask, roots=_FOLDERS),
    *in_folders("/erase", erase, ("POST",), _FOLDERS),
    Route("/organisation/hidden", handler(waiting)),
    Route("/organisation/hidden/{folder}/bring-back", handler(bring_back), methods=["POST"]),
    Route("/organisation/passphrase", handler(passphrase_form), methods=["GET"]),
    Route("/organisation/passphrase", handler(passphrase), methods=["POST"]),
]
