"""The cases a model learns from: what was asked, on which day, and how it ended.

`late_payment`: an invoice above 0, on the day it became known (its decision day), if that is not
after its due day, it was not settled before, and its due day has passed. Late: not zero at the end
of the due day. An invoice that was overdue already when it became known is no case.

`pays_within`: an invoice that stands open at the beginning of the day one of the ledger's stages
begins (1, 31, 61, 91, 121 days past due), if the horizon has passed since. Paid: zero by the end of
the last day of the horizon.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from shared.errors import FieldError, Invalid
from shared.events.ledger import STAGES

Target = Literal["late_payment", "pays_within"]
TARGETS: tuple[Target, ...] = ("late_payment", "pays_within")

HORIZON_DAYS = 30
HORIZON_DAYS_MAX = 365


class InvoiceFacts(Struct, frozen=True, kw_only=True, gc=False):
    """One invoice as it is known now. Void ones are left out by whoever makes the list."""

    account_id: str
    invoice_id: str
    currency: str
    amount_minor: int
    issued_on: date
    decided_on: date  # the day of its event's `time`; never of `recordedtime`
    due_on: date
    settled_on: date | None = None  # since when its balance is zero; None: it is not
    was_open_at_due: bool | None = None  # only where a reversal makes `settled_on` say otherwise
    kind: str = "consumer"

    @property
    def day(self) -> date:
        """The decision day: an invoice is not decided before it is issued."""
        return max(self.decided_on, self.issued_on)

    @property
    def is_late(self) -> bool:
        """Whether it was not zero at the end of its due day."""
        if self.was_open_at_due is not None:
            return self.was_open_at_due
        return self.settled_on is None or self.settled_on > self.due_on

    @property
    def was_at_stake(self) -> bool:
        """Whether it could still be paid in time when it became known."""
        return self.day <= self.due_on and not self.is_settled_before(self.day)

    def is_settled_before(self, day: date) -> bool:
        return self.settled_on is not None and self.settled_on < day


class Case(Struct, frozen=True):
    """A question that was asked on a day, and its answer."""

    fact: InvoiceFacts
    day: date
    outcome: bool  # late, or paid within the horizon
    known_on: date  # the first day at whose beginning the outcome is known for certain


def cases_of(
    facts: Sequence[InvoiceFacts], target: Target, *, horizon_days: int, today: date
) -> list[Case]:
    """The cases whose outcome is known at the beginning of `today`, in the order of their days."""
    made = (
        _late_payment(facts, today)
        if target == "late_payment"
        else _pays_within(facts, horizon_days, today)
    )
    return sorted(made, key=lambda c: (c.day, c.fact.account_id, c.fact.invoice_id, c.fact.due_on))


def _late_payment(facts: Sequence[InvoiceFacts], today: date) -> Iterator[Case]:
    for fact in facts:
        if fact.amount_minor > 0 and fact.was_at_stake and fact.due_on < today:
            yield Case(fact, fact.day, fact.is_late, fact.due_on + timedelta(days=1))


def _pays_within(facts: Sequence[InvoiceFacts], horizon_days: int, today: date) -> Iterator[Case]:
    horizon = timedelta(days=horizon_days)
    for fact in facts:
        if fact.amount_minor <= 0 or fact.due_on >= today:
            continue
        for stage in STAGES:
            day = fact.due_on + timedelta(days=stage)
            known_on = day + horizon + timedelta(days=1)
            if fact.is_settled_before(day) or known_on > today:
                break
            if fact.day < day:
                yield Case(fact, day, fact.is_settled_before(known_on), known_on)


def target_of(name: str) -> Target:
    """The target by name. Raises `Invalid` for any other name."""
    for target in TARGETS:
        if target == name:
            return target
    known = ", ".join(TARGETS)
    raise Invalid(
        f"There is no target {name!r}; known are: {known}",
        [FieldError("/target", f"must be one of: {known}")],
    )


def check_horizon(horizon_days: int) -> int:
    """A horizon that makes sense. Raises `Invalid`."""
    if not 1 <= horizon_days <= HORIZON_DAYS_MAX:
        reason = f"must be from 1 to {HORIZON_DAYS_MAX}"
        raise Invalid("The horizon is not valid.", [FieldError("/horizon_days", reason)])
    return horizon_days
