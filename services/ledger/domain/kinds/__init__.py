"""What kinds of facts and objects are: everything about one stands in the file of its noun.

A `Kind` is a kind of fact: who it is, when it acts, what it waits for, what it does, what is
announced. What facts make besides invoices and credits (promises, plans, charges) is declared by a
`Noun`: when an object is judged next, what happens there, what follows from any fact.

accounts.py, invoices.py, credit_notes.py, payments.py: what billing platforms send · disputes.py,
dispute_cases.py (deadlines, evidence) · promises.py, plans.py, settlements.py, holds.py ·
write_offs.py, recoveries.py, small_balances.py · placements.py, commissions.py · charges.py (made
by hand, waived, disclosed), charging.py (what days charge) · approvals.py, erasures.py

A new kind of fact is a new file here (with its events in `shared/events`) and a test. `KINDS` and
`NOUNS` are found by `services.ledger.domain.registry`; nothing else names them.
"""

import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

from msgspec import Struct

from services.ledger.domain.credits import CreditKey
from services.ledger.domain.events import View
from services.ledger.domain.facts import Fact, Need, Position
from services.ledger.domain.movements import Movement, OpenCharge
from services.ledger.domain.news import News
from services.ledger.domain.objects import AccountObject, Key
from services.ledger.domain.state import AccountState
from shared.clock import local_day
from shared.errors import FieldError

D = TypeVar("D", bound=Struct)

# What `learn` gives where the account has to be computed anew: before every place.
ANEW: Position = (datetime(1, 1, 1, tzinfo=UTC), -1, "")


def _nothing(*_: object) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[D]):
    """A kind of fact with data of the class `D`."""

    type: str  # the event's type: "payment-received"
    data: builtins.type[D]
    word: str  # what our events call it: "payment" P1
    rank: int  # where facts of one instant stand; 0 is the stage boundary

    # Who it is, and when. Without a business id it is known by (source, id); without an instant it
    # is the event's `time`, which is then required.
    identity: Callable[[D], str] | None = None
    instant: Callable[[D, str], datetime] | None = None  # in a zone
    day: Callable[[D], date] | None = None  # on which it counts; None: of its instant
    keeps_sent_time: bool = False  # our event carries the sender's `time`
    check: Callable[[D], Iterable[FieldError]] = _nothing  # what its class cannot check

    # What it waits for (all of it), and what others may wait for.
    needs: Callable[[D], Need | None] | None = None
    also_needs: Callable[[D], Iterable[Need]] = _nothing
    provides: Callable[[D], Need | None] | None = None

    # What it does. `learn` keeps what holds for the whole history at once, and gives the place from
    # which the facts must act again (None: nowhere); `apply` moves money at the fact's instant.
    learn: Callable[[AccountState, Fact, D], Position | None] | None = None
    apply: Callable[[AccountState, D, datetime], None] | None = None
    acts_unregistered: bool = False  # also before the account is registered
    makes_objects: bool = False  # what is concluded from it may be the account's first object

    # What is announced: an event (None: nothing yet) about an entity (None: the fact's id), the
    # credits whose histories the event carries, and what the fact moves in a statement (currency,
    # signed amount).
    event: Callable[[View, D], Struct | None]
    entity: Callable[[D], str] | None = None
    carries: Callable[[View, D], Iterable[CreditKey]] = _nothing
    retimes: bool = False  # may change days without moving money
    movement: Callable[[AccountState, D], tuple[str, int]] | None = None

    @property
    def needs_time(self) -> bool:
        return self.instant is None

    @property
    def time_counts(self) -> bool:
        """Whether the event's `time` is part of the fact: of one known by its business id."""
        return self.instant is None and self.identity is not None

    def fact_id(self, source: str, event_id: str, data: D) -> str:
        return self.identity(data) if self.identity is not None else f"{source} {event_id}"

    def cause(self, fact: Fact) -> str:
        """What `because` and our event ids call a fact: `payment P2`."""
        return f"{self.word} {fact.fact_id}"

    def instant_of(self, fact: Fact, data: D, zone: str) -> datetime:
        """When the fact acts by itself, whatever it may wait for."""
        if self.instant is not None:
            return self.instant(data, zone)
        # The intake refuses these without a time.
        return (fact.time or fact.recordedtime).astimezone(UTC)

    def day_of(self, data: D, at: datetime, zone: str) -> date:
        """The account's calendar day on which a fact counts."""
        return self.day(data) if self.day is not None else local_day(at, zone)

    def entity_of(self, fact: Fact, data: D) -> str:
        """What the fact's own event is about."""
        return self.entity(data) if self.entity is not None else fact.fact_id

    def need(self, data: D) -> Need | None:
        """What it waits for by its own kind: an end for what it ends."""
        return self.needs(data) if self.needs is not None else None

    def all_needs(self, data: D) -> tuple[Need, ...]:
        """Everything that it waits for; it acts at the latest instant of all."""
        if self.needs is None and self.also_needs is _nothing:
            return ()
        first = self.needs(data) if self.needs is not None else None
        others = self.also_needs(data)
        return (*(() if first is None else (first,)), *others) if first or others else ()

    def brings(self, data: D) -> Need | None:
        return self.provides(data) if self.provides is not None else None


Value = TypeVar("Value", bound=AccountObject)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun(Generic[Value]):
    """What an account has besides invoices and credits, kept in its `ObjectStore`."""

    name: str
    value: builtins.type[Value]
    order: int  # in which nouns conclude and are announced: a plan before promises

    # When an object is judged next (None: never), and what happens there. `judge` must make the
    # next wake a later one, or none.
    wake: Callable[[AccountState, Value], Position | None] | None = None
    judge: Callable[[AccountState, Value, datetime], None] | None = None
    # What its boundary's journal entry is called, by its id and place: like which fact, and its id.
    entry: Callable[[str, Position], tuple[str, str]] | None = None
    # What follows from each fact or boundary, after money has moved; whether it changed anything.
    conclude: Callable[[AccountState, "Acting"], bool] | None = None
    # What is announced of one that is different now (None: not there).
    news: Callable[[View, Value | None, Value | None], Iterable[News]] | None = None

    # What it moves in a statement, in any order; of a charge, what is open (None: nothing).
    movements: Callable[[AccountState, Value], Iterable[Movement]] | None = None
    open_charge: Callable[[AccountState, Value], OpenCharge | None] | None = None


@dataclass(frozen=True, slots=True)
class Acting:
    """What acts: a fact at its place, or the boundary of an object."""

    position: Position
    fact: Fact | None
    key: Key | None  # of the object whose boundary it is
    cause: str  # "payment P2", "promise R1"

    @property
    def at(self) -> datetime:
        return self.position[0]
