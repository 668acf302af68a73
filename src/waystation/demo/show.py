"""What a played operation comes to: its figures, and where to look first on the pages."""

from collections.abc import Iterator
from typing import Final

from rich.table import Table

from waystation.ids import FolderType
from waystation.office.desk import Desk
from waystation.views.cases import CaseFilter, cases
from waystation.views.figures import figures
from waystation.views.places import places
from waystation.views.requests import RequestFilter, requests
from waystation.views.sources import claims
from waystation.views.today import today

_UNITS: Final = {"people": "{}", "routes": "{}", "usd": "USD {:,}"}


def summary(desk: Desk) -> dict[str, int]:
    """Every figure by its name, counted from the book through the views of the pages."""
    return figures(desk.reader).numbers()


def headless(desk: Desk) -> dict[str, int]:
    """What `waystation demo --headless --json` prints."""
    return summary(desk)


def table(desk: Desk) -> Table:
    """The figures, each with one sentence that says what is counted."""
    shown = Table(box=None, pad_edge=False)
    shown.add_column("Figure", no_wrap=True)
    shown.add_column("Number", justify="right", no_wrap=True)
    shown.add_column("What it counts")
    for figure in figures(desk.reader).rows:
        number = _UNITS.get(figure.unit, "{}").format(figure.number)
        shown.add_row(figure.name.replace("_", " "), number, figure.definition)
    return shown


def where_to_look(desk: Desk) -> list[tuple[str, str]]:
    """Which pages to open first, and why: page, then reason. Only code names are in it."""
    return list(_look(desk))


def _look(desk: Desk) -> Iterator[tuple[str, str]]:
    now = today(desk.reader)
    if now.missed:
        names = " and ".join(dict.fromkeys(due.code_name for due in now.missed[:2]))
        yield "Today", f"{names} did not call when it was agreed. Below: who is in most danger, and what is due."
    elif now.danger:
        yield "Today", f"{now.danger[0].code_name} is in most danger. Below: what is due."
    new = requests(desk.reader, RequestFilter(stage="new")).rows
    if new:
        yield "Requests", f"{len(new)} are new and wait to be taken on; {new[0].code_name} has waited longest."
    yield from _look_at_cases(desk)
    houses = [row for row in places(desk.reader) if row.state == "open"]
    if houses:
        taken, beds = sum(row.now for row in houses), sum(row.beds or 0 for row in houses)
        yield "Places", f"The nights of {len(houses)} places; tonight {taken} of {beds} beds are taken."
    contradictory = [group for group in claims(desk.reader, desk.folder(FolderType.OFFICE)) if group.contradictory]
    if contradictory:
        yield "Sources", "What was published, and who says so. Corrections and denials stand beside the claims."
    yield "Figures", "Every number with the sentence that says what is counted. The same as above, from the same views."


def _look_at_cases(desk: Desk) -> Iterator[tuple[str, str]]:
    for stage, why in (
        ("granted", "has a visa and has not travelled yet. The timeline runs from the first message to the journey"),
        ("refused", "was refused, and the reason stands there. It needs another route"),
        ("arrived", "has arrived. Its timeline runs from the first message to the follow-up"),
    ):
        rows = cases(desk.reader, CaseFilter(stage=stage)).rows
        if rows:
            yield f"Cases › {rows[0].code_name}", f"{rows[0].code_name} {why}."
    waiting = cases(desk.reader, CaseFilter(stage="needs_route"), limit=1000).rows
    if waiting:
        yield "Cases", f"{len(waiting)} are hidden and need a route."
