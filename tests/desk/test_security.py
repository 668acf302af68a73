"""Who may speak to the desk: foreign hosts, foreign sites, guessed and used addresses learn nothing."""

import re
from collections.abc import Iterator, Mapping

import pytest
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from tests.desk.sitting import HOST, PORT, Sitting

from waystation.desk.fixed import FOLDER, KEPT, STATIC
from waystation.desk.security import HEADERS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def is_sealed(answer: Response, *, kept: bool = False) -> None:
    """Every header that every response must carry, and none that none may.

    Args:
        kept: whether the browser may keep it.
    """
    for name, value in HEADERS.items():
        wanted = KEPT if kept and name == "Cache-Control" else value
        assert answer.headers.get_list(name) == [wanted], name
    for name in ("set-cookie", "server", "etag", "last-modified", "access-control-allow-origin"):
        assert name not in answer.headers


def is_nothing(answer: Response) -> None:
    """The one answer to whoever has no business here."""
    assert answer.status_code == 404
    assert answer.text in ("", "Not found")
    is_sealed(answer)


def addresses(sitting: Sitting) -> Iterator[str]:
    """Every route's path, with something in its places."""
    for route in sitting.app.router.routes:
        assert isinstance(route, Route)
        yield re.sub(r"{[^}]+}", "aaaaaaaaaaaaaaaaaaaaaaaaaa", route.path).removeprefix("/")


def test_headers_say_what_they_must() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert HEADERS["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        f"attacker.example:{PORT}",
        f"localhost:{PORT}",
        "127.0.0.1",
        f"127.0.0.1:{PORT + 1}",
        f"127.0.0.1.attacker.example:{PORT}",
        f"127.1:{PORT}",
        f"[::1]:{PORT}",
        f"{HOST}, attacker.example",
        "",
    ],
)
def test_dns_rebinding(sitting: Sitting, host: str) -> None:
    is_nothing(sitting.get("today", host=host))
    is_nothing(sitting.client.get(sitting.access.address, headers={"host": host}))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_cross_site(sitting: Sitting, method: str, site: str) -> None:
    is_nothing(sitting.client.request(method, f"{sitting.root}/probe", headers={"sec-fetch-site": site}))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://attacker.example", "sec-fetch-site": "same-origin"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"origin": f"https://{HOST}"},
        {"origin": f"http://{HOST}.attacker.example"},
        {"origin": "null"},
        {"origin": "null", "sec-fetch-site": "none"},
        {},
    ],
)
def test_foreign_origin_cannot_post(sitting: Sitting, headers: Mapping[str, str]) -> None:
    with TestClient(sitting.app, base_url=f"http://{HOST}", headers=dict(headers), follow_redirects=False) as client:
        is_nothing(client.post(f"{sitting.root}/lock"))
    assert sitting.session.founded


@pytest.mark.parametrize("headers", [{}, {"origin": "null"}, {"sec-fetch-site": "none"}])
def test_our_own_form_is_taken(locked: Sitting, headers: Mapping[str, str]) -> None:
    own = {"origin": f"http://{HOST}"} if not headers else {"sec-fetch-site": "same-origin", **headers}
    client = TestClient(locked.app, base_url=f"http://{HOST}", headers=own, follow_redirects=False)
    assert client.post(f"{locked.root}/lock").status_code == 303


def test_ticket_works_once(sitting: Sitting) -> None:
    assert sitting.access.address.endswith("/used")
    is_nothing(sitting.client.get("/used"))
    is_nothing(sitting.client.get("/"))


def test_only_a_page_view_uses_the_ticket_up(fresh: Sitting) -> None:
    access = type(fresh.access)(fresh.system.randomness, PORT)
    word = access.address.rpartition("/")[2]
    assert not access.redeem(word[:-1])
    assert not access.redeem(access.prefix)
    assert access.redeem(word)
    assert not access.redeem(word)
    assert word != access.prefix
    assert len(access.prefix) == 22


@pytest.mark.parametrize("method", METHODS)
def test_no_route_answers_without_the_token(sitting: Sitting, method: str) -> None:
    token = sitting.access.prefix
    wrong = ["", token[:-1], token.swapcase(), f"{token}x", f"/{token}", f"%2e/{token}", "a" * 5000]
    paths = [*dict.fromkeys(addresses(sitting)), *(f"{word}/probe" for word in wrong), *wrong]
    for path in paths:
        is_nothing(sitting.client.request(method, f"http://{HOST}/{path}"))


@pytest.mark.parametrize("method", METHODS)
def test_every_route_is_sealed(sitting: Sitting, method: str) -> None:
    for path in dict.fromkeys(addresses(sitting)):
        answer = sitting.client.request(method, f"{sitting.root}/{path}")
        is_sealed(answer, kept=path.startswith(f"{FOLDER}/") and answer.status_code == 200)
        assert answer.status_code < 500, (method, path, answer.text)
        if sitting.session.desk is None:
            sitting.unlock()


def test_every_route_leads_to_the_lock(locked: Sitting) -> None:
    for path in dict.fromkeys(addresses(locked)):
        answer = locked.get(path)
        is_sealed(answer, kept=path.startswith(f"{FOLDER}/"))
        if path.startswith("static/") or path in ("", "locked", "unlock", "lock", "watch", "changed", "drafts/drop"):
            continue
        if path.startswith("found"):
            assert locked.leads_to(answer) == "today"
        elif path.startswith("join") and answer.status_code != 405:
            assert locked.leads_to(answer) in ("today", "locked"), path
        elif answer.status_code != 405:
            assert locked.leads_to(answer) == "locked", path


@pytest.mark.parametrize(
    "path",
    [
        "../vault",
        f"{FOLDER}/../../../vault",
        f"{FOLDER}/%2e%2e/app.py",
        "static/desk.css",
        "static/",
        f"{FOLDER}/desk.css/",
        "%00",
        "a" * 5000,
    ],
)
def test_paths_reach_no_file(sitting: Sitting, path: str) -> None:
    answer = sitting.client.get(f"http://{HOST}{sitting.root}/{path}")
    assert answer.status_code == 404
    assert "waystation vault" not in answer.text
    is_sealed(answer)


def test_only_fixed_files_may_be_kept(sitting: Sitting) -> None:
    page = sitting.get("today").text
    addresses = re.findall(rf'(?:href|src)="{sitting.root}/(static/[^"]+)"', page)
    assert {address.removeprefix(f"{FOLDER}/") for address in addresses} >= {"desk.css", "desk.js", "vendor/fonts.css"}
    for address in addresses:
        answer = sitting.get(address)
        assert answer.content == (STATIC / address.removeprefix(f"{FOLDER}/")).read_bytes()
        is_sealed(answer, kept=True)
    is_sealed(sitting.get(f"{FOLDER}/nothing.css"))


def test_an_error_tells_nothing(sitting: Sitting, caplog: pytest.LogCaptureFixture) -> None:
    answer = sitting.get("probe?fail=1")
    assert answer.status_code == 500
    assert "unforeseen" in answer.text
    is_sealed(answer)
    for secret in ("Zelimkhan", "Roshni", "Traceback", sitting.access.prefix):
        assert secret not in answer.text.replace(sitting.root, "")
        assert secret not in caplog.text
    assert "page_failed ValueError at sitting.py" in caplog.text or "page_failed ValueError" in caplog.text


@pytest.mark.parametrize(
    "wish", ["", "*", "ru", "xx-YY;q=9", "en;q=nan,ru;q=inf", ";;;,,,;q=", "../../etc/passwd", "ru" * 4000, "\xff\xfe"]
)
def test_hostile_languages(sitting: Sitting, wish: str) -> None:
    answer = sitting.client.get(f"{sitting.root}/drafts", headers={"accept-language": wish.encode("latin-1")})
    assert answer.status_code == 200
