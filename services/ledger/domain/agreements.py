"""What commands agreed: the data of the facts that the ledger makes itself.

The door checks a command against policies and balances and resolves it: invoices, amounts, days,
ends of grace, thresholds. All of that stands here, so that from then on only facts count: no later
policy, balance or segment changes what was agreed. The instant of such a fact is its `time`.

Amounts are minor units, `_on` are calendar days in the account's zone. `reason`, `note`, `ref` and
`reference` are texts of people; they never leave the ledger.
"""

from datetime import date
from typing import Literal

from msgspec import Struct

from shared.events import billing

ActorKind = Literal["collector", "debtor", "system"]
Role = Literal["supervisor", "finance", "compliance", "legal", "manager"]
HoldKind = Literal[
    "bankruptcy",
    "deceased",
    "breathing-space",
    "fraud",
    "insurance-pending",
    "hardship",
    "complaint",
    "attorney",
    "cease",
    "manual",
]
WriteOffKind = Literal[
    "uncollectable",
    "uneconomic",
    "bankruptcy",
    "deceased",
    "time-barred",
    "goodwill",
    "small-balance",
    "sold",
]


class By(Struct, frozen=True, omit_defaults=True, gc=False):
    """Who asked."""

    kind: ActorKind = "system"
    id: str | None = None


class PolicyRef(Struct, frozen=True, gc=False):
    """The rule that was applied: of a document's version, counted from 1."""

    name: str
    version: str
    rule: int


class Approval(Struct, frozen=True, gc=False):
    """What has to be decided by somebody of a role before it begins."""

    role: Role
    expires_on: date


class Instalment(Struct, frozen=True, gc=False):
    n: int  # from 1
    due_on: date
    grace_until_on: date
    amount_minor: int


class Command(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every fact of a command carries."""

    account_id: str
    by: By = By()
    channel: str | None = None
    note: str | None = None
    policy: PolicyRef | None = None
    segment: str | None = None  # as last heard of when the command came in
    request_hash: str | None = None  # of what was asked: the same again is no conflict


# ── Promises ────────────────────────────────────────────────────────────────────────────────────


class PromiseMade(Command, frozen=True, kw_only=True):
    promise_id: str
    currency: str
    amount_minor: int
    due_on: date
    grace_until_on: date
    kept_from_percent: int
    partly_from_percent: int
    invoice_ids: tuple[str, ...] | None = None  # None: those that are open at its instant
    supersedes: tuple[str, ...] = ()
    mandate_id: str | None = None


class PromiseCancelled(Command, frozen=True, kw_only=True):
    promise_id: str
    reason: str = ""


# ── Plans ───────────────────────────────────────────────────────────────────────────────────────


class Freeze(Struct, frozen=True, gc=False):
    fees: bool = True
    interest: bool = True


class DefaultRule(Struct, frozen=True, gc=False):
    """When a plan defaults beyond its missed down payment."""

    missed: int | None = 2
    days: int | None = 30
    new_invoice_stage: int | None = None


class PlanAgreed(Command, frozen=True, kw_only=True):
    plan_id: str
    currency: str
    kind: Literal["equal", "instalments", "deferred"]
    invoice_ids: tuple[str, ...]
    total_minor: int
    instalments: tuple[Instalment, ...]  # a down payment is the first, due on the day itself
    has_down_payment: bool = False
    freeze: Freeze = Freeze()
    default: DefaultRule = DefaultRule()
    after_hold_days: int = 14
    replaces: str | None = None
    approval: Approval | None = None
    mandate_id: str | None = None


class PlanCancelled(Command, frozen=True, kw_only=True):
    plan_id: str
    reason: str = ""


# ── Settlements ─────────────────────────────────────────────────────────────────────────────────


class SettlementOffered(Command, frozen=True, kw_only=True):
    """An offer of ours, or a bid of the debtor."""

    settlement_id: str
    kind: Literal["offer", "bid"]
    currency: str
    invoice_ids: tuple[str, ...]
    base_minor: int
    amount_minor: int
    instalments: tuple[Instalment, ...]
    valid_until_on: date | None = None  # of an offer
    verdict: Literal["offered", "accepted", "pending_approval", "declined"]
    approval: Approval | None = None
    counter_minor: int | None = None  # of a bid that was declined
    counter_pay_by_on: date | None = None
    after_hold_days: int = 14


class SettlementAccepted(Command, frozen=True, kw_only=True):
    settlement_id: str


class SettlementDeclined(Command, frozen=True, kw_only=True):
    settlement_id: str
    because: Literal["debtor", "withdrawn"] = "debtor"
    reason: str = ""


# ── Disputes ────────────────────────────────────────────────────────────────────────────────────


class OpenedDispute(billing.DisputeOpened, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A dispute as it is kept: opened by a billing platform, or by a command."""

    by: By | None = None
    channel: str | None = None
    note: str | None = None
    policy: PolicyRef | None = None
    segment: str | None = None
    request_hash: str | None = None


class ResolvedDispute(
    billing.DisputeResolved, frozen=True, kw_only=True, omit_defaults=True, gc=False
):
    """A resolution as it is kept."""

    reason_code: Literal["amended"] | None = None  # another took its place
    reason: str = ""
    by: By | None = None
    channel: str | None = None
    note: str | None = None
    policy: PolicyRef | None = None
    segment: str | None = None
    request_hash: str | None = None


class EvidenceAdded(Command, frozen=True, kw_only=True):
    dispute_id: str
    ref: str
    invoice_id: str | None = None  # what the dispute is about
    charge_id: str | None = None


CommandFact = Command | OpenedDispute | ResolvedDispute | billing.PaymentReceived


# ── Holds ───────────────────────────────────────────────────────────────────────────────────────


class HoldPlaced(Command, frozen=True, kw_only=True):
    """From 00:00 of `from_on` to the end of `until_on`."""

    hold_id: str
    kind: HoldKind
    invoice_ids: tuple[str, ...] | None = None  # None: all, also later ones
    from_on: date
    until_on: date | None = None
    reason: str = ""
    evidence_ref: str | None = None


class HoldReleased(Command, frozen=True, kw_only=True):
    """`released_on` is the first day without the hold; before its `from_on`: it never was."""

    hold_id: str
    released_on: date
    reason: str = ""
    approval: Approval | None = None
    is_second: bool = False  # after a request that was refused or expired


# ── Write-off, placement, sale ──────────────────────────────────────────────────────────────────


class AccountWrittenOff(Command, frozen=True, kw_only=True):
    """Without an amount: all that is owed on the invoices at its instant, by the facts known."""

    write_off_id: str
    kind: WriteOffKind
    currency: str
    invoice_ids: tuple[str, ...] | None = None  # None: all open invoices of the currency
    amount_minor: int | None = None
    approval: Approval | None = None
    reason: str = ""
    to: str | None = None  # of a sale: the buyer, and the price
    price_minor: int | None = None


class WriteOffReversed(Command, frozen=True, kw_only=True):
    write_off_id: str
    reason: str = ""


class SalePaid(Command, frozen=True, kw_only=True):
    """The buyer's money came."""

    write_off_id: str
    amount_minor: int


class AccountPlaced(Command, frozen=True, kw_only=True):
    placement_id: str
    kind: Literal["agency", "legal"]
    to: str
    currency: str
    invoice_ids: tuple[str, ...]
    commission_percent: str  # a decimal as text: "18", "12.5"
    direct_commission_percent: str | None = None  # None: the same
    until_on: date | None = None
    tail_days: int = 30
    reference: str | None = None
    approval: Approval | None = None


class AccountRecalled(Command, frozen=True, kw_only=True):
    placement_id: str
    reason: str = ""


class AgencyRemitted(Command, frozen=True, kw_only=True):
    """Says of a payment that the agency of a placement took it; timeless."""

    payment_id: str
    placement_id: str
    remitted: Literal["net", "gross"]


# ── Approvals ───────────────────────────────────────────────────────────────────────────────────


class ApprovalDecided(Command, frozen=True, kw_only=True):
    """`approval_id` is `<noun>:<id>`: plan, settlement, write-off, placement, hold, waiver."""

    approval_id: str
    decision: Literal["approve", "refuse"]
    role: Role
    reason: str = ""


# ── Charges ─────────────────────────────────────────────────────────────────────────────────────


class ChargeAdded(Command, frozen=True, kw_only=True):
    charge_id: str
    kind: Literal["fee", "cost"]
    invoice_id: str | None = None
    currency: str
    amount_minor: int
    charged_on: date
    reason: str = ""


class ChargeWaived(Command, frozen=True, kw_only=True):
    """Without an amount: what is open at its instant by the facts known."""

    waiver_id: str
    charge_id: str
    amount_minor: int | None = None
    approval: Approval | None = None
    reason: str = ""


class DisclosureMade(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A contact told the debtor of charges to come; its `time` is the contact's."""

    account_id: str
    contact_id: str
    text_ids: tuple[str, ...]


class DisclosureFailed(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The contact did not reach the debtor: it disclosed nothing, for all time."""

    account_id: str
    contact_id: str


# ── Erasure ─────────────────────────────────────────────────────────────────────────────────────


class ErasureAsked(Command, frozen=True, kw_only=True):
    """Of the personal data of an account where something stands: somebody else has to decide."""

    erasure_id: str  # the account's id; with a number where it is asked for once more
    because: tuple[str, ...]  # what stands
    approval: Approval
    reason: str = ""


class AccountErased(Command, frozen=True, kw_only=True):
    """The personal data of the account is gone, and none comes in any more."""

    certificate_id: str
    because: Literal["request", "retention"]
    stood: tuple[str, ...] = ()  # what stood all the same
    erased_on: date
    reason: str = ""
