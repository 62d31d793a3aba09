"""Disputes: opened, resolved, and their deadlines.

What an older ledger did not say of them is left out where there is nothing to say.
"""

from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from shared.events.ledger.common import Amounts, By, OfAccount


class _Dispute(Struct, frozen=True, kw_only=True, gc=False):
    dispute_id: str
    account_id: str
    invoice_id: str | None  # None: of a charge that belongs to no invoice
    charge_id: str | UnsetType = UNSET  # what is disputed instead of the invoice
    by: By | UnsetType = UNSET
    collector: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    policy_version: str | UnsetType = UNSET


class DisputeOpened(_Dispute, frozen=True, kw_only=True):
    currency: str | None = None
    amount_minor: int | None = None  # None: the whole balance
    disputed_minor: int = 0  # of the invoice, after it
    reason_code: str | UnsetType = UNSET
    evidence_by_on: date | UnsetType = UNSET  # the debtor's deadline
    answer_by_on: date | UnsetType = UNSET  # ours
    amounts: tuple[Amounts, ...] = ()


class DisputeResolved(_Dispute, frozen=True, kw_only=True):
    outcome: Literal["upheld", "rejected", "partly"]
    credited_minor: int | None = None
    charged_minor: int | UnsetType = UNSET  # what was withheld and is charged now
    reason_code: str | UnsetType = UNSET
    currency: str | None = None
    disputed_minor: int = 0
    amounts: tuple[Amounts, ...] = ()


class DisputeDeadlinePassed(OfAccount, frozen=True, kw_only=True):
    """Nothing follows by itself: a person decides."""

    dispute_id: str
    invoice_id: str | None = None
    charge_id: str | None = None
    deadline: Literal["evidence", "answer"]
    day: date  # the last day on which it could have been met
