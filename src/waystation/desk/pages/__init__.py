"""One module a page, or a few that belong together. A page asks the office and the views; it speaks through `desk.web`.

A module with `routes` is a page; it needs no other line. The others hold what several pages share.
"""

from importlib import import_module
from pkgutil import iter_modules

from starlette.routing import Route


def every_route() -> list[Route]:
    """Every page's routes."""
    found: list[Route] = []
    for module in iter_modules(__path__):
        found += getattr(import_module(f"{__name__}.{module.name}"), "routes", ())
    return found
