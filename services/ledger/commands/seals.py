"""Sealing the journal: once per tenant and begun day, over one snapshot."""

from datetime import date, datetime, timedelta

from msgspec import Struct

from services.ledger.commands.tenants import recorded_time
from services.ledger.context import Context
from services.ledger.domain.chain import NO_SEAL, Seal, SealTree, leaf_hash
from services.ledger.store import seals as seal_store
from services.ledger.store.tenants import find_tenant_times
from shared.clock import day_start
from shared.database import Session
from shared.events import LEDGER, Event
from shared.events.ledger import LedgerSealed
from shared.log import outbox

PAGE_ACCOUNTS = 5_000  # looked at in one go, well under a second


class DueSeal(Struct, frozen=True):
    """A seal that is to be made."""

    tenant_id: str
    seal: int
    previous: bytes
    begun_on: date
    starts_at: datetime  # of the begun day, in the tenant's zone
    recorded_at: datetime


async def find_due_seal(
    session: Session, tenant_id: str, context: Context, *, now: datetime
) -> DueSeal | None:
    """The seal of the day before the begun one, if nobody has made it; then nobody else will
    before this transaction ends."""
    if await _find_due(session, tenant_id, context, now) is None:
        return None
    await seal_store.lock_sealing(session, tenant_id)
    return await _find_due(session, tenant_id, context, now)


async def _find_due(
    session: Session, tenant_id: str, context: Context, now: datetime
) -> DueSeal | None:
    tenant = (await find_tenant_times(session, {tenant_id}))[tenant_id]
    zone = tenant.settings.timezone
    begun_on = tenant.begun.on(zone)
    last = await seal_store.find_last_seal(session, tenant_id)
    if begun_on is None or (last is not None and last.day >= begun_on - timedelta(days=1)):
        return None
    return DueSeal(
        tenant_id,
        1 if last is None else last.seal + 1,
        NO_SEAL if last is None else last.hash,
        begun_on,
        day_start(begun_on, zone),
        recorded_time(tenant, context, now).now,
    )


async def make_seal(session: Session, snapshot: Session, due: DueSeal) -> None:
    """Seal what the snapshot shows, and announce it. What is recorded later is in the next seal.

    Page by page: however many accounts there are, few are in memory.
    """
    tree = SealTree()
    entries = blocks = 0
    after: str | None = ""
    while after is not None:
        heads, after = await seal_store.list_grown(
            snapshot, due.tenant_id, after=after, accounts_max=PAGE_ACCOUNTS
        )
        if heads:
            await seal_store.insert_heads(session, due.tenant_id, due.seal, tree.leaves, heads)
        for head in heads:
            tree.add(leaf_hash((due.tenant_id, head.account_id), head.entry, head.hash))
            entries += head.entry - head.sealed_entry
            await snapshot.give_way()
        blocks += await _insert_blocks(session, due, blocks, tree)
        await session.keep_alive()
    root = tree.close()
    await _insert_blocks(session, due, blocks, tree)
    seal = Seal(
        tenant_id=due.tenant_id,
        seal=due.seal,
        day=due.begun_on - timedelta(days=1),
        accounts=tree.leaves,
        entries=entries,
        root=root,
        previous=due.previous,
    )
    await seal_store.insert_seal(session, seal)
    outbox.append(session, [_event(due, seal)])


async def _insert_blocks(session: Session, due: DueSeal, first: int, tree: SealTree) -> int:
    """Keep the roots of the blocks that are complete; how many there were."""
    roots = tree.take_blocks()
    if roots:
        await seal_store.insert_blocks(session, due.tenant_id, due.seal, first, roots)
    return len(roots)


def _event(due: DueSeal, seal: Seal) -> Event:
    return Event(
        topic=LEDGER,
        tenant=due.tenant_id,
        key="",
        type="ledger-sealed",
        entity=f"seal {seal.seal}",
        cause=seal.day.isoformat(),
        time=due.starts_at,
        day=due.begun_on,
        recordedtime=due.recorded_at,
        data=LedgerSealed(
            seal=seal.seal,
            day=seal.day,
            accounts=seal.accounts,
            entries=seal.entries,
            root=seal.root.hex(),
            previous=seal.previous.hex(),
            hash=seal.hash.hex(),
        ),
    )
