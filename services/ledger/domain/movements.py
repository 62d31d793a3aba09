"""What changes what an account owes, as a statement shows it: one movement each.

Movements of facts are declared by their kinds (`Kind.movement`). Those that no fact of their own
makes (the credit note of a resolution; charges, discounts, write-offs) come from `SOURCES`:
functions of an account, one for each noun, whose movements may come in any order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from heapq import merge
from typing import Any, Literal

from msgspec import Struct

from services.ledger.domain.facts import Fact, Position
from services.ledger.domain.ordering import Arranged
from services.ledger.domain.registry import KINDS
from services.ledger.domain.state import AccountState
from shared.clock import local_day

TotalName = Literal["invoiced", "credited", "paid", "charged", "waived", "other"]
TOTALS: tuple[TotalName, ...] = ("invoiced", "credited", "paid", "charged", "waived", "other")

# Every kind of line, and the total that it counts in.
LINE_KINDS: Mapping[str, TotalName] = {
    "invoice-issued": "invoiced",
    "invoice-voided": "invoiced",
    "credit-note-issued": "credited",
    "payment-received": "paid",
    "payment-reversed": "paid",
    "interest": "charged",
    "interest-reversed": "charged",
    "fee": "charged",
    "fee-reversed": "charged",
    "cost": "charged",
    "cost-reversed": "charged",
    "waiver": "waived",
    "waiver-reversed": "waived",
    "discount": "other",
    "discount-revoked": "other",
    "concession": "other",
    "concession-reversed": "other",
    "write-off": "other",
    "write-off-reversed": "other",
    "recovery": "other",
    "recovery-reversed": "other",
}

_CREDIT_NOTE = "credit-note-issued"


class Movement(Struct, frozen=True, gc=False):
    """One movement: above zero it adds to the debt, below it takes from it."""

    on: date  # the account's day on which it counts
    position: Position  # in fact order
    kind: str  # of LINE_KINDS
    id: str
    currency: str
    amount_minor: int
    invoice_id: str | None = None
    variant: str | None = None  # of the kind, where its text differs: "chargeback"
    of_id: str | None = None  # what it is about, where that is no invoice: the reversed payment


def _of_resolutions(state: AccountState) -> Iterator[Movement]:
    """Credit notes that a dispute's resolution posted: no platform sent them."""
    given = {fact.fact_id for fact in state.facts if fact.kind == _CREDIT_NOTE}
    for (kind, credit_id), credit in state.credits.items():
        if kind == "credit_note" and credit_id not in given:
            yield Movement(
                credit.issued_on or local_day(credit.at, state.zone),
                credit.order[1:],
                _CREDIT_NOTE,
                credit_id,
                credit.currency,
                -credit.amount_minor,
                credit.invoice_id,
                "dispute" if credit.invoice_id is not None else None,
            )


SOURCES: tuple[Callable[[AccountState], Iterable[Movement]], ...] = (_of_resolutions,)


def movements(state: AccountState, arranged: Arranged) -> Iterator[Movement]:
    """All movements of an account, in fact order."""
    others = [movement for source in SOURCES for movement in source(state)]
    others.sort(key=_position)
    return merge(_of_facts(state, arranged), others, key=_position)


def _of_facts(state: AccountState, arranged: Arranged) -> Iterator[Movement]:
    for position, fact in arranged.ordered:
        kind = KINDS[fact.kind]
        if kind.movement is not None:
            currency, amount = kind.movement(state, fact.data)
            yield Movement(
                kind.day_of(fact.data, position[0], state.zone),
                position,
                fact.kind,
                fact.fact_id,
                currency,
                amount,
                _invoice_of(fact.data),
                getattr(fact.data, "kind", None),
                _of(fact),
            )


def _invoice_of(data: Any) -> str | None:
    """The one invoice that a fact is about; of a payment, the only one that it is aimed at."""
    targets = {target.invoice_id for target in getattr(data, "allocations", ())}
    only = targets.pop() if len(targets) == 1 else None
    return getattr(data, "invoice_id", None) or only


def _of(fact: Fact) -> str | None:
    of_id = getattr(fact.data, "payment_id", None)
    return of_id if of_id != fact.fact_id else None


def _position(movement: Movement) -> Position:
    return movement.position
