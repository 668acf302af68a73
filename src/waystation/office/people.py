"""What is kept of people, in a request or a case: who they are, how to reach them, what was checked and consented to.

Refuses a second principal applicant, a partner's check without the partner, a judgement before any check, a consent to
nothing, and a risk assessment that nobody would look at again.
"""

from collections.abc import Mapping
from typing import Final

from waystation.office.writing import Entry, Rule, Writing, day_after, refuse
from waystation.records.choices import PersonRole, RiskLevel, Timeframe, VerifiedBy
from waystation.records.labels import N_

REVIEW_DAYS_MAX: Final = 90
REVIEW_DAYS_MAX_URGENT: Final = 7
"""Danger that is extreme or immediate is looked at again within a week."""


def _person(writing: Writing, entry: Entry) -> None:
    others = {k: v for k, v in writing.records(entry.folder, "person").items() if k != entry.record}
    has_principal = any(fields.get("role") == PersonRole.PRINCIPAL for fields in others.values())
    if entry.is_new and not others:
        entry.fields.setdefault("role", PersonRole.PRINCIPAL)
    if has_principal and entry.get("role") == PersonRole.PRINCIPAL:
        message = N_("There is a principal applicant already. Change that person's role first.")
        refuse("role", "second_principal", message)


def _verification_step(writing: Writing, entry: Entry) -> None:
    by_partner = entry.get("verified_by") == VerifiedBy.PARTNER
    if entry.get("verified_by") in (VerifiedBy.PARTNER, VerifiedBy.JOINTLY) and entry.link("partner") is None:
        refuse("partner", "required", N_("Say which partner checked."))
    if entry.is_new and not by_partner:
        entry.fields.setdefault("verifier", writing.desk.member)


def _credibility_assessment(writing: Writing, entry: Entry) -> None:
    if entry.is_new and not writing.records(entry.folder, "verification_step"):
        message = N_("Nothing has been checked yet. Add a verification step first, or say why you judge without one.")
        writing.unusual(entry, "judgement", "not_checked", message)


def _risk_assessment(writing: Writing, entry: Entry) -> None:
    review, assessed = entry.day("review"), entry.day("assessed")
    if review is None or assessed is None or not {"review", "assessed", "level", "timeframe"} & entry.fields.keys():
        return
    urgent = entry.get("level") == RiskLevel.EXTREME or entry.get("timeframe") == Timeframe.NOW
    days = REVIEW_DAYS_MAX_URGENT if urgent else REVIEW_DAYS_MAX
    if review.sort_key > day_after(assessed.sort_key, days):
        message = N_("That is late: danger like this is looked at again within %(days)s days. Choose an earlier day.")
        writing.unusual(entry, "review", "review_late", message, days=days)


def _consent(writing: Writing, entry: Entry) -> None:
    if not entry.get("scope"):
        refuse("scope", "required", N_("Choose what may be shared. A consent to nothing is no consent."))


RULES: Final[Mapping[str, Rule]] = {
    "person": Rule(past=("born",), check=_person),
    "contact_channel": Rule(person=True, past=("ended",)),
    "identity_document": Rule(person=True, past=("issued",), order=(("issued", "expires"),)),
    "protection_concern": Rule(person=True, past=("since",), order=(("since", "ended"),)),
    "verification_step": Rule(today="checked", person=True, past=("checked",), check=_verification_step),
    "credibility_assessment": Rule(today="judged", me="judged_by", past=("judged",), check=_credibility_assessment),
    "risk_assessment": Rule(
        today="assessed",
        me="assessed_by",
        person=True,
        past=("assessed",),
        order=(("assessed", "review"), ("assessed", "deadline")),
        check=_risk_assessment,
    ),
    "consent": Rule(
        today="given",
        me="taken_by",
        person=True,
        past=("given", "withdrawn"),
        order=(("given", "valid_until"), ("given", "withdrawn")),
        check=_consent,
    ),
}
