"""Charges (fees, costs, interest) and discounts.

Each event shows the whole charge: readers replace it by `charge_id`, and its days are those of
`posted` and `waivers`.
"""

from datetime import date
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from shared.events.ledger.common import Allocated, Allocation, OfAccount

ChargeKind = Literal["cost", "interest", "fee"]


class Posting(Struct, frozen=True, gc=False):
    on: date
    amount_minor: int  # below 0: taken back by a void


class Waiver(Struct, frozen=True, gc=False):
    waiver_id: str
    on: date
    amount_minor: int


class Segment(Struct, frozen=True, gc=False):
    """Days of interest that are alike."""

    from_on: date
    to_on: date
    days: int
    basis_minor: int
    percent: str
    day_count: Literal["act/365", "act/360", "30/360"]


class _Charge(OfAccount, frozen=True, kw_only=True):
    charge_id: str
    kind: ChargeKind
    status: Literal["open", "paid", "waived"]
    invoice_id: str | None  # None: it belongs to none
    amount_minor: int
    waived_minor: int = 0
    paid_minor: int = 0
    balance_minor: int
    disputed_minor: int = 0
    charged_on: date
    posted: tuple[Posting, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    rule: str | None = None
    pack: str | None = None
    citation: str | None = None
    step: int | None = None  # days past due
    basis_minor: int | None = None
    percent: str | None = None  # a decimal as text
    segments: tuple[Segment, ...] = ()  # of interest


class FeeCharged(_Charge, frozen=True, kw_only=True):
    because: str | None = None  # where it is restated


class InterestCharged(_Charge, frozen=True, kw_only=True):
    because: str | None = None


class ChargeWaived(_Charge, frozen=True, kw_only=True):
    """Its amount fell, or a waiver is new."""

    because: Literal["waived", "restated", "voided", "settled", "written-off"]
    allocations: tuple[Allocation, ...] = ()
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class _Discount(Allocated, frozen=True, kw_only=True):
    invoice_id: str
    amount_minor: int


class DiscountGranted(_Discount, frozen=True, kw_only=True):
    pass


class DiscountRevoked(_Discount, frozen=True, kw_only=True):
    because: str | None = None
