"""Other organisations: the cards that we keep of them, what we referred to them, and what they referred to us."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import ReferralAnswer, ReferralForm
from waystation.records.declare import CASE, OFFICE, choice, day, kind, link, links, moment, octets, text
from waystation.records.labels import N_
from waystation.records.values import Day, Many, Moment


@kind("partner_card", folders={FolderType.OFFICE}, label=N_("Card of a partner"))
class PartnerCard(TypedDict, total=False):
    """A desk of a partner to which packets can be sealed, once somebody has compared its words."""

    partner: Annotated[bytes, link("partner", N_("Partner"), OFFICE, required=True)]
    calls_itself: Annotated[str, text(N_("Name on the card"), OFFICE, required=True)]
    card: Annotated[str, text(N_("Card as text"), OFFICE, max_chars=4000, required=True, searchable=False)]
    card_desk: Annotated[bytes, octets(N_("Desk"), OFFICE, size=16, required=True)]
    expires: Annotated[Day, day(N_("Expires"), OFFICE, required=True)]
    kept: Annotated[Moment, moment(N_("Kept"), OFFICE, required=True)]
    compared: Annotated[Moment, moment(N_("Words compared"), OFFICE)]
    compared_by: Annotated[bytes, link("member", N_("Compared by"), OFFICE)]
    dropped: Annotated[Day, day(N_("Not used any more since"), OFFICE)]


@kind("referral", folders={FolderType.CASE}, label=N_("Referral to a partner"))
class Referral(TypedDict, total=False):
    """What left to another organisation, and what they answered."""

    partner: Annotated[bytes, link("partner", N_("Referred to"), CASE, required=True)]
    called: Annotated[str, text(N_("What both call it"), CASE, max_chars=60, required=True)]
    form: Annotated[ReferralForm, choice(ReferralForm, N_("How it was given"), CASE, required=True)]
    purpose: Annotated[str, text(N_("For what"), CASE, max_chars=500, lines=2, required=True)]
    words: Annotated[str, text(N_("Words to them"), CASE, max_chars=4000, lines=5)]
    what: Annotated[str, text(N_("What left"), CASE, max_chars=2000, lines=4, required=True)]
    consents: Annotated[Many, links("consent", N_("Under the consents"), CASE)]
    sent: Annotated[Moment, moment(N_("Made"), CASE, required=True)]
    sent_by: Annotated[bytes, link("member", N_("Made by"), CASE)]
    answer: Annotated[ReferralAnswer, choice(ReferralAnswer, N_("Their answer"), CASE)]
    answered: Annotated[Moment, moment(N_("Answered"), CASE)]
    answer_words: Annotated[str, text(N_("In their words"), CASE, max_chars=4000, lines=4)]
    withdrawn: Annotated[Moment, moment(N_("Withdrawn"), CASE)]
    packet: Annotated[bytes, octets(N_("Packet"), CASE, size=16, required=True)]
    sealed_to: Annotated[bytes, octets(N_("Desks that it was sealed to"), CASE, size=16, count_max=16)]
    answers: Annotated[bytes, octets(N_("Answers taken in"), CASE, size=16, count_max=50)]


@kind("received_referral", folders={FolderType.REQUEST}, label=N_("Referral from a partner"))
class ReceivedReferral(TypedDict, total=False):
    """What came from another organisation, and what we answered."""

    partner: Annotated[bytes, link("partner", N_("Referred by"), CASE, required=True)]
    called: Annotated[str, text(N_("What both call it"), CASE, max_chars=60, required=True)]
    purpose: Annotated[str, text(N_("For what"), CASE, max_chars=500, lines=2)]
    words: Annotated[str, text(N_("Their words to us"), CASE, max_chars=4000, lines=5)]
    made: Annotated[Moment, moment(N_("Made"), CASE, required=True)]
    received: Annotated[Moment, moment(N_("Received"), CASE, required=True)]
    received_by: Annotated[bytes, link("member", N_("Taken in by"), CASE)]
    original: Annotated[bytes, link("file", N_("As it came"), CASE)]
    content: Annotated[bytes, link("file", N_("As it was opened"), CASE)]
    answer: Annotated[ReferralAnswer, choice(ReferralAnswer, N_("Our answer"), CASE)]
    answered: Annotated[Moment, moment(N_("Answered"), CASE)]
    answer_words: Annotated[str, text(N_("Our words to them"), CASE, max_chars=4000, lines=4)]
    withdrawn: Annotated[Moment, moment(N_("Withdrawn by them"), CASE)]
    withdrawn_words: Annotated[str, text(N_("Why they withdrew it"), CASE, max_chars=4000, lines=3)]
    packet: Annotated[bytes, octets(N_("Packet"), CASE, size=16, required=True)]
    card: Annotated[bytes, link("partner_card", N_("Sealed by"), CASE)]
    taken: Annotated[bytes, octets(N_("Withdrawals taken in"), CASE, size=16, count_max=50)]
