"""Places where people are hidden: beds night by night, and which place can still take somebody in.

Guarantees: a place is spoken of by its code name; where it is stands in no address, not even its region.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages import nights
from waystation.desk.pages.nights import NIGHTS, WEEK, Span
from waystation.desk.pages.telling import Teller
from waystation.desk.web import Form, desk_of, form_of, handler, render
from waystation.errors import BadInput, Problem
from waystation.ids import FolderType, to_text
from waystation.office.desk import Desk
from waystation.office.reading import look, may_open
from waystation.records import said as reading
from waystation.records.choices import PlaceType
from waystation.records.labels import N_
from waystation.views import places as views
from waystation.views.places import Fit, Night, PlaceRow, Wanted

PAGE: Final = 25
PEOPLE_MAX: Final = 99
NIGHTS_MAX: Final = 366
"""Nobody looks for a bed for longer than a year."""

_STATES: Final[Mapping[str, str]] = {
    "open": N_("Open"),
    "exposed": N_("Exposed"),
    "closed": N_("Closed"),
}
_FIND: Final[Mapping[str, str]] = {"people": "1", "from": "", "nights": "1", "step_free": "", "children": ""}
"""Inputs of the finder, and what stands in them before anybody has typed."""


def listed(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """Beds, night by night; and who can take somebody in, where that was asked."""
    desk = desk_of(request)
    look(desk, FolderType.PLACE)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    span, today = Span.asked(request, desk.today()), desk.today()
    regions = views.regions(desk.reader)
    every = views.places(desk.reader, nights=NIGHTS)
    wanted = _wanted(request, regions)
    whole = views.places(desk.reader, start=span.first, nights=span.nights) if span.month else every
    found = [row for row in whole if wanted.has(row)]
    at = _page_at(request, found)
    shown = found[at : at + PAGE]
    asked = _asked(form, desk) if form is not None and bad is None else None
    return render(
        request,
        "places.html",
        page="places",
        title=_("Places"),
        status_code=422 if bad else 200,
        form=form,
        any_place=bool(every),
        free=_free(teller, views.together(every)),
        uncounted=sum(row.beds is None and row.state == "open" for row in every),
        twice=[
            {"url": teller.address(f"places/{to_text(row.folder)}#nights"), "text": row.code_name, "small": said}
            for row in every
            for said in nights.twice(teller, row)
        ],
        find={name: form.text(name) if form else begins for name, begins in _FIND.items()},
        errors=teller.problems(bad),
        error_names={"people": _("How many people"), "from": _("From the night of"), "nights": _("How many nights")},
        fits=None if asked is None else [_fit(teller, fit) for fit in views.fits(desk.reader, **asked)],
        asked=_asked_text(teller, asked) if asked else "",
        filters=_filters(teller, request, regions),
        is_filtered=wanted != views.ANY,
        month=span.month,
        months=nights.months(teller, span, "places", _kept(request, "type", "region", "state")),
        span_text=nights.between(teller, span),
        rows=[_drawn(teller, row) for row in shown],
        count=span.nights,
        today_at=span.number_of(today),
        head=nights.head(teller, span, today),
        text=_("%(first)s–%(last)s of %(all)s", first=at + 1, last=at + len(shown), all=len(found)),
        pages=len(found) > PAGE,
        previous=_address(teller, request, found[max(0, at - PAGE)]) if at else None,
        next=_address(teller, request, found[at + PAGE]) if at + PAGE < len(found) else None,
        may_open=may_open(desk, FolderType.PLACE),
    )


def find(request: Request) -> Response:
    """Which places can take so many people from a night on. What was typed stays out of the address."""
    form = form_of(request)
    try:
        _asked(form, desk_of(request))
    except BadInput as bad:
        return listed(request, form, bad)
    return listed(request, form)


# ── The finder ──


def _asked(form: Form, desk: Desk) -> dict[str, Any]:
    """What `views.fits` is asked. Raises: BadInput."""
    problems: dict[str, Problem] = {}

    def number(name: str, most: int) -> int:
        try:
            found = reading.whole_number(form.text(name).strip() or _FIND[name])
        except BadInput as bad:
            problems[name] = bad.problems[""]
            return 1
        if not 1 <= found <= most:
            problems[name] = Problem("range", N_("Give a number from 1 to %(most)s."), {"most": most})
        return found

    people, count = number("people", PEOPLE_MAX), number("nights", NIGHTS_MAX)
    start = desk.today()
    if form.text("from").strip():
        try:
            start = reading.day(form.text("from"), today=desk.today()).sort_key
        except BadInput as bad:
            problems["from"] = bad.problems[""]
    if start < desk.today():
        problems["from"] = Problem("past", N_("That night is over. Give tonight or a later one."))
    if problems:
        raise BadInput(problems)
    return {
        "people": people,
        "start": start,
        "nights": count,
        "step_free": form.text("step_free") == "yes",
        "children": form.text("children") == "yes",
    }


def _asked_text(teller: Teller, asked: Mapping[str, Any]) -> str:
    language = teller.language
    told = [
        language.ngettext("one person", "%(num)s people", asked["people"]),
        language.gettext("from %(day)s", day=teller.day(asked["start"])),
        language.ngettext("one night", "%(num)s nights", asked["nights"]),
        language.gettext("reachable without stairs") if asked["step_free"] else "",
        language.gettext("with children") if asked["children"] else "",
    ]
    return " · ".join(part for part in told if part)


def _fit(teller: Teller, fit: Fit) -> dict[str, Any]:
    language = teller.language
    unsaid = {
        "step_free": language.gettext("nobody has said whether there are stairs"),
        "children": language.gettext("nobody has said whether children may stay"),
        "beds": language.gettext("nobody has counted the beds"),
    }
    free = "" if fit.free is None else language.ngettext("one bed free", "%(num)s beds free", fit.free)
    return {
        "url": teller.address(f"places/{to_text(fit.place.folder)}"),
        "text": fit.place.code_name,
        "small": " · ".join(
            part for part in (free, *_where(teller, fit.place), *(unsaid[name] for name in fit.unsaid)) if part
        ),
        "doubtful": bool(fit.unsaid),
    }


# ── Free beds ──


def _free(teller: Teller, together: Sequence[Night]) -> dict[str, Any] | None:
    """Free beds of all places: tonight, and the nights that follow; None where no beds were counted."""
    if not together or not any(night.beds for night in together):
        return None
    language, week = teller.language, together[1 : WEEK + 1]
    counts = [night.free or 0 for night in together]
    least = min(night.free or 0 for night in week)
    return {
        "tonight": language.ngettext(
            "%(free)s of one bed is free tonight.",
            "%(free)s of %(num)s beds are free tonight.",
            together[0].beds or 0,
            free=counts[0],
        ),
        "week": language.ngettext(
            "On each of the next seven nights at least one is free.",
            "On each of the next seven nights at least %(num)s are free.",
            least,
        )
        if least
        else language.gettext("On some of the next seven nights none is free."),
        "none": least == 0,
        "most": max(night.beds or 0 for night in together),
        "nights": [
            {
                "iso": night.day,
                "weekday": format_date(date.fromisoformat(night.day), "EEE", locale=language.locale),
                "text": format_date(date.fromisoformat(night.day), "d MMM", locale=language.locale),
                "free": night.free or 0,
                "beds": night.beds or 0,
            }
            for night in together[: WEEK + 1]
        ],
        "counts": counts,
        "text": language.gettext(
            "Free beds on the next %(nights)s nights: from %(least)s to %(most)s",
            nights=len(counts),
            least=min(counts),
            most=max(counts),
        ),
    }


# ── The list ──


def _drawn(teller: Teller, row: PlaceRow) -> dict[str, Any]:
    """One place, as the page draws it."""
    return {
        "url": teller.address(f"places/{to_text(row.folder)}"),
        "text": row.code_name,
        "small": " · ".join(part for part in _where(teller, row) if part),
        "tonight": nights.tonight(teller, row),
        "said": nights.said(teller, row),
        "over": any(night.over for night in row.nights),
        "in_danger": row.state == "exposed" and row.now > 0,
        "runs": nights.runs(row.nights),
        "nights": row.nights,
    }


def _where(teller: Teller, row: PlaceRow) -> list[str]:
    """What kind of place it is, roughly where, and whether it is open; an address is never here."""
    return [
        {
            "open": "",
            "closed": teller.language.gettext("closed"),
            "exposed": teller.language.gettext("exposed: nobody is sent there"),
        }[row.state],
        teller.text("place", "type", row.type or None),
        row.region,
        teller.text("place", "country", row.country or None),
    ]


def _wanted(request: Request, regions: Mapping[str, bytes]) -> Wanted:
    asked = request.query_params
    kind, state = asked.get("type", ""), asked.get("state", "")
    by_place = {to_text(place): region for region, place in regions.items()}
    return Wanted(
        type=kind if kind in {option.value for option in PlaceType} else "",
        state=state if state in _STATES else "",
        region=by_place.get(asked.get("region", ""), ""),
    )


def _filters(teller: Teller, request: Request, regions: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """The lists from which places are chosen: input, words, choices, and what is chosen."""
    _ = teller.language.gettext
    choices = (
        ("type", _("Kind of place"), [(option.value, _(option.label)) for option in PlaceType]),
        ("region", _("Region"), [(to_text(place), region) for region, place in regions.items()]),
        ("state", _("Whether it is open"), [(state, _(said)) for state, said in _STATES.items()]),
    )
    return [
        {"name": name, "text": text, "choices": these, "chosen": request.query_params.get(name, "")}
        for name, text, these in choices
        if these
    ]


def _page_at(request: Request, found: Sequence[PlaceRow]) -> int:
    """Where the page begins: at the place that the address names."""
    asked = request.query_params.get("at", "")
    return next((number for number, row in enumerate(found) if asked and to_text(row.folder) == asked), 0)


def _kept(request: Request, *names: str) -> dict[str, str]:
    return {name: request.query_params[name] for name in names if request.query_params.get(name)}


def _address(teller: Teller, request: Request, first: PlaceRow) -> str:
    kept = _kept(request, "month", "type", "region", "state")
    return teller.address(f"places?{urlencode({**kept, 'at': to_text(first.folder)})}#nights")


routes = [
    Route("/places", handler(listed)),
    Route("/places", handler(find), methods=["POST"]),
]
