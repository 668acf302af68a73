"""Figures: the numbers of the work, each with what it counts, and the last weeks, drawn."""

from collections.abc import Mapping
from typing import Final

from babel.dates import format_date, parse_date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk import formats
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType
from waystation.office.reading import look
from waystation.records.labels import N_
from waystation.views import figures as views
from waystation.views.figures import Figure

LABELS: Final[Mapping[str, str]] = {
    "asked": N_("Asked for help"),
    "evacuated": N_("Evacuated"),
    "in_hiding": N_("In hiding"),
    "abroad": N_("Abroad"),
    "applied": N_("Applied"),
    "granted": N_("Granted"),
    "refused": N_("Refused"),
    "discouraged": N_("Discouraged, never filed"),
    "left_without_papers": N_("Left without papers"),
    "silent": N_("Went silent"),
    "received_usd": N_("Received"),
    "spent_usd": N_("Spent"),
}

_WEEKLY: Final = ("asked", "evacuated", "applied", "granted", "refused", "abroad")


def show(request: Request) -> Response:
    """The table, and the weeks."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    found = views.figures(desk.reader).rows
    people = max((figure.number for figure in found if figure.unit == "people"), default=0)
    dollars = max((figure.number for figure in found if figure.unit == "usd"), default=0)
    weeks = views.weekly(desk.reader)
    return render(
        request,
        "figures.html",
        page="figures",
        title=_("Figures"),
        today=desk.today(),
        rows=[
            {
                "label": _(LABELS[figure.name]),
                "number": figure.number,
                "text": _text(teller, figure),
                "max": people if figure.unit == "people" else dollars if figure.unit == "usd" else 0,
                "note": _(figure.definition),
                "tone": "arrived" if figure.name == "abroad" else None,
            }
            for figure in found
        ],
        any_week=any(getattr(week, name) for week in weeks for name in _WEEKLY),
        weeks=[
            {
                "iso": week.monday,
                "text": format_date(parse_date(week.monday, locale="sv"), "d MMM", locale=teller.language.locale),
            }
            for week in weeks
        ],
        series=[
            {
                "label": _(LABELS[name]),
                "numbers": [getattr(week, name) for week in weeks],
                "tone": "arrived" if name == "abroad" else "",
            }
            for name in _WEEKLY
        ],
        most=max((getattr(week, name) for week in weeks for name in _WEEKLY), default=0),
    )


def _text(teller: Teller, figure: Figure) -> str:
    number = formats.format_amount(figure.number, teller.language)
    return f"{number} USD" if figure.unit == "usd" else number


routes = [Route("/figures", handler(show))]
