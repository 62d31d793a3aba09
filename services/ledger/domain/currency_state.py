"""What an account has in one currency: sums, and the queues of what is open and what is loose.

The sums are moved by the difference that each object makes, and the queues are sorted lists, so
that neither is ever made again from all objects.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from services.ledger.domain.credits import Credit, CreditKind, CreditOrder
from services.ledger.domain.invoices import Invoice, Order
from services.ledger.domain.journal import Totals

RELIEF_SUMS: Mapping[CreditKind, str] = {
    "concession": "concession_minor",
    "write_off": "bad_debt_minor",
    "discount": "discount_minor",
}

K = TypeVar("K", Order, CreditOrder, tuple[date, str])


class CurrencyState:
    """What an account has in one currency: the sums, and the queues in their order."""

    __slots__ = (
        "balance_minor",
        "billed_minor",
        "cash_minor",
        "clear",
        "counted",
        "disputed_minor",
        "disputed_overdue_minor",
        "loose",
        "objects",
        "open",
        "overdue_minor",
        "recalls",
        "unapplied_cash_minor",
        "unapplied_credit_minor",
    )

    def __init__(self) -> None:
        self.balance_minor = 0
        self.disputed_minor = 0
        self.cash_minor = 0
        self.unapplied_cash_minor = 0
        self.unapplied_credit_minor = 0
        self.billed_minor = 0
        self.overdue_minor = 0  # of invoices due before the day up to which the account is aged
        self.disputed_overdue_minor = 0
        self.objects = 0  # invoices, credits and others
        self.counted: dict[str, int] = {}  # what objects count, by name of the sum; never 0
        self.open: list[Order] = []  # invoices with a balance, oldest due first
        self.clear: list[Order] = []  # those of them with a part that is not disputed
        self.recalls: list[Order] = []  # written-off invoices that free cash recovers
        self.loose: list[CreditOrder] = []  # credits with money that waits for no invoice

    @property
    def totals(self) -> Totals:
        return Totals(
            self.balance_minor,
            self.disputed_minor,
            self.cash_minor,
            self.unapplied_cash_minor,
            self.unapplied_credit_minor,
            self.billed_minor,
            tuple(sorted(self.counted.items())) if self.counted else (),
        )

    def count(self, counts: Iterable[tuple[str, int]], sign: int) -> None:
        """Add to sums by name, or take from them."""
        for name, minor in counts:
            total = self.counted.get(name, 0) + sign * minor
            if total:
                self.counted[name] = total
            else:
                self.counted.pop(name, None)


def due_on_of(order: Order) -> date:
    return order[0]


def remove(queue: list[K], key: K) -> None:
    del queue[bisect_left(queue, key)]


def _requeue(queue: list[K], before: K | None, after: K | None) -> None:
    if before != after:
        if before is not None:
            remove(queue, before)
        if after is not None:
            insort(queue, after)


def requeue_invoice(sums: CurrencyState, before: Invoice | None, after: Invoice | None) -> None:
    was = now = was_clear = now_clear = None
    if before is not None and before.balance_minor:
        was = before.order
        was_clear = was if before.balance_minor > before.disputed_minor else None
    if after is not None and after.balance_minor:
        now = after.order
        now_clear = now if after.balance_minor > after.disputed_minor else None
    if sums.recalls or (after is not None and after.recalls_minor):
        _requeue(sums.recalls, _recalls(before), _recalls(after))
    _requeue(sums.open, was, now)
    _requeue(sums.clear, was_clear, now_clear)


def _recalls(invoice: Invoice | None) -> Order | None:
    return invoice.order if invoice is not None and invoice.recalls_minor else None


def requeue_credit(sums: CurrencyState, before: Credit | None, after: Credit | None) -> None:
    was = before.order if before is not None and before.free_minor else None
    now = after.order if after is not None and after.free_minor else None
    _requeue(sums.loose, was, now)


def count_invoice(
    sums: CurrencyState, before: Invoice | None, after: Invoice | None, aged_on: date | None
) -> None:
    for invoice, sign in ((before, -1), (after, 1)):
        if invoice is None:
            sums.objects -= sign
            continue
        if invoice.written_off_minor or invoice.recovered_minor:
            sums.count(written_off_sums(invoice), sign)
        balance, disputed = sign * invoice.balance_minor, sign * invoice.disputed_minor
        sums.balance_minor += balance
        sums.disputed_minor += disputed
        if invoice.voided_at is None:
            sums.billed_minor += sign * invoice.amount_minor
        if aged_on is not None and invoice.due_on < aged_on:
            sums.overdue_minor += balance
            sums.disputed_overdue_minor += disputed


def written_off_sums(invoice: Invoice) -> Iterable[tuple[str, int]]:
    """What an invoice adds to the sums of what was written off and recovered."""
    return (
        ("recoverable_minor", invoice.recoverable_minor),
        ("recovered_minor", invoice.recovered_minor),
    )


def count_credit(sums: CurrencyState, before: Credit | None, after: Credit | None) -> None:
    for credit, sign in ((before, -1), (after, 1)):
        if credit is None:
            sums.objects -= sign
        elif credit.kind == "payment":
            sums.unapplied_cash_minor += sign * credit.unapplied_minor
            sums.cash_minor += sign * (credit.amount_minor - credit.taken_minor)
        elif credit.is_relief:
            sums.count(((RELIEF_SUMS[credit.kind], credit.amount_minor),), sign)
        else:
            sums.unapplied_credit_minor += sign * credit.unapplied_minor
            sums.billed_minor -= sign * credit.amount_minor
