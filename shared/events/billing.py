"""What billing platforms send (`billing.events`, `POST /v1/events`): the facts of the ledger.

Amounts are whole minor units, 1 … 2^53−1 (0 for an invoice); `_on` are calendar days in the
account's zone, `_at` instants. Unknown fields are ignored. Checks that a type cannot say
(currencies, zones, sums) are in the ledger's `domain/intake.py`.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

# The patterns stand only in the JSON Schemas: msgspec's regular expressions would double the
# time of the hot path. `shared.cloudevents` checks the same in one look at the bytes.
AccountId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        extra_json_schema={"pattern": r"^[^/\u0000-\u001f\u007f-\u009f]+$"},
    ),
]
BusinessId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        extra_json_schema={"pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$"},
    ),
]
Text = Annotated[str, Meta(max_length=2000)]
Minor = Annotated[int, Meta(ge=1, le=2**53 - 1)]
MinorOrZero = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Currency = Annotated[
    str, Meta(min_length=3, max_length=3, extra_json_schema={"pattern": "^[A-Z]{3}$"})
]
Instant = Annotated[datetime, Meta(tz=True)]
LineNumber = Annotated[int, Meta(ge=1, le=100_000)]  # of an invoice's lines, counted from 1
ReasonCode = Literal[
    "not-received",
    "wrong-amount",
    "quality",
    "already-paid",
    "not-mine",
    "duplicate",
    "fraud",
    "other",
]


class Phone(Struct, frozen=True, omit_defaults=True, gc=False):
    number: Text
    type: Text | None = None
    use: Text | None = None
    consent: Text | None = None


class Address(Struct, frozen=True, omit_defaults=True, gc=False):
    line1: Text | None = None
    line2: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None


class AccountRegistered(Struct, frozen=True, omit_defaults=True, gc=False):
    """An account as the billing platform knows it now; replaces the whole record."""

    account_id: AccountId
    name: Text
    kind: Literal["consumer", "business"] = "consumer"
    debtor_id: BusinessId | None = None
    email: Text | None = None
    phones: Annotated[tuple[Phone, ...], Meta(max_length=50)] = ()
    addresses: Annotated[tuple[Address, ...], Meta(max_length=50)] = ()
    timezone: Text | None = None
    language: Text | None = None
    customer_since: date | None = None
    payment_terms_days: Annotated[int, Meta(ge=0, le=3650)] | None = None
    credit_limit_minor: MinorOrZero | None = None
    currency: Currency | None = None
    tags: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


class AccountUpdated(AccountRegistered, frozen=True, omit_defaults=True):
    """The same record again; the newest `time` wins."""


class Line(Struct, frozen=True, omit_defaults=True, gc=False):
    description: Text | None = None
    amount_minor: Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | None = None
    kind: Text | None = None


class EarlyDiscount(Struct, frozen=True, omit_defaults=True, gc=False):
    percent: Annotated[float, Meta(gt=0, le=100)]
    until_on: date


class InvoiceIssued(Struct, frozen=True, omit_defaults=True, gc=False):
    invoice_id: BusinessId
    account_id: AccountId
    currency: Currency
    amount_minor: MinorOrZero
    issued_on: date
    due_on: date
    number: Text | None = None
    lines: tuple[Line, ...] = ()
    purpose: Literal["consumer", "business"] | None = None
    product: Text | None = None
    payer: Literal["account", "insurance"] = "account"
    early_discount: EarlyDiscount | None = None
    payment_url: Text | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


class InvoiceAmended(Struct, frozen=True, omit_defaults=True, gc=False):
    """A new due date, number or attributes; never money."""

    invoice_id: BusinessId
    account_id: AccountId
    due_on: date | None = None
    number: Text | None = None
    attributes: dict[str, Any] | None = None


class InvoiceVoided(Struct, frozen=True, omit_defaults=True, gc=False):
    invoice_id: BusinessId
    account_id: AccountId
    reason: Text | None = None


class CreditNoteIssued(Struct, frozen=True, omit_defaults=True, gc=False):
    credit_note_id: BusinessId
    account_id: AccountId
    currency: Currency
    amount_minor: Minor
    issued_on: date
    invoice_id: BusinessId | None = None
    dispute_id: BusinessId | None = None
    reason: Text | None = None


class Target(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An invoice or a charge that a payment is aimed at, and how much of it."""

    invoice_id: BusinessId | None = None
    charge_id: BusinessId | None = None  # instead of an invoice
    amount_minor: Minor


class PaymentReceived(Struct, frozen=True, omit_defaults=True, gc=False):
    payment_id: BusinessId
    account_id: AccountId
    currency: Currency
    amount_minor: Minor
    received_at: Instant
    method: Text | None = None
    allocations: Annotated[tuple[Target, ...], Meta(max_length=1000)] = ()
    provider: Text | None = None  # the gateway or the bank it came through
    fee_minor: MinorOrZero | None = None  # what that took for it
    matched: Literal["rule", "person"] | None = None  # who found whose money it is


class PaymentFailed(Struct, frozen=True, omit_defaults=True, gc=False):
    payment_id: BusinessId
    account_id: AccountId
    currency: Currency
    amount_minor: Minor
    failed_at: Instant
    invoice_id: BusinessId | None = None
    reason_code: Text | None = None
    retriable: bool | None = None


class PaymentReversed(Struct, frozen=True, omit_defaults=True, gc=False):
    """Money taken back; without `amount_minor`, all that is left of the payment."""

    reversal_id: BusinessId
    payment_id: BusinessId
    account_id: AccountId
    currency: Currency
    reversed_at: Instant
    kind: Literal["refund", "chargeback", "bounced"] = "refund"
    amount_minor: Minor | None = None


class Evidence(Struct, frozen=True, gc=False):
    """Where something is kept that a dispute rests on; no file."""

    ref: Text


class DisputeOpened(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Of an invoice, or of a charge. Without `amount_minor` and `lines` the whole balance is
    disputed, whatever it becomes."""

    dispute_id: BusinessId
    account_id: AccountId
    invoice_id: BusinessId | None = None
    charge_id: BusinessId | None = None  # instead of the invoice, which then counts for nothing
    amount_minor: Minor | None = None
    lines: Annotated[tuple[LineNumber, ...], Meta(max_length=1000)] = ()
    reason: Text | None = None
    reason_code: ReasonCode | None = None
    evidence: Annotated[tuple[Evidence, ...], Meta(max_length=100)] = ()


class DisputeResolved(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    dispute_id: BusinessId
    account_id: AccountId
    invoice_id: BusinessId | None = None
    charge_id: BusinessId | None = None
    outcome: Literal["upheld", "rejected", "partly"]
    credited_minor: Minor | None = None


Data = (
    AccountRegistered
    | AccountUpdated
    | InvoiceIssued
    | InvoiceAmended
    | InvoiceVoided
    | CreditNoteIssued
    | PaymentReceived
    | PaymentFailed
    | PaymentReversed
    | DisputeOpened
    | DisputeResolved
)

TYPES: dict[str, type[Struct]] = {
    "account-registered": AccountRegistered,
    "account-updated": AccountUpdated,
    "invoice-issued": InvoiceIssued,
    "invoice-amended": InvoiceAmended,
    "invoice-voided": InvoiceVoided,
    "credit-note-issued": CreditNoteIssued,
    "payment-received": PaymentReceived,
    "payment-failed": PaymentFailed,
    "payment-reversed": PaymentReversed,
    "dispute-opened": DisputeOpened,
    "dispute-resolved": DisputeResolved,
}
