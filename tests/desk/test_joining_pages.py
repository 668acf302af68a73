"""Joining and leaving at the pages: words on both screens, one who waits may lock, a removed desk says so."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.desk.sitting import PASSPHRASE, Sitting, sit_down
from tests.ground.seeded import HeldClock, Seeded
from tests.office.house import House
from tests.office.kit import accepted

from waystation.ids import to_text
from waystation.office import inviting, joining, membership
from waystation.vault import new_kdf


@dataclass
class Both:
    """A coordinator's desk and a newcomer's, at their pages."""

    house: House
    ann: Sitting
    new: Sitting

    def exchange(self) -> None:
        """The coordinator's desk and the relay have spoken to each other."""
        self.house.ann.round(2)

    def invited(self, **form: object) -> tuple[str, str]:
        """Address and text of an invitation."""
        answer = self.ann.post("organisation/members/invite", {"display_name": "Ben", "days": "3", **form})
        path = self.ann.leads_to(answer)
        (text,) = re.findall(r">(waystation-\w+)<", self.ann.get(path).text)
        self.exchange()
        return path, text

    def asked(self, text: str) -> list[str]:
        """The newcomer's words."""
        form = {"invitation": text, "passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
        assert self.new.leads_to(self.new.post("join", form)) == "join/waiting"
        return words_on(self.new)


@pytest.fixture
def both(tmp_path: Path, clock: HeldClock, randomness: Seeded, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    monkeypatch.setattr(joining, "new_kdf", lambda random: new_kdf(random, memory_kib=64, passes=1, lanes=1))
    # What runs by itself in the program is called by the tests, in their order.
    monkeypatch.setattr("waystation.office.rounds.Rounds.start", lambda self: None)
    monkeypatch.setattr("waystation.office.rounds.Rounds.stop", lambda self: None)
    house = House(tmp_path, clock, randomness)
    with (
        sit_down(house.ann.desk.home, clock, house.system) as ann,
        sit_down(house.home("new"), clock, house.system) as new,
    ):
        ann.session.open(house.ann.desk)
        yield Both(house, ann, new)


def words_on(sitting: Sitting, path: str = "join/waiting") -> list[str]:
    (words,) = re.findall(r'class="spoken spoken-large"[^>]*>([a-z ]+)<', sitting.get(path).text)
    return words.split()


def said(sitting: Sitting, path: str) -> str:
    return html.unescape(sitting.get(path).text)


def test_invite_compare_admit(both: Both) -> None:
    assert 'href="/' in both.new.get("found").text
    assert "Join with an invitation" in both.new.get("found").text
    path, text = both.invited(roles=["caseworker"])
    theirs = both.asked(text)
    both.exchange()
    page = said(both.ann, "organisation/members")
    assert "Compare the words" in page
    assert words_on(both.ann, path) == theirs
    assert len(theirs) == 6
    both.new.post("join/waiting")
    assert "Nobody has admitted this desk yet." in said(both.new, "join/waiting")
    assert both.ann.leads_to(both.ann.post(f"{path}/admit")) == "organisation/members"
    both.exchange()
    both.new.post("join/waiting")
    assert both.new.leads_to(both.new.get("join/waiting")) == "today"
    assert "This desk is admitted" in said(both.new, "today")
    assert "Without a name yet" in said(both.new, "organisation/members")
    assert both.new.session.rounds is not None
    both.new.session.rounds.syncing.round()
    assert "Ben" in said(both.new, "organisation/members")
    assert both.new.session.desk is not None
    assert both.new.session.desk.roles == {"caseworker"}


def test_whoever_waits_may_lock_and_come_back(both: Both) -> None:
    _, text = both.invited(roles=["finance"])
    words = both.asked(text)
    both.new.session.lock()
    assert both.new.session.newcomer is None
    assert both.new.leads_to(both.new.get("join/waiting")) in ("today", "locked")
    assert both.new.leads_to(both.new.get("today")) == "locked"
    both.new.unlock("not the passphrase at all")
    assert both.new.session.newcomer is None
    both.new.unlock()
    assert both.new.leads_to(both.new.get("today")) == "join/waiting"
    assert words_on(both.new) == words
    both.new.steady.pass_s(601)
    both.new.session.look()
    assert both.new.session.newcomer is None, "nobody was there"


def test_what_is_wrong_with_an_invitation_is_said_beside_it(both: Both) -> None:
    _, text = both.invited(roles=["finance"])
    right = {"passphrase": PASSPHRASE, "passphrase_again": PASSPHRASE}
    for form, field, words in (
        ({"invitation": "hello", **right}, "invitation", "That is no invitation."),
        ({"invitation": text[:-1], **right}, "invitation", "missing or mistyped"),
        ({"invitation": text, **right, "passphrase_again": "x"}, "passphrase_again", "not the same"),
        ({"invitation": text, "passphrase": "short", "passphrase_again": "short"}, "passphrase", "shorter than"),
    ):
        answer = both.new.post("join", form)
        assert answer.status_code == 422
        assert f'id="f-{field}-error"' in answer.text
        assert words in html.unescape(answer.text)
        assert PASSPHRASE not in answer.text
    assert not both.new.session.founded


def test_joining_can_be_given_up(both: Both) -> None:
    _, text = both.invited(roles=["finance"])
    both.asked(text)
    assert both.new.leads_to(both.new.post("join/stop")) == "found"
    assert list(both.new.home.folder.iterdir()) == []
    assert both.new.get("found").status_code == 200


def test_a_declined_invitation_is_gone(both: Both) -> None:
    path, text = both.invited(roles=["finance"])
    both.asked(text)
    both.exchange()
    both.ann.post(f"{path}/decline")
    both.exchange()
    assert both.ann.leads_to(both.ann.get(path)) == "organisation/members"
    both.new.post("join/waiting")
    assert "taken back" in said(both.new, "join/waiting")


def test_an_invitation_names_somebody_with_a_role(both: Both) -> None:
    answer = both.ann.post("organisation/members/invite", {"display_name": " ", "days": "3"})
    assert answer.status_code == 422
    for field in ("display_name", "roles"):
        assert f'id="f-{field}-error"' in answer.text
    answer = both.ann.post("organisation/members/invite", {"display_name": "Ben", "roles": "finance", "days": "99"})
    assert 'id="f-days-error"' in answer.text
    assert inviting.pending(both.house.ann.desk) == []


def test_roles_desks_and_removal(both: Both) -> None:
    case = accepted(both.house.ann.desk)
    ben = both.house.joined("Ben", "coordinator")
    member, desk = to_text(ben.desk.member), to_text(ben.desk.book.desk)
    assert both.house.ann.desk.book.readers(case) != (both.house.ann.desk.book.desk,)
    both.ann.post(f"organisation/members/desk/{desk}/name", {"computer": "the grey one"})
    assert "the grey one" in said(both.ann, "organisation/members")
    answer = both.ann.post(f"organisation/members/{member}/roles", {})
    assert answer.status_code == 422
    both.ann.post(f"organisation/members/{member}/roles", {"roles": ["caseworker", "finance"]})
    assert both.house.ann.desk.book.roster.roles(ben.desk.member) == {"caseworker", "finance"}
    answer = both.ann.post(f"organisation/members/{member}/remove", {"typed_back": "Bob"})
    assert answer.status_code == 422
    assert not membership.is_removed(ben.desk)
    both.ann.post(f"organisation/members/{member}/remove", {"typed_back": " Ben "})
    assert "still to be looked at" in said(both.ann, "organisation/members")
    while "still to be looked at" in said(both.ann, "organisation/members"):
        both.ann.post("organisation/members/reopen")
    assert both.house.ann.desk.book.readers(case) == (both.house.ann.desk.book.desk,)
    assert "Ben" not in said(both.ann, "organisation/members")


def test_a_removed_desk_says_so_and_wipes_itself(both: Both) -> None:
    _, text = both.invited(roles=["finance"])
    both.asked(text)
    both.exchange()
    (one,) = inviting.pending(both.house.ann.desk)
    inviting.admit(both.house.ann.desk, one.parcel)
    both.exchange()
    both.new.post("join/waiting")
    assert both.new.leads_to(both.new.get("join/waiting")) == "today"
    desk = both.new.session.desk
    assert desk is not None
    assert both.new.leads_to(both.new.get("removed")) == "today"
    before = both.house.relay.known.copy()
    membership.remove_member(both.house.ann.desk, desk.member)
    both.exchange()
    both.house.relay.known.update(before)
    rounds = both.new.session.rounds
    assert rounds is not None
    rounds.syncing.round()
    assert both.new.leads_to(both.new.get("today")) == "removed"
    assert "A coordinator has removed it" in said(both.new, "removed")
    answer = both.new.post("removed", {"typed_back": "yes"})
    assert answer.status_code == 422
    assert both.new.home.vault.exists()
    assert both.new.leads_to(both.new.post("removed", {"typed_back": "wipe"})) == "found"
    assert list(both.new.home.folder.iterdir()) == []


def test_a_desk_that_the_relay_shuts_out_says_so(both: Both) -> None:
    desk = both.house.ann.desk
    desk.contact.away = "relay_refused"
    page = said(both.ann, "removed")
    assert "The relay lets this desk in no more" in page
    assert both.ann.get("today").status_code == 200
