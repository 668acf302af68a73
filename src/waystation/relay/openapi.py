"""The OpenAPI description of the relay, made from the table of routes. `spec/relay.openapi.json` is a copy of it."""

from typing import Any, Final

from waystation.httpsig import CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT
from waystation.limits import BATCH_ENTRIES_MAX
from waystation.relay.port import Code
from waystation.relay.routes import MEDIA, RAW, ROUTES, Route, Who

_HEX: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": 2**53}
_PARTS: Final[dict[str, dict[str, Any]]] = {
    "org": _HEX,
    "id": _HEX,
    "name": _HEX,
    "position": _NUMBER,
    "side": {"type": "string", "enum": ["request", "answer"]},
}
_QUERY: Final[dict[str, dict[str, Any]]] = {
    "after": _NUMBER,
    "limit": {"type": "integer", "minimum": 1, "maximum": BATCH_ENTRIES_MAX},
}
_BINARY: Final = {"type": "string", "format": "binary"}


def description() -> dict[str, Any]:
    """OpenAPI 3.1, ready to be written as JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Waystation relay",
            "version": "1",
            "description": "spec/relay.md for machines. Bodies are MessagePack arrays; their shape stands in words.",
        },
        "paths": paths,
        "components": {
            "responses": {
                "refused": {
                    "description": "[1, code: text, head position, head order] (L2)",
                    "content": {MEDIA: {"schema": _BINARY}},
                }
            }
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.says,
        "description": f"{route.step}. Signed by: {route.who.value}.",
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_signature_fields(route)],
        "responses": {str(status): _answer(route, shape) for status, shape in route.answers.items()}
        | {str(status): {"$ref": "#/components/responses/refused"} for status in _refusals(route)},
    }
    if route.body is not None:
        made["requestBody"] = {
            "required": True,
            "description": f"{route.body.shape}; at most {route.body.bytes_max} bytes.",
            "content": {route.body.media: {"schema": _BINARY}},
        }
    return made


def _refusals(route: Route) -> list[int]:
    codes = {Code.BUSY, Code.FAILED}
    if route.who is not Who.ANYONE:
        codes |= {Code.BAD_REQUEST, Code.UNSIGNED, Code.FORBIDDEN, Code.BUSY_YOU}
    if route.body is not None:
        codes |= {Code.TOO_LARGE}
    if route.name in ("append", "store"):
        codes |= {Code.FULL}
    if route.name == "append":
        codes |= {Code.MOVED_ON}
    if route.name in ("entries", "order"):
        codes |= {Code.TOO_FAR}
    if route.name == "take_parcel":
        codes |= {Code.UNKNOWN}
    return sorted({code.status for code in codes})


def _answer(route: Route, shape: str) -> dict[str, Any]:
    if not shape.startswith("[") and route.name != "take_parcel":
        return {"description": shape}
    media = RAW if route.name == "take_parcel" else MEDIA
    return {"description": shape, "content": {media: {"schema": _BINARY}}}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    parts = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    return [{"name": part, "in": "path", "required": True, "schema": _PARTS[part]} for part in parts]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": at == 0, "schema": _QUERY[name]}
        for at, name in enumerate(route.query)
    ]


def _signature_fields(route: Route) -> list[dict[str, Any]]:
    if route.who is Who.ANYONE:
        return []
    fields = [SIGNATURE_INPUT, SIGNATURE, *([CONTENT_DIGEST] if route.body is not None else [])]
    return [{"name": field, "in": "header", "required": True, "schema": {"type": "string"}} for field in fields]
