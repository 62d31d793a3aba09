"""What the ledger says (`ledger.events`, and the compacted `ledger.contacts`, `ledger.tenants`).

No personal data and no free text, except on `ledger.contacts`. Every event that changes what is
owed carries `amounts`: the account's figures after it, one entry per currency touched.
"""

from datetime import date, datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from shared.events.billing import Address, Phone

Stage = Literal[1, 31, 61, 91, 121]
STAGES: tuple[Stage, ...] = (1, 31, 61, 91, 121)


class Amounts(Struct, frozen=True, gc=False):
    """What an account owes in one currency (docs/ledger.md, Amounts). All in minor units."""

    currency: str
    balance_minor: int  # open balances of invoices, not netted
    overdue_minor: int  # of those past due
    disputed_minor: int  # disputed parts
    unapplied_minor: int  # unapplied cash and credit
    unapplied_credit_minor: int  # the credit in it
    collectable_minor: int  # max(0, overdue − disputed part of what is overdue − unapplied)
    oldest_due_on: date | None  # over all open invoices
    days_past_due: int  # of oldest_due_on at the begun day; 0 when not past due


class Allocation(Struct, frozen=True, omit_defaults=True, gc=False):
    """Money of one source put on one invoice, perhaps taken back; a history is some of these."""

    source_id: str  # payment or credit note
    invoice_id: str
    amount_minor: int
    applied_at: datetime
    applied_on: date
    days_late: int  # max(0, applied_on − due_on)
    released_at: datetime | None = None
    released_on: date | None = None
    source_kind: Literal["payment", "credit_note"] = "payment"


class _Account(Struct, frozen=True, kw_only=True, gc=False):
    account_id: str
    kind: Literal["consumer", "business"]
    country: str | None = None
    timezone: str
    currency: str | None = None
    debtor_id: str | None = None
    tags: tuple[str, ...] = ()
    payment_terms_days: int | None = None
    credit_limit_minor: int | None = None
    customer_since: date | None = None


class AccountRegistered(_Account, frozen=True, kw_only=True):
    pass


class AccountUpdated(_Account, frozen=True, kw_only=True):
    pass


class InvoiceIssued(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    amount_minor: int
    issued_on: date
    due_on: date
    number: str | None = None
    purpose: str | None = None
    product: str | None = None
    payer: str = "account"
    payment_url: str | None = None
    balance_minor: int  # of the invoice, after what was waiting for it
    amounts: tuple[Amounts, ...]


class InvoiceAmended(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str | None = None
    due_on: date | None = None
    number: str | None = None
    amounts: tuple[Amounts, ...] = ()


class InvoiceVoided(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str | None = None
    allocations: tuple[Allocation, ...] = ()
    amounts: tuple[Amounts, ...] = ()
    part: int | UnsetType = UNSET  # of a history too long for one event (docs/ledger.md)
    parts: int | UnsetType = UNSET


class InvoiceDueSoon(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    due_on: date
    balance_minor: int
    disputed_minor: int
    amounts: tuple[Amounts, ...]


class InvoiceOverdue(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    due_on: date
    stage: Stage
    days_past_due: int  # the stage's own
    since_on: date
    balance_minor: int  # of the invoice, at the stage
    disputed_minor: int
    amounts: tuple[Amounts, ...]


class OverdueCorrected(Struct, frozen=True, kw_only=True, gc=False):
    """An announced stage was never reached; `because` names the fact that shows it."""

    invoice_id: str
    account_id: str
    currency: str
    due_on: date  # of the announcement
    from_stage: Stage
    to_stage: Stage | None  # what holds now
    since_on: date
    because: str
    amounts: tuple[Amounts, ...]


class InvoicePaid(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    amount_minor: int
    due_on: date
    days_late: int  # max(0, day paid − due_on)
    amounts: tuple[Amounts, ...]


class InvoiceReopened(Struct, frozen=True, kw_only=True, gc=False):
    invoice_id: str
    account_id: str
    currency: str
    due_on: date
    stage: Stage | None  # of the cause's day; None: not past due
    days_past_due: int
    balance_minor: int
    because: str
    amounts: tuple[Amounts, ...]


class PaymentReceived(Struct, frozen=True, kw_only=True, gc=False):
    payment_id: str
    account_id: str
    currency: str
    amount_minor: int
    received_at: datetime
    method: str | None = None
    allocations: tuple[Allocation, ...]
    amounts: tuple[Amounts, ...]
    part: int | UnsetType = UNSET  # of a history too long for one event (docs/ledger.md)
    parts: int | UnsetType = UNSET


class PaymentFailed(Struct, frozen=True, kw_only=True, gc=False):
    payment_id: str
    account_id: str
    currency: str
    amount_minor: int
    failed_at: datetime
    invoice_id: str | None = None
    reason_code: str | None = None
    retriable: bool | None = None


class PaymentReversed(Struct, frozen=True, kw_only=True, gc=False):
    reversal_id: str
    payment_id: str
    account_id: str
    currency: str
    kind: Literal["refund", "chargeback", "bounced"]
    amount_minor: int  # what was taken back
    reversed_at: datetime
    allocations: tuple[Allocation, ...]
    amounts: tuple[Amounts, ...]
    part: int | UnsetType = UNSET  # of a history too long for one event (docs/ledger.md)
    parts: int | UnsetType = UNSET


class AllocationChanged(Struct, frozen=True, kw_only=True, gc=False):
    """A fact moved money of other payments and credit notes; their whole histories now."""

    account_id: str
    because: str
    allocations: tuple[Allocation, ...]
    amounts: tuple[Amounts, ...]
    part: int | UnsetType = UNSET  # of a history too long for one event (docs/ledger.md)
    parts: int | UnsetType = UNSET


class CreditNoteIssued(Struct, frozen=True, kw_only=True, gc=False):
    credit_note_id: str
    account_id: str
    currency: str
    amount_minor: int
    issued_on: date
    invoice_id: str | None = None
    dispute_id: str | None = None
    replaces: str | None = None  # the dispute's own note that this one replaces
    allocations: tuple[Allocation, ...]
    amounts: tuple[Amounts, ...]
    part: int | UnsetType = UNSET  # of a history too long for one event (docs/ledger.md)
    parts: int | UnsetType = UNSET


class DisputeOpened(Struct, frozen=True, kw_only=True, gc=False):
    dispute_id: str
    account_id: str
    invoice_id: str
    currency: str | None = None
    amount_minor: int | None = None  # None: the whole balance
    disputed_minor: int = 0  # of the invoice, after it
    amounts: tuple[Amounts, ...] = ()


class DisputeResolved(Struct, frozen=True, kw_only=True, gc=False):
    dispute_id: str
    account_id: str
    invoice_id: str
    outcome: Literal["upheld", "rejected", "partly"]
    credited_minor: int | None = None
    currency: str | None = None
    disputed_minor: int = 0
    amounts: tuple[Amounts, ...] = ()


def adds(data: AllocationChanged) -> bool:
    """Whether its allocations add to those of the parts before, instead of replacing them."""
    return data.part is not UNSET and data.part > 1


class LedgerSealed(Struct, frozen=True, kw_only=True, gc=False):
    """What the tenant's journal was at the end of a day (docs/journal.md); of no account.

    Whoever keeps these can hold the ledger to them. Hashes are SHA-256 in lower-case hex.
    """

    seal: int  # 1, 2, …
    day: date
    accounts: int  # whose journal grew since the seal before
    entries: int  # recorded since then
    root: str
    previous: str  # hash of the seal before
    hash: str


class AccountErased(Struct, frozen=True, kw_only=True, gc=False):
    account_id: str


class Contact(Struct, frozen=True, kw_only=True, gc=False):
    """Personal data of one account: the value on `ledger.contacts`, type `contact-details`."""

    account_id: str
    name: str
    kind: Literal["consumer", "business"] = "consumer"
    email: str | None = None
    phones: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    timezone: str
    language: str | None = None


class Tenant(Struct, frozen=True, kw_only=True, gc=False):
    """The creditor's settings: the value on `ledger.tenants`, type `tenant-settings`."""

    tenant_id: str
    timezone: str = "UTC"
    calendar: str | None = None
    party: Literal["first", "third"] = "first"
    reporting_currency: str | None = None
    contact_from: date | None = None


TYPES: dict[str, type[Struct]] = {
    "account-registered": AccountRegistered,
    "account-updated": AccountUpdated,
    "account-erased": AccountErased,
    "invoice-issued": InvoiceIssued,
    "invoice-amended": InvoiceAmended,
    "invoice-voided": InvoiceVoided,
    "invoice-due-soon": InvoiceDueSoon,
    "invoice-overdue": InvoiceOverdue,
    "overdue-corrected": OverdueCorrected,
    "invoice-paid": InvoicePaid,
    "invoice-reopened": InvoiceReopened,
    "payment-received": PaymentReceived,
    "payment-failed": PaymentFailed,
    "payment-reversed": PaymentReversed,
    "allocation-changed": AllocationChanged,
    "credit-note-issued": CreditNoteIssued,
    "dispute-opened": DisputeOpened,
    "dispute-resolved": DisputeResolved,
    "ledger-sealed": LedgerSealed,
    "contact-details": Contact,
    "tenant-settings": Tenant,
}
