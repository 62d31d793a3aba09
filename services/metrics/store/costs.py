"""SQL of recorded costs: what was recorded under which id, so that a repeat changes nothing."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from services.metrics.domain.cost_entries import CostEntry
from shared.database import Record, Session

_FIGURES = "cost_id, kind, amount_minor, currency, incurred_on, account_id, channel"


class StoredCost(Struct, frozen=True, kw_only=True):
    """What stands under an id."""

    cost: CostEntry
    revision: int  # how often it was recorded
    recorded_at: datetime  # business time
    recorded_by: str
    withdrawn_at: datetime | None


async def insert_costs(
    session: Session, tenant: str, costs: Sequence[CostEntry], at: datetime, by: str
) -> set[str]:
    """The ids that were new, which are stored; others are left as they stand."""
    rows = await session.fetch(
        f"""insert into costs (tenant_id, {_FIGURES}, revision, recorded_at, recorded_by)
            select $1, g.*, 1, $9, $10
              from unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::date[],
                          $7::text[], $8::text[]) g
             order by 2
            on conflict (tenant_id, cost_id) do nothing returning cost_id""",
        tenant,
        *_columns(costs),
        at,
        by,
    )
    return {row["cost_id"] for row in rows}


async def update_costs(
    session: Session, tenant: str, costs: Sequence[CostEntry], at: datetime, by: str
) -> None:
    """Record again what was withdrawn; the caller has locked it."""
    await session.execute(
        """update costs c set kind = g.kind, amount_minor = g.amount_minor, currency = g.currency,
             incurred_on = g.incurred_on, account_id = g.account_id, channel = g.channel,
             revision = c.revision + 1, recorded_at = $9, recorded_by = $10, withdrawn_at = null
           from unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::date[], $7::text[],
                       $8::text[])
             g (cost_id, kind, amount_minor, currency, incurred_on, account_id, channel)
           where c.tenant_id = $1 and c.cost_id = g.cost_id""",
        tenant,
        *_columns(costs),
        at,
        by,
    )


def _columns(costs: Sequence[CostEntry]) -> tuple[list[object], ...]:
    names = _FIGURES.split(", ")
    return tuple([getattr(cost, name) for cost in costs] for name in names)


async def lock_costs(
    session: Session, tenant: str, cost_ids: Sequence[str]
) -> dict[str, StoredCost]:
    """What stands under these ids, for change."""
    rows = await session.fetch(
        """select * from costs where tenant_id = $1 and cost_id = any($2::text[])
           order by cost_id for update""",
        tenant,
        list(cost_ids),
    )
    return {row["cost_id"]: _stored(row) for row in rows}


async def withdraw_cost(session: Session, tenant: str, cost_id: str, at: datetime) -> None:
    await session.execute(
        "update costs set withdrawn_at = $3 where tenant_id = $1 and cost_id = $2",
        tenant,
        cost_id,
        at,
    )


async def find_cost(session: Session, tenant: str, cost_id: str) -> StoredCost | None:
    """What stands under an id, withdrawn or not."""
    row = await session.fetchrow(
        "select * from costs where tenant_id = $1 and cost_id = $2", tenant, cost_id
    )
    return None if row is None else _stored(row)


async def list_costs(
    session: Session,
    tenant: str,
    days: tuple[date | None, date | None],
    *,
    after: tuple[date, str] | None,
    limit: int,
) -> list[StoredCost]:
    """Those that count, by day and id."""
    rows = await session.fetch(
        """select * from costs
            where tenant_id = $1 and withdrawn_at is null
              and ($2::date is null or incurred_on >= $2)
              and ($3::date is null or incurred_on <= $3)
              and ($4::date is null or (incurred_on, cost_id) > ($4, $5::text))
            order by incurred_on, cost_id limit $6""",
        tenant,
        *days,
        *(after or (None, None)),
        limit,
    )
    return [_stored(row) for row in rows]


def _stored(row: Record) -> StoredCost:
    names = _FIGURES.split(", ")
    return StoredCost(
        cost=CostEntry(**{name: row[name] for name in names}),
        revision=row["revision"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        withdrawn_at=row["withdrawn_at"],
    )
