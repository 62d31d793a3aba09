"""A dry run: what an import would do, by the ledger's rules and beside what the ledger knows.

All is read and nothing is written. What is stored of the file's accounts is copied to where the
file is read, and computed there, in a process of its own.
"""

import asyncio
import pickle
from datetime import date
from pathlib import Path

from services.ledger.context import Context
from services.ledger.domain.rules import NO_RULES, Rules
from services.ledger.import_files.report import Report
from services.ledger.import_files.store import FileEvents, KnownAccount
from services.ledger.import_files.work import SECONDS_MAX, events_in, foresee_job, read_job
from services.ledger.store.facts import find_owners, list_facts
from services.ledger.store.imports import find_known_accounts
from services.ledger.store.tenants import LockedTenant, find_tenant_times
from shared import clock
from shared.business_time import NOTHING_BEGUN
from shared.clock import local_day

ACCOUNTS = 100  # of which all facts are read at a time
FACTS = 1_000

_ZONE = "UTC"  # of a tenant that is not known yet


async def local_today(context: Context, tenant_id: str) -> date:
    """The tenant's day: the machine's, or the begun one where that is later."""
    tenant = await _tenant(context, tenant_id)
    zone = _ZONE if tenant is None else tenant.settings.timezone
    begun = None if tenant is None else tenant.begun.on(zone)
    today = local_day(clock.now(), zone)
    return today if begun is None else max(today, begun)


async def try_import(
    context: Context, tenant_id: str, folder: Path, *, name: str, mapping: str | None
) -> Report:
    """Raises `Invalid` where nothing can be made of the file."""
    today = await local_today(context, tenant_id)
    tally = await context.files.run(
        tenant_id, read_job, folder, name, mapping, tenant_id, today, seconds=SECONDS_MAX
    )
    tenant = await _tenant(context, tenant_id)
    events = await asyncio.to_thread(FileEvents, events_in(folder), is_new=False)
    try:
        if tenant is not None:
            await _know_accounts(context, tenant_id, events)
            await _know_owners(context, tenant_id, events)
        await asyncio.to_thread(events.save)
    finally:
        await asyncio.to_thread(events.close)
    return await context.files.run(
        tenant_id,
        foresee_job,
        folder,
        tally,
        _ZONE if tenant is None else tenant.settings.timezone,
        NOTHING_BEGUN if tenant is None else tenant.begun,
        NO_RULES if tenant is None else await _rules(context, tenant),
        today,
        clock.now(),
        seconds=SECONDS_MAX,
    )


async def _tenant(context: Context, tenant_id: str) -> LockedTenant | None:
    async with context.db.reading() as session:
        return (await find_tenant_times(session, [tenant_id])).get(tenant_id)


async def _rules(context: Context, tenant: LockedTenant) -> Rules:
    async with context.db.reading() as session:
        return await context.policies.rules(session, tenant.settings)


async def _know_accounts(context: Context, tenant_id: str, events: FileEvents) -> None:
    """All that is stored of the file's accounts."""
    after = ""
    while names := await asyncio.to_thread(events.accounts, after=after, limit=ACCOUNTS):
        async with context.db.reading() as session:
            rows = await find_known_accounts(session, tenant_id, names)
            facts = await list_facts(session, {(tenant_id, row[0]): row[1] for row in rows})
        for account, _, is_registered, has_invoices in rows:
            stored = facts.get((tenant_id, account), [])
            kept = await asyncio.to_thread(pickle.dumps, stored, pickle.HIGHEST_PROTOCOL)
            events.know([KnownAccount(account, is_registered, has_invoices, kept)])
        after = names[-1]


async def _know_owners(context: Context, tenant_id: str, events: FileEvents) -> None:
    """Whose the file's ids are already."""
    after = 0
    while rows := await asyncio.to_thread(events.facts, after=after, limit=FACTS):
        async with context.db.reading() as session:
            owners = await find_owners(session, {(tenant_id, kind, fact) for _, kind, fact in rows})
        events.know_owners((kind, fact, owner) for (_, kind, fact), owner in owners.items())
        after = rows[-1][0]
