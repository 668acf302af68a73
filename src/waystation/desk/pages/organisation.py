"""The organisation: who works here, with whom, its keys and its book, what was saved and who looked at what is masked.

Guarantees: the history names records and fields, never what they hold; whoever may not look into a folder sees neither
its code name nor a way into it.
"""

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.clock import DAY_MS, Millis
from waystation.desk.pages.records import ROOTS
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.errors import BadInput
from waystation.ids import FolderId, FolderType, from_text, to_text
from waystation.office import aside, casework, fingerprints
from waystation.office.reading import look, may_look
from waystation.records import REGISTRY
from waystation.records.values import Moment
from waystation.views import organisation as views
from waystation.views import shown as record_views
from waystation.views.hidden import hidden
from waystation.views.organisation import RevealRow, SaveRow, Wanted

_ADDRESS: Final = {folder_type: root for root, folder_type in ROOTS.items()}
_MEGABYTE: Final = 1_000_000


class Wrote(NamedTuple):
    """A kind that a save wrote, how many of it, and where the first of them stands; empty if it cannot be seen."""

    text: str
    url: str


class Line(NamedTuple):
    """One line of the history."""

    when: str
    who: str
    where: str
    url: str
    what: tuple[Wrote, ...]


def show(request: Request) -> Response:
    """Members, partners, tasks of the office, its keys, and this desk."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    office = desk.folder(FolderType.OFFICE)
    found = record_views.records(desk.reader, office, ("organisation", "partner", "task", "file"))
    backup, drill, storage = views.last_backup(desk.reader), views.last_drill(desk.reader), views.storage(desk.reader)
    return render(
        request,
        "organisation.html",
        page="organisation",
        title=teller.language.gettext("Organisation"),
        tabs=tabs_of(teller, "organisation"),
        about=views.organisation(desk.reader),
        own=found["organisation"][0],
        partners=found.get("partner", ()),
        tasks=[task for task in found.get("task", ()) if "done" not in task.fields],
        files=found.get("file", ()),
        t=teller,
        me=desk.member,
        addable=casework.addable(desk, FolderType.OFFICE),
        backup_ms=backup,
        backup_days=None if backup is None else (desk.now_ms() - backup) // DAY_MS,
        drill_ms=drill,
        drill_days=None if drill is None else (desk.now_ms() - drill) // DAY_MS,
        ours=fingerprints.of_organisation(desk),
        this=fingerprints.of_desk(desk),
        hidden=len(hidden(desk.reader)),
        megabytes=max(1, round(storage.size / _MEGABYTE)),
        entries=storage.entries,
        decides=aside.may_decide(desk),
    )


# ── The history ──


def history(request: Request) -> Response:
    """What was saved, newest first."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asked = _Asked(request, teller)
    found = views.history(desk.reader, asked.wanted, after=asked.after)
    return _page(
        request,
        teller,
        asked,
        "organisation/history",
        title=_("What was saved"),
        lines=[_saved(teller, row) for row in found.rows],
        next_key=found.next,
        back_to_ms=found.back_to_ms,
        what=_("What was written"),
        empty=_("Nothing was saved yet."),
    )


def reveals(request: Request) -> Response:
    """Who looked at what is masked, newest first."""
    desk = desk_of(request)
    look(desk, FolderType.ORGANISATION)
    teller = Teller(request, desk)
    _ = teller.language.gettext
    asked = _Asked(request, teller)
    found = views.reveals(desk.reader, asked.wanted, after=asked.after)
    return _page(
        request,
        teller,
        asked,
        "organisation/reveals",
        title=_("Who looked at what is masked"),
        lines=[_revealed(teller, row) for row in found.rows],
        next_key=found.next,
        back_to_ms=found.back_to_ms,
        what=_("Masked field, and why"),
        empty=_("Nobody has looked at a masked field yet."),
    )


class _Asked:
    """What a history page was asked for, read from its address; what is none is left out."""

    def __init__(self, request: Request, teller: Teller) -> None:
        given = request.query_params
        zone = teller.desk.zone()
        self.after = given.get("after") or None
        self.member = given.get("member", "")
        self.kind = given.get("kind", "") if given.get("kind", "") in REGISTRY else ""
        self.first = _iso_day(given.get("from", ""))
        self.until = _iso_day(given.get("until", ""))
        try:
            member = from_text(self.member) if self.member else None
        except BadInput:
            self.member, member = "", None
        self.wanted = Wanted(
            member,
            self.kind,
            _midnight(self.first, zone) if self.first else 0,
            _midnight(self.until, zone, 1) if self.until else None,
        )

    @property
    def query(self) -> dict[str, str]:
        """What was asked, as it stands in an address."""
        given = {"member": self.member, "kind": self.kind, "from": self.first, "until": self.until}
        return {name: text for name, text in given.items() if text}


def _page(request: Request, teller: Teller, asked: _Asked, path: str, **context: Any) -> Response:
    next_key, back_to_ms = context.pop("next_key"), context.pop("back_to_ms")
    _ = teller.language.gettext
    kinds = sorted(((name, _(spec.label)) for name, spec in REGISTRY.items()), key=lambda pair: pair[1].casefold())
    return render(
        request,
        "history.html",
        page="organisation",
        tabs=tabs_of(teller, path),
        path=path,
        asked=asked,
        members=teller.choices_of("member"),
        kinds=kinds,
        older=teller.address(f"{path}?{urlencode({**asked.query, 'after': next_key})}") if next_key else None,
        newest=teller.address(f"{path}?{urlencode(asked.query)}".rstrip("?")) if asked.after else None,
        back_to=teller.moment(back_to_ms),
        **context,
    )


def _saved(teller: Teller, row: SaveRow) -> Line:
    sees = may_look(teller.desk, row.folder_type)
    counted = Counter(kind for kind, _ in row.written)
    first = dict(reversed(row.written))
    what = tuple(
        Wrote(
            teller.kind_label(kind) if number == 1 else f"{teller.kind_label(kind)} ({number})",
            _record_address(teller, row.folder, row.folder_type, kind, first[kind]) if sees else "",
        )
        for kind, number in counted.items()
    )
    return _line(teller, row, what)


def _revealed(teller: Teller, row: RevealRow) -> Line:
    sees = may_look(teller.desk, row.folder_type)
    field = teller.field_label(row.of_kind, row.of_field)
    address = _record_address(teller, row.folder, row.folder_type, row.of_kind, row.of_record) if sees else ""
    what = Wrote(f"{teller.kind_label(row.of_kind)}: {field}", address)
    return _line(teller, row, (what, Wrote(row.reason, "")) if sees and row.reason else (what,))


def _line(teller: Teller, row: SaveRow | RevealRow, what: tuple[Wrote, ...]) -> Line:
    sees = may_look(teller.desk, row.folder_type)
    return Line(
        when=teller.moment(Moment(row.at_ms, row.zone)),
        who=row.who,
        where=(row.code_name if sees else "") or _where(teller, row.folder_type),
        url=_address(teller, row.folder, row.folder_type) if sees else "",
        what=what,
    )


def _iso_day(text: str) -> str:
    """An ISO day as a date input gives it; empty for anything else."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _midnight(day: str, zone: str, days_later: int = 0) -> Millis:
    """When a day begins at this desk, or one that follows it."""
    on = date.fromisoformat(day) + timedelta(days=days_later)
    return Millis(int(datetime.combine(on, time(), ZoneInfo(zone)).timestamp()) * 1000)


def tabs_of(teller: Teller, current: str) -> list[dict[str, object]]:
    """The pages about the organisation, beside each other; `current` is the address of the one that is shown."""
    _ = teller.language.gettext
    texts = {
        "organisation": _("People, keys, book"),
        "organisation/history": _("What was saved"),
        "organisation/reveals": _("Who looked at what is masked"),
        "organisation/readers": _("Who let whom in"),
    }
    return [{"text": text, "url": teller.address(path), "current": path == current} for path, text in texts.items()]


def _address(teller: Teller, folder: FolderId, folder_type: FolderType) -> str:
    match folder_type:
        case FolderType.CASE | FolderType.REQUEST | FolderType.PLACE:
            return teller.address(f"{_ADDRESS[folder_type]}/{to_text(folder)}")
        case _:
            return ""


def _record_address(teller: Teller, folder: FolderId, folder_type: FolderType, kind: str, record: bytes) -> str:
    """Where a record is shown; empty where no page shows it."""
    if kind not in REGISTRY or folder_type not in _ADDRESS:
        return ""
    root = _ADDRESS[folder_type]
    if folder_type in (FolderType.OFFICE, FolderType.LEDGER):
        return teller.address(f"{root}/{kind}/{to_text(record)}")
    path = f"{root}/{to_text(folder)}"
    return teller.address(path if REGISTRY[kind].owns_folder else f"{path}/{kind}/{to_text(record)}")


def _where(teller: Teller, folder_type: FolderType) -> str:
    """The office and the ledger have no code name."""
    match folder_type:
        case FolderType.OFFICE | FolderType.ORGANISATION:
            return teller.language.gettext("The office")
        case FolderType.LEDGER:
            return teller.language.gettext("The ledger")
        case _:
            return ""


routes = [
    Route("/organisation", handler(show)),
    Route("/organisation/history", handler(history)),
    Route("/organisation/reveals", handler(reveals)),
]
