"""What a tenant's policies say of every day: the rules by which an account is computed.

A version comes into force on a day that has begun nowhere, so what held on a day that has begun
never changes. `revision` grows with every change: an account computed by an earlier one is
computed again where the rules of a day that it depends on differ.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from services.ledger.domain.policies.disputes import DisputePolicy
from services.ledger.domain.policies.recovery import RecoveryPolicy

Content = TypeVar("Content")


@dataclass(frozen=True)
class Dated(Generic[Content]):
    """What is in force on each day: the first of all, and what took its place from a day on."""

    first: Content
    from_on: tuple[date, ...] = ()  # growing
    later: tuple[Content, ...] = ()  # one for each of them

    def at(self, day: date) -> Content:
        """What is in force on a day of the account's zone."""
        number = bisect_right(self.from_on, day)
        return self.later[number - 1] if number else self.first


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All that the rules of an account need of its tenant, as one value."""

    revision: int = 0
    disputes: Dated[DisputePolicy] = Dated(DisputePolicy(name="disputes", version="default"))
    recovery: Dated[RecoveryPolicy] = Dated(RecoveryPolicy(name="recovery", version="default"))
    charges: Dated[Any] = Dated(None)
    allocation: Dated[Any] = Dated(None)
    rates: Any = None
    reporting_currency: str | None = None
    calendar: str | None = None


NO_RULES = Rules()
