"""The lists of cases and requests through the pages: filters, columns, kept filters, acts on several rows."""

import re

import pytest
from tests.desk.sitting import Sitting
from tests.office.kit import accepted, added, asked, day, done

from waystation.ids import FolderId, FolderType, to_text
from waystation.office import intake
from waystation.office.desk import Desk

REGION = "Achkhoy-Martan"


@pytest.fixture
def two(desk: Desk) -> tuple[FolderId, FolderId]:
    first = accepted(desk, code_name="Juniper Kettle", region=REGION, opened=day("2017-04-01"))
    second = accepted(desk, code_name="Copper Meadow", opened=day("2017-05-01"))
    added(desk, first, "risk_assessment", level="extreme", timeframe="now", reasons="Known.", review=day("2017-05-20"))
    return first, second


def names(page: str) -> list[str]:
    return re.findall(r'class="code-name"[^>]*><bdi>([^<]+)', page)


def test_choices_stand_in_the_address_and_words_do_not(sitting: Sitting, two: tuple[FolderId, FolderId]) -> None:
    answer = sitting.post("cases", {"level": "extreme", "caseworker": "mine", "text": " ", "stage": "no such stage"})
    address = sitting.leads_to(answer)
    assert address == "cases?level=extreme&caseworker=mine"
    assert names(sitting.get(address).text) == ["Juniper Kettle"]
    for private in ({"text": "Kettle"}, {"region": REGION}):
        answer = sitting.post("cases", {"level": "extreme", **private})
        assert answer.status_code == 200
        assert names(answer.text) == ["Juniper Kettle"]
        (typed,) = private.values()
        addresses = re.findall(r'(?:href|action|hx-[a-z]+)="([^"]*)"', answer.text)
        assert not [address for address in addresses if typed in address]


def test_an_address_that_somebody_changed_asks_nothing(sitting: Sitting, two: tuple[FolderId, FolderId]) -> None:
    for query in ("caseworker=id", "caseworker=zzz", "from=yesterday", "route=day", "sort=folder", "columns=;drop"):
        assert len(names(sitting.get(f"cases?{query}").text)) == 2, query
    assert sitting.get("cases?after=zzz").status_code == 422
    assert sitting.get("requests?after=zzz").status_code == 422


def test_every_filter_of_the_form_is_taken(sitting: Sitting, two: tuple[FolderId, FolderId]) -> None:
    page = sitting.get("cases").text
    offered = set(re.findall(r'<(?:select|input)[^>]* name="([a-z_]+)"', page[page.index('class="filter"') :]))
    assert offered >= set("text stage level timeframe caseworker region sort from to silent unsettled".split())
    address = sitting.leads_to(sitting.post("cases", {"from": "2017-04-15", "to": "2017-05-01"}))
    assert names(sitting.get(address).text) == ["Copper Meadow"]
    assert "One case fits." in sitting.get(address).text
    assert names(sitting.get("cases?silent=1").text) == []


def test_a_table_has_the_columns_that_were_chosen(sitting: Sitting, two: tuple[FolderId, FolderId]) -> None:
    page = sitting.get("cases?look=table&column=region&column=opened").text
    heads = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page)
    assert heads == ["Code name", "Region", "Opened"]
    assert REGION in page
    down = re.search(r'href="[^"]*/(cases\?[^"]*sort=opened[^"]*)"', page)
    assert down
    once = sitting.get(down[1].replace("&amp;", "&")).text
    assert names(once) == ["Juniper Kettle", "Copper Meadow"]
    assert 'aria-sort="ascending"' in once
    assert names(sitting.get("cases?look=table&columns=opened&sort=opened&down=1").text)[0] == "Copper Meadow"


def test_a_filter_is_kept_stands_as_a_tab_and_is_dropped(
    sitting: Sitting, desk: Desk, two: tuple[FolderId, FolderId]
) -> None:
    kept = sitting.leads_to(
        sitting.post("kept", {"page": "cases", "name": "The gravest", "filters": f"level=extreme&region={REGION}"})
    )
    page = sitting.get(kept).text
    assert names(page) == ["Juniper Kettle"]
    assert re.search(r'aria-current="page">The gravest', page)
    ((filters,),) = desk.reader.rows("SELECT filters FROM k_saved_filter")
    assert filters == "level=extreme"
    assert "The gravest" in sitting.get("cases").text
    assert "The gravest" not in sitting.get("requests").text
    record = kept.rpartition("kept=")[2]
    assert sitting.leads_to(sitting.post(f"kept/{record}/drop")) == "cases?level=extreme"
    sitting.get("cases")
    assert "The gravest" not in sitting.get("cases").text
    answer = sitting.post("kept", {"page": "cases", "name": " ", "filters": "level=extreme"})
    assert sitting.leads_to(answer) == "cases?level=extreme"


def test_several_cases_are_given_in_one_save_and_taken_back_in_one_undo(
    sitting: Sitting, desk: Desk, two: tuple[FolderId, FolderId]
) -> None:
    office = desk.folder(FolderType.OFFICE)
    other = to_text(added(desk, office, "member", display_name="Wren"))
    rows = [to_text(folder) for folder in two]
    before = desk.book.position
    page = sitting.post("together/cases", {"do": "assign", "row": rows}).text
    assert "Give 2 cases to a caseworker" in page
    assert desk.book.position == before
    answer = sitting.post(
        "together/cases/do", {"do": "assign", "all": "1", "shown": " ".join(rows), "caseworker": other}
    )
    assert sitting.leads_to(answer) == "cases"
    assert {row[0] for row in desk.reader.rows("SELECT caseworker FROM case_now")} != {desk.member}
    saves = desk.reader.rows("SELECT DISTINCT save FROM history WHERE position > ?", before)
    assert len(saves) == 1
    sitting.post("undo", {"save": to_text(saves[0][0]), "back": "cases"})
    assert {row[0] for row in desk.reader.rows("SELECT caseworker FROM case_now")} == {desk.member}


def test_each_of_several_gets_a_task(sitting: Sitting, desk: Desk, two: tuple[FolderId, FolderId]) -> None:
    rows = " ".join(to_text(folder) for folder in two)
    sitting.post("together/cases", {"do": "task", "all": "1", "shown": rows})
    form = {"do": "task", "all": "1", "shown": rows, "title": "", "due": ""}
    refused = sitting.post("together/cases/do", form)
    assert refused.status_code == 422
    assert desk.reader.rows("SELECT count(*) FROM k_task") == [(0,)]
    sitting.leads_to(
        sitting.post("together/cases/do", {**form, "title": "Call back by Friday", "due": "19.5.2017 18:00"})
    )
    assert desk.reader.rows("SELECT count(DISTINCT folder), count(*) FROM k_task") == [(2, 2)]


def test_requests_are_taken_on_together_but_never_ended_together(sitting: Sitting, desk: Desk) -> None:
    free, also, taken = (asked(desk, code_name=name) for name in ("Slow Thimble", "Velvet Harbour", "Marble Otter"))
    done(desk, intake.take_on(desk, taken))
    rows = [to_text(folder) for folder in (free, also, taken)]
    page = sitting.post("together/requests", {"do": "take-on", "row": rows}).text
    assert "Take on 2 requests" in page
    assert re.search(r"left out.*Marble Otter", page)
    sitting.leads_to(sitting.post("together/requests/do", {"do": "take-on", "all": "1", "shown": " ".join(rows)}))
    assert desk.reader.rows("SELECT count(*) FROM request_now WHERE taken_by IS NULL") == [(0,)]
    for path in ("together/requests", "together/requests/do"):
        refused = sitting.post(path, {"do": "end", "row": rows})
        assert refused.status_code == 422
        assert "one by one" in refused.text
    assert sitting.post("together/requests", {"do": "erase", "row": rows}).status_code == 404
    assert sitting.post("together/places", {"do": "task", "row": rows}).status_code == 404


def test_choosing_nothing_says_so(sitting: Sitting, desk: Desk, two: tuple[FolderId, FolderId]) -> None:
    answer = sitting.post("together/cases", {"do": "task", "filters": "level=extreme"})
    assert sitting.leads_to(answer) == "cases?level=extreme"
    assert "Choose at least one row" in sitting.get("cases").text


def test_a_request_is_taken_on_from_the_list(sitting: Sitting, desk: Desk) -> None:
    request = asked(desk, code_name="Slow Thimble", channel="messenger")
    page = sitting.get("requests").text
    path = f"requests/{to_text(request)}/take-on?from=list"
    assert path in page
    assert sitting.leads_to(sitting.post(path)) == "requests"
    assert "take-on" not in sitting.get("requests").text.replace('value="take-on"', "")
    assert names(sitting.get("requests?taken_by=mine&channel=messenger").text) == ["Slow Thimble"]
    assert names(sitting.get("requests?taken_by=nobody").text) == []
    assert names(sitting.get("requests?from=2017-05-18").text) == []
    answer = sitting.post("requests", {"text": "thimble"})
    assert names(answer.text) == ["Slow Thimble"]


def test_a_long_list_is_paged_by_address_or_by_form(sitting: Sitting, desk: Desk) -> None:
    for number in range(51):
        asked(desk, region=f"Village {number}", story="A brother is missing.")
    first = sitting.get("requests").text
    following = re.search(r'href="[^"]*/(requests\?after=[a-z2-7]{26})"', first)
    assert following
    second = sitting.get(following[1]).text
    assert len(names(first)) == 50
    assert len(names(second)) == 1
    assert not set(names(first)) & set(names(second))
    found = sitting.post("requests", {"text": "brother"}).text
    key = re.search(r'name="after" value="([a-z2-7]{26})"', found)
    assert key
    assert names(sitting.post("requests", {"text": "brother", "after": key[1]}).text) == names(second)
