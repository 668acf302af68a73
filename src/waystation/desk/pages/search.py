"""Search: words in, code names and kinds out. The words are posted, so that they stand in no address."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import ROOTS, Where
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, render
from waystation.ids import FolderType, to_text
from waystation.office.reading import may_look
from waystation.records import REGISTRY
from waystation.records.labels import N_
from waystation.views import found as views
from waystation.views import shown as record_views
from waystation.views.found import Hit

LIMIT: Final = 50

_ROOT: Final = {folder_type: root for root, folder_type in ROOTS.items()}

_TYPES: Final[Mapping[FolderType, str]] = {
    FolderType.ORGANISATION: N_("The organisation"),
    FolderType.OFFICE: N_("The office"),
    FolderType.LEDGER: N_("The ledger"),
    FolderType.CASE: N_("Case"),
    FolderType.PLACE: N_("Place"),
    FolderType.INCIDENT: N_("Incident"),
    FolderType.REQUEST: N_("Request for help"),
}


def show(request: Request) -> Response:
    """The results, or the empty page."""
    desk, form = desk_of(request), form_of(request)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asked = form.text("q").strip()[:200]
    hits = views.search(desk.reader, asked, LIMIT) if asked else ()
    folders: dict[bytes, dict[str, Any]] = {}
    for hit in hits:
        if not may_look(desk, hit.folder_type) or hit.kind == "reveal":
            continue
        found = folders.setdefault(hit.folder, {"name": hit.code_name, "type": _(_TYPES[hit.folder_type]), "lines": []})
        found["lines"].append(_line(teller, hit, Teller(request, desk, hit.folder)))
    return render(
        request,
        "search.html",
        page="search",
        title=_("Search"),
        asked=asked,
        folders=list(folders.values()),
        full=len(hits) == LIMIT,
    )


def _line(teller: Teller, hit: Hit, inside: Teller) -> dict[str, str]:
    root = _ROOT.get(hit.folder_type, "office")
    path = root if root in ("office", "ledger") else f"{root}/{to_text(hit.folder)}"
    where = Where(hit.folder, hit.folder_type, path, path, root)
    own = REGISTRY[hit.kind].owns_folder
    record = record_views.record(inside.desk.reader, hit.folder, hit.kind, hit.record)
    fields = ", ".join(teller.field_label(hit.kind, name) for name in hit.where)
    return {
        "url": teller.address(path if own else where.record(hit.kind, hit.record)),
        "text": teller.language.gettext(REGISTRY[hit.kind].label) if own or record is None else inside.about(record),
        "kind": teller.language.gettext(REGISTRY[hit.kind].label),
        "fields": fields,
    }


routes = [Route("/search", handler(show)), Route("/search", handler(show), methods=["POST"])]
