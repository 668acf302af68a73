"""Filters that a member keeps for a list, under a name.

Guarantees: they are the member's own, and hold choices and ids of the office only: nothing that was typed into a case
or a request is ever written to the office (DESIGN.md, section 5, rule 7).
"""

from collections.abc import Mapping
from typing import Final

from waystation.errors import Refused
from waystation.ids import FolderType
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Rule, Writing
from waystation.records import Save
from waystation.records.choices import ListPage


def keep(desk: Desk, name: str, page: ListPage, filters: str) -> Save:
    """Keeps a filter for this member.

    Args:
        filters: the query of the address that shows it.
    Raises: BadInput, if it has no name; Refused.
    """
    writing = Writing(desk)
    fields = {"name": name.strip() or None, "page": page, "filters": filters or "all"}
    office = desk.folder(FolderType.OFFICE)
    writing.write(writing.entry(office, "saved_filter", fields), RULES["saved_filter"])
    return writing.save()


def _saved_filter(writing: Writing, entry: Entry) -> None:
    if entry.get("member") != writing.desk.member:
        raise Refused("A kept filter is its member's own. Keep one under your own name.")


RULES: Final[Mapping[str, Rule]] = {
    "saved_filter": Rule(me="member", kept=frozenset(("member", "page")), begins=False, check=_saved_filter),
}
