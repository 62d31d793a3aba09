"""The last attempt before cash came: what the cash is split by, by channel, strategy, collector.

measure (day): amount
- `touch` (cash put, taken back): cash on debts in collections, under the last attempt that speaks
  of the account, before the payment's instant and at most 30 days before its day; none: no cell
"""

from datetime import timedelta

from services.metrics.domain.account_measures import AccountMeasure, CellsOfItem, seen
from services.metrics.domain.accounts import Known
from services.metrics.domain.cells import add
from services.metrics.domain.slots import bounded
from services.metrics.domain.views import View

TOUCH_DAYS = 30


def adds(known: Known, view: View, cells_of: CellsOfItem) -> None:
    attempts = seen.attempts(known)
    if not attempts:
        return
    payments = {each.payment_id: each for each in seen.payments(known, view)}
    for invoice in seen.invoices(known, view):
        for cash in invoice.recovered:
            payment = payments.get(cash.payment_id)
            at, day = (payment.at, payment.day) if payment else (cash.applied_at, cash.applied_on)
            touch = next(
                (
                    each.attempt
                    for each in reversed(attempts)
                    if each.attempt.at < at
                    and bounded(each.attempt.day) >= day - timedelta(days=TOUCH_DAYS)
                ),
                None,
            )
            if touch is None:
                continue
            moves = [(cash.applied_on, cash.applied_at, cash.amount_minor)]
            if cash.released_at is not None:
                moves.append((cash.released_on, cash.released_at, -cash.amount_minor))
            for on, instant, amount in moves:
                cell = view.cell(
                    "touch",
                    invoice.currency,
                    on,
                    view.place_before(instant),
                    channel=touch.channel,
                    strategy=touch.strategy,
                    collector=touch.collector,
                )
                add(cells_of(("invoice", invoice.invoice_id)), cell, amount)


MEASURE = AccountMeasure(
    frozenset({"invoice", "payment", "contact", "cover"}), frozenset({"touch"}), adds
)
