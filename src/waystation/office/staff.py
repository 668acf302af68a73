"""Those who do the work: members, partners, and who reads a folder.

Guarantees: a member's roles, coming and going are changed only by those who may admit members. What a member may do
follows from the signed roster, never from these records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.ids import DeskId, FolderId, FolderType, MemberId, RecordId
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Rule, Writing
from waystation.records import Save
from waystation.records.check import check
from waystation.roles import Action
from waystation.views import shown

_OWN: Final = frozenset(("display_name", "languages", "pages_in"))
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


def choose_language(desk: Desk, code: str) -> Save | None:
    """Keeps in which language this member reads the pages.

    Args:
        code: of a language of the pages.
    Returns: None, if it is kept already. Raises: BadInput.
    """
    office = desk.folder(FolderType.OFFICE)
    member = RecordId(desk.member)
    fields = check(desk.registry["member"], {"pages_in": code})
    if language_of(desk) == fields["pages_in"]:
        return None
    writing = Writing(desk)
    writing.write(writing.change(office, "member", member, fields), RULES["member"])
    return writing.save()


def language_of(desk: Desk) -> str:
    """In which language this member chose to read the pages; empty if they never did."""
    own = shown.record(desk.reader, desk.folder(FolderType.OFFICE), "member", desk.member)
    return str(own.fields.get("pages_in", "")) if own else ""


def _member(writing: Writing, entry: Entry) -> None:
    is_own = bytes(entry.record) == bytes(writing.desk.member) and entry.fields.keys() <= _OWN
    if entry.is_new or not is_own:
        writing.desk.require(Action.ADMIT, FolderType.ORGANISATION)


def _organisation(writing: Writing, entry: Entry) -> None:
    writing.desk.require(Action.ADMIT, FolderType.ORGANISATION)


def _desk(writing: Writing, entry: Entry) -> None:
    if bytes(entry.record) != bytes(writing.desk.book.desk):
        writing.desk.require(Action.ADMIT, FolderType.ORGANISATION)


RULES: Final[Mapping[str, Rule]] = {
    "desk": Rule(begins=False, kept=frozenset(("credential",)), check=_desk),
    "member": Rule(order=(("joined", "departed"),), check=_member),
    "partner": Rule(past=("agreement",)),
    "organisation": Rule(begins=False, kept=frozenset(("recovery", "founded")), check=_organisation),
}
