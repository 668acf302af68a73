"""Erasing through the pages: gone at once, brought back until it is destroyed, and then gone for good."""

from pathlib import Path

import pytest
from tests.desk.sitting import PASSPHRASE, Sitting
from tests.ground.seeded import HeldClock, Seeded
from tests.office.kit import accepted
from tests.office.test_erasure import Colleague

from waystation.clock import DAY_MS
from waystation.errors import WrongPassphrase
from waystation.ids import to_text
from waystation.office import intake
from waystation.office.desk import Desk
from waystation.office.founding import unlock
from waystation.views.hidden import hidden
from waystation.views.requests import requests

NEW = "walnut comet drizzle pantry oboe"


def asked(sitting: Sitting) -> tuple[str, str]:
    """A request for help that was taken down: its address and its code name."""
    sitting.unlock()
    desk = sitting.session.desk
    assert desk is not None
    desk.save(intake.take_down(desk, {"story": "Pelikan wrote from a borrowed telephone"}))
    (row,) = requests(desk.reader).rows
    return f"requests/{to_text(row.folder)}", row.code_name


def test_an_erased_request_is_gone_at_once_and_comes_back_when_asked(sitting: Sitting) -> None:
    path, code_name = asked(sitting)
    assert code_name in sitting.get(f"{path}/erase").text
    refused = sitting.post(f"{path}/erase", {"typed_back": "Another Name"})
    assert refused.status_code == 422
    assert code_name in sitting.get("requests").text
    assert sitting.leads_to(sitting.post(f"{path}/erase", {"typed_back": code_name})) == "organisation/hidden"
    assert code_name not in sitting.get("requests").text
    assert sitting.get(path).status_code == 404
    waiting = sitting.get("organisation/hidden").text
    assert code_name not in waiting
    desk = sitting.session.desk
    assert desk is not None
    (one,) = hidden(desk.reader)
    sitting.post(f"organisation/hidden/{to_text(one.folder)}/bring-back")
    assert code_name in sitting.get("requests").text


def test_after_seven_days_unlocking_destroys_it(sitting: Sitting) -> None:
    path, code_name = asked(sitting)
    sitting.post(f"{path}/erase", {"typed_back": code_name})
    desk = sitting.session.desk
    assert desk is not None
    (one,) = hidden(desk.reader)
    before = desk.book.keyring_key
    sitting.session.lock()
    sitting.steady.pass_s(6 * DAY_MS / 1000)
    sitting.unlock()
    desk = sitting.session.desk
    assert desk is not None
    assert desk.book.keyring_key == before
    sitting.session.lock()
    sitting.steady.pass_s(DAY_MS / 1000 + 1)
    sitting.unlock()
    desk = sitting.session.desk
    assert desk is not None
    assert desk.book.keyring_key != before
    assert list(desk.book.changes(folder=one.folder)) == []
    assert hidden(desk.reader) == ()
    report = desk.book.check()
    assert report.unread == 1
    assert sitting.post(f"organisation/hidden/{to_text(one.folder)}/bring-back").status_code == 422


def test_a_second_member_confirms_by_the_name_they_were_told(
    sitting: Sitting, desk: Desk, tmp_path: Path, clock: HeldClock, randomness: Seeded
) -> None:
    colleague = Colleague(desk, tmp_path, clock, randomness)
    folder = accepted(desk, code_name="Juniper Kettle")
    asked_for = sitting.get(f"cases/{to_text(folder)}/erase").text
    assert "a second coordinator must confirm it at their own desk" in asked_for
    colleague.hears()
    colleague.says(folder, "hide")
    listed = sitting.get("organisation/hidden").text
    address = f"organisation/hidden/confirm?folder={to_text(folder)}"
    assert f'href="{sitting.root}/{address}"' in listed
    assert "not destroyed until a second member confirms it" in listed
    assert "Juniper" not in listed + sitting.get(address).text
    refused = sitting.post(address, {"typed_back": "Copper Meadow"})
    assert (refused.status_code, "That is not its code name." in refused.text) == (422, True)
    assert sitting.leads_to(sitting.post(address, {"typed_back": "Juniper Kettle"})) == "organisation/hidden"
    listed = sitting.get("organisation/hidden").text
    assert "destroyed after 24 May 2017, 15:00" in listed
    assert "Backups can hold it until 22 August 2017" in listed
    assert "Nothing waits here for your confirmation." in sitting.get(address).text

    sitting.session.lock()
    sitting.steady.pass_s(7 * DAY_MS / 1000)
    sitting.unlock()
    assert sitting.session.desk is not None
    colleague.desk = sitting.session.desk
    listed = sitting.get("organisation/hidden").text
    assert "One desk still has to, since 24 May 2017, 15:00" in listed
    colleague.hears()
    assert colleague.destroys_due() == [folder]
    colleague.says(folder, "done")
    assert "Erased at every desk" in sitting.get("organisation/hidden").text
    colleague.book.store.close()


def test_the_passphrase_is_changed_by_who_knows_it(sitting: Sitting) -> None:
    sitting.unlock()
    page = "organisation/passphrase"

    def change(old: str, new: str, again: str) -> int:
        answer = sitting.post(page, {"passphrase": old, "passphrase_new": new, "passphrase_again": again})
        assert new not in answer.text
        return answer.status_code

    assert sitting.get(page).status_code == 200
    assert change("not this one at all", NEW, NEW) == 422
    assert change(PASSPHRASE, NEW, NEW + "s") == 422
    assert change(PASSPHRASE, "password1234", "password1234") == 422
    assert change(PASSPHRASE, NEW, NEW) == 303
    sitting.session.lock()
    with pytest.raises(WrongPassphrase):
        unlock(sitting.home, PASSPHRASE, sitting.system)
    unlock(sitting.home, NEW, sitting.system).lock()
