"""Sources of money: payments and credit notes, and where each of their cents has been."""

from datetime import date, datetime
from typing import Literal

from msgspec import Struct, structs

Kind = Literal["payment", "credit_note"]
CreditKey = tuple[Kind, str]
# Credit before cash, then oldest fact first: (0 credit | 1 cash, instant, rank, id).
CreditOrder = tuple[int, datetime, int, str]


class Allocation(Struct, frozen=True, gc=False):
    """Money put on one invoice, and perhaps taken back."""

    invoice_id: str
    amount_minor: int
    applied_at: datetime
    released_at: datetime | None = None


class Reversal(Struct, frozen=True, gc=False):
    """What one reversal took of its payment, and what it asked for beyond what was left."""

    reversal_id: str
    at: datetime
    amount_minor: int
    excess_minor: int


class Target(Struct, frozen=True, gc=False):
    """A part that waits for an invoice that is not there yet."""

    invoice_id: str
    amount_minor: int


class Credit(Struct, frozen=True, gc=False):
    """A payment or a credit note by all facts known."""

    kind: Kind
    credit_id: str
    currency: str
    amount_minor: int
    at: datetime  # when it acts
    order: CreditOrder
    unapplied_minor: int
    taken_minor: int = 0  # by reversals
    allocations: tuple[Allocation, ...] = ()  # its whole history
    targets: tuple[Target, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    issued_on: date | None = None  # of a credit note
    invoice_id: str | None = None  # a credit note's aim
    dispute_id: str | None = None  # the dispute that a credit note settles

    @property
    def key(self) -> CreditKey:
        return (self.kind, self.credit_id)

    @property
    def free_minor(self) -> int:
        """Unapplied, and not waiting for an invoice."""
        if not self.targets:
            return self.unapplied_minor
        return max(0, self.unapplied_minor - sum(aim.amount_minor for aim in self.targets))


def put(source: Credit, invoice_id: str, amount_minor: int, at: datetime) -> Credit:
    """The source after some of its unapplied money was put on an invoice."""
    pieces = (*source.allocations, Allocation(invoice_id, amount_minor, at))
    for index, earlier in enumerate(source.allocations):
        if (
            earlier.applied_at == at
            and earlier.invoice_id == invoice_id
            and earlier.released_at is None
        ):
            # Aimed and other money of one source, put on one invoice at once, is one allocation.
            piece = Allocation(invoice_id, earlier.amount_minor + amount_minor, at)
            pieces = (*source.allocations[:index], piece, *source.allocations[index + 1 :])
            break
    return structs.replace(
        source, allocations=pieces, unapplied_minor=source.unapplied_minor - amount_minor
    )


def take_off(
    source: Credit, invoice_id: str, applied_at: datetime, amount_minor: int, at: datetime
) -> Credit:
    """The source after money was taken off an invoice: unapplied again, the history keeps it."""
    pieces: list[Allocation] = []
    for piece in source.allocations:
        if (
            piece.invoice_id != invoice_id
            or piece.released_at is not None
            or piece.applied_at != applied_at
        ):
            pieces.append(piece)
            continue
        assert amount_minor <= piece.amount_minor
        if piece.amount_minor > amount_minor:
            pieces.append(structs.replace(piece, amount_minor=piece.amount_minor - amount_minor))
        pieces.append(Allocation(invoice_id, amount_minor, applied_at, at))
    return structs.replace(
        source, allocations=tuple(pieces), unapplied_minor=source.unapplied_minor + amount_minor
    )


def no_longer_waiting(source: Credit, invoice_id: str) -> Credit:
    """The source once the invoice it was waiting for is there."""
    aims = tuple(aim for aim in source.targets if aim.invoice_id != invoice_id)
    return structs.replace(source, targets=aims)
