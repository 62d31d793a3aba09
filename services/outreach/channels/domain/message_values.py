"""What a message speaks of: amounts by section, who is owed, where one can pay."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Section = Literal["overdue", "upcoming", "promises", "instalments", "settlements"]
SECTIONS: tuple[Section, ...] = ("overdue", "upcoming", "promises", "instalments", "settlements")


@dataclass(frozen=True)
class LinePart:
    """What an amount is made of: principal, one fee, cost or interest, a discount (below 0)."""

    kind: str  # principal | fee | cost | interest | discount
    currency: str
    amount_minor: int
    name: str = ""  # of the fee, as its policy calls it: late-fee


@dataclass(frozen=True)
class Line:
    """One invoice, promise, instalment or settlement. The parts add up to the amount."""

    account_id: str
    subject_id: str  # of the invoice, promise, plan or settlement
    number: str  # as the debtor knows it
    due_on: date
    currency: str
    amount_minor: int
    parts: tuple[LinePart, ...] = ()


@dataclass(frozen=True)
class Answered:
    """What happened that a message answers. It asks for nothing."""

    kind: Literal["payment", "invoice", "charge"]
    number: str  # of the invoice, as the debtor knows it; "": it has none
    on: date
    currency: str | None = None
    amount_minor: int | None = None  # None: not known
    outcome: str | None = None  # of a dispute: upheld, partly, rejected


@dataclass(frozen=True)
class Total:
    """One section in one currency: what is open, what is on account already, what is asked for."""

    currency: str
    open_minor: int
    unapplied_minor: int
    asked_minor: int
    unlisted_minor: int = 0  # of what is open: in no line and no charge of the message


@dataclass(frozen=True)
class MessageContent:
    """The lists of a message, with totals by currency. What is asked for stands in the totals; the
    further sections name what was agreed on and ask for nothing beyond it."""

    overdue: tuple[Line, ...] = ()
    overdue_totals: tuple[Total, ...] = ()
    upcoming: tuple[Line, ...] = ()
    upcoming_totals: tuple[Total, ...] = ()
    overdue_unlisted: int = 0  # further invoices, which the totals count and no line names
    upcoming_unlisted: int = 0
    charges: tuple[LinePart, ...] = ()  # that belong to no invoice of the list
    charges_unlisted: int = 0
    promises: tuple[Line, ...] = ()
    instalments: tuple[Line, ...] = ()
    settlements: tuple[Line, ...] = ()
    answers: tuple[Answered, ...] = ()


@dataclass(frozen=True)
class CreditorDetails:
    """Whom messages and disclosures name. None: not known."""

    name: str
    postal_address: str | None = None
    tax_id: str | None = None
    phone: str | None = None
    url: str | None = None

    def named(self) -> dict[str, str]:
        """What the words of a disclosure may speak of: what is known."""
        known = {
            "sender_name": self.name,
            "postal_address": self.postal_address,
            "tax_id": self.tax_id,
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True)
class MessageValues:
    """All that a template is filled with, before it is put into a language."""

    name: str  # of the recipient
    creditor: CreditorDetails
    content: MessageContent = MessageContent()
    pay_url: str | None = None
    portal_url: str | None = None
    text_ids: tuple[str, ...] = ()  # the disclosures that it must carry
    country: str | None = None  # of the account (ISO 3166): how days and amounts are written
    code: str | None = field(default=None, repr=False)  # with which the reader shows who he is
