"""Write-offs, and money that comes after them. Readers keep the last figures by id."""

from typing import Literal

from shared.events.ledger.common import Allocated

WriteOffKind = Literal[
    "uncollectable",
    "uneconomic",
    "bankruptcy",
    "deceased",
    "time-barred",
    "goodwill",
    "small-balance",
    "sold",
]


class AccountWrittenOff(Allocated, frozen=True, kw_only=True):
    """What was given up; again with other figures where a late fact changes them."""

    write_off_id: str
    kind: WriteOffKind
    amount_minor: int  # principal
    charges_minor: int = 0  # waived with it


class WriteOffReversed(Allocated, frozen=True, kw_only=True):
    """What was given up is owed again: its allocations are released, or never were."""

    write_off_id: str
    because: str


class RecoveryReceived(Allocated, frozen=True, kw_only=True):
    """Cash on what was written off; again with other figures where a late fact changes them."""

    payment_id: str
    write_off_id: str
    invoice_id: str
    amount_minor: int
