"""New cells are added up into the sums, and kept by knowledge in the log: one transaction each.

Questions read sums and new cells in one snapshot, so no answer waits for a merge, or changes by it.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from services.metrics.domain.kpis import EVERY_KPI
from services.metrics.domain.slots import SLOT_SECONDS
from services.metrics.store import generations
from services.metrics.store.cells import COLUMNS
from services.metrics.store.schema import schema_of
from shared.database import Database, Session
from shared.process.crash import crash_point

MERGE_ROWS_MAX = 200_000  # of one transaction: well below the time that a statement has
SLOTS_OF_A_DAY = 24 * 3600 // SLOT_SECONDS
_LAST = date(9999, 12, 1)
LOCK = 727_003  # one merges a generation at a time

# What is read as it stands at the end of a day: also kept by whole months.
STOCKS = sorted({need.measure for kpi in EVERY_KPI for need in kpi.needs if need.mode == "stock"})

_SUMS = "amount", "count", "weight"
_KEY = ("tenant_id", "cut", "measure", "day", "until_on", "currency", "mark")
_SPLITS = ("segment", "channel", "strategy", "collector")
_FINE_SPLITS = ("segment", "country", "kind", "channel", "strategy", "collector")
_OF_MONTH = {"day": "date_trunc('month', day)::date"}


def _upsert(table: str, key: Iterable[str], where: str = "") -> str:
    """SQL: add the new cells to sums by this key, in its order."""
    names = ", ".join(key)
    values = ", ".join(_OF_MONTH.get(name, name) if where else name for name in key)
    places = ", ".join(str(place) for place in range(1, len(tuple(key)) + 1))
    return f"""
        insert into {table} as s ({names}, {", ".join(_SUMS)})
        select {values}, sum(amount), sum(count), sum(weight)
        from added {where}
        group by {places} order by {places}
        on conflict ({names}) do update set
            amount = s.amount + excluded.amount,
            count = s.count + excluded.count,
            weight = s.weight + excluded.weight
    """


_CELL = COLUMNS[:-3]
_MONTHS_KEY = (*(name for name in _KEY if name != "until_on"), *_FINE_SPLITS)
_MERGE = f"""
with taken as (
    delete from cells_new where ctid = any(array(
        select ctid from cells_new where known / {SLOTS_OF_A_DAY} = any($1::int[]) limit $2
    ))
    returning {", ".join(COLUMNS)}
),
added as materialized (
    select {", ".join(_CELL)}, sum(amount) as amount, sum(count)::bigint as count,
        sum(weight) as weight, sum(1) as rows
    from taken
    group by {", ".join(_CELL)}
),
logged as (
    insert into cells_log ({", ".join(COLUMNS)})
    select {", ".join(COLUMNS)} from added
    where amount <> 0 or count <> 0 or weight <> 0
),
sized as (
    insert into log_sizes as s (tenant_id, known_day, rows)
    select tenant_id, known / {SLOTS_OF_A_DAY}, count(*) from added
    where amount <> 0 or count <> 0 or weight <> 0
    group by 1, 2 order by 1, 2
    on conflict (tenant_id, known_day) do update set rows = s.rows + excluded.rows
),
fine as ({_upsert("sums_fine", (*_KEY, *_FINE_SPLITS))}),
months as ({_upsert("sums_months", _MONTHS_KEY, "where measure = any($3::text[])")}),
coarse as ({_upsert("sums", (*_KEY, *_SPLITS))})
select coalesce(sum(rows), 0)::bigint from added
"""


async def merge(db: Database, generation: int, limit: int = MERGE_ROWS_MAX) -> int:
    """Merge some of what is new; how many rows that was. 0 also where another one is at it."""
    async with db.transaction() as session:
        await generations.enter(session, generation)
        rows = await _merge(session, generation, limit)
        crash_point("metrics.merge.before_commit")
    return rows


async def _merge(session: Session, generation: int, limit: int) -> int:
    if not await session.fetchval("select pg_try_advisory_xact_lock($1, $2)", LOCK, generation):
        return 0
    days = [
        row[0]
        for row in await session.fetch(
            f"select distinct known / {SLOTS_OF_A_DAY} from cells_new order by 1"
        )
    ]
    if not days:
        return 0
    await _ensure_partitions(session, days)
    await session.execute("set local work_mem = '64MB'")
    return int(await session.fetchval(_MERGE, days, limit, STOCKS))


async def vacuum(db: Database, generation: int) -> None:
    """Give back the room of what was merged: else questions wade through it."""
    await db.fetch(f"vacuum {schema_of(generation)}.cells_new")


async def _ensure_partitions(session: Session, known_days: Iterable[int]) -> None:
    """The log's partitions of the months of these days of knowledge (from 1970 on)."""
    months = sorted({_day(known).replace(day=1) for known in known_days})
    names = [f"cells_log_{month:%Y_%m}" for month in months]
    rows = await session.fetch(
        "select name from unnest($1::text[]) given (name) where to_regclass(name) is null", names
    )
    missing = {row[0] for row in rows}
    for name, month in zip(names, months, strict=True):
        if name in missing:
            end = (month + timedelta(days=31)).replace(day=1) if month < _LAST else None
            await session.execute(f"create table {name} (like cells_log including defaults)")
            # Unlike `create … partition of` this lets readers be.
            await session.execute(
                f"alter table cells_log attach partition {name} "
                f"for values from ({_slot(month)}) to ({_slot(end) if end else 'maxvalue'})"
            )


def _day(known_day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=known_day)


def _slot(day: date) -> int:
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(instant.timestamp()) // SLOT_SECONDS
