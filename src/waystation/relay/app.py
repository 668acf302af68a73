"""The relay's application: every route of the table, answered. Implements spec/relay.md L8–L23.

Guarantees: a request that has no right to what it asks is told so before its body is read; what was answered 2xx is
durable; nothing of a request reaches a log but what L3 allows; an unexpected error is answered without its text.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.routing import Route as Path
from starlette.types import Receive, Scope, Send

from waystation import limits, wire
from waystation.clock import DAY_MS
from waystation.ids import ChunkHash, DeskId, OrgId
from waystation.relay import messages
from waystation.relay.asking import (
    DONE,
    Answer,
    Request,
    Room,
    count,
    decoded,
    hexadecimal,
    number,
    parameters,
    refused,
    send_answer,
    with_head,
)
from waystation.relay.entry import first_order, sent
from waystation.relay.gate import Cache, Caller, Gate, Line
from waystation.relay.measures import Measures
from waystation.relay.news import News
from waystation.relay.port import (
    AddChunks,
    Append,
    Appended,
    Asked,
    Away,
    Beat,
    Code,
    Credential,
    DeleteCredential,
    DeleteParcel,
    Done,
    Drop,
    Head,
    Job,
    Keys,
    PutCredential,
    PutParcel,
    Refusal,
    Register,
    Right,
    Stale,
    Store,
    Sweep,
)
from waystation.relay.routes import RAW, ROUTES, Route, Who
from waystation.relay.writer import Writer

T = TypeVar("T")

_READERS: Final = 8
_STALE_MAX: Final = 5
_HEALTHY_S: Final = 60
_BEAT_WITHIN_S: Final = 5
_SWEEP_EVERY_S: Final = 3600
_SIDES: Final = ("request", "answer")
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))
_log: Final = logging.getLogger("waystation.relay")


class Call(msgspec.Struct):
    """A request that was let in."""

    caller: Caller
    parts: dict[str, str]
    query: dict[str, str]
    body: bytes

    @property
    def org(self) -> OrgId:
        return self.caller.org


class Relay:
    """What answers. It lives as long as the application runs.

    Args:
        store: where everything is kept.
        names: authorities to which it answers, in lower case.
        now_ms: the time. monotonic_ms: a clock that never goes back.
        log_requests: whether each request is a line in the log (L3).
    """

    def __init__(
        self,
        store: Store,
        names: frozenset[str],
        now_ms: Callable[[], int],
        monotonic_ms: Callable[[], int],
        *,
        log_requests: bool = False,
    ) -> None:
        self.measures = Measures()
        self.news = News()
        self._store = store
        self._now_ms = now_ms
        self._monotonic_ms = monotonic_ms
        self._log_requests = log_requests
        self._cache = Cache(self._read_keys)
        self._gate = Gate(self._cache, names, lambda: now_ms() // 1000, monotonic_ms)
        self._room = Room()
        self._readers = ThreadPoolExecutor(_READERS, "relay-reader")
        self._written_ms: int | None = None
        self._answers: dict[str, Callable[[Call], Awaitable[Answer]]] = {
            "append": self._append,
            "entries": self._entries,
            "order": self._order,
            "news": self._news,
            "drop": self._drop,
            "store": self._add_chunks,
            "fetch": self._fetch,
            "credentials": self._credentials,
            "entrust": self._entrust,
            "revoke": self._revoke,
            "leave_parcel": self._leave_parcel,
            "take_parcel": self._take_parcel,
            "remove_parcel": self._remove_parcel,
        }

    # Its life

    @asynccontextmanager
    async def life(self, app: Starlette) -> AsyncIterator[None]:
        """From the first request to the last."""
        self.loop = loop = asyncio.get_running_loop()
        self._writer = Writer(self._store, self._committed)
        stop_listening = self._store.listen(_Heard(self, loop))
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            self.news.end()
            sweeping.cancel()
            await asyncio.to_thread(stop_listening)
            await self._writer.close()
            self._readers.shutdown()

    def _committed(self, jobs: int) -> None:
        self._written_ms = self._monotonic_ms()
        self.measures.committed(jobs)

    async def _sweep(self) -> None:
        while True:
            try:
                await self._writer(Sweep(self._now_ms() // 1000))
            except Exception as error:  # noqa: BLE001 -- it is tried again in an hour, and only its kind is told
                _log.warning("sweep_failed %s", type(error).__name__)
            await asyncio.sleep(_SWEEP_EVERY_S)

    def heard_keys(self, org: OrgId | None) -> None:
        """An organisation's credentials have changed, or any may have: who waits is judged again."""
        self._cache.forget(org)
        self.news.look(org)

    # One request

    async def answer(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request of a route."""
        began = self._monotonic_ms()
        request = Request(scope, receive)
        try:
            answer = await self._answered(route, request, scope["path_params"])
        except Refusal as refusal:
            answer = refused(refusal)
        except Away:
            answer = refused(Refusal(Code.BUSY))
        except Exception as error:  # noqa: BLE001 -- its text may quote what was sent: only its kind is told
            _log.error("failed %s %s", route.name, type(error).__name__)
            answer = refused(Refusal(Code.FAILED))
        finally:
            self._room.give(request.reserved)
        try:
            await send_answer(send, answer, close=request.is_left_over)
        except TimeoutError:
            _log.warning("slow_reader")
        self._note(request, route.name, answer, self._monotonic_ms() - began)

    async def refuse(self, code: Code, scope: Scope, receive: Receive, send: Send, allow: str = "") -> None:
        """Answers what no route does."""
        request = Request(scope, receive)
        answer = refused(Refusal(code))
        await send_answer(send, answer, close=request.is_left_over, allow=allow)
        self._note(request, "none", answer, 0)

    def _note(self, request: Request, name: str, answer: Answer, took_ms: int) -> None:
        self.measures.answered(name, answer.status, took_ms, request.received, len(answer.body))
        if self._log_requests:
            method = request.method if request.method in _METHODS else "other"
            sizes = (request.received, len(answer.body))
            _log.info("request %s %s %d in=%d out=%d ms=%d", method, name, answer.status, *sizes, took_ms)

    async def _answered(self, route: Route, request: Request, parts: dict[str, str]) -> Answer:
        if route.who is Who.ANYONE:
            return await self._health()
        if route.who is Who.NEWCOMER:
            return await self._register(route, request)
        line = request.line(with_body=route.body is not None)
        caller = await self._gate.admit(line, parts["org"], root=route.who is Who.ROOT)
        _check_right(route.who, caller, parts)
        query = parameters(line.query, route.query)
        body = await self._body(route, request, line)
        return await self._answers[route.name](Call(caller, parts, query, body))

    async def _body(self, route: Route, request: Request, line: Line) -> bytes:
        if route.body is None:
            if request.declared != 0:
                raise Refusal(Code.BAD_REQUEST)
            return b""
        return await request.body(route.body.bytes_max, self._room, line.digest)

    async def _read(self, read: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, read, *values)

    async def _read_keys(self, org: OrgId) -> Keys | None:
        return await self._read(self._store.keys, org)

    async def _do(self, caller: Caller, make: Callable[[Asked], Job], *, once: bool = False) -> Done:
        """Has a job done, by the credentials that the organisation has at that moment.

        Args:
            once: it would do harm if it were repeated.
        Raises: Refusal; Away.
        """
        for _ in range(_STALE_MAX):
            outcome = await self._writer(make(caller.asked(once=once)))
            if not isinstance(outcome, Stale):
                if isinstance(outcome, Refusal):
                    raise outcome
                return outcome
            self._cache.forget(caller.org)
            await self._gate.again(caller)
        raise Refusal(Code.BUSY)

    # Organisations

    async def _register(self, route: Route, request: Request) -> Answer:
        line = request.line(with_body=True)
        self._gate.admit_stranger()
        asked = decoded(messages.registering, await self._body(route, request, line))
        self._gate.check_stranger(line, asked.public)
        messages.read_genesis(asked.genesis)
        org = messages.org_of(asked.genesis)
        credential = Credential(messages.credential_id(asked.public), asked.public, Right.MANAGE, asked.desk, None)
        now_s = self._now_ms() // 1000
        ticket = messages.ticket_hash(asked.ticket)
        new = await self._writer(Register(org, asked.genesis, ticket, credential, first_order(org), now_s))
        if isinstance(new, Refusal):
            raise new
        self._cache.forget(org)
        return Answer(201 if new else 200, DONE)

    # The log

    async def _append(self, call: Call) -> Answer:
        asked = decoded(messages.appending, call.body)
        credential = call.caller.credential
        author = None if credential is None or call.caller.manages else DeskId(credential.bound)
        entries = [sent(entry, call.org, author) for entry in asked.entries]
        if len({entry.hash for entry in entries}) != len(entries):
            raise Refusal(Code.BAD_REQUEST)
        if sum(entry.size for entry in entries) > limits.BATCH_MAX:
            raise Refusal(Code.TOO_LARGE)
        done = await self._do(call.caller, lambda by: Append(by, asked.after, entries))
        assert isinstance(done, Appended)
        self.news.grown(call.org, done.head)
        return Answer(200, with_head(done.head, done.first))

    async def _entries(self, call: Call) -> Answer:
        after = number(call.query, "after")
        most = limits.BATCH_ENTRIES_MAX
        limit = number(call.query, "limit", most) if "limit" in call.query else most
        if limit == 0:
            raise Refusal(Code.BAD_REQUEST)
        found = await self._read(self._store.stretch, call.org, after, limit, limits.STRETCH_MAX)
        entries = [(one.header, one.signature, one.body) for one in found.entries]
        head = found.head
        return Answer(200, wire.encode([1, after, found.order, head.position, head.order, entries]))

    async def _order(self, call: Call) -> Answer:
        position = count(call.parts["position"])
        order, head = await self._read(self._store.order, call.org, position)
        return Answer(200, with_head(head, position, order))

    async def _news(self, call: Call) -> Answer:
        after = number(call.query, "after")
        until_ms = self._monotonic_ms() + limits.NEWS_WAIT_S * 1000
        while True:
            # The future is there before the look, so that nothing is missed between the look and the wait.
            with self.news.of(call.org) as word:
                head = await self._read(self._store.head, call.org)
                left_s = (until_ms - self._monotonic_ms()) / 1000
                if head.position <= after and left_s > 0:
                    await asyncio.wait([word], timeout=left_s)
                    await self._gate.again(call.caller)
                    told = word.result() if word.done() else None
                    head = told if isinstance(told, Head) else head
            if head.position > after:
                return Answer(200, with_head(head))
            if left_s <= 0:
                return Answer(204, b"")
            if self.news.ending:
                raise Refusal(Code.BUSY)

    async def _drop(self, call: Call) -> Answer:
        asked = decoded(messages.dropping, call.body)
        await self._do(call.caller, lambda by: Drop(by, asked.positions, asked.chunks), once=True)
        return Answer(200, DONE)

    # Chunks

    async def _add_chunks(self, call: Call) -> Answer:
        asked = decoded(messages.storing, call.body)
        if sum(map(len, asked.chunks)) > limits.BATCH_MAX:
            raise Refusal(Code.TOO_LARGE)
        chunks = {ChunkHash(sha256(chunk).digest()): chunk for chunk in asked.chunks}
        new = await self._do(call.caller, lambda by: AddChunks(by, chunks))
        return Answer(200, wire.encode([1, new]))

    async def _fetch(self, call: Call) -> Answer:
        asked = decoded(messages.fetching, call.body)
        found = await self._read(self._store.chunks, call.org, asked.names, limits.BATCH_MAX)
        return Answer(200, wire.encode([1, found]))

    # Credentials

    async def _credentials(self, call: Call) -> Answer:
        now_s = self._now_ms() // 1000
        listed = [
            (one.id, one.right.value, one.bound, one.expires_s)
            for one in sorted(call.caller.keys.credentials.values(), key=lambda one: one.id)
            if one.expires_s is None or one.expires_s > now_s
        ]
        return Answer(200, wire.encode([1, listed]))

    async def _entrust(self, call: Call) -> Answer:
        asked = decoded(messages.entrusting, call.body)
        id = hexadecimal(call.parts["id"])
        bound = 32 if asked.right is Right.PARCEL else 16
        if id != messages.credential_id(asked.public) or len(asked.bound) != bound:
            raise Refusal(Code.BAD_REQUEST)
        new = Credential(id, asked.public, asked.right, asked.bound, asked.expires_s)
        await self._do(call.caller, lambda by: PutCredential(by, new), once=True)
        self.heard_keys(call.org)
        return Answer(200, DONE)

    async def _revoke(self, call: Call) -> Answer:
        id = hexadecimal(call.parts["id"])
        await self._do(call.caller, lambda by: DeleteCredential(by, id), once=True)
        self.heard_keys(call.org)
        return Answer(200, DONE)

    # Parcels

    async def _leave_parcel(self, call: Call) -> Answer:
        name, side = hexadecimal(call.parts["name"]), _side(call)
        until_s = (self._now_ms() + limits.PARCEL_KEPT_DAYS * DAY_MS) // 1000
        new = await self._do(call.caller, lambda by: PutParcel(by, name, side, call.body, until_s))
        return Answer(201 if new else 200, DONE)

    async def _take_parcel(self, call: Call) -> Answer:
        name, side = hexadecimal(call.parts["name"]), _side(call)
        raw = await self._read(self._store.parcel, call.org, name, side, self._now_ms() // 1000)
        if raw is None:
            raise Refusal(Code.UNKNOWN)
        return Answer(200, raw, RAW)

    async def _remove_parcel(self, call: Call) -> Answer:
        name = hexadecimal(call.parts["name"])
        _side(call)
        await self._do(call.caller, lambda by: DeleteParcel(by, name), once=True)
        return Answer(200, DONE)

    # Health

    async def _health(self) -> Answer:
        now = self._monotonic_ms()
        if self._written_ms is None or now - self._written_ms > _HEALTHY_S * 1000:
            try:
                async with asyncio.timeout(_BEAT_WITHIN_S):
                    await self._writer(Beat(self._now_ms() // 1000))
            except TimeoutError:
                raise Refusal(Code.BUSY) from None
        return Answer(200, DONE)


class _Heard:
    """Brings what the store's listener hears into the event loop. See `port.Listener`."""

    def __init__(self, relay: Relay, loop: asyncio.AbstractEventLoop) -> None:
        self._relay = relay
        self._loop = loop

    def grown(self, org: OrgId, head: Head) -> None:
        self._loop.call_soon_threadsafe(self._relay.news.grown, org, head)

    def keys_changed(self, org: OrgId) -> None:
        self._loop.call_soon_threadsafe(self._relay.heard_keys, org)

    def missed(self) -> None:
        self._loop.call_soon_threadsafe(self._relay.heard_keys, None)


def build(
    store: Store,
    *,
    names: frozenset[str],
    now_ms: Callable[[], int],
    monotonic_ms: Callable[[], int],
    log_requests: bool = False,
) -> Starlette:
    """The application. Args as `Relay` has them. Returns: with `state.relay`."""
    relay = Relay(store, names, now_ms, monotonic_ms, log_requests=log_requests)
    by_path: dict[str, dict[str, Route]] = {}
    # The paths of the log first: they are asked for most, and paths are tried in turn.
    for route in sorted(ROUTES, key=lambda one: "{org}" not in one.path):
        by_path.setdefault(route.path, {})[route.method] = route
    paths: list[BaseRoute] = [Path(path, _ByMethod(relay, methods)) for path, methods in by_path.items()]
    app = Starlette(routes=paths, lifespan=relay.life)
    app.router.redirect_slashes = False
    app.router.default = _Nowhere(relay)
    app.state.relay = relay
    return app


class _ByMethod:
    """What stands at one path."""

    def __init__(self, relay: Relay, routes: dict[str, Route]) -> None:
        self._relay = relay
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["method"])
        if route is None:
            await self._relay.refuse(Code.NO_METHOD, scope, receive, send, ", ".join(self._routes))
        else:
            await self._relay.answer(route, scope, receive, send)


class _Nowhere:
    """What stands at every other path."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._relay.refuse(Code.UNKNOWN, scope, receive, send)


def _check_right(who: Who, caller: Caller, parts: dict[str, str]) -> None:
    """Returns only if a caller may do this (L6). Raises: Refusal."""
    credential = caller.credential
    if caller.manages:
        return
    assert credential is not None
    if who is Who.DESK and credential.right is Right.DESK:
        return
    if who is Who.PARCEL and credential.right is Right.PARCEL and credential.bound.hex() == parts["name"]:
        return
    raise Refusal(Code.FORBIDDEN)


def _side(call: Call) -> str:
    side = call.parts["side"]
    if side not in _SIDES:
        raise Refusal(Code.BAD_REQUEST)
    return side
