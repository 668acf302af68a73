"""Texts that the program itself writes into a record, where nobody has typed any.

They are kept in English as gettext ids, so that everyone reads them in their own language; what a person typed is never
taken for one, unless it is the very same text.
"""

from typing import Final

from waystation.office.casework import FIND_OUT
from waystation.office.intake import FROM_TRIAGE
from waystation.office.journeys import FIND_THEM, PLAN_AGAIN
from waystation.office.referrals import ANSWER_THEM, SEALED, SIGNED, STOP_USING
from waystation.office.shelter import MOVE_THEM

OWN_WORDS: Final[frozenset[tuple[str, str, str]]] = frozenset(
    (
        *(("task", "title", title) for title in (FIND_OUT, PLAN_AGAIN, FIND_THEM, MOVE_THEM, STOP_USING, ANSWER_THEM)),
        *(("file", "description", told) for told in (SEALED, SIGNED)),
        ("risk_assessment", "reasons", FROM_TRIAGE),
    )
)
"""Kind of record, its field, and what it may say there."""
