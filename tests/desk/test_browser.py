"""The throw-away browser: its command line, its profile, its end."""

import json
import os
import time
from pathlib import Path

import pytest

from waystation.desk import browser

ADDRESS = "http://127.0.0.1:40404/one-time"


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for profiles."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def wait_until_ended(opened: browser.Opened) -> None:
    for _ in range(100):
        if opened.ended:
            return
        time.sleep(0.05)
    raise AssertionError("the browser did not end")


def test_chromium_is_told_to_remember_nothing(runtime: Path) -> None:
    chromium = Path("/usr/bin/chromium")
    profile = browser.new_profile(chromium)
    assert profile.parent == runtime
    assert profile.stat().st_mode & 0o077 == 0
    line = browser.command(chromium, profile, ADDRESS)
    assert line[0] == str(chromium)
    assert line[-1] == ADDRESS
    assert f"--user-data-dir={profile}" in line
    for flag in (
        "--incognito",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-sync",
        "--disable-breakpad",
    ):
        assert flag in line
    assert f"--disk-cache-dir={os.devnull}" in line
    preferences = json.loads((profile / "Default" / "Preferences").read_text())
    assert preferences["credentials_enable_service"] is False
    assert preferences["autofill"]["profile_enabled"] is False
    assert preferences["spellcheck"]["use_spelling_service"] is False


def test_firefox_is_told_to_remember_nothing(runtime: Path) -> None:
    firefox = Path("/usr/bin/firefox-esr")
    profile = browser.new_profile(firefox)
    line = browser.command(firefox, profile, ADDRESS)
    assert line == [str(firefox), "--profile", str(profile), *browser.FIREFOX_FLAGS, ADDRESS]
    preferences = (profile / "user.js").read_text()
    assert 'user_pref("browser.cache.disk.enable", false);' in preferences
    assert 'user_pref("signon.rememberSignons", false);' in preferences
    assert 'user_pref("browser.sessionstore.privacy_level", 2);' in preferences


def test_the_profile_goes_when_the_desk_stops(runtime: Path, tmp_path: Path) -> None:
    chromium = program(tmp_path, "chromium", 'echo "$@" > "$0.line"; exec sleep 60')
    opened = browser.open_at(ADDRESS, chromium)
    assert opened is not None
    with opened:
        assert not opened.ended
        assert list(runtime.iterdir()) == [opened.profile]
    assert opened.ended
    assert list(runtime.iterdir()) == []


def test_the_profile_goes_when_the_browser_ends(runtime: Path, tmp_path: Path) -> None:
    opened = browser.open_at(ADDRESS, program(tmp_path, "chromium", "exit 0"))
    assert opened is not None
    with opened:
        wait_until_ended(opened)
    assert list(runtime.iterdir()) == []


def test_a_browser_that_does_not_start(runtime: Path, tmp_path: Path) -> None:
    assert browser.open_at(ADDRESS, tmp_path / "missing") is None
    assert list(runtime.iterdir()) == []


def test_a_machine_without_a_browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find() is None
    assert browser.open_at(ADDRESS) is None
    program(tmp_path, "firefox", "")
    chrome = program(tmp_path, "google-chrome", "")
    assert browser.find() == chrome


def test_a_snap_gets_a_folder_that_it_can_see(runtime: Path) -> None:
    (runtime / "snap.chromium").mkdir()
    assert browser.new_profile(Path("/snap/bin/chromium")).parent == runtime / "snap.chromium"


def test_a_small_memory_is_not_filled(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PROFILE_BYTES_MIN", 2**60)
    profile = browser.new_profile(Path("chromium"))
    assert profile.parent not in (runtime, Path("/dev/shm"))
    browser.remove_profile(profile)
    assert not profile.exists()
