"""Credits: payments, credit notes and reliefs, and where each of their cents has been."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct, structs

ReliefKind = Literal["concession", "write_off", "discount"]
CreditKind = Literal["payment", "credit_note", ReliefKind]
RELIEFS: tuple[ReliefKind, ...] = ("concession", "write_off", "discount")
CreditKey = tuple[CreditKind, str]
# Credit notes before cash, then oldest fact first: (0 credit note | 1 cash | 2 relief, instant,
# rank, id).
CreditOrder = tuple[int, datetime, int, str]


# Where money lies: an invoice, a charge (of it, or of none), and whether it recovers what was
# written off.
Place = tuple[str | None, str | None, bool]


def on_invoice(invoice_id: str) -> Place:
    """On an invoice's own balance."""
    return (invoice_id, None, False)


class Allocation(Struct, frozen=True, gc=False):
    """Money put on one invoice or charge, and perhaps taken back."""

    invoice_id: str | None
    amount_minor: int
    applied_at: datetime
    released_at: datetime | None = None
    charge_id: str | None = None
    is_recovery: bool = False

    @property
    def place(self) -> Place:
        return (self.invoice_id, self.charge_id, self.is_recovery)


class Reversal(Struct, frozen=True, gc=False):
    """What one reversal took of its payment, and what it asked for beyond what was left."""

    reversal_id: str
    at: datetime
    amount_minor: int
    excess_minor: int


class Target(Struct, frozen=True, gc=False):
    """A part that waits for an invoice, or for a charge, that is not there yet."""

    invoice_id: str | None
    amount_minor: int
    charge_id: str | None = None


class Credit(Struct, frozen=True, gc=False):
    """A payment or a credit note by all facts known.

    Or a relief: what we forgo of invoices by a settlement (`concession`), a write-off or a discount
    for early payment. Its amount is what lies on invoices now: none of it is ever unapplied.
    """

    kind: CreditKind
    credit_id: str
    currency: str
    amount_minor: int
    at: datetime  # when it acts
    order: CreditOrder
    unapplied_minor: int
    taken_minor: int = 0  # by reversals
    allocations: tuple[Allocation, ...] = ()  # its whole history, oldest application first
    targets: tuple[Target, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    issued_on: date | None = None  # of a credit note
    invoice_id: str | None = None  # the invoice at which a credit note is aimed
    dispute_id: str | None = None  # the dispute that a credit note settles

    @property
    def key(self) -> CreditKey:
        return (self.kind, self.credit_id)

    @property
    def is_relief(self) -> bool:
        return self.kind in RELIEFS

    @property
    def lies_on(self) -> set[str]:
        """The invoices on whose balances some of it lies now."""
        return {
            known.invoice_id
            for known in self.allocations
            if known.released_at is None
            and known.invoice_id is not None
            and known.charge_id is None
            and not known.is_recovery
        }

    @property
    def free_minor(self) -> int:
        """Unapplied, and not waiting for an invoice."""
        if not self.targets:
            return self.unapplied_minor
        waiting = sum([target.amount_minor for target in self.targets])
        return max(0, self.unapplied_minor - waiting)


def put(credit: Credit, amounts: Mapping[Place, int], at: datetime) -> Credit:
    """The credit after unapplied money was put somewhere."""
    kept = credit.allocations
    start = len(kept)
    while start and kept[start - 1].applied_at == at:
        start -= 1
    fresh = dict(amounts)
    tail = []
    for earlier in kept[start:]:
        # Aimed and other money of one credit, put on one invoice at once, is one allocation.
        more = fresh.pop(earlier.place, 0) if earlier.released_at is None else 0
        if more:
            earlier = structs.replace(earlier, amount_minor=earlier.amount_minor + more)
        tail.append(earlier)
    tail += [
        Allocation(invoice_id, amount, at, None, charge_id, is_recovery)
        for (invoice_id, charge_id, is_recovery), amount in fresh.items()
    ]
    return structs.replace(
        credit,
        allocations=(*kept[:start], *tail),
        unapplied_minor=credit.unapplied_minor - sum(amounts.values()),
    )


def take_off(credit: Credit, amounts: Mapping[tuple[Place, datetime], int], at: datetime) -> Credit:
    """The credit after money was taken off invoices: unapplied again, the history keeps it.

    A relief is so much less.

    `amounts` are by place and the instant at which the money had been applied.
    """
    allocations: list[Allocation] = []
    for known in credit.allocations:
        amount = amounts.get((known.place, known.applied_at), 0)
        if not amount or known.released_at is not None:
            allocations.append(known)
            continue
        assert amount <= known.amount_minor
        if known.amount_minor > amount:
            allocations.append(structs.replace(known, amount_minor=known.amount_minor - amount))
        allocations.append(structs.replace(known, amount_minor=amount, released_at=at))
    freed = sum(amounts.values())
    if credit.is_relief:
        return structs.replace(
            credit, allocations=tuple(allocations), amount_minor=credit.amount_minor - freed
        )
    return structs.replace(
        credit, allocations=tuple(allocations), unapplied_minor=credit.unapplied_minor + freed
    )


def no_longer_waiting(credit: Credit, invoice_id: str) -> Credit:
    """The credit once the invoice it was waiting for is there."""
    targets = tuple([target for target in credit.targets if target.invoice_id != invoice_id])
    return structs.replace(credit, targets=targets)
