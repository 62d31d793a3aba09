"""What the things of whole accounts add, by what was known of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from services.metrics.domain.account_measures import WHOLE, AccountMeasure
from services.metrics.domain.accounts import Account, AccountItems, ItemKey, Known
from services.metrics.domain.cells import Cells, merge, without_nothing
from services.metrics.domain.explained.adding import Adding, Share, day_of
from services.metrics.domain.kinds.registry import KINDS, unpack_account, unpack_item
from services.metrics.domain.kpis.kpi import Number
from services.metrics.domain.restate import ACCOUNT_MEASURES, Views, cells_in
from services.metrics.domain.slots import FAR, FIRST_DAY, recorded_by

Days = tuple[date, date]


class KeptAccount(Struct, frozen=True, array_like=True):
    """An account and items of it, as they are stored: packed."""

    account_id: str
    content: bytes | None
    items: tuple[tuple[str, str, bytes], ...]

    @property
    def account(self) -> Account:
        return unpack_account(self.content) if self.content else Account()

    def opened(self) -> AccountItems:
        opened = AccountItems(self.account_id, self.account)
        for kind, item_id, content in self.items:
            opened.by_key[kind, item_id] = unpack_item(kind, content)
        return opened


class Adds(Struct, frozen=True):
    """A thing that adds to what is explained. `within`: its facts are all of the account's on these
    days, and not those of one item."""

    account_id: str
    kind: str
    item_id: str
    amount: Number
    count: Number
    day: date | None = None
    within: Days | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.account_id, self.kind, self.item_id)


def kinds_of(adding: Adding) -> frozenset[str]:
    """The kinds of items that may add anything."""
    own = {name for name, kind in KINDS.items() if kind.measures & adding.measures}
    return frozenset(own).union(*(each.kinds for each in _measures_of(adding)))


def candidates_of(adding: Adding) -> frozenset[str]:
    """The kinds of items of which an account that adds anything has one, still added to then. Those
    without cells of their own are known with others that have."""
    return frozenset(name for name in kinds_of(adding) if KINDS[name].cells is not None)


def needs_whole_accounts(adding: Adding) -> bool:
    """Whether it looks at all items together, those too that have ended long ago."""
    return bool(_measures_of(adding))


def _measures_of(adding: Adding) -> list[AccountMeasure]:
    return [each for each in ACCOUNT_MEASURES if each.measures & adding.measures]


def adds_of(accounts: Iterable[KeptAccount], adding: Adding, before: int) -> list[Adds]:
    """All that add anything, by what was recorded before a moment; in order within an account."""
    found: list[Adds] = []
    filters = adding.question.filters
    for kept in accounts:
        if not _may_match(kept, filters, before - 1):
            continue
        for (kind, item_id), cells in sorted(cells_by_item(kept.opened(), adding, before).items()):
            share = adding.share(cells)
            if share.amount:
                found.append(_adds(kept.account_id, kind, item_id, share))
    return found


def _may_match(kept: KeptAccount, filters: Mapping[str, Collection[str]], slot: int) -> bool:
    """Whether the account was ever where the filters look: else none of its items is read."""
    if filters.keys().isdisjoint(_OF_ACCOUNT):
        return True
    account = kept.account
    profiles = recorded_by(account.profiles, slot)
    values: dict[str, set[str]] = {
        "segment": {"", *(each.segment for each in recorded_by(account.segments, slot))},
        "kind": {profiles[-1].kind if profiles else ""},
        "country": {profiles[-1].country if profiles else ""},
    }
    return all(values[name] & set(filters[name]) for name in _OF_ACCOUNT if name in filters)


_OF_ACCOUNT = ("segment", "kind", "country")


def _adds(account_id: str, kind: str, item_id: str, share: Share) -> Adds:
    if (kind, item_id) == WHOLE:
        within = (FIRST_DAY, FAR)
        return Adds(account_id, kind, account_id, share.amount, share.count, within=within)
    return Adds(account_id, kind, item_id, share.amount, share.count)


def days_of(
    items: AccountItems, adding: Adding, before: int, keys: Sequence[ItemKey]
) -> dict[ItemKey, date | None]:
    """On which day each of the things last added anything."""
    found = cells_by_item(items, adding, before)
    return {key: day_of(adding, found.get(key, {})) for key in keys}


def cells_by_item(items: AccountItems, adding: Adding, before: int) -> dict[ItemKey, Cells]:
    """What each item of an account adds to the measures that are read."""
    measures, slot = adding.measures, before - 1
    views = Views(items.account).at(slot)
    found: dict[ItemKey, Cells] = {}
    for key, item in items.by_key.items():
        kind = KINDS[key[0]]
        if kind.cells is None or not kind.measures & measures:
            continue
        facts = recorded_by(item.facts, slot)
        if facts:
            found[key] = cells_in(facts, views, kind.cells)
    known = Known(items, slot)
    for each in ACCOUNT_MEASURES:
        if each.measures & measures:
            for is_cut, view in enumerate(views):
                for key, cells in each.cells_by_item(known, view).items():
                    kept = {c: added for c, added in cells.items() if c.cut or not is_cut}
                    merge(found.setdefault(key, {}), kept)
    of_measures = (
        (key, {cell: added for cell, added in cells.items() if cell.measure in measures})
        for key, cells in found.items()
    )
    return {key: without_nothing(cells) for key, cells in of_measures if cells}
