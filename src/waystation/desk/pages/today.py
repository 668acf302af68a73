"""Today: who is in most danger, signs of life that did not come, what is due, and how safe the book itself is.

Guarantees: what a member's role does not let them see is left out; when nothing needs anyone, the page says just that.
"""

from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import DAY_MS
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType, to_text
from waystation.office import drafts
from waystation.office.reading import may_look, may_open
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.views import today as views
from waystation.views.today import Due, InDanger

ROOTS: Final = {
    FolderType.CASE: "cases",
    FolderType.REQUEST: "requests",
    FolderType.PLACE: "places",
    FolderType.OFFICE: "office",
    FolderType.LEDGER: "ledger",
}

_WHAT: Final = {
    "check_in": N_("Check-in"),
    "review": N_("Look at the risk again"),
    "deadline": N_("The danger is to come by this day"),
    "decision": N_("A decision is expected"),
    "follow_up": N_("See how they are doing"),
}

_ACTION: Final = {
    "check_in": N_("Note the check-in"),
    "task": N_("Look at the task"),
    "review": N_("Assess the risk again"),
    "deadline": N_("Open the case"),
    "decision": N_("Open the case"),
    "follow_up": N_("Write a follow-up down"),
}


DUE: Final = 10
"""How much of what is due is shown at once; the rest is one press away."""


class QueueRow(NamedTuple):
    """A line of the macro `queue`."""

    urgency: str
    code_name: str
    reason: str
    due: str
    iso: str
    url: str
    action: str
    danger: str | None = None
    timeframe: str | None = None


def show(request: Request) -> Response:
    """The first page of the day."""
    desk = desk_of(request)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    found = views.today(desk.reader)
    sees_cases = may_look(desk, FolderType.CASE)
    grave: list[QueueRow] = []
    others: list[QueueRow] = []
    for one in found.danger if sees_cases else ():
        row = _danger_row(teller, one)
        (grave if row.urgency in ("life", "now") else others).append(row)
    missed = [_due_row(teller, one) for one in found.missed if may_look(desk, one.folder_type)]
    due = [_due_row(teller, one) for one in found.due if may_look(desk, one.folder_type)]
    backup = found.last_backup_ms
    return render(
        request,
        "today.html",
        page="today",
        title=_("Today"),
        today=desk.today(),
        grave=grave,
        others=others,
        missed=missed,
        due=due[:DUE],
        due_later=due[DUE:],
        counts=found.counts if sees_cases else None,
        backup_ms=backup,
        backup_days=None if backup is None else (desk.now_ms() - backup) // DAY_MS,
        drafts=len(drafts.kept(desk)),
        may_take_down=may_open(desk, FolderType.REQUEST),
        sees_money=may_look(desk, FolderType.LEDGER),
    )


def _danger_row(teller: Teller, one: InDanger) -> QueueRow:
    _ = teller.language.gettext
    urgent = (
        one.alarm or (one.level in ("high", "extreme") and one.timeframe in ("now", "days")) or one.timeframe == "now"
    )
    life = one.level == "extreme" and one.timeframe == "now"
    # The level and the timeframe stand beside it as a mark; the words are for what the mark cannot say.
    said = [_(reason.message, **reason.values) for reason in one.reasons if reason.values or one.level is None]
    in_case = one.folder_type is FolderType.CASE
    return QueueRow(
        urgency="life" if life else "now" if urgent else "soon" if one.level == "high" or not one.level else "later",
        code_name=one.code_name,
        reason=" · ".join(said) or (_("Case") if in_case else _("Request for help")),
        due=teller.day(one.deadline),
        iso=one.deadline or "",
        url=teller.address(f"{ROOTS[one.folder_type]}/{to_text(one.folder)}"),
        action=_("Open the case") if in_case else _("Open the request"),
        danger=one.level,
        timeframe=one.timeframe,
    )


def _due_row(teller: Teller, one: Due) -> QueueRow:
    _ = teller.language.gettext
    at = Moment(one.at_ms, one.zone) if one.at_ms is not None else None
    path = f"{ROOTS[one.folder_type]}"
    if one.folder_type not in (FolderType.OFFICE, FolderType.LEDGER):
        path = f"{path}/{to_text(one.folder)}"
    match one.what:
        case "check_in" if one.record:
            path = f"{path}/check_in/{to_text(one.record)}/note"
        case "task" if one.record:
            path = f"{path}/task/{to_text(one.record)}"
        case "review":
            path = f"{path}/risk_assessment/new"
        case "follow_up":
            path = f"{path}/follow_up/new"
        case _:
            pass
    missed = one.what == "check_in" and one.overdue
    who = teller.link("member", one.assignee) if one.assignee else ""
    what = _("Missed check-in") if missed else one.title or _(_WHAT[one.what])
    return QueueRow(
        urgency="now" if one.overdue else "soon",
        code_name=one.code_name or _("The office"),
        reason=f"{what} · {who}" if who else what,
        due=teller.moment(at) if at else teller.day(one.day),
        iso=one.day or "",
        url=teller.address(path),
        action=_(_ACTION[one.what]),
    )


routes = [Route("/today", handler(show))]
