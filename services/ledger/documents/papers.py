"""What stands on a document: data that can be sent to another process."""

from datetime import date

from msgspec import Struct

from services.ledger.domain.movements import OpenCharge
from services.ledger.domain.statement import CurrencyStatement


class Party(Struct, frozen=True, gc=False):
    """A creditor or a debtor, as an address block."""

    name: str
    lines: tuple[str, ...] = ()


class StatementPaper(Struct, frozen=True, gc=False):
    """An account's statement."""

    language: str
    country: str | None  # for how amounts and days are written
    made_on: date  # the begun day
    creditor: Party
    debtor: Party
    account_id: str
    reference: str
    from_on: date
    to_on: date
    parts: tuple[CurrencyStatement, ...]


class InvoicedItem(Struct, frozen=True, gc=False):
    """A line of an invoice, as it was sent."""

    description: str | None
    amount_minor: int | None


class Received(Struct, frozen=True, gc=False):
    """Money that lies on an invoice."""

    on: date
    kind: str  # of the source: payment, credit_note
    id: str
    amount_minor: int


class DiscountOffer(Struct, frozen=True, gc=False):
    """What is taken off if the rest is there in time."""

    percent: str
    until_on: date
    discount_minor: int
    rest_minor: int | None  # None: it holds no longer, or nothing is left to pay


class InvoicePaper(Struct, frozen=True, gc=False):
    """A copy of an invoice."""

    language: str
    country: str | None
    made_on: date
    creditor: Party
    debtor: Party
    account_id: str
    reference: str
    invoice_id: str
    number: str | None
    currency: str
    issued_on: date
    due_on: date
    amount_minor: int
    balance_minor: int
    status: str  # open, paid, void
    items: tuple[InvoicedItem, ...] = ()
    discount: DiscountOffer | None = None
    received: tuple[Received, ...] = ()
    charges: tuple[OpenCharge, ...] = ()
    payment_url: str | None = None
