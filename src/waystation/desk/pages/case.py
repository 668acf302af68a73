"""The page of one case: what comes next, what is due, where they are and who works on it; below it everything else.

Guarantees: the first screen says who is in danger and what to do; who can read the case is shown from the keys and not
from a list; the story can be read in parts, and nothing in it is torn out. A request and a place share its parts.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.localtime import clocks
from waystation.desk.pages import readers
from waystation.desk.pages.acts import open_due
from waystation.desk.pages.clashes import told as told_clashes
from waystation.desk.pages.next_steps import told
from waystation.desk.pages.records import (
    Unmasked,
    Where,
    versions,
    where_of,
)
from waystation.desk.pages.telling import Event, Teller
from waystation.desk.pages.undo import struck_folder
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType, from_text, to_text
from waystation.office import casework, team
from waystation.office.desk import Desk
from waystation.office.erasure import may_erase
from waystation.office.reading import may_look
from waystation.records import Moment
from waystation.records.status import Stage
from waystation.views import case as views
from waystation.views import contradictions
from waystation.views.case import CaseView, Conflict, Whereabouts
from waystation.views.dates import WORDS, Dated
from waystation.views.helpers import of_case
from waystation.views.shown import Shown
from waystation.views.timeline import Only, Theme, authors, timeline

TIMELINE: Final = 30

DATES_SHOWN: Final = 4
"""So many dates stand on the first screen; the others are folded."""

_DAY_MS: Final = 86_400_000


class DateLine(NamedTuple):
    """One dated thing of a case in words.

    Args:
        what, when: in words; `small`: beneath them, such as by which channel.
        path: address of the record, within the desk.
        known: the thing itself.
    """

    what: str
    when: str
    small: str
    path: str
    known: Dated


class Whereabout(NamedTuple):
    """Where they are in words, and the address of the record that says so; empty if none does."""

    text: str
    small: str
    path: str
    tone: str


class OnTeam(NamedTuple):
    """Somebody who works on a case: as what, who, and the address of their page; empty if they have none."""

    part: str
    name: str
    path: str


def show(request: Request) -> Response:
    """A case."""
    desk, where = desk_of(request), where_of(request)
    view = views.case(desk.reader, where.folder)
    if view is None:
        return struck_folder(request, where)
    context = folder_context(request, where, view)
    teller: Teller = context["t"]
    return render(
        request,
        "case.html",
        page="cases",
        title=teller.language.gettext("Case"),
        stage=Stage(view.stage).label,
        step=told(view.next_step, view, where, teller),
        then=[told(one, view, where, teller) for one in view.then[:2]],
        waiting=len(view.then),
        dates=_dates(view, where, teller),
        dates_shown=DATES_SHOWN,
        whereabouts=[_whereabout(one, view, where, teller) for one in view.whereabouts],
        team=_team(view, teller),
        clocks=clocks(str(view.head.fields.get("time_zone", "")), desk.now_ms(), desk.zone(), teller.language),
        spent=views.spent(desk.reader, where.folder) if may_look(desk, FolderType.LEDGER) else None,
        arrived=view.stage in (Stage.ARRIVED.value,) or _has_arrived(view),
        open_closure=next((one for one in view.records.get("closure", ()) if "reopened" not in one.fields), None),
        **context,
    )


def folder_context(request: Request, where: Where, view: CaseView) -> dict[str, Any]:
    """What the parts of a case's page and of a request's page have in common."""
    desk = desk_of(request)
    teller = Teller(request, desk, where.folder)
    of_folder = contradictions.of_case if where.folder_type is FolderType.CASE else contradictions.of_request
    return {
        "where": where,
        "view": view,
        "records": view.records,
        "t": teller,
        "unmasked": Unmasked(request, where),
        "due": open_due(view, desk.now_ms()),
        "now_ms": desk.now_ms(),
        "today": desk.today(),
        "of_person": {person.record: _of_person(view, person.record) for person in view.people},
        "of_nobody": _of_person(view, None),
        "addable": casework.addable(desk, where.folder_type),
        "clashes": told_clashes(request, of_folder(desk.reader, where.folder)),
        "danger_in_doubt": any(conflict.danger for conflict in view.conflicts),
        "conflicts": [(conflict, versions(teller, conflict)) for conflict in view.conflicts],
        "conflict_subject": {
            (conflict.kind, conflict.record): _subject_of(conflict, teller) for conflict in view.conflicts
        },
        **history_context(request, desk, where, teller),
    }


def history_context(request: Request, desk: Desk, where: Where, teller: Teller) -> dict[str, Any]:
    """What happened in a folder, as far as it is asked for; who can read it, and whether this member may erase it."""
    asked = request.query_params
    before = asked.get("before", "")
    older = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    only = _only(request, desk)
    stretch = timeline(desk.reader, where.folder, before=older, limit=TIMELINE, only=only)
    happened: list[Event] = readers.among(
        teller,
        stretch,
        teller.timeline(stretch.items, teller.address(where.path)),
        team.turns(desk, where.folder) if only.is_all or only == Only(Theme.READERS) else (),
        before=older,
    )
    kept = {name: asked[name] for name in ("what", "who", "from", "to") if asked.get(name)}
    return {
        "happened": happened,
        "older": stretch.older,
        "is_older": older is not None,
        "only": only,
        "themes": [(theme.value, teller.language.gettext(theme.label)) for theme in Theme],
        "authors": [(to_text(member), name) for member, name in authors(desk.reader, where.folder)],
        "only_query": urlencode(kept),
        "only_asked": kept,
        **readers.lines(teller, team.readership(desk, where.folder, where.folder_type)),
        "may_erase": may_erase(desk, where.folder_type),
    }


def _only(request: Request, desk: Desk) -> Only:
    """The part of the story that an address asks for; what it misspells is left out."""
    asked = request.query_params
    theme = next((one for one in Theme if one.value == asked.get("what")), None)
    member = from_text(asked["who"]) if asked.get("who") else None
    first, last = _midnight(asked.get("from", ""), desk), _midnight(asked.get("to", ""), desk)
    return Only(theme, member, first, None if last is None else last + _DAY_MS)


def _midnight(day: str, desk: Desk) -> int | None:
    """When a day begins at this desk, UTC ms; None for what is no ISO date."""
    try:
        return int(datetime.combine(date.fromisoformat(day), time(), ZoneInfo(desk.zone())).timestamp() * 1000)
    except ValueError:
        return None


def _subject_of(conflict: Conflict, teller: Teller) -> str:
    """Whose field is in conflict: a person by their part in the case, any other record by its kind."""
    if conflict.kind == "person":
        return teller.link("person", conflict.record)
    return teller.kind_label(conflict.kind)


def _of_person(view: CaseView, person: bytes | None) -> dict[str, list[Shown]]:
    """Kind → records that belong to one person; for None, to nobody in particular."""
    return {
        kind: [one for one in view.records.get(kind, ()) if one.fields.get("person") == person]
        for kind in ("contact_channel", "identity_document")
    }


def _has_arrived(view: CaseView) -> bool:
    return any(one.fields.get("confirmed") is True for one in view.records.get("arrival", ()))


def _dates(view: CaseView, where: Where, teller: Teller) -> list[DateLine]:
    """What is ahead or overdue, in words."""
    by_id = {one.record: one for found in view.records.values() for one in found}
    return [_date_line(one, by_id[one.record], where, teller) for one in view.dates]


def _date_line(one: Dated, record: Shown, where: Where, teller: Teller) -> DateLine:
    _ = teller.language.gettext
    what, small = _(WORDS[one.what]), ""
    match one.what:
        case "check_in":
            small = teller.of(record, "channel") or teller.of(record, "person")
        case "task":
            what, small = teller.of(record, "title"), teller.of(record, "assignee")
        case "leg":
            small = " → ".join(filter(None, (teller.of(record, "origin"), teller.of(record, "destination"))))
        case "slip":
            small = f"{teller.of(record, 'shown_as')} · {teller.of(record, 'helper')}"
        case "journey" | "papers_end":
            small = teller.about(record)
        case "expected":
            small = teller.of(record, "route")
        case "appeal" | "grant_ends":
            small = teller.of(record, "application")
        case "stay_ends":
            small = teller.of(record, "place")
        case _:
            pass
    when = teller.moment(one.at) if one.at is not None else teller.day(one.day)
    return DateLine(what, when, small, where.record(one.kind, one.record), one)


def _whereabout(one: Whereabouts, view: CaseView, where: Where, teller: Teller) -> Whereabout:
    _, record = teller.language.gettext, one.record
    if record is None:
        region = teller.of(view.head, "region")
        if one.code == "travelling":
            return Whereabout(_("On their way"), "", f"{where.path}#way-out", "")
        return Whereabout(_("Where the danger is"), region, "", "now")
    path, who = where.record(record.kind, record.record), teller.people(record.fields.get("people"))
    match one.code:
        case "arrived":
            country = teller.of(record, "country")
            return Whereabout(_("Arrived in %(country)s", country=country), who, path, "arrived")
        case "left":
            return Whereabout(_("Left by own means"), teller.of(record, "destination"), path, "")
        case "place":
            since = _("from %(day)s", day=teller.of(record, "begins"))
            return Whereabout(teller.of(record, "place"), f"{who} · {since}", path, "")
        case _:
            return Whereabout(_("Out of the place of danger"), teller.of(record, "refuge"), path, "")


def _team(view: CaseView, teller: Teller) -> list[OnTeam]:
    """Who works on the case: those whom its head names, and the helpers who were told of it."""
    head = view.head
    found = [
        OnTeam(teller.field_label("case", name), teller.of(head, name), path)
        for name, path in (("caseworker", ""), ("supervisor", ""), ("partner", "office/partner"))
        if name in head.fields
    ]
    linked = [
        one._replace(path=f"{one.path}/{to_text(record)}")
        if one.path and isinstance(record := head.fields.get("partner"), bytes)
        else one
        for one in found
    ]
    helpers = [
        OnTeam(teller.kind_label("helper"), teller.link("helper", one), f"helpers/{to_text(one)}")
        for one in of_case(view.records)
    ]
    return [*linked, *_let_in(view, teller), *helpers]


def _let_in(view: CaseView, teller: Teller) -> Iterator[OnTeam]:
    """Colleagues who were let in by name, and have not been taken off."""
    for one in view.records.get("access", ()):
        until, member = one.fields.get("until"), one.fields.get("member")
        if "ended" in one.fields or not isinstance(member, bytes):
            continue
        part = teller.language.gettext("let in")
        if isinstance(until, Moment):
            if until.ms <= teller.desk.now_ms():
                continue
            part = teller.language.gettext("emergency access until %(time)s", time=teller.moment(until))
        yield OnTeam(part, teller.link("member", member), "")


routes = [
    Route("/cases/{folder}", handler(show)),
]
