"""The log of cells, made coarser: what was known long ago is kept by days of the tenant's zone.

An answer as of a day asks what was known before the next day began; so it is the same, whether the
log has quarters of an hour or the first one of each day.
"""

from collections.abc import Sequence

from services.metrics.store.cells import COLUMNS
from services.metrics.store.merging import LOCK, SLOTS_OF_A_DAY
from shared.database import Session

_CELL = [name for name in COLUMNS[:-3] if name != "known"]
_COMPACT = f"""
with taken as (
    delete from cells_log where tenant_id = $1 and known >= $2 and known < $3
    returning {", ".join(COLUMNS)}
)
insert into cells_log (known, {", ".join(_CELL)}, amount, count, weight)
select ($4::int[])[width_bucket(known, $4::int[])], {", ".join(_CELL)},
    sum(amount), sum(count), sum(weight)
from taken
group by {", ".join(str(place) for place in range(1, len(_CELL) + 2))}
having sum(amount) <> 0 or sum(count) <> 0 or sum(weight) <> 0
"""


async def find_compacted(session: Session, tenant_id: str) -> int | None:
    """Up to where the tenant's log has days only, or where it begins; None: there is none."""
    slot: int | None = await session.fetchval(
        f"""
        select coalesce(
            (select before from log_compacted where tenant_id = $1),
            (select min(known_day) * {SLOTS_OF_A_DAY} from log_sizes where tenant_id = $1)
        )
        """,
        tenant_id,
    )
    return slot


async def compact(
    session: Session, generation: int, tenant_id: str, days: Sequence[int], before: int
) -> None:
    """Bring what was known on some days (their first quarters of an hour), up to a later moment,
    to those."""
    await session.execute("select pg_advisory_xact_lock($1, $2)", LOCK, generation)
    await session.execute(_COMPACT, tenant_id, days[0], before, list(days))
    first, last = days[0] // SLOTS_OF_A_DAY, before // SLOTS_OF_A_DAY
    await session.execute(
        "delete from log_sizes where tenant_id = $1 and known_day between $2 and $3",
        tenant_id,
        first,
        last,
    )
    await session.execute(
        f"""
        insert into log_sizes (tenant_id, known_day, rows)
        select tenant_id, known / {SLOTS_OF_A_DAY}, count(*) from cells_log
        where tenant_id = $1 and known >= $2 and known < $3
        group by 1, 2
        """,
        tenant_id,
        first * SLOTS_OF_A_DAY,
        (last + 1) * SLOTS_OF_A_DAY,
    )
    await session.execute(
        """
        insert into log_compacted (tenant_id, before) values ($1, $2)
        on conflict (tenant_id) do update set before = excluded.before
        """,
        tenant_id,
        before,
    )
