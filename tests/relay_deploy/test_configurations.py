"""The shipped configurations, each checked by the program that it is for; one that is not here is named."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from tests.relay_deploy.fronts import DEPLOY, RELAY, Front, caddy, free_port, front, nginx, program, replaced
from tests.relay_deploy.relays import NAME

EXPOSURE_MAX = 1.5
"""Of systemd's scale from 0 to 10; 2 and less is what it calls OK."""


def run(*command: str, cwd: Path | None = None) -> str:
    """What a program printed; it must have succeeded."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    assert "warn" not in run(*nginx(tmp_path, free_port(), RELAY), "-t")


def test_caddy_takes_its_configuration(tmp_path: Path) -> None:
    _, _, *options = caddy(tmp_path, free_port(), RELAY)
    run(program("caddy"), "validate", *options)
    run(program("caddy"), "adapt", "--adapter", "caddyfile", "--config", str(DEPLOY / "caddy" / "Caddyfile"))
    assert (
        run(program("caddy"), "fmt", str(DEPLOY / "caddy" / "Caddyfile"))
        == (DEPLOY / "caddy" / "Caddyfile").read_text()
    ), "`caddy fmt` would write it otherwise"


def test_tor_takes_its_configuration(tmp_path: Path) -> None:
    torrc = tmp_path / "torrc"
    service = tmp_path / "service"
    service.mkdir(mode=0o700)
    shipped = (DEPLOY / "tor" / "torrc").read_text()
    torrc.write_text(replaced(shipped, ("/var/lib/tor/waystation\n", f"{service}\n")))
    said = run(program("tor"), "--verify-config", "--DataDirectory", str(tmp_path / "data"), "-f", str(torrc))
    assert "Configuration was valid" in said
    warnings = [line for line in said.splitlines() if "[warn]" in line and "as root" not in line]
    assert not warnings


def test_haproxy_takes_its_configuration() -> None:
    run(program("haproxy"), "-c", "-f", str(DEPLOY / "cluster" / "haproxy.cfg"))


def test_systemd_takes_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    unit = tmp_path / "waystation-relay.service"
    shipped = (DEPLOY / "systemd" / "waystation-relay.service").read_text()
    unit.write_text(replaced(shipped, ("/opt/waystation/bin/waystation", "/bin/true")))
    analyze = program("systemd-analyze")
    said = run(analyze, "verify", "--man=no", str(unit))
    assert unit.name not in said, said
    judged = run(analyze, "security", "--offline=yes", "--no-pager", str(unit))
    level = re.search(r"exposure level for .*: ([0-9.]+)", judged)
    assert level is not None
    assert float(level[1]) <= EXPOSURE_MAX, judged


def test_a_primary_is_given_up_only_after_it_has_given_itself_up() -> None:
    settings = dict(
        re.findall(r"^ +(ttl|loop_wait|retry_timeout): (\d+)$", (DEPLOY / "cluster/patroni.yml").read_text(), re.M)
    )
    assert int(settings["loop_wait"]) + 2 * int(settings["retry_timeout"]) <= int(settings["ttl"])


@pytest.fixture(params=["nginx", "caddy"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Listener(BaseHTTPRequestHandler):
    """Stands in the relay's place and keeps what arrives."""

    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def listening(kind: str, tmp_path: Path) -> Iterator[tuple[Front, list[tuple[str, dict[str, str], bytes]]]]:
    """A proxy, and what it passes on."""
    heard: list[tuple[str, dict[str, str], bytes]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Keeps", (Listener,), {"heard": heard}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with front(kind, tmp_path, f"127.0.0.1:{server.server_port}") as before:
            yield before, heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_proxy_passes_on_what_was_signed_and_not_who_calls(
    listening: tuple[Front, list[tuple[str, dict[str, str], bytes]]],
) -> None:
    before, heard = listening
    signed = {"signature-input": 'ws=("@method")', "signature": "ws=:AAAA:", "content-digest": "sha-256=:AAAA:"}
    sent = {"Host": before.authority, "X-Forwarded-For": "203.0.113.7", "X-Real-IP": "203.0.113.7"}
    sent["Forwarded"] = "for=203.0.113.7"
    with httpx2.Client(verify=before.trust, trust_env=False) as client:
        answer = client.post(
            f"{before.url}/v1/%61b//c?after=0&x=%2F%20",
            content=b"sealed",
            headers=signed | sent,
            extensions={"sni_hostname": NAME},
        )
    assert answer.status_code == 200
    ((path, headers, body),) = heard
    assert body == b"sealed"
    assert headers["host"] == before.authority
    assert {name: headers[name] for name in signed} == signed
    assert not {"x-forwarded-for", "x-real-ip", "forwarded", "x-forwarded-host", "via"} & set(headers)
    assert "203.0.113.7" not in str(headers)
    assert path == "/v1/%61b//c?after=0&x=%2F%20"


def test_a_proxy_writes_nothing_of_a_request(kind: str, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with (
            front(kind, tmp_path, f"127.0.0.1:{nobody.getsockname()[1]}") as before,
            httpx2.Client(verify=before.trust, trust_env=False, base_url=before.url) as client,
        ):
            named = {"Host": before.authority}
            known = {"sni_hostname": NAME}
            path = "/v1/c0ffee/entries"
            assert client.post(path, content=b"x", headers=named, extensions=known).status_code == 502
            large = client.post(path, content=bytes(12 << 20), headers=named, extensions=known)
            assert large.status_code in (413, 502)
            assert client.get("/metrics", headers=named, extensions=known).status_code == 404
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.suffix in (".log", ".json"):
            assert b"c0ffee" not in file.read_bytes(), file.name
            assert b"remote" not in file.read_bytes(), file.name
            assert b"client" not in file.read_bytes(), file.name
