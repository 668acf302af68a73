"""Today, duty and the organisation through the application: pressed, redirected, told; without a browser."""

import re
from html import unescape

import pyrage
import pytest
from tests.desk.sitting import Sitting
from tests.office.kit import accepted, added, at, done

from waystation.clock import DAY_MS, HOUR_MS
from waystation.desk.i18n import language
from waystation.desk.localtime import clocks
from waystation.ids import FolderType, to_text
from waystation.office import duty
from waystation.office.casework import amend
from waystation.office.desk import Desk
from waystation.views.organisation import last_backup, last_drill

ZONE = "Europe/Vilnius"


@pytest.fixture
def desk(sitting: Sitting) -> Desk:
    sitting.unlock()
    desk = sitting.session.desk
    assert desk is not None
    return desk


def words_of(page: str) -> str:
    """What a page says, on one line."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def test_a_new_book_says_what_to_do_first(sitting: Sitting, desk: Desk) -> None:
    told = words_of(sitting.get("today").text)
    assert "Three steps" in told
    assert [told.index(step) for step in ("Put someone on duty", "Make the first backup", "first request")] == sorted(
        told.index(step) for step in ("Put someone on duty", "Make the first backup", "first request")
    )
    sitting.post("duty/hand-over", {"member": to_text(desk.member), "back": "today"})
    assert "Ada is on duty now, until 08:00" in words_of(sitting.get("today").text)


def test_a_check_in_is_noted_in_one_press(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    added(desk, folder, "check_in", due=at(desk, 0.25))
    record = added(desk, folder, "check_in", due=at(desk, 1.25))
    name = str(desk.tables.shown(folder, "case", folder)["code_name"])
    sitting.steady.pass_s(2)
    page = sitting.get("today").text
    first = re.search(rf'action="[^"]*/(today/well/{to_text(folder)}/\w+)"', page)
    assert first is not None
    answer = sitting.post(first[1])
    assert sitting.leads_to(answer) == "today"
    told = words_of(sitting.get("today").text)
    assert f"{name}: heard from, and well. The next check-in: 18 May 2017, 21:00." in told
    answer = sitting.post(f"today/well/{to_text(folder)}/{to_text(record)}?of=mine")
    assert sitting.leads_to(answer) == "today?of=mine"
    assert "The next check-in: 19 May 2017, 21:00." in words_of(sitting.get("today?of=mine").text)


def test_without_a_rhythm_it_asks_for_the_next_one(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    record = added(desk, folder, "check_in", due=at(desk, 0.25))
    where = sitting.leads_to(sitting.post(f"today/well/{to_text(folder)}/{to_text(record)}"))
    assert where.endswith("#next-one")
    asks = words_of(sitting.get(where.partition("#")[0]).text)
    assert "Tomorrow, 21:00" in asks
    named = f"today/next/{to_text(folder)}/{to_text(record)}"
    assert sitting.leads_to(sitting.post(named, {"after": "1"})) == "today"
    told = words_of(sitting.get("today").text)
    assert "the next check-in is 18 May 2017, 21:00." in told
    sitting.post(named, {"after": "7"})
    assert "is planned already" in words_of(sitting.get("today").text)
    assert "next-one" not in sitting.get(where.partition("#")[0]).text
    assert sitting.leads_to(sitting.post(named, {"after": "a year"})) == "today"


def test_a_check_in_is_not_noted_twice(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    record = added(desk, folder, "check_in", due=at(desk, 0.25))
    path = f"today/well/{to_text(folder)}/{to_text(record)}"
    sitting.post(path)
    assert sitting.leads_to(sitting.post(path)) == "today"
    assert "was noted already" in words_of(sitting.get("today").text)
    assert sitting.get("today?next=x.y").status_code == 200
    assert sitting.get(f"today?next={to_text(folder)}.{to_text(desk.member)}").status_code == 200


def test_a_missed_one_offers_the_alarm_and_a_coming_one_does_not(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    record = added(desk, folder, "check_in", due=at(desk, 0.01))
    assert "Something is wrong" in words_of(sitting.get("today").text)
    assert "Raise the alarm" not in words_of(sitting.get("today").text)
    sitting.steady.pass_s(DAY_MS * 0.02 / 1000)
    sitting.unlock()
    page = sitting.get("today").text
    assert "No sign of life" in words_of(page)
    assert f"cases/{to_text(folder)}/alarm" in page
    assert f"cases/{to_text(folder)}/check_in/{to_text(record)}/note" in page


def test_their_clock_and_ours() -> None:
    english = language("en")
    noon = 1_495_022_400_000
    there = clocks("Asia/Vladivostok", noon, ZONE, english)
    assert there is not None
    assert (there.text, there.note, there.night) == ("22:00 there · 15:00 here", "it is night there", True)
    same = clocks("Europe/Kyiv", noon, ZONE, english)
    assert same is not None
    assert (same.text, same.note) == ("15:00 there and here", "")
    assert [clocks(zone, noon, ZONE, english) for zone in ("", "Europe/Nowhere")] == [None, None]
    for hour, night in ((6, True), (7, False), (21, False), (22, True)):
        told = clocks("UTC", noon + (hour - 12) * HOUR_MS, ZONE, english)
        assert told is not None
        assert told.night is night


def test_it_stands_on_the_row(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    done(desk, amend(desk, folder, "case", folder, {"time_zone": "Asia/Vladivostok"}))
    assert "22:00 there · 15:00 here it is night there" in words_of(sitting.get("today").text)


def test_only_mine(sitting: Sitting, desk: Desk) -> None:
    other = added(desk, desk.folder(FolderType.OFFICE), "member", display_name="Rook")
    mine, theirs = accepted(desk), accepted(desk, caseworker=other)
    added(desk, theirs, "check_in", due=at(desk, 0.01))
    sitting.steady.pass_s(DAY_MS * 0.02 / 1000)
    sitting.unlock()
    page = sitting.get("today?of=mine").text
    assert f"cases/{to_text(mine)}" in page
    assert f"cases/{to_text(theirs)}/alarm" not in page
    assert "One more check-in was missed, of somebody whom others work with" in words_of(page)


def test_duty_is_planned_and_handed_over_from_the_page(sitting: Sitting, desk: Desk) -> None:
    accepted(desk)
    other = to_text(added(desk, desk.folder(FolderType.OFFICE), "member", display_name="Rook"))
    assert "Nobody is on duty tonight." in words_of(sitting.get("today").text)
    answer = sitting.post("duty", {"member": to_text(desk.member), "night": "2017-05-17"})
    assert sitting.leads_to(answer) == "duty"
    today = sitting.get("today").text
    assert "Ada is on duty from 20:00 to 08:00 on Thursday" in words_of(today)
    record = re.search(r'name="duty" value="(\w+)"', today)
    assert record is not None
    sitting.post("duty/hand-over", {"member": other, "duty": record[1], "back": "today"})
    assert "Rook is on duty from 20:00" in words_of(sitting.get("today").text)
    refused = sitting.post("duty", {"member": other})
    assert refused.status_code == 422
    assert "Choose at least one night." in words_of(refused.text)
    assert sitting.post("duty", {"member": "nobody", "night": "2017-05-19"}).status_code == 422
    sitting.post("duty/hand-over", {"member": other, "duty": to_text(desk.member)})
    assert "over, or was changed meanwhile" in words_of(sitting.get("duty").text)


def test_a_night_that_two_people_share_is_told(sitting: Sitting, desk: Desk) -> None:
    other = added(desk, desk.folder(FolderType.OFFICE), "member", display_name="Rook")
    done(desk, duty.plan_nights(desk, desk.member, ["2017-05-18"]))
    assert "at once" not in words_of(sitting.get("duty").text)
    done(desk, duty.plan_nights(desk, other, ["2017-05-18"]))
    told = words_of(sitting.get("duty").text)
    assert "Two people are on duty at once: Thu 18 May to Fri 19 May." in told
    assert "13 nights have hours for which nobody is on duty." in told


def test_the_history_is_filtered_and_leads_to_the_record(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    note = added(desk, folder, "note", body="Zelimkhan slept.")
    page = sitting.get(f"organisation/history?member={to_text(desk.member)}&kind=note&from=2017-05-17").text
    assert f"cases/{to_text(folder)}/note/{to_text(note)}" in page
    assert "Zelimkhan" not in page
    assert page.count("<tr data-row") == 1
    assert "Nothing of that kind" in words_of(sitting.get("organisation/history?until=2017-05-16").text)
    assert sitting.get("organisation/history?member=%00&kind=x&from=never&until=0").status_code == 200
    assert sitting.get("organisation/history?after=zz").status_code == 422
    assert sitting.get("organisation/reveals?kind=person").status_code == 200


def test_the_organisation_tells_of_its_desk_keys_and_book(sitting: Sitting, desk: Desk) -> None:
    page = sitting.get("organisation").text
    words = re.findall(r'<p class="spoken"[^>]*>([^<]+)</p>', page)
    assert [len(one.split()) for one in words] == [12, 12]
    assert words[0] != words[1]
    told = words_of(page)
    for said in ("Root key", "Recovery key", "Members, desks and invitations", "never noted"):
        assert said in told


def test_a_backup_is_handed_over_encrypted_and_nothing_is_left(sitting: Sitting, desk: Desk) -> None:
    assert last_backup(desk.reader) is None
    answer = sitting.post("organisation/backup")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="waystation-2017-05-17.age"'
    content = answer.content
    assert content.startswith(b"age-encryption.org/v1\n")
    assert len(content) == int(answer.headers["content-length"])
    assert last_backup(desk.reader) == desk.now_ms()
    assert list(desk.home.folder.glob("outgoing-*")) == []
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(content, [pyrage.x25519.Identity.generate()])


def test_a_trial_is_noted(sitting: Sitting, desk: Desk) -> None:
    assert sitting.leads_to(sitting.post("organisation/backup/drilled")) == "organisation/backup"
    assert last_drill(desk.reader) == desk.now_ms()
    assert "last restored for trial 17 May 2017" in words_of(sitting.get("organisation/backup").text)
