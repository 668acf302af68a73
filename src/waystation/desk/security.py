"""Who may speak to the desk: only the browser that it opened, on this machine, with no ambient credential.

Guarantees: every page lives under an address that no other program can guess; the address that a process list shows is
used up at first use; a foreign Host, a foreign Origin or a cross-site request learns nothing (404); every response, a
refusal too, carries the headers below, and none sets a cookie; only the fixed files, which hold nothing of anybody, may
be kept by the browser. An error inside leaves no trace of content.
"""

import hmac
import logging
from base64 import urlsafe_b64encode
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waystation.desk.fixed import FOLDER, KEPT
from waystation.ids import Randomness

HOST: Final = "127.0.0.1"
TOKEN_BYTES: Final = 16

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer camera clipboard-read display-capture encrypted-media fullscreen "
            "gamepad geolocation gyroscope hid identity-credentials-get idle-detection local-fonts magnetometer "
            "microphone midi payment picture-in-picture publickey-credentials-create publickey-credentials-get "
            "screen-wake-lock serial storage-access usb window-management xr-spatial-tracking"
        ).split()
    ),
    "X-Robots-Tag": "noindex",
}

_log: Final = logging.getLogger("waystation.desk")


class Access:
    """The two random addresses of one launch.

    Args:
        randomness: gives both; neither is ever stored.
        port: where the desk listens.
    """

    def __init__(self, randomness: Randomness, port: int) -> None:
        self.host: Final = f"{HOST}:{port}"
        self.prefix: Final = _word(randomness)
        self._ticket: str | None = _word(randomness)

    @property
    def address(self) -> str:
        """The one-time address with which a browser is opened; used up, it leads nowhere."""
        return f"http://{self.host}/{self._ticket or 'used'}"

    @property
    def is_used(self) -> bool:
        """Whether somebody has come in by the one-time address."""
        return self._ticket is None

    def admits(self, word: str) -> bool:
        """Whether this is the first part of every page's path, in constant time."""
        return hmac.compare_digest(word.encode(), self.prefix.encode())

    def redeem(self, word: str) -> bool:
        """Uses the ticket up. True once, for the ticket alone."""
        if self._ticket is None or not hmac.compare_digest(word.encode(), self._ticket.encode()):
            return False
        self._ticket = None
        return True


class Gate:
    """The outermost room of the desk: lets a request in, or answers 404 to everything alike."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        started = False
        first, _, rest = str(scope["path"]).removeprefix("/").partition("/")

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                may_keep = rest.startswith(f"{FOLDER}/") and headers.get("Cache-Control") == KEPT
                for name, value in HEADERS.items():
                    headers[name] = KEPT if may_keep and name == "Cache-Control" else value
            await send(message)

        if not self._same_site(scope):
            await _nothing(scope, receive, guarded)
        elif self._access.admits(first):
            inner = dict(scope, root_path=f"/{self._access.prefix}")
            try:
                await self._app(inner, receive, guarded)
            except Exception as error:  # noqa: BLE001 -- a traceback may quote what was typed, so it ends here
                _log.error("unforeseen %s", type(error).__name__)
                if not started:
                    await PlainTextResponse("Something failed. Go back and try again.", 500)(scope, receive, guarded)
        elif not rest and scope["method"] == "GET" and self._access.redeem(first):
            _log.info("ticket_used")
            await RedirectResponse(f"/{self._access.prefix}/", 303)(scope, receive, guarded)
        else:
            await _nothing(scope, receive, guarded)

    def _same_site(self, scope: Scope) -> bool:
        """Whether the request comes from our own pages, or from the person at the address bar."""
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._access.host]:
            return False
        site = headers.get("sec-fetch-site")
        if site not in (None, "same-origin", "none"):
            return False
        if scope["method"] in ("GET", "HEAD"):
            return True
        origin = headers.get("origin")
        if origin is None:
            return site is not None
        # Under the referrer policy "no-referrer" browsers send the origin "null" with a form of our own.
        return origin == f"http://{self._access.host}" or (origin == "null" and site == "same-origin")


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("Not found", 404)(scope, receive, send)


def _word(randomness: Randomness) -> str:
    return urlsafe_b64encode(randomness(TOKEN_BYTES)).decode().rstrip("=")
