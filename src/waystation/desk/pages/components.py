"""Components: every part of which the pages are made, once each, with what it means. For those who write pages."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk.web import handler, render, words


def show(request: Request) -> Response:
    """The specimens; nothing on this page is from the book, and none of its buttons does anything."""
    return render(request, "components.html", page="help", title=words(request).gettext("The parts of a page"))


routes = [Route("/components", handler(show))]
