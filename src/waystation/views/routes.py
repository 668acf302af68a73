"""Routes, what was tried by them, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.records import Day
from waystation.records.choices import DecisionOutcome
from waystation.views import shown
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_STEPS: Final = "SELECT route, what, count(*) FROM step WHERE route IS NOT NULL GROUP BY route, what"
_ADVISED: Final = "SELECT route, 'discouraged', count(*) FROM k_discouragement WHERE route IS NOT NULL GROUP BY route"


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route with what came of it.

    Args:
        applied: applications ever filed; the next five say what became of them.
        discouraged: how often somebody advised against it; never an application.
        travelled: arrivals by it that the person confirmed.
        open: whether it may be applied by today.
    """

    shown: Shown
    applied: int
    pending: int
    granted: int
    refused: int
    withdrawn: int
    lapsed: int
    discouraged: int
    travelled: int
    open: bool


def routes(reader: Reader) -> tuple[RouteRow, ...]:
    """Every route, those that are open first."""
    home = reader.row("SELECT folder FROM k_route LIMIT 1")
    kept = shown.records(reader, home[0], ("route",)).get("route", ()) if home else ()
    tried: dict[bytes, dict[str, int]] = {}
    for query in (_STEPS, _ADVISED):
        for route, what, count in reader.rows(query):
            tried.setdefault(route, {})[what] = count
    rows = (_row(reader, one, tried.get(one.record, {})) for one in kept)
    return tuple(sorted(rows, key=lambda row: not row.open))


def _row(reader: Reader, one: Shown, tried: Mapping[str, int]) -> RouteRow:
    shut = one.fields.get("shut")
    decided = {outcome: tried.get(outcome.value, 0) for outcome in DecisionOutcome}
    return RouteRow(
        one,
        applied=tried.get("applied", 0),
        pending=tried.get("applied", 0) - sum(decided.values()),
        granted=decided[DecisionOutcome.GRANTED],
        refused=decided[DecisionOutcome.REFUSED],
        withdrawn=decided[DecisionOutcome.WITHDRAWN],
        lapsed=decided[DecisionOutcome.LAPSED],
        discouraged=tried.get("discouraged", 0),
        travelled=tried.get("abroad", 0),
        open=not (isinstance(shut, Day) and shut.sort_key <= reader.today()),
    )
