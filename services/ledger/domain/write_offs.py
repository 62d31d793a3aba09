"""Write-offs, and sales, which are write-offs for a price."""

from collections.abc import Iterable
from typing import Literal

from services.ledger.domain.agreements import AccountWrittenOff, WriteOffKind
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
    history: tuple[Step, ...] = ()
    paid_minor: int = 0  # by the buyer

    @property
    def is_made(self) -> bool:
        return self.state in ("made", "sold")

    def counts(self) -> Iterable[tuple[str, int]]:
        """Of a sale: the price that the buyer owes."""
        if self.state != "sold" or self.data is None:
            return ()
        return (
            ("sold_minor", self.data.price_minor or 0),
            ("sale_paid_minor", self.paid_minor),
        )


def write_offs(state: AccountState) -> list[WriteOff]:
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, WriteOff)]
