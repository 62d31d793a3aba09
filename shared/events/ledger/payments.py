"""Payments and credit notes, and where their money lies."""

from datetime import date, datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from shared.events.ledger.common import Allocation, Amounts


class PaymentReceived(Struct, frozen=True, kw_only=True, gc=False):
    payment_id: str
    account_id: str
    currency: str
    amount_minor: int
    received_at: datetime
    method: str | None = None
    provider: str | None = None  # the gateway or the bank it came through
    fee_minor: int | None = None  # what that took for it
    matched: Literal["rule", "person"] | None = None  # who found whose money it is
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


class ScheduledPaymentCancelled(Struct, frozen=True, kw_only=True, gc=False):
    """A debit that was to be collected is not."""

    account_id: str
    schedule_id: str
    because: Literal["person", "creditor", "paid", "disputed", "hold", "mandate", "given-up"]


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


def adds(data: Any) -> bool:
    """Whether its allocations add to those of the parts before, instead of replacing them."""
    return data.part is not UNSET and bool(data.part > 1)
