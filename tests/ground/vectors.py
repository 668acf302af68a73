"""Reads spec/vectors."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from waystation import errors

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors"

Case = dict[str, Any]
"""One case; `_bytes` turns its hexadecimal into bytes where a format's fields are bytes."""

TEXT = {
    "name", "rule", "error", "purpose", "words", "age", "passphrase", "type", "action", "zone", "outcome", "of",
    "key_text", "reason", "text", "relay",
}  # fmt: skip


def _read(name: str, value: Any) -> Any:
    if name in TEXT:
        return value
    if value is None:
        return None
    if name.endswith("_base64"):
        return [b64decode(v) for v in value] if isinstance(value, list) else b64decode(value)
    match value:
        case str():
            return bytes.fromhex(value)
        case list():
            return [_read(name, inner) for inner in value]
        case dict():
            return {inner: _read(inner, of) for inner, of in value.items()}
        case _:
            return value


@cache
def load(file: str) -> dict[str, Any]:
    """A file of vectors as JSON holds it."""
    loaded: dict[str, Any] = json.loads((VECTORS / f"{file}.json").read_text("utf-8"))
    return loaded


@cache
def group(file: str, name: str, kind: str) -> list[Case]:
    """The valid or the faulty cases of a group, bytes as bytes."""
    # Operations mix names with bytes, so they stay as JSON holds them.
    return [
        {key: of if key == "operations" else _read(key, of) for key, of in case.items()}
        for case in load(file)[name][kind]
    ]


@contextmanager
def refusing(case: Case) -> Iterator[None]:
    """Expects exactly the error that a faulty case names, from production."""
    expected: type[errors.WaystationError] = getattr(errors, case["error"])
    with pytest.raises(expected) as raised:
        yield
    assert raised.type is expected


def every(file: str, name: str, kind: str) -> pytest.MarkDecorator:
    """Runs a test with each case of a group."""
    cases = group(file, name, kind)
    assert cases
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])
