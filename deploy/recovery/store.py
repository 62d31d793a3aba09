"""The SQL of backups, restores and comparisons."""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.database import Database, Session
from shared.database.connection import RESTORE_MARK as _MARK
from shared.log import outbox

_DESCRIPTION = """
select (select version_num from alembic_version limit 1),
       coalesce((select (to_jsonb(d) ->> 'epoch')::bigint from database_ids d), 1),
       current_setting('server_version_num')::int / 10000
"""
_SESSIONS = """
select count(*), string_agg(distinct nullif(application_name, ''), ', ')
  from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
   and coalesce(backend_type, 'client backend') = 'client backend'  -- null: another role's
"""
_IS_EMPTY = """
select not exists (select from pg_tables where schemaname not in ('pg_catalog',
                                                                  'information_schema', $1))
"""
_IS_MARKED = f"select to_regnamespace('{_MARK}') is not null"
# Metrics keeps each generation of its figures in a schema of its own.
_FIGURES = "select nspname from pg_namespace where nspname ~ '^figures_[0-9]+$'"
_HAS_EPOCH = """
select exists (select from information_schema.columns
                where table_schema = 'public' and table_name = 'database_ids'
                  and column_name = 'epoch')
"""


async def begin_standstill(connection: Any) -> None:
    """Let nobody publish until the transaction ends: it takes the outbox's lock."""
    await connection.execute("begin")
    await _stay(connection)
    await connection.execute("select pg_advisory_xact_lock($1)", outbox.LOCK)


async def export_snapshot(connection: Any) -> str:
    """The name of a snapshot of now, for as long as this transaction lasts."""
    await connection.execute("begin isolation level repeatable read read only")
    await _stay(connection)
    name: str = await connection.fetchval("select pg_export_snapshot()")
    return name


async def end(connection: Any) -> None:
    """End a transaction that wrote nothing."""
    await connection.execute("commit")


async def _stay(connection: Any) -> None:
    """Services may not be silent for seconds in a transaction; a copy takes as long as it takes."""
    await connection.execute("set local idle_in_transaction_session_timeout = 0")


async def describe(connection: Any) -> tuple[str, int, int]:
    """The revision, the epoch, and the server's major version."""
    revision, epoch, version = await connection.fetchrow(_DESCRIPTION)
    return revision, epoch, version


async def server_version(db: Database) -> int:
    """The server's major version."""
    rows = await db.fetch("select current_setting('server_version_num')::int / 10000")
    return int(rows[0][0])


async def find_sessions(db: Database) -> tuple[int, str]:
    """Who else is connected to the database: how many, and their names."""
    count, names = (await db.fetch(_SESSIONS))[0]
    return count, names or "unknown"


async def is_empty(db: Database) -> bool:
    return bool((await db.fetch(_IS_EMPTY, _MARK))[0][0])


async def is_marked(db: Database) -> bool:
    """Whether a restore into this database has not come to its end."""
    return bool((await db.fetch(_IS_MARKED))[0][0])


async def mark(session: Session) -> None:
    """Note that a restore is under way, and the epoch of what it replaces."""
    await session.execute(f"create schema if not exists {_MARK}")
    await session.execute(f"create table if not exists {_MARK}.epochs (epoch bigint not null)")
    if await session.fetchval(_HAS_EPOCH):
        await session.execute(f"insert into {_MARK}.epochs select epoch from public.database_ids")


async def marked_epoch(session: Session) -> int:
    """The highest epoch of what was replaced; 0 for nothing."""
    if not await session.fetchval(_IS_MARKED):
        return 0
    return int(await session.fetchval(f"select coalesce(max(epoch), 0) from {_MARK}.epochs"))


async def unmark(session: Session) -> None:
    await session.execute(f"drop schema if exists {_MARK} cascade")


async def empty(session: Session, schemas: Sequence[str] = ()) -> None:
    """Drop everything, as in a database just made but with these schemas of figures."""
    rows = await session.fetch(_FIGURES)
    for (schema,) in rows:
        await session.execute(f"drop schema {schema} cascade")
    for schema in schemas:
        await session.execute(f"create schema {schema}")
    await session.execute("drop schema if exists public cascade")
    await session.execute("create schema public authorization pg_database_owner")
    await session.execute("grant usage on schema public to public")


# ── Comparing ────────────────────────────────────────────────────────────────────────────────────

_HEADS = """
select consumer, tenant, topic, key, sequence from heads
 where split_part(topic, '.', 1) = $1 and (consumer, tenant, topic, key) > ($2, $3, $4, $5)
 order by consumer, tenant, topic, key limit $6
"""
_LASTS = """
select tenant, topic, key, last from sequences
  join unnest($1::text[], $2::text[], $3::text[]) g (tenant, topic, key)
 using (tenant, topic, key)
"""
_FORKED = """
select consumer, tenant, topic, key from dead_letters
 where starts_with(reason, $1) group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
_LEDGER_TENANTS = "select distinct tenant_id from invoices order by 1"
_LEDGER_OPEN = """
select account_id, currency, sum(balance_minor)::text, count(*) filter (where status = 'open')
  from invoices where tenant_id = $1 group by 1, 2
"""
_OUTREACH_OPEN = """
select i.account_id, i.currency, count(*) filter (where i.state = 'open')
  from invoices i left join accounts a using (tenant_id, account_id)
 where i.tenant_id = $1 and not coalesce(a.is_erased, false) group by 1, 2
"""
_IN_USE = "select generation from generations where state = 'current'"
_METRICS_OPEN = """
select currency, sum(amount)::text from (
    select currency, amount from {figures}.sums
     where tenant_id = $1 and measure = 'open' and cut = ''
    union all
    select currency, amount from {figures}.cells_new
     where tenant_id = $1 and measure = 'open' and cut = ''
) open group by 1
"""
_LEFT = """
select case when generation = 1 then 'metrics' else 'metrics@' || generation end
  from generations where state <> 'current'
"""
_SCORED = """
select account_id, state from accounts where tenant_id = $1 and account_id > $2
 order by account_id limit $3
"""


async def list_heads(
    db: Database, producer: str, after: Sequence[str], limit: int
) -> list[tuple[str, str, str, str, int]]:
    """A page of how far the readers of a producer are, by consumer and key."""
    return [tuple(row) for row in await db.fetch(_HEADS, producer, *after, limit)]


async def find_lasts(
    db: Database, places: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    """The last numbers that a producer gave to these keys."""
    tenants, topics, keys = zip(*places, strict=True)
    rows = await db.fetch(_LASTS, tenants, topics, keys)
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def list_forked(db: Database, reason: str) -> list[tuple[str, str, str, str]]:
    """The keys that are parked for a fork: consumer, tenant, topic, key."""
    return [tuple(row) for row in await db.fetch(_FORKED, reason)]


async def list_tenants(ledger: Database) -> list[str]:
    return [row[0] for row in await ledger.fetch(_LEDGER_TENANTS)]


async def find_open(ledger: Database, tenant: str) -> dict[tuple[str, str], tuple[int, int]]:
    """Per account and currency: the balance, and how many invoices are open."""
    rows = await ledger.fetch(_LEDGER_OPEN, tenant)
    return {(row[0], row[1]): (int(row[2]), row[3]) for row in rows}


async def count_open(outreach: Database, tenant: str) -> dict[tuple[str, str], int]:
    """Per account and currency: how many invoices outreach takes for open."""
    return {(row[0], row[1]): row[2] for row in await outreach.fetch(_OUTREACH_OPEN, tenant)}


async def sum_open(metrics: Database, tenant: str) -> dict[str, int]:
    """Per currency: the receivables by all days' figures."""
    generation = (await metrics.fetch(_IN_USE))[0][0]
    rows = await metrics.fetch(_METRICS_OPEN.format(figures=f"figures_{generation:d}"), tenant)
    return {row[0]: int(row[1]) for row in rows}


async def list_idle_readers(metrics: Database) -> set[str]:
    """The names under which figures are read that are not in use (any more)."""
    return {row[0] for row in await metrics.fetch(_LEFT)}


async def list_states(
    segmentation: Database, tenant: str, after: str, limit: int
) -> Iterator[tuple[str, bytes]]:
    """A page of what segmentation knows of accounts, still encoded."""
    rows = await segmentation.fetch(_SCORED, tenant, after, limit)
    return ((row[0], row[1]) for row in rows)
