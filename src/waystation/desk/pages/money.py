"""Money: raised, received, spent; by campaign, by month and by purpose, drawn. Currencies are never added up.

Guarantees: donors and payees are masked; no rate is invented, so each currency stands on its own scale.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk import formats
from waystation.desk.pages.past import past_context
from waystation.desk.pages.records import Where, record_at, record_context
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType, RecordId, from_text, to_text
from waystation.office import casework
from waystation.office.reading import look
from waystation.records.choices import ExpenseCategory
from waystation.records.values import CURRENCIES, Money
from waystation.views import money as views
from waystation.views import shown as record_views
from waystation.views.lists import Page
from waystation.views.money import CampaignRow, CategoryRow, Month, Sum, Wanted
from waystation.views.shown import Shown

PAGE: Final = 12
MONTHS: Final = 12

_FILTER: Final = ("campaign", "category", "currency", "month")


def listed(request: Request) -> Response:
    """The account of each currency, its months, its campaigns, and the newest donations and expenses."""
    desk = desk_of(request)
    look(desk, FolderType.LEDGER)
    teller = Teller(request, desk, desk.folder(FolderType.LEDGER))
    found = views.money(desk.reader)
    wanted = _wanted(request)
    return render(
        request,
        "money.html",
        page="money",
        title=teller.language.gettext("Money"),
        any_money=bool(found.totals or found.campaigns),
        accounts=[_account(teller, one) for one in found.totals],
        months=_months(teller, views.months(desk.reader, MONTHS), "money"),
        campaigns=[_campaign(teller, row) for row in found.campaigns],
        categories=_categories(teller, found.categories),
        filters=_filters(teller, request, found.totals),
        is_filtered=wanted != views.ANY,
        month=wanted.month,
        month_text=_month_text(teller, wanted.month) if wanted.month else "",
        **_lists(request, teller, wanted, "money", _kept(request)),
        addable=casework.addable(desk, FolderType.LEDGER),
    )


def campaign(request: Request) -> Response:
    """One campaign: what it was to bring, what it brought, and where that went."""
    desk = desk_of(request)
    look(desk, FolderType.LEDGER)
    where = Where(desk.folder(FolderType.LEDGER), FolderType.LEDGER, "ledger", "money", "money")
    record = record_at(request, where, "campaign")
    teller = Teller(request, desk, where.folder)
    own = f"money/campaigns/{record.ref}"
    sums, categories = views.campaign(desk.reader, record.record)
    return render(
        request,
        "campaign.html",
        **record_context(request, where, record),
        account=_campaign(teller, CampaignRow(record, sums)),
        months=_months(teller, views.months(desk.reader, MONTHS, record=record.record), ""),
        categories=_categories(teller, categories),
        **_lists(request, teller, Wanted(campaign=record.record), own, {}),
        addable=casework.addable(desk, FolderType.LEDGER),
        **past_context(request, where, record, teller, own),
    )


# ── Drawn ──


def _told(teller: Teller, minor: int, currency: str) -> str:
    return formats.format_money(Money(minor, currency), teller.language)


def _account(teller: Teller, one: Sum) -> dict[str, Any]:
    """What came in, what went out and what is left, of one currency."""
    return {
        "currency": one.currency,
        "received": one.received,
        "spent": one.spent,
        "most": max(one.received, one.spent),
        "over": one.left < 0,
        "received_text": _told(teller, one.received, one.currency),
        "spent_text": _told(teller, one.spent, one.currency),
        "left_text": _told(teller, one.left, one.currency),
    }


def _campaign(teller: Teller, row: CampaignRow) -> dict[str, Any]:
    """A campaign, or what belongs to none, with its bars: one pair for each currency that moved or was promised."""
    one, language = row.shown, teller.language
    fields: Mapping[str, Any] = one.fields if one else {}
    promised = {name: value for name in ("goal", "announced") if isinstance(value := fields.get(name), Money)}
    sums = {sum_.currency: sum_ for sum_ in row.sums}
    currencies = sorted({*sums, *(value.currency for value in promised.values())})
    small = [teller.of(one, "owner"), teller.of(one, "platform")] if one else []
    if fields.get("earmark"):
        small.append(language.gettext("for: %(purpose)s", purpose=fields["earmark"]))
    if fields.get("closed"):
        small.append(language.gettext("closed %(day)s", day=teller.of(one, "closed")) if one else "")
    return {
        "url": teller.address(f"money/campaigns/{one.ref}") if one else "",
        "text": teller.about(one) if one else language.gettext("Without a campaign"),
        "small": " · ".join(part for part in small if part),
        "bars": [_bars(teller, sums.get(code, Sum(code, 0, 0)), promised) for code in currencies],
    }


def _bars(teller: Teller, one: Sum, promised: Mapping[str, Money]) -> dict[str, Any]:
    language, account = teller.language, _account(teller, one)
    here = {name: value.minor for name, value in promised.items() if value.currency == one.currency}
    goal = here.get("goal")
    told = [
        language.gettext("%(sum)s received", sum=account["received_text"]),
        language.gettext("%(sum)s spent", sum=account["spent_text"]),
    ]
    if goal is not None:
        told.append(language.gettext("goal %(sum)s", sum=_told(teller, goal, one.currency)))
    if "announced" in here:
        told.append(language.gettext("announced %(sum)s", sum=_told(teller, here["announced"], one.currency)))
    return {
        **account,
        "goal": goal,
        "most": max(one.received, one.spent, *here.values(), 0) if here else account["most"],
        "told": " · ".join(told),
        "left": language.gettext("%(sum)s more spent than received", sum=_told(teller, -one.left, one.currency))
        if one.left < 0
        else language.gettext("%(sum)s left", sum=account["left_text"]),
    }


def _months(teller: Teller, found: Mapping[str, Sequence[Month]], path: str) -> list[dict[str, Any]]:
    """The months of each currency.

    Args:
        path: of the page on which a month can be chosen; empty where it cannot.
    """
    locale = teller.language.locale
    return [
        {
            "currency": currency,
            "most": max(max(one.received, one.spent) for one in months),
            "months": [
                {
                    "iso": one.first[:7],
                    "short": format_date(date.fromisoformat(one.first), "LLLLL", locale=locale),
                    "text": _month_text(teller, one.first[:7]),
                    "url": teller.address(f"{path}?{urlencode({'month': one.first[:7]})}#donations") if path else "",
                    "received": one.received,
                    "spent": one.spent,
                    "received_text": _told(teller, one.received, currency),
                    "spent_text": _told(teller, one.spent, currency),
                    "over": one.spent > one.received,
                }
                for one in months
            ],
        }
        for currency, months in found.items()
    ]


def _month_text(teller: Teller, month: str) -> str:
    """A month, "2017-05", in words."""
    return formats.format_month(date.fromisoformat(f"{month}-01"), teller.language)


def _categories(teller: Teller, rows: Iterable[CategoryRow]) -> list[dict[str, Any]]:
    """What was spent on what, the most first; each currency on its own."""
    by_currency: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        for one in row.sums:
            words = teller.text("expense", "category", ExpenseCategory(row.category)) if row.category else ""
            by_currency.setdefault(one.currency, []).append((one.spent, words))
    return [
        {
            "currency": currency,
            "most": max(spent for spent, _ in these),
            "rows": [
                {"text": words, "spent": spent, "told": _told(teller, spent, currency)}
                for spent, words in sorted(these, reverse=True)
            ],
        }
        for currency, these in sorted(by_currency.items())
    ]


# ── Lists ──


def _lists(request: Request, teller: Teller, wanted: Wanted, path: str, kept: Mapping[str, str]) -> dict[str, Any]:
    """A page of donations and one of expenses, with the addresses of the next ones.

    Args:
        path: of the page. kept: what its address holds beside the two keys.
    """
    reader, asked = teller.desk.reader, request.query_params
    donations = views.donations(reader, wanted=wanted, after=asked.get("donations"), limit=PAGE)
    expenses = views.expenses(reader, wanted=wanted, after=asked.get("expenses"), limit=PAGE)
    return {
        "donations": [_donation(teller, one) for one in donations.rows],
        "donations_pages": _pages(teller, donations, "donations", path, kept, first=not asked.get("donations")),
        "expenses": [_expense(teller, one) for one in expenses.rows],
        "expenses_pages": _pages(teller, expenses, "expenses", path, kept, first=not asked.get("expenses")),
    }


def _pages(
    teller: Teller, page: Page[Shown], name: str, path: str, kept: Mapping[str, str], *, first: bool
) -> dict[str, Any] | None:
    """Where the list begins and where it goes on; None where one page holds all of it."""
    if first and page.next is None:
        return None
    begins = f"{path}?{urlencode(kept)}" if kept else path
    return {
        "first": None if first else teller.address(f"{begins}#{name}"),
        "next": teller.address(f"{path}?{urlencode({**kept, name: page.next})}#{name}") if page.next else None,
    }


def _donation(teller: Teller, one: Shown) -> dict[str, Any]:
    anonymous = teller.language.gettext("stays anonymous") if one.fields.get("anonymous") is True else ""
    return {
        "url": teller.address(f"ledger/donation/{one.ref}"),
        "text": teller.of(one, "amount"),
        "small": [
            teller.of(one, "received"),
            teller.of(one, "campaign"),
            teller.of(one, "method"),
            teller.of(one, "earmark"),
            anonymous,
        ],
        "acts": [],
    }


def _expense(teller: Teller, one: Shown) -> dict[str, Any]:
    receipt = one.fields.get("receipt")
    there = teller.address(f"ledger/file/{to_text(receipt)}") if isinstance(receipt, bytes) else ""
    return {
        "url": teller.address(f"ledger/expense/{one.ref}"),
        "text": teller.of(one, "amount"),
        "small": [
            teller.of(one, "category"),
            teller.of(one, "spent"),
            teller.of(one, "campaign"),
            teller.of(one, "remarks"),
        ],
        "acts": [(teller.language.gettext("Look at the receipt"), there)] if there else [],
    }


def _wanted(request: Request) -> Wanted:
    """What the address asks for; what does not exist is not asked for."""
    asked = _kept(request)
    try:
        date.fromisoformat(f"{asked.get('month', '')}-01")
    except ValueError:
        asked.pop("month", None)
    category, currency = asked.get("category", ""), asked.get("currency", "")
    return Wanted(
        campaign=RecordId(from_text(asked["campaign"])) if "campaign" in asked else None,
        category=category if category in {option.value for option in ExpenseCategory} else "",
        currency=currency if currency in CURRENCIES else "",
        month=asked.get("month", ""),
    )


def _filters(teller: Teller, request: Request, totals: Sequence[Sum]) -> list[dict[str, Any]]:
    """The lists by which donations and expenses are chosen: input, words, choices, and what is chosen."""
    _, asked = teller.language.gettext, request.query_params
    campaigns = record_views.names(teller.desk.reader, "campaign")
    choices = (
        ("campaign", _("Campaign"), sorted(((to_text(i), name) for i, name in campaigns.items()), key=lambda c: c[1])),
        ("currency", _("Currency"), [(one.currency, one.currency) for one in totals]),
        ("category", _("Spent on"), [(option.value, _(option.label)) for option in ExpenseCategory]),
    )
    return [
        {"name": name, "text": text, "choices": these, "chosen": asked.get(name, "")}
        for name, text, these in choices
        if these
    ]


def _kept(request: Request) -> dict[str, str]:
    return {name: request.query_params[name] for name in _FILTER if request.query_params.get(name)}


routes = [
    Route("/money", handler(listed)),
    Route("/money/campaigns/{record}", handler(campaign)),
]
