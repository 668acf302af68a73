"""Raised, received, spent. The ledger speaks of a case by its id only."""

from typing import Annotated, TypedDict

from waystation.ids import FolderType
from waystation.records.choices import CampaignOwner, DonationMethod, ExpenseCategory
from waystation.records.declare import (
    MASKED,
    OFFICE,
    OPEN,
    choice,
    day,
    flag,
    kind,
    link,
    money,
    text,
)
from waystation.records.labels import N_
from waystation.records.values import Day, Money

_LEDGER = {FolderType.LEDGER}


@kind("campaign", folders=_LEDGER, label=N_("Campaign"))
class Campaign(TypedDict, total=False):
    name: Annotated[str, text(N_("Name of the campaign"), OPEN, required=True)]
    owner: Annotated[CampaignOwner, choice(CampaignOwner, N_("Whose campaign"), OFFICE)]
    platform: Annotated[str, text(N_("Platform"), OFFICE)]
    earmark: Annotated[str, text(N_("Earmarked for"), OPEN, max_chars=500, lines=2)]
    goal: Annotated[Money, money(N_("Goal"), OPEN)]
    announced: Annotated[Money, money(N_("Sum announced as raised"), OFFICE)]
    opened: Annotated[Day, day(N_("Opened"), OFFICE)]
    closed: Annotated[Day, day(N_("Closed on"), OFFICE)]


@kind("donation", folders=_LEDGER, label=N_("Donation"))
class Donation(TypedDict, total=False):
    amount: Annotated[Money, money(N_("Amount"), OFFICE, required=True)]
    received: Annotated[Day, day(N_("Received"), OFFICE, required=True)]
    campaign: Annotated[bytes, link("campaign", N_("Campaign"), OFFICE)]
    method: Annotated[DonationMethod, choice(DonationMethod, N_("How it was paid"), OFFICE)]
    donor: Annotated[str, text(N_("Donor"), MASKED)]
    anonymous: Annotated[bool, flag(N_("Wishes to stay anonymous"), OFFICE)]
    earmark: Annotated[str, text(N_("Earmarked for"), OFFICE, max_chars=500, lines=2)]
    reference: Annotated[str, text(N_("Reference number"), MASKED, max_chars=100)]


@kind("expense", folders=_LEDGER, label=N_("Expense"))
class Expense(TypedDict, total=False):
    amount: Annotated[Money, money(N_("Amount"), OFFICE, required=True)]
    spent: Annotated[Day, day(N_("Day of the expense"), OFFICE, required=True)]
    category: Annotated[ExpenseCategory, choice(ExpenseCategory, N_("Category"), OFFICE, required=True)]
    for_case: Annotated[bytes, link("case", N_("Case"), OFFICE)]
    campaign: Annotated[bytes, link("campaign", N_("From the campaign"), OFFICE)]
    payee: Annotated[str, text(N_("Paid to"), MASKED)]
    remarks: Annotated[str, text(N_("Remarks"), OFFICE, max_chars=1000, lines=3)]
    receipt: Annotated[bytes, link("file", N_("Receipt"), OFFICE)]
