"""What reliefs and recoveries are in a statement: put and taken off again, piece by piece."""

from collections.abc import Iterator

from services.ledger.domain.credits import Allocation, Credit, ReliefKind
from services.ledger.domain.movements import Movement
from services.ledger.domain.ranks import Rank
from services.ledger.domain.state import AccountState
from shared.clock import local_day


def relief_movements(
    state: AccountState, kind: ReliefKind, credit_id: str, word: str
) -> Iterator[Movement]:
    """What a relief took off invoices, and what of it came back."""
    credit = state.credits.get((kind, credit_id))
    for known in credit.allocations if credit is not None else ():
        assert credit is not None
        yield from _of(state, credit, known, word, -1)


def recovery_movements(state: AccountState, payment_id: str, invoice_id: str) -> Iterator[Movement]:
    """What a payment recovers is no part of what is owed: it is added again."""
    credit = state.credits.get(("payment", payment_id))
    for known in credit.allocations if credit is not None else ():
        if known.is_recovery and known.invoice_id == invoice_id:
            assert credit is not None
            yield from _of(state, credit, known, "recovery", 1)


def _of(
    state: AccountState, credit: Credit, known: Allocation, word: str, sign: int
) -> Iterator[Movement]:
    for at, kind, minor in (
        (known.applied_at, word, sign * known.amount_minor),
        (known.released_at, f"{word}-reversed", -sign * known.amount_minor),
    ):
        if at is not None:
            yield Movement(
                local_day(at, state.zone),
                (at, Rank.WRITE_OFF, credit.credit_id),
                kind,
                credit.credit_id,
                credit.currency,
                minor,
                known.invoice_id,
            )
