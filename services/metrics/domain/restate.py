"""Only differences are stored: what new facts change in an item's cells, and since when known.

For every moment at which anything about the item or its account became known, the difference
between the cells with the new facts and without them. Stored differences add up to the same sums
whatever the order in which the topics' events came, and however they were cut into batches.
"""

from dataclasses import dataclass, field
from datetime import date

from services.metrics.domain.cells import Cells, add, cells_of, ends_on
from services.metrics.domain.fold import ItemKey, Page
from services.metrics.domain.items import FIRST_DAY, Account, Fact, Item, ItemKind, known_at
from services.metrics.domain.view import View


class Views:
    """The views of one account, made once for each moment that is asked for."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._now: dict[int, View] = {}
        self._before: dict[int, View] = {}

    def now(self, known: int) -> View:
        """With the new facts."""
        view = self._now.get(known)
        if view is None:
            view = self._now[known] = View(self.account, None, known)
        return view

    def before(self, known: int) -> View:
        """Without the new facts."""
        if not self.account.news:
            return self.now(known)
        view = self._before.get(known)
        if view is None:
            view = self._before[known] = View(self.account, self.account.folded, known)
        return view


@dataclass(frozen=True)
class Restated:
    """By the moment of knowledge what is to be added; and all that the item adds by now."""

    changes: dict[int, Cells]
    cells: Cells


def restate(kind: ItemKind, item: Item, views: Views) -> Restated:
    """What the new facts of the item and its account add to the stored measures."""
    account = views.account
    news = [fact.known for fact in (*item.facts[item.folded :], *account.news)]
    if not news:
        return Restated({}, cells_of(kind, item.facts, views.now(item.facts[-1].known)))
    since = min(news)
    moments = {since}
    for facts in (item.facts, account.profiles, account.segments):
        if facts and facts[-1].known > since:
            moments.update(f.known for f in facts if f.known > since)
    old_facts: list[Fact] = item.facts[: item.folded]
    changes: dict[int, Cells] = {}
    cells: Cells = {}
    previous: Cells = {}
    for known in sorted(moments):
        cells = cells_of(kind, known_at(item.facts, known), views.now(known))
        total = dict(cells)
        if old_facts:
            _subtract(total, cells_of(kind, known_at(old_facts, known), views.before(known)))
        change = dict(total)
        _subtract(change, previous)
        changes[known] = {cell: sums for cell, sums in change.items() if sums != (0, 0, 0)}
        previous = total
    return Restated(changes, cells)


@dataclass
class Measured:
    """What the news of one account's items come to."""

    money: dict[int, Cells] = field(default_factory=dict)  # by moment of knowledge
    contacts: dict[int, Cells] = field(default_factory=dict)
    ends_on: dict[ItemKey, date] = field(default_factory=dict)  # of items that are to be stored


def measure(page: Page) -> Measured:
    """Restate every item that is new, or split otherwise by now."""
    measured, views = Measured(), Views(page.account)
    has_news = bool(page.account.news)
    for (kind, item_id), item in page.items.items():
        if not item.is_unsaved and not has_news:
            continue
        last_on = FIRST_DAY
        if item.facts:
            restated = restate(kind, item, views)
            last_on = ends_on(kind, restated.cells)
            target = measured.contacts if kind == "contact" else measured.money
            for known, change in restated.changes.items():
                cells = target.setdefault(known, {})
                for cell, sums in change.items():
                    add(cells, cell, *sums)
        if item.is_unsaved:
            measured.ends_on[kind, item_id] = last_on
    return measured


def _subtract(cells: Cells, others: Cells) -> None:
    for cell, (amount, count, weight) in others.items():
        known = cells.get(cell)
        if known is None:
            cells[cell] = (-amount, -count, -weight)
        else:
            cells[cell] = (known[0] - amount, known[1] - count, known[2] - weight)
