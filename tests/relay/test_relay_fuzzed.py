"""The interface as its description has it, fuzzed: whatever comes, the answer is one that the description knows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis import Case
from tests.ground.seeded import Seeded
from tests.relay.serving import Asker, Organisation, Served, come, entry, relay

from waystation.relay.openapi import description
from waystation.relay.routes import MEDIA
from waystation.relay.sqlite import open_sqlite

SPEC = Path(__file__).resolve().parents[2] / "spec" / "relay.openapi.json"
EXAMPLES = 25


def structures() -> st.SearchStrategy[bytes]:
    """Bodies that are nearly right, and bodies that are nothing."""
    small = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=8), st.floats(allow_nan=False)
    )
    sized = st.sampled_from([0, 16, 31, 32, 64, 232, 1024]).flatmap(
        lambda size: st.binary(min_size=size, max_size=size)
    )
    inner = st.recursive(small | sized, lambda deeper: st.lists(deeper, max_size=5), max_leaves=12)
    shaped = st.lists(inner, max_size=6).map(lambda rest: msgspec.msgpack.encode([1, *rest]))
    return st.one_of(st.binary(max_size=200), inner.map(msgspec.msgpack.encode), shaped)


schemathesis.openapi.media_type(MEDIA, structures())
schema = schemathesis.openapi.from_dict(description())


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Organisation, Asker]]:
    store = open_sqlite(tmp_path_factory.mktemp("fuzzed") / "relay.db")
    with relay(store) as served:
        randomness = Seeded("fuzzed")
        made, asker = come(served, randomness)
        assert asker.append([entry(made.org, made.desk, randomness) for _ in range(3)]).status == 200
        yield served, made, asker
    store.close()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_of_the_description(case: Case, lived: tuple[Served, Organisation, Asker]) -> None:
    served, made, asker = lived
    if case.operation.path.endswith("/news"):
        # With any other position it would wait, as it should.
        case.query = {"after": 0} | ({} if "after" in (case.query or {}) else {"x": 1})
    if "org" in (case.path_parameters or {}) and len(case.path_parameters["org"]) == 64:
        case.path_parameters["org"] = made.org.hex()
    kwargs: dict[str, Any] = case.as_transport_kwargs(base_url=f"http://{served.authority}")
    prepared = requests.Request(**{key: value for key, value in kwargs.items() if key in SENT}).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    # Signed as a desk would sign it, so that what lies behind the signature is reached.
    sent = body if case.operation.body else None
    assert prepared.method is not None
    prepared.headers.update(asker.signed(prepared.method, prepared.path_url, sent))
    with requests.Session() as session:
        answer = session.send(prepared, timeout=20)
    known = {int(status) for status in case.operation.definition.raw["responses"]}
    assert answer.status_code in known, (prepared.method, prepared.path_url, answer.status_code)
    assert answer.status_code != 500
    if answer.status_code >= 400:
        said = msgspec.msgpack.decode(answer.content)
        assert said[0] == 1
        assert len(said) == 4
    assert asker.ask("GET", asker.of("order/3")).status == 200


SENT = ("method", "url", "headers", "params", "data", "json", "cookies")


def test_the_description_in_the_specification_is_this_one() -> None:
    assert json.loads(SPEC.read_text("utf-8")) == description()
