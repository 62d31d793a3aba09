"""A settlement: less than what is owed settles it (docs/ledger/settlements.md)."""

from datetime import datetime
from typing import Final

from services.ledger.domain.agreements import By, PolicyRef, SettlementOffered
from services.ledger.domain.arrangements import SETTLEMENT, Arrangement
from services.ledger.domain.credits import Credit
from services.ledger.domain.state import AccountState

CONCESSION: Final = "concession"


class Settlement(Arrangement, frozen=True, kw_only=True):
    """By all facts known. States: pending_approval, declined, offered, accepted, completed,
    lapsed."""

    data: SettlementOffered
    conceded_minor: int = 0  # what lies as concession now

    @property
    def by(self) -> By:
        return self.data.by

    @property
    def policy(self) -> PolicyRef | None:
        return self.data.policy

    @property
    def waiver_id(self) -> str:
        """Of the charges that it concedes."""
        return f"{self.noun}:{self.arrangement_id}"

    @property
    def concession_minor(self) -> int:
        """What is conceded at most."""
        return self.data.base_minor - self.data.amount_minor


def settlements(state: AccountState) -> list[Settlement]:
    """All, in the order in which they were offered or bid."""
    known = state.objects.of(SETTLEMENT).values()
    return [each for each in known if isinstance(each, Settlement)]


def settlement_of(state: AccountState, settlement_id: str) -> Settlement:
    known = state.objects.of(SETTLEMENT)[settlement_id]
    assert isinstance(known, Settlement)
    return known


def accepted_by(state: AccountState, payment: Credit, at: datetime) -> tuple[str, ...]:
    """The invoices of an offer that a payment at this instant accepts."""
    found: list[str] = []
    for known in state.objects.of(SETTLEMENT).values():
        assert isinstance(known, Settlement)
        if known.currency == payment.currency and any(
            step.state == "accepted" and step.because == "payment" and step.at == at
            for step in known.history
        ):
            found += known.data.invoice_ids
    return tuple(found)
