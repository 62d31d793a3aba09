"""Placements: debts that an agency or a lawyer collects, and the commission that it costs."""

from collections.abc import Iterable
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from services.ledger.domain.agreements import AccountPlaced, By, PolicyRef
from services.ledger.domain.facts import Position
from services.ledger.domain.interest import half_up
from services.ledger.domain.objects import AccountObject, Step
from services.ledger.domain.state import AccountState

NOUN = "placement"
COMMISSION = "commission"
PlacementState = Literal["pending_approval", "placed", "recalled", "refused"]
Settled = Literal["net", "payable"]


class PlacedDebt(Struct, frozen=True, gc=False):
    """What was owed or recoverable of an invoice when it was placed."""

    invoice_id: str
    amount_minor: int


class Placement(AccountObject, frozen=True, kw_only=True):
    """By all facts known."""

    placement_id: str
    data: AccountPlaced
    place: Position  # of the request
    invoice_ids: tuple[str, ...]  # asked for; once it has begun, those that are placed
    state: PlacementState
    began: Position | None = None
    placed: tuple[PlacedDebt, ...] = ()
    recalled_on: date | None = None
    returned: tuple[PlacedDebt, ...] = ()  # what was left of each invoice when it came back
    history: tuple[Step, ...] = ()

    @property
    def is_placed(self) -> bool:
        return self.state == "placed"

    @property
    def placed_minor(self) -> int:
        return sum([debt.amount_minor for debt in self.placed])

    @property
    def takes(self) -> tuple[str, ...]:
        return self.invoice_ids if self.is_placed else ()

    @property
    def by(self) -> By:
        return self.data.by

    @property
    def policy(self) -> PolicyRef | None:
        return self.data.policy

    def percent(self, *, by_agency: bool) -> Fraction:
        """Of what the agency took, or of what came to us."""
        direct = self.data.direct_commission_percent
        return Fraction(self.data.commission_percent if by_agency or direct is None else direct)


class Commission(AccountObject, frozen=True, kw_only=True):
    """What one payment costs because of a placement; its base is what lies on placed invoices."""

    placement_id: str
    payment_id: str
    base_minor: int
    commission_minor: int
    settled: Settled
    at: datetime  # of the payment

    def counts(self) -> Iterable[tuple[str, int]]:
        return ((f"commission_{self.settled}_minor", self.commission_minor),)


def placements(state: AccountState) -> list[Placement]:
    """All, in the order in which they were asked for."""
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, Placement)]


def commissions(state: AccountState, placement_id: str | None = None) -> list[Commission]:
    """All, or those of one placement."""
    return [
        known
        for known in state.objects.of(COMMISSION).values()
        if isinstance(known, Commission) and placement_id in (None, known.placement_id)
    ]


def placed_with(state: AccountState, invoice_id: str) -> Placement | None:
    """The placement that has an invoice now."""
    return next((known for known in placements(state) if invoice_id in known.takes), None)


def commission_minor(base_minor: int, percent: Fraction) -> int:
    return half_up(base_minor * percent / 100)
