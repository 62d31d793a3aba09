"""Only differences are stored: what new facts change in an item's cells, and since when known.

For every moment at which anything about the item or its account became known, the difference
between the cells with the new facts and without them. Stored differences add up to the same sums
whatever the order in which the topics' events came, and however they were cut into batches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic

from services.metrics.domain.cells import (
    MONEY_CELLS,
    NOTHING,
    Added,
    Cell,
    ContactCells,
    MoneyCells,
    contact_cells,
    contact_ends_on,
    merge,
    money_ends_on,
)
from services.metrics.domain.fold import AccountItems, ItemKey
from services.metrics.domain.items import FIRST_DAY, Account, Fact, Item, recorded_by
from services.metrics.domain.view import View

CellsOf = Callable[[Sequence[Fact], View], dict[Cell, Added]]


class Views:
    """The views of one account, made once for each moment that is asked for."""

    def __init__(self, account: Account) -> None:
        self.account = account
        slots = [fact.recorded_slot for fact in account.news]
        self.news_since = min(slots) if slots else None
        self._now: dict[int, View] = {}
        self._before: dict[int, View] = {}

    def now(self, slot: int) -> View:
        """With the new facts."""
        view = self._now.get(slot)
        if view is None:
            view = self._now[slot] = View(self.account, None, slot)
        return view

    def before(self, slot: int) -> View:
        """Without the new facts."""
        if self.news_since is None:
            return self.now(slot)
        view = self._before.get(slot)
        if view is None:
            view = self._before[slot] = View(self.account, self.account.folded, slot)
        return view


@dataclass(slots=True)
class Restated(Generic[Cell]):
    """By the moment of knowledge what is to be added; and all that the item adds by now."""

    changes: dict[int, dict[Cell, Added]]
    cells: dict[Cell, Added]


def restate(item: Item, views: Views, cells_of: CellsOf[Cell]) -> Restated[Cell]:
    """What the new facts of the item and its account add to the stored measures."""
    facts = item.facts
    since = views.news_since
    if item.folded < len(facts):
        first_new = facts[item.folded].recorded_slot
        since = first_new if since is None else min(since, first_new)
    if since is None:
        return Restated({}, cells_of(facts, views.now(facts[-1].recorded_slot)))
    old_facts = facts[: item.folded]
    changes: dict[int, dict[Cell, Added]] = {}
    cells: dict[Cell, Added] = {}
    previous: dict[Cell, Added] = {}
    for slot in _moments(since, facts, views.account):
        cells = cells_of(recorded_by(facts, slot), views.now(slot))
        total = cells
        if old_facts:
            total = _less(cells, cells_of(recorded_by(old_facts, slot), views.before(slot)))
        changes[slot] = {
            cell: sums for cell, sums in _less(total, previous).items() if sums != NOTHING
        }
        previous = total
    return Restated(changes, cells)


def _moments(since: int, facts: Sequence[Fact], account: Account) -> list[int]:
    """`since`, and every later moment at which anything became known."""
    moments = {since}
    for known in (facts, account.profiles, account.segments):
        if known and known[-1].recorded_slot > since:
            moments.update(f.recorded_slot for f in known if f.recorded_slot > since)
    return sorted(moments)


@dataclass(slots=True)
class Measured:
    """What the news of one account's items come to."""

    money: dict[int, MoneyCells] = field(default_factory=dict)  # by moment of knowledge
    contacts: dict[int, ContactCells] = field(default_factory=dict)
    ends_on: dict[ItemKey, date] = field(default_factory=dict)  # of items that are to be stored


def measure(items: AccountItems) -> Measured:
    """Restate every item that is new, or split otherwise by now."""
    measured, views = Measured(), Views(items.account)
    for (kind, item_id), item in items.by_key.items():
        if not item.is_unsaved and views.news_since is None:
            continue
        last_on = FIRST_DAY
        if item.facts and kind == "contact":
            contacts = restate(item, views, contact_cells)
            last_on = contact_ends_on(contacts.cells)
            _collect(measured.contacts, contacts.changes)
        elif item.facts:
            money = restate(item, views, MONEY_CELLS[kind])
            last_on = money_ends_on(money.cells)
            _collect(measured.money, money.changes)
        if item.is_unsaved:
            measured.ends_on[kind, item_id] = last_on
    return measured


def _collect(
    target: dict[int, dict[Cell, Added]], changes: Mapping[int, dict[Cell, Added]]
) -> None:
    for slot, change in changes.items():
        cells = target.get(slot)
        if cells is None:
            target[slot] = change
        else:
            merge(cells, change)


def _less(cells: dict[Cell, Added], others: Mapping[Cell, Added]) -> dict[Cell, Added]:
    """The cells without the others."""
    if not others:
        return cells
    rest = dict(cells)
    for cell, (amount, count, weight) in others.items():
        sums = rest.get(cell)
        if sums is None:
            rest[cell] = (-amount, -count, -weight)
        else:
            rest[cell] = (sums[0] - amount, sums[1] - count, sums[2] - weight)
    return rest
