"""The zone of the people we serve: known, or refused with what was probably meant."""

import pytest
from tests.office.kit import accepted, asked, done, problems, shown

from waystation.errors import BadInput
from waystation.office import time_zones
from waystation.office.casework import amend
from waystation.office.desk import Desk
from waystation.records.values import zone_is_known


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Europe/Moscow", "Europe/Moscow"),
        ("  Asia/Tbilisi ", "Asia/Tbilisi"),
        ("moscow", "Europe/Moscow"),
        ("Москва", "Europe/Moscow"),
        ("asia/tbilisi", "Asia/Tbilisi"),
        ("New York", "America/New_York"),
    ],
)
def test_a_zone_or_its_town_is_kept_as_the_zone(desk: Desk, typed: str, kept: str) -> None:
    assert shown(desk, folder := asked(desk, time_zone=typed), "request", folder)["time_zone"] == kept


@pytest.mark.parametrize(("typed", "meant"), [("Tbilissi", "Asia/Tbilisi"), ("Europe/Moskow", "Europe/Moscow")])
def test_what_is_no_zone_is_refused_with_what_was_meant(desk: Desk, typed: str, meant: str) -> None:
    with pytest.raises(BadInput) as refused:
        asked(desk, time_zone=typed)
    assert problems(refused) == {"time_zone": "unknown_zone"}
    assert refused.value.problems["time_zone"].values == {"zone": meant}


def test_what_resembles_none_is_refused(desk: Desk) -> None:
    folder = accepted(desk)
    with pytest.raises(BadInput) as refused:
        amend(desk, folder, "case", folder, {"time_zone": "qqqqqqqq"})
    assert problems(refused) == {"time_zone": "unknown_zone"}
    assert refused.value.problems["time_zone"].values == {}


def test_a_country_with_one_zone_leaves_no_doubt(desk: Desk) -> None:
    folder = asked(desk, present_country="GE")
    assert shown(desk, folder, "request", folder)["time_zone"] == "Asia/Tbilisi"
    vast = asked(desk, present_country="RU")
    assert "time_zone" not in shown(desk, vast, "request", vast)
    said = asked(desk, present_country="GE", time_zone="Europe/Kyiv")
    assert shown(desk, said, "request", said)["time_zone"] == "Europe/Kyiv"
    done(desk, amend(desk, vast, "request", vast, {"present_country": "LT"}))
    assert shown(desk, vast, "request", vast)["time_zone"] == "Europe/Vilnius"


def test_it_goes_along_into_the_case(desk: Desk) -> None:
    request = asked(desk, present_country="GE")
    case = accepted(desk, request)
    assert shown(desk, case, "case", case)["time_zone"] == "Asia/Tbilisi"


def test_every_zone_that_is_offered_is_known_in_both_languages() -> None:
    for language in time_zones.LANGUAGES:
        towns = time_zones.towns(language)
        assert len(towns) > 400
        assert all(zone_is_known(zone) and town for zone, town in towns.items())
    assert time_zones.towns("ru")["Europe/Moscow"] == "Москва"
    assert time_zones.towns("ru")["Europe/Kyiv"] == "Киев"


def test_only_places_are_offered() -> None:
    """A fixed distance from Greenwich keeps no summer time, and its sign is the wrong way round."""
    assert [zone for zone in time_zones.towns("en") if zone.startswith("Etc/") or "/" not in zone] == []
