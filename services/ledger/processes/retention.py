"""Retention: at the first of a month, accounts where nothing stands and nothing happened for long
are erased by themselves, one by one."""

from datetime import date

from services.ledger.commands.agreements import Asked, run_command
from services.ledger.context import Context
from services.ledger.domain.doors.erasures import retain
from services.ledger.domain.policies.retention import RetentionPolicy
from services.ledger.store import erasures as store
from services.ledger.store.tenants import find_tenant_times, lock_tenants
from shared import clock
from shared.clock import day_start
from shared.process.failures import is_for_now, note_failure

RANGE_ACCOUNTS = 1000  # looked at in one statement


async def erase_silent(context: Context, tenant_id: str) -> int:
    """Erase what the policy `retention` lets go, if a month has begun since this was done last;
    how many accounts.

    Safe to call again and by several workers at once: an account is erased once. One that fails
    harms no other; it is tried again in the next month.
    """
    async with context.db.reading() as session:
        tenant = (await find_tenant_times(session, {tenant_id}))[tenant_id]
        last = await store.find_retained_on(session, tenant_id)
    zone = tenant.settings.timezone
    day = tenant.begun.on(zone)
    assert day is not None
    first = day.replace(day=1)
    if last is not None and last >= first:
        return 0
    # In the middle of a tenant's first month nothing has ended yet.
    erased = 0 if last is None and day != first else await _erase_all(context, tenant_id, day, zone)
    async with context.db.transaction() as session:
        await lock_tenants(session, {tenant_id}, exclusively=True)
        await store.note_retained(session, tenant_id, first)
    return erased


async def _erase_all(context: Context, tenant_id: str, day: date, zone: str) -> int:
    async with context.db.reading() as session:
        policy: RetentionPolicy
        _, policy = await context.policies.in_force(session, tenant_id, "retention", day)
    before = day_start(policy.kept_from(day), zone)
    after: str | None = ""
    erased = 0
    while after is not None:
        async with context.db.reading() as session:
            ids, after = await store.list_silent(session, tenant_id, before, after, RANGE_ACCOUNTS)
        for account_id in ids:
            erased += await _erase(context, tenant_id, account_id)
    return erased


async def _erase(context: Context, tenant_id: str, account_id: str) -> bool:
    """Whether it was erased: what stands is found out under its lock."""
    asked = Asked(
        tenant_id=tenant_id,
        account_id=account_id,
        fact=("account-erased", account_id),
        request_hash="retention",
    )
    try:
        async with context.db.transaction() as session:
            done = await run_command(session, asked, retain, context, now=clock.now())
    except Exception as error:
        if is_for_now(error):
            raise
        note_failure("ledger", "retention", error, tenant=tenant_id, account=account_id)
        return False
    return bool(done.facts)
