"""Places where people are hidden, and their nights there.

Guarantees: nobody is sent to a place that is exposed or closed; one bed is not given twice unless somebody says why;
nobody sleeps in two places. Whoever arrives abroad or goes their own way frees their bed in the same save.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.ids import FolderId, FolderType, RecordId
from waystation.office import codenames
from waystation.office.desk import Desk
from waystation.office.writing import Entry, Fields, Known, Rule, Writing, refuse
from waystation.records import Day, Many, Save
from waystation.records.labels import N_
from waystation.roles import Action

MOVE_THEM: Final = N_("Move them to another place: theirs is exposed")

_FOREVER: Final = "9999-12-31"
_LONGER: Final = frozenset(("place", "people", "begins", "ends"))


@dataclass(frozen=True, slots=True)
class _Nights:
    """First night and day of leaving (ISO), as wide as they may have been, and how many people."""

    begins: str
    ends: str
    people: int

    def overlaps(self, other: "_Nights") -> bool:
        return self.begins < other.ends and other.begins < self.ends


def open_place(desk: Desk, fields: Fields) -> Save:
    """Adds a place, in a folder of its own.

    Args:
        fields: of `place`; a code name is proposed and the day of opening filled in where they are missing.
    Raises: BadInput, Refused.
    """
    desk.require(Action.OPEN, FolderType.PLACE)
    writing = Writing(desk)
    entry = writing.entry(writing.open_folder(FolderType.PLACE), "place", fields)
    if entry.fields.get("code_name") is None:
        entry.fields["code_name"] = codenames.propose(desk, "en")
    writing.write(entry, RULES["place"])
    return writing.save()


def leave(desk: Desk, case: FolderId, stay: RecordId, day: Day | None = None) -> Save:
    """Ends a stay, today or on the day given. Raises: BadInput, Refused."""
    writing = Writing(desk)
    entry = writing.change(case, "stay", stay, {"ends": day or writing.this_day()})
    writing.write(entry, RULES["stay"])
    return writing.save()


def expose(desk: Desk, place: FolderId, words: str, day: Day | None = None, title: str = MOVE_THEM) -> Save:
    """Marks a place as exposed, and asks for everybody there, or on the way there, to be moved, in one save.

    Args:
        words: what happened; kept as a note with the place and in each task.
        day: since when; today if left out.
        title: of the tasks, in the member's language.
    Raises: BadInput, Refused.
    """
    writing = Writing(desk)
    writing.write(writing.change(place, "place", place, {"exposed": day or writing.this_day()}), RULES["place"])
    note: Fields = {"body": words, "written": writing.now(), "author": desk.member}
    writing.write(writing.entry(place, "note", note), Rule())
    query = "SELECT DISTINCT folder FROM k_stay WHERE place = ? AND (ends IS NULL OR coalesce(ends_to, ends) >= ?)"
    for (case,) in desk.reader.rows(query, place, writing.today):
        head = writing.get(case, "case", case)
        task: Fields = {"title": title, "details": words, "due": writing.now(), "assignee": head.get("caseworker")}
        writing.write(writing.entry(case, "task", task), Rule())
    return writing.save()


def end_stays(writing: Writing, case: FolderId, leaving: frozenset[bytes], day: Day) -> None:
    """Ends the stays of people who are gone, in the save that says so.

    Args:
        leaving: who; empty for everybody in the case.
    """
    everyone = frozenset(writing.records(case, "person"))
    gone = leaving or everyone
    for stay, fields in writing.records(case, "stay").items():
        nights = _nights(fields, 1)
        if nights.ends <= day.sort_key or nights.begins > day.sort_key:
            continue
        there = _people(fields) or everyone
        if there <= gone:
            writing.put(writing.change(case, "stay", stay, {"ends": day}))
        elif there & gone:
            writing.put(writing.change(case, "stay", stay, {"people": Many.of(there - gone)}))
            part = {**fields, "people": Many.of(there & gone), "ends": day}
            writing.put(writing.entry(case, "stay", part))


def _place(writing: Writing, entry: Entry) -> None:
    codenames.check_code_name(writing, entry)


def _stay(writing: Writing, entry: Entry) -> None:
    place_id = entry.link("place")
    place = writing.find(FolderId(place_id), "place", place_id) if place_id else None
    if place_id is None or place is None or not (entry.is_new or _is_longer(entry)):
        return
    everyone = max(1, len(writing.records(entry.folder, "person")))
    wanted = _nights(_known(entry), everyone)
    for name, message in (
        ("exposed", N_("This place has been exposed since %(day)s. Nobody is sent there; choose another.")),
        ("closed", N_("This place has been closed since %(day)s. Choose another.")),
    ):
        since = place.get(name)
        if isinstance(since, Day) and wanted.ends > since.sort_key:
            refuse("place", name, message, day=since)
    others = [
        _nights(fields, everyone)
        for stay, fields in writing.records(entry.folder, "stay").items()
        if stay != entry.record and _shares_people(fields, entry)
    ]
    if any(wanted.overlaps(other) for other in others):
        message = N_("They have another stay on some of these nights. End that one first.")
        refuse("begins", "two_places", message)
    beds = place.get("beds")
    if isinstance(beds, int):
        taken = _most_taken(wanted, _stays_at(writing, place_id, entry, wanted))
        if taken + wanted.people > beds:
            message = N_("Not enough beds: %(beds)s in all, %(taken)s taken on some of these nights.")
            writing.unusual(entry, "place", "full", message, beds=beds, taken=taken)


def _is_longer(entry: Entry) -> bool:
    """Whether a change takes more of a place; whoever leaves earlier is never refused."""
    if not _LONGER & entry.fields.keys():
        return False
    if {"place", "people", "begins"} & entry.fields.keys():
        return True
    return _nights(_known(entry), 1).ends > _nights(entry.before, 1).ends


def _stays_at(writing: Writing, place: bytes, entry: Entry, wanted: _Nights) -> list[_Nights]:
    query = (
        "SELECT s.begins, coalesce(s.ends_to, s.ends, '9999-12-31'), s.people, c.people FROM k_stay s"
        " LEFT JOIN case_now c ON c.folder = s.folder WHERE s.place = ?"
        " AND coalesce(s.ends_to, s.ends, '9999-12-31') > ? AND s.begins < ? AND s.folder != ?"
    )
    stays = [
        _Nights(begins, ends, len(json.loads(named)) if named else everyone or 1)
        for begins, ends, named, everyone in writing.desk.reader.rows(
            query, place, wanted.begins, wanted.ends, entry.folder
        )
    ]
    everyone = max(1, len(writing.records(entry.folder, "person")))
    return stays + [
        _nights(fields, everyone)
        for stay, fields in writing.records(entry.folder, "stay").items()
        if stay != entry.record and fields.get("place") == place
    ]


def _most_taken(wanted: _Nights, stays: list[_Nights]) -> int:
    """The most beds that are taken on any night of `wanted`: occupancy only rises where a stay begins."""
    there = [stay for stay in stays if stay.overlaps(wanted)]
    nights = {wanted.begins} | {stay.begins for stay in there if stay.begins > wanted.begins}
    return max((sum(stay.people for stay in there if stay.begins <= night < stay.ends) for night in nights), default=0)


def _nights(fields: Known, everyone: int) -> _Nights:
    begins, ends = fields.get("begins"), fields.get("ends")
    return _Nights(
        begins.sort_key if isinstance(begins, Day) else "",
        (ends.latest or ends.sort_key) if isinstance(ends, Day) else _FOREVER,
        len(_people(fields)) or everyone,
    )


def _known(entry: Entry) -> Known:
    return {name: value for name, value in {**entry.before, **entry.fields}.items() if value is not None}


def _people(fields: Known) -> frozenset[bytes]:
    named = fields.get("people")
    return frozenset(i for i in named if isinstance(i, bytes)) if isinstance(named, Many) else frozenset()


def _shares_people(fields: Known, entry: Entry) -> bool:
    ours, theirs = entry.links("people"), _people(fields)
    return not ours or not theirs or bool(ours & theirs)


RULES: Final[Mapping[str, Rule]] = {
    "place": Rule(today="opened", past=("exposed",), order=(("opened", "closed"),), begins=False, check=_place),
    "stay": Rule(order=(("begins", "ends"),), check=_stay),
}
