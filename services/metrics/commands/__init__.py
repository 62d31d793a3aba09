"""Fold events into the figures: load, add what they say, store the differences.

`costs.py`: what is recorded here."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from services.metrics.commands.enrolments import Reached, rewrite_enrolments
from services.metrics.domain.accounts import AccountItems, Item, ItemKey
from services.metrics.domain.cells import Cells, merge
from services.metrics.domain.delinquencies import Delinquency, rewrite_delinquencies
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.restate import Views, measure
from services.metrics.domain.slots import slot_of
from services.metrics.domain.timelines import Rewritten
from services.metrics.store import accounts, cells, delinquencies
from services.metrics.store.accounts import AccountKey
from services.metrics.store.changes import Change, insert_changes, upsert_timezones
from shared.database import Session
from shared.events import TENANTS, Received

Touched = dict[AccountKey, AccountItems]

NONE_REACHED: Reached = {}


async def fold_events(
    session: Session, events: Sequence[Received], reached: Reached = NONE_REACHED
) -> None:
    """Take a batch of new events, in order; and look again at the accounts that are reached by
    what is new of their tenant."""
    await take_tenants(session, [event for event in events if event.topic == TENANTS])
    decoded = [
        (event, HANDLERS[event.type], event.decode()) for event in events if event.topic != TENANTS
    ]
    if not decoded and not reached:
        return
    changes = [
        (event, handler, data, (event.tenant, account_id))
        for event, handler, data in decoded
        for account_id in handler.accounts_of(event, data)
    ]
    touched = await accounts.lock_accounts(session, {*reached, *(key for *_, key in changes)})
    for event, handler, data, key in changes:
        handler.apply(touched[key], event, data)
    await _save(session, touched, reached)
    await _announce(session, [event for event, _, _ in decoded])


async def take_tenants(session: Session, events: Sequence[Received]) -> None:
    """The newest settings of tenants. Without any, a tenant's days are UTC's."""
    timezones = {
        event.tenant: "UTC" if event.data is None else str(event.decode().timezone)
        for event in events
    }
    await upsert_timezones(session, timezones)


async def _save(session: Session, touched: Touched, reached: Reached) -> None:
    """Store what the news add, and the news themselves."""
    added: dict[tuple[str, int], Cells] = defaultdict(dict)
    currencies: dict[tuple[str, str], int] = {}
    changed: list[tuple[AccountKey, ItemKey, Item]] = []
    spans: list[tuple[AccountKey, Rewritten[date, Delinquency]]] = []
    views_of = {key: (items, Views(items.account)) for key, items in touched.items()}
    for (tenant, account_id), (items, views) in views_of.items():
        for currency, slot in items.currencies().items():
            currencies[tenant, currency] = min(slot, currencies.get((tenant, currency), slot))
        measured = measure(items, views)
        for slot, found in measured.cells.items():
            merge(added[tenant, slot], found)
        spans.append(((tenant, account_id), rewrite_delinquencies(items, views)))
        changed += (((tenant, account_id), key, items.by_key[key]) for key in measured.changed)
    news = [(key, items.account) for key, items in touched.items() if items.account.has_news]
    await accounts.update_accounts(session, news)
    await accounts.upsert_items(session, changed)
    await cells.append_cells(session, added)
    await delinquencies.rewrite_delinquencies(session, [each for each in spans if each[1]])
    await rewrite_enrolments(session, views_of, reached)
    await cells.upsert_currencies(session, currencies)


async def _announce(session: Session, events: Sequence[Received]) -> None:
    """One line for the live stream per tenant: how many events of which type, of which days."""
    by_tenant: dict[str, list[Received]] = defaultdict(list)
    for event in events:
        by_tenant[event.tenant].append(event)
    changes: list[Change] = []
    for tenant, mine in sorted(by_tenant.items()):
        days = [event.day or event.time.date() for event in mine]
        content = {
            "from": min(days),
            "to": max(days),
            "events": dict(sorted(Counter(event.type for event in mine).items())),
        }
        slot = slot_of(max(event.recordedtime for event in mine))
        changes.append(Change(tenant, "figures", content, slot))
    await insert_changes(session, changes)
