"""The shipped configurations of nginx and Caddy, running: only ports, folders and certificates are the test's."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.relay_deploy.relays import NAME

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RELAY = "127.0.0.1:8470"
PACKAGES = {"nginx": "nginx-light", "caddy": "caddy", "tor": "tor", "haproxy": "haproxy", "systemd-analyze": "systemd"}


def program(name: str) -> str:
    """Path of a program; where it is missing, the test says so and is passed over."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not here: apt-get install {PACKAGES[name]}")
    return found


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Text with each of these replaced; each must be there."""
    for old, new in pairs:
        assert old in text, f"the shipped file no longer says {old}"
        text = text.replace(old, new)
    return text


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Front:
    """A proxy that stands before a relay.

    Args:
        url: where it is reached. authority: the name that desks call. trust: what a desk trusts it by.
        written: everything that it may write into.
    """

    url: str
    authority: str
    trust: ssl.SSLContext
    written: Path


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of the relay's name that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, private


def nginx(folder: Path, port: int, relay: str) -> list[str]:
    """nginx's command, in this folder, on this port of loopback."""
    cert, key = certificate(folder)
    own = replaced(
        (DEPLOY / "nginx" / "waystation-relay.conf").read_text(),
        (RELAY, relay),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("/etc/letsencrypt/live/relay.example.org/fullchain.pem", str(cert)),
        ("/etc/letsencrypt/live/relay.example.org/privkey.pem", str(key)),
        ("/var/log/nginx/error.log", str(folder / "error.log")),
    )
    (folder / "waystation-relay.conf").write_text(own)
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} pid {folder / 'nginx.pid'}; error_log {folder / 'main.log'} emerg; events {{}}\n"
        f"http {{ {temporary} access_log {folder / 'access.log'}; include {folder / 'waystation-relay.conf'}; }}\n"
    )
    return [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "main.log")]


def caddy(folder: Path, port: int, relay: str) -> list[str]:
    """Caddy's command, likewise."""
    cert, key = certificate(folder)
    own = replaced(
        (DEPLOY / "caddy" / "Caddyfile").read_text(),
        (RELAY, relay),
        ("\nrelay.example.org {", f"\nrelay.example.org:{port} {{\n\tbind 127.0.0.1\n\ttls {cert} {key}"),
        ("admin off", f"admin off\n\thttp_port {free_port()}"),
    )
    (folder / "Caddyfile").write_text(own)
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def front(kind: str, folder: Path, relay: str, port: int | None = None) -> Iterator[Front]:
    """A running proxy before the relay at this address."""
    port = port or free_port()
    if kind == "nginx":
        command = [*nginx(folder, port, relay), "-g", "daemon off;"]
    else:
        command = caddy(folder, port, relay)
    trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    environment = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "PATH": os.environ["PATH"]}
    with (folder / "printed.log").open("wb") as printed:
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=printed)
    try:
        began = time.monotonic()
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert process.poll() is None, (folder / "printed.log").read_text()
            assert time.monotonic() - began < 20, "the proxy does not come up"
            time.sleep(0.05)
        yield Front(f"https://127.0.0.1:{port}", f"{NAME}:{port}", trust, folder)
    finally:
        process.terminate()
        process.wait(20)
