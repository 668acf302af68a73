"""What the pages promise, asked of them directly: masked fields, conflicts, files, forms that keep what was typed."""

import re
from html import unescape

from tests.desk.journeys.furnished import (
    CASE,
    FAMILY,
    FILE,
    FILE_NAME,
    GIVEN,
    HANDLE,
    MASKED,
    OTHER_CASE,
    PLACE,
    Furnished,
)
from tests.desk.sitting import Sitting
from tests.ground.seeded import HeldClock

from waystation.desk.forms import ref_text
from waystation.ids import FolderType, to_text
from waystation.office import intake
from waystation.records.values import Day
from waystation.views import case as case_view
from waystation.views import organisation
from waystation.views import shown as record_views


def inputs(page: str, name: str) -> list[str]:
    """Values of the inputs with that name."""
    found = re.findall(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', page)
    return [unescape(match[1]) for one in found if (match := re.search(r'value="([^"]*)"', one))]


def test_a_masked_field_is_shown_once_it_is_asked_for_and_recorded(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    case = desk.path(desk.case)
    page = sitting.get(case).text
    assert [words for words in MASKED if words in page] == []
    asking = f"{desk.record('person', desk.person)}/reveal/family_name?page={case}"
    before = len(organisation.reveals(desk.desk.reader).rows)
    leads = sitting.leads_to(sitting.post(asking, {"reason": "To book a ticket", "refs": ""}))
    assert FAMILY not in leads
    shown = sitting.get(leads.partition("#")[0]).text
    assert FAMILY in shown
    assert HANDLE not in shown
    (record, *_) = organisation.reveals(desk.desk.reader).rows
    assert len(organisation.reveals(desk.desk.reader).rows) == before + 1
    assert (record.of_kind, record.of_field, record.reason) == ("person", "family_name", "To book a ticket")
    assert FAMILY not in sitting.get(case).text


def test_an_address_alone_shows_nothing_masked(seated: tuple[Furnished, Sitting], clock: HeldClock) -> None:
    desk, sitting = seated
    show = f"{desk.path(desk.case)}?show=person.{to_text(desk.person)}."
    assert HANDLE not in sitting.get(f"{desk.path(desk.case)}?show=contact_channel.x.handle").text
    assert FAMILY not in sitting.get(show + "family_name").text
    # The given name was asked for a moment ago; the address shows it as long as that holds.
    assert GIVEN in sitting.get(show + "given_name").text
    for _ in range(11):
        sitting.steady.pass_s(60)
        sitting.session.touch()
        sitting.session._looked_ms = None
    assert GIVEN not in sitting.get(show + "given_name").text


def test_the_page_after_an_asking_is_one_of_ours(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    asking = f"{desk.record('person', desk.person)}/reveal/family_name?page="
    for elsewhere in ("//evil.example/", "organisation", "cases/other", ""):
        leads = sitting.leads_to(sitting.post(asking + elsewhere, {}))
        assert leads.startswith(desk.record("person", desk.person))


def test_an_edit_leaves_masked_values_that_were_not_typed(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    form = desk.record("person", desk.person) + "/edit"
    page = sitting.get(form).text
    assert inputs(page, "family_name") == [""]
    assert inputs(page, "seen.family_name") == []
    assert inputs(page, "seen.health") == [""]
    sitting.leads_to(
        sitting.post(form, {"family_name": "", "given_name": "Salambek", "health": "Asthma", "seen.health": ""})
    )
    person = desk.desk.tables.shown(desk.case, "person", desk.person)
    assert person is not None
    assert (person["family_name"], person["given_name"], person["health"]) == (FAMILY, "Salambek", "Asthma")


def test_a_form_posts_what_it_showed(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    form = f"{desk.path(desk.request, 'requests')}/request/{to_text(desk.request)}/edit"
    shown = record_views.record(desk.desk.reader, desk.request, "request", desk.request)
    assert shown is not None
    (seen,) = inputs(sitting.get(form).text, "seen.story")
    assert seen == " ".join(ref_text(ref) for ref in shown.seen["story"]) != ""


def test_nothing_changed_is_no_save(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    form = f"{desk.path(desk.request, 'requests')}/request/{to_text(desk.request)}/edit"
    page = sitting.get(form).text
    names = re.findall(r'name="seen\.([a-z_]+)"', page)
    values = {
        name: inputs(page, name)[0]
        for name in ("code_name", "received", "people", "region", "deadline")
        if inputs(page, name)
    }
    values["story"] = "Asks for a friend."
    before = desk.desk.book.position
    sent = {**values, **{f"seen.{name}": (inputs(page, f"seen.{name}") or [""])[0] for name in values if name in names}}
    assert sitting.leads_to(sitting.post(form, sent)) == desk.path(desk.request, "requests")
    assert desk.desk.book.position == before


def test_what_a_record_hangs_on_is_no_longer_asked_for(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    decision = record_views.records(desk.desk.reader, desk.case, ("decision",))["decision"][-1]
    assert 'name="application"' in sitting.get(f"{desk.path(desk.case)}/decision/new").text
    page = sitting.get(desk.record("decision", decision.record) + "/edit").text
    assert 'name="application"' not in page
    assert "Lithuania, humanitarian visa, filed 2 May 2017" in page


def test_a_field_in_conflict_is_settled_first(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    record = desk.record("risk_assessment", desk.risk)
    form = sitting.get(f"{record}/edit").text
    assert 'name="level"' not in form
    assert "written differently at two desks" in form
    (conflict,) = case_view.conflicts(desk.desk.reader, desk.case)
    assert sitting.post(f"{record}/settle/level", {"keep": ""}).status_code == 404
    assert sitting.post(f"{record}/settle/level", {"keep": f"{to_text(bytes(16))}.1"}).status_code == 422
    sitting.leads_to(sitting.post(f"{record}/settle/level", {"keep": ref_text(conflict.values[0].ref)}))
    assert case_view.conflicts(desk.desk.reader, desk.case) == ()


def test_a_file_goes_in_and_comes_out(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    record = desk.record("file", desk.file)
    assert FILE_NAME not in sitting.get(record).text
    assert "unencrypted on this computer" in unescape(sitting.get(f"{record}/download").text)
    answer = sitting.post(f"{record}/download", {"words": "For the consulate"})
    assert answer.content == FILE
    assert answer.headers["content-type"] == "application/pdf"
    assert re.fullmatch(r'attachment; filename="file-[a-z2-7]{8}\.pdf"', answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert organisation.reveals(desk.desk.reader).rows[0].reason == "For the consulate"

    page = f"{desk.path(desk.case)}/file/new"
    leads = sitting.leads_to(
        sitting.client.post(
            f"{sitting.root}/{page}",
            data={"description": "A page"},
            files={"file": ("x.html", b"<script>", "text/html")},
        )
    )
    assert leads == f"{desk.path(desk.case)}#files"
    added = record_views.records(desk.desk.reader, desk.case, ("file",))["file"][-1]
    out = sitting.post(f"{desk.record('file', added.record)}/download", {})
    assert (out.content, out.headers["content-type"]) == (b"<script>", "application/octet-stream")
    assert out.headers["content-disposition"].endswith('.bin"')


def test_a_file_form_without_a_file(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    answer = sitting.post(f"{desk.path(desk.case)}/file/new", {"description": "A page"})
    assert answer.status_code == 422
    assert "Choose a file first." in answer.text
    assert "A page" in answer.text


def test_bad_input_is_named_and_everything_typed_is_kept(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    typed = {
        "code_name": "Juniper Kettles",
        "received": "31.2.2017 14:00",
        "story": "<script>alert(1)</script> \u202eabc",
        "people": "many",
        "level": "terrible",
        "needs": ["hiding", "papers"],
        "contact.handle": "+7 999",
        "contact.type": "",
        "seen.contact.type": "",
    }
    before = desk.desk.book.position
    answer = sitting.post("requests/new", typed)
    assert answer.status_code == 422
    assert desk.desk.book.position == before
    page = answer.text
    for name in ("received", "story", "people", "level"):
        assert f'href="#f-{name}"' in page, name
    assert "<script>alert" not in page
    assert inputs(page, "received") == ["31.2.2017 14:00"]
    assert inputs(page, "people") == ["many"]
    assert inputs(page, "contact.handle") == ["+7 999"]
    assert len(re.findall(r'name="needs" value="(?:hiding|papers)" checked', page)) == 2


def test_what_is_unusual_asks_for_a_reason(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    form = f"{desk.path(desk.case)}/risk_assessment/new"
    typed = {
        "level": "extreme",
        "timeframe": "now",
        "reasons": "He was seen.",
        "assessed": "17.5.2017",
        "review": "20.7.2017",
    }
    refused = sitting.post(form, typed)
    assert refused.status_code == 422
    assert 'name="override"' in refused.text
    assert sitting.leads_to(sitting.post(form, {**typed, "override": "He is abroad by then."})).endswith("#danger")
    notes = record_views.records(desk.desk.reader, desk.case, ("note",))["note"]
    assert notes[-1].fields["body"] == "He is abroad by then."


def test_a_check_in_is_noted_in_one_action(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    page = sitting.get(desk.path(desk.case)).text
    action = desk.record("check_in", desk.check_in) + "/note"
    assert re.search(rf'action="[^"]*{action}"[^>]*><button[^>]*name="condition" value="well"', page)
    sitting.leads_to(sitting.post(action, {"condition": "well"}))
    noted = desk.desk.tables.shown(desk.case, "check_in", desk.check_in)
    assert noted is not None
    assert noted["condition"] == "well"
    assert "done" in noted


def test_the_next_check_in_is_planned_with_it(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    action = desk.record("check_in", desk.check_in) + "/note"
    refused = sitting.post(action, {"condition": "strained", "next.due": "yesterday or so", "seen.next.due": ""})
    assert refused.status_code == 422
    assert 'href="#f-next.due"' in refused.text
    sitting.leads_to(
        sitting.post(action, {"condition": "strained", "next.due": "20.5.2017 20:00", "seen.next.due": ""})
    )
    last = record_views.records(desk.desk.reader, desk.case, ("check_in",))["check_in"][-1]
    assert last.fields["person"] == desk.person
    assert last.masked == ("agreed_words",)


def test_a_long_list_has_pages(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    for number in range(50):
        save = intake.take_down(desk.desk, {"story": f"The {number}th.", "level": "low"})
        desk.desk.save(save)
    first = sitting.get("requests").text
    assert first.count('class="queue-row') == 50
    (following,) = re.findall(r'href="[^"]*/(requests\?[^"]*)" rel="next"', first)
    second = sitting.get(unescape(following)).text
    assert second.count('class="queue-row') == 1
    assert "To the start" in second
    assert sitting.get("requests?after=nonsense").status_code == 422


def test_cases_are_filtered(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    for query, shown in (
        ("", (CASE, OTHER_CASE)),
        ("?level=low", (OTHER_CASE,)),
        ("?level=low&stage=granted", ()),
        ("?state=closed", ()),
        ("?state=all", (CASE, OTHER_CASE)),
        ("?level=nonsense", (CASE, OTHER_CASE)),
    ):
        page = sitting.get(f"cases{query}").text
        assert [name for name in (CASE, OTHER_CASE) if name in page] == list(shown), query


def test_no_title_names_anyone(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    for path in (desk.path(desk.case), desk.record("person", desk.person), desk.path(desk.place, "places"), "today"):
        found = re.search(r"<title>(.*?)</title>", sitting.get(path).text)
        assert found
        assert [words for words in (*MASKED, CASE, PLACE) if words in unescape(found[1])] == []


def test_what_is_shut_answers_without_a_trace(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    nowhere = to_text(bytes(16))
    for path in (
        f"cases/{nowhere}",
        f"requests/{nowhere}",
        f"places/{nowhere}",
        "cases/nowhere",
        f"{desk.path(desk.case)}/person/{nowhere}",
        f"{desk.path(desk.case)}/nothing/new",
        f"cases/{to_text(desk.request)}",
    ):
        assert sitting.get(path).status_code == 404, path


def test_the_clear_words_of_a_day_survive_a_form(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    page = sitting.get(f"{desk.path(desk.request, 'requests')}/triage").text
    (said,) = inputs(page, "deadline")
    assert said.startswith("before 26 May")
    sitting.leads_to(sitting.post(f"{desk.path(desk.request, 'requests')}/triage", {"deadline": said, "people": "2"}))
    request = desk.desk.tables.shown(desk.request, "request", desk.request)
    assert request is not None
    assert request["deadline"] == Day(None, "2017-05-25", "before 26 May")


def test_office_records_have_their_pages(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    assert sitting.leads_to(sitting.post("office/partner/new", {"name": "North Light", "country": "LV"})).startswith(
        "organisation"
    )
    assert "North Light" in sitting.get("organisation").text
    assert sitting.leads_to(sitting.post(f"office/route/{to_text(desk.route)}/edit", {"shut": "17.5.2017"}))
    assert "shut since 17 May 2017" in sitting.get("routes").text
    office = desk.desk.folder(FolderType.OFFICE)
    assert record_views.record(desk.desk.reader, office, "route", desk.route) is not None
