"""Fold events into the figures: load, add what they say, store the differences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from services.metrics.domain.cells import Cells, add
from services.metrics.domain.fold import Handler, ItemKey, Page
from services.metrics.domain.items import (
    FAR,
    FIRST_DAY,
    Credited,
    Issued,
    Item,
    Paid,
    slot_of,
)
from services.metrics.domain.restate import measure
from services.metrics.store import items as store
from services.metrics.store.items import FullKey, Saved
from shared.database import Session
from shared.events import TENANTS, Received

Pages = dict[tuple[str, str], Page]
_ENCODER = msgspec.json.Encoder()


async def fold_events(
    session: Session, events: Sequence[Received], handlers: Mapping[str, Handler]
) -> None:
    """Take a batch of new events, in order."""
    await take_tenants(session, [event for event in events if event.topic == TENANTS])
    told: list[tuple[Received, Handler, Any]] = [
        (event, handlers[event.type], event.decode()) for event in events if event.topic != TENANTS
    ]
    if not told:
        return
    pages = await _load(session, told)
    for event, handler, data in told:
        handler.apply(pages[event.tenant, event.key], event, data)
    await _load_restated(session, pages)
    await _save(session, pages)
    await _announce(session, [event for event, _, _ in told])


async def take_tenants(session: Session, events: Sequence[Received]) -> None:
    """The newest settings of tenants. Without any, a tenant's days are UTC's."""
    timezones = {
        event.tenant: "UTC" if event.data is None else str(event.decode().timezone)
        for event in events
    }
    await store.upsert_timezones(session, timezones)


async def _load(session: Session, told: Sequence[tuple[Received, Handler, Any]]) -> Pages:
    """The accounts, and every item that the events touch."""
    touched: dict[tuple[str, str], set[ItemKey]] = defaultdict(set)
    for event, handler, data in told:
        touched[event.tenant, event.key].update(handler.touches(data))
    accounts = await store.lock_accounts(session, touched)
    pages: Pages = {}
    for key, account in accounts.items():
        pages[key] = page = Page(*key)
        page.account = account
    known = [key for key in touched if not accounts[key].is_new]
    await _add(session, pages, (_full(key, item) for key in known for item in touched[key]))
    # Money that is told of anew may have been on invoices that it is not on any more.
    left: list[FullKey] = []
    for key in known:
        page = pages[key]
        for item in list(page.items.values()):
            left.extend(
                _full(key, ("invoice", invoice_id))
                for invoice_id in item.puts_on
                if ("invoice", invoice_id) not in page.items
            )
    await _add(session, pages, dict.fromkeys(left))
    return pages


def _full(account: tuple[str, str], item: ItemKey) -> FullKey:
    return (*account, *item)


async def _add(session: Session, pages: Pages, keys: Iterable[FullKey]) -> None:
    _put(pages, await store.list_items(session, list(keys)))


def _put(pages: Pages, found: Iterable[tuple[FullKey, Item]]) -> None:
    for (tenant, account_id, kind, item_id), item in found:
        pages[tenant, account_id].items.setdefault((kind, item_id), item)  # type: ignore[arg-type]


async def _load_restated(session: Session, pages: Pages) -> None:
    """What is split otherwise by now: all of an account by a new profile, by a new segment only
    what still adds anything from its day on, or was recorded later than it."""
    reaches: list[tuple[str, str, date, int]] = []
    for key, page in pages.items():
        account = page.account
        if account.is_new or not account.news:
            continue
        if len(account.profiles) > account.folded[0]:
            reaches.append((*key, FIRST_DAY, 0))
            continue
        segments = account.segments[account.folded[1] :]
        # A day earlier: the day of an instant depends on a zone, which may have changed.
        since_on = max(min(each.day for each in segments) - timedelta(days=1), FIRST_DAY)
        reaches.append((*key, min(since_on, FAR), min(each.known for each in segments)))
    _put(pages, await store.list_items_reached(session, reaches))


async def _save(session: Session, pages: Pages) -> None:
    money: dict[tuple[str, int], Cells] = defaultdict(dict)
    contacts: dict[tuple[str, int], Cells] = defaultdict(dict)
    saved: list[Saved] = []
    for (tenant, account_id), page in pages.items():
        measured = measure(page)
        for known, cells in measured.money.items():
            _merge(money[tenant, known], cells)
        for known, cells in measured.contacts.items():
            _merge(contacts[tenant, known], cells)
        saved.extend(
            Saved((tenant, account_id, *key), page.items[key], day)
            for key, day in measured.ends_on.items()
        )
    await store.update_accounts(
        session, {key: page.account for key, page in pages.items() if page.account.news}
    )
    await store.upsert_items(session, saved)
    await store.add_money(session, money)
    await store.add_contacts(session, contacts)
    await store.upsert_currencies(session, _currencies(pages))


def _merge(cells: Cells, others: Cells) -> None:
    for cell, sums in others.items():
        add(cells, cell, *sums)


def _currencies(pages: Pages) -> dict[tuple[str, str], int]:
    """Taken from the facts and not from their sums, which may come to nothing within a batch."""
    known_since: dict[tuple[str, str], int] = {}
    for (tenant, _), page in pages.items():
        for item in page.items.values():
            for fact in item.facts[item.folded :]:
                if isinstance(fact, Issued | Paid | Credited):
                    earlier = known_since.get((tenant, fact.currency), fact.known)
                    known_since[tenant, fact.currency] = min(earlier, fact.known)
    return known_since


async def _announce(session: Session, events: Sequence[Received]) -> None:
    """One line for the live stream per tenant: how many events of which type, of which days."""
    by_tenant: dict[str, list[Received]] = defaultdict(list)
    for event in events:
        by_tenant[event.tenant].append(event)
    changes: dict[str, tuple[int, str]] = {}
    for tenant, mine in by_tenant.items():
        days = sorted(event.day or event.time.date() for event in mine)
        content = {
            "from": days[0],
            "to": days[-1],
            "events": dict(sorted(Counter(event.type for event in mine).items())),
        }
        known = max(slot_of(event.recordedtime) for event in mine)
        changes[tenant] = (known, _ENCODER.encode(content).decode())
    await store.insert_changes(session, changes)
