"""Received and spent, by campaign and by category. Sums are exact and never mix currencies."""

from dataclasses import dataclass
from typing import Final

from waystation.ids import RecordId
from waystation.views import shown
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_SUMS: Final = """
SELECT {by}, currency, total(received), total(spent) FROM (
    SELECT campaign, NULL AS category, amount_currency AS currency, amount_minor AS received, 0 AS spent FROM k_donation
    UNION ALL
    SELECT campaign, category, amount_currency, 0, amount_minor FROM k_expense)
 WHERE currency IS NOT NULL GROUP BY 1, 2 ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """Minor units of one currency."""

    currency: str
    received: int
    spent: int


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign and its money; `shown` is None for what belongs to no campaign."""

    shown: Shown | None
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """What was spent on one thing; `category` is the stored choice."""

    category: str
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class Money:
    """All money, counted now."""

    totals: tuple[Sum, ...]
    campaigns: tuple[CampaignRow, ...]
    categories: tuple[CategoryRow, ...]


def money(reader: Reader) -> Money:
    """Received and spent: in all, by campaign, by category."""
    totals = _sums(reader, "NULL").get(None, ())
    by_campaign = _sums(reader, "campaign")
    home = reader.row("SELECT folder FROM k_campaign LIMIT 1")
    known = shown.records(reader, home[0], ("campaign",)).get("campaign", ()) if home else ()
    campaigns = [CampaignRow(one, by_campaign.pop(one.record, ())) for one in known]
    rest = {sum_.currency for sums in by_campaign.values() for sum_ in sums}
    if rest:
        campaigns.append(CampaignRow(None, tuple(_merged(by_campaign, currency) for currency in sorted(rest))))
    categories = [CategoryRow(str(k), v) for k, v in _sums(reader, "category").items() if k is not None]
    return Money(totals, tuple(campaigns), tuple(sorted(categories, key=lambda row: row.category)))


def donations(reader: Reader, *, after: str | None = None, limit: int = PAGE) -> Page[Shown]:
    """Donations, the newest first."""
    return _newest(reader, "donation", "received", after, limit)


def expenses(reader: Reader, *, after: str | None = None, limit: int = PAGE) -> Page[Shown]:
    """Expenses, the newest first."""
    return _newest(reader, "expense", "spent", after, limit)


def _sums(reader: Reader, by: str) -> dict[object, tuple[Sum, ...]]:
    found: dict[object, tuple[Sum, ...]] = {}
    for key, currency, received, spent in reader.rows(_SUMS.format(by=by)):
        found[key] = (*found.get(key, ()), Sum(currency, int(received), int(spent)))
    return found


def _merged(by_campaign: dict[object, tuple[Sum, ...]], currency: str) -> Sum:
    these = [sum_ for sums in by_campaign.values() for sum_ in sums if sum_.currency == currency]
    return Sum(currency, sum(one.received for one in these), sum(one.spent for one in these))


def _newest(reader: Reader, kind: str, day: str, after: str | None, limit: int) -> Page[Shown]:
    where, key = ("", []) if after is None else (f" WHERE ({day}, record) < (?, ?)", read_key(after, 2))
    query = f"SELECT folder, id, {day}, record FROM k_{kind}{where} ORDER BY {day} DESC, record DESC LIMIT ?"
    rows = reader.rows(query, *key, limit + 1)
    found = [shown.record(reader, folder, kind, RecordId(identity)) for folder, identity, _, _ in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(tuple(one for one in found if one), key_text(last[2], last[3]) if last else None)
