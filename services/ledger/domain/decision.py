"""What a decision is: everything that has to be announced and written down after facts."""

from datetime import datetime

from msgspec import Struct

from services.ledger.domain.facts import Fact, Ineffective
from services.ledger.domain.journal import Entry
from services.ledger.domain.objects import Key
from services.ledger.domain.stages import StageNotice
from shared.events import Announcement


class LedgerAnnouncement(Announcement, frozen=True, gc=False):
    """An event to be published, with the fact that it follows from and when that was recorded."""

    recordedtime: datetime | None  # the fact's; None when announced by `begin`
    fact: Fact | None  # None when announced by `begin`


class Decision(Struct, frozen=True):
    """What follows from facts or a begun day: all lists in the order in which it happened.

    `notices` are to be stored under (invoice_id, key), in place of what was stored there.
    """

    announcements: list[LedgerAnnouncement]
    entries: list[Entry]
    notices: list[StageNotice]
    changed_invoices: set[str]
    changed_objects: set[Key]
    rejections: list[Ineffective]
    is_profile_changed: bool = False
    redone_facts: int = 0  # that acted again because a fact came before them
    recomputations: int = 0  # of the account from nothing
