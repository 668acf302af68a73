"""One HTTP request as it comes in and goes out: header fields, the body in bounded room, the answer.

Guarantees: nothing larger or more than agreed is taken into memory; a field that must stand once stands once.
Implements spec/relay.md L1, L2 and L13.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from starlette.types import Receive, Scope, Send

from waystation import httpsig, wire
from waystation.errors import WireError
from waystation.limits import KIB, MIB
from waystation.relay.gate import Line
from waystation.relay.port import Code, Head, Refusal
from waystation.relay.routes import MEDIA

T = TypeVar("T")

_SEND_S: Final = 900
"""8 MiB through Tor on a bad day."""

_ROOM: Final = 256 * MIB
"""Bodies in memory, of all requests together."""

_AT_ONCE: Final = 16 * KIB
"""Bytes of an answer that the server takes without waiting for whoever reads it."""

_READ_ON_MAX: Final = 1 * MIB
"""Of a body that nobody will read, so much is passed over; a larger one ends the connection."""

_ZEROS: Final = bytes(32)
_ONCE: Final = frozenset(
    field.encode()
    for field in ("host", "content-length", httpsig.CONTENT_DIGEST, httpsig.SIGNATURE_INPUT, httpsig.SIGNATURE)
)


class Answer(msgspec.Struct, frozen=True):
    """What is sent back."""

    status: int
    body: bytes
    media: str = MEDIA
    after_s: int | None = None


DONE: Final = wire.encode([1])


def refused(refusal: Refusal) -> Answer:
    """An answer that says no (L2)."""
    head, why = refusal.head, refusal.why
    position, order = (head.position, head.order) if head else (0, _ZEROS)
    body = wire.encode([1, why.text, position, order])
    return Answer(why.status, body, after_s=refusal.after_s if why in (Code.BUSY, Code.BUSY_YOU) else None)


def with_head(head: Head, *before: object) -> bytes:
    """A structure that ends in the head."""
    return wire.encode([1, *before, head.position, head.order])


class Room:
    """Bytes that bodies may take up in memory at one time."""

    def __init__(self, size: int = _ROOM) -> None:
        self._left = size

    def take(self, size: int) -> None:
        """Raises: Refusal, if there is no room now."""
        if size > self._left:
            raise Refusal(Code.BUSY, after_s=2)
        self._left -= size

    def give(self, size: int) -> None:
        self._left += size


class Request:
    """A request whose body has not been read yet."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._fields: dict[bytes, bytes] = {}
        self._twice = False
        self._read = False
        self.chunked = False
        for name, value in scope["headers"]:
            if name in _ONCE:
                self._twice |= name in self._fields
                self._fields[name] = value
            elif name == b"transfer-encoding":
                self.chunked = True
        self.method: str = scope["method"]
        self._path: bytes = scope["raw_path"]
        self._query: bytes = scope["query_string"]
        self.received = 0
        self.reserved = 0

    @property
    def declared(self) -> int | None:
        """How long the body says that it is; None if it comes in pieces. The server has checked that it is a number."""
        return None if self.chunked else int(self._fields.get(b"content-length", b"0"))

    @property
    def is_left_over(self) -> bool:
        """Whether more of the body may be on its way than will be passed over."""
        return not self._read and (self.declared is None or self.declared > _READ_ON_MAX)

    def line(self, *, with_body: bool) -> Line:
        """The request without its body. Raises: Refusal, if a field is missing, twice, or not text."""
        try:
            fields = {name: value.decode("ascii") for name, value in self._fields.items()}
            path, query = self._path.decode("ascii"), self._query.decode("ascii")
        except UnicodeDecodeError:
            raise Refusal(Code.BAD_REQUEST) from None
        digest = fields.get(b"content-digest") if with_body else None
        if self._twice or b"host" not in fields or (with_body and digest is None):
            raise Refusal(Code.BAD_REQUEST)
        if b"signature" not in fields or b"signature-input" not in fields:
            raise Refusal(Code.UNSIGNED)
        return Line(
            self.method,
            fields[b"host"].lower(),
            path,
            query,
            digest,
            fields[b"signature-input"],
            fields[b"signature"],
        )

    async def body(self, most: int, room: Room, digest: str | None) -> bytes:
        """The body, whole.

        Args:
            most: how many bytes it may have.
            room: from which its bytes are taken; `reserved` says how many to give back.
            digest: what it must be.
        Raises: Refusal, if it is longer, cut off, or another.
        """
        size = self.declared
        if size is not None and size > most:
            raise Refusal(Code.TOO_LARGE)
        size = most if size is None else size
        room.take(size)
        self.reserved = size
        raw = await self._pieces(most)
        if digest != httpsig.content_digest(raw):
            raise Refusal(Code.BAD_REQUEST)
        return raw

    async def _pieces(self, most: int) -> bytes:
        pieces: list[bytes] = []
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise Refusal(Code.BAD_REQUEST)
            piece: bytes = message.get("body", b"")
            self.received += len(piece)
            if self.received > most:
                raise Refusal(Code.TOO_LARGE)
            pieces.append(piece)
            if not message.get("more_body", False):
                self._read = True
                return b"".join(pieces)


def number(query: Mapping[str, str], name: str, most: int = 2**53) -> int:
    """A parameter of the query that must be a number. Raises: Refusal."""
    return count(query.get(name, ""), most)


def count(text: str, most: int = 2**53) -> int:
    """A number as it is written in an address: digits, no more than needed. Raises: Refusal."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and (text == "0" or text[0] != "0")):
        raise Refusal(Code.BAD_REQUEST)
    found = int(text)
    if found > most:
        raise Refusal(Code.BAD_REQUEST)
    return found


def parameters(query: str, known: tuple[str, ...]) -> dict[str, str]:
    """The query's parameters, each once. Raises: Refusal, on one that nobody knows."""
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in known or name in found:
            raise Refusal(Code.BAD_REQUEST)
        found[name] = value
    return found


def hexadecimal(text: str) -> bytes:
    """32 bytes as an address writes them. Raises: Refusal."""
    if len(text) != 64 or not set(text) <= set("0123456789abcdef"):
        raise Refusal(Code.BAD_REQUEST)
    return bytes.fromhex(text)


def decoded(decoder: wire.Decoder[T], raw: bytes) -> T:
    """A structure that was sent. Raises: Refusal."""
    try:
        return decoder(raw)
    except WireError:
        raise Refusal(Code.BAD_REQUEST) from None


async def send_answer(send: Send, answer: Answer, *, close: bool, allow: str = "") -> None:
    """Sends an answer; a reader who stops reading for too long is given up.

    Args:
        close: end the connection after it.
        allow: the methods that the path has, where it does not have the one that was asked.
    """
    headers = [(b"cache-control", b"no-store")]
    if answer.status != 204:
        headers += [(b"content-type", answer.media.encode()), (b"content-length", str(len(answer.body)).encode())]
    if answer.after_s is not None:
        headers.append((b"retry-after", str(answer.after_s).encode()))
    if allow:
        headers.append((b"allow", allow.encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    # A small answer never waits for its reader.
    if len(answer.body) <= _AT_ONCE:
        await send({"type": "http.response.body", "body": answer.body})
        return
    async with asyncio.timeout(_SEND_S):
        await send({"type": "http.response.body", "body": answer.body})
