"""Costs of collecting that no other service knows of. Readers keep the last announced by id."""

from datetime import date
from typing import Literal

from msgspec import Struct

CostKind = Literal["agency", "gateway", "legal", "software", "other"]


class CostRecorded(Struct, frozen=True, kw_only=True, gc=False):
    """The event's `day` is `incurred_on`, its `time` that day's begin in the tenant's zone."""

    cost_id: str
    kind: CostKind
    amount_minor: int
    currency: str
    incurred_on: date
    account_id: str | None = None  # None: of no account in particular
    channel: str | None = None


class CostWithdrawn(Struct, frozen=True, kw_only=True, gc=False):
    """It was recorded by mistake: it no longer counts on the day on which it was incurred, which
    is the event's `day`."""

    cost_id: str
    account_id: str | None = None
