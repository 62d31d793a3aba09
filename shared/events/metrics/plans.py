"""Collection plans: approved, begun, reviewed at their end, closed."""

from datetime import date

from msgspec import Struct, field


class _Plan(Struct, frozen=True, kw_only=True, gc=False):
    plan_id: str
    version: int


class PlanApproved(_Plan, frozen=True, kw_only=True):
    """A version was approved by somebody who did not write it."""

    title: str
    currency: str
    from_on: date = field(name="from")
    to_on: date = field(name="to")
    holds_from: date  # the first day that is judged by this version
    approved_by: str


class PlanStarted(_Plan, frozen=True, kw_only=True):
    """Its first day has begun; that is the event's `day`."""


class PlanOutcome(Struct, frozen=True, kw_only=True, gc=False):
    """How an objective ended."""

    objective: str
    verdict: str  # met | missed
    value: float | None
    target: float


class PlanReviewed(_Plan, frozen=True, kw_only=True):
    """The final review was written, after the plan's last day."""

    for_day: date
    outcomes: tuple[PlanOutcome, ...] = ()
    reviewed_by: str


class PlanClosed(_Plan, frozen=True, kw_only=True):
    """Nothing changes it any more."""

    from_state: str = field(name="from")  # draft | approved | running | reviewed
    reason: str | None = None  # of one that was not reviewed
    closed_by: str
