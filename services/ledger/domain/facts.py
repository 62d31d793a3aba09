"""A fact: one thing a billing platform told us, accepted, and when it acts.

LEDGER.md, "Facts and who they are" and "When a fact acts".
"""

from datetime import UTC, datetime
from typing import cast

from msgspec import Struct

from shared.clock import day_start
from shared.errors import FieldError
from shared.events import billing

REGISTERED = "account-registered"
UPDATED = "account-updated"
INVOICE = "invoice-issued"
AMENDED = "invoice-amended"
VOIDED = "invoice-voided"
CREDIT_NOTE = "credit-note-issued"
PAYMENT = "payment-received"
FAILED = "payment-failed"
REVERSED = "payment-reversed"
DISPUTED = "dispute-opened"
RESOLVED = "dispute-resolved"

# Where facts of one instant stand; 0 is the stage boundary, which sees nothing of its instant.
RANK = {
    INVOICE: 1,
    CREDIT_NOTE: 2,
    PAYMENT: 3,
    FAILED: 4,
    REVERSED: 5,
    DISPUTED: 6,
    RESOLVED: 7,
    VOIDED: 8,
    AMENDED: 9,
    REGISTERED: 10,
    UPDATED: 11,
}

_BUSINESS_ID = {
    INVOICE: "invoice_id",
    VOIDED: "invoice_id",
    CREDIT_NOTE: "credit_note_id",
    PAYMENT: "payment_id",
    REVERSED: "reversal_id",
    DISPUTED: "dispute_id",
    RESOLVED: "dispute_id",
}
_INSTANT = {PAYMENT: "received_at", FAILED: "failed_at", REVERSED: "reversed_at"}
_WORD = {
    REGISTERED: "registration",
    UPDATED: "update",
    INVOICE: "invoice",
    AMENDED: "amendment",
    VOIDED: "void",
    CREDIT_NOTE: "credit note",
    PAYMENT: "payment",
    FAILED: "failure",
    REVERSED: "reversal",
    DISPUTED: "dispute",
    RESOLVED: "resolution",
}

Position = tuple[datetime, int, str]  # instant, rank, fact id: the one order of an account's facts


class Fact(Struct, frozen=True, gc=False):
    """One accepted fact of one account."""

    kind: str  # the event's type: "payment-received"
    fact_id: str  # the business id (`fact_id_of`)
    account_id: str
    source: str
    event_id: str
    time: datetime | None  # the sender's event time
    recordedtime: datetime  # business instant of recording
    data: billing.Data


class Ineffective(Struct, frozen=True, gc=False):
    """A part of an accepted fact that has no effect; listed under rejections."""

    fact: Fact
    errors: list[FieldError]


def fact_id_of(kind: str, source: str, event_id: str, data: billing.Data) -> str:
    """The id that, with tenant and kind, says whether two messages are the same fact."""
    if kind in _BUSINESS_ID:
        return cast(str, getattr(data, _BUSINESS_ID[kind]))
    if kind == FAILED:
        failure = cast(billing.PaymentFailed, data)
        return f"{failure.payment_id} {instant_text(failure.failed_at)}"
    return f"{source} {event_id}"


def instant_text(instant: datetime) -> str:
    """An instant as text that is the same for every way of writing the same instant."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def cause_of(fact: Fact) -> str:
    """What `because` and our event ids call this fact: `payment P2`."""
    return f"{_WORD[fact.kind]} {fact.fact_id}"


def instant_of(fact: Fact, zone: str) -> datetime:
    """When the fact acts by itself, whatever it may wait for."""
    kind = fact.kind
    if kind in (INVOICE, CREDIT_NOTE):
        issued = cast(billing.InvoiceIssued | billing.CreditNoteIssued, fact.data)
        return day_start(issued.issued_on, zone)
    if kind in _INSTANT:
        return cast(datetime, getattr(fact.data, _INSTANT[kind])).astimezone(UTC)
    # The intake refuses these without a time.
    return (fact.time or fact.recordedtime).astimezone(UTC)


def sent_at(fact: Fact, zone: str) -> datetime:
    """The `time` of our own event about the fact: its instant, for invoices the sender's time."""
    if fact.kind == INVOICE and fact.time is not None:
        return fact.time
    return instant_of(fact, zone)
