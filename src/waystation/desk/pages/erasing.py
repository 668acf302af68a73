"""Erasing a case, a request or a place; who confirms it, and who has done it; and this desk's passphrase.

Guarantees: what will happen is said before it does; a code name that is hidden stands on no page, so whoever confirms
has heard it from the colleague who hid it.
"""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import ROOTS, Where, in_folders, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, messages, redirect, render, words
from waystation.errors import BadInput, WeakPassphrase, WrongPassphrase
from waystation.ids import FolderId, FolderType, from_text, to_text
from waystation.office import erasure
from waystation.office.erasure import OfDesk, Standing
from waystation.office.reading import look
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.views import organisation
from waystation.views import shown as record_views

ERASED_SHOWN = 20

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
    found = erasure.standing(desk)
    return render(
        request,
        "hidden.html",
        page="organisation",
        title=teller.language.gettext("Hidden, waiting to be destroyed"),
        rows=[_row(teller, one) for one in found if not one.hidden.destroyed],
        under_way=[_row(teller, one) for one in found if one.is_destroyed and not one.is_everywhere],
        everywhere=[_row(teller, one) for one in found if one.is_everywhere][:ERASED_SHOWN],
        valid_days=erasure.BACKUP_VALID_DAYS,
    )


def _row(teller: Teller, one: Standing) -> dict[str, Any]:
    """How far one erasure is, as `hidden.html` draws it."""
    desk, _, ngettext = teller.desk, teller.language.gettext, teller.language.ngettext
    address = teller.address(f"organisation/hidden/{to_text(one.hidden.folder)}")
    due = teller.moment(Moment(one.hidden.due_ms, desk.zone()))
    if one.needs_second:
        stands = _("not destroyed until a second member confirms it, and not before %(when)s", when=due)
    elif one.hidden.due_ms > desk.now_ms():
        stands = _("destroyed after %(until)s", until=due)
    else:
        stands = _("due since %(when)s: each desk destroys it when it is opened next", when=due)
    return {
        "what": _(desk.registry[one.hidden.folder_type.value].label),
        "since": teller.moment(Moment(one.hidden.since_ms, desk.zone())),
        "by": one.by,
        "due": due,
        "stands": stands,
        "needs_second": one.needs_second,
        "backups": teller.moment(one.backups_until_ms),
        "back_url": f"{address}/bring-back" if one.may_bring_back else "",
        "confirm_url": teller.address(f"organisation/hidden/confirm?folder={to_text(one.hidden.folder)}")
        if one.may_confirm
        else "",
        "done": _names(teller, one.acknowledged),
        "waiting": _names(teller, one.waiting),
        "count": ngettext("One desk still has to", "%(num)s desks still have to", len(one.waiting)),
    }


def _names(teller: Teller, desks: Sequence[OfDesk]) -> str:
    """Whose desks, each with its number where a member has several."""
    unnamed = teller.language.gettext("A desk that has no name here")
    return ", ".join(sorted(teller.at_desk(one.name or unnamed, one.desk) for one in desks))


def ask_to_confirm(request: Request, bad: BadInput | None = None) -> Response:
    """What a second member is asked, before something is destroyed for good."""
    desk, language = desk_of(request), words(request)
    look(desk, FolderType.ORGANISATION)
    asked = request.query_params.get("folder", "")
    folder = FolderId(from_text(asked)) if asked else None
    one = next((one for one in erasure.standing(desk) if one.hidden.folder == folder and one.needs_second), None)
    return render(
        request,
        "erase_confirm.html",
        page="organisation",
        title=language.gettext("Confirm that it is destroyed"),
        status_code=422 if bad else 200,
        row=_row(Teller(request, desk), one) if one else None,
        may=one is not None and one.may_confirm,
        own=one is not None and one.hidden.by == desk.member,
        address=f"organisation/hidden/confirm?folder={asked}",
        errors=messages(request, bad) if bad else {},
    )


def confirm(request: Request) -> Response:
    """The second member's word."""
    folder = FolderId(from_text(request.query_params.get("folder", "")))
    try:
        erasure.confirm(desk_of(request), folder, form_of(request).text("typed_back"))
    except BadInput as bad:
        return ask_to_confirm(request, bad)
    told = words(request).gettext("It is confirmed. It can be brought back until it is destroyed.")
    return redirect(request, "organisation/hidden", ("done", told))


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
        second=erasure.has_others(desk),
        several=len(desk.book.readers(where.folder)) > 1,
        valid_days=erasure.BACKUP_VALID_DAYS,
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
    Route("/organisation/hidden/confirm", handler(ask_to_confirm)),
    Route("/organisation/hidden/confirm", handler(confirm), methods=["POST"]),
    Route("/organisation/hidden/{folder}/bring-back", handler(bring_back), methods=["POST"]),
    Route("/organisation/passphrase", handler(passphrase_form), methods=["GET"]),
    Route("/organisation/passphrase", handler(passphrase), methods=["POST"]),
]
