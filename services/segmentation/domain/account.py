"""What is known of an account, and the sums that are kept of its invoices.

The sums are kept by difference: an invoice that changes is taken out of them and put in again, so
that a change costs that invoice and not the account's history. `fold.py` makes it of events.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct, field

from services.segmentation.domain.agreements import Agreements
from services.segmentation.domain.commitments import Commitments
from services.segmentation.domain.contacts import Contacts
from services.segmentation.domain.invoices import Invoice, Settled, fact_of, settled_of
from services.segmentation.domain.payer import Payer
from services.segmentation.learning.cases import InvoiceFacts
from shared import clock


class Owed(Struct, array_like=True, frozen=True, gc=False):
    """The ledger's figures after its latest event, in one currency."""

    balance_minor: int
    overdue_minor: int
    disputed_minor: int
    unapplied_minor: int
    collectable_minor: int
    oldest_due_on: date | None = None
    promised_minor: int = 0
    recoverable_minor: int = 0
    charges_minor: int = 0


class Paid(Struct, array_like=True, frozen=True, gc=False):
    """Sums over the invoices settled with cash, in one currency or due in one quarter."""

    invoices: int = 0
    late: int = 0
    minor: int = 0
    late_minor: int = 0
    days_late: int = 0
    minor_days: int = 0  # each one's days late times its amount


class Cash(Struct, array_like=True, frozen=True, gc=False):
    """Money received ever, and what of it went back."""

    received_minor: int = 0
    bounced_minor: int = 0  # charged back or bounced
    refunded_minor: int = 0


class Payment(Struct, array_like=True, frozen=True, gc=False):
    """A payment as it was said last."""

    currency: str
    minor: int
    at: datetime


class Reversal(Struct, array_like=True, frozen=True, gc=False):
    """What was taken back, as it was said last: a late fact may have left more of the payment."""

    currency: str
    minor: int
    at: datetime
    is_refund: bool  # the creditor's own doing; else charged back or bounced


class Account(Struct):
    """An account as segmentation knows it. Mutable: `fold` works on a copy that the caller owns."""

    is_registered: bool = False
    kind: str = "consumer"
    currency: str | None = None
    tags: tuple[str, ...] = ()
    customer_since: date | None = None
    country: str | None = None
    timezone: str = "UTC"
    payment_terms_days: int | None = None
    credit_limit_minor: int | None = None  # in the account's own currency
    first_issued_on: date | None = None
    latest_on: date | None = None  # the latest day any ledger event counted on
    known_at: datetime | None = None  # the latest recordedtime of all its events
    owed: dict[str, Owed] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the invoices each stands on
    open_ids: dict[str, None] = field(default_factory=dict)
    settled: list[Settled] = field(default_factory=list)  # sorted
    settled_late: int = 0
    paid: dict[str, Paid] = field(default_factory=dict)  # by currency
    seasons: dict[str, Paid] = field(default_factory=dict)  # by quarter of the due day: 1 to 4
    issued: dict[str, tuple[int, int]] = field(default_factory=dict)  # currency: count, sum
    dispute_ids: list[str] = field(default_factory=list)
    disputes_ended: dict[str, str] = field(default_factory=dict)  # the outcome of each
    failures: dict[str, datetime] = field(default_factory=dict)  # by payment and instant
    payments: dict[str, Payment] = field(default_factory=dict)  # by id
    reversals: dict[str, Reversal] = field(default_factory=dict)  # by id
    failed_on: list[date] = field(default_factory=list)  # payments that failed; sorted
    bounced_on: list[date] = field(default_factory=list)  # charged back or bounced; sorted
    cash: dict[str, Cash] = field(default_factory=dict)  # by currency
    last_payment_at: datetime | None = None
    last_payment_on: date | None = None
    payer: Payer = field(default_factory=Payer)
    contacts: Contacts = field(default_factory=Contacts)
    commitments: Commitments = field(default_factory=Commitments, name="course")
    agreements: Agreements | None = None  # None: nothing was ever agreed


NOTHING_PAID = Paid()
NO_CASH = Cash()


def change_invoice(account: Account, invoice_id: str, change: Callable[[Invoice], None]) -> None:
    """Change one invoice and move what the account counts of it by the difference."""
    invoice = account.invoices.get(invoice_id)
    if invoice is None:
        invoice = account.invoices[invoice_id] = Invoice()
    before = _counted(account, invoice_id, invoice)
    change(invoice)
    after = _counted(account, invoice_id, invoice)
    account.payer.replace(
        before.fact if before is not None else None, after.fact if after is not None else None
    )
    if before is not None:
        _count(account, invoice_id, before, -1)
    if after is not None:
        _count(account, invoice_id, after, +1)


def note_invoice(account: Account, invoice_id: str, change: Callable[[Invoice], None]) -> None:
    """Change what no sum looks at: a stage, a reminder before the due day."""
    invoice = account.invoices.get(invoice_id)
    if invoice is None:
        invoice = account.invoices[invoice_id] = Invoice()
    change(invoice)


def change_zone(account: Account, timezone: str) -> None:
    """Zones are timeless: the days of the whole history are those of the newest one."""
    if timezone == account.timezone:
        return
    before, account.timezone = account.timezone, timezone
    count_payer(account)
    for at in account.failures.values():
        _move_day(account.failed_on, at, before, timezone)
    for reversal in account.reversals.values():
        if not reversal.is_refund:
            _move_day(account.bounced_on, reversal.at, before, timezone)
    if account.last_payment_at is not None:
        account.last_payment_on = clock.local_day(account.last_payment_at, timezone)


def _move_day(days: list[date], at: datetime, before: str, after: str) -> None:
    drop_day(days, clock.local_day(at, before))
    insort(days, clock.local_day(at, after))


def drop_day(days: list[date], day: date) -> None:
    """Take one of the days away, if it is there."""
    place = bisect_left(days, day)
    if place < len(days) and days[place] == day:
        del days[place]


def note_failure(account: Account, failure_id: str, at: datetime) -> None:
    """A payment that failed; said again, it stands once."""
    before = account.failures.get(failure_id)
    if before is not None:
        drop_day(account.failed_on, clock.local_day(before, account.timezone))
    account.failures[failure_id] = at
    insort(account.failed_on, clock.local_day(at, account.timezone))


def note_payment(account: Account, payment_id: str, payment: Payment) -> None:
    """A payment; said again, the last word counts."""
    before = account.payments.get(payment_id)
    if before is not None:
        _add_cash(account, before.currency, received=-before.minor)
        account.contacts.drop_payment(before.at)
    account.payments[payment_id] = payment
    _add_cash(account, payment.currency, received=payment.minor)
    account.contacts.add_payment(payment.at)
    latest = account.last_payment_at
    if before is not None and before.at == latest:
        latest = max(known.at for known in account.payments.values())
    account.last_payment_at = payment.at if latest is None else max(latest, payment.at)
    account.last_payment_on = clock.local_day(account.last_payment_at, account.timezone)


def note_reversal(account: Account, reversal_id: str, reversal: Reversal) -> None:
    """Money taken back; said again, the last word counts."""
    before = account.reversals.get(reversal_id)
    if before is not None:
        _count_reversal(account, before, -1)
    account.reversals[reversal_id] = reversal
    _count_reversal(account, reversal, +1)


def _count_reversal(account: Account, reversal: Reversal, sign: int) -> None:
    if reversal.is_refund:
        _add_cash(account, reversal.currency, refunded=sign * reversal.minor)
        return
    _add_cash(account, reversal.currency, bounced=sign * reversal.minor)
    day = clock.local_day(reversal.at, account.timezone)
    if sign > 0:
        insort(account.bounced_on, day)
    else:
        drop_day(account.bounced_on, day)


def _add_cash(
    account: Account, currency: str, *, received: int = 0, bounced: int = 0, refunded: int = 0
) -> None:
    cash = account.cash.get(currency, NO_CASH)
    account.cash[currency] = Cash(
        cash.received_minor + received,
        cash.bounced_minor + bounced,
        cash.refunded_minor + refunded,
    )


def count_payer(account: Account) -> None:
    """Make the payer's record anew from the invoices."""
    account.payer = Payer()
    for fact in facts_of(account, ""):
        account.payer.replace(None, fact)


class _Counted(NamedTuple):
    """What an invoice contributes to the account's sums."""

    currency: str
    amount_minor: int
    is_open: bool
    settled: Settled | None  # with cash
    quarter: str  # of its due day
    fact: InvoiceFacts | None  # what it says of its payer


def _counted(account: Account, invoice_id: str, invoice: Invoice) -> _Counted | None:
    if not invoice.counts:
        return None
    assert invoice.amount_minor is not None, "it counts, so it has an amount"
    fact = fact_of("", account.kind, account.timezone, invoice_id, invoice)
    is_open = invoice.open_minor > 0
    settled = None if is_open else settled_of(invoice_id, invoice)
    quarter = ""
    if settled is not None:
        assert invoice.due_on is not None, "it was settled early or late, so it has a due day"
        quarter = str((invoice.due_on.month + 2) // 3)
    return _Counted(invoice.currency, invoice.amount_minor, is_open, settled, quarter, fact)


def _count(account: Account, invoice_id: str, counted: _Counted, sign: int) -> None:
    """Add (+1) or take away (−1) a contribution, but for the payer's record."""
    currency, amount_minor = counted.currency, counted.amount_minor
    count, total = account.issued.get(currency, (0, 0))
    account.issued[currency] = (count + sign, total + sign * amount_minor)
    if counted.is_open:
        if sign > 0:
            account.open_ids[invoice_id] = None
        else:
            account.open_ids.pop(invoice_id, None)
    settled = counted.settled
    if settled is None:
        return
    account.settled_late += sign * (settled.days_late > 0)
    _add_paid(account.paid, currency, amount_minor, settled.days_late, sign)
    _add_paid(account.seasons, counted.quarter, amount_minor, settled.days_late, sign)
    if sign > 0:
        insort(account.settled, settled)
    else:
        del account.settled[bisect_left(account.settled, settled)]


def _add_paid(sums: dict[str, Paid], key: str, minor: int, days_late: int, sign: int) -> None:
    before = sums.get(key, NOTHING_PAID)
    is_late = days_late > 0
    after = Paid(
        before.invoices + sign,
        before.late + sign * is_late,
        before.minor + sign * minor,
        before.late_minor + sign * minor * is_late,
        before.days_late + sign * days_late,
        before.minor_days + sign * minor * days_late,
    )
    if after.invoices:
        sums[key] = after
    else:
        sums.pop(key, None)


def known_on(account: Account) -> date | None:
    """The day of what is known of an account: never before what was announced of it."""
    if account.latest_on is None or account.known_at is None:
        return None
    return max(account.latest_on, clock.local_day(account.known_at, account.timezone))


def facts_of(account: Account, account_id: str) -> Iterator[InvoiceFacts]:
    """The account's invoices as models learn from them."""
    for invoice_id, invoice in account.invoices.items():
        fact = fact_of(account_id, account.kind, account.timezone, invoice_id, invoice)
        if fact is not None:
            yield fact
