"""Undo, striking out and bringing back through the pages, without a browser."""

from tests.desk.sitting import Sitting
from tests.office.kit import accepted, added, asked

from waystation.ids import to_text
from waystation.office.desk import Desk


def save_of(desk: Desk) -> str:
    """The id of the newest save."""
    ((save,),) = desk.reader.rows("SELECT save FROM history ORDER BY position DESC LIMIT 1")
    return to_text(save)


def test_what_was_saved_is_undone_and_brought_back(sitting: Sitting, desk: Desk) -> None:
    case = f"cases/{to_text(accepted(desk, code_name='Juniper Kettle'))}"
    sitting.leads_to(sitting.post(f"{case}/task/new", {"title": "Buy a telephone"}))
    ((count,),) = desk.reader.rows("SELECT count(*) FROM k_task")
    assert count == 1
    answer = sitting.post("undo", {"save": save_of(desk), "back": case})
    assert sitting.leads_to(answer) == case
    assert "Undone." in sitting.get(case).text
    assert desk.reader.rows("SELECT count(*) FROM k_task") == [(0,)]
    sitting.post("undo", {"save": save_of(desk), "back": case})
    assert desk.reader.rows("SELECT count(*) FROM k_task") == [(1,)]


def test_what_stands_in_the_way_is_told_and_shown(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    case = f"cases/{to_text(folder)}"
    task = added(desk, folder, "task", title="Buy a telephone")
    added_by = save_of(desk)
    sitting.post(f"{case}/task/{to_text(task)}/finish", {"words": "Done."})
    answer = sitting.post("undo", {"save": added_by, "back": case})
    assert answer.status_code == 422
    assert "has been changed since" in answer.text
    assert f"{case}/task/{to_text(task)}" in answer.text


def test_where_an_undo_leads_is_a_page_of_the_desk(sitting: Sitting, desk: Desk) -> None:
    case = accepted(desk)
    for back in ("https://example.org/", "//example.org", "no/such/page", "", "cases\r\nX: y"):
        added(desk, case, "task", title="Buy a telephone")
        answer = sitting.post("undo", {"save": save_of(desk), "back": back})
        assert sitting.leads_to(answer) in ("today", "", "cases"), back


def test_a_record_is_struck_out_and_brought_back(sitting: Sitting, desk: Desk) -> None:
    folder = accepted(desk)
    task = added(desk, folder, "task", title="Buy a telephone")
    page = f"cases/{to_text(folder)}/task/{to_text(task)}"
    assert f"{page}/strike" in sitting.get(page).text
    assert "can be brought back" in sitting.get(f"{page}/strike").text
    sitting.leads_to(sitting.post(f"{page}/strike"))
    shown = sitting.get(page).text
    assert "Struck out" in shown
    assert f"{page}/edit" not in shown
    assert sitting.get(f"{page}/edit").status_code == 303
    assert sitting.get(f"{page}/strike").status_code == 404
    assert sitting.leads_to(sitting.post(f"{page}/bring-back")) == page
    assert "Struck out" not in sitting.get(page).text


def test_a_request_that_is_struck_out_says_so_and_comes_back(sitting: Sitting, desk: Desk) -> None:
    request = f"requests/{to_text(asked(desk, code_name='Slow Thimble'))}"
    sitting.post("undo", {"save": save_of(desk), "back": request})
    shown = sitting.get(request)
    assert shown.status_code == 200
    assert "Struck out" in shown.text
    assert "Slow Thimble" not in sitting.get("requests").text
    folder = request.partition("/")[2]
    assert sitting.leads_to(sitting.post(f"{request}/request/{folder}/bring-back")) == request
    assert "Slow Thimble" in sitting.get("requests").text
