"""Shapes of the ledger's answers (docs/contracts.md, Ledger)."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.web import Day, Instant, Model


class Answer(BaseModel):
    """Base of answers: checked against their shape, but tuples are lists to JSON."""

    model_config = ConfigDict(frozen=True)


class Amounts(Answer):
    """What an account owes in one currency, in minor units."""

    currency: str
    balance_minor: int
    overdue_minor: int
    disputed_minor: int
    unapplied_minor: int
    unapplied_credit_minor: int
    collectable_minor: int
    oldest_due_on: date | None
    days_past_due: int
    charges_minor: int = 0
    disputed_charges_minor: int = 0
    accrued_minor: int = Field(0, description="interest up to the begun day, not posted yet")
    arranged_minor: int = Field(0, description="overdue principal of invoices that are taken")
    arrears_minor: int = 0
    promised_minor: int = Field(0, description="still missing of open promises")
    recoverable_minor: int = 0


class AccountView(Answer):
    account_id: str
    registered: bool
    erased_on: Day | None = Field(description="when its personal data was erased")
    name: str | None
    kind: str
    debtor_id: str | None
    email: str | None
    phones: list[dict[str, Any]]
    addresses: list[dict[str, Any]]
    timezone: str
    language: str | None
    customer_since: date | None
    payment_terms_days: int | None
    credit_limit_minor: int | None
    currency: str | None
    tags: list[str]
    attributes: dict[str, Any]
    amounts: list[Amounts]
    holds: list[dict[str, Any]]
    promises: list[dict[str, Any]]
    plans: list[dict[str, Any]]
    settlements: list[dict[str, Any]]
    placements: list[dict[str, Any]]
    plan: dict[str, Any] | None
    as_of: date | None


class AccountRow(Answer):
    account_id: str
    registered: bool
    name: str | None
    email: str | None
    debtor_id: str | None


class AccountPage(Answer):
    items: list[AccountRow]
    next_cursor: str | None


class AllocationView(Answer):
    source_id: str
    source_kind: Literal["payment", "credit_note", "concession", "write_off", "discount"]
    invoice_id: str
    amount_minor: int
    applied_at: datetime
    applied_on: date
    days_late: int
    released_at: datetime | None = None
    released_on: date | None = None
    charge_id: str | None = Field(None, description="of a charge, not of its principal")
    use: Literal["recovery"] | None = Field(
        None, alias="as", description="recovery: for what was written off; not in its balance"
    )


class InvoiceRow(Answer):
    account_id: str
    invoice_id: str
    number: str | None
    currency: str
    issued_on: date
    due_on: date
    amount_minor: int
    balance_minor: int
    disputed_minor: int
    status: Literal["open", "paid", "void", "written_off"]
    stage: int | None
    days_past_due: int


class InvoiceView(InvoiceRow):
    purpose: str | None
    product: str | None
    payment_url: str | None
    attributes: dict[str, Any]
    allocations: list[AllocationView]
    written_off_minor: int = Field(0, description="what was given up of it, sold or not")
    recovered_minor: int = Field(0, description="what came in for that; not in its balance")
    recoverable_minor: int = Field(0, description="what may still come in for that")
    charges_minor: int = Field(0, description="open charges of it; not in its balance")
    accrued_minor: int = Field(0, description="interest up to the begun day, not posted yet")
    per_day_minor: int = Field(0, description="what one more day bears")
    charges: list[dict[str, Any]]
    charges_skipped: list[dict[str, Any]] = Field([], description="charge_id, step and reason")


class InvoicePage(Answer):
    items: list[InvoiceRow]
    next_cursor: str | None


class Bucket(Answer):
    bucket: Literal["current", "1-30", "31-60", "61-90", "91-120", "121+"]
    count: int = Field(description="open invoices")
    amount_minor: int = Field(description="open principal")
    charges_minor: int = Field(
        description="open charges, by the due day of their invoice, or the day of the charge"
    )


class AgingGroup(Answer):
    key: dict[str, str]
    buckets: list[Bucket]


class Aging(Answer):
    """Without `currency` where there are several: empty `buckets`, groups by currency."""

    as_of: date | None
    currency: str | None
    buckets: list[Bucket]
    groups: list[AgingGroup]


class StatementLine(Answer):
    on: date
    kind: str
    id: str
    invoice_id: str | None
    number: str | None = Field(description="of the invoice")
    text: str
    amount_minor: int = Field(description="what it adds to the balance")
    balance_minor: int


class StatementTotals(Answer):
    """What the lines of each kind add to the balance."""

    invoiced: int
    credited: int
    paid: int
    charged: int
    waived: int
    other: int


class StatementItem(Answer):
    """An invoice on which something is open at the end of `to`."""

    invoice_id: str
    number: str | None
    issued_on: date
    due_on: date
    days_past_due: int
    principal_minor: int
    disputed_minor: int
    charges_minor: int


class StatementPart(Answer):
    currency: str
    from_: date = Field(alias="from", serialization_alias="from")
    to: date
    opening_minor: int
    lines: list[StatementLine]
    closing_minor: int
    totals: StatementTotals
    open_items: list[StatementItem]


class Statement(Answer):
    account_id: str
    language: Literal["en", "de", "fr", "es"]
    from_: date = Field(alias="from", serialization_alias="from")
    to: date
    currencies: list[StatementPart]


class Posting(Answer):
    account: str
    amount_minor: int


class JournalEntry(Answer):
    entry: int
    fact_kind: str
    fact_id: str
    cause: str
    currency: str
    effective_on: date
    recorded_at: datetime
    postings: list[Posting]
    hash: str


class JournalPage(Answer):
    items: list[JournalEntry]
    next_cursor: str | None


class FieldProblem(Answer):
    pointer: str
    detail: str


class RejectionView(Answer):
    rejection_id: int
    account_id: str | None
    rejected_at: datetime
    origin: str
    source: str | None
    event_id: str | None
    type: str | None
    errors: list[FieldProblem]


class RejectionPage(Answer):
    items: list[RejectionView]
    next_cursor: str | None


class WaitView(Answer):
    """A fact that waits; `known_under`: the account under which what it needs is known."""

    account_id: str
    type: str
    fact_id: str
    needs: Literal["invoice", "payment", "dispute", "charge"]
    needs_id: str
    known_under: str | None
    source: str
    event_id: str
    recorded_at: datetime


class WaitPage(Answer):
    items: list[WaitView]
    next_cursor: str | None


class Violations(Answer):
    name: str
    violations: int


class Integrity(Answer):
    items: list[Violations]


class CollectableRequest(Model):
    account_ids: list[str] = Field(min_length=1, max_length=500)


class CollectableAmounts(Answer):
    currency: str
    collectable_minor: int
    overdue_minor: int
    disputed_minor: int
    unapplied_minor: int
    charges_minor: int = 0
    disputed_charges_minor: int = 0
    arranged_minor: int = 0
    arrears_minor: int = 0
    promised_minor: int = 0
    recoverable_minor: int = 0


class CollectableInvoice(Answer):
    invoice_id: str
    number: str | None
    due_on: date
    currency: str
    balance_minor: int
    disputed_minor: int
    stage: int | None
    taken_by: str | None = Field(description="`plan L1`, `settlement T1`, `placement G1`")
    charges_minor: int = Field(0, description="open charges of it; not in its balance")
    per_day_minor: int = 0
    charges: list[dict[str, Any]] = []


class CollectableAccount(Answer):
    account_id: str
    sequence: int
    stops: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    arrangements: list[dict[str, Any]]
    amounts: list[CollectableAmounts]
    charges: list[dict[str, Any]] = Field([], description="open ones that belong to no invoice")
    disclose: list[str] = Field([], description="texts that charge rules still need to be told")
    invoices: list[CollectableInvoice]


class Collectable(Answer):
    """All of it read in one snapshot."""

    accounts: list[CollectableAccount]
    intake_caught_up_at: datetime | None


class TenantSettings(Model):
    timezone: str = "UTC"
    calendar: str | None = None
    party: Literal["first", "third"] = "first"
    reporting_currency: str | None = None
    contact_from: Day | None = None
    organisation: str | None = Field(
        None, description="tenants of one share limits on contacts; set by operators of all tenants"
    )


class TenantView(TenantSettings):
    tenant_id: str


class StartDayRequest(Model):
    day: Day | None = None
    at: Instant | None = None


class StartDayAnswer(Answer):
    counts: dict[str, int]
    set_aside: int = 0  # accounts that can't be computed: see GET /v1/set-aside


class SetAsideAccount(Answer):
    account_id: str
    reason: str
    since: datetime


class SetAsidePage(Answer):
    items: list[SetAsideAccount]
    next_cursor: str | None
