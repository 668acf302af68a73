"""Those who help without a desk: what they speak, whom they must be kept apart from, and what each was told.

Guarantees: names and ways to reach them are masked and not here; what stands in a case is given only as far as this
desk reads that case. Whoever should be kept apart from a case stands last, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from waystation.clock import Millis
from waystation.communities import Around, Circle, Met
from waystation.ids import FolderId, FolderType
from waystation.records import Many, Value
from waystation.records.labels import N_
from waystation.records.values import Moment
from waystation.views import shown
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_APART: Final[Mapping[tuple[str, Met], str]] = {
    ("not_for", Met.NAME): N_("They must be kept apart from this case."),
    ("not_for", Met.PLACE): N_("They must be kept apart from “%(word)s”, and the danger is there."),
    ("not_for", Met.THREAT): N_("They must be kept apart from “%(word)s”, and the danger comes from there."),
    ("not_for", Met.PEOPLE): N_("They must be kept apart from “%(word)s”, and these people may belong there."),
    ("community", Met.PLACE): N_("Their community, “%(word)s”, has ties to where the danger is."),
    ("community", Met.THREAT): N_("Their community, “%(word)s”, has ties to those from whom the danger comes."),
    ("community", Met.PEOPLE): N_("Their community, “%(word)s”, may be that of these people."),
}
"""Field of the helper and what of the case it meets → what a page says."""

CARRIED_MAX: Final = 200
"""So many slips and words to one helper are listed, the newest first."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Why a helper should be kept apart from a case: a gettext id, and the helper's own `%(word)s` in it."""

    message: str
    word: str


@dataclass(frozen=True, slots=True)
class HelperRow:
    """A helper in a list.

    Args:
        apart: why they should be kept apart from the case that was asked about.
        speaks: how many languages they share with the people in that case.
    """

    shown: Shown
    code_name: str
    apart: tuple[Apart, ...]
    speaks: int

    @property
    def ended(self) -> bool:
        """Whether they help no longer."""
        return "ended" in self.shown.fields


@dataclass(frozen=True, slots=True)
class Carried:
    """What a helper was told about one case or request, or a slip that they carry.

    Args:
        code_name: of the case or the request.
        at: when it was told, or when they meet.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    shown: Shown
    at: Moment | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom a list of helpers is asked for; empty means anybody.

    Args:
        type, language: stored choices.
        dialect: words, of which each must begin a word of the helper's dialects.
        ended: those who help no longer, instead of those who do.
    """

    type: str = ""
    language: str = ""
    dialect: str = ""
    ended: bool = False


def helpers(reader: Reader, wanted: Wanted, case: FolderId | None = None) -> tuple[HelperRow, ...]:
    """Helpers by code name; with a case, first those whom nothing keeps apart from it, and who speak with its people.

    Args:
        case: the case or the request that somebody is looked for.
    """
    around = Around(circle(reader, case)) if case is not None else None
    spoken = languages(reader, case) if case is not None else frozenset()
    rows = [_row(one, around, spoken) for one in _all(reader) if _is_wanted(one, wanted)]
    return tuple(sorted(rows, key=lambda row: (bool(row.apart), -row.speaks, row.code_name)))


def helper(reader: Reader, record: bytes) -> Shown | None:
    """One helper, or None if there is none."""
    home = _home(reader)
    return shown.record(reader, home, "helper", record) if home is not None else None


def carried(reader: Reader, record: bytes) -> tuple[Carried, ...]:
    """Every slip of a helper and every word told to them, in the cases and requests that this desk reads."""
    found: list[Carried] = []
    for kind, field in (("told", "told"), ("task_slip", "meets")):
        query = f"SELECT folder, id FROM k_{kind} WHERE helper = ? ORDER BY {field} DESC LIMIT ?"
        for folder, identity in reader.rows(query, record, CARRIED_MAX):
            one = shown.record(reader, folder, kind, identity)
            home = _folder_of(reader, folder)
            if one is not None and home is not None:
                at = one.fields.get(field)
                found.append(Carried(folder, *home, one, at if isinstance(at, Moment) else None))
    return tuple(sorted(found, key=lambda one: one.at.ms if one.at else 0, reverse=True)[:CARRIED_MAX])


def circle(reader: Reader, folder: FolderId) -> Circle:
    """What a case or a request says of its people's surroundings; nothing masked."""
    found = shown.records(reader, folder, ("case", "request", "evacuation", "protection_concern"))
    heads = (*found.get("case", ()), *found.get("request", ()))
    origins = (one.fields.get("origin") for one in found.get("evacuation", ()))
    return Circle(
        next((str(one.fields.get("code_name", "")) for one in heads), ""),
        tuple(str(place) for place in (*(one.fields.get("region") for one in heads), *origins) if place),
        tuple(str(who) for one in found.get("protection_concern", ()) if (who := one.fields.get("from_whom"))),
        languages(reader, folder),
    )


def languages(reader: Reader, folder: FolderId) -> frozenset[str]:
    """What the people in a case or a request speak, as stored choices."""
    found = shown.records(reader, folder, ("person", "request"))
    spoken = {str(item) for one in found.get("person", ()) for item in _items(one.fields.get("languages"))}
    first = (one.fields.get("language") for one in found.get("request", ()))
    return frozenset(spoken | {str(one) for one in first if one})


def of_case(records: Mapping[str, tuple[Shown, ...]]) -> tuple[bytes, ...]:
    """The helpers who were told something in a case or carry a slip of it that is not destroyed, each once."""
    told = (one.fields.get("helper") for one in records.get("told", ()))
    slips = (one.fields.get("helper") for one in records.get("task_slip", ()) if "destroyed" not in one.fields)
    return tuple(dict.fromkeys(one for one in (*told, *slips) if isinstance(one, bytes)))


def slip_is_over(slip: Shown, now_ms: Millis) -> bool:
    """Whether a slip has expired, destroyed or not."""
    expires = slip.fields.get("expires")
    return not isinstance(expires, Moment) or expires.ms < now_ms


def _all(reader: Reader) -> tuple[Shown, ...]:
    home = _home(reader)
    return shown.records(reader, home, ("helper",)).get("helper", ()) if home is not None else ()


def _home(reader: Reader) -> FolderId | None:
    row = reader.row("SELECT folder FROM k_helper LIMIT 1")
    return FolderId(row[0]) if row else None


def _row(one: Shown, around: Around | None, spoken: frozenset[str]) -> HelperRow:
    fields = one.fields
    apart: tuple[Apart, ...] = ()
    if around is not None:
        community = str(fields.get("community", ""))
        apart = tuple(
            Apart(_APART[clash.field, clash.met], community if clash.field == "community" else clash.word)
            for clash in around.clashes(community, str(fields.get("not_for", "")))
        )
    known = {str(item) for item in _items(fields.get("languages"))}
    return HelperRow(one, str(fields.get("code_name", "")), apart, len(known & spoken))


def _is_wanted(one: Shown, wanted: Wanted) -> bool:
    fields = one.fields
    if ("ended" in fields) != wanted.ended:
        return False
    if wanted.type and wanted.type not in _items(fields.get("type")):
        return False
    if wanted.language and wanted.language not in _items(fields.get("languages")):
        return False
    known = str(fields.get("dialects", "")).casefold().replace("ё", "е").split()
    asked = wanted.dialect.casefold().replace("ё", "е").split()
    return all(any(word.strip(",;.").startswith(part) for word in known) for part in asked)


def _items(value: Value | None) -> tuple[str | bytes, ...]:
    return tuple(value) if isinstance(value, Many) else ()


def _folder_of(reader: Reader, folder: FolderId) -> tuple[FolderType, str] | None:
    for kind, folder_type in (("case", FolderType.CASE), ("request", FolderType.REQUEST)):
        row = reader.row(f"SELECT code_name FROM {kind}_now WHERE folder = ?", folder)
        if row is not None:
            return folder_type, str(row[0] or "")
    return None
