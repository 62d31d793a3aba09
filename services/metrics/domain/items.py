"""What is remembered of invoices, charges, payments, credit notes, contacts and accounts.

An item is the list of facts about it, in the order of its topic, each with the quarter of an
hour in which it was recorded (`recorded_slot`). Whatever was known at some moment is the same list
without the later ones, so `as_of` answers need nothing but this, and do not depend on when events
came.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

# What takes from a balance: money, credit, and what is given up of it.
SourceKind = Literal["payment", "credit_note", "concession", "write_off", "discount"]
ItemKind = Literal["invoice", "charge", "contact"] | SourceKind
# `not-accepted`: what was in doubt had never reached the provider.
Result = Literal[
    "planned", "suppressed", "cancelled", "sent", "uncertain", "failed", "not-accepted"
]

# Days are kept within what both Python's and PostgreSQL's calendars can add to.
FIRST_DAY = date(1000, 1, 1)
FAR = date(9000, 1, 1)  # also: never

SLOT_SECONDS = 900  # every zone's days begin on a quarter of an hour


def slot_of(instant: datetime) -> int:
    """The quarter of an hour of an instant. Whole slots belong to one calendar day in any zone."""
    return int(instant.timestamp() // SLOT_SECONDS)


def bounded(day: date) -> date:
    """The day, kept within `FIRST_DAY` … `FAR`."""
    return min(max(day, FIRST_DAY), FAR)


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


class Reopened(Struct, frozen=True, array_like=True, tag="o"):
    """The invoice was open again, past due, at this instant."""

    recorded_slot: int
    at: datetime
    day: date


class Put(Struct, frozen=True, array_like=True):
    """Money put on an invoice or a charge, and perhaps taken back."""

    amount_minor: int
    applied_at: datetime
    applied_on: date
    released_at: datetime | None = None
    released_on: date | None = None
    is_recovery: bool = False  # of what was written off: the balance is 0 already


class Allocated(Struct, frozen=True, array_like=True, tag="p"):
    """All that one source ever put on it, by the facts known. The newest list counts."""

    recorded_slot: int
    source_id: str
    is_cash: bool
    puts: tuple[Put, ...]
    given_up: str = ""  # concession, write_off, discount; else it is cash or credit

    @property
    def source(self) -> tuple[bool, str, str]:
        return (self.is_cash, self.given_up, self.source_id)

    @property
    def is_credit(self) -> bool:
        return not self.is_cash and not self.given_up


class Charged(Struct, frozen=True, array_like=True, tag="f"):
    """A fee, a cost or interest as it was announced last. The newest counts."""

    recorded_slot: int
    currency: str
    moves: tuple[tuple[date, int], ...]  # what was charged, and (below 0) taken back or waived


class Paid(Struct, frozen=True, array_like=True, tag="r"):
    recorded_slot: int
    currency: str
    amount_minor: int
    at: datetime
    day: date


class Reversed(Struct, frozen=True, array_like=True, tag="b"):
    recorded_slot: int
    reversal_id: str
    amount_minor: int
    at: datetime
    day: date


class Credited(Struct, frozen=True, array_like=True, tag="c"):
    recorded_slot: int
    currency: str
    amount_minor: int
    at: datetime
    day: date


class Replaced(Struct, frozen=True, array_like=True, tag="x"):
    """Another credit note stands in for this one, for the whole history."""

    recorded_slot: int


class Occurred(Struct, frozen=True, array_like=True, tag="k"):
    """Something happened to a contact; each result (and rule) once."""

    recorded_slot: int
    result: Result
    at: datetime
    day: date
    channel: str
    strategy: str
    rule: str


Fact = (
    Issued
    | Amended
    | Voided
    | Staged
    | Reopened
    | Allocated
    | Paid
    | Reversed
    | Credited
    | Replaced
    | Occurred
    | Charged
)


WITH_CURRENCY = (Issued, Paid, Credited)


class Profile(Struct, frozen=True, array_like=True):
    """Kind, country and zone of an account: timeless, the newest holds for the whole history."""

    recorded_slot: int
    kind: str
    country: str
    zone: str


class Segment(Struct, frozen=True, array_like=True):
    recorded_slot: int
    at: datetime
    day: date
    segment: str


class Item(Struct):
    """One invoice, charge, source of money, or contact."""

    facts: list[Fact]
    puts_on: tuple[str, ...] = ()  # of a source: the invoices and charges (`target_of`) it was on
    folded: int = 0  # how many of the facts the stored measures already hold
    is_changed: bool = False  # something to store apart from new facts

    @property
    def is_unsaved(self) -> bool:
        return self.is_changed or self.folded < len(self.facts)


class Account(Struct):
    """What the figures are split by, and from when on. Profiles come from the ledger, segments
    from segmentation: each list is in the order of its topic, neither waits for the other."""

    profiles: list[Profile]
    segments: list[Segment]
    folded: tuple[int, int] = (0, 0)  # how many of both the stored measures already hold
    is_new: bool = False  # nothing is stored under it yet

    @property
    def news(self) -> list[Profile | Segment]:
        return [*self.profiles[self.folded[0] :], *self.segments[self.folded[1] :]]

    @property
    def has_news(self) -> bool:
        return self.folded != (len(self.profiles), len(self.segments))

    def reach_of_news(self) -> tuple[date, int]:
        """Which items are split otherwise by the news: those that add anything from this day on,
        and those of which anything was recorded after this moment. All of them by a new profile.
        """
        if len(self.profiles) > self.folded[0]:
            return FIRST_DAY, 0
        segments = self.segments[self.folded[1] :]
        # A day earlier: the day of an instant depends on a zone, which may have changed.
        since_on = max(min(each.day for each in segments) - timedelta(days=1), FIRST_DAY)
        return min(since_on, FAR), min(each.recorded_slot for each in segments)


_OF_CHARGE = "\x1f"  # no id has such a character


def target_of(invoice_id: str | None, charge_id: str | None) -> str | None:
    """How an item remembers what it was put on; None: on nothing."""
    return invoice_id if charge_id is None else f"{_OF_CHARGE}{charge_id}"


def item_of(target: str) -> tuple[ItemKind, str]:
    if target.startswith(_OF_CHARGE):
        return "charge", target.removeprefix(_OF_CHARGE)
    return "invoice", target


F = TypeVar("F", bound=Struct)


def recorded_by(facts: Sequence[F], slot: int) -> Sequence[F]:
    """The facts recorded by then. Within a list `recorded_slot` never falls."""
    if not facts or facts[-1].recorded_slot <= slot:  # type: ignore[attr-defined]  # every fact has it
        return facts
    return [fact for fact in facts if fact.recorded_slot <= slot]  # type: ignore[attr-defined]


_ITEM = msgspec.msgpack.Decoder(tuple[list[Fact], tuple[str, ...]])
_ACCOUNT = msgspec.msgpack.Decoder(tuple[list[Profile], list[Segment]])
_ENCODER = msgspec.msgpack.Encoder()


def pack_item(item: Item) -> bytes:
    """The item as it is stored."""
    return _ENCODER.encode((item.facts, item.puts_on))


def unpack_item(content: bytes) -> Item:
    facts, puts_on = _ITEM.decode(content)
    return Item(facts=facts, puts_on=puts_on, folded=len(facts))


def pack_account(account: Account) -> bytes:
    """The account as it is stored."""
    return _ENCODER.encode((account.profiles, account.segments))


def unpack_account(content: bytes) -> Account:
    profiles, segments = _ACCOUNT.decode(content)
    return Account(profiles, segments, folded=(len(profiles), len(segments)))
