"""Who says what: sources, claims, and the citations that join them.

Guarantees: a source never relies on itself, however long the way round, so that independent ones can be counted; the
same citation does not stand twice.
"""

from collections.abc import Mapping
from typing import Final

from waystation.ids import FolderId, RecordId
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Fields, Rule, Writing, refuse
from waystation.records import Save
from waystation.records.labels import N_


def testify(
    desk: Desk, folder: FolderId, claim: Fields | RecordId, source: Fields | RecordId, citation: Fields
) -> Save:
    """A claim, who says so, and where, in one save.

    Args:
        folder: the office's, or an incident's.
        claim, source: the fields of a new one, or the id of one that is there.
        citation: its fields, without the two links.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    ends = {
        kind: given if isinstance(given, bytes) else writing.write(writing.entry(folder, kind, given), RULES[kind])
        for kind, given in (("claim", claim), ("source", source))
    }
    writing.write(writing.entry(folder, "citation", {**citation, **ends}), RULES["citation"])
    return writing.save()


def _source(writing: Writing, entry: Entry) -> None:
    behind = entry.link("relies_on")
    passed = {entry.record}
    while behind is not None:
        if behind in passed:
            refuse("relies_on", "circle", N_("These sources would rely on each other in a circle."))
        passed.add(behind)
        further = (writing.find(entry.folder, "source", behind) or {}).get("relies_on")
        behind = RecordId(further) if isinstance(further, bytes) else None


def _citation(writing: Writing, entry: Entry) -> None:
    query = "SELECT id FROM k_citation WHERE claim = ? AND source = ? AND relation = ? AND dated IS ? AND id != ?"
    dated, relation = entry.day("dated"), entry.get("relation")
    claim, source = entry.link("claim"), entry.link("source")
    key = dated.sort_key if dated else None
    if writing.desk.reader.row(query, claim, source, str(relation), key, entry.record) is not None:
        refuse("source", "cited_already", N_("This source is cited for this claim already. Change that citation."))


RULES: Final[Mapping[str, Rule]] = {
    "source": Rule(past=("published",), check=_source),
    "claim": Rule(),
    "citation": Rule(past=("dated",), check=_citation),
}
