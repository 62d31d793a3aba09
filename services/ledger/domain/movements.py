"""What changes what an account owes, as statements show it, and charges as they are shown.

Facts declare their movement by their kind (`Kind.movement`), whatever else moves money by its noun
(`Noun.movements`, `Noun.open_charge`): in the file of the noun, under `kinds/`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from services.ledger.domain.facts import Position

TotalName = Literal["invoiced", "credited", "paid", "charged", "waived", "other"]
TOTALS: tuple[TotalName, ...] = ("invoiced", "credited", "paid", "charged", "waived", "other")

# Every kind of line, and the total that it counts in.
LINE_KINDS: Mapping[str, TotalName] = {
    "invoice-issued": "invoiced",
    "invoice-voided": "invoiced",
    "credit-note-issued": "credited",
    "payment-received": "paid",
    "payment-reversed": "paid",
    "interest": "charged",
    "interest-reversed": "charged",
    "fee": "charged",
    "fee-reversed": "charged",
    "cost": "charged",
    "cost-reversed": "charged",
    "waiver": "waived",
    "waiver-reversed": "waived",
    "discount": "other",
    "discount-revoked": "other",
    "concession": "other",
    "concession-reversed": "other",
    "write-off": "other",
    "write-off-reversed": "other",
    "recovery": "other",
    "recovery-reversed": "other",
}


class Movement(Struct, frozen=True, gc=False):
    """One movement: above zero it adds to the debt, below it takes from it."""

    on: date  # the account's day on which it counts
    position: Position  # in fact order
    kind: str  # of LINE_KINDS
    id: str
    currency: str
    amount_minor: int
    invoice_id: str | None = None
    variant: str | None = None  # of the kind, where its text differs: "chargeback"
    of_id: str | None = None  # what it is about, where that is no invoice: the reversed payment


class ChargedDays(Struct, frozen=True, gc=False):
    """Days of interest that are alike."""

    from_on: date
    to_on: date
    days: int
    basis_minor: int
    percent: str  # a year, a decimal as text


class OpenCharge(Struct, frozen=True, gc=False):
    """A charge on which something is open, with its reason."""

    charge_id: str
    kind: str  # interest, fee, cost
    currency: str
    invoice_id: str | None
    charged_on: date
    amount_minor: int
    open_minor: int
    reason: str | None = None  # the rule's citation, or a person's words
    days: tuple[ChargedDays, ...] = ()
    number: str | None = None  # of the invoice; statements fill it in
