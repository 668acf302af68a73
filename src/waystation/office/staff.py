"""Those who do the work: members, partners, and who reads a folder.

Guarantees: a member's roles, coming and going are changed only by those who may admit members. What a member may do
follows from the signed roster, never from these records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.ids import DeskId, FolderId, FolderType, MemberId
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Rule, Writing
from waystation.roles import Action
from waystation.views import shown

_OWN: Final = frozenset(("display_name", "languages"))
"""What members change of themselves."""


@dataclass(frozen=True, slots=True)
class ReaderOf:
    """A desk that can open a folder, and whose it is."""

    desk: DeskId
    member: MemberId
    name: str


def readers(desk: Desk, folder: FolderId) -> tuple[ReaderOf, ...]:
    """Who reads a folder, from the book and not from a list that somebody keeps."""
    roster = desk.book.roster
    found = []
    for reader in desk.book.readers(folder):
        member = roster.desks[reader].member
        found.append(ReaderOf(reader, member, shown.name(desk.reader, "member", member)))
    return tuple(sorted(found, key=lambda reader: (reader.name, reader.desk)))


def _member(writing: Writing, entry: Entry) -> None:
    is_own = bytes(entry.record) == bytes(writing.desk.member) and entry.fields.keys() <= _OWN
    if entry.is_new or not is_own:
        writing.desk.require(Action.ADMIT, FolderType.ORGANISATION)


def _organisation(writing: Writing, entry: Entry) -> None:
    writing.desk.require(Action.ADMIT, FolderType.ORGANISATION)


RULES: Final[Mapping[str, Rule]] = {
    "member": Rule(order=(("joined", "departed"),), check=_member),
    "partner": Rule(past=("agreement",)),
    "organisation": Rule(begins=False, kept=frozenset(("recovery", "founded")), check=_organisation),
}
