"""The files of `static/`, held in memory: no path of a request ever reaches the file system.

Guarantees: they hold nothing of anybody, and each launch names them by what is in them, so that a browser may keep them
and never shows those of another version.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC: Final = Path(__file__).resolve().parent / "static"

KEPT: Final = "private, max-age=31536000, immutable"
"""What lets a browser keep a file; the profile that the desk opens keeps it in memory."""

_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Not asked of the machine: a registry that calls scripts plain text would stop them."""

_VERSION_CHARS: Final = 16


def _read() -> dict[str, bytes]:
    paths = sorted(path for path in STATIC.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in paths}


_FILES: Final = _read()


def _version() -> str:
    named = (f"{name} {sha256(content).hexdigest()}\n" for name, content in _FILES.items())
    return sha256("".join(named).encode()).hexdigest()[:_VERSION_CHARS]


FOLDER: Final = f"static/{_version()}"
"""Under which they stand; another one when any of them has changed."""


def address(name: str) -> str:
    """Where a file stands within the desk. Raises: KeyError, if there is none."""
    if name not in _FILES:
        raise KeyError(name)
    return f"{FOLDER}/{name}"


def under(folder: str) -> list[str]:
    """Names of the files in one folder, in order."""
    return [name for name in _FILES if name.rpartition("/")[0] == folder]


def routes() -> list[Route]:
    """A route for each file."""
    return [Route(f"/{FOLDER}/{name}", _file(content, _TYPES[Path(name).suffix])) for name, content in _FILES.items()]


def _file(content: bytes, media_type: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return Response(content, media_type=media_type, headers={"Cache-Control": KEPT})

    return answer
