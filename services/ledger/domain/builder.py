"""A decision while it is being made: the working state and what has been said so far."""

from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.decision import Decision, LedgerAnnouncement
from services.ledger.domain.facts import Fact, Ineffective
from services.ledger.domain.journal import Entry
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState


class DecisionBuilder:
    """Collects, in order, what becomes the `Decision`."""

    __slots__ = (
        "announcements",
        "changed",
        "entries",
        "notices",
        "profile",
        "recordedtime",
        "rejections",
        "released",
        "state",
    )

    def __init__(self, state: AccountState, recordedtime: datetime | None = None) -> None:
        self.state = state
        self.recordedtime = recordedtime  # in place of each fact's own (registration)
        self.profile = state.profile_fact
        self.announcements: list[LedgerAnnouncement] = []
        self.entries: list[Entry] = []
        self.notices: dict[tuple[str, str], StageNotice] = {}
        self.changed: set[str] = set()
        self.rejections: list[Ineffective] = []
        self.released: list[tuple[datetime, Fact]] = []  # took effect by the fact in hand, and when

    def announce(
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
        self.announcements.append(
            LedgerAnnouncement(kind, entity, cause, time, day, data, recorded, fact)
        )

    def remember(self, announcement: StageNotice) -> None:
        """Keep that it was said, or that it was corrected, in place of what was kept before."""
        invoice_id, key = announcement.invoice_id, announcement.key
        known = self.state.notices.get(invoice_id, ())
        others = tuple([said for said in known if said.key != key])
        self.state.notices[invoice_id] = (*others, announcement)
        self.notices[invoice_id, key] = announcement
        self.changed.add(invoice_id)

    def decision(self) -> Decision:
        self.state.forget()
        return Decision(
            self.announcements,
            self.entries,
            list(self.notices.values()),
            self.changed,
            self.rejections,
            self.state.profile_fact is not self.profile,
        )
