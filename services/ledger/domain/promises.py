"""A promise to pay: what it covers, what came in for it, how it was judged."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from services.ledger.domain.agreements import By, PolicyRef, PromiseMade
from services.ledger.domain.facts import Position
from services.ledger.domain.objects import AccountObject, Step
from services.ledger.domain.state import AccountState

NOUN = "promise"
PromiseState = Literal["open", "kept", "partly_kept", "broken", "cancelled"]


class Counted(Struct, frozen=True, gc=False):
    """What of a payment counts for a promise."""

    payment_id: str
    amount_minor: int


class Promise(AccountObject, frozen=True, kw_only=True):
    """By all facts known. `covers` are its invoices: those named, or open at its instant."""

    promise_id: str
    data: PromiseMade
    place: Position
    covers: tuple[str, ...]
    state: PromiseState = "open"
    is_judged: bool = False  # its day has passed
    counted: tuple[Counted, ...] = ()
    asked_minor: int | None = None  # fixed by the judgement
    history: tuple[Step, ...] = ()

    @property
    def amount_minor(self) -> int:
        return self.data.amount_minor

    @property
    def received_minor(self) -> int:
        return sum([part.amount_minor for part in self.counted])

    @property
    def missing_minor(self) -> int:
        """Still missing while it is open."""
        return self.amount_minor - self.received_minor if self.state == "open" else 0

    @property
    def judged_on(self) -> date:
        """At 00:00 of this day."""
        return self.data.grace_until_on + timedelta(days=1)

    @property
    def by(self) -> By:
        return self.data.by

    @property
    def policy(self) -> PolicyRef | None:
        return self.data.policy

    def counts(self) -> Iterable[tuple[str, int]]:
        missing = self.missing_minor
        return (("promised_minor", missing),) if missing > 0 else ()

    def verdict(self, received_minor: int, asked_minor: int) -> PromiseState:
        """How it is judged by what came in and what is asked."""
        if not asked_minor:
            return "cancelled"
        if 100 * received_minor >= self.data.kept_from_percent * asked_minor:
            return "kept"
        if received_minor and 100 * received_minor >= self.data.partly_from_percent * asked_minor:
            return "partly_kept"
        return "broken"


def promises(state: AccountState) -> list[Promise]:
    """All, in the order in which they were made."""
    return [known for known in state.objects.of(NOUN).values() if isinstance(known, Promise)]


def open_promises(state: AccountState) -> list[Promise]:
    return [known for known in promises(state) if known.state == "open"]


def turn_of(promise: Promise) -> tuple[date, Position]:
    """Who is served first, and judged first: due earliest, then made earliest."""
    return (promise.data.due_on, promise.place)
