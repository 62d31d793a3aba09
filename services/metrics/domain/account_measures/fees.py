"""What gateways take of payments of which cash was recovered, whole, on the payment's day.

measure (day; –; mark): amount; count
- `cost` (paid; –; gateway): in millionths of a minor unit; 1
"""

from services.metrics.domain.account_measures import AccountMeasure, CellsOfItem, seen
from services.metrics.domain.accounts import Known
from services.metrics.domain.cells import add
from services.metrics.domain.micros import MICROS
from services.metrics.domain.views import View


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    paid = [each for each in seen.payments(known, view) if each.fee_minor]
    if not paid:
        return
    recovered = {
        cash.payment_id for invoice in seen.invoices(known, view) for cash in invoice.recovered
    }
    for each in paid:
        if each.payment_id in recovered:
            place = view.place_before(each.at)
            cell = view.cell("cost", each.currency, each.day, place, mark="gateway")
            add(cells_of(("payment", each.payment_id)), cell, each.fee_minor * MICROS, 1)


MEASURE = AccountMeasure(frozenset({"invoice", "payment"}), frozenset({"cost"}), adds)
