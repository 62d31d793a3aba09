"""Debts handed over: to an agency, to court, or sold; and the commission that costs."""

from datetime import date
from typing import Literal

from msgspec import Struct

from shared.events.ledger.common import OfAccount


class PlacedInvoice(Struct, frozen=True, gc=False):
    invoice_id: str
    amount_minor: int


class AccountPlaced(OfAccount, frozen=True, kw_only=True):
    placement_id: str
    kind: Literal["agency", "legal", "sale"]
    to: str
    placed_minor: int
    invoices: tuple[PlacedInvoice, ...]
    commission_percent: str | None = None  # a decimal as text: "12.5"
    until_on: date | None = None
    price_minor: int | None = None  # of a sale


class AccountRecalled(OfAccount, frozen=True, kw_only=True):
    placement_id: str
    because: str
    to: str | None = None  # whom it was placed with
    invoices: tuple[PlacedInvoice, ...] = ()  # what came back of each: its balance


class CommissionDue(OfAccount, frozen=True, kw_only=True):
    """Again where its base changes; readers replace by placement and payment."""

    placement_id: str
    payment_id: str
    base_minor: int
    commission_minor: int
    settled: Literal["net", "payable"]
