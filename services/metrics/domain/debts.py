"""An invoice as the figures see it: its facts, the money on it, when it entered collections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from msgspec import Struct

from services.metrics.domain.lazy import lazy
from services.metrics.domain.puts import Allocated, Put, net_by_day
from services.metrics.domain.slots import FAR, bounded
from services.metrics.domain.views import NOWHERE, Place, View
from shared.clock import day_start


class Issued(Struct, frozen=True, array_like=True, tag="i"):
    recorded_slot: int
    currency: str
    amount_minor: int
    issued_on: date
    due_on: date


class Amended(Struct, frozen=True, array_like=True, tag="a"):
    """A new due date. Each says the one that holds by all amendments known."""

    recorded_slot: int
    due_on: date


class Voided(Struct, frozen=True, array_like=True, tag="v"):
    recorded_slot: int


class Staged(Struct, frozen=True, array_like=True, tag="s"):
    """A stage was announced, so its day has begun. Whether it holds, the allocations say."""

    recorded_slot: int
    due_on: date
    stage: int
    delay: int = 0  # until it was recorded (`latencies.py`)


class Reopened(Struct, frozen=True, array_like=True, tag="o"):
    """The invoice was open again, past due, at this instant."""

    recorded_slot: int
    at: datetime
    day: date


class Disputed(Struct, frozen=True, array_like=True, tag="d"):
    """A dispute was opened: what of the invoice is disputed after it."""

    recorded_slot: int
    dispute_id: str
    disputed_minor: int
    at: datetime
    day: date


class Undisputed(Struct, frozen=True, array_like=True, tag="u"):
    """A dispute was resolved."""

    recorded_slot: int
    dispute_id: str
    at: datetime
    day: date


class Placed(Struct, frozen=True, array_like=True, tag="h"):
    """Handed over to an agency, a court or a buyer with so much open; None: not after all."""

    recorded_slot: int
    placement_id: str
    agency: str
    amount_minor: int | None
    at: datetime
    day: date


class Recalled(Struct, frozen=True, array_like=True, tag="l"):
    """Taken back from there."""

    recorded_slot: int
    placement_id: str
    at: datetime


class Dispute(NamedTuple):
    """A dispute: the days of its opening and of its end (`FAR`: it is open), and its size."""

    opened_on: date
    resolved_on: date
    disputed_minor: int  # the most that was announced of it


class Placement(NamedTuple):
    """With whom the invoice is, or was, with how much, and till when; None: still."""

    agency: str
    amount: int
    at: datetime
    day: date
    recalled_at: datetime | None

    def counts(self, applied_at: datetime) -> bool:
        """Whether cash of an instant came in between. What comes with it was there before."""
        is_over = self.recalled_at is not None and applied_at > self.recalled_at
        return applied_at > self.at and not is_over


@dataclass(slots=True)
class Entry:
    """The moment at which a debt entered collections, and what was open then."""

    at: datetime
    is_after: bool  # after all facts of that instant; else just before it
    day: date
    amount: int = 0

    def counts(self, applied_at: datetime) -> bool:
        """Whether cash put on the invoice then is recovered."""
        return applied_at > self.at if self.is_after else applied_at >= self.at


@dataclass
class Debt:
    """An invoice by the facts known, in the account's view. What it adds is in `debt_measures/`."""

    view: View
    currency: str
    amount: int
    issued_on: date
    due_on: date
    is_void: bool
    cash: list[Put]
    credit: list[Put]
    given_up: list[Put]  # conceded, written off, discounted
    written_off: list[Put]  # those of `given_up` that were written off
    detected: list[tuple[int, int]]  # each stage once, and the delay with which it was recorded
    reopened: list[Reopened]
    claims: list[Any]  # disputes and placements, as they were announced
    cash_by_payment: list[tuple[str, tuple[Put, ...]]]

    @lazy
    def place_of_issue(self) -> Place:
        """Where the account stood when the day of issue began."""
        if not self.view.moves:
            return NOWHERE
        return self.view.place_at(day_start(self.issued_on, self.view.zone))

    @lazy
    def entry(self) -> Entry | None:
        """The first begun moment at which it was past due and open, by the facts known."""
        moments: list[Entry] = []
        if not self.detected and not self.reopened:
            return None
        start = day_start(self.issued_on, self.view.zone)
        for stage, _ in self.detected:
            since_on = min(self.due_on + timedelta(days=stage), FAR)
            if since_on > self.issued_on:
                moments.append(Entry(day_start(since_on, self.view.zone), False, since_on))
            else:
                moments.append(Entry(start, True, self.issued_on))
        for again in self.reopened:
            day = self.view.day_of(again.at, again.day)
            if day > self.due_on and again.at >= start:  # nothing is open before it is issued
                moments.append(Entry(again.at, True, max(day, self.issued_on)))
        moments.sort(key=lambda moment: (moment.at, moment.is_after))
        for moment in moments:
            moment.amount = self._balance_at(moment)
            if moment.amount > 0:
                return moment
        return None

    @lazy
    def place_of_entry(self) -> Place:
        """Where the account stood at the instant at which the debt entered collections."""
        return self.view.place_at(self.entry.at) if self.entry is not None else NOWHERE

    @lazy
    def place_before_entry(self) -> Place:
        """Where the account stood just before the debt entered collections."""
        return self.view.place_before(self.entry.at) if self.entry is not None else NOWHERE

    @property
    def disputes(self) -> list[Dispute]:
        """Each dispute of it, as it was announced last."""
        opened: dict[str, tuple[date, int]] = {}
        resolved: dict[str, date] = {}
        for fact in self.claims:
            if isinstance(fact, Disputed):
                most = max(fact.disputed_minor, opened.get(fact.dispute_id, (FAR, 0))[1])
                opened[fact.dispute_id] = self.view.day_of(fact.at, fact.day), most
            elif isinstance(fact, Undisputed):
                resolved[fact.dispute_id] = self.view.day_of(fact.at, fact.day)
        return [Dispute(day, resolved.get(id_, FAR), most) for id_, (day, most) in opened.items()]

    @property
    def placements(self) -> list[Placement]:
        """Each placement of it, as it was announced last."""
        placed: dict[str, Placed] = {}
        recalled: dict[str, datetime] = {}
        for fact in self.claims:
            if isinstance(fact, Placed):
                placed[fact.placement_id] = fact
            elif isinstance(fact, Recalled):
                recalled[fact.placement_id] = fact.at
        return [
            Placement(
                fact.agency,
                fact.amount_minor,
                fact.at,
                self.view.day_of(fact.at, fact.day),
                recalled.get(id_),
            )
            for id_, fact in placed.items()
            if fact.amount_minor is not None
        ]

    @lazy
    def changes(self) -> Mapping[date, int]:
        """By day how its balance changes: issued, paid, credited, given up, taken back."""
        changes = {self.issued_on: self.amount}
        for day, amount in net_by_day(self.lowering, self.issued_on).items():
            changes[day] = changes.get(day, 0) - amount
        return changes

    def balance_on(self, day: date) -> int:
        """What is open at the end of a day."""
        return sum(amount for on, amount in self.changes.items() if on <= day)

    def changes_since(self, first: date) -> Mapping[date, int]:
        """The same from a day on; what changed before comes on it."""
        changes: dict[date, int] = {}
        for day, amount in self.changes.items():
            since = max(day, first)
            changes[since] = changes.get(since, 0) + amount
        return changes

    @property
    def lowering(self) -> Iterator[Put]:
        """All that lowers the balance: not what was recovered of a write-off."""
        for puts in (self.cash, self.credit, self.given_up):
            for put in puts:
                if not put.is_recovery:
                    yield put

    def _balance_at(self, moment: Entry) -> int:
        balance = self.amount
        for put in self.lowering:
            if not moment.counts(put.applied_at):
                balance -= put.amount_minor
                if put.released_at is not None and not moment.counts(put.released_at):
                    balance += put.amount_minor
        return balance


def read_debt(facts: Sequence[Any], view: View) -> Debt | None:
    """The invoice; None: not issued yet. Of the same facts it is made once in a view."""
    made_of = id(facts[-1]), len(facts)
    if made_of not in view.made:
        view.made[made_of] = _read(facts, view)
    debt: Debt | None = view.made[made_of]
    return debt


def _read(facts: Sequence[Any], view: View) -> Debt | None:
    issued: Issued | None = None
    due_on = FAR
    is_void = False
    staged: list[Staged] = []
    reopened: list[Reopened] = []
    claims: list[Any] = []
    sources: dict[tuple[bool, str, str], Allocated] = {}
    for fact in facts:
        if isinstance(fact, Allocated):
            sources[fact.source] = fact
        elif isinstance(fact, Issued):
            issued, due_on = fact, fact.due_on  # by the amendments that came before it, too
        elif isinstance(fact, Staged):
            staged.append(fact)
        elif isinstance(fact, Amended):
            due_on = fact.due_on
        elif isinstance(fact, Reopened):
            reopened.append(fact)
        elif isinstance(fact, Voided):
            is_void = True
        else:
            claims.append(fact)
    if issued is None:
        return None
    due_on = bounded(due_on)
    held = sources.values()
    return Debt(
        view=view,
        currency=issued.currency,
        amount=issued.amount_minor,
        issued_on=bounded(issued.issued_on),
        due_on=due_on,
        is_void=is_void,
        cash=[put for source in held if source.is_cash for put in source.puts],
        credit=[put for source in held if source.is_credit for put in source.puts],
        given_up=[put for source in held if source.given_up for put in source.puts],
        written_off=[p for source in held if source.given_up == "write_off" for p in source.puts],
        detected=list({f.stage: f.delay for f in staged if bounded(f.due_on) == due_on}.items()),
        reopened=reopened,
        claims=claims,
        cash_by_payment=[(each.source_id, each.puts) for each in held if each.is_cash],
    )
