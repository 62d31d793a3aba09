"""Plans and the instalments of arrangements. Readers keep the last state by id, and by `n`."""

from datetime import date
from typing import Literal

from msgspec import Struct

from shared.events.ledger.common import OfAccount, Rejudged


class Instalment(Struct, frozen=True, gc=False):
    n: int  # from 1
    due_on: date
    grace_until_on: date  # missed from 00:00 of the day after on
    amount_minor: int


class Freeze(Struct, frozen=True, gc=False):
    """What is not charged while the plan is in force."""

    fees: bool
    interest: bool


class PlanAgreed(OfAccount, frozen=True, kw_only=True):
    plan_id: str
    kind: Literal["equal", "instalments", "deferred"]
    total_minor: int
    instalments: tuple[Instalment, ...]
    freeze: Freeze
    replaces: str | None = None


class PlanCompleted(OfAccount, frozen=True, kw_only=True):
    plan_id: str
    paid_minor: int


class PlanDefaulted(OfAccount, frozen=True, kw_only=True):
    plan_id: str
    because: Literal["first", "missed", "days", "new-invoice"]
    paid_minor: int
    arrears_minor: int


class PlanCancelled(OfAccount, frozen=True, kw_only=True):
    plan_id: str
    because: str
    paid_minor: int = 0


class PlanRejudged(Rejudged, frozen=True, kw_only=True):
    plan_id: str
    paid_minor: int
    arrears_minor: int = 0


class _OfInstalment(OfAccount, frozen=True, kw_only=True):
    """Of a plan or of a settlement: the other id is null."""

    plan_id: str | None = None
    settlement_id: str | None = None
    n: int
    due_on: date
    amount_minor: int


class InstalmentDueSoon(_OfInstalment, frozen=True, kw_only=True):
    pass


class InstalmentPaid(_OfInstalment, frozen=True, kw_only=True):
    paid_on: date
    days_late: int  # max(0, paid_on − due_on)


class InstalmentMissed(_OfInstalment, frozen=True, kw_only=True):
    short_minor: int
    missed_count: int  # that stand missed now, this one among them


class InstalmentRejudged(Rejudged, frozen=True, kw_only=True):
    plan_id: str | None = None
    settlement_id: str | None = None
    n: int
    due_on: date
    amount_minor: int
    paid_on: date | None = None
    days_late: int | None = None
    short_minor: int | None = None
    missed_count: int | None = None
