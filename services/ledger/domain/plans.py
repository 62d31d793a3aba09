"""A plan: what is paid in instalments, and what came of it (docs/ledger/plans.md)."""

from services.ledger.domain.agreements import By, PlanAgreed, PolicyRef
from services.ledger.domain.arrangements import PLAN, Arrangement
from services.ledger.domain.facts import Position
from services.ledger.domain.state import AccountState


class Plan(Arrangement, frozen=True, kw_only=True):
    """By all facts known. States: pending_approval, refused, active, completed, defaulted,
    cancelled."""

    data: PlanAgreed
    watched: Position | None = None  # the last place at which new invoices were looked at

    @property
    def by(self) -> By:
        return self.data.by

    @property
    def policy(self) -> PolicyRef | None:
        return self.data.policy

    @property
    def freezes(self) -> tuple[bool, bool]:
        return (self.data.freeze.fees, self.data.freeze.interest)


def plans(state: AccountState) -> list[Plan]:
    """All, in the order in which they were asked for."""
    return [known for known in state.objects.of(PLAN).values() if isinstance(known, Plan)]
