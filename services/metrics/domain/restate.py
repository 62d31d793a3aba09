"""Only differences are stored: what new facts change in the cells, and since when that is known.

For every moment at which anything about the item or its account became known, the difference
between the cells with the new facts and without them. Stored differences add up to the same sums
whatever the order in which the topics' events came, and however they were cut into batches.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.metrics.domain.account_measures import (
    AccountMeasure,
    aftermath,
    answers,
    cancelled,
    disputes,
    fees,
    process,
    touches,
)
from services.metrics.domain.accounts import Account, AccountItems, Item, ItemKey, Known
from services.metrics.domain.cells import Cells, add_to, difference, merge, without_nothing
from services.metrics.domain.kinds.registry import KINDS
from services.metrics.domain.slots import FAR, FIRST_DAY, recorded_by
from services.metrics.domain.views import View

STOCKS = frozenset({"open", "credit", "charges", "aged", "overdue_entered"})

# What the whole account adds, by the facts known: a new one is a record here.
ACCOUNT_MEASURES: tuple[AccountMeasure, ...] = (
    answers.MEASURE,
    touches.MEASURE,
    fees.MEASURE,
    disputes.MEASURE,
    process.MEASURE,
    cancelled.MEASURE,
    aftermath.MEASURE,
)
_LOOKED_AT = frozenset(kind for measure in ACCOUNT_MEASURES for kind in measure.kinds)

CellsOf = Callable[[Sequence[Any], View], Cells]


class Views:
    """The views of one account, made once for each moment that is asked for: as it stands in no
    experiment, and as it stands in each of its experiments."""

    def __init__(self, account: Account) -> None:
        self._account = account
        slots = [fact.recorded_slot for fact in account.news]
        self.news_since = min(slots) if slots else None
        self._made: dict[tuple[int, bool], tuple[View, ...]] = {}

    def at(self, slot: int, *, is_before: bool = False) -> tuple[View, ...]:
        """As it was known then; `is_before`: without the new facts."""
        is_before = is_before and self.news_since is not None
        views = self._made.get((slot, is_before))
        if views is None:
            profiles, segments = self._account.profiles, self._account.segments
            if is_before:
                folded = self._account.folded
                profiles, segments = profiles[: folded[0]], segments[: folded[1]]
            view = View(recorded_by(profiles, slot), recorded_by(segments, slot))
            views = (view, *view.within_experiments())
            self._made[slot, is_before] = views
        return views


@dataclass(slots=True)
class Measured:
    """What the news of one account come to."""

    cells: dict[int, Cells] = field(default_factory=lambda: defaultdict(dict))  # by knowledge
    changed: list[ItemKey] = field(default_factory=list)  # the items that are to be stored


def measure(items: AccountItems, views: Views | None = None) -> Measured:
    """Restate every item that is new, or split otherwise by now, and the account as a whole."""
    measured, views = Measured(), views or Views(items.account)
    for (kind, item_id), item in list(items.reached()):
        cells_of = KINDS[kind].cells
        if item.facts and cells_of is not None:
            _restate_item(item, views, items.account, cells_of, measured)
        if item.is_unsaved:
            measured.changed.append((kind, item_id))
    _restate_account(items, views, measured)
    return measured


def _restate_item(
    item: Item, views: Views, account: Account, cells_of: CellsOf, measured: Measured
) -> None:
    """What the new facts of the item and its account add to the stored measures."""
    facts, old_facts = item.facts, item.facts[: item.folded]
    since = views.news_since
    if item.folded < len(facts):
        first_new = facts[item.folded].recorded_slot
        since = first_new if since is None else min(since, first_new)
    if since is None:
        return
    moments = _moments(since, facts, account.profiles, account.segments)
    is_newest = _is_newest(since, [(facts, item.folded), *account.knowledge])
    cells: Cells = {}
    previous: Cells = {}
    if is_newest and item.folded:
        previous = (
            item.cells
            if item.cells is not None
            else cells_in(old_facts, views.at(since, is_before=True), cells_of)
        )
    for slot in moments:
        cells = cells_in(recorded_by(facts, slot), views.at(slot), cells_of)
        total = cells
        if not is_newest:
            before = recorded_by(old_facts, slot)
            total = difference(cells, cells_in(before, views.at(slot, is_before=True), cells_of))
        merge(measured.cells[slot], difference(total, previous))
        previous = total
    item.cells = cells
    ends_on = _ends_on(cells)
    if ends_on != item.ends_on:
        item.ends_on, item.is_changed = ends_on, True


def cells_in(facts: Sequence[Any], views: Sequence[View], cells_of: CellsOf) -> Cells:
    """What the facts add, and a second time within each experiment that the account is in."""
    whole, *experiments = views
    cells = cells_of(facts, whole) if facts else {}
    for view in experiments if cells else ():
        cells |= {c: added for c, added in cells_of(facts, view).items() if c.cut}
    return without_nothing(cells)


def _restate_account(items: AccountItems, views: Views, measured: Measured) -> None:
    """What the news change in what the account adds as a whole."""
    slots = [views.news_since] if views.news_since is not None else []
    slots += [
        item.facts[item.folded].recorded_slot
        for (kind, _), item in items.by_key.items()
        if kind in _LOOKED_AT and item.folded < len(item.facts)
    ]
    if not slots:
        return
    all_facts = [item.facts for (kind, _), item in items.by_key.items() if kind in _LOOKED_AT]
    account = items.account
    since = min(slots)
    moments = _moments(since, *all_facts, account.profiles, account.segments)
    looked_at = [
        (item.facts, item.folded) for (kind, _), item in items.by_key.items() if kind in _LOOKED_AT
    ]
    is_newest = _is_newest(since, [*looked_at, *account.knowledge])
    previous: Cells = {}
    if is_newest:
        known = Known(items, since, is_before=True)
        previous = (
            items.whole
            if items.whole is not None
            else _account_cells(known, views.at(since, is_before=True))
        )
    for slot in moments:
        now = total = _account_cells(Known(items, slot), views.at(slot))
        if not is_newest:
            known = Known(items, slot, is_before=True)
            total = difference(now, _account_cells(known, views.at(slot, is_before=True)))
        merge(measured.cells[slot], difference(total, previous))
        items.whole = now
        previous = total


def _is_newest(since: int, lists: Iterable[tuple[Sequence[Any], int]]) -> bool:
    """Of lists of facts, each with how many of them are old: whether nothing old was known later.
    Then what all that is old comes to is the same at every moment from then on."""
    return all(not folded or facts[folded - 1].recorded_slot <= since for facts, folded in lists)


def _account_cells(known: Known, views: Sequence[View]) -> Cells:
    cells: Cells = {}
    for is_cut, view in enumerate(views):
        for account_measure in ACCOUNT_MEASURES:
            for cell, added in account_measure.cells(known, view).items():
                if cell.cut or not is_cut:
                    add_to(cells, cell, added)
    return without_nothing(cells)


def _moments(since: int, *known: Sequence[Any]) -> list[int]:
    """`since`, and every later moment at which anything became known."""
    moments = {since}
    for facts in known:
        if facts and facts[-1].recorded_slot > since:
            moments.update(f.recorded_slot for f in facts if f.recorded_slot > since)
    return sorted(moments)


def _ends_on(cells: Cells) -> date:
    """The last day on which an item adds anything; `FAR` while a balance of it stands."""
    last, standing = FIRST_DAY, dict.fromkeys(STOCKS, 0)
    for cell, sums in cells.items():
        if cell.measure in STOCKS and not cell.cut:
            standing[cell.measure] += sums.amount
        last = max(last, cell.day)
    return FAR if any(standing.values()) else last


def news_of(measured: Measured) -> Iterator[tuple[int, Cells]]:
    """The moments of knowledge with anything to add."""
    return ((slot, cells) for slot, cells in measured.cells.items() if cells)
