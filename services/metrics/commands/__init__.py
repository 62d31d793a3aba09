"""Fold events into the figures: load, add what they say, store the differences.

`costs.py`: what is recorded here."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.metrics.commands.enrolments import Reached, rewrite_enrolments
from services.metrics.domain.accounts import Item, ItemKey
from services.metrics.domain.cells import Cells, merge
from services.metrics.domain.crossings import answered, hand_over, owner_of, owners
from services.metrics.domain.delinquencies import Delinquency, rewrite_delinquencies
from services.metrics.domain.kinds.registry import HANDLERS
from services.metrics.domain.restate import Views, measure
from services.metrics.domain.slots import slot_of
from services.metrics.domain.timelines import Rewritten
from services.metrics.store import accounts, cells, cold, covers, delinquencies
from services.metrics.store import changes as stream
from services.metrics.store.accounts import Touched
from services.metrics.store.remembered import AccountKey, Remembered
from shared.database import Session, Wakeup
from shared.errors import Unavailable
from shared.events import TENANTS, Received

ROWS_BEFORE_MERGE = 20_000
NONE_REACHED: Reached = {}


@dataclass(slots=True)
class Folding:
    """What a worker keeps from one fold into a generation to the next.

    `is_live`: these are the figures in use, so the stream is told. `is_full` rings when so many
    rows were appended that they should be merged.
    """

    generation: int
    is_live: bool = True
    remembered: Remembered = field(default_factory=Remembered)
    currencies: dict[tuple[str, str], int] = field(default_factory=dict)
    is_full: Wakeup = field(default_factory=Wakeup)
    rows_before_merge: int = ROWS_BEFORE_MERGE
    rows: int = 0

    def appended(self, rows: int) -> None:
        """Count rows that were committed."""
        self.rows += rows
        if self.rows >= self.rows_before_merge:
            self.rows = 0
            self.is_full.ring()


async def fold_events(
    session: Session,
    events: Sequence[Received],
    folding: Folding,
    reached: Reached = NONE_REACHED,
    kept: Sequence[Received] = (),
) -> None:
    """Take a batch of new events, in order; and look again at the accounts that are reached by
    what is new of their tenant. `kept`: what was announced for whole tenants, of which the stream
    is told, too. The session has entered the generation."""
    await take_tenants(session, [event for event in events if event.topic == TENANTS], folding)
    decoded = [
        (event, HANDLERS[event.type], event.decode()) for event in events if event.topic != TENANTS
    ]
    told = [*(event for event, _, _ in decoded), *kept]
    if not decoded and not reached:
        await _announce(session, told, folding)
        return
    changes = [
        (event, handler, data, (event.tenant, account_id))
        for event, handler, data in decoded
        for account_id in handler.accounts_of(event, data)
    ]
    keys = {*reached, *(key for *_, key in changes)}
    keys |= await covers.list_owners(session, answered(decoded))
    touched = await accounts.lock_accounts(session, keys, folding.remembered)
    _check_owners(touched, answered(decoded))
    for event, handler, data, key in changes:
        handler.apply(touched[key], event, data)
    _hand_over(touched)
    await _save(session, touched, folding, reached)
    await _announce(session, told, folding)


def _check_owners(touched: Touched, contacts: Iterable[tuple[str, str, str]]) -> None:
    """Raises `Unavailable` if another worker has let an account know of a contact after its owner
    was looked for: accounts are locked all at once, in their order, or two workers could wait for
    each other. The batch begins again, and finds the owner."""
    for tenant, account_id, contact_id in contacts:
        owner = owner_of(touched[tenant, account_id], contact_id)
        if owner is not None and (tenant, owner) not in touched:
            raise Unavailable("a contact has just become known that was answered")


def _hand_over(touched: Touched) -> None:
    """What accounts answered to contacts of others, which are locked, too."""
    for (tenant, _), items in touched.items():
        for owner, contact_id in list(owners(items)):
            hand_over(items, touched[tenant, owner], contact_id)


async def take_tenants(session: Session, events: Sequence[Received], folding: Folding) -> None:
    """The newest settings of tenants. Without any, a tenant's days are UTC's."""
    timezones = {
        event.tenant: "UTC" if event.data is None else str(event.decode().timezone)
        for event in events
    }
    await stream.upsert_timezones(session, timezones, is_live=folding.is_live)


async def _save(session: Session, touched: Touched, folding: Folding, reached: Reached) -> None:
    """Store what the news add, and the news themselves."""
    added: dict[tuple[str, int], Cells] = defaultdict(dict)
    currencies: dict[tuple[str, str], int] = {}
    changed: list[tuple[AccountKey, ItemKey, Item]] = []
    thawed: list[AccountKey] = []
    spans: list[tuple[AccountKey, Rewritten[date, Delinquency]]] = []
    views_of = {key: (items, Views(items.account)) for key, items in touched.items()}
    for account, (items, views) in views_of.items():
        for currency, slot in items.currencies().items():
            key = account[0], currency
            currencies[key] = min(slot, currencies.get(key, slot))
        measured = measure(items, views)
        for slot, found in measured.cells.items():
            merge(added[account[0], slot], found)
        spans.append((account, rewrite_delinquencies(items, views)))
        stored = set(measured.changed)
        if any(items.by_key[key].is_cold for key in stored):
            stored.update(cold.thaw(items))
            thawed.append(account)
        changed += ((account, key, items.by_key[key]) for key in sorted(stored))
    news = [(key, items.account) for key, items in touched.items() if items.account.has_news]
    await accounts.update_accounts(session, news)
    await cold.bring_back(session, thawed)
    await accounts.upsert_items(session, changed)
    rows = await cells.append_cells(session, added)
    await delinquencies.rewrite_delinquencies(session, [each for each in spans if each[1]])
    await rewrite_enrolments(session, views_of, reached)
    session.after_commit(lambda: folding.appended(rows))
    await _note_currencies(session, currencies, folding)


async def _note_currencies(
    session: Session, currencies: dict[tuple[str, str], int], folding: Folding
) -> None:
    """Those that are not known yet, or known since later: hardly ever any."""
    known = folding.currencies
    news = {key: slot for key, slot in currencies.items() if slot < known.get(key, slot + 1)}
    await cells.upsert_currencies(session, news)
    session.after_commit(lambda: known.update(news))


async def _announce(session: Session, events: Sequence[Received], folding: Folding) -> None:
    """One line for the live stream per tenant: how many events of which type, of which days."""
    by_tenant: dict[str, list[Received]] = defaultdict(list)
    for event in events:
        by_tenant[event.tenant].append(event)
    changes: list[stream.LiveChange] = []
    for tenant, mine in sorted(by_tenant.items()):
        days = [event.day or event.time.date() for event in mine]
        content = {
            "from": min(days),
            "to": max(days),
            "events": dict(sorted(Counter(event.type for event in mine).items())),
        }
        slot = slot_of(max(event.recordedtime for event in mine))
        changes.append(stream.LiveChange(tenant, "figures", content, slot))
    if folding.is_live:
        await stream.insert_changes(session, changes)
    else:
        await stream.note_latest(session, {each.tenant_id: each.known for each in changes})
