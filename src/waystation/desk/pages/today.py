"""Today: signs of life that did not come, who is in most danger, who answers tonight, what is due; mine before others'.

Guarantees: what a member's role does not let them see is left out; a check-in is noted from here in one press, and the
next one is planned or asked about; when nothing needs anyone, the page says just that.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import DAY_MS
from waystation.desk.localtime import Clocks, clocks
from waystation.desk.pages import unsettled
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, form_of, handler, redirect, render, session_of, words
from waystation.errors import BadInput, Refused
from waystation.ids import FolderId, FolderType, RecordId, from_text, to_text
from waystation.office import aside, casework, drafts, signs
from waystation.office.desk import Desk
from waystation.office.reading import look, may_look, may_open
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.views import duty as duty_views
from waystation.views import shown as record_views
from waystation.views import today as views
from waystation.views.duty import Tonight
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
    "task": N_("Look at the task"),
    "review": N_("Assess the risk again"),
    "follow_up": N_("Write a follow-up down"),
}

DUE: Final = 6
"""How much of what is due on one day is shown at once; the rest is one press away."""

OFFERED: Final[Mapping[str, tuple[int, str]]] = {
    "1": (1, N_("Tomorrow, %(time)s")),
    "2": (2, N_("In two days, %(time)s")),
    "7": (7, N_("In a week, %(time)s")),
}
"""When the next check-in may be, where no rhythm says it: the button's value → days, and its words."""


class Act(NamedTuple):
    """What is done from a row of the queue, as the macro `queue_row` takes it."""

    text: str
    url: str
    post: bool = False


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
    clock: Clocks | None = None
    acts: tuple[Act, ...] = ()
    tick: str = ""


class DueDay(NamedTuple):
    """What is due on one day.

    Args:
        late: whether the day is over.
        rows: the first of them; `more`: the others.
    """

    title: str
    late: bool
    rows: Sequence[QueueRow]
    more: Sequence[QueueRow]


def show(request: Request) -> Response:
    """The first page of the day."""
    desk = desk_of(request)
    teller = Teller(request, desk)
    only_mine = request.query_params.get("of") == "mine"
    found = views.today(desk.reader, member=desk.member, only_mine=only_mine)
    sees_cases = may_look(desk, FolderType.CASE)
    told = _Telling(teller, only_mine=only_mine)
    missed = [one for one in found.missed if may_look(desk, one.folder_type)]
    silent = {one.folder for one in missed}
    danger = [one for one in found.danger if sees_cases and one.folder not in silent]
    grave = [one for one in danger if told.urgency(one) in ("life", "now")]
    others = [one for one in danger if told.urgency(one) not in ("life", "now")]
    due = [one for one in found.due if may_look(desk, one.folder_type)]
    backup = found.last_backup_ms
    return render(
        request,
        "today.html",
        page="today",
        title=teller.language.gettext("Today"),
        today=desk.today(),
        only_mine=only_mine,
        missed=[told.due(one) for one in missed],
        others_missed=found.others_missed if sees_cases else 0,
        grave=[told.danger(one) for one in grave],
        mine=[told.danger(one) for one in others if one.mine],
        others=[told.danger(one) for one in others if not one.mine],
        due=told.days(due),
        counts=found.counts if sees_cases else None,
        to_settle=unsettled.waiting(desk),
        set_aside=aside.waiting(desk),
        begun=found.begun,
        next_one=_next_one(request, desk, teller) if sees_cases else None,
        backup_ms=backup,
        backup_days=None if backup is None else (desk.now_ms() - backup) // DAY_MS,
        drafts=len(drafts.kept(desk)),
        idle_minutes=max(1, round(session_of(request).idle_s / 60)),
        may_take_down=may_open(desk, FolderType.REQUEST),
        **duty_context(teller),
    )


# ── Rows ──


class _Telling:
    """Puts what the view found into the rows of the page."""

    def __init__(self, teller: Teller, *, only_mine: bool) -> None:
        self._teller = teller
        self._desk = teller.desk
        self._ = teller.language.gettext
        self._of = "?of=mine" if only_mine else ""
        self._may_note = "check_in" in casework.addable(self._desk, FolderType.CASE)

    def urgency(self, one: InDanger) -> str:
        """How the mark before a row is drawn."""
        if one.level == "extreme" and one.timeframe == "now":
            return "life"
        soon = one.level in ("high", "extreme") and one.timeframe in ("now", "days")
        if one.alarm or soon or one.timeframe == "now":
            return "now"
        return "soon" if one.level == "high" or not one.level else "later"

    def danger(self, one: InDanger) -> QueueRow:
        """Somebody in danger."""
        _ = self._
        # The level and the timeframe stand beside it as a mark; the words are for what the mark cannot say.
        said = [_(reason.message, **reason.values) for reason in one.reasons if reason.values or one.level is None]
        if one.unsettled:
            said.append(_("something to settle"))
        in_case = one.folder_type is FolderType.CASE
        return QueueRow(
            urgency=self.urgency(one),
            code_name=one.code_name,
            reason=" · ".join(said) or (_("Case") if in_case else _("Request for help")),
            due=self._teller.day(one.deadline),
            iso=one.deadline or "",
            url=self._teller.address(_path(one)),
            action=_("Open the case") if in_case else _("Open the request"),
            danger=one.level,
            timeframe=one.timeframe,
            clock=self._clock(one.their_zone),
        )

    def due(self, one: Due) -> QueueRow:
        """Something that is due; a check-in with what can be done about it from here."""
        _ = self._
        missed = one.what == "check_in" and one.overdue
        who = self._teller.link("member", one.assignee) if one.assignee else ""
        what = _("Missed check-in") if missed else self._teller.text("task", "title", one.title) or _(_WHAT[one.what])
        at = Moment(one.at_ms, one.zone) if one.at_ms is not None else None
        return QueueRow(
            urgency="now" if one.overdue else "soon",
            code_name=one.code_name or _("The office"),
            reason=f"{what} · {who}" if who else what,
            due=self._teller.moment(at) if at else self._teller.day(one.day),
            iso=one.day or "",
            url=self._teller.address(self._where_to(one)),
            action=self._action(one),
            danger=one.level if missed else None,
            timeframe=one.timeframe if missed else None,
            clock=self._clock(one.their_zone) if one.what in ("check_in", "follow_up") else None,
            acts=self._acts(one, missed=missed),
        )

    def days(self, due: Sequence[Due]) -> list[DueDay]:
        """What is due, by the day on which it is: what is late first."""
        today = self._desk.today()
        groups: dict[str, list[QueueRow]] = {}
        for one in due:
            day = one.day or self._day_of(one.at_ms or 0)
            groups.setdefault("" if day < today or one.overdue else day, []).append(self.due(one))
        return [
            DueDay(self._title(day, today), not day, rows[:DUE], rows[DUE:]) for day, rows in sorted(groups.items())
        ]

    def _title(self, day: str, today: str) -> str:
        if not day:
            return self._("Late")
        if day == today:
            return self._("Due today")
        when = date.fromisoformat(day)
        if when == date.fromisoformat(today) + timedelta(days=1):
            return self._("Tomorrow")
        told = str(format_date(when, "EEEE, d MMMM", locale=self._teller.language.locale))
        return told[:1].upper() + told[1:]

    def _day_of(self, at_ms: int) -> str:
        at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(self._desk.zone()))
        return at.date().isoformat()

    def _clock(self, zone: str) -> Clocks | None:
        return clocks(zone, self._desk.now_ms(), self._desk.zone(), self._teller.language)

    def _where_to(self, one: Due) -> str:
        path = _path(one)
        match one.what:
            case "task" if one.record:
                return f"{path}/task/{to_text(one.record)}"
            case "review":
                return f"{path}/risk_assessment/new"
            case "follow_up":
                return f"{path}/follow_up/new"
            case _:
                return path

    def _action(self, one: Due) -> str:
        if one.what in _ACTION:
            return self._(_ACTION[one.what])
        return self._("Open the case") if one.folder_type is FolderType.CASE else self._("Open the request")

    def _acts(self, one: Due, *, missed: bool) -> tuple[Act, ...]:
        """What can be done about a check-in that is missed or due today."""
        if one.what != "check_in" or one.record is None or not self._may_note:
            return ()
        if not missed and self._day_of(one.at_ms or 0) != self._desk.today():
            return ()
        _, address, path = self._, self._teller.address, _path(one)
        well = Act(
            _("Heard from them: well"),
            address(f"today/well/{to_text(one.folder)}/{to_text(one.record)}{self._of}"),
            post=True,
        )
        wrong = Act(_("Something is wrong…"), address(f"{path}/check_in/{to_text(one.record)}/note"))
        alarm = Act(_("Raise the alarm"), address(f"{path}/alarm"))
        return (well, wrong, alarm) if missed else (well, wrong)


def _path(one: InDanger | Due) -> str:
    root = ROOTS[one.folder_type]
    return root if one.folder_type in (FolderType.OFFICE, FolderType.LEDGER) else f"{root}/{to_text(one.folder)}"


# ── Duty ──


def duty_context(teller: Teller) -> dict[str, Any]:
    """Who answers now and tonight, in words, and to whom it can be handed over."""
    desk, _ = teller.desk, teller.language.gettext
    tonight = duty_views.tonight(desk.reader, desk.zone())
    clock = _hours(teller)
    coming = tonight.next if tonight.next and tonight.next.begins_ms < tonight.night.ends_ms else None
    have_it = {one.member for one in tonight.now or ((coming,) if coming else ())}
    return {
        "on_duty": [
            _("%(who)s is on duty now, until %(time)s", who=one.name, time=clock(one.ends_ms)) for one in tonight.now
        ],
        "duty_next": _next_shift(teller, tonight, clock),
        "duty_gaps": [
            _("Nobody is on duty from %(first)s to %(last)s.", first=clock(first), last=clock(last))
            for first, last in tonight.night.gaps
        ],
        "duty_nobody": not tonight.night.shifts,
        "duty_record": to_text(coming.record) if coming and not tonight.now else "",
        "duty_members": [pair for pair in teller.choices_of("member") if from_text(pair[0]) not in have_it],
        "may_plan_duty": "duty" in casework.addable(desk, FolderType.OFFICE),
    }


def _next_shift(teller: Teller, tonight: Tonight, clock: Callable[[int], str]) -> str:
    """Who comes after those on duty; empty if nobody was found."""
    if tonight.next is None:
        return ""
    _, who, first = teller.language.gettext, tonight.next.name, clock(tonight.next.begins_ms)
    if tonight.now:
        return _("then %(who)s, from %(time)s", who=who, time=first)
    last = clock(tonight.next.ends_ms)
    return _("%(who)s is on duty from %(first)s to %(last)s", who=who, first=first, last=last)


def _hours(teller: Teller) -> Callable[[int], str]:
    """Says a moment as this desk's clock shows it; with the day, where it is not today."""
    desk = teller.desk
    zone = ZoneInfo(desk.zone())

    def said(at_ms: int) -> str:
        at = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
        if at.date().isoformat() == desk.today():
            return f"{at:%H:%M}"
        day = format_date(at.date(), "EEEE", locale=teller.language.locale)
        return teller.language.gettext("%(time)s on %(weekday)s", time=f"{at:%H:%M}", weekday=day)

    return said


# ── A check-in, noted in one press ──


def well(request: Request) -> Response:
    """They were heard from and are well. The next check-in follows by its rhythm, or the next page asks for it."""
    desk, folder, record = desk_of(request), *_named(request)
    look(desk, FolderType.CASE)
    language = words(request)
    _ = language.gettext
    back = _back(request)
    name = _code_name(desk, folder)
    try:
        desk.save(signs.heard_well(desk, folder, record))
    except BadInput as bad:
        return redirect(request, back, ("attention", language.problem(next(iter(bad.problems.values())))))
    due = _next_planned(desk, folder)
    if signs.is_planned(desk, folder, record) and due is not None:
        told = Teller(request, desk).moment(due)
        said = _("%(name)s: heard from, and well. The next check-in: %(time)s.", name=name, time=told)
        return redirect(request, back, ("done", said))
    named = f"next={to_text(folder)}.{to_text(record)}"
    path = f"{back}{'&' if '?' in back else '?'}{named}#next-one"
    return redirect(request, path, ("done", _("%(name)s: heard from, and well.", name=name)))


def plan_next(request: Request) -> Response:
    """Plans the check-in that follows one that was just noted."""
    desk, folder, record = desk_of(request), *_named(request)
    look(desk, FolderType.CASE)
    language = words(request)
    offered = OFFERED.get(form_of(request).text("after"))
    if offered is None:
        return redirect(request, _back(request))
    due = signs.in_days(desk, folder, record, offered[0])
    try:
        desk.save(signs.plan_next(desk, folder, record, due))
    except BadInput as bad:
        return redirect(request, _back(request), ("attention", language.problem(next(iter(bad.problems.values())))))
    time = Teller(request, desk).moment(due)
    said = language.gettext("%(name)s: the next check-in is %(time)s.", name=_code_name(desk, folder), time=time)
    return redirect(request, _back(request), ("done", said))


def _next_one(request: Request, desk: Desk, teller: Teller) -> dict[str, Any] | None:
    """What the page asks after a check-in without a rhythm was noted; None where there is nothing to ask."""
    folder_text, _, record_text = request.query_params.get("next", "").partition(".")
    if not record_text:
        return None
    try:
        folder, record = FolderId(from_text(folder_text)), RecordId(from_text(record_text))
        if signs.is_planned(desk, folder, record):
            return None
    except (BadInput, Refused):
        # An address that was typed or is old: there is nothing to ask about.
        return None
    root = "cases" if record_views.name(desk.reader, "case", folder) else "requests"
    of = "?of=mine" if request.query_params.get("of") == "mine" else ""
    return {
        "code_name": _code_name(desk, folder),
        "url": teller.address(f"today/next/{to_text(folder)}/{to_text(record)}{of}"),
        "other_url": teller.address(f"{root}/{to_text(folder)}/check_in/new"),
        "none_url": teller.address(f"today{of}"),
        "offers": [
            (value, teller.language.gettext(said, time=f"{signs.in_days(desk, folder, record, days).local():%H:%M}"))
            for value, (days, said) in OFFERED.items()
        ],
    }


def _next_planned(desk: Desk, folder: FolderId) -> Moment | None:
    """When the folder's next open check-in is due."""
    open_ones = record_views.records(desk.reader, folder, ("check_in",)).get("check_in", ())
    due = [
        one.fields["due"] for one in open_ones if "done" not in one.fields and isinstance(one.fields.get("due"), Moment)
    ]
    ahead = [moment for moment in due if isinstance(moment, Moment) and moment.ms > desk.now_ms()]
    return min(ahead, key=lambda moment: moment.ms, default=None)


def _named(request: Request) -> tuple[FolderId, RecordId]:
    """The folder and the check-in that an address names. Raises: BadInput."""
    parameters = request.path_params
    return FolderId(from_text(str(parameters["folder"]))), RecordId(from_text(str(parameters["record"])))


def _code_name(desk: Desk, folder: FolderId) -> str:
    return record_views.name(desk.reader, "case", folder) or record_views.name(desk.reader, "request", folder)


def _back(request: Request) -> str:
    return "today?of=mine" if request.query_params.get("of") == "mine" else "today"


routes = [
    Route("/today", handler(show)),
    Route("/today/well/{folder}/{record}", handler(well), methods=["POST"]),
    Route("/today/next/{folder}/{record}", handler(plan_next), methods=["POST"]),
]
