"""The one order of an account's facts, and which facts wait for others (LEDGER.md)."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from services.ledger.domain.facts import (
    CREDIT_NOTE,
    DISPUTED,
    INVOICE,
    PAYMENT,
    RANK,
    RESOLVED,
    REVERSED,
    VOIDED,
    Fact,
    Position,
    instant_of,
)
from shared.events import billing

# Kinds that act on money or disputes; what they wait for is in an earlier group.
_GROUPS = {
    INVOICE: 0,
    CREDIT_NOTE: 0,
    PAYMENT: 0,
    REVERSED: 1,
    DISPUTED: 1,
    VOIDED: 1,
    RESOLVED: 2,
}
DATED = frozenset(_GROUPS)
MONEY = frozenset({CREDIT_NOTE, PAYMENT, REVERSED})  # acts, unapplied, before the registration

Need = tuple[str, ...]  # what a fact waits for, and what another provides


def needs(fact: Fact) -> Need | None:
    """The fact without which this one has no effect."""
    kind = fact.kind
    if kind == REVERSED:
        reversal = cast(billing.PaymentReversed, fact.data)
        return (PAYMENT, reversal.payment_id, reversal.currency)
    if kind in (VOIDED, DISPUTED):
        about = cast(billing.InvoiceVoided | billing.DisputeOpened, fact.data)
        return (INVOICE, about.invoice_id)
    if kind == RESOLVED:
        resolution = cast(billing.DisputeResolved, fact.data)
        return (DISPUTED, resolution.dispute_id, resolution.invoice_id)
    return None


def provides(fact: Fact) -> Need | None:
    """What others may wait for, that this fact brings."""
    kind = fact.kind
    if kind == PAYMENT:
        return (PAYMENT, fact.fact_id, cast(billing.PaymentReceived, fact.data).currency)
    if kind == INVOICE:
        return (INVOICE, fact.fact_id)
    if kind == DISPUTED:
        return (DISPUTED, fact.fact_id, cast(billing.DisputeOpened, fact.data).invoice_id)
    return None


class Arranged:
    """Facts in fact order, and those that wait for a fact that is not there."""

    __slots__ = ("acts", "ordered", "waiting")

    def __init__(self) -> None:
        self.acts: dict[Need, datetime] = {}
        self.ordered: list[tuple[Position, Fact]] = []
        self.waiting: dict[Need, tuple[Fact, ...]] = {}


def arrange(
    facts: Iterable[Fact], zone: str, registered: bool, until: datetime | None = None
) -> Arranged:
    """The facts that act, in fact order; with `until`, those that act before it.

    A fact that waits for another acts at the later instant of the two.
    """
    groups: tuple[list[Fact], ...] = ([], [], [])
    for fact in facts:
        if fact.kind in (DATED if registered else MONEY):
            groups[_GROUPS[fact.kind]].append(fact)
    arranged = Arranged()
    acts, ordered, waiting = arranged.acts, arranged.ordered, arranged.waiting
    for group in groups:
        for fact in group:
            at = instant_of(fact, zone)
            if until is not None and at >= until:
                continue
            need = needs(fact)
            if need is not None:
                there = acts.get(need)
                if there is None:
                    waiting[need] = (*waiting.get(need, ()), fact)
                    continue
                at = max(at, there)
            brings = provides(fact)
            if brings is not None:
                acts[brings] = at
            ordered.append(((at, RANK[fact.kind], fact.fact_id), fact))
    ordered.sort(key=_position)
    return arranged


def _position(item: tuple[Position, Fact]) -> Position:
    return item[0]
