"""The list of requests for help: by stage, filtered, the most urgent first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import Millis
from waystation.desk.pages.lists import Asked, Get, checked, kept_tabs, member, members, reader_of
from waystation.desk.pages.telling import Teller
from waystation.desk.pages.today import Act, QueueRow
from waystation.desk.web import desk_of, form_of, handler, redirect, render
from waystation.ids import FolderType, to_text
from waystation.office import together
from waystation.office.desk import Desk
from waystation.office.reading import look, may_open
from waystation.records.choices import Channel, Language, RiskLevel, Timeframe
from waystation.records.labels import N_
from waystation.records.status import RequestStage
from waystation.records.values import Moment
from waystation.views import requests as views
from waystation.views.requests import RequestFilter, RequestRow

_STAGES: Final[Mapping[str, str]] = {
    "": N_("Waiting for us"),
    "new": N_("New"),
    "in_check": N_("Being checked"),
    "checked": N_("To be decided"),
    "accepted": N_("Accepted"),
    "ended": N_("Ended"),
}

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "stage": tuple(filter(None, _STAGES)),
    "level": tuple(one.value for one in RiskLevel),
    "timeframe": tuple(one.value for one in Timeframe),
    "taken_by": ("mine", "nobody", "id"),
    "language": tuple(one.value for one in Language),
    "channel": tuple(one.value for one in Channel),
    "from": ("day",),
    "to": ("day",),
    "unsettled": ("1",),
    "text": (),
}


def read(get: Get) -> dict[str, str]:
    """What is asked of this list; whatever is no choice of it is left out."""
    return checked(get, _CHOICES)


def listed(request: Request) -> Response:
    """The list that the address asks for."""
    get = reader_of(request)
    return _page(request, Asked("requests", read(get), get("kept")), get("after") or None)


def sought(request: Request) -> Response:
    """The list that the form asks for; words stay out of the address, so this is the page itself then."""
    form = form_of(request)
    asked = Asked("requests", read(form.text))
    if not asked.private:
        return redirect(request, asked.address(), undo=False)
    return _page(request, asked, form.text("after") or None)


def _page(request: Request, asked: Asked, after: str | None) -> Response:
    desk = desk_of(request)
    look(desk, FolderType.REQUEST)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    which = RequestFilter(
        stage=asked["stage"],
        level=asked["level"],
        timeframe=asked["timeframe"],
        taken_by=member(desk, asked["taken_by"]),
        language=asked["language"],
        channel=asked["channel"],
        received_from=_midnight(desk, asked["from"]) if asked["from"] else None,
        received_before=_midnight(desk, asked["to"], days=1) if asked["to"] else None,
        unsettled=bool(asked["unsettled"]),
        text=asked["text"],
    )
    page = views.requests(desk.reader, which, after=after)
    filtered = bool(asked.said.keys() - {"stage"})
    counts = views.stage_counts(desk.reader)
    waiting = sum(counts.get(one, 0) for one in ("new", "in_check", "checked"))
    may_write = together.may_set_tasks(desk, FolderType.REQUEST)
    return render(
        request,
        "requests.html",
        page="requests",
        title=_("Requests"),
        asked=asked,
        rows=[_row(teller, one, may_write=may_write) for one in page.rows],
        stages=[
            {
                "text": _(text),
                "url": teller.address(asked.address(stage=name, kept="")),
                "current": name == asked["stage"],
                "number": counts.get(name, 0) if name else waiting,
            }
            for name, text in _STAGES.items()
        ],
        kept_tabs=kept_tabs(teller, asked),
        filtered=filtered,
        found=views.count(desk.reader, which) if filtered else None,
        filters=_filters(teller),
        shown=len(page.rows),
        shown_ids=" ".join(to_text(one.folder) for one in page.rows),
        following=page.next,
        is_later=after is not None,
        any_request=bool(counts),
        may_take_down=may_open(desk, FolderType.REQUEST),
        may_write=may_write,
    )


def _filters(teller: Teller) -> list[dict[str, Any]]:
    """The inputs of the filter form, as `_list.html` draws them."""
    _ = teller.language.gettext
    return [
        {"name": "text", "label": _("Words in it"), "type": "search"},
        {"name": "level", "label": _("Risk"), "options": [(one.value, _(one.label)) for one in RiskLevel]},
        {
            "name": "timeframe",
            "label": _("When it threatens"),
            "options": [(one.value, _(one.label)) for one in Timeframe],
        },
        {"name": "taken_by", "label": _("Taken on by"), "options": members(teller)},
        {"name": "language", "label": _("Language"), "options": [(one.value, _(one.label)) for one in Language]},
        {"name": "channel", "label": _("How it came"), "options": [(one.value, _(one.label)) for one in Channel]},
        {"name": "from", "label": _("Asked from"), "type": "date"},
        {"name": "to", "label": _("Asked until"), "type": "date"},
        {"name": "unsettled", "label": _("Something waits to be settled"), "type": "checkbox"},
    ]


def _midnight(desk: Desk, day: str, *, days: int = 0) -> Millis:
    """When a day begins at this desk, or one so many days later; UTC ms."""
    begins = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(desk.zone())) + timedelta(days=days)
    return Millis(int(begins.timestamp() * 1000))


def _row(teller: Teller, one: RequestRow, *, may_write: bool) -> QueueRow:
    _ = teller.language.gettext
    waits = one.stage in ("new", "in_check", "checked")
    grave = waits and one.level in ("high", "extreme") and one.timeframe in ("now", "days")
    people = teller.language.ngettext("one person", "%(num)s people", one.people)
    said = [_(RequestStage(one.stage).label), people, _asked(teller, one.received_ms), one.taken_by_name]
    if one.conflicts:
        said.append(_("something to settle"))
    address = teller.address(f"requests/{to_text(one.folder)}")
    is_free = waits and one.taken_by is None and may_write
    return QueueRow(
        urgency="life"
        if waits and (one.level, one.timeframe) == ("extreme", "now")
        else "now"
        if grave
        else "soon"
        if waits
        else "later",
        code_name=one.code_name,
        reason=" · ".join(filter(None, said)),
        due=teller.day(one.deadline) if waits else "",
        iso=(one.deadline or "") if waits else "",
        url=address,
        action=_("Open the request"),
        danger=one.level if waits else None,
        timeframe=one.timeframe if waits else None,
        acts=(Act(_("I take it on"), f"{address}/take-on?from=list", post=True),) if is_free else (),
        tick=to_text(one.folder),
    )


def _asked(teller: Teller, received_ms: int | None) -> str:
    """The day on which they asked, at this desk."""
    if received_ms is None:
        return ""
    day = Moment(Millis(received_ms), teller.desk.zone()).local().date().isoformat()
    return teller.language.gettext("asked %(day)s", day=teller.day(day))


routes = [Route("/requests", handler(listed)), Route("/requests", handler(sought), methods=["POST"])]
