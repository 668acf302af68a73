"""Duty: two weeks of nights drawn, with the nights for which nobody was found, and the ways to fill them.

Guarantees: a gap and a night that two people share are told; nothing is planned over the head of whoever looks.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.telling import Teller
from waystation.desk.pages.today import duty_context
from waystation.desk.web import Form, desk_of, form_of, handler, redirect, render, words
from waystation.errors import BadInput
from waystation.ids import FolderType, RecordId, from_text, to_text
from waystation.office import casework, duty
from waystation.office.reading import look
from waystation.views import duty as views
from waystation.views.duty import Night, Shift

NIGHTS: Final = 14


def show(request: Request, form: Form | None = None, bad: BadInput | None = None) -> Response:
    """The nights, who has them, and who could."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    first = views.tonight(desk.reader, desk.zone()).night.day
    nights = views.nights(desk.reader, desk.zone(), first, NIGHTS)
    bare = [night for night in nights if night.gaps]
    shifts = {one.record: one for night in nights for one in night.shifts}
    return render(
        request,
        "duty.html",
        page="duty",
        title=_("Duty"),
        status_code=422 if bad else 200,
        rows=_drawn(teller, nights),
        days=[_head(teller, night.day, first) for night in nights],
        bare=len(bare),
        shared=[_told(teller, night.day) for night in nights if _is_shared(night)],
        nights=[(night.day, _told(teller, night.day), _gap_words(teller, night)) for night in nights],
        chosen=form.values.get("night", []) if form else [bare[0].day] if bare else [],
        member=form.text("member") if form else to_text(desk.member),
        members=teller.choices_of("member"),
        shifts=[
            {
                "who": one.name,
                "when": f"{_when(teller, one.begins_ms)} – {_when(teller, one.ends_ms)}",
                "remarks": one.remarks,
                "url": teller.address(f"office/duty/{to_text(one.record)}"),
                "edit_url": teller.address(f"office/duty/{to_text(one.record)}/edit"),
            }
            for one in sorted(shifts.values(), key=lambda one: one.begins_ms)
        ],
        errors=teller.problems(bad),
        may_plan_duty="duty" in casework.addable(desk, FolderType.OFFICE),
        hours={"first": f"{views.EVENING_H}:00", "last": f"{views.MORNING_H:02}:00"},
    )


def plan(request: Request) -> Response:
    """Puts a member on duty for the nights that were chosen."""
    desk, form = desk_of(request), form_of(request)
    try:
        desk.save(duty.plan_nights(desk, _member(form), [day for day in form.values.get("night", []) if _is_day(day)]))
    except BadInput as bad:
        return show(request, form, bad)
    return redirect(request, "duty", ("done", words(request).gettext("The duty is planned.")))


def hand_over(request: Request) -> Response:
    """Hands over the duty of this moment, or puts somebody on it."""
    desk, form, language = desk_of(request), form_of(request), words(request)
    back = "today" if form.text("back") == "today" else "duty"
    named = form.text("duty")
    try:
        desk.save(duty.hand_over(desk, _member(form), RecordId(from_text(named)) if named else None))
    except BadInput as bad:
        return redirect(request, back, ("attention", language.problem(next(iter(bad.problems.values())))))
    on_duty = duty_context(Teller(request, desk))["on_duty"]
    return redirect(request, back, ("done", on_duty[-1] if on_duty else language.gettext("The duty is planned.")))


def _member(form: Form) -> bytes:
    """Who was chosen. Raises: BadInput."""
    return from_text(form.text("member"))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# ── How it is drawn ──


def _drawn(teller: Teller, nights: Sequence[Night]) -> list[dict[str, Any]]:
    """A row for each member who has a night, and before them one for the nights that nobody has."""
    _ = teller.language.gettext
    rows: list[dict[str, Any]] = []
    if any(night.gaps for night in nights):
        rows.append({"text": _("Nobody"), "cells": _gaps(teller, nights)})
    names = {one.member: one.name for night in nights for one in night.shifts}
    for member, name in sorted(names.items(), key=lambda pair: pair[1]):
        rows.append({"text": name, "cells": _cells(teller, nights, member)})
    return rows


def _gaps(teller: Teller, nights: Sequence[Night]) -> list[Mapping[str, Any]]:
    """Nights that nobody has stand together; of a night that somebody has in part, the hours that are left."""
    cells: list[Mapping[str, Any]] = []
    for gaps, group in groupby(nights, key=_bareness):
        together = list(group)
        if gaps == "none":
            cells += [{"nights": 1, "text": "", "state": "free"} for _ in together]
        elif gaps == "whole":
            cells.append({"nights": len(together), "text": teller.language.gettext("nobody"), "state": "gap"})
        else:
            cells += [{"nights": 1, "text": _hours(teller, *night.gaps[0]), "state": "gap"} for night in together]
    return cells


def _bareness(night: Night) -> str:
    """Whether nobody is there for the whole of a night, for a part of it, or for none."""
    if not night.gaps:
        return "none"
    return "whole" if night.gaps == ((night.begins_ms, night.ends_ms),) else "part"


def _gap_words(teller: Teller, night: Night) -> str:
    """For which hours of a night nobody is there; empty if somebody always is."""
    _ = teller.language.gettext
    if _bareness(night) == "part":
        return _("nobody from %(hours)s", hours=", ".join(_hours(teller, *gap) for gap in night.gaps))
    return _("nobody") if night.gaps else ""


def _cells(teller: Teller, nights: Sequence[Night], member: bytes) -> list[Mapping[str, Any]]:
    """Nights of one shift, each whole, stand together."""
    cells: list[Mapping[str, Any]] = []
    own = [(night, next((one for one in night.shifts if one.member == member), None)) for night in nights]
    for (record, whole), group in groupby(own, key=lambda pair: _same(*pair)):
        together = list(group)
        if record is None:
            cells += [{"nights": 1, "text": "", "state": "free"} for _ in together]
        elif whole:
            cells.append(_cell(teller, together[0][1], len(together), teller.language.gettext("all night")))
        else:
            cells += [_cell(teller, one, 1, _within(teller, night, one)) for night, one in together if one]
    return cells


def _same(night: Night, one: Shift | None) -> tuple[RecordId | None, bool]:
    if one is None:
        return None, False
    return one.record, one.begins_ms <= night.begins_ms and one.ends_ms >= night.ends_ms


def _cell(teller: Teller, one: Shift | None, nights: int, text: str) -> Mapping[str, Any]:
    url = teller.address(f"office/duty/{to_text(one.record)}") if one else None
    return {"nights": nights, "text": text, "state": "taken", "url": url}


def _within(teller: Teller, night: Night, one: Shift) -> str:
    return _hours(teller, max(night.begins_ms, one.begins_ms), min(night.ends_ms, one.ends_ms))


def _hours(teller: Teller, begins_ms: int, ends_ms: int) -> str:
    zone = ZoneInfo(teller.desk.zone())
    first, last = (datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone) for ms in (begins_ms, ends_ms))
    return f"{first:%H:%M}–{last:%H:%M}"


def _is_shared(night: Night) -> bool:
    """Whether two people are on duty at one moment of it."""
    ordered = sorted(night.shifts, key=lambda one: one.begins_ms)
    return any(
        min(one.ends_ms, other.ends_ms, night.ends_ms) > max(one.begins_ms, other.begins_ms, night.begins_ms)
        for n, one in enumerate(ordered)
        for other in ordered[n + 1 :]
    )


def _head(teller: Teller, day: str, first: str) -> dict[str, Any]:
    on, locale = date.fromisoformat(day), teller.language.locale
    return {
        "iso": day,
        "weekday": format_date(on, "EEE", locale=locale),
        "text": format_date(on, "d MMM", locale=locale),
        "today": day == first,
    }


def _told(teller: Teller, day: str) -> str:
    """A night in words, by the day on which it begins and the one on which it ends."""
    on, locale = date.fromisoformat(day), teller.language.locale
    return teller.language.gettext(
        "%(first)s to %(last)s",
        first=format_date(on, "EEE d MMM", locale=locale),
        last=format_date(on + timedelta(days=1), "EEE d MMM", locale=locale),
    )


def _when(teller: Teller, at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(teller.desk.zone()))
    return f"{format_date(at.date(), 'EEE d MMM', locale=teller.language.locale)}, {at:%H:%M}"


routes = [
    Route("/duty", handler(show)),
    Route("/duty", handler(plan), methods=["POST"]),
    Route("/duty/hand-over", handler(hand_over), methods=["POST"]),
]
