"""Holds: what is not done to an account or to some of its invoices, and for how long."""

from datetime import date
from typing import Literal

from shared.events.ledger.common import OfAccount

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
HoldStop = Literal["contact", "fees", "interest", "auto-collection", "clocks", "hand-over"]


class HoldPlaced(OfAccount, frozen=True, kw_only=True):
    """From 00:00 of `from_on` to the end of `until_on`; without invoices: of all of them."""

    hold_id: str
    kind: HoldKind
    from_on: date
    until_on: date | None = None
    stops: tuple[HoldStop, ...]


class HoldReleased(OfAccount, frozen=True, kw_only=True):
    hold_id: str
    kind: HoldKind
    released_on: date  # the first day without it; before its `from_on`: it never was
    because: Literal["released", "expired"]
