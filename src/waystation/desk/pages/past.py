"""What happened to one record of the office or of the ledger, for the page that it has of its own."""

from typing import Any, Final

from starlette.requests import Request

from waystation.desk.pages.records import Where
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of
from waystation.views.shown import Shown
from waystation.views.timeline import Only, timeline

STRETCH: Final = 20


def past_context(request: Request, where: Where, record: Shown, teller: Teller, own: str) -> dict[str, Any]:
    """The newest of what happened to a record, as the macro `timeline` takes it, and where the older rest begins.

    Args:
        own: address of the page that shows it.
    """
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    found = timeline(
        desk_of(request).reader, where.folder, before=before, limit=STRETCH, only=Only(record=record.record)
    )
    return {
        "own": own,
        "happened": teller.timeline(found.items, teller.address(where.path)),
        "older": found.older,
        "is_older": before is not None,
    }
