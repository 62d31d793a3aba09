"""Fold events into the figures: load, add what they say, store the differences."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from services.metrics.domain.cells import ContactCells, MoneyCells, merge
from services.metrics.domain.fold import AccountItems, Handler, ItemKey
from services.metrics.domain.items import slot_of
from services.metrics.domain.restate import measure
from services.metrics.store import items as store
from services.metrics.store.items import AccountKey, FullKey, StoredItem
from shared.database import Session
from shared.events import TENANTS, Received

Touched = dict[AccountKey, AccountItems]
Decoded = tuple[Received, Handler, Any]  # an event, what it does, its data
_ENCODER = msgspec.json.Encoder()


async def fold_events(
    session: Session, events: Sequence[Received], handlers: Mapping[str, Handler]
) -> None:
    """Take a batch of new events, in order."""
    await take_tenants(session, [event for event in events if event.topic == TENANTS])
    decoded: list[Decoded] = [
        (event, handlers[event.type], event.decode()) for event in events if event.topic != TENANTS
    ]
    if not decoded:
        return
    touched = await _load(session, decoded)
    for event, handler, data in decoded:
        handler.apply(touched[event.tenant, event.key], event, data)
    await _load_reached(session, touched)
    await _save(session, touched)
    await _announce(session, [event for event, _, _ in decoded])


async def take_tenants(session: Session, events: Sequence[Received]) -> None:
    """The newest settings of tenants. Without any, a tenant's days are UTC's."""
    timezones = {
        event.tenant: "UTC" if event.data is None else str(event.decode().timezone)
        for event in events
    }
    await store.upsert_timezones(session, timezones)


async def _load(session: Session, decoded: Sequence[Decoded]) -> Touched:
    """The accounts, and every item that the events touch."""
    keys: dict[AccountKey, set[ItemKey]] = defaultdict(set)
    for event, handler, data in decoded:
        keys[event.tenant, event.key].update(handler.touches(data))
    accounts = await store.lock_accounts(session, keys)
    touched = {key: AccountItems(account) for key, account in accounts.items()}
    stored = [key for key in keys if not accounts[key].is_new]
    await _add(session, touched, [(*key, *item) for key in stored for item in keys[key]])
    left = [(*key, *item) for key in stored for item in touched[key].missing()]
    await _add(session, touched, dict.fromkeys(left))
    return touched


async def _load_reached(session: Session, touched: Touched) -> None:
    """The items that are split otherwise by now."""
    reaches: list[tuple[str, str, date, int]] = []
    for key, items in touched.items():
        account = items.account
        if account.has_news and not account.is_new:
            reaches.append((*key, *account.reach_of_news()))
    _put(touched, await store.list_items_reached(session, reaches))


async def _add(session: Session, touched: Touched, keys: Iterable[FullKey]) -> None:
    _put(touched, await store.list_items(session, list(keys)))


def _put(touched: Touched, stored: Iterable[StoredItem]) -> None:
    for account, key, item in stored:
        touched[account].by_key.setdefault(key, item)


async def _save(session: Session, touched: Touched) -> None:
    money: dict[tuple[str, int], MoneyCells] = defaultdict(dict)
    contacts: dict[tuple[str, int], ContactCells] = defaultdict(dict)
    currencies: dict[tuple[str, str], int] = {}
    changed: list[tuple[StoredItem, date]] = []
    for (tenant, account_id), items in touched.items():
        measured = measure(items)
        for slot, money_cells in measured.money.items():
            merge(money[tenant, slot], money_cells)
        for slot, contact_cells in measured.contacts.items():
            merge(contacts[tenant, slot], contact_cells)
        for currency, slot in items.currencies().items():
            key = (tenant, currency)
            currencies[key] = min(slot, currencies.get(key, slot))
        changed.extend(
            (((tenant, account_id), key, items.by_key[key]), ends_on)
            for key, ends_on in measured.ends_on.items()
        )
    await store.update_accounts(
        session, {key: items.account for key, items in touched.items() if items.account.has_news}
    )
    await store.upsert_items(session, changed)
    await store.add_money(session, money)
    await store.add_contacts(session, contacts)
    await store.upsert_currencies(session, currencies)


async def _announce(session: Session, events: Sequence[Received]) -> None:
    """One line for the live stream per tenant: how many events of which type, of which days."""
    by_tenant: dict[str, list[Received]] = defaultdict(list)
    for event in events:
        by_tenant[event.tenant].append(event)
    changes: dict[str, tuple[int, str]] = {}
    for tenant, mine in by_tenant.items():
        days = [event.day or event.time.date() for event in mine]
        content = {
            "from": min(days),
            "to": max(days),
            "events": dict(sorted(Counter(event.type for event in mine).items())),
        }
        slot = slot_of(max(event.recordedtime for event in mine))
        changes[tenant] = (slot, _ENCODER.encode(content).decode())
    await store.insert_changes(session, changes)
