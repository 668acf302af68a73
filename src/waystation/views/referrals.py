"""Referrals between organisations: what left and what was answered, what came and what we still owe an answer.

Guarantees: masked values are not here, nor any case that this desk does not read; what needs a person now stands first.
"""

from dataclasses import dataclass
from typing import Final

from waystation.ids import FolderId, FolderType, RecordId
from waystation.records.values import Moment
from waystation.views import shown
from waystation.views.reader import Reader
from waystation.views.shown import Shown

LISTED_MAX: Final = 100
"""So many of each are listed, the newest of those that need nobody left out first."""

_SENT: Final = (
    "SELECT r.folder, r.id, c.code_name, 0 FROM k_referral r JOIN case_now c ON c.folder = r.folder"
    " ORDER BY r.sent DESC LIMIT ?"
)
_RECEIVED: Final = (
    "SELECT r.folder, r.id, q.code_name, q.accepted_as IS NOT NULL OR q.outcome IS NOT NULL FROM k_received_referral r"
    " JOIN request_now q ON q.folder = r.folder ORDER BY r.received DESC LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """One referral.

    Args:
        folder, folder_type, code_name: of the case that left, or of the request that came.
        needs: why it needs a person now: "declined", "asks", "owed" (it was decided here and they do not know),
            "withdrawn"; empty if it does not.
        at: when it was made, or received.
    """

    folder: FolderId
    folder_type: FolderType
    code_name: str
    shown: Shown
    needs: str
    at: Moment | None


@dataclass(frozen=True, slots=True)
class CardRow:
    """A kept card: whose, and whether its words were compared."""

    record: RecordId
    shown: Shown
    partner: str


def sent(reader: Reader) -> tuple[ReferralRow, ...]:
    """What left, what needs a person first."""
    return _rows(reader, _SENT, "referral", FolderType.CASE)


def received(reader: Reader) -> tuple[ReferralRow, ...]:
    """What came, what needs a person first."""
    return _rows(reader, _RECEIVED, "received_referral", FolderType.REQUEST)


def needs(one: Shown, *, decided: bool) -> str:
    """Why a referral needs a person now; see `ReferralRow`.

    Args:
        decided: whether a received one was accepted or ended here.
    """
    fields = one.fields
    if one.kind == "referral":
        said = str(fields.get("answer", ""))
        return said if said in ("declined", "asks") and "withdrawn" not in fields else ""
    if "withdrawn" in fields:
        return "withdrawn"
    return "owed" if decided and fields.get("answer") not in ("accepted", "declined") else ""


def cards(reader: Reader, home: FolderId) -> tuple[CardRow, ...]:
    """The kept cards that were not laid aside, by partner. `home`: the office's folder."""
    found = shown.records(reader, home, ("partner_card",)).get("partner_card", ())
    rows = [
        CardRow(one.record, one, shown.name(reader, "partner", partner))
        for one in found
        if isinstance(partner := one.fields.get("partner"), bytes) and "dropped" not in one.fields
    ]
    return tuple(sorted(rows, key=lambda row: (row.partner, row.record)))


def _rows(reader: Reader, query: str, kind: str, folder_type: FolderType) -> tuple[ReferralRow, ...]:
    found: list[ReferralRow] = []
    for folder, record, code_name, decided in reader.rows(query, LISTED_MAX):
        one = shown.record(reader, folder, kind, record)
        if one is not None and one.struck is None:
            at = one.fields.get("sent" if kind == "referral" else "received")
            why = needs(one, decided=bool(decided))
            moment = at if isinstance(at, Moment) else None
            found.append(ReferralRow(FolderId(folder), folder_type, code_name or "", one, why, moment))
    return tuple(sorted(found, key=lambda row: not row.needs))
