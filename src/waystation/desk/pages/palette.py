"""Commands: a page, an action, a case or any words, reached by typing their beginning.

Guarantees: the same hits as the search, under the same rule that nothing masked is shown; the words are posted. It
offers only what is there at this desk and what the member's role lets them begin.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.search import HITS_WHILE_TYPING, found
from waystation.desk.web import desk_of, form_of, fragment, handler, leads_to_page, render, session_of, url, words
from waystation.ids import FolderType
from waystation.office.reading import may_look, may_open
from waystation.records.labels import N_

PAGES: Final = (
    ("t", "today", N_("Today")),
    ("r", "requests", N_("Requests")),
    ("c", "cases", N_("Cases")),
    ("p", "places", N_("Places")),
    ("u", "routes", N_("Routes")),
    ("s", "sources", N_("Sources")),
    ("m", "money", N_("Money")),
    ("f", "figures", N_("Figures")),
    ("o", "organisation", N_("Organisation")),
    ("d", "drafts", N_("Kept drafts")),
    ("h", "helpers", N_("People without a desk")),
    ("e", "help", N_("Help")),
)
"""Key after g, address, name."""

KEYS: Final = (
    ("/", N_("search the book")),
    ("n", N_("take down a request")),
    ("j k", N_("the next and the previous row of a list")),
    ("Enter", N_("open the row")),
    ("x", N_("tick the row")),
    ("Ctrl+K", N_("commands: type a page, an action or a code name")),
    ("Ctrl+Enter", N_("send the form that you are in")),
    ("Esc Esc Esc", N_("blank the page and lock the desk; what you typed is kept")),
    ("?", N_("these keys")),
)

MORE_PAGES: Final = (
    ("search", N_("Search")),
    ("messages/new", N_("Paste messages")),
    ("safe-text", N_("Write safe text for outside")),
    ("duty", N_("Duty")),
    ("organisation/history", N_("Who saved what")),
    ("organisation/reveals", N_("Who looked at what is masked")),
    ("organisation/passphrase", N_("Change the passphrase")),
    ("keys", N_("Keys")),
)
ACTIONS: Final = (
    ("requests/new", N_("Take down a request"), FolderType.REQUEST),
    ("today#due", N_("Note a check-in"), None),
    ("places/new", N_("Add a place"), FolderType.PLACE),
    ("sources/new", N_("Keep a source"), None),
    ("ledger/donation/new", N_("Write down a donation"), None),
    ("ledger/expense/new", N_("Write down an expense"), None),
)


class Command(NamedTuple):
    """Something that the palette leads to.

    Args:
        post: whether it is pressed rather than opened.
        value: what the press says, under the name "on"; empty for nothing.
    """

    text: str
    url: str
    post: bool = False
    value: str = ""


def show(request: Request) -> Response:
    """What begins with the words that were typed; all commands where none were."""
    desk, form = desk_of(request), form_of(request)
    _ = words(request).gettext
    asked = form.text("q").strip()[:200]
    typing = bool(form.text("typing"))
    commands = [command for command in _commands(request) if _matches(command.text, asked)]
    folders = found(request, desk, asked, HITS_WHILE_TYPING, typing=True) if asked else []
    if typing:
        return fragment(request, "_options.html", commands=commands[:6] if asked else commands[:12], folders=folders)
    return render(
        request, "palette.html", page="palette", title=_("Commands"), asked=asked, commands=commands, folders=folders
    )


def page_keys(request: Request) -> list[tuple[str, str]]:
    """Key after g and name of every page that is there."""
    _ = words(request).gettext
    return [(key, _(name)) for key, path, name in PAGES if leads_to_page(request, path)]


def _commands(request: Request) -> Iterator[Command]:
    desk, session = desk_of(request), session_of(request)
    _ = words(request).gettext
    for path, text, begins in ACTIONS:
        if leads_to_page(request, path.partition("#")[0]) and (begins is None or may_open(desk, begins)):
            ledger = path.startswith("ledger/")
            if not ledger or may_look(desk, FolderType.LEDGER):
                yield Command(_(text), url(request, path))
    for _key, path, text in PAGES:
        if leads_to_page(request, path):
            yield Command(_(text), url(request, path))
    if session.sharing:
        yield Command(_("Show everything again"), url(request, "screen-share"), post=True, value="0")
    else:
        yield Command(_("Show code names only, to share the screen"), url(request, "screen-share"), True, "1")
    yield Command(_("Lock the desk"), url(request, "lock"), post=True)
    for path, text in MORE_PAGES:
        if leads_to_page(request, path):
            yield Command(_(text), url(request, path))


def _matches(text: str, asked: str) -> bool:
    """Whether each word that was typed begins a word of the command."""
    words_of = text.casefold().split()
    return all(any(word.startswith(part) for word in words_of) for part in asked.casefold().split())


routes = [Route("/palette", handler(show)), Route("/palette", handler(show), methods=["POST"])]
