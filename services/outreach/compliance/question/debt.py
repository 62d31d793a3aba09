"""A debt as a question describes it, with its dispute and the notices sent about it."""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from services.outreach.compliance.question.terms import (
    Channel,
    Currency,
    DebtorKind,
    Flag,
    Id,
    Instant,
    Part,
    Text,
)


class Dispute(Part, frozen=True, kw_only=True):
    at: Instant | UnsetType = UNSET
    form: Literal["written", "oral"] | UnsetType = UNSET
    verification_sent_at: Instant | UnsetType | None = UNSET


class Notice(Part, frozen=True, kw_only=True):
    kind: Text  # validation, medical, written, letter_of_claim …: the rule books name them
    sent_on: date
    by: Channel | UnsetType = UNSET


class Debt(Part, frozen=True, kw_only=True):
    id: Id
    purpose: DebtorKind | UnsetType = UNSET
    product: Text | UnsetType | None = UNSET
    days_past_due: Annotated[int, Meta(ge=-36500, le=36500)] | UnsetType = UNSET
    amount_minor: Annotated[int, Meta(ge=0, le=10**15)] | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    disputed: Flag = UNSET
    default_on: date | UnsetType | None = UNSET
    accelerated: Flag = UNSET
    validation_notice_sent_on: date | UnsetType | None = UNSET
    entered_on: date | UnsetType | None = UNSET
    contract_type: Text | UnsetType | None = UNSET  # oral, written, open, goods, note, card …
    periodic_statements: Flag = UNSET
    dispute: Dispute | UnsetType | None = UNSET
    notices: tuple[Notice, ...] | UnsetType | None = UNSET
    # own
    account: Id | UnsetType = UNSET  # several debts of one account; absent: the debt alone
    creditor: Id | UnsetType = UNSET  # absent: all debts may have the same
    due_on: date | UnsetType | None = UNSET
    governing_law: Text | UnsetType | None = UNSET  # US-DE
    secured_by: Literal["real_estate", "motor_vehicle", "other"] | UnsetType | None = UNSET
    legal_action: Flag = UNSET  # taken or threatened
    paid: Flag = UNSET
    sold: Flag = UNSET
    identity_theft: Flag = UNSET
    discharged: Flag = UNSET
    debt_buyer: Flag = UNSET  # the collector bought it
    post_petition: Flag = UNSET  # arose after the bankruptcy petition
    original_creditor_asked_at: Instant | UnsetType | None = UNSET
    original_creditor_told_at: Instant | UnsetType | None = UNSET
    last_payment_on: date | UnsetType | None = UNSET
    last_contact_on: date | UnsetType | None = UNSET  # last regular contact of creditor and debtor
