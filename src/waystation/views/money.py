"""Received and spent, by campaign, by category and by month. Sums are exact and never mix currencies."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from waystation.ids import RecordId
from waystation.views import shown
from waystation.views.lists import PAGE, Page, key_text, read_key
from waystation.views.reader import Reader
from waystation.views.shown import Shown

_RECEIVED: Final = "SELECT campaign, amount_currency, total(amount_minor) FROM k_donation GROUP BY 1, 2"
_SPENT: Final = "SELECT campaign, category, amount_currency, total(amount_minor) FROM k_expense GROUP BY 1, 2, 3"
_ONE: Final = """
SELECT category, currency, total(received), total(spent) FROM (
    SELECT NULL AS category, amount_currency AS currency, amount_minor AS received, 0 AS spent
      FROM k_donation WHERE campaign = ?1
    UNION ALL
    SELECT category, amount_currency, 0, amount_minor FROM k_expense WHERE campaign = ?1)
 WHERE currency IS NOT NULL GROUP BY 1, 2 ORDER BY 2
"""
_MONTHS: Final = """
SELECT month, currency, total(received), total(spent) FROM (
    SELECT substr(received, 1, 7) AS month, amount_currency AS currency, amount_minor AS received, 0 AS spent, campaign
      FROM k_donation WHERE received >= ?1 AND received < ?2
    UNION ALL
    SELECT substr(spent, 1, 7), amount_currency, 0, amount_minor, campaign
      FROM k_expense WHERE spent >= ?1 AND spent < ?2)
 WHERE currency IS NOT NULL AND (?3 IS NULL OR campaign = ?3) GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """Minor units of one currency."""

    currency: str
    received: int
    spent: int

    @property
    def left(self) -> int:
        """What remains; below zero where more was spent than came in."""
        return self.received - self.spent


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


@dataclass(frozen=True, slots=True)
class Month:
    """One month's money in one currency; `first` is its first day, ISO."""

    first: str
    received: int
    spent: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which donations or expenses are listed; what is left out asks for nothing.

    Args:
        campaign: id of one.
        category: of expenses, as stored.
        currency: its code.
        month: year and month, as in "2017-05".
    """

    campaign: bytes | None = None
    category: str = ""
    currency: str = ""
    month: str = ""


ANY: Final = Wanted()


def money(reader: Reader) -> Money:
    """Received and spent: in all, by campaign, by category."""
    totals, by_campaign, by_category = _Sums(), _Sums(), _Sums()
    for of, currency, minor in reader.rows(_RECEIVED):
        totals.add(None, currency, received=minor)
        by_campaign.add(of, currency, received=minor)
    for of, category, currency, minor in reader.rows(_SPENT):
        totals.add(None, currency, spent=minor)
        by_campaign.add(of, currency, spent=minor)
        by_category.add(category, currency, spent=minor)
    home = reader.row("SELECT folder FROM k_campaign LIMIT 1")
    known = shown.records(reader, home[0], ("campaign",)).get("campaign", ()) if home else ()
    campaigns = [CampaignRow(one, by_campaign.of(one.record)) for one in known]
    rest = by_campaign.without({one.record for one in known})
    if rest:
        campaigns.append(CampaignRow(None, rest))
    return Money(totals.of(None), tuple(campaigns), by_category.categories())


def campaign(reader: Reader, record: RecordId) -> tuple[tuple[Sum, ...], tuple[CategoryRow, ...]]:
    """What one campaign received and spent, and on what."""
    totals, by_category = _Sums(), _Sums()
    for category, currency, received, spent in reader.rows(_ONE, record):
        totals.add(None, currency, received, spent)
        by_category.add(category, currency, received, spent)
    return totals.of(None), by_category.categories()


def months(reader: Reader, count: int = 12, *, record: RecordId | None = None) -> dict[str, tuple[Month, ...]]:
    """Currency → its last months, the oldest first and the present one last; a currency that did not move is absent.

    Args:
        record: of one campaign only.
    """
    firsts = _firsts(reader.today(), count)
    after = _next(date.fromisoformat(firsts[-1])).isoformat()
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for month, currency, received, spent in reader.rows(_MONTHS, firsts[0], after, record):
        found.setdefault(currency, {})[f"{month}-01"] = int(received), int(spent)
    return {
        currency: tuple(Month(first, *by_month.get(first, (0, 0))) for first in firsts)
        for currency, by_month in sorted(found.items())
    }


def donations(reader: Reader, *, wanted: Wanted = ANY, after: str | None = None, limit: int = PAGE) -> Page[Shown]:
    """Donations, the newest first; they have no category, so asking for one finds none."""
    if wanted.category:
        return Page((), None)
    return _newest(reader, "donation", "received", wanted, after, limit)


def expenses(reader: Reader, *, wanted: Wanted = ANY, after: str | None = None, limit: int = PAGE) -> Page[Shown]:
    """Expenses, the newest first."""
    return _newest(reader, "expense", "spent", wanted, after, limit)


class _Sums:
    """Sums by whatever they belong to, and currency."""

    def __init__(self) -> None:
        self._found: dict[object, dict[str, tuple[int, int]]] = {}

    def add(self, key: object, currency: str | None, received: float = 0, spent: float = 0) -> None:
        """Adds to both sums; what has no currency is no sum."""
        if currency is not None:
            kept = self._found.setdefault(key, {})
            before = kept.get(currency, (0, 0))
            kept[currency] = before[0] + int(received), before[1] + int(spent)

    def of(self, key: object) -> tuple[Sum, ...]:
        """The sums of one, by currency."""
        return tuple(Sum(currency, *sums) for currency, sums in sorted(self._found.get(key, {}).items()))

    def without(self, keys: Collection[object]) -> tuple[Sum, ...]:
        """The sums of all but these together."""
        rest = _Sums()
        for key, kept in self._found.items():
            if key not in keys:
                for currency, (received, spent) in kept.items():
                    rest.add(None, currency, received, spent)
        return rest.of(None)

    def categories(self) -> tuple[CategoryRow, ...]:
        """What belongs to a category, by its name; donations have none."""
        return tuple(CategoryRow(key, self.of(key)) for key in sorted(k for k in self._found if isinstance(k, str)))


def _firsts(today: str, count: int) -> list[str]:
    """First days of the last months, the oldest first."""
    first = date.fromisoformat(today).replace(day=1)
    found = [first]
    while len(found) < count:
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return [one.isoformat() for one in reversed(found)]


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _newest(reader: Reader, kind: str, day: str, wanted: Wanted, after: str | None, limit: int) -> Page[Shown]:
    conditions: list[str] = []
    values: list[str | int | bytes | None] = []

    def only(condition: str, *these: str | int | bytes | None) -> None:
        conditions.append(condition)
        values.extend(these)

    if wanted.campaign is not None:
        only("campaign = ?", wanted.campaign)
    if wanted.category:
        only("category = ?", wanted.category)
    if wanted.currency:
        only("amount_currency = ?", wanted.currency)
    if wanted.month:
        only(f"{day} >= ? AND {day} < ?", f"{wanted.month}-01", f"{wanted.month}-32")
    if after is not None:
        only(f"({day}, record) < (?, ?)", *read_key(after, 2))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    query = f"SELECT folder, id, {day}, record FROM k_{kind}{where} ORDER BY {day} DESC, record DESC LIMIT ?"
    rows = reader.rows(query, *values, limit + 1)
    found = [shown.record(reader, folder, kind, RecordId(identity)) for folder, identity, _, _ in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(tuple(one for one in found if one), key_text(last[2], last[3]) if last else None)
