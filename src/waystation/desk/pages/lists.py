"""What the lists of cases and requests share: what is asked of a list, its address, its kept filters, its columns.

Guarantees: an address holds choices, days and ids. Words that somebody typed, and regions, which come from cases, go by
POST and are never part of one.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from waystation.desk.pages.telling import Teller
from waystation.desk.web import form_of
from waystation.errors import BadInput
from waystation.ids import RecordId, from_text, to_text
from waystation.office.desk import Desk
from waystation.views.kept import Kept, kept

PRIVATE: Final = ("text", "region")
"""What never stands in an address, and is never kept with a filter."""

_ANY: Final = ("id", "day")
"""What stands among choices for any id, or any day."""

NOBODY: Final = "nobody"
MINE: Final = "mine"

Get = Callable[[str], str]
"""Gives what was asked under a name; empty for nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list.

    Args:
        page: "cases" or "requests".
        said: name → what was chosen or typed, in the order of the form, checked; without what is empty.
        kept: the kept filter that this is, in text; empty for none.
    """

    page: str
    said: Mapping[str, str]
    kept: str = ""

    def __getitem__(self, name: str) -> str:
        return self.said.get(name, "")

    @property
    def open(self) -> dict[str, str]:
        """What may stand in an address."""
        return {name: text for name, text in self.said.items() if name not in PRIVATE}

    @property
    def private(self) -> bool:
        """Whether something may not."""
        return any(name in self.said for name in PRIVATE)

    def address(self, **changes: str) -> str:
        """The address of this list, with some of it asked otherwise; an empty text asks nothing."""
        known = {**self.open, **({"kept": self.kept} if self.kept else {}), **changes}
        query = urlencode({name: text for name, text in known.items() if text})
        return f"{self.page}?{query}" if query else self.page

    @property
    def query(self) -> str:
        """What a kept filter keeps."""
        return urlencode(self.open)


def reader_of(request: Request) -> Get:
    """Reads what the address or the posted form asks."""
    if request.method == "POST":
        return form_of(request).text
    return lambda name: request.query_params.get(name, "")


def several(request: Request, name: str) -> list[str]:
    """Every value of one name, in the address or in the form."""
    if request.method == "POST":
        return form_of(request).values.get(name, [])
    return request.query_params.getlist(name)


def of_query(query: str) -> Get:
    """Reads what a kept filter asks."""
    pairs = dict(parse_qsl(query))
    return lambda name: pairs.get(name, "")


def checked(get: Get, choices: Mapping[str, Collection[str]]) -> dict[str, str]:
    """What is asked, without what is no choice.

    Args:
        choices: name → what can be chosen; nothing for words, "id" and "day" for those.
    """
    found: dict[str, str] = {}
    for name, allowed in choices.items():
        text = get(name).strip()
        if text and (not allowed or (text in allowed and text not in _ANY) or _fits(text, allowed)):
            found[name] = text
    return found


def _fits(text: str, allowed: Collection[str]) -> bool:
    try:
        if "id" in allowed:
            from_text(text)
            return True
        if "day" in allowed:
            date.fromisoformat(text)
            return True
    except (BadInput, ValueError):
        # An address that somebody changed asks nothing with this.
        return False
    return False


def member(desk: Desk, text: str) -> bytes | None:
    """Whom a filter asks for; `b""` for nobody, None for whoever."""
    if not text:
        return None
    return {MINE: bytes(desk.member), NOBODY: b""}.get(text) if text in (MINE, NOBODY) else from_text(text)


def members(teller: Teller) -> list[tuple[str, str]]:
    """Who can be asked for."""
    _ = teller.language.gettext
    own = to_text(teller.desk.member)
    others = [choice for choice in teller.choices_of("member") if choice[0] != own]
    return [(MINE, _("Mine")), (NOBODY, _("Nobody’s")), *others]


class KeptTab(NamedTuple):
    """A kept filter as a tab; `drop` is where dropping it is posted to."""

    text: str
    url: str
    current: bool
    drop: str


def kept_tabs(teller: Teller, asked: Asked) -> list[KeptTab]:
    """This member's filters for a list."""
    return [
        KeptTab(
            one.name,
            teller.address(of_kept(asked.page, one).address()),
            to_text(one.record) == asked.kept,
            teller.address(f"kept/{to_text(one.record)}/drop"),
        )
        for one in kept(teller.desk.reader, teller.desk.member, asked.page)
    ]


def of_kept(page: str, one: Kept) -> Asked:
    """What a kept filter asks; checked when its address is read."""
    pairs = {name: text for name, text in parse_qsl(one.filters) if name not in PRIVATE}
    return Asked(page, pairs, to_text(one.record))


def folders(request: Request) -> list[RecordId]:
    """The rows that were chosen; all that the page showed, where all of them were."""
    form = form_of(request)
    texts: Iterable[str] = form.text("shown").split() if form.text("all") else form.values.get("row", ())
    return [RecordId(from_text(text)) for text in dict.fromkeys(texts)]


class Column(NamedTuple):
    """A column of a table: its name, its words, the address that sorts by it, and how it is sorted now."""

    name: str
    text: str
    url: str
    sorted: str


def columns(
    teller: Teller, asked: Asked, known: Mapping[str, str], chosen: Sequence[str], sorts: Collection[str]
) -> list[Column]:
    """The columns of a table.

    Args:
        known: name → words (gettext ids), in the order in which they stand.
        chosen: the names of those that are shown.
        sorts: the names by which can be sorted.
    """
    found = []
    for name, text in known.items():
        if name in chosen:
            is_now = asked["sort"] == name
            down = "1" if is_now and not asked["down"] else ""
            address = teller.address(asked.address(sort=name, down=down)) if name in sorts else ""
            now = ("descending" if asked["down"] else "ascending") if is_now else ""
            found.append(Column(name, teller.language.gettext(text), address, now))
    return found
