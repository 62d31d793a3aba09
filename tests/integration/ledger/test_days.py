"""Days begin beside a busy intake."""

import asyncio

from services.ledger.store import tenants as tenant_store
from shared.database import Database
from shared.events.ledger import Tenant

SECONDS_MAX = 120.0


async def waiting(db: Database) -> int:
    """How many sessions of this database wait for a lock."""
    rows = await db.fetch(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    count: int = rows[0][0]
    return count


async def until_waiting(db: Database, sessions: int) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while await waiting(db) < sessions:
            pass


async def test_facts_that_come_later_do_not_keep_a_day_from_beginning(ledger_db: Database) -> None:
    async with ledger_db.transaction() as session:
        await tenant_store.insert_tenants(session, [Tenant(tenant_id="demo")])
    order: list[str] = []

    async def lock(name: str, *, exclusively: bool) -> None:
        async with ledger_db.transaction() as session:
            assert await tenant_store.lock_tenants(session, ["demo"], exclusively=exclusively)
            order.append(name)

    async with asyncio.TaskGroup() as others, ledger_db.transaction() as early:
        await tenant_store.lock_tenants(early, ["demo"])
        others.create_task(lock("day", exclusively=True))
        await until_waiting(ledger_db, 1)
        others.create_task(lock("later facts", exclusively=False))
        await until_waiting(ledger_db, 2)
        assert order == []
    assert order == ["day", "later facts"]


async def test_facts_beside_each_other_do_not_wait(ledger_db: Database) -> None:
    async with ledger_db.transaction() as session:
        await tenant_store.insert_tenants(session, [Tenant(tenant_id="demo")])
    async with ledger_db.transaction() as one, ledger_db.transaction() as other:
        assert await tenant_store.lock_tenants(one, ["demo"])
        assert await tenant_store.lock_tenants(other, ["demo"])


async def test_settings_changed_while_facts_wait_are_the_ones_they_see(
    ledger_db: Database,
) -> None:
    async with ledger_db.transaction() as session:
        await tenant_store.insert_tenants(session, [Tenant(tenant_id="demo")])
    seen: list[str] = []

    async def facts() -> None:
        async with ledger_db.transaction() as session:
            locked = await tenant_store.lock_tenants(session, ["demo"])
            seen.append(locked["demo"].settings.timezone)

    async with asyncio.TaskGroup() as others, ledger_db.transaction() as session:
        await tenant_store.lock_tenants(session, ["demo"], exclusively=True)
        others.create_task(facts())
        await until_waiting(ledger_db, 1)
        tenant = Tenant(tenant_id="demo", timezone="Asia/Tokyo")
        await tenant_store.upsert_tenant(session, tenant)
    assert seen == ["Asia/Tokyo"]
