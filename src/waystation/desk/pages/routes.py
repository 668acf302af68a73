"""Routes: destination and pathway, what each takes, and what came of those who tried, drawn.

Guarantees: nothing is told as a rate that too few decisions stand behind; which cases tried is shown to those alone who
may look at cases.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.past import past_context
from waystation.desk.pages.records import Where, record_at, record_context
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType, to_text
from waystation.office import casework
from waystation.office.desk import Desk
from waystation.office.reading import look, may_look
from waystation.records.choices import DecisionOutcome
from waystation.records.labels import N_
from waystation.records.values import Day
from waystation.views import routes as views
from waystation.views import shown as record_views
from waystation.views.routes import ENOUGH, Answer, Reason, RouteRow, Tried, Waits
from waystation.views.shown import Shown

ADVICE: Final = 30
"""How many pieces of advice stand on one page; the page of each route has its own."""

PAGE: Final = 30

DOTS: Final = 32
"""So many dots are told apart on one line."""

_FAR: Final = 1 << 30

_ORDERS: Final[Mapping[str, tuple[str, Callable[[RouteRow], tuple[int, ...]]]]] = {
    "granted": (N_("Most granted first"), lambda row: (-row.granted, -row.applied)),
    "lead": (N_("Fastest first"), lambda row: (_FAR if row.lead_days is None else row.lead_days, -row.granted)),
    "applied": (N_("Most tried first"), lambda row: (-row.applied, -row.granted)),
}
"""How the routes may be ordered: as the address says it, in words, and by what."""


def listed(request: Request) -> Response:
    """Every route, which countries said no, and who advised against which."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    office = desk.folder(FolderType.OFFICE)
    asked = request.query_params.get("sort", "")
    order = asked if asked in _ORDERS else "granted"
    found = sorted(views.routes(desk.reader), key=_ORDERS[order][1])
    most = max((row.applied for row in found), default=0)
    longest = max((row.waits.high for row in found if row.waits.days), default=0)
    advice = _newest(record_views.records(desk.reader, office, ("discouragement",)).get("discouragement", ()))
    answers = views.answers(found)
    return render(
        request,
        "routes.html",
        page="routes",
        title=teller.language.gettext("Routes"),
        rows=[_drawn(teller, row, most, longest) for row in found if row.open],
        shut=[_drawn(teller, row, most, longest) for row in found if not row.open],
        tried=any(row.applied for row in found),
        answers=[_answer(teller, one) for one in answers],
        most_answers=max((one.granted + one.refused for one in answers), default=0),
        orders=_orders(teller, order),
        advice=advice[:ADVICE],
        more_advice=len(advice) - ADVICE,
        t=teller,
        addable=casework.addable(desk, FolderType.OFFICE),
    )


def show(request: Request) -> Response:
    """One route: what it takes, what came of it, and who tried."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    where = Where(desk.folder(FolderType.OFFICE), FolderType.OFFICE, "office", "routes", "routes")
    record = record_at(request, where, "route")
    teller = Teller(request, desk, where.folder)
    row = views.route(desk.reader, record)
    advice = _newest(record_views.records(desk.reader, where.folder, ("discouragement",)).get("discouragement", ()))
    addable = casework.addable(desk, FolderType.OFFICE)
    return render(
        request,
        "route.html",
        **record_context(request, where, record),
        row=_drawn(teller, row, row.applied, row.waits.high if row.waits.days else 0),
        advice=[one for one in advice if one.fields.get("route") == record.record],
        may_advise="discouragement" in addable and row.open and record.struck is None,
        **_cases(request, desk, teller, record),
        **past_context(request, where, record, teller, f"routes/{record.ref}"),
    )


def _cases(request: Request, desk: Desk, teller: Teller, record: Shown) -> dict[str, Any]:
    """Who tried by a route, and why some were refused; nothing for a member who may not look at cases."""
    if not may_look(desk, FolderType.CASE):
        return {"sees_cases": False, "cases": [], "next": None, "is_later": False, "reasons": [], "most_reasons": 0}
    after = request.query_params.get("cases")
    page = views.cases(desk.reader, record.record, after=after, limit=PAGE)
    reasons = views.reasons(desk.reader, record.record)
    return {
        "sees_cases": True,
        "cases": [_tried(teller, one) for one in page.rows],
        "next": page.next,
        "is_later": after is not None,
        "reasons": [_reason(teller, one) for one in reasons],
        "most_reasons": max((one.count for one in reasons), default=0),
    }


def _drawn(teller: Teller, row: RouteRow, most: int, longest: int) -> dict[str, Any]:
    """One route, as the pages draw it.

    Args:
        most: applications that fill a whole bar. longest: days at the end of the line of waits.
    """
    one, language = row.shown, teller.language
    ended = row.withdrawn + row.lapsed
    return {
        "url": teller.address(f"routes/{one.ref}"),
        "text": teller.about(one),
        "serious": one.fields.get("return_risk") == "serious",
        "small": " · ".join(part for part in _takes(teller, row) if part),
        "applied": row.applied,
        "most": most,
        "parts": [
            {"number": row.granted, "look": "yes"},
            {"number": row.refused, "look": "no"},
            {"number": row.pending, "look": "waits"},
            {"number": ended, "look": "ended"},
        ],
        "after": [
            {"number": row.travelled, "look": "under_way"},
            {"number": row.arrived, "look": "arrived"},
        ]
        if row.travelled or row.arrived
        else [],
        "counts": " · ".join(part for part in _counts(teller, row) if part),
        "judged": _judged(teller, row),
        "waits": _dots(row.waits, longest),
        "median": row.waits.median if row.waits.days else 0,
        "longest": longest,
        "waited": _waited(teller, row.waits),
        "last": " · ".join(part for part in _last(teller, row) if part),
        "discouraged": language.ngettext("advised against once", "advised against %(num)s times", row.discouraged)
        if row.discouraged
        else "",
    }


def _dots(waits: Waits, longest: int) -> list[dict[str, int]]:
    """Waits as the macro `dots` takes them; those that would stand on one spot are one dot."""
    apart = max(1, longest // DOTS)
    found: dict[int, int] = {}
    for days, count in sorted(waits.days.items()):
        at = days // apart * apart
        found[at] = found.get(at, 0) + count
    return [{"at": at, "number": count} for at, count in found.items()]


def _takes(teller: Teller, row: RouteRow) -> Iterable[str]:
    """What a route takes, in short."""
    one, language = row.shown, teller.language
    lead, capacity = one.fields.get("lead_days"), one.fields.get("capacity")
    reviewed = one.fields.get("reviewed")
    return (
        language.gettext("shut since %(day)s", day=teller.of(one, "shut")) if not row.open else "",
        teller.of(one, "return_risk"),
        language.ngettext("a day of lead time", "%(num)s days of lead time", lead) if isinstance(lead, int) else "",
        language.ngettext("one person a month", "%(num)s people a month", capacity)
        if isinstance(capacity, int)
        else "",
        teller.of(one, "cost"),
        language.gettext("reviewed %(day)s", day=teller.of(one, "reviewed")) if reviewed else "",
    )


def _counts(teller: Teller, row: RouteRow) -> Iterable[str]:
    """What came of the applications, in words."""
    language, ended = teller.language, row.withdrawn + row.lapsed
    if not row.applied:
        return (language.gettext("nothing filed yet"),)
    return (
        language.ngettext("one application", "%(num)s applications", row.applied),
        language.gettext("%(number)s granted", number=row.granted) if row.granted else "",
        language.gettext("%(number)s refused", number=row.refused) if row.refused else "",
        language.ngettext("one waits", "%(num)s wait", row.pending) if row.pending else "",
        language.gettext("%(number)s withdrawn or lapsed", number=ended) if ended else "",
        language.gettext("%(number)s set out", number=row.travelled) if row.travelled else "",
        language.gettext("%(number)s arrived", number=row.arrived) if row.arrived else "",
    )


def _judged(teller: Teller, row: RouteRow) -> str:
    """How often they said yes; with few answers, that these say nothing."""
    if not row.judged:
        return ""
    if row.judged < ENOUGH:
        return teller.language.ngettext("one answer: too few to judge", "%(num)s answers: too few to judge", row.judged)
    return teller.language.gettext("yes to %(granted)s of %(judged)s", granted=row.granted, judged=row.judged)


def _waited(teller: Teller, waits: Waits) -> str:
    """How long they waited for an answer."""
    language = teller.language
    if not waits.days:
        return ""
    if waits.count < ENOUGH:
        return language.gettext(
            "waited %(days)s for an answer",
            days=", ".join(language.ngettext("a day", "%(num)s days", days) for days in sorted(waits.days)),
        )
    return language.gettext(
        "waited %(low)s to %(high)s days for an answer, half of them at most %(median)s",
        low=waits.low,
        high=waits.high,
        median=waits.median,
    )


def _last(teller: Teller, row: RouteRow) -> Iterable[str]:
    language = teller.language
    return (
        language.gettext("last filed %(day)s", day=teller.day(row.tried)) if row.tried else "",
        language.gettext("last answer %(day)s", day=teller.day(row.decided)) if row.decided else "",
    )


def _answer(teller: Teller, one: Answer) -> dict[str, Any]:
    return {
        "text": teller.text("route", "destination", one.country or None),
        "granted": one.granted,
        "refused": one.refused,
        "discouraged": one.discouraged,
        "parts": [{"number": one.granted, "look": "yes"}, {"number": one.refused, "look": "no"}],
        "said": teller.language.gettext(
            "%(granted)s granted, %(refused)s refused", granted=one.granted, refused=one.refused
        ),
    }


def _tried(teller: Teller, one: Tried) -> dict[str, Any]:
    language = teller.language
    outcome = teller.text("decision", "outcome", DecisionOutcome(one.outcome)) if one.outcome else ""
    return {
        "url": teller.address(f"cases/{to_text(one.case)}#way-out"),
        "text": one.code_name,
        "small": [
            outcome or language.gettext("waits for an answer"),
            language.ngettext("one person", "%(num)s people", one.people),
            language.gettext("filed %(day)s", day=teller.day(one.filed)) if one.filed else "",
            language.gettext("answer %(day)s", day=teller.day(one.decided)) if one.decided else "",
        ],
    }


def _reason(teller: Teller, one: Reason) -> dict[str, Any]:
    return {"text": one.words or teller.language.gettext("No reason was given"), "count": one.count}


def _orders(teller: Teller, order: str) -> list[dict[str, Any]]:
    """The orders of the list, as the macro `tabs` takes them."""
    return [
        {
            "text": teller.language.gettext(words),
            "url": teller.address(f"routes?sort={name}"),
            "current": name == order,
        }
        for name, (words, _) in _ORDERS.items()
    ]


def _newest(advice: Iterable[Shown]) -> list[Shown]:
    def day(one: Shown) -> str:
        value = one.fields.get("discouraged")
        return value.sort_key if isinstance(value, Day) else ""

    return sorted(advice, key=day, reverse=True)


routes = [
    Route("/routes", handler(listed)),
    Route("/routes/{record}", handler(show)),
]
