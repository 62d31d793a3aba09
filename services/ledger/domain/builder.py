"""A decision while it is being made: what has been announced and noted so far."""

from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.decision import Decision, LedgerAnnouncement
from services.ledger.domain.facts import Fact, Ineffective
from services.ledger.domain.journal import NO_TOTALS, Entry, postings
from services.ledger.domain.objects import Key
from services.ledger.domain.stages import StageNotice
from services.ledger.domain.state import AccountState


class DecisionBuilder:
    """Collects, in order, what becomes the `Decision` about an account."""

    __slots__ = (
        "announcements",
        "changed",
        "changed_objects",
        "entries",
        "notices",
        "profile",
        "recomputations",
        "recordedtime",
        "redone_facts",
        "rejections",
        "released",
        "state",
    )

    def __init__(self, state: AccountState, recordedtime: datetime | None = None) -> None:
        self.state = state
        self.profile = state.profile_fact
        self.recordedtime = recordedtime  # in place of each fact's own (registration)
        self.announcements: list[LedgerAnnouncement] = []
        self.entries: list[Entry] = []
        self.notices: dict[tuple[str, str], StageNotice] = {}
        self.changed: set[str] = set()
        self.changed_objects: set[Key] = set()
        self.rejections: list[Ineffective] = []
        self.released: list[tuple[datetime, Fact]] = []  # took effect by the fact in hand, and when
        self.redone_facts = 0
        self.recomputations = 0

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
        """Announce an event that follows from a fact (None: from the begun day)."""
        recorded = self.recordedtime or recorded
        if recorded is None and fact is not None:
            recorded = fact.recordedtime
        self.announcements.append(
            LedgerAnnouncement(kind, entity, cause, time, day, data, recorded, fact)
        )

    def remember(self, notice: StageNotice) -> None:
        """Remember that it was announced, or corrected, in place of what was remembered before."""
        invoice_id, key = notice.invoice_id, notice.key
        known = self.state.notices.get(invoice_id, ())
        others = tuple([other for other in known if other.key != key])
        self.state.notices[invoice_id] = (*others, notice)
        self.notices[invoice_id, key] = notice
        self.changed.add(invoice_id)

    def post(self, kind: str, fact_id: str, cause: str, day: date) -> None:
        """Post what a fact or a boundary moved between ledger accounts."""
        state = self.state
        for currency, before in state.before_totals.items():
            sums = state.currencies.get(currency)
            moved = postings(before, sums.totals if sums is not None else NO_TOTALS)
            if moved:
                self.entries.append(Entry(kind, fact_id, cause, currency, day, moved))

    def decision(self) -> Decision:
        self.state.forget()
        return Decision(
            self.announcements,
            self.entries,
            list(self.notices.values()),
            self.changed,
            self.changed_objects,
            self.rejections,
            self.state.profile_fact is not self.profile,
            self.redone_facts,
            self.recomputations,
        )
