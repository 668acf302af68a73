"""The list of cases: by urgency while open, by code name afterwards; filtered by stage, risk and caseworker."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.telling import Teller, record_of
from waystation.desk.pages.today import QueueRow
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType, to_text
from waystation.office.reading import look
from waystation.records.choices import RiskLevel
from waystation.records.labels import N_
from waystation.records.status import Stage
from waystation.views import cases as views
from waystation.views.cases import CaseRow

_STATES: Final[Mapping[str, str]] = {"open": N_("Open"), "closed": N_("Closed"), "all": N_("All")}
_FILTERS: Final = ("state", "stage", "level", "caseworker")


def listed(request: Request) -> Response:
    """The list of cases that fit the filters in the address."""
    desk = desk_of(request)
    look(desk, FolderType.CASE)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asked = {name: request.query_params.get(name, "") for name in _FILTERS}
    asked["state"] = asked["state"] if asked["state"] in _STATES else "open"
    after = request.query_params.get("after")
    page = views.cases(
        desk.reader,
        state=asked["state"],
        stage=asked["stage"] if asked["stage"] in {one.value for one in Stage} else "",
        level=asked["level"] if asked["level"] in {one.value for one in RiskLevel} else "",
        caseworker=record_of(asked["caseworker"]) if asked["caseworker"] else None,
        after=after,
    )
    counts = views.stage_counts(desk.reader)
    closed = counts.get("closed", 0)
    number = {"open": sum(counts.values()) - closed, "closed": closed, "all": sum(counts.values())}
    kept = {name: value for name, value in asked.items() if value and (name, value) != ("state", "open")}
    return render(
        request,
        "cases.html",
        page="cases",
        title=_("Cases"),
        rows=[_row(teller, one) for one in page.rows],
        states=[
            {
                "text": _(text),
                "url": teller.address(f"cases?state={name}" if name != "open" else "cases"),
                "current": name == asked["state"],
                "number": number[name],
            }
            for name, text in _STATES.items()
        ],
        asked=asked,
        filtered=any(asked[name] for name in ("stage", "level", "caseworker")),
        stages=[(one.value, _(one.label)) for one in Stage],
        levels=[(one.value, _(one.label)) for one in RiskLevel],
        members=teller.choices_of("member"),
        shown=len(page.rows),
        following=teller.address(f"cases?{urlencode({**kept, 'after': page.next})}") if page.next else None,
        first=teller.address(f"cases?{urlencode(kept)}".rstrip("?")) if after else None,
        any_case=bool(counts),
    )


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
    )


routes = [Route("/cases", handler(listed))]
