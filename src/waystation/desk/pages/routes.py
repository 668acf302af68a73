"""Routes: destination and pathway, what each takes, and what came of those who tried."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType
from waystation.office import casework
from waystation.office.reading import look, may_look
from waystation.views import routes as views
from waystation.views import shown as record_views


def listed(request: Request) -> Response:
    """Every route, and who advised against which."""
    desk = desk_of(request)
    look(desk, FolderType.OFFICE)
    teller = Teller(request, desk)
    office = desk.folder(FolderType.OFFICE)
    found = views.routes(desk.reader)
    return render(
        request,
        "routes.html",
        page="routes",
        title=teller.language.gettext("Routes"),
        rows=found,
        most=max((row.applied for row in found), default=0),
        discouraged=record_views.records(desk.reader, office, ("discouragement",)).get("discouragement", ()),
        t=teller,
        addable=casework.addable(desk, FolderType.OFFICE),
        sees_cases=may_look(desk, FolderType.CASE),
    )


routes = [Route("/routes", handler(listed))]
