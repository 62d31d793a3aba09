"""What a fact or a boundary did, so that it can be taken back."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from services.ledger.domain.credits import Credit, CreditKey
from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.invoices import Invoice
from services.ledger.domain.objects import AccountObject, Key

UNDO_FACTS = 10_000  # entries kept: facts dated before all of them make the account computed anew

# An invoice that is not there yet and the currency of what waits for it; of a charge: "charge" too.
Awaited = tuple[str, ...]
Name = str | CreditKey | Awaited  # of what slipping in looks at: an invoice by its id
NOTHING: Mapping[Any, Any] = {}


class Undo(Struct, frozen=True, gc=False):
    """What acted: each object that it changed as it was before (None: not there)."""

    position: Position
    fact: Fact | None  # None: a boundary, which comes again by itself
    invoices: Mapping[str, Invoice | None]
    credits: Mapping[CreditKey, Credit | None]
    aimed: Mapping[Awaited, tuple[CreditKey, ...]]
    spread: bool  # whether it put money where the queues led
    objects: Mapping[Key, AccountObject | None] = NOTHING
    wakes: Mapping[Key, Position | None] = NOTHING

    @property
    def names(self) -> tuple[Name, ...]:
        """Every invoice and credit that it changed."""
        return (*self.invoices, *self.credits, *self.aimed)

    @property
    def looks_at_queues(self) -> bool:
        """Whether money was free: then what is open, and in what order, made a difference."""
        return self.spread or any(
            before is not None and before.free_minor for before in self.credits.values()
        )


def position_of(entry: Undo) -> Position:
    return entry.position
