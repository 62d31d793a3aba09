"""What a decision is: the account after it, and everything that has to be written down."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from services.ledger.domain.facts import Fact, Notice
from services.ledger.domain.journal import Entry
from services.ledger.domain.stages import Announcement

if TYPE_CHECKING:
    from services.ledger.domain.account import Account


class Said(Struct, frozen=True, gc=False):
    """An event to be said. The shell makes `shared.events.Event` of it.

    Entity and cause make its id unique and the same after every retry.
    """

    type: str
    entity: str
    cause: str
    time: datetime
    day: date
    data: Struct
    recordedtime: datetime | None  # the fact's; None when said by `begin`
    fact: Fact | None  # the fact that it follows from; None when said by `begin`


class Decision(Struct, frozen=True):
    """The account after the facts, and what follows: all lists in the order in which it happened.

    `announced` are to be stored under (invoice_id, key), in place of what was stored there.
    """

    account: "Account"
    said: list[Said]
    entries: list[Entry]
    announced: list[Announcement]
    changed_invoices: set[str]
    notices: list[Notice]
