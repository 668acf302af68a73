"""Everything that can be asked of a relay, in one table: what is served, measured, described and fuzzed.

`app` answers these and nothing else; `openapi` describes them. Numbers are steps of spec/relay.md.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from waystation import limits
from waystation.limits import KIB

MEDIA: Final = "application/vnd.waystation"
RAW: Final = "application/octet-stream"

_FRAMES: Final = 256 * KIB
"""What a batch's structure may take beside what it holds."""


class Who(Enum):
    """Whose signature a request needs."""

    ANYONE = "no signature"
    NEWCOMER = "the credential that it brings"
    DESK = "a credential `desk` or `manage`"
    MANAGE = "a credential `manage`"
    ROOT = "a credential `manage`, or root (L7)"
    PARCEL = "a credential `manage`, or `parcel` of this name"


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings: its structure in words, and how many bytes it may have."""

    shape: str
    bytes_max: int
    media: str = MEDIA


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked.

    Args:
        name: for measurements and logs.
        step: of spec/relay.md.
        query: its parameters, each a number; the first is needed.
        answers: status → structure of the answer, in words.
    """

    name: str
    step: str
    method: str
    path: str
    who: Who
    says: str
    answers: dict[int, str]
    body: Body | None = None
    query: tuple[str, ...] = ()


_DONE: Final = "[1]"

ROUTES: Final = (
    Route(
        "register",
        "L8",
        "POST",
        "/v1/organisations",
        Who.NEWCOMER,
        "Make room for an organisation, with a ticket of the operator's.",
        {201: _DONE, 200: _DONE},
        Body("[1, genesis: bin, ticket: text, credential public key: bin 32, desk: bin 16]", 4 * KIB),
    ),
    Route(
        "append",
        "L10",
        "POST",
        "/v1/{org}/entries",
        Who.DESK,
        "Append a batch of entries, all or nothing, durably.",
        {200: "[1, position of the first, head position, head order]"},
        Body(
            "[1, after: position or nil, [[header: bin 232, signature: bin 64, body: bin or nil], …]]",
            limits.BATCH_MAX + _FRAMES,
        ),
    ),
    Route(
        "entries",
        "L14",
        "GET",
        "/v1/{org}/entries",
        Who.DESK,
        "Entries after a position.",
        {200: "[1, i, h(i), head position, head order, [[header, signature, body or nil], …]]"},
        query=("after", "limit"),
    ),
    Route(
        "order",
        "L15",
        "GET",
        "/v1/{org}/order/{position}",
        Who.DESK,
        "The running order hash at a position.",
        {200: "[1, i, h(i), head position, head order]"},
    ),
    Route(
        "news",
        "L16",
        "GET",
        "/v1/{org}/news",
        Who.DESK,
        "Wait until the log is longer.",
        {200: "[1, head position, head order]", 204: "nothing new in time"},
        query=("after",),
    ),
    Route(
        "drop",
        "L17",
        "POST",
        "/v1/{org}/drop",
        Who.MANAGE,
        "Drop bodies and chunks.",
        {200: _DONE},
        Body("[1, [position, …], [chunk hash, …]]", limits.BATCH_MAX),
    ),
    Route(
        "store",
        "L18",
        "POST",
        "/v1/{org}/chunks",
        Who.DESK,
        "Store chunks under their hashes, durably.",
        {200: "[1, how many were new]"},
        Body("[1, [chunk: bin, …]]", limits.BATCH_MAX + _FRAMES),
    ),
    Route(
        "fetch",
        "L19",
        "POST",
        "/v1/{org}/chunks/fetch",
        Who.DESK,
        "Fetch chunks by their hashes.",
        {200: "[1, [chunk or nil, …]]"},
        Body("[1, [hash, …]]", 64 * KIB),
    ),
    Route(
        "credentials",
        "L20",
        "GET",
        "/v1/{org}/credentials",
        Who.ROOT,
        "Which credentials there are.",
        {200: "[1, [[id, right, desk or name, expires or nil], …]]"},
    ),
    Route(
        "entrust",
        "L20",
        "PUT",
        "/v1/{org}/credentials/{id}",
        Who.ROOT,
        "Add a credential, or replace it.",
        {200: _DONE},
        Body("[1, public key: bin 32, right: text, desk or name: bin, expires: seconds or nil]", 4 * KIB),
    ),
    Route(
        "revoke",
        "L20",
        "DELETE",
        "/v1/{org}/credentials/{id}",
        Who.ROOT,
        "Delete a credential, at once.",
        {200: _DONE},
    ),
    Route(
        "leave_parcel",
        "L21",
        "PUT",
        "/v1/{org}/parcels/{name}/{side}",
        Who.PARCEL,
        "Leave one side of a parcel.",
        {201: _DONE, 200: _DONE},
        Body("the parcel", limits.PARCEL_MAX, RAW),
    ),
    Route(
        "take_parcel",
        "L21",
        "GET",
        "/v1/{org}/parcels/{name}/{side}",
        Who.PARCEL,
        "Read one side of a parcel.",
        {200: "the parcel"},
    ),
    Route(
        "remove_parcel",
        "L21",
        "DELETE",
        "/v1/{org}/parcels/{name}/{side}",
        Who.MANAGE,
        "Remove both sides of a parcel.",
        {200: _DONE},
    ),
    Route("health", "L23", "GET", "/health", Who.ANYONE, "Whether writing works.", {200: _DONE}),
)
