"""Money put on invoices and charges: whole histories, by source, as the ledger's events give them.

Where money of a payment or credit note lies comes as its whole history by the facts known, which
takes the place of the one before.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from services.metrics.domain.accounts import AccountItems, ItemKey
from services.metrics.domain.slots import FAR, bounded, recorded_slot
from shared.events import Received, ledger

_MONEY = ("payment", "credit_note")  # the other sources give up what they take from a balance
_OF_CHARGE = "\x1f"  # no id has such a character


class Put(Struct, frozen=True, array_like=True):
    """Money put on an invoice or a charge, and perhaps taken back."""

    amount_minor: int
    applied_at: datetime
    applied_on: date
    released_at: datetime | None = None
    released_on: date | None = None
    is_recovery: bool = False  # of what was written off: the balance is 0 already

    def days(self, issued_on: date) -> tuple[date, date]:
        """When it was put and taken back (`FAR`: never), not before the invoice was there."""
        applied_on = max(bounded(self.applied_on), issued_on)
        if self.released_on is None:
            return applied_on, FAR
        return applied_on, max(bounded(self.released_on), applied_on)

    def moves(self, issued_on: date) -> list[tuple[date, datetime, int]]:
        """Day, instant, amount: when it was put, and (below 0) when it was taken back."""
        applied_on, released_on = self.days(issued_on)
        moves = [(applied_on, self.applied_at, self.amount_minor)]
        if self.released_at is not None:
            moves.append((released_on, self.released_at, -self.amount_minor))
        return moves


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


def net_by_day(puts: Iterable[Put], issued_on: date) -> dict[date, int]:
    """By day what was put, less what was taken back."""
    found: dict[date, int] = {}
    for put in puts:
        for day, _, amount in put.moves(issued_on):
            found[day] = found.get(day, 0) + amount
    return found


def target_of(invoice_id: str | None, charge_id: str | None) -> str | None:
    """How an item remembers what it was put on; None: on nothing."""
    return invoice_id if charge_id is None else f"{_OF_CHARGE}{charge_id}"


def item_of(target: str) -> ItemKey:
    """The item that a target is."""
    if target.startswith(_OF_CHARGE):
        return "charge", target.removeprefix(_OF_CHARGE)
    return "invoice", target


def on_allocations(items: AccountItems, event: Received, data: Any) -> None:
    """Whatever else the event says: where money lies now, or what was given up of what."""
    allocate(items, event, data.allocations, adds=ledger.adds(data))


def allocate(
    items: AccountItems,
    event: Received,
    allocations: Sequence[ledger.Allocation],
    *sources: ItemKey,
    adds: bool = False,
) -> None:
    """Take over the whole histories of the sources named and of those in the list.

    A history that is too long for one event comes in parts: the first replaces what was known,
    the others add to it.

    An amount of 0 says that the source, by the facts known, never put anything anywhere.
    """
    histories: dict[ItemKey, dict[str, list[Put]]] = {source: {} for source in sources}
    for each in allocations:
        history = histories.setdefault((each.source_kind, each.source_id), {})
        target = target_of(each.invoice_id, each.charge_id)
        if each.amount_minor == 0 or target is None:
            continue
        history.setdefault(target, []).append(
            Put(
                each.amount_minor,
                each.applied_at,
                each.applied_on,
                each.released_at,
                each.released_on,
                each.use == "recovery",
            )
        )
    for (kind, source_id), history in histories.items():
        source = items.item(kind, source_id)
        given_up = "" if kind in _MONEY else kind
        puts_on = tuple(dict.fromkeys((*source.puts_on, *history)))
        for target in history if adds else puts_on:
            facts = items.item(*item_of(target)).facts
            slot = recorded_slot(facts, event)
            now = Allocated(slot, source_id, kind == "payment", (), given_up)
            before = _last_puts(facts, now.source)
            puts = (*(before if adds else ()), *history.get(target, ()))
            if puts != before:
                facts.append(replace(now, puts=puts))
        puts_on = puts_on if adds else tuple(history)
        if source.puts_on != puts_on:
            source.puts_on, source.is_changed = puts_on, True


def _last_puts(facts: Iterable[Any], source: tuple[bool, str, str]) -> tuple[Put, ...]:
    puts: tuple[Put, ...] = ()
    for fact in facts:
        if isinstance(fact, Allocated) and fact.source == source:
            puts = fact.puts
    return puts
