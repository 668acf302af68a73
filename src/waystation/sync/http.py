"""A relay over HTTP: signed requests, strict answers, nothing followed and nothing believed.

Guarantees: a request goes to the address that a person gave, through the proxy that they gave, and nowhere else (no
redirects, no cookies, no proxy of the environment); an answer is bounded and parsed, or it is no answer; an address
without transport security is taken only where Tor or this machine stands in for it. Implements the desk's side of
spec/relay.md.
"""

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from waystation import httpsig
from waystation.book.entry import HEADER_BYTES, SIGNATURE_BYTES, Entry
from waystation.clock import Clock
from waystation.errors import (
    BadInput,
    MovedOn,
    Problem,
    RelayAway,
    RelayBusy,
    RelayRefused,
    TooFar,
    WireError,
)
from waystation.ids import ChunkHash, DeskId, OrderHash, OrgId, Randomness
from waystation.limits import MIB
from waystation.sync.credential import Credential
from waystation.sync.relay import Appended, CredentialSeen, Head, OrderAt, Stretch
from waystation.verify import Signature
from waystation.wire import BIN_32, Decoder, encode

TOR: Final = "socks5h://127.0.0.1:9050"
"""Where Tor listens unless told otherwise; names are looked up on its far side."""

_MEDIA: Final = "application/vnd.waystation"
_ANSWER_MAX: Final = 16 * MIB
_AGAIN_S: Final = 5
"""Seconds to wait after `busy` that names none."""
_AGAIN_MAX_S: Final = 300
_CLOCKS_PART_S: Final = 60
"""So many seconds between our clock and the relay's, and requests are dated by the relay's."""

_TIMES: Final = httpx2.Timeout(60.0, connect=20.0, read=60.0)
_LONG: Final = httpx2.Timeout(60.0, connect=20.0, read=75.0)
"""Longer than the relay keeps a question for news open (L16), through Tor too."""

_HEADER: Final = msgspec.Meta(min_length=HEADER_BYTES, max_length=HEADER_BYTES)
_SIGNED: Final = msgspec.Meta(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)

_Position = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
_Hash = Annotated[bytes, BIN_32]
_Sent = tuple[Annotated[bytes, _HEADER], Annotated[bytes, _SIGNED], bytes | None]


class _Answer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int


class _NoAnswer(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    code: str
    position: _Position
    order: _Hash


class _Appended(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    first: _Position
    position: _Position
    order: _Hash


class _Stretch(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    after: _Position
    order_after: _Hash
    position: _Position
    order: _Hash
    entries: tuple[_Sent, ...]


class _OrderAt(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: _Position
    order_at: _Hash
    position: _Position
    order: _Hash


class _Head(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    position: _Position
    order: _Hash


class _Chunks(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    chunks: tuple[bytes | None, ...]


class _Credentials(_Answer, frozen=True, array_like=True, forbid_unknown_fields=True):
    credentials: tuple[tuple[_Hash, str, bytes, int | None], ...]


_decode_refusal: Final = Decoder(_NoAnswer)
_decode_appended: Final = Decoder(_Appended)
_decode_stretch: Final = Decoder(_Stretch)
_decode_order: Final = Decoder(_OrderAt)
_decode_head: Final = Decoder(_Head)
_decode_chunks: Final = Decoder(_Chunks)
_decode_credentials: Final = Decoder(_Credentials)

T = TypeVar("T")


def check_address(address: str) -> str:
    """A relay's address as it is kept: scheme, host and port, nothing else.

    Args:
        address: as a person typed it; without a scheme, https is meant, or http for an onion service.
    Raises: BadInput, if it is none, or would go over the network in the clear.
    """
    text = address.strip().removesuffix("/")
    if "://" not in text:
        text = f"{'http' if _is_onion(text.partition(':')[0]) else 'https'}://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not host or parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or "@" in text:
        raise BadInput(
            {
                "address": Problem(
                    "bad_address",
                    "Write the address as the operator gave it, such as %(as)s.",
                    {"as": "https://relay.example.org"},
                )
            }
        )
    if parts.scheme == "http" and not (_is_onion(host) or host in ("localhost", "127.0.0.1", "::1")):
        raise BadInput(
            {"address": Problem("no_tls", "That address is not encrypted on the way. Use https, or an onion address.")}
        )
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port else "")


def check_proxy(proxy: str) -> str:
    """The address of a SOCKS proxy as it is kept; empty for none. Raises: BadInput."""
    text = proxy.strip()
    if not text:
        return ""
    if "://" not in text:
        text = f"socks5h://{text}"
    try:
        parts = urlsplit(text)
        sound = parts.scheme == "socks5h" and bool(parts.hostname) and parts.port is not None and not parts.path
    except ValueError:
        sound = False
    if not sound:
        raise BadInput(
            {
                "proxy": Problem(
                    "bad_proxy", "Write host and port of the proxy, such as %(as)s.", {"as": "127.0.0.1:9050"}
                )
            }
        )
    return text


class HttpRelay:
    """A relay at an address, for one organisation and one credential. Safe to call from several threads.

    Args:
        address: of `check_address`. proxy: of `check_proxy`; empty for none, but an onion service is reached through
            Tor's usual port then.
    """

    def __init__(
        self, address: str, org: OrgId, credential: Credential, proxy: str, clock: Clock, randomness: Randomness
    ) -> None:
        parts = urlsplit(address)
        self._authority = parts.netloc.lower()
        self._log = f"/v1/{org.hex()}"
        self._credential = credential
        self._clock = clock
        self._randomness = randomness
        self._ahead_s = 0
        self._sockets: list[socket.socket] = []
        self._opening: Final = Lock()
        self._closed = False
        if not proxy and _is_onion(parts.hostname or ""):
            proxy = TOR
        self._client = httpx2.Client(
            base_url=address,
            proxy=proxy or None,
            trust_env=False,
            follow_redirects=False,
            timeout=_TIMES,
            headers={"user-agent": "waystation", "accept-encoding": "identity"},
        )

    def register(self, genesis: bytes, ticket: str, desk: DeskId) -> None:
        body = encode([1, genesis, ticket, self._credential.public, desk])
        self._done("POST", "/v1/organisations", body)

    def append(self, after: int | None, entries: Sequence[Entry]) -> Appended:
        body = encode([1, after, [[entry.header, entry.signature, entry.body] for entry in entries]])
        answer = self._read(_decode_appended, "POST", f"{self._log}/entries", body)
        return Appended(answer.first, Head(answer.position, OrderHash(answer.order)))

    def entries(self, after: int, limit: int) -> Stretch:
        answer = self._read(_decode_stretch, "GET", f"{self._log}/entries", query=f"after={after}&limit={limit}")
        if answer.after != after or len(answer.entries) > limit:
            raise RelayAway
        entries = tuple(Entry(header, Signature(signature), body) for header, signature, body in answer.entries)
        return Stretch(after, OrderHash(answer.order_after), Head(answer.position, OrderHash(answer.order)), entries)

    def order(self, position: int) -> OrderAt:
        answer = self._read(_decode_order, "GET", f"{self._log}/order/{position}")
        if answer.at != position:
            raise RelayAway
        return OrderAt(position, OrderHash(answer.order_at), Head(answer.position, OrderHash(answer.order)))

    def news(self, after: int) -> Head | None:
        status, body = self._ask("GET", f"{self._log}/news", query=f"after={after}", timeout=_LONG)
        if status == 204:
            return None
        answer = _parse(_decode_head, body)
        return Head(answer.position, OrderHash(answer.order))

    def put_chunks(self, chunks: Sequence[bytes]) -> None:
        self._done("POST", f"{self._log}/chunks", encode([1, list(chunks)]))

    def fetch_chunks(self, names: Sequence[ChunkHash]) -> Mapping[ChunkHash, bytes | None]:
        found: dict[ChunkHash, bytes | None] = {}
        wanted = list(dict.fromkeys(names))
        while wanted:
            answer = self._read(_decode_chunks, "POST", f"{self._log}/chunks/fetch", encode([1, wanted[:1024]]))
            if not 0 < len(answer.chunks) <= min(len(wanted), 1024):
                raise RelayAway
            found.update(zip(wanted, answer.chunks, strict=False))
            wanted = wanted[len(answer.chunks) :]
        return found

    def drop(self, positions: Sequence[int], chunks: Sequence[ChunkHash]) -> None:
        self._done("POST", f"{self._log}/drop", encode([1, list(positions), list(chunks)]))

    def put_credential(self, identity: bytes, public: bytes, right: str, bound: bytes, expires_s: int | None) -> None:
        self._done("PUT", f"{self._log}/credentials/{identity.hex()}", encode([1, public, right, bound, expires_s]))

    def delete_credential(self, identity: bytes) -> None:
        self._gone(f"{self._log}/credentials/{identity.hex()}")

    def credentials(self) -> list[CredentialSeen]:
        answer = self._read(_decode_credentials, "GET", f"{self._log}/credentials")
        return [CredentialSeen(*credential) for credential in answer.credentials]

    def put_parcel(self, name: bytes, side: str, raw: bytes) -> None:
        self._done("PUT", f"{self._log}/parcels/{name.hex()}/{side}", raw, media="application/octet-stream")

    def parcel(self, name: bytes, side: str) -> bytes | None:
        try:
            return self._ask("GET", f"{self._log}/parcels/{name.hex()}/{side}")[1]
        except RelayRefused as refused:
            if refused.why == "unknown":
                return None
            raise

    def delete_parcel(self, name: bytes) -> None:
        self._gone(f"{self._log}/parcels/{name.hex()}/request")

    def close(self) -> None:
        # Closing a socket wakes nobody who waits at it; shutting it down does.
        with self._opening:
            self._closed = True
            for one in self._sockets:
                _shut(one)
        self._client.close()

    def _done(self, method: str, path: str, body: bytes | None = None, *, media: str = _MEDIA) -> None:
        self._ask(method, path, body, media=media)

    def _gone(self, path: str) -> None:
        try:
            self._done("DELETE", path)
        except RelayRefused as refused:
            # What is not there any more needs no deleting.
            if refused.why != "unknown":
                raise

    def _read(self, decoder: Decoder[T], method: str, path: str, body: bytes | None = None, query: str = "") -> T:
        return _parse(decoder, self._ask(method, path, body, query=query)[1])

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        query: str = "",
        media: str = _MEDIA,
        timeout: httpx2.Timeout = _TIMES,
    ) -> tuple[int, bytes]:
        """One request. Returns: status (of success) and body. Raises: what the refusal says, RelayAway."""
        status, answer, headers = self._send(method, path, query, body, media, timeout)
        if status == 401 and self._follow_clock(headers.get("date", "")):
            status, answer, headers = self._send(method, path, query, body, media, timeout)
        if 200 <= status < 300:
            return status, answer
        refusal = _parse(_decode_refusal, answer)
        match refusal.code:
            case "moved_on":
                raise MovedOn(refusal.position, refusal.order)
            case "too_far":
                raise TooFar(refusal.position, refusal.order)
            case "busy":
                raise RelayBusy(_seconds(headers.get("retry-after", "")))
            case "failed":
                raise RelayAway
            case _:
                raise RelayRefused(refusal.code)

    def _send(
        self, method: str, path: str, query: str, body: bytes | None, media: str, timeout: httpx2.Timeout
    ) -> tuple[int, bytes, httpx2.Headers]:
        created = self._clock.now_ms() // 1000 + self._ahead_s
        parameters = httpsig.Parameters(created, self._randomness(httpsig.NONCE_BYTES), self._credential.keyid)
        digest = None if body is None else httpsig.content_digest(body)
        base = httpsig.signature_base(method, self._authority, path, query, digest, parameters)
        signed = [(self._credential.label, parameters, Signature(self._credential.sign(base)))]
        headers = httpsig.signature_headers(signed, with_body=body is not None)
        if digest is not None:
            headers |= {"content-type": media, httpsig.CONTENT_DIGEST: digest}
        address = f"{path}?{query}" if query else path
        answer = bytearray()
        try:
            with self._client.stream(
                method, address, content=body, headers=headers, timeout=timeout, extensions={"trace": self._note}
            ) as response:
                for piece in response.iter_raw():
                    answer += piece
                    if len(answer) > _ANSWER_MAX:
                        raise RelayAway
                return response.status_code, bytes(answer), response.headers
        except Exception:  # noqa: BLE001 -- transport, TLS, proxy, a client closed meanwhile: each has errors of its own
            # Their text may quote the address.
            raise RelayAway from None

    def _note(self, event: str, info: Mapping[str, Any]) -> None:
        """Keeps the sockets that the client opens, so that `close` can wake whoever waits."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            opened = info["return_value"].get_extra_info("socket")
            if not isinstance(opened, socket.socket):
                return
            # Two threads may open one each, and a third may be closing.
            with self._opening:
                self._sockets = [*(one for one in self._sockets if one.fileno() >= 0), opened]
                if self._closed:
                    _shut(opened)

    def _follow_clock(self, date: str) -> bool:
        """Takes up the relay's time where ours is far from it, so that a wrong clock shuts nobody out."""
        try:
            told = int(parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp())
        except (TypeError, ValueError):
            return False
        ahead_s = told - self._clock.now_ms() // 1000
        if abs(ahead_s - self._ahead_s) < _CLOCKS_PART_S:
            return False
        self._ahead_s = ahead_s
        return True


def _parse(decoder: Decoder[T], body: bytes) -> T:
    """What a relay answered. A proxy's error page, or nonsense, counts as no answer."""
    try:
        return decoder(body)
    except WireError:
        raise RelayAway from None


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def _seconds(text: str) -> int:
    return max(1, min(int(text), _AGAIN_MAX_S)) if text.isascii() and text.isdigit() else _AGAIN_S


def _is_onion(host: str) -> bool:
    return host.endswith(".onion")
