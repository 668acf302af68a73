"""The drawn pages: places, routes, money and figures, as they are asked and as they answer."""

import csv
import html
import io
import re

import pytest
from tests.desk.journeys.furnished import ADDRESS, CASE, EXPOSED, OTHER_CASE, PLACE, Furnished
from tests.desk.sitting import Sitting
from tests.office.kit import accepted, added, day, done

from waystation.ids import FolderId, FolderType, to_text
from waystation.office import casework, shelter
from waystation.records import Money, Value
from waystation.records.labels import Choice
from waystation.views import places as place_views


def page(sitting: Sitting, path: str) -> str:
    answer = sitting.get(path)
    assert answer.status_code == 200, path
    return html.unescape(answer.text)


def main(text: str) -> str:
    return text.partition("<main")[2].partition("</main>")[0]


def house(desk: Furnished, **fields: Value | Choice | None) -> FolderId:
    return casework.opened(done(desk.desk, shelter.open_place(desk.desk, fields)))


# ── Places ──


def test_a_bed_given_twice_stands_first(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    assert "More people than beds" not in page(sitting, "places")
    narrow = house(desk, code_name="Cedar Hinge", beds=1)
    for ends in ("2017-05-30", "2017-05-20"):
        case = accepted(desk.desk)
        added(desk.desk, case, "stay", "One sofa.", place=narrow, begins=day("2017-05-18"), ends=day(ends))
    text = main(page(sitting, "places"))
    assert text.index("More people than beds") < text.index("Free beds")
    assert "18–19 May 2017: 2 people, 1 beds" in text
    assert "too many people on 2 nights" in text
    assert "strip-over" in text
    own = main(page(sitting, f"places/{to_text(narrow)}"))
    assert "18–19 May 2017: 2 people, 1 beds" in own


def test_an_exposed_place_with_somebody_in_it(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    text = main(page(sitting, "places"))
    assert "strip-shut" in text
    assert "exposed · somebody there on 28 nights all the same" in text
    assert EXPOSED in text


def test_months_follow_one_another(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    text = main(page(sitting, "places?month=2017-02"))
    assert "axis-28" in text
    assert "month=2017-01" in text
    assert "month=2017-03" in text
    assert "axis-31" in main(page(sitting, "places?month=2017-05"))
    for nonsense in ("2017-13", "x", "0001-01", "9999-12", ""):
        assert "From tonight" in page(sitting, f"places?month={nonsense}")
    own = main(page(sitting, desk.path(desk.place, "places") + "?month=2017-04"))
    assert CASE in own
    assert "30" in own


def test_places_are_filtered_and_no_region_stands_in_an_address(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    other = house(desk, code_name="Amber Sleeve", type="flat", region="Kaunas", beds=2)
    text = page(sitting, "places")
    assert "Vilnius" in text
    assert not re.search(r'(?:href|value|action)="[^"]*(?:Vilnius|Kaunas)', text)

    def names(query: str) -> set[str]:
        listed = main(page(sitting, f"places?{query}")).partition('class="drawn-rows"')[2]
        return {name for name in (PLACE, EXPOSED, "Amber Sleeve") if name in listed}

    assert names("") == {PLACE, EXPOSED, "Amber Sleeve"}
    assert names("type=flat") == {"Amber Sleeve"}
    assert names("state=exposed") == {EXPOSED}
    assert names(f"region={to_text(other)}") == {"Amber Sleeve"}
    assert names("type=palace&state=burnt&region=x") == {PLACE, EXPOSED, "Amber Sleeve"}
    assert "No place is like that." in page(sitting, "places?type=hotel")


def test_many_places_stand_on_pages(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    for _ in range(60):
        house(desk, beds=1)
    seen: list[str] = []
    path = "places"
    for _ in range(9):
        text = main(page(sitting, path))
        seen += re.findall(r'<li data-row><div><a class="code-name" href="[^"]*/places/([^"]+)"', text)
        following = re.search(r'href="[^"]*/(places\?[^"]*)#nights" rel="next"', text)
        if following is None:
            break
        path = following[1]
    assert len(seen) == len(set(seen)) == 62
    assert "1–25 of 62" in page(sitting, "places")
    assert len(page(sitting, "places")) < 150_000


def test_where_somebody_fits(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    house(desk, code_name="Amber Sleeve", beds=4, step_free=True)

    def found(**typed: str) -> str:
        answer = sitting.post("places", typed)
        assert answer.status_code == 200
        text = html.unescape(str(answer.text))
        return main(text).partition('id="find"')[2].partition('id="nights"')[0]

    text = found(people="2", nights="3", **{"from": "18.5.2017"})
    assert "Amber Sleeve" in text
    assert PLACE not in text, "one of its three beds is free, not two"
    assert "2 people · from 18 May 2017 · 3 nights" in text
    assert PLACE in found(people="1", nights="1")
    assert "nobody has said whether there are stairs" in found(people="1", step_free="yes")
    assert "No place can take all of them" in found(people="9")


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("people", "0", "Give a number from 1 to 99."),
        ("people", "many", ""),
        ("nights", "1000", "Give a number from 1 to 366."),
        ("from", "16.5.2017", "That night is over."),
        ("from", "never", ""),
    ],
)
def test_a_question_that_has_no_answer(seated: tuple[Furnished, Sitting], name: str, typed: str, told: str) -> None:
    _, sitting = seated
    answer = sitting.post("places", {"people": "1", "nights": "1", name: typed})
    assert answer.status_code == 422
    text = html.unescape(str(answer.text))
    assert told in text
    assert f'id="f-{name}-error"' in text
    assert f'value="{typed}"' in text


def test_one_place_shows_who_and_never_where(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    path = desk.path(desk.place, "places")
    text = page(sitting, path)
    assert ADDRESS not in text
    assert CASE in main(text)
    assert "no end known" in text
    (stay,) = place_views.stays(desk.desk.reader, desk.place)
    done(desk.desk, shelter.leave(desk.desk, desk.case, stay.stay))
    text = page(sitting, path)
    assert "One stay has ended." in text
    assert "Nobody is there." in text


# ── Routes ──


def test_what_was_tried_by_each_route(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    text = main(page(sitting, "routes"))
    assert "2 applications · 2 granted · 1 set out" in text
    assert "2 answers: too few to judge" in text
    assert "waited 10 days, 18 days for an answer" in text
    answers = text.partition('id="answers"')[2].partition("</table>")[0]
    assert answers.index("United States") < answers.index("Lithuania"), "who said no stands first"
    assert "Advised against" in answers
    for sort in ("lead", "applied", "nonsense"):
        assert page(sitting, f"routes?sort={sort}").count("data-row") >= 2
    own = main(page(sitting, f"routes/{to_text(desk.route)}"))
    assert CASE in own
    assert OTHER_CASE in own
    assert sitting.leads_to(sitting.get(f"office/route/{to_text(desk.route)}")) == f"routes/{to_text(desk.route)}"


def test_five_answers_are_told_and_their_reasons_counted(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    office = desk.desk.folder(FolderType.OFFICE)
    way = added(desk.desk, office, "route", destination="CA", pathway="visit_visa")
    for number in range(5):
        case = accepted(desk.desk)
        application = added(desk.desk, case, "application", route=way, filed=day("2017-04-01"))
        fields: dict[str, Value] = {"reason": "No ties." if number < 3 else "Quota"} if number < 4 else {}
        outcome = "refused" if number < 4 else "granted"
        decided = day(f"2017-04-{10 + number}")
        added(desk.desk, case, "decision", application=application, outcome=outcome, decided=decided, **fields)
    text = main(page(sitting, f"routes/{to_text(way)}"))
    assert "yes to 1 of 5" in text
    assert "waited 9 to 13 days for an answer, half of them at most 11" in text
    reasons = text.partition('id="reasons"')[2].partition("</table>")[0]
    assert re.search(r"No ties.*?>3<", reasons, re.DOTALL)
    assert re.search(r"Quota.*?>1<", reasons, re.DOTALL)


def test_shut_routes_stand_apart_and_a_route_keeps_its_past(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    route = f"office/route/{to_text(desk.route)}"
    done(
        desk.desk,
        casework.amend(
            desk.desk, desk.desk.folder(FolderType.OFFICE), "route", desk.route, {"shut": day("2017-05-16")}
        ),
    )
    text = main(page(sitting, "routes"))
    assert text.index('id="shut"') < text.index("Lithuania, humanitarian visa", text.index('id="ways"'))
    own = page(sitting, f"routes/{to_text(desk.route)}")
    assert "Shut since" in own
    assert "changed" in main(own).partition('id="happened"')[2]
    assert sitting.get(f"{route}/edit").status_code == 200
    assert sitting.get("routes/nowhere").status_code == 404


# ── Money ──


def test_a_campaign_that_spent_more_than_it_has_is_amber(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    ledger = desk.desk.folder(FolderType.LEDGER)
    poor = added(desk.desk, ledger, "campaign", name="Visas", earmark="Visas only", goal=Money(100_000, "EUR"))
    added(desk.desk, ledger, "expense", amount=Money(90_000, "EUR"), category="documents", campaign=poor)
    text = main(page(sitting, "money"))
    assert "900.00 EUR more spent than received" in text
    assert "pair-over" in text
    assert "Many people" not in text, "donors are masked"
    own = main(page(sitting, f"money/campaigns/{to_text(poor)}"))
    assert "for: Visas only" not in own
    assert "Visas only" in own
    assert "goal 1,000.00 EUR" in own
    assert f"ledger/expense/new?campaign={to_text(poor)}" in own
    form = page(sitting, f"ledger/expense/new?campaign={to_text(poor)}")
    assert re.search(rf'<option value="{to_text(poor)}" selected>', form)
    assert sitting.leads_to(sitting.get(f"ledger/campaign/{to_text(poor)}")) == f"money/campaigns/{to_text(poor)}"


def test_currencies_stand_apart(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    text = main(page(sitting, "money"))
    assert "The account in USD" in text
    assert "The account in EUR" in text
    assert "176,000.00 USD" in text
    assert "176,450" not in text


def test_donations_and_expenses_are_filtered(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated

    def lists(query: str) -> tuple[bool, bool]:
        text = main(page(sitting, f"money?{query}"))
        donations, _, rest = text.partition('id="donations"')[2].partition('id="expenses"')
        return "176,000.00 USD" in donations, "62,700.00 USD" in rest

    assert lists("") == (True, True)
    assert lists("currency=EUR") == (False, False)
    assert lists("category=housing") == (False, True)
    assert lists(f"campaign={to_text(desk.campaign)}") == (True, False)
    assert lists("month=2017-05") == (True, True)
    assert lists("month=2017-04") == (False, False)
    assert lists("month=x&currency=gold&category=love") == (True, True)
    assert "Only what moved in May 2017." in page(sitting, "money?month=2017-05")


# ── Figures ──


def test_every_figure_leads_to_who_is_behind_it(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    text = main(page(sitting, "figures"))
    for name in ("evacuated", "in_hiding", "applied", "granted", "refused", "abroad", "left", "silent"):
        assert f'/figures/{name}"' in text, name
        page(sitting, f"figures/{name}")
    assert CASE in main(page(sitting, "figures/evacuated"))
    assert "As of" in text
    assert sitting.get("figures/asked").status_code == 404


@pytest.mark.parametrize(("span", "weeks"), [("8", 8), ("26", 26), ("nonsense", 8)])
def test_how_far_back(seated: tuple[Furnished, Sitting], span: str, weeks: int) -> None:
    _, sitting = seated
    text = main(page(sitting, f"figures?span={span}"))
    assert text.partition('class="in-numbers"')[2].count("<tr>") == weeks + 1
    assert "Week by week" in text


def test_long_ago_is_told_by_month(seated: tuple[Furnished, Sitting]) -> None:
    desk, sitting = seated
    assert "Week by week" in main(page(sitting, "figures?span=all"))
    added(desk.desk, accepted(desk.desk), "evacuation", evacuated=day("2015-01-05"))
    text = main(page(sitting, "figures?span=all"))
    assert "Month by month" in text
    assert "Jan 2015" in text


def test_the_table_that_is_taken_out(seated: tuple[Furnished, Sitting]) -> None:
    _, sitting = seated
    answer = sitting.post("figures/csv", {"span": "8"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="figures-2017-05-17.csv"'
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    numbers = {line[0]: line[1] for line in lines[1:] if len(line) == 4}
    shown = re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>.*?<td class="number">([\d,]+)', page(sitting, "figures"))
    assert {name: number.replace(",", "") for name, number in shown if name in numbers}.items() <= numbers.items()
    assert len([line for line in lines if line and line[0].startswith("2017-")]) == 8
    assert sitting.get("figures/csv").status_code == 404
