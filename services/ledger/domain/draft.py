"""A decision while it is being made: the working books and what has been said so far."""

from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.account import Account
from services.ledger.domain.books import Books
from services.ledger.domain.decision import Decision, Said
from services.ledger.domain.facts import Fact, Notice
from services.ledger.domain.journal import Entry
from services.ledger.domain.stages import Announcement


class Draft:
    """Collects, in order, what becomes the `Decision`."""

    __slots__ = (
        "announced",
        "books",
        "changed",
        "entries",
        "notices",
        "recordedtime",
        "released",
        "said",
    )

    def __init__(self, books: Books, recordedtime: datetime | None = None) -> None:
        self.books = books
        self.recordedtime = recordedtime  # in place of each fact's own (registration)
        self.said: list[Said] = []
        self.entries: list[Entry] = []
        self.announced: dict[tuple[str, str], Announcement] = {}
        self.changed: set[str] = set()
        self.notices: list[Notice] = []
        self.released: list[tuple[datetime, Fact]] = []  # took effect by the fact in hand, and when

    def say(
        self,
        kind: str,
        entity: str,
        cause: str,
        time: datetime,
        day: date,
        data: Struct,
        fact: Fact | None,
        recorded: datetime | None = None,
    ) -> None:
        recorded = self.recordedtime or recorded
        if recorded is None and fact is not None:
            recorded = fact.recordedtime
        self.said.append(Said(kind, entity, cause, time, day, data, recorded, fact))

    def keep(self, announcement: Announcement) -> None:
        """Keep that it was said, or that it was corrected, in place of what was kept before."""
        invoice_id, key = announcement.invoice_id, announcement.key
        known = self.books.announcements.get(invoice_id, ())
        others = tuple([said for said in known if said.key != key])
        self.books.announcements[invoice_id] = (*others, announcement)
        self.announced[invoice_id, key] = announcement
        self.changed.add(invoice_id)

    def decision(self) -> Decision:
        self.books.forget()
        return Decision(
            Account(self.books),
            self.said,
            self.entries,
            list(self.announced.values()),
            self.changed,
            self.notices,
        )
