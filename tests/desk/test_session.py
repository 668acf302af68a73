"""Locked and unlocked: time, sleep, passphrases, and what was typed in between."""

import gc
import os
import resource
import weakref
from pathlib import Path

import pytest
from tests.desk.sitting import PASSPHRASE, Sitting, folder_of

from waystation.desk.pages import lock
from waystation.errors import InUse
from waystation.office import drafts
from waystation.office.founding import unlock

STORY = "He waits at the bus station in Урус-Мартан"


def open_files() -> set[str]:
    """Names of the files that this process holds open."""
    names = set()
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            names.add(os.readlink(f"/proc/self/fd/{descriptor}"))
        except FileNotFoundError:
            continue
    return names


def is_forgotten(sitting: Sitting) -> None:
    """The book is closed, and a page gives the lock screen."""
    assert sitting.leads_to(sitting.get("probe")) == "locked"
    assert sitting.session.desk is None
    assert not any(str(sitting.home.folder) in name for name in open_files())
    assert "The desk is locked" in sitting.get("locked").text


def test_idle_time_locks(sitting: Sitting) -> None:
    for _ in range(30):
        sitting.steady.pass_s(19)
        assert sitting.get("watch").headers.get("hx-redirect") is None
    sitting.steady.pass_s(29)
    sitting.session.look()
    sitting.steady.pass_s(2)
    sitting.session.look()
    is_forgotten(sitting)
    assert sitting.get("watch").headers["hx-redirect"] == f"{sitting.root}/locked"


def test_a_page_keeps_it_open(sitting: Sitting) -> None:
    for _ in range(100):
        sitting.steady.pass_s(20)
        assert sitting.get("probe").status_code == 200


def test_sleep_locks_where_the_steady_clock_stands_still(sitting: Sitting) -> None:
    assert sitting.get("probe").status_code == 200
    sitting.steady.wall.at_ms += 60_000
    is_forgotten(sitting)


def test_sleep_locks_where_the_steady_clock_goes_on(sitting: Sitting) -> None:
    assert sitting.get("probe").status_code == 200
    sitting.steady.pass_s(40)
    is_forgotten(sitting)


def test_a_clock_that_is_set_back_locks(sitting: Sitting) -> None:
    assert sitting.get("probe").status_code == 200
    sitting.steady.wall.at_ms -= 3_600_000
    is_forgotten(sitting)


def test_the_button_locks_and_nothing_holds_the_keys(sitting: Sitting) -> None:
    desk = sitting.session.desk
    assert desk is not None
    held = [weakref.ref(thing) for thing in (desk, desk.vault, desk.book)]
    del desk
    answer = sitting.post("lock")
    assert sitting.leads_to(answer) == "locked"
    assert "storage" in answer.headers["clear-site-data"]
    is_forgotten(sitting)
    gc.collect()
    assert [thing() for thing in held] == [None] * len(held)


def test_wrong_passphrase(locked: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(lock, "sleep", sleep)
    for _ in range(3):
        answer = locked.unlock("another orbit sundew canvas mirror")
        assert answer.status_code == 422
        assert "does not open this desk" in answer.text
        assert "another orbit" not in answer.text
    assert locked.session.desk is None
    assert locked.leads_to(locked.unlock()) == "today"
    assert waited == [0, 1, 2, 4]
    assert lock.wait_s(50) == lock.SLOWEST_S


def test_unlocking_leads_back(locked: Sitting) -> None:
    assert locked.leads_to(locked.get("probe?after=12")) == "locked"
    assert locked.leads_to(locked.unlock()) == "probe?after=12"


@pytest.mark.parametrize("path", ["//attacker.example", "lock", "unlock", "nowhere/at/all"])
def test_unlocking_leads_nowhere_else(locked: Sitting, path: str) -> None:
    locked.post(path.strip("/"), {"form_address": f"http://attacker.example/{path}"})
    assert locked.leads_to(locked.unlock()) in ("today", "drafts?draft=1", "?draft=1")


def test_a_form_that_meets_a_locked_desk_comes_back(sitting: Sitting) -> None:
    sitting.session.lock()
    assert sitting.leads_to(sitting.post("probe", {"story": STORY, "seen.story": ""})) == "locked"
    (sealed,) = sitting.home.folder.glob("draft-*")
    for form in (STORY.encode(), b"bus station", b"story"):
        assert form not in sealed.read_bytes()
    assert sitting.leads_to(sitting.unlock()) == "probe?draft=1"
    assert not list(sitting.home.folder.glob("draft-*"))
    desk = sitting.session.desk
    assert desk is not None
    draft = drafts.find(desk, "probe")
    assert draft is not None
    assert draft.inputs == (("story", STORY), ("seen.story", ""))
    assert "It is not saved yet." in sitting.get("drafts").text
    assert sitting.leads_to(sitting.post("probe", {"story": STORY})) == "probe?files=0&bytes=0"
    assert drafts.find(desk, "probe") is None


def test_drafts_are_kept_while_typing(sitting: Sitting) -> None:
    typing = {"hx-current-url": f"http://{sitting.client.base_url.netloc.decode()}{sitting.root}/probe?draft=1"}
    assert sitting.post("drafts", {"story": STORY[:5]}, headers=typing).status_code == 204
    assert sitting.post("drafts", {"story": STORY}, headers=typing).status_code == 204
    sitting.session.lock()
    answer = sitting.post("drafts", {"story": STORY + "!"}, headers=typing)
    assert answer.headers["hx-redirect"] == f"{sitting.root}/locked"
    sitting.post("drafts", {"story": STORY + "!!"}, headers=typing)
    assert len(list(sitting.home.folder.glob("draft-*"))) == 1
    sitting.unlock()
    desk = sitting.session.desk
    assert desk is not None
    assert [draft.inputs for draft in drafts.kept(desk)] == [(("story", STORY + "!!"),)]
    page = sitting.get("drafts").text
    assert STORY not in page
    assert f"{sitting.root}/probe?draft=1" in page
    sitting.post("drafts/drop", {"draft": "probe"})
    assert drafts.kept(desk) == []


def test_an_echo_brings_no_saved_draft_back(sitting: Sitting) -> None:
    sitting.post("probe", {"story": STORY})
    sitting.post("drafts", {"story": STORY, "form_address": f"{sitting.root}/probe"})
    desk = sitting.session.desk
    assert desk is not None
    assert drafts.kept(desk) == []
    sitting.steady.pass_s(5)
    sitting.post("drafts", {"story": STORY, "form_address": f"{sitting.root}/probe"})
    assert len(drafts.kept(desk)) == 1


def test_a_form_that_fails_is_kept(sitting: Sitting, caplog: pytest.LogCaptureFixture) -> None:
    answer = sitting.post("probe", {"story": STORY, "fail": "1"})
    assert answer.status_code == 500
    assert "kept as a draft" in answer.text
    assert f"{sitting.root}/probe?draft=1" in answer.text
    assert STORY not in answer.text + caplog.text


def test_a_draft_of_another_desk_is_left_alone(sitting: Sitting) -> None:
    stranger = sitting.home.folder / f"draft-{'0' * 32}"
    stranger.write_bytes(b"\x01" + bytes(2000))
    sitting.session.lock()
    assert sitting.leads_to(sitting.unlock()) == "today"
    assert stranger.exists()


def test_a_full_disk_shows_what_was_typed(sitting: Sitting) -> None:
    sitting.session.lock()
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
    try:
        answer = sitting.post("probe", {"story": STORY})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    assert answer.status_code == 507
    assert STORY in answer.text
    assert not list(sitting.home.folder.glob("draft-*"))


def test_a_passphrase_is_never_kept(sitting: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    sitting.post("drafts", {"old_passphrase": PASSPHRASE, "story": STORY, "form_address": "probe"})
    desk = sitting.session.desk
    assert desk is not None
    assert [draft.inputs for draft in drafts.kept(desk)] == [(("story", STORY), ("form_address", "probe"))]
    sitting.session.lock()
    (sitting.home.folder / "vault").write_bytes(b"damaged")
    answer = sitting.unlock()
    assert answer.status_code == 422
    assert "no vault of Waystation" in answer.text
    monkeypatch.setattr("waystation.office.founding.unlock", lambda *_: 1 / 0)
    failed = sitting.unlock()
    assert failed.status_code == 500
    assert PASSPHRASE not in answer.text + failed.text
    sitting.post("probe", {"passphrase": PASSPHRASE})
    sitting.post("drafts", {"old_passphrase": PASSPHRASE, "form_address": "probe"})
    assert not list(sitting.home.folder.glob("draft-*"))


def test_one_desk_at_a_time(sitting: Sitting, tmp_path: Path) -> None:
    with pytest.raises(InUse):
        unlock(folder_of(tmp_path), PASSPHRASE, sitting.system)
