"""Help: the caseworker's guide, in the language of the pages, with pictures of the desk in that language.

Guarantees: a language without a guide of its own gets the English one; a picture that is not there is left out.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk import fixed
from waystation.desk.web import handler, render, url, words

GUIDES: Final[Mapping[str, str]] = {"en": "guide/en.html", "ru": "guide/ru.html"}
"""Language → template."""


def show(request: Request) -> Response:
    """The whole guide, on one page."""
    language = words(request)
    code = language.code if language.code in GUIDES else "en"
    pictures = {PurePosixPath(name).stem: url(request, fixed.address(name)) for name in fixed.under(f"guide/{code}")}
    return render(
        request,
        "help.html",
        page="help",
        title=language.gettext("Help"),
        guide=GUIDES[code],
        guide_language=code,
        pictures=pictures,
    )


routes = [Route("/help", handler(show))]
