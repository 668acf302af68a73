"""Every page as every role: it refuses, or shows what the role allows, and never a code name that is not theirs."""

import re
from html import unescape

import pytest
from starlette.routing import compile_path
from tests.desk.journeys.furnished import CASE, EXPOSED, OTHER_CASE, PLACE, REQUEST, Furnished
from tests.desk.sitting import Sitting

from waystation.desk.pages import every_route
from waystation.ids import FolderType, to_text
from waystation.office.desk import Desk
from waystation.records import REGISTRY
from waystation.records.choices import Role
from waystation.roles import Action, allowed

OPEN_TO_ALL = (
    "today",
    "search",
    "drafts",
    "figures",
    "helpers",
    "components",
    "duty",
    "help",
    "keys",
    "palette",
    "organisation",
    "organisation/backup",
    "organisation/history",
    "organisation/members",
    "organisation/reveals",
    "organisation/hidden",
    "organisation/relay",
    "organisation/relay/compare",
    "organisation/readers",
    "organisation/hidden/confirm",
    "unsettled",
    "unsettled/one",
    "organisation/passphrase",
    "referrals",
    "routes",
    "sources",
    "sources/claims",
)

NEEDS = {
    "requests": (Action.READ, FolderType.REQUEST),
    "requests/new": (Action.OPEN, FolderType.REQUEST),
    "cases": (Action.READ, FolderType.CASE),
    "places": (Action.READ, FolderType.PLACE),
    "places/new": (Action.OPEN, FolderType.PLACE),
    "sources/new": (Action.WRITE, FolderType.OFFICE),
    "sources/said": (Action.WRITE, FolderType.OFFICE),
    "money": (Action.READ, FolderType.LEDGER),
    "messages/new": (Action.OPEN, FolderType.REQUEST),
    "safe-text": (Action.READ, FolderType.CASE),
    "figures/evacuated": (Action.READ, FolderType.CASE),
    "organisation/aside": (Action.DECIDE, FolderType.ORGANISATION),
    "organisation/relay/era": (Action.ADMIT, FolderType.ORGANISATION),
}
"""Address → what somebody must be allowed to do there."""


LEADS_ON = re.compile(
    r"sources/passages/|organisation/members/invited/|(office/route|office/partner_card|ledger/campaign)/\w{26}$"
)
"""What only leads to a place on another page."""

NESTED = re.compile(r"<form(?:(?!</form>).)*<form", re.DOTALL)
"""A browser drops a form within a form, and its button then sends the outer one."""


def pages(desk: Furnished) -> dict[str, tuple[Action, FolderType]]:
    """Every page that can be asked for, and what it needs."""
    case, request = desk.path(desk.case), desk.path(desk.request, "requests")
    place = desk.path(desk.place, "places")
    found = dict.fromkeys(OPEN_TO_ALL, (Action.READ, FolderType.OFFICE)) | NEEDS
    for path in ("", "/close", "/reopen", "/alarm", "/file/new", "/erase", "/messages", "/task_slip/new"):
        found[case + path] = (Action.READ, FolderType.CASE)
    for path in (
        "",
        "/triage",
        "/accept",
        "/end",
        "/reopen",
        "/join",
        "/one-case",
        "/alarm",
        "/erase",
        "/messages",
        "/task_slip/new",
    ):
        found[request + path] = (Action.READ, FolderType.REQUEST)
    for path in ("", "/expose", "/erase"):
        found[place + path] = (Action.READ, FolderType.PLACE)
    for root, folder_type in ((case, FolderType.CASE), (request, FolderType.REQUEST), (place, FolderType.PLACE)):
        found[f"{root}/readers"] = (Action.READ, folder_type)
        for path in ("/readers/let-in", "/readers/emergency", *(("/give",) if root != place else ())):
            found[root + path] = (Action.ASSIGN, folder_type)
    for root, folder_type in (
        (case, FolderType.CASE),
        (request, FolderType.REQUEST),
        (place, FolderType.PLACE),
        ("office", FolderType.OFFICE),
        ("ledger", FolderType.LEDGER),
    ):
        for kind, spec in REGISTRY.items():
            if folder_type in spec.folders and kind not in (
                "request",
                "case",
                "place",
                "closure",
                "access",
                "reveal",
                "file",
                "passage",
                "saved_filter",
                "organisation",
                "desk",
                "partner_card",
                "referral",
                "received_referral",
            ):
                found[f"{root}/{kind}/new"] = (Action.WRITE, folder_type)
    records = (
        ("person", desk.person, ("", "/edit")),
        ("risk_assessment", desk.risk, ("", "/edit")),
        ("check_in", desk.check_in, ("", "/edit", "/note")),
        ("leg", desk.leg, ("", "/edit", "/note")),
        ("task", desk.task, ("", "/edit", "/finish", "/reopen")),
        ("consent", desk.consent, ("", "/withdraw")),
        ("journey", desk.journey, ("", "/call-off")),
        ("stay", desk.stay, ("", "/leave")),
        ("file", desk.file, ("", "/edit", "/download")),
        ("task_slip", desk.slip, ("", "/slip", "/destroyed", "/strike")),
        ("referral", desk.referral, ("", "/edit", "/packet", "/withdraw")),
    )
    for kind, record, acts in records:
        for act in acts:
            found[desk.record(kind, record) + act] = (Action.READ, FolderType.CASE)
    found[f"{case}/refer"] = (Action.EXPORT, FolderType.CASE)
    for act in ("", "/edit", "/answer", "/packet", "/as-it-came"):
        received = desk.record("received_referral", desk.received, desk.request, "requests")
        found[received + act] = (Action.READ, FolderType.REQUEST)
    found[f"referrals/cards/{to_text(desk.card)}"] = (Action.READ, FolderType.OFFICE)
    found[f"office/partner_card/{to_text(desk.card)}"] = (Action.READ, FolderType.OFFICE)
    found[f"{case}/case/{to_text(desk.case)}/edit"] = (Action.READ, FolderType.CASE)
    found[desk.record("arrival", desk.arrival, desk.other_case) + "/confirm"] = (Action.READ, FolderType.CASE)
    for kind, record in (
        ("route", desk.route),
        ("partner", desk.partner),
        ("claim", desk.claim),
        ("source", desk.source),
        ("helper", desk.helper),
    ):
        found[f"office/{kind}/{to_text(record)}"] = (Action.READ, FolderType.OFFICE)
        found[f"office/{kind}/{to_text(record)}/edit"] = (Action.READ, FolderType.OFFICE)
    members = "organisation/members"
    for act in ("roles", "remove"):
        found[f"{members}/{to_text(desk.desk.member)}/{act}"] = (Action.ADMIT, FolderType.ORGANISATION)
    found[f"{members}/invited/{bytes(32).hex()}"] = (Action.ADMIT, FolderType.ORGANISATION)
    found[f"{members}/desk/{to_text(desk.desk.book.desk)}"] = (Action.READ, FolderType.OFFICE)
    found[f"helpers/{to_text(desk.helper)}"] = (Action.READ, FolderType.OFFICE)
    text = to_text(desk.text)
    for path in (text, f"{text}/left-out", f"claims/{to_text(desk.claim)}", f"passages/{to_text(desk.passage)}"):
        found[f"sources/{path}"] = (Action.READ, FolderType.OFFICE)
    found[f"sources/{text}/mark?passage={to_text(desk.passage)}"] = (Action.WRITE, FolderType.OFFICE)
    found[f"routes/{to_text(desk.route)}"] = (Action.READ, FolderType.OFFICE)
    found[f"ledger/campaign/{to_text(desk.campaign)}"] = (Action.READ, FolderType.LEDGER)
    found[f"money/campaigns/{to_text(desk.campaign)}"] = (Action.READ, FolderType.LEDGER)
    found[f"{case}/case/{to_text(desk.case)}/safe-text"] = (Action.READ, FolderType.CASE)
    return found


@pytest.mark.parametrize("role", list(Role))
def test_every_page_as_every_role(
    role: Role, seated: tuple[Furnished, Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, sitting = seated
    monkeypatch.setattr(Desk, "roles", property(lambda self: frozenset((role.value,))))
    unseen = {
        name
        for name, folder_type in (
            (CASE, FolderType.CASE),
            (OTHER_CASE, FolderType.CASE),
            (REQUEST, FolderType.REQUEST),
            (PLACE, FolderType.PLACE),
            (EXPOSED, FolderType.PLACE),
        )
        if not allowed((role,), Action.READ, folder_type, on_team=True)
    }
    for path, (action, folder_type) in pages(desk).items():
        answer = sitting.get(path)
        may = allowed((role,), action, folder_type, on_team=True)
        assert answer.status_code == ((303 if LEADS_ON.match(path) else 200) if may else 403), (role.value, path)
        body = unescape(answer.text)
        assert [name for name in unseen if name in body] == [], (role.value, path)
        assert not NESTED.search(answer.text), (role.value, path)
    found = unescape(sitting.post("search", {"q": "kettle thimble meadow anchor otter"}).text)
    assert [name for name in unseen if name in found] == []


@pytest.mark.parametrize("role", [Role.DOCUMENTER, Role.FINANCE, Role.SPOKESPERSON])
def test_nothing_is_written_where_a_role_may_not_look(
    role: Role, seated: tuple[Furnished, Sitting], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, sitting = seated
    monkeypatch.setattr(Desk, "roles", property(lambda self: frozenset((role.value,))))
    before = desk.desk.book.position
    case, request = desk.path(desk.case), desk.path(desk.request, "requests")
    attempts = (
        ("requests/new", {"code_name": "Amber Sleeve", "received": "17.5.2017 14:00"}),
        (f"{request}/take-on", {}),
        (f"{request}/accept", {"code_name": "Amber Sleeve"}),
        (f"{request}/end", {"outcome": "withdrew", "outcome_reason": "x"}),
        (f"{case}/note/new", {"body": "x", "written": "17.5.2017 14:00"}),
        (f"{case}/close", {"reason": "withdrew", "closed": "17.5.2017"}),
        (f"today/well/{to_text(desk.case)}/{to_text(desk.check_in)}", {}),
        (f"today/next/{to_text(desk.case)}/{to_text(desk.check_in)}", {"after": "1"}),
        (desk.record("person", desk.person) + "/edit", {"health": "x"}),
        (desk.record("person", desk.person) + "/reveal/family_name", {}),
        (desk.record("risk_assessment", desk.risk) + "/settle/level", {"keep": "a.1"}),
        (desk.record("file", desk.file) + "/download", {}),
        ("places/new", {"code_name": "Amber Sleeve", "opened": "17.5.2017"}),
        (desk.path(desk.place, "places") + "/expose", {"words": "x"}),
    )
    for path, form in attempts:
        assert sitting.post(path, form).status_code == 403, path
    assert desk.desk.book.position == before


def test_the_walk_leaves_no_page_out(seated: tuple[Furnished, Sitting]) -> None:
    """A page that is added is walked as every role, or stands in front of the lock and knows none."""
    desk, _ = seated
    before_the_lock = ("/changed", "/found", "/join", "/locked", "/removed", "/watch")
    asked = ["/" + path.partition("?")[0] for path in pages(desk)]
    for route in every_route():
        if "GET" in (route.methods or ()) and not route.path.startswith(before_the_lock):
            # A record's page stands in folders of every type; it is walked in a case.
            path = re.sub(
                r"^/(office|ledger|[a-z]+/\{folder\})(?=/.*\{record\}|/file/new)", "/cases/{folder}", route.path
            )
            patterns = (compile_path(path)[0], compile_path(route.path)[0])
            assert any(pattern.match(one) for pattern in patterns for one in asked), route.path
