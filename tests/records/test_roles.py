"""What each role may do: a check raises, and what the table does not name is refused."""

import pytest

from waystation.errors import Refused
from waystation.ids import FolderType
from waystation.records.choices import Role
from waystation.roles import TABLE, Action, allowed, require

EVERYTHING = [(action, folder_type) for action in Action for folder_type in FolderType]


def test_whoever_has_no_role_may_do_nothing() -> None:
    for action, folder_type in EVERYTHING:
        for roles in ([], ["administrator"], [""]):
            with pytest.raises(Refused):
                require(roles, action, folder_type, on_team=True)


def test_what_the_table_does_not_name_is_refused_to_all() -> None:
    for action, folder_type in EVERYTHING:
        if (action, folder_type) not in TABLE:
            with pytest.raises(Refused):
                require(list(Role), action, folder_type, on_team=True)


def test_the_check_and_the_offer_agree() -> None:
    for action, folder_type in EVERYTHING:
        for role in Role:
            for on_team in (False, True):
                try:
                    require([role], action, folder_type, on_team=on_team)
                except Refused:
                    assert not allowed([role], action, folder_type, on_team=on_team)
                else:
                    assert allowed([role.value], action, folder_type, on_team=on_team)


def test_being_on_the_team_never_takes_a_right_away() -> None:
    for action, folder_type in EVERYTHING:
        for role in Role:
            if allowed([role], action, folder_type, on_team=False):
                require([role], action, folder_type, on_team=True)


def test_more_roles_never_allow_less() -> None:
    for action, folder_type in EVERYTHING:
        if any(allowed([role], action, folder_type, on_team=True) for role in Role):
            require(list(Role), action, folder_type, on_team=True)


def test_nobody_sees_a_case_that_they_are_not_on() -> None:
    for folder_type in (FolderType.CASE, FolderType.REQUEST, FolderType.PLACE, FolderType.INCIDENT):
        for action in (Action.READ, Action.WRITE, Action.REVEAL):
            may = {role for role in Role if allowed([role], action, folder_type)}
            assert may == {Role.COORDINATOR}, (action, folder_type)


def test_finance_and_press_never_see_a_case() -> None:
    for role in (Role.FINANCE, Role.SPOKESPERSON):
        for folder_type in (FolderType.CASE, FolderType.REQUEST, FolderType.PLACE, FolderType.INCIDENT):
            for action in Action:
                assert not allowed([role], action, folder_type, on_team=True)


def test_only_coordinators_give_access_and_destroy() -> None:
    for folder_type in FolderType:
        for action in (Action.ASSIGN, Action.ERASE, Action.ADMIT):
            for role in set(Role) - {Role.COORDINATOR}:
                assert not allowed([role], action, folder_type, on_team=True)


def test_a_refusal_names_no_content() -> None:
    with pytest.raises(Refused) as refused:
        require([Role.FINANCE], Action.REVEAL, FolderType.CASE)
    assert str(refused.value).startswith("Your role does not allow this.")
    assert refused.value.values == {"action": "reveal", "folder_type": "case"}
