"""Write-offs, and sales, which are write-offs for a price."""

from collections.abc import Iterable
from typing import Literal

from services.ledger.domain.agreements import AccountWrittenOff, By, PolicyRef, WriteOffKind
from services.ledger.domain.facts import Position
from services.ledger.domain.objects import AccountObject, Step
from services.ledger.domain.state import AccountState

NOUN = "write-off"
WriteOffState = Literal["pending_approval", "made", "sold", "reversed", "refused"]


class WriteOff(AccountObject, frozen=True, kw_only=True):
    """By all facts known. What is written off lies as a relief of its id on the invoices."""

    write_off_id: str
    kind: WriteOffKind
    data: AccountWrittenOff | None  # None: of a small balance, by its policy
    place: Position
    state: WriteOffState
    amount_minor: int = 0  # principal and charges, when it was made
    charges_minor: int = 0  # in it
    invoice_ids: tuple[str, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()  # of each invoice, when it was made
    history: tuple[Step, ...] = ()
    paid_minor: int = 0  # by the buyer

    @property
    def is_made(self) -> bool:
        return self.state in ("made", "sold")

    @property
    def was_made(self) -> bool:
        """Whether it ever came to be, whatever became of it."""
        return any(step.state in ("made", "sold") for step in self.history)

    @property
    def by(self) -> By:
        return self.data.by if self.data is not None else By()

    @property
    def policy(self) -> PolicyRef | None:
        return self.data.policy if self.data is not None else None

    def counts(self) -> Iterable[tuple[str, int]]:
        """Of a sale: the price that the buyer owes; what he paid stays, also when he returned it,
        until it is paid back."""
        if self.data is None or self.kind != "sold":
            return ()
        price = (self.data.price_minor or 0) if self.state == "sold" else 0
        return (("sold_minor", price), ("sale_paid_minor", self.paid_minor))


def write_offs(state: AccountState) -> list[WriteOff]:
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, WriteOff)]
