"""Money that came in and money that was spent. It lives in the ledger's folder.

Refuses sums of nothing, days that have not come, and a donor's name beside "anonymous".
"""

from collections.abc import Mapping
from typing import Final

from waystation.office.writing import Entry, Rule, Writing, refuse
from waystation.records import Money
from waystation.records.labels import N_


def _donation(writing: Writing, entry: Entry) -> None:
    _above_nothing(entry)
    if entry.get("anonymous") is True and entry.get("donor"):
        refuse("donor", "anonymous", N_("This donor asked to stay anonymous. Leave the name out."))


def _expense(writing: Writing, entry: Entry) -> None:
    _above_nothing(entry)


def _above_nothing(entry: Entry) -> None:
    amount = entry.get("amount")
    if isinstance(amount, Money) and amount.minor <= 0:
        message = N_("Give a sum above zero. What was paid back is a donation or an expense of its own.")
        refuse("amount", "not_above_zero", message)


RULES: Final[Mapping[str, Rule]] = {
    "campaign": Rule(today="opened", order=(("opened", "closed"),)),
    "donation": Rule(today="received", past=("received",), check=_donation),
    "expense": Rule(today="spent", past=("spent",), check=_expense),
}
