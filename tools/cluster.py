"""Makes a machine ready for `make cluster-test`: PostgreSQL, Patroni, etcd and HAProxy from Debian's packages.

Needs root only where one of them is missing; without it, it says what to install. What it installs is not started: the
tests run the programs themselves, on ports and in folders of their own.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PROGRAMS: Final = {"patroni": "patroni", "etcd": "etcd-server", "haproxy": "haproxy", "unshare": "util-linux"}
"""Programs that must be there, and the packages of Debian that bring them."""

POSTGRES: Final = Path("/usr/lib/postgresql")
POLICY: Final = Path("/usr/sbin/policy-rc.d")
"""Debian asks it whether the service of a package may be started on installing."""


def which(program: str) -> str | None:
    """A program's path, the administrator's folders included."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin")


def postgres_folder() -> Path | None:
    """Where the newest PostgreSQL server's programs are; none if there is no server."""
    found = sorted(POSTGRES.glob("*/bin/postgres"), key=lambda at: int(at.parts[-3]))
    return found[-1].parent if found else None


def missing() -> list[str]:
    """Packages of Debian that the cluster needs and this machine does not have."""
    packages = [package for program, package in PROGRAMS.items() if which(program) is None]
    return packages if postgres_folder() else [*packages, "postgresql"]


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """While this lasts, Debian starts no service of what it installs."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def install(packages: list[str]) -> bool:
    """Whether Debian's own installer put them there."""
    if os.geteuid() != 0 or which("apt-get") is None:
        return False
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    with _nothing_starts():
        subprocess.run(["apt-get", "update", "--quiet"], env=environment, check=False)
        return subprocess.run(command, env=environment, check=False).returncode == 0


def main() -> None:
    """Install what is missing, or say what to do."""
    if not sys.platform.startswith("linux"):
        sys.exit("The cluster is tried on Linux only: it needs namespaces, and Debian's Patroni.")
    packages = missing()
    if packages and not (install(packages) and not missing()):
        sys.exit(f"`make cluster-test` needs programs that are not here. As root: apt-get install {' '.join(packages)}")


if __name__ == "__main__":
    main()
