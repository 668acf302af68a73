"""Everything that waits to be settled: facts that do not fit together, and fields that two desks wrote differently.

Guarantees: what is about danger comes first; one press settles a field, from the list or one after another; only what
this member may look at is here. Also the few acts that settle what no single field can.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages import clashes
from waystation.desk.pages.clashes import ROOTS
from waystation.desk.pages.records import Version, settled_back, versions, where_of
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType, from_text, to_text
from waystation.office import settling
from waystation.office.desk import Desk
from waystation.office.reading import may_look
from waystation.records import Save
from waystation.views import contradictions
from waystation.views import unsettled as views
from waystation.views.unsettled import Doubt

SHOWN: Final = 25
"""So many fields stand on one page; the others come when these are settled."""


class DoubtLine(NamedTuple):
    """A field that waits to be settled, as `unsettled.html` draws it: whose it is, where, and its versions."""

    what: str
    name: str
    url: str
    settle_url: str
    versions: Sequence[Version]
    danger: bool


def waiting(desk: Desk) -> int:
    """How much waits to be settled that this member may look at."""
    return views.count(desk.reader, _types(desk)) + len(_contradictions(desk))


def listed(request: Request) -> Response:
    """All of it."""
    desk = desk_of(request)
    types = _types(desk)
    doubts = views.unsettled(desk.reader, types)
    return render(
        request,
        "unsettled.html",
        page="today",
        title=words(request).gettext("To settle"),
        clashes=clashes.told(request, _contradictions(desk), "?from=list"),
        doubts=_lines(request, doubts[:SHOWN], "list"),
        more=max(0, views.count(desk.reader, types) - SHOWN),
        one=None,
    )


def one_by_one(request: Request) -> Response:
    """One after another: what is settled makes room for the next."""
    desk, language = desk_of(request), words(request)
    asked = request.query_params.get("n", "0")
    at = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    found, doubts = _contradictions(desk), views.unsettled(desk.reader, _types(desk))
    every = len(found) + len(doubts)
    if at >= every > 0:
        return redirect(request, "unsettled", ("done", language.gettext("That was the last one.")))
    clash = clashes.told(request, found[at : at + 1], f"?from={at}")
    doubt = doubts[at - len(found) : at - len(found) + 1] if at >= len(found) else ()
    return render(
        request,
        "unsettled.html",
        page="today",
        title=language.gettext("To settle"),
        clashes=clash,
        doubts=_lines(request, doubt, str(at)),
        more=0,
        one={"number": at + 1, "of": every, "next": at + 1 if at + 1 < every else None} if every else None,
    )


def stays_closed(request: Request) -> Response:
    """A case stays closed, though somebody went on with it."""
    desk, where = desk_of(request), where_of(request)
    return _do(request, lambda: settling.stays_closed(desk, where.folder), where.back)


def beds_are_right(request: Request) -> Response:
    """More people than beds, and it is right so."""
    desk, where = desk_of(request), where_of(request)
    return _do(request, lambda: settling.beds_are_right(desk, where.folder), where.back)


def ask_one_case(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """Which of several cases of one request goes on."""
    desk, where = desk_of(request), where_of(request)
    teller = Teller(request, desk, where.folder)
    if not may_look(desk, FolderType.CASE):
        raise Refused("Your role does not open cases. Ask a caseworker or a coordinator.")
    found = contradictions.of_request(desk.reader, where.folder)
    sides = [side for one in found for side in one.sides]
    rows = [_case_row(teller, desk, side) for side in sides]
    return render(
        request,
        "one_case.html",
        page="requests",
        title=teller.language.gettext("One request, several cases"),
        status_code=422 if bad else 200,
        where=where,
        rows=rows,
        kept=form.text("keep") if form else "",
        written=any(row["since"] for row in rows),
        errors=teller.problems(bad),
    )


def one_case(request: Request) -> Response:
    """Goes on with one of them, and strikes the others out."""
    desk, form, where = desk_of(request), form_of(request), where_of(request)
    try:
        kept = FolderId(from_text(form.text("keep")))
        desk.save(settling.go_on_with(desk, where.folder, kept, carried=form.text("carried") == "yes"))
    except BadInput as bad:
        return ask_one_case(request, form, bad)
    told = words(request).gettext("It goes on here. The other case is struck out and can be brought back.")
    return redirect(request, f"cases/{to_text(kept)}", ("done", told), undo=False)


def _do(request: Request, decide: Callable[[], Save], back: str) -> Response:
    desk, language = desk_of(request), words(request)
    back = settled_back(request, back)
    try:
        desk.save(decide())
    except BadInput as bad:
        return redirect(request, back, ("attention", language.problem(next(iter(bad.problems.values())))))
    return redirect(
        request, back, ("done", language.gettext("Settled. It stays in the history that this was looked at."))
    )


def _case_row(teller: Teller, desk: Desk, side: contradictions.Side) -> dict[str, Any]:
    since = settling.written_since(desk, side.folder)
    language = teller.language
    return {
        "value": to_text(side.folder),
        "name": side.code_name,
        "url": teller.address(f"cases/{to_text(side.folder)}"),
        "who": clashes.author(teller, side.written, side.who),
        "since": language.ngettext("one more entry since", "%(num)s more entries since", since) if since else "",
    }


def _types(desk: Desk) -> tuple[FolderType, ...]:
    return tuple(folder_type for folder_type in FolderType if may_look(desk, folder_type))


def _contradictions(desk: Desk) -> tuple[contradictions.Contradiction, ...]:
    found = contradictions.everywhere(desk.reader)
    return tuple(one for one in found if may_look(desk, one.folder_type))


def _lines(request: Request, doubts: Sequence[Doubt], back: str) -> list[DoubtLine]:
    desk = desk_of(request)
    found = []
    for doubt in doubts:
        teller, one = Teller(request, desk, doubt.folder), doubt.conflict
        root = ROOTS.get(doubt.folder_type)
        path = f"{root}/{to_text(doubt.folder)}" if root else doubt.folder_type.value
        record = f"{path}/{one.kind}/{to_text(one.record)}"
        of = teller.link("person", one.record) if one.kind == "person" else teller.kind_label(one.kind)
        found.append(
            DoubtLine(
                f"{teller.field_label(one.kind, one.field)} · {of}",
                doubt.code_name or _home(teller, doubt.folder_type),
                teller.address(path if root and one.kind == doubt.folder_type.value else record),
                teller.address(f"{record}/settle/{one.field}?from={back}"),
                versions(teller, one),
                one.danger,
            )
        )
    return found


def _home(teller: Teller, folder_type: FolderType) -> str:
    return (
        teller.language.gettext("Money") if folder_type is FolderType.LEDGER else teller.language.gettext("The office")
    )


routes = [
    Route("/unsettled", handler(listed)),
    Route("/unsettled/one", handler(one_by_one)),
    Route("/cases/{folder}/stays-closed", handler(stays_closed), methods=["POST"]),
    Route("/places/{folder}/beds-are-right", handler(beds_are_right), methods=["POST"]),
    Route("/requests/{folder}/one-case", handler(ask_one_case)),
    Route("/requests/{folder}/one-case", handler(one_case), methods=["POST"]),
]
