"""A throw-away browser for the desk: what it must remember while it runs is in memory, or gone when it ends.

Guarantees: a fresh profile, in a file system in memory where there is one, removed when the browser ends or the desk
stops; nothing of the person's own browser is read or changed. What a browser may still leave is in `docs/limits.md`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

PROFILE_PREFIX: Final = "waystation-browser-"
PROFILE_BYTES_MIN: Final = 200 * 1024 * 1024
"""A profile takes some 30 MB; a file system in memory with less room than this is not used."""

_STOP_WITHIN_S: Final = 5

BROWSER_FLAGS: Final = (
    "--incognito",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    # Nothing to anyone but the desk.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-client-side-phishing-detection",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--no-service-autorun",
    "--metrics-recording-only",
    "--disable-features=AutofillServerCommunication,InterestFeedContentSuggestions,MediaRouter,OptimizationHints,Translate",
    # Nothing on the disk.
    f"--disk-cache-dir={os.devnull}",
    "--disk-cache-size=1",
    "--media-cache-size=1",
    "--disable-gpu-shader-disk-cache",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-logging",
    "--disable-session-crashed-bubble",
    # A missed check-in rings though nobody has pressed anything on the page.
    "--autoplay-policy=no-user-gesture-required",
    "--password-store=basic",
    "--use-mock-keychain",
)
"""How a browser of Chromium's family is started."""

CHROMIUM_PREFERENCES: Final[Mapping[str, object]] = {
    "alternate_error_pages": {"enabled": False},
    "autofill": {"credit_card_enabled": False, "enabled": False, "profile_enabled": False},
    "browser": {"enable_spellchecking": False, "has_seen_welcome_page": True},
    "credentials_enable_autosignin": False,
    "credentials_enable_service": False,
    "dns_prefetching": {"enabled": False},
    # A backup goes where the person says, not to wherever downloads go.
    "download": {"prompt_for_download": True},
    "net": {"network_prediction_options": 2},
    "profile": {"password_manager_enabled": False},
    "safebrowsing": {"enabled": False},
    "search": {"suggest_enabled": False},
    "spellcheck": {"dictionaries": [], "use_spelling_service": False},
    "translate": {"enabled": False},
}
"""What Chromium's family is told in its profile, for want of a flag."""

FIREFOX_FLAGS: Final = ("--new-instance", "--no-remote", "--private-window")

FIREFOX_PREFERENCES: Final[Mapping[str, object]] = {
    # A missed check-in rings though nobody has pressed anything on the page.
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.cache.disk.enable": False,
    "browser.download.useDownloadDir": False,
    "browser.formfill.enable": False,
    "browser.pagethumbnails.capturing_disabled": True,
    "browser.privatebrowsing.autostart": True,
    "browser.privatebrowsing.forceMediaMemoryCache": True,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.suggest.enabled": False,
    "browser.sessionstore.privacy_level": 2,
    "browser.sessionstore.resume_from_crash": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.urlbar.suggest.searches": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.security.https_first_pbm": False,
    "extensions.formautofill.addresses.enabled": False,
    "extensions.formautofill.creditCards.enabled": False,
    "extensions.update.enabled": False,
    "layout.spellcheckDefault": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "places.history.enabled": False,
    "signon.autofillForms": False,
    "signon.rememberSignons": False,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.unified": False,
}

_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
    "msedge",
    "brave-browser",
    "brave",
    "firefox-esr",
    "firefox",
)

_MAC_APPLICATIONS: Final = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Brave Browser.app/Contents/MacOS/Brave Browser",
    "Firefox.app/Contents/MacOS/firefox",
)

_WINDOWS_PROGRAMS: Final = (
    "Chromium/Application/chrome.exe",
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "BraveSoftware/Brave-Browser/Application/brave.exe",
    "Mozilla Firefox/firefox.exe",
)


@dataclass(slots=True)
class Opened:
    """A running browser and its profile; leaving the `with` block ends the one and removes the other."""

    process: subprocess.Popen[bytes]
    profile: Path

    @property
    def ended(self) -> bool:
        """Whether the person has closed the browser."""
        return self.process.poll() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        remove_profile(self.profile)


def open_at(address: str, program: Path | None = None) -> Opened | None:
    """Opens an address in a throw-away browser.

    Args:
        address: it can be read in the process list, so it must work only once.
        program: the browser; None looks for one.
    Returns: None, if there is none or it does not start; the address is then still unused.
    """
    program = program or find()
    if program is None:
        return None
    profile = new_profile(program)
    try:
        process = subprocess.Popen(  # noqa: S603 -- a browser found at a known place, without a shell
            command(program, profile, address),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment(profile)},
            # Ctrl+C at the terminal is for the desk, which then ends the browser itself.
            start_new_session=os.name == "posix",
        )
    except OSError:
        remove_profile(profile)
        return None
    return Opened(process, profile)


def find() -> Path | None:
    """The first browser that this machine has, of those that can be started with a profile of their own."""
    return next(_installed(), None)


def command(program: Path, profile: Path, address: str) -> list[str]:
    """The command line that opens an address in a profile."""
    if _is_firefox(program):
        return [str(program), "--profile", str(profile), *FIREFOX_FLAGS, address]
    return [str(program), f"--user-data-dir={profile}", *BROWSER_FLAGS, address]


def environment(profile: Path) -> dict[str, str]:
    """What a browser is given beside its command line: what is left of a crash stays in the profile, or is not made."""
    return {"BREAKPAD_DUMP_LOCATION": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"}


def new_profile(program: Path) -> Path:
    """A fresh folder with the preferences in it that flags cannot set; readable by this user only."""
    profile = Path(tempfile.mkdtemp(prefix=PROFILE_PREFIX, dir=_memory(program)))
    if _is_firefox(program):
        lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in FIREFOX_PREFERENCES.items())
        (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    else:
        (profile / "Default").mkdir()
        preferences = json.dumps(CHROMIUM_PREFERENCES)
        (profile / "Default" / "Preferences").write_text(preferences, encoding="utf-8")
    return profile


def remove_profile(profile: Path) -> None:
    """Removes a profile. A browser that is just ending may still write into it, so it is tried again."""
    for _ in range(5):
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            return


def _installed() -> Iterator[Path]:
    candidates: Iterable[Path] = ()
    if sys.platform == "darwin":
        roots = (Path("/Applications"), Path.home() / "Applications")
        candidates = (root / name for name in _MAC_APPLICATIONS for root in roots)
    elif sys.platform == "win32":
        variables = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        roots = tuple(Path(os.environ[name]) for name in variables if os.environ.get(name))
        candidates = (root / name for name in _WINDOWS_PROGRAMS for root in roots)
    yield from (path for path in candidates if path.is_file())
    yield from (Path(found) for name in _NAMES if (found := shutil.which(name)))


def _is_firefox(program: Path) -> bool:
    return "firefox" in program.name.lower()


def _memory(program: Path) -> Path | None:
    """Where the profile goes: a file system in memory, else None for the usual place of temporary files."""
    candidates: list[Path] = []
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        # A browser that came as a snap sees only its own part of that folder.
        is_snap = "snap" in program.resolve().parts or "snap" in program.parts
        candidates.append(Path(runtime) / f"snap.{program.name}" if is_snap else Path(runtime))
    if sys.platform == "linux":
        candidates.append(Path("/dev/shm"))  # noqa: S108 -- memory, in which the profile is a private folder
    for folder in candidates:
        if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= PROFILE_BYTES_MIN:
            return folder
    return None
