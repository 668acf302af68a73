"""Figures: the numbers of the work, each with what it counts and who is behind it, and how it went week by week, drawn.

Guarantees: every number says how it is counted and as of when; who is behind one is shown to those alone who may look
at cases. Nothing here is fit to be published: that asks for more than a number.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from babel.dates import format_date, format_skeleton
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk import formats
from waystation.desk.i18n import Language
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, render, words
from waystation.ids import FolderType, to_text
from waystation.office import export
from waystation.office.desk import Desk
from waystation.office.reading import look, may_look
from waystation.records.labels import N_
from waystation.views import figures as views
from waystation.views.figures import Behind, Figure, Week

LABELS: Final[Mapping[str, str]] = {
    "asked": N_("Asked for help"),
    "evacuated": N_("Evacuated"),
    "in_hiding": N_("In hiding"),
    "abroad": N_("Abroad"),
    "applied": N_("Applied"),
    "granted": N_("Granted"),
    "refused": N_("Refused"),
    "discouraged": N_("Discouraged, never filed"),
    "left": N_("Left by own means"),
    "left_without_papers": N_("Left without papers"),
    "silent": N_("Went silent"),
    "received_usd": N_("Received"),
    "spent_usd": N_("Spent"),
}
WEEKLY: Final[Mapping[str, str]] = {
    "asked": N_("People in requests taken down; those joined to another request are left out."),
    "evacuated": N_("People taken out of the place of danger."),
    "in_hiding": N_("People in hiding when the week ended; today, in the present one."),
    "applied": N_("People for whom an application was filed."),
    "refused": N_("People whose application was refused, by its latest decision."),
    "granted": N_("People whose application was granted, by its latest decision."),
    "abroad": N_("People who arrived abroad and confirmed it."),
    "left": N_("People who left by their own means, with papers or without."),
    "silent": N_("People whose request or case ended because contact was lost."),
}
"""What is drawn over time, in the order of the work, and what each counts."""

SPANS: Final[Mapping[str, str]] = {"8": N_("Eight weeks"), "26": N_("Half a year"), "all": N_("From the beginning")}

WEEKS_MAX: Final = 60
"""Longer stretches are drawn by month."""

_ELSEWHERE: Final[Mapping[str, tuple[str, FolderType]]] = {
    "asked": ("requests", FolderType.REQUEST),
    "discouraged": ("routes#way-out", FolderType.OFFICE),
    "received_usd": ("money", FolderType.LEDGER),
    "spent_usd": ("money", FolderType.LEDGER),
}
"""Figures whose stuff has a page of its own, and whose page that is."""


def show(request: Request) -> Response:
    """The numbers, and how they went."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asked = request.query_params.get("span", "")
    span = asked if asked in SPANS else "8"
    found = views.figures(desk.reader).rows
    people = max((figure.number for figure in found if figure.unit == "people"), default=0)
    dollars = max((figure.number for figure in found if figure.unit == "usd"), default=0)
    weeks, by_month = _weeks(desk, span)
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
                "text": _text(teller.language, figure),
                "max": people if figure.unit == "people" else dollars if figure.unit == "usd" else 0,
                "note": _(figure.definition),
                "url": _behind_url(teller, figure.name),
                "tone": "arrived" if figure.name == "abroad" else None,
            }
            for figure in found
        ],
        spans=[
            {"text": _(said), "url": teller.address(f"figures?span={name}#weeks"), "current": name == span}
            for name, said in SPANS.items()
        ],
        span=span,
        by_month=by_month,
        any_week=any(getattr(week, name) for week in weeks for name in WEEKLY),
        weeks=[_week(teller.language, week, by_month=by_month) for week in weeks],
        series=[_series(teller, name, weeks, by_month=by_month) for name in WEEKLY],
        may_take_out=export.may_export(desk),
    )


def behind(request: Request) -> Response:
    """The cases and requests that one figure counts."""
    desk, name = desk_of(request), str(request.path_params["name"])
    look(desk, FolderType.CASE)
    if name not in views.BEHIND:
        raise HTTPException(404)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    after = request.query_params.get("after")
    page = views.behind(desk.reader, name, after=after)
    figure = next((one for one in views.figures(desk.reader).rows if one.name == name), None)
    return render(
        request,
        "figure.html",
        page="figures",
        title=_(LABELS[name]),
        today=desk.today(),
        definition=_(figure.definition) if figure else _(WEEKLY[name]),
        number=_text(teller.language, figure) if figure else "",
        rows=[_behind(teller, one) for one in page.rows],
        first=teller.address(f"figures/{name}") if after is not None else None,
        next=teller.address(f"figures/{name}?after={page.next}") if page.next else None,
        by_name=name == "in_hiding",
    )


def take_out(request: Request) -> Response:
    """What the page shows, as CSV for a spreadsheet."""
    desk, span = desk_of(request), form_of(request).text("span")
    language = words(request)
    _ = language.gettext
    lines: list[list[str]] = [[_("Figure"), _("Number"), _("Unit"), _("What it counts")]]
    units = {"people": _("people"), "routes": _("routes"), "usd": "USD"}
    lines += [
        [_(LABELS[figure.name]), str(figure.number), units[figure.unit], _(figure.definition)]
        for figure in views.figures(desk.reader).rows
    ]
    weeks, by_month = _weeks(desk, span if span in SPANS else "8")
    lines += [[], [_("Month from") if by_month else _("Week from"), *(_(LABELS[name]) for name in WEEKLY)]]
    lines += [[week.monday, *(str(getattr(week, name)) for name in WEEKLY)] for week in weeks]
    name = f"figures-{desk.today()}.csv"
    return Response(
        export.table(desk, lines),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _weeks(desk: Desk, span: str) -> tuple[tuple[Week, ...], bool]:
    """The weeks of a span, or its months where there would be too many weeks; and which of both."""
    if span != "all":
        return views.weekly(desk.reader, int(span)), False
    today = date.fromisoformat(desk.today())
    began = date.fromisoformat(views.began(desk.reader) or desk.today())
    weeks = max(8, (today - began).days // 7 + 2)
    if weeks <= WEEKS_MAX:
        return views.weekly(desk.reader, weeks), False
    return views.monthly(desk.reader, (today.year - began.year) * 12 + today.month - began.month + 1), True


def _week(language: Language, week: Week, *, by_month: bool) -> dict[str, Any]:
    first = date.fromisoformat(week.monday)
    text = format_skeleton("yMMM", first, locale=language.locale) if by_month else None
    return {
        "iso": week.monday,
        "text": str(text or format_date(first, "d MMM", locale=language.locale)),
        "numbers": [getattr(week, name) for name in WEEKLY],
    }


def _series(teller: Teller, name: str, weeks: Sequence[Week], *, by_month: bool) -> dict[str, Any]:
    """One figure over time."""
    language = teller.language
    numbers = [getattr(week, name) for week in weeks]
    most = max(numbers, default=0)
    return {
        "label": language.gettext(LABELS[name]),
        "note": language.gettext(WEEKLY[name]),
        "url": _behind_url(teller, name),
        "numbers": numbers,
        "most": most,
        "said": _said(language, numbers, is_stock=name == "in_hiding", by_month=by_month),
        "tone": "arrived" if name == "abroad" else None,
        "text": language.gettext(
            N_("%(label)s, month by month: at most %(most)s, now %(last)s")
            if by_month
            else N_("%(label)s, week by week: at most %(most)s, now %(last)s"),
            label=language.gettext(LABELS[name]),
            most=most,
            last=numbers[-1] if numbers else 0,
        ),
    }


def _said(language: Language, numbers: Sequence[int], *, is_stock: bool, by_month: bool) -> str:
    """What the columns say: the last and the highest, and all of them together.

    Args:
        is_stock: how many there are at a time; such numbers are not added up.
    """
    if not any(numbers):
        return language.gettext("nobody")
    last, most, total = (formats.format_amount(one, language) for one in (numbers[-1], max(numbers), sum(numbers)))
    if is_stock:
        return " · ".join(
            (language.gettext("now %(number)s", number=last), language.gettext("at most %(number)s", number=most))
        )
    if by_month:
        now, highest = N_("this month %(number)s"), N_("at most %(number)s in a month")
    else:
        now, highest = N_("this week %(number)s"), N_("at most %(number)s in a week")
    return " · ".join(
        (
            language.gettext(now, number=last),
            language.gettext(highest, number=most),
            language.gettext("%(number)s in all", number=total),
        )
    )


def _behind_url(teller: Teller, name: str) -> str | None:
    """Where who is behind a figure stands; None for whom it is not."""
    path, folder_type = _ELSEWHERE.get(name, (f"figures/{name}", FolderType.CASE))
    return teller.address(path) if may_look(teller.desk, folder_type) else None


def _behind(teller: Teller, one: Behind) -> dict[str, Any]:
    language = teller.language
    root = "cases" if one.folder_type is FolderType.CASE else "requests"
    return {
        "url": teller.address(f"{root}/{to_text(one.folder)}"),
        "text": one.code_name,
        "small": [
            language.ngettext("one person", "%(num)s people", one.people),
            teller.day(one.day),
            "" if root == "cases" else language.gettext("a request"),
        ],
    }


def _text(language: Language, figure: Figure) -> str:
    number = formats.format_amount(figure.number, language)
    return f"{number} USD" if figure.unit == "usd" else number


routes = [
    Route("/figures", handler(show)),
    Route("/figures/csv", handler(take_out), methods=["POST"]),
    Route("/figures/{name}", handler(behind)),
]
