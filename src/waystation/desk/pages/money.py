"""Money: raised, received, spent; by campaign and by purpose. Currencies are never added up."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from waystation.desk import formats
from waystation.desk.pages.telling import Teller
from waystation.desk.web import desk_of, handler, render
from waystation.ids import FolderType
from waystation.office import casework
from waystation.office.reading import look
from waystation.records.values import Money
from waystation.views import money as views
from waystation.views.money import Sum


def listed(request: Request) -> Response:
    """The account, and the newest donations and expenses."""
    desk = desk_of(request)
    look(desk, FolderType.LEDGER)
    teller = Teller(request, desk, desk.folder(FolderType.LEDGER))
    after = {name: request.query_params.get(name) for name in ("donations", "expenses")}
    donations = views.donations(desk.reader, after=after["donations"], limit=20)
    expenses = views.expenses(desk.reader, after=after["expenses"], limit=20)
    found = views.money(desk.reader)
    return render(
        request,
        "money.html",
        page="money",
        title=teller.language.gettext("Money"),
        money=found,
        most={total.currency: max(total.received, total.spent) for total in found.totals},
        dearest={
            currency: max(one.spent for row in found.categories for one in row.sums if one.currency == currency)
            for currency in {one.currency for row in found.categories for one in row.sums}
        },
        donations=donations,
        expenses=expenses,
        after=after,
        t=teller,
        told=_Told(teller),
        addable=casework.addable(desk, FolderType.LEDGER),
    )


class _Told:
    """Sums in words, for the template."""

    def __init__(self, teller: Teller) -> None:
        self._language = teller.language

    def received(self, sum_: Sum) -> str:
        return self._money(sum_.received, sum_.currency)

    def spent(self, sum_: Sum) -> str:
        return self._money(sum_.spent, sum_.currency)

    def left(self, sum_: Sum) -> str:
        return self._money(sum_.received - sum_.spent, sum_.currency)

    def _money(self, minor: int, currency: str) -> str:
        return formats.format_money(Money(minor, currency), self._language)


routes = [Route("/money", handler(listed))]
