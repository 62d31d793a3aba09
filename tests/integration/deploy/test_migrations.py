"""The tables a service declares are the tables its migrations make."""

import asyncio
import os
import sys
from importlib import import_module

import pytest
from sqlalchemy import MetaData, text

from deploy.local import databases
from shared.database import migrate
from shared.log.tables import add_log_tables, new_metadata
from tests.conftest import Template, fresh_url


def metadata_of(service: str) -> MetaData:
    found: MetaData = import_module(f"services.{service}.tables").metadata
    return found


@pytest.mark.parametrize("service", databases.SERVICES)
async def test_models_and_migrations_agree(
    postgres: str, templates: Template, service: str
) -> None:
    async with fresh_url(postgres, templates, service) as url:
        assert await migrate.differences(url, metadata_of(service)) == []


@pytest.mark.parametrize("service", databases.SERVICES)
async def test_a_table_that_was_never_migrated_is_seen(bare_url: str, service: str) -> None:
    assert await migrate.differences(bare_url, metadata_of(service)) != []


@pytest.mark.parametrize("service", databases.SERVICES)
async def test_migrating_twice_changes_nothing(
    postgres: str, templates: Template, service: str
) -> None:
    async with fresh_url(postgres, templates, service) as url:
        await migrate.upgrade(service, url)
        assert await migrate.differences(url, metadata_of(service)) == []


async def test_two_starts_at_once_migrate_one_after_the_other(bare_url: str) -> None:
    environment = {**os.environ, "LEDGER_DATABASE_URL": bare_url}
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.migrate", "ledger", env=environment
        )
        for _ in range(2)
    ]
    assert [await process.wait() for process in started] == [0, 0]
    assert await migrate.differences(bare_url, metadata_of("ledger")) == []


@pytest.mark.parametrize("service", databases.SERVICES)
async def test_every_table_has_its_tenant_first_in_the_key(
    postgres: str, templates: Template, service: str
) -> None:
    """`tenant_id` leads every unique key, so that a service can be spread over databases."""
    async with fresh_url(postgres, templates, service) as url:
        engine = migrate.engine_for(url)
        async with engine.connect() as connection:
            rows = await connection.execute(text(LEADING_COLUMNS), {"log": sorted(log_tables())})
            leading = {(row.table_name, row.column_name) for row in rows}
        await engine.dispose()
    found = {(table, column) for table, column in leading if column not in TENANTS}
    assert found == ACROSS.get(service, set())


TENANTS = {"tenant", "tenant_id"}
ACROSS = {
    # All tenants' figures are made together.
    "metrics": {("generations", "generation"), ("generations", "state")},
    # What a bearer shows says nothing of its tenant, and an organisation has several.
    "outreach": {
        ("call_scripts", "token"),
        ("organisation_attempts", "organisation"),
        ("organisations", "organisation"),
        ("portal_links", "link_id"),
        ("portal_sessions", "token_hash"),
    },
}
LEADING_COLUMNS = """
select c.relname as table_name, a.attname as column_name
from pg_index i
join pg_class c on c.oid = i.indrelid
join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)'
join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
where i.indisunique and not c.relname = any(:log)
"""


def log_tables() -> set[str]:
    """Those of the log itself, which belong to a database and not to a tenant."""
    metadata = new_metadata()
    add_log_tables(metadata)
    return {"alembic_version", *metadata.tables}
