"""What events of many nouns are made of: amounts, allocations, who asked, a history's parts."""

from datetime import date, datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

Stage = Literal[1, 31, 61, 91, 121]
STAGES: tuple[Stage, ...] = (1, 31, 61, 91, 121)
SourceKind = Literal["payment", "credit_note", "concession", "write_off", "discount"]
Role = Literal["supervisor", "finance", "compliance", "legal", "manager"]


class Amounts(Struct, frozen=True, omit_defaults=True, gc=False):
    """What an account owes in one currency (docs/ledger.md, Amounts). All in minor units.

    Those of arrangements and charges are left out of events where they are 0.
    """

    currency: str
    balance_minor: int  # open balances of invoices, not netted
    overdue_minor: int  # of those past due
    disputed_minor: int  # disputed parts
    unapplied_minor: int  # unapplied cash and credit
    unapplied_credit_minor: int  # the credit in it
    collectable_minor: int  # what may be asked for now
    oldest_due_on: date | None  # over all open invoices
    days_past_due: int  # of oldest_due_on at the begun day; 0 when not past due
    arranged_minor: int = 0  # overdue principal of invoices in an arrangement or placed
    arrears_minor: int = 0  # due by the arrangement and not paid
    promised_minor: int = 0  # still missing of open promises
    recoverable_minor: int = 0  # written off less recovered
    charges_minor: int = 0  # open fees, costs and interest
    disputed_charges_minor: int = 0


class Allocation(Struct, frozen=True, omit_defaults=True, gc=False):
    """Money of one source put on an invoice or a charge, perhaps taken back; a history is some."""

    source_id: str  # payment, credit note, settlement, write-off; discount:<invoice_id>
    invoice_id: str | None  # None: of a charge that belongs to no invoice
    amount_minor: int
    applied_at: datetime
    applied_on: date
    days_late: int  # max(0, applied_on − due_on)
    released_at: datetime | None = None
    released_on: date | None = None
    source_kind: SourceKind = "payment"
    charge_id: str | None = None  # None: on the invoice's principal
    use: Literal["recovery"] | None = field(default=None, name="as")  # of what was written off

    @property
    def is_on_principal(self) -> bool:
        """Whether it lowers the invoice's own balance."""
        return self.charge_id is None and self.use is None

    @property
    def is_cash(self) -> bool:
        return self.source_kind == "payment"


class By(Struct, frozen=True, omit_defaults=True, gc=False):
    """Who asked for something."""

    kind: Literal["collector", "debtor", "system"]
    id: str | None = None


class OfAccount(Struct, frozen=True, kw_only=True, gc=False):
    """What every event of an arrangement, a hold or a charge carries; never a free text.

    `by`, `collector`, `channel` and `policy_version` are those of the command, where there is one.
    """

    account_id: str
    currency: str | None  # None: of none in particular
    invoice_ids: tuple[str, ...] | None  # None: of none in particular, or of all
    by: By | None = None
    collector: str | None = None
    channel: str | None = None
    policy_version: str | None = None
    amounts: tuple[Amounts, ...] = ()  # where what is owed or collectable has changed


class Allocated(OfAccount, frozen=True, kw_only=True):
    """An event with histories, which may be too long for one (docs/ledger.md)."""

    allocations: tuple[Allocation, ...] = ()
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class Rejudged(OfAccount, frozen=True, kw_only=True):
    """What was announced is no longer so, or its figures have changed: the state that holds now."""

    from_state: str = field(name="from")  # what was announced last
    to_state: str = field(name="to")
    because: str
