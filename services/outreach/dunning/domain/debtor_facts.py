"""A debtor as planning sees it: accounts with their strategies, open invoices, what was made and
sent, what stops contact, what is to be answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import Literal

from services.outreach.activity.domain.contacts import (
    AccountKind,
    Channel,
    DebtorContact,
    Item,
    SubjectKind,
)
from services.outreach.debtors.domain.account_money import CurrencyAmounts
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain.strategy import Strategy
from shared.calendars.statutory import Calendar, calendar

# What climbs: account, kind, id, due day of an invoice (None of what is answered), reaction.
SubjectKey = tuple[str, SubjectKind, str, date | None, str]
# How the contact that made a step stands. `open`: it failed, and the step has a channel left.
StepState = Literal[
    "intent", "sent", "delivered", "uncertain", "failed", "suppressed", "cancelled", "handed-over",
    "open",
]  # fmt: skip
_ARRIVED: frozenset[StepState] = frozenset({"sent", "delivered"})
_MAYBE_ARRIVED: frozenset[StepState] = frozenset({"sent", "delivered", "uncertain"})


def invoice_key(invoice: Invoice) -> SubjectKey:
    return (invoice.account_id, "invoice", invoice.invoice_id, invoice.due_on, "")


def subject_key(item: Item) -> SubjectKey:
    anchor_on = item.anchor_on if item.is_ladder else None
    return (item.account_id, item.subject, item.subject_id, anchor_on, item.reaction)


@dataclass(frozen=True, slots=True)
class StepMade:
    """A step of a subject that a contact has made, or failed to make so far."""

    n: int
    name: str
    made_on: date
    state: StepState = "sent"
    tried: tuple[Channel, ...] = ()  # channels over which it has failed

    @property
    def is_made(self) -> bool:
        return self.state != "open"

    @property
    def has_arrived(self) -> bool:
        return self.state in _ARRIVED

    @property
    def may_have_arrived(self) -> bool:
        return self.state in _MAYBE_ARRIVED


@dataclass(frozen=True)
class Account:
    account_id: str
    kind: AccountKind
    timezone: str
    strategy: Strategy | None = None  # None: no contact of its own accord
    is_contacted: bool = False  # a message has reached, or may have reached, this account
    is_erased: bool = False  # nobody is left to be contacted
    arms: Mapping[str, str] = field(default_factory=dict)
    country: str | None = None
    language: str | None = None
    tags: frozenset[str] | None = None
    segment: str | None = None
    pays_within: float | None = None
    late_payment: float | None = None
    priority: int | None = None
    amounts: Mapping[str, CurrencyAmounts] = field(default_factory=dict)  # by currency
    paid_on: date | None = None  # the last payment that was not wholly taken back
    asked_on: date | None = None  # the last message about something past due
    contacts: int = 0  # attempts since its last payment
    promises_broken_on: tuple[date, ...] = ()
    answered_on: date | None = None  # the last reply, right party or visit


@dataclass(frozen=True)
class DebtorFacts:
    """One person or company: the accounts joined by `debtor_id`, and their open invoices."""

    key: str
    debtor_id: str | None
    contact_from: date | None  # the tenant's; None: nobody is contacted
    accounts: tuple[Account, ...]
    invoices: tuple[Invoice, ...]  # the open ones, and those of a contact under way
    steps: Mapping[SubjectKey, tuple[StepMade, ...]] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()  # of all its accounts; those that have ended too
    occasions: tuple[Occasion, ...] = ()  # that stand
    attempts: tuple[datetime, ...] = ()  # of the last 31 days; whatever ended as none left out
    last_message_at: datetime | None = None  # over any channel
    preferred_hours: tuple[time, time] | None = None
    calendar_name: str | None = None  # the tenant's
    timezone: str = "UTC"  # the tenant's
    party: str | None = None

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], Invoice]:
        return {(i.account_id, i.invoice_id): i for i in self.invoices}

    @cached_property
    def by_account(self) -> Mapping[str, Account]:
        return {account.account_id: account for account in self.accounts}

    @cached_property
    def invoices_of(self) -> Mapping[str, tuple[Invoice, ...]]:
        found: dict[str, list[Invoice]] = {}
        for invoice in self.invoices:
            found.setdefault(invoice.account_id, []).append(invoice)
        return {name: tuple(invoices) for name, invoices in found.items()}

    @cached_property
    def endless_stops(self) -> tuple[Stop, ...]:
        """Those that stand and end by an event alone; of the others planning can look ahead."""
        return tuple(
            stop
            for stop in self.stops
            if stop.ended_on is None and (stop.is_endless or stop.kind not in ("reply", "claim"))
        )

    @cached_property
    def calendar(self) -> Calendar | None:
        return None if self.calendar_name is None else calendar(self.calendar_name)

    def invoice(self, account_id: str, invoice_id: str) -> Invoice | None:
        return self._by_id.get((account_id, invoice_id))

    def steps_of(self, key: SubjectKey) -> tuple[StepMade, ...]:
        return self.steps.get(key, ())


@dataclass(frozen=True)
class DebtorState:
    """A debtor as stored: the facts, and the contacts that are under way."""

    debtor: DebtorFacts
    contact: DebtorContact | None
    is_in_flight: bool  # another run works on the contact, or its end is not known yet
    contacts_made: int
    hand_overs: tuple[DebtorContact, ...] = ()  # each of one invoice, waiting or held
