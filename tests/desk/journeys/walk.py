"""Every page of a furnished desk, found from the routes themselves: a new page is walked without being named here.

An address is made from each GET route with the ids of what stands in the book; then the links of the pages that were
seen are followed, so that lists with a filter and parts of a page are walked too. Every kind of record has one on the
desk. `Walk.unwalked` names the routes that no page was seen at: a test that walks fails for them.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from tests.desk.journeys.furnished import Furnished

from waystation.clock import Millis
from waystation.ids import FolderId, FolderType, RecordId, to_text
from waystation.office import inviting
from waystation.office.desk import Desk
from waystation.records import REGISTRY, Amount, Day, Many, Moment, Save, Value, Write
from waystation.records.fields import (
    ChoiceField,
    CountryField,
    DayField,
    FieldSpec,
    FlagField,
    IntegerField,
    LinkField,
    ManyField,
    MomentField,
    MoneyField,
    NumberField,
    OctetsField,
    TextField,
)
from waystation.records.values import Money

ROOTS = {
    "requests": FolderType.REQUEST,
    "cases": FolderType.CASE,
    "places": FolderType.PLACE,
    "office": FolderType.OFFICE,
    "ledger": FolderType.LEDGER,
}
"""First word of an address → type of the folder that it leads into."""

NO_PAGE = ("/", "/static/", "/watch", "/changed", "/probe", "/found", "/locked")
"""What answers no page of an unlocked desk: files, the lock screen and founding. They have tests of their own."""

SPECIAL = {"saved filter filters": "level=low", "conversation messages": "Они: где вы?\nМы: мы здесь."}
"""What a field must hold to be of use: kind and field → text."""

LIKE_EACH = 2
"""So many addresses of one shape are followed from links, for each set of questions in the address."""

_IN_FOLDER = re.compile(r"^/(?:(?:requests|cases|places)/\{folder\}|office(?=/)|ledger(?=/))")
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")
_LINK = re.compile(r'<a\b[^<>]*?\shref="([^"]+)"')
"""Our templates write every attribute in double quotes; a parser takes ten times as long for hundreds of pages."""


@dataclass(frozen=True)
class Seen:
    """A page as it was answered."""

    path: str
    shape: str
    kind: str
    html: str


@dataclass
class Walk:
    """What was seen, and which routes nothing was seen at."""

    pages: list[Seen] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    unwalked: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class There:
    """A record in the book."""

    folder: FolderId
    folder_type: FolderType
    kind: str
    record: RecordId


def texts(desk: Desk) -> list[str]:
    """Every text that somebody wrote into the book, the longest first."""
    found: set[str] = set()
    for one in everything(desk):
        for name, value in (desk.tables.shown(one.folder, one.kind, one.record) or {}).items():
            spec = REGISTRY[one.kind].fields.get(name)
            if isinstance(spec, TextField) and isinstance(value, str):
                found.update((value, *value.split("\n")))
            elif isinstance(spec, ManyField) and isinstance(spec.item, TextField) and isinstance(value, Many):
                found.update(str(item) for item in value)
            elif isinstance(value, Day | Amount) and value.said:
                found.add(value.said)
    return sorted((text.strip() for text in found if text.strip()), key=len, reverse=True)


def everything(desk: Desk) -> list[There]:
    """Every record of the book, the oldest first."""
    rows = desk.reader.rows(
        "SELECT r.folder, r.kind, r.id, (SELECT folder_type FROM history h WHERE h.folder = r.folder LIMIT 1) "
        "FROM record r ORDER BY r.rowid"
    )
    return [
        There(FolderId(folder), FolderType(folder_type), kind, RecordId(record))
        for folder, kind, record, folder_type in rows
        if folder_type is not None
    ]


# ── One record of every kind ──


def complete(desk: Furnished) -> None:
    """Adds a record of each kind that has none in a folder where it may live."""
    have = {(one.kind, one.folder) for one in everything(desk.desk)}
    folders = {
        FolderType.CASE: desk.case,
        FolderType.REQUEST: desk.request,
        FolderType.OFFICE: desk.desk.folder(FolderType.OFFICE),
        FolderType.LEDGER: desk.desk.folder(FolderType.LEDGER),
    }
    with desk.desk.book.transaction():
        desk.desk.book.store.set_meta("relay", "https://relay.example.org")
    inviting.invite(desk.desk, ("caseworker",), "Заря")
    for kind, spec in REGISTRY.items():
        if spec.owns_folder:
            continue
        for folder_type, folder in folders.items():
            if folder_type in spec.folders and (kind, folder) not in have:
                _write(desk.desk, folder, folder_type, kind)


def _write(desk: Desk, folder: FolderId, folder_type: FolderType, kind: str) -> None:
    fields: dict[str, Value | None] = {}
    for name, spec in REGISTRY[kind].fields.items():
        if not spec.hidden and (value := _sample(desk, folder, spec, f"{kind} {name}")) is not None:
            fields[name] = value
    desk.save(Save((Write(folder, folder_type, kind, RecordId(desk.new_record()), fields, {}),)))


def _sample(desk: Desk, folder: FolderId, spec: FieldSpec, words: str) -> Value | None:
    """A value of a field that is easily told from the words of a page."""
    match spec:
        case TextField(max_chars=max_chars):
            return SPECIAL.get(words.replace("_", " "), f"Заметка {words}"[:max_chars].strip())
        case ChoiceField(options=options):
            return next(iter(options)).value
        case CountryField():
            return "LT"
        case FlagField():
            return True
        case IntegerField(low=low):
            return low
        case NumberField():
            return Amount.of(2, 2)
        case DayField():
            return Day("2017-05-10", "2017-05-10")
        case MomentField():
            return Moment(Millis(desk.now_ms() - 3_600_000), "Europe/Moscow")
        case MoneyField():
            return Money(1000, "EUR")
        case LinkField():
            return _linked(desk, folder, spec)
        case ManyField(item=item):
            one = _sample(desk, folder, item, words)
            return Many.of([one]) if isinstance(one, str | bytes) else None
        case OctetsField():
            return None
    return None


def _linked(desk: Desk, folder: FolderId, spec: LinkField) -> Value | None:
    reachable = (
        one.record
        for one in everything(desk)
        if one.kind == spec.target and (one.folder == folder or one.folder_type is FolderType.OFFICE or _owns(one.kind))
    )
    return next(reachable, None)


def _owns(kind: str) -> bool:
    return REGISTRY[kind].owns_folder


# ── The walk ──


def walk(get: Callable[[str], Response], root: str, routes: Sequence[BaseRoute], desk: Furnished) -> Walk:
    """Sees every page.

    Args:
        get: asks for an address within the desk.
        root: what leads every address in a page's links.
        routes: those of the application.
    """
    shapes = [route for route in routes if isinstance(route, Route) and _is_page(route)]
    done = Walk()
    asked: set[str] = set()
    walked: set[str] = set()
    followed: Counter[tuple[str, str, frozenset[str]]] = Counter()
    # Every page has the links of the frame, so that an address is looked up hundreds of times.
    route_of = cache(lambda path: _route_of(path, shapes))
    waiting = [address for route in shapes for address in addresses(route, everything(desk.desk))]
    while waiting:
        path = waiting.pop(0)
        route = route_of(path)
        if path in asked or route is None:
            continue
        asked.add(path)
        answer = get(path)
        shape, kind = shape_of(route.path), _kind_of(path, route)
        if answer.status_code not in (200, 204, 303):
            done.refused[path] = answer.status_code
        elif not answer.headers.get("content-type", "").startswith("text/html"):
            walked.add(shape)
            waiting.extend(_within([answer.headers.get("location", "")], root))
        else:
            walked.add(shape)
            done.pages.append(Seen(path, shape, kind, answer.text))
            for link in _within(links(answer.text), root):
                to = route_of(link)
                if to is None or link in asked:
                    continue
                of_kind = (shape_of(to.path), _kind_of(link, to), frozenset(dict(parse_qsl(urlsplit(link).query))))
                followed[of_kind] += 1
                if followed[of_kind] <= LIKE_EACH:
                    waiting.append(link)
    done.unwalked = sorted({shape_of(route.path) for route in shapes} - walked)
    return done


def addresses(route: Route, book: Sequence[There]) -> Iterator[str]:
    """Addresses of a route, with one record of each kind for each type of folder that it is for."""
    path = route.path.removeprefix("/")
    parts = _PART.findall(path)
    if not parts:
        yield path
        return
    if len(parts) == 1 and parts[0] in REGISTRY:
        # A place in an address that is called after a kind holds the id of such a record.
        record = next((one.record for one in book if one.kind == parts[0]), None)
        if record is not None:
            yield _PART.sub(to_text(record), path)
        return
    folder_type = ROOTS.get(path.partition("/")[0])
    if folder_type is None or not set(parts) <= {"folder", "kind", "record"}:
        # Ids that are not told from the address are found by following links.
        return
    heads = {FolderType.CASE: "case", FolderType.REQUEST: "request", FolderType.PLACE: "place"}
    folders = dict.fromkeys(one.folder for one in book if one.kind == heads.get(folder_type)) or [FolderId(b"")]
    if "record" not in parts:
        kinds = [kind for kind, spec in REGISTRY.items() if folder_type in spec.folders and not spec.owns_folder]
        for folder in folders if "kind" not in parts else [*folders][:1]:
            for kind in kinds if "kind" in parts else [""]:
                yield _filled(path, folder, kind, RecordId(b""))
        return
    fixed = re.search(r"(?:^|/)(\w+)/\{record", path)
    seen: set[str] = set()
    for one in book:
        wanted = one.kind if "kind" in parts else (fixed[1] if fixed else "")
        if one.folder_type is folder_type and one.kind == wanted and one.kind not in seen:
            if "kind" in parts:
                seen.add(one.kind)
            yield _filled(path, one.folder, one.kind, one.record)


def _filled(path: str, folder: FolderId, kind: str, record: RecordId) -> str:
    given = {"folder": to_text(folder), "kind": kind, "record": to_text(record)}
    return _PART.sub(lambda part: given[part[1]], path)


def shape_of(path: str) -> str:
    """A route's path, the same for every root that records live under."""
    return _IN_FOLDER.sub("/*", path) if "{record}" in path or "{kind}" in path or "/file/" in path else path


def _is_page(route: Route) -> bool:
    named = any(route.path == one or (one != "/" and route.path.startswith(one)) for one in NO_PAGE)
    return "GET" in (route.methods or ()) and not named


def _route_of(path: str, routes: Sequence[Route]) -> Route | None:
    plain = "/" + urlsplit(path).path
    return next((route for route in routes if route.path_regex.match(plain)), None)


def _kind_of(path: str, route: Route) -> str:
    match = route.path_regex.match("/" + urlsplit(path).path)
    return str(match.groupdict().get("kind", "")) if match else ""


def _within(found: Sequence[str], root: str) -> list[str]:
    """Links that stay within the desk, without the place in the page."""
    prefix = root.rstrip("/") + "/"
    return [link.removeprefix(prefix).partition("#")[0] for link in found if link.startswith(prefix)]


def links(html: str) -> list[str]:
    """Where a page's links lead."""
    return [unescape(href) for href in _LINK.findall(html)]
