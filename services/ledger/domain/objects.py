"""What an account has besides invoices and credits: promises, plans, holds, charges and the like.

Each is a value, known by its noun and id. A fact or a boundary replaces it; the undo entry keeps it
as it was. An object may have a wake: the place of the next boundary at which it must be judged, in
the one order of the account's facts (docs/ledger/commands.md). The wakes make the agenda.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from msgspec import Struct

from services.ledger.domain.facts import Position
from services.ledger.domain.invoices import Order
from services.ledger.domain.ranks import Rank, Turn
from shared.clock import day_start

Key = tuple[str, str]  # noun, id
NO_CURRENCY = ""  # of objects that count in none


class AccountObject(Struct, frozen=True, kw_only=True, gc=False):
    """Base of the values. `currency` is the one in which it counts."""

    currency: str

    def counts(self) -> Iterable[tuple[str, int]]:
        """What it adds to the sums of its currency: (name of a sum, minor units)."""
        return ()

    @property
    def takes(self) -> tuple[str, ...]:
        """The invoices that it has taken: of an arrangement or a placement in force."""
        return ()

    @property
    def of_invoice(self) -> str | None:
        """The invoice that it belongs to, as a charge does."""
        return None

    @property
    def open_order(self) -> Order | None:
        """Where it stands among what money may go to; None: nothing is open on it."""
        return None

    def arrears_minor(self, day: date) -> int:
        """What is due by an arrangement in force before a day, and not paid."""
        return 0


class Step(Struct, frozen=True, gc=False):
    """A state of an object, since when, and why."""

    state: str
    at: datetime
    because: str


def boundary(day: date, zone: str, turn: Turn, tie: str) -> Position:
    """The place of a boundary at 00:00 of a day: before all facts of that instant."""
    return (day_start(day, zone), Rank.BOUNDARY, f"{turn:02} {tie}")


class ObjectStore:
    """The objects of one account, and the agenda of their boundaries."""

    __slots__ = (
        "agenda",
        "before",
        "before_wakes",
        "belonging",
        "of_noun",
        "queues",
        "values",
        "wakes",
    )

    def __init__(self) -> None:
        self.values: dict[Key, AccountObject] = {}
        self.of_noun: dict[str, dict[str, AccountObject]] = {}
        self.agenda: list[tuple[Position, Key]] = []
        self.wakes: dict[Key, Position] = {}
        self.belonging: dict[str, tuple[Key, ...]] = {}  # invoice → what belongs to it
        # What money may go to besides invoices, oldest due first, by currency.
        self.queues: dict[str, list[tuple[Order, Key]]] = {}
        self.before: dict[Key, AccountObject | None] = {}
        self.before_wakes: dict[Key, Position | None] = {}

    def forget(self) -> None:
        """Begin a new fact: nothing is touched yet."""
        # Undo entries keep those that are not empty.
        if self.before:
            self.before = {}
        if self.before_wakes:
            self.before_wakes = {}

    def of(self, noun: str) -> Mapping[str, AccountObject]:
        """All objects of a noun, by id, in the order in which they came to be."""
        return self.of_noun.get(noun, {})

    def each(self) -> Iterator[tuple[Key, AccountObject]]:
        return iter(self.values.items())

    def touch(self, key: Key) -> None:
        """Let the wake of an object be found anew, though it is the same."""
        self.before.setdefault(key, self.values.get(key))

    def set(self, key: Key, value: AccountObject) -> None:
        """Put an object in the place of what it was."""
        known = self.values.get(key)
        if known == value:
            return
        if key not in self.before:
            self.before[key] = known
        self._put(key, value)

    def remove(self, key: Key) -> None:
        """An object is no more: by the facts known it never came to be."""
        known = self.values.get(key)
        if known is None:
            return
        if key not in self.before:
            self.before[key] = known
        self._put(key, None)

    def _put(self, key: Key, value: AccountObject | None) -> None:
        self._index(key, self.values.get(key), value)
        if value is not None:
            self.values[key] = value
            self.of_noun.setdefault(key[0], {})[key[1]] = value
        elif key in self.values:
            del self.values[key]
            del self.of_noun[key[0]][key[1]]

    def _index(self, key: Key, before: AccountObject | None, after: AccountObject | None) -> None:
        either = before if before is not None else after
        invoice_id = either.of_invoice if either is not None else None
        if invoice_id is not None and (before is None or after is None):
            known = self.belonging.get(invoice_id, ())
            if after is not None:
                self.belonging[invoice_id] = (*known, key)
            elif len(known) > 1:
                self.belonging[invoice_id] = tuple([other for other in known if other != key])
            else:
                del self.belonging[invoice_id]
        was = before.open_order if before is not None else None
        now = after.open_order if after is not None else None
        if was == now:
            return
        if was is not None and before is not None:
            queue = self.queues[before.currency]
            del queue[bisect_left(queue, (was, key))]
        if now is not None and after is not None:
            insort(self.queues.setdefault(after.currency, []), (now, key))

    def set_wake(self, key: Key, position: Position | None) -> None:
        """Set when an object is judged next; None: never, by the facts known."""
        known = self.wakes.get(key)
        if known == position:
            return
        self.before_wakes.setdefault(key, known)
        self._put_wake(key, position)

    def _put_wake(self, key: Key, position: Position | None) -> None:
        known = self.wakes.pop(key, None)
        if known is not None:
            del self.agenda[bisect_left(self.agenda, (known, key))]
        if position is not None:
            insort(self.agenda, (position, key))
            self.wakes[key] = position

    def due(self, horizon: datetime | None) -> tuple[Position, Key] | None:
        """The next boundary, if its instant is not behind the horizon (None: no day has begun)."""
        if not self.agenda or horizon is None or self.agenda[0][0][0] > horizon:
            return None
        return self.agenda[0]

    def undo(
        self,
        before: Mapping[Key, AccountObject | None],
        before_wakes: Mapping[Key, Position | None],
    ) -> None:
        """Put objects and their wakes back to what they were."""
        for key, value in before.items():
            self._put(key, value)
        for key, position in before_wakes.items():
            self._put_wake(key, position)
