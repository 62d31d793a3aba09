"""Only differences are stored: what new facts change in the cells, and since when that is known.

For every moment at which anything about the item or its account became known, the difference
between the cells with the new facts and without them. Stored differences add up to the same sums
whatever the order in which the topics' events came, and however they were cut into batches.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
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
from services.metrics.domain.accounts import (
    Account,
    AccountItems,
    Item,
    ItemKey,
    Known,
    Profile,
    Segment,
)
from services.metrics.domain.cells import Cells, difference, merge, without_nothing
from services.metrics.domain.kinds.registry import KINDS
from services.metrics.domain.slots import FAR, FIRST_DAY, moments_since, recorded_by
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

CellsOf = Callable[[Sequence[Any], View], Cells]


class Views:
    """The views of one account, made once for all moments at which the same is known of it: as it
    stands in no experiment, and as it stands in each of its experiments."""

    def __init__(self, account: Account) -> None:
        self._account = account
        slots = [fact.recorded_slot for fact in account.news]
        self.news_since = min(slots) if slots else None
        self._at: dict[tuple[int, bool], tuple[View, ...]] = {}
        self._made: dict[tuple[int, int], tuple[View, ...]] = {}

    def at(self, slot: int, *, is_before: bool = False) -> tuple[View, ...]:
        """As it was known then; `is_before`: without the new facts."""
        is_before = is_before and self.news_since is not None
        views = self._at.get((slot, is_before))
        if views is None:
            profiles, segments = self._account.profiles, self._account.segments
            if is_before:
                folded = self._account.folded
                profiles, segments = profiles[: folded[0]], segments[: folded[1]]
            views = self._of(recorded_by(profiles, slot), recorded_by(segments, slot))
            self._at[slot, is_before] = views
        return views

    def _of(self, profiles: Sequence[Profile], segments: Sequence[Segment]) -> tuple[View, ...]:
        made_of = len(profiles), len(segments)  # what is known of an account only grows
        views = self._made.get(made_of)
        if views is None:
            view = View(profiles, segments)
            views = self._made[made_of] = (view, *view.within_experiments())
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
    moments = moments_since(since, (facts, account.profiles, account.segments))
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
    return _in_all(views, partial(cells_of, facts)) if facts else {}


def _in_all(views: Sequence[View], cells_in_view: Callable[[View], Cells]) -> Cells:
    whole, *experiments = views
    cells = cells_in_view(whole)
    for view in experiments if cells else ():
        cells |= {c: added for c, added in cells_in_view(view).items() if c.cut}
    return without_nothing(cells)


def _restate_account(items: AccountItems, views: Views, measured: Measured) -> None:
    """What the news change in what the account adds as a whole: each measure by the news of the
    kinds that it looks at."""
    first_new: dict[str, int] = {}  # by kind: since when anything new of it is known
    for (kind, _), item in items.by_key.items():
        if item.folded < len(item.facts):
            slot = item.facts[item.folded].recorded_slot
            first_new[kind] = min(slot, first_new.get(kind, slot))
    if views.news_since is None and not first_new:
        return
    looks = _Looks(items, views)
    for place, account_measure in enumerate(ACCOUNT_MEASURES):
        slots = [slot for kind, slot in first_new.items() if kind in account_measure.kinds]
        if views.news_since is not None:
            slots.append(views.news_since)
        if slots:
            _restate_measure(place, min(slots), looks, measured)


class _Looks:
    """At one account by what is known at any moment, once for all of its measures."""

    def __init__(self, items: AccountItems, views: Views) -> None:
        self.items, self.views = items, views
        self._known: dict[tuple[int, bool], Known] = {}
        self._moments: dict[tuple[str, int], tuple[set[int], bool]] = {}

    def moments(self, measure: AccountMeasure, since: int) -> tuple[list[int], bool] | None:
        """`since`, and every later moment at which anything that the measure looks at became known;
        and whether nothing old was known later. None: there is nothing that it looks at."""
        kinds = [kind for kind in measure.kinds if self.items.of_kind(kind)]
        if not kinds:
            return None
        moments, is_newest = {since}, True
        for kind in (*kinds, ""):
            found = self._moments.get((kind, since))
            if found is None:
                lists = self.items.knowledge(kind) if kind else self.items.account.knowledge
                later = set(moments_since(since, (facts for facts, _ in lists)))
                found = self._moments[kind, since] = later, _is_newest(since, lists)
            moments |= found[0]
            is_newest = is_newest and found[1]
        return sorted(moments), is_newest

    def cells(self, measure: AccountMeasure, slot: int, *, is_before: bool = False) -> Cells:
        known = self._known.get((slot, is_before))
        if known is None:
            known = self._known[slot, is_before] = Known(self.items, slot, is_before=is_before)
        return _in_all(self.views.at(slot, is_before=is_before), partial(measure.cells, known))


def _restate_measure(place: int, since: int, looks: _Looks, measured: Measured) -> None:
    """What the news since a moment change in one of the account's measures."""
    measure, items = ACCOUNT_MEASURES[place], looks.items
    found = looks.moments(measure, since)
    if found is None:
        return  # it adds nothing, and never did
    moments, is_newest = found
    previous: Cells = {}
    if is_newest:
        held = items.whole.get(place)
        previous = looks.cells(measure, since, is_before=True) if held is None else held
    now: Cells = {}
    for slot in moments:
        now = total = looks.cells(measure, slot)
        if not is_newest:
            total = difference(now, looks.cells(measure, slot, is_before=True))
        if total or previous:
            merge(measured.cells[slot], difference(total, previous))
        previous = total
    items.whole[place] = now


def _is_newest(since: int, lists: Iterable[tuple[Sequence[Any], int]]) -> bool:
    """Of lists of facts, each with how many of them are old: whether nothing old was known later.
    Then what all that is old comes to is the same at every moment from then on."""
    return all(not folded or facts[folded - 1].recorded_slot <= since for facts, folded in lists)


def _ends_on(cells: Cells) -> date:
    """The last day on which an item adds anything; `FAR` while a balance of it stands."""
    last, standing = FIRST_DAY, dict.fromkeys(STOCKS, 0)
    for cell, sums in cells.items():
        if cell.measure in STOCKS and not cell.cut:
            standing[cell.measure] += sums.amount
        last = max(last, cell.day)
    return FAR if any(standing.values()) else last
