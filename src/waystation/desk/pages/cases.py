"""The list of cases: filtered, sorted, as a queue or as a table of the columns that one chooses."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.lists import Asked, Get, checked, columns, kept_tabs, member, members, reader_of, several
from waystation.desk.pages.telling import Teller
from waystation.desk.pages.today import QueueRow
from waystation.desk.web import desk_of, form_of, handler, redirect, render
from waystation.ids import FolderType, from_text, to_text
from waystation.office import together
from waystation.office.reading import look
from waystation.records.choices import RiskLevel, Timeframe
from waystation.records.labels import N_
from waystation.records.status import Stage
from waystation.records.values import COUNTRIES
from waystation.views import cases as views
from waystation.views import shown
from waystation.views.cases import CaseFilter, CaseRow

_STATES: Final[Mapping[str, str]] = {"open": N_("Open"), "closed": N_("Closed"), "all": N_("All")}

_SORTS: Final[Mapping[str, str]] = {
    "urgent": N_("By urgency"),
    "code_name": N_("By code name"),
    "stage": N_("By stage"),
    "people": N_("By number of people"),
    "caseworker": N_("By caseworker"),
    "region": N_("By region"),
    "check_in_due": N_("By next check-in"),
    "deadline": N_("By next deadline"),
    "opened": N_("By day of opening"),
    "changed": N_("By last change"),
    "route": N_("By route"),
}

_COLUMNS: Final[Mapping[str, str]] = {
    "code_name": N_("Code name"),
    "stage": N_("Stage"),
    "urgent": N_("Risk"),
    "people": N_("People"),
    "caseworker": N_("Caseworker"),
    "region": N_("Region"),
    "check_in_due": N_("Next check-in"),
    "deadline": N_("Next deadline"),
    "opened": N_("Opened"),
    "changed": N_("Last change"),
    "route": N_("Route"),
}
_AT_FIRST: Final[Sequence[str]] = ("code_name", "stage", "urgent", "people", "caseworker", "check_in_due", "deadline")

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "state": tuple(_STATES),
    "stage": tuple(one.value for one in Stage),
    "level": tuple(one.value for one in RiskLevel),
    "timeframe": tuple(one.value for one in Timeframe),
    "caseworker": ("mine", "nobody", "id"),
    "country": tuple(COUNTRIES),
    "route": ("id",),
    "silent": ("1",),
    "unsettled": ("1",),
    "from": ("day",),
    "to": ("day",),
    "region": (),
    "text": (),
    "sort": tuple(_SORTS),
    "down": ("1",),
    "look": ("table",),
    "columns": (),
}
_NARROWING: Final = frozenset(_CHOICES) - {"state", "sort", "down", "look", "columns"}


def read(get: Get) -> dict[str, str]:
    """What is asked of this list; whatever is no choice of it is left out."""
    said = checked(get, _CHOICES)
    if said.get("state") == "open":
        del said["state"]
    if "columns" in said:
        chosen = [name for name in said["columns"].split(".") if name in _COLUMNS]
        said["columns"] = ".".join(dict.fromkeys(("code_name", *chosen)))
    return said


def listed(request: Request) -> Response:
    """The list that the address asks for."""
    get = reader_of(request)
    said = read(get)
    # Check boxes are sent one by one.
    chosen = [name for name in several(request, "column") if name in _COLUMNS]
    if chosen:
        said["columns"] = ".".join(dict.fromkeys(("code_name", *chosen)))
    return _page(request, Asked("cases", said, get("kept")), get("after") or None)


def sought(request: Request) -> Response:
    """The list that the form asks for. Words and regions stay out of the address, so this is the page itself then."""
    form = form_of(request)
    asked = Asked("cases", read(form.text))
    if not asked.private:
        return redirect(request, asked.address(), undo=False)
    return _page(request, asked, form.text("after") or None)


def _page(request: Request, asked: Asked, after: str | None) -> Response:
    desk = desk_of(request)
    look(desk, FolderType.CASE)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    which = CaseFilter(
        state=asked["state"] or "open",
        stage=asked["stage"],
        level=asked["level"],
        timeframe=asked["timeframe"],
        caseworker=member(desk, asked["caseworker"]),
        region=asked["region"],
        country=asked["country"],
        route=from_text(asked["route"]) if asked["route"] else None,
        silent=bool(asked["silent"]),
        unsettled=bool(asked["unsettled"]),
        opened_from=asked["from"],
        opened_to=asked["to"],
        text=asked["text"],
        sort=asked["sort"],
        descending=bool(asked["down"]),
    )
    page = views.cases(desk.reader, which, after=after)
    filtered = not _NARROWING.isdisjoint(asked.said)
    counts = views.stage_counts(desk.reader)
    closed = counts.get("closed", 0)
    number = {"open": sum(counts.values()) - closed, "closed": closed, "all": sum(counts.values())}
    chosen: Sequence[str] = asked["columns"].split(".") if asked["columns"] else _AT_FIRST
    cells = [_cells(teller, one, chosen) for one in page.rows] if asked["look"] else []
    return render(
        request,
        "cases.html",
        page="cases",
        title=_("Cases"),
        asked=asked,
        rows=[_row(teller, one) for one in page.rows],
        table=columns(teller, asked, _COLUMNS, chosen, views.sorts()) if asked["look"] else [],
        cells=cells,
        all_columns=[(name, _(text), name in chosen) for name, text in _COLUMNS.items() if name != "code_name"],
        states=[
            {
                "text": _(text),
                "url": teller.address(asked.address(state="" if name == "open" else name, kept="")),
                "current": name == (asked["state"] or "open"),
                "number": number[name],
            }
            for name, text in _STATES.items()
        ],
        kept_tabs=kept_tabs(teller, asked),
        filtered=filtered,
        found=views.count(desk.reader, which) if filtered else None,
        filters=_filters(teller, asked, which),
        sorted_by=_(_SORTS[asked["sort"] or ("urgent" if which.state == "open" else "code_name")]),
        shown=len(page.rows),
        shown_ids=" ".join(to_text(one.folder) for one in page.rows),
        following=page.next,
        is_later=after is not None,
        any_case=bool(counts),
        may_assign=together.may_assign(desk),
        may_write=together.may_set_tasks(desk, FolderType.CASE),
    )


def _filters(teller: Teller, asked: Asked, which: CaseFilter) -> list[dict[str, Any]]:
    """The inputs of the filter form, as `_list.html` draws them."""
    _, reader = teller.language.gettext, teller.desk.reader
    routes = shown.options(reader, "route")
    leads_to = sorted({str(one.fields["destination"]) for one in routes if "destination" in one.fields})
    regions = list(views.regions(reader))
    if which.region and which.region not in regions:
        regions.insert(0, which.region)
    chosen = [
        ("stage", _("Stage"), [(one.value, _(one.label)) for one in Stage]),
        ("level", _("Risk"), [(one.value, _(one.label)) for one in RiskLevel]),
        ("timeframe", _("When it threatens"), [(one.value, _(one.label)) for one in Timeframe]),
        ("caseworker", _("Caseworker"), members(teller)),
        ("region", _("Region of the danger"), [(text, text) for text in regions]),
        ("country", _("Country they go to"), [(code, teller.text("route", "destination", code)) for code in leads_to]),
        ("route", _("Route"), teller.choices_of("route")),
        ("sort", _("Order"), [(name, _(text)) for name, text in _SORTS.items()]),
    ]
    return [
        {"name": "text", "label": _("Words in it"), "type": "search"},
        *({"name": name, "label": label, "options": options} for name, label, options in chosen if options),
        {"name": "from", "label": _("Opened from"), "type": "date"},
        {"name": "to", "label": _("Opened until"), "type": "date"},
        {"name": "silent", "label": _("Nothing heard: a check-in was missed, or contact is lost"), "type": "checkbox"},
        {"name": "unsettled", "label": _("Something waits to be settled"), "type": "checkbox"},
        {"name": "down", "label": _("In reverse order"), "type": "checkbox"},
    ]


def _row(teller: Teller, one: CaseRow) -> QueueRow:
    _ = teller.language.gettext
    arrived = one.stage == "arrived"
    open_ = one.closed is None
    grave = open_ and not arrived and one.level in ("high", "extreme") and one.timeframe in ("now", "days")
    life = open_ and not arrived and (one.level, one.timeframe) == ("extreme", "now")
    people = teller.language.ngettext("one person", "%(num)s people", one.people)
    said = [_(Stage(one.stage).label), people, one.caseworker_name]
    if one.conflicts:
        said.append(_("something to settle"))
    return QueueRow(
        urgency="arrived" if arrived else "life" if life else "now" if grave else "soon" if open_ else "later",
        code_name=one.code_name,
        reason=" · ".join(part for part in said if part),
        due=teller.day(one.deadline) if open_ else teller.day(one.closed),
        iso=(one.deadline if open_ else one.closed) or "",
        url=teller.address(f"cases/{to_text(one.folder)}"),
        action=_("Open the case"),
        danger=one.level if open_ and not arrived else None,
        timeframe=one.timeframe if open_ and not arrived else None,
        tick=to_text(one.folder),
    )


def _cells(teller: Teller, one: CaseRow, chosen: Sequence[str]) -> dict[str, str]:
    """Column → its words; the risk is drawn by the template."""
    told = {
        "stage": lambda: teller.language.gettext(Stage(one.stage).label),
        "urgent": lambda: one.level or "",
        "people": lambda: str(one.people),
        "caseworker": lambda: one.caseworker_name,
        "region": lambda: one.region or "",
        "check_in_due": lambda: teller.moment(one.check_in_due),
        "deadline": lambda: teller.day(one.deadline),
        "opened": lambda: teller.day(one.opened),
        "changed": lambda: teller.moment(one.changed_ms),
        "route": lambda: teller.link("route", one.route) if one.route else "",
    }
    return {name: told[name]() for name in chosen if name in told} | {"timeframe": one.timeframe or ""}


routes = [Route("/cases", handler(listed)), Route("/cases", handler(sought), methods=["POST"])]
