"""A debtor in a dry run back: what was recorded of it comes again, each fact from the instant on at
which it was known. What it was really sent in those days is left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from services.outreach.debtors.domain import accounts, segments
from services.outreach.debtors.domain.account_books import BOOKED_TYPES, AccountBooks
from services.outreach.debtors.domain.account_money import (
    AMOUNT_TYPES,
    PAYMENT_TYPES,
    AccountMoney,
    PaymentKnown,
    amounts_in,
    with_amounts,
    with_payment,
)
from services.outreach.debtors.domain.accounts import AccountFacts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import OCCASION_FOLDS, Occasion
from services.outreach.debtors.domain.segments import SegmentFacts
from services.outreach.debtors.domain.stops import NOT_KEPT, STOP_FOLDS, Stop
from services.outreach.dunning.domain.debtor_facts import Account, DebtorFacts
from services.outreach.dunning.domain.planning import Plan
from services.outreach.dunning.domain.strategy import COURTESIES
from services.outreach.dunning.domain.trial_debtors import TrialDebtor
from shared.events import LEDGER, OUTREACH, SEGMENTATION, Received

OCCASION_DAYS: Final = timedelta(days=150)  # longer ago nothing is answered any more
PAID_SOON_DAYS: Final = 3
ANSWERS: Final = frozenset({"reply-received", "right-party-contacted", "portal-visited"})
_ACCOUNT_TYPES: Final = frozenset({"account-registered", "account-updated"})
_OF_LEDGER: Final = frozenset(
    {*BOOKED_TYPES, *STOP_FOLDS, *OCCASION_FOLDS, *AMOUNT_TYPES, *PAYMENT_TYPES, *_ACCOUNT_TYPES}
)
_OF_SEGMENTATION: Final = frozenset({"segment-changed", "account-scored", "early-warning-raised"})
TOLD: Final = {LEDGER: _OF_LEDGER, SEGMENTATION: _OF_SEGMENTATION, OUTREACH: ANSWERS}
_OWN: Final = frozenset({"reply", "claim", "manual"})  # pauses that no event of the ledger brings


@dataclass
class RecordedAccount:
    """One account, as far as its events have been told."""

    facts: AccountFacts
    books: AccountBooks = field(default_factory=AccountBooks)
    stops: dict[str, Stop] = field(default_factory=dict)
    occasions: dict[tuple[str, str], Occasion] = field(default_factory=dict)
    money: AccountMoney = field(default_factory=AccountMoney)
    payments: dict[str, PaymentKnown] = field(default_factory=dict)
    segment: SegmentFacts = field(default_factory=SegmentFacts)
    answered_on: date | None = None

    def fold(self, event: Received) -> None:
        if event.type not in TOLD.get(event.topic, ()):
            return
        day = event.day or event.time.date()
        if event.topic == OUTREACH:
            self.answered_on = max(self.answered_on or day, day)
            return
        data = event.decode()
        if event.type in _ACCOUNT_TYPES:
            self.facts = accounts.registered(self.facts, data)
        if event.type == "segment-changed":
            self.segment = segments.in_segment(self.segment, data)
        if event.type == "account-scored":
            self.segment = segments.scored(self.segment, data)
        if event.type in BOOKED_TYPES:
            self.books.fold(event, data)
        if event.type in STOP_FOLDS:
            STOP_FOLDS[event.type](self.stops, event, data)
        paid: Occasion | None = None
        if event.type in AMOUNT_TYPES and (said := amounts_in(data)):
            self.money, paid = with_amounts(self.money, event.key, said, day)
        if event.type in OCCASION_FOLDS:
            OCCASION_FOLDS[event.type](self.occasions, event, data)
        if paid is not None:
            self.occasions.setdefault(paid.key, paid)
        if event.type in PAYMENT_TYPES:
            known = with_payment(self.payments.get(data.payment_id), event, data)
            if known is not None:
                self.payments[data.payment_id] = known

    def told(self, account: Account) -> Account:
        """The account with what is known of it by now."""
        paid_on = max((p.day for p in self.payments.values() if p.stands), default=None)
        is_paid_since = paid_on is not None and paid_on != account.paid_on
        return replace(
            account,
            tags=frozenset(self.facts.tags),
            segment=self.segment.segment,
            pays_within=self.segment.pays_within,
            late_payment=self.segment.late_payment,
            amounts=self.money.amounts,
            paid_on=paid_on,
            contacts=0 if is_paid_since else account.contacts,
            promises_broken_on=tuple(
                sorted(
                    stop.ended_on
                    for stop in self.stops.values()
                    if stop.kind == "promise"
                    and stop.outcome in NOT_KEPT
                    and stop.ended_on is not None
                )
            ),
            answered_on=self.answered_on,
        )


@dataclass
class RecordedDebtor(TrialDebtor):
    """One debtor of a dry run back; `events` in the order in which they were known."""

    events: Sequence[Received] = ()
    _told: int = 0  # of the events
    _accounts: dict[str, RecordedAccount] = field(default_factory=dict)
    _own: tuple[Stop, ...] = ()
    _paid: dict[tuple[str, str], list[date]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own = tuple(stop for stop in self.facts.stops if stop.kind in _OWN)
        self._accounts = {
            a.account_id: RecordedAccount(accounts.unknown(a.account_id))
            for a in self.facts.accounts
        }
        for event in self.events:
            if (event.topic, event.type) == (LEDGER, "invoice-paid"):
                key = (event.key, event.decode().invoice_id)
                self._paid.setdefault(key, []).append(event.day or event.time.date())

    def next_change_at(self, at: datetime) -> datetime | None:
        """When the next fact was known."""
        rest = self.events[self._told :]
        return next((each.recordedtime for each in rest if each.recordedtime > at), None)

    def begin_at(self, at: datetime) -> None:
        before = self._told
        while self._told < len(self.events) and self.events[self._told].recordedtime <= at:
            event = self.events[self._told]
            if event.key in self._accounts:
                self._accounts[event.key].fold(event)
            self._told += 1
        if self._told > before:
            self.facts = self._as_known(at)
            self.reach.owing(self.facts.invoices)

    def _as_known(self, at: datetime) -> DebtorFacts:
        anchors = {(i.account_id, i.invoice_id, i.due_on): i.anchor_on for i in self.facts.invoices}
        invoices: list[Invoice] = []
        for known in self._accounts.values():
            for invoice in known.books.invoices.values():
                key = (invoice.account_id, invoice.invoice_id, invoice.due_on)
                if invoice.state == "open":
                    invoices.append(replace(invoice, anchor_on=anchors.get(key)))
        since = at.date() - OCCASION_DAYS
        return replace(
            self.facts,
            accounts=tuple(self._accounts[a.account_id].told(a) for a in self.facts.accounts),
            invoices=tuple(sorted(invoices, key=lambda i: (i.account_id, i.invoice_id))),
            stops=(*(s for a in self._accounts.values() for s in a.stops.values()), *self._own),
            occasions=tuple(
                o
                for a in self._accounts.values()
                for o in a.occasions.values()
                if o.stands and o.anchor_on >= since
            ),
        )

    def is_paid_soon(self, made: Plan, day: date) -> bool:
        """Whether an invoice that it is about was paid within days anyway."""
        return any(
            0 <= (paid - day).days <= PAID_SOON_DAYS
            for item in made.items
            if item.reaction not in COURTESIES
            for invoice_id in item.invoice_ids
            for paid in self._paid.get((item.account_id, invoice_id), ())
        )


def in_order(events: Sequence[Received]) -> list[Received]:
    """By the instant at which they were known; those of one instant as they came in."""
    return sorted(events, key=lambda event: event.recordedtime)
