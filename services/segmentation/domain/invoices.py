"""One invoice as its events tell it: what stood on it when, and whether it was settled, and late.

What stands on an invoice is kept as a history (put on a day, perhaps taken back on another), as
the ledger says it: so that what held at the end of any day can still be asked after a reversal.
"""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct, field

from services.segmentation.learning.cases import InvoiceFacts
from shared import clock

PAYMENT = "payment:"  # how the keys of `money` begin where the source is cash
WRITE_OFF = "write_off:"
SMALL = "write_off:small:"  # a rest too small to ask for; it is paid all the same


class Put(Struct, array_like=True, frozen=True, gc=False):
    """Money of one source on one invoice."""

    minor: int
    on: date
    until: date | None = None  # the day it was taken back


class Invoice(Struct, array_like=True):
    """One invoice. `money` is what stood and stands on it, by source."""

    currency: str = ""
    amount_minor: int | None = None  # None: named before it was issued
    issued_on: date | None = None
    due_on: date | None = None
    stage: int = 0  # the last that was announced
    is_due_soon: bool = False
    is_void: bool = False
    money: dict[str, tuple[Put, ...]] = field(default_factory=dict)
    decided_at: datetime | None = None  # the `time` of its event: when it became known in business
    payer: str = "account"  # or insurance

    @property
    def counts(self) -> bool:
        """Whether it says anything of its payer: issued, above 0, not void."""
        return bool(self.amount_minor) and not self.is_void

    @property
    def is_written_off(self) -> bool:
        """Whether some of it was given up: that is not how an invoice is settled."""
        return any(
            source.startswith(WRITE_OFF)
            and not source.startswith(SMALL)
            and any(put.until is None for put in puts)
            for source, puts in self.money.items()
        )

    @property
    def open_minor(self) -> int:
        """What is open of it now; below 0 where more stands on it than it asks."""
        stands = 0
        for puts in self.money.values():
            for put in puts:
                if put.until is None:
                    stands += put.minor
        return (self.amount_minor or 0) - stands

    def stands(self) -> tuple[int, date | None, bool]:
        """What is open, the day of the last money that stands, whether any was taken back."""
        stands, last_on, was_taken_back = 0, None, False
        for puts in self.money.values():
            for put in puts:
                if put.until is None:
                    stands += put.minor
                    if last_on is None or put.on > last_on:
                        last_on = put.on
                else:
                    was_taken_back = True
        return (self.amount_minor or 0) - stands, last_on, was_taken_back

    def open_minor_on(self, day: date) -> int:
        """What was open of it at the end of a day, by all that is known now."""
        stood = sum(put.minor for put in self._puts() if _stands(put, day))
        return (self.amount_minor or 0) - stood

    def _puts(self) -> Iterable[Put]:
        return (put for puts in self.money.values() for put in puts)

    def zero_since(self) -> date | None:
        """Since when its balance is zero without a break; None: it is not."""
        if self.open_minor > 0:
            return None
        puts = list(self._puts())
        if all(put.until is None for put in puts):
            return max((put.on for put in puts), default=self.issued_on)
        days = {put.on for put in puts} | {put.until for put in puts if put.until is not None}
        since: date | None = None
        for day in sorted(days, reverse=True):
            if self.open_minor_on(day) > 0:
                break
            since = day
        return since


def _stands(put: Put, day: date) -> bool:
    return put.on <= day and (put.until is None or put.until > day)


class Settled(Struct, array_like=True, frozen=True, order=True, gc=False):
    """An invoice settled with cash: when the last of it came, and how late that was."""

    on: date
    invoice_id: str
    days_late: int


def settled_of(invoice_id: str, invoice: Invoice) -> Settled | None:
    """How a settled invoice was; None where credit alone did it, which says nothing of payers."""
    on: date | None = None
    for source, puts in invoice.money.items():
        if source.startswith(PAYMENT):
            for put in puts:
                if put.until is None and (on is None or put.on > on):
                    on = put.on
    if on is None or invoice.due_on is None or invoice.is_written_off:
        return None
    return Settled(on, invoice_id, max(0, (on - invoice.due_on).days))


def fact_of(
    account_id: str, kind: str, zone: str, invoice_id: str, invoice: Invoice
) -> InvoiceFacts | None:
    """An invoice as models learn from it; None where it says nothing."""
    if not invoice.counts or invoice.issued_on is None or invoice.due_on is None:
        return None
    assert invoice.amount_minor is not None, "it counts, so it has an amount"
    open_minor, last_on, was_taken_back = invoice.stands()
    settled_on: date | None = None
    was_open: bool | None = None
    if was_taken_back:
        settled_on = invoice.zero_since()
        was_open = invoice.open_minor_on(invoice.due_on) > 0
    elif open_minor <= 0:
        settled_on = last_on or invoice.issued_on
    if settled_on is not None and invoice.is_written_off:
        settled_on = None
    decided_on = invoice.issued_on
    if invoice.decided_at is not None:
        decided_on = max(decided_on, clock.local_day(invoice.decided_at, zone))
    return InvoiceFacts(
        account_id=account_id,
        invoice_id=invoice_id,
        currency=invoice.currency,
        amount_minor=invoice.amount_minor,
        issued_on=invoice.issued_on,
        decided_on=decided_on,
        due_on=invoice.due_on,
        settled_on=settled_on,
        was_open_at_due=was_open,
        kind=kind,
    )
