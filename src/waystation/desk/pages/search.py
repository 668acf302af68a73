"""Search: words in, code names and kinds out. The words are posted, so that they stand in no address."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.records import ROOTS, Where
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, fragment, handler, render, words
from waystation.ids import FolderType, to_text
from waystation.office.desk import Desk
from waystation.office.reading import may_look
from waystation.records import REGISTRY
from waystation.records.labels import N_
from waystation.views import found as views
from waystation.views import shown as record_views
from waystation.views.found import Hit

LIMIT: Final = 50
HITS_WHILE_TYPING: Final = 8
CHARS_MIN: Final = 2
"""One letter begins half of all words."""

WORDS_CHARS_MAX: Final = 200

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


OWN_ADDRESS: Final[Mapping[str, str]] = {
    "source": "sources",
    "passage": "sources/passages",
    "claim": "sources/claims",
}
"""Kinds of the office whose records stand on pages of their own."""


def show(request: Request) -> Response:
    """The results, or the empty page; for a script, while somebody types, the first few."""
    desk, form = desk_of(request), form_of(request)
    _ = words(request).gettext
    asked = form.text("q").strip()[:WORDS_CHARS_MAX]
    if form.text("typing"):
        return fragment(request, "_options.html", commands=[], folders=found(request, desk, asked, typing=True))
    folders = found(request, desk, asked, LIMIT)
    full = sum(len(folder["lines"]) for folder in folders) == LIMIT
    return render(request, "search.html", page="search", title=_("Search"), asked=asked, folders=folders, full=full)


def found(
    request: Request, desk: Desk, asked: str, limit: int = HITS_WHILE_TYPING, *, typing: bool = False
) -> list[dict[str, Any]]:
    """The records that hold the words, by the folder that they are in; only those that this member may look at.

    Args:
        typing: whether the last word is only its beginning, so far.
    """
    teller = Teller(request, desk)
    _ = teller.language.gettext
    if typing and len(asked) < CHARS_MIN:
        return []
    folders: dict[bytes, dict[str, Any]] = {}
    inside: dict[bytes, Teller] = {}
    for hit in views.search(desk.reader, asked, limit, typing=typing) if asked else ():
        if not may_look(desk, hit.folder_type) or hit.kind == "reveal":
            continue
        line = _line(teller, hit, inside.setdefault(hit.folder, Teller(request, desk, hit.folder)))
        place = {"name": hit.code_name, "type": _(_TYPES[hit.folder_type]), "lines": []}
        folders.setdefault(hit.folder, place)["lines"].append(line)
    return list(folders.values())


def _line(teller: Teller, hit: Hit, inside: Teller) -> dict[str, str]:
    root = _ROOT.get(hit.folder_type, "office")
    path = root if root in ("office", "ledger") else f"{root}/{to_text(hit.folder)}"
    where = Where(hit.folder, hit.folder_type, path, path, root)
    own = REGISTRY[hit.kind].owns_folder
    record = record_views.record(inside.desk.reader, hit.folder, hit.kind, hit.record)
    fields = ", ".join(teller.field_label(hit.kind, name) for name in hit.where)
    if hit.kind in OWN_ADDRESS:
        path = f"{OWN_ADDRESS[hit.kind]}/{to_text(hit.record)}"
    return {
        "url": teller.address(path if own or hit.kind in OWN_ADDRESS else where.record(hit.kind, hit.record)),
        "text": teller.language.gettext(REGISTRY[hit.kind].label) if own or record is None else inside.about(record),
        "kind": teller.language.gettext(REGISTRY[hit.kind].label),
        "fields": fields,
    }


routes = [Route("/search", handler(show)), Route("/search", handler(show), methods=["POST"])]
