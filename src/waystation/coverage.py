"""Which parts of a case may leave to another organisation, and which recorded consent covers each. Pure.

Guarantees: what is not named in `PARTS` never leaves; a part about a person needs a consent of that person, a part
about the whole case one of everybody in it; no reason stands in for a consent. Implements spec/handover.md H15–H16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from waystation.records import Day, Many, Value
from waystation.records.choices import ConsentScope
from waystation.records.labels import N_

Fields = Mapping[str, Value]


class Why(Enum):
    """Why a part may not leave; the value is a gettext id, `%(who)s` being a person and `%(scope)s` what it needs."""

    NOBODY = N_("Nobody is written down as a person in this case. Write them down first.")
    NONE = N_("No consent of theirs is written down: %(who)s.")
    OVER = N_("Their consent was withdrawn, has ended or has not begun: %(who)s.")
    PARTNER = N_("Their consent does not name this partner: %(who)s.")
    SCOPE = N_("Their consent does not cover “%(scope)s”: %(who)s.")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a case.

    Args:
        name: stable; label: gettext id.
        scope: what a consent must cover.
        fields: kind → the fields that leave, in order.
        of_person: whether it is about one person; else about the whole case.
        wanted: whether it is chosen to begin with, where it may leave.
    """

    name: str
    label: str
    scope: ConsentScope
    fields: Mapping[str, tuple[str, ...]]
    of_person: bool = False
    wanted: bool = True


_DANGER: Final[Mapping[str, tuple[str, ...]]] = {
    "protection_concern": ("type", "person", "from_whom", "since", "ended", "details"),
    "risk_assessment": ("level", "timeframe", "deadline", "person", "reasons", "assessed", "review"),
}

PARTS: Final[tuple[Part, ...]] = (
    Part(
        "who",
        N_("Who they are, without a name"),
        ConsentScope.STORY,
        {"person": ("role", "relation", "gender", "languages", "grounds")},
        of_person=True,
    ),
    Part(
        "identity",
        N_("Name, birth, citizenship and papers"),
        ConsentScope.IDENTITY,
        {
            "person": (
                "given_name",
                "patronymic",
                "family_name",
                "other_names",
                "born",
                "citizenship",
                "legal_status",
            ),
            "identity_document": ("person", "type", "number", "issued_by", "issued", "expires", "holder", "scan"),
        },
        of_person=True,
        wanted=False,
    ),
    Part(
        "contact",
        N_("How to reach them"),
        ConsentScope.CONTACT,
        {"contact_channel": ("person", "type", "handle", "safety", "when_safe")},
        of_person=True,
    ),
    Part("threat", N_("What threatens them"), ConsentScope.STORY, _DANGER, of_person=True),
    Part(
        "health",
        N_("Health and specific needs"),
        ConsentScope.MEDICAL_FACTS,
        {"person": ("specific_needs", "health")},
        of_person=True,
        wanted=False,
    ),
    Part("home", N_("Home address"), ConsentScope.LOCATION, {"person": ("home",)}, of_person=True, wanted=False),
    Part("needs", N_("What they need, and the summary"), ConsentScope.STORY, {"case": ("region", "summary", "needs")}),
    Part("danger", N_("What threatens all of them"), ConsentScope.STORY, _DANGER),
    Part(
        "checks",
        N_("How it was checked and judged"),
        ConsentScope.STORY,
        {
            "verification_step": ("type", "person", "verified_by", "checked", "result", "findings"),
            "credibility_assessment": ("judgement", "reasons", "judged"),
        },
    ),
    Part(
        "where",
        N_("Where they are, and the way they came"),
        ConsentScope.LOCATION,
        {
            "case": ("time_zone",),
            "evacuation": ("people", "evacuated", "origin", "refuge"),
            "own_departure": ("people", "departed", "papers", "destination", "remarks"),
            "arrival": ("people", "country", "city", "arrived", "confirmed"),
        },
        wanted=False,
    ),
    Part(
        "filed",
        N_("What was applied for, and decided"),
        ConsentScope.STORY,
        {
            "application": (
                "people",
                "filed",
                "filed_at",
                "priority",
                "primary_category",
                "secondary_category",
                "expected",
            ),
            "decision": ("application", "outcome", "decided", "reason", "valid_until", "appeal_until"),
        },
        wanted=False,
    ),
    Part(
        "conversations",
        N_("Conversations, word for word"),
        ConsentScope.STORY,
        {"conversation": ("channel", "person", "subject", "began", "ended", "messages", "body", "original")},
        wanted=False,
    ),
    Part("notes", N_("Notes of the staff"), ConsentScope.STORY, {"note": ("body", "written")}, wanted=False),
)
"""Every part that can leave, in the order in which they are offered. Files are parts of their own (`file_scope`)."""

CONSENT_FIELDS: Final = ("person", "scope", "except_for", "purpose", "form", "given", "valid_until")
"""What goes along of a consent under which something leaves (H17)."""

_PICTURES: Final = ("image/", "audio/", "video/")


def stands(consent: Fields, day: str) -> bool:
    """Whether a consent has begun by an ISO day, has not ended, and was not withdrawn."""
    given, ends, withdrawn = (consent.get(name) for name in ("given", "valid_until", "withdrawn"))
    begun = not (isinstance(given, Day) and given.sort_key > day)
    lasts = not (isinstance(ends, Day) and ends.sort_key < day)
    kept = not (isinstance(withdrawn, Day) and withdrawn.sort_key <= day)
    return begun and lasts and kept


def covering(
    consents: Mapping[bytes, Fields], person: bytes, scope: ConsentScope, partner: bytes, day: str
) -> bytes | Why:
    """The newest consent of a person that lets a partner know something on a day, or why there is none (H16).

    Args:
        consents: record → what is shown of it, of the whole case. day: ISO.
    """
    own = [(record, one) for record, one in consents.items() if one.get("person") == person]
    live = [(record, one) for record, one in own if stands(one, day)]
    named = [(record, one) for record, one in live if partner in _items(one.get("partners"))]
    fitting = [(_given(one), record) for record, one in named if scope in _items(one.get("scope"))]
    if fitting:
        return max(fitting)[1]
    if named:
        return Why.SCOPE
    return Why.PARTNER if live else (Why.OVER if own else Why.NONE)


def file_scope(
    record: bytes, media_type: str, records: Mapping[str, Mapping[bytes, Fields]]
) -> tuple[ConsentScope, bytes | None]:
    """What a consent must cover so that a file may leave, and whose it is; None for everybody's in the case.

    Args:
        record: the file's original. records: kind → record → fields, of the case.
    """
    for document in records.get("identity_document", {}).values():
        if document.get("scan") == record:
            return ConsentScope.IDENTITY, _bytes(document.get("person"))
    for person, fields in records.get("person", {}).items():
        if fields.get("photo") == record:
            return ConsentScope.IMAGE, person
    if media_type.startswith(_PICTURES):
        return ConsentScope.IMAGE, None
    # Whatever else is no plain text may well bear a name: a letter of a hospital, a summons, a passport as a PDF.
    return (ConsentScope.STORY if media_type == "text/plain" else ConsentScope.IDENTITY), None


def taken_over(kind: str) -> frozenset[str]:
    """The fields of a kind that are laid out when they come from another organisation (H13)."""
    if kind == "consent":
        return frozenset(CONSENT_FIELDS)
    fields = {name for part in PARTS for name in part.fields.get(kind, ())}
    return frozenset(fields | ({"photo"} if kind == "person" else set()))


def subject_of(fields: Fields) -> bytes | None:
    """The one person whom a record is about; None if it names none."""
    return _bytes(fields.get("person"))


def _given(consent: Fields) -> str:
    given = consent.get("given")
    return given.sort_key if isinstance(given, Day) else ""


def _items(value: Value | None) -> Sequence[str | bytes]:
    return tuple(value) if isinstance(value, Many) else ()


def _bytes(value: Value | None) -> bytes | None:
    return value if isinstance(value, bytes) else None
